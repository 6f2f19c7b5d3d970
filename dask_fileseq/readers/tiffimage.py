"""The first image of an open TIFF file, as something of which parts can be read.

Three ways to read it, each a class with the same two members, `spec` and `read`:

- `ContiguousImage`: uncompressed, as in memory; the bytes of the region are read.
- `PagedImage`: a stack of pages; of the pages in the region, the strips, tiles or
  bytes in it are read and decoded.
- `WholeImage`: everything else; tifffile reads the whole, and the region is cut.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import tifffile

from dask_fileseq.readers.ahead import announce, takes_announcements
from dask_fileseq.readers.chunk import ChunkSpec, plain_dims, plain_spec, unique_dims
from dask_fileseq.readers.counters import record
from dask_fileseq.readers.opening import require_complete, require_extent, require_segments
from dask_fileseq.readers.pages import Page, PageStack, page_stack
from dask_fileseq.readers.regions import Region, as_slices, ascending
from dask_fileseq.readers.runs import read_runs, runs_of

__all__ = ["ContiguousImage", "Image", "PagedImage", "WholeImage", "image_of"]

Array = np.ndarray[Any, Any]

ROWS = 64 * 1024
"""Bytes of the rows that make one tile of contiguous data: there every pixel can be
read by itself, but less than this costs a file system as much."""


class Image(Protocol):
    """What the reader needs of an image."""

    @property
    def spec(self) -> ChunkSpec:
        """What the image is."""

    def read(self, region: Region, out: Array) -> None:
        """Read a region into an array of its shape."""


class WholeImage:
    """An image that is read by tifffile, whole.

    Parameters
    ----------
    load
        Function that reads it.
    spec
        What it is, if known without reading.
    stored
        Bytes that it takes in the file, if known.
    """

    def __init__(
        self, load: Callable[[], Any], spec: ChunkSpec | None = None, stored: int | None = None
    ) -> None:
        self._load = load
        self._spec = spec
        self._stored = stored

    @cached_property
    def _array(self) -> Array:
        array = np.asarray(self._load())
        record(bytes=array.nbytes if self._stored is None else self._stored)
        return array

    @property
    def spec(self) -> ChunkSpec:
        """What the image is; read it if that is not known yet."""
        return plain_spec(self._array) if self._spec is None else self._spec

    def read(self, region: Region, out: Array) -> None:
        """Read all, and cut."""
        record(way="whole")
        if self._array.shape != self.spec.shape:
            raise ValueError(
                f"tifffile reads shape {self._array.shape}, "
                f"the file's metadata say {self.spec.shape}"
            )
        out[...] = self._array[as_slices(region)]


class ContiguousImage:
    """An image that stands in the file as in memory."""

    def __init__(self, tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> None:
        assert series.dataoffset is not None
        self._file = tif.filehandle
        self.offset = series.dataoffset
        self.stored = series.dtype.newbyteorder(tif.byteorder)
        self._nodata = series.keyframe.nodata
        require_extent(tif, self.offset + series.nbytes)
        self.spec = _spec(series, _row_tile(series.axes, series.shape, series.dtype.itemsize))

    def read(self, region: Region, out: Array) -> None:
        """Read the bytes of the region."""
        size = 0
        if self.offset == 0:  # nothing was ever written there
            out[...] = self._nodata
        else:
            ranges, out = ascending(region, out)
            if takes_announcements(self._file):
                announce(self._file, runs_of(self.offset, self.stored, self.spec.shape, ranges))
            size = read_runs(self._file, self.offset, self.stored, self.spec.shape, ranges, out)
        record(bytes=size, way="contiguous")


class PagedImage:
    """An image that is a stack of pages, each stored in segments."""

    def __init__(self, stack: PageStack, spec: ChunkSpec, maxworkers: int) -> None:
        self.stack = stack
        self._maxworkers = maxworkers
        self.spec = spec

    def read(self, region: Region, out: Array) -> None:
        """Read the strips and tiles that the region touches."""
        ranges, out = ascending(region, out)
        size = self.stack.read(ranges, out, self._maxworkers)
        record(bytes=size, way=self.stack.way)


def image_of(tif: tifffile.TiffFile, imageargs: Mapping[str, Any]) -> Image:
    """Return the image that ``tif.asarray(**imageargs)`` would read.

    Raises
    ------
    ValueError
        The file holds no image, is truncated, or its pixels are of no known type:
        where tifffile would return an empty or shorter array.
    """
    if not tif.pages:
        raise ValueError("file holds no image")

    def load() -> Any:
        return tif.asarray(**imageargs)

    selecting = imageargs.keys() - {"maxworkers", "buffersize"}
    if selecting == {"key"} and isinstance(imageargs["key"], int | np.integer):
        series = tifffile.TiffPageSeries([tif.pages.get(int(imageargs["key"]))])
    elif not selecting <= {"series", "level"}:
        return WholeImage(load)
    elif not len(tif.series):
        raise ValueError("file holds no image that tifffile can read")
    else:
        series = tif.series[imageargs.get("series", 0)]
        series = series.levels[imageargs.get("level", 0)]
        require_complete(tif, series)
    if series.keyframe.dtype is None:
        raise ValueError("pixels are of a type that tifffile cannot read")
    if series.is_multifile or 0 in series.shape:
        return WholeImage(load)
    if series.dataoffset is not None:
        return ContiguousImage(tif, series)
    maxworkers = imageargs["maxworkers"] or series.keyframe.maxworkers
    return _paged_image(tif, series, load, maxworkers)


def _paged_image(
    tif: tifffile.TiffFile,
    series: tifffile.TiffPageSeries,
    load: Callable[[], Any],
    maxworkers: int,
) -> Image:
    """Return the image that a series of pages is."""
    pages = list(series)
    size = math.prod(series.shape)
    held = len(pages) * series.keyframe.size
    if held < size:
        raise ValueError(
            f"file is truncated: its metadata say shape {series.shape}, it holds "
            f"{len(pages)} of {size // series.keyframe.size} pages"
        )
    if held > size:
        return WholeImage(load)  # tifffile tries other shapes
    own = [page for page in pages if page is not None]
    for page in own:
        require_segments(tif, page)
    # tifffile zeroes pages that are missing
    stack = page_stack(tif, own, series.shape) if len(own) == len(pages) else None
    if stack is None:
        return _whole_series(tif, series, own, load)
    tile = stack.tile
    if stack.way == "contiguous":
        tile = _row_tile(series.axes, series.shape, series.dtype.itemsize)
    return PagedImage(stack, _spec(series, tile), maxworkers)


def _whole_series(
    tif: tifffile.TiffFile,
    series: tifffile.TiffPageSeries,
    pages: Sequence[Page],
    load: Callable[[], Any],
) -> WholeImage:
    """Return the image that only tifffile can make of some pages."""
    stored = [
        (a, a + n) for p in pages for a, n in zip(p.dataoffsets, p.databytecounts, strict=False)
    ]

    def load_announced() -> Any:
        if takes_announcements(tif.filehandle):
            announce(tif.filehandle, stored)
        return load()

    size = sum(stop - start for start, stop in stored)
    return WholeImage(load_announced, _spec(series, series.shape), size)


def _spec(series: tifffile.TiffPageSeries, tile: Sequence[int]) -> ChunkSpec:
    shape = tuple(int(length) for length in series.shape)
    dims = unique_dims(series.axes) if len(series.axes) == len(shape) else plain_dims(shape)
    return ChunkSpec(shape, series.dtype.newbyteorder("="), dims, tuple(int(n) for n in tile))


def _row_tile(axes: str, shape: Sequence[int], itemsize: int) -> tuple[int, ...]:
    """Return the tile of contiguous data: some rows of one plane.

    >>> _row_tile("TYX", (10, 4096, 4096), 2), _row_tile("YXS", (64, 64, 3), 1)
    ((1, 8, 4096), (64, 64, 3))
    """
    y = axes.find("Y") if "Y" in axes else max(0, len(shape) - 2)
    row = itemsize * math.prod(shape[y + 1 :])
    rows = min(shape[y], max(1, ROWS // row))
    return (1,) * y + (rows, *shape[y + 1 :])
