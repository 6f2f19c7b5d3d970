"""Commands that go on while files are written."""

import json
import shutil
import threading

import numpy as np
import pytest
import zarr

from tests.helpers.commands import invoke


@pytest.fixture
def growing(names):
    """Return a folder to which a file is added after some time."""
    timer = threading.Timer(0.5, shutil.copy, [names / "t40.tif", names / "t30.tif"])
    timer.start()
    yield names
    timer.join()


def test_show_goes_on(growing):
    """A line each time that files were completed, an end, and no file twice: shown, and as new."""
    options = ["--spacing", "values", "--follow", "--interval", "0.05", "--timeout", "1.5"]
    result = invoke("show", growing, *options)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[-2:] == [
        "3 files, t 3; complete",
        "4 files, t 4; new: t30.tif",
    ]


def test_show_of_what_grows_as_json(names):
    """Programs read one document after the other."""
    options = ["--follow", "--interval", "0.05", "--timeout", "0.2", "--json"]
    text = invoke("show", names, *options).stdout
    _, end = json.JSONDecoder().raw_decode(text)
    assert json.loads(text[end:]) == {"files": 3, "shape": [4], "new": []}


def test_show_tells_of_files_that_are_written_anew(names):
    """Fewer files without a word would look like a mistake."""
    (names / "t30.tif").touch()
    timer = threading.Timer(0.6, shutil.copy, [names / "t40.tif", names / "t30.tif"])
    timer.start()
    options = ["--follow", "--interval", "0.05", "--timeout", "1"]
    lines = invoke("show", names, *options).stdout.splitlines()
    timer.join()
    assert lines[-2:] == ["3 of 4 files, t 4; without t30.tif", "4 files, t 4; new: t30.tif"]


def test_convert_goes_on(growing, tmp_path):
    """The target grows, and is complete at the end."""
    out = tmp_path / "growing.zarr"
    options = ["--spacing", "values", "--follow", "--interval", "0.05", "--timeout", "1.5"]
    result = invoke("convert", growing, out, *options)
    assert result.exit_code == 0, result.output
    assert "4 files, 0 empty cells" in result.stdout
    array = zarr.open_array(out, path="image")
    np.testing.assert_array_equal(array[:, 0, 0], [10, 20, 40, 40])
    assert zarr.open_array(out, path="t")[:].tolist() == [10, 20, 30, 40]


def test_ome_zarr_does_not_grow(names, tmp_path):
    """Its levels are made of whole images."""
    result = invoke("convert", names, tmp_path / "a.ome.zarr", "--follow")
    assert result.exit_code == 2
    assert "--format zarr" in result.output


@pytest.mark.parametrize("arguments", [["show"], ["convert", "a.zarr"]])
def test_a_timeout_of_nothing(names, tmp_path, arguments):
    """It would be taken, and not used."""
    command, *out = arguments
    result = invoke(command, names, *(tmp_path / name for name in out), "--timeout", "1")
    assert result.exit_code == 2
    assert "--timeout needs --follow" in result.output
