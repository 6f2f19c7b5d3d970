"""What one file is, beyond its pixels: pages, compression, pyramid; and whether it is whole.

Of files like one that tifffile has looked at, only the directories are read; see `headers`.
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import tifffile

from dask_fileseq.readers.chunk import ChunkSpec
from dask_fileseq.readers.counters import record
from dask_fileseq.readers.headers import Header, read_header
from dask_fileseq.readers.opening import open_tiff
from dask_fileseq.readers.protocol import File, chunk_spec
from dask_fileseq.readers.rawfile import RawFile
from dask_fileseq.readers.tiff import TiffReader
from dask_fileseq.readers.tiffimage import image_of

__all__ = ["FactReader", "FileFacts", "file_facts", "require_file"]

KNOWN = 256
"""Kinds of files that are remembered."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file holds and how, as far as its header tells."""

    spec: ChunkSpec
    """The array in it."""
    pages: int | None = None
    """Number of pages of a TIFF file."""
    compression: str = ""
    """Name of the codec; empty if not known."""
    levels: tuple[tuple[int, ...], ...] = ()
    """Shapes of the levels of a pyramid, the largest first; empty if there is but one."""


def file_facts(imread: Callable[..., Any], file: File) -> FileFacts:
    """Return what a file holds, from its header where the reader is that of TIFF files.

    Raises
    ------
    Exception
        What reading the header raises; `ValueError` where the file is cut short, or
        nothing here decodes its pixels.
    """
    if isinstance(file, str):
        require_file(file)
    if not isinstance(imread, TiffReader):
        return FileFacts(chunk_spec(imread, file, {}))
    record(headers=1)
    with open_tiff(file, {}) as tif:
        spec = image_of(tif, {"maxworkers": 1}).spec
        series = tif.series[0]
        keyframe = series.keyframe
        codec = tifffile.COMPRESSION(keyframe.compression).name
        try:
            keyframe.decode(None, 0)
        except (ValueError, NotImplementedError) as error:
            raise ValueError(f"nothing decodes its pixels ({codec}): {error}") from error
        levels = tuple(tuple(map(int, level.shape)) for level in series.levels)
        return FileFacts(spec, len(tif.pages), codec, levels if len(levels) > 1 else ())


def require_file(path: str) -> os.stat_result:
    """Return the status of a file; raise `OSError` for a pipe or device, which could hang.

    >>> require_file(os.curdir)
    Traceback (most recent call last):
    ...
    OSError: is no file but a folder
    """
    status = os.stat(path)
    if stat.S_ISREG(status.st_mode):
        return status
    sort = "a folder" if stat.S_ISDIR(status.st_mode) else "a device"
    sort = "a pipe" if stat.S_ISFIFO(status.st_mode) else sort
    raise OSError(f"is no file but {sort}")


@dataclass(frozen=True, slots=True)
class _Kind:
    """What all files of one signature are."""

    facts: FileFacts
    stored: int | None
    """Bytes of their pixels in the file, if these are not compressed."""


class FactReader:
    """Reads the facts of many files, of those of a known kind without tifffile.

    The rule: a file whose directories have a known signature, and whose strips or tiles all
    lie inside of it, is of that kind. All others are given to tifffile.
    """

    def __init__(self, imread: Callable[..., Any]) -> None:
        self.imread = imread
        self._kinds: dict[Hashable, _Kind] = {}

    def __call__(self, file: File) -> FileFacts:
        """Return what a file holds; raises what `file_facts` does."""
        if not isinstance(self.imread, TiffReader) or not isinstance(file, str):
            return file_facts(self.imread, file)
        require_file(file)
        try:
            with RawFile(file) as raw:
                header, size = read_header(raw.get), raw.size
        except EOFError as error:
            return self._cut_short(file, error)
        if header is None:
            return file_facts(self.imread, file)
        signature = header.signature, file.rpartition(".")[2]  # tifffile looks at both
        kind = self._kinds.get(signature)
        if kind is not None and _is_whole(header, size, kind.stored):
            record(headers=1)
            return kind.facts
        facts = file_facts(self.imread, file)
        self._kinds[signature] = _kind(facts, header)
        while len(self._kinds) > KNOWN:
            self._kinds.pop(next(iter(self._kinds)), None)
        return facts

    def _cut_short(self, file: str, end: EOFError) -> FileFacts:
        """Let tifffile say what there is, where the directories seem to end too early."""
        try:
            return file_facts(self.imread, file)
        except Exception as error:
            if "truncated" in str(end) and "not a TIFF" not in str(error):
                raise ValueError(f"file is truncated, in its header: {error}") from error
            raise


def _kind(facts: FileFacts, header: Header) -> _Kind:
    if facts.compression != "NONE":
        return _Kind(facts, None)
    return _Kind(facts, math.prod(facts.spec.shape) * facts.spec.dtype.itemsize)


def _is_whole(header: Header, size: int, stored: int | None) -> bool:
    """Return whether all strips or tiles are there, and inside the file."""
    for offsets, counts in header.pages:
        if not offsets or not all(offsets) or not all(counts):
            return False
        if any(map(size.__lt__, map(int.__add__, offsets, counts))):
            return False
    return stored is None or stored == sum(sum(counts) for _, counts in header.pages)
