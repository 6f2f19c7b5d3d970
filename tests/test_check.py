"""Checking files from Python: what is odd, growing, gone; and what is not read for it."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile

from dask_fileseq import FileSequence, TiffSequence
from dask_fileseq.check import Finding, findings, total
from dask_fileseq.readers import count, read_tiff
from tests.helpers.commands import invoke
from tests.helpers.corpus import write_corpus
from tests.helpers.headers import opened_by_tifffile

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def folder(tmp_path):
    for number in range(6):
        tifffile.imwrite(tmp_path / f"t{number}.tif", np.full((20, 30), number, "u2"))
    return tmp_path


def opened(folder, **kwargs):
    return TiffSequence(os.path.join(folder, "*.tif"), pattern=r"(t)(\d+)", **kwargs)


def test_all_is_well(folder):
    """No finding, and no pixels read."""
    with count() as counts:
        assert opened(folder).check() == []
    assert (counts.headers, counts.bytes) == (6, 0)


def test_an_odd_first_file_is_the_odd_one(folder):
    """What most files hold is right, not what the first happens to hold."""
    tifffile.imwrite(folder / "t0.tif", np.zeros((30, 20), "u1"))
    found = opened(folder).check()
    name = os.fspath(folder / "t0.tif")
    assert found == [
        Finding("shape", name, {"t": 0}, "has shape (30, 20), most files have (20, 30)"),
        Finding("dtype", name, {"t": 0}, "has dtype uint8, most files have uint16"),
    ]


def test_a_file_that_is_gone(folder):
    """Between listing and reading, disks change."""
    seq = opened(folder)
    (folder / "t3.tif").unlink()
    (found,) = seq.check()
    assert (found.kind, found.name, found.cell) == (
        "gone",
        os.fspath(folder / "t3.tif"),
        {"t": 3},
    )


def test_a_file_that_grows(folder, monkeypatch):
    """An acquisition that is still running must not pass for a broken one."""
    monkeypatch.setattr(findings, "SETTLE", 1.0)
    content = (folder / "t5.tif").read_bytes()
    growing = folder / "t5.tif"
    growing.write_bytes(content[:600])
    seq = opened(folder)
    stop = threading.Event()

    def write():
        for end in range(700, 10_000, 10):
            if stop.wait(0.05):
                return
            with open(growing, "ab") as file:
                file.write(content[end - 10 : end] or b"0" * 10)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        (found,) = seq.check()
    finally:
        stop.set()
        thread.join()
    assert (found.kind, found.name) == ("growing", os.fspath(growing))
    assert "bytes while it was checked" in found.detail


def test_files_that_are_old_are_not_waited_for(folder, monkeypatch):
    """Only what changed a moment ago may be growing."""
    for path in folder.iterdir():
        os.utime(path, (1e9, 1e9))

    def waits(seconds):
        raise AssertionError("waits")

    monkeypatch.setattr(findings.time, "sleep", waits)
    assert opened(folder).check() == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_never_opened(folder):
    """It would hang until somebody writes."""
    (folder / "t4.tif").unlink()
    os.mkfifo(folder / "t4.tif")
    done = []
    seq = opened(folder)
    thread = threading.Thread(target=lambda: done.append(seq.check(pixels=True)), daemon=True)
    thread.start()
    thread.join(30)
    ((found,),) = done
    assert (found.kind, found.detail) == ("unreadable", "is no file but a pipe")


def test_empty_cells_beside_each_other_are_one_finding(tmp_path):
    """A line for each of thousands is no help."""
    for number in (0, 40, 42):
        tifffile.imwrite(tmp_path / f"t{number}.tif", np.zeros((4, 3), "u1"))
    found = opened(tmp_path).check()
    assert [(f.cell, f.count) for f in found] == [({"t": [1, 39]}, 39), ({"t": 41}, 1)]
    assert total(found) == 40


def test_empty_cells_are_counted_where_there_are_very_many(tmp_path, monkeypatch):
    """The list ends, but the number is that of all."""
    for number in range(0, 40, 2):
        tifffile.imwrite(tmp_path / f"t{number}.tif", np.zeros((4, 3), "u1"))
    monkeypatch.setattr(findings, "SHOWN_MISSING", 5)
    found = opened(tmp_path).check()
    assert [f.cell for f in found] == [{"t": 1}, {"t": 3}, {"t": 5}, {"t": 7}, {"t": 9}, {}]
    assert found[-1].detail == "and 14 more cells"
    assert total(found) == 19
    result = invoke(
        "check", os.path.join(tmp_path, "*.tif"), "--pattern", r"(t)(\d+)", "--spacing", "unit"
    )
    assert "missing (19): cells without a file" in result.stdout
    assert result.stdout.endswith("20 files, each header read; found: 19 missing\n")


def test_left_out_names_are_findings(folder):
    """Who skips them still wants to know."""
    tifffile.imwrite(folder / "flat.tif", np.zeros((20, 30), "u2"))
    tifffile.imwrite(folder / "t01.tif", np.zeros((20, 30), "u2"))
    found = opened(folder, unmatched="skip", duplicates="last").check()
    assert sorted((f.kind, os.path.basename(f.name)) for f in found) == [
        ("duplicate", "t1.tif"),
        ("unmatched", "flat.tif"),
    ]


def test_any_reader(tmp_path):
    """A plain function reads the whole file; what it raises is the finding."""
    for number in range(3):
        np.save(tmp_path / f"t{number}.npy", np.zeros((2, 2 + (number == 1))))
    (tmp_path / "t3.npy").write_bytes(b"nothing")
    seq = FileSequence(np.load, os.path.join(tmp_path, "*.npy"), pattern=r"(t)(\d)")
    assert [(f.kind, f.cell["t"]) for f in seq.check()] == [("shape", 1), ("unreadable", 3)]


def test_progress_counts_all_files(folder):
    """A bar must reach its end."""
    told = []
    opened(folder).check(progress=lambda *done: told.append(done))
    assert told[-1] == (6, 6)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def checked_in_a_task(folder):
    return opened(folder).check()


def test_inside_tasks_of_all_workers(folder, cluster):
    """Each would wait for another to look at the files."""
    from distributed import Client

    with Client(cluster) as client:
        futures = client.map(checked_in_a_task, [folder] * 4, pure=False)
        assert client.gather(futures) == [[]] * 4


def test_in_threads_of_the_caller(folder):
    """The number of threads is the executor's."""
    with ThreadPoolExecutor(2) as pool:
        assert opened(folder).check(scheduler=pool, ioworkers=2) == []


def test_no_such_scheduler(folder):
    """The argument and its value."""
    with pytest.raises(ValueError, match="scheduler='cloud'"):
        opened(folder).check(scheduler="cloud")


def by_tifffile(path):
    """Return what tifffile finds in a file: handles never go the short way."""
    with open(path, "rb") as file:
        return read_tiff.inspect(file)


def test_headers_of_known_kinds_are_those_of_tifffile(tmp_path):
    """Files of every kind, twice: what is told of the second must be what the first way tells."""
    first = write_corpus(tmp_path)
    second_folder = tmp_path / "again"
    second_folder.mkdir()
    second = write_corpus(second_folder, seed=1)
    for kind, path in first.items():
        expected = by_tifffile(path)
        assert expected == read_tiff.inspect(path) == read_tiff.inspect(second[kind]), kind


def test_a_cut_file_of_a_known_kind_is_found(tmp_path):
    """At every length: what the directories say must be inside the file."""
    paths = write_corpus(tmp_path)
    rng = np.random.default_rng(0)
    for kind, path in paths.items():
        read_tiff.inspect(path)
        with open(path, "rb") as file:
            content = file.read()
        for size in rng.integers(0, len(content), 4).tolist():
            with open(path, "wb") as file:
                file.write(content[:size])
            try:
                found = read_tiff.inspect(path)
            except Exception:
                continue
            assert found == by_tifffile(path), (kind, size)


def test_tifffile_opens_one_file_of_a_kind(tmp_path):
    """Seconds, not minutes: files of one kind are told apart by their directories alone."""
    for number in range(300):
        tifffile.imwrite(
            tmp_path / f"t{number}.tif", np.zeros((8, 13), "u1"), description=f"number {number}"
        )
    with opened_by_tifffile() as opened:
        for number in range(300):
            read_tiff.inspect(os.fspath(tmp_path / f"t{number}.tif"))
    assert len(opened) == 1
