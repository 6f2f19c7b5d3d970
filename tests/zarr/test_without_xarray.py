"""Zarr faces where xarray is not installed: the array, its axes' names and its labels."""

import sys

import numpy as np
import pytest
import tifffile
import zarr

from dask_fileseq import open_sequence


@pytest.fixture
def seq(tmp_path, monkeypatch):
    """Return files of two channels, in a process that has no xarray."""
    for channel in ("DAPI", "GFP"):
        tifffile.imwrite(tmp_path / f"a_{channel}.tif", np.full((4, 6), len(channel), "u1"))
    for name in [name for name in sys.modules if name.split(".")[0] == "xarray"]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.startswith("dask_fileseq.xarray")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "xarray", None)
    return open_sequence(str(tmp_path / "*.tif"))


def test_a_copy_keeps_its_labels(seq, tmp_path):
    """As an attribute, because nothing writes coordinates."""
    with pytest.raises(ImportError, match="to_xarray needs xarray"):
        seq.to_xarray()
    seq.to_zarr(tmp_path / "out.zarr", verify="all")
    group = zarr.open_group(tmp_path / "out.zarr", mode="r")
    assert list(group) == ["image"]
    array = group["image"]
    assert array.attrs["fileseq"]["coords"] == {"channel": ["DAPI", "GFP"]}
    assert array.metadata.dimension_names == ("channel", "y", "x")
    assert array[:, 0, 0].tolist() == [4, 3]


def test_a_group_is_served(seq):
    """Without coordinates."""
    group = zarr.open_group(seq.aszarr(groupname="a/image"), mode="r")
    assert list(group["a"]) == ["image"]
    assert group["a/image"][:, 0, 0].tolist() == [4, 3]
