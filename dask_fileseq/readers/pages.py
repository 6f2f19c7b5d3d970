"""Regions of a stack of TIFF pages, read by strip and tile.

tifffile describes a page by five axes: separate samples, depth, length, width,
contiguous samples. Here the axes of a series, less those of length one, are
some axes over the pages, followed by the axes of a page, less those of length one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import tifffile

from dask_fileseq.readers.ahead import announce, takes_announcements
from dask_fileseq.readers.regions import Region, pieces
from dask_fileseq.readers.runs import ByteSource, read_runs, runs_of

__all__ = ["Page", "PageFile", "PageStack", "page_stack", "whole_segments"]

Array = np.ndarray[Any, Any]


class PageFile(ByteSource, Protocol):
    """An open file with pages, as tifffile's `FileHandle` is."""

    def read_segments(
        self,
        offsets: Sequence[int],
        bytecounts: Sequence[int],
        /,
        indices: Sequence[int],
        *,
        sort: bool,
    ) -> Iterator[Any]:
        """Yield the bytes of each strip or tile, in any order, and its index."""


class Page(Protocol):
    """Where the pixels of a page stand, as tifffile's `TiffPage` and `TiffFrame` say."""

    @property
    def dataoffsets(self) -> Sequence[int]:
        """Where each strip or tile begins."""

    @property
    def databytecounts(self) -> Sequence[int]:
        """Bytes of each strip or tile."""

    @property
    def jpegtables(self) -> bytes | None:
        """What the codec needs besides."""


@dataclass(frozen=True, slots=True)
class PageStack:
    """Pages of one kind that form an array."""

    file: PageFile
    byteorder: Literal["<", ">"]
    pages: Sequence[Page]
    keyframe: tifffile.TiffPage
    """Describes all pages."""
    shape: tuple[int, ...]
    """Shape of the array."""
    over: tuple[int, ...]
    """Axes of the array that run over the pages."""
    within: tuple[int | None, ...]
    """For each of tifffile's five axes of a page the axis of the array, None if of length one."""
    segment: tuple[int, ...]
    """Shape of a strip or tile along the five axes."""

    @property
    def way(self) -> str:
        """How the pages are read: as bytes, or as strips and tiles."""
        return "contiguous" if self.keyframe.is_final else "segments"

    @property
    def stored(self) -> np.dtype[Any]:
        """Type of the pixels in the file, with its byte order."""
        assert self.keyframe.dtype is not None
        return self.keyframe.dtype.newbyteorder(self.byteorder)

    @property
    def tile(self) -> tuple[int, ...]:
        """Shape of a strip or tile along the axes of the array."""
        tile = [1] * len(self.shape)
        for axis, length in zip(self.within, self.segment, strict=True):
            if axis is not None:
                tile[axis] = min(length, self.shape[axis])
        return tuple(tile)

    def read(self, ranges: Region, out: Array, maxworkers: int) -> int:
        """Read a region and return the number of bytes read from the file."""
        counts = [self.shape[axis] for axis in self.over]
        steps = [math.prod(counts[i + 1 :]) for i in range(len(counts))]
        inner = tuple(range(1) if axis is None else ranges[axis] for axis in self.within)
        if takes_announcements(self.file):
            announce(self.file, self._stored_ranges(ranges, inner))
        total = 0
        for position in itertools.product(*(enumerate(ranges[axis]) for axis in self.over)):
            number = sum(index * step for (_, index), step in zip(position, steps, strict=True))
            view = self._page_view(out, [place for place, _ in position])
            total += self._read_page(self.pages[number], inner, view, maxworkers)
        return total

    def _stored_ranges(self, ranges: Region, inner: Region) -> Iterator[tuple[int, int]]:
        """Yield start and stop of all that a region needs from the file."""
        counts = [self.shape[axis] for axis in self.over]
        for indices in itertools.product(*(ranges[axis] for axis in self.over)):
            page = self.pages[int(np.ravel_multi_index(indices, counts)) if counts else 0]
            if self.keyframe.is_final:
                yield from runs_of(page.dataoffsets[0], self.stored, self.keyframe.shaped, inner)
                continue
            for index, _ in _touched(self.keyframe.shaped, self.segment, inner):
                start = page.dataoffsets[index]
                yield start, start + page.databytecounts[index]

    def page_views(self, out: Array) -> Iterator[Array]:
        """Yield the part of a whole array that each page fills, with the five axes of a page."""
        for places in np.ndindex(*(self.shape[axis] for axis in self.over)):
            yield self._page_view(out, places)

    def _page_view(self, out: Array, places: Sequence[int]) -> Array:
        """Return the part of the output that one page fills, with the five axes of a page."""
        index: list[Any] = [0] * out.ndim  # axes of length one
        for axis, place in zip(self.over, places, strict=True):
            index[axis] = place
        for inner in self.within:
            if inner is not None:
                index[inner] = slice(None)
        fives = tuple(None if axis is None else slice(None) for axis in self.within)
        return out[(*index, ...)][fives]  # with an Ellipsis, a view also of a single pixel

    def _read_page(self, page: Page, ranges: Region, out: Array, maxworkers: int) -> int:
        if not self.keyframe.is_final:
            keyframe, segment = self.keyframe, self.segment
            return read_segments(self.file, page, keyframe, segment, ranges, out, maxworkers)
        if page.dataoffsets[0] == 0:  # nothing was ever written there
            out[...] = self.keyframe.nodata
            return 0
        offset, stored = page.dataoffsets[0], self.stored
        return read_runs(self.file, offset, stored, self.keyframe.shaped, ranges, out)


def page_stack(
    tif: tifffile.TiffFile,
    pages: Sequence[tifffile.TiffPage | tifffile.TiffFrame],
    shape: Sequence[int],
) -> PageStack | None:
    """Return how an array is made of pages, or None if only tifffile knows.

    Parameters
    ----------
    tif
        The open file.
    pages
        Pages of one kind, as many as fill the array.
    shape
        Shape of the array.
    """
    keyframe = pages[0].keyframe
    if not isinstance(keyframe, tifffile.TiffPage):
        return None
    if keyframe.is_contiguous and not keyframe.is_final:
        return None  # a predictor or bit order without compression
    if keyframe.jpegheader is not None or tif.is_eer:
        return None  # NDPI: the tiles are parts of one JPEG stream; EER: of many frames
    long = [axis for axis, length in enumerate(shape) if length > 1]
    inner = [length for length in keyframe.shaped if length > 1]
    over, rest = long[: len(long) - len(inner)], long[len(long) - len(inner) :]
    if [shape[axis] for axis in rest] != inner:
        return None
    axes = iter(rest)
    within = tuple(next(axes) if length > 1 else None for length in keyframe.shaped)
    file, order, segment = tif.filehandle, tif.byteorder, _segment_shape(keyframe)
    return PageStack(file, order, pages, keyframe, tuple(shape), tuple(over), within, segment)


def _segment_shape(keyframe: tifffile.TiffPage) -> tuple[int, ...]:
    """Return the shape of strips or tiles along the five axes of a page."""
    _, _, _, width, samples = keyframe.shaped
    if keyframe.is_tiled:
        return (1, keyframe.tiledepth, keyframe.tilelength, keyframe.tilewidth, samples)
    return (1, 1, keyframe.rowsperstrip, width, samples)


def read_segments(
    file: PageFile,
    page: Page,
    keyframe: tifffile.TiffPage,
    segment: tuple[int, ...],
    ranges: Region,
    out: Array,
    maxworkers: int,
) -> int:
    """Read the strips or tiles of a page that a region touches.

    Parameters
    ----------
    file
        The file to read from.
    page, keyframe
        A page, and the one that describes it.
    segment
        Shape of its strips or tiles.
    ranges
        Ascending indices for each of the five axes.
    out
        Array to fill, of five axes.
    maxworkers
        Number of threads that decode.

    Returns
    -------
    int
        Number of bytes read.
    """
    wanted = dict(_touched(keyframe.shaped, segment, ranges))
    stored = []
    for index, (place, _) in wanted.items():
        if page.dataoffsets[index] > 0 and page.databytecounts[index] > 0:
            stored.append(index)
        else:  # sparse: never written
            out[place] = keyframe.nodata
    if not stored:
        return 0
    jpegtables = page.jpegtables
    keyframe.init_decode()  # the decode function is made on first use, not safe in threads

    def decode(item: Any) -> None:
        data, index = item
        if data is None or len(data) < page.databytecounts[index]:
            raise ValueError(f"file is truncated: strip or tile {index} is not all there")
        place, part = wanted[index]
        image: Any = keyframe.decode(data, index, jpegtables=jpegtables)[0]
        out[place] = image[None][part]

    segments = file.read_segments(
        [page.dataoffsets[index] for index in stored],
        [page.databytecounts[index] for index in stored],
        indices=stored,
        sort=True,
    )
    if maxworkers > 1:
        with ThreadPoolExecutor(maxworkers) as executor:
            for _ in executor.map(decode, segments):
                pass
    else:
        for item in segments:
            decode(item)
    return sum(page.databytecounts[index] for index in stored)


Place = tuple[slice, ...]


def whole_segments(stack: PageStack) -> list[tuple[Place, Place]]:
    """Return for each strip or tile of a page its place, and the part of it that goes there."""
    shape = stack.keyframe.shaped
    ranges = tuple(range(length) for length in shape)
    return [where for _, where in sorted(_touched(shape, stack.segment, ranges))]


def _touched(
    shape: Sequence[int], segment: Sequence[int], ranges: Region
) -> Iterable[tuple[int, tuple[Place, Place]]]:
    """Yield the number of each segment that a region touches, its place in the output, its part.

    >>> for item in _touched((1, 1, 8, 8, 1), (1, 1, 4, 4, 1), (range(1), range(1), range(2, 4), \
range(3, 5), range(1))):
    ...     print(item[0], item[1][0][2:4], item[1][1][2:4])
    0 (slice(0, 2, None), slice(0, 1, None)) (slice(2, 4, 1), slice(3, 4, 1))
    1 (slice(0, 2, None), slice(1, 2, None)) (slice(2, 4, 1), slice(0, 1, 1))
    """
    along = [math.ceil(length / size) for length, size in zip(shape, segment, strict=True)]
    cut = [pieces(indices, size) for indices, size in zip(ranges, segment, strict=True)]
    for parts in itertools.product(*cut):
        number = 0
        for count, (k, _, _) in zip(along, parts, strict=True):
            number = number * count + k
        yield number, (tuple(part[1] for part in parts), tuple(part[2] for part in parts))
