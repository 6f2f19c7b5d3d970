"""The grid itself: which file is in which cell.

It stores at most one number for each file, and computes everything else on demand.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.patterns import NamePattern, unique_dims

__all__ = ["FileGrid", "cell_numbers", "index_tuples", "labels_at", "plain_labels"]


@dataclass(frozen=True, eq=False, slots=True)
class FileGrid:
    r"""Files in the cells of a grid, each in a cell of its own.

    Made by `grid_of_pattern`, `grid_of_indices` and `grid_of_sequence`.

    Examples
    --------
    >>> from dask_fileseq.grid import grid_of_pattern
    >>> grid = grid_of_pattern(["t0_DAPI", "t0_GFP", "t2_GFP"], r"(t)(\d)_(?P<c>[A-Z]+)")
    >>> grid
    <FileGrid t: 3, c: 2; 3 files, 3 missing>
    >>> grid.indices
    [(0, 0), (0, 1), (2, 1)]
    >>> grid.table
    array([[ 0,  1],
           [-1, -1],
           [-1,  2]], dtype=int32)
    """

    names: Sequence[str]
    """The files, in their order."""
    dims: tuple[str, ...]
    """Names of the axes as found; they may repeat."""
    shape: tuple[int, ...]
    """Number of cells along each axis."""
    coords: Mapping[str, NDArray[Any]]
    """For each of `unique_dims`, the value of each index."""
    positions: NDArray[np.int64] | None = None
    """Cell of each file, numbered in C order; None if file i is in cell i and none is empty."""
    unmatched: tuple[str, ...] = ()
    """Names left out because the pattern does not match them."""
    duplicates: tuple[tuple[str, str], ...] = ()
    """Names left out because their cell is taken, each with the name in that cell."""
    pattern: NamePattern | None = None
    """The pattern that found the grid, if one did."""

    @property
    def unique_dims(self) -> tuple[str, ...]:
        """`dims` with repeated names numbered: ``Q_0, Q_1``."""
        return unique_dims(self.dims)

    @property
    def along(self) -> tuple[NDArray[np.int64], ...]:
        """For each axis, the index of each file; computed."""
        return tuple(np.unravel_index(self.cells, self.shape)) if self.shape else ()

    @property
    def indices(self) -> list[tuple[int, ...]]:
        """The index of each file, computed."""
        return index_tuples(self.cells, self.shape)

    @property
    def table(self) -> NDArray[Any]:
        """The number of the file in each cell, -1 in empty ones; computed."""
        dtype = np.int32 if len(self.names) < 2**31 else np.int64
        numbers = np.arange(len(self.names), dtype=dtype)
        if self.positions is None:
            return numbers.reshape(self.shape)
        table = np.full(math.prod(self.shape), -1, dtype)
        table[self.positions] = numbers
        return table.reshape(self.shape)

    @property
    def files_missing(self) -> int:
        """Number of empty cells."""
        return math.prod(self.shape) - len(self.names)

    @property
    def missing(self) -> list[tuple[int, ...]]:
        """The index of each empty cell, computed."""
        return index_tuples(self.empty_cells, self.shape)

    @property
    def empty_cells(self) -> NDArray[np.int64]:
        """The empty cells, numbered in C order; computed."""
        return np.flatnonzero(self.table == -1) if self.files_missing else np.empty(0, np.int64)

    @property
    def cells(self) -> NDArray[np.int64]:
        """The cell of each file, numbered in C order; computed."""
        return np.arange(len(self.names)) if self.positions is None else self.positions

    def __repr__(self) -> str:
        axes = ", ".join(f"{d}: {n}" for d, n in zip(self.unique_dims, self.shape, strict=True))
        return f"<FileGrid {axes}; {len(self.names)} files, {self.files_missing} missing>"


def cell_numbers(
    along: Iterable[NDArray[np.int64]], shape: Sequence[int], count: int
) -> NDArray[np.int64]:
    """Return the cells of `count` files, numbered in C order, from their index along each axis."""
    cells = np.zeros(count, np.int64)
    for size, index in zip(shape, along, strict=True):
        cells *= size
        cells += index
    return cells


def index_tuples(cells: NDArray[np.integer[Any]], shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the indices of cells that are numbered in C order."""
    if not shape:  # a single cell
        return [()] * len(cells)
    return list(zip(*(axis.tolist() for axis in np.unravel_index(cells, shape)), strict=True))


def labels_at(grid: FileGrid, position: int) -> dict[str, Any]:
    r"""Return the labels of a cell, which is numbered in C order.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> labels_at(grid_of_pattern(["t7_a", "t8_b"], r"(t)(\d)_(?P<c>[a-z])"), 3)
    {'t': 8, 'c': 'b'}
    """
    index = np.unravel_index(position, grid.shape) if grid.shape else ()
    coords = zip(grid.coords.items(), index, strict=True)
    return {dim: plain_labels(values[i]) for (dim, values), i in coords}


def plain_labels(values: NDArray[Any]) -> Any:
    """Return labels as Python's numbers and texts; dates as texts.

    >>> plain_labels(np.array(["2026-01-31"], "M8[D]"))
    ['2026-01-31']
    """
    return values.astype(str).tolist() if values.dtype.kind in "mM" else values.tolist()
