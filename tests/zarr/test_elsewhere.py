"""Files in archives and on servers, seen as Zarr: by stores, and by reference files."""

import itertools
import json
import os
import pickle
import subprocess
import sys

import dask.array as da
import numpy as np
import pytest
import xarray as xr
import zarr

from tests.helpers.acquisition import PATTERN
from tests.helpers.places import s3_options


@pytest.fixture(scope="module", params=["stored", "deflated", "tar", "http", "s3"])
def seq(request, acquisition, put_files):
    return put_files(acquisition[0], request.param).sequence(pattern=PATTERN)


@pytest.mark.parametrize("zarr_format", [3, 2])
@pytest.mark.parametrize("chunks", [None, "tile"])
def test_xarray_and_dask_open_it(seq, acquisition, chunks, zarr_format):
    """By the store alone, with labels, whole and in part."""
    array = acquisition[1]
    store = seq.aszarr(groupname="image", chunks=chunks, zarr_format=zarr_format)
    dataset = xr.open_zarr(pickle.loads(pickle.dumps(store)))
    np.testing.assert_array_equal(dataset.image, array)
    crop = dataset.image.sel(channel="GFP")[0, :, 5:20, 7]
    np.testing.assert_array_equal(crop, array[0, 1, :, 5:20, 7])
    lazy = da.from_zarr(seq.aszarr(chunks=chunks, zarr_format=zarr_format))
    np.testing.assert_array_equal(lazy.compute(scheduler="threads"), array)


def test_on_a_cluster(seq, acquisition, cluster):
    """Each worker opens the store for itself."""
    from distributed import Client

    with Client(cluster):
        lazy = da.from_zarr(seq.aszarr(chunks="tile"))
        np.testing.assert_array_equal(lazy.max(axis=0).compute(), acquisition[1].max(axis=0))


READER = """
import json, sys
sys.modules["dask_fileseq"] = None
import imagecodecs.numcodecs, numpy, xarray, zarr
imagecodecs.numcodecs.register_codecs(verbose=False)
for name in sys.argv[2:]:
    if name.startswith("file"):
        import tifffile.numcodecs
        tifffile.numcodecs.register_codec()
    remote = {"asynchronous": True, **json.loads(sys.argv[1])}
    options = {"fo": f"{name}.json", "remote_options": remote}
    found = zarr.open_group("reference://", storage_options=options, mode="r")["image"][...]
    dataset = xarray.open_zarr("reference://", storage_options=options)
    assert dataset.channel.values.tolist() == ["DAPI", "GFP"]
    numpy.testing.assert_array_equal(dataset.image, found)
    numpy.save(name, found)
"""


@pytest.mark.parametrize("kind", ["http", "s3"])
def test_references_to_files_on_servers(kind, acquisition, put_files, s3, tmp_path):
    """A process without this package reads them from there: tiles without tifffile's codec."""
    seq = put_files(acquisition[0], kind).sequence(pattern=PATTERN)
    names = []
    for chunks, version in itertools.product(["tile", "file"], [0, 1]):
        names.append(f"{chunks}{version}")
        path = tmp_path / f"{names[-1]}.json"
        seq.write_fsspec(path, groupname="image", chunks=chunks, version=version)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    options = json.dumps(s3_options(s3) if kind == "s3" else {})
    command = [sys.executable, "-c", READER, options, *names]
    subprocess.run(command, check=True, env=environment, cwd=tmp_path)
    for name in names:
        np.testing.assert_array_equal(np.load(tmp_path / f"{name}.npy"), acquisition[1])


@pytest.mark.network
def test_no_references_into_archives(acquisition, put_files, tmp_path):
    """A reference to a member would be one to nothing."""
    seq = put_files(acquisition[0], "zip on s3").sequence(pattern=PATTERN)
    with pytest.raises(ValueError, match="only to files"):
        seq.write_fsspec(tmp_path / "references.json")
    assert not (tmp_path / "references.json").exists()
    assert zarr.open_array(seq.aszarr()).shape == acquisition[1].shape
