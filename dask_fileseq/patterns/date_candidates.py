"""Possible places and formats of dates, clocks and durations in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

_MONTH = "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_YEAR = r"(?:18[5-9]\d|19\d\d|20\d\d)"
_PERIOD = rf"[-_]{_YEAR}(?!\d)"
_DAYS = [
    (re.compile(regex), forms.split("|"))
    for regex, forms in (
        (rf"{_YEAR}([-_. /])[01]?\d\1[0-3]?\d(?!\d)", "%Y~%m~%d"),
        (rf"{_YEAR}y()[01]\dm[0-3]\dd", "%Yy%mm%dd"),
        (rf"[0-3]?\d([-. ])[0-3]?\d\1{_YEAR}", "%d~%m~%Y|%m~%d~%Y"),
        (rf"[0-3]\d(_)[0-3]\d_{_YEAR}(?!y)", "%d~%m~%Y|%m~%d~%Y"),
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
        (rf"{_MONTH}([-_. ]?){_YEAR}(?!{_PERIOD})", "%b~%Y"),
        (r"\d\d([-_.])\d\d\1\d\d(?!\1\d|[^\W_T])", "%y~%m~%d|%d~%m~%y|%m~%d~%y"),
        (r"()\d{6}", "%Y%m|%y%m%d|%d%m%y|%m%d%y"),
        (rf"(?<!{_YEAR}[-_.]){_YEAR}([-_.])[01]\d(?!\d)", "%Y~%m"),
        (rf"[01]\d([-_.]){_YEAR}(?![-_.]\d+(?![^\W_]))", "%m~%Y"),
    )
]
_CLOCK = re.compile(
    r"(?P<between> at |\.(?=(?:\d{4}|\d{6})(?!\d))|[_ -]{0,2}[TtSs]?)"
    r"(?P<hour>[0-2]?\d)(?P<cut>[-_.:h]?)[0-5]\d"
    r"(?:(?P<cut2>(?P=cut)|m|min)(?P<seconds>[0-5]\d)(?P<unit>s?)"
    r"(?:(?P<point>[.,]?)(?P<fraction>\d(?:\d\d(?:\d{3})?)?)(?!\d))?)?"
    r"(?P<half> ?[AaPp][Mm](?![A-Za-z]))?"
)
_BEHIND_DAY = re.compile(rf"{_YEAR}(-?)[01]\d\1[0-3]\d[Tt_ -]\Z")
"""What is there is a clock, if it is a part of a date: ``20170613T101031``."""
_HOUR = re.compile(r"(?<=\d{8})[0-2]\d(?!\d)")
_ONLY_CLOCKS = [
    (re.compile(regex), form)
    for regex, form in (
        (r"[0-2]\d([-_.:/])[0-5]\d\1[0-5]\d(?!\1\d+(?![^\W_]))", "%H~%M~%S"),
        (r"()[0-2]\d[0-5]\d[0-5]\d", "%H%M%S"),
        (r"H\d+([-_ ]?)M\d+\1S\d+", "H%H~M%M~S%S"),
        (r"(?:(?<=/)|^)()[0-2]\d[0-5]\d(?=[._]|$)", "%H%M"),
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
_DAY_APART = re.compile(r"(?<!%[A-Za-z])%([md])(?!%[^b])")
_HOUR_APART = re.compile(r"(?<!%[A-Za-z])%([HI])(?!%)")
_PADDED = re.compile(r"(?<!\d)0\d(?!\d)")


def may_begin(text: str, start: int) -> bool:
    """Return whether a date may begin at a place of a text; it is fast.

    >>> may_begin("a_2020-01-31", 2), may_begin("a_2020-01-31", 0)
    (True, False)
    """
    return _MAY_BEGIN.match(text, start) is not None


def date_candidates(text: str, start: int) -> Iterator[tuple[int, list[str]]]:
    """Yield where dates that begin at a place may end, and their formats; the longest first."""
    found: list[tuple[int, list[str]]] = []
    behind_day = _BEHIND_DAY.search(text[max(0, start - 11) : start]) is not None
    for regex, every in _DAYS:
        match = regex.match(text, start)
        forms = [form for form in every if not (behind_day and "%y" in form)]
        if match and forms and not ("%y~" in forms[0] and _continues(text, start, match[1])):
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


def spellings(form: str, texts: Sequence[str]) -> list[str]:
    """Return a format, and those for days and hours that are not padded: 5 beside 15."""
    hour = re.search("%[HI]", form)
    day = form[: hour.start()] if hour else form
    forms = [form, _HOUR_APART.sub(r"%-\1", form)]
    if not any(map(_PADDED.search, (text[: len(day) + 2] for text in texts))):
        forms.append(_DAY_APART.sub(r"%-\1", day) + form[len(day) :])
    return list(dict.fromkeys(forms))


@cache
def regex_of_ranges(form: str) -> re.Pattern[str]:
    """Return a regular expression that matches the texts of a format, and few others."""
    return re.compile(
        re.sub(
            "%(-?.)|[^%]+",
            lambda code: _RANGES.get(code[1], r"\d+") if code[1] else re.escape(code[0]),
            form,
        )
    )
