"""Bytes of a local file by system calls: each saved counts where files are small."""

from __future__ import annotations

import os
from typing import Any

__all__ = ["RawFile", "read_vector"]

WHOLE = 256 * 1024
"""Bytes of a file that is read in one go, if all of it is wanted."""

HEAD = 16 * 1024
"""Bytes that are read first of a larger one."""

FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0)

VECTORED = hasattr(os, "preadv")
"""Whether the system reads into several buffers, and at any position, in one call."""


def read_vector(name: str, buffers: list[Any]) -> int:
    """Fill buffers from the beginning of a file, and return the number of bytes read."""
    file = os.open(name, FLAGS)
    try:
        if VECTORED:
            return os.readv(file, buffers)
        return sum(_readinto(file, memoryview(buffer).cast("B")) for buffer in buffers)
    finally:
        os.close(file)


class RawFile:
    """An open file of which the beginning is in memory; all of it up to `whole` bytes."""

    __slots__ = ("_file", "_head", "size")

    def __init__(self, name: str, whole: int = WHOLE) -> None:
        self._file = os.open(name, FLAGS)
        try:
            self.size = os.fstat(self._file).st_size
            self._head = self._read(self.size if self.size <= whole else HEAD, 0)
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> RawFile:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def get(self, offset: int, count: int) -> bytes:
        """Return some bytes, or raise `EOFError`."""
        stop = offset + count
        if stop <= len(self._head):
            return self._head[offset:stop]
        content = self._read(count, offset) if stop <= self.size else b""
        if len(content) != count:
            raise EOFError("file is truncated")
        return content

    def readinto(self, offset: int, buffer: memoryview) -> None:
        """Fill a buffer of bytes, or raise `EOFError`."""
        stop = offset + len(buffer)
        if stop <= len(self._head):
            buffer[:] = self._head[offset:stop]
            return
        if VECTORED:
            count = os.preadv(self._file, [buffer], offset)
        else:
            os.lseek(self._file, offset, os.SEEK_SET)
            count = _readinto(self._file, buffer)
        if count != len(buffer):
            raise EOFError("file is truncated")

    def _read(self, count: int, offset: int) -> bytes:
        if VECTORED:
            return os.pread(self._file, count, offset)
        os.lseek(self._file, offset, os.SEEK_SET)
        return os.read(self._file, count)


def _readinto(file: int, buffer: memoryview) -> int:
    """Fill a buffer with the next bytes of a file, without `os.readv`."""
    with open(file, "rb", buffering=0, closefd=False) as stream:
        return stream.readinto(buffer) or 0
