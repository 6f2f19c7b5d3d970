"""Dates, clocks and durations in names: runs of parts that become one part, with its format.

A format is accepted if all texts are valid in it, at least two differ, and years are
plausible. Of formats that begin at one place, the longest wins; days and months in an order
that the names do not show are a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.patterns.axis_words import FAMILIES
from dask_fileseq.patterns.date_formats import is_duration_format, is_month_word, moments
from dask_fileseq.patterns.name_parts import NamePart, cells, joined

_FIRST_YEAR, _LAST_YEAR = np.datetime64("1850"), np.datetime64("2099")
_MUCH_LONGER = 5
_TIME_FAMILIES = frozenset({"", "time", "day", "hour", "minute"})
_SHORT = 8
"""Numbers of fewer digits are no dates behind letters that name another axis."""

_MONTH = "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_YEAR = r"(?:18[5-9]\d|19\d\d|20\d\d)"
_DAYS = [
    (re.compile(regex), forms.split("|"))
    for regex, forms in (
        (rf"{_YEAR}([-_. /])[01]?\d\1[0-3]?\d", "%Y~%m~%d"),
        (rf"{_YEAR}y()[01]\dm[0-3]\dd", "%Yy%mm%dd"),
        (rf"[0-3]?\d([-_. ])[0-3]?\d\1{_YEAR}", "%d~%m~%Y|%m~%d~%Y"),
        (rf"[0-3]?\d([-_. ]?){_MONTH}\1{_YEAR}", "%d~%b~%Y"),
        (rf"{_MONTH}([-_. ]?)[0-3]?\d\1{_YEAR}", "%b~%d~%Y"),
        (rf"{_MONTH}[0-3]\d([-_. ]){_YEAR}", "%b%d~%Y"),
        (rf"{_YEAR}([-_. ]?){_MONTH}\1[0-3]?\d", "%Y~%b~%d"),
        (rf"\d\d([-_. ]?){_MONTH}\1\d\d(?!\d)", "%d~%b~%y|%y~%b~%d"),
        (r"()\d{8}", "%Y%m%d|%d%m%Y|%m%d%Y"),
        (rf"{_YEAR}([-_.]?)[0-3]\d\d", "%Y~%j"),
        (rf"{_YEAR}(/)[0-3]\d\d(?!\d)", "%Y~%j"),
        (rf"{_YEAR}(/)[01]\d(?=/|\.\D)", "%Y~%m"),
        (rf"{_YEAR}([-_. ]?){_MONTH}", "%Y~%b"),
        (rf"{_MONTH}([-_. ]?){_YEAR}", "%b~%Y"),
        (r"\d\d([-_.])\d\d\1\d\d(?!\1\d)", "%y~%m~%d|%d~%m~%y|%m~%d~%y"),
        (r"()\d{6}", "%Y%m|%y%m%d|%d%m%y|%m%d%y"),
        (rf"(?<!\d{{4}}[-_.]){_YEAR}([-_.])[01]\d(?!\d)", "%Y~%m"),
        (rf"[01]\d([-_.]){_YEAR}(?![-_.]\d{{4}})", "%m~%Y"),
    )
]
_CLOCK = re.compile(
    r"(?P<between> at |[_ -]{0,2}[TtSs]?)(?P<hour>[0-2]?\d)(?P<cut>[-_.:h]?)[0-5]\d"
    r"(?:(?P<cut2>(?P=cut)|m|min)(?P<seconds>[0-5]\d)(?P<unit>s?)"
    r"(?:(?P<point>[.,]?)(?P<fraction>\d(?:\d\d(?:\d{3})?)?)(?!\d))?)?"
    r"(?P<half> ?[AaPp][Mm](?![A-Za-z]))?"
)
_HOUR = re.compile(r"(?<=\d{8})[0-2]\d(?!\d)")
_ONLY_CLOCKS = [
    (re.compile(regex), form)
    for regex, form in (
        (r"[0-2]\d([-_.:/])[0-5]\d\1[0-5]\d(?!\1\d)", "%H~%M~%S"),
        (r"()[0-2]\d[0-5]\d[0-5]\d", "%H%M%S"),
        (r"H\d+([-_ ]?)M\d+\1S\d+", "H%H~M%M~S%S"),
        (r"(?:(?<=/)|^)()[0-2]\d[0-5]\d(?=\.|$)", "%H%M"),
    )
]
_DURATION = re.compile(
    r"(?:(?P<d>\d+)(?P<days>days?|d))?(?:[_-]?(?P<h>\d+)(?P<hours>hrs?|h))?"
    r"(?:[_-]?(?P<m>\d+)(?P<minutes>min|m))?(?:[_-]?(?P<s>\d+)(?P<seconds>sec|s))?(?![^\W_])"
)
_UNITS = (("s", "%S", "seconds"), ("m", "%M", "minutes"), ("h", "%H", "hours"), ("d", "%d", "days"))
_RANGES = {
    **{"Y": _YEAR, "m": r"(?:0[1-9]|1[0-2])", "d": r"(?:[0-2]\d|3[01])", "j": r"[0-3]\d\d"},
    **{"b": "[^\\W\\d_]+", "p": "[APap][Mm]", "S": r"[0-5]\d", "y": r"\d\d"},
}
_MAY_BEGIN = re.compile(rf"\d\d|\d[-_. /]|\d[dhm]|{_MONTH}|H\d")
_END = re.compile(r"[-_][eE]\d")
_EPOCH = re.compile(r"\d{10}\.\d")
_AT_END = ((14, "%Y%m%d%H%M%S"), (12, "%Y%m%d%H%M"), (8, "%Y%m%d"), (7, "%Y%j"))
_DAY_APART = re.compile(r"(?<!%[A-Za-z])%([md])(?!%[^b])")
_HOUR_APART = re.compile(r"(?<!%[A-Za-z])%([HI])(?!%)")
_PADDED = re.compile(r"(?<!\d)0\d(?!\d)")


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
        if _MAY_BEGIN.match(text, starts[i]):
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
    is_named = FAMILIES.get(label, "") not in _TIME_FAMILIES
    constant = None
    for end, forms in _candidates(text, start):
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
        part.form = _form(part, forms, varying)
        if part.form:
            part.family, part.why = "date", f"all are valid as {part.form}"
            if part.varies:
                return last, part
            constant = constant or (last, part)
    return constant


def _candidates(text: str, start: int) -> Iterator[tuple[int, list[str]]]:
    """Yield where dates that begin at a place may end, and their formats; the longest first."""
    found: list[tuple[int, list[str]]] = []
    for regex, forms in _DAYS:
        match = regex.match(text, start)
        if match and not ("%y~" in forms[0] and _continues(text, start, match[1])):
            days = [form.replace("~", match[1]) for form in forms]
            found.append((match.end(), days))
            with_day = [form for form in days if "%d" in form or "%j" in form]
            for end, clock in _clocks(text, match.end()) if with_day else ():
                found.append((end, [form + clock for form in with_day]))
    for regex, form in _ONLY_CLOCKS:
        match = regex.match(text, start)
        if match:
            found.append((match.end(), [form.replace("~", match[1])]))
    match = _DURATION.match(text, start)
    if match and sum(match[unit] is not None for unit in "dhms") > 1:
        found.append((match.end(), [_duration_form(match)]))
    return iter(sorted(found, key=lambda candidate: -candidate[0]))


def _continues(text: str, start: int, gap: str) -> bool:
    """Return whether a number without letters is before a separator at a place."""
    before = re.search(r"([^\W_]+)(.)$", text[:start])
    return before is not None and before[1].isdecimal() and before[2] == gap


def _clocks(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Yield where the clocks behind a day may end, and their formats."""
    match = _HOUR.match(text, start)
    if match:
        yield match.end(), "%H"
    match = _CLOCK.match(text, start)
    if match is None:
        return
    half = match["half"][:-2] + "%p" if match["half"] else ""
    minutes = f"{match['between']}{'%I' if half else '%H'}{match['cut']}%M"
    if match["seconds"] is None:
        yield match.end(), minutes + half
        return
    seconds = f"{minutes}{match['cut2']}%S{match['unit']}"
    if match["fraction"]:
        yield match.end(), f"{seconds}{match['point']}%f{half}"
    elif half:
        yield match.end(), seconds + half
    yield match.end("unit"), seconds
    yield match.start("cut2"), minutes


def _duration_form(match: re.Match[str]) -> str:
    form = match[0]
    for group, code, unit in _UNITS:  # from the last, so that places stay right
        if match[group] is not None:
            begin, end = match.start(group) - match.start(), match.end(unit) - match.start()
            form = form[:begin] + code + match[unit] + form[end:]
    return form


def _form(part: NamePart, forms: list[str], varying: list[NamePart]) -> str:
    """Return the one format that fits all texts, empty if none does."""
    fitting: dict[str, float] = {}
    for form in forms:
        for spelled in _spellings(form, part.texts):
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


def _spellings(form: str, texts: Sequence[str]) -> list[str]:
    """Return a format, and those for days and hours that are not padded: 5 beside 15."""
    hour = re.search("%[HI]", form)
    day = form[: hour.start()] if hour else form
    forms = [form, _HOUR_APART.sub(r"%-\1", form)]
    if not any(map(_PADDED.search, (text[: len(day) + 2] for text in texts))):
        forms.append(_DAY_APART.sub(r"%-\1", day) + form[len(day) :])
    return list(dict.fromkeys(forms))


def _values(texts: Sequence[str], form: str) -> NDArray[Any] | None:
    """Return texts as dates or durations, None if they are not all plausible ones."""
    is_duration = is_duration_format(form)
    if not is_duration and not all(map(_regex_of_ranges(form).fullmatch, texts)):
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


@cache
def _regex_of_ranges(form: str) -> re.Pattern[str]:
    """Return a regular expression that matches the texts of a format, and few others."""
    return re.compile(
        re.sub(
            "%(-?.)|[^%]+",
            lambda code: _RANGES.get(code[1], r"\d+") if code[1] else re.escape(code[0]),
            form,
        )
    )


def _is_evident(form: str, part: NamePart, varying: list[NamePart], values: NDArray[Any]) -> bool:
    """Return whether texts that are valid in a format are dates, not numbers by chance."""
    codes = re.findall("%-?(.)", form)
    if not part.varies:
        return codes == ["Y", "m", "d"]
    if is_duration_format(form):
        return _is_evident_clock(form, part, varying)
    if "f" in codes and not _are_fractions(part.texts, values):
        return False
    if codes == ["m", "Y"]:  # 01_1981 is a month and the first year of a period
        return len(set(values.astype("M8[Y]").tolist())) > 1
    if not {"H", "I"} & {*codes}:
        return "y" not in codes or np.ptp(values) < np.timedelta64(40 * 365, "D")
    clock = values - values.astype("M8[D]")
    after_start = re.search("[Ss]%-?[HI]", form)
    if (clock == clock[0]).all():
        if re.fullmatch("(%-?.)+", form):  # digits without a gap are no day beside a number
            return True
        if after_start or not ("S" in codes or _is_round(clock[0])):
            return False  # the start of each day, or a number
    if re.search("[Tt]%|%-?[HI][-_.:h]|%p", form) or after_start or codes[-1] == "H":
        return True
    counts = clock < np.timedelta64(1, "m" if "S" in codes else "h")
    return not counts.all()  # 0001, 0002 count


def _is_round(clock: np.timedelta64) -> bool:
    """Return whether a time of day is a quarter of an hour, not one of the first hour."""
    hour, quarter = np.timedelta64(1, "h"), np.timedelta64(15, "m")
    return bool(clock >= hour and clock % quarter == np.timedelta64(0))


def _is_evident_clock(form: str, part: NamePart, varying: list[NamePart]) -> bool:
    """Return whether texts are clocks or durations, not three numbers that fill a grid."""
    if re.search("[a-zA-Z](?![a-zA-Z])", re.sub("%-?.", "", form)):  # 00d06h, with units
        return True
    hours = {int(re.match(r"\d\d?", text)[0]) for text in part.texts}  # type: ignore[index]
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
