"""The axes that a pattern finds in file names, and those of the grid that they make.

The distinct texts of each axis become indices and values, those below the folder that all
names share.
Integers and dates are indices as they are or with a step, and labels if no step is evident.
Other numbers and words are labels in their order. Categories are indices that the caller
gives.
"""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import NamesError, NoFilesError, UnmatchedError, shown
from dask_fileseq.files import common_folder
from dask_fileseq.grid.natural_sort import natural_key
from dask_fileseq.patterns import NameColumns, NamePattern, as_pattern

Unmatched: TypeAlias = Literal["raise", "skip"]
Spacing: TypeAlias = Literal["unit", "step", "values"]
Categories: TypeAlias = Mapping[str, Mapping[str, int]]

_LARGEST = 2**62  # beyond it, differences of int64 numbers overflow
_SPARSE = 10  # an axis with this many times more steps than values has no evident step
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_FIRST_DATE, _LAST_DATE = np.datetime64("1678-01-01"), np.datetime64("2262-04-11")
"""The dates between these have nanoseconds, as those of xarray and pandas."""


class GridAxis(NamedTuple):
    """An axis of a grid."""

    indices: NDArray[np.int64]
    """Index of each distinct text."""
    values: range | NDArray[Any]
    """The value of each index; a range, since it may be too long to be stored."""


def parse_filenames(
    files: Sequence[str],
    /,
    pattern: Any = None,
    axesorder: Sequence[int] | None = None,
    categories: Categories | None = None,
    *,
    _shape: Sequence[int] | None = None,
) -> tuple[tuple[str, ...], tuple[int, ...], list[tuple[int, ...]], Sequence[str]]:
    r"""Return the dims, shape and indices that a pattern finds in file names.

    The function of tifffile 2026.11.8, with the same parameters and results, except that
    texts that are no integers are indices too, and that a pattern that finds no index is an
    error. Two files may have one index, as in tifffile. If `_shape` is given, the numbers in
    names are the indices; older releases of tifffile subtract the lowest ones.

    Parameters
    ----------
    files : sequence of str
        File names.
    pattern : str, re.Pattern, NamePattern, callable or table, optional
        See `open_sequence`. By default, files are counted along axis ``I``.
    axesorder : sequence of int, optional
        The order of the axes, by their positions in `pattern`.
    categories : mapping of str to mapping of str to int, optional
        The indices of texts, for axes by their names: ``{"c": {"DAPI": 0}}``.
    _shape : sequence of int, optional
        Shape of the grid. The first index of an axis need not occur.

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
        The names or parameters do not make a grid. All are a `ValueError`.

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
    _, columns = name_columns(files, pattern, axesorder, "raise")
    axes = grid_axes(columns, categories, _shape, "unit")
    found = (axis.indices[codes].tolist() for axis, codes in zip(axes, columns.codes, strict=True))
    shape = tuple(len(axis.values) for axis in axes)
    return columns.dims, shape, list(zip(*found, strict=True)), files


def name_columns(
    names: Sequence[str],
    pattern: Any,
    axesorder: Sequence[int] | None,
    unmatched: Unmatched,
) -> tuple[NamePattern, NameColumns]:
    """Return a user's pattern, and the axes that it finds in names.

    A regular expression is matched below the folder that the names share, other patterns
    are matched with whole paths.
    """
    if not len(names):
        raise NoFilesError("files is empty")
    pattern = as_pattern(pattern, names)
    paths = names
    # names that are normalised already stay packed, which saves memory
    if pattern.lookup is None and any(map(operator.ne, map(os.path.normpath, names), names)):
        paths = list(map(os.path.normpath, names))
    try:
        start = 0 if pattern.whole else len(common_folder(paths))
    except ValueError as error:
        raise NamesError(f"files have no common folder: {error}") from error
    columns = pattern.columns(paths, start)
    if columns.unmatched and unmatched == "raise":
        count = len(columns.unmatched)
        raise UnmatchedError(
            f"pattern {str(pattern)!r} does not match {count:,} of {len(names):,} names: "
            f"{shown((names[i] for i in columns.unmatched), count)}; "
            "a file sequence leaves them out with unmatched='skip'"
        )
    if axesorder is None:
        return pattern, columns
    dims = columns.dims
    if not isinstance(axesorder, Sequence) or sorted(axesorder) != list(range(len(dims))):
        raise NamesError(
            f"axesorder {axesorder!r} is no order of {dims!r}: each of 0 to {len(dims) - 1} once"
        )
    return pattern, columns.ordered(axesorder)


def grid_axes(
    columns: NameColumns,
    categories: Categories | None,
    shape: Sequence[int] | None,
    spacing: Spacing,
) -> list[GridAxis]:
    """Return the axes of a grid, of the given shape if there is one."""
    categories = {} if categories is None else categories
    if not isinstance(categories, Mapping) or not all(
        isinstance(category, Mapping) for category in categories.values()
    ):
        raise NamesError(
            f"categories={categories!r} must be the indices of texts by axis, as in "
            "{'channel': {'DAPI': 0}}"
        )
    start = None if shape is None else 0
    axes = [
        _category_axis(dim, texts, categories[dim], start)
        if dim in categories
        else _axis(dim, texts, kind, spacing, start)
        for dim, texts, kind in zip(columns.dims, columns.texts, columns.types, strict=True)
    ]
    if shape is None:
        return axes
    sizes = shape_tuple(shape)
    parsed = tuple(len(axis.values) for axis in axes)
    if (
        len(parsed) != len(sizes)
        or any(axis.indices.min() < 0 for axis in axes)
        or any(size < need for size, need in zip(sizes, parsed, strict=True))
    ):
        raise NamesError(f"parsed shape {parsed} does not fit provided shape {sizes}")
    return [
        axis if len(axis.values) == size else axis._replace(values=range(size))
        for axis, size in zip(axes, sizes, strict=True)
    ]


def shape_tuple(shape: Sequence[int]) -> tuple[int, ...]:
    """Return a shape as a tuple of int."""
    if not isinstance(shape, Sequence) or not all(
        isinstance(size, int | np.integer) and size > 0 for size in shape
    ):
        raise NamesError(f"shape must be positive integers, got {shape!r}")
    return tuple(map(int, shape))


def _axis(dim: str, texts: list[str], kind: str, spacing: Spacing, start: int | None) -> GridAxis:
    """Return the axis of distinct texts; with a `start`, numbers from there on are indices."""
    if kind == "iso" or "%" in kind:
        return _date_axis(_dates(dim, texts, kind), spacing)
    if kind == "compass":
        texts = [_degrees(dim, text) for text in texts]
    if kind == "float":
        return _label_axis(np.array(texts, np.float64))
    numbers = None if kind == "word" else _numbers(texts)
    if numbers is None:
        words = sorted(texts, key=lambda word: (natural_key(word), word))
        index = {word: i for i, word in enumerate(words)}
        return GridAxis(np.array([index[word] for word in texts]), np.array(words))
    spacing = spacing if start is None else "unit"
    if numbers.dtype == np.int64 and spacing != "values":
        axis = _regular_axis(numbers, spacing, start)
        if spacing == "unit":
            return axis
        # 405, 488 and 561 have only 1 in common: without neighbours, no step is evident
        steps = np.unique(axis.indices)
        if len(axis.values) <= len(steps) * _SPARSE or (np.diff(steps) == 1).any():
            return axis
    return _label_axis(numbers)


def _degrees(dim: str, text: str) -> str:
    """Return degrees north or east as a number, those south or west below zero.

    >>> _degrees("latitude", "S05")
    '-05'
    """
    if text[:1].upper() not in tuple("NESW") or not text[1:].isdecimal():
        raise NamesError(f"axis {dim!r} has {text!r}, which is no 'N48', 'S05', 'E012' or 'W070'")
    return f"-{text[1:]}" if text[0].upper() in "SW" else text[1:]


def _label_axis(labels: NDArray[Any]) -> GridAxis:
    """Return the axis of the labels that occur."""
    values, index = np.unique(labels, return_inverse=True)
    return GridAxis(index, values)


def _dates(dim: str, texts: list[str], form: str) -> NDArray[np.datetime64]:
    """Return texts as dates."""
    dates = []
    for text in texts:
        try:
            date = datetime.strptime(text, form) if form != "iso" else text
        except ValueError as error:
            raise NamesError(f"axis {dim!r} has {text!r}, which is no date {form!r}") from error
        if date == "NaT" or not _FIRST_DATE < np.datetime64(date) < _LAST_DATE:
            raise NamesError(
                f"axis {dim!r} has {text!r}: dates must lie between {_FIRST_DATE} and {_LAST_DATE}"
            )
        dates.append(date)
    return np.array(dates, "M8[ns]")


def _date_axis(dates: NDArray[np.datetime64], spacing: Spacing) -> GridAxis:
    """Return the axis of dates, a step apart if a tenth of the steps occur.

    The times of a clock rarely have a step in common but the second, which would make an
    axis of empty cells.
    """
    axis = _regular_axis(dates.astype(np.int64), "step", None)
    is_sparse = len(axis.values) > len(np.unique(axis.indices)) * _SPARSE
    if spacing != "step" or len(dates) < 2 or is_sparse:
        return _label_axis(dates)
    assert isinstance(axis.values, range)
    # numpy's arange counts in floats, which are too coarse for nanoseconds
    moments = axis.values.start + axis.values.step * np.arange(len(axis.values))
    return GridAxis(axis.indices, moments.astype("M8[ns]"))


def _numbers(texts: list[str]) -> NDArray[Any] | None:
    """Return texts as integers, else as floats that keep their last digits, else None."""
    if "_" in "".join(texts):  # int() takes 1_0 for 10
        return None
    try:
        numbers = np.fromiter(map(int, texts), np.int64, len(texts))
        if numbers.min() > -_LARGEST and numbers.max() < _LARGEST:
            return numbers
    except (ValueError, OverflowError):
        pass
    if all(_DECIMAL.fullmatch(t) and Decimal(repr(float(t))) == Decimal(t) for t in texts):
        return np.array(texts, np.float64)
    return None


def _regular_axis(numbers: NDArray[Any], spacing: Spacing, start: int | None) -> GridAxis:
    """Return the axis of integers that are equally spaced, by default from the lowest one."""
    lowest, stop, step = int(numbers.min()), int(numbers.max()) + 1, 1
    if spacing == "step":
        step = int(np.gcd.reduce(numbers - lowest)) or 1
    elif start is not None:
        lowest = start
    return GridAxis((numbers - lowest) // step, range(lowest, stop, step))


def _category_axis(
    dim: str, texts: list[str], category: Mapping[str, int], start: int | None
) -> GridAxis:
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
    axis = _regular_axis(numbers, "unit", start)
    named = sorted((int(number), word) for word, number in category.items())
    within = [(number, word) for number, word in named if number in axis.values]
    if len(within) == len(dict(within)) == len(axis.values):  # one word for each index
        return axis._replace(values=np.array([word for _, word in within]))
    return axis
