"""Positions of labels along an axis, by the rules of xarray and pandas: no I/O.

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

from dask_fileseq.errors import LabelError, NamesError, shown
from dask_fileseq.grid.durations import duration_of_text, duration_text

_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(?=[T ]|$)|(?=(?:\d{4}|\d{6})$))")
_DATE = re.compile(
    r"(\d{4})(?:[-/](\d\d?)(?:[-/](\d\d?)"
    r"(?:[T ]?(\d\d)(?::?(\d\d)(?::?(\d\d)(\.\d{1,9})?)?)?)?)?)?"
)
_UNITS = ["Y", "M", "D", "h", "m", "s"]
"""Numpy's units of dates from coarse to fine; finer than seconds are all alike here."""


class _Period(NamedTuple):
    """The time from the first to the last moment of a label: ``"2020-07"`` is a month."""

    first: np.datetime64 | np.timedelta64
    last: np.datetime64 | np.timedelta64
    unit: str = ""
    """Numpy's unit of a text, empty for a moment."""


def places_of_labels(dim: str, values: NDArray[Any], labels: Any) -> Any:
    """Return the integer indexer for labels along an axis: see `FileSequence.sel`.

    >>> places_of_labels("t", np.array([2, 4, 6, 8]), slice(3, 6)).tolist()
    [1, 2]
    >>> places_of_labels("c", np.array(["DAPI", "GFP"]), "GFP")
    1
    """
    if isinstance(labels, slice):
        return _slice_places(dim, values, labels)
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
    return int(_places(dim, values, [labels])[0])


def scalar(label: Any) -> Any:
    """Return a label as Python has it; dates and durations stay numpy's, with nanoseconds."""
    return label if isinstance(label, np.datetime64 | np.timedelta64) else label.item()


def _slice_places(dim: str, values: NDArray[Any], labels: slice) -> NDArray[np.int64]:
    """Return the positions of the labels from one to another, both included."""
    step = 1 if labels.step is None else labels.step
    if not isinstance(step, int | np.integer) or step == 0:
        raise NamesError(f"{dim}={labels!r} must have a step that is an integer other than 0")
    low, high = (labels.start, labels.stop) if step > 0 else (labels.stop, labels.start)
    start = 0 if low is None else _edge(dim, values, low, "left", labels)
    stop = len(values) if high is None else _edge(dim, values, high, "right", labels)
    return np.arange(start, max(start, stop))[::step]


def _edge(dim: str, values: NDArray[Any], label: Any, side: Any, labels: slice) -> int:
    """Return the position at which a range begins or ends; in ordered values, any label fits."""
    bounds: Sequence[Any] = (label, label)
    if values.dtype.kind in "mM":
        bounds = _period(dim, label, values.dtype.kind)[:2]
    elif not isinstance(label, str if values.dtype.kind in "US" else Real):
        raise NamesError(f"{dim}={labels!r} is no range of {_some(values)}")
    if (values[:-1] <= values[1:]).all():
        return int(np.searchsorted(values, bounds[side == "right"], side))
    if (values[:-1] >= values[1:]).all():
        other: Any = "right" if side == "left" else "left"
        return len(values) - int(np.searchsorted(values[::-1], bounds[side == "left"], other))
    return int(_places(dim, values, [label])[0]) + int(side == "right")


def _places(dim: str, values: NDArray[Any], labels: Iterable[Any]) -> NDArray[np.int64]:
    """Return the positions of labels."""
    place_of = {value: i for i, value in reversed(list(enumerate(values.tolist())))}
    places = []
    for label in labels:
        wanted = label
        if (kind := values.dtype.kind) in "mM":
            wanted = _period(dim, label, kind).first.astype(f"{kind}8[ns]").astype(int).item()
        is_label = isinstance(label, Hashable) and not isinstance(label, bool | np.bool_)
        place = place_of.get(wanted) if is_label else None  # True is not 1
        if place is None:
            raise _no_label(dim, values, label)
        places.append(place)
    return np.array(places, np.int64)


def _period(dim: str, label: Any, kind: str = "M") -> _Period:
    """Return the first and last moment of a date or, of the kind ``m``, of a duration."""
    try:
        if kind == "m":
            return _period_of_duration(label)
        if isinstance(label, str):
            return _period_of_text(label)
        if isinstance(label, datetime.datetime) and label.tzinfo is not None:
            raise ValueError("dates of files have no time zone")
        date = label.to_datetime64() if hasattr(label, "to_datetime64") else label
        if not isinstance(date, datetime.date | np.datetime64) or np.isnat(np.datetime64(date)):
            raise ValueError("it is neither a text nor a moment")
        return _Period(np.datetime64(date), np.datetime64(date))
    except (ValueError, TypeError) as error:
        what = "duration" if kind == "m" else "date"
        raise NamesError(f"{dim}={label!r} is no {what}: {error}") from error


def _period_of_duration(label: Any) -> _Period:
    """Return the first and last moment of a duration, in the finest unit that is written."""
    if isinstance(label, str):
        first, unit = duration_of_text(label)
        return _Period(first, first + (unit - np.timedelta64(1, "ns")))
    moment = label.to_timedelta64() if hasattr(label, "to_timedelta64") else label
    if not isinstance(moment, datetime.timedelta | np.timedelta64):
        raise ValueError("it is neither a text nor a timedelta")
    if np.isnat(moment := np.timedelta64(moment).astype("m8[ns]")):
        raise ValueError("it is not a time")
    return _Period(moment, moment)


def _period_of_text(text: str) -> _Period:
    """Return the period of a text, in the finest of numpy's units that is written."""
    match = _DATE.fullmatch(_COMPACT.sub(r"\1-\2-\3", text, 1))
    if match is None or not 1678 <= int(match[1]) < 2262:  # those that have nanoseconds
        raise ValueError("write it as '2020-07-23', '20200723T1030', or '2020-07' for all of it")
    *parts, fraction = match.groups()
    written = [part.zfill(2) for part in parts if part]
    clock = "T" + ":".join(written[3:]) + (fraction or "") if written[3:] else ""
    date = np.datetime64("-".join(written[:3]) + clock)
    unit: Any = np.datetime_data(date.dtype)[0]
    last = (date + np.timedelta64(1, unit)).astype("M8[ns]") - np.timedelta64(1, "ns")
    return _Period(date.astype("M8[ns]"), last, unit)


def _is_coarser(unit: str, values: NDArray[Any]) -> bool:
    """Return whether a unit is coarser than the finest that the dates need, a day at most."""
    needed = next((u for u in _UNITS[2:] if (values == values.astype(f"M8[{u}]")).all()), "")
    return unit in (_UNITS[: _UNITS.index(needed)] if needed else _UNITS)


def _no_label(dim: str, values: NDArray[Any], label: Any) -> LabelError:
    return LabelError(f"{dim}={label!r} is not on the axis, which has {_some(values)}")


def _some(values: NDArray[Any]) -> str:
    labels = map(duration_text, values) if values.dtype.kind == "m" else map(scalar, values)
    return shown(labels, len(values), 10)
