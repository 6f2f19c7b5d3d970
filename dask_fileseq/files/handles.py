"""Seekable binary handles on parts of files."""

from __future__ import annotations

import io
import os
import threading
import weakref
from collections.abc import Sequence
from typing import IO, Any, BinaryIO, cast

__all__ = ["Handle", "Range", "Spool", "Unpacked", "Window", "window"]

Range = tuple[int, int]

CHUNK = 64 * 1024
"""Bytes that are unpacked at a time."""


class Handle(io.RawIOBase):
    """A handle of known size; a subclass says how bytes are read."""

    def __init__(self, size: int, name: str) -> None:
        super().__init__()
        self.size = size
        self.name = name
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a position, and return it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError(f"there is no position {base + offset}")
        self._at = base + offset
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes, fewer at the end."""
        left = max(0, self.size - self._at)
        content = self._get(self._at, left if size is None or size < 0 else min(size, left))
        self._at += len(content)
        return content

    def readall(self) -> bytes:
        """Return all bytes to the end."""
        return self.read()

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer with the next bytes, and return their number."""
        view = memoryview(buffer).cast("B")
        content = self.read(len(view))
        view[: len(content)] = content
        return len(content)

    def _get(self, start: int, count: int) -> bytes:
        """Return bytes, of which none are behind the end."""
        raise NotImplementedError


class Window(Handle):
    """A part of another handle, which it closes with itself."""

    def __init__(self, handle: BinaryIO, start: int, size: int, name: str) -> None:
        super().__init__(size, name)
        self._handle = handle
        self._start = start

    def _get(self, start: int, count: int) -> bytes:
        self._handle.seek(self._start + start)
        return self._handle.read(count)

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer as far as the part goes, without a copy."""
        view = memoryview(buffer).cast("B")[: max(0, self.size - self._at)]
        self._handle.seek(self._start + self._at)
        count: int = self._handle.readinto(view) or 0  # type: ignore[attr-defined]
        self._at += count
        return count

    def buffered(self) -> BinaryIO:
        """Return a handle for many small reads."""
        return io.BufferedReader(self)

    def close(self) -> None:
        """Close the other handle."""
        self._handle.close()
        super().close()


class RemoteWindow(Window):
    """A part of a handle that fetches bytes from afar, and keeps them."""

    def buffered(self) -> BinaryIO:
        """Return this handle."""
        return cast(BinaryIO, self)

    def announce(self, ranges: Sequence[Range]) -> None:
        """Say which bytes will be read."""
        start = self._start
        handle: Any = self._handle
        handle.announce([(start + a, start + min(b, self.size)) for a, b in ranges])


def window(handle: BinaryIO, start: int, size: int, name: str) -> Window:
    """Return a part of a handle, which wants to know what will be read if the handle does."""
    kind = RemoteWindow if hasattr(handle, "announce") else Window
    return kind(handle, start, size, name)


class Unpacked(Handle):
    """What a stream that only goes forward gives, kept in memory as far as it was read."""

    def __init__(self, stream: IO[bytes], size: int, name: str) -> None:
        super().__init__(size, name)
        self._stream = stream
        self._done = bytearray()

    def _get(self, start: int, count: int) -> bytes:
        while len(self._done) < start + count:
            more = self._stream.read(max(CHUNK, start + count - len(self._done)))
            if not more:
                raise EOFError(f"{self.name!r} ends after {len(self._done)} of {self.size} bytes")
            self._done += more
        if len(self._done) == self.size:
            self._stream.read(1)  # at its end, an archive looks at the checksum
        return bytes(self._done[start : start + count])

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
        super().close()


class Spool:
    """An unnamed temporary file that many threads read; it ends with its process."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self._lock = threading.Lock()
        weakref.finalize(self, file.close)

    def open(self) -> BinaryIO:
        """Return a handle with a position of its own."""
        return SpoolFile(self)  # type: ignore[return-value]

    def read(self, start: int, count: int) -> bytes:
        """Return bytes."""
        with self._lock:
            self.file.seek(start)
            return self.file.read(count)

    def size(self) -> int:
        """Return how many bytes there are."""
        with self._lock:
            return self.file.seek(0, os.SEEK_END)


class SpoolFile(Handle):
    """A handle on a spool."""

    def __init__(self, spool: Spool) -> None:
        super().__init__(spool.size(), "spool")
        self._spool = spool

    def _get(self, start: int, count: int) -> bytes:
        return self._spool.read(start, count)
