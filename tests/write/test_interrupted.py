"""Whatever ends a call, no half of a file has a final name, and the same call goes on."""

import errno
import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pytest

from dask_fileseq import WriteError, open_sequence, to_files

FILES = 60
KILLS = {"files": 20, "dask": 7, "map": 7}
SERVER = """
import os, sys
from dask_fileseq import open_sequence, to_files
from dask_fileseq.write import map_files
source, kind = sys.argv[1:]
for line in sys.stdin:
    out = line.strip()
    pid = os.fork()
    if not pid:
        seq = open_sequence(source, pattern="t{t:02d}.tif")
        array = seq.to_xarray() if kind == "dask" else seq
        print(os.getpid(), flush=True)
        if kind == "map":
            map_files(seq, abs, out + "/{name}", compression="zlib")
        else:
            to_files(array, out + "/t{t:02d}.tif", compression="zlib", workers=2)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
"""A program that forks a child for each folder to write: to import takes longer than to write."""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Write files that take some milliseconds each to compress."""
    folder = tmp_path_factory.mktemp("in")
    images = np.random.default_rng(0).integers(0, 4000, (FILES, 256, 256), "u2")
    to_files(images, folder / "t{t:02d}.tif")
    return folder


def contents(folder):
    """Return the bytes of all files that are not hidden, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name[0] != "."}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
@pytest.mark.parametrize("kind", KILLS)
def test_killed_processes(source, tmp_path, kind):
    """A file that was cut short would be taken for finished, or one be left out."""
    seq = open_sequence(source, pattern="t{t:02d}.tif")
    to_files(seq, tmp_path / "alone" / "t{t:02d}.tif", compression="zlib")
    expected = contents(tmp_path / "alone")
    rng, kills, rounds = random.Random(kind), 0, 0
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", SERVER, source, kind]
    with subprocess.Popen(command, env=environment, **pipes) as server:
        while kills < KILLS[kind]:
            out = tmp_path / f"out{rounds}"
            rounds += 1
            code = None
            while code != 0:
                print(out, file=server.stdin, flush=True)
                child = int(server.stdout.readline())
                if kills < KILLS[kind]:
                    time.sleep(rng.random() * 0.25)
                    with suppress(ProcessLookupError):  # it has finished
                        os.kill(child, signal.SIGKILL)
                code = int(server.stdout.readline())
                assert code in (0, -signal.SIGKILL)
                kills += code != 0
                if out.exists():  # what has a final name is whole
                    found = contents(out)
                    whole = {name for name in found if not re.search(r"\.\d+\.part$", name)}
                    assert all(found[name] == expected[name] for name in whole)
            assert contents(out) == expected
        server.stdin.close()


@pytest.fixture
def limited():
    """Limit the size of files that this process writes, as a quota does."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("suffix", [".tif", ".png", ".npy"])
@pytest.mark.parametrize("mapped", [False, True])
def test_full_disks(source, tmp_path, limited, suffix, mapped):
    """Half of an image would pass for one, or the error name no file."""
    seq = open_sequence(source, pattern="t{t:02d}.tif").isel(t=slice(3))

    def write():
        if mapped:
            return seq.map_files(abs, tmp_path / f"{{stem}}{suffix}", errors="skip")
        return to_files(seq, tmp_path / f"{{t}}{suffix}")

    with pytest.raises(WriteError, match=rf"cannot write '.*{suffix}'.*File too large") as caught:
        write()
    assert caught.value.errno == errno.EFBIG
    assert contents(tmp_path) == {}
    limited()
    np.testing.assert_array_equal(write().asarray(), seq.asarray())


def test_folders_that_cannot_be_made(source, tmp_path):
    """The error would be that of an open call, without a reason."""
    (tmp_path / "out").write_text("a file")
    seq = open_sequence(source, pattern="t{t:02d}.tif")
    with pytest.raises(WriteError, match=r"cannot make '.*out"):
        to_files(seq, tmp_path / "out" / "{t}.tif")


def test_remains_of_others_are_removed(source, tmp_path):
    """Each kill would leave a file for ever; names that only look alike stay."""
    seq = open_sequence(source, pattern="t{t:02d}.tif").isel(t=slice(2))
    for name in ("t0.tif.17.part", "other.tif.17.part", "t1.tif.part"):
        (tmp_path / name).write_text("half")
    to_files(seq, tmp_path / "t{t}.tif")
    assert sorted(contents(tmp_path)) == ["other.tif.17.part", "t0.tif", "t1.tif", "t1.tif.part"]
