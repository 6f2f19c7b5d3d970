"""A map of the cells of a grid that have files: a table of two axes, also as text.

The first axes of the grid run down, the others across. If there are more cells than places
on the map, several cells share a place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.grid import FileGrid, plain_labels
from dask_fileseq.report.summary import short_label

__all__ = ["GridMap", "grid_map", "text_map"]

ASPECT = 3
"""Columns for each row of a map that looks good."""

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class GridMap:
    """Numbers of cells and files in each place of a map."""

    down: tuple[str, ...]
    """Axes of the grid that run down."""
    across: tuple[str, ...]
    """Axes of the grid that run across."""
    size: tuple[int, int]
    """Number of cells down and across."""
    filled: Places
    """Files in each place of the map."""
    cells: Places
    """Cells in each place of the map."""

    @property
    def is_binned(self) -> bool:
        """Whether several cells share a place."""
        return self.filled.shape != self.size

    def places(self, positions: Places) -> tuple[Places, Places]:
        """Return row and column on the map of cells, which are counted in C order."""
        return _places(positions, self.size, self.filled.shape)


def grid_map(grid: FileGrid, most: tuple[int, int]) -> GridMap:
    r"""Return the map of a grid with at most this number of rows and columns.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> grid = grid_of_pattern(["t0_a", "t0_b", "t1_a"], r"(t)(\d)_(?P<c>[a-z])")
    >>> grid_map(grid, (8, 8)).filled
    array([[1, 1, 1, 0]])
    """
    split = _split(grid.shape)
    dims, size = grid.unique_dims, (math.prod(grid.shape[:split]), math.prod(grid.shape[split:]))
    shape = min(size[0], most[0]), min(size[1], most[1])
    cells = np.arange(len(grid.names)) if grid.positions is None else grid.positions
    rows, columns = _places(cells, size, shape)
    filled = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1])
    down, across = (np.diff(_edges(n, k)) for n, k in zip(size, shape, strict=True))
    return GridMap(dims[:split], dims[split:], size, filled.reshape(shape), np.outer(down, across))


def _split(shape: Sequence[int]) -> int:
    """Return how many of the first axes run down.

    >>> _split((6, 2, 5)), _split((100,)), _split((3, 1, 4))
    (1, 0, 1)
    """

    def distortion(split: int) -> float:
        rows, columns = math.prod(shape[:split]), math.prod(shape[split:])
        return abs(math.log(columns / rows / ASPECT))

    if sum(length > 1 for length in shape) < 2:
        return 0
    return min(range(len(shape)), key=distortion)


def _edges(count: int, places: int) -> Places:
    """Return the first of `count` cells in each place, and `count` itself."""
    return np.array([-(-i * count // places) for i in range(places + 1)], np.int64)


def _places(
    positions: Places, size: tuple[int, int], shape: tuple[int, ...]
) -> tuple[Places, Places]:
    row, column = np.divmod(positions, size[1])
    return row * shape[0] // size[0], column * shape[1] // size[1]


def text_map(grid: FileGrid, most: tuple[int, int] = (16, 64)) -> list[str]:
    r"""Return the lines of a map: ``#`` has a file, ``.`` none, ``+`` some of several cells.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> names = ["t0_a_0", "t0_a_1", "t0_b_0", "t0_b_1", "t1_a_0", "t1_a_1", "t1_b_1"]
    >>> grid = grid_of_pattern(names, "t{t:d}_{c}_{z:d}")
    >>> print("\n".join(text_map(grid)))
    t across: c, z (# file, . none)
    0 ## ##
    1 ## .#
    """
    image = grid_map(grid, most)
    marks = np.where(image.filled == 0, ".", np.where(image.filled < image.cells, "+", "#"))
    last = grid.shape[-1] if grid.shape else 1
    group = last if not image.is_binned and 1 < last < image.size[1] else marks.shape[1]
    labels = _row_labels(grid, image)
    title = ", ".join(image.down)
    width = max(map(len, [title, *labels]))
    legend = f"(# file, . none{', + some' * image.is_binned})"
    lines = [f"{title:{width}} across: {', '.join(image.across)} {legend}".strip()]
    for label, row in zip(labels, marks.tolist(), strict=True):
        text = " ".join("".join(row[i : i + group]) for i in range(0, len(row), group))
        lines.append(f"{label:{width}} {text}" if width else text)
    return lines


def _row_labels(grid: FileGrid, image: GridMap) -> list[str]:
    """Return for each row the labels of its first cell."""
    rows = _edges(image.size[0], image.filled.shape[0])[:-1]
    if not image.down:
        return [""] * len(rows)
    index = np.unravel_index(rows, grid.shape[: len(image.down)])
    labels = [
        plain_labels(grid.coords[dim][along]) for dim, along in zip(image.down, index, strict=True)
    ]
    return [" ".join(map(short_label, each)) for each in zip(*labels, strict=True)]
