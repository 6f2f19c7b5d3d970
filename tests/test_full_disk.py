"""Where there is no room, an error names the file and what it needs, and leaves nothing."""

import errno
import io
import os
import subprocess

import numpy as np
import pytest
import tifffile

from dask_fileseq import TiffSequence, WriteError
from dask_fileseq.files import new_file
from tests.helpers.commands import invoke, settle

SMALL = 4096


@pytest.fixture
def folder(tmp_path):
    """Write images of more bytes than a file may have in these tests."""
    (tmp_path / "in").mkdir()
    for t in range(40):
        image = np.random.default_rng(t).integers(0, 255, (20, 30), "u1")
        tifffile.imwrite(tmp_path / "in" / f"t{t:02}.tif", image)
    settle(tmp_path / "in")
    return tmp_path


@pytest.fixture
def limited():
    """Limit the size of files that this process writes, as a quota does."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def opened(folder):
    return TiffSequence(folder / "in", pattern=r"t(?P<t>\d+)")


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("out.bin", lambda seq, path: seq.asarray(out=path)),
        ("references.json", lambda seq, path: seq.write_fsspec(path)),
    ],
)
def test_errors_name_the_file_and_what_it_needs(folder, name, write):
    """An error without a name, and an empty file that passes for the result."""
    path = folder / name
    seq = opened(folder)
    with pytest.raises(WriteError, match=rf"{name}.*needs .*[\d,]+ bytes") as caught:
        write(seq, path)
    assert isinstance(caught.value, OSError)
    assert caught.value.errno == errno.EFBIG
    assert os.listdir(folder) == ["in"]


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize(("command", "name"), [("report", "out.html"), ("preview", "out.png")])
def test_commands_end_in_one_sentence(folder, command, name):
    """A traceback, and half of a page that opens."""
    result = invoke(command, folder / "in", "-o", folder / name)
    assert result.exit_code == 1
    assert f"{name}': it needs more than" in result.output
    assert os.listdir(folder) == ["in"]


@pytest.mark.parametrize("size", [10, 10**6])
def test_a_file_that_was_there_stays(folder, size, limited):
    """The result of last time would be lost for nothing."""
    path = folder / "old.bin"
    path.write_bytes(b"x" * min(size, SMALL))
    for write in (opened(folder).write_fsspec, lambda path: opened(folder).asarray(out=path)):
        with pytest.raises(WriteError):
            write(path)
        assert path.read_bytes().strip(b"\0") == b"x" * min(size, SMALL)


def test_a_file_that_was_longer_is_cut(folder):
    """Old bytes behind the pixels would pass for pixels."""
    path = folder / "old.bin"
    path.write_bytes(b"x" * 10**6)
    array = opened(folder).asarray(out=path)
    del array
    assert path.stat().st_size == 40 * 20 * 30


def test_appended_references_are_removed_again(folder, limited):
    """A document with half of another one is neither."""
    path = folder / "references.json"
    path.write_text("{\n")
    with pytest.raises(WriteError):
        opened(folder).write_fsspec(path, _append=True)
    assert path.read_text() == "{\n"


def test_full_devices_are_named(folder):
    """A disk may get full at the last byte, when the file is closed."""
    if not os.path.exists("/dev/full"):
        pytest.skip("no such device here")
    with pytest.raises(WriteError, match="/dev/full") as caught:
        opened(folder).write_fsspec("/dev/full")
    assert caught.value.errno == errno.ENOSPC
    with pytest.raises(OSError, match="no file but a device"):
        opened(folder).asarray(out="/dev/full")


@pytest.mark.slow
def test_a_file_system_that_is_full(folder):
    """The real thing, where a small one may be mounted."""
    small = folder / "small"
    small.mkdir()
    if (
        os.name == "nt"
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4k", "none", str(small)],
            capture_output=True,
            check=False,
        ).returncode
    ):
        pytest.skip("nothing may be mounted here")
    try:
        for write in (opened(folder).write_fsspec, lambda p: opened(folder).asarray(out=p)):
            with pytest.raises(WriteError, match=r"small/out.*needs .* bytes") as caught:
                write(small / "out")
            assert caught.value.errno == errno.ENOSPC
            assert os.listdir(small) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.parametrize("out", [[1, 2], 5, 2.5, {}, io.StringIO("x")])
def test_out_of_another_type_is_a_type_error(folder, out):
    """An AttributeError about `fileno` does not say what `out` may be."""
    with pytest.raises(TypeError, match=r"out=.* is neither None, an array, the name of a file"):
        opened(folder).asarray(out=out)


def test_files_appear_whole(tmp_path):
    """A reader would find half of a document."""
    path = tmp_path / "a.txt"
    with new_file(path) as file:
        file.write("whole")
        file.flush()
        assert not path.exists()
    assert path.read_text() == "whole"
    with pytest.raises(TypeError), new_file(path) as file:
        file.writelines(["half", 1])
    assert path.read_text() == "whole"
    assert os.listdir(tmp_path) == ["a.txt"]
