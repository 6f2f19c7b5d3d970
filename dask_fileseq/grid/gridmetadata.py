"""What is known of a grid besides the labels of its axes: other coordinates, and pixel sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class GridCoord(NamedTuple):
    """A coordinate along some axes of a grid, or none, that is no index."""

    dims: tuple[str, ...]
    """The axes on which it depends, by their unique names."""
    values: NDArray[Any]
    """A value for each index; NaN, NaT or an empty text where it is unknown."""
    attrs: Mapping[str, str] = {}
    """Attributes, such as ``units``."""


@dataclass(frozen=True, slots=True)
class GridMetadata:
    """What a descriptor or a table says of a grid, besides the labels of its axes."""

    source: str = ""
    """What says it, such as ``"Index.idx.xml of Harmony"``; empty if there is only the names."""
    coords: Mapping[str, GridCoord] = field(default_factory=dict)
    """Times, positions and other coordinates, by their names."""
    pixel_sizes: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    """Distance of pixels, and its unit, along the axes in a file."""
    plate: tuple[int, int] | None = None
    """Rows and columns of the plate."""
    pages: Mapping[str, int] = field(default_factory=dict)
    """The axes along which the pages of each file are, the first one slowest, and their sizes;
    empty if files themselves say that."""
    page_labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the indices along some of these."""
    notes: tuple[str, ...] = ()
    """Sentences for `FileSequence.explain`."""

    def part(self, places: Mapping[str, Any]) -> GridMetadata:
        """Return what is left at some places along axes; an int drops its axis."""
        return replace(self, coords={name: _part(c, places) for name, c in self.coords.items()})


def _part(coord: GridCoord, places: Mapping[str, Any]) -> GridCoord:
    values = coord.values
    for axis, dim in reversed(list(enumerate(coord.dims))):
        if dim in places:
            values = np.take(values, places[dim], axis)
    kept = tuple(dim for dim in coord.dims if not isinstance(places.get(dim), int))
    return coord._replace(dims=kept, values=np.asarray(values))


def coord_of_files(
    values: NDArray[Any],
    cells: NDArray[np.int64],
    sizes: Mapping[str, int],
    attrs: Mapping[str, str] = {},
) -> GridCoord | None:
    """Return the coordinate of a value for each file, along the axes on which it depends.

    Values are NaN, NaT or an empty text where they are unknown; if all are, there is no
    coordinate. `cells` are those of the files, numbered in C order, and `sizes` the number of
    cells along each axis.

    >>> values = np.array([0.5, 0.5, 1.5, 1.5])
    >>> coord_of_files(values, np.arange(4), {"z": 2, "channel": 2})
    GridCoord(dims=('z',), values=array([0.5, 1.5]), attrs={})
    """
    distinct, codes = np.unique(values, return_inverse=True)
    unknown = distinct == "" if distinct.dtype.kind == "U" else distinct != distinct
    if unknown.all():
        return None
    grid = np.full(tuple(sizes.values()), -1, np.int64)
    grid.reshape(-1)[cells] = codes
    dims: Sequence[str] = tuple(sizes)
    for dim in tuple(sizes):
        axis = dims.index(dim)
        highest = grid.max(axis)
        lowest = np.where(grid < 0, len(distinct), grid).min(axis)
        if ((highest == lowest) | (highest < 0)).all():
            grid, dims = highest, tuple(d for d in dims if d != dim)
    if (grid < 0).any():  # integers become floats
        distinct = np.concatenate([distinct, unknown_value(distinct.dtype)])
    return GridCoord(tuple(dims), np.asarray(distinct[grid]), attrs)


def unknown_value(dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return what is in place of a value that is unknown, as an array of one."""
    return (
        np.array(["NaT"], dtype)
        if dtype.kind in "mM"
        else np.array(["" if dtype.kind == "U" else np.nan])
    )
