"""Regions of uncompressed pixels, read as ranges of bytes.

A region of an array in C order is a set of equal ranges of bytes in the file. Each request
costs as much as copying some 16 KiB (1.7 us on a local disk, far more on a network), so
ranges that are closer together than that are merged: one request reads them with the gaps
between them, and the gaps are dropped in memory. A 256x256 crop of a 4096x4096 uint16 image
takes 450 us in 256 reads, 50 us in one. This is right for any gap, as the strides of the
merged range are those of the file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from dask_fileseq.readers.regions import Region
from dask_fileseq.readers.tiff.filebytes import ByteSource

__all__ = ["byte_ranges", "read_byte_ranges"]

Array = np.ndarray[Any, Any]

GAP = 16 * 1024
"""Largest gap, in bytes, over which two ranges are merged into one read."""

SCRATCH = 4 * 1024 * 1024
"""Most bytes per read, if they cannot be read straight into the output."""


class _Cut(NamedTuple):
    """How a region is cut into blocks, each of which takes one read."""

    first: int
    """Offset of the first pixel from the beginning of the array, in bytes."""
    strides: tuple[int, ...]
    """Bytes from one index to the next along each axis, in the file."""
    lengths: tuple[int, ...]
    """Number of indices along each axis."""
    axis: int
    """Number of leading axes that are cut; the others are whole in each block."""
    group: int
    """Number of indices in each block along the last axis that is cut."""
    contiguous: bool
    """Whether the bytes of a block are without gaps."""


def read_byte_ranges(
    source: ByteSource,
    offset: int,
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    region: Region,
    out: Array,
) -> int:
    """Read a region of an array in C order that begins at `offset` of a file.

    Parameters
    ----------
    source
        The file.
    offset
        Position of the array's first byte.
    dtype
        Type of the array in the file, with its byte order.
    shape
        Shape of the array in the file.
    region
        Ascending indices for each axis.
    out
        Array of the region's shape.

    Returns
    -------
    int
        Number of bytes read.

    Raises
    ------
    ValueError, EOFError
        If the file ends within a range.

    Examples
    --------
    >>> import io
    >>> from dask_fileseq.readers.tiff.filebytes import HandleBytes
    >>> out = np.empty((2, 2), "u1")
    >>> source = HandleBytes(io.BytesIO(bytes(range(12))), None)
    >>> read_byte_ranges(source, 0, out.dtype, (3, 4), (range(1, 3), range(2)), out)
    6
    >>> out
    array([[4, 5],
           [8, 9]], dtype=uint8)
    """
    in_place = out.dtype == dtype.newbyteorder("=") and out.flags.c_contiguous
    cut = _cut(shape, dtype.itemsize, region, in_place)
    if in_place and cut.axis == 0 and cut.contiguous:
        _fill(source, offset + cut.first, dtype, out)
        return out.nbytes
    total = 0
    for start, size, place in _blocks(cut, dtype.itemsize):
        block = out[place]
        if in_place and cut.contiguous:
            _fill(source, offset + start, dtype, block)
        else:
            scratch = np.empty(size, np.uint8)
            source.readinto(offset + start, scratch.data)
            strides = cut.strides[out.ndim - block.ndim :]
            block[...] = np.ndarray(block.shape, dtype, scratch, strides=strides)
        total += size
    return total


def byte_ranges(
    offset: int, dtype: np.dtype[Any], shape: tuple[int, ...], region: Region
) -> Iterator[tuple[int, int]]:
    """Yield start and stop of each range that `read_byte_ranges` reads.

    >>> list(byte_ranges(0, np.dtype("u1"), (3, 4), (range(1, 3), range(2))))
    [(4, 10)]
    """
    cut = _cut(shape, dtype.itemsize, region, False)
    for start, size, _ in _blocks(cut, dtype.itemsize):
        yield offset + start, offset + start + size


@lru_cache(maxsize=256)
def _cut(shape: tuple[int, ...], itemsize: int, region: Region, in_place: bool) -> _Cut:
    """Return how a region is cut: the same for all files, and so computed once."""
    lengths = tuple(map(len, region))
    strides = tuple(
        itemsize * math.prod(shape[axis + 1 :]) * indices.step
        for axis, indices in enumerate(region)
    )
    first = sum(r.start * stride // r.step for r, stride in zip(region, strides, strict=True))
    size = pixels = itemsize  # bytes of a block in the file, and without gaps
    axis, group = len(shape), 1
    while axis > 0:
        length, stride = lengths[axis - 1], strides[axis - 1]
        whole = (length - 1) * stride + size
        if length > 1 and stride - size > GAP:
            break
        if whole > SCRATCH and not (in_place and stride == size):
            group = max(1, (SCRATCH - size) // stride + 1)
            break
        axis, size, pixels = axis - 1, whole, pixels * length
    contiguous = size == pixels and (group == 1 or strides[axis - 1] == size)
    return _Cut(first, strides, lengths, axis, group, contiguous)


def _blocks(cut: _Cut, itemsize: int) -> Iterator[tuple[int, int, Any]]:
    """Yield the offset of each block, its size in the file, and its place in the output."""
    axis, strides, lengths = cut.axis, cut.strides, cut.lengths
    inner = itemsize + sum((n - 1) * s for n, s in zip(lengths[axis:], strides[axis:], strict=True))
    if axis == 0:
        yield cut.first, inner, ...
        return
    for outer in np.ndindex(*lengths[: axis - 1]):
        begin = cut.first + sum(i * stride for i, stride in zip(outer, strides, strict=False))
        for start in range(0, lengths[axis - 1], cut.group):
            stop = min(start + cut.group, lengths[axis - 1])
            size = (stop - start - 1) * strides[axis - 1] + inner
            yield begin + start * strides[axis - 1], size, (*outer, slice(start, stop))


def _fill(source: ByteSource, offset: int, dtype: np.dtype[Any], block: Array) -> None:
    """Read the pixels of a C-contiguous array into it."""
    source.readinto(offset, memoryview(block.reshape(-1).view(np.uint8).data))
    if not dtype.isnative:
        block.byteswap(inplace=True)
