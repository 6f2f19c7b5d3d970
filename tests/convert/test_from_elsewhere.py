"""Conversion of files in archives and on servers, and to servers that take nothing."""

import os

import numpy as np
import pytest
import xarray as xr
import zarr

from dask_fileseq import ChangedError, TiffSequence, WriteError
from dask_fileseq.convert import read_manifest
from tests.helpers.acquisition import PATTERN
from tests.helpers.places import s3_options, upload

MANY = {"chunks": 16, "shards": False, "memory": 4096}


@pytest.fixture(params=["deflated", "tar", "http", "s3"])
def seq(request, acquisition, put_files):
    return put_files(acquisition[0], request.param).sequence(pattern=PATTERN)


def test_to_zarr(seq, acquisition, tmp_path):
    """The manifest names the files as their archive or server does."""
    manifest = seq.to_zarr(tmp_path / "out.zarr", verify="all")
    found = zarr.open_array(tmp_path / "out.zarr", path="image", mode="r")
    np.testing.assert_array_equal(found[...], acquisition[1])
    with xr.open_zarr(tmp_path / "out.zarr") as labelled:
        assert labelled.channel.values.tolist() == ["DAPI", "GFP"]
    assert manifest["empty"]["count"] == 1
    files = read_manifest(tmp_path / "out.zarr")["files"]
    assert files["name"] == list(seq)
    assert seq.to_zarr(tmp_path / "out.zarr") == manifest


def test_to_ome_zarr_on_a_cluster(seq, acquisition, tmp_path, cluster):
    """Workers open archives and connections for themselves."""
    from distributed import Client

    with Client(cluster) as client:
        seq.to_ome_zarr(tmp_path / "out.ome.zarr", levels=2, scheduler=client, **MANY)
    group = zarr.open_group(tmp_path / "out.ome.zarr", mode="r")
    np.testing.assert_array_equal(group["0"][...], acquisition[1])


@pytest.mark.network
def test_files_that_change_on_a_server(acquisition, put_files, served, tmp_path):
    """Half of the copy would be of one state, half of another."""
    place = put_files(acquisition[0], "http")
    calls = []

    def progress(done, total):
        calls.append(done)
        if len(calls) == 5:
            raise RuntimeError("stop")

    seq = place.sequence(pattern=PATTERN)
    with pytest.raises(RuntimeError, match="stop"):
        seq.to_zarr(tmp_path / "out.zarr", progress=progress, scheduler="sync", **MANY)
    changed = served / acquisition[0].name / "002_GFP_z2.tif"
    stat = changed.stat()
    os.utime(changed, ns=(7, 7))
    try:
        with pytest.raises(ChangedError, match=r"002_GFP_z2\.tif' changed"):
            place.sequence(pattern=PATTERN).to_zarr(tmp_path / "out.zarr", **MANY)
    finally:
        os.utime(changed, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    place.sequence(pattern=PATTERN).to_zarr(tmp_path / "out.zarr", **MANY)
    np.testing.assert_array_equal(
        zarr.open_array(tmp_path / "out.zarr", path="image", mode="r")[...], acquisition[1]
    )


@pytest.mark.parametrize("count", [11, 3])
def test_files_that_are_replaced_on_a_server_meanwhile(acquisition, s3, tmp_path, count):
    """What the listing told of versions says nothing of files that were read hours later."""
    import fsspec

    url = f"s3://{upload(s3, acquisition[0])}"
    options = s3_options(s3)
    fs = fsspec.filesystem("s3", **options)
    names = [f"s3://{name}" for name in fs.ls(url, detail=False)]
    files = f"{url}/*.tif" if count == 11 else names[:count]

    def progress(done, total):
        if done * 2 == total:  # all is read
            fs.pipe_file(names[1], fs.cat_file(names[2]))

    seq = TiffSequence(files, pattern=PATTERN, storage_options=options)
    with pytest.raises(ChangedError, match=r"files changed while.*000_DAPI_z2\.tif' changed"):
        seq.to_zarr(tmp_path / "out.zarr", progress=progress, scheduler="sync", verify="all")
    assert not (tmp_path / "out.zarr" / "zarr.json").exists()


@pytest.mark.parametrize("kind", ["no bucket", "http", "no protocol"])
def test_urls_that_cannot_be_written(kind, acquisition, put_files, web, s3):
    """What the libraries of file systems raise says nothing to users."""
    seq = put_files(acquisition[0], "folder").sequence(pattern=PATTERN)
    url, options = {
        "no bucket": ("s3://nobody-has-this/out.zarr", s3_options(s3)),
        "http": (f"{web.url}/out.zarr", None),
        "no protocol": ("nothing://a/out.zarr", None),
    }[kind]
    with pytest.raises(WriteError, match=f"cannot write {url}: ."):
        seq.to_zarr(url, storage_options=options)
