"""Read-only, seekable binary files: parts of other files, and bytes in memory."""

from __future__ import annotations

import io
import os
from typing import IO, Any, BinaryIO

__all__ = ["DecompressedFile", "FileObject", "MemoryFile", "NamedBytesIO", "Range", "Section"]

Range = tuple[int, int]
"""Start and stop, in bytes."""

STEP = 64 * 1024
"""Smallest number of bytes to decompress at a time."""


class FileObject(io.RawIOBase):
    """A read-only, seekable file of known size; a subclass implements `readinto`."""

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
        buffer = bytearray(left if size is None or size < 0 else min(size, left))
        count = self.readinto(buffer)
        return bytes(memoryview(buffer)[:count])

    def readall(self) -> bytes:
        """Return all bytes to the end."""
        return self.read()

    def _next(self, buffer: Any) -> memoryview:
        """Return the part of a buffer that the next bytes fill, and go behind these bytes."""
        view = memoryview(buffer).cast("B")[: max(0, self.size - self._at)]
        self._at += len(view)
        return view


class Section(FileObject):
    """A part of another file, which is closed with it."""

    def __init__(self, file: BinaryIO, start: int, size: int, name: str) -> None:
        super().__init__(size, name)
        self._file = file
        self._start = start

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer as far as the part goes, without a copy."""
        view = memoryview(buffer).cast("B")[: max(0, self.size - self._at)]
        self._file.seek(self._start + self._at)
        count: int = self._file.readinto(view) or 0  # type: ignore[attr-defined]
        self._at += count
        return count

    def close(self) -> None:
        """Close the other file, too."""
        self._file.close()
        super().close()


class NamedBytesIO(io.BytesIO):
    """Bytes in memory, with the name of their file."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


class MemoryFile(FileObject):
    """Bytes that are mapped into memory, without a copy for each of their files."""

    def __init__(self, content: Any, name: str) -> None:
        super().__init__(len(content), name)
        self._content = content

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer with the next bytes, and return their number."""
        start = self._at
        view = self._next(buffer)
        view[:] = memoryview(self._content)[start : self._at]
        return len(view)


class DecompressedFile(FileObject):
    """The content of a stream that only goes forward, kept in memory as far as it was read."""

    def __init__(self, stream: IO[bytes], size: int, name: str) -> None:
        super().__init__(size, name)
        self._stream = stream
        self._content = bytearray()

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer with the next bytes, and return their number."""
        start = self._at
        view = self._next(buffer)
        while len(self._content) < self._at:
            more = self._stream.read(max(STEP, self._at - len(self._content)))
            if not more:
                raise EOFError(
                    f"{self.name!r} ends after {len(self._content)} of {self.size} bytes"
                )
            self._content += more
        if len(self._content) == self.size:
            self._stream.read(1)  # at its end, an archive compares the checksum
        with memoryview(self._content) as content:
            view[:] = content[start : self._at]
        return len(view)

    def close(self) -> None:
        """Close the stream, too."""
        self._stream.close()
        super().close()
