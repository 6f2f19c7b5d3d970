"""Objects of a target that are damaged after they were written, between two runs."""

import itertools
import shutil

import numpy as np
import pytest
import tifffile
import zarr

from dask_fileseq import TiffSequence, VerifyError
from dask_fileseq.convert import read_manifest

FILES = 20
ARGUMENTS = {"chunks": 64, "shards": 128, "levels": 2, "memory": 2 * 128 * 128, "scheduler": "sync"}


@pytest.fixture
def seq(tmp_path):
    """Twenty images, each a region of two objects: more than a sample compares."""
    folder = tmp_path / "files"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for t in range(FILES):
        image = rng.integers(0, 2**16, (128, 128), "u2")
        tifffile.imwrite(folder / f"t{t:03d}.tif", image if t != 7 else np.zeros_like(image))
    return TiffSequence(f"{folder}/*.tif", pattern=r"t(?P<t>\d+)")


def zeroed(path):
    path.write_bytes(bytes(path.stat().st_size))


def shortened(path):
    path.write_bytes(path.read_bytes()[:-1])


def exchanged(path):
    shutil.copyfile(path.parents[2] / "1" / "0" / "0", path)


DAMAGE = {
    "zeroed": zeroed,
    "shortened": shortened,
    "exchanged": exchanged,
    "gone": lambda p: p.unlink(),
}


def test_damage_to_a_complete_target_is_an_error(seq, tmp_path):
    """It was taken for complete: nothing was compared, unless by ``verify="all"``."""
    target = tmp_path / "out.zarr"
    seq.to_ome_zarr(target, **ARGUMENTS)
    for damage, at in itertools.product(DAMAGE, ["0/c/3/0/0", "1/c/19/0/0"]):
        assert seq.to_ome_zarr(target, **ARGUMENTS)["file_count"] == FILES
        content = (target / at).read_bytes()
        DAMAGE[damage](target / at)
        with pytest.raises(VerifyError, match=f"^'{at}' of .*out.zarr is not as written"):
            seq.to_ome_zarr(target, **ARGUMENTS)
        seq.to_ome_zarr(target, verify=None, **ARGUMENTS)
        (target / at).write_bytes(content)


def test_an_object_where_there_was_none(seq, tmp_path):
    """A chunk of zeros is not stored; another one in its place would be read."""
    target = tmp_path / "out.zarr"
    seq.to_ome_zarr(target, **ARGUMENTS)
    empty = target / "0" / "c" / "7" / "0" / "0"
    assert not empty.exists()
    empty.parent.mkdir(parents=True)
    shutil.copyfile(target / "0" / "c" / "8" / "0" / "0", empty)
    with pytest.raises(VerifyError, match="'0/c/7/0/0'"):
        seq.to_ome_zarr(target, **ARGUMENTS)


class Stopped(Exception):
    """Ends a conversion as a user's program may."""


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_to_an_unfinished_target_is_done_again(seq, tmp_path, damage):
    """Markers said that a region is done, whatever happened to its objects since."""
    target = tmp_path / "out.zarr"

    def stop(done, total):
        if done > total * 0.8:
            raise Stopped

    with pytest.raises(Stopped):
        seq.to_ome_zarr(target, progress=stop, verify=None, **ARGUMENTS)
    before = {p: p.stat().st_mtime_ns for p in (target / "0").rglob("0") if p.is_file()}
    assert 10 < len(before) < FILES - 1
    damaged = target / "0" / "c" / "3" / "0" / "0"
    DAMAGE[damage](damaged)
    seq.to_ome_zarr(target, **ARGUMENTS)
    changed = {p for p, time in before.items() if p.stat().st_mtime_ns != time}
    assert changed == {damaged}
    np.testing.assert_array_equal(zarr.open_array(target / "0", mode="r")[...], seq.asarray())
    assert read_manifest(target)["regions"] == FILES


def test_damage_between_the_parts_that_are_read(seq, tmp_path):
    """Without all bytes a bit in the middle of a large object is not seen; with them it is."""
    target = tmp_path / "out.zarr"
    seq.to_ome_zarr(target, **ARGUMENTS)
    path = target / "0" / "c" / "3" / "0" / "0"
    content = bytearray(path.read_bytes())
    assert len(content) > 5 * 4096
    content[5000] ^= 1
    path.write_bytes(content)
    seq.to_ome_zarr(target, **ARGUMENTS)
    with pytest.raises(VerifyError, match="3:4"):
        seq.to_ome_zarr(target, verify="all", **ARGUMENTS)


def test_objects_in_a_store(seq):
    """Stores without a folder are asked for ranges of bytes."""
    objects = {}
    store = zarr.storage.MemoryStore(objects)
    seq.to_ome_zarr(store, **ARGUMENTS)
    seq.to_ome_zarr(store, **ARGUMENTS)
    buffer = objects["0/c/3/0/0"]
    objects["0/c/3/0/0"] = type(buffer).from_bytes(bytes(len(buffer)))
    with pytest.raises(VerifyError, match="'0/c/3/0/0'"):
        seq.to_ome_zarr(store, **ARGUMENTS)
    del objects["0/c/3/0/0"]
    with pytest.raises(VerifyError, match="'0/c/3/0/0'"):
        seq.to_ome_zarr(store, **ARGUMENTS)
