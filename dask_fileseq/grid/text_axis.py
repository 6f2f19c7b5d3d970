"""The axis of the distinct texts of a part of names: their indices, and the values of these.

Integers are indices a step apart, and so are dates and other numbers with ``spacing="step"``. All
others are labels that occur, in their order: dates, numbers, words, wells, months. Categories
are indices that the caller gives, and lists are those of Bio-Formats patterns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import takewhile
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import NamesError, shown
from dask_fileseq.grid.natural_sort import natural_key
from dask_fileseq.patterns import CATEGORIES, FAMILIES
from dask_fileseq.patterns.date_formats import (
    durations_of_numbers,
    is_month_format,
    iso_dates,
    moments,
    month_order,
)

Spacing: TypeAlias = Literal["unit", "auto", "step", "values"]

_LARGEST = 2**62  # beyond it, differences of int64 numbers overflow
_EXACT = 2**53  # up to it, floats are exact integers
_YEARS = (1850, 2100)
_EPOCH = 10**9  # seconds since 1970 are times, which are not filled up
_SPARSE = 10  # an axis with this many times more steps than values has no evident step
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_WELL = re.compile(r"(A[A-F]|[A-Z])(\d{1,2})", re.IGNORECASE)
_COMPASS = re.compile(r"([NESW])(\d+)|(\d+)([NESW])", re.IGNORECASE)
_ROW = re.compile(r"(A[A-F]|[A-Z])()", re.IGNORECASE)


class GridAxis(NamedTuple):
    """An axis of a grid."""

    indices: NDArray[np.int64]
    """Index of each distinct text."""
    values: range | NDArray[Any]
    """The value of each index; a range, since it may be too long to be stored."""


def axis_of_texts(
    dim: str, texts: list[str], kind: str, spacing: Spacing, start: int | None = None
) -> GridAxis:
    """Return the axis of distinct texts of a type, which is one of `NameColumns`.

    With a `start`, integers from there on are indices; by default from the lowest one on. A
    `NamesError` is raised if a text is not of the type.

    >>> axis_of_texts("month", ["Feb", "Jan"], "%b", "auto").values.tolist()
    ['Jan', 'Feb']
    >>> axis_of_texts("z", ["0", "2", "4", "8"], "int", "auto").values
    range(0, 9, 2)
    """
    try:
        if "%" in kind and is_month_format(kind):
            return _word_axis(texts, month_order(texts, kind).tolist())
        if "%" in kind or kind in ("iso", "ns"):
            read = {"iso": iso_dates, "ns": durations_of_numbers}.get(kind)
            return _moment_axis(moments(texts, kind) if read is None else read(texts), spacing)
    except ValueError as error:
        raise NamesError(f"axis {dim!r} has {error}") from error
    if kind == "compass":
        texts = [_degrees(dim, text) for text in texts]
        spacing = "values" if spacing == "auto" else spacing
    if kind.startswith("float"):
        mark = kind[5:] or "."
        return _float_axis([text[:1] + text[1:].replace(mark, ".") for text in texts], spacing)
    numbers = None if kind == "word" else _numbers(texts)
    if numbers is None:
        return _word_axis(texts, word_keys(dim, texts))
    if numbers.dtype != np.int64:
        return _float_axis(texts, spacing)
    return _integer_axis(dim, numbers, spacing if start is None else "unit", start)


def category_axis(
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


def listed_axis(texts: list[str], listed: list[str], spacing: Spacing) -> GridAxis:
    """Return the axis of all texts that a pattern lists, in their order.

    By ``values``, it is that of the texts that occur.

    >>> listed_axis(["6", "1"], ["1", "3", "6"], "auto")
    GridAxis(indices=array([2, 0]), values=array([1, 3, 6]))
    """
    numbers = _numbers(listed)
    is_numeric = numbers is not None and len(np.unique(numbers)) == len(listed)
    values = np.array(numbers if is_numeric else listed)
    place = {text: i for i, text in enumerate(listed)}
    indices = np.fromiter((place[text] for text in texts), np.int64, len(texts))
    if spacing == "values":
        occur, indices = np.unique(indices, return_inverse=True)
        values = values[occur]
    return GridAxis(indices, values)


def _integer_axis(
    dim: str, numbers: NDArray[np.int64], spacing: Spacing, start: int | None
) -> GridAxis:
    """Return the axis of integers.

    By ``auto``, only half-filled axes have indices without files, and no axis of channels or
    bands. By ``step``, 405, 488 and 561 have only 1 in common: without neighbours, no step is
    evident.
    """
    is_category = FAMILIES.get(re.sub(r"_\d+$", "", dim.lower())) in CATEGORIES  # band_1, too
    labels = is_category or numbers.min() > _EPOCH
    if spacing == "values" or (spacing == "auto" and labels):
        return _label_axis(numbers)
    axis = _regular_axis(numbers, spacing, start)
    if spacing == "unit":
        return axis
    steps = np.unique(axis.indices)
    if spacing == "auto":
        is_regular = len(axis.values) <= 2 * len(steps) and _is_evident(numbers)
    else:
        is_regular = len(axis.values) <= len(steps) * _SPARSE or (np.diff(steps) == 1).any()
    return axis if is_regular else _label_axis(numbers)


def _is_evident(numbers: NDArray[np.int64]) -> bool:
    """Return whether numbers have an evident step: one, or that of half of the neighbours.

    Steps of more than one are evident if two thirds of the places are taken. Years are dates,
    which are never filled up.

    >>> _is_evident(np.array([0, 20, 60, 80])), _is_evident(np.array([6, 12, 36]))
    (True, False)
    """
    values = np.unique(numbers)
    gaps = np.diff(values)
    step = np.gcd.reduce(gaps) if len(gaps) else 1
    if step == 1:
        return True
    places = (values[-1] - values[0]) // step + 1
    years = values[0] >= _YEARS[0] and values[-1] <= _YEARS[1]
    often = 2 * np.count_nonzero(gaps == step) >= len(gaps)
    return bool(often and 2 * places <= 3 * len(values) and not years)


def _regular_axis(numbers: NDArray[Any], spacing: Spacing, start: int | None) -> GridAxis:
    """Return the axis of integers that are equally spaced, by default from the lowest one."""
    lowest, stop, step = int(numbers.min()), int(numbers.max()) + 1, 1
    if spacing in ("step", "auto"):
        step = int(np.gcd.reduce(numbers - lowest)) or 1
    elif start is not None:
        lowest = start
    return GridAxis((numbers - lowest) // step, range(lowest, stop, step))


def _label_axis(labels: NDArray[Any]) -> GridAxis:
    """Return the axis of the labels that occur."""
    values, index = np.unique(labels, return_inverse=True)
    return GridAxis(index, values)


def _filled_axis(numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return the indices of integers a step apart, and all places; None if most are empty."""
    axis = _regular_axis(numbers, "step", None)
    assert isinstance(axis.values, range)
    if len(numbers) < 2 or len(axis.values) > len(np.unique(axis.indices)) * _SPARSE:
        return None
    # numpy's arange counts in floats, which are too coarse for nanoseconds
    return axis.indices, axis.values.start + axis.values.step * np.arange(len(axis.values))


def _moment_axis(values: NDArray[Any], spacing: Spacing) -> GridAxis:
    """Return the axis of dates or durations, on request a step apart if a tenth of them occur.

    The times of a clock rarely have a step in common but the second, which would make an
    axis of empty cells.
    """
    filled = _filled_axis(values.astype(np.int64)) if spacing == "step" else None
    if filled is None:
        return _label_axis(values)
    return GridAxis(filled[0], filled[1].astype(values.dtype))


def _float_axis(texts: list[str], spacing: Spacing) -> GridAxis:
    """Return the axis of numbers, on request a step apart if a tenth of the steps occur.

    >>> _float_axis(["0.1", "0.2", "0.4"], "step").values.tolist()
    [0.1, 0.2, 0.3, 0.4]
    """
    values = np.array(texts, np.float64)
    if spacing == "step" and np.isfinite(values).all():
        decimals = list(map(Decimal, texts))
        places = max(-int(decimal.as_tuple().exponent) for decimal in decimals)
        largest = max(map(abs, decimals)).scaleb(max(places, 0))
        if places <= 22 and largest < _EXACT:  # then the quotients below are exact
            scale = 10 ** max(places, 0)
            filled = _filled_axis(np.array([int(decimal * scale) for decimal in decimals]))
            if filled is not None:
                return GridAxis(filled[0], filled[1] / float(scale))
    return _label_axis(values)


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


def _degrees(dim: str, text: str) -> str:
    """Return degrees north or east as a number, those south or west below zero.

    >>> _degrees("latitude", "S05"), _degrees("longitude", "070E")
    ('-05', '070')
    """
    match = _COMPASS.fullmatch(text)
    if match is None:
        raise NamesError(
            f"axis {dim!r} has {text!r}, which is no 'N48', 'S05', 'E012', 'W070' or '48N'"
        )
    number = match[2] or match[3]
    return f"-{number}" if (match[1] or match[4]).upper() in "SW" else number


def _word_axis(texts: list[str], keys: Sequence[Any]) -> GridAxis:
    """Return the axis of words in the order of their keys."""
    order = sorted(range(len(texts)), key=lambda i: (keys[i], texts[i]))
    return GridAxis(np.argsort(order), np.array([texts[i] for i in order]))


def word_keys(dim: str, texts: list[str]) -> list[Any]:
    """Return what orders words naturally, and wells by row, then column: AA01 after Z48.

    >>> sorted(["AA1", "B2", "A10"], key=dict(zip(["AA1", "B2", "A10"], word_keys("w", [
    ...     "AA1", "B2", "A10"]))).get)
    ['A10', 'B2', 'AA1']
    """
    regex = _ROW if FAMILIES.get(dim.lower()) == "row" else _WELL
    found = list(takewhile(bool, map(regex.fullmatch, texts)))
    if len(found) == len(texts) and any(len(match[1]) == 2 for match in found if match):
        return [(len(m[1]), m[1].upper(), int(m[2] or 0)) for m in found if m]
    return list(map(natural_key, texts))
