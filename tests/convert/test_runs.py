"""One target and several runs: at once, after each other, and of other files."""

import shutil
import threading
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
import zarr
from zarr.storage import StorePath

from dask_fileseq import ChangedError, FileSequence, TargetExistsError, TiffSequence
from dask_fileseq.convert import journal, read_manifest
from dask_fileseq.convert.partition import Partition
from dask_fileseq.convert.targetstore import TargetStore

PATTERN = r"(?P<time>\d+)_(?P<channel>[A-Z]+)_z(?P<z>\d+)"
MANY = {"chunks": 16, "shards": False, "memory": 4096, "scheduler": "sync", "progress": False}


@pytest.fixture
def seq(acquisition):
    return TiffSequence(f"{acquisition[0]}/*.tif", pattern=PATTERN)


def stored(target, path="image"):
    return zarr.open_array(target, path=path, mode="r")[...]


def calling(after, function):
    """Return a callback that calls a function once, after so many regions."""
    calls = []

    def progress(done, total):
        calls.append(done)
        if len(calls) == after:
            function()

    return progress


def stop():
    raise RuntimeError("stop")


def interrupted(seq, target, **arguments):
    """Begin a conversion that does not end."""
    with pytest.raises(RuntimeError, match="stop"):
        seq.to_zarr(target, **MANY | {"progress": calling(5, stop)} | arguments)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [{}, {"overwrite": True}, {"overwrite": True, "chunks": 8}])
def test_the_later_of_two_runs_takes_over(seq, acquisition, tmp_path, arguments):
    """Both would write, and what one marks as done the other may have half written."""
    target = tmp_path / "out.zarr"

    def again():
        seq.to_zarr(target, **MANY | {"verify": "all"} | arguments)

    with pytest.raises(ChangedError, match=r"another conversion to .* began, and took the place"):
        seq.to_zarr(target, **MANY | {"progress": calling(5, again)})
    np.testing.assert_array_equal(stored(target), acquisition[1])
    assert read_manifest(target)["verified"]["how"] == "all"
    names = sorted(p.name for p in (target / "fileseq").iterdir())
    assert names == ["files", "objects", "zarr.json"]


@pytest.mark.slow
def test_a_run_that_ends_late_does_not_end_another_one(seq, acquisition, tmp_path):
    """Its metadata would be those of data that the other has deleted."""
    target = tmp_path / "out.zarr"

    def another():
        interrupted(seq, target, overwrite=True, chunks=8)

    count = seq.to_zarr(tmp_path / "alone.zarr", **MANY)["regions"]
    with pytest.raises(ChangedError, match="took the place"):
        seq.to_zarr(target, verify=None, **MANY | {"progress": calling(count + 1, another)})
    assert not (target / "zarr.json").exists()
    seq.to_zarr(target, **MANY | {"chunks": 8, "verify": "all"})
    np.testing.assert_array_equal(stored(target), acquisition[1])


@pytest.mark.parametrize("puts", range(1, 6))
def test_a_run_that_is_overtaken_as_it_finishes(seq, acquisition, tmp_path, monkeypatch, puts):
    """What the other has just cleared would be declared complete, without its data."""
    target = tmp_path / "out.ome.zarr"
    put_many, calls = TargetStore.put_many, []
    arguments = {"axes": {"time": "t"}, "levels": 2, "scheduler": "sync"}

    def overtaken(self, values):
        put_many(self, values)
        calls.append(self)
        if len(calls) == puts:
            with pytest.raises(RuntimeError, match="stop"):
                seq.to_ome_zarr(target, overwrite=True, progress=calling(1, stop), **arguments)

    monkeypatch.setattr(TargetStore, "put_many", overtaken)
    with pytest.raises(ChangedError, match="took the place"):
        seq.to_ome_zarr(target, **arguments)
    monkeypatch.undo()
    assert (target / "fileseq" / "plan.json").exists()
    assert not (target / "zarr.json").exists()
    seq.to_ome_zarr(target, verify="all", **arguments)
    np.testing.assert_array_equal(stored(target, "0"), acquisition[1])


@pytest.mark.slow
@pytest.mark.parametrize("units", [3, 10, 95])
@pytest.mark.parametrize("where", ["folder", "memory"])
def test_a_run_that_is_overtaken_while_it_writes(
    seq, acquisition, tmp_path, monkeypatch, units, where
):
    """Late objects of other chunks would lie among those of the other."""
    target = tmp_path / "out.zarr" if where == "folder" else zarr.storage.MemoryStore()
    place = (lambda name: target / name) if where == "folder" else partial(StorePath, target)
    arguments = {"axes": {"time": "t"}, "levels": 2, "scheduler": "sync", "shards": False}
    units_of, calls = Partition.units, []

    def overtaken(self, level, window):
        for unit in units_of(self, level, window):
            calls.append(unit)
            if len(calls) == units:
                seq.to_ome_zarr(target, overwrite=True, chunks=8, **arguments)
            yield unit

    monkeypatch.setattr(Partition, "units", overtaken)
    monkeypatch.setattr(journal, "INTERVAL", 1e-9)
    with pytest.raises(ChangedError, match="took the place"):
        seq.to_ome_zarr(target, chunks=16, **arguments)
    monkeypatch.undo()
    np.testing.assert_array_equal(stored(place("0"), ""), acquisition[1])
    seq.to_ome_zarr(target, verify="all", chunks=8, **arguments)


@pytest.mark.slow
def test_two_conversions_in_threads_of_one_process(seq, acquisition, tmp_path):
    """Dask calls back for the tasks of either, and one would count those of the other."""
    found = {}

    def convert(name, chunks):
        arguments = MANY | {"scheduler": "threads", "workers": 1, "chunks": chunks}
        found[name] = seq.to_zarr(tmp_path / name, verify="all", **arguments)

    threads = [
        threading.Thread(target=convert, args=(f"{i}.zarr", chunks))
        for i, chunks in enumerate((16, 8, 16, 8))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [seq.to_zarr(tmp_path / f"{i}.zarr", **MANY)["regions"] for i in (0,)]
    assert [found["0.zarr"]["regions"]] == expected
    assert found["0.zarr"]["regions"] == found["2.zarr"]["regions"]
    assert found["1.zarr"]["regions"] == found["3.zarr"]["regions"]
    for name in found:
        np.testing.assert_array_equal(stored(tmp_path / name), acquisition[1])


def test_markers_of_another_conversion_are_none(seq, acquisition, tmp_path):
    """A task that outlives its run may leave one where another run began."""
    interrupted(seq, tmp_path / "old.zarr")
    interrupted(seq, tmp_path / "out.zarr", chunks=8)
    shutil.rmtree(tmp_path / "out.zarr" / "fileseq" / "done")
    shutil.copytree(*(tmp_path / name / "fileseq" / "done" for name in ("old.zarr", "out.zarr")))
    shutil.rmtree(tmp_path / "out.zarr" / "image" / "c")
    seq.to_zarr(tmp_path / "out.zarr", **MANY | {"chunks": 8})
    np.testing.assert_array_equal(stored(tmp_path / "out.zarr"), acquisition[1])


def test_overwritten_with_other_files(seq, acquisition, tmp_path):
    """The manifest would list the files of the old target."""
    target = tmp_path / "out.zarr"
    seq.to_zarr(target)
    fewer = TiffSequence(seq[:4], pattern=PATTERN)
    fewer.to_zarr(target, overwrite=True)
    assert read_manifest(target)["files"]["name"] == list(fewer)
    interrupted(seq, target, overwrite=True)
    shutil.rmtree(target / "fileseq" / "done")
    fewer.to_zarr(target, overwrite=True)
    assert read_manifest(target)["files"]["name"] == list(fewer)


@pytest.mark.parametrize("calls", [0, 1, 2])
def test_the_list_of_files_is_whole_or_not_there(seq, tmp_path, monkeypatch, calls):
    """Killed while it is written, a list of zeros would stay for good."""
    put_many, count = TargetStore.put_many, [0]

    def counted(self, values):
        count[0] += 1
        if count[0] > calls:
            raise RuntimeError("stop")
        put_many(self, values)

    monkeypatch.setattr(TargetStore, "put_many", counted)
    with pytest.raises(RuntimeError, match="stop"):
        seq.to_zarr(tmp_path / "out.zarr")
    monkeypatch.undo()
    seq.to_zarr(tmp_path / "out.zarr")
    assert read_manifest(tmp_path / "out.zarr")["files"]["name"] == list(seq)


@pytest.mark.parametrize("inside", [[], ["plan.json"], ["plan.0a1b.partial"]])
def test_killed_before_it_said_what_it_is(seq, acquisition, tmp_path, inside):
    """A folder that holds nothing is no reason to give up."""
    folder = tmp_path / "out.zarr" / "fileseq"
    folder.mkdir(parents=True)
    for name in inside:
        (folder / name).touch()
    seq.to_zarr(tmp_path / "out.zarr")
    np.testing.assert_array_equal(stored(tmp_path / "out.zarr"), acquisition[1])


def test_a_folder_of_that_name_is_no_target(seq, tmp_path):
    """It may be somebody's copy of this package."""
    (tmp_path / "fileseq").mkdir()
    (tmp_path / "fileseq" / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(TargetExistsError):
            seq.to_zarr(tmp_path, overwrite=overwrite)
    assert (tmp_path / "fileseq" / "thesis.txt").exists()


def test_killed_while_it_deletes_an_old_target(seq, acquisition, tmp_path, monkeypatch):
    """What is left of it would be pixels of the new one."""
    target = tmp_path / "out.zarr"
    seq.to_zarr(target, chunks=16)
    monkeypatch.setattr(TargetStore, "clear", lambda *_, **__: stop())
    with suppress(RuntimeError):
        seq.to_zarr(target, chunks=8, overwrite=True)
    monkeypatch.undo()
    with pytest.raises(FileNotFoundError):  # or what is deleted already would read as zeros
        zarr.open_group(target, mode="r")
    with pytest.raises(TargetExistsError, match=r"being deleted.*overwrite=True"):
        seq.to_zarr(target, chunks=8)
    seq.to_zarr(target, chunks=8, overwrite=True)
    np.testing.assert_array_equal(stored(target), acquisition[1])


def test_other_metadata_alone_are_written_anew(seq, tmp_path):
    """To ignore another scale would be wrong in silence, to convert all again a night's work."""
    axes = {"time": "t"}
    target = tmp_path / "out.ome.zarr"
    arguments = {"axes": axes, "levels": 2}
    before = seq.to_ome_zarr(target, **arguments)
    objects = {p: p.stat().st_mtime_ns for p in target.rglob("c/**/*") if p.is_file()}
    windows = zarr.open_group(target, mode="r").attrs["ome"]["omero"]["channels"]
    after = seq.to_ome_zarr(target, scale={"z": (0.5, "um")}, **arguments)
    assert objects
    assert objects == {p: p.stat().st_mtime_ns for p in objects}
    about = zarr.open_group(target, mode="r").attrs["ome"]
    transformations = about["multiscales"][0]["datasets"][1]["coordinateTransformations"]
    assert transformations[0]["scale"] == [1.0, 1.0, 0.5, 2.0, 2.0]
    assert about["omero"]["channels"] == windows
    assert {**after, "identity": 0} == {**before, "identity": 0}
    metadata = (target / "zarr.json").stat().st_mtime_ns
    assert seq.to_ome_zarr(target, scale={"z": (0.5, "um")}, **arguments) == after
    assert (target / "zarr.json").stat().st_mtime_ns == metadata
    seq.to_zarr(tmp_path / "out.zarr")
    seq.to_zarr(tmp_path / "out.zarr", attributes={"about": "cells"})
    assert zarr.open_array(tmp_path / "out.zarr", path="image", mode="r").attrs["about"] == "cells"


def test_files_behind_a_link(seq, acquisition, tmp_path):
    """A link to a folder is that folder."""
    link = tmp_path / "link"
    try:
        link.symlink_to(acquisition[0])
    except OSError:
        pytest.skip("this system makes no links")
    with pytest.raises(TargetExistsError, match="holds files that are to be converted"):
        TiffSequence(f"{link}/*.tif", pattern=PATTERN).to_zarr(acquisition[0])
    with pytest.raises(TargetExistsError, match="holds files that are to be converted"):
        seq.to_zarr(link)


def test_reading_a_manifest_makes_no_folder(tmp_path):
    """A name that was mistyped would be a folder from then on."""
    with pytest.raises(FileNotFoundError, match="has no manifest"):
        read_manifest(tmp_path / "no.zarr")
    assert not (tmp_path / "no.zarr").exists()


WRONG = [
    ({"scale": 0.5}, "scale=0.5 is no mapping"),
    ({"scale": {"z": (1, 2, 3)}}, r"scale has \(1, 2, 3\) for 'z'"),
    ({"scale": {"z": "wide"}}, "scale has 'wide'"),
    ({"scale": {"y": (1, "s")}}, "scale has the unit 's' for 'y', which is none of length"),
    (
        {"scale": {"t": (1, "um")}, "axes": {"time": "t"}},
        "unit 'um' for 't', which is none of time",
    ),
    ({"scale": {"z": (1, "foo")}}, "scale has the unit 'foo' for 'z'"),
    ({"axes": "tczyx"}, "axes='tczyx' is no mapping"),
    ({"levels": 0}, "levels=0 is no number of levels"),
    ({"scale": {"q": 1}}, "scale has 'q', and the axes that have a step are"),
    ({"levels": 2.5}, "levels=2.5"),
    ({"memory": None}, "memory=None"),
    ({"name": 5}, "name"),
    ({"method": "max"}, "method='max'"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG, ids=str)
def test_arguments_of_ome_zarr_that_do_not_fit(seq, tmp_path, arguments, message):
    """The error must come before the work, not after it."""
    with pytest.raises(TypeError if "name" in arguments else ValueError, match=message):
        seq.to_ome_zarr(tmp_path / "out.zarr", **arguments)
    assert not (tmp_path / "out.zarr").exists()


@pytest.mark.parametrize("url", ["", zarr.storage.MemoryStore(read_only=True)], ids=["", "store"])
def test_places_that_are_none(seq, url):
    """An empty name would be the folder in which the program runs."""
    with pytest.raises(ValueError, match="url="):
        seq.to_zarr(url)


@pytest.mark.parametrize("dtype", ["?", ">u2", ">f4", "u8", "f2", "c16", "M8[s]"])
def test_any_dtype_is_kept(tmp_path, dtype):
    """Bytes in the other order are the same numbers."""
    pixels = np.arange(12).reshape(3, 4).astype(dtype)
    if dtype[0] == "M":
        pixels[0, 0] = np.datetime64("NaT", "s")
    seq = FileSequence(lambda name: pixels, ["t0", "t1"], pattern=r"t(?P<t>\d)")
    seq.to_zarr(tmp_path / "out.zarr", verify="all")
    np.testing.assert_array_equal(stored(tmp_path / "out.zarr")[1], pixels)
