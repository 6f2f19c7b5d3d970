"""The grid itself: which file stands in which cell; made and checked elsewhere.

Stores one number a file at most, and computes all else when asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.patterns import NamePattern

__all__ = ["FileGrid", "index_tuples", "unique_dims"]


@dataclass(frozen=True, eq=False, slots=True)
class FileGrid:
    r"""Files and the cells of a grid in which they stand.

    Made by `grid_of_pattern`, `grid_of_indices` and `grid_of_sequence`, which
    see to it that each file has a cell of its own.

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
    """What stands behind the indices: for each of `unique_dims`, one value an index."""
    positions: NDArray[np.int64] | None = None
    """Cell of each file, counted in C order; None where file i stands in cell i, to the last."""
    unmatched: tuple[str, ...] = ()
    """Names left out because the pattern does not match them."""
    duplicates: tuple[tuple[str, str], ...] = ()
    """Names left out because their cell is taken, each with the name in that cell."""
    pattern: NamePattern | None = None
    """The pattern that found it, if one did."""

    @property
    def unique_dims(self) -> tuple[str, ...]:
        """`dims`, where repeated names are numbered: ``Q_0, Q_1``."""
        return unique_dims(self.dims)

    @property
    def indices(self) -> list[tuple[int, ...]]:
        """The index of each file, computed."""
        cells = np.arange(len(self.names)) if self.positions is None else self.positions
        return index_tuples(cells, self.shape)

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


def unique_dims(dims: Sequence[str]) -> tuple[str, ...]:
    """Return dims where repeated names are numbered.

    >>> unique_dims(["t", "Q", "Q"])
    ('t', 'Q_0', 'Q_1')
    """
    taken = {dim for dim in dims if dims.count(dim) == 1}
    unique = []
    for dim in dims:
        names = chain([dim] if dim in taken else [], (f"{dim}_{n}" for n in count()))
        unique.append(next(name for name in names if name == dim or name not in taken))
        taken.add(unique[-1])
    return tuple(unique)


def index_tuples(cells: NDArray[np.integer[Any]], shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the indices of cells that are counted in C order."""
    if not shape:  # a single cell
        return [()] * len(cells)
    return list(zip(*(axis.tolist() for axis in np.unravel_index(cells, shape)), strict=True))
