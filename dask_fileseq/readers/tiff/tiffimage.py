"""The image in an open TIFF file, as something of which parts can be read.

There are three kinds of images, each with a `spec` and a method `read`:

- `ContiguousImage`: uncompressed pixels, stored as in memory; the bytes of a region are read.
- `SegmentedImage`: strips or tiles; those that a region touches are read and decoded.
- `WholeImage`: everything else; tifffile reads the whole image, from which a region is cut.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import tifffile

from dask_fileseq.readers.chunk import ChunkSpec, plain_dims, plain_spec, unique_dims
from dask_fileseq.readers.counters import record
from dask_fileseq.readers.regions import Region, as_slices, ascending
from dask_fileseq.readers.tiff.byteranges import byte_ranges, read_byte_ranges
from dask_fileseq.readers.tiff.filebytes import ByteSource
from dask_fileseq.readers.tiff.segments import PageGrid, SegmentedImage
from dask_fileseq.readers.tiff.truncation import require_complete, require_extent, require_segments

__all__ = ["ContiguousImage", "Image", "WholeImage", "image_of", "selected_series"]

Array = np.ndarray[Any, Any]

ROWS = 64 * 1024
"""Bytes of the rows that make one tile of contiguous pixels. Every pixel could be read by
itself, but fewer bytes than this cost a file system as much."""


class Image(Protocol):
    """What the reader needs of an image."""

    @property
    def spec(self) -> ChunkSpec:
        """What the image is."""

    def read(self, source: ByteSource, region: Region, out: Array) -> None:
        """Read a region into an array of its shape, from the file that the image is in."""


class WholeImage:
    """An image that only tifffile can read, and only as a whole.

    Parameters
    ----------
    load
        Function that reads it.
    spec
        What it is, if this is known without reading.
    segments
        Start and stop of its strips or tiles in the file, if known.
    """

    def __init__(
        self,
        load: Callable[[], Any],
        spec: ChunkSpec | None = None,
        segments: Sequence[tuple[int, int]] = (),
    ) -> None:
        self._load = load
        self._spec = spec
        self._segments = segments

    @cached_property
    def _array(self) -> Array:
        array = np.asarray(self._load())
        stored = sum(stop - start for start, stop in self._segments)
        record(bytes=stored if self._segments else array.nbytes)
        return array

    @property
    def spec(self) -> ChunkSpec:
        """What the image is; read the pixels if this is not known yet."""
        return plain_spec(self._array) if self._spec is None else self._spec

    def read(self, source: ByteSource, region: Region, out: Array) -> None:
        """Read the whole image, and cut the region from it."""
        record(way="whole")
        source.announce(self._segments)
        if self._array.shape != self.spec.shape:
            raise ValueError(
                f"tifffile reads shape {self._array.shape}, "
                f"the file's metadata say {self.spec.shape}"
            )
        out[...] = self._array[as_slices(region)]


class ContiguousImage:
    """An image of uncompressed pixels, stored as in memory: all in one place, or page by page.

    Parameters
    ----------
    spec
        The array.
    stored
        Type of the pixels in the file, with its byte order.
    starts
        Offset of the first byte of each page; a single one if pages follow each other
        without gaps. 0: the page was never written.
    over
        Axes of the array that run over the pages.
    first
        The first axis that lies within a page.
    nodata
        Value of pixels that were never written.
    """

    way = "contiguous"

    def __init__(
        self,
        spec: ChunkSpec,
        stored: np.dtype[Any],
        starts: Sequence[int],
        over: tuple[int, ...],
        first: int,
        nodata: float,
    ) -> None:
        self.spec = spec
        self.stored = stored
        self.starts = starts
        self.first = first
        self.nodata = nodata
        self._over = over
        self._page = tuple(1 if axis in over else n for axis, n in enumerate(spec.shape))

    @property
    def pagesize(self) -> int:
        """Number of bytes at each of the `starts`."""
        return math.prod(self._page) * self.stored.itemsize

    def read(self, source: ByteSource, region: Region, out: Array) -> None:
        """Read a region, and count what is read."""
        record(bytes=self.read_pages(source, self.starts, region, out), way=self.way)

    def read_pages(
        self, source: ByteSource, starts: Sequence[int], region: Region, out: Array
    ) -> int:
        """Read a region from pages that begin at `starts`, and return the number of bytes read."""
        region, out = ascending(region, out)
        stored, page = self.stored, self._page
        pages = list(self._pages(region, out)) if self._over else [(0, region, out)]
        source.announce(
            where
            for number, inner, _ in pages
            if starts[number]
            for where in byte_ranges(starts[number], stored, page, inner)
        )
        size = 0
        for number, inner, view in pages:
            if starts[number]:
                size += read_byte_ranges(source, starts[number], stored, page, inner, view)
            else:
                view[...] = self.nodata
        return size

    def _pages(self, region: Region, out: Array) -> Iterator[tuple[int, Region, Array]]:
        """Yield the number of each page in a region, the region of the page, and its view."""
        inner = list(region)
        place = [slice(None)] * out.ndim
        for axis in self._over:
            inner[axis] = range(1)
        for position in itertools.product(*(enumerate(region[axis]) for axis in self._over)):
            number = 0
            for axis, (target, index) in zip(self._over, position, strict=True):
                number = number * self.spec.shape[axis] + index
                place[axis] = slice(target, target + 1)
            yield number, tuple(inner), out[tuple(place)]


def image_of(tif: tifffile.TiffFile, imageargs: Mapping[str, Any]) -> Image:
    """Return the image that ``tif.asarray(**imageargs)`` would read.

    Raises
    ------
    ValueError
        If the file contains no image, is truncated, or its pixels have an unknown type;
        tifffile would return an empty or shorter array.
    """
    if not tif.pages:
        raise ValueError("file holds no image")

    def load() -> Any:
        return tif.asarray(**imageargs)

    series = selected_series(tif, imageargs)
    if series is None:
        return WholeImage(load)
    if series.kind != "page":
        require_complete(tif, series)
    if series.keyframe.dtype is None:
        raise ValueError("pixels are of a type that tifffile cannot read")
    if series.is_multifile or 0 in series.shape:
        return WholeImage(load)
    if series.dataoffset is None:
        return _paged_image(tif, series, load, imageargs["maxworkers"])
    require_extent(tif, series.dataoffset + series.nbytes)
    spec = _spec(series, _row_tile(series.axes, series.shape, series.dtype.itemsize))
    stored = series.dtype.newbyteorder(tif.byteorder)
    return ContiguousImage(
        spec, stored, [series.dataoffset], (), _first_axis(series), series.keyframe.nodata
    )


def selected_series(
    tif: tifffile.TiffFile, imageargs: Mapping[str, Any]
) -> tifffile.TiffPageSeries | None:
    """Return the series, level or page that arguments select; None if only tifffile can.

    A page is a series of the kind ``"page"``.
    """
    selecting = imageargs.keys() - {"maxworkers", "buffersize"}
    if selecting == {"key"} and isinstance(imageargs["key"], int | np.integer):
        return tifffile.TiffPageSeries([tif.pages.get(int(imageargs["key"]))], kind="page")
    if not selecting <= {"series", "level"}:
        return None
    if not len(tif.series):
        raise ValueError("file holds no image that tifffile can read")
    series: Any = tif.series[imageargs.get("series", 0)]
    return series.levels[imageargs.get("level", 0)]  # type: ignore[no-any-return]


def _paged_image(
    tif: tifffile.TiffFile,
    series: tifffile.TiffPageSeries,
    load: Callable[[], Any],
    maxworkers: int | None,
) -> Image:
    """Return the image that a series of separate pages is."""
    pages = list(series)
    shape = tuple(map(int, series.shape))
    keyframe = series.keyframe
    if len(pages) * keyframe.size < math.prod(shape):
        raise ValueError(
            f"file is truncated: its metadata say shape {series.shape}, it holds "
            f"{len(pages)} of {math.prod(shape) // keyframe.size} pages"
        )
    if len(pages) * keyframe.size > math.prod(shape):
        return WholeImage(load)  # tifffile tries other shapes
    own = [page for page in pages if page is not None]
    for page in own:
        require_segments(tif, page)
    grid = None
    if len(own) == len(pages) and _is_cuttable(tif, keyframe):
        grid = PageGrid.of(keyframe, shape)
    if grid is None:
        segments = [
            (a, a + n) for p in own for a, n in zip(p.dataoffsets, p.databytecounts, strict=False)
        ]
        return WholeImage(load, _spec(series, shape), segments)
    if keyframe.is_final:
        spec = _spec(series, _row_tile(series.axes, shape, series.dtype.itemsize))
        stored = np.dtype(keyframe.dtype).newbyteorder(tif.byteorder)
        starts = [page.dataoffsets[0] for page in own]
        first = min((axis for axis in grid.within if axis is not None), default=len(shape))
        return ContiguousImage(spec, stored, starts, grid.over, first, keyframe.nodata)
    places = [(page.dataoffsets, page.databytecounts) for page in own]
    tables = [page.jpegtables for page in own]
    spec = _spec(series, grid.tile)
    return SegmentedImage(spec, keyframe, grid, places, tables, maxworkers or keyframe.maxworkers)


def _is_cuttable(tif: tifffile.TiffFile, keyframe: Any) -> bool:
    """Return whether each strip or tile can be decoded by itself."""
    if not isinstance(keyframe, tifffile.TiffPage):
        return False
    if keyframe.is_contiguous and not keyframe.is_final:
        return False  # a predictor or bit order without compression
    # NDPI: the tiles are parts of one JPEG stream; EER: of many frames
    return keyframe.jpegheader is None and not tif.is_eer


def _first_axis(series: tifffile.TiffPageSeries) -> int:
    """Return the first axis of a contiguous series that lies within a page."""
    shape, page = series.shape, series.keyframe.size
    return next((i for i in range(len(shape)) if math.prod(shape[i:]) == page), 0)


def _spec(series: tifffile.TiffPageSeries, tile: Sequence[int]) -> ChunkSpec:
    shape = tuple(map(int, series.shape))
    dims = unique_dims(series.axes) if len(series.axes) == len(shape) else plain_dims(shape)
    return ChunkSpec(shape, series.dtype.newbyteorder("="), dims, tuple(map(int, tile)))


def _row_tile(axes: str, shape: Sequence[int], itemsize: int) -> tuple[int, ...]:
    """Return the tile of contiguous pixels: some rows of one plane.

    >>> _row_tile("TYX", (10, 4096, 4096), 2), _row_tile("YXS", (64, 64, 3), 1)
    ((1, 8, 4096), (64, 64, 3))
    """
    y = axes.find("Y") if "Y" in axes else max(0, len(shape) - 2)
    row = itemsize * math.prod(shape[y + 1 :])
    rows = min(shape[y], max(1, ROWS // row))
    return (1,) * y + (rows, *shape[y + 1 :])
