"""The header of a TIFF file, and how to recognize files with the same one.

A TIFF file may be read without tifffile if it is like one that tifffile has read. The
signature decides that: two files with the same signature differ, as far as tifffile can
detect, only in the places of directories and pixels, in dates, and in descriptions that
tifffile does not interpret. All other tags are part of the signature with their values, also
those that this parser does not interpret. It has no header for files that it cannot parse.

A `FileTemplate` recognizes files that are the same in all bytes but the pixels, without parsing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from operator import add
from struct import Struct, unpack
from types import FunctionType
from typing import Any

import numpy as np
import tifffile

from dask_fileseq.readers.chunk import Array
from dask_fileseq.readers.tiff.byteranges import ByteSource, read_vector

MAX_PAGES = 64
MAX_TAGS = 256

MAX_REST = 64 * 1024
"""Most bytes outside of the pixels that are worth comparing."""

MAX_EXTENTS = 32
"""Most extents of pixels that one vectored read takes."""

DESCRIPTION, DATETIME, SUBIFDS = 270, 306, 330
SEGMENT_TAGS = {273: 0, 324: 0, 279: 1, 325: 1}
"""Tags with the offsets (0) and byte counts (1) of strips and tiles."""

ITEMS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8, 17: 8}
"""Bytes of one item of each type of tag."""

UNSIGNED = {3: "H", 4: "I", 16: "Q"}

Get = Callable[[int, int], bytes]
Extents = list[tuple[int, int]]

PageSegments = tuple[Sequence[int], Sequence[int]]
"""The offsets and the byte counts of the strips or tiles of a page."""


@dataclass(frozen=True)
class Header:
    """The directories of a file."""

    signature: tuple[Any, ...]
    """Equal for files that are read in the same way."""
    pages: tuple[PageSegments, ...]
    """The strips or tiles of each page."""
    extents: Extents
    """Start and stop of directories, and of values stored outside of them."""
    stop: int
    """Position behind the last strip or tile."""
    is_sparse: bool
    """Whether strips or tiles are missing or empty."""
    date: bytes = b""
    """Value of the first page's tag ``DateTime``, which is not part of the signature."""

    @cached_property
    def pixels(self) -> list[tuple[int, int]]:
        """Offset and size of the pixels of each page; (0, 0) if its strips do not touch."""
        return [_joined(*page) for page in self.pages]


def _joined(offsets: Sequence[int], counts: Sequence[int]) -> tuple[int, int]:
    """Return offset and size of strips that follow each other without gaps, else zeros."""
    if not all(offsets) or not all(counts):
        return 0, 0
    stop = offsets[0]
    for offset, count in zip(offsets, counts, strict=True):
        if offset != stop:
            return 0, 0
        stop += count
    return offsets[0], stop - offsets[0]


@dataclass(frozen=True, slots=True)
class _Format:
    """The encoding of a kind of TIFF file."""

    order: str
    first: int
    """Position of the offset to the first directory."""
    count: Struct
    entry: Struct
    offset: Struct


_FORMATS = {
    start: _Format(order, first, Struct(order + count), Struct(order + entry), Struct(order + at))
    for start, order, first, count, entry, at in (
        (b"II*\0", "<", 4, "H", "HHI4s", "I"),
        (b"MM\0*", ">", 4, "H", "HHI4s", "I"),
        (b"II+\0\x08\0\0\0", "<", 8, "Q", "HHQ8s", "Q"),
        (b"MM\0+\0\x08\0\0", ">", 8, "Q", "HHQ8s", "Q"),
    )
}


def read_header(get: Get) -> Header | None:
    """Return the header of a file, or None if this parser cannot interpret it.

    ``get(offset, count)`` returns bytes of the file; it raises `EOFError` if that is too short.
    """
    start = get(0, 8)
    layout = _FORMATS.get(start[:4]) or _FORMATS.get(start)
    if layout is None:
        return None
    (at,) = layout.offset.unpack(get(layout.first, layout.offset.size))
    extents = [(0, layout.first + layout.offset.size)]
    signature: list[Hashable] = [layout.order, layout.first]
    pages: list[PageSegments] = []
    dates: list[bytes] = []
    stop, is_sparse = 0, False
    while at:
        (count,) = layout.count.unpack(get(at, layout.count.size))
        if not 0 < count <= MAX_TAGS or at < 8:
            raise EOFError("no directory")
        size = count * layout.entry.size
        directory = get(at + layout.count.size, size + layout.offset.size)
        extents.append((at, at + layout.count.size + len(directory)))
        segments = _read_tags(get, layout, directory[:size], signature, extents, dates)
        if segments is None or len(pages) == MAX_PAGES:
            return None
        pages.append(segments)
        stop = max(stop, *map(add, *segments))
        is_sparse = is_sparse or 0 in segments[0] or 0 in segments[1]
        (at,) = layout.offset.unpack_from(directory, size)
    if not pages:
        return None
    date = dates[0] if dates else b""
    return Header(tuple(signature), tuple(pages), extents, stop, is_sparse, date)


def _read_tags(
    get: Get,
    layout: _Format,
    entries: bytes,
    signature: list[Hashable],
    extents: Extents,
    dates: list[bytes],
) -> PageSegments | None:
    """Add the tags of a page to the signature; return the page's strips or tiles."""
    inline = layout.offset.size
    segments: list[tuple[int, ...] | None] = [None, None]
    signature.append(len(entries))
    for code, kind, count, field in layout.entry.iter_unpack(entries):
        if kind not in ITEMS or code == SUBIFDS:
            return None
        value = field
        size = ITEMS[kind] * count
        if size > inline:
            (at,) = layout.offset.unpack(field)
            if at < 8:
                return None
            value = get(at, size)
            extents.append((at, at + size))
        if code in SEGMENT_TAGS:
            which = SEGMENT_TAGS[code]
            if kind not in UNSIGNED or segments[which] is not None:
                return None
            segments[which] = unpack(f"{layout.order}{count}{UNSIGNED[kind]}", value[:size])
            signature.append((code, kind, count))
        elif kind == 2 and (code == DATETIME or (code == DESCRIPTION and is_free_text(value))):
            signature.append((code, kind))
            if code == DATETIME:
                dates.append(value)
        else:
            signature.append((code, kind, count, value))
    offsets, counts = segments
    if offsets is None or counts is None or not len(offsets) == len(counts) > 0:
        return None
    return offsets, counts


def is_free_text(description: bytes) -> bool:
    """Return whether tifffile does not interpret a description.

    tifffile detects formats by certain words in the description. A description in plain
    ASCII that contains none of these words is free text.

    >>> is_free_text(b"stage at 3.7 um"), is_free_text(b'{"shape": [64, 64]}')
    (True, False)
    """
    return description.isascii() and not _pattern().search(description)


@cache
def _pattern() -> re.Pattern[bytes]:
    """Return a pattern of all words that tifffile interprets."""
    words = interpreted_words()
    if not {"ImageJ=", "OME>", '"shape":', "shape=", "</scn>"} <= words:
        words = {""}  # tifffile has changed: no text is free
    return re.compile(b"|".join(re.escape(word.encode()) for word in sorted(words)))


def interpreted_words() -> set[str]:
    """Return all words by which tifffile detects formats, from its own code.

    These are the texts in properties and functions such as `is_ome` and `imagej_description`.
    """
    words: set[str] = set()
    for owner in (tifffile.TiffPage, tifffile.TiffFile):
        for name, member in vars(owner).items():
            function = member
            if isinstance(member, property):
                function = member.fget
            elif isinstance(member, cached_property):
                function = member.func
            detects = name.startswith("is_") or name.endswith("_description")
            if detects and isinstance(function, FunctionType):
                words.update(_texts(function))
    return words


def _texts(function: FunctionType) -> Iterator[str]:
    """Yield the texts in the code of a function, without its docstring."""
    for constant in function.__code__.co_consts:
        if constant != function.__doc__:
            for text in constant if isinstance(constant, frozenset | tuple) else (constant,):
                if isinstance(text, str) and text:
                    yield text


@dataclass(frozen=True, slots=True)
class FileTemplate:
    """Everything in a file but its pixels.

    Cameras write thousands of files with identical headers. If a file has the same size as one
    that tifffile has read, and the same bytes outside of the pixels, then tifffile would read it
    in the same way, whatever these bytes mean. One vectored read puts the pixels into their place
    and the other bytes into a buffer, which is compared with the template. No header is parsed: a
    file of 64x64 pixels takes 8 us, in place of 180 us by tifffile.
    """

    size: int
    """Bytes of the file."""
    rest: list[bytes]
    """The bytes before, between and behind the pixels, and one byte more."""
    sizes: list[int]
    """Bytes of each extent of pixels, in the order of memory."""
    swapped: bool
    """Whether the pixels are in the other byte order."""
    suffix: str
    """Suffix of the file's name, which tifffile also takes into account."""

    @classmethod
    def of(
        cls, path: str, header: Header, file: ByteSource, extents: Extents, swapped: bool
    ) -> FileTemplate | None:
        """Return the template of a file; None if it is too large, or metadata are among pixels.

        `extents` are offset and size of its pixels, in the order of memory, and `swapped`
        whether they are in the other byte order.
        """
        extents = merged(extents)
        edges = [0, *(edge for at, size in extents for edge in (at, at + size)), file.size]
        outside = file.size - sum(size for _, size in extents)
        if len(extents) > MAX_EXTENTS or outside > MAX_REST or edges != sorted(edges):
            return None
        for at, size in extents:
            if any(start < at + size and at < stop for start, stop in header.extents):
                return None
        rest = [file.get(a, b - a) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        rest[-1] += b"\0"  # if this byte is read, the file is longer
        suffix = os.path.splitext(path)[1]
        return cls(file.size, rest, [size for _, size in extents], swapped, suffix)

    def read(self, paths: Sequence[str], outs: Sequence[Array], start: int) -> int:
        """Read files that equal this template, and return the number of the first that does not."""
        found = [bytearray(rest) for rest in self.rest]
        for number in range(start, len(paths)):
            out, path = outs[number], paths[number]
            if not path.endswith(self.suffix) if self.suffix else os.path.splitext(path)[1]:
                return number
            if len(self.sizes) == 1:
                buffers = [found[0], out, found[1]]
            else:
                buffers = self._interleaved(found, out)
            try:
                size = read_vector(path, buffers)
            except (OSError, ValueError):
                return number
            if size != self.size or found != self.rest:
                return number
            if self.swapped:
                out.byteswap(inplace=True)
        return len(paths)

    def _interleaved(self, found: list[bytearray], out: Array) -> list[Any]:
        """Return the buffers to fill: by turns of the rest and of the pixels."""
        pixels = memoryview(out.reshape(-1).view(np.uint8).data)
        buffers: list[Any] = [found[0]]
        done = 0
        for size, rest in zip(self.sizes, found[1:], strict=True):
            buffers += pixels[done : done + size], rest
            done += size
        return buffers


def merged(extents: Sequence[Any]) -> list[tuple[int, int]]:
    """Return extents, pairs of offset and size, with those that touch as one."""
    joined: list[tuple[int, int]] = []
    for offset, size in extents:
        if joined and sum(joined[-1]) == offset:
            joined[-1] = (joined[-1][0], joined[-1][1] + size)
        else:
            joined.append((offset, size))
    return joined
