"""One batch of files, looked at: runs on any worker, raises nothing.

Special files (pipes, devices) are never opened: that could hang.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dask_fileseq.files import Source
from dask_fileseq.readers import FileInfo, Reader, require_file, whole_region

__all__ = ["Seen", "look_at", "size_and_time"]

Stat = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found in one file."""

    info: FileInfo | None = None
    """What it holds, if it can be read."""
    problem: str = ""
    """What kind of problem it has; empty if none."""
    detail: str = ""
    """What is wrong, in words."""
    stat: Stat | None = None
    """Size and time of change before it was read; None if it is no local file."""
    path: str = ""
    """Where it was opened, if it is a local file."""


def look_at(names: Sequence[str], source: Source, reader: Reader, pixels: bool) -> list[Seen]:
    """Return what is found in each of some files: in their headers, or also in their pixels."""
    return [_look_at_one(name, source, reader, pixels) for name in names]


def size_and_time(path: str) -> Stat:
    """Return the size of a file, and when it changed."""
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


def _look_at_one(name: str, source: Source, reader: Reader, pixels: bool) -> Seen:
    before, path = None, ""
    try:
        with source.open(name) as file:
            if isinstance(file, str):
                path, status = file, require_file(file)
                before = status.st_size, status.st_mtime_ns
                if not status.st_size:
                    return Seen(None, "empty", "has no bytes", before, path)
            found = reader.inspect(file)
            if pixels:
                _read_pixels(file, reader, found)
            return Seen(found, stat=before, path=path)
    except FileNotFoundError:
        return Seen(None, "gone", "there is no such file")
    except Exception as error:  # a damaged header may ask for more memory than there is
        reason = getattr(error, "strerror", None) or str(error)  # without number and name
        detail = " ".join(str(reason).split()) or type(error).__name__
        problem = "truncated" if _is_truncation(error, detail) else "unreadable"
        return Seen(None, problem, detail, before, path)


def _read_pixels(file: Any, reader: Reader, info: FileInfo) -> None:
    """Read all pixels of a file; raise what is wrong with it."""
    out = np.empty(info.spec.shape, info.spec.dtype)
    if isinstance(file, str) and reader.read_files([file], info.spec, [out]):
        return
    if out.size:
        reader.read_region(file, info.spec, whole_region(out.shape), out)


def _is_truncation(error: Exception, detail: str) -> bool:
    return isinstance(error, EOFError) or "truncated" in detail
