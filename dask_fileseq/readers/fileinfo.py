"""What the header of one TIFF file contains, and whether the file is complete.

Of files like one that tifffile has opened, only the directories are read; see `headers`.
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Hashable
from dataclasses import dataclass

import tifffile

from dask_fileseq.readers.counters import record
from dask_fileseq.readers.headers import Header, read_header
from dask_fileseq.readers.opening import open_tiff
from dask_fileseq.readers.rawfile import RawFile
from dask_fileseq.readers.reader import File, FileInfo
from dask_fileseq.readers.tiffimage import image_of

__all__ = ["inspect_tiff", "require_file"]

KNOWN = 256
"""Kinds of files that are remembered."""


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

    info: FileInfo
    stored: int | None
    """Bytes of their pixels in the file, if these are not compressed."""


_kinds: dict[Hashable, _Kind] = {}


def inspect_tiff(file: File) -> FileInfo:
    """Return what a TIFF file contains, from its header.

    A file whose directories have the signature of one that tifffile has opened before, and
    whose strips or tiles are all inside the file, is of the same kind. tifffile opens all
    others.

    Raises
    ------
    Exception
        What reading the header raises; `ValueError` where the file is truncated, or
        nothing here decodes its pixels.
    """
    if not isinstance(file, str):
        return _by_tifffile(file)
    require_file(file)
    try:
        with RawFile(file) as raw:
            header, size = read_header(raw.get), raw.size
    except EOFError as error:
        return _cut_short(file, error)
    if header is None:
        return _by_tifffile(file)
    signature = header.signature, file.rpartition(".")[2]  # tifffile looks at both
    kind = _kinds.get(signature)
    if kind is not None and _is_whole(header, size, kind.stored):
        record(headers=1)
        return kind.info
    info = _by_tifffile(file)
    _kinds[signature] = _kind(info, header)
    while len(_kinds) > KNOWN:
        _kinds.pop(next(iter(_kinds)), None)
    return info


def _by_tifffile(file: File) -> FileInfo:
    """Return what a file contains, as tifffile opens it."""
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
        levels = levels if len(levels) > 1 else ()
        return FileInfo(spec, pages=len(tif.pages), compression=codec, levels=levels)


def _cut_short(file: str, end: EOFError) -> FileInfo:
    """Let tifffile open a file whose directories seem to end too early."""
    try:
        return _by_tifffile(file)
    except Exception as error:
        if "truncated" in str(end) and "not a TIFF" not in str(error):
            raise ValueError(f"file is truncated, in its header: {error}") from error
        raise


def _kind(info: FileInfo, header: Header) -> _Kind:
    if info.compression != "NONE":
        return _Kind(info, None)
    return _Kind(info, math.prod(info.spec.shape) * info.spec.dtype.itemsize)


def _is_whole(header: Header, size: int, stored: int | None) -> bool:
    """Return whether all strips or tiles are there, and inside the file."""
    for offsets, counts in header.pages:
        if not offsets or not all(offsets) or not all(counts):
            return False
        if any(map(size.__lt__, map(int.__add__, offsets, counts))):
            return False
    return stored is None or stored == sum(sum(counts) for _, counts in header.pages)
