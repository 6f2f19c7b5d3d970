"""Inspection of single files, on any worker; problems are returned, not raised.

Special files (pipes, devices) are never opened: that could block forever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dask_fileseq.files import Source, require_file
from dask_fileseq.readers import FileInfo, Reader, difference_otherwise, read_whole

Stat = tuple[int, int]
"""Size in bytes, and time of modification in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """The result for one file."""

    info: FileInfo | None = None
    """What the file contains, if it can be read."""
    problem: str = ""
    """Kind of the problem, or empty."""
    detail: str = ""
    """The problem in words."""
    stat: Stat | None = None
    """Status of a local file before it was read; None for other files."""


def inspect_files(
    names: Sequence[str], source: Source, reader: Reader, pixels: bool
) -> list[Inspection]:
    """Read the headers of some files, and with `pixels` also all their pixels."""
    compared: set[Any] = set()
    return [_inspect_file(name, source, reader, pixels, compared) for name in names]


def _inspect_file(
    name: str, source: Source, reader: Reader, pixels: bool, compared: set[Any]
) -> Inspection:
    """Inspect one file; `compared` has the kinds of files that were read in two ways."""
    stat = None
    try:
        with source.open_whole(name) if pixels else source.open(name) as file:
            if isinstance(file, str):
                stat = size_and_time(file)
                if not stat[0]:
                    return Inspection(None, "empty", "has no bytes", stat)
            info = reader.inspect(file)
            if pixels:
                image = read_whole(reader, file, info.spec)
                kind = info.spec, info.compression, info.pages
                if kind not in compared:
                    compared.add(kind)
                    if found := difference_otherwise(reader, file, info.spec, image):
                        return Inspection(None, "differs", found, stat)
            return Inspection(info, stat=stat)
    except FileNotFoundError:
        return Inspection(None, "gone", "there is no such file")
    except Exception as error:  # also MemoryError: a damaged header may ask for any size
        reason = error.strerror if isinstance(error, OSError) else None  # without name of file
        detail = " ".join((reason or str(error)).split()) or type(error).__name__
        is_cut = isinstance(error, EOFError) or "truncated" in detail
        return Inspection(None, "truncated" if is_cut else "unreadable", detail, stat)


def size_and_time(path: str) -> Stat:
    """Return the status of a file; raise `OSError` if it is a folder, pipe or device."""
    status = require_file(path)
    return status.st_size, status.st_mtime_ns
