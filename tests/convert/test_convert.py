"""Conversion to a Zarr array: on each scheduler, into each kind of target, or an error."""

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import nullcontext, suppress
from pathlib import Path

import dask
import numpy as np
import pytest
import tifffile
import xarray as xr
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from dask_fileseq import (
    ChangedError,
    FileSequence,
    FillWarning,
    ReadError,
    TargetExistsError,
    TiffSequence,
    UnfinishedError,
    VerifyError,
    WriteError,
)
from dask_fileseq.convert import read_manifest
from dask_fileseq.convert.conversion import ProgressLine
from dask_fileseq.convert.targetstore import TargetStore
from dask_fileseq.files import local_path
from tests.helpers.places import s3_options, upload

PATTERN = r"(?P<time>\d+)_(?P<channel>[A-Z]+)_z(?P<z>\d+)"


MANY = {"chunks": 16, "shards": False, "memory": 4096}
"""Arguments that make many regions of few pixels."""


def sequence(folder):
    return TiffSequence(f"{folder}/*.tif", pattern=PATTERN)


@pytest.fixture
def folder(acquisition, tmp_path):
    """Copy the acquisition, to be changed."""
    return shutil.copytree(acquisition[0], tmp_path / "files")


def stored(target, path="image"):
    return zarr.open_array(target, path=path, mode="r")[...]


def test_on_each_scheduler(acquisition, scheduler, tmp_path):
    """Workers of any kind must read and write for themselves."""
    folder, array = acquisition
    target = tmp_path / "out.zarr"
    manifest = sequence(folder).to_zarr(
        target, chunks=16, shards=32, memory=32 * 32 * 2, verify="all"
    )
    found = zarr.open_array(target, path="image", mode="r")
    np.testing.assert_array_equal(found[...], array)
    assert found.metadata.dimension_names == ("time", "channel", "z", "y", "x")
    assert (found.chunks, found.shards) == ((1, 1, 1, 16, 16), (1, 1, 1, 32, 32))
    assert manifest["verified"] == {"how": "all", "regions": manifest["regions"]}
    assert manifest["regions"] > 12


@pytest.mark.slow
@settings(max_examples=20)
@given(data=st.data())
def test_any_chunks_of_any_files(data, tmp_path_factory):
    """Target chunks may lie across files in any way, tiled files across chunks."""
    grid = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 3)), "grid")
    chunk = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)), "chunk")
    tiled = data.draw(st.sampled_from([None, {0: 0}, {1: 1}, {0: 1, 1: 0}]), "tiled")
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 99, (*grid, *chunk), np.uint16)
    names = [f"{a}_{b}" for a in range(grid[0]) for b in range(grid[1])]
    lost = data.draw(st.integers(0, len(names) - 1), "lost") if len(names) > 1 else None
    names = [name for i, name in enumerate(names) if i != lost]

    def imread(name):
        return pixels[tuple(map(int, name.split("_")))]

    seq = FileSequence(imread, names, pattern=r"(?P<a>\d)_(?P<b>\d)", _shape=grid)
    shape = seq.to_dask_array(axestiled=tiled).shape
    chunks = data.draw(st.tuples(*[st.integers(1, max(n, 1)) for n in shape]), "chunks")
    times = data.draw(st.tuples(*[st.integers(1, 3)] * len(shape)), "shards")
    shards = data.draw(
        st.sampled_from([False, tuple(c * n for c, n in zip(chunks, times, strict=True))])
    )
    target = tmp_path_factory.mktemp("any") / "out.zarr"
    seq.to_zarr(
        target,
        chunks=chunks,
        shards=shards,
        axestiled=tiled,
        fillvalue=7,
        memory=data.draw(st.integers(1, 999), "memory"),
        verify="all",
        scheduler="sync",
    )
    expected = seq.asarray(axestiled=tiled, fillvalue=7)
    np.testing.assert_array_equal(stored(target), expected)


@pytest.mark.parametrize("codecs", ["auto", "blosc", "zstd", "gzip", "none", "zarr's", "one"])
def test_codecs(acquisition, tmp_path, codecs):
    """Each name stands for something, and codecs of zarr's are taken as they are."""
    folder, array = acquisition
    given = {
        "zarr's": [zarr.codecs.BytesCodec(endian="big"), zarr.codecs.ZstdCodec(level=1)],
        "one": zarr.codecs.GzipCodec(level=1),
    }.get(codecs, codecs)
    sequence(folder).to_zarr(tmp_path / "out.zarr", codecs=given)
    np.testing.assert_array_equal(stored(tmp_path / "out.zarr"), array)


def test_labels_travel_along(acquisition, tmp_path):
    """What names and files say would be lost."""
    sequence(acquisition[0]).to_zarr(tmp_path / "out.zarr", attributes={"about": "cells", 1: 2})
    attributes = zarr.open_array(tmp_path / "out.zarr", path="image", mode="r").attrs
    assert attributes["about"] == "cells"
    with xr.open_zarr(tmp_path / "out.zarr") as labelled:
        assert labelled.channel.values.tolist() == ["DAPI", "GFP"]
        assert labelled.time.values.tolist() == [0, 1, 2]
    sequence(acquisition[0]).to_zarr(tmp_path / "array.zarr", groupname=None)
    coords = zarr.open_array(tmp_path / "array.zarr", mode="r").attrs["fileseq"]["coords"]
    assert (coords["channel"], coords["time"]) == (["DAPI", "GFP"], [0, 1, 2])


def test_metadata_are_json_to_all(tmp_path):
    """Readers in other languages stop at a NaN, which Python writes and reads."""
    for t in range(2):
        image = np.full((4, 5), np.nan, np.float32)
        extratags = [(42113, "s", 0, "nan", True)]
        tifffile.imwrite(tmp_path / f"t{t}.tif", image, extratags=extratags)
    seq = TiffSequence(f"{tmp_path}/*.tif", pattern=r"t(?P<t>\d)")
    seq.to_zarr(tmp_path / "out.zarr", fillvalue=np.nan, verify="all")
    for path in (tmp_path / "out.zarr").rglob("zarr.json"):
        json.loads(path.read_text(), parse_constant=pytest.fail)
    with xr.open_zarr(tmp_path / "out.zarr", mask_and_scale=False) as found:
        assert np.isnan(found.image.attrs["_FillValue"])
    seq.to_zarr(tmp_path / "array.zarr", fillvalue=np.nan, groupname=None)
    about = zarr.open_array(tmp_path / "array.zarr", mode="r").attrs["fileseq"]
    assert about["attrs"] == {"nodata": "NaN"}


def test_manifest_says_what_went_in(acquisition, tmp_path):
    """In a year nobody knows which files a target is made of."""
    folder, _ = acquisition
    seq = sequence(folder)
    returned = seq.to_zarr(tmp_path / "out.zarr")
    manifest = read_manifest(tmp_path / "out.zarr")
    files = manifest.pop("files")
    assert returned == manifest
    assert files["name"] == seq.files
    assert files["size"] == [os.path.getsize(name) for name in seq]
    cells = list(zip(files["time"], files["channel"], files["z"], strict=True))
    assert cells == list(seq.indices)
    empty = manifest["empty"]
    assert (empty["count"], empty["shape"], empty["runs"]) == (1, [3, 2, 2], [[7, 1]])
    assert manifest["failed"] == []
    json.dumps(manifest)
    with pytest.raises(UnfinishedError, match=r"has no manifest"):
        read_manifest(tmp_path)


def test_unreadable_files_are_named_in_the_manifest(folder, acquisition, tmp_path):
    """A file that was filled in silence would be data that are not there."""
    broken = folder / "001_DAPI_z1.tif"
    broken.write_bytes(broken.read_bytes()[:200])
    target = tmp_path / "out.zarr"
    with pytest.raises(ReadError, match=r"001_DAPI_z1\.tif' \(time 1, channel DAPI, z 1\)"):
        sequence(folder).to_zarr(target, scheduler="sync")
    with pytest.warns(FillWarning, match="001_DAPI_z1"):
        manifest = sequence(folder).to_zarr(target, errors="fill", scheduler="sync")
    ((failed),) = manifest["failed"]
    assert failed["file"] == str(broken)
    assert "cannot read" in failed["error"]
    expected = acquisition[1].copy()
    expected[1, 0, 0] = 0
    np.testing.assert_array_equal(stored(target), expected)


@pytest.mark.parametrize("complete", [True, False])
def test_filled_files_are_no_data_to_who_wants_an_error(tmp_path, complete):
    """A share that was gone for an hour of the night would leave holes for good."""
    rng = np.random.default_rng(5)
    pixels = rng.integers(1, 65535, (6, 32, 32), np.uint16)
    gone = tmp_path / "gone"

    def imread(name):
        if name in ("1", "4") and gone.exists():
            raise OSError("no share")
        return pixels[int(name)]

    seq = FileSequence(imread, list("012345"), pattern=r"(?P<t>\d)")
    arguments = {"levels": 3, "scheduler": "sync", "progress": False} | MANY | {"memory": 1024}
    stages = seq.to_ome_zarr(tmp_path / "expected.zarr", **arguments)["identity"]["stages"]
    assert len(stages) > 1
    target = tmp_path / "out.zarr"
    gone.touch()
    filling = arguments | {"errors": "fill", "verify": None}
    if not complete:
        filling["progress"] = lambda done, total: stopping(0)(0, 0) if done == total else None
    with pytest.warns(FillWarning), nullcontext() if complete else suppress(RuntimeError):
        seq.to_ome_zarr(target, **filling)
    with pytest.raises(ReadError, match="no share"):
        seq.to_ome_zarr(target, **arguments)
    if complete:  # and still is
        assert [failed["file"] for failed in read_manifest(target)["failed"]] == ["1", "4"]
    gone.unlink()
    calls = []
    manifest = seq.to_ome_zarr(
        target, **arguments | {"verify": None, "progress": lambda *a: calls.append(a)}
    )
    assert calls[0][0] > 0
    assert manifest["failed"] == []
    assert sum(1 for _ in target.rglob("*")) == sum(
        1 for _ in (tmp_path / "expected.zarr").rglob("*")
    )
    for level in "012":
        np.testing.assert_array_equal(
            stored(target, level), stored(tmp_path / "expected.zarr", level)
        )
    seq.to_ome_zarr(target, **arguments | {"verify": "all"})


@pytest.mark.parametrize("errors", ["raise", "fill"])
@pytest.mark.parametrize("method", ["to_zarr", "to_ome_zarr"])
def test_names_that_are_no_text(tmp_path, errors, method):
    """A night's work would end in an error of Python's, each time."""
    names = [f"a\udcff_{word}{i}" for i, word in enumerate(("\udce4", "µ", "b"))]

    def imread(name):
        if name == names[2] and errors == "fill":
            raise OSError("broken")
        return np.ones((4, 5), np.uint8)

    seq = FileSequence(imread, names, pattern=r"_(?P<c>[^\d]+)")
    arguments = {"errors": errors, "verify": None, "scheduler": "sync"}
    with pytest.warns(FillWarning) if errors == "fill" else nullcontext():
        getattr(seq, method)(tmp_path / "out.zarr", **arguments)
    manifest = read_manifest(tmp_path / "out.zarr")
    assert manifest["files"]["name"] == names
    assert [failed["file"] for failed in manifest["failed"]] == names[2:] * (errors == "fill")
    for path in tmp_path.rglob("zarr.json"):
        json.loads(path.read_text("utf-8"))


# resuming and overwriting


def test_a_complete_target_is_not_written_again(acquisition, tmp_path):
    """A script that runs each night would do all again."""
    seq = sequence(acquisition[0])
    manifest = seq.to_zarr(tmp_path / "out.zarr")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out.zarr").rglob("*")}
    assert seq.to_zarr(tmp_path / "out.zarr", memory="1 GiB") == manifest
    assert times == {path: path.stat().st_mtime_ns for path in (tmp_path / "out.zarr").rglob("*")}
    with pytest.raises(TargetExistsError, match="resume=True goes on with it, overwrite=True"):
        seq.to_zarr(tmp_path / "out.zarr", resume=False)


def test_what_is_there_is_not_overwritten(acquisition, tmp_path):
    """Other people's data would be gone."""
    seq = sequence(acquisition[0])
    foreign = tmp_path / "foreign.zarr"
    zarr.create_array(foreign, shape=(3,), dtype="u1")[...] = 1
    with pytest.raises(TargetExistsError, match="overwrite=True replaces Zarr"):
        seq.to_zarr(foreign)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(TargetExistsError, match="folder exists"):
            seq.to_zarr(tmp_path / "folder", overwrite=overwrite)
    with pytest.raises(FileExistsError, match="holds files that are to be converted"):
        seq.to_zarr(acquisition[0], overwrite=True)
    seq.to_zarr(foreign, overwrite=True)
    np.testing.assert_array_equal(stored(foreign), acquisition[1])
    assert (tmp_path / "folder" / "thesis.txt").exists()


def test_overwriting_leaves_nothing_behind(acquisition, tmp_path):
    """Objects of the old target within the new one would be its pixels."""
    seq = sequence(acquisition[0])
    seq.to_zarr(tmp_path / "out.zarr", chunks=8, shards=False)
    seq.to_zarr(tmp_path / "out.zarr", chunks=16, overwrite=True)
    keys = [p for p in (tmp_path / "out.zarr" / "image" / "c").rglob("*") if p.is_file()]
    assert len(keys) == 1
    np.testing.assert_array_equal(stored(tmp_path / "out.zarr"), acquisition[1])


def stopping(after):
    """Return a callback that stops the conversion after so many regions."""
    calls = []

    def progress(done, total):
        calls.append(done)
        if len(calls) > after:
            raise RuntimeError("stop")

    return progress


@pytest.mark.parametrize("changed", ["memory", "scheduler", "errors"])
def test_how_it_is_done_may_change_between_runs(acquisition, tmp_path, changed):
    """A run that needed too much memory would have to start over."""
    seq = sequence(acquisition[0])
    arguments = MANY | {"scheduler": "sync"}
    with pytest.raises(RuntimeError, match="stop"):
        seq.to_zarr(tmp_path / "out.zarr", progress=stopping(3), **arguments)
    new = {"memory": "64 MiB", "scheduler": "threads", "errors": "fill"}[changed]
    calls = []
    seq.to_zarr(
        tmp_path / "out.zarr",
        progress=lambda *a: calls.append(a),
        verify=None,
        **arguments | {changed: new},
    )
    assert calls[0][0] > 0
    assert calls[-1][0] == calls[-1][1]
    np.testing.assert_array_equal(stored(tmp_path / "out.zarr"), acquisition[1])


def test_an_unfinished_target_is_no_array(acquisition, tmp_path):
    """Who opens it meanwhile would take what is missing for zeros."""
    with pytest.raises(RuntimeError, match="stop"):
        sequence(acquisition[0]).to_zarr(
            tmp_path / "out.zarr", progress=stopping(3), scheduler="sync", **MANY
        )
    with pytest.raises(FileNotFoundError):
        zarr.open_array(tmp_path / "out.zarr", path="image", mode="r")
    with pytest.raises(UnfinishedError):
        read_manifest(tmp_path / "out.zarr")


def test_files_that_change_meanwhile(folder, tmp_path):
    """Half of the copy would be of one state, half of another."""

    def progress(done, total):
        if done:
            os.utime(folder / "002_GFP_z2.tif", ns=(7, 7))

    with pytest.raises(ChangedError, match=r"files changed while.*002_GFP_z2\.tif' changed"):
        sequence(folder).to_zarr(tmp_path / "out.zarr", progress=progress)
    assert not (tmp_path / "out.zarr" / "zarr.json").exists()


def test_the_first_file_is_deleted_meanwhile(folder, tmp_path):
    """Without it, files have no versions; that is no reason to compare none."""

    def progress(done, total):
        if done == total:  # all is read
            (folder / "000_DAPI_z1.tif").unlink()

    with pytest.raises(ChangedError, match=r"files changed while.*000_DAPI_z1\.tif' gone"):
        sequence(folder).to_zarr(
            tmp_path / "out.zarr", progress=progress, scheduler="sync", verify=None
        )


def test_moved_files_are_the_same(folder, acquisition, tmp_path):
    """A share that is mounted elsewhere the next day is no other source."""
    with pytest.raises(RuntimeError, match="stop"):
        sequence(folder).to_zarr(
            tmp_path / "out.zarr", progress=stopping(3), scheduler="sync", **MANY
        )
    moved = folder.rename(tmp_path / "elsewhere")
    sequence(moved).to_zarr(tmp_path / "out.zarr", **MANY)
    np.testing.assert_array_equal(stored(tmp_path / "out.zarr"), acquisition[1])


# what can go wrong


def test_verifying_finds_what_is_not_as_it_should_be(acquisition, tmp_path):
    """A disk that lies would not be noticed before the files are deleted."""
    seq = sequence(acquisition[0])
    arguments = MANY
    seq.to_zarr(tmp_path / "out.zarr", **arguments)
    objects = sorted(p for p in (tmp_path / "out.zarr" / "image" / "c").rglob("*") if p.is_file())
    shutil.copyfile(objects[0], objects[5])
    name = objects[5].relative_to(tmp_path / "out.zarr").as_posix()
    with pytest.raises(VerifyError, match=f"'{name}' of .* is not as written; overwrite=True"):
        seq.to_zarr(tmp_path / "out.zarr", **arguments)
    with pytest.raises(VerifyError, match=r"is not what the files hold; overwrite=True"):
        seq.to_zarr(tmp_path / "out.zarr", verify="all", **arguments)
    objects[5].write_bytes(b"broken")
    with pytest.raises(VerifyError, match=r"cannot be read back"):
        seq.to_zarr(tmp_path / "out.zarr", verify="all", **arguments)


def test_what_verifying_finds_is_done_again(acquisition, tmp_path):
    """One bad region is no reason to begin anew."""
    seq = sequence(acquisition[0])
    target = tmp_path / "out.zarr"
    arguments = MANY | {"scheduler": "sync"}
    spoilt = []

    def spoil(done, total):
        if done * 2 == total and not spoilt:  # all is written, nothing compared
            objects = sorted(p for p in (target / "image" / "c").rglob("*") if p.is_file())
            shutil.copyfile(objects[0], objects[5])
            spoilt.append(objects[5])

    with pytest.raises(VerifyError, match="convert again: just this is done again"):
        seq.to_zarr(target, verify="all", progress=spoil, **arguments)
    times = {
        path: path.stat().st_mtime_ns
        for path in (target / "image" / "c").rglob("*")
        if path.is_file()
    }
    seq.to_zarr(target, verify="all", **arguments)
    changed = [path for path, time in times.items() if path.stat().st_mtime_ns != time]
    assert spoilt[0] in changed
    assert len(changed) < len(times) / 4
    np.testing.assert_array_equal(stored(target), acquisition[1])


def test_special_numbers_are_kept_bit_for_bit(tmp_path):
    """A negative zero, or a NaN with a meaning, would be another one."""
    bits = np.array([0x7FC00001, 0x80000000, 0xFF800000, 0, 0x7FC00000, 1], np.uint32)
    image = bits.view(np.float32).reshape(2, 3)
    seq = FileSequence(lambda name: image, ["t0", "t1"], pattern=r"t(?P<t>\d)")
    for i, fillvalue in enumerate((0, np.nan)):
        seq.to_zarr(tmp_path / str(i), chunks=1, fillvalue=fillvalue, verify="all")
        np.testing.assert_array_equal(
            stored(tmp_path / str(i))[1].view(np.uint32), image.view("u4")
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"verify": "some"}, "verify='some'"),
        ({"codecs": "zip"}, "codecs='zip'"),
        ({"codecs": [3]}, r"codecs=\[3\]"),
        ({"codecs": 5}, "codecs=5"),
        ({"attributes": 5}, "attributes=5"),
        ({"workers": -1}, "workers=-1"),
        ({"workers": "two"}, "workers='two'"),
        ({"memory": "much"}, "memory='much'"),
        ({"progress": "yes"}, "progress='yes'"),
        ({"chunks": {"q": 3}}, "chunks="),
        ({"shards": {"y": 30}, "chunks": 16}, "shards="),
        ({"storage_options": {"key": 1}}, r"storage_options \('key'\) are for URLs"),
        ({"scheduler": "fast"}, "scheduler='fast'"),
    ],
)
def test_arguments_that_do_not_fit(acquisition, tmp_path, arguments, message):
    """The error must name the argument, and nothing be written."""
    with pytest.raises(ValueError, match=message):
        sequence(acquisition[0]).to_zarr(tmp_path / "out.zarr", **arguments)
    assert not (tmp_path / "out.zarr").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid(), reason="mounts a small disk")
def test_a_full_disk_is_one_error_and_it_goes_on(tmp_path):
    """A night's work would be lost, and a traceback of zarr's say nothing."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this system mounts nothing here")
    try:
        rng = np.random.default_rng(1)
        pixels = rng.integers(0, 65535, (40, 256, 256), np.uint16)
        seq = FileSequence(
            lambda name: pixels[int(name)], [f"{i}" for i in range(40)], pattern=r"(?P<t>\d+)"
        )
        arguments = {"chunks": 128, "shards": False, "memory": 256 * 256 * 2, "levels": 1}
        with pytest.raises(
            WriteError, match=r"cannot write .*: No space left on device; make"
        ) as e:
            seq.to_ome_zarr(disk / "out.zarr", **arguments)
        assert e.value.errno == errno.ENOSPC
        assert e.value.__cause__ is None
        assert e.value.__suppress_context__
        time.sleep(0.5)  # the other thread may still be at work
        done = {p.name for p in (disk / "out.zarr" / "fileseq" / "done").iterdir() if not p.suffix}
        assert 0 < len(done) < 40
        subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
        calls = []
        seq.to_ome_zarr(disk / "out.zarr", progress=lambda *a: calls.append(a), **arguments)
        assert calls[0][0] > 0
        np.testing.assert_array_equal(stored(disk / "out.zarr", "0"), pixels)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_target_that_cannot_be_written(acquisition, tmp_path):
    """The error must be one of ours, and say where."""
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(WriteError, match=r"cannot write .*file"):
        sequence(acquisition[0]).to_zarr(tmp_path / "file" / "out.zarr")


# targets


def test_memory_is_a_target_on_threads_alone(acquisition):
    """Another process would write into its own memory."""
    seq = sequence(acquisition[0])
    seq.to_zarr("memory://converted/out.zarr")
    np.testing.assert_array_equal(stored_url("memory://converted/out.zarr"), acquisition[1])
    assert read_manifest("memory://converted/out.zarr")["file_count"] == 11
    with pytest.raises(ValueError, match="only threads reach it"):
        seq.to_zarr("memory://converted/other.zarr", scheduler="processes")
    store = zarr.storage.MemoryStore()
    seq.to_zarr(store)
    np.testing.assert_array_equal(
        zarr.open_array(store, path="image", mode="r")[...], acquisition[1]
    )


def stored_url(url, **options):
    store = zarr.storage.FsspecStore.from_url(url, read_only=True, **options)
    return zarr.open_array(store, path="image", mode="r")[...]


def test_paths_and_urls_of_files(acquisition, tmp_path, monkeypatch):
    """A relative path is one of this process, not of a worker's."""
    monkeypatch.chdir(tmp_path)
    seq = sequence(acquisition[0])
    seq.to_zarr("a.zarr")
    seq.to_zarr((tmp_path / "b.zarr").as_uri())
    for name in ("a.zarr", "b.zarr"):
        np.testing.assert_array_equal(stored(tmp_path / name), acquisition[1])


URLS = ["file:///{}/a b#3/o%20.zarr", "FILE:///{}/a%20b%233/o%2520", "local:///{}/a b#3/o"]


@pytest.mark.parametrize("url", URLS)
def test_urls_of_paths_are_those_of_files(acquisition, tmp_path, url):
    """The copy would be in another folder, or replace one."""
    url = url.format(tmp_path.as_posix().lstrip("/"))
    sequence(acquisition[0]).to_zarr(url)
    path = local_path(url) or url
    np.testing.assert_array_equal(stored(Path(path)), acquisition[1])  # zarr parses texts
    assert [p.name for p in tmp_path.iterdir()] == ["a b#3"]


def test_urls_of_relative_paths(acquisition, tmp_path, monkeypatch):
    """That of a name alone would be the folder in which the program runs."""
    monkeypatch.chdir(tmp_path)
    sequence(acquisition[0]).to_zarr("file://out.zarr")
    np.testing.assert_array_equal(stored(tmp_path / "out.zarr"), acquisition[1])
    with pytest.raises(ValueError, match="url='file://' is no place"):
        sequence(acquisition[0]).to_zarr("file://")
    assert not TargetStore("C://out.zarr").is_remote


def test_object_store(acquisition, s3, cluster, tmp_path):
    """Workers write to it by themselves, and it goes on as on a disk."""
    from distributed import Client

    seq = sequence(acquisition[0])
    options = s3_options(s3)
    url = f"s3://{upload(s3, tmp_path)}/cells.zarr"
    arguments = MANY | {"storage_options": options}
    with pytest.raises(RuntimeError, match="stop"):
        seq.to_zarr(url, progress=stopping(5), scheduler="sync", **arguments)
    calls = []
    with Client(cluster) as client:
        seq.to_zarr(url, scheduler=client, progress=lambda *a: calls.append(a), **arguments)
    assert calls[0][0] > 0
    np.testing.assert_array_equal(stored_url(url, storage_options=options), acquisition[1])
    assert read_manifest(url, options)["file_count"] == 11
    with pytest.raises(TargetExistsError):
        seq.to_zarr(url, resume=False, storage_options=options)
    seq.to_zarr(url, overwrite=True, storage_options=options)
    np.testing.assert_array_equal(stored_url(url, storage_options=options), acquisition[1])


# the cluster


@pytest.mark.cluster
def test_a_worker_that_is_killed(tmp_path):
    """Its regions are done by another, and none by halves."""
    from distributed import Client, LocalCluster

    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 65535, (60, 128, 128), np.uint16)
    for t, image in enumerate(pixels):
        tifffile.imwrite(tmp_path / f"t{t:03d}.tif", image, compression="lzw")
    seq = TiffSequence(f"{tmp_path}/*.tif", pattern=r"t(?P<t>\d+)")
    killed = []
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 10}),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as workers,
        Client(workers) as client,
    ):

        def progress(done, total):
            if done * 6 > total and not killed:
                killed.extend(client.run(os.getpid).values())
                os.kill(killed[0], 9)

        manifest = seq.to_ome_zarr(
            tmp_path / "out.zarr",
            chunks=64,
            shards=False,
            memory=2 * 128 * 128,
            scheduler=client,
            progress=progress,
            verify="all",
        )
    assert killed
    assert manifest["regions"] == 60
    np.testing.assert_array_equal(stored(tmp_path / "out.zarr", "0"), pixels)


def test_tasks_are_small_and_few_at_a_time(acquisition, cluster, tmp_path, monkeypatch):
    """A million regions would be in the scheduler's memory, with their names."""
    from distributed import Client

    sizes, under_way, most = [], set(), []
    with Client(cluster) as client:
        submit = client.submit

        def counted(function, job, task, **kwargs):
            import cloudpickle

            sizes.append(len(cloudpickle.dumps((function, job, task))))
            future = submit(function, job, task, **kwargs)
            under_way.add(future.key)
            most.append(sum(not f.done() for f in client.futures.values()))
            return future

        monkeypatch.setattr(client, "submit", counted)
        sequence(acquisition[0]).to_zarr(
            tmp_path / "out.zarr", chunks=8, memory=2000, shards=False, scheduler=client
        )
    assert len(under_way) > 20
    assert max(sizes) < 10_000
    assert max(most) <= 5


# progress


def test_progress_counts_all_bytes(acquisition, tmp_path):
    """A bar that ends early, or never, tells nothing."""
    folder, array = acquisition
    calls = []
    sequence(folder).to_zarr(
        tmp_path / "out.zarr", progress=lambda *a: calls.append(a), verify=None, chunks=16
    )
    assert calls[0] == (0, array.nbytes)
    assert calls[-1] == (array.nbytes, array.nbytes)


def test_bar_is_one_line(acquisition, tmp_path, capsys):
    """Off a terminal it would fill a log."""
    sequence(acquisition[0]).to_zarr(tmp_path / "a.zarr")
    assert capsys.readouterr() == ("", "")
    sequence(acquisition[0]).to_zarr(tmp_path / "b.zarr", progress=True)
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert shown.startswith("\r[")
    assert "100%" in shown.splitlines()[-1]
    assert ProgressLine(sys.stderr).length == 0


def test_needs_zarr():
    """Without the extra, the error says which one to install."""
    code = (
        "import sys; sys.modules['zarr'] = None\n"
        "import dask_fileseq\n"
        "seq = dask_fileseq.TiffSequence(['a1.tif'])\n"
        "for method in (seq.to_zarr, seq.to_ome_zarr):\n"
        "    try: method('x.zarr', chunkshape=(1, 1), chunkdtype='u1')\n"
        "    except ImportError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert "dask-fileseq[zarr]" in done.stdout
    assert "dask-fileseq[ome]" in done.stdout
