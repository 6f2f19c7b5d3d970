"""The image in an open TIFF file, as something of which parts can be read.

There are four kinds of images, each with a `spec` and a method `read`:

- `ContiguousImage`: uncompressed pixels, stored as in memory; the bytes of a region are read.
- `SegmentedImage`: strips or tiles; those that a region touches are read and decoded.
- `WholeImage`: everything else; tifffile reads the whole image, from which a region is cut;
- `StackedImage`: several of these along a first axis.

`file_layout` describes the first two for programs without a TIFF reader: where pixels are and
how they are encoded. A file has no such layout if its last strip is shorter, its pixels are not
of whole bytes, or its codec depends on colours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from operator import add
from typing import Any

import numpy as np
import tifffile

from dask_fileseq.readers.chunk import (
    Array,
    ByteLayout,
    ChunkSpec,
    NoByteLayout,
    Region,
    as_slices,
    plain_spec,
    require_chunk,
)
from dask_fileseq.readers.counters import record
from dask_fileseq.readers.reader import File
from dask_fileseq.readers.tiff.byteranges import ByteSource, ContiguousImage
from dask_fileseq.readers.tiff.completeness import (
    require_complete,
    require_extent,
    require_plausible,
    require_segments,
    stored_places,
)
from dask_fileseq.readers.tiff.opentiff import open_tiff, split_arguments
from dask_fileseq.readers.tiff.ownpages import own_places
from dask_fileseq.readers.tiff.pagechain import number_of_pages
from dask_fileseq.readers.tiff.segments import BYTE_CODECS, PageGrid, SegmentedImage
from dask_fileseq.readers.tiff.signature import PageSegments
from dask_fileseq.readers.tiff.stackedimage import StackedImage
from dask_fileseq.readers.tiff.tiffseries import (
    count_of_alike,
    dims_of,
    selected_series,
    series_number,
)

YCBCR = 6

LARGE = 32 * 2**20
"""Bytes above which a page of uncompressed pixels is cut into several chunks."""

SMALL = 2**20
"""Least bytes of such a chunk, as each chunk takes a request."""

ROWS = 64 * 1024
"""Bytes of the rows that make one tile of contiguous pixels. Every pixel could be read by
itself, but fewer bytes than this cost a file system as much."""


class WholeImage:
    """An image that only tifffile can read, and only as a whole, by calling `load`.

    `segments` are start and stop of its strips or tiles in the file.
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
        """The array; read it if nothing else describes it."""
        return plain_spec(self._array) if self._spec is None else self._spec

    def read(self, source: ByteSource, region: Region, out: Array) -> None:
        """Read the whole image, and cut the region from it."""
        record(way="whole")
        if self._segments and source.announce is not None:
            source.announce(self._segments)
        if self._array.shape != self.spec.shape:
            raise ValueError(
                f"tifffile reads shape {self._array.shape}, "
                f"the file's metadata say {self.spec.shape}"
            )
        out[...] = self._array[as_slices(region)]


Image = ContiguousImage | SegmentedImage | WholeImage | StackedImage
"""An image that has a `spec`, and a method `read` for regions."""


def image_of(tif: tifffile.TiffFile, imageargs: Mapping[str, Any]) -> Image:
    """Return the image that ``tif.asarray(**imageargs)`` would read.

    Raises `ValueError` if the file contains no image, is truncated, or its pixels have an unknown
    type; tifffile would return an empty or shorter array.
    """
    if not tif.pages:
        raise ValueError("file holds no image")
    strict = imageargs.get("strict", True)
    imageargs = {name: value for name, value in imageargs.items() if name != "strict"}
    if "series" in imageargs:
        if imageargs["series"] == "all":
            numbers = range(count_of_alike(tif))
            args = dict(imageargs) | {"strict": strict}
            return StackedImage([image_of(tif, args | {"series": n}) for n in numbers])
        imageargs["series"] = series_number(tif, imageargs["series"])

    def load() -> Any:
        try:
            return tif.asarray(**imageargs)
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            if "key" not in imageargs:
                raise
            raise ValueError(
                f"key={imageargs['key']!r} selects no pages of one shape and type: it has"
                f" {number_of_pages(tif)} pages, from 0; series= reads an image ({error})"
            ) from error

    series = selected_series(tif, imageargs)
    if series is None:
        return WholeImage(load)
    if strict and series.kind != "page":
        require_complete(tif, series)
    if series.keyframe.dtype is None:
        raise ValueError("pixels are of a type that tifffile cannot read")
    if series.keyframe.bitspersample == 24 and series.dtype.kind in "iu" and tif.byteorder == ">":
        raise ValueError(
            "it has integers of 24 bits and is big-endian: GDAL stores the last byte of each first,"
            " other programs the first one, and nothing tells which"
        )
    require_plausible(series.keyframe)
    if series.keyframe.planarconfig not in (None, 1, 2):
        raise ValueError(f"planar configuration {series.keyframe.planarconfig} is not 1 or 2")
    if 0 in series.shape and series.kind != "shaped":  # tifffile writes arrays without pixels
        raise ValueError(f"its header is damaged: the image of shape {series.shape} has no pixels")
    if series.is_multifile or 0 in series.shape:
        return WholeImage(load)
    places = own_places(tif, series)
    if places is not None:
        return _image_of_pages(tif, series, places, imageargs["maxworkers"])
    if series.dataoffset is None:
        return _paged_image(tif, series, load, imageargs["maxworkers"])
    require_extent(tif, series.dataoffset + series.nbytes)
    spec = _spec(series, _row_tile(series.axes, series.shape, series.dtype.itemsize))
    return _contiguous_image(series, spec, [series.dataoffset], ())


def _contiguous_image(
    series: tifffile.TiffPageSeries, spec: ChunkSpec, starts: list[int], over: tuple[int, ...]
) -> ContiguousImage:
    """Return the image whose pixels are stored at `starts`, one for each index over some axes."""
    shape, keyframe = spec.shape, series.keyframe
    file_dtype = spec.dtype.newbyteorder(keyframe.parent.byteorder)
    page = tuple(1 if axis in over else n for axis, n in enumerate(shape))
    first = next((i for i in range(len(shape)) if math.prod(shape[i:]) == keyframe.size), 0)
    size = math.prod(page) * file_dtype.itemsize
    return ContiguousImage(spec, file_dtype, starts, page, over, first, keyframe.nodata, size)


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
        return _contiguous_image(series, spec, [page.dataoffsets[0] for page in own], grid.over)
    places = [stored_places(tif, page) for page in own]
    tables = [page.jpegtables for page in own]
    spec = _spec(series, grid.tile)
    return SegmentedImage(spec, keyframe, grid, places, tables, maxworkers or keyframe.maxworkers)


def _image_of_pages(
    tif: tifffile.TiffFile,
    series: tifffile.TiffPageSeries,
    places: Sequence[PageSegments],
    maxworkers: int | None,
) -> Image:
    """Return the image of uncompressed pages whose strips are where the pages say."""
    keyframe, shape = series.keyframe, tuple(map(int, series.shape))
    grid = PageGrid.of(keyframe, shape) if keyframe.is_final else None
    count = math.prod(keyframe.chunked)
    if grid is None or len(places) * keyframe.size != math.prod(shape):
        raise ValueError("its pages are not stored alike, and cannot be one array; key= reads one")
    for number, (offsets, counts) in enumerate(places):
        if min(len(offsets), len(counts)) < count:
            raise ValueError(f"page {number} has {len(offsets)} of {count} strips or tiles")
        require_extent(tif, max(map(add, offsets, counts)))
    spec = _spec(series, grid.tile)
    tables = [None] * len(places)
    return SegmentedImage(spec, keyframe, grid, places, tables, maxworkers or 1)


def _is_cuttable(tif: tifffile.TiffFile, keyframe: Any) -> bool:
    """Return whether each strip or tile can be decoded by itself."""
    if not isinstance(keyframe, tifffile.TiffPage):
        return False
    if keyframe.is_contiguous and not keyframe.is_final:
        return False  # a predictor or bit order without compression
    # NDPI: the tiles are parts of one JPEG stream; EER: of many frames
    return keyframe.jpegheader is None and not tif.is_eer


def _spec(series: tifffile.TiffPageSeries, tile: Sequence[int]) -> ChunkSpec:
    shape = tuple(map(int, series.shape))
    return ChunkSpec(shape, series.dtype.newbyteorder("="), dims_of(series), tuple(map(int, tile)))


def _row_tile(axes: str, shape: Sequence[int], itemsize: int) -> tuple[int, ...]:
    """Return the tile of contiguous pixels: some rows of one plane."""
    y = axes.find("Y") if "Y" in axes else max(0, len(shape) - 2)
    row = itemsize * math.prod(shape[y + 1 :])
    rows = min(shape[y], max(1, ROWS // row))
    return (1,) * y + (rows, *shape[y + 1 :])


def file_layout(file: File, spec: ChunkSpec, imreadargs: Mapping[str, Any]) -> ByteLayout:
    """Return the layout of a file that contains what `spec` describes, from its header.

    Raises `NoByteLayout` if it has none, `WrongChunk` if it contains another shape or dtype.
    """
    record(headers=1)
    fileargs, imageargs = split_arguments(imreadargs)
    if selecting := imageargs.keys() - {
        "key",
        "series",
        "level",
        "strict",
        "maxworkers",
        "buffersize",
    }:
        raise NoByteLayout(f"only tifffile can select by {', '.join(sorted(selecting))}")
    with open_tiff(file, fileargs) as tif:
        image = image_of(tif, imageargs)
        require_chunk(spec, image.spec.shape, image.spec.dtype)
        if isinstance(image, ContiguousImage):
            return _contiguous(image)
        if isinstance(image, SegmentedImage):
            return _segmented(image)
    raise NoByteLayout("only tifffile can read its pixels")


def _contiguous(image: ContiguousImage) -> ByteLayout:
    """Return the layout of pixels that are stored as in memory: pages, cut by rows.

    A large page is cut along its first axis into equal parts, if they are not too small.
    """
    shape, first = image.spec.shape, image.first
    chunks = (1,) * first + shape[first:]
    size = math.prod(chunks) * image.file_dtype.itemsize
    starts = image.starts
    if len(starts) == 1:
        if not starts[0]:
            raise NoByteLayout("its pixels were never written")
        starts = [starts[0] + i * size for i in range(math.prod(shape[:first]))]
    parts = 1
    if first < len(shape) and size > LARGE:
        divisors = (n for n in range(1, shape[first] + 1) if shape[first] % n == 0)
        parts = next((n for n in divisors if size // n <= LARGE), 1)
        parts = parts if size // parts >= SMALL else 1
        chunks = (*chunks[:first], shape[first] // parts, *chunks[first + 1 :])
    size //= parts
    segments = tuple(
        (start + i * size, size) if start else (0, 0) for start in starts for i in range(parts)
    )
    return ByteLayout(shape, image.file_dtype, chunks, nodata=image.nodata, segments=segments)


def _segmented(image: SegmentedImage) -> ByteLayout:
    """Return the layout of pages in strips or tiles: a chunk each."""
    keyframe, grid = image.keyframe, image.grid
    file_dtype = image.spec.dtype.newbyteorder(keyframe.parent.byteorder)
    if keyframe.compression not in BYTE_CODECS or keyframe.photometric == YCBCR:
        raise NoByteLayout(f"compression {keyframe.compression!r} is no codec of bytes")
    if keyframe.predictor not in (1, 2, 3) or keyframe.fillorder != 1:
        raise NoByteLayout(f"{keyframe.predictor!r} or {keyframe.fillorder!r} is not supported")
    if keyframe.bitspersample != 8 * file_dtype.itemsize:
        raise NoByteLayout(f"its pixels have {keyframe.bitspersample} bits")
    chunks = [1] * len(grid.shape)
    for axis, length, whole in zip(grid.within, grid.segment, grid.page, strict=True):
        part = length if keyframe.is_tiled else min(length, whole)
        if whole % part and not keyframe.is_tiled:
            raise NoByteLayout("its last strip is shorter than the others")
        if axis is not None:
            chunks[axis] = part
        elif part > 1:
            raise NoByteLayout("its tiles extend along an axis that the array does not have")
    segments = tuple(
        (offset, count) if offset and count else (0, 0)
        for page in image.pages
        for offset, count in zip(*page, strict=False)
    )
    places = math.prod(-(-n // c) for n, c in zip(grid.shape, chunks, strict=True))
    if len(segments) != places:
        raise NoByteLayout(f"it has {len(segments)} strips or tiles for {places} places")
    size = math.prod(chunks) * file_dtype.itemsize
    if keyframe.compression == 1 and not {count for _, count in segments} <= {0, size}:
        raise NoByteLayout("its strips or tiles are of several sizes")
    codec = int(keyframe.compression), int(keyframe.predictor), grid.within[-1] is not None
    return ByteLayout(grid.shape, file_dtype, tuple(chunks), *codec, keyframe.nodata, segments)
