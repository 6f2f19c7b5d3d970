"""A map of the cells of a grid that have files, and its text.

If there are more cells than places on the map, several cells share a place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.grid import FileGrid
from dask_fileseq.report.gridlayout import GridLayout, Places, Side, grid_layout

MARKS = {"full": "#", "some": "+", "empty": "."}

LONGEST_LABEL = 24
"""Letters of a label of a row, at most."""

STRIDES = [factor * 10**power for power in range(7) for factor in (1, 2, 5)]
"""Steps between the labels that are shown, where not all fit beside each other."""


@dataclass(frozen=True, eq=False, slots=True)
class GridMap:
    """Numbers of cells and files in each place of a map."""

    layout: GridLayout
    filled: Places
    """Files in each place of the map."""
    cells: Places
    """Cells in each place of the map."""

    @property
    def is_binned(self) -> bool:
        """Whether places of the layout share places of the map."""
        return self.filled.shape != self.layout.shape

    @property
    def states(self) -> NDArray[np.str_]:
        """``full``, ``empty``, or ``some`` if only some cells of a place have a file."""
        conditions = [self.filled == 0, self.filled < self.cells]
        return np.select(conditions, ["empty", "some"], "full").astype("U6")

    def legend(self) -> dict[str, str]:
        """Return the states that occur, with their meanings."""
        one = self.layout.depth == 1 and not self.is_binned
        texts = ("file", "some files", "none") if one else ("all files", "some", "none")
        states = set(self.states.ravel().tolist())
        return {s: text for s, text in zip(MARKS, texts, strict=True) if s in states}

    def labels(self, axis: int) -> list[tuple[str, ...]]:
        """Return the labels of rows, axis 0, or columns: of the first cell in each place."""
        side = (self.layout.down, self.layout.across)[axis]
        return self.layout.labels(side, _edges(side.size, self.filled.shape[axis])[:-1])

    def at(self, cells: Places) -> tuple[Places, Places]:
        """Return row and column on the map of cells, which are numbered in C order."""
        places = zip(self.layout.places(cells), self.filled.shape, self.layout.shape, strict=True)
        down, across = (at * places // size for at, places, size in places)
        return down, across


def grid_map(grid: FileGrid, most: tuple[int, int]) -> GridMap:
    r"""Return the map of a grid with at most this number of rows and columns; a plate is whole.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> grid = grid_of_pattern(["t0_a", "t0_b", "t1_a"], r"(t)(\d)_(?P<c>[a-z])")
    >>> grid_map(grid, (8, 8)).filled
    array([[1, 1],
           [1, 0]])
    """
    layout = grid_layout(grid)
    size = layout.shape
    shape = size if layout.kind == "plate" else (min(size[0], most[0]), min(size[1], most[1]))
    down, across = (np.diff(_edges(n, k)) for n, k in zip(size, shape, strict=True))
    image = GridMap(layout, np.zeros(shape, np.int64), np.outer(down, across) * layout.depth)
    if layout.kind == "table" and not grid.files_missing:
        image.filled[...] = image.cells
        return image
    rows, columns = image.at(grid.cells)
    image.filled.flat[:] = np.bincount(rows * shape[1] + columns, minlength=image.filled.size)
    return image


def _edges(count: int, places: int) -> Places:
    """Return the first of `count` cells in each place, and `count` itself."""
    return np.array([-(-i * count // places) for i in range(places + 1)], np.int64)


def text_map(grid: FileGrid, width: int = 68, rows: int = 16) -> list[str]:
    r"""Return the lines of a map, with labels: ``#`` has a file, ``.`` none, ``+`` some files.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> names = ["t0_a_0", "t0_a_1", "t0_b_0", "t0_b_1", "t1_a_0", "t1_a_1", "t1_b_1"]
    >>> grid = grid_of_pattern(names, "t{t:d}_{c}_{z:d}")
    >>> print("\n".join(text_map(grid)))
    t down, c x z across (# file, . none)
      a  b
      01 01
    0 ## ##
    1 ## .#
    """
    image = grid_map(grid, (rows, width))
    heads = [shortened(" ".join(labels), LONGEST_LABEL) for labels in image.labels(0)]
    margin = max(map(len, heads)) + 1 if image.layout.down.dims else 0
    if image.filled.shape[1] + margin > width:
        image = grid_map(grid, (rows, width - margin))
    starts = _starts(image, width - margin)
    legend = ", ".join(f"{MARKS[state]} {text}" for state, text in image.legend().items())
    lines = [f"{image.layout.title} ({legend})"]
    lines += [" " * margin + line for line in _tick_lines(image, starts, width - margin)]
    for head, states in zip(heads, image.states.tolist(), strict=True):
        row = _line({at: MARKS[state] for at, state in zip(starts, states, strict=True)})
        lines.append(f"{head.rjust(margin - 1) + ' ' if margin else ''}{row}")
    return lines


def shortened(text: str, most: int) -> str:
    """Return a text with at most this number of letters, without some in its middle.

    Labels of an axis begin alike more often than they end alike.

    >>> shortened("2026-03-02 08:00", 14), shortened("GFP", 14)
    ('2026…-02 08:00', 'GFP')
    """
    head = (most - 1) // 3
    return text if len(text) <= most else f"{text[:head]}…{text[len(text) - most + head + 1 :]}"


def _starts(image: GridMap, room: int) -> list[int]:
    """Return where columns are: those of plates wide apart, others in groups, if there is room."""
    count, dims = image.filled.shape[1], image.layout.across.dims
    if image.layout.kind == "plate":
        return [(min(3, room // count) or 1) * i for i in range(count)]
    last = _last_size(image.layout.across, image.layout.grid)
    if len(dims) > 1 and not image.is_binned and count + count // last - 1 <= room:
        return [i + i // last for i in range(count)]
    return list(range(count))


def _last_size(side: Side, grid: FileGrid) -> int:
    """Return the number of labels of the fastest axis along a side."""
    return dict(zip(grid.unique_dims, grid.shape, strict=True)).get(side.dims[-1], 1)


def _tick_lines(image: GridMap, starts: Sequence[int], room: int) -> list[str]:
    """Return a line for each axis across: the labels of the places where another one begins."""
    lines = []
    for number, axis in enumerate(zip(*image.labels(1), strict=True)):
        changes = [i for i, label in enumerate(axis) if not i or label != axis[i - 1]]
        shown = ticks([starts[i] for i in changes], [len(axis[i]) for i in changes], room)
        if not number or len(shown) == len(changes):
            lines.append(_line({starts[changes[i]]: axis[changes[i]] for i in shown}))
    return lines


def ticks(starts: Sequence[float], lengths: Sequence[float], room: float) -> list[int]:
    """Return which labels to show: every n-th, so that each has room before the next.

    >>> ticks([0, 1, 2, 3], [1, 1, 1, 1], 4), ticks([0, 2, 4, 6], [2, 2, 2, 2], 8)
    ([0, 1, 2, 3], [0, 2])
    """
    gap = 1 if max(lengths, default=0) > 1 else 0
    for stride in STRIDES:
        shown = list(range(0, len(starts), stride))
        ends = [*(starts[i] - gap for i in shown[1:]), room]
        if all(starts[i] + lengths[i] <= end for i, end in zip(shown, ends, strict=True)):
            return shown
    return []


def _line(parts: dict[int, str]) -> str:
    """Return texts at their places in a line."""
    line = ""
    for at, text in parts.items():
        line = line.ljust(at) + text
    return line
