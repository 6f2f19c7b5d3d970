"""Regions of arrays, as tuples of ranges: pure integers and views, no I/O.

A region has a `range` for each axis, the indices to read. A range has a length, a step and
an i-th element, and is never ambiguous as a slice can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

__all__ = ["Region", "as_slices", "ascending", "is_whole", "pieces", "whole_region"]

Region = tuple[range, ...]
Array = np.ndarray[Any, Any]


def whole_region(shape: Sequence[int]) -> Region:
    """Return the region of a whole array.

    >>> whole_region((4, 6))
    (range(0, 4), range(0, 6))
    """
    return tuple(map(range, shape))


def is_whole(region: Region, shape: Sequence[int]) -> bool:
    """Return whether a region is a whole array, in ascending order.

    >>> is_whole((range(4), range(0, 6)), (4, 6)), is_whole((range(4), range(6)), (4, 7))
    (True, False)
    """
    return region == tuple(map(range, shape))


def as_slices(region: Region) -> tuple[slice, ...]:
    """Return the slices that select a region.

    >>> as_slices((range(1, 3), range(3, -1, -1)))
    (slice(1, 3, 1), slice(3, None, -1))
    """
    return tuple(slice(r.start, r.stop if r.stop >= 0 else None, r.step) for r in region)


def ascending(region: Region, out: Array) -> tuple[Region, Array]:
    """Return a region in ascending order, and the view of `out` that it fills.

    A descending axis is read in ascending order into a flipped view.

    >>> ranges, view = ascending((range(4, -1, -2),), np.empty(3))
    >>> [list(indices) for indices in ranges], view.strides
    ([[0, 2, 4]], (-8,))
    """
    for indices in region:
        if indices.step < 0:
            break
    else:
        return region, out
    ranges = tuple([r if r.step > 0 else r[::-1] for r in region])
    flips: list[Any] = [slice(None, None, 1 if r.step > 0 else -1) for r in region]
    return ranges, out[(*flips, ...)]


def pieces(indices: range, size: int) -> Iterator[tuple[int, slice, slice]]:
    """Cut ascending indices at the borders of segments of an axis.

    Yields the number of each segment that contains any of the indices, the part of the
    output that it fills, and the part of the segment that goes there.

    >>> for piece in pieces(range(3, 30, 10), 8):  # segments begin at 0, 8, 16, 24
    ...     print(piece)
    (0, slice(0, 1, None), slice(3, 4, 10))
    (1, slice(1, 2, None), slice(5, 6, 10))
    (2, slice(2, 3, None), slice(7, 8, 10))
    """
    step = indices.step
    first = 0
    while first < len(indices):
        number, start = divmod(indices[first], size)
        last = min(len(indices) - 1, first + (size - 1 - start) // step)
        stop = start + (last - first) * step + 1
        yield number, slice(first, last + 1), slice(start, stop, step)
        first = last + 1
