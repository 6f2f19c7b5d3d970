"""Which file stands at which index: pure, no I/O, no dask.

A `FileGrid` is made from file names by `grid_of_pattern`, from what a user's
own function found by `grid_of_indices`, or from nothing but the order of the
files by `grid_of_sequence`. `parse_filenames` and `natural_sorted` are
tifffile's functions of the same names.

All work goes by column: a million names have few distinct texts along an axis,
and each of them is looked at once.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain, count
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import (
    DuplicateError,
    NamesError,
    NoFilesError,
    SparseGridError,
    UnmatchedError,
    shown,
)
from dask_fileseq.patterns import BATCH, NameColumns, NamePattern, PatternLike

__all__ = [
    "FileGrid",
    "grid_of_indices",
    "grid_of_pattern",
    "grid_of_sequence",
    "natural_sorted",
    "parse_filenames",
]

Spacing: TypeAlias = Literal["unit", "step", "values"]
Duplicates: TypeAlias = Literal["raise", "first", "last"]
Unmatched: TypeAlias = Literal["raise", "skip"]
Categories: TypeAlias = Mapping[str, Mapping[str, int]]

_LARGEST = 2**62  # beyond it, differences of int64 numbers overflow
_SPARSE_CELLS = 1_000_000
_SPARSE_RATIO = 100

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_DIGITS = re.compile(r"(\d+)")
_ASCII_DIGITS = re.compile(r"([0-9]+)")
# of each byte: is it a digit, a line break or neither
_MASK = bytes(48 if 48 <= byte < 58 else 10 if byte == 10 else 97 for byte in range(256))


@dataclass(frozen=True, eq=False, slots=True)
class FileGrid:
    r"""Files and the cells of a grid in which they stand.

    Made by `grid_of_pattern`, `grid_of_indices` and `grid_of_sequence`, which
    see to it that each file has a cell of its own.

    Examples
    --------
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

    @property
    def unique_dims(self) -> tuple[str, ...]:
        """`dims`, where repeated names are numbered: ``Q_0, Q_1``."""
        return _unique(self.dims)

    @property
    def indices(self) -> list[tuple[int, ...]]:
        """The index of each file, computed."""
        cells = np.arange(len(self.names)) if self.positions is None else self.positions
        return _index_tuples(cells, self.shape)

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
        if self.files_missing == 0:
            return []
        return _index_tuples(np.flatnonzero(self.table == -1), self.shape)

    def __repr__(self) -> str:
        axes = ", ".join(f"{d}: {n}" for d, n in zip(self.unique_dims, self.shape, strict=True))
        return f"<FileGrid {axes}; {len(self.names)} files, {self.files_missing} missing>"


class _Axis(NamedTuple):
    """An axis of a grid."""

    place: NDArray[np.int64]
    """Index of each distinct text."""
    values: range | NDArray[Any]
    """What stands behind each index; a range, since it may be too long to be stored."""


def grid_of_sequence(names: Sequence[str]) -> FileGrid:
    """Return the grid of files in a row, along the axis ``sequence``.

    Raises
    ------
    NoFilesError
        There are no names.

    Examples
    --------
    >>> grid_of_sequence(["a.tif", "b.tif"])
    <FileGrid sequence: 2; 2 files, 0 missing>
    """
    _check_any(names)
    return FileGrid(names, ("sequence",), (len(names),), {"sequence": np.arange(len(names))})


def grid_of_pattern(
    names: Sequence[str],
    pattern: PatternLike,
    *,
    axesorder: Sequence[int] | None = None,
    categories: Categories | None = None,
    shape: Sequence[int] | None = None,
    unmatched: Unmatched = "raise",
    duplicates: Duplicates = "raise",
    spacing: Spacing = "unit",
) -> FileGrid:
    r"""Return the grid that a pattern finds in file names.

    Along an axis whose texts all are integers, the numbers are indices. Other
    texts are labels: numbers in their order or else words in natural order,
    one index for each that occurs.

    Parameters
    ----------
    names : sequence of str
        File names. Only what is below their common folder is matched; of a
        single file, only its base name.
    pattern : str, re.Pattern or NamePattern
        See `NamePattern`.
    axesorder : sequence of int, optional
        The order of the axes in the grid, by their places in `pattern`.
    categories : mapping of str to mapping of str to int, optional
        The indices of texts, for axes by their names: ``{"c": {"DAPI": 0}}``.
        They stand one apart, whatever `spacing` is.
    shape : sequence of int, optional
        Shape of the grid. The numbers in names then are the indices, and the
        first of an axis need not occur.
    unmatched : {"raise", "skip"}
        What to do about names that the pattern does not match.
    duplicates : {"raise", "first", "last"}
        What to do about files for the same cell: keep the first or the last.
    spacing : {"unit", "step", "values"}
        Which integers have indices: all from the lowest to the highest, every
        n-th of these where no other occurs, or only those that occur.

    Raises
    ------
    NoFilesError, UnmatchedError, DuplicateError, SparseGridError, NamesError
        Names, or parameters, do not make a grid.

    Examples
    --------
    >>> names = ["x1000_a.tif", "x1000_b.tif", "x3000_a.tif"]
    >>> grid = grid_of_pattern(names, r"(x)(\d+)_(?P<well>[a-z])", spacing="step")
    >>> grid.coords
    {'x': array([1000, 3000]), 'well': array(['a', 'b'], dtype='<U1')}
    >>> grid.missing
    [(1, 1)]
    """
    _check_choice("unmatched", unmatched, Unmatched)
    _check_choice("duplicates", duplicates, Duplicates)
    _check_choice("spacing", spacing, Spacing)
    columns = _columns(names, pattern, axesorder, unmatched)
    axes = _axes(columns, categories, shape, spacing)
    skipped = tuple(names[i] for i in columns.unmatched)
    if skipped:
        skip = set(columns.unmatched)
        names = [name for i, name in enumerate(names) if i not in skip]
    sizes = tuple(len(axis.values) for axis in axes)
    if _is_sparse(sizes, len(names)):
        raise SparseGridError(_sparse_message(columns, axes, len(names), categories, shape))
    cells = np.zeros(len(names), np.int64)
    for size, axis, codes in zip(sizes, axes, columns.codes, strict=True):
        cells *= size
        cells += axis.place[codes]
    coords = {
        dim: np.asarray(axis.values) for dim, axis in zip(_unique(columns.dims), axes, strict=True)
    }
    return _placed(FileGrid(names, columns.dims, sizes, coords, cells, skipped), duplicates)


def grid_of_indices(
    names: Sequence[str],
    dims: Sequence[str],
    shape: Sequence[int],
    indices: Iterable[Sequence[int]],
    *,
    duplicates: Duplicates = "raise",
) -> FileGrid:
    """Return the grid that a user's own function found.

    Parameters
    ----------
    names : sequence of str
        File names.
    dims : sequence of str
        Names of the axes.
    shape : sequence of int
        Number of cells along each axis.
    indices : iterable of sequence of int
        The index of each file in `shape`.
    duplicates : {"raise", "first", "last"}
        What to do about files for the same cell: keep the first or the last.

    Raises
    ------
    NoFilesError, DuplicateError, SparseGridError, NamesError
        The parameters do not make a grid.

    Examples
    --------
    >>> grid_of_indices(["a", "b"], "TZ", (1, 3), [(0, 0), (0, 2)]).missing
    [(0, 1)]
    """
    _check_choice("duplicates", duplicates, Duplicates)
    if not _is_of(names, str) or isinstance(names, str):
        raise NamesError(f"files must be a sequence of str, got {names!r:.100}")
    _check_any(names)
    if not _is_of(dims, str) or not all(dims):
        raise NamesError(f"dims must be names, got {dims!r}")
    if not isinstance(indices, Iterable):
        raise NamesError(f"indices must be one for each file, got {indices!r}")
    sizes = _sizes(shape)
    if len(dims) != len(sizes):
        raise NamesError(f"dims {dims!r} and shape {sizes} differ in length")
    if _is_sparse(sizes, len(names)):
        raise SparseGridError(
            f"only {len(names):,} cells of a grid of shape {sizes} are filled: "
            "leave out indices that no file has"
        )
    cells = _cells_of_indices(list(indices), sizes, len(names))
    coords = {dim: np.arange(size) for dim, size in zip(_unique(dims), sizes, strict=True)}
    return _placed(FileGrid(names, tuple(dims), sizes, coords, cells), duplicates)


def parse_filenames(
    files: Sequence[str],
    /,
    pattern: PatternLike | None = None,
    axesorder: Sequence[int] | None = None,
    categories: Categories | None = None,
    *,
    _shape: Sequence[int] | None = None,
) -> tuple[tuple[str, ...], tuple[int, ...], list[tuple[int, ...]], Sequence[str]]:
    r"""Return the dims, shape and indices that a pattern finds in file names.

    The function of tifffile 2026.11.8, with the same parameters and results,
    save that texts that are no integers are indices too, and that a pattern
    that finds no index is an error. As there, two files may have one index.
    Where `_shape` is given, the numbers in names are the indices; older
    releases of tifffile subtract the lowest ones.

    Parameters
    ----------
    files : sequence of str
        File names.
    pattern : str, re.Pattern or NamePattern, optional
        See `NamePattern`. By default, files are counted along axis ``I``.
    axesorder, categories
        See `grid_of_pattern`.
    _shape : sequence of int, optional
        Shape of the grid.

    Returns
    -------
    dims : tuple of str
        Names of the axes.
    shape : tuple of int
        Number of indices along each axis.
    indices : list of tuple of int
        The index of each file.
    files : sequence of str
        The file names, as given.

    Raises
    ------
    NoFilesError, UnmatchedError, NamesError
        Names, or parameters, do not make a grid. All are a `ValueError`.

    Examples
    --------
    >>> parse_filenames(["c1001.ext", "c2002.ext"], r"([^\d])(\d)(?P<t>\d+)\.ext")
    (('c', 't'), (2, 2), [(0, 0), (1, 1)], ['c1001.ext', 'c2002.ext'])
    """
    if pattern is None:
        length = (len(files),)
        if _shape is not None and (len(_shape) != 1 or _shape[0] < len(files)):
            raise NamesError(f"shape {length} does not fit provided shape {tuple(_shape)}")
        return ("I",), length, [(i,) for i in range(len(files))], files
    columns = _columns(files, pattern, axesorder, "raise")
    axes = _axes(columns, categories, _shape, "unit")
    found = (axis.place[codes].tolist() for axis, codes in zip(axes, columns.codes, strict=True))
    shape = tuple(len(axis.values) for axis in axes)
    return columns.dims, shape, list(zip(*found, strict=True)), files


def natural_sorted(iterable: Iterable[str], /) -> list[str]:
    """Return strings sorted such that the numbers in them are in order.

    Examples
    --------
    >>> natural_sorted(["f10", "f2", "f1"])
    ['f1', 'f2', 'f10']
    """
    names = list(iterable)
    width = _digits_width(names)
    if width == 0:
        return sorted(names)
    if width is None:
        return sorted(names, key=_natural_key)
    keys = chain.from_iterable(_padded(batch, width) for batch in _batches(names))
    return sorted(names, key=lambda _: next(keys))


def _natural_key(text: str) -> list[str | int]:
    """Return texts and numbers in turn, which is what natural order means."""
    parts: list[Any] = _DIGITS.split(text)
    parts[1::2] = map(int, parts[1::2])
    return parts


def _digits_width(names: Sequence[str]) -> int | None:
    """Return the length of numbers in names, or 0 if the natural order is the plain one.

    It is the plain one if all names have digits in the same places. None says
    that names have digits or separators of other kinds.
    """
    width = 0
    first = b""
    uniform = True
    for batch in _batches(names):
        joined = "\n".join(batch)
        if joined.count("\n") >= len(batch) or "\0" in joined or _has_foreign_digits(joined):
            return None
        # in UTF-8, bytes sort as characters do
        masks = f"{joined}\n".encode("utf-8", "surrogatepass").translate(_MASK)
        first = first or masks[: masks.index(b"\n") + 1]
        uniform = uniform and masks == first * len(batch)
        while b"0" * (width + 1) in masks:
            width += 1
    return 0 if uniform else width


def _has_foreign_digits(text: str) -> bool:
    return not text.isascii() and any(char.isdecimal() for char in set(text) if char > "\x7f")


def _padded(names: Sequence[str], width: int) -> list[str]:
    """Return names whose plain order is the natural order of `names`.

    All numbers are equally long, and behind a mark that is lower than any text:
    ``a1`` comes before ``a-1``.
    """
    parts = _ASCII_DIGITS.split("\n".join(names))
    parts[1::2] = ["\0" + number.zfill(width) for number in parts[1::2]]
    return "".join(parts).split("\n")


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(names), BATCH):
        yield names[first : first + BATCH]


def _columns(
    names: Sequence[str],
    pattern: PatternLike,
    axesorder: Sequence[int] | None,
    unmatched: Unmatched,
) -> NameColumns:
    """Return what a pattern finds in names below their common folder."""
    pattern = NamePattern.of(pattern)
    _check_any(names)
    paths = _normalised(names)
    columns = pattern.columns(paths, _folder_length(paths))
    if columns.unmatched and unmatched == "raise":
        count = len(columns.unmatched)
        raise UnmatchedError(
            f"pattern {pattern.regex.pattern!r} does not match {count:,} of {len(names):,} names: "
            f"{shown((names[i] for i in columns.unmatched), count)}; "
            "a file sequence leaves them out with unmatched='skip'"
        )
    if axesorder is None:
        return columns
    dims, texts, codes, _ = columns
    if len(axesorder) != len(dims) or set(axesorder) != set(range(len(dims))):
        raise NamesError(
            f"axesorder {axesorder!r} is no order of {dims!r}: each of 0 to {len(dims) - 1} once"
        )
    return columns._replace(
        dims=tuple(dims[i] for i in axesorder),
        texts=tuple(texts[i] for i in axesorder),
        codes=tuple(codes[i] for i in axesorder),
    )


def _normalised(names: Sequence[str]) -> Sequence[str]:
    """Return normalised paths; `names` themselves if they are, which spares their memory."""
    if all(list(map(os.path.normpath, batch)) == list(batch) for batch in _batches(names)):
        return names
    return [os.path.normpath(name) for name in names]


def _folder_length(paths: Sequence[str]) -> int:
    """Return the length of the common folder of normalised paths."""
    if len(paths) == 1:
        return len(os.path.dirname(paths[0]))
    try:
        if os.sep == "/":
            # All that begins like the lowest and the highest path lies between
            # them, and "0" follows "/": no path above it is an absolute one.
            low, high = min(paths), max(paths)
            folder = os.path.commonpath([low, high])
            inside = folder if folder.endswith("/") else f"{folder}/"
            if low.startswith(inside) and high.startswith(inside) if folder else low >= "0":
                return len(folder)
        return len(os.path.commonpath(paths))
    except ValueError as error:
        raise NamesError(f"files have no common folder: {error}") from error


def _axes(
    columns: NameColumns,
    categories: Categories | None,
    shape: Sequence[int] | None,
    spacing: Spacing,
) -> list[_Axis]:
    """Return the axes of a grid, of the given shape if there is one."""
    texts_of = list(zip(columns.dims, columns.texts, strict=True))
    if shape is None:
        return [_axis(dim, texts, categories, spacing) for dim, texts in texts_of]
    sizes = _sizes(shape)
    axes = [_axis(dim, texts, categories, spacing, base=0) for dim, texts in texts_of]
    parsed = tuple(len(axis.values) for axis in axes)
    if (
        len(parsed) != len(sizes)
        or any(axis.place.min() < 0 for axis in axes)
        or any(size < need for size, need in zip(sizes, parsed, strict=True))
    ):
        raise NamesError(f"parsed shape {parsed} does not fit provided shape {sizes}")
    return [_extended(axis, size) for axis, size in zip(axes, sizes, strict=True)]


def _extended(axis: _Axis, size: int) -> _Axis:
    """Return a longer axis; values that do not go on by themselves become indices."""
    values = axis.values
    if len(values) == size:
        return axis
    if isinstance(values, range):
        return axis._replace(
            values=range(values.start, values.start + size * values.step, values.step)
        )
    return axis._replace(values=range(size))


def _axis(
    dim: str,
    texts: list[str],
    categories: Categories | None,
    spacing: Spacing,
    base: int | None = None,
) -> _Axis:
    """Return the axis on which distinct texts stand; unit spacing begins at `base`."""
    if categories is not None and dim in categories:
        return _category_axis(dim, texts, categories[dim], base)
    numbers = _integers(texts)
    if numbers is not None and spacing != "values":
        return _regular_axis(numbers, spacing, base)
    if numbers is None and all(map(_is_float, texts)):
        numbers = np.array(texts, np.float64)
    if numbers is not None:
        values, index = np.unique(numbers, return_inverse=True)
        return _Axis(index, values)
    words = sorted(texts, key=lambda word: (_natural_key(word), word))
    place = {word: i for i, word in enumerate(words)}
    return _Axis(np.array([place[word] for word in texts]), np.array(words))


def _is_float(text: str) -> bool:
    """Return whether text is a decimal number that a float keeps to its last digit."""
    return bool(_DECIMAL.fullmatch(text)) and Decimal(repr(float(text))) == Decimal(text)


def _integers(texts: list[str]) -> NDArray[Any] | None:
    """Return texts as integers, None if any is none or is too large to count with."""
    try:
        numbers = np.fromiter(map(int, texts), np.int64, len(texts))
    except (ValueError, OverflowError):
        return None
    return numbers if numbers.min() > -_LARGEST and numbers.max() < _LARGEST else None


def _regular_axis(numbers: NDArray[Any], spacing: Spacing, base: int | None) -> _Axis:
    """Return the axis of integers that are equally spaced."""
    start, stop, step = int(numbers.min()), int(numbers.max()) + 1, 1
    if spacing == "step":
        step = int(np.gcd.reduce(numbers - start)) or 1
    elif base is not None:
        start = base
    return _Axis((numbers - start) // step, range(start, stop, step))


def _category_axis(
    dim: str, texts: list[str], category: Mapping[str, int], base: int | None
) -> _Axis:
    """Return the axis of texts whose indices are given."""
    try:
        numbers = np.fromiter((int(category[text]) for text in texts), np.int64, len(texts))
    except KeyError as error:
        raise NamesError(
            f"categories of {dim!r} do not have {error.args[0]!r}, "
            f"only {shown(category, len(category), limit=10)}"
        ) from error
    except ValueError as error:
        raise NamesError(f"categories of {dim!r} are not all integers: {error}") from error
    axis = _regular_axis(numbers, "unit", base)
    named = sorted((int(number), word) for word, number in category.items())
    within = [(number, word) for number, word in named if number in axis.values]
    if len(within) == len(dict(within)) == len(axis.values):  # one word for each index
        return axis._replace(values=np.array([word for _, word in within]))
    return axis


def _cells_of_indices(
    indices: list[Sequence[int]], shape: tuple[int, ...], count: int
) -> NDArray[np.int64]:
    """Return the cell of each of a user's indices."""
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
    cells = np.zeros(count, np.int64)
    for axis, size in enumerate(shape):
        cells = cells * size + np.fromiter((index[axis] for index in indices), np.int64, count)
    return cells


def _placed(grid: FileGrid, duplicates: Duplicates) -> FileGrid:
    """Return the grid with one file a cell, and no positions if they are plain."""
    cells = grid.positions
    assert cells is not None
    size = math.prod(grid.shape)
    numbers = np.arange(len(cells))
    if len(cells) == size and np.array_equal(cells, numbers):
        return replace(grid, positions=None)
    table = np.empty(size, np.int64)
    order = slice(None) if duplicates == "last" else slice(None, None, -1)
    table[cells[order]] = numbers[order]  # what is written last stays
    kept = table[cells] == numbers
    dropped = np.flatnonzero(~kept)
    pairs = tuple((grid.names[i], grid.names[table[cells[i]]]) for i in dropped.tolist())
    if not pairs:
        return grid
    if duplicates == "raise":
        (index,) = _index_tuples(cells[dropped[:1]], grid.shape)
        where = ", ".join(
            f"{dim}={grid.coords[dim][i]}" for dim, i in zip(grid.unique_dims, index, strict=True)
        )
        more = f", and {len(pairs) - 1:,} more such files" if len(pairs) > 1 else ""
        raise DuplicateError(
            f"files {pairs[0][1]!r} and {pairs[0][0]!r} are for the same cell {index} "
            f"({where}){more}; duplicates='first' or 'last' keeps one of them"
        )
    names = [grid.names[i] for i in np.flatnonzero(kept).tolist()]
    return _placed(replace(grid, names=names, positions=cells[kept], duplicates=pairs), duplicates)


def _is_sparse(shape: tuple[int, ...], count: int) -> bool:
    cells = math.prod(shape)
    return cells > _SPARSE_CELLS and count * _SPARSE_RATIO < cells


def _sparse_message(
    columns: NameColumns,
    axes: list[_Axis],
    count: int,
    categories: Categories | None,
    shape: Sequence[int] | None,
) -> str:
    """Return what is sparse and which grids would be denser."""
    sizes = [len(axis.values) for axis in axes]
    filled = [len(np.unique(axis.place)) for axis in axes]
    worst = max(range(len(axes)), key=lambda k: sizes[k] / filled[k])
    message = (
        f"only {count:,} cells of a grid of shape {tuple(sizes)} are filled; "
        f"axis {_unique(columns.dims)[worst]!r} has {sizes[worst]:,} indices for "
        f"{filled[worst]:,} values"
    )
    if shape is not None:
        return f"{message}: give a smaller shape, or none"
    denser = []
    for spacing in get_args(Spacing)[1:]:
        other = tuple(len(axis.values) for axis in _axes(columns, categories, None, spacing))
        if math.prod(other) < math.prod(sizes):
            denser.append(f"spacing={spacing!r} gives shape {other}")
    return f"{message}: {', '.join(denser) or 'match fewer groups, or give a parse function'}"


def _unique(dims: Sequence[str]) -> tuple[str, ...]:
    """Return dims where repeated names are numbered.

    >>> _unique(["t", "Q", "Q"])
    ('t', 'Q_0', 'Q_1')
    """
    taken = {dim for dim in dims if dims.count(dim) == 1}
    unique = []
    for dim in dims:
        names = chain([dim] if dim in taken else [], (f"{dim}_{n}" for n in count()))
        unique.append(next(name for name in names if name == dim or name not in taken))
        taken.add(unique[-1])
    return tuple(unique)


def _index_tuples(cells: NDArray[np.integer[Any]], shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    if not shape:  # a single cell
        return [()] * len(cells)
    return list(zip(*(axis.tolist() for axis in np.unravel_index(cells, shape)), strict=True))


def _sizes(shape: Sequence[int]) -> tuple[int, ...]:
    """Return a shape as a tuple of int."""
    if not _is_of(shape, int | np.integer) or not all(size > 0 for size in shape):
        raise NamesError(f"shape must be positive integers, got {shape!r}")
    return tuple(int(size) for size in shape)


def _is_of(values: object, kind: Any) -> bool:
    return isinstance(values, Sequence) and all(isinstance(value, kind) for value in values)


def _check_any(names: Sequence[str]) -> None:
    if not len(names):
        raise NoFilesError("files is empty")


def _check_choice(argument: str, value: object, choices: Any) -> None:
    if value not in get_args(choices):
        raise NamesError(f"{argument} must be one of {get_args(choices)}, got {value!r}")
