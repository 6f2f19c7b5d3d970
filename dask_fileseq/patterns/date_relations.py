"""How dates in names belong together: a day and a clock, a date and its parts."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from dask_fileseq.patterns.date_formats import is_duration_format, moments
from dask_fileseq.patterns.dates import Ambiguous
from dask_fileseq.patterns.name_parts import NamePart, joined

_SHORT_DATE = re.compile(r"%[ymd]([-_.]?)%[md]\1%[dy]")


def read_clocks(parts: Sequence[NamePart]) -> None:
    """Take dates whose year has two digits for clocks, if another date is in the names, in place.

    Raises `Ambiguous` if there is none, and the year is not first: ``020901``.
    """
    for part in parts:
        match = _SHORT_DATE.fullmatch(part.form)
        if match is None or not part.varies:
            continue
        year_first = part.form.startswith("%y")
        days = [p for p in parts if "%Y" in p.form and "%H" not in p.form and "%d" in p.form]
        days = [day for day in days if day.varies or not year_first]
        other_days = days and not any(is_same_day(part, day) for day in days)
        clock = f"%H{match[1]}%M{match[1]}%S"
        try:
            seconds = np.unique(moments(part.texts, clock).astype("m8[s]").astype(int))
        except ValueError:
            if other_days and not match[1]:  # such as the number of a tile
                part.form = part.family = part.why = ""
            continue
        if other_days:
            part.form = clock
            continue
        steps = (seconds[-1] - seconds[0]) // np.gcd.reduce(np.diff(seconds))
        is_clock = 2 * len(seconds) > steps or len({text[-2:] for text in part.texts}) > 1
        if is_clock and not days and not year_first:
            raise Ambiguous(part, part.form, clock)


def is_same_day(part: NamePart, other: NamePart) -> bool:
    """Return whether two dates are of the same days."""
    one, two = (moments(p.texts, p.form)[p.codes].astype("M8[D]") for p in (part, other))
    return bool((one == two).all())


def drop_lone_clocks(parts: Sequence[NamePart], pair: NamePart | None) -> None:
    """Take four digits for a number, not for hours and minutes, without a day, in place."""
    for part in parts:
        if part.form == "%H%M" and (pair is None or part.axis is not pair):
            part.form = part.family = part.why = ""


def pair_clock(parts: Sequence[NamePart]) -> NamePart | None:
    """Return a clock and the day elsewhere in the names that it belongs to, as one part.

    They are ``%Y-%m-%d`` in a folder and ``%H_%M`` in a file name, for instance. The result
    is an axis of its own, and the two parts have it as their `axis`. Bare digits before all
    days, such as ``022001_20130101``, are a clock only if the next minute or hour shows it;
    else they become a number, in place.
    """
    days = [p for p in parts if re.search("%-?[dj]", p.form) and not re.search("%-?[HI]", p.form)]
    clocks = [p for p in parts if p.varies and "%H" in p.form and is_duration_format(p.form)]
    clocks = [p for p in clocks if "%d" not in p.form]
    if len(clocks) != 1 or not any(day is not clocks[0] for day in days):
        return None
    clock = clocks[0]
    place = next(i for i, part in enumerate(parts) if part is clock)
    is_first = not any(day is part for day in days for part in parts[:place])
    if is_first and clock.form == "%H%M%S" and not _carries(clock):
        clock.form = clock.family = clock.why = ""
        return None
    day = next((day for day in days if day.varies), days[0])
    if clock.form == "%H%M" and not _carries(clock):
        behind = parts[place + 1].texts[0][:1] if place + 1 < len(parts) else ""
        fives = all(text[-1] in "05" for text in clock.texts)
        if not day.varies or (behind == "_" and not fives):  # 0101, 0102: rows and columns
            return None
    blank = NamePart([" "], np.zeros_like(day.codes))
    one, two = (clock, day) if is_first else (day, clock)
    pair = joined([one, blank, two])
    pair.form, pair.family = f"{one.form} {two.form}", "date"
    try:
        moments(pair.texts, pair.form)
    except ValueError:  # hours of more than a day
        return None
    for part in (day, clock):
        part.axis, part.why = pair, "a day and a clock are one date"
    return pair


def _carries(clock: NamePart) -> bool:
    """Return whether times follow each other with even steps, and numbers with the same digits not.

    ``095950, 100000, 100010`` is a clock; ``022001, 022002`` and ``022001, 023001`` are numbers.
    """
    seconds = np.unique(moments(clock.texts, clock.form).astype("m8[s]").astype(int))
    numbers = np.unique(np.array(clock.texts).astype(int))
    steps, number_steps = (
        (values[-1] - values[0]) // np.gcd.reduce(np.diff(values)) for values in (seconds, numbers)
    )
    return bool(steps < min(2 * len(seconds), number_steps))


def is_within(part: NamePart, whole: NamePart) -> bool:
    """Return whether a date is a coarser one than another: its day, month or year.

    >>> day = NamePart(["20200131"], np.array([0, 0]), form="%Y%m%d")
    >>> time = NamePart(["2020-01-31T01", "2020-01-31T02"], np.array([0, 1]), form="%Y-%m-%dT%H")
    >>> is_within(day, time), is_within(time, day)
    (True, False)
    """
    if is_duration_format(part.form) or is_duration_format(whole.form):
        return False
    units = [_unit(part.form), _unit(whole.form)]
    if "YMDs".index(units[0]) >= "YMDs".index(units[1]):
        return False
    one = moments(part.texts, part.form)[part.codes].astype(f"M8[{units[0]}]")
    return bool((one == moments(whole.texts, whole.form)[whole.codes].astype(one.dtype)).all())


def is_component(number: NamePart, date: NamePart) -> bool:
    """Return whether a number is the year, month, day, hour, minute or second of a date."""
    values = moments(date.texts, date.form)[date.codes]
    numbers = np.array(number.texts)[number.codes]
    if len(numbers[0]) > 3:  # the year, or a year and a month
        return True
    kind = values.dtype.kind
    units = [("h", "D"), ("m", "h"), ("s", "m")]
    for unit, whole in [("M", "Y"), ("D", "M"), *units] if kind == "M" else units:
        count = values.astype(f"{kind}8[{unit}]") - values.astype(f"{kind}8[{whole}]")
        if (count.astype(int) + (unit in "MD") == numbers.astype(int)).all():
            return True
    return False


def _unit(form: str) -> str:
    for unit, codes in (("s", "HI"), ("D", "dj"), ("M", "mbB")):
        if re.search(f"%-?[{codes}]", form):
            return unit
    return "Y"
