"""One level of a pyramid from the one before: numpy alone.

The result does not depend on how an image is cut into regions, if these begin at even
elements: each element of a level is made of two elements along each halved axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDER = {"u1": "u2", "u2": "u4", "u4": "u8", "i1": "i2", "i2": "i4", "i4": "i8"}
"""Integers that hold the sum of four integers of a type."""


def downsampled(array: NDArray[Any], halved: Sequence[bool], method: str) -> NDArray[Any]:
    """Return an array with half as many elements along the halved axes, rounded up.

    ``"mean"`` takes the mean of the elements, rounded half up if they are integers;
    ``"nearest"`` the first element, for labels. The last element of an odd axis counts twice.

    >>> downsampled(np.array([[1, 2, 4], [3, 5, 6]], "u1"), (True, True), "mean")
    array([[3, 5]], dtype=uint8)
    >>> downsampled(np.array([[1, 2, 4], [3, 5, 6]], "u1"), (True, True), "nearest")
    array([[1, 4]], dtype=uint8)
    """
    dtype = array.dtype
    if method == "nearest" or dtype.kind not in "uifc":
        first = array[tuple(slice(None, None, 2 if half else 1) for half in halved)]
        return np.ascontiguousarray(first)
    axes = [axis for axis, half in enumerate(halved) if half and array.shape[axis] > 1]
    if not axes:
        return array.copy()
    if dtype.kind in "ui" and dtype.str[1:] not in WIDER:  # pairs are rounded down
        return _folded(array, axes, _floor_mean, dtype)
    wide = np.dtype(WIDER.get(dtype.str[1:], np.promote_types(dtype, np.float32)))
    with np.errstate(over="ignore", invalid="ignore"):  # infinity and NaN are kept
        total = _folded(array, axes, partial(np.add, dtype=wide), wide)
        if dtype.kind in "fc":
            return np.asarray(total * wide.type(0.5 ** len(axes)), dtype)
    total += 1 << (len(axes) - 1)
    total >>= len(axes)
    return total.astype(dtype)


def _folded(array: NDArray[Any], axes: Sequence[int], fold: Any, dtype: Any) -> NDArray[Any]:
    """Fold pairs of elements along each of the axes; the last of an odd axis with itself."""
    for axis in axes:
        source = np.moveaxis(array, axis, 0)
        pairs, odd = divmod(len(source), 2)
        shape = list(array.shape)
        shape[axis] = pairs + odd
        array = np.empty(shape, dtype)
        result = np.moveaxis(array, axis, 0)
        fold(source[: 2 * pairs : 2], source[1::2], out=result[:pairs])
        if odd:
            fold(source[-1:], source[-1:], out=result[-1:])
    return array


def _floor_mean(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any]) -> None:
    """Write the mean of two integers, rounded down, without overflow."""
    np.add(a & b, (a ^ b) >> 1, out=out)
