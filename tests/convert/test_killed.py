"""Nothing is lost, and nothing half-written trusted, whatever ends a conversion."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr

from dask_fileseq import TiffSequence
from dask_fileseq.convert import read_manifest

FILES = 80
KILLS = 20
WORKERS = 2
LIMIT = 20
"""Calls for one of three levels each that a child makes before it waits: over 4 regions."""
CHILD = Path(__file__).parents[1] / "helpers" / "converting.py"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Write files; returns their folder and the array that they make."""
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(9)
    array = rng.integers(0, 4000, (FILES, 256, 256), np.uint16)
    for t, image in enumerate(array):
        tifffile.imwrite(folder / f"t{t:03d}.tif", image, compression="lzw")
    return folder, array


@pytest.fixture(scope="module")
def server():
    """Start the process that forks children."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, CHILD], env=environment, **pipes) as process:
        yield process
        process.stdin.close()


@pytest.fixture(scope="module")
def undisturbed(server, files, tmp_path_factory):
    """Convert without any disturbance."""
    target = tmp_path_factory.mktemp("alone") / "out.zarr"
    with Children(server, files[0], target) as children:
        children.start()
        assert children.wait() == 0
    return target


class Children:
    """Processes that convert, one after another."""

    def __init__(self, server, files, target):
        self.server, self.files, self.target = server, files, target
        self.log = target.with_suffix(".log")
        self.log.touch()
        self.pid = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid is not None:  # a test has failed
            os.kill(self.pid, signal.SIGKILL)
            self.wait()

    def start(self, limit=0):
        """Start a child, which waits after it began so many regions; return its process number."""
        self.before = len(self.log.read_text().split())
        line = (self.files, self.target, self.log, limit)
        print(*line, sep="\t", file=self.server.stdin, flush=True)
        self.pid = int(self.server.stdout.readline())
        return self.pid

    def wait(self):
        """Return the exit code of the child; less than 0: the signal that killed it."""
        code = int(self.server.stdout.readline())
        self.pid = None
        return code

    def wait_until(self, condition):
        """Wait until a condition holds."""
        deadline = time.monotonic() + 240
        while not condition():
            assert time.monotonic() < deadline, "the child did not get there in four minutes"
            time.sleep(0.001)

    def begun(self):
        """Return the regions that the child has begun to write, once for each level."""
        return self.log.read_text().split()[self.before :]

    def done(self):
        """Return the regions that are marked as done."""
        folder = self.target / "fileseq" / "done"
        return {p.name for p in folder.iterdir() if p.suffix == ""} if folder.is_dir() else set()

    def objects(self, regions):
        """Return inode and time of each object of some regions."""
        found = {}
        for name in regions:
            t = name.partition("-")[2]
            for level in range(3):
                for path in (self.target / str(level) / "c" / t).rglob("*"):
                    if path.is_file() and path.suffix == "":
                        stat = path.stat()
                        found[path] = stat.st_ino, stat.st_mtime_ns
        return found


def data(target):
    """Return the bytes of all objects that hold pixels or metadata of arrays."""
    return {
        path.relative_to(target): path.read_bytes()
        for path in sorted(target.rglob("*"))
        if path.is_file() and path.relative_to(target).parts[0] != "fileseq"
    }


def test_killed_twenty_times_while_it_writes(server, files, undisturbed, tmp_path):
    """Each time, what is done must stay as it is, and what was being written be done again."""
    folder, array = files
    chance = random.Random(20)
    finished, killed = {}, 0
    with Children(server, folder, tmp_path / "out.zarr") as children:
        while killed < KILLS:
            wanted = chance.randint(2, 7)  # calls for one of three levels each
            pid = children.start(wanted + 5)  # that is never reached, but on a busy machine
            children.wait_until(lambda wanted=wanted: len(children.begun()) >= wanted)
            time.sleep(chance.uniform(0, 0.01))
            os.kill(pid, signal.SIGKILL)
            assert children.wait() == -signal.SIGKILL
            done = children.done()
            begun = children.begun()
            assert not set(begun) & set(finished), "a region was written again"
            killed += bool(set(begun) - done)  # it was writing a region when it was killed
            assert set(finished) <= done
            before = children.objects(finished)
            assert before == {path: at for objects in finished.values() for path, at in objects}
            finished = {name: children.objects([name]).items() for name in done}
            assert len(done) < FILES
            assert not (children.target / "zarr.json").exists()
        assert killed == KILLS
        children.start()
        assert children.wait() == 0
        assert not set(children.begun()) & set(finished)
        after = children.objects(finished)
        assert after == {path: at for objects in finished.values() for path, at in objects}
    target = tmp_path / "out.zarr"
    assert data(target) == data(undisturbed)
    np.testing.assert_array_equal(zarr.open_array(target / "0", mode="r")[...], array)
    assert read_manifest(target)["regions"] == FILES
    assert not list(target.rglob("*.partial"))


def test_interrupted_by_the_keyboard(server, files, undisturbed, tmp_path):
    """Ctrl-C ends it soon, and the next run goes on."""
    with Children(server, files[0], tmp_path / "out.zarr") as children:
        pid = children.start(LIMIT)
        children.wait_until(lambda: len(children.begun()) == LIMIT + WORKERS)
        os.kill(pid, signal.SIGINT)
        assert children.wait() == 130
        done = children.done()
        assert 0 < len(done) < FILES
        children.start()
        assert children.wait() == 0
        assert not set(children.begun()) & done
    assert data(children.target) == data(undisturbed)


def test_objects_that_a_loss_of_power_emptied(server, files, undisturbed, tmp_path):
    """Without a marker data are not trusted, and a marker that is not whole is none."""
    target = tmp_path / "out.zarr"
    with Children(server, files[0], target) as children:
        pid = children.start(LIMIT)
        children.wait_until(lambda: len(children.done()) >= 4)
        os.kill(pid, signal.SIGKILL)
        children.wait()
        done = sorted(children.done())
        for name, content in zip(done[:3], (b"", b"{\x00\x00", None), strict=True):
            marker = target / "fileseq" / "done" / name
            marker.unlink() if content is None else marker.write_bytes(content)
            for i, path in enumerate(children.objects([name])):
                path.write_bytes((b"", path.read_bytes()[:-9], b"garbage")[i % 3])
        children.start()
        assert children.wait() == 0
        assert set(done[:3]) <= set(children.begun())
        assert not set(done[3:]) & set(children.begun())
    assert data(target) == data(undisturbed)


def test_files_that_changed_in_between(server, files, tmp_path):
    """The copy would be of no state that there ever was."""
    from dask_fileseq import ChangedError

    folder = tmp_path / "files"
    folder.mkdir()
    for path in files[0].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    target = tmp_path / "out.zarr"
    with Children(server, folder, target) as children:
        pid = children.start(LIMIT)
        children.wait_until(lambda: len(children.done()) >= 3)
        os.kill(pid, signal.SIGKILL)
        children.wait()
    os.utime(folder / "t007.tif", ns=(5, 5))
    seq = TiffSequence(f"{folder}/*.tif", pattern=r"t(?P<t>\d+)")
    from_child = {"chunks": 64, "shards": False, "levels": 3}
    with pytest.raises(ChangedError, match=r"files are others.*'.*t007\.tif' changed; overwrite"):
        seq.to_ome_zarr(target, **from_child)
    with pytest.raises(ChangedError, match=r"arguments are others.*chunks is \[1, 32, 32\]"):
        seq.to_ome_zarr(target, **from_child | {"chunks": 32})
    seq.to_ome_zarr(target, overwrite=True)
    np.testing.assert_array_equal(zarr.open_array(target / "0", mode="r")[...], files[1])
