"""The date in a single name, where there are no other names to compare it with."""

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


def date_pattern(name: str) -> NamePattern | None:
    """Return the pattern that finds the date in a name, as axis ``date``; with a clock ``time``.

    Only a year, month and day count. Of several dates, that counts which a preset for such
    names has. None if there is no date, or no way to tell which one counts.

    >>> print(date_pattern("B04_2020-07-13.tif"), date_pattern("B04_20200713T101559.tif"))
    B04_{date:%Y-%m-%d}.tif B04_{time:%Y%m%dT%H%M%S}.tif
    >>> print(date_pattern("run_20200713_20200801.tif"), date_pattern("scan_00012.tif"))
    None None
    """
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
    head, tail = (re.sub(r"([{}])", r"\1\1", text) for text in (name[:start], name[end:]))
    axis = "time" if "%H" in form else "date"
    return parse_format(f"{head}{{{axis}:{form}}}{tail}")


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
