"""The grid itself, with one file in a cell: which file is in which cell, and how it is made.

It stores at most one number for each file, and computes everything else on demand.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import DuplicateError, NamesError, NoFilesError, SparseGridError
from dask_fileseq.grid.density import check_inferred, check_not_sparse, is_sparse
from dask_fileseq.grid.durations import date_text, duration_text
from dask_fileseq.grid.grid_axes import (
    Categories,
    Unmatched,
    grid_axes,
    name_columns,
    shape_tuple,
)
from dask_fileseq.grid.gridmetadata import GridMetadata
from dask_fileseq.grid.text_axis import GridAxis, Spacing
from dask_fileseq.patterns import NameColumns, NamePattern, unique_dims

Duplicates: TypeAlias = Literal["raise", "first", "last"]


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
    metadata: GridMetadata = field(default_factory=GridMetadata)
    """What a descriptor says besides: times, positions, pixel sizes."""

    @property
    def unique_dims(self) -> tuple[str, ...]:
        """`dims` with repeated names numbered: ``Q_0, Q_1``."""
        return tuple(self.coords)

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


def grid_of_sequence(names: Sequence[str], dim: str = "sequence") -> FileGrid:
    """Return the grid of files in a row.

    >>> grid_of_sequence(["a.tif", "b.tif"])
    <FileGrid sequence: 2; 2 files, 0 missing>
    """
    if not len(names):
        raise NoFilesError("files is empty")
    return FileGrid(names, (dim,), (len(names),), {dim: np.arange(len(names))})


def grid_of_pattern(
    names: Sequence[str],
    pattern: Any,
    *,
    axesorder: Sequence[int] | None = None,
    categories: Categories | None = None,
    shape: Sequence[int] | None = None,
    unmatched: Unmatched = "raise",
    duplicates: Duplicates = "raise",
    spacing: Spacing = "unit",
) -> FileGrid:
    r"""Return the grid that a pattern finds in file names.

    The parameters are those of `parse_filenames` and, by keyword, of `FileSequence`. Along an
    axis whose texts all are integers, the numbers are indices. Other texts are labels, with
    one index for each that occurs: numbers in their order, words in natural order.

    A grid that ``"infer"`` makes is a `SparseGridError` if over 90 % of it is empty, and a
    `GridWarning` if over a third is. The `spacing` is that of `FileSequence`. Indices of
    `categories` and of a given `shape` do not depend on it.

    >>> names = ["x1000_a.tif", "x1000_b.tif", "x3000_a.tif"]
    >>> grid = grid_of_pattern(names, r"(x)(\d+)_(?P<well>[a-z])", spacing="step")
    >>> grid.coords
    {'x': array([1000, 3000]), 'well': array(['a', 'b'], dtype='<U1')}
    >>> grid.missing
    [(1, 1)]
    """
    inferred = isinstance(pattern, str) and pattern == "infer"
    pattern, columns = name_columns(names, pattern, axesorder, unmatched)
    axes = grid_axes(columns, categories, shape, spacing)
    skipped = tuple(names[i] for i in columns.unmatched)
    if skipped:
        skip = set(columns.unmatched)
        names = [name for i, name in enumerate(names) if i not in skip]
    sizes = tuple(len(axis.values) for axis in axes)
    if math.prod(sizes) > len(names):
        check_not_sparse(columns, axes, len(names), categories, shape)
    grid = _grid_on_axes(names, columns, axes, columns.codes)
    placed = _placed(replace(grid, unmatched=skipped, pattern=pattern), duplicates)
    if inferred and shape is None and placed.files_missing:
        check_inferred(pattern, columns, sizes, len(placed.names), categories)
    return placed


def grid_of_columns(
    names: Sequence[str],
    columns: NameColumns,
    rows: NDArray[np.int64],
    *,
    duplicates: Duplicates = "raise",
    spacing: Spacing = "auto",
) -> tuple[FileGrid, NDArray[np.int64]]:
    """Return the grid of files that have rows in columns, and the cell of each row.

    Other rows have a cell, too, which is empty.

    >>> columns = NameColumns(("z",), (["1", "2"],), (np.arange(2, dtype="i4"),), [], ("int",))
    >>> grid_of_columns(["z2.tif"], columns, np.array([1]))[0]
    <FileGrid z: 2; 1 files, 1 missing>
    """
    axes = grid_axes(columns, None, None, spacing)
    check_not_sparse(columns, axes, len(names), None, None)
    grid = _grid_on_axes(names, columns, axes, [codes[rows] for codes in columns.codes])
    along = (axis.indices[codes] for axis, codes in zip(axes, columns.codes, strict=True))
    return _placed(grid, duplicates), cell_numbers(along, grid.shape, len(columns.codes[0]))


def _grid_on_axes(
    names: Sequence[str],
    columns: NameColumns,
    axes: Sequence[GridAxis],
    codes: Sequence[NDArray[Any]],
) -> FileGrid:
    """Return the grid of files with the codes of their texts along each axis."""
    sizes = tuple(len(axis.values) for axis in axes)
    values = (np.asarray(axis.values) for axis in axes)
    coords = dict(zip(unique_dims(columns.dims), values, strict=True))
    along = (axis.indices[each] for axis, each in zip(axes, codes, strict=True))
    return FileGrid(names, columns.dims, sizes, coords, cell_numbers(along, sizes, len(names)))


def grid_of_indices(
    names: Sequence[str],
    dims: Sequence[str],
    shape: Sequence[int],
    indices: Iterable[Sequence[int]],
    *,
    duplicates: Duplicates = "raise",
) -> FileGrid:
    """Return the grid of files whose indices are given by a user's own function.

    It is the result of a `parse` function of `FileSequence`, and is checked.

    >>> grid_of_indices(["a", "b"], "TZ", (1, 3), [(0, 0), (0, 2)]).missing
    [(0, 1)]
    """
    if not _are_texts(names) or isinstance(names, str):
        raise NamesError(f"files must be a sequence of str, got {names!r:.100}")
    if not names:
        raise NoFilesError("files is empty")
    if not _are_texts(dims) or not all(dims):
        raise NamesError(f"dims must be names, got {dims!r}")
    if not isinstance(indices, Iterable):
        raise NamesError(f"indices must be one for each file, got {indices!r}")
    sizes = shape_tuple(shape)
    if len(dims) != len(sizes):
        raise NamesError(f"dims {dims!r} and shape {sizes} differ in length")
    if is_sparse(sizes, len(names)):
        raise SparseGridError(
            f"only {len(names):,} cells of a grid of shape {sizes} are filled: "
            "leave out indices that no file has"
        )
    indices = list(indices)
    _check_indices(indices, sizes, len(names))
    along = np.array(indices, np.int64).reshape(len(names), len(sizes)).T
    cells = cell_numbers(along, sizes, len(names))
    coords = {dim: np.arange(size) for dim, size in zip(unique_dims(dims), sizes, strict=True)}
    return _placed(FileGrid(names, tuple(dims), sizes, coords, cells), duplicates)


def _check_indices(indices: list[Sequence[int]], shape: tuple[int, ...], count: int) -> None:
    if len(indices) != count:
        raise NamesError(f"{len(indices):,} indices for {count:,} files")
    for number, index in enumerate(indices):
        if (
            not isinstance(index, Sequence | np.ndarray)
            or len(index) != len(shape)
            or not all(isinstance(i, int | np.integer) for i in index)
            or not all(0 <= i < size for i, size in zip(index, shape, strict=True))
        ):
            raise NamesError(f"index {index!r} of file {number:,} is not in the shape {shape}")


def _placed(grid: FileGrid, duplicates: Duplicates) -> FileGrid:
    """Return the grid with one file in a cell, and without positions if these are 0, 1, 2..."""
    cells = grid.positions
    assert cells is not None
    if positions_of(cells, grid.shape) is None:
        return replace(grid, positions=None)
    numbers = np.arange(len(cells))
    table = np.empty(math.prod(grid.shape), np.int64)
    order = slice(None) if duplicates == "last" else slice(None, None, -1)
    table[cells[order]] = numbers[order]  # what is written last stays
    kept = table[cells] == numbers
    dropped = np.flatnonzero(~kept)
    pairs = tuple((grid.names[i], grid.names[table[cells[i]]]) for i in dropped.tolist())
    if not pairs:
        return grid
    if duplicates == "raise":
        labels = labels_at(grid, int(cells[dropped[0]]))
        where = ", ".join(f"{dim} {label}" for dim, label in labels.items())
        more = f", and {len(pairs) - 1:,} more such files" if len(pairs) > 1 else ""
        raise DuplicateError(
            f"files {pairs[0][1]!r} and {pairs[0][0]!r} are for the same cell "
            f"({where}){more}; duplicates='first' or 'last' keeps one of them"
        )
    names = [grid.names[i] for i in np.flatnonzero(kept).tolist()]
    return _placed(replace(grid, names=names, positions=cells[kept], duplicates=pairs), duplicates)


def _are_texts(values: object) -> bool:
    return isinstance(values, Sequence) and all(isinstance(value, str) for value in values)


def cell_numbers(
    along: Iterable[NDArray[np.int64]], shape: Sequence[int], count: int
) -> NDArray[np.int64]:
    """Return the cells of `count` files, numbered in C order, from their index along each axis."""
    cells = np.zeros(count, np.int64)
    for size, index in zip(shape, along, strict=True):
        cells *= size
        cells += index
    return cells


def positions_of(cells: NDArray[np.int64], shape: Sequence[int]) -> NDArray[np.int64] | None:
    """Return the cells of files; None if file i is in cell i, and none is empty."""
    is_plain = len(cells) == math.prod(shape) and np.array_equal(cells, np.arange(len(cells)))
    return None if is_plain else cells


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
    """Return labels as Python's numbers and texts; dates, as short as they can be, as texts.

    >>> plain_labels(np.array(["2026-01-31", "2026-01-31T10:30"], "M8[ns]"))
    ['2026-01-31', '2026-01-31 10:30']
    >>> plain_labels(np.array([90], "m8[m]"))
    ['01:30:00']
    """
    if values.dtype.kind == "m":
        texts = list(map(duration_text, np.atleast_1d(values)))
        return texts if np.ndim(values) else texts[0]
    if values.dtype.kind == "M":
        texts = [date_text(text) for text in np.atleast_1d(values).astype(str).tolist()]
        return texts if np.ndim(values) else texts[0]
    return values.tolist()
