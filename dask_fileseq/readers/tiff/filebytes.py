"""Bytes of a file at any position: of a path by system calls, or of an open handle."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

__all__ = ["HEAD", "WHOLE", "ByteSource", "HandleBytes", "PathBytes", "Prefetching", "read_vector"]

WHOLE = 256 * 1024
"""Largest size, in bytes, of a file that is read in one call if all of it is needed."""

HEAD = 16 * 1024
"""Bytes at the beginning of a file that are read first, where its header usually is."""

FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0)

VECTORED = hasattr(os, "preadv")
"""Whether the system reads into several buffers, and at any position, in one call."""


@runtime_checkable
class Prefetching(Protocol):
    """A handle on a remote file that fetches announced bytes together, in few requests."""

    def announce(self, ranges: Sequence[tuple[int, int]], /) -> None:
        """Announce the ranges, pairs of start and stop, that will be read next."""


class HandleBytes:
    """The bytes of a file that is open.

    Parameters
    ----------
    handle
        What is read: a seekable binary file, such as tifffile's `FileHandle`.
    origin
        What `handle` itself reads from: a path or handle. If it is `Prefetching`, the bytes
        that a region needs are announced to it before they are read. Otherwise each strip of
        a remote file would be a request of its own.
    """

    __slots__ = ("_handle", "announce")

    def __init__(self, handle: Any, origin: Any) -> None:
        self._handle = handle
        self.announce = origin.announce if isinstance(origin, Prefetching) else None

    def get(self, offset: int, count: int) -> bytes:
        """Return bytes; raise `ValueError` if the file ends before."""
        self._handle.seek(offset)
        content: bytes = self._handle.read(count)
        if len(content) < count:
            raise ValueError(f"file is truncated: {count - len(content)} bytes are missing")
        return content

    def readinto(self, offset: int, buffer: memoryview) -> None:
        """Fill a buffer; raise `ValueError` if the file ends before."""
        self._handle.seek(offset)
        done = 0
        while done < len(buffer):
            count = self._handle.readinto(buffer[done:])
            if not count:
                raise ValueError(f"file is truncated: {len(buffer) - done} bytes are missing")
            done += count


class PathBytes:
    """The bytes of a local file, whose beginning is in memory.

    Parameters
    ----------
    path : str
        The file.
    whole : int
        Largest size, in bytes, of a file that is read at once.
    """

    __slots__ = ("_file", "_head", "size")
    announce = None

    def __init__(self, path: str, whole: int = HEAD) -> None:
        self._file = os.open(path, FLAGS)
        try:
            self.size = os.fstat(self._file).st_size
            self._head = self._read(self.size if self.size <= whole else HEAD, 0)
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> PathBytes:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def get(self, offset: int, count: int) -> bytes:
        """Return bytes; raise `EOFError` if the file ends before."""
        stop = offset + count
        if stop <= len(self._head):
            return self._head[offset:stop]
        content = self._read(count, offset) if stop <= self.size else b""
        if len(content) != count:
            raise EOFError("file is truncated")
        return content

    def readinto(self, offset: int, buffer: memoryview) -> None:
        """Fill a buffer; raise `EOFError` if the file ends before."""
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


ByteSource = PathBytes | HandleBytes
"""Bytes of a file. What will be read is announced first, unless `announce` is None."""


def read_vector(path: str, buffers: list[Any]) -> int:
    """Fill buffers from the beginning of a file, and return the number of bytes read."""
    file = os.open(path, FLAGS)
    try:
        if VECTORED:
            return os.readv(file, buffers)
        return sum(_readinto(file, memoryview(buffer).cast("B")) for buffer in buffers)
    finally:
        os.close(file)


def _readinto(file: int, buffer: memoryview) -> int:
    """Fill a buffer with the next bytes of a file, without `os.readv`."""
    with open(file, "rb", buffering=0, closefd=False) as stream:
        return stream.readinto(buffer) or 0
