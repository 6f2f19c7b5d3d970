"""The reader as a value: pickling, equality, and readers that users write."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import dask_fileseq.readers as readers
from dask_fileseq import FileSequence
from dask_fileseq.files import require_file
from dask_fileseq.readers import (
    ChunkSpec,
    FileInfo,
    FunctionReader,
    NoByteLayout,
    Reader,
    TiffReader,
    WrongChunk,
    as_reader,
    count,
    read_tiff,
)
from dask_fileseq.readers.bound import BoundReader
from tests.helpers.regions import read_region

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
    assert sorted(readers.__all__, key=lambda name: (not name.isupper(), name)) == readers.__all__
    assert all(hasattr(readers, name) for name in readers.__all__)


class Constant(Reader):
    """A reader that a user might write, which reads regions."""

    def __call__(self, file: Any, value: int = 0) -> Any:
        return np.full(SPEC.shape, value, SPEC.dtype)

    def describe(self, file: Any, value: int = 0) -> FileInfo:
        return FileInfo(SPEC)

    def read_region(self, file: Any, spec: Any, region: Any, out: Any, value: int = 0) -> None:
        assert all(isinstance(indices, range) for indices in region)
        out[...] = value


def test_own_region_reader() -> None:
    """Only the built-in reader can read regions."""
    reader = as_reader(Constant())
    assert isinstance(reader, Constant)
    assert as_reader(read_tiff) is read_tiff
    assert isinstance(as_reader(tifffile.imread), FunctionReader)
    assert reader.describe("a", value=3).spec == SPEC
    out = np.empty((1, 6), "u2")
    read_region(reader, "a", SPEC, np.s_[:1, :], out, value=3)
    assert out.tolist() == [[3] * 6]


class Ramp(Reader):
    """The least that a reader needs."""

    suffixes = ((".ramp",),)

    def __call__(self, file: Any, **imreadargs: Any) -> Any:
        return np.arange(24, dtype="u2").reshape(4, 6) + int(Path(file).stem)


def test_own_reader_works_everywhere(tmp_path: Path) -> None:
    """A face of a sequence needs more of a reader than a call."""
    for i in range(3):
        (tmp_path / f"{i}.ramp").write_bytes(b"ramp")
    (tmp_path / "notes.txt").touch()
    (tmp_path / "0.tif").touch()
    seq = FileSequence(Ramp(), tmp_path)
    data = np.arange(24, dtype="u2").reshape(4, 6) + np.arange(3, dtype="u2")[:, None, None]
    assert [Path(name).name for name in seq] == ["0.ramp", "1.ramp", "2.ramp"]
    assert (seq.chunkshape, seq.chunkdims) == ((4, 6), ("y", "x"))
    np.testing.assert_array_equal(seq.asarray(), data)
    x = seq.to_dask_array()
    np.testing.assert_array_equal(x[::-1, 1:3, ::-2].compute(), data[::-1, 1:3, ::-2])
    np.testing.assert_array_equal(seq.array()[1:, 2], data[1:, 2])
    np.testing.assert_array_equal(seq.to_xarray().values, data)
    assert seq.check(pixels=True) == []
    assert "ramp" in " ".join(map(str, x.dask.layers)).lower()
    with pytest.raises(NoByteLayout):
        seq.reader.byte_layout(seq[0], seq.array().spec)


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
            read_region(read_tiff, path, SPEC, np.s_[:, :], np.empty((4, 6), "u2"))
    assert closed == [True, True]
    assert counts.files == 2


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A folder among the names is an error of another kind on each system."""
    with pytest.raises(OSError, match="is no file but a folder"):
        require_file(str(tmp_path))


def test_a_reader_with_arguments_has_a_hash():
    """A set of readers, or a cache by reader, would fail for those of some sequences."""
    one, same = (BoundReader(readers.read_tiff, {"key": [n, 2]}) for n in (1, 1))
    assert one == same
    assert len({one, same, readers.read_tiff}) == 2
