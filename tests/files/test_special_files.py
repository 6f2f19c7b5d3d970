"""Pipes, sockets and devices with the names of images are reported, and never opened."""

import os
import socket
import threading
import warnings

import numpy as np
import pytest
import tifffile

from dask_fileseq import FileSequence, FillWarning, ReadError, TiffSequence, open_sequence

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")

PIPE = "is no file but a pipe"


@pytest.fixture
def folder(tmp_path):
    """Write six images, of which ``t3`` is to become something else."""
    for t in range(6):
        tifffile.imwrite(tmp_path / f"t{t}.tif", np.full((8, 8), t, "u2"))
    return tmp_path


def replaced(folder, kind):
    """Put something else in the place of an image, and return its path."""
    path = folder / "t3.tif"
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        os.mkfifo(folder / "pipe")
        path.symlink_to("pipe")
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(os.path.relpath(path))  # the length of such names is limited
        listener.close()
    return path


def ended(call):
    """Return the result of a call or its error; fail if it hangs."""
    results = []

    def attempt():
        try:
            results.append(call())
        except Exception as error:
            results.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(20)
    assert results, "it hangs"
    return results[0]


def opened(folder, **kwargs):
    return TiffSequence(str(folder / "t*.tif"), pattern="t{t:d}.tif", **kwargs)


WAYS = {
    "whole": lambda folder: opened(folder).asarray(),
    "whole, by name": lambda folder: opened(folder, identity="name").asarray(),
    "region": lambda folder: opened(folder).to_dask_array()[:, 2:4, 3].compute(),
    "zarr": lambda folder: opened(folder).to_zarr(folder / "out.zarr"),
    "references": lambda folder: opened(folder).write_fsspec(folder / "out.json"),
    "function": lambda folder: FileSequence(tifffile.imread, f"{folder}/t*.tif").asarray(),
    "list": lambda folder: open_sequence([folder / "t3.tif", folder / "t4.tif"]).asarray(),
    "header": lambda folder: open_sequence([folder / "t3.tif"]).chunkshape,
}


@pytest.mark.parametrize("way", WAYS)
def test_no_way_opens_a_pipe(folder, way):
    """It would hang until somebody writes, and take what was meant for another program."""
    path = replaced(folder, "pipe")
    error = ended(lambda: WAYS[way](folder))
    assert isinstance(error, ReadError)
    assert PIPE in str(error)
    assert str(path) in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("kind", "message"),
    [("link", "a pipe"), ("device", "a device"), ("socket", "a socket")],
)
def test_links_devices_and_sockets_are_refused_alike(folder, monkeypatch, kind, message):
    """A link to a device reads without end."""
    monkeypatch.chdir(folder)
    replaced(folder, kind)
    for way in ("whole", "region", "function"):
        error = ended(lambda way=way: WAYS[way](folder))
        assert isinstance(error, ReadError)
        assert f"is no file but {message}" in str(error)


def test_what_is_in_a_pipe_stays_there(folder):
    """A pipe that holds the bytes of a like image would be read as one, once."""
    content = (folder / "t2.tif").read_bytes()
    path = replaced(folder, "pipe")
    end = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        os.write(end, content)
        assert isinstance(ended(opened(folder).asarray), ReadError)
        assert os.read(end, 2 * len(content)) == content
    finally:
        os.close(end)


def test_pipes_are_filled_where_that_is_wished(folder):
    """One pipe would spoil a long run."""
    replaced(folder, "pipe")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        array = opened(folder).asarray(errors="fill", fillvalue=9)
    assert array[:, 0, 0].tolist() == [0, 1, 2, 9, 4, 5]
    assert [w.category for w in caught] == [FillWarning]
    assert PIPE in str(caught[0].message)


@pytest.mark.parametrize("name", ["all.zip", "all.tar"])
def test_no_archive_is_a_pipe(folder, name):
    """Opening it would hang before anything is read."""
    os.mkfifo(folder / name)
    error = ended(lambda: TiffSequence("*.tif", container=folder / name))
    assert isinstance(error, ReadError)
    assert PIPE in str(error)
    assert name in str(error)


def test_functions_may_read_folders_and_names(folder):
    """Neither blocks: only pipes, sockets and devices are refused."""
    seq = FileSequence(lambda name: np.ones(2), [str(folder), str(folder / "gone")])
    assert seq.asarray().shape == (2, 2)
