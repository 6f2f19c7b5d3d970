"""A test whether georeferenced files are beside each other, as the tiles of a map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

MOST_PLACES = 1000
"""Number of places that are compared with each other, if there are more."""

OVERLAP = 0.5
"""Part of the width and height of an image by which tiles overlap at most."""


def are_tiles(bounds: Sequence[Any]) -> bool:
    """Return whether no two of several places overlap by much.

    Places are given by their least x and y and their greatest; None is no place.

    >>> are_tiles([(x, 0.0, x + 10, 10.0) for x in (0.0, 9.0, 18.0)])
    True
    >>> are_tiles([(x, 0.0, x + 10, 10.0) for x in (0.0, 3.0, 18.0)])
    False
    """
    if any(each is None for each in bounds):
        return False
    boxes = np.array(bounds, np.float64)
    if len(boxes) > MOST_PLACES:
        boxes = boxes[np.linspace(0, len(boxes) - 1, MOST_PLACES).astype(int)]
    low, high = boxes[:, :2], boxes[:, 2:]
    size = (high - low).min(axis=0)
    shared = np.minimum(high[:, None], high[None]) - np.maximum(low[:, None], low[None])
    overlapping = (shared > OVERLAP * size).all(axis=-1)
    return int(overlapping.sum()) == len(boxes)  # each overlaps with itself alone
