"""Differences between the places of georeferenced files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.headers.codes import FEW, coded, most, nearly_equal, usual_along
from dask_fileseq.headers.properties import Row, unit_text

SHIFT = 1e-3
"""Part of a pixel up to which two images have the same place."""


MOST_PLACES = 1000
"""Number of places that are compared with each other, if there are more."""

OVERLAP = 0.5
"""Part of the width and height of an image by which tiles overlap at most."""


def shifts(rows: Sequence[Row], along: Sequence[NDArray[Any]]) -> Iterator[tuple[int, str]]:
    """Yield the files that are not where they should be, or whose pixels are of another size."""
    placed = [number for number, row in enumerate(rows) if "transform" in row]
    if 2 * len(placed) > len(rows):
        for number in sorted(set(range(len(rows))) - set(placed)):
            detail = f"has no georeference; {len(placed):,} of {len(rows):,} files have one"
            yield number, detail
    if not placed:
        return
    codes, _ = coded(offsets([rows[number]["transform"] for number in placed]))
    bounds = [rows[number].get("bounds") for number in placed]
    expected = places(codes, [index[placed] for index in along], bounds)
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    for i in np.flatnonzero(codes != expected).tolist():
        usual = expected[i]  # codes are 0, 1, ...
        reference, row = rows[placed[int(first[usual])]], rows[placed[i]]
        if row.get("crs") == reference.get("crs") and (change := change_text(row, reference)):
            yield placed[i], f"{change} against {counts[usual]:,} other files"


def places(
    codes: NDArray[np.int64], along: Sequence[NDArray[Any]], bounds: Sequence[Any]
) -> NDArray[np.int64]:
    """Return the place that each file should have; `codes` are those that they have.

    It is the same for all, unless files are beside each other, as tiles are: then for all files
    with the same index along the axes of tiles.
    """
    axes = range(len(along))
    for chosen in (*combinations(axes, 1), *combinations(axes, 2)):
        index = np.unique(np.stack([along[axis] for axis in chosen]), axis=1, return_inverse=True)
        rule = usual_along(np.ravel(index[1]), codes)
        if rule is not None and len(np.unique(rule)) > 1 and are_tiles(_first(rule, codes, bounds)):
            return rule
    elsewhere = len(np.unique(codes)) > (1 - FEW) * len(codes)
    return codes if elsewhere and are_tiles(_first(codes, codes, bounds)) else most(codes)


def _first(wanted: NDArray[np.int64], codes: NDArray[np.int64], bounds: Sequence[Any]) -> list[Any]:
    """Return the bounds of the first file of each code that is wanted."""
    _, first = np.unique(codes, return_index=True)
    return [bounds[number] for number in first[np.unique(wanted)].tolist()]


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


def offsets(transforms: Sequence[Sequence[float]]) -> list[tuple[float, ...]]:
    """Return transforms with offsets from the first one, in thousandths of a pixel."""
    _, _, c0, _, _, f0 = transforms[0]
    return [
        (
            *(float(f"{value:.7g}") for value in (a, b, d, e)),
            round((c - c0) / (math.hypot(a, d) * SHIFT)),
            round((f - f0) / (math.hypot(b, e) * SHIFT)),
        )
        for a, b, c, d, e, f in transforms
    ]


def change_text(row: Row, other: Row) -> str:
    """Return in words how the place of an image differs from that of another one; may be empty.

    >>> here = {"transform": (10.0, 0, 500.0, 0, -10.0, 900.0), "pixel_unit": "metre"}
    >>> change_text(here | {"transform": (10.0, 0, 530.0, 0, -10.0, 900.0)}, here)
    'is shifted by 30 m along x'
    """
    (a, b, c, d, e, f), (a2, b2, c2, d2, e2, f2) = row["transform"], other["transform"]
    unit = other.get("pixel_unit")
    unit = unit_text(unit[0] if isinstance(unit, tuple) else unit)
    linear, linear2 = (a, b, d, e), (a2, b2, d2, e2)
    if not nearly_equal(linear, linear2):
        sizes = [f"{abs(x):g} x {abs(y):g} {unit}".rstrip() for x, y in ((a, e), (a2, e2))]
        if b or d or b2 or d2 or sizes[0] == sizes[1]:
            return "has rows in another direction"
        return f"has pixels of {sizes[0]}, not {sizes[1]},"
    moves = [
        f"{abs(move):.6g} {unit} along {axis}".replace("  ", " ")
        for axis, move, size in (("x", c - c2, math.hypot(a, d)), ("y", f - f2, math.hypot(b, e)))
        if abs(move) > SHIFT * size
    ]
    return f"is shifted by {' and '.join(moves)}" if moves else ""
