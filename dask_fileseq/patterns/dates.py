"""Dates, clocks and durations in names: runs of parts that become one part, with its format.

A format is accepted if all texts are valid in it, at least two differ, and years are
plausible. The longest of the formats that begin at one place wins. If the names do not show the
order of days and months, that is a question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.patterns.axis_words import FAMILIES
from dask_fileseq.patterns.date_candidates import (
    date_candidates,
    may_begin,
    regex_of_ranges,
    spellings,
)
from dask_fileseq.patterns.date_formats import is_duration_format, is_month_word, moments
from dask_fileseq.patterns.name_parts import NamePart, cells, joined

_FIRST_YEAR, _LAST_YEAR = np.datetime64("1850"), np.datetime64("2099")
_MUCH_LONGER = 5
_TIME_FAMILIES = frozenset({"", "time", "day", "hour", "minute"})
_SHORT = 8
"""Numbers of fewer digits are no dates behind letters that name another axis."""

_END = re.compile(r"[-_][eE]\d")
_EPOCH = re.compile(r"\d{10}\.\d")
_AT_END = ((14, "%Y%m%d%H%M%S"), (12, "%Y%m%d%H%M"), (8, "%Y%m%d"), (7, "%Y%j"))


class Ambiguous(Exception):
    """The days of some dates may be months; the arguments are the part and both formats."""


def join_dates(parts: list[NamePart]) -> list[NamePart]:
    """Return parts with the dates, clocks and durations in them joined.

    Raises `Ambiguous` if two orders of day and month fit.

    >>> from dask_fileseq.patterns.name_parts import split_names
    >>> names = split_names(["a_2020-07-23.tif", "a_2020-07-24.tif"])
    >>> [(part.texts, part.form) for part in join_dates(names) if part.varies]
    [(['2020-07-23', '2020-07-24'], '%Y-%m-%d')]
    """
    if not any(part.varies and (part.is_number or _is_month(part)) for part in parts):
        return parts
    parts = _without_constant_head(parts)
    text = "".join(part.texts[0] for part in parts)
    starts = [0, *accumulate(len(part.texts[0]) for part in parts)]
    at = {start: i for i, start in enumerate(starts)}
    result: list[NamePart] = []
    i = 0
    while i < len(parts):
        end, date = i + 1, parts[i]
        if may_begin(text, starts[i]):
            end, date = _date_at(parts, i, text, starts[i], at) or (end, date)
        result.append(date)
        i = end
    return result


def _is_month(part: NamePart) -> bool:
    return all(map(is_month_word, part.texts))


def _without_constant_head(parts: list[NamePart]) -> list[NamePart]:
    """Return parts with constant digits cut off before dates: ``8`` in ``820190129110000``."""
    result: list[NamePart] = []
    for part in parts:
        width = len(part.texts[0])
        if part.varies and part.is_number and width > 8 and {len(t) for t in part.texts} == {width}:
            result += _split_head(part, width)
        else:
            result.append(part)
    return result


def _split_head(part: NamePart, width: int) -> list[NamePart]:
    """Return digits split before a date at their end, if those before are constant."""
    lowest, highest = min(part.texts), max(part.texts)
    for length, form in _AT_END:
        cut = width - length
        ends = [text[cut:] for text in part.texts]
        if cut > 0 and lowest[:cut] == highest[:cut] and _values(ends, form) is not None:
            head = NamePart([lowest[:cut]], np.zeros_like(part.codes), part.joint)
            return [head, NamePart(ends, part.codes, True)]
    return [part]


def _date_at(
    parts: list[NamePart], i: int, text: str, start: int, at: dict[int, int]
) -> tuple[int, NamePart] | None:
    """Return the date or duration that begins at a part, and the number of the part behind it.

    A constant one counts only if it is a whole date: it may belong to a clock elsewhere.
    """
    before = parts[i - 1] if i and parts[i].joint else None
    label = before.texts[0].lower() if before and not before.varies else ""
    after_letters = before is not None and not FAMILIES.get(label)
    is_named = FAMILIES.get(label, "") not in _TIME_FAMILIES
    constant = None
    for end, forms in date_candidates(text, start):
        last = at.get(end)
        is_start = label == "s" and _END.match(text, end) is not None
        if last is None or (is_named and end - start < _SHORT and not is_start):
            continue
        behind = parts[last] if last < len(parts) else None
        if behind is not None and behind.joint and behind.texts[0][:1].isdigit():
            continue
        if _EPOCH.fullmatch(text[start : end + 2]):  # seconds since 1970
            continue
        varying = [part for part in parts[i:last] if part.varies]
        if not varying and not forms[0].startswith("%Y"):
            continue
        part = joined(parts[i:last])
        allowed = [  # A02_Jan_1993 is well A02
            form for form in forms if not (after_letters and re.match("%[dm][^%]", form))
        ]
        part.form = _form(part, allowed, varying)
        if part.form:
            part.family, part.why = "date", f"all are valid as {part.form}"
            if part.varies:
                return last, part
            constant = constant or (last, part)
    return constant


def _form(part: NamePart, forms: list[str], varying: list[NamePart]) -> str:
    """Return the one format that fits all texts, empty if none does."""
    fitting: dict[str, float] = {}
    for form in forms:
        for spelled in spellings(form, part.texts):
            values = _values(part.texts, spelled)
            if values is not None:
                if _is_evident(spelled, part, varying, values):
                    fitting[spelled] = float(np.ptp(values).astype(np.int64))
                break
    if len(fitting) < 2 or not part.varies:
        return next(iter(fitting), "")
    if "%Y%m" in fitting and len({text[4:] for text in part.texts}) == 12:
        return "%Y%m"  # days of a month would pass 12
    if "%Y%m" in fitting and "%y%m%d" in fitting:  # 200209, 200210
        raise Ambiguous(part, "%Y%m", "%y%m%d")
    (one, least), (two, more), *_ = sorted(fitting.items(), key=lambda item: item[1])
    if more > _MUCH_LONGER * least:
        return one
    year_first = [form for form in (one, two) if form.startswith("%y")]
    if year_first and "%Y%m" not in fitting:
        return year_first[0]
    raise Ambiguous(part, one, two)


def _values(texts: Sequence[str], form: str) -> NDArray[Any] | None:
    """Return texts as dates or durations, None if they are not all plausible ones."""
    is_duration = is_duration_format(form)
    if not is_duration and not all(map(regex_of_ranges(form).fullmatch, texts)):
        return None  # as most are, and this is fast
    try:
        values = moments(texts, form)
    except ValueError:
        return None
    if not is_duration:
        years = values.astype("M8[Y]")
        if years.min() < _FIRST_YEAR or years.max() > _LAST_YEAR:
            return None
    return values


def _is_evident(form: str, part: NamePart, varying: list[NamePart], values: NDArray[Any]) -> bool:
    """Return whether texts that are valid in a format are dates, not numbers by chance."""
    codes = re.findall("%-?(.)", form)
    if not part.varies:
        return codes == ["Y", "m", "d"]
    if is_duration_format(form):
        return _is_evident_clock(form, part, varying)
    if "f" in codes and not _are_fractions(part.texts, values):
        return False
    if not {"H", "I"} & {*codes}:
        return "y" not in codes or np.ptp(values) < np.timedelta64(40 * 365, "D")
    clock = values - values.astype("M8[D]")
    after_start = re.search("[Ss]%-?[HI].*%S", form)
    without_gap = re.fullmatch("(%-?.)+", form) is not None
    if without_gap and np.ptp(values) < np.timedelta64(1, "D"):  # a day and a count, at least
        return True
    if (clock == clock[0]).all():
        if without_gap:  # digits without a gap are no day beside a number
            return True
        if after_start or not ("S" in codes or _is_round(clock[0])):
            return False  # the start of each day, or a number
    if form.endswith(".%H%M") and len(np.unique(clock.astype("m8[h]"))) < 2:
        return False  # .0100 to .0149 count
    if re.search("%-?[A-Za-z][Tt]%|%-?[HI][-_.:h]|%p", form) or after_start or codes[-1] == "H":
        return True
    counts = clock < np.timedelta64(1, "m" if "S" in codes else "h")
    return not counts.all()  # 0001, 0002 count


def _is_round(clock: np.timedelta64) -> bool:
    """Return whether a time of day is a quarter of an hour, not one of the first hour."""
    hour, quarter = np.timedelta64(1, "h"), np.timedelta64(15, "m")
    return bool(clock >= hour and clock % quarter == np.timedelta64(0, "m"))


def _is_evident_clock(form: str, part: NamePart, varying: list[NamePart]) -> bool:
    """Return whether texts are clocks or durations, not three numbers that fill a grid."""
    if re.search("[a-zA-Z](?![a-zA-Z])", re.sub("%-?.", "", form)):  # 00d06h, with units
        return True
    hours = {int(hour) for text in part.texts for hour in re.findall(r"\A\d\d?", text)}
    if max(hours) > 23 or len(part.texts) < 3:
        return False
    if len(varying) > 1:
        return 2 * len(part.texts) <= cells(varying) or _divide_hours(part.texts)
    if form == "%H%M":
        return max(hours) > 0
    if not part.texts[0].isdecimal():
        return True
    numbers = sorted(map(int, part.texts))
    return max(hours) > 0 and 2 * len(numbers) < numbers[-1] - numbers[0] + 1


def _divide_hours(texts: list[str]) -> bool:
    """Return whether the minutes of clocks divide hours evenly: 03, 18, 33 and 48."""
    minutes = sorted({int(re.findall(r"\d\d?", text)[1]) for text in texts})
    step = 60 // len(minutes)
    return len(minutes) > 1 and minutes == list(range(minutes[0] % step, 60, step))


def _are_fractions(texts: list[str], values: NDArray[Any]) -> bool:
    """Return whether the digits behind seconds are a part of them, not an axis of their own."""
    seconds = values.astype("M8[s]")
    fractions = values - seconds
    many = len(np.unique(seconds)) * len(np.unique(fractions))
    return len(np.unique(fractions)) > 1 and many >= 2 * len(texts)
