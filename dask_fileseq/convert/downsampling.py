"""One level of a pyramid from the one before: numpy alone.

The result does not depend on how an image is cut into regions, as long as these begin
at even elements: each element of a level is made of those two along each halved axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["reduced"]

WIDER = {"u1": "u2", "u2": "u4", "u4": "u8", "i1": "i2", "i2": "i4", "i4": "i8"}
"""Integers that hold the sum of four of a kind."""


def reduced(array: NDArray[Any], halved: Sequence[bool], method: str) -> NDArray[Any]:
    """Return an array with half as many elements along some axes, rounded up.

    Parameters
    ----------
    array : ndarray
        One level, or a region of it.
    halved : sequence of bool
        The axes to halve.
    method : {"mean", "nearest"}
        The mean of the elements, rounded half up if they are integers; or the first
        element, for labels. At the end of an odd axis there is one element less.

    Examples
    --------
    >>> reduced(np.array([[1, 2, 4], [3, 5, 6]], "u1"), (True, True), "mean")
    array([[3, 5]], dtype=uint8)
    >>> reduced(np.array([[1, 2, 4], [3, 5, 6]], "u1"), (True, True), "nearest")
    array([[1, 4]], dtype=uint8)
    """
    if method == "nearest" or array.dtype.kind not in "uifc":
        first = array[tuple(slice(None, None, 2 if half else 1) for half in halved)]
        return np.ascontiguousarray(first)
    axes = [axis for axis, half in enumerate(halved) if half and array.shape[axis] > 1]
    if not axes:
        return array.copy()
    if array.dtype.kind in "fc":
        wide = np.promote_types(array.dtype, np.float32)
        with np.errstate(over="ignore", invalid="ignore"):  # infinite, or no number: so be it
            total = _folded(array, axes, lambda a, b, out: np.add(a, b, out=out, dtype=wide), wide)
            return np.asarray(total * wide.type(0.5 ** len(axes)), array.dtype)
    name = array.dtype.str[1:]
    if name not in WIDER:  # nothing is wider: rounded down, pair by pair
        return _folded(array, axes, _floor_mean, array.dtype)
    wide = np.dtype(WIDER[name])
    total = _folded(array, axes, lambda a, b, out: np.add(a, b, out=out, dtype=wide), wide)
    total += 1 << (len(axes) - 1)
    total >>= len(axes)
    return total.astype(array.dtype)


def _folded(array: NDArray[Any], axes: Sequence[int], fold: Any, dtype: Any) -> NDArray[Any]:
    """Fold pairs of elements along each of the axes; the last of an odd axis with itself."""
    for axis in axes:
        shape = list(array.shape)
        pairs, odd = divmod(shape[axis], 2)
        shape[axis] = pairs + odd
        result = np.empty(shape, dtype)
        even = array[_along(axis, slice(0, 2 * pairs, 2))]
        fold(even, array[_along(axis, slice(1, None, 2))], result[_along(axis, slice(0, pairs))])
        if odd:
            last = array[_along(axis, slice(-1, None))]
            fold(last, last, result[_along(axis, slice(-1, None))])
        array = result
    return array


def _along(axis: int, part: slice) -> tuple[slice, ...]:
    return (*[slice(None)] * axis, part)


def _floor_mean(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any]) -> None:
    """Write the mean of two integers, rounded down, without overflow."""
    np.add(a & b, (a ^ b) >> 1, out=out)
