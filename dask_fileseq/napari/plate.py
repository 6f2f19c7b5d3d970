"""A plate as one image: the wells edge to edge, where they are on the plate."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from dask.array.core import Array
from numpy.typing import DTypeLike, NDArray

from dask_fileseq.grid import FileGrid
from dask_fileseq.report import grid_layout
from dask_fileseq.tiling import basic_index

Index = tuple[int | range, ...]
"""What is selected along each axis of an array; an axis with an int is dropped."""

Kept = dict[Index, NDArray[Any]]

TILED = {"plate_row": "y", "plate_column": "x"}
"""The last two axes of the grid of a plate, each with the axis in files along which it is tiled."""

OVERVIEW = 2048
"""Longest side of the smallest level of a plate, in pixels."""

KEPT = 128 * 2**20
"""Size of the frames of the smallest level that are kept, in bytes."""

_LOCK = threading.Lock()
"""Held while kept frames are changed: napari may ask in several threads."""


class Plate(NamedTuple):
    """The wells of a grid in their rows and columns."""

    grid: FileGrid
    """The same files, with rows and columns from the first to the last with files as last axes."""
    dims: tuple[str, ...]
    """The axes of wells of the grid before."""
    wells: dict[str, tuple[int, int]]
    """Row and column of each well that has files, by its name."""


def plate_of(grid: FileGrid) -> Plate | None:
    """Return the plate that the wells of a grid are; None if it has none.

    Examples
    --------
    >>> from dask_fileseq.grid import grid_of_pattern
    >>> plate = plate_of(grid_of_pattern(["B02_t0", "B04_t0", "C02_t1"], "{well}_t{t:d}"))
    >>> plate.grid, plate.dims
    (<FileGrid t: 2, plate_row: 2, plate_column: 3; 3 files, 9 missing>, ('well',))
    >>> plate.wells
    {'B02': (0, 0), 'B04': (0, 2), 'C02': (1, 0)}
    """
    layout = grid_layout(grid)
    if layout.kind != "plate":
        return None
    rows, columns = layout.places(grid.cells)
    top, left = int(rows.min()), int(columns.min())
    letters, numbers = layout.down.names, layout.across.names
    wells = {
        f"{letters[row]}{numbers[column].zfill(len(numbers[-1]))}": (row - top, column - left)
        for row, column in sorted(set(zip(rows.tolist(), columns.tolist(), strict=True)))
    }
    dims = tuple(dict.fromkeys((*layout.down.dims, *layout.across.dims)))
    kept = [axis for axis, dim in enumerate(grid.unique_dims) if dim not in dims]
    along = *(grid.along[axis] for axis in kept), rows - top, columns - left
    coords = {grid.unique_dims[axis]: grid.coords[grid.unique_dims[axis]] for axis in kept}
    sizes = (int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1)
    coords |= {side: np.arange(size) for side, size in zip(TILED, sizes, strict=True)}
    shape = tuple(map(len, coords.values()))
    plated = replace(
        grid,
        dims=tuple(coords),
        shape=shape,
        coords=coords,
        positions=np.ravel_multi_index(along, shape),
        metadata=replace(grid.metadata, coords={}),
    )
    return Plate(plated, dims, wells)


def plate_levels(levels: Sequence[Array], axes: tuple[int, int]) -> list[Any]:
    """Return levels, with others of half the size down to an overview, whose frames are kept.

    Each other one has every other pixel, along two axes, of the one before. Of files that are not
    compressed, only parts are read for it.
    """
    step = [slice(None)] * levels[0].ndim
    step[axes[0]] = step[axes[1]] = slice(None, None, 2)
    levels = [*levels]
    while max(levels[-1].shape[axis] for axis in axes) > OVERVIEW:
        levels.append(levels[-1][tuple(step)])
    return [*levels[:-1], KeptFrames(levels[-1])] if len(levels) > 1 else levels


class KeptFrames:
    """A dask array, of which the last parts that were computed are kept.

    Each time that another frame, or another part of it, is shown at any level, napari also
    asks for all of the smallest one, for its thumbnail: a read of each file.
    """

    def __init__(self, array: Array, region: Index | None = None, kept: Kept | None = None) -> None:
        self.array, self.kept = array, {} if kept is None else kept
        self.region = tuple(map(range, array.shape)) if region is None else region
        self.shape, self.dtype = array.shape, array.dtype
        self.ndim, self.size = array.ndim, array.size

    def __getitem__(self, index: Any) -> KeptFrames:
        keys = iter(basic_index(index, self.ndim))
        region = tuple(part if isinstance(part, int) else part[next(keys)] for part in self.region)
        return KeptFrames(self.array[index], region, self.kept)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        found = self.kept.get(self.region)
        frame = np.asarray(self.array) if found is None else found
        with _LOCK:
            self.kept.pop(self.region, None)
            self.kept[self.region] = frame
            while len(self.kept) > 1 and sum(each.nbytes for each in self.kept.values()) > KEPT:
                self.kept.pop(next(iter(self.kept)))
        return np.asarray(frame, dtype, copy=copy)
