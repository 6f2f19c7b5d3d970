"""Chunks, formats and groups of the store: whatever they are, zarr reads what asarray gives."""

import asyncio
import json
import math
import re
from inspect import signature

import dask.array as da
import numpy as np
import pytest
import tifffile
import xarray as xr
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from tifffile.zarr import ZarrFileSequenceStore
from zarr.core.buffer import default_buffer_prototype

from dask_fileseq import FileSequence, TiffSequence
from dask_fileseq.readers import count
from dask_fileseq.zarr.zarrarray import regular_chunks

PATTERN = r"(?P<time>\d+)_(?P<channel>[A-Z]+)_z(?P<z>\d+)"
CHUNKS = [None, "tile", "auto", "5kB", 7, -1, {"time": 2}, {"z": -1, "y": 20}]


def sequence(folder):
    return TiffSequence(f"{folder}/*.tif", pattern=PATTERN)


async def collected(keys):
    return [key async for key in keys]


async def values(store):
    """Return all that is in a store, having checked that its listings agree."""
    keys = await collected(store.list())
    assert len(set(keys)) == len(keys)
    prefixes = {key[:n] for key in keys for n in range(len(key) + 1)} | {"no", "c/0/99", "0.99"}
    for prefix in prefixes:
        expected = [key for key in keys if key.startswith(prefix)]
        assert await collected(store.list_prefix(prefix)) == expected
        base = f"{prefix.rstrip('/')}/" if prefix else ""
        names = {key.removeprefix(base).split("/")[0] for key in keys if key.startswith(base)}
        found = await collected(store.list_dir(prefix))
        assert sorted(found) == sorted(names)
    found = {}
    for key in keys:
        found[key] = (await store.get(key, default_buffer_prototype())).to_bytes()
        assert await store.getsize(key) == len(found[key])
        for other in (key + "/", "/" + key, key + ".0", key + "/0", key.replace("0", "00")):
            assert other in keys or not await store.exists(other)
    return found


class Grid:
    """Files of numbers on a grid with empty cells."""

    def __init__(self, gridshape, chunkshape, missing=()):
        self.gridshape = gridshape
        numbers = 1 + np.arange(math.prod(gridshape) * math.prod(chunkshape), dtype="i4")
        self.stacked = numbers.reshape(gridshape + chunkshape)
        self.indices = [i for i in np.ndindex(gridshape) if i not in missing]

    def imread(self, name):
        return self.stacked[self.indices[int(name)]]

    def sequence(self):
        dims = tuple(f"d{i}" for i in range(len(self.gridshape)))
        names = [str(i) for i in range(len(self.indices))]
        return FileSequence(
            self.imread, names, parse=lambda names: (dims, self.gridshape, self.indices, names)
        )


@st.composite
def cases(draw):
    """Files on a grid, how they are tiled, and how that is cut."""
    gridshape = tuple(draw(st.lists(st.integers(1, 4), max_size=2)))
    chunkshape = tuple(draw(st.lists(st.integers(0, 4), max_size=2)))
    cells = list(np.ndindex(gridshape))
    missing = draw(st.sets(st.sampled_from(cells), max_size=len(cells) - 1))
    number = draw(st.integers(0, min(len(gridshape), len(chunkshape))))
    grid_axes = draw(st.permutations(range(len(gridshape))))[:number]
    axestiled = dict(zip(grid_axes, range(number), strict=True))
    ndim = len(gridshape) + len(chunkshape) - number
    chunks = draw(st.none() | st.tuples(*[st.integers(1, 5)] * ndim))
    return Grid(gridshape, chunkshape, missing), axestiled, chunks, draw(st.sampled_from([2, 3]))


@given(cases())
@settings(max_examples=80)
def test_any_chunks(case):
    """Chunks within files, over borders of files, and of many, with some of the files missing."""
    files, axestiled, chunks, zarr_format = case
    seq = files.sequence()
    store = seq.aszarr(axestiled=axestiled, fillvalue=-1, chunks=chunks, zarr_format=zarr_format)
    expected = seq.asarray(axestiled=axestiled, fillvalue=-1)
    array = zarr.open_array(store, mode="r", zarr_format=zarr_format)
    assert array.shape == expected.shape
    np.testing.assert_array_equal(array[...], expected)


@given(cases())
@settings(max_examples=30)
def test_a_chunk_is_there_if_a_file_is(case):
    """A chunk of no file costs nothing; one with a file must not be taken for empty."""
    files, axestiled, chunks, zarr_format = case
    seq = files.sequence()
    store = seq.aszarr(
        axestiled=axestiled, fillvalue=0, chunks=chunks, zarr_format=zarr_format, groupname="a/b"
    )
    found = asyncio.run(values(store))
    array = zarr.open_array(store, path="a/b", mode="r", zarr_format=zarr_format)
    whole = seq.asarray(axestiled=axestiled, fillvalue=0)
    pads = [(0, -n % c) for n, c in zip(whole.shape, array.chunks, strict=True)]
    padded = np.pad(whole, pads) if pads else whole
    for index in np.ndindex(*(n // c for n, c in zip(padded.shape, array.chunks, strict=True))):
        window = tuple(slice(i * c, i * c + c) for i, c in zip(index, array.chunks, strict=True))
        text = "/".join(("c", *map(str, index))) if zarr_format == 3 else ".".join(map(str, index))
        key = f"a/b/{text or '0'}"
        assert (key in found) == padded[window].any()
        assert found.get(key, b"") in (b"", padded[window].tobytes())


@pytest.mark.slow
@pytest.mark.parametrize("zarr_format", [3, 2])
@pytest.mark.parametrize("axestiled", [None, {2: 0}, {0: 1, 1: 0}], ids=str)
@pytest.mark.parametrize("chunks", CHUNKS, ids=str)
def test_files(acquisition, chunks, axestiled, zarr_format):
    """TIFF files through zarr and dask, in both formats."""
    seq = sequence(acquisition[0])
    if isinstance(chunks, dict):
        dims = seq.array(axestiled=axestiled).dims
        chunks = {dim: n for dim, n in chunks.items() if dim in dims}
    store = seq.aszarr(axestiled=axestiled, chunks=chunks, zarr_format=zarr_format)
    expected = seq.asarray(axestiled=axestiled)
    array = zarr.open_array(store, mode="r")
    assert array.metadata.zarr_format == zarr_format
    np.testing.assert_array_equal(array[...], expected)
    np.testing.assert_array_equal(array[..., 5:41:3], expected[..., 5:41:3])
    da.utils.assert_eq(da.from_zarr(store), expected)


@pytest.mark.parametrize(
    ("chunks", "axestiled", "expected"),
    [
        (None, None, (1, 1, 1, 48, 64)),
        ("tile", None, (1, 1, 1, 16, 16)),
        ("tile", {0: 0}, (1, 1, 16, 16)),
        ("auto", None, (1, 1, 1, 48, 64)),
        ({"time": 2}, None, (2, 1, 1, 48, 64)),
        ("2kB", None, (1, 1, 1, 16, 48)),
        (-1, None, (3, 2, 2, 48, 64)),
        ((1, 1, 1, 20, 64), None, (1, 1, 1, 20, 64)),
    ],
    ids=str,
)
def test_chunk_shape(acquisition, chunks, axestiled, expected):
    array = sequence(acquisition[0]).array(axestiled=axestiled)
    assert regular_chunks(array, chunks) == expected


@pytest.mark.parametrize("chunks", ["tile", "3kB"])
def test_files_edge_to_edge_are_cut_evenly(tmp_path, chunks):
    """A chunk over the border of two files would need both for a pixel of one."""
    for i in range(2):
        tifffile.imwrite(tmp_path / f"{i}.tif", np.ones((40, 64), "u2"), tile=(16, 16))
    seq = TiffSequence(f"{tmp_path}/*.tif", pattern=r"(?P<n>\d)\.")
    assert regular_chunks(seq.array(axestiled={0: 0}), chunks)[0] == 40
    assert regular_chunks(seq.array(), chunks)[1] == 16


@pytest.mark.parametrize("chunks", ["other", (1, 2), {"no": 1}, ((1, 2), 1, 1, 48, 64), "0kB"])
def test_wrong_chunks(acquisition, chunks):
    """Zarr would take unequal chunks for equal ones."""
    with pytest.raises(ValueError, match=re.escape(f"chunks={chunks!r}")):
        sequence(acquisition[0]).aszarr(chunks=chunks)


def test_a_tile_is_read_alone(acquisition):
    """Split chunks are there so that a crop does not read whole files."""
    store = sequence(acquisition[0]).aszarr(chunks="tile")
    array = zarr.open_array(store)
    with count() as counts:
        np.testing.assert_array_equal(array[2, 1, 0, :9, 20:30], acquisition[1][2, 1, 0, :9, 20:30])
    assert counts.files == 1
    assert counts.bytes < 16 * 16 * 2 * 2


@pytest.mark.parametrize("zarr_format", [1, "2", None])
def test_wrong_format(acquisition, zarr_format):
    with pytest.raises(ValueError, match="zarr_format="):
        sequence(acquisition[0]).aszarr(zarr_format=zarr_format)


# format 2


@pytest.mark.skipif(
    "zarr_format" in signature(ZarrFileSequenceStore.write_fsspec).parameters,
    reason="newer tifffile serves format 3",
)
@pytest.mark.parametrize("fillvalue", [None, 0, 7])
@pytest.mark.parametrize("axestiled", [None, {0: 0}, {2: 1, 1: 0}])
async def test_format_2_is_that_of_tifffile(acquisition, axestiled, fillvalue):
    """What reads tifffile's store must read this one; it has names of axes in addition."""
    arguments = {"axestiled": axestiled, "fillvalue": fillvalue, "zattrs": {"unit": "um"}}
    oracle = tifffile.TiffSequence(
        f"{acquisition[0]}/*.tif", pattern=PATTERN, categories={"channel": {"DAPI": 0, "GFP": 1}}
    )
    theirs = oracle.aszarr(**arguments)
    ours = sequence(acquisition[0]).aszarr(**arguments, zarr_format=2)
    found = await values(ours)
    metadata = [".zarray", ".zattrs"]
    for key in set(found) - set(metadata):
        assert (await theirs.get(key, default_buffer_prototype())).to_bytes() == found[key]
    assert len(found) == 13
    read = [
        json.loads((await theirs.get(key, default_buffer_prototype())).to_bytes())
        for key in metadata
    ]
    assert json.loads(found[".zarray"]) == read[0]
    names = {"_ARRAY_DIMENSIONS": list(sequence(acquisition[0]).array(axestiled=axestiled).dims)}
    assert json.loads(found[".zattrs"]) == read[1] | names


@pytest.mark.parametrize("dtype", ["?", "u1", "i2", ">u4", "i8", "f2", "f4", "f8", "c8", "M8[s]"])
@pytest.mark.parametrize("fillvalue", [None, 1])
def test_dtypes_of_format_2(dtype, fillvalue):
    """A dtype spelt otherwise than numpy's is another one."""
    seq = FileSequence(
        lambda name: np.arange(3).astype(dtype),
        ["0", "2"],
        parse=lambda names: (("t",), (3,), [(0,), (2,)], names),
    )
    if fillvalue is not None:
        fillvalue = np.array(fillvalue).astype(dtype)[()]
    array = zarr.open_array(seq.aszarr(zarr_format=2, fillvalue=fillvalue), mode="r")
    expected = seq.asarray(fillvalue=fillvalue)
    assert array.dtype == expected.dtype
    np.testing.assert_array_equal(array[...], expected)


# groups, for xarray


@pytest.mark.parametrize("zarr_format", [3, 2])
@pytest.mark.parametrize("chunks", [None, "tile"])
@pytest.mark.parametrize("consolidated", [None, True, False])
def test_xarray_opens_a_group(acquisition, chunks, zarr_format, consolidated):
    """Pixels of value 0 and empty cells as they are, and labels beside them."""
    seq = sequence(acquisition[0])
    store = seq.aszarr(groupname="image", chunks=chunks, zarr_format=zarr_format)
    dataset = xr.open_zarr(store, consolidated=consolidated)
    assert dataset.image.dims == ("time", "channel", "z", "y", "x")
    assert dataset.image.dtype == np.uint16
    np.testing.assert_array_equal(dataset.image, acquisition[1])
    assert dataset.has_file.sum() == len(seq)
    labels = dataset.drop_vars("has_file").coords
    assert {dim: values.values.tolist() for dim, values in labels.items()} == {
        dim: values.tolist() for dim, values in seq.coords.items()
    }
    np.testing.assert_array_equal(dataset.image.sel(channel="GFP", z=1), acquisition[1][:, 1, 0])


@pytest.mark.parametrize("zarr_format", [3, 2])
async def test_group_in_a_group(acquisition, zarr_format):
    """Each group on the way needs metadata of its own."""
    seq = sequence(acquisition[0])
    store = seq.aszarr(groupname="plate/well/image", zarr_format=zarr_format, zattrs={"unit": "um"})
    await values(store)
    group = zarr.open_group(store, mode="r", use_consolidated=False)
    np.testing.assert_array_equal(group["plate"]["well"]["image"][...], acquisition[1])
    assert group["plate/well/image"].attrs["unit"] == "um"
    assert xr.open_zarr(store, group="plate/well").channel.values.tolist() == ["DAPI", "GFP"]


@pytest.mark.parametrize("zarr_format", [3, 2])
@pytest.mark.parametrize("spacing", ["step", "values"])
def test_dates_in_a_group(zarr_format, spacing):
    """As numbers without a unit, dates would be lost."""
    seq = FileSequence(
        lambda name: np.eye(2),
        ["x_20260101_00.tif", "x_20260101_06.tif", "x_20260103_06.tif"],
        pattern="x_{time:%Y%m%d_%H}.tif",
        spacing=spacing,
    )
    dataset = xr.open_zarr(seq.aszarr(groupname="image", zarr_format=zarr_format))
    np.testing.assert_array_equal(dataset.time, seq.coords["time"])


@pytest.mark.parametrize("groupname", ["time", "a//b", "a/../b", "."])
def test_wrong_groupname(acquisition, groupname):
    """Two arrays of one name, or a path that some stores take for another."""
    with pytest.raises(ValueError, match="groupname="):
        sequence(acquisition[0]).aszarr(groupname=groupname)


def test_names_of_axes_in_a_group(acquisition):
    """Labels follow the axis to its new name; one without a name has none."""
    names = ["t", None, "z", "y", "x"]
    group = zarr.open_group(
        sequence(acquisition[0]).aszarr(groupname="image", dimension_names=names), mode="r"
    )
    assert sorted(group) == ["image", "t", "z"]
