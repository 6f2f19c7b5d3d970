"""The header of the file before, so that one with the same bytes is not parsed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dask_fileseq.readers.tiff.byteranges import HEAD, ByteSource
from dask_fileseq.readers.tiff.signature import Header, read_header

MISSES = 16
"""After so many headers that did not equal the one before, only one in so many is kept."""


@dataclass(slots=True)
class RecentHeader:
    """The header of the file before, which the next one is likely to equal in all bytes.

    `read_header` takes bytes from directories and their values alone, `Header.extents`. A file in
    which all of these are the same, at the same places, has the same header, as to parse it again
    would show. The size of the file is not part of it. Where headers differ, fewer are kept.
    """

    _header: Header | None = None
    _pieces: Sequence[tuple[int, bytes]] = ()
    _misses: int = 0

    def of(self, source: ByteSource) -> Header | None:
        """Return the header of a file, as `read_header` does."""
        if self._pieces and source.holds(self._pieces):
            self._misses = 0
        else:
            self._header, self._pieces = read_header(source.get), []
            self._misses += 1
            extents = [] if self._header is None else self._header.extents
            is_worth_it = self._misses < MISSES or self._misses % MISSES == 0
            if is_worth_it and all(stop <= HEAD for _, stop in extents):  # else it is not in memory
                self._pieces = [(start, source.get(start, stop - start)) for start, stop in extents]
        return self._header
