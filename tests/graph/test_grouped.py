"""Small files are grouped where nobody asks for one task a file."""

import math
import warnings

import dask
import numpy as np
import pytest
import tifffile
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq import FileSequence, SmallFilesWarning, imread, open_sequence


def sequence(files, shape=(4, 6), dtype="u2"):
    """Return a sequence of files along t and z, which are not there."""
    names = [f"t{t}_z{z}.bin" for t in range(files[0]) for z in range(files[1])]

    def read(name):
        t, z = (int(part[1:]) for part in name.removesuffix(".bin").split("_"))
        return np.full(shape, 100 * t + z, dtype)

    return FileSequence(read, names, pattern=r"t(?P<t>\d+)_z(?P<z>\d+)", identity="name")


@pytest.fixture
def folder(tmp_path):
    """Write 40 files of 48 bytes along t and z."""
    for t in range(10):
        for z in range(4):
            tifffile.imwrite(tmp_path / f"t{t}_z{z}.tif", np.full((4, 6), 4 * t + z, "u2"))
    return tmp_path


@given(
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
    st.integers(1, 2**21),
    st.sampled_from(["1 MiB", "128 MiB"]),
)
def test_the_rule(files, nbytes, size):
    """Blocks would be too large, too few, along the wrong axis, or depend on the machine."""
    names = [f"{t}_{z}" for t in range(files[0]) for z in {0, files[1] - 1}]
    seq = FileSequence(np.load, names, pattern=r"(?P<t>\d+)_(?P<z>\d+)", identity="name")
    options = {"chunkshape": (nbytes,), "chunkdtype": "u1"}
    with dask.config.set({"array.chunk-size": size}):
        array = seq.to_dask_array(chunks="grouped", **options)
    along_t, along_z = (max(c) for c in array.chunks[:2])
    if nbytes >= 2**20:
        assert (along_t, along_z) == (1, 1)
        return
    assert along_t * along_z * nbytes <= 8 * 2**20
    assert array.npartitions >= min(16, math.prod(array.shape[:2]))
    assert along_t == 1 or along_z == array.shape[1]
    assert array.chunks[2] == (nbytes,)


def test_who_groups(folder):
    """A face would make a task for each small file, or the sequence's own contract would break."""
    seq = open_sequence(folder)
    assert seq.to_dask_array().npartitions == 40
    assert imread(folder).chunksize[:2] == seq.to_xarray().data.chunksize[:2] == (1, 2)
    lazy = xr.open_dataset(f"{folder}/*.tif", engine="fileseq", chunks={})
    assert lazy.image.data.chunksize[:2] == (1, 2)
    for array in (imread(folder), seq.to_xarray(), lazy.image):
        np.testing.assert_array_equal(np.ravel(array[..., 0, 0]), np.arange(40))
    assert imread(folder, chunks="file").npartitions == 40
    assert seq.to_xarray(chunks="file").data.npartitions == 40


def test_any_part_of_a_group_is_a_chunk_of_xarray(folder):
    """Xarray would warn that chunks cut those in storage, where there are files of their own."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lazy = xr.open_dataset(f"{folder}/*.tif", engine="fileseq", chunks={"t": 3, "z": 1})
    assert lazy.image.data.chunksize[:2] == (3, 1)
    assert lazy.image.encoding["preferred_chunks"] == {"t": 1, "z": 2, "y": 4, "x": 6}


def test_large_files_stay_alone():
    """Files of some megabytes would be read together."""
    array = sequence((4, 5), (1024, 512)).to_xarray().data
    assert array.npartitions == 20
    assert array[2, 3, 0, 0].compute() == 203


def test_the_configuration_has_a_default_for_all(folder):
    """A user of many small files would have to repeat the argument at each call."""
    seq = open_sequence(folder)
    with dask.config.set({"fileseq.chunks": {"t": 5}}):
        lazy = xr.open_dataset(f"{folder}/*.tif", engine="fileseq", chunks={}).image.data
        for array in (seq.to_dask_array(), imread(folder), seq.to_xarray().data, lazy):
            assert array.chunksize[:2] == (5, 1)
        assert seq.to_dask_array(chunks="file").npartitions == 40
    with (
        dask.config.set({"fileseq.chunks": {"q": 5}}),
        pytest.raises(ValueError, match=r"fileseq\.chunks in dask's configuration: .*'q'"),
    ):
        seq.to_dask_array()


def test_very_many_tasks_are_a_warning():
    """Hours would be lost before someone finds chunks="auto" in the documentation."""
    seq = sequence((101, 100))
    message = r'10,100 files of 48 B become .*; chunks="auto" makes 17 blocks of shape \(6, 100, '
    with pytest.warns(SmallFilesWarning, match=message) as warned:
        array = seq.to_dask_array()
    assert array.npartitions == 10_100
    assert warned[0].filename == __file__
    for chunks in ("file", "auto", "grouped", {"t": 2}):
        seq.to_dask_array(chunks=chunks)
    sequence((100, 100)).to_dask_array()
    sequence((101, 100), (512, 256)).to_dask_array()
    with dask.config.set({"fileseq.chunks": "file"}):
        seq.to_dask_array()
    assert dask.is_dask_collection(seq)
    assert len(seq.__dask_keys__()) == 101


def test_the_repr_shows_groups(folder):
    """Nobody would see that a block is several files, or a slice would claim to be some."""
    array = imread(folder)
    assert repr(array).endswith("chunktype=numpy.ndarray, 2 files a block>")
    assert repr(array[3]).endswith("chunktype=numpy.ndarray>")
    assert repr(imread(folder, chunks="file")).endswith("chunktype=numpy.ndarray>")
    tiled = sequence((6, 8)).to_dask_array(axestiled={0: 0, 1: 1}, chunks="grouped")
    assert repr(tiled).endswith("chunksize=(4, 18), chunktype=numpy.ndarray, 3 files a block>")
