"""How the axes of a grid are drawn: as the wells of a plate, as a mosaic, or as a table.

Every picture of a grid has this layout: maps in text and SVG, and contact sheets. Pure: no I/O.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.grid import FileGrid, plain_labels
from dask_fileseq.report.axisroles import axis_family

FORMATS = ((2, 3), (3, 4), (4, 6), (6, 8), (8, 12), (16, 24), (32, 48))
"""Rows and columns of the plates that are made: of 6, 12, 24, 48, 96, 384 and 1536 wells."""

PADDED = 96
"""The fewest wells of a plate whose columns have two digits: those of smaller ones need one."""

ASPECT = 3
"""Columns for each row of a table that looks good."""

_WELL = re.compile(r"([A-Za-z]|[Aa][A-Fa-f])[-_ ]?(\d{1,2})")
WELLS = ("well", "series", "words", "many words")
"""Families of axes whose labels may be wells."""
MOSAICS = (("row", "column"), ("y", "x"))
"""Families of axes that are rows and columns of images."""

Places = NDArray[np.int64]


class Side(NamedTuple):
    """The axes along one side of a layout, and the places along it."""

    dims: tuple[str, ...]
    """Axes of the grid, the slowest first."""
    size: int
    """Number of places."""
    places: Places | None = None
    """The place of each index along the one axis; None if indices are places."""
    names: tuple[str, ...] = ()
    """Labels of the places, if some are of no index."""


@dataclass(frozen=True, eq=False, slots=True)
class GridLayout:
    """The place of each cell of a grid in a picture: its row, and its column."""

    kind: Literal["plate", "mosaic", "table"]
    grid: FileGrid
    down: Side
    across: Side

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return self.down.size, self.across.size

    @property
    def depth(self) -> int:
        """Number of cells of the grid in each place."""
        dims = {*self.down.dims, *self.across.dims}
        sizes = zip(self.grid.unique_dims, self.grid.shape, strict=True)
        return math.prod(size for dim, size in sizes if dim not in dims)

    @property
    def in_order(self) -> bool:
        """Whether places are in the order of cells, row by row."""
        dims = [*self.down.dims, *self.across.dims]
        return self.kind == "table" and dims == [d for d in self.grid.unique_dims if d in dims]

    @property
    def title(self) -> str:
        """Which axes are where, in words."""
        if self.kind == "plate":
            return f"{math.prod(self.shape)}-well plate"
        down, across = (" x ".join(side.dims) for side in (self.down, self.across))
        return f"{down} down, {across} across" if down and across else f"{across} across"

    def places(self, cells: Places) -> tuple[Places, Places]:
        """Return row and column of cells of the grid, which are numbered in C order."""
        if self.in_order:
            return np.divmod(cells, self.across.size)
        indices = np.unravel_index(cells, self.grid.shape) if self.grid.shape else ()
        along = dict(zip(self.grid.unique_dims, indices, strict=True))
        sizes = dict(zip(self.grid.unique_dims, self.grid.shape, strict=True))
        found = []
        for side in (self.down, self.across):
            if side.places is not None:
                found.append(side.places[along[side.dims[0]]])
                continue
            place = np.zeros(len(cells), np.int64)
            for dim in side.dims:
                place = place * sizes[dim] + along[dim]
            found.append(place)
        return found[0], found[1]

    def labels(self, side: Side, places: Sequence[int] | Places) -> list[tuple[str, ...]]:
        """Return the labels of places along a side, one for each of its axes."""
        if side.names:
            return [(side.names[place],) for place in places]
        sizes = dict(zip(self.grid.unique_dims, self.grid.shape, strict=True))
        indices = np.unravel_index(places, [sizes[dim] for dim in side.dims] or [1])
        columns = [
            map(str, plain_labels(self.grid.coords[dim][index]))
            for dim, index in zip(side.dims, indices, strict=False)
        ]
        return list(zip(*columns, strict=True)) or [()] * len(places)


def grid_layout(grid: FileGrid) -> GridLayout:
    """Return how a grid is drawn.

    Wells, by their names or by axes of rows and columns, are a plate of the next standard
    format. Other rows and columns, or y and x, are a mosaic. Each place of these has all cells
    of the other axes. In a table, all axes of more than one label run down or across.

    Examples
    --------
    >>> from dask_fileseq.grid import grid_of_pattern
    >>> grid = grid_of_pattern(["A01_s1", "A02_s2", "B11_s1"], "{well}_s{s:d}")
    >>> layout = grid_layout(grid)
    >>> layout.title, layout.shape, layout.depth
    ('96-well plate', (8, 12), 2)
    >>> layout.places(grid.cells)
    (array([0, 0, 1]), array([ 0,  1, 10]))
    """
    families = _families(grid)
    for dim in grid.unique_dims:
        if families[dim] in WELLS and (plate := _plate_of_wells(grid, dim)):
            return plate
    for families_of_sides in MOSAICS:
        found = [[d for d, f in families.items() if f == each] for each in families_of_sides]
        if len(found[0]) == len(found[1]) == 1:
            (down,), (across,) = found
            has_fields = "series" in families.values()
            if families[down] == "row" and (plate := _plate(grid, down, across, has_fields)):
                return plate
            return _table(grid, down, across)
    tiles = [dim for dim, family in families.items() if family == "tile"]
    return _table(grid, *tiles) if len(tiles) == 2 else _table(grid)


def _families(grid: FileGrid) -> dict[str, str]:
    """Return the family of each axis; ``c`` beside ``r`` is a column if another is the channel."""
    families = {dim: axis_family(grid, dim) for dim in grid.unique_dims}
    letters = {dim.lower(): dim for dim in families}
    if letters.keys() >= {"r", "c"} and all(
        grid.coords[letters[letter]].dtype.kind in "iu" for letter in "rc"
    ):
        others = {families[dim] for dim in families if dim != letters["c"]}
        if others & {"channel", "band", "words"}:
            families[letters["c"]] = "column"
    return families


def _plate_of_wells(grid: FileGrid, dim: str) -> GridLayout | None:
    """Return the plate of an axis of wells such as ``B02``; None if it is none."""
    texts = list(map(str, plain_labels(grid.coords[dim])))
    found = [match.groups() for text in texts if (match := _WELL.fullmatch(text))]
    if len(found) < len(texts):
        return None
    is_padded = any(column.startswith("0") for _, column in found)
    if axis_family(grid, dim) != "well" and not is_padded:  # it may be a band, as in "B8"
        return None
    rows = np.array([_row_number(row) for row, _ in found])
    columns = np.array([int(column) - 1 for _, column in found])
    return _formatted(grid, (dim, dim), (rows, columns), is_padded)


def _plate(grid: FileGrid, down: str, across: str, has_fields: bool) -> GridLayout | None:
    """Return the plate of axes of rows and columns; None if these are tiles.

    Rows of wells are letters, or numbers if wells have fields, or a descriptor says so.
    """
    rows, columns = (grid.coords[dim] for dim in (down, across))
    is_plate = has_fields or grid.metadata.plate is not None
    if columns.dtype.kind not in "iu" or (rows.dtype.kind in "iu" and not is_plate):
        return None
    if rows.dtype.kind in "iu":
        numbers = rows - 1
    elif all(_WELL.fullmatch(f"{row}1") for row in rows.tolist()):
        numbers = np.array(list(map(_row_number, rows.tolist())))
    else:
        return None
    return _formatted(grid, (down, across), (numbers, columns - 1), True)


def _formatted(
    grid: FileGrid, dims: tuple[str, str], places: tuple[Places, Places], is_padded: bool
) -> GridLayout | None:
    """Return the plate of the smallest standard format that has all wells; None if none has.

    If a descriptor says the size of the plate, it is that one.
    Numbers of columns with two digits are those of 96 wells or more, unless all wells of a
    smaller format have files.
    """
    if dims[0] == dims[1]:
        count = len(set(zip(places[0].tolist(), places[1].tolist(), strict=True)))
        if count < len(places[0]):  # "A1" and "A01"
            return None
    else:
        count = math.prod(map(len, places))
    if count < 2 or min(int(each.min()) for each in places) < 0:
        return None
    known = grid.metadata.plate
    for rows, columns in [known] if known else FORMATS:
        if places[0].max() < rows and places[1].max() < columns:
            wells = rows * columns
            if known or not is_padded or wells >= PADDED or wells == count:
                letters = tuple(map(row_letters, range(rows)))
                numbers = tuple(str(i + 1) for i in range(columns))
                return GridLayout(
                    "plate",
                    grid,
                    Side((dims[0],), rows, places[0], letters),
                    Side((dims[1],), columns, places[1], numbers),
                )
    return None


def _row_number(letters: str) -> int:
    """Return the number of a row of a plate.

    >>> _row_number("A"), _row_number("ab")
    (0, 27)
    """
    return 26 * (len(letters) - 1) + ord(letters[-1].upper()) - ord("A")


def row_letters(number: int) -> str:
    """Return the letters of a row of a plate, which is counted from 0.

    >>> row_letters(0), row_letters(27)
    ('A', 'AB')
    """
    return "A" * (number // 26) + chr(ord("A") + number % 26)


def _table(grid: FileGrid, *sides: str) -> GridLayout:
    """Return the layout of axes along two sides, which are given, or found by their lengths."""
    every = dict(zip(grid.unique_dims, grid.shape, strict=True))
    sizes = {dim: size for dim, size in every.items() if size > 1} or dict([*every.items()][:1])
    if sides and sizes.keys() >= set(sides):
        down, across = (Side((dim,), sizes[dim]) for dim in sides)
        return GridLayout("mosaic", grid, down, across)
    dims, split = list(sizes), _split(list(sizes.values()))
    if len(dims) == 2 and sizes[dims[0]] > max(16, 4 * sizes[dims[1]]):
        dims.reverse()  # a long axis has more room across
    parts = tuple(dims[:split]), tuple(dims[split:])
    down, across = (Side(part, math.prod(sizes[dim] for dim in part)) for part in parts)
    return GridLayout("table", grid, down, across)


def _split(shape: Sequence[int]) -> int:
    """Return how many of the first axes run down.

    >>> _split((6, 2, 5)), _split((100,)), _split((3, 3))
    (1, 0, 1)
    """

    def distortion(split: int) -> float:
        rows, columns = math.prod(shape[:split]), math.prod(shape[split:])
        return abs(math.log(columns / rows / ASPECT))

    if len(shape) < 3:
        return len(shape) // 2
    return min(range(len(shape)), key=distortion)
