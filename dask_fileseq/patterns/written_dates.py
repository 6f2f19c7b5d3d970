r"""Dates and durations as texts in a format of `date_formats`: the inverse of `moments`."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from dask_fileseq.patterns.date_formats import (
    MONTHS,
    SECONDS_OF_UNITS,
    is_duration_format,
    largest_unit,
    split_format,
)

_UNPADDED_WIDTHS = {"j": 3, "f": 6, "Y": 4}


def written_moment(moment: Any, part: str, form: str | None = None) -> str:
    """Return a date or a duration as text in a format, or a `part` of a longer one.

    >>> written_moment(np.datetime64("2026-01-31T23:05"), "%d%b%Y_%H%M")
    '31Jan2026_2305'
    >>> written_moment(np.timedelta64(90, "m"), "%Hh%Mm")
    '01h30m'
    """
    form = part if form is None else form
    is_duration = is_duration_format(form)
    numbers = _duration(moment, form) if is_duration else _date(moment)
    text = ""
    for before, code, _ in split_format(part):
        text += before
        if not code:
            continue
        letter = code[-1]
        if letter in "bB":
            names = MONTHS.split() if letter == "b" else _FULL.split()
            text += names[numbers["m"] - 1].capitalize()
        elif letter == "p":
            text += "PM" if numbers["H"] >= 12 else "AM"
        else:
            value = numbers[letter]
            width = 1 if code[0] == "-" else _UNPADDED_WIDTHS.get(letter, 2)
            text += f"{value:0{width}d}"
    return text


_FULL = "january february march april may june july august september october november december"


def _date(moment: Any) -> dict[str, int]:
    """Return the numbers of a date by the letters of their codes."""
    if not isinstance(moment, np.datetime64 | datetime.date):
        raise ValueError("it is no date")
    date = np.datetime64(moment).astype("M8[ns]")
    if np.isnat(date):
        raise ValueError("it is no date")
    day = date.astype("M8[D]")
    months = day.astype("M8[M]").astype(np.int64)
    year = int(day.astype("M8[Y]").astype(np.int64)) + 1970
    rest = int((date - day).astype(np.int64))
    numbers = _times(rest)
    return numbers | {
        "Y": year,
        "y": year % 100,
        "m": int(months) % 12 + 1,
        "d": int((day - day.astype("M8[M]").astype("M8[D]")).astype(np.int64)) + 1,
        "j": int((day - day.astype("M8[Y]").astype("M8[D]")).astype(np.int64)) + 1,
        "I": (numbers["H"] - 1) % 12 + 1,
    }


def _duration(moment: Any, form: str) -> dict[str, int]:
    """Return the numbers of a duration; its largest unit in the format has all that is left."""
    if not isinstance(moment, np.timedelta64 | datetime.timedelta):
        raise ValueError("it is no duration")
    duration = np.timedelta64(moment).astype("m8[ns]")
    nanoseconds = int(duration.astype(np.int64))
    if np.isnat(duration) or nanoseconds < 0:
        raise ValueError("it is no duration from 0 on")
    numbers = _times(nanoseconds % 86_400_000_000_000)
    numbers["d"] = nanoseconds // 86_400_000_000_000
    largest = largest_unit([code[-1:] for _, code, _ in split_format(form)])
    if largest:
        numbers[largest] = nanoseconds // (SECONDS_OF_UNITS[largest] * 10**9)
    return numbers | {"I": (numbers["H"] - 1) % 12 + 1}


def _times(nanoseconds: int) -> dict[str, int]:
    seconds, rest = divmod(nanoseconds, 10**9)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    return {"H": hours, "M": minutes, "S": seconds, "f": rest // 1000}
