"""Labels along an axis to places on it, by the rules of xarray and pandas: no I/O.

pandas itself is not needed. The tests compare with ``DataArray.sel``.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Hashable, Iterable, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import NamesError, shown

__all__ = ["places_of_labels", "scalar"]

_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(?=[T ]|$)|(?=(?:\d{4}|\d{6})$))")
_DATE = re.compile(
    r"(?P<Y>\d{4})(?:[-/](?P<M>\d\d?)(?:[-/](?P<D>\d\d?)"
    r"(?:[T ]?(?P<h>\d\d)(?::?(?P<m>\d\d)(?::?(?P<s>\d\d)(?P<f>\.\d{1,9})?)?)?)?)?)?"
)
_TICKS = {"D": 86_400_000_000_000, "h": 3_600_000_000_000, "m": 60_000_000_000, "s": 1_000_000_000}
"""Nanoseconds of the units into which days fall."""


class _Period(NamedTuple):
    """What a date stands for: ``"2020-07"`` is a month."""

    first: np.datetime64
    last: np.datetime64
    unit: str
    """The unit of a text, empty for a moment."""


def places_of_labels(dim: str, values: NDArray[Any], labels: Any) -> Any:
    """Return the indexer for labels along an axis: see `SelectableSequence.sel`.

    >>> places_of_labels("t", np.array([2, 4, 6, 8]), slice(3, 6)).tolist()
    [1, 2]
    >>> places_of_labels("c", np.array(["DAPI", "GFP"]), "GFP")
    1
    """
    if isinstance(labels, slice):
        return _between(dim, values, labels)
    try:
        listed = np.asarray(labels, object if isinstance(labels, tuple | list) else None)
    except ValueError as error:
        raise NamesError(f"{dim}={labels!r} must be a list of labels: {error}") from error
    if listed.ndim:
        if len(listed) and all(isinstance(label, bool | np.bool_) for label in listed.flat):
            return listed.astype(np.bool_)  # a mask, as everywhere in xarray
        return _places(dim, values, listed)
    if hasattr(labels, "__array__"):  # of no dimensions: a coordinate of an xarray object
        labels = listed[()]
    if values.dtype.kind == "M" and isinstance(labels, str):
        period = _period(dim, labels)
        if _is_coarser(period.unit, values):  # a month, of which there may be many days
            inside = np.flatnonzero((values >= period.first) & (values <= period.last))
            if not len(inside):
                raise _no_label(dim, values, labels)
            return inside
    return _place(dim, values, labels)


def scalar(label: Any) -> Any:
    """Return a label as Python has it; dates stay numpy's, which count nanoseconds."""
    return label if isinstance(label, np.datetime64) else label.item()


def _between(dim: str, values: NDArray[Any], labels: slice) -> NDArray[np.int64]:
    """Return the places of the labels from one to another, both included."""
    step = 1 if labels.step is None else labels.step
    if not isinstance(step, int | np.integer) or step == 0:
        raise NamesError(f"{dim}={labels!r} must have a step that is an integer other than 0")
    low, high = (labels.start, labels.stop) if step > 0 else (labels.stop, labels.start)
    start = 0 if low is None else _edge(dim, values, low, "left", labels)
    stop = len(values) if high is None else _edge(dim, values, high, "right", labels)
    return np.arange(start, max(start, stop))[::step]


def _edge(dim: str, values: NDArray[Any], label: Any, side: Any, labels: slice) -> int:
    """Return where a range begins or ends: at its label or, in ordered values, between."""
    bounds: Sequence[Any] = (label, label)
    if values.dtype.kind == "M":
        bounds = _period(dim, label)[:2]
    elif not isinstance(label, str if values.dtype.kind in "US" else Real):
        raise NamesError(f"{dim}={labels!r} is no range of {_some(values)}")
    if (values[:-1] <= values[1:]).all():
        return int(np.searchsorted(values, bounds[side == "right"], side))
    if (values[:-1] >= values[1:]).all():
        other: Any = "right" if side == "left" else "left"
        return len(values) - int(np.searchsorted(values[::-1], bounds[side == "left"], other))
    return _place(dim, values, label) + int(side == "right")


def _place(dim: str, values: NDArray[Any], label: Any) -> int:
    """Return the place of one label."""
    return int(_places(dim, values, [label])[0])


def _places(dim: str, values: NDArray[Any], labels: Iterable[Any]) -> NDArray[np.int64]:
    """Return the places of labels."""
    known = {value: i for i, value in reversed(list(enumerate(values.tolist())))}
    places = []
    for label in labels:
        wanted = label
        if values.dtype.kind == "M":
            wanted = _period(dim, label).first.astype("M8[ns]").astype(np.int64).item()
        is_label = isinstance(label, Hashable) and not isinstance(label, bool | np.bool_)
        place = known.get(wanted) if is_label else None  # True is not 1
        if place is None:
            raise _no_label(dim, values, label)
        places.append(place)
    return np.array(places, np.int64)


def _period(dim: str, label: Any) -> _Period:
    """Return the first and last moment that a date stands for."""
    try:
        return _period_of(label) if isinstance(label, str) else _moment(label)
    except (ValueError, TypeError) as error:
        raise NamesError(f"{dim}={label!r} is no date: {error}") from error


def _moment(label: Any) -> _Period:
    """Return the moment that is no text."""
    if getattr(label, "tzinfo", None) is not None:
        raise ValueError("dates of files have no time zone")
    date = getattr(label, "to_datetime64", lambda: label)()
    if not isinstance(date, datetime.date | np.datetime64) or np.isnat(np.datetime64(date)):
        raise ValueError("it is neither a text nor a moment")
    moment = np.datetime64(date)
    return _Period(moment, moment, "")


def _period_of(text: str) -> _Period:
    """Return what a text stands for."""
    match = _DATE.fullmatch(_COMPACT.sub(r"\1-\2-\3", text, 1))
    if match is None or not 1678 <= int(match["Y"]) < 2262:  # those that have nanoseconds
        raise ValueError("write it as '2020-07-23', '20200723T1030', or '2020-07' for all of it")
    parts = match.groupdict()
    unit = next(unit for unit in "fsmhDMY" if parts[unit])
    day = f"{parts['Y']}-{int(parts['M'] or 1):02d}-{int(parts['D'] or 1):02d}"
    clock = ":".join(parts[key] or "00" for key in "hms") + (parts["f"] or "")
    first = np.datetime64(f"{day}T{clock}", "ns")
    if unit in ("Y", "M"):
        month = first.astype("M8[M]") + np.timedelta64(12 if unit == "Y" else 1, "M")
        last = month.astype("M8[ns]")
    else:
        last = first + _ticks(unit, parts["f"] or "")
    return _Period(first, last - np.timedelta64(1, "ns"), unit)


def _ticks(unit: str, fraction: str) -> np.timedelta64:
    """Return the length of a unit, for a fraction of seconds milli-, micro- or nanoseconds."""
    return np.timedelta64(_TICKS.get(unit) or 10 ** (9 - 3 * ((len(fraction) + 1) // 3)), "ns")


def _is_coarser(unit: str, values: NDArray[Any]) -> bool:
    """Return whether a unit is coarser than the finest that the dates need, a day at most."""
    moments = values.astype("M8[ns]").astype(np.int64)
    finest = next((u for u, ticks in _TICKS.items() if not (moments % ticks).any()), "f")
    units = "YMDhmsf"
    return units.index(unit) < units.index(finest)


def _no_label(dim: str, values: NDArray[Any], label: Any) -> NamesError:
    return NamesError(f"{dim}={label!r} is not on the axis, which has {_some(values)}")


def _some(values: NDArray[Any]) -> str:
    return shown((scalar(value) for value in values), len(values), 10)
