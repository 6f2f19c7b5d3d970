"""Contact sheets and pages, as files."""

import json
import os
import re

import imagecodecs
import numpy as np
import pytest
import tifffile

from dask_fileseq.readers import count
from tests.helpers.commands import invoke

pytestmark = pytest.mark.usefixtures("settled")


def test_preview_fits_a_screen(cells, tmp_path):
    """A picture of rows of channels and columns of times."""
    output = tmp_path / "sheet.png"
    result = invoke("preview", cells, "-o", output)
    assert (result.exit_code, result.stdout) == (0, f"{output}\n")
    height, width, _ = imagecodecs.imread(output).shape
    assert width <= 1600
    assert height <= 900
    assert width > height


def test_preview_of_the_middle_plane_reads_fewer_files(cells, tmp_path):
    """On slow disks five planes are five times as much."""
    with count() as counts:
        assert invoke("preview", cells, "-o", tmp_path / "max.png").exit_code == 0
    assert sum(counts.ways.values()) == 58
    with count() as counts:
        options = ("--project", "middle")
        assert invoke("preview", cells, *options, "-o", tmp_path / "middle.png").exit_code == 0
    assert sum(counts.ways.values()) == 12


def test_preview_names_the_files_that_it_leaves_out(tmp_path):
    """A picture of a part of the files looks like one of all of them."""
    for name in ("t1.tif", "t2.tif", "t3.tif", "notes.tif"):
        tifffile.imwrite(tmp_path / name, np.zeros((8, 8), "u1"))
    output = tmp_path / "sheet.png"
    result = invoke("preview", tmp_path, "-o", output)
    assert result.exit_code == 0
    assert re.search(r"unmatched +1: '.*notes\.tif'", result.stdout)
    found = json.loads(invoke("preview", tmp_path, "-o", output, "--json").stdout)
    assert (found["files"], len(found["unmatched"])) == (3, 1)


def test_preview_tells_what_it_cannot_write(cells, tmp_path):
    """Wrong usage, before anything is read."""
    for output in ("nowhere/sheet.png", os.fspath(tmp_path), "sheet", "sheet.txt"):
        result = invoke("preview", cells, "-o", output)
        assert result.exit_code == 2
        assert "--output" in result.stderr


def test_preview_does_not_overwrite_what_it_reads(tmp_path):
    """A picture in the place of a measurement would be a loss."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((8, 8), "u1"))
    before = path.read_bytes()
    result = invoke("preview", path, "-o", path)
    assert result.exit_code == 2
    assert before == path.read_bytes()
    result = invoke("preview", tmp_path, "-o", path)
    assert result.exit_code == 2
    assert before == path.read_bytes()


def test_report_is_one_file(cells, tmp_path):
    """No address in it but those of namespaces: it opens anywhere, offline."""
    output = tmp_path / "report.html"
    result = invoke("report", cells, "-o", output)
    assert (result.exit_code, result.stdout) == (0, f"{output}\n")
    page = output.read_text("utf-8")
    assert set(re.findall(r"https?://[^\"' <]+", page)) <= {"http://www.w3.org/2000/svg"}
    assert not re.findall(r"<(?:script|img|link)[^>]*\b(?:src|href)=\"(?!data:)", page)
    assert "58 files" in page
    assert "(t 2, channel GFP, z 3)" in page
    assert "cells_t{t:d}_{channel}_z{z:d}.tif" in page


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")
def test_report_escapes_names(tmp_path):
    """A file's name must not become part of the page."""
    folder = tmp_path / "<script>alert(1)<"
    folder.mkdir()
    for label in ("<b>a", "&amp;b", "</script>"[2:-1]):
        tifffile.imwrite(folder / f"x_{label}.tif", np.zeros((8, 8), "u1"))
    (folder / "x_<i>.tif").write_bytes(b"no TIFF")
    output = tmp_path / "report.html"
    result = invoke("report", folder, "--pattern", "x_{channel}.tif", "-o", output)
    assert result.exit_code == 0, result.output
    page = output.read_text("utf-8")
    assert "<b>a" not in page
    assert "<i>" not in page.replace("<i class", "").replace("<i style", "")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;" in page


def test_report_of_files_of_which_none_can_be_read(tmp_path):
    """It says so, in place of pictures."""
    for number in range(3):
        (tmp_path / f"t{number}.tif").write_bytes(b"no TIFF")
    output = tmp_path / "report.html"
    assert invoke("report", tmp_path, "-o", output).exit_code == 0
    page = output.read_text("utf-8")
    assert '"why": "cannot be read"' in page
    assert "<b>unreadable</b> (3)" in page


def test_report_of_colours_in_planes(tmp_path):
    """Red, green and blue one after the other, as some files have them: a JPEG wants pixels."""
    image = np.random.default_rng(0).integers(0, 255, (3, 40, 60), np.uint8)
    tifffile.imwrite(tmp_path / "t0.tif", image, photometric="rgb", planarconfig="separate")
    output = tmp_path / "report.html"
    result = invoke("report", tmp_path, "-o", output)
    assert (result.exit_code, result.output) == (0, f"{output}\n")
    assert "data:image/jpeg;base64," in output.read_text("utf-8")
