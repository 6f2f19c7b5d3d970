"""A seekable handle on bytes that are fetched by range. No network here.

The rule: each byte is fetched once, and what is near comes along. The beginning is there
from the start; elsewhere, a read brings a block; and ranges that were announced are
joined where they are near, and fetched together when the first of them is read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from dask_fileseq.files.handles import Handle, Range

__all__ = ["BLOCK", "RangeFile", "joined"]

BLOCK = 32 * 1024
"""Bytes that are fetched at least: of most TIFF files, they hold all but the pixels."""

GROWTH = 5
"""How often the size of a block doubles, where headers lie all over a file.

Not where they lie so far apart that even the largest block would hold but one of them, as
in a TAR file of large members.
"""

GAP = 16 * 1024
"""Bytes between two ranges that are fetched rather than asked around.

A request costs as much time as these, or more, so no more than these come in vain for each
request that is saved. Of tiles and strips, that is less than what is needed. The rows of a
narrow crop of an uncompressed image are shorter than what lies between them, so that many
times the bytes of the crop may come; but each row by itself would be a request, and stores
of objects answer no request for several ranges.
"""

PART = 16 * 2**20
"""Bytes that one request asks for at most; more are fetched by several at a time."""

BATCH = 64 * 2**20
"""Bytes of announced ranges that are fetched, and in memory, at a time."""

KEPT = 8 * 2**20
"""Bytes of blocks that stay in memory."""

Fetch = Callable[[Sequence[Range]], Sequence[bytes]]


class RangeFile(Handle):
    """A handle on a file of which any ranges can be fetched.

    Parameters
    ----------
    fetch : callable
        Takes pairs of start and stop, and returns the bytes of each.
    size : int
        Of the file.
    head : bytes
        What the file begins with, as far as it is known.
    name : str
        Of the file.
    """

    def __init__(self, fetch: Fetch, size: int, head: bytes = b"", name: str = "") -> None:
        super().__init__(size, name)
        self._fetch = fetch
        self._kept: list[tuple[int, bytes]] = [(0, head)]
        self._batch: list[tuple[int, bytes]] = []
        self._announced: list[Range] = []
        self._blocks = 0
        self._stop = 0

    def announce(self, ranges: Sequence[Range]) -> None:
        """Say which bytes will be read, best from the first to the last."""
        self._announced = []
        for first, stop in joined([(a, min(b, self.size)) for a, b in ranges], GAP):
            start = first
            while (piece := self._held(start)) is not None:
                start += len(piece)
            self._announced += [(a, min(a + PART, stop)) for a in range(start, stop, PART)]

    def _get(self, start: int, count: int) -> bytes:
        return b"".join(self._pieces(start, start + count))

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer as far as the file goes, without a second copy of all of it."""
        view = memoryview(buffer).cast("B")
        done = 0
        for piece in self._pieces(self._at, min(self._at + len(view), self.size)):
            view[done : done + len(piece)] = piece
            done += len(piece)
        self._at += done
        return done

    def _pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        """Yield a range in parts, each fetched if it is not in memory."""
        while start < stop:
            piece = self._held(start)
            if piece is None:
                self._load(start, stop)
                continue
            yield piece[: stop - start]
            start += len(piece)

    def _held(self, position: int) -> memoryview | None:
        """Return what is in memory from a position on; None if nothing is."""
        first = bisect_right(self._batch, position, key=itemgetter(0)) - 1
        for at, content in (*self._batch[first : first + 1], *self._kept):
            if at <= position < at + len(content):
                return memoryview(content)[position - at :]
        return None

    def _load(self, start: int, stop: int) -> None:
        """Fetch at least the byte at `start`."""
        first = bisect_right(self._announced, (start, self.size)) - 1
        if first >= 0 and start < self._announced[first][1]:
            self._load_announced(first)
            return
        if abs(start - self._stop) > BLOCK << GROWTH:
            self._blocks = 0
        block = min(BLOCK << min(self._blocks // 2, GROWTH), BATCH)
        self._blocks += 1
        if stop - start < block:
            stop = min(self.size, start + block)
            if stop == self.size and self._held(start - 1) is None:
                start = max(0, stop - block)  # what is at the end may be read from its middle
        self._stop = min(stop, start + BATCH)
        (content,) = self._fetched([(start, self._stop)])
        self._kept.append((start, content))
        while sum(len(content) for _, content in self._kept[1:-1]) > KEPT:
            del self._kept[1]

    def _load_announced(self, first: int) -> None:
        """Fetch announced ranges from a certain one on, as many as may be in memory."""
        batch: list[Range] = []
        size = 0
        for start, stop in self._announced[first:]:
            size += stop - start
            if batch and size > BATCH:
                break
            batch.append((start, stop))
        self._batch = []  # let go before more comes
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


def joined(ranges: Sequence[Range], gap: int) -> list[Range]:
    """Return ranges in order, those with at most `gap` bytes between them as one.

    >>> joined([(30, 40), (0, 10), (12, 20), (5, 5)], 4)
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
