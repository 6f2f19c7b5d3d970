"""Images in strips or tiles: a region decodes only the segments that it touches.

tifffile describes a page by five axes: separate samples, depth, length, width, contiguous
samples. The axes of an array, without those of length one, are some axes over the pages,
followed by the axes of a page, without those of length one. `PageGrid` holds this relation.
"""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

import tifffile

from dask_fileseq.readers.chunk import Array, ChunkSpec, Region, ascending, pieces
from dask_fileseq.readers.counters import record
from dask_fileseq.readers.images import read_image_header
from dask_fileseq.readers.images.jpegheader import read_jpeg_header
from dask_fileseq.readers.tiff.byteranges import ByteSource
from dask_fileseq.readers.tiff.signature import PageSegments

BYTE_CODECS = {1, 5, 8, 32773, 32946, 34925, 50000}
"""None, LZW, Deflate, PackBits, LZMA, Zstandard: their decoders need only the segment's bytes."""

IMAGE_CODECS = {7, 33003, 33005, 34712, 34887, 34933, 50001, 50002}
"""JPEG, JPEG 2000, LERC, PNG, WebP, JPEG XL: decoders of these need only the segment's bytes and
what the tags of its page say; that of JPEG also needs the tables there."""

LOOSE = 4
"""So many times the pixels of a strip or tile may be in the image inside, of which tifffile
takes a part: some writers do not cut the last one."""

JPEG = 7

JPEG_MAGIC = b"\xff\xd8\xff"
"""First bytes of JPEG streams whose size `_require_size` finds, in less time than to look twice."""

LARGEST = 2**24
"""Pixels of a JPEG stream that are decoded whatever the size of the strip or tile."""

CACHED = 1024
"""Most segments of an array whose places are kept in memory."""


class Segment(NamedTuple):
    """A strip or tile that a region touches."""

    page: int
    number: int
    """Number of the segment in its page."""
    place: tuple[int | slice, ...]
    """Its place in the output."""
    part: tuple[int | slice, ...]
    """The part of it that goes there, along the four axes of a decoded segment."""


@dataclass(frozen=True, slots=True)
class PageGrid:
    """How an array is made of pages, and pages of strips or tiles."""

    shape: tuple[int, ...]
    """Shape of the array."""
    over: tuple[int, ...]
    """Axes of the array that run over the pages."""
    within: tuple[int | None, ...]
    """The axis of the array for each of the five axes of a page; None if of length one."""
    page: tuple[int, ...]
    """Shape of a page along its five axes."""
    segment: tuple[int, ...]
    """Shape of a strip or tile along the five axes."""
    size: int
    """Number of strips or tiles."""

    @classmethod
    def of(cls, keyframe: tifffile.TiffPage, shape: tuple[int, ...]) -> PageGrid | None:
        """Return how an array is made of pages like this one; None if it is not."""
        page = tuple(map(int, keyframe.shaped))
        long = [axis for axis, length in enumerate(shape) if length > 1]
        inner = [length for length in page if length > 1]
        over, rest = long[: len(long) - len(inner)], long[len(long) - len(inner) :]
        if [shape[axis] for axis in rest] != inner:
            return None
        axes = iter(rest)
        within = tuple(next(axes) if length > 1 else None for length in page)
        *_, width, samples = page
        if keyframe.is_tiled:
            segment = (1, keyframe.tiledepth, keyframe.tilelength, keyframe.tilewidth, samples)
        else:
            segment = (1, 1, keyframe.rowsperstrip, width, samples)
        size = math.prod([*map(_quotient, page, segment), *(shape[axis] for axis in over)])
        return cls(shape, tuple(over), within, page, tuple(map(int, segment)), size)

    @property
    def tile(self) -> tuple[int, ...]:
        """Shape of a strip or tile along the axes of the array."""
        tile = [1] * len(self.shape)
        for axis, length in zip(self.within, self.segment, strict=True):
            if axis is not None:
                tile[axis] = min(length, self.shape[axis])
        return tuple(tile)


def _quotient(length: int, size: int) -> int:
    """Return a quotient, rounded up."""
    return -(-length // size)


def _touched(grid: PageGrid, region: Region) -> Sequence[Segment]:
    """Return the segments that a region touches, page by page.

    >>> grid = PageGrid((8, 8), (), (None, None, 0, 1, None), (1, 1, 8, 8, 1), (1, 1, 4, 4, 1), 4)
    >>> for segment in _touched(grid, (range(2, 4), range(3, 5))):
    ...     print(segment.number, segment.place, segment.part[1:3])
    0 (slice(0, 2, None), slice(0, 1, None)) (slice(2, 4, 1), slice(3, 4, 1))
    1 (slice(0, 2, None), slice(1, 2, None)) (slice(2, 4, 1), slice(0, 1, 1))
    """
    touched = []
    counts = [grid.shape[axis] for axis in grid.over]
    cut = [
        list(pieces(range(1) if axis is None else region[axis], size))
        for axis, size in zip(grid.within, grid.segment, strict=True)
    ]
    along = list(map(_quotient, grid.page, grid.segment))
    place: list[int | slice] = [0] * len(grid.shape)
    for position in itertools.product(*(enumerate(region[axis]) for axis in grid.over)):
        page = 0
        for axis, count, (at, index) in zip(grid.over, counts, position, strict=True):
            page = page * count + index
            place[axis] = at
        for parts in itertools.product(*cut):
            number = 0
            for inner, count, (k, target, _) in zip(grid.within, along, parts, strict=True):
                number = number * count + k
                if inner is not None:
                    place[inner] = target
            if grid.within[0] is not None:  # a segment has one separate sample, and no such axis
                place[grid.within[0]] = parts[0][1].start
            part = tuple(
                0 if inner is None else source
                for inner, (_, _, source) in zip(grid.within[1:], parts[1:], strict=True)
            )
            touched.append(Segment(page, number, tuple(place), part))
    return touched


def _require_size(data: bytes, segment: tuple[int, ...], number: int) -> None:
    """Raise `ValueError` if the image in a strip or tile is far larger than the tags say.

    A few bytes of a PNG, JPEG or WebP image may become gigabytes of pixels.
    """
    header = read_image_header(io.BytesIO(data))
    if header is None or header.spec is None:
        return
    height, width = header.spec.shape[:2]
    if height * width > LOOSE * math.prod(segment[:4]):
        raise ValueError(
            f"strip or tile {number} contains an image of {height} x {width} pixels "
            f"in place of {segment[2]} x {segment[3]}"
        )


# the same for all files of a sequence
_cached_touched = lru_cache(maxsize=64)(_touched)


def _require_frame(data: bytes, pixels: int) -> None:
    """Raise `ValueError` if a JPEG stream claims far more pixels than its strip or tile has."""
    spec = read_jpeg_header(io.BytesIO(data)).spec
    if spec is not None and math.prod(spec.shape[:2]) > max(LARGEST, 4 * pixels):
        raise ValueError(f"a JPEG stream of shape {spec.shape} is in a tile of {pixels:,} pixels")


@dataclass(frozen=True, slots=True)
class SegmentedImage:
    """An image whose pages are stored in strips or tiles."""

    spec: ChunkSpec
    """The array."""
    keyframe: tifffile.TiffPage
    """The page that describes all pages, and decodes their segments."""
    grid: PageGrid
    """How the array is made of segments."""
    pages: Sequence[PageSegments]
    """Offsets and byte counts of the segments of each page."""
    jpegtables: Sequence[bytes | None]
    """For each page, tables that the codec needs."""
    maxworkers: int
    """Number of threads that decode."""

    def read(self, source: ByteSource, region: Region, out: Array) -> None:
        """Read a region, and count what is read."""
        record(bytes=self.read_pages(source, self.pages, region, out), way="segments")

    def read_pages(
        self, source: ByteSource, pages: Sequence[PageSegments], region: Region, out: Array
    ) -> int:
        """Read a region from the segments of `pages`, and return the number of bytes read."""
        region, out = ascending(region, out)
        touched = _cached_touched if self.grid.size <= CACHED else _touched
        stored: list[tuple[int, int, Segment]] = []
        for segment in touched(self.grid, region):
            offsets, counts = pages[segment.page]
            offset, count = offsets[segment.number], counts[segment.number]
            if offset > 0 and count > 0:
                stored.append((offset, count, segment))
            else:  # the segment was never written
                out[segment.place] = self.keyframe.nodata
        if not stored:
            return 0
        if len(stored) > 1:
            stored.sort(key=itemgetter(0))
        if source.announce is not None:
            source.announce([(offset, offset + count) for offset, count, _ in stored])
        self.keyframe.init_decode()  # makes the decode function on first use, unsafe in threads

        def decode(item: tuple[bytes, Segment]) -> None:
            data, (page, number, place, part) = item
            if self.keyframe.compression == JPEG and not data.startswith(JPEG_MAGIC):
                _require_frame(data, math.prod(self.grid.segment[:4]))
            if self.keyframe.compression not in BYTE_CODECS:
                _require_size(data, self.grid.segment, number)
            tables = self.jpegtables[page]
            image: Any = self.keyframe.decode(data, number, jpegtables=tables)[0]
            out[place] = image[part]

        contents = ((source.get(offset, count), segment) for offset, count, segment in stored)
        if self.maxworkers > 1:
            with ThreadPoolExecutor(self.maxworkers) as executor:
                for _ in executor.map(decode, contents):
                    pass
        else:
            for item in contents:
                decode(item)
        return sum([count for _, count, _ in stored])
