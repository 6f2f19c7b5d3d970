"""Read-only, seekable files: parts of other files, bytes in memory, bytes fetched by range.

The problem with ranges: a reader makes many small reads, and each request takes as long as the
transfer of many kilobytes. The idea: a read fetches at least a block; and a reader announces the
ranges that it will read, which are merged where they are near, and fetched at the same time when
the first of them is read. Bytes in memory are not fetched again, and their number is bounded.
"""

from __future__ import annotations

import io
import os
import sys
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, takewhile
from operator import itemgetter
from typing import IO, Any, BinaryIO, cast

from dask_fileseq.files.limits import too_large

Range = tuple[int, int]
"""Start and stop, in bytes."""

Fetch = Callable[[Sequence[Range]], Sequence[bytes]]

STEP = 64 * 1024
"""Smallest number of bytes to decompress at a time."""

BLOCK = 32 * 1024
"""Smallest number of bytes to fetch: in most TIFF files, these hold all but the pixels."""

GROWTH = 5
"""How often the size of a block doubles while reads are so near that such a block holds several."""

GAP = 16 * 1024
"""Largest gap, in bytes, over which two ranges are merged into one request.

A request costs as much time as the transfer of this many bytes, or more. In a narrow crop of an
uncompressed image, gaps are longer than rows, so that many times the bytes of the crop may come;
but each row would be a request, and object stores answer no request for several ranges.
"""

PART = 16 * 2**20
"""Largest number of bytes of a request; several requests fetch more at the same time."""

BATCH = 64 * 2**20
"""Largest number of bytes of announced ranges that are fetched, and in memory, at a time."""

KEPT = 8 * 2**20
"""Largest number of bytes of other blocks that stay in memory."""


class FileObject(io.RawIOBase):
    """A read-only, seekable file of known size; a subclass implements `_fill`."""

    def __init__(self, size: int, name: str, file: Any = None) -> None:
        super().__init__()
        self.size = size
        self.name = name
        self._file = file
        """The file that is read, and closed with this one."""
        self._at = 0

    def close(self) -> None:
        """Close this file, and the one that it reads."""
        if self._file is not None:
            self._file.close()
        super().close()

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a position, and return it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError(f"there is no position {base + offset}")
        self._at = base + offset
        return self._at

    def readall(self) -> bytes:
        """Return all bytes to the end."""
        return self.read(max(0, self.size - self._at)) or b""

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer as far as the file goes, and return the number of bytes."""
        view = memoryview(buffer).cast("B")[: max(0, self.size - self._at)]
        count = self._fill(view, self._at)
        self._at += count
        return count

    def _fill(self, view: memoryview, start: int) -> int:
        """Fill a buffer with the bytes from a position on, and return their number."""
        raise NotImplementedError


class Section(FileObject):
    """A part of another file, which is closed with it."""

    def __init__(self, file: BinaryIO, start: int, size: int, name: str) -> None:
        super().__init__(size, name, file)
        self._start = start

    def _fill(self, view: memoryview, start: int) -> int:
        self._file.seek(self._start + start)
        return self._file.readinto(view) or 0

    def announce(self, ranges: Sequence[Range]) -> None:
        """Set the ranges that will be read of a part of a `RangeFile`."""
        offset = self._start
        self._file.announce([(offset + a, offset + min(b, self.size)) for a, b in ranges])


class NamedBytesIO(io.BytesIO):
    """Bytes in memory, with the name of their file."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


class MemoryFile(FileObject):
    """A file whose bytes are in memory, or mapped into it; all handles share these bytes."""

    def __init__(self, content: Any, name: str) -> None:
        super().__init__(len(content), name)
        self._content = content

    def _fill(self, view: memoryview, start: int) -> int:
        view[:] = memoryview(self._content)[start : start + len(view)]
        return len(view)


class DecompressedFile(FileObject):
    """The content of a stream that only goes forward, kept in memory as far as it was read.

    It may grow to `limit` bytes, in steps of at most `step` bytes.
    """

    def __init__(
        self, stream: IO[bytes], size: int, name: str, limit: int, step: int = sys.maxsize
    ) -> None:
        super().__init__(size, name, stream)
        self._content = bytearray()
        self._limit = limit
        self._step = step

    def finish(self) -> None:
        """Read what is left, but not much, so that the checksum is compared at the end."""
        if not self.closed:
            self._read_to(min(self.size, len(self._content) + KEPT))

    def _fill(self, view: memoryview, start: int) -> int:
        self._read_to(start + len(view))
        with memoryview(self._content) as content:
            view[:] = content[start : start + len(view)]
        return len(view)

    def _read_to(self, stop: int) -> None:
        """Read the stream as far as a position."""
        if stop > self._limit:
            raise too_large(self.name, self._limit)
        while (missing := stop - len(self._content)) > 0:
            more = self._file.read(min(max(STEP, missing), self._step))
            if not more:
                raise EOFError(
                    f"{self.name!r} ends after {len(self._content)} of {self.size} bytes"
                )
            self._content += more
        if len(self._content) == self.size:
            self._file.read(1)  # at its end, an archive compares the checksum


class RangeFile(FileObject):
    """A file that is read by fetching ranges of it.

    `fetch` takes pairs of start and stop, in bytes, and returns the bytes of each pair. `head`
    holds the first bytes of the file, if they were fetched already.
    """

    def __init__(self, fetch: Fetch, size: int, head: bytes = b"", name: str = "") -> None:
        super().__init__(size, name)
        self.head = head
        """The first bytes of the file, which stay in memory."""
        self._fetch = fetch
        self._blocks: list[tuple[int, bytes]] = [(0, head)]
        self._batch: list[tuple[int, bytes]] = []
        self._announced: list[Range] = []
        self._reads = 0
        self._stop = 0

    def announce(self, ranges: Sequence[Range]) -> None:
        """Set the ranges that will be read, best from the first to the last."""
        self._announced = []
        for first, stop in merged([(a, min(b, self.size)) for a, b in ranges], GAP):
            start = first
            while (piece := self._in_memory(start)) is not None:
                start += len(piece)
            self._announced += [(a, min(a + PART, stop)) for a in range(start, stop, PART)]

    def _fill(self, view: memoryview, start: int) -> int:
        filled = 0
        while filled < len(view):
            piece = self._in_memory(start + filled)
            if piece is None:
                self._load(start + filled, start + len(view))
                continue
            piece = piece[: len(view) - filled]
            view[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled

    def _in_memory(self, position: int) -> memoryview | None:
        """Return the bytes in memory from a position on; None if it is not in memory."""
        first = bisect_right(self._batch, position, key=itemgetter(0)) - 1
        for at, content in (*self._batch[first : first + 1], *self._blocks):
            if at <= position < at + len(content):
                return memoryview(content)[position - at :]
        return None

    def _load(self, start: int, stop: int) -> None:
        """Fetch at least the byte at `start`: announced ranges, or a block."""
        first = bisect_right(self._announced, (start, self.size)) - 1
        if first >= 0 and start < self._announced[first][1]:
            self._load_announced(first)
            return
        if abs(start - self._stop) > BLOCK << GROWTH:
            self._reads = 0
        block = min(BLOCK << min(self._reads // 2, GROWTH), BATCH)
        self._reads += 1
        if stop - start < block:
            stop = min(self.size, start + block)
            if stop == self.size and self._in_memory(start - 1) is None:
                start = max(0, stop - block)  # the next read may be of what is before the end
        self._stop = min(stop, start + BATCH)
        self._blocks += self._fetched([(start, self._stop)])
        while sum(len(content) for _, content in self._blocks[1:-1]) > KEPT:
            del self._blocks[1]

    def _load_announced(self, first: int) -> None:
        """Fetch announced ranges from a certain one on, as many as may be in memory."""
        ranges = self._announced[first:]
        sizes = accumulate(stop - start for start, stop in ranges)
        batch = ranges[: max(1, sum(1 for _ in takewhile(BATCH.__ge__, sizes)))]
        self._batch = []  # free the memory before more comes
        self._batch = self._fetched(batch)

    def _fetched(self, ranges: Sequence[Range]) -> list[tuple[int, bytes]]:
        """Return the start and the bytes of each range."""
        blocks = []
        for (start, stop), content in zip(ranges, self._fetch(ranges), strict=True):
            if len(content) != stop - start:
                raise EOFError(
                    f"{self.name!r}: {len(content)} bytes came for {stop - start} from {start} on"
                )
            blocks.append((start, content))
        return blocks


def section(file: BinaryIO, start: int, size: int, name: str) -> BinaryIO:
    """Return a part of a file: buffered, or taking announcements if the file does."""
    part = Section(file, start, size, name)
    return cast(BinaryIO, part) if isinstance(file, RangeFile) else io.BufferedReader(part)


def merged(ranges: Sequence[Range], gap: int) -> list[Range]:
    """Return ranges in order; those with a gap of at most `gap` bytes become one.

    >>> merged([(30, 40), (0, 10), (12, 20), (5, 5)], 4)
    [(0, 20), (30, 40)]
    """
    result: list[Range] = []
    for start, stop in sorted(ranges):
        if stop <= start:
            continue
        if result and start <= result[-1][1] + gap:
            result[-1] = (result[-1][0], max(stop, result[-1][1]))
        else:
            result.append((start, stop))
    return result
