"""Where and how the pixels of a TIFF file are stored, for programs that know no TIFF.

The rule: a file has a layout only if it is an array cut into equal chunks, each one run
of bytes that no more than a codec for bytes and a predictor turn into pixels. A last
strip that is shorter, pixels of other than whole bytes and codecs that know of colours
are beyond that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import tifffile

from dask_fileseq.readers.bytelayout import ByteLayout, NoByteLayout, Segment
from dask_fileseq.readers.chunk import ChunkSpec, require_chunk
from dask_fileseq.readers.counters import record
from dask_fileseq.readers.opening import open_tiff, split_arguments, stands_alone
from dask_fileseq.readers.pages import PageStack
from dask_fileseq.readers.reader import File
from dask_fileseq.readers.tiffimage import ContiguousImage, PagedImage, image_of

__all__ = ["file_layout", "require_plain"]

CODECS = {1, 5, 8, 32773, 32946, 34925, 50000}
"""None, LZW, Deflate, PackBits, LZMA, Zstandard: of bytes, whatever these mean."""

YCBCR = 6

LARGE = 32 * 2**20
"""Bytes of uncompressed pixels from which they are cut into several chunks."""

SMALL = 2**20
"""Bytes that a chunk cut so has at least: each is a request."""


def file_layout(file: File, spec: ChunkSpec, imreadargs: Mapping[str, Any]) -> ByteLayout:
    """Return the layout of a file, from its header.

    Parameters
    ----------
    file
        Path or handle.
    spec
        What it must hold.
    imreadargs
        Arguments of the TIFF reader.

    Raises
    ------
    NoByteLayout
        It has none.
    WrongChunk
        It holds another shape or dtype than `spec`.

    Examples
    --------
    >>> import os, tempfile, tifffile
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
        raise NoByteLayout(f"only tifffile knows what {', '.join(sorted(selecting))} selects")
    with open_tiff(file, fileargs) as tif:
        image = image_of(tif, imageargs)
        require_chunk(spec, image.spec.shape, image.spec.dtype)
        if isinstance(image, ContiguousImage):
            return _contiguous(image, tif.pages.first.keyframe.size)
        if not isinstance(image, PagedImage):
            raise NoByteLayout("only tifffile knows where its pixels are")
        if image.stack.way == "contiguous":
            return _pages(image.stack)
        return _segments(image.stack)


def require_plain(file: File, spec: ChunkSpec, imreadargs: Mapping[str, Any]) -> None:
    """Raise an error unless tifffile's codec reads a file, by itself, as `spec` says.

    Raises
    ------
    NoByteLayout
        Its metadata tell of other files, which are not there when it is decoded.
    WrongChunk
        It holds another shape or dtype.
    """
    record(headers=1)
    fileargs, imageargs = split_arguments(imreadargs)
    start = {} if isinstance(file, str) else {"offset": 0}
    args: dict[str, Any] = {"_multifile": False} | start | fileargs
    with tifffile.TiffFile(file, **args) as tif:
        if not stands_alone(tif):
            raise NoByteLayout("its metadata tell of other files")
        image = image_of(tif, imageargs)
        require_chunk(spec, image.spec.shape, image.spec.dtype)


def _contiguous(image: ContiguousImage, page: int) -> ByteLayout:
    """Return the layout of an image that stands there as in memory: pages, cut by rows."""
    shape = image.spec.shape
    over = next((i for i in range(len(shape)) if math.prod(shape[i:]) == page), 0)
    if not image.offset:
        raise NoByteLayout("its pixels were never written")
    size = math.prod(shape[over:]) * image.stored.itemsize
    starts = [image.offset + i * size for i in range(math.prod(shape[:over]))]
    return _cut(shape, image.stored, over, starts)


def _pages(stack: PageStack) -> ByteLayout:
    """Return the layout of pages of uncompressed pixels, cut by rows."""
    first = min((axis for axis in stack.within if axis is not None), default=len(stack.shape))
    starts = [page.dataoffsets[0] for page in stack.pages]
    return _cut(stack.shape, stack.stored, first, starts, stack.keyframe.nodata)


def _cut(
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    over: int,
    starts: list[int],
    nodata: float = 0,
) -> ByteLayout:
    """Return the layout of pages, from axis `over` on, of which each stands as in memory.

    A large one is cut along its first axis into equal parts, if they are not too small.
    """
    chunks = (1,) * over + shape[over:]
    size = math.prod(chunks) * dtype.itemsize
    parts = 1
    if over < len(shape) and size > LARGE:
        divisors = (n for n in range(1, shape[over] + 1) if shape[over] % n == 0)
        parts = next((n for n in divisors if size // n <= LARGE), 1)
        parts = parts if size // parts >= SMALL else 1
        chunks = (*chunks[:over], shape[over] // parts, *chunks[over + 1 :])
    size //= parts
    segments = tuple(
        (start + i * size, size) if start else (0, 0) for start in starts for i in range(parts)
    )
    return ByteLayout(shape, dtype, chunks, nodata=nodata, segments=segments)


def _segments(stack: PageStack) -> ByteLayout:
    """Return the layout of pages in strips or tiles: a chunk each."""
    keyframe = stack.keyframe
    if keyframe.compression not in CODECS or keyframe.photometric == YCBCR:
        raise NoByteLayout(f"compression {keyframe.compression!r} is no codec of bytes")
    if keyframe.predictor not in (1, 2, 3) or keyframe.fillorder != 1:
        raise NoByteLayout(f"{keyframe.predictor!r} or {keyframe.fillorder!r} is not supported")
    if keyframe.bitspersample != 8 * stack.stored.itemsize:
        raise NoByteLayout(f"its pixels have {keyframe.bitspersample} bits")
    chunks = [1] * len(stack.shape)
    for axis, length, whole in zip(stack.within, stack.segment, keyframe.shaped, strict=True):
        part = length if keyframe.is_tiled else min(length, whole)
        if whole % part and not keyframe.is_tiled:
            raise NoByteLayout("its last strip is shorter than the others")
        if axis is not None:
            chunks[axis] = part
        elif part > 1:
            raise NoByteLayout("its tiles reach beyond an axis that the array has not")
    segments = tuple(
        (offset, count) if offset and count else (0, 0)
        for page in stack.pages
        for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False)
    )
    _require_counts(stack, chunks, segments)
    return ByteLayout(
        stack.shape,
        stack.stored,
        tuple(chunks),
        int(keyframe.compression),
        int(keyframe.predictor),
        stack.within[-1] is not None,
        keyframe.nodata,
        segments,
    )


def _require_counts(stack: PageStack, chunks: list[int], segments: tuple[Segment, ...]) -> None:
    """Raise `NoByteLayout` if the number of segments, or of bytes in them, is wrong."""
    grid = [-(-n // c) for n, c in zip(stack.shape, chunks, strict=True)]
    if len(segments) != math.prod(grid):
        raise NoByteLayout(f"it has {len(segments)} strips or tiles for {math.prod(grid)} places")
    size = math.prod(chunks) * stack.stored.itemsize
    if stack.keyframe.compression == 1 and not {count for _, count in segments} <= {0, size}:
        raise NoByteLayout("its strips or tiles are of several sizes")
