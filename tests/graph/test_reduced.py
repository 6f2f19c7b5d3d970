"""Maxima, minima, sums and means over files, which are reduced as they are read."""

import dask
import dask.array as da
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq import FileSequence, FillWarning, ReadError, TiffSequence
from dask_fileseq.graph import SlicedFiles
from tests.helpers.seen import Seen

METHODS = ("max", "min", "sum", "mean")
KINDS = ({}, {"tile": (16, 16)}, {"compression": "zlib", "rowsperstrip": 5}, {"byteorder": ">"})


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Write 4 x 5 files of several kinds, of which some are missing."""
    folder = tmp_path_factory.mktemp("kinds")
    pixels = np.random.default_rng(0).integers(-(2**15), 2**15, (4, 5, 20, 24), "i2")
    for number, (t, z) in enumerate(np.ndindex(4, 5)):
        if number in (3, 10, 11):
            pixels[t, z] = 7
        else:
            tifffile.imwrite(folder / f"t{t}_z{z}.tif", pixels[t, z], **KINDS[number % len(KINDS)])
    return TiffSequence(f"{folder}/*.tif", pattern=r"t(?P<t>\d)_z(?P<z>\d)"), pixels


def check(x, expected, method, axis, keepdims):
    """Compare a reduction that is computed in each way with that of numpy."""
    reduced = getattr(x, method)(axis=axis, keepdims=keepdims)
    expected = getattr(expected, method)(axis=axis, keepdims=keepdims)
    for found in (reduced.compute(), *dask.compute(reduced, scheduler="sync")):
        np.testing.assert_array_equal(found, expected, strict=True)
    assert (reduced.shape, reduced.dtype) == (expected.shape, expected.dtype)


@pytest.mark.slow
@given(st.data())
def test_any_reduction_is_that_of_numpy(opened, data):
    """A file is left out or taken twice, an empty cell is a zero, or a sum overflows."""
    seq, pixels = opened
    tiled = data.draw(st.sampled_from([None, {1: 1}, {0: 0}]))
    chunks = data.draw(st.sampled_from([None, "auto", {0: 3, -1: 7}]))
    x = seq.to_dask_array(axestiled=tiled, chunks=chunks, fillvalue=7)
    if tiled == {1: 1}:
        pixels = np.concatenate(list(pixels.transpose(1, 0, 2, 3)), axis=2)
    elif tiled:
        pixels = np.concatenate(list(pixels), axis=1)
    key = tuple(data.draw(st.one_of(st.integers(0, n - 1), st.slices(n))) for n in x.shape)
    x, pixels = x[key], pixels[key]
    if pixels.size and pixels.ndim:
        assert isinstance(x, SlicedFiles)
        axes = st.lists(st.integers(0, x.ndim - 1), min_size=1, unique=True).map(tuple)
        axis = data.draw(st.one_of(st.none(), axes))
        check(x, pixels, data.draw(st.sampled_from(METHODS)), axis, data.draw(st.booleans()))


@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "u2", "i4", "u8", "f4", "f8"])
@pytest.mark.parametrize("method", METHODS)
def test_all_types(dtype, method):
    """Extreme values are beyond what a reduction begins with, or its sums lose bits."""
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 2**63, (40, 3, 5), "u8").view("i8").astype(dtype)
    if dtype[0] == "f":
        pixels[7, 1, 1], pixels[8, 2, 2] = np.nan, -np.inf
    names = [f"{i}.bin" for i in range(40)]

    def read(name):
        return pixels[int(name.partition(".")[0])]

    x = FileSequence(read, names, identity="name").to_dask_array()
    reduced = getattr(x, method)(axis=0)
    expected = getattr(da.from_array(pixels, (1, 3, 5)), method)(axis=0).compute(scheduler="sync")
    np.testing.assert_array_equal(reduced.compute(), expected, strict=True)
    exact = method in ("max", "min") or (dtype[0] != "f" and (method, dtype) != ("mean", "u8"))
    assert (type(reduced) is not da.Array) == exact


def test_no_copy_is_made_of_blocks(opened):
    """Files are read into memory of their own each, which takes longer than to read them."""
    xr = pytest.importorskip("xarray")
    seq, pixels = opened
    x = seq.to_dask_array(fillvalue=7)
    whole = seq.to_xarray(fillvalue=7)
    for lazy in (
        x.max(axis=0),
        np.max(x, axis=0),
        whole.max("t"),
        whole.to_dataset(name="a").max("t"),
    ):
        with Seen() as seen:
            found = lazy.compute()
        found = found["a"] if isinstance(found, xr.Dataset) else found
        np.testing.assert_array_equal(found, pixels.max(axis=0))
        assert set(seen.results.values()) == {None}


def test_several_reductions_read_each_file_once():
    """Each reduction would read all files for itself."""
    reads = []

    def read(name):
        reads.append(name)
        return np.full((4, 6), int(name[0]), "u2")

    x = FileSequence(read, [f"{i}.bin" for i in range(9)], identity="name").to_dask_array()
    reads.clear()
    low, high, mean, pixels = dask.compute(x.min(axis=0), x.max(axis=0), x.mean(axis=0), x[3])
    assert (low == 0).all()
    assert (high == 8).all()
    assert (mean == 4).all()
    assert (pixels == 3).all()
    assert len(reads) == 9


def test_what_is_done_to_a_reduction(opened):
    """An assignment or a slice is lost."""
    seq, pixels = opened
    x = seq.to_dask_array(fillvalue=7)
    highest, expected = x.max(axis=1), pixels.max(axis=1)
    np.testing.assert_array_equal((highest[1:, 2] + 1).compute(), expected[1:, 2] + 1)
    np.testing.assert_array_equal(highest.persist().compute(), expected)
    highest[2, 3:5] = 9
    expected[2, 3:5] = 9
    np.testing.assert_array_equal(highest.compute(), expected)
    np.testing.assert_array_equal(x.sum(axis=0, dtype="f4").compute(), pixels.sum(0, dtype="f4"))
    with pytest.raises((ValueError, IndexError)):
        x.max(axis=9)


def test_failures_are_named(tmp_path):
    """A file that cannot be read is left out, or not named."""
    names = [str(tmp_path / f"{i}.tif") for i in range(5)]
    for i, name in enumerate(names):
        tifffile.imwrite(name, np.full((8, 9), i, "u2"))
    (tmp_path / "2.tif").write_bytes(b"")
    broken = TiffSequence(names)
    with pytest.raises(ReadError, match=r"2\.tif.*sequence 2"):
        broken.to_dask_array().max(axis=0).compute()
    with pytest.warns(FillWarning, match=r"2\.tif"):
        filled = broken.to_dask_array(errors="fill", fillvalue=50).max(axis=0).compute()
    assert (filled == 50).all()
