"""Which cells of a grid have files, as a small table of two axes: numbers only, then text.

The first axes of the grid run down, the others across. Where there are more cells than
places, several share one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.grid import FileGrid

__all__ = ["GridMap", "grid_map", "text_map"]

WIDE = 3
"""Columns for each row that look best."""


@dataclass(frozen=True, eq=False, slots=True)
class GridMap:
    """How many cells of each place have files."""

    down: tuple[str, ...]
    """The grid's axes that run down."""
    across: tuple[str, ...]
    """Those that run across."""
    size: tuple[int, int]
    """Number of cells down and across."""
    filled: NDArray[np.int64]
    """Files in each place of the map."""
    cells: NDArray[np.int64]
    """Cells in each place of the map."""

    @property
    def is_binned(self) -> bool:
        """Whether some places stand for several cells."""
        return self.filled.shape != self.size

    def places(self, positions: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return row and column, on the map, of cells that are counted in C order."""
        return _places(positions, self.size, self.filled.shape)


def grid_map(grid: FileGrid, most: tuple[int, int]) -> GridMap:
    r"""Return the map of a grid with at most so many rows and columns.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> grid = grid_of_pattern(["t0_a", "t0_b", "t1_a"], r"(t)(\d)_(?P<c>[a-z])")
    >>> grid_map(grid, (8, 8)).filled
    array([[1, 1, 1, 0]])
    """
    split = _split(grid.shape)
    size = math.prod(grid.shape[:split]), math.prod(grid.shape[split:])
    shape = min(size[0], most[0]), min(size[1], most[1])
    cells = np.arange(len(grid.names)) if grid.positions is None else grid.positions
    rows, columns = _places(cells, size, shape)
    filled = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1])
    down, across = (np.diff(_edges(n, k)) for n, k in zip(size, shape, strict=True))
    return GridMap(
        grid.unique_dims[:split],
        grid.unique_dims[split:],
        size,
        filled.reshape(shape),
        np.outer(down, across),
    )


def _split(shape: Sequence[int]) -> int:
    """Return how many of the first axes run down.

    >>> _split((6, 2, 5)), _split((100,)), _split((3, 1, 4))
    (1, 0, 1)
    """

    def odd(split: int) -> float:
        rows, columns = math.prod(shape[:split]), math.prod(shape[split:])
        return abs(math.log(columns / rows / WIDE))

    if sum(length > 1 for length in shape) < 2:
        return 0
    return min(range(len(shape)), key=odd)


def _edges(count: int, places: int) -> NDArray[np.int64]:
    """Return where each place begins, and the last one ends: of cells in a row."""
    return np.array([-(-i * count // places) for i in range(places + 1)], np.int64)


def _places(
    positions: NDArray[np.int64], size: tuple[int, int], shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    row, column = np.divmod(positions, size[1])
    return row * shape[0] // size[0], column * shape[1] // size[1]


def text_map(grid: FileGrid, most: tuple[int, int] = (16, 64)) -> list[str]:
    r"""Return the map as lines: ``#`` has a file, ``.`` none, ``+`` stands for some of several.

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
    group = 0 if image.is_binned else _group(grid, image)
    heads = _row_labels(grid, image)
    title = ", ".join(image.down)
    width = max(map(len, [title, *heads]))
    across = f"across: {', '.join(image.across)}"
    lines = [f"{title:{width}} {across} (# file, . none{', + some' * image.is_binned})".strip()]
    for head, row in zip(heads, marks.tolist(), strict=True):
        text = "".join(row)
        if group:
            text = " ".join(text[i : i + group] for i in range(0, len(text), group))
        lines.append(f"{head:{width}} {text}" if width else text)
    return lines


def _group(grid: FileGrid, image: GridMap) -> int:
    """Return how many columns belong together: those along the last axis."""
    last = grid.shape[-1] if grid.shape else 1
    return last if 1 < last < image.size[1] else 0


def _row_labels(grid: FileGrid, image: GridMap) -> list[str]:
    """Return for each row the labels at which it stands, from where on if for several."""
    rows = _edges(image.size[0], image.filled.shape[0])[:-1]
    if not image.down:
        return [""] * len(rows)
    index = np.unravel_index(rows, grid.shape[: len(image.down)])
    labels: list[Any] = [
        grid.coords[dim][along].tolist() for dim, along in zip(image.down, index, strict=True)
    ]
    return [" ".join(map(str, each)) for each in zip(*labels, strict=True)]
