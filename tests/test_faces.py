"""Every number that two faces print of one folder is the same: show, check, report, repr, card.

The folders are made here, and are all real data sets beside the repository.
"""

import html
import json
import os
import re
import warnings

import numpy as np
import pytest
import tifffile

from dask_fileseq import GridWarning, open_sequence
from dask_fileseq.check import total
from tests.helpers.commands import invoke
from tests.helpers.shared import DATA

pytestmark = pytest.mark.usefixtures("settled")

SETS = sorted(p.name for p in DATA.iterdir() if p.is_dir()) if DATA.is_dir() else ()


def number(text):
    return int(text.replace(",", ""))


def found(pattern, text):
    """Return the number that a pattern finds in a text; 0 if it finds none."""
    match = re.search(pattern, text)
    return number(match[1]) if match else 0


def rows_of(shown):
    """Return the rows of what show prints, by label."""
    rows = {}
    for line in shown.splitlines()[1:]:
        label, text = line[:11].strip(), line[12:]
        if label and line[11:12] == " ":
            rows[label] = text
    return rows


def texts_of(markup):
    """Return titles and texts of the rows of a page or card."""
    pairs = re.findall(
        r"<(?:dt|th)[^>]*>(.*?)</(?:dt|th)>\s*<(?:dd|td)[^>]*>(.*?)</(?:dd|td)>", markup
    )
    return {
        html.unescape(re.sub("<.*?>", "", a)): html.unescape(re.sub("<.*?>", "", b))
        for a, b in pairs
    }


def compare(folder, output, pattern="infer"):
    """Open a folder with every face, and compare all numbers that two of them print."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GridWarning)
        seq = open_sequence(os.fspath(folder), pattern=pattern, unmatched="skip")
    options = (folder, "--pattern", pattern)
    shown = invoke("show", *options)
    assert shown.exit_code == 0, shown.output
    told = json.loads(invoke("show", *options, "--json").stdout)
    checked = invoke("check", *options)
    findings = json.loads(invoke("check", *options, "--json").stdout)["findings"]
    assert invoke("report", *options, "-o", output).exit_code == 0
    page = output.read_text("utf-8")
    rows, texts = rows_of(shown.stdout), texts_of(page)

    files, empty = len(seq), seq.files_missing
    assert found(r"of ([\d,]+) files? in", shown.stdout) == told["files"] == files
    assert found(r"^([\d,]+) files?, each header", checked.stdout.splitlines()[-1]) == files
    assert found(r"<p>([\d,]+) files?", page) == files
    assert found(rf"{type(seq).__name__}</b> of ([\d,]+) files? in", seq._repr_html_()) == files
    cells = files + empty
    assert found(r"([\d,]+)(?: of [\d,]+)? files?", repr(seq)) == files
    assert found(r"(?:of )?([\d,]+) files?", repr(seq)) == cells
    assert found(r"files: (\d+) \(", str(seq)) == files
    for text in (rows["grid"], texts["grid"], texts_of(seq._repr_html_())["grid"]):
        assert found(r"([\d,]+) cells?", text) == told["cells"] == cells
        assert found(r"([\d,]+) of them empty", text) == told["empty"] == empty
    of_kind = {
        kind: [f for f in findings if f["kind"] == kind] for kind in ("missing", "unmatched")
    }
    assert found(r"missing \(([\d,]+)\)", checked.stdout) == empty
    assert found(r"([\d,]+) missing", checked.stdout.splitlines()[-1]) == empty
    assert found(r"<b>missing</b> \(([\d,]+)\)", page) == empty
    assert sum(f["count"] for f in of_kind["missing"]) == empty
    assert found(r"\(([\d,]+) missing\)", str(seq)) == empty
    assert found(r"missing: ([\d,]+)", seq.listing()) == empty
    assert total(seq.check()) == sum(f["count"] for f in findings)

    unmatched = len(seq.unmatched)
    assert len(told["unmatched"]) == len(of_kind["unmatched"]) == unmatched
    assert found(r"^([\d,]+):", rows.get("unmatched", "")) == unmatched
    assert found(r"unmatched \(([\d,]+)\)", checked.stdout) == unmatched
    assert found(r"<b>unmatched</b> \(([\d,]+)\)", page) == unmatched
    assert found(r"([\d,]+) left out", texts.get("unmatched", "")) == unmatched

    for axis in told["axes"]:
        labels = [str(label) for label in axis["labels"]]
        assert len(labels) == axis["size"]
        name = axis["name"]
        assert rows[name] == texts[name] == texts_of(seq._repr_html_())[name]
        assert found(rf"{re.escape(name)} ([\d,]+)", repr(seq)) == axis["size"]
        assert all(str(label) in rows[name] for label in (labels[0], labels[-1]))
    for row in ("pixel size", "crs", "in a file", "array", "plate"):
        assert rows.get(row) == texts.get(row)
    seq.chunkshape  # noqa: B018, reads a header
    card = texts_of(seq._repr_html_())
    for row in ("pixel size", "crs", "array", "plate"):
        assert card.get(row) == texts.get(row)
    assert texts["in a file"].startswith(card["in a file"])  # it may not tell the compression
    return seq, rows, findings


@pytest.mark.parametrize("name", SETS)
def test_faces_of_real_data_agree(name, tmp_path):
    """Also of those with strays, gaps, descriptors and pages."""
    if not any(DATA.joinpath(name).rglob("*.[Tt][Ii]*")):
        pytest.skip("no images")
    compare(DATA / name, tmp_path / "report.html")


def test_faces_of_a_sparse_folder_agree(tmp_path):
    """Twenty thousand cells are missing: a list of fewer was counted."""
    folder = tmp_path / "sparse"
    folder.mkdir()
    for t in range(150):
        tifffile.imwrite(folder / f"t{t}_p{t}.tif", np.zeros((4, 3), "u1"))
    (folder / "notes.tif").write_bytes((folder / "t0_p0.tif").read_bytes())
    seq, _, findings = compare(folder, tmp_path / "report.html", "t{t:d}_p{p:d}.tif")
    assert seq.files_missing == 22_350
    assert sum(f["count"] for f in findings if f["kind"] == "missing") == 22_350


def test_faces_of_a_plate_agree(tmp_path):
    """Also on its wells, of which some are there in part."""
    folder = tmp_path / "plate"
    folder.mkdir()
    for well in ("B02", "B03", "C11", "C12"):
        for channel in ("DAPI", "GFP"):
            tifffile.imwrite(folder / f"{well}_{channel}.tif", np.zeros((4, 3), "u1"))
    (folder / "C11_GFP.tif").unlink()
    _, rows, findings = compare(folder, tmp_path / "report.html")
    assert rows["plate"] == "4 of 96 wells have files, 1 of them only some"
    assert [finding["cell"] for finding in findings] == [{"well": "C11", "channel": "GFP"}]


def test_faces_of_a_single_file_agree(tmp_path):
    """One file, one cell; not one files."""
    folder = tmp_path / "single"
    folder.mkdir()
    metadata = {"axes": "YX", "PhysicalSizeX": 0.65, "PhysicalSizeXUnit": "µm"}
    metadata |= {"PhysicalSizeY": 0.65, "PhysicalSizeYUnit": "µm"}
    tifffile.imwrite(folder / "a.ome.tif", np.zeros((4, 3), "u1"), metadata=metadata)
    _, rows, _ = compare(folder, tmp_path / "report.html")
    assert rows["pixel size"] == "0.65 µm"
    assert rows["grid"] == "1 cell"
    assert invoke("show", folder).stdout.startswith("FileSequence of 1 file in ")
    assert invoke("check", folder).stdout == "1 file, each header read: all is well\n"
