"""Regions of pixels that stand in a file as they stand in memory: byte runs.

Of an array in C order, a region is a set of equal runs of bytes. Runs that lie
close together are read in one go, and the gaps thrown away: to copy 16 KiB costs
as much as to ask for one more read (1.7 us), and far less on a network disk. A
256x256 crop of a 4096x4096 uint16 image takes 450 us in 256 reads, 50 us in one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from dask_fileseq.readers.regions import Region

__all__ = ["ByteSource", "read_runs", "runs_of"]

Array = np.ndarray[Any, Any]

GAP = 16 * 1024
"""Bytes between two runs that are read rather than skipped."""

SCRATCH = 4 * 1024 * 1024
"""Bytes read at most in one go where they cannot be read straight into the output."""


class ByteSource(Protocol):
    """A seekable file."""

    def seek(self, offset: int, /) -> int:
        """Go to a position."""

    def readinto(self, buffer: Any, /) -> int | None:
        """Fill a buffer and return the number of bytes read."""


def read_runs(
    file: ByteSource,
    offset: int,
    dtype: np.dtype[Any],
    shape: Sequence[int],
    ranges: Region,
    out: Array,
) -> int:
    """Read a region of an array in C order that begins at `offset` of a file.

    Parameters
    ----------
    file
        File to read from.
    offset
        Position of the array's first byte.
    dtype
        Type of the array in the file, with its byte order.
    shape
        Shape of the array in the file.
    ranges
        Ascending indices for each axis.
    out
        Array to fill, with as many elements along each axis as there are indices.

    Returns
    -------
    int
        Number of bytes read.

    Raises
    ------
    ValueError
        The file ends within a run.

    Examples
    --------
    >>> import io
    >>> out = np.empty((2, 2), "u1")
    >>> read_runs(io.BytesIO(bytes(range(12))), 0, out.dtype, (3, 4), (range(1, 3), range(2)), out)
    6
    >>> out
    array([[4, 5],
           [8, 9]], dtype=uint8)
    """
    strides, first = _layout(offset, dtype, shape, ranges)
    in_place = out.dtype == dtype.newbyteorder("=") and out.flags.c_contiguous
    total = 0
    for begin, block in _blocks(out, strides, dtype.itemsize, in_place):
        size = _span(block, strides, dtype.itemsize)
        file.seek(first + begin)
        if in_place and size == block.nbytes:
            _fill(file, block)
            if not dtype.isnative:
                block.byteswap(inplace=True)
        else:
            scratch = np.empty(size, np.uint8)
            _fill(file, scratch)
            block[...] = np.ndarray(
                block.shape, dtype, scratch, strides=strides[out.ndim - block.ndim :]
            )
        total += size
    return total


def runs_of(
    offset: int, dtype: np.dtype[Any], shape: Sequence[int], ranges: Region
) -> Iterator[tuple[int, int]]:
    """Yield start and stop of what `read_runs` reads.

    >>> list(runs_of(0, np.dtype("u1"), (3, 4), (range(1, 3), range(2))))
    [(4, 10)]
    """
    strides, first = _layout(offset, dtype, shape, ranges)
    like = np.broadcast_to(np.zeros((), dtype), tuple(map(len, ranges)))
    for begin, block in _blocks(like, strides, dtype.itemsize, False):
        yield first + begin, first + begin + _span(block, strides, dtype.itemsize)


def _layout(
    offset: int, dtype: np.dtype[Any], shape: Sequence[int], ranges: Region
) -> tuple[tuple[int, ...], int]:
    """Return the bytes from one index to the next along each axis, and where the first pixel is."""
    strides = tuple(
        dtype.itemsize * math.prod(shape[axis + 1 :]) * indices.step
        for axis, indices in enumerate(ranges)
    )
    return strides, offset + sum(
        indices.start * stride // indices.step
        for indices, stride in zip(ranges, strides, strict=True)
    )


def _span(block: Array, strides: tuple[int, ...], itemsize: int) -> int:
    """Return the bytes from the first to the last pixel of a block."""
    lengths: Iterator[tuple[int, int]] = zip(
        block.shape, strides[len(strides) - block.ndim :], strict=True
    )
    return itemsize + sum([(length - 1) * stride for length, stride in lengths])


def _blocks(
    out: Array, strides: tuple[int, ...], itemsize: int, in_place: bool
) -> Iterator[tuple[int, Array]]:
    """Cut the output into blocks, each to be filled by one read.

    Yields where in the file each block begins, from the first pixel, and the block.
    """
    size = itemsize  # bytes from the first to the last pixel of a block
    axis = out.ndim
    group = 1  # indices that one read takes along the axis that is cut
    while axis > 0:
        length, stride = out.shape[axis - 1], strides[axis - 1]
        whole = (length - 1) * stride + size
        if length > 1 and stride - size > GAP:
            break
        if whole > SCRATCH and not (in_place and stride == size):
            group = max(1, (SCRATCH - size) // stride + 1)
            break
        axis, size = axis - 1, whole
    if axis == 0:
        yield 0, out
        return
    for outer in np.ndindex(out.shape[: axis - 1]):
        begin = sum(i * stride for i, stride in zip(outer, strides, strict=False))
        for start in range(0, out.shape[axis - 1], group):
            yield begin + start * strides[axis - 1], out[outer][start : start + group]


def _fill(file: ByteSource, array: Array) -> None:
    """Fill a C-contiguous array with the next bytes of a file."""
    view = memoryview(array.reshape(-1).view(np.uint8).data)
    done = 0
    while done < len(view):
        count = file.readinto(view[done:])
        if not count:
            raise ValueError(f"file is truncated: {len(view) - done} bytes are missing")
        done += count
