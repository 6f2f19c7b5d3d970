"""A map of the cells of a grid that have files: a table of two axes, as text and as SVG.

The first axes of the grid run down, the others across. If there are more cells than places
on the map, several cells share a place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.grid import FileGrid, plain_labels
from dask_fileseq.report.summary import short_label
from dask_fileseq.report.templates import render

ASPECT = 3
"""Columns for each row of a map that looks good."""

MARKS = {"full": "#", "empty": ".", "some": "+"}

COLOURS = {"full": "#e8a45a", "some": "#e8a45a88", "marked": "#c04cc0", "empty": "#d8504a"}
"""Colours of places, which work on light and on dark backgrounds."""

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
    def states(self) -> NDArray[np.str_]:
        """``full``, ``empty``, or ``some`` if only some cells of a place have a file."""
        conditions = [self.filled == 0, self.filled < self.cells]
        return np.select(conditions, ["empty", "some"], "full").astype("U6")


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
    rows, columns = _places(grid.cells, size, shape)
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


def _places(cells: Places, size: Sequence[int], shape: Sequence[int]) -> tuple[Places, Places]:
    """Return row and column on a map of this shape of cells, which are numbered in C order."""
    row, column = np.divmod(cells, size[1])
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
    is_binned = image.filled.shape != image.size
    last = grid.shape[-1] if grid.shape else 1
    group = last if not is_binned and 1 < last < image.size[1] else image.filled.shape[1]
    labels = _row_labels(grid, image)
    title = ", ".join(image.down)
    width = max(map(len, [title, *labels]))
    legend = f"(# file, . none{', + some' * is_binned})"
    lines = [f"{title:{width}} across: {', '.join(image.across)} {legend}".strip()]
    for label, states in zip(labels, image.states.tolist(), strict=True):
        row = "".join(map(MARKS.__getitem__, states))
        text = " ".join(row[i : i + group] for i in range(0, len(row), group))
        lines.append(f"{label:{width}} {text}" if width else text)
    return lines


def _row_labels(grid: FileGrid, image: GridMap) -> list[str]:
    """Return for each row the labels of its first cell."""
    rows = _edges(image.size[0], image.filled.shape[0])[:-1]
    if not image.down:
        return [""] * len(rows)
    indices = zip(image.down, np.unravel_index(rows, grid.shape[: len(image.down)]), strict=True)
    labels = (plain_labels(grid.coords[dim][index]) for dim, index in indices)
    return [" ".join(map(short_label, each)) for each in zip(*labels, strict=True)]


def svg_map(
    grid: FileGrid,
    *,
    most: tuple[int, int] = (32, 64),
    width: int = 300,
    largest: int = 16,
    marked: Mapping[int, str] | None = None,
) -> str:
    """Return the map of a grid as SVG, similar to dask's pictures of chunks.

    It is small for any grid: equal places beside each other are one rectangle. Text has the
    colour of the text around the picture.

    Parameters
    ----------
    grid : FileGrid
        The grid to draw.
    most : tuple of int
        Maximum number of rows and columns of the map.
    width, largest : int
        Approximate width of the map, and maximum width of a place, in pixels.
    marked : mapping of int to str, optional
        Cells to mark, numbered in C order, with texts that are shown under the mouse pointer.
    """
    image = grid_map(grid, most)
    rows, columns = image.filled.shape
    side = max(3, min(largest, width // columns, width // rows))
    states = image.states
    cells = np.array(list(marked or {}), np.int64)
    at = _places(cells, image.size, image.filled.shape)
    states[at] = "marked"
    y, x = (side * along for along in at)
    lines = f"M0 0h{columns * side}v{rows * side}h{-columns * side}z"
    if side >= 6:
        lines += "".join(f"M0 {row * side}h{columns * side}" for row in range(1, rows))
        lines += "".join(f"M{column * side} 0v{rows * side}" for column in range(1, columns))
    return render(
        "map.svg",
        width=columns * side,
        height=rows * side,
        side=side,
        paths=_paths(states, side),
        colours=COLOURS,
        lines=lines,
        titles=list(zip(x.tolist(), y.tolist(), (marked or {}).values(), strict=True)),
        empty=grid.files_missing,
        down=_axes_text(image.down, image.size[0]),
        across=_axes_text(image.across, image.size[1]),
    )


def _paths(states: NDArray[np.str_], side: int) -> dict[str, str]:
    """Return the path of all places of each state.

    It is a rectangle around equal places beside each other; a cross through each empty
    place, or a bar through several that are tiny.
    """
    paths = dict.fromkeys(COLOURS, "")
    long = side - 4
    for row, along in enumerate(states.tolist()):
        y, x = row * side, 0
        for state, places in groupby(along):
            width = len(list(places)) * side
            if state != "empty":
                paths[state] += f"M{x} {y}h{width}v{side}h{-width}z"
            elif side < 6:
                paths[state] += f"M{x} {y + side / 2:g}h{width}"
            else:
                for left in range(x + 2, x + 2 + width, side):
                    paths[state] += f"M{left} {y + 2}l{long} {long}m0 {-long}l{-long} {long}"
            x += width
    return paths


def _axes_text(dims: tuple[str, ...], count: int) -> str:
    return f"{dims[0]}: {count:,}" if len(dims) == 1 else ", ".join(dims)
