r"""Dates, durations and months in names, by the codes of Python's `strptime`. No I/O.

A format with a year, a month or a day of the year is that of dates, ``%Y%m%d``. Any other is
that of durations, ``%dd%Hh%Mm``: their largest unit is any number. A month word alone,
``%b``, is a word whose order is that of the calendar.

Python's own `strptime` takes several times as long for each text, depends on the locale, and
has no durations.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTH_WORD = "(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
_MONTH_WORD += "|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
_CODE = re.compile(r"%(-?.?)")
_REGEXES = {
    "Y": r"\d{4}",
    "j": r"\d{3}",
    "f": r"\d{1,9}",
    "b": _MONTH_WORD,
    "B": _MONTH_WORD,
    "p": "[AaPp][Mm]",
} | dict.fromkeys("ymdHIMS", r"\d{2}")
_UNPADDED = dict.fromkeys("mdHIMS", r"\d{1,2}") | {"j": r"\d{1,3}"}
_OF_DATES = frozenset("YymbBj")
SECONDS_OF_UNITS = {"d": 86400, "H": 3600, "M": 60, "S": 1}
"""The seconds in each unit of a duration, the largest one first."""
_RANGES = {
    **{"m": (1, 12), "d": (1, 31), "j": (1, 366)},
    **{"H": (0, 23), "I": (1, 12), "M": (0, 59), "S": (0, 59)},
}
_FIRST_DATE, _LAST_DATE = np.datetime64("1678-01-01"), np.datetime64("2262-04-11")
"""The dates between these have nanoseconds, as those of xarray and pandas."""
_MOST_SECONDS = 9 * 10**9  # 285 years in nanoseconds are the most that 64 bits hold
_LEAP_YEAR, _YEAR = 1904, 1900
_HUGE = 10**10
_BATCH = 4096

_Numbers = dict[str, NDArray[np.int64]]


def is_month_format(form: str) -> bool:
    """Return whether a format is that of month words, without a year or a day.

    >>> is_month_format("%b"), is_month_format("%b %Y")
    (True, False)
    """
    return {code[-1:] for code in _CODE.findall(form)} - {"%"} in ({"b"}, {"B"})


def is_month_word(text: str) -> bool:
    """Return whether a text is the English name of a month, in full or in short.

    >>> is_month_word("Feb"), is_month_word("february"), is_month_word("Februar")
    (True, True, False)
    """
    return re.fullmatch(_MONTH_WORD, text) is not None


def is_duration_format(form: str) -> bool:
    """Return whether a format is that of durations: it has no year, month or day of the year.

    >>> is_duration_format("%Hh%Mm"), is_duration_format("%d.%m")
    (True, False)
    """
    return _OF_DATES.isdisjoint(code[-1:] for code in _CODE.findall(form))


def date_mistake(form: str) -> str | None:
    """Return what is wrong with a format, None if nothing is.

    >>> print(date_mistake("%Y%Q"))
    '%Q' in a date: only %Y, %j, %f, %b, %B, %p, %y, %m, %d, %H, %I, %M, %S, %% are known
    """
    codes = _CODE.findall(form)
    for code in codes:
        unpadded = code[:1] == "-" and code[1:] in _UNPADDED
        if code not in _REGEXES and code != "%" and not unpadded:
            known = ", ".join(f"%{code}" for code in (*_REGEXES, "%"))
            return f"'%{code}' in a date: only {known} are known"
    return None if {*codes} - {"%"} else f"a date {form!r} of nothing: '%Y%m%d' is one"


def date_regex(part: str, form: str | None = None, *, groups: bool = False) -> str:
    r"""Return the regular expression for a part of a format, by default for all of it.

    A slash matches either slash. With `groups`, each code is a group.

    >>> print(date_regex("%Y-%m"), date_regex("%dd%Hh"), date_regex("%H", "%Y %H"))
    \d{4}\-\d{2} \d+d\d{1,2}h \d{2}
    """
    form = part if form is None else form
    largest = ""
    if is_duration_format(form):
        largest = largest_unit([code[-1:] for code in _CODE.findall(form)])
    regex = ""
    for text, code, is_last in split_format(part):
        regex += re.escape(text).replace("/", r"[/\\]")
        if code:
            one = _regex_of_code(code, largest, is_last)
            regex += f"({one})" if groups else one
    return regex


def _regex_of_code(code: str, largest: str, apart: bool) -> str:
    """Return the regular expression of a code, which may be `apart` from other digits."""
    letter = code[-1]
    if letter == largest:
        return r"\d+" if apart or letter == "d" or code[0] == "-" else r"\d{2,}"
    if code[0] == "-" or (largest and apart and letter in _UNPADDED):
        return _UNPADDED[letter]
    return _REGEXES[letter]


def split_format(form: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the text before each code, the code, and whether a text without digits is behind.

    >>> list(split_format("%Hh%M"))
    [('', 'H', True), ('h', 'M', False), ('', '', False)]
    """
    parts = _CODE.split(form)
    text = ""
    for before, code, behind in zip(
        parts[::2], [*parts[1::2], ""], [*parts[2::2], ""], strict=True
    ):
        text += before
        if code == "%":
            text += "%"
        else:
            yield text, code, bool(behind) and not behind[0].isdecimal()
            text = ""


def largest_unit(codes: Collection[str]) -> str:
    """Return the code of the largest unit of a duration."""
    return next((unit for unit in SECONDS_OF_UNITS if unit in codes), "")


def month_order(texts: Sequence[str], form: str) -> NDArray[np.int64]:
    """Return the number of the month in each text, 1 to 12.

    >>> month_order(["Jan", "sept", "MAY"], "%b").tolist()
    [1, 9, 5]
    """
    numbers: NDArray[np.int64] = _read(texts, form)[0][1]
    return numbers


def moments(texts: Sequence[str], form: str) -> NDArray[Any]:
    """Return texts as dates or, if the format has no date, as durations, in nanoseconds.

    Without a year, dates are in 1900, as those of `strptime`, or all in 1904 if one of them is
    a leap day. Raises ValueError, which shows the first text that is no date of that form.

    >>> moments(["2019363"], "%Y%j").astype("M8[D]").tolist()
    [datetime.date(2019, 12, 29)]
    >>> moments(["06d12h05m"], "%dd%Hh%Mm").astype("m8[m]")
    array([9365], dtype='timedelta64[m]')
    """
    numbers, bad = _numbers(_read(texts, form), len(texts), is_duration_format(form))
    if is_duration_format(form):
        seconds = sum(
            (numbers[c] * SECONDS_OF_UNITS[c] for c in SECONDS_OF_UNITS if c in numbers),
            np.int64(0),
        )
        bad |= seconds > _MOST_SECONDS
        _check(texts, bad, form, "duration")
        return (seconds * 10**9 + numbers["f"]).astype("m8[ns]")
    days, off = _days(numbers, _YEAR)
    if "Y" not in numbers and (off & ~bad).any():
        days, off = _days(numbers, _LEAP_YEAR)
    _check(texts, bad | off, form, "date")
    outside = ~((days >= _FIRST_DATE) & (days < _LAST_DATE))
    if outside.any():
        raise ValueError(_outside(texts[int(outside.argmax())]))
    seconds = sum((numbers[code] * SECONDS_OF_UNITS[code] for code in "HMS"), np.int64(0))
    time = seconds * 10**9 + numbers["f"]
    dates: NDArray[np.datetime64] = days.astype("M8[ns]") + time.astype("m8[ns]")
    return dates


def iso_dates(texts: Sequence[str]) -> NDArray[Any]:
    """Return texts in numpy's notation as dates, in nanoseconds; see `moments`."""
    for text in texts:
        if text == "NaT" or not _FIRST_DATE < np.datetime64(text) < _LAST_DATE:
            raise ValueError(_outside(text))
    return np.array(texts, "M8[ns]")


def durations_of_numbers(texts: Sequence[str]) -> NDArray[Any]:
    """Return numbers of nanoseconds as durations."""
    return np.array(texts, np.int64).astype("m8[ns]")


def _outside(text: str) -> str:
    return f"{text!r}: dates must be between {_FIRST_DATE} and {_LAST_DATE}"


def _read(texts: Sequence[str], form: str) -> list[tuple[str, NDArray[np.int64]]]:
    """Return the letters of the codes in a format, each with its numbers in all texts."""
    letters = [code[-1] for _, code, _ in split_format(form) if code]
    regex = re.compile(date_regex(form, groups=True))
    rows = []
    for first in range(0, len(texts), _BATCH):
        batch = texts[first : first + _BATCH]
        matches = list(map(regex.fullmatch, batch))
        _check(batch, np.array([match is None for match in matches]), form)
        columns = zip(*(match.groups() for match in matches if match), strict=True)
        rows.append([_values(code, column) for code, column in zip(letters, columns, strict=True)])
    return list(zip(letters, map(np.concatenate, zip(*rows, strict=True)), strict=True))


def _values(code: str, column: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the texts of a code as numbers, those of more than ten digits as a lower one."""
    if code in "bB":
        column = tuple(str(MONTHS.index(word[:3].lower()) // 4 + 1) for word in column)
    elif code == "p":
        column = tuple("12" if word[0] in "pP" else "0" for word in column)
    elif code == "f":
        column = tuple(text.ljust(9, "0") for text in column)
    values = np.fromiter((min(int(text), _HUGE) for text in column), np.int64, len(column))
    return np.where(values < 69, 2000, 1900) + values if code == "y" else values


def _numbers(
    columns: list[tuple[str, NDArray[np.int64]]], count: int, duration: bool
) -> tuple[_Numbers, NDArray[np.bool_]]:
    """Return the numbers of each unit, and where they are out of their range, or differ.

    Years of two digits are ``Y``, month words ``m``, hours of twelve ``H``. Hours, minutes,
    seconds and fractions that are not there are 0.
    """
    largest = largest_unit([code for code, _ in columns]) if duration else ""
    numbers: _Numbers = {}
    bad = np.zeros(count, np.bool_)
    for code, values in columns:
        if code in _RANGES and code != largest:
            low, high = _RANGES[code]
            bad |= (values < low) | (values > high)
        unit = {"y": "Y", "b": "m", "B": "m"}.get(code, code)
        bad |= values != numbers.setdefault(unit, values)
    if "I" in numbers:
        hours = numbers.pop("I")
        hours = hours % 12 + numbers.get("p", np.int64(0))
        bad |= hours != numbers.setdefault("H", hours)
    return dict.fromkeys("HMSf", np.zeros(count, np.int64)) | numbers, bad


def _days(numbers: _Numbers, year: int) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """Return dates of days, and which of them the calendar does not have.

    A day of the year and a day of a month must be the same, where both are given.
    """
    years = numbers.get("Y", np.array(year)) - 1970
    months = (years * 12 + numbers.get("m", np.array(1)) - 1).astype("M8[M]")
    days = months.astype("M8[D]") + (numbers.get("d", np.array(1)) - 1)
    off = days.astype("M8[M]") != months
    if "j" in numbers:
        first = years.astype("M8[Y]")
        of_year = first.astype("M8[D]") + (numbers["j"] - 1)
        off = off | (of_year.astype("M8[Y]") != first)
        if "m" in numbers:
            off = off | (of_year != days if "d" in numbers else of_year.astype("M8[M]") != months)
        elif "d" in numbers:
            off = off | (of_year.astype("M8[M]").astype("M8[D]") + (numbers["d"] - 1) != of_year)
        days = of_year
    return days, off


def _check(texts: Sequence[str], bad: NDArray[np.bool_], form: str, what: str = "") -> None:
    if bad.any():
        what = what or ("duration" if is_duration_format(form) else "date")
        raise ValueError(f"{texts[int(bad.argmax())]!r}, which is no {what} {form!r}")
