"""Other programs read the bytes of the files where they are: kerchunk and VirtualiZarr."""

import json

import imagecodecs.numcodecs
import numpy as np
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
        np.testing.assert_array_equal(dataset.image, seq.asarray())
        assert dataset.channel.values.tolist() == ["DAPI", "GFP"]
        assert dataset.image.dims == ("time", "channel", "z", "y", "x")


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
        np.testing.assert_array_equal(dataset.image, seq.asarray())
        assert dataset.time.values.tolist() == [0, 1, 2]
