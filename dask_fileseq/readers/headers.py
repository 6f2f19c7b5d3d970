"""The directories of a TIFF file, from its bytes: what decides how its pixels are read.

The rule: two files with one `Header.signature` differ, as far as tifffile can tell, only
in where things stand, in dates, and in descriptions of which tifffile makes nothing. All
other tags and values are in the signature, also those that nobody here knows. Where the
parser is at a loss there is no header, and the file is left to tifffile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import cache
from struct import Struct, unpack
from typing import Any

import tifffile

__all__ = ["Header", "is_free_text", "read_header"]

MAX_PAGES = 64
MAX_TAGS = 256

DESCRIPTION, DATETIME, SUBIFDS = 270, 306, 330
OFFSETS = {273: 0, 324: 0, 279: 1, 325: 1}
"""Tags that tell where strips and tiles are, and how long."""

ITEMS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8, 17: 8}
"""Bytes of one item of each type of tag."""

UNSIGNED = {3: "H", 4: "I", 16: "Q"}

Get = Callable[[int, int], bytes]
Numbers = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What the directories of a file say."""

    signature: Hashable
    """Equal for files that are read in the same way."""
    pages: tuple[tuple[Numbers, Numbers], ...]
    """For each page the offsets and the byte counts of its strips or tiles."""
    extents: list[tuple[int, int]]
    """Start and stop of directories, and of values that stand outside of them."""


@dataclass(frozen=True, slots=True)
class _Format:
    """How a kind of TIFF file is laid out."""

    order: str
    first: int
    """Where the offset to the first directory stands."""
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
    """Return the header of a file, or None where only tifffile can tell.

    Parameters
    ----------
    get : function
        Takes offset and count, and returns these bytes of the file.

    Raises
    ------
    EOFError
        From `get`, where the file is too short.
    """
    start = get(0, 8)
    layout = _FORMATS.get(start[:4]) or _FORMATS.get(start)
    if layout is None:
        return None
    (at,) = layout.offset.unpack(get(layout.first, layout.offset.size))
    extents = [(0, layout.first + layout.offset.size)]
    signature: list[Hashable] = [layout.order, layout.first]
    pages: list[tuple[Numbers, Numbers]] = []
    while at:
        entries, at = _directory(get, layout, at, extents)
        segments = _read_tags(get, layout, entries, signature, extents)
        if segments is None or len(pages) == MAX_PAGES:
            return None
        pages.append(segments)
    return Header(tuple(signature), tuple(pages), extents) if pages else None


def _directory(
    get: Get, layout: _Format, at: int, extents: list[tuple[int, int]]
) -> tuple[bytes, int]:
    """Return the entries of a directory, and where the next one begins."""
    (count,) = layout.count.unpack(get(at, layout.count.size))
    if not 0 < count <= MAX_TAGS or at < 8:
        raise EOFError("no directory")
    size = count * layout.entry.size
    content = get(at + layout.count.size, size + layout.offset.size)
    extents.append((at, at + layout.count.size + len(content)))
    return content[:size], layout.offset.unpack_from(content, size)[0]


def _read_tags(
    get: Get,
    layout: _Format,
    entries: bytes,
    signature: list[Hashable],
    extents: list[tuple[int, int]],
) -> tuple[Numbers, Numbers] | None:
    """Add the tags of a page to the signature; return offsets and byte counts of its segments."""
    inline = layout.offset.size
    segments: list[Numbers | None] = [None, None]
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
        if code in OFFSETS:
            which = OFFSETS[code]
            if kind not in UNSIGNED or segments[which] is not None:
                return None
            segments[which] = unpack(f"{layout.order}{count}{UNSIGNED[kind]}", value[:size])
            signature.append((code, kind, count))
        elif kind == 2 and (code == DATETIME or (code == DESCRIPTION and is_free_text(value))):
            signature.append((code, kind))
        else:
            signature.append((code, kind, count, value))
    offsets, counts = segments
    if offsets is None or counts is None or len(offsets) != len(counts):
        return None
    return offsets, counts


def is_free_text(description: bytes) -> bool:
    """Return whether tifffile makes nothing of a description.

    It finds formats by looking for certain words in it. Where none of these stands
    anywhere in plain ASCII, there is nothing to find.

    >>> is_free_text(b"stage at 3.7 um"), is_free_text(b'{"shape": [64, 64]}')
    (True, False)
    """
    return description.isascii() and not _words().search(description)


@cache
def _words() -> re.Pattern[bytes]:
    """Return a pattern of all words that tifffile looks for, from its own code."""
    words = {word for function in _detectors() for word in _constants(function)}
    if not {"ImageJ=", "OME>", '"shape":', "shape=", "</scn>"} <= words:
        words = {""}  # tifffile has changed: nothing is free
    return re.compile(b"|".join(re.escape(word.encode()) for word in sorted(words)))


def _detectors() -> Iterator[Any]:
    """Yield the functions by which tifffile tells formats apart."""
    for owner in (tifffile.TiffPage, tifffile.TiffFile):
        for name, member in vars(owner).items():
            if name.startswith("is_") or name.endswith("_description"):
                function = getattr(member, "fget", None) or getattr(member, "func", member)
                if hasattr(function, "__code__"):
                    yield function


def _constants(function: Any) -> Iterator[str]:
    """Yield the words in the code of a function, but for its docstring."""
    for constant in function.__code__.co_consts:
        if constant != function.__doc__:
            for word in constant if isinstance(constant, frozenset | tuple) else (constant,):
                if isinstance(word, str) and word:
                    yield word
