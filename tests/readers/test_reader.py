"""The reader as a value: pickling, equality, and readers that users write."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import dask_fileseq.readers as readers
from dask_fileseq.readers import (
    ChunkSpec,
    RegionReader,
    TiffReader,
    WrongChunk,
    chunk_spec,
    count,
    read_into,
    read_tiff,
)

SPEC = ChunkSpec((4, 6), np.dtype("u2"), ("y", "x"), (2, 6))


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", [read_tiff, SPEC])
def test_values_pickle(value: Any, protocol: int) -> None:
    """A task cannot travel to another process."""
    assert pickle.loads(pickle.dumps(value, protocol)) == value


def test_error_pickles() -> None:
    """An error of a worker arrives as another one."""
    error = WrongChunk(((4, 6), np.dtype("u2")), ((6, 4), np.dtype("f4")))
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.expected, copy.found) == (error.expected, error.found)
    assert str(copy) == str(error)
    assert isinstance(copy, ValueError)


def test_readers_are_equal() -> None:
    """Two readers give two tokens, and files are read twice."""
    assert TiffReader() == read_tiff
    assert hash(TiffReader()) == hash(read_tiff)
    assert TiffReader().__dask_tokenize__() == read_tiff.__dask_tokenize__()


def test_names_are_sorted_and_there() -> None:
    """A name is promised that is not there."""
    assert sorted(readers.__all__) == list(readers.__all__)
    assert all(hasattr(readers, name) for name in readers.__all__)


class Constant:
    """A region reader that a user might write."""

    def __call__(self, file: Any, value: int = 0) -> Any:
        return np.full(SPEC.shape, value, SPEC.dtype)

    def spec(self, file: Any, value: int = 0) -> ChunkSpec:
        return SPEC

    def read_region(self, file: Any, spec: Any, region: Any, out: Any, value: int = 0) -> None:
        out[...] = value


def test_own_region_reader() -> None:
    """Only the built-in reader can read regions."""
    reader = Constant()
    assert isinstance(reader, RegionReader)
    assert isinstance(read_tiff, RegionReader)
    assert not isinstance(tifffile.imread, RegionReader)
    assert chunk_spec(reader, "a", {"value": 3}) == SPEC
    out = np.empty((1, 6), "u2")
    read_into(reader, "a", {"value": 3}, SPEC, np.s_[:1, :], out)
    assert out.tolist() == [[3] * 6]


def test_warnings_and_logs_are_tifffiles(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Reading a sound file says something."""
    path = str(tmp_path / "a.tif")
    tifffile.imwrite(path, np.zeros((3, 16, 16), "u2"), photometric="minisblack")
    read_tiff(path)
    assert not caplog.records


def test_files_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file stays open after a read, or after an error."""
    closed = []
    close = tifffile.TiffFile.close
    monkeypatch.setattr(
        tifffile.TiffFile, "close", lambda tif: (close(tif), closed.append(tif.filehandle.closed))
    )
    path = str(tmp_path / "a.tif")
    tifffile.imwrite(path, np.zeros((4, 6), "i2"))
    with count() as counts:
        read_tiff(path)
        with pytest.raises(WrongChunk):
            read_tiff.read_region(path, SPEC, np.s_[:, :], np.empty((4, 6), "u2"))
    assert closed == [True, True]
    assert counts.files == 2
