"""Where and how the pixels of a TIFF file are stored, for programs without a TIFF reader.

A file has a layout only if it is an array cut into equal chunks, each of which is one range
of bytes that a codec for bytes and a predictor decode. It has none if its last strip is
shorter, its pixels are not of whole bytes, or its codec depends on colours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import tifffile

from dask_fileseq.readers.bytelayout import ByteLayout, NoByteLayout
from dask_fileseq.readers.chunk import ChunkSpec, require_chunk
from dask_fileseq.readers.counters import record
from dask_fileseq.readers.reader import File
from dask_fileseq.readers.tiff.byteranges import ContiguousImage
from dask_fileseq.readers.tiff.opentiff import open_tiff, split_arguments, stands_alone
from dask_fileseq.readers.tiff.segments import BYTE_CODECS, SegmentedImage
from dask_fileseq.readers.tiff.tiffimage import image_of

__all__ = ["file_layout", "require_plain"]

YCBCR = 6

LARGE = 32 * 2**20
"""Bytes above which a page of uncompressed pixels is cut into several chunks."""

SMALL = 2**20
"""Least bytes of such a chunk, as each chunk takes a request."""


def file_layout(file: File, spec: ChunkSpec, imreadargs: Mapping[str, Any]) -> ByteLayout:
    """Return the layout of a file that contains what `spec` describes, from its header.

    Raises
    ------
    NoByteLayout
        If it has none.
    WrongChunk
        If it contains another shape or dtype than `spec`.

    Examples
    --------
    >>> import os, tempfile, numpy as np
    >>> name = os.path.join(tempfile.mkdtemp(), "a.tif")
    >>> tifffile.imwrite(name, np.zeros((48, 32), ">u2"), tile=(32, 32), byteorder=">")
    >>> spec = ChunkSpec((48, 32), np.dtype("u2"), ("y", "x"), (32, 32))
    >>> layout = file_layout(name, spec, {})
    >>> layout.dtype, layout.chunks, [count for _, count in layout.segments]
    (dtype('>u2'), (32, 32), [2048, 2048])
    """
    record(headers=1)
    fileargs, imageargs = split_arguments(imreadargs)
    if selecting := imageargs.keys() - {"key", "series", "level", "maxworkers", "buffersize"}:
        raise NoByteLayout(f"only tifffile can select by {', '.join(sorted(selecting))}")
    with open_tiff(file, fileargs) as tif:
        image = image_of(tif, imageargs)
        require_chunk(spec, image.spec.shape, image.spec.dtype)
        if isinstance(image, ContiguousImage):
            return _contiguous(image)
        if isinstance(image, SegmentedImage):
            return _segmented(image)
    raise NoByteLayout("only tifffile can read its pixels")


def require_plain(file: File, spec: ChunkSpec, imreadargs: Mapping[str, Any]) -> None:
    """Raise `NoByteLayout` if a file refers to others, which tifffile's codec cannot open.

    Raises
    ------
    WrongChunk
        If the file contains another shape or dtype than `spec`.
    """
    record(headers=1)
    fileargs, imageargs = split_arguments(imreadargs)
    start = {} if isinstance(file, str) else {"offset": 0}
    args: dict[str, Any] = {"_multifile": False} | start | fileargs
    with tifffile.TiffFile(file, **args) as tif:
        if not stands_alone(tif):
            raise NoByteLayout("its metadata refer to other files")
        image = image_of(tif, imageargs)
        require_chunk(spec, image.spec.shape, image.spec.dtype)


def _contiguous(image: ContiguousImage) -> ByteLayout:
    """Return the layout of pixels that are stored as in memory: pages, cut by rows.

    A large page is cut along its first axis into equal parts, if they are not too small.
    """
    shape, first = image.spec.shape, image.first
    chunks = (1,) * first + shape[first:]
    size = math.prod(chunks) * image.stored.itemsize
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
    return ByteLayout(shape, image.stored, chunks, nodata=image.nodata, segments=segments)


def _segmented(image: SegmentedImage) -> ByteLayout:
    """Return the layout of pages in strips or tiles: a chunk each."""
    keyframe, grid = image.keyframe, image.grid
    stored = image.spec.dtype.newbyteorder(keyframe.parent.byteorder)
    if keyframe.compression not in BYTE_CODECS or keyframe.photometric == YCBCR:
        raise NoByteLayout(f"compression {keyframe.compression!r} is no codec of bytes")
    if keyframe.predictor not in (1, 2, 3) or keyframe.fillorder != 1:
        raise NoByteLayout(f"{keyframe.predictor!r} or {keyframe.fillorder!r} is not supported")
    if keyframe.bitspersample != 8 * stored.itemsize:
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
    layout = ByteLayout(
        grid.shape,
        stored,
        tuple(chunks),
        int(keyframe.compression),
        int(keyframe.predictor),
        grid.within[-1] is not None,
        keyframe.nodata,
        segments,
    )
    _require_counts(layout)
    return layout


def _require_counts(layout: ByteLayout) -> None:
    """Raise `NoByteLayout` if the number of segments, or of bytes in them, is wrong."""
    places = math.prod(-(-n // c) for n, c in zip(layout.shape, layout.chunks, strict=True))
    if len(layout.segments) != places:
        raise NoByteLayout(f"it has {len(layout.segments)} strips or tiles for {places} places")
    size = math.prod(layout.chunks) * layout.dtype.itemsize
    if layout.compression == 1 and not {count for _, count in layout.segments} <= {0, size}:
        raise NoByteLayout("its strips or tiles are of several sizes")
