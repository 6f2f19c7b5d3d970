"""The one read path: what numpy gives on the whole array, and no other file is touched."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq import ChunkMismatchError, FileSequence, FillWarning, ReadError

CHUNKS = [(), (5,), (3, 4), (2, 3, 4), (2, 1, 3, 2)]


class Files:
    """Arrays by name that count how often each is read."""

    def __init__(self, gridshape, chunkshape, missing=()):
        self.gridshape = gridshape
        self.stacked = 1 + np.arange(math.prod(gridshape + chunkshape), dtype="i4")
        self.stacked = self.stacked.reshape(gridshape + chunkshape)
        self.indices = [i for i in np.ndindex(gridshape) if i not in missing]
        for index in missing:
            self.stacked[index] = 0
        self.names = [str(i) for i in range(len(self.indices))]
        self.reads = []

    def imread(self, name):
        self.reads.append(name)
        return self.stacked[self.indices[int(name)]]

    def parse(self, names):
        dims = tuple(f"d{i}" for i in range(len(self.gridshape)))
        return dims, self.gridshape, self.indices, names

    def sequence(self):
        return FileSequence(self.imread, self.names, parse=self.parse)


def tiled(stacked, gridshape, axestiled):
    """Lay grid axes edge to edge, by numpy's means."""
    ndim = len(gridshape)
    order = [i for i in range(ndim) if i not in axestiled]
    back = {c: g for g, c in axestiled.items()}
    shape = [stacked.shape[i] for i in order]
    for chunk in range(stacked.ndim - ndim):
        length = stacked.shape[ndim + chunk]
        if chunk in back:
            order.append(back[chunk])
            length *= stacked.shape[back[chunk]]
        order.append(ndim + chunk)
        shape.append(length)
    return stacked.transpose(order).reshape(shape)


@st.composite
def cases(draw):
    """Draw a sequence with missing cells, its tiling, and a basic index."""
    grid = tuple(draw(st.lists(st.integers(1, 3), max_size=3)))
    chunk = draw(st.sampled_from(CHUNKS))
    cells = list(np.ndindex(grid))
    missing = draw(st.sets(st.sampled_from(cells), max_size=len(cells) - 1))
    count = draw(st.integers(0, min(len(grid), len(chunk))))
    axestiled = dict(
        zip(
            draw(st.permutations(range(len(grid))))[:count],
            draw(st.permutations(range(len(chunk))))[:count],
            strict=True,
        )
    )
    files = Files(grid, chunk, missing)
    array = tiled(files.stacked, grid, axestiled)
    keys = [
        draw(
            st.one_of(
                st.integers(-n, n - 1),
                st.slices(n),
                st.builds(slice, *[st.none() | st.integers(-n - 2, n + 2)] * 2),
            )
        )
        for n in array.shape[: draw(st.integers(0, array.ndim))]
    ]
    if draw(st.booleans()):
        keys.insert(draw(st.integers(0, len(keys))), Ellipsis)
        keys = _fitting(keys, array.shape, draw)
    return files, axestiled, array, tuple(keys)


def _fitting(keys, shape, draw):
    """Make keys behind an Ellipsis fit the axes that they now stand for."""
    at = keys.index(Ellipsis)
    behind = len(keys) - at - 1
    tail = [draw(st.slices(n)) for n in shape[len(shape) - behind :]]
    return keys[: at + 1] + tail


@pytest.mark.slow
@given(cases())
def test_every_basic_index_is_numpys(case):
    """A pixel from another place is the worst that can happen."""
    files, axestiled, array, index = case
    lazy = files.sequence().array(
        axestiled=axestiled, chunkshape=files.stacked.shape[len(files.gridshape) :], chunkdtype="i4"
    )
    assert lazy.shape == array.shape
    result = lazy[index]
    expected = array[index]
    assert type(result) is type(expected)
    np.testing.assert_array_equal(result, expected, strict=True)
    numbers = np.full(files.gridshape, -1)
    for number, cell in enumerate(files.indices):
        numbers[cell] = number
    whole = np.broadcast_to(
        numbers.reshape(files.gridshape + (1,) * (files.stacked.ndim - numbers.ndim)),
        files.stacked.shape,
    )
    touched = set(np.ravel(tiled(whole, files.gridshape, axestiled)[index]).tolist()) - {-1}
    assert sorted(map(int, files.reads)) == sorted(touched)


@pytest.mark.slow
@given(cases(), st.data())
def test_a_block_is_a_smaller_file_array(case, data):
    """Blocks are what tasks carry: they must hold only, and all of, their part."""
    files, axestiled, array, _ = case
    lazy = files.sequence().array(axestiled=axestiled)
    window = [
        tuple(sorted(data.draw(st.lists(st.integers(0, n), min_size=2, max_size=2, unique=True))))
        for n in array.shape
    ]
    block = lazy.block(window)
    part = tuple(slice(*w) for w in window)
    np.testing.assert_array_equal(block[...], array[part], strict=True)
    inner = [(0, max(1, n // 2)) for n in block.shape]
    again = block.block(inner)
    np.testing.assert_array_equal(again[...], array[part][tuple(slice(*w) for w in inner)])
    assert sum(map(sum, block.chunks)) == sum(block.shape)
    assert set(block.names) <= set(files.names)
    assert lazy.block([(0, n) for n in array.shape]).chunks == lazy.chunks


@pytest.mark.parametrize(
    "index", [(0, 0, 0, 0), 2, -3, [0, 1], (None, 0), True, "a", (..., ...), 1.0, np.array([0, 1])]
)
def test_other_indices_are_errors(index):
    """Fancy indexing must not be taken for something else."""
    lazy = Files((2,), (3, 4)).sequence().array()
    with pytest.raises(IndexError):
        lazy[index]


def test_empty_selections_read_nothing():
    """Without it, dask's question for the type reads a file: it asks for `0:0`."""
    files = Files((2, 2), (3, 4))
    lazy = files.sequence().array(chunkshape=(3, 4), chunkdtype="i4")
    assert lazy[:0, :0].shape == (0, 0, 3, 4)
    assert lazy[..., 2:2].shape == (2, 2, 3, 0)
    assert files.reads == []


def test_numpy_protocols():
    """An array-like must say what it is without reading."""
    files = Files((2, 3), (3, 4))
    lazy = files.sequence().array(chunkshape=(3, 4), chunkdtype="i4")
    assert (len(lazy), lazy.ndim, lazy.size, lazy.nbytes) == (2, 4, 72, 288)
    assert lazy.dims == ("d0", "d1", "y", "x")
    assert files.reads == []
    np.testing.assert_array_equal(np.asarray(lazy), files.stacked)
    with pytest.raises(ValueError, match="copy"):
        np.asarray(lazy, copy=False)


def shape_by_name(name):
    return np.zeros((3, 4) if name != "b7312.x" else (4, 3), "u2")


def dtype_by_name(name):
    return np.zeros((3, 4), "u2" if name != "b7312.x" else "f4")


@pytest.mark.parametrize(
    ("imread", "found"), [(shape_by_name, "(4, 3)"), (dtype_by_name, "float32")]
)
def test_an_odd_file_is_named(imread, found):
    """Of 40,000 files one is odd: the error has to say which, where, and how."""
    names = [f"b{i}.x" for i in range(7310, 7316)]
    lazy = FileSequence(imread, names, pattern=r"(?P<b>\d+)").array()
    with pytest.raises(ChunkMismatchError) as error:
        lazy[...]
    message = str(error.value)
    assert "'b7312.x'" in message
    assert "(b 7312)" in message
    assert "(3, 4)" in message
    assert found in message
    assert str(pickle.loads(pickle.dumps(error.value))) == message
    # from inside a block too, the cell is that of the whole grid
    with pytest.raises(ChunkMismatchError, match=r"\(b 7312\)"):
        lazy.block([(2, 3), (0, 3), (0, 4)])[...]


def broken(name):
    if name.startswith("bad"):
        raise KeyError("no such tag")
    return np.ones((2, 2), "u1")


def test_a_failed_read_names_file_and_cell_and_keeps_its_type():
    """Code that caught the reader's own error must go on working."""
    seq = FileSequence(broken, ["ok", "bad1", "bad2"])
    with pytest.raises(ReadError, match=r"'bad1' \(sequence 1\).*no such tag") as error:
        seq.asarray()
    assert isinstance(error.value, KeyError)
    assert isinstance(error.value, OSError)
    assert isinstance(error.value.__cause__, KeyError)
    assert isinstance(pickle.loads(pickle.dumps(error.value)), KeyError)


def test_a_missing_relative_file_says_where_it_was_looked_for():
    """On a worker in another folder, nothing else tells why."""
    with pytest.raises(FileNotFoundError, match="relative to"):
        FileSequence(np.load, ["nowhere.npy"]).asarray()


def test_unreadable_files_are_filled_when_asked():
    """The run takes the night: one bad file must not end it, nor go unseen."""
    seq = FileSequence(broken, ["bad0", "ok", "bad1"])
    with pytest.warns(FillWarning) as caught:
        result = seq.asarray(errors="fill", fillvalue=9)
    assert result[:, 0, 0].tolist() == [9, 1, 9]
    assert sorted(str(w.message).split("'")[1] for w in caught) == ["bad0", "bad1"]
    with pytest.raises(ReadError, match="bad0"):
        seq.asarray()


@pytest.mark.parametrize("scheduler", ["sync", "threads"])
def test_a_filled_file_is_warned_of_at_the_line_that_reads_it(scheduler):
    """The line would be one of this package, which tells a user nothing."""
    names = [f"bad{i}" if i == 5 else f"ok{i}" for i in range(8)]
    array = FileSequence(broken, names).to_dask_array(errors="fill")
    with pytest.warns(FillWarning) as caught:
        array.compute(scheduler=scheduler)
    with pytest.warns(FillWarning) as again:
        FileSequence(broken, names).asarray(errors="fill", scheduler=scheduler)
    assert {each.filename for each in [*caught, *again]} == {__file__}


def greedy(name):
    """Read a file of which some copies claim to be of 8 PiB."""
    return np.empty(2**50 if "bad" in name else (2, 2), "u8")


@pytest.mark.parametrize("names", [["bad0", "ok", "bad1"], ["ok", "bad0"]])
def test_a_file_that_asks_for_too_much_memory_is_a_file_that_fails(names):
    """One damaged file would end the run, without a name, whatever `errors` is."""
    seq = FileSequence(greedy, names)
    with pytest.raises(ReadError, match=r"'bad0' .*MemoryError: Unable to allocate") as error:
        seq.asarray(chunkshape=(2, 2), chunkdtype="u8")
    assert isinstance(error.value, MemoryError)
    with pytest.warns(FillWarning, match="bad"):
        result = seq.asarray(errors="fill", fillvalue=9)
    assert [(image == 9).all() for image in result] == ["bad" in name for name in names]


def test_memory_that_the_result_lacks_is_no_failure_of_a_file():
    """All files would be filled, one after the other, for an array that does not fit."""
    seq = FileSequence(broken, ["ok"])
    with pytest.raises(MemoryError) as error:
        seq.asarray(chunkshape=(2**50,), chunkdtype="u8", errors="fill")
    assert not isinstance(error.value, ReadError)


@pytest.mark.parametrize("returned", [None, "text", {"a": 1}, np.ma.masked_greater([1, 9999], 100)])
def test_what_is_no_array_is_an_error(returned):
    """A forgotten return, or a mask that nobody would see again."""
    with pytest.raises(ReadError, match="imread returned"):
        FileSequence(lambda name: returned, ["a"]).asarray()


@pytest.mark.parametrize("fillvalue", [-1, 256, 10**30, 1.5, np.nan, "x", [1, 2]])
def test_a_fillvalue_that_does_not_fit_is_an_error(fillvalue):
    """-1 in unsigned pixels would become 255, silently."""
    with pytest.raises(ValueError, match="fillvalue="):
        FileSequence(broken, ["ok"]).asarray(fillvalue=fillvalue)


@pytest.mark.parametrize("fillvalue", [np.nan, np.inf, -1, 0.1])
def test_fillvalues_of_floats(fillvalue):
    """NaN is the natural fill of floats."""
    files = Files((2, 2), (3,), [(1, 0)])
    seq = FileSequence(lambda n: files.imread(n).astype("f4"), files.names, parse=files.parse)
    np.testing.assert_array_equal(
        seq.asarray(fillvalue=fillvalue)[1, 0], np.full(3, fillvalue, "f4")
    )


def test_an_array_made_by_hand_has_the_same_faces(tmp_path):
    """Programs that have a grid of their own need a sequence to read it."""
    import zarr

    from dask_fileseq.convert import to_zarr
    from dask_fileseq.filearray import FileArray
    from dask_fileseq.graph import to_dask_array
    from dask_fileseq.grid import grid_of_pattern
    from dask_fileseq.output import asarray
    from dask_fileseq.types import ReadOptions, WriteOptions

    grid = grid_of_pattern(["t0_a", "t0_b", "t1_b"], r"(t)(\d)_(?P<c>[a-z])")
    array = FileArray.from_grid(
        grid, named, options=ReadOptions(fillvalue=7), identity="name", version="first"
    )
    expected = np.array([[named("t0_a"), named("t0_b")], [np.full((3, 4), 7.0), named("t1_b")]])
    assert array.dims == ("t", "c", "y", "x")
    np.testing.assert_array_equal(array[...], expected)
    np.testing.assert_array_equal(array[1, ::-1, 1], expected[1, ::-1, 1])
    np.testing.assert_array_equal(asarray(array, scheduler="sync"), expected)
    np.testing.assert_array_equal(to_dask_array(array, "auto")[:, 1].compute(), expected[:, 1])
    to_zarr(array, tmp_path / "a.zarr", WriteOptions(progress=False, scheduler="sync"))
    np.testing.assert_array_equal(
        zarr.open_array(tmp_path / "a.zarr", path="image", mode="r")[...], expected
    )
    seq = FileSequence(named, grid.names, pattern=r"(t)(\d)_(?P<c>[a-z])", identity="name")
    assert seq.array().token != array.token
    assert pickle.loads(pickle.dumps(array)).token == array.token


def named(name):
    """Return an image that tells its name."""
    return np.full((3, 4), float(sum(map(ord, name))))
