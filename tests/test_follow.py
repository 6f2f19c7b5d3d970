"""A folder is followed while another process writes to it, is killed, and starts again."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import tifffile
import xarray as xr
import zarr

from dask_fileseq import GridWarning, TiffSequence, open_sequence
from dask_fileseq.convert import read_manifest
from tests.helpers import slow_writer
from tests.helpers.slow_writer import CHANNELS, TIMES, content, pixels

COUNT = TIMES * len(CHANNELS)
PATTERN = "t{t:d}_{channel}.tif"


def write(folder, *cells):
    for t, channel in cells:
        (folder / f"t{t}_{channel}.tif").write_bytes(content(t, channel))


def opened(folder):
    """Return the sequence of the files, whose indices change when others come in between."""
    return TiffSequence(f"{folder}/*.tif", pattern=PATTERN, fillvalue=0, spacing="values")


class Writer:
    """Runs the writer, kills it after some time, and runs it again, until all is written."""

    def __init__(self, folder, seed):
        self.folder, self.seed = folder, seed
        self.thread = threading.Thread(target=self.run)

    def run(self):
        for attempt, seconds in enumerate((0.7, 0.6, 60)):
            command = [
                sys.executable,
                slow_writer.__file__,
                str(self.folder),
                f"{self.seed + attempt}",
            ]
            with subprocess.Popen(command) as process:
                try:
                    process.wait(seconds)
                    return
                except subprocess.TimeoutExpired:
                    process.kill()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join()


def require_whole(seq):
    """Raise an error unless the pixels of all files are those that were written."""
    array = seq.asarray()
    for (t, c), name in zip(seq.indices, seq, strict=True):
        label = seq.coords["t"][t], str(seq.coords["channel"][c])
        np.testing.assert_array_equal(array[t, c], pixels(*label), err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_no_file_is_read_before_it_is_complete(tmp_path, seed):
    """Half of a file would be zeros, or an error that ends the night."""
    write(tmp_path, (0, "GFP"))
    (tmp_path / "t5_DAPI.tif").write_bytes(content(5, "DAPI")[:999])
    counts = []
    with Writer(tmp_path, seed):
        for grown in opened(tmp_path).follow(interval=0.03, until=COUNT, timeout=30):
            counts.append(len(grown))
            require_whole(grown)
    assert counts[-1] == COUNT
    assert len(counts) > 3
    assert grown.shape == (TIMES, len(CHANNELS))
    assert grown.to_dask_array().name == opened(tmp_path).to_dask_array().name


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [{}, {"chunks": {"t": 2}, "shards": {"t": 4}}], ids=str)
def test_zarr_that_grows(tmp_path, arguments):
    """At the end, it is what a conversion of all files makes."""
    folder, target = tmp_path / "scan", tmp_path / "growing.zarr"
    folder.mkdir()
    write(folder, (0, "GFP"))
    seen = []

    def until(grown):
        if target.exists() and (target / "zarr.json").exists():
            array = zarr.open_array(target, path="image", mode="r")
            seen.append(array.shape)
        return len(grown) == COUNT

    with Writer(folder, 7):
        follow = {"interval": 0.03, "until": until, "timeout": 30}
        manifest = opened(folder).to_zarr(target, follow=follow, scheduler="sync", **arguments)
    assert (manifest["file_count"], manifest["empty"]["count"]) == (COUNT, 0)
    assert len(set(seen)) > 2
    later = opened(folder)
    array = zarr.open_array(target, path="image")
    shards = array.shards or array.chunks
    later.to_zarr(tmp_path / "later.zarr", chunks=array.chunks, shards=shards)
    found, expected = (xr.open_zarr(tmp_path / f"{name}.zarr") for name in ("growing", "later"))
    xr.testing.assert_identical(found.compute(), expected.compute())
    np.testing.assert_array_equal(found.image, later.asarray())
    assert array.metadata == zarr.open_array(tmp_path / "later.zarr", path="image").metadata
    files, others = (read_manifest(tmp_path / f"{n}.zarr")["files"] for n in ("growing", "later"))
    assert files == others
    assert not list(target.rglob("*.partial"))
    assert not (target / "fileseq" / "plan.json").exists()


FOLLOWER = """
import sys
from dask_fileseq import TiffSequence
seq = TiffSequence(f"{sys.argv[1]}/*.tif", pattern=sys.argv[3], fillvalue=0, spacing="values")
follow = {"interval": 0.03, "until": int(sys.argv[4]), "timeout": 30}
seq.to_zarr(sys.argv[2], follow=follow, scheduler="sync")
"""


@pytest.mark.slow
def test_killed_follower_goes_on(tmp_path):
    """What it wrote stays, also if labels have come in between since."""
    folder, target = tmp_path / "scan", tmp_path / "growing.zarr"
    folder.mkdir()
    write(folder, (0, "GFP"), (4, "GFP"), (6, "DAPI"))
    command = [sys.executable, "-c", FOLLOWER, str(folder), str(target), PATTERN, str(COUNT)]
    with subprocess.Popen(command) as process:
        deadline = time.monotonic() + 60
        while not (target / "zarr.json").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        write(folder, (2, "GFP"))
        time.sleep(0.2)
        process.kill()
    times = {p: p.stat().st_mtime_ns for p in (target / "image" / "c").rglob("*") if p.is_file()}
    assert times
    every = {(t, channel) for t in range(TIMES) for channel in CHANNELS}
    write(folder, *(every - {(0, "GFP"), (4, "GFP")}))
    opened(folder).to_zarr(target, follow={"interval": 0.01, "until": COUNT, "timeout": 30})
    np.testing.assert_array_equal(zarr.open_array(target, path="image"), opened(folder).asarray())
    kept = target / "image" / "c" / "0" / "1" / "0" / "0"
    assert kept.stat().st_mtime_ns == times[kept]


@pytest.mark.parametrize(
    ("reading", "writing"), [({}, {"codecs": "none"}), ({"imread": tifffile.imread}, {})]
)
def test_other_arguments_write_all_regions_anew(tmp_path, reading, writing):
    """An array would be in two codecs, or of two readers."""
    folder, target = tmp_path / "scan", tmp_path / "growing.zarr"
    folder.mkdir()
    write(folder, *((t, "GFP") for t in range(6)))
    follow = {"interval": 0.01, "until": 6}

    class Stopped(Exception):
        pass

    def stop(done, total):
        if 2 * done > total:
            raise Stopped

    with pytest.raises(Stopped):
        opened(folder).to_zarr(target, follow=follow, scheduler="sync", progress=stop)
    chunks = [path for path in (target / "image" / "c").rglob("*") if path.is_file()]
    times = {path: path.stat().st_mtime_ns for path in chunks}
    assert len(times) > 2
    seq = TiffSequence(f"{folder}/*.tif", pattern=PATTERN, spacing="values", **reading)
    seq.to_zarr(target, follow=follow, verify=None, resume=True, **writing)
    np.testing.assert_array_equal(zarr.open_array(target, path="image"), seq.asarray())
    assert all(path.stat().st_mtime_ns != time for path, time in times.items())


def test_files_that_are_never_complete(tmp_path):
    """They are named at the end, and nothing waits for them for ever."""
    write(tmp_path, (0, "GFP"), (1, "GFP"))
    (tmp_path / "t2_GFP.tif").write_bytes(content(2, "GFP")[:-9])
    tifffile.imwrite(tmp_path / "t3_GFP.tif", np.zeros((9, 9), "u1"))
    (tmp_path / "t4_GFP.tif").touch()
    with pytest.warns(GridWarning, match=r"3 files are not complete.*t2_GFP.*truncated") as caught:
        (grown,) = opened(tmp_path).follow(interval=0.01, timeout=0.1)
    assert len(grown) == 2
    assert "shape (9, 9)" in str(caught[0].message)
    assert "t4_GFP" in str(caught[0].message)
    for name in ("t2_GFP.tif", "t3_GFP.tif"):
        (tmp_path / name).unlink()
    with pytest.warns(GridWarning, match="^1 file is not complete and was left out: .*t4_GFP"):
        list(opened(tmp_path).follow(interval=0.01, timeout=0.1))


def test_names_that_are_changed(tmp_path):
    """A file under another name is no file of the grid, until it has its own."""
    write(tmp_path, (0, "GFP"))
    seq = opened(tmp_path)
    (tmp_path / "new.tif").write_bytes(content(1, "GFP"))
    shapes = []
    for grown in seq.follow(interval=0.01, timeout=0.15):
        shapes.append(grown.shape)
        if (tmp_path / "new.tif").exists():
            (tmp_path / "new.tif").replace(tmp_path / "t1_GFP.tif")
    assert shapes == [(1, 1), (2, 1)]


def test_files_that_are_written_anew(tmp_path):
    """Of a writer that begins again, old pixels would stay."""
    write(tmp_path, (0, "GFP"), (1, "GFP"))
    tokens = []
    for grown in opened(tmp_path).follow(interval=0.01, timeout=0.2):
        tokens.append(grown.to_dask_array().name)
        if len(tokens) == 1:
            (tmp_path / "t1_GFP.tif").write_bytes(content(3, "GFP"))
    assert len(set(tokens)) > 1
    np.testing.assert_array_equal(grown.asarray()[1, 0], pixels(3, "GFP"))


def test_wrong_arguments(tmp_path):
    """They are errors before the first look."""
    write(tmp_path, (0, "GFP"))
    seq = opened(tmp_path)
    for arguments, message in (
        ({"interval": 0}, "interval=0"),
        ({"timeout": -1}, "timeout=-1"),
        ({"until": "all"}, "until='all'"),
    ):
        with pytest.raises(ValueError, match=message):
            seq.follow(**arguments)
    with pytest.raises(ValueError, match="part of a sequence"):
        seq.isel(t=0).follow()
    with pytest.raises(TypeError, match="follow=3 is neither True nor a mapping"):
        seq.to_zarr(tmp_path / "a.zarr", follow=3)  # it would never end


def test_with_watchfiles(tmp_path):
    """It tells of changes; between them, the folder is not listed."""
    pytest.importorskip("watchfiles")
    write(tmp_path, (0, "GFP"))
    seq = open_sequence(f"{tmp_path}/*.tif", pattern=PATTERN)
    timer = threading.Timer(0.5, write, [tmp_path, (1, "GFP")])
    timer.start()
    start = time.monotonic()
    counts = [len(grown) for grown in seq.follow(interval=0.25, until=2)]
    assert counts == [1, 2]
    assert time.monotonic() - start < 2.4


def test_watchfiles_waits_no_longer_than_the_timeout(tmp_path):
    """It would end ten intervals later."""
    pytest.importorskip("watchfiles")
    write(tmp_path, (0, "GFP"))
    start = time.monotonic()
    assert len(list(opened(tmp_path).follow(interval=0.3, timeout=0.1))) == 1
    assert time.monotonic() - start < 2.4
