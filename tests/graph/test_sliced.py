"""Slices of an array of files: computed in place where that can be, by dask where not."""

from concurrent.futures import ThreadPoolExecutor

import dask
import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq import FileSequence, FillWarning, ReadError, TiffSequence
from dask_fileseq.graph import SlicedFiles
from tests.helpers.acquisition import PATTERN
from tests.helpers.seen import Seen


@pytest.fixture(scope="module")
def opened(acquisition):
    folder, array = acquisition
    return TiffSequence(f"{folder}/*.tif", pattern=PATTERN), array


def keys_for(shape):
    """Return a strategy for basic indexes."""
    axes = [st.one_of(st.integers(-n, n - 1), st.slices(n)) if n else st.slices(n) for n in shape]
    return st.tuples(*axes).flatmap(
        lambda keys: st.integers(0, len(keys)).map(lambda count: keys[:count])
    )


@pytest.mark.slow
@given(st.data())
def test_any_slices_give_what_numpy_gives(opened, data):
    """A block lands in the wrong place, or the result is of another kind than dask's."""
    seq, array = opened
    chunks = data.draw(st.sampled_from([None, "auto", {"time": 2, "y": 20, "x": 33}]))
    x, expected = seq.to_dask_array(chunks=chunks), array
    for _ in range(data.draw(st.integers(0, 3))):
        key = data.draw(keys_for(x.shape))
        x, expected = x[key], expected[key]
    assert isinstance(x, SlicedFiles)
    result = x.compute(scheduler="sync")
    (other,) = dask.compute(x, scheduler="sync")
    np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(other, expected)
    assert (type(result), result.dtype) == (type(other), other.dtype)
    assert result.flags.c_contiguous
    assert result.flags.owndata
    assert result.flags.writeable


@pytest.mark.parametrize("scheduler", ["sync", "threads"])
def test_blocks_are_decoded_in_place(opened, scheduler):
    """A second copy of the result, or a task that no progress bar sees."""
    seq, array = opened
    x = seq.to_dask_array()
    with Seen() as seen:
        np.testing.assert_array_equal(x.compute(scheduler=scheduler), array)
    assert list(seen.results.values()) == [None] * x.npartitions
    with Seen() as seen:
        np.testing.assert_array_equal(np.asarray(x[1:, 0]), array[1:, 0])
    assert list(seen.results.values()) == [None] * 4


def test_xarray_decodes_in_place(opened):
    """A graph is run, and the result copied once more, where dask alone does neither."""
    pytest.importorskip("xarray")
    seq, array = opened
    whole = seq.to_xarray()
    for index in ((...,), (slice(1, None), 0), (1, 0, slice(None, None, -2))):
        for lazy in (whole[index], whole[index].to_dataset(name="pixels")):
            with Seen() as seen:
                result = lazy.compute()
            np.testing.assert_array_equal(getattr(result, "pixels", result), array[index])
            assert set(seen.results.values()) == {None}


def test_files_are_computed_with_other_arrays(opened):
    """Two arrays get the pixels of one, or dask refuses to compute them together."""
    seq, array = opened
    x = seq.to_dask_array()
    together = (x[1], x.sum(), da.ones(3), x[1, 0, 2:5], x[1, 0, 0, 0])
    expected = (array[1], array.sum(), np.ones(3), array[1, 0, 2:5], array[1, 0, 0, 0])
    for order in (slice(None), slice(None, None, -1), slice(1), slice(3, 5), slice(4, 5)):
        results = dask.compute(*together[order])
        for result, value in zip(results, expected[order], strict=True):
            np.testing.assert_array_equal(result, value)
    (again, twice), alone = dask.compute([x[1], x[1]], 5)
    assert alone == 5
    np.testing.assert_array_equal([again, twice], array[[1, 1]])
    (kept,) = dask.persist(x[1, 0])
    assert isinstance(kept, da.Array)
    np.testing.assert_array_equal(kept.compute(), array[1, 0])


def test_results_that_somebody_keeps_are_not_taken_for_blocks(opened):
    """The cache of dask would put None, or a part of another result, in the place of a block."""
    seq, _ = opened
    x = seq.to_dask_array()
    seen = []
    for read in (x.compute, x.compute, seq.asarray, seq.asarray, (x + 1).compute):
        with Seen() as keep, dask.config.set(scheduler="sync"):
            read()
        seen += keep.results
    assert len(seen) == len(set(seen))
    assert not set(seen[:24]) & set(dask.core.flatten(x.__dask_keys__()))


def test_arrays_that_are_something_else_by_now(opened):
    """What is assigned, persisted, or done to it is lost."""
    seq, array = opened
    x, expected = seq.to_dask_array(), array.copy()
    x[1, 0] = 5
    expected[1, 0] = 5
    np.testing.assert_array_equal(x.compute(), expected)
    np.testing.assert_array_equal(x[1].compute(), expected[1])
    y = seq.to_dask_array()
    for other in (
        y.persist(),
        dask.optimize(y)[0],
        y.copy(),
        y.astype("f4"),
        y.rechunk(-1),
        -y + 2 * y,
    ):
        np.testing.assert_array_equal(other[1].compute(), array[1])
        with Seen() as seen:
            np.testing.assert_array_equal(other.compute(scheduler="sync"), array)
        assert type(other) is da.Array
        assert not any(value is None for value in seen.results.values())


def test_every_scheduler_gives_the_same(opened, scheduler):
    """A worker writes into a result that it does not see."""
    seq, array = opened
    np.testing.assert_array_equal(
        seq.to_dask_array()[:2, ..., ::-2].compute(), array[:2, ..., ::-2]
    )


def test_arguments_of_the_scheduler(opened):
    """An argument of ``compute`` is refused, or not obeyed."""
    seq, array = opened
    x = seq.to_dask_array()
    pool = ThreadPoolExecutor(2, "of-my-own")
    names = set()

    def note(name):
        names.add(__import__("threading").current_thread().name.split("_")[0])
        return np.zeros((48, 64), "u2")

    with pool:
        for arguments in ({"pool": pool}, {"scheduler": pool}, {"scheduler": "threads"}):
            np.testing.assert_array_equal(x.compute(**arguments), array)
        y = type(seq).__mro__[1](note, seq.files[:4]).to_dask_array()
        y.compute(pool=pool)
    assert names == {"of-my-own", "MainThread"}
    for arguments in ({"num_workers": 2}, {"optimize_graph": False, "traverse": False}):
        np.testing.assert_array_equal(x.compute(**arguments), array)
    with pytest.raises(ValueError, match="threads"):
        x.compute(scheduler="nonsense")


def test_failures_are_those_of_the_graph(acquisition, tmp_path):
    """A broken file is named less well, or not filled."""
    folder, array = acquisition
    names = []
    for i in range(3):
        names.append(tmp_path / f"{i}.tif")
        names[-1].write_bytes((folder / "000_DAPI_z1.tif").read_bytes())
    names[1].write_bytes(b"")
    seq = TiffSequence(names)
    with pytest.raises(ReadError, match=r"1\.tif.*sequence 1"):
        seq.to_dask_array()[:, 5].compute()
    with pytest.warns(FillWarning, match=r"1\.tif"):
        result = seq.to_dask_array(errors="fill", fillvalue=3)[:, 5].compute()
    np.testing.assert_array_equal(result[::2], array[[0, 0], 0, 0, 5])
    assert (result[1] == 3).all()


def in_a_task(names):
    return int(TiffSequence(names).to_dask_array()[:2].compute().sum())


def test_inside_a_task_of_a_worker(opened, cluster):
    """A task that computes an array waits for ever, or for itself."""
    from distributed import Client

    seq, _ = opened
    with Client(cluster) as client:
        total = client.submit(in_a_task, seq.files, pure=False).result(timeout=60)
    assert total == int(TiffSequence(seq.files).asarray()[:2].sum())


def test_many_small_blocks_are_read_together(tmp_path):
    """A pixel of each of thousands of files would take a task of dask for each of them."""
    names = [f"t{t:03d}_z{z}.bin" for t in range(100) for z in range(7)]

    def read(name):
        return np.full((4, 6), 10 * int(name[1:4]) + int(name[6]), "u2")

    seq = FileSequence(read, names, pattern=r"t(?P<t>\d+)_z(?P<z>\d)", identity="name")
    x, expected = seq.to_dask_array(), 10 * np.arange(100)[:, None] + np.arange(7)
    for index in ((slice(None), slice(None), 1, 2), (slice(90, 3, -3), 5), (..., slice(1, 3))):
        with Seen() as seen:
            result = x[index].compute()
        shape = np.broadcast_to(expected[..., None, None], x.shape)
        np.testing.assert_array_equal(result, shape[index])
        assert 20 < len(seen.results) < 70


def test_a_slice_makes_no_graph_before_it_is_needed(opened, monkeypatch):
    """Slicing a graph takes longer than reading a small file."""
    seq, array = opened
    x = seq.to_dask_array()
    calls = []
    monkeypatch.setattr(
        da.Array, "__getitem__", lambda *args: calls.append(args) or pytest.fail("sliced a graph")
    )
    np.testing.assert_array_equal(x[1, :, ::2][0].compute(), array[1, 0, ::2])
    assert not calls


@given(st.data())
def test_lengths_of_blocks_are_those_of_dask(data):
    """The blocks that an array announces would not be those of its graph."""
    names = [f"{i}.bin" for i in range(data.draw(st.integers(1, 12)))]
    seq = FileSequence(lambda name: np.zeros((3, 7), "u1"), names, identity="name")
    chunks = data.draw(st.sampled_from(["file", {0: 5, 1: 2}, {2: (1, 4, 2)}]))
    x = y = seq.to_dask_array(chunks=chunks, chunkshape=(3, 7), chunkdtype="u1")
    plain = da.zeros(x.shape, chunks=x.chunks, dtype="u1")
    for _ in range(data.draw(st.integers(1, 3))):
        key = data.draw(keys_for(y.shape))
        y = y[key]
        plain = plain[key] if key else plain
        assert y.chunks == plain.chunks
    assert set(dask.core.flatten(y.__dask_keys__())) <= {*y.dask}
