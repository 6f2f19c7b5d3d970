"""Arithmetic of regions: pure integers and views, no I/O.

A region is a slice for each axis. Inside the readers it is a tuple of ascending
`range` objects, the indices to read along each axis: a range knows its length,
its step and its i-th element, and is never ambiguous as a slice can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

__all__ = ["Ranges", "ascending", "pieces", "whole_region"]

Ranges = tuple[range, ...]
Array = np.ndarray[Any, Any]


def whole_region(shape: Sequence[int]) -> tuple[slice, ...]:
    """Return the region that is everything.

    >>> whole_region((4, 6))
    (slice(None, None, None), slice(None, None, None))
    """
    return (slice(None),) * len(shape)


def ascending(region: Sequence[slice], shape: Sequence[int], out: Array) -> tuple[Ranges, Array]:
    """Return a region as ascending ranges, and the view of `out` that matches it.

    An axis that is read backwards is read forwards into a flipped view.

    >>> ranges, view = ascending([slice(None, None, -2)], [5], np.empty(3))
    >>> [list(indices) for indices in ranges], view.strides
    ([[0, 2, 4]], (-8,))
    """
    ranges = []
    flips: list[Any] = []
    for part, length in zip(region, shape, strict=True):
        indices = range(*part.indices(length))
        flips.append(slice(None, None, -1 if indices.step < 0 else 1))
        if len(indices) == 1:  # any step: one that says "next to each other" merges best
            indices = range(indices[0], indices[0] + 1)
        ranges.append(indices if indices.step > 0 else indices[::-1])
    return tuple(ranges), out[(*flips, ...)]


def pieces(indices: range, size: int) -> Iterator[tuple[int, slice, slice]]:
    """Cut indices where segments of an axis begin, skipping segments without any.

    Yields the number of the segment, the part of the output it fills, and the
    part of the segment that goes there.

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
