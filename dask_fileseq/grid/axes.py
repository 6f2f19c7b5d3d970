"""Axes of a grid: the distinct texts of one column become indices and values.

Integers are indices as they are or with a step, and labels where no step is evident; so
are dates; other numbers and words are labels in their order, categories are indices
that the caller gives.
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
from dask_fileseq.grid.natural import natural_key
from dask_fileseq.patterns import NameColumns

__all__ = ["Axis", "Categories", "Spacing", "axes_of", "sizes_of"]

Spacing: TypeAlias = Literal["unit", "step", "values"]
Categories: TypeAlias = Mapping[str, Mapping[str, int]]

_LARGEST = 2**62  # beyond it, differences of int64 numbers overflow
_SPARSE = 10  # as many times more steps than values are too many
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


FIRST_DATE, LAST_DATE = np.datetime64("1678-01-01"), np.datetime64("2262-04-11")
"""Between these lie the dates that have nanoseconds, as those of xarray and pandas."""


class Axis(NamedTuple):
    """An axis of a grid."""

    place: NDArray[np.int64]
    """Index of each distinct text."""
    values: range | NDArray[Any]
    """What stands behind each index; a range, since it may be too long to be stored."""


def axes_of(
    columns: NameColumns,
    categories: Categories | None,
    shape: Sequence[int] | None,
    spacing: Spacing,
) -> list[Axis]:
    """Return the axes of a grid, of the given shape if there is one."""
    base = None if shape is None else 0
    _check_categories(categories)
    axes = [
        _axis(dim, texts, kind, spacing, base)
        if categories is None or dim not in categories
        else _category_axis(dim, texts, categories[dim], base)
        for dim, texts, kind in zip(columns.dims, columns.texts, columns.types, strict=True)
    ]
    if shape is None:
        return axes
    sizes = sizes_of(shape)
    parsed = tuple(len(axis.values) for axis in axes)
    if (
        len(parsed) != len(sizes)
        or any(axis.place.min() < 0 for axis in axes)
        or any(size < need for size, need in zip(sizes, parsed, strict=True))
    ):
        raise NamesError(f"parsed shape {parsed} does not fit provided shape {sizes}")
    return [_extended(axis, size) for axis, size in zip(axes, sizes, strict=True)]


def _check_categories(categories: Categories | None) -> None:
    if categories is None:
        return
    if not isinstance(categories, Mapping) or not all(
        isinstance(category, Mapping) for category in categories.values()
    ):
        raise NamesError(
            f"categories={categories!r} must be the indices of texts by axis, as in "
            "{'channel': {'DAPI': 0}}"
        )


def sizes_of(shape: Sequence[int]) -> tuple[int, ...]:
    """Return a shape as a tuple of int."""
    if not isinstance(shape, Sequence) or not all(
        isinstance(size, int | np.integer) and size > 0 for size in shape
    ):
        raise NamesError(f"shape must be positive integers, got {shape!r}")
    return tuple(map(int, shape))


def _extended(axis: Axis, size: int) -> Axis:
    """Return an axis of that size; labels, if there are not as many, become indices."""
    return axis if len(axis.values) == size else axis._replace(values=range(size))


def _axis(dim: str, texts: list[str], kind: str, spacing: Spacing, base: int | None) -> Axis:
    """Return the axis on which distinct texts stand; from `base` on, numbers are indices."""
    if kind == "iso" or "%" in kind:
        return _date_axis(_dates(dim, texts, kind), spacing)
    if kind == "compass":
        texts = [_signed(dim, text) for text in texts]
    if kind == "float":
        return _label_axis(np.array(texts, np.float64))
    numbers = None if kind == "word" else _numbers(texts)
    if numbers is None:
        words = sorted(texts, key=lambda word: (natural_key(word), word))
        place = {word: i for i, word in enumerate(words)}
        return Axis(np.array([place[word] for word in texts]), np.array(words))
    spacing = spacing if base is None else "unit"
    if numbers.dtype == np.int64 and spacing != "values":
        axis = _regular_axis(numbers, spacing, base)
        if spacing == "unit" or not _is_sparse(axis) or _has_neighbours(axis):
            return axis
    return _label_axis(numbers)


def _signed(dim: str, text: str) -> str:
    """Return degrees north or east as a number, those south or west below zero.

    >>> _signed("latitude", "S05")
    '-05'
    """
    if text[:1].upper() not in tuple("NESW") or not text[1:].isdecimal():
        raise NamesError(f"axis {dim!r} has {text!r}, which is no 'N48', 'S05', 'E012' or 'W070'")
    return f"-{text[1:]}" if text[0].upper() in "SW" else text[1:]


def _label_axis(labels: NDArray[Any]) -> Axis:
    """Return the axis of the labels that occur."""
    values, index = np.unique(labels, return_inverse=True)
    return Axis(index, values)


def _dates(dim: str, texts: list[str], form: str) -> NDArray[np.datetime64]:
    """Return texts as dates."""
    dates = []
    for text in texts:
        try:
            date = datetime.strptime(text, form) if form != "iso" else text
        except ValueError as error:
            raise NamesError(f"axis {dim!r} has {text!r}, which is no date {form!r}") from error
        if date == "NaT" or not FIRST_DATE < np.datetime64(date) < LAST_DATE:
            raise NamesError(
                f"axis {dim!r} has {text!r}: dates must lie between {FIRST_DATE} and {LAST_DATE}"
            )
        dates.append(date)
    return np.array(dates, "M8[ns]")


def _date_axis(dates: NDArray[np.datetime64], spacing: Spacing) -> Axis:
    """Return the axis of dates: a step apart if a tenth of the steps occur, else as they are.

    The times of a clock rarely have a step in common but the second: they would make
    an axis of empty cells.
    """
    if spacing != "step" or len(dates) < 2:
        return _label_axis(dates)
    axis = _regular_axis(dates.astype(np.int64), spacing, None)
    if _is_sparse(axis):
        return _label_axis(dates)
    values = axis.values
    assert isinstance(values, range)
    # numpy's arange counts in floats, which are too coarse for nanoseconds
    moments = values.start + values.step * np.arange(len(values))
    return axis._replace(values=moments.astype("M8[ns]"))


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


def _regular_axis(numbers: NDArray[Any], spacing: Spacing, base: int | None) -> Axis:
    """Return the axis of integers that are equally spaced."""
    start, stop, step = int(numbers.min()), int(numbers.max()) + 1, 1
    if spacing == "step":
        step = int(np.gcd.reduce(numbers - start)) or 1
    elif base is not None:
        start = base
    return Axis((numbers - start) // step, range(start, stop, step))


def _is_sparse(axis: Axis) -> bool:
    """Return whether under a tenth of the steps along an axis occur."""
    return len(axis.values) > len(np.unique(axis.place)) * _SPARSE


def _has_neighbours(axis: Axis) -> bool:
    """Return whether two values are a single step apart: if none are, the step is not evident.

    The wavelengths 405, 488 and 561 have but 1 in common.
    """
    return bool((np.diff(np.unique(axis.place)) == 1).any())


def _category_axis(
    dim: str, texts: list[str], category: Mapping[str, int], base: int | None
) -> Axis:
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
