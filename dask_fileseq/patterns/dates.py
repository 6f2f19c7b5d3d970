"""Dates, clocks and durations in names: runs of parts that become one part, with its format.

A form is accepted if all texts are valid in it, at least two differ, and years are plausible.
Of forms that begin at one place, the longest wins; days and months in an order that the names
do not show are a question.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from dask_fileseq.patterns.axis_words import FAMILIES
from dask_fileseq.patterns.name_parts import Part, cells, joined

_YEARS = range(1850, 2100)
_MUCH_LONGER = 5
_TIME_FAMILIES = frozenset({"", "time", "day", "hour", "minute"})

MONTHS = {name.lower(): form for form, names in (("%b", calendar.month_abbr), ("%B", calendar.month_name)) for name in names if name}
"""The English names of months, and their format."""

_MONTH = "(?i:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + ")"
_YEAR = r"(?:18[5-9]\d|19\d\d|20\d\d)"
_DAYS = [
    (re.compile(regex), forms.split("|"))
    for regex, forms in (
        (rf"{_YEAR}([-_. ])[01]\d\1[0-3]\d", "%Y~%m~%d"),
        (rf"{_YEAR}y()[01]\dm[0-3]\dd", "%Yy%mm%dd"),
        (rf"{_YEAR}(/)[01]\d/[0-3]\d", "%Y~%m~%d"),
        (rf"{_YEAR}(/)[0-3]\d\d(?!\d)", "%Y~%j"),
        (rf"[0-3]\d([-_. ])[0-3]\d\1{_YEAR}", "%d~%m~%Y|%m~%d~%Y"),
        (rf"[0-3]?\d([-_. ]?){_MONTH}\1{_YEAR}", "%d~%b~%Y"),
        (rf"{_MONTH}([-_. ]?)[0-3]\d\1{_YEAR}", "%b~%d~%Y"),
        (rf"{_MONTH}[0-3]\d([-_. ]){_YEAR}", "%b%d~%Y"),
        (rf"{_YEAR}([-_. ]?){_MONTH}\1[0-3]\d", "%Y~%b~%d"),
        (rf"[0-3]\d([-_. ]?){_MONTH}\1\d\d(?!\d)", "%d~%b~%y"),
        (r"()\d{8}", "%Y%m%d|%d%m%Y|%m%d%Y"),
        (rf"{_YEAR}([-_.]?)[0-3]\d\d", "%Y~%j"),
        (rf"{_YEAR}([-_. ]?){_MONTH}", "%Y~%b"),
        (rf"{_MONTH}([-_. ]?){_YEAR}", "%b~%Y"),
        (r"(?<!\d[-_.])\d\d([-_.])\d\d\1\d\d(?!\1\d)", "%y~%m~%d|%d~%m~%y|%m~%d~%y"),
        (r"()\d{6}", "%Y%m|%y%m%d|%d%m%y|%m%d%y"),
        (rf"{_YEAR}([-_.])[01]\d", "%Y~%m"),
        (rf"[01]\d([-_.]){_YEAR}", "%m~%Y"),
    )
]
_CLOCK = re.compile(
    r"(?P<between> at |[_ -]{0,2}[TtSs]?)(?P<hour>[0-2]?\d)(?P<cut>[-_.:h]?)[0-5]\d"
    r"(?:(?P<cut2>(?P=cut)|m|min)(?P<seconds>[0-5]\d)(?P<unit>s?)"
    r"(?:(?P<point>[.,]?)(?P<fraction>\d(?:\d\d(?:\d{3})?)?)(?!\d))?)?(?P<half> ?[AaPp][Mm](?![A-Za-z]))?"
)
_ONLY_CLOCK = [
    (re.compile(regex), form)
    for regex, form in (
        (r"[0-2]\d([-_.:/])[0-5]\d\1[0-5]\d(?!\1\d)", "%H~%M~%S"),
        (r"()[0-2]\d[0-5]\d[0-5]\d", "%H%M%S"),
        (r"H\d+([-_ ]?)M\d+\1S\d+", "H%H~M%M~S%S"),
    )
]
_AT_END = ((14, "%Y%m%d%H%M%S"), (12, "%Y%m%d%H%M"), (8, "%Y%m%d"), (7, "%Y%j"))
_DURATION = re.compile(
    r"(?:(?P<d>\d+)(?P<days>d|days?))?[_-]?(?:(?P<h>\d+)(?P<hours>h|hrs?))?[_-]?"
    r"(?:(?P<m>\d+)(?P<minutes>m|min))?[_-]?(?:(?P<s>\d+)(?P<seconds>s|sec))?(?![^\W_])"
)


class Ambiguous(Exception):
    """The days of some dates may be months; the arguments are the part and both formats."""


class _Found(NamedTuple):
    first: int
    last: int
    part: Part


def join_dates(parts: list[Part]) -> list[Part]:
    """Return parts with the dates, clocks and durations in them joined.

    Raises `Ambiguous` if two orders of day and month fit.

    >>> from dask_fileseq.patterns.name_parts import split_names
    >>> names = split_names(["a_2020-07-23.tif", "a_2020-07-24.tif"])
    >>> [(part.texts, part.form) for part in join_dates(names) if part.varies]
    [(['2020-07-23', '2020-07-24'], '%Y-%m-%d')]
    """
    if not any(map(_may_count, parts)):
        return parts
    parts = _without_constant_head(parts)
    text = "".join(part.texts[0] for part in parts)
    starts = [0, *accumulate(len(part.texts[0]) for part in parts)]
    at = {start: i for i, start in enumerate(starts)}
    result: list[Part] = []
    i = 0
    while i < len(parts):
        found = None
        if parts[i].texts[0][:1].isalnum():
            found = _date_at(parts, i, text, starts[i], at)
        if found is None:
            result.append(parts[i])
            i += 1
        else:
            result.append(found.part)
            i = found.last
    return result


def pair_clocks(parts: Sequence[Part]) -> Part | None:
    """Return a clock and the day elsewhere in the names that it belongs to, as one part.

    They are ``%Y-%m-%d`` in a folder and ``%H_%M`` in a file name, for instance. The result
    is an axis of its own, and the two parts have it as their `axis`.
    """
    days = [part for part in parts if part.form and "%H" not in part.form and "%d" in part.form]
    clocks = [p for p in parts if p.varies and "%H" in p.form and not re.search("%[dYj]", p.form)]
    if not days or len(clocks) != 1:
        return None
    day = next((day for day in days if day.varies), days[0])
    pair = joined([day, clocks[0]])
    pair.form, pair.family = f"{day.form} {clocks[0].form}", "date"
    for part in (day, clocks[0]):
        part.axis, part.why = pair, "a day and a clock are one date"
    return pair


def _may_count(part: Part) -> bool:
    return part.varies and (part.is_number or part.texts[0].lower() in MONTHS)


def _without_constant_head(parts: list[Part]) -> list[Part]:
    """Return parts with constant digits cut off before dates: ``8`` in ``820190129110000``."""
    result: list[Part] = []
    for part in parts:
        width = len(part.texts[0])
        if part.varies and part.is_number and width > 8 and {len(t) for t in part.texts} == {width}:
            lowest, highest = min(part.texts), max(part.texts)
            for length, form in _AT_END:
                cut = width - length
                same = lowest[:cut] == highest[:cut]
                if cut > 0 and same and _dates([t[cut:] for t in part.texts], form):
                    result.append(Part([lowest[:cut]], np.zeros_like(part.codes), part.joint))
                    part = Part([text[cut:] for text in part.texts], part.codes, True)
                    break
        result.append(part)
    return result


def _date_at(
    parts: list[Part], i: int, text: str, start: int, at: dict[int, int]
) -> _Found | None:
    """Return the date or duration that begins at a part, None if there is none."""
    label = parts[i - 1].texts[0].lower() if i and parts[i].joint and not parts[i - 1].varies else ""
    is_named = FAMILIES.get(label, "") not in _TIME_FAMILIES
    constant = None
    for end, forms in _candidates(text, start):
        last = at.get(end)
        if last is None or (last < len(parts) and re.fullmatch(r"\d{10}\.\d", text[start : end + 2])):
            continue  # seconds since 1970
        if (last < len(parts) and parts[last].joint and text[end].isdigit()):
            continue
        if is_named and end - start < 8:
            continue
        part = joined(parts[i:last])
        form = _form(part, forms, [p for p in parts[i:last] if p.varies])
        if form:
            part.form, part.family = form, "date"
            part.why = f"dates {form}" if re.search("%[YyjbB]", form) else f"times {form}"
            if part.varies:
                return _Found(i, last, part)
            constant = constant or _Found(i, last, part)
    return constant


def _candidates(text: str, start: int) -> Iterator[tuple[int, list[str]]]:
    """Yield where dates that begin at a place may end, and their formats; the longest first."""
    found: list[tuple[int, list[str]]] = []
    for regex, forms in _DAYS:
        match = regex.match(text, start)
        if match:
            day = [_month_form(form.replace("~", match[1]), match[0]) for form in forms]
            found.append((match.end(), day))
            found += [(end, [f + clock for f in day if "%d" in f or "%j" in f]) for end, clock in _clocks(text, match.end())]
    for regex, form in _ONLY_CLOCK:
        match = regex.match(text, start)
        if match:
            found.append((match.end(), [form.replace("~", match[1])]))
    match = _DURATION.match(text, start)
    if match and sum(match[unit] is not None for unit in "dhms") > 1:
        found.append((match.end(), [_duration_form(match)]))
    return iter(sorted(found, key=lambda candidate: -candidate[0]))


def _month_form(form: str, text: str) -> str:
    word = re.search(_MONTH, text) if "%b" in form else None
    return form.replace("%b", MONTHS[word[0].lower()]) if word else form


def _clocks(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Yield where the clocks behind a day may end, and their formats."""
    match = re.compile(r"[0-2]\d(?!\d)").match(text, start)
    if match and text[start - 8 : start].isdecimal():
        yield match.end(), "%H"
    match = _CLOCK.match(text, start)
    if match is None:
        return
    between, cut = match["between"], match["cut"]
    hour = "%I" if match["half"] else "%H"
    minutes = f"{between}{hour}{cut}%M"
    if match["seconds"]:
        seconds = f"{minutes}{match['cut2']}%S"
        if match["fraction"]:
            yield match.end(), f"{seconds}{match['unit']}{match['point']}%f" + _half(match)
            yield match.start("point"), seconds + match["unit"]
        yield match.end("unit"), seconds + match["unit"]
        if match["half"] and not match["fraction"]:
            yield match.end(), seconds + match["unit"] + _half(match)
        yield match.start("cut2"), minutes
    elif match["half"]:
        yield match.end(), minutes + _half(match)
    else:
        yield match.end(), minutes


def _half(match: re.Match[str]) -> str:
    return match["half"][:-2] + "%p" if match["half"] else ""


def _duration_form(match: re.Match[str]) -> str:
    units = (("d", "%d", "days"), ("h", "%H", "hours"), ("m", "%M", "minutes"), ("s", "%S", "seconds"))
    form = match[0]
    for group, code, unit in reversed(units):
        if match[group] is not None:
            begin = match.start(group) - match.start()
            end = match.end(unit) - match.start()
            form = form[:begin] + code + match[unit] + form[end:]
    return form


def _form(part: Part, forms: list[str], varying: list[Part]) -> str:
    """Return the one format that fits all texts, empty if none does."""
    fitting: dict[str, list[datetime]] = {}
    for form in forms:
        dates = _dates(part.texts, form)
        if dates and _is_evident(form, part, varying, dates):
            fitting[form] = dates
    if len(fitting) < 2 or not part.varies:
        return next(iter(fitting), "")
    if {"%Y%m", "%y%m%d"} <= fitting.keys():
        months = {text[4:] for text in part.texts}
        if len(months) == 12:  # no other day of a month than 1 to 12
            return "%Y%m"
    spans = {form: (max(d) - min(d)).total_seconds() for form, d in fitting.items()}
    (least, one), (more, two), *_ = sorted((span, form) for form, span in spans.items())
    if more > _MUCH_LONGER * least:
        return one
    if one.startswith("%y") or two.startswith("%y") and "%Y%m" not in fitting:
        return next(form for form in (one, two) if form.startswith("%y"))
    raise Ambiguous(part, one, two)


def _dates(texts: Sequence[str], form: str) -> list[datetime]:
    """Return texts as dates, empty if they are not all plausible dates of a format."""
    if not re.search("%[YyjbB]", form):
        return [datetime(1, 1, 1)] if all(_is_clock(text, form) for text in texts) else []
    dates = []
    for text in texts:
        date = _date(text, form)
        if date is None:
            return []
        dates.append(date)
    return dates


@cache
def _date(text: str, form: str) -> datetime | None:
    try:
        date = datetime.strptime(text, form)
    except ValueError:
        return None
    return date if date.year in _YEARS else None


@cache
def _clock_regex(form: str) -> re.Pattern[str]:
    first, sixty = (r"[0-2]\d", r"[0-5]\d") if form == "%H%M%S" else (r"\d+", r"[0-5]?\d")
    hour = first if "%d" not in form else r"(?:[01]\d|2[0-3]|\d)"
    regex = re.escape(form).replace("%d", r"\d+").replace("%H", hour)
    return re.compile(regex.replace("%M", sixty).replace("%S", sixty))


def _is_clock(text: str, form: str) -> bool:
    return _clock_regex(form).fullmatch(text) is not None


def _is_evident(form: str, part: Part, varying: list[Part], dates: list[datetime]) -> bool:
    """Return whether texts that are valid in a format are dates, not numbers by chance."""
    if not part.varies:
        return form.startswith("%Y") and "%d" in form and "%H" not in form
    if "%f" in form and not _are_fractions(part.texts, form):
        return False
    clock = re.search("[Ss]?%[HI].*", form)
    if clock is None:
        if form in ("%y%m%d", "%d%m%y", "%m%d%y"):
            return max(dates).year - min(dates).year < 40 and min(dates).year > 1990
        return True
    if re.search("%[YyjbB]", form):
        constant = not _vary_behind(part.texts, clock[0])
        if constant and (clock[0][0] in "Ss" or "%S" not in form):
            return False
        return _is_evident_clock(form, part.texts, clock[0])
    if re.search("[dhmH]", re.sub("%.", "", form)):  # 00d06h, with units
        return True
    hours = {text[:2] for text in part.texts}
    if not all(hour.isdecimal() for hour in hours):
        return False
    valid = all(int(hour) < 24 for hour in hours)
    if len(varying) > 1:  # three numbers that fill a grid are three axes
        return valid and len(part.texts) > 2 and 2 * len(part.texts) <= cells(varying) or False
    numbers = sorted(map(int, part.texts))
    sparse = len(numbers) > 2 and 2 * len(numbers) < numbers[-1] - numbers[0] + 1
    return valid and sparse and hours != {"00"}


def _vary_behind(texts: list[str], clock: str) -> bool:
    """Return whether clocks at the ends of texts differ: ``S233000`` is the start of each day."""
    return len({text[-2 * clock.count("%") :] for text in texts}) > 1


def _is_evident_clock(form: str, texts: list[str], clock: str) -> bool:
    """Return whether digits behind a day are a clock, not a number that begins at 0001."""
    start = re.search("[TtSs]?%[HI]", form)
    if start is None or "%p" in form or start[0][0] in "TtSs" or re.search("%[HI][-.:h]", form):
        return True
    length = len(clock.replace("%H", "00").replace("%I", "00").replace("%M", "00").replace("%S", "00").replace("%f", ""))
    ends = {text[-length:][: 2 if "%S" not in form else 4] for text in texts} if "%f" not in form else {"x"}
    return not ends <= {"00", "0000"}


def _are_fractions(texts: list[str], form: str) -> bool:
    """Return whether the digits behind seconds are a part of them, not an axis of their own."""
    digits = len(texts[0]) - len(re.sub(r"\d", "", texts[0])) - 2 * (form.count("%") - 1) - 2 * form.count("%Y")
    seconds, rest = {text[:-digits] for text in texts}, {text[-digits:] for text in texts}
    return len(rest) > 1 and len(seconds) * len(rest) >= 2 * len(texts)
