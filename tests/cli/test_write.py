"""Images are written from the command line as from Python."""

import json
import os

import numpy as np
import pytest
import tifffile

from dask_fileseq import open_sequence
from tests.helpers.commands import DASK, invoke, run


def test_axes_become_names(cells, tmp_path):
    """Files would be elsewhere, or of other cells."""
    out = tmp_path / "out" / "{channel}" / "{t:03d}.ome.tif"
    result = invoke("write", cells, out, "--scale", "y=0.65um,x=0.65um", "--errors", "fill")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("12 files, ")
    seq = open_sequence(tmp_path / "out", pattern="{channel}/{t}.ome.tif")
    whole = open_sequence(os.fspath(cells)).to_xarray().transpose("channel", "t", ...)
    np.testing.assert_array_equal(seq.asarray(), whole.values)
    with tifffile.TiffFile(seq[0]) as tif:
        assert 'PhysicalSizeX="0.65"' in tif.ome_metadata


def test_names_of_files_are_fields(cells, tmp_path):
    """A plain conversion of the format would need a pattern of all axes."""
    result = invoke("write", cells, tmp_path / "out" / "{stem}.png", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["written"] == 58
    seq = open_sequence(os.fspath(cells))
    again = open_sequence(tmp_path / "out")
    np.testing.assert_array_equal(again.asarray(), seq.asarray())
    stems = [os.path.splitext(os.path.basename(name))[0] for name in seq]
    assert [os.path.splitext(os.path.basename(name))[0] for name in again] == stems


def test_dry_run_writes_nothing(cells, tmp_path):
    """Nobody could look at the names first."""
    out = tmp_path / "out" / "{channel}_{t}_{z}.tif"
    result = invoke("write", cells, out, "--dry-run", "--compression", "zlib")
    assert result.exit_code == 0, result.output
    first, *names = result.stdout.splitlines()
    assert first.startswith("58 files, ")
    assert os.path.basename(names[0]) == "DAPI_0_0.tif"
    plan = json.loads(invoke("write", cells, out, "--dry-run", "--json").stdout)
    assert (plan["files"], plan["written"], len(plan["names"])) == (58, 0, 58)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["out/{t}.tif"], 1, "axis 'channel' has no place"),
        (["out/a.tif"], 2, "without a field such as '{t:03d}'"),
        (["out/{stem}.tif", "--inside", "z"], 2, "--inside is for axes in OUT"),
        (["out/{stem}.xyz"], 1, "no files with the suffix '.xyz'"),
        (["out/{stem}.png", "--tile", "16,16"], 1, "is for TIFF"),
    ],
)
def test_mistakes_are_one_sentence(cells, tmp_path, monkeypatch, arguments, code, text):
    """A traceback does not say what to do."""
    monkeypatch.chdir(tmp_path)
    before = os.listdir(tmp_path)
    result = invoke("write", cells, *arguments)
    assert result.exit_code == code, result.output
    assert text in result.output
    assert os.listdir(tmp_path) == before
    assert invoke("write", "out/{t}.tif").exit_code == 2


@pytest.mark.cluster
def test_a_cluster_writes(cells, tmp_path):
    """Workers would not find the function."""
    out = tmp_path / "out" / "{name}"
    result = run(*DASK, "write", cells, out, "--scheduler", "processes", "--workers", "2")
    assert result.returncode == 0, result.stderr
    assert len(list((tmp_path / "out").glob("*.tif"))) == 58
