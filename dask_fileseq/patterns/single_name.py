"""The date and the band in a single name, where there are no other names to compare it with."""

from __future__ import annotations

import re

from dask_fileseq.patterns.date_candidates import date_candidates, regex_of_ranges
from dask_fileseq.patterns.date_formats import moments
from dask_fileseq.patterns.format_string import parse_format
from dask_fileseq.patterns.name_pattern import NamePattern
from dask_fileseq.patterns.presets import preset_texts

_YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d")
_EVIDENT_CLOCK = re.compile(r"[Tt]%H|%S|%d%H")
"""Clocks that are no counters behind a day: after a T, with seconds, or in one number with it."""


_BAND = re.compile(r"(?<![^\W_])(?:b|band[ _-]?)\d{1,2}a?(?![^\W_])", re.IGNORECASE)


def single_pattern(name: str) -> NamePattern | None:
    """Return the pattern that finds the date and the band in a name; None if it has neither.

    A date is the axis ``date``, with a clock ``time``. Only a year, month and day count. If a
    name has several dates, the one that a preset for such names has counts, or none if there is no
    such preset. A band is a number behind ``B`` or ``Band``.

    >>> print(single_pattern("B04_2020-07-13.tif"), single_pattern("x_20200713T101559.tif"))
    {band}_{date:%Y-%m-%d}.tif x_{time:%Y%m%dT%H%M%S}.tif
    >>> print(single_pattern("run_20200713_20200801.tif"), single_pattern("scan_00012.tif"))
    None None
    """
    places = [place for place in (_date(name), _band(name)) if place]
    text, done = "", 0
    for start, end, field in sorted(places):
        text += re.sub(r"([{}])", r"\1\1", name[done:start]) + field
        done = end
    return parse_format(text + re.sub(r"([{}])", r"\1\1", name[done:])) if places else None


def _band(name: str) -> tuple[int, int, str] | None:
    """Return start, end and field of the band in a name; None if it has none, or several."""
    found = list(_BAND.finditer(name))
    return (*found[0].span(), "{band}") if len(found) == 1 else None


def _date(name: str) -> tuple[int, int, str] | None:
    """Return start, end and field of the date in a name; None if it has none, or several."""
    found: list[tuple[int, int, str]] = []
    for match in _YEAR.finditer(name):
        start = match.start()
        if found and start < found[-1][1]:
            continue
        for end, forms in date_candidates(name, start):
            if _is_date(forms[0], name[start:end]) and not name[end : end + 1].isdigit():
                found.append((start, end, forms[0]))
                break
    if len({name[start:end] for start, end, _ in found}) > 1:
        known = preset_texts(name)
        found = [place for place in found if name[place[0] : place[1]] in known]
    if not found or len({name[start:end] for start, end, _ in found}) > 1:
        return None
    start, end, form = found[0]
    return start, end, f"{{{'time' if '%H' in form else 'date'}:{form}}}"


def _is_date(form: str, text: str) -> bool:
    """Return whether a text is a whole date in a format, and its clock no counter by chance."""
    if not re.match("%Y.?%m.?%d", form) or not regex_of_ranges(form).fullmatch(text):
        return False
    if "%H" in form and not _EVIDENT_CLOCK.search(form):
        return False
    try:
        moments([text], form)
    except ValueError:
        return False
    return True
