"""A seekable file whose bytes are fetched by range. No network here.

The problem: a reader makes many small reads, and each request takes as long as the transfer of
many kilobytes. The idea: a read fetches at least a block; and a reader announces the ranges
that it will read, which are merged where they are near, and fetched at the same time when the
first of them is read. No byte is fetched twice, as long as it is in memory, which is bounded.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any, BinaryIO, cast

from dask_fileseq.files.fileobjects import FileObject, Range, Section

__all__ = ["BLOCK", "RangeFile", "merged", "section"]

BLOCK = 32 * 1024
"""Smallest number of bytes to fetch: in most TIFF files, these hold all but the pixels."""

GROWTH = 5
"""How often the size of a block doubles, if headers are all over a file.

Not if they are so far apart that even the largest block would hold but one of them, as
in a TAR file of large members.
"""

GAP = 16 * 1024
"""Largest gap, in bytes, over which two ranges are merged into one request.

A request costs as much time as the transfer of this many bytes, or more. Between tiles and
strips, the gaps are less than what is needed. Rows of a narrow crop of an uncompressed image
are shorter than the gaps between them, so that many times the bytes of the crop may come; but
each row by itself would be a request, and object stores answer no request for several ranges.
"""

PART = 16 * 2**20
"""Largest number of bytes of a request; several requests fetch more at the same time."""

BATCH = 64 * 2**20
"""Largest number of bytes of announced ranges that are fetched, and in memory, at a time."""

KEPT = 8 * 2**20
"""Largest number of bytes of other blocks that stay in memory."""


class RangeFile(FileObject):
    """A file of which any ranges can be fetched.

    Parameters
    ----------
    fetch : callable
        Takes pairs of start and stop, and returns the bytes of each.
    size : int
        Size of the file, in bytes.
    head : bytes
        The first bytes of the file, if they were fetched already.
    name : str
        Name of the file.
    """

    def __init__(
        self,
        fetch: Callable[[Sequence[Range]], Sequence[bytes]],
        size: int,
        head: bytes = b"",
        name: str = "",
    ) -> None:
        super().__init__(size, name)
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

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer as far as the file goes, and return the number of bytes."""
        start = self._at
        view = self._next(buffer)
        done = 0
        for piece in self._pieces(start, self._at):
            view[done : done + len(piece)] = piece
            done += len(piece)
        return done

    def _pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        """Yield a range in parts, each fetched if it is not in memory."""
        while start < stop:
            piece = self._in_memory(start)
            if piece is None:
                self._load(start, stop)
                continue
            yield piece[: stop - start]
            start += len(piece)

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
        (content,) = self._fetched([(start, self._stop)])
        self._blocks.append((start, content))
        while sum(len(content) for _, content in self._blocks[1:-1]) > KEPT:
            del self._blocks[1]

    def _load_announced(self, first: int) -> None:
        """Fetch announced ranges from a certain one on, as many as may be in memory."""
        batch: list[Range] = []
        size = 0
        for start, stop in self._announced[first:]:
            size += stop - start
            if batch and size > BATCH:
                break
            batch.append((start, stop))
        self._batch = []  # free the memory before more comes
        contents = self._fetched(batch)
        self._batch = [(start, data) for (start, _), data in zip(batch, contents, strict=True)]

    def _fetched(self, ranges: Sequence[Range]) -> Sequence[bytes]:
        contents = self._fetch(ranges)
        for (start, stop), content in zip(ranges, contents, strict=True):
            if len(content) != stop - start:
                raise EOFError(
                    f"{self.name!r}: {len(content)} bytes came for {stop - start} from {start} on"
                )
        return contents


class RangeSection(Section):
    """A part of a file that is fetched by range."""

    _file: Any

    def announce(self, ranges: Sequence[Range]) -> None:
        """Set the ranges that will be read."""
        offset = self._start
        self._file.announce([(offset + a, offset + min(b, self.size)) for a, b in ranges])


def section(file: BinaryIO, start: int, size: int, name: str) -> BinaryIO:
    """Return a part of a file: buffered, or taking announcements if the file does."""
    if isinstance(file, RangeFile):
        return cast(BinaryIO, RangeSection(file, start, size, name))
    return io.BufferedReader(Section(file, start, size, name))


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
