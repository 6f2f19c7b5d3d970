"""Reading all of a sequence into numpy: every kind of output, against tifffile."""

import errno
import os
import tempfile
import threading
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor

import dask
import numpy as np
import pytest
import tifffile
from dask.callbacks import Callback

from dask_fileseq import FileSequence, ReadError, TiffSequence
from tests.helpers.acquisition import PATTERN


@pytest.fixture(scope="module")
def opened(acquisition):
    folder, array = acquisition
    return TiffSequence(f"{folder}/*.tif", pattern=PATTERN), array


@pytest.mark.parametrize("axestiled", [None, {0: 0}, {1: 1, 2: 0}, [(2, 1)]])
@pytest.mark.parametrize("ioworkers", [None, 0, 1, 3])
def test_as_tifffile_reads(acquisition, axestiled, ioworkers):
    """The same pixels in the same order, and C-contiguous."""
    folder, _ = acquisition
    names = sorted(map(str, folder.glob("*DAPI*.tif")))
    pattern = r"(?P<t>\d+)_(?P<c>\w+?)_z(?P<z>\d)"
    theirs = tifffile.TiffSequence(names, pattern=pattern, categories={"c": {"DAPI": 0}})
    expected = theirs.asarray(axestiled=axestiled, out_inplace=False)
    seq = TiffSequence(names, pattern=pattern)
    result = seq.asarray(axestiled=axestiled, ioworkers=ioworkers)
    np.testing.assert_array_equal(result, expected, strict=True)
    assert result.flags.c_contiguous
    assert result.flags.owndata or result.base is not None


@pytest.mark.parametrize("shape", [(3, 2, 2, 48, 64), (12, 48, 64), (3, 4, -1), (-1,)])
def test_out_of_any_compatible_shape(opened, shape):
    """As in tifffile, an array that holds as many pixels will do."""
    seq, array = opened
    out = np.full(array.shape, 99, np.uint16).reshape(shape)
    result = seq.asarray(out=out)
    assert np.shares_memory(result, out)
    np.testing.assert_array_equal(out, array.reshape(shape))


def test_out_that_does_not_fit_is_an_error(opened):
    """Not a broadcast, not a truncation."""
    seq, _ = opened
    for out in (np.zeros((3, 2), np.uint16), np.zeros(seq.compute().shape, np.uint8)):
        with pytest.raises(ValueError, match="cannot"):
            seq.asarray(out=out)


def test_out_may_be_a_view(opened):
    """Every second plane of a larger array, for example."""
    seq, array = opened
    large = np.zeros((3, 2, 2, 96, 64), np.uint16)
    result = seq.asarray(out=large[..., ::2, :])
    assert np.shares_memory(result, large)
    np.testing.assert_array_equal(large[..., ::2, :], array)
    assert not large[..., 1::2, :].any()


def test_out_memmap(opened, tmp_path):
    """Larger than memory goes to a file."""
    seq, array = opened
    kinds = ["memmap", f"memmap:{tmp_path}", str(tmp_path / "a.bin"), tmp_path / "b.bin"]
    for out in kinds:
        result = seq.asarray(out=out)
        assert isinstance(result, np.memmap)
        np.testing.assert_array_equal(result, array)
    with open(tmp_path / "c.bin", "wb+") as file:
        np.testing.assert_array_equal(seq.asarray(out=file), array)
    with tempfile.TemporaryFile() as file:
        np.testing.assert_array_equal(seq.asarray(out=file), array)
    assert np.fromfile(tmp_path / "a.bin", np.uint16).tolist() == array.ravel().tolist()


def test_a_disk_without_room_is_an_error(tmp_path):
    """Else the process ends where it first writes what the disk has no place for."""
    seq = FileSequence(np.load, ["1.npy"], pattern=r"(?P<n>\d)", _shape=(1_000_000,))
    with tempfile.TemporaryFile() as file:
        for out in (tmp_path / "out.bin", f"memmap:{tmp_path}", file):
            with pytest.raises(OSError, match="10,000,000,000,000 bytes") as error:
                seq.asarray(out=out, chunkshape=(10_000, 1000), chunkdtype="u1")
            assert error.value.errno == errno.ENOSPC


def test_out_must_be_writable_and_no_input(tmp_path):
    """A typo must not cost the acquisition."""
    name = tmp_path / "in.tif"
    tifffile.imwrite(name, np.ones((4, 4), "u1"))
    before = name.read_bytes()
    with pytest.raises(ValueError, match="one of the files to read"):
        TiffSequence([str(name)]).asarray(out=str(name))
    assert name.read_bytes() == before
    packed = tmp_path / "in.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(name, "in.tif")
    os.link(name, tmp_path / "link.tif")
    inputs = [
        TiffSequence([str(name)]),
        TiffSequence(["/scans/in.tif"], path_map={"/scans": tmp_path}),
        TiffSequence(packed),
    ]
    for seq, path in zip(inputs, [tmp_path / "link.tif", name, packed], strict=True):
        before = path.read_bytes()
        with pytest.raises(ValueError, match="one of the files to read"):
            seq.asarray(out=path)
        assert path.read_bytes() == before
    out = np.zeros((1, 4, 4), "u1")
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        TiffSequence([str(name)]).asarray(out=out)


def test_dtype_casts(opened):
    """Cast as they are read, not in a second copy of all."""
    seq, array = opened
    np.testing.assert_array_equal(seq.asarray(dtype="f8"), array.astype("f8"), strict=True)
    np.testing.assert_array_equal(np.asarray(seq, "i4"), array.astype("i4"), strict=True)
    out = np.empty(array.shape, "f4")
    np.testing.assert_array_equal(seq.asarray(out=out, dtype="u2"), array.astype("f4"), strict=True)


def in_place(name, out=None, value=5):
    if out is None:
        return np.full((2, 3), value, "u1")
    out[...] = value
    return None


def test_out_inplace_of_a_plain_function():
    """A reader that decodes in place must be given the place."""
    seq = FileSequence(in_place, ["a", "b"])
    expected = np.full((2, 2, 3), 5, "u1")
    np.testing.assert_array_equal(seq.asarray(out_inplace=True), expected)
    np.testing.assert_array_equal(seq.asarray(out_inplace=False), expected)


def test_imreadargs_win_over_keywords():
    """As in tifffile; the keywords are its older form."""
    seq = FileSequence(in_place, ["a"])
    assert seq.asarray(value=7).max() == 7
    assert seq.asarray(value=7, imreadargs={"value": 9}).max() == 9
    with pytest.raises(TypeError, match="nonsense"):
        seq.asarray(nonsense=1)
    with pytest.raises(ReadError):
        seq.to_dask_array(imreadargs={"nonsense": 1})


def test_chunkshape_and_chunkdtype_are_checked(opened):
    """What the caller says of the files must be true of each."""
    seq, array = opened
    np.testing.assert_array_equal(seq.asarray(chunkshape=(48, 64), chunkdtype=">u2"), array)
    with pytest.raises(ValueError, match=r"expected shape \(64, 48\)"):
        seq.asarray(chunkshape=(64, 48))
    with pytest.raises(ValueError, match=r"expected .*int16"):
        seq.asarray(chunkdtype="i2")


def test_files_are_read_in_order_on_one_thread():
    """Disks and archives like it, and the first bad file is the one reported."""
    names = [str(i) for i in range(40)]
    seen = []

    def imread(name):
        seen.append((name, threading.get_ident()))
        return np.zeros((2, 2), "u1")

    FileSequence(imread, names).asarray(chunkshape=(2, 2), chunkdtype="u1", ioworkers=1)
    assert [name for name, _ in seen] == names
    assert len({thread for _, thread in seen}) == 1


def test_ioworkers_are_threads():
    """Three workers must read three files at once."""
    barrier = threading.Barrier(3, timeout=20)

    def imread(name):
        barrier.wait()
        return np.zeros((600, 600), "u1")

    names = [str(i) for i in range(6)]
    seq = FileSequence(imread, names)
    result = seq.asarray(chunkshape=(600, 600), chunkdtype="u1", ioworkers=3)
    assert result.shape == (6, 600, 600)


def test_callbacks_see_the_reads(opened):
    """A progress bar is one, and must see something progress."""
    seq, _ = opened
    keys = []
    with Callback(posttask=lambda key, *args: keys.append(key)):
        seq.asarray()
        seq.compute(scheduler="threads", num_workers=2)
    assert len(keys) >= 2


def test_any_scheduler_function(opened):
    """A user's own scheduler knows nothing of ours."""
    seq, array = opened

    def own(graph, keys, **kwargs):
        return dask.get(graph, keys)

    np.testing.assert_array_equal(seq.compute(scheduler=own), array)
    with dask.config.set(scheduler=own):
        np.testing.assert_array_equal(seq.asarray(), array)
    with ThreadPoolExecutor(2) as executor:
        np.testing.assert_array_equal(seq.asarray(scheduler=executor, ioworkers=1), array)
    with pytest.raises(ValueError, match="nonsense"):
        seq.asarray(scheduler="nonsense")


def test_memory_is_bounded_beyond_the_result(tmp_path):
    """No second copy of the result, and one file a worker at most."""
    image = np.arange(512 * 512, dtype="u2").reshape(512, 512)
    for i in range(40):
        tifffile.imwrite(tmp_path / f"{i:02d}.tif", image, compression="lzw")
    seq = TiffSequence(tmp_path)
    out = np.empty((40, 512, 512), "u2")
    seq.asarray(out=out, ioworkers=2)
    tracemalloc.start()
    seq.asarray(out=out, ioworkers=2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (out == image).all()
    assert peak < 6 * image.nbytes < out.nbytes / 4
