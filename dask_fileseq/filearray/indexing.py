"""Basic indexes, as numpy understands them: no arrays, no I/O."""

from __future__ import annotations

from operator import index as as_int
from typing import Any

import numpy as np

__all__ = ["expanded", "selected_range"]


def expanded(index: Any, ndim: int) -> list[Any]:
    """Return an int or a slice for each axis."""
    keys = list(index) if isinstance(index, tuple) else [index]
    ellipses = [i for i, key in enumerate(keys) if key is Ellipsis]
    if len(ellipses) > 1:
        raise IndexError("an index can have only one Ellipsis")
    if len(keys) - len(ellipses) > ndim:
        raise IndexError(f"too many indices: {len(keys) - len(ellipses)} for {ndim} axes")
    at = ellipses[0] if ellipses else len(keys)
    keys[at : at + 1] = [slice(None)] * (ndim - len(keys) + len(ellipses))
    return [key if isinstance(key, slice) else _as_int(key) for key in keys]


def _as_int(key: Any) -> int:
    try:
        if not isinstance(key, bool | np.bool_):
            return as_int(key)
    except TypeError:
        pass
    raise IndexError(f"only ints, slices and Ellipsis are indices here, not {key!r}")


def selected_range(key: Any, axis: int, length: int) -> range:
    """Return the elements that an int or a slice selects along an axis."""
    if isinstance(key, slice):
        return range(*key.indices(length))
    if not -length <= key < length:
        raise IndexError(f"index {key} is out of bounds for axis {axis} with size {length}")
    return range(key % length, key % length + 1)
