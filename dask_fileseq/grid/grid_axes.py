"""Axes of a grid: the distinct texts of each column become indices and values.

Integers and dates are indices as they are or with a step, and labels if no step is evident.
Other numbers and words are labels in their order. Categories are indices that the caller
gives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import NamesError, shown
from dask_fileseq.grid.natural_sort import natural_key
from dask_fileseq.patterns import NameColumns

__all__ = ["Categories", "GridAxis", "Spacing", "grid_axes", "shape_tuple"]

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
        if spacing == "unit" or not _is_sparse(axis):
            return axis
        # 405, 488 and 561 have but 1 in common: without neighbours, no step is evident
        if (np.diff(np.unique(axis.indices)) == 1).any():
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
    if spacing != "step" or len(dates) < 2 or _is_sparse(axis):
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


def _is_sparse(axis: GridAxis) -> bool:
    """Return whether under a tenth of the steps along an axis occur."""
    return len(axis.values) > len(np.unique(axis.indices)) * _SPARSE


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
