"""The dask array: one symbolic layer, slices that reach the reader, blocks of any form."""

import math
import pickle

import dask
import dask.array as da
import numpy as np
import pytest
from dask._task_spec import _execute_subgraph
from dask.array.core import getter
from dask.array.utils import assert_eq
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq import FileSequence, TiffSequence
from dask_fileseq.graph import block_chunks
from dask_fileseq.readers import ChunkSpec, FileInfo, Reader, count
from tests.helpers.acquisition import PATTERN
from tests.helpers.places import WHOLE_CORE


@pytest.fixture(scope="module")
def opened(acquisition):
    folder, array = acquisition
    return TiffSequence(f"{folder}/*.tif", pattern=PATTERN), array


@pytest.fixture(scope="module", params=["folder", *WHOLE_CORE])
def placed(request, acquisition, put_files):
    """Open the same files in a folder, in archives and on servers."""
    folder, array = acquisition
    return put_files(folder, request.param).sequence(pattern=PATTERN), array


def by_graph(x):
    """Compute by dask's own graph and optimiser."""
    return dask.compute(x, scheduler="sync")[0]


def in_place(x):
    """Compute as the method does."""
    return x.compute(scheduler="sync")


BOTH = pytest.mark.parametrize("computed", [by_graph, in_place])


def read_tasks(x):
    """Count tasks that read, after dask's optimisation."""
    (x,) = dask.optimize(x)
    tasks = []
    for task in dict(x.__dask_graph__()).values():
        func = getattr(task, "func", None)
        tasks += task.args[0].values() if func is _execute_subgraph else [task]
    return sum(getattr(task, "func", None) is getter for task in tasks)


def test_array_is_one_symbolic_layer(placed):
    """More layers, or a task a file up front, is what makes the others slow."""
    seq, array = placed
    x = seq.to_dask_array()
    assert len(x.__dask_graph__().layers) == 1
    (layer,) = x.__dask_graph__().layers.values()
    assert not layer.is_materialized()
    assert x.name.startswith("read-tiff-")
    assert_eq(x, array)


def test_building_reads_one_header(acquisition):
    """Opening must cost the same for ten files and a million."""
    folder, _ = acquisition
    with count() as counts:
        seq = TiffSequence(f"{folder}/*.tif", pattern=PATTERN)
        assert counts.files == 0
        x = seq.to_dask_array(chunks="auto")
        y = seq.to_dask_array(axestiled={0: 0})
        assert dask.is_dask_collection(seq)
        assert (seq.chunkshape, seq.chunkdtype, seq.chunkdims) == ((48, 64), "u2", ("y", "x"))
        repr((x, y, x[3:], y + 1, seq, str(seq)))
    assert counts.headers == 1
    assert counts.bytes == 0
    with count() as counts:
        seq.to_dask_array(chunkshape=(48, 64), chunkdtype="u2", chunks=-1)
    assert counts.files == 0


@BOTH
@pytest.mark.parametrize(
    ("index", "files", "tiles"),  # of 3 rows and 4 columns a file
    [
        (np.s_[2], 4, 12),
        (np.s_[1:3, 0, :, 10:20, ::2], 4, 8),
        (np.s_[..., 5], 11, 3),
        (np.s_[0, 1, 1, 20, 40], 1, 1),
        (np.s_[::-1], 11, 12),
        (np.s_[:, :, ::-1, 16:32, ::-1], 11, 12),
    ],
)
def test_a_slice_reads_its_files_and_tiles_only(placed, index, files, tiles, computed):
    """What is not asked for must not be read; what goes backwards must be right."""
    seq, array = placed
    x = seq.to_dask_array()[index]
    expected = array[index]
    with count() as counts:
        result = computed(x)
    np.testing.assert_array_equal(result, expected)
    assert counts.files == files
    assert 0 < counts.bytes <= files * tiles * 16 * 16 * 2 * 1.2  # noise, so LZW makes it more


def test_as_many_read_tasks_as_files_touched(placed):
    """A task that reads nothing that is needed costs as much as one that does."""
    seq, _ = placed
    x = seq.to_dask_array()
    assert read_tasks(x) == 12
    assert read_tasks(x[2]) == 4
    assert read_tasks(x[1:3, 0, :, 10:20, ::2]) == 4
    assert read_tasks(x[..., 5]) == 12
    assert read_tasks(x[0, 0, 0, :64, :64]) == 1


def test_axestiled_places_blocks(placed):
    """Files edge to edge, each still a block of its own."""
    seq, array = placed
    x = seq.to_dask_array(axestiled={1: 0, 2: 1})
    expected = array.transpose(0, 1, 3, 2, 4).reshape(3, 96, 128)
    assert x.chunks == ((1, 1, 1), (48, 48), (64, 64))
    assert_eq(x, expected)
    assert_eq(x[1, 40:60, 60:70], expected[1, 40:60, 60:70])
    assert read_tasks(x[0, 50, :]) == 2


@BOTH
def test_missing_cells_are_filled_without_io(opened, computed):
    """An empty cell is no file."""
    seq, _ = opened
    x = seq.to_dask_array(fillvalue=7)[1, 1, 1]
    with count() as counts:
        block = computed(x)
    assert counts.files == 0
    assert (block == 7).all()


def lazy(gridshape, chunkshape, dtype="u2", tile=None, axestiled=None):
    """Return a file array that is never read."""
    names = [str(i) for i in range(math.prod(gridshape))]
    dims = tuple(f"g{i}" for i in range(len(gridshape)))
    spec = ChunkSpec(
        chunkshape, np.dtype(dtype), tuple("zyx"[-len(chunkshape) :]), tile or chunkshape
    )

    class Unread(Reader):
        def describe(self, file):
            return FileInfo(spec)

    seq = FileSequence(
        Unread(), names, parse=lambda n: (dims, gridshape, list(np.ndindex(gridshape)), n)
    )
    return seq.array(axestiled=axestiled)


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (None, ((1, 1, 1, 1), (1, 1), (6,), (8,))),
        (-1, ((4,), (2,), (6,), (8,))),
        ((2, 1, 3, 8), ((2, 2), (1, 1), (3, 3), (8,))),
        ((-1, None, (2, 4), 8), ((4,), (2,), (2, 4), (8,))),
        ({0: 2}, ((2, 2), (1, 1), (6,), (8,))),
        ({"g1": -1, "x": 4}, ((1, 1, 1, 1), (2,), (6,), (4, 4))),
        ({-1: 5}, ((1, 1, 1, 1), (1, 1), (6,), (5, 3))),
        (("auto", 1, 6, 8), ((1, 1, 1, 1), (1, 1), (6,), (8,))),
        (3, ((3, 1), (2,), (3, 3), (3, 3, 2))),
    ],
)
def test_chunks_take_dasks_forms(chunks, expected):
    """Users know these forms; a mapping leaves other axes at one block a file."""
    assert block_chunks(lazy((4, 2), (6, 8)), chunks) == expected


@pytest.mark.parametrize(
    "chunks",
    [
        0,
        "-5MB",
        (0, 1, 1, 1),
        (1, 2),
        {"nope": 1},
        {9: 1},
        "many",
        object(),
        (1, 1, (2, 2), 8),
        ("a", 1, 1, 1),
        {"g0": -2},
        {"g0": np.int64(0)},
        {"g0": True},
        {"g0": (3, -1, 2)},
    ],
)
def test_wrong_chunks_name_themselves(chunks):
    """Neither the traceback nor the words may come from inside dask."""
    with pytest.raises(ValueError, match=r"^chunks=(?!.*modulo)"):
        block_chunks(lazy((4, 2), (6, 8)), chunks)


AUTO = st.tuples(
    st.lists(st.integers(1, 60), max_size=3).map(tuple),
    st.sampled_from([(1,), (64, 64), (5, 512, 512), (3000, 5000), (20, 4000, 3000)]),
    st.booleans(),
)


@pytest.mark.slow
@given(AUTO)
def test_auto_chunks_are_bounded_aligned_and_many(case):
    """Blocks too large kill workers, too small ones drown in overhead."""
    gridshape, chunkshape, tiled = case
    tile = tuple(min(n, 256) for n in chunkshape) if tiled else chunkshape
    array = lazy(gridshape, chunkshape, tile=tile)
    chunks = block_chunks(array, "auto")
    assert tuple(map(sum, chunks)) == array.shape
    largest = math.prod(map(max, chunks)) * 2
    assert largest <= max(32 * 2**20, math.prod(tile) * 2)
    if math.prod(gridshape) >= 16:
        assert math.prod(map(len, chunks)) >= 16
    for lengths, size, part in zip(chunks[len(gridshape) :], chunkshape, tile, strict=True):
        assert all(n % part == 0 for n in lengths[:-1]), (lengths, size)


def test_auto_chunks_split_at_files_where_tiled():
    """A block over a file's edge would read two files in part."""
    array = lazy((3,), (5000, 5000), tile=(512, 512), axestiled={0: 0})
    (rows, columns) = block_chunks(array, "auto")
    assert columns == (5000,)
    assert len(rows) == 6
    assert sum(rows[:2]) == 5000


def test_auto_chunks_obey_dasks_chunk_size():
    """A user who lowered dask's limit has a reason."""
    array = lazy((1,), (4096, 4096), tile=(64, 4096))
    with dask.config.set({"array.chunk-size": "1MiB"}):
        assert max(block_chunks(array, "auto")[1]) * 4096 * 2 <= 2**20
    assert block_chunks(array, "8MiB")[1] == (1024,) * 4


@pytest.mark.slow
@given(st.data())
def test_any_chunks_give_the_same_array(opened, data):
    """How the array is cut must not change a pixel."""
    seq, _ = opened
    axestiled = data.draw(st.sampled_from([None, {0: 0}, {1: 1, 2: 0}]))
    x = seq.to_dask_array(axestiled=axestiled)
    chunks = tuple(data.draw(st.integers(-(-n // 3), n)) for n in x.shape)
    y = seq.to_dask_array(axestiled=axestiled, chunks=chunks)
    assert y.chunks == da.core.normalize_chunks(chunks, x.shape)
    np.testing.assert_array_equal(by_graph(y), seq.asarray(axestiled=axestiled, scheduler="sync"))


@BOTH
def test_a_slice_of_a_grouped_block_reads_its_files(opened, computed):
    """Grouping is for speed, never a reason to read more."""
    seq, array = opened
    x = seq.to_dask_array(chunks={"time": -1, "channel": -1, "z": -1})
    assert x.npartitions == 1
    with count() as counts:
        result = computed(x[2, 0, 1, :10])
    np.testing.assert_array_equal(result, array[2, 0, 1, :10])
    assert counts.files == 1


def read_nothing(name):
    return np.zeros((256, 256), "u2")


@pytest.mark.slow
def test_a_million_files_stay_symbolic():
    """The graph of a million files must be as light as their names."""
    names = [
        f"/d/t{t:04d}_c{c}_z{z:03d}.tif" for t in range(1000) for c in range(10) for z in range(100)
    ]
    seq = FileSequence(read_nothing, names, pattern=r"t(?P<t>\d+)_c(?P<c>\d)_z(?P<z>\d+)")
    x = seq.to_dask_array(chunks="file", chunkshape=(256, 256), chunkdtype="u2")
    (layer,) = x.__dask_graph__().layers.values()
    graph = pickle.dumps(x.__dask_graph__())
    assert len(graph) < 40e6
    assert len(pickle.dumps(seq)) < 40e6
    assert not layer.is_materialized()
    assert by_graph(x[5, 3, 7, :64, :64]).shape == (64, 64)
    assert not layer.is_materialized()
    (again,) = pickle.loads(graph).layers.values()
    block = next(v for v in again.io_deps.values() if v.produces_tasks is False)[999, 9, 99, 0, 0]
    assert list(block.names) == names[-1:]
    assert len(pickle.dumps(block)) < 1500


def test_indexes_that_dask_computes_are_dasks(opened):
    """An array of one element is no int: it keeps its axis."""
    seq, array = opened
    x = seq.to_dask_array()
    assert x[da.from_array(np.array([2]))].shape == (1, *array.shape[1:])
    assert x[:1][da.from_array(np.array([False]))].compute().shape == (0, *array.shape[1:])
    np.testing.assert_array_equal(x[da.from_array(np.array([2, 0]))].compute(), array[[2, 0]])


def test_query_planning_is_one_clear_error(opened):
    """The other array of dask array does not push slices down, and fails on some."""
    seq, _ = opened
    with (
        dask.config.set({"array.query-planning": True}),
        pytest.raises(NotImplementedError, match="query-planning"),
    ):
        seq.to_dask_array()
