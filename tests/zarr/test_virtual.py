"""Other programs read the bytes of the files where they are: kerchunk and VirtualiZarr."""

import json
import re
import sys

import imagecodecs.numcodecs
import numpy as np
import pandas as pd
import pytest
import tifffile
import xarray as xr
import zarr

from dask_fileseq import TiffSequence

PATTERN = r"(?P<time>\d+)_(?P<channel>[A-Z]+)_z(?P<z>\d+)"


@pytest.fixture
def known():
    """Make the codecs of imagecodecs known to zarr, in both formats; skip without those of 3."""
    imagecodecs.numcodecs.register_codecs(verbose=False)
    pytest.importorskip("imagecodecs.zarr").register_codecs(verbose=False)


def write(folder, **kwargs):
    """Write files of three times, one of them absent, two channels; return their sequence."""
    for time, channel in ((0, "DAPI"), (0, "GFP"), (1, "GFP"), (2, "DAPI"), (2, "GFP")):
        data = np.random.default_rng(time).integers(0, 999, (48, 64)).astype("u2")
        tifffile.imwrite(folder / f"{time}_{channel}_z0.tif", data, **kwargs)
    return TiffSequence(f"{folder}/*.tif", pattern=PATTERN)


def registry():
    """Return where VirtualiZarr finds local files."""
    stores = pytest.importorskip("obstore.store")
    return pytest.importorskip("obspec_utils.registry").ObjectStoreRegistry(
        {"file://": stores.LocalStore()}
    )


def require_same(dataset, seq, but=()):
    """Raise an error unless a dataset has the pixels, axes and coordinates of a sequence."""
    expected = seq.to_xarray()
    assert dataset.image.dims == expected.dims
    np.testing.assert_array_equal(dataset.image, expected)
    names = set(expected.coords) - {*but}
    assert names
    for name in names:
        assert dataset[name].dims == expected[name].dims
        np.testing.assert_array_equal(dataset[name], expected[name])


KINDS = [
    pytest.param({}, id="raw"),
    pytest.param({"byteorder": ">"}, id="big-endian"),
    pytest.param({"tile": (16, 16), "compression": "zlib"}, id="deflate"),
    pytest.param({"tile": (16, 16), "compression": "zstd"}, id="zstd"),
]
CODED = [
    pytest.param({"rowsperstrip": 16, "compression": "lzw"}, id="lzw"),
    pytest.param({"rowsperstrip": 16, "compression": "lzw", "predictor": True}, id="predictor"),
    pytest.param({"rowsperstrip": 16, "compression": "packbits"}, id="packbits"),
]


@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3")
@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_virtualizarr_opens_it(tmp_path, kind, zarr_format):
    """As it is written by default, with labels and pixels."""
    virtualizarr = pytest.importorskip("virtualizarr", "2.8")
    seq = write(tmp_path, **kind)
    path = tmp_path / "a.json"
    seq.write_fsspec(path, zarr_format=zarr_format)
    assert [*json.loads(path.read_text())] == ["version", "refs"]
    parser = virtualizarr.parsers.KerchunkJSONParser()
    store = parser(path.as_uri(), registry())
    with xr.open_zarr(store, consolidated=False, zarr_format=3) as dataset:
        require_same(dataset, seq)


@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3")
@pytest.mark.parametrize("kind", KINDS + CODED)
def test_codecs_of_format_3(tmp_path, kind, known):
    """Their names and arguments are others than in format 2."""
    virtualizarr = pytest.importorskip("virtualizarr", "2.8")
    seq = write(tmp_path, **kind)
    path = tmp_path / "a.json"
    seq.write_fsspec(path, zarr_format=3, chunks="tile")
    array = zarr.open_array("reference://", path="image", storage_options={"fo": str(path)})
    assert array.metadata.zarr_format == 3
    np.testing.assert_array_equal(array[...], seq.asarray())
    parser = virtualizarr.parsers.KerchunkJSONParser()
    array = zarr.open_array(parser(path.as_uri(), registry()), path="image")
    np.testing.assert_array_equal(array[...], seq.asarray())


@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3")
def test_other_fill_value_in_format_3(tmp_path):
    """NaN in cells without a file makes floats of integers, which no file contains."""
    seq = write(tmp_path, byteorder=">")
    seq.write_fsspec(tmp_path / "a.json", zarr_format=3, chunks="tile", fillvalue="nan")
    options = {"fo": str(tmp_path / "a.json")}
    array = zarr.open_array("reference://", path="image", storage_options=options)
    np.testing.assert_array_equal(array[...], seq.asarray(fillvalue="nan"))


@pytest.mark.parametrize("kind", KINDS)
def test_kerchunk_combines_it(tmp_path, kind):
    """References of two plates become one data set, along the axis that they share."""
    combine = pytest.importorskip("kerchunk.combine")
    seq = write(tmp_path, **kind)
    parts = []
    for times in (slice(0, 2), slice(2, 3)):
        part = seq.isel(time=times)
        part.write_fsspec(tmp_path / f"{times.start}.json", fillvalue=0)
        parts.append(json.loads((tmp_path / f"{times.start}.json").read_text()))
    whole = combine.MultiZarrToZarr(parts, concat_dims=["time"], identical_dims=["channel", "z"])
    options = {"fo": whole.translate()}
    form = {"consolidated": False, "mask_and_scale": False}
    with xr.open_zarr("reference://", storage_options=options, **form) as dataset:
        # only one part has it, and kerchunk takes what is not there for False
        require_same(dataset, seq, but=["has_file"])


# VirtualiZarr and Icechunk, straight from a sequence


@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3")
@pytest.mark.parametrize("kind", KINDS)
def test_virtual_dataset(tmp_path, kind):
    """VirtualiZarr joins two of them, and writes what others read."""
    pytest.importorskip("virtualizarr")
    seq = write(tmp_path, **kind)
    parts = [seq.isel(time=times).to_virtual() for times in (slice(0, 2), slice(2, 3))]
    assert type(parts[0].image.data).__name__ == "ManifestArray"
    assert parts[0].channel.values.tolist() == ["DAPI", "GFP"]
    options = {"compat": "override", "coords": "minimal", "join": "override"}
    whole = xr.concat(parts, "time", **options)
    references = getattr(whole, "vz", None) or whole.virtualize
    store = {"fo": references.to_kerchunk(format="dict")}
    form = {"consolidated": False, "mask_and_scale": False}
    with xr.open_zarr("reference://", storage_options=store, **form) as dataset:
        require_same(dataset, seq)


def reopened(icechunk, folder):
    """Return the store of a repository, of which all containers may be read."""
    storage = icechunk.local_filesystem_storage(str(folder))
    prefixes = icechunk.Repository.fetch_config(storage).virtual_chunk_containers
    credentials = getattr(icechunk, "Credentials", None)
    local = getattr(credentials, "LocalFileSystemAccess", lambda: None)()
    access = icechunk.containers_credentials(dict.fromkeys(prefixes, local))
    repo = icechunk.Repository.open(storage, authorize_virtual_chunk_access=access)
    return repo.readonly_session("main").store


@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3")
@pytest.mark.parametrize("kind", KINDS)
def test_icechunk(tmp_path, kind):
    """It reads the files where they are, and none that was changed since."""
    icechunk = pytest.importorskip("icechunk")
    folder = tmp_path / "odd name %20 ü"
    folder.mkdir()
    seq = write(folder, **kind)
    assert seq.to_icechunk(tmp_path / "repo") != ""
    with xr.open_zarr(reopened(icechunk, tmp_path / "repo"), consolidated=False) as dataset:
        require_same(dataset, seq)
        path = folder / "2_GFP_z0.tif"
        path.write_bytes(path.read_bytes())  # at once, and to the same size
        np.testing.assert_array_equal(dataset.image[0], seq.asarray()[0])
        with pytest.raises(icechunk.IcechunkError, match="checksum of the object"):
            dataset.image[2].compute()


def test_repository_without_a_container(tmp_path):
    """References that nobody may read are none."""
    icechunk = pytest.importorskip("icechunk")
    repo = icechunk.Repository.create(icechunk.in_memory_storage())
    with pytest.raises(ValueError, match="no virtual chunk container for 'file:///"):
        write(tmp_path).to_icechunk(repo)


def test_packages_that_are_not_there(tmp_path, monkeypatch):
    """What to install is in the error."""
    seq = write(tmp_path)
    for name in ("virtualizarr.manifests", "icechunk"):
        monkeypatch.setitem(sys.modules, name, None)
    for method in (seq.to_virtual, lambda: seq.to_icechunk(tmp_path / "repo")):
        with pytest.raises(ImportError, match=re.escape("dask-fileseq[virtual]")):
            method()


def test_codecs_that_are_not_there(tmp_path, monkeypatch):
    """Python 3.11 has no release of imagecodecs with them: one sentence says what needs none."""
    pytest.importorskip("virtualizarr")
    pytest.importorskip("icechunk")
    seq = write(tmp_path, compression="lzw")
    monkeypatch.setitem(sys.modules, "imagecodecs.zarr", None)
    for method in (seq.to_virtual, lambda: seq.to_icechunk(tmp_path / "repo")):
        with pytest.raises(ImportError, match=r"imagecodecs_lzw .* Python 3\.12.* write_fsspec"):
            method()
    assert not (tmp_path / "repo").exists()


# Parquet


@pytest.mark.filterwarnings("ignore:The 'fastparquet' engine is deprecated")
@pytest.mark.parametrize("kind", KINDS)
def test_references_in_parquet(tmp_path, kind, monkeypatch):
    """Few references are in memory at a time; fsspec and zarr read them lazily."""
    pytest.importorskip("fastparquet")
    monkeypatch.setattr("dask_fileseq.zarr.references.RECORDS", 10)
    seq = write(tmp_path, **kind)
    if pd.__version__ >= "3":  # fsspec 2026.9 takes references that are missing for NaN then
        seq = seq.isel(channel=[1])
    folder = str(tmp_path / "a.parq")
    seq.write_fsspec(folder)
    assert len(list((tmp_path / "a.parq" / "image").iterdir())) >= (4 if "tile" in kind else 1)
    options = {"fo": folder, "remote_protocol": "file", "lazy": True}
    with xr.open_zarr("reference://", storage_options=options, consolidated=False) as dataset:
        np.testing.assert_array_equal(dataset.image, seq.asarray())
        require_same(dataset, seq)
    with pytest.raises(ValueError, match="in Parquet"):
        seq.write_fsspec(folder, zarr_format=3)
    with pytest.raises(ValueError, match="give a groupname"):
        seq.write_fsspec(folder, groupname=None)
