"""The demo: real files, a real projection, and nobody's data in danger."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dask_fileseq import TiffSequence, demo
from tests.helpers.commands import DASK, MODULE, invoke, run

pytestmark = pytest.mark.slow


def read_by_hand(folder):
    """Return the acquisition as tifffile reads it, file by file."""
    array = np.zeros((6, 2, 5, 256, 256), np.uint16)
    paths = sorted(Path(folder).glob("*.tif"))
    for path in paths:
        t, channel, z = path.stem.removeprefix("cells_").split("_")
        array[int(t[1:]), ("DAPI", "GFP").index(channel), int(z[1:])] = tifffile.imread(path)
    return array, len(paths)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Run the demo by both commands at a time; returns folder and result of each."""
    folder = tmp_path_factory.mktemp("demo")
    commands = {"dask": DASK, "module": MODULE}
    with ThreadPoolExecutor(2) as pool:
        done = pool.map(lambda name: run(*commands[name], "demo", folder / name), commands)
        return {name: (folder / name, each) for name, each in zip(commands, done, strict=True)}


@pytest.mark.parametrize("command", ["dask", "module"])
def test_demo_saves_the_projection_of_real_files(command, runs):
    """Its image must be what numpy gets from the files, read with tifffile."""
    folder, done = runs[command]
    assert (done.returncode, done.stderr) == (0, "")
    array, files = read_by_hand(folder / "acquisition")
    assert files == 58
    projection = tifffile.imread(folder / "projection.tif")
    np.testing.assert_array_equal(array.max(axis=2), projection)
    for told in (
        "FileSequence of 58 files",
        "6 x 2 x 5 = 60 cells, 2 of them empty",
        "DAPI, GFP",
        "(time 2, channel GFP, z 3), (time 4, channel DAPI, z 0)",
        "y 256, x 256; uint16",
        os.fspath(folder / "projection.png"),
    ):
        assert told in done.stdout


def test_demo_tells_python_that_does_the_same(runs):
    """The lines that it prints must run as they are."""
    folder, done = runs["dask"]
    code = done.stdout.partition("in Python:\n")[2]
    names = {}
    exec("\n".join(line.removeprefix("  ") for line in code.splitlines()), names)
    expected = tifffile.imread(folder / "projection.tif")
    np.testing.assert_array_equal(expected, names["projection"])


def test_demo_makes_a_folder_where_none_is_named(monkeypatch, tmp_path):
    """It goes to the system's place for temporary files."""
    monkeypatch.setattr("tempfile.tempdir", os.fspath(tmp_path))
    result = invoke("demo")
    assert result.exit_code == 0
    (folder,) = tmp_path.iterdir()
    assert sorted(os.listdir(folder)) == ["acquisition", "projection.png", "projection.tif"]


def test_demo_may_run_again(runs):
    """A second run into the same folder writes the same."""
    folder, _ = runs["module"]
    before = (folder / "projection.png").read_bytes()
    assert invoke("demo", folder).exit_code == 0
    assert before == (folder / "projection.png").read_bytes()


@pytest.mark.parametrize("place", [".", "acquisition"])
def test_demo_leaves_a_folder_with_other_files_alone(tmp_path, place):
    """Nobody's data may be written over, or mixed with."""
    (tmp_path / place).mkdir(exist_ok=True)
    precious = tmp_path / place / "thesis.tif"
    precious.write_text("precious")
    before = sorted(tmp_path.rglob("*"))
    result = invoke("demo", tmp_path)
    assert result.exit_code == 1
    assert "'thesis.tif'" in result.stderr
    assert "name a new or an empty folder" in result.stderr
    assert before == sorted(tmp_path.rglob("*"))


def test_demo_does_not_take_a_file_for_a_folder(tmp_path):
    """One sentence, no traceback."""
    (tmp_path / "file").touch()
    result = invoke("demo", tmp_path / "file")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "file" in result.stderr


def test_demo_data_are_the_same_each_time(cells, runs):
    """Otherwise documents that show them would differ from run to run."""
    again = runs["dask"][0] / "acquisition"
    for path in cells.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes()


def test_demo_data_are_what_its_documentation_says(cells):
    """LZW, strips of 32 rows, uint16; the two missing cells."""
    with tifffile.TiffFile(cells / "cells_t0_GFP_z1.tif") as tif:
        page = tif.pages.first
        assert (page.compression.name, page.rowsperstrip) == ("LZW", 32)
        assert (page.shape, page.dtype) == ((256, 256), np.uint16)
    seq = TiffSequence(os.fspath(cells), pattern=demo.PATTERN)
    assert seq.missing == list(demo.MISSING)
    assert seq.coords["channel"].tolist() == list(demo.CHANNELS)


def test_contact_sheet_shows_each_image():
    """A row for each channel and one for both, a column for each time."""
    images = np.zeros((3, 2, 8, 10), np.uint16)
    images[1, 0, 4, 5] = 1000
    sheet = demo.contact_sheet(images)
    assert (sheet.shape, sheet.dtype) == ((3 * 12, 3 * 14, 3), np.uint8)
    bright = sheet[..., 2] > 100
    assert np.argwhere(bright).tolist() == [[2 + 4, 14 + 2 + 5], [24 + 2 + 4, 14 + 2 + 5]]


@pytest.mark.parametrize(
    ("write", "options", "names"),
    [
        (demo.write_recording, {"frames": 2}, ["frame_00000.tif", "frame_00001.tif"]),
        (
            demo.write_timelapse,
            {"times": 2, "size": 64, "cells": 1},
            [f"cells_t00{time}_{name}.tif" for time in range(2) for name in ("DAPI", "GFP")],
        ),
        (
            demo.write_scan,
            {"hours": 1, "rows": 1, "columns": 1, "size": 32},
            [f"20260302_0800_{name}_r0_c0.tif" for name in ("DAPI", "GFP")],
        ),
    ],
)
def test_time_series_have_the_names_of_their_documentation(tmp_path, write, options, names):
    """Notebooks and documents read the files by these names."""
    assert write(tmp_path, **options) == os.fspath(tmp_path)
    assert sorted(os.listdir(tmp_path)) == names
