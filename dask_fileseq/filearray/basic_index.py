"""Basic indexes, as numpy defines them: no arrays, no I/O."""

from __future__ import annotations

from numbers import Integral
from typing import Any

__all__ = ["basic_index"]


def basic_index(index: Any, ndim: int) -> list[Any]:
    """Return an int or a slice for each axis.

    Raises
    ------
    IndexError
        If the index is anything but ints, slices and one Ellipsis, or is too long.

    Examples
    --------
    >>> basic_index((3, ..., slice(2)), 4)
    [3, slice(None, None, None), slice(None, None, None), slice(None, 2, None)]
    """
    keys = list(index) if isinstance(index, tuple) else [index]
    dots = [i for i, key in enumerate(keys) if key is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can have only one Ellipsis")
    if len(keys) - len(dots) > ndim:
        raise IndexError(f"too many indices: {len(keys) - len(dots)} for {ndim} axes")
    at = dots[0] if dots else len(keys)
    keys[at : at + 1] = [slice(None)] * (ndim - len(keys) + len(dots))
    for key in keys:
        numbers = (key.start, key.stop, key.step) if isinstance(key, slice) else (key,)
        for number in numbers:  # an array of one element is no index, nor is a bool
            optional = number is None and isinstance(key, slice)
            if not optional and (isinstance(number, bool) or not isinstance(number, Integral)):
                raise IndexError(f"only ints, slices and Ellipsis are indices here, not {key!r}")
    return keys
