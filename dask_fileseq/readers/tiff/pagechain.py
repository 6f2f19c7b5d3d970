"""The chain of pages of an open TIFF file: where it ends, and what pages contain.

Each page of a TIFF file has the position of the next one. In a damaged file the chain may lead
back to an earlier page, which tifffile follows for ever, or to a million pages. Therefore the
chain is followed before tifffile reads anything else, which takes microseconds a page.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO, NamedTuple
from weakref import WeakKeyDictionary

import tifffile

from dask_fileseq.readers.tiff.signature import ITEMS, UNSIGNED

MAX_PAGES = 2**18
"""Most pages of a file that is read. tifffile takes a minute to list as many."""

MAX_SUBPAGES = 2**10
"""Most pages below one page, as the levels of a pyramid."""

NEAR, FAR = 512, 8 * 1024
"""Bytes to read at a time of a chain: most directories are smaller, and some are side by side."""

MAX_TAGS = 4096
"""Most tags of a page, as in tifffile."""

MAX_SEGMENTS = 2**24
"""Most strips or tiles of a page."""

SUBPAGES = 330
OFFSETS, COUNTS = {273, 324}, {279, 325}
"""Tags with the offsets and the byte counts of strips or tiles."""

ALIKE = {256: "width", 257: "length", 258: "bits", 259: "compression", 277: "samples"} | {
    278: "rows per strip", 317: "predictor", 322: "tile width", 323: "tile length"
}  # fmt: skip
"""Tags of which pages that make one array must have the same values, by their codes."""

DEFAULTS = {258: 1, 259: 1, 277: 1, 317: 1, 322: 0, 323: 0}
"""What pages without such a tag have."""


_walked: WeakKeyDictionary[tifffile.TiffFile, list[bytes]] = WeakKeyDictionary()
"""The entries of the directories of each open file whose chain was walked to its proper end."""


class ChainEnd(NamedTuple):
    """The end of a chain of pages."""

    pages: int
    """Number of pages, each counted once."""
    pointer: int
    """Position of the last page's offset to the next one."""
    following: int
    """That offset; 0 if the chain ends properly."""
    loops: bool
    """Whether that offset is one of an earlier page."""


class PageTags(NamedTuple):
    """The tags of a page about its pixels."""

    offsets: Sequence[int]
    counts: Sequence[int]
    """Offsets and byte counts of its strips or tiles."""
    alike: dict[int, tuple[int, bytes]]
    """Types and encoded values of the tags `ALIKE` that are single integers."""
    place: tuple[int, int, str] = (0, 0, "")
    """Start, stop and format of the offset of its strip in the entries, if it has just one."""


def end_of_chain(tif: tifffile.TiffFile) -> ChainEnd:
    """Return where the chain of pages ends: properly, at an earlier page, or where no page is.

    Raises `ValueError` if there are more pages, or pages below a page, than can be listed.
    """
    seen: set[int] = set()
    pointer = following = below = 0
    marker = struct.pack(f"{tif.byteorder}H", SUBPAGES)
    walked: list[bytes] = []
    for at, entries, pointer, following in _directories(tif):
        walked.append(entries)
        if len(seen) == MAX_PAGES:
            raise ValueError(f"file has over {MAX_PAGES:,} pages, more than can be listed")
        seen.add(at)
        if marker in entries:
            below += _count_of_subpages(tif, entries, len(seen) - 1)
            if below > MAX_PAGES:
                raise ValueError(f"file has over {MAX_PAGES:,} pages below its pages")
        if following in seen:
            return ChainEnd(len(seen), pointer, following, True)
    if not following:
        _walked[tif] = walked
    return ChainEnd(len(seen), pointer, following, False)


def number_of_pages(tif: tifffile.TiffFile) -> int:
    """Return the number of pages, without a further walk if the chain was walked to its end."""
    walked = _walked.get(tif)
    return len(tif.pages) if walked is None else len(walked)


def require_end(tif: tifffile.TiffFile, end: ChainEnd) -> None:
    """Raise `ValueError` if the chain of pages leads to where no page is."""
    if end.loops or not end.following:
        return
    size, more = tif.filehandle.size, "strict=False reads the pages before"
    if end.following >= size:
        raise ValueError(
            f"file is truncated: page {end.pages} should be at byte {end.following}, "
            f"the file has {size}; {more}"
        )
    raise ValueError(
        f"the chain of pages leads nowhere: there is no page {end.pages} at byte "
        f"{end.following}; {more}"
    )


def page_tags(tif: tifffile.TiffFile, count: int) -> list[PageTags]:
    """Return what the first `count` pages of the chain say of their pixels; fewer at its end.

    Pages of a stack mostly differ in nothing but the offset of their one strip: then only that
    is read.
    """
    found: list[PageTags] = []
    before, start, stop, form = b"", 0, 0, ""
    walked = _walked.get(tif)
    if walked is None:
        walked = [entries for _, entries, _, _ in islice(_directories(tif), max(0, count))]
    for entries in islice(walked, max(0, count)):
        if stop and entries[:start] == before[:start] and entries[stop:] == before[stop:]:
            _, counts, alike, place = found[-1]
            found.append(PageTags(struct.unpack_from(form, entries, start), counts, alike, place))
            continue
        tags = _tags_of(tif, entries)
        found.append(tags)
        before, (start, stop, form) = entries, tags.place
    return found


def _directories(tif: tifffile.TiffFile) -> Iterator[tuple[int, bytes, int, int]]:
    """Yield offset and entries of each directory, and position and value of the next offset.

    The iteration ends at the first directory that is not whole, or has no image.
    """
    width, length = (struct.pack(f"{tif.byteorder}H", code) for code in (256, 257))
    tiff, handle = tif.tiff, tif.filehandle
    count_of = struct.Struct(tiff.tagnoformat).unpack_from
    next_of = struct.Struct(tiff.offsetformat).unpack_from
    head, tail, tag_size = tiff.tagnosize, tiff.offsetsize, tiff.tagsize
    at, end, size = tif.pages.first.offset, handle.size, head
    stop = end  # no directory is near before there was one
    raw, base = b"", 0
    while 0 < at < end:
        start = at - base
        if start < 0 or start + size + tail > len(raw):  # as many tags as the page before
            raw, base, start = _read(handle, at, FAR if 0 <= at - stop < NEAR else NEAR), at, 0
            if len(raw) < head:
                return
        (count,) = count_of(raw, start)
        if not 0 < count <= MAX_TAGS:
            return
        size = head + count * tag_size
        if start + size + tail > len(raw):
            raw, base, start = _read(handle, at, max(NEAR, size + tail)), at, 0
        content = raw[start + head : start + size]
        stop = at + size + tail
        if stop > base + len(raw) or width not in content or length not in content:
            return
        (following,) = next_of(raw, start + size)
        yield at, content, at + size, following
        at = following


def _read(handle: tifffile.FileHandle, at: int, size: int) -> bytes:
    """Return bytes of a file from a position on, fewer at its end."""
    handle.seek(at)
    return handle.read(size)


def _entries(tif: tifffile.TiffFile, entries: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield code, type, number of values, and the field with the value or its offset."""
    form = "HHQ8s" if tif.is_bigtiff else "HHI4s"
    yield from struct.iter_unpack(tif.byteorder + form, entries)


def _count_of_subpages(tif: tifffile.TiffFile, entries: bytes, page: int) -> int:
    """Return the number of pages below a page; raise `ValueError` if there are too many."""
    total = sum(count for code, _, count, _ in _entries(tif, entries) if code == SUBPAGES)
    if total > MAX_SUBPAGES:
        raise ValueError(f"page {page} has {total:,} pages below it, more than {MAX_SUBPAGES:,}")
    return total


def _tags_of(tif: tifffile.TiffFile, entries: bytes) -> PageTags:
    """Return what the entries of a directory say of the pixels of its page."""
    offsets: Sequence[int] = ()
    counts: Sequence[int] = ()
    alike = {}
    place = 0, 0, ""
    for number, (code, kind, count, field) in enumerate(_entries(tif, entries), 1):
        if code in OFFSETS:
            offsets = _values(tif, kind, count, field)
            if count == 1 and kind in UNSIGNED:
                stop = number * tif.tiff.tagsize
                place = stop - len(field), stop, tif.byteorder + UNSIGNED[kind]
        elif code in COUNTS:
            counts = _values(tif, kind, count, field)
        elif code in ALIKE and count == 1 and kind in UNSIGNED:
            alike[code] = kind, field
    return PageTags(offsets, counts, alike, place)


def _values(tif: tifffile.TiffFile, kind: int, count: int, field: bytes) -> Sequence[int]:
    """Return the unsigned integers of a tag; none if they cannot be read."""
    if kind not in UNSIGNED:
        return ()
    size = ITEMS[kind] * count
    if size > len(field):
        (at,) = struct.unpack(tif.tiff.offsetformat, field)
        if count > MAX_SEGMENTS or at + size > tif.filehandle.size:  # before memory is taken
            return ()
        tif.filehandle.seek(at)
        field = tif.filehandle.read(size)
    form = f"{tif.byteorder}{count}{UNSIGNED[kind]}"
    return struct.unpack(form, field[:size]) if len(field) >= size else ()


def difference(tif: tifffile.TiffFile, first: PageTags, page: PageTags) -> str:
    """Return in words how a page differs from the first one of its array, empty if it does not."""
    if page.alike is first.alike or page.alike == first.alike:
        return ""
    values, expected = (
        {code: _values(tif, kind, 1, field)[0] for code, (kind, field) in tags.alike.items()}
        for tags in (page, first)
    )
    for tags in (values, expected):  # any number of rows that is not less means all
        tags[278] = min(tags.get(278, 2**32), tags.get(257, 0))
    for code in values.keys() | expected.keys():
        if code == 258 and code not in expected:  # of RGB, there are several
            continue
        value, wanted = (tags.get(code, DEFAULTS.get(code)) for tags in (values, expected))
        if value != wanted:
            return f"its {ALIKE[code]} is {value}, not {wanted}"
    return ""


class CutChain:
    """A file in which the offset to the next page, at a position, reads as zero.

    It is what tifffile opens in place of a file whose chain of pages leads back. Only a read that
    ends with that offset, as tifffile's of directories do, gives zeros: in a damaged file, pixels
    may be at the same place.
    """

    def __init__(self, file: BinaryIO, position: int, size: int) -> None:
        self._file = file
        self._start, self._stop = position, position + size

    def seek(self, offset: int, whence: int = 0) -> int:
        """Set the position, and return it."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        at = self._file.tell()
        content = self._file.read(size)
        if at > self._start or at + len(content) != self._stop:
            return content
        return content[: self._start - at] + bytes(self._stop - self._start)

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, and return the number of bytes."""
        view = memoryview(buffer).cast("B")
        content = self.read(len(view))
        view[: len(content)] = content
        return len(content)
