"""The zarr store: zarr reads what ``asarray`` gives, and no other file is read."""

import asyncio
import gc
import inspect
import json
import math
import pickle
import re
import shutil
import subprocess
import sys
import threading
import time
import weakref

import dask.array as da
import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.abc.store import (
    OffsetByteRequest,
    RangeByteRequest,
    SuffixByteRequest,
    SupportsDeleteSync,
    SupportsGetSync,
    SupportsSetSync,
)
from zarr.core.buffer import default_buffer_prototype
from zarr.core.buffer.cpu import Buffer
from zarr.storage import MemoryStore
from zarr.testing.store import StoreTests

from dask_fileseq import ChunkMismatchError, FileSequence, FillWarning, ReadError, TiffSequence
from dask_fileseq.filearray import FileArray
from dask_fileseq.readers import count
from dask_fileseq.types import ReferenceFileOptions
from dask_fileseq.zarr import FileArrayStore, write_references

PATTERN = r"(?P<time>\d+)_(?P<channel>[A-Z]+)_z(?P<z>\d+)"
WRITING = "store was opened in read-only mode and does not support writing"
BYTE_REQUESTS = [
    None,
    RangeByteRequest(1, 4),
    RangeByteRequest(5, 5),
    RangeByteRequest(6140, 7000),
    RangeByteRequest(7000, 8000),
    OffsetByteRequest(1),
    OffsetByteRequest(7000),
    SuffixByteRequest(1),
    SuffixByteRequest(0),
    SuffixByteRequest(7000),
]


def sequence(folder):
    return TiffSequence(f"{folder}/*.tif", pattern=PATTERN)


def part(value, request):
    """Return what a byte request selects, spelt out."""
    if isinstance(request, RangeByteRequest):
        return value[request.start : request.end]
    if isinstance(request, OffsetByteRequest):
        return value[request.offset :]
    if isinstance(request, SuffixByteRequest):
        return value[len(value) - min(len(value), request.suffix) :]
    return value


def metadata_of(store):
    """Return the metadata of an array at the root, as zarr reads it."""
    buffer = zarr.core.sync.sync(store.get("zarr.json", default_buffer_prototype()))
    return buffer.to_bytes()


async def collected(keys):
    return [key async for key in keys]


class TestFileArrayStore(StoreTests[FileArrayStore, Buffer]):
    """Zarr's tests of a store; where those plant bytes, the same on the keys that are there."""

    store_cls = FileArrayStore
    buffer_cls = Buffer

    INHERITED = frozenset(
        {
            "test_getsize_raises",
            "test_read_only_store_raises",
            "test_store_context_manager",
            "test_store_eq",
            "test_store_supports_partial_writes",
            "test_store_type",
            "test_with_read_only_store",
        }
    )

    def test_no_test_of_zarr_is_lost(self):
        """A test new in zarr, planting or skipping, would pass unseen."""
        zarrs = {name for name in vars(StoreTests) if name.startswith("test_")}
        assert zarrs - vars(type(self)).keys() == self.INHERITED

    async def set(self, store, key, value):
        pytest.fail("nothing is planted")

    async def get(self, store, key):
        pytest.fail("nothing is planted")

    @pytest.fixture
    def store_kwargs(self, acquisition):
        return {"array": sequence(acquisition[0]).array(), "zattrs": {"unit": "um"}}

    @pytest.fixture
    def values(self, acquisition, store):
        """Return what each key must hold, files as tifffile reads them."""
        folder, _ = acquisition
        chunks = {}
        for path in sorted(folder.iterdir()):
            t, channel, z = re.fullmatch(PATTERN + ".tif", path.name).groups()
            key = f"c/{int(t)}/{['DAPI', 'GFP'].index(channel)}/{int(z) - 1}/0/0"
            chunks[key] = tifffile.imread(path).tobytes()
        assert len(chunks) == 11
        return {"zarr.json": metadata_of(store), **chunks}

    def test_store_repr(self, store):
        """Zarr shows a store as text in the repr of its arrays."""
        assert repr(store) == (
            "<FileArrayStore shape=(3, 2, 2, 48, 64) chunks=(1, 1, 1, 48, 64)"
            " dtype=uint16 files=11>"
        )
        assert str(store) in repr(zarr.open_array(store))

    def test_store_supports_writes(self, store):
        assert not store.supports_writes
        assert not store.supports_deletes

    def test_store_supports_listing(self, store):
        assert store.supports_listing

    async def test_serializable_store(self, store, values):
        """A store that went to another process must read there."""
        new = pickle.loads(pickle.dumps(store))
        assert new == store
        assert hash(new) == hash(store)
        assert new.read_only
        for key, value in values.items():
            assert (await new.get(key, default_buffer_prototype())).to_bytes() == value

    def test_store_read_only(self, store):
        assert store.read_only
        assert store._is_open
        assert not store.with_read_only(True)._is_open
        with pytest.raises(AttributeError):
            store.read_only = False

    @pytest.mark.parametrize("read_only", [True, False])
    async def test_store_open_read_only(self, open_kwargs, read_only):
        """A store that promises to write and does not loses data late."""
        opening = self.store_cls.open(**open_kwargs, read_only=read_only)
        if read_only:
            store = await opening
            assert store._is_open
            assert store.read_only
        else:
            with pytest.raises(ValueError, match="read_only=False"):
                await opening

    @pytest.mark.parametrize("key", ["zarr.json", "c/0/0/0/0/0", "c/2/1/1/0/0"])
    @pytest.mark.parametrize("byte_range", BYTE_REQUESTS, ids=str)
    async def test_get(self, store, values, key, byte_range):
        observed = await store.get(key, default_buffer_prototype(), byte_range)
        assert observed.to_bytes() == part(values[key], byte_range)

    @pytest.mark.parametrize(
        "key",
        [
            "",
            "c",
            "c/0",
            "c/0/0/0/0",
            "c/0/0/0/0/0/0",
            "c/1/1/1/0/0",
            "c/3/0/0/0/0",
            "c/-1/0/0/0/0",
            "c/00/0/0/0/0",
            "c/+0/0/0/0/0",
            "c/0_0/0/0/0/0",
            "c/0/0/0/0/0/",
            "/c/0/0/0/0/0",
            "c//0/0/0/0/0",
            "c/\u0660/0/0/0/0",
            "c/0.0.0.0.0",
            "0/0/0/0/0",
            "foo/c/0/0/0/0/0",
            "foo/zarr.json",
            ".zarray",
            ".zattrs",
            ".zgroup",
        ],
    )
    async def test_get_missing(self, store, key):
        """Another spelling of a key, or an empty cell, must not be a chunk."""
        assert await store.get(key, default_buffer_prototype()) is None
        assert not await store.exists(key)
        with pytest.raises(FileNotFoundError):
            await store.getsize(key)

    async def test_get_not_open(self, store_not_open, values):
        assert not store_not_open._is_open
        observed = await store_not_open.get("c/0/0/0/0/0", default_buffer_prototype())
        assert observed.to_bytes() == values["c/0/0/0/0/0"]
        assert store_not_open._is_open

    @pytest.mark.parametrize("key", ["zarr.json", "c/0/0/0/0/0"])
    async def test_get_raises(self, store, key):
        with pytest.raises(ValueError, match=r"Unexpected byte_range, got.*"):
            await store.get(key, default_buffer_prototype(), (0, 2))

    async def test_get_many(self, store, values):
        requests = [(key, default_buffer_prototype(), None) for key in values]
        observed = {key: value.to_bytes() async for key, value in store._get_many(requests)}
        assert observed == values

    async def test_get_bytes(self, store, values):
        if hasattr(store, "_get_bytes"):  # until zarr 3.1
            observed = await store._get_bytes("c/0/0/0/0/0", prototype=default_buffer_prototype())
            assert observed == values["c/0/0/0/0/0"]
            with pytest.raises(FileNotFoundError):
                await store._get_bytes("c/1/1/1/0/0", prototype=default_buffer_prototype())

    def test_get_bytes_sync(self, store, values):
        if hasattr(store, "_get_bytes_sync"):
            observed = store._get_bytes_sync("c/0/0/0/0/0", prototype=default_buffer_prototype())
            assert observed == values["c/0/0/0/0/0"]

    async def test_get_json(self, store, values):
        if hasattr(store, "_get_json"):
            observed = await store._get_json("zarr.json", prototype=default_buffer_prototype())
            assert observed == json.loads(values["zarr.json"])

    def test_get_json_sync(self, store, values):
        if hasattr(store, "_get_json_sync"):
            observed = store._get_json_sync("zarr.json", prototype=default_buffer_prototype())
            assert observed == json.loads(values["zarr.json"])

    async def test_getsize(self, store, values):
        """Sizes are known without reading."""
        with count() as counts:
            observed = {key: await store.getsize(key) for key in values}
        assert observed == {key: len(value) for key, value in values.items()}
        assert not counts.files

    @pytest.mark.parametrize("prefix", ["", "c", "c/1", "c/1/1", "cc"])
    async def test_getsize_prefix(self, store, values, prefix):
        folder = f"{prefix}/" if prefix else ""
        expected = sum(len(v) for key, v in values.items() if key.startswith(folder))
        with count() as counts:
            assert await store.getsize_prefix(prefix) == expected
        assert not counts.files

    @pytest.mark.parametrize(
        "key_ranges",
        [
            [],
            [("zarr.json", RangeByteRequest(0, 2))],
            [("c/0/0/0/0/0", RangeByteRequest(0, 2)), ("zarr.json", None)],
            [("c/0/0/0/0/0", request) for request in BYTE_REQUESTS],
            [("c/2/0/1/0/0", SuffixByteRequest(2)), ("c/2/1/1/0/0", OffsetByteRequest(2))],
        ],
        ids=len,
    )
    async def test_get_partial_values(self, store, values, key_ranges):
        observed = await store.get_partial_values(
            prototype=default_buffer_prototype(), key_ranges=(pair for pair in key_ranges)
        )
        expected = [part(values[key], request) for key, request in key_ranges]
        assert [buffer.to_bytes() for buffer in observed] == expected

    async def test_get_partial_values_missing(self, store):
        observed = await store.get_partial_values(
            default_buffer_prototype(), [("c/1/1/1/0/0", SuffixByteRequest(2)), ("foo", None)]
        )
        assert observed == [None, None]

    async def test_exists(self, store, values):
        """Whether a key exists is known without reading."""
        with count() as counts:
            assert [await store.exists(key) for key in values] == [True] * 12
            assert not await store.exists("c/1/1/1/0/0")
        assert not counts.files

    async def test_is_empty(self, store):
        assert [await store.is_empty(p) for p in ("", "c", "c/1", "c/1/1/0")] == [False] * 4
        assert [await store.is_empty(p) for p in ("foo", "c/1/1/1", "c/3", "zarr")] == [True] * 4

    async def test_list(self, store, values):
        assert await collected(store.list()) == list(values)

    @pytest.mark.parametrize(
        "prefix",
        [
            *("", "z", "zarr.json", "zarr.json/", "c", "c/", "c/1", "c/1/", "c/1/1", "c/1/1/1"),
            *("c/0/0/0/0/0", "c/0/0/0/0/0/", "c/3/", "c/01/", "/", "/c", "c//", "cc", "foo/"),
        ],
    )
    async def test_list_prefix(self, store, values, prefix):
        """A prefix is text: ``c/1`` begins ``c/1/0`` as well as ``c/10/0``."""
        expected = [key for key in values if key.startswith(prefix)]
        assert await collected(store.list_prefix(prefix)) == expected

    async def test_list_empty_path(self, store, values):
        assert await collected(store.list_prefix("")) == list(values)
        assert await collected(store.list_prefix("c/2/")) == [k for k in values if k[:4] == "c/2/"]

    @pytest.mark.parametrize(
        "folder",
        ["", "c", "c/1", "c/1/1", "c/1/1/1", "c/0/0/0/0", "c/0/0/0/0/0", "zarr.json", "foo", "c/5"],
    )
    async def test_list_dir(self, store, values, folder):
        base = f"{folder}/" if folder else ""
        expected = {k.removeprefix(base).split("/")[0] for k in values if k.startswith(base)}
        assert sorted(await collected(store.list_dir(folder))) == sorted(expected)
        assert sorted(await collected(store.list_dir(base))) == sorted(expected)

    # what writes must raise, and change nothing

    @pytest.mark.parametrize("key", ["zarr.json", "c/0/0/0/0/0", "c/1/1/1/0/0", "foo"])
    async def test_set(self, store, values, key):
        with pytest.raises(ValueError, match=WRITING):
            await store.set(key, Buffer.from_bytes(b"1"))
        assert await collected(store.list()) == list(values)

    async def test_set_not_open(self, store_not_open):
        with pytest.raises(ValueError, match=WRITING):
            await store_not_open.set("c/0/0/0/0/0", Buffer.from_bytes(b"1"))

    async def test_set_many(self, store):
        with pytest.raises(ValueError, match=WRITING):
            await store._set_many([(key, Buffer.from_bytes(b"1")) for key in ("c/0", "foo")])

    async def test_set_if_not_exists(self, store, values):
        new = Buffer.from_bytes(b"1")
        await store.set_if_not_exists("c/0/0/0/0/0", new)  # it exists: nothing to write
        with pytest.raises(ValueError, match=WRITING):
            await store.set_if_not_exists("c/1/1/1/0/0", new)
        observed = await store.get("c/0/0/0/0/0", default_buffer_prototype())
        assert observed.to_bytes() == values["c/0/0/0/0/0"]

    async def test_delete(self, store, values):
        with pytest.raises(ValueError, match=WRITING):
            await store.delete("c/0/0/0/0/0")
        assert await collected(store.list()) == list(values)

    async def test_delete_nonexistent_key_does_not_raise(self, store):
        """Zarr's own is for stores that delete; this one says that it does not."""
        with pytest.raises(ValueError, match=WRITING):
            await store.delete("nonexistent_key")

    async def test_delete_dir(self, store, values):
        with pytest.raises(NotImplementedError):
            await store.delete_dir("c")
        assert await collected(store.list()) == list(values)

    async def test_clear(self, store, values):
        with pytest.raises(NotImplementedError):
            await store.clear()
        assert await collected(store.list()) == list(values)

    # zarr asks for all synchronous methods or none: reading, writing and deleting

    def test_get_sync(self, store):
        assert not isinstance(store, SupportsGetSync)

    def test_set_sync(self, store):
        assert not isinstance(store, SupportsSetSync)

    def test_delete_sync(self, store):
        assert not isinstance(store, SupportsDeleteSync)

    test_get_sync_missing = test_get_sync
    test_get_sync_byte_range_parity = test_get_sync
    test_sync_async_set_get_parity = test_set_sync
    test_delete_sync_missing = test_delete_sync
    test_delete_sync_visible_to_async_get = test_delete_sync


class Files:
    """Arrays by name, on a grid with empty cells."""

    def __init__(self, gridshape, chunkshape, dtype="i4", missing=()):
        self.gridshape = gridshape
        count = math.prod(gridshape) * math.prod(chunkshape)
        self.stacked = (1 + np.arange(count)).reshape(gridshape + chunkshape).astype(dtype)
        self.indices = [i for i in np.ndindex(gridshape) if i not in missing]

    def imread(self, name):
        return self.stacked[self.indices[int(name)]]

    def parse(self, names):
        dims = tuple(f"d{i}" for i in range(len(self.gridshape)))
        return dims, self.gridshape, self.indices, names

    def sequence(self):
        names = [str(i) for i in range(len(self.indices))]
        return FileSequence(self.imread, names, parse=self.parse)


@st.composite
def cases(draw):
    """Files on a grid, and how they are tiled."""
    gridshape = tuple(draw(st.lists(st.integers(1, 3), max_size=3)))
    chunkshape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    cells = list(np.ndindex(gridshape))
    missing = draw(st.sets(st.sampled_from(cells), max_size=len(cells) - 1))
    number = draw(st.integers(0, min(len(gridshape), len(chunkshape))))
    grid_axes = draw(st.permutations(range(len(gridshape))))[:number]
    chunk_axes = draw(st.permutations(range(len(chunkshape))))[:number]
    return Files(gridshape, chunkshape, "i4", missing), dict(
        zip(grid_axes, chunk_axes, strict=True)
    )


@given(cases())
@settings(max_examples=60)
def test_zarr_reads_what_asarray_gives(case):
    """Over grids with empty cells, tilings, no axes and axes without elements."""
    files, axestiled = case
    seq = files.sequence()
    store = seq.aszarr(axestiled=axestiled, fillvalue=-1)
    array = zarr.open_array(store, mode="r")
    expected = seq.asarray(axestiled=axestiled, fillvalue=-1)
    assert array.dtype == expected.dtype
    assert array.shape == expected.shape
    np.testing.assert_array_equal(array[...], expected)
    assert min(array.chunks, default=1) > 0  # zarr's specification knows no empty chunks
    keys = asyncio.run(collected(store.list()))
    assert len(keys) - 1 == (len(files.indices) if expected.size else 0)


DTYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "c8", "c16"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_all_dtypes(dtype):
    """A dtype by another name or byte order would read as other numbers."""
    seq = Files((2, 2), (3, 4), dtype, missing=[(0, 1)]).sequence()
    array = zarr.open_array(seq.aszarr())
    assert array.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(array[...], seq.asarray())


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("fillvalue", [np.nan, np.inf, -np.inf, -1.5])
def test_fillvalue(dtype, fillvalue):
    """JSON has no NaN: written as if it had, other programs cannot open the array."""
    seq = Files((3,), (2,), dtype, missing=[(1,)]).sequence()
    store = seq.aszarr(fillvalue=fillvalue)
    json.loads(metadata_of(store), parse_constant=pytest.fail)
    observed = zarr.open_array(store)[...]
    np.testing.assert_array_equal(observed, seq.asarray(fillvalue=fillvalue))
    np.testing.assert_array_equal(observed[1], np.full(2, fillvalue, dtype))


def test_datetimes():
    """They are numbers in zarr; the fill value too."""
    seq = Files((3,), (2,), "M8[s]", missing=[(1,)]).sequence()
    nat = np.datetime64("NaT", "s")
    observed = zarr.open_array(seq.aszarr(fillvalue=nat))[...]
    np.testing.assert_array_equal(observed, seq.asarray(fillvalue=nat))


@pytest.mark.parametrize("dtype", ["g", "G", "O"])
def test_dtype_that_zarr_lacks(dtype):
    """An error when chunks are read, far from here, would not tell why."""
    with pytest.raises(ValueError, match="zarr has no data type for dtype"):
        FileSequence(np.zeros, ["a"]).aszarr(chunkshape=(2,), chunkdtype=dtype)


@pytest.mark.parametrize("axestiled", [None, {0: 0}, {2: 1, 1: 0}])
@pytest.mark.parametrize("container", [False, True])
def test_tiff_files(acquisition, tmp_path, axestiled, container):
    """The whole, parts of it and single pixels, from a folder and from a ZIP file."""
    folder, expected = acquisition
    if container:
        path = shutil.make_archive(str(tmp_path / "files"), "zip", folder)
        seq = TiffSequence("*.tif", container=path, pattern=PATTERN)
    else:
        seq = sequence(folder)
    expected = seq.asarray(axestiled=axestiled)
    store = seq.aszarr(axestiled=axestiled, zattrs={"unit": "um"})
    seq.close()  # the store goes on
    array = zarr.open_array(store)
    np.testing.assert_array_equal(array[...], expected)
    np.testing.assert_array_equal(array[1:, ..., 5:60:7], expected[1:, ..., 5:60:7])
    assert array[(-1,) * array.ndim] == expected[(-1,) * array.ndim]
    assert dict(array.attrs) == {"unit": "um"}
    assert array.metadata.dimension_names == seq.array(axestiled=axestiled).dims


def test_one_chunk_reads_one_file(acquisition):
    """Neither building nor opening reads pixels; a crop reads the one file that it lies in."""
    folder, expected = acquisition
    with count() as counts:
        store = sequence(folder).aszarr()
        array = zarr.open_array(store)
    assert (counts.files, counts.headers, counts.bytes) == (1, 1, 0)
    with count() as counts:
        np.testing.assert_array_equal(array[2, 1, 0, 5:9, 7], expected[2, 1, 0, 5:9, 7])
    assert counts.files == 1
    with count() as counts:
        assert not array[1, 1, 1].any()
    assert counts.files == 0


def test_dask_reads_it(acquisition):
    """``da.from_zarr`` must give tokens by content: equal ones for equal files only."""
    folder, expected = acquisition
    first = da.from_zarr(sequence(folder).aszarr())
    again = da.from_zarr(sequence(folder).aszarr())
    other = da.from_zarr(sequence(folder).aszarr(fillvalue=1))
    assert first.name == again.name != other.name
    da.utils.assert_eq(first, expected)


def test_cluster_reads_it(acquisition, cluster):
    """A store that did not pickle, or lost its files' names, would fail on workers only."""
    from distributed import Client

    folder, expected = acquisition
    with Client(cluster):
        array = da.from_zarr(sequence(folder).aszarr(ioworkers=1))
        np.testing.assert_array_equal(array.compute(), expected)


@pytest.mark.slow
def test_new_process_reads_it(acquisition, tmp_path):
    """A store pickled after it was read from must not take its event loop along."""
    folder, expected = acquisition
    store = sequence(folder).aszarr(ioworkers=1)
    assert zarr.open_array(store)[:].sum() == expected.sum()
    (tmp_path / "store").write_bytes(pickle.dumps(store))
    code = (
        "import pickle, sys, zarr\n"
        "store = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print(zarr.open_array(store)[:].sum())"
    )
    run = [sys.executable, "-c", code, str(tmp_path / "store")]
    assert int(subprocess.check_output(run)) == expected.sum()


def test_copies_to_another_store(acquisition):
    """Zarr asks a source for a writable copy of itself, to compare it with the target."""
    folder, expected = acquisition
    source = zarr.open_array(sequence(folder).aszarr(), mode="r")
    copy = zarr.from_array(MemoryStore(), data=source)
    np.testing.assert_array_equal(copy[...], expected)
    assert copy.metadata.dimension_names == source.metadata.dimension_names


def test_writing_through_zarr_is_an_error(acquisition):
    """Pixels written nowhere would be lost."""
    store = sequence(acquisition[0]).aszarr()
    with pytest.raises(ValueError, match="read-only"):
        zarr.open_array(store, mode="r+")
    with pytest.raises(ValueError, match="read-only"):
        zarr.open_array(store)[0] = 1


# tifffile's own store


@pytest.mark.parametrize("axestiled", [None, {0: 0}, {2: 1, 1: 0}])
@pytest.mark.parametrize("fillvalue", [0, 7])
async def test_as_tifffile(acquisition, axestiled, fillvalue):
    """Metadata and bytes: what reads tifffile's store must read this one."""
    folder, _ = acquisition
    arguments = {"axestiled": axestiled, "fillvalue": fillvalue, "zattrs": {"unit": "um"}}
    if "dimension_names" in inspect.signature(_tifffile_store()).parameters:
        ndim = 5 - len(axestiled or ())
        arguments["dimension_names"] = [f"d{i}" for i in range(ndim)]
    oracle = tifffile.TiffSequence(f"{folder}/*.tif", pattern=PATTERN, categories=CATEGORIES)
    theirs = oracle.aszarr(**arguments, chunkmode="file", ioworkers=1)
    ours = sequence(folder).aszarr(**arguments, chunkmode="file", ioworkers=1)
    prototype = default_buffer_prototype()
    metadata = json.loads((await ours.get("zarr.json", prototype)).to_bytes())
    version_3 = await theirs.get("zarr.json", prototype)
    if version_3 is not None:
        assert metadata == json.loads(version_3.to_bytes())
    else:
        version_2 = json.loads((await theirs.get(".zarray", prototype)).to_bytes())
        assert metadata["shape"] == version_2["shape"]
        assert metadata["chunk_grid"]["configuration"]["chunk_shape"] == version_2["chunks"]
        assert metadata["fill_value"] == version_2["fill_value"]
        assert np.dtype(metadata["data_type"]) == np.dtype(version_2["dtype"])
    async for key in ours.list_prefix("c/"):
        other = key if version_3 is not None else key[2:].replace("/", ".")
        expected = (await theirs.get(other, prototype)).to_bytes()
        assert (await ours.get(key, prototype)).to_bytes() == expected


CATEGORIES = {"channel": {"DAPI": 0, "GFP": 1}}


def _tifffile_store():
    from tifffile.zarr import ZarrFileSequenceStore

    return ZarrFileSequenceStore


@pytest.mark.parametrize("mode", [None, 0, 3, "file", "FILE", "strile", tifffile.CHUNKMODE.FILE])
def test_chunkmode(mode):
    """What tifffile takes."""
    seq = Files((2,), (3,)).sequence()
    assert seq.aszarr(chunkmode=mode) == seq.aszarr()


@pytest.mark.parametrize("mode", [1, 2, "page", "plane", tifffile.CHUNKMODE.PAGE, "other", 4, ()])
def test_other_chunkmode(mode):
    """Silence would give other chunks than were asked for."""
    with pytest.raises(ValueError, match="chunkmode="):
        Files((2,), (3,)).sequence().aszarr(chunkmode=mode)


def test_arguments_of_imread():
    """Keywords reach the reader, and ``imreadargs`` wins, as in tifffile."""

    def imread(name, value, add=0):
        return np.full(3, value + add)

    store = FileSequence(imread, ["a"]).aszarr(imreadargs={"value": 5}, value=3, add=1)
    assert zarr.open_array(store)[:].tolist() == [[6, 6, 6]]


@pytest.mark.parametrize("names", [["t"], ["t", "y", "x"], ["t", 1], "tyx"])
def test_wrong_dimension_names(names):
    """Zarr would fail when the array is opened, elsewhere."""
    with pytest.raises(ValueError, match="dimension_names="):
        Files((2,), (3,)).sequence().aszarr(dimension_names=names)


def test_dimension_names():
    """One axis may go without."""
    store = Files((2,), (3,)).sequence().aszarr(dimension_names=["t", None])
    assert zarr.open_array(store).metadata.dimension_names == ("t", None)


def test_attributes_that_are_no_json():
    """It is the attributes that are wrong; the error must say so."""
    with pytest.raises(TypeError, match=r"zattrs=.* cannot be written as JSON"):
        Files((2,), (3,)).sequence().aszarr(zattrs={"scale": np.float32(1)})


def test_writable_store():
    with pytest.raises(ValueError, match="read_only=False"):
        Files((2,), (3,)).sequence().aszarr(read_only=False)


def test_part_of_a_file():
    """Chunks of zarr are all equal: an array cut within files has none."""
    array = Files((2,), (4,)).sequence().array()
    whole = zarr.open_array(FileArrayStore(array.block([(1, 2), (0, 4)])))
    assert whole[...].tolist() == [[5, 6, 7, 8]]
    with pytest.raises(ValueError, match="whole files"):
        FileArrayStore(array.block([(0, 2), (1, 3)]))


def test_array_without_a_sequence(acquisition, tmp_path):
    """The faces are functions of a file array, whoever made it."""
    seq = sequence(acquisition[0])
    array = FileArray.from_grid(seq.grid)
    np.testing.assert_array_equal(zarr.open_array(FileArrayStore(array))[...], acquisition[1])
    write_references(array, ReferenceFileOptions(), tmp_path / "a.json", fill=False)
    seq.write_fsspec(tmp_path / "b.json", groupname=None)
    assert (tmp_path / "a.json").read_text() == (tmp_path / "b.json").read_text()


def test_equality(acquisition):
    """Equal over equal files and arguments; a near miss is not."""
    seq = sequence(acquisition[0])
    stores = [
        seq.aszarr(),
        seq.aszarr(fillvalue=1),
        seq.aszarr(zattrs={"a": 1}),
        seq.aszarr(ioworkers=1),
        seq.aszarr(axestiled={0: 0}),
        seq.aszarr(errors="fill"),
        seq.aszarr(dimension_names="abcde"),
        seq.aszarr(imreadargs={"key": 0}),
        MemoryStore(),
    ]
    assert [stores[0] == other for other in stores] == [True] + [False] * 8
    again = [sequence(acquisition[0]).aszarr(ioworkers=0), stores[0].with_read_only(True)]
    assert [stores[0] == other for other in again] == [True, True]
    assert len({*stores[:-1], *again}) == 8


def test_without_zarr(monkeypatch):
    """Whoever has not installed the extra is told which it is."""
    monkeypatch.setitem(sys.modules, "dask_fileseq.zarr", None)
    with pytest.raises(ImportError, match=re.escape("dask-fileseq[zarr]")):
        Files((2,), (3,)).sequence().aszarr()


# files that cannot be read


@pytest.fixture
def damaged(tmp_path):
    """Three files: good, not a TIFF, gone."""
    for i in range(3):
        tifffile.imwrite(tmp_path / f"t{i}.tif", np.full((4, 5), i + 1, "u2"))
    (tmp_path / "t1.tif").write_bytes(b"nothing")
    seq = TiffSequence(f"{tmp_path}/*.tif", pattern=r"t(?P<t>\d)")
    (tmp_path / "t2.tif").unlink()
    return seq


@pytest.mark.parametrize(("i", "builtin"), [(1, OSError), (2, FileNotFoundError)])
def test_unreadable_file(damaged, i, builtin):
    """As a missing chunk it would read as fill value, and nobody would know."""
    array = zarr.open_array(damaged.aszarr())
    assert array[0].min() == 1
    with pytest.raises(ReadError, match=rf"t{i}\.tif' \(t {i}\)") as caught:
        array[i]
    assert isinstance(caught.value, builtin)


def test_unreadable_file_is_filled(damaged):
    """With ``errors="fill"``, and a warning for each."""
    array = zarr.open_array(damaged.aszarr(errors="fill", fillvalue=9))
    with pytest.warns(FillWarning, match=r"t\d\.tif") as caught:
        assert array[:, 0, 0].tolist() == [1, 9, 9]
    assert len(caught) == 2


def test_file_of_another_shape():
    """Its bytes, of the right number, must not be taken for other pixels."""
    shapes = {"a": (4, 6), "b": (6, 4)}
    seq = FileSequence(lambda name: np.zeros(shapes[name]), ["a", "b"])
    array = zarr.open_array(seq.aszarr())
    with pytest.raises(ChunkMismatchError, match="'b'"):
        array[1]


# threads


class Busy:
    """Reads that take a while and count how many there are at a time."""

    def __init__(self):
        self.lock = threading.Lock()
        self.now = self.most = 0

    def imread(self, name):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self.lock:
            self.now -= 1
        return np.zeros(3)


@pytest.mark.parametrize(("ioworkers", "least", "most"), [(1, 1, 1), (3, 2, 3), (0, 2, 10)])
def test_ioworkers(ioworkers, least, most):
    """More reads at a time than asked for would overrun a slow disk."""
    busy = Busy()
    store = FileSequence(busy.imread, list("abcdefghij")).aszarr(
        chunkshape=(3,), chunkdtype="f8", ioworkers=ioworkers
    )
    zarr.open_array(store)[...]
    assert least <= busy.most <= most
    loops = [asyncio.run(running_loop_after_reads(store)) for _ in range(3)]
    assert least <= busy.most <= most
    gc.collect()
    assert sum(loop() is not None for loop in loops) <= 1  # closed loops are let go


async def running_loop_after_reads(store):
    keys = [(f"c/{i}/0", None) for i in range(10)]
    await store.get_partial_values(default_buffer_prototype(), keys)
    return weakref.ref(asyncio.get_running_loop())


@pytest.mark.parametrize("ioworkers", [1, None])
async def test_event_loop_goes_on(ioworkers):
    """A read in the event loop's own thread would stop all of zarr."""
    started, go_on = threading.Event(), threading.Event()

    def imread(name):
        started.set()
        assert go_on.wait(10)
        return np.zeros(3)

    store = FileSequence(imread, ["a"]).aszarr(
        chunkshape=(3,), chunkdtype="f8", ioworkers=ioworkers
    )
    reading = asyncio.create_task(store.get("c/0/0", default_buffer_prototype()))
    while not started.is_set():
        await asyncio.sleep(0.001)
    go_on.set()
    assert (await reading).to_bytes() == bytes(24)
