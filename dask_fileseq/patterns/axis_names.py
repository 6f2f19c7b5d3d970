"""The names of axes, by the letters around numbers and by the meaning of words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from dask_fileseq.patterns.axis_words import COLUMNS, FAMILIES, are_rows, word_axis
from dask_fileseq.patterns.date_formats import is_duration_format, is_month_word
from dask_fileseq.patterns.name_parts import NamePart

_LABEL = re.compile(r"(?:^|[^A-Za-z0-9])([A-Za-z]+)[ _.=-]+$")
UNNAMED = re.compile(r"Q(_\d+)?|sequence|")
"""The names of axes that no letters name."""


def name_axes(parts: list[NamePart]) -> list[str]:
    """Give axis names to parts that vary, in place.

    Returns the other names of the parts if the letters behind numbers name them as well as
    those before; the list is empty if names are evident.
    """
    others: list[str] = []
    starts = [i for i, part in enumerate(parts) if not part.joint]
    for start, end in pairwise([*starts, len(parts)]):
        behind = _name_numbers(parts, start, end)
        if behind:
            others = others or [""] * len(parts)
            others[start:end] = behind
    for i, name in _chained_names(parts).items():
        others = others or [""] * len(parts)
        others[i] = name
    for i, part in enumerate(parts):
        if part.varies and part.is_axis and not part.name:
            _name_part(parts, i)
    return [other or part.name for other, part in zip(others, parts, strict=False)]


def _chained_names(parts: Sequence[NamePart]) -> dict[int, str]:
    """Return the letters before each number, if all but the first are behind another number.

    In ``z_0t_2c_4`` the numbers of z, t and c may be 0, 2 and 4, or those of t and c 0 and 2.
    """
    names: dict[int, str] = {}
    for i, part in enumerate(parts):
        if part.varies and _is_number(part):
            letters = _letters(parts, i - 2) if i > 1 and parts[i - 1].is_separator else ""
            if letters.lower() not in FAMILIES or (names and not parts[i - 2].joint):
                return {}
            if len(letters) > 1 and names:  # a unit, as in "t_5min_3"
                return {}
            names[i] = letters
    return names if len(names) > 1 else {}


def _name_part(parts: list[NamePart], i: int) -> None:
    """Name a part that no letters beside it name."""
    part = parts[i]
    if part.family == "date":
        is_time = is_duration_format(part.form) or re.search("%-?[HI]", part.form)
        part.name = "time" if is_time else "date"
        return
    if all(map(is_month_word, part.texts)):
        part.name, part.family, part.form = "month", "month", "%b"
        _add_why(part, "all are names of months")
        return
    label = _label(parts, i)
    if label:
        part.name, part.family = label, FAMILIES[label.lower()]
        _add_why(part, f"named by {label!r} before it")
    elif _is_number(part):
        part.name = part.family = "column" if _is_behind_row(parts, i) else ""
        _add_why(part, "it is behind the row of a plate" if part.name else "no letters name it")
    elif not part.joint and _is_row(parts, i):
        part.name = part.family = "row"
        _add_why(part, "letters of a plate's rows, before numbers of its columns")
    else:
        word = word_axis(part.texts)
        in_folder = any("/" in later.texts[0] for later in parts[i + 1 :])
        part.name = "folder" if in_folder and word == "label" else word
        part.family = "channel" if word in ("channel", "band", "polarization") else ""
        _add_why(part, f"known words for a {word}" if part.family else "no known words")


def _add_why(part: NamePart, why: str) -> None:
    """Add a reason to those that are known of a part."""
    part.why = f"{part.why}; {why}" if part.why else why


def number_names(axes: Sequence[NamePart]) -> None:
    """Give numbers to names that several axes have, and names to numbers without letters."""
    seen: Counter[str] = Counter()
    counts = Counter(axis.name for axis in axes)
    others = [axis for axis in axes if UNNAMED.fullmatch(axis.name)]
    for i, axis in enumerate(others):
        axis.name = "sequence" if len(axes) == 1 else f"Q_{i}" if len(others) > 1 else "Q"
    for axis in axes:
        name = axis.name
        if counts[name] > 1 and name:
            number = seen[name] + (name == "label")
            axis.name = f"{name}_{number}" if number else name
            seen[name] += 1


def _is_number(part: NamePart) -> bool:
    return (part.is_number and part.family != "date") or part.form[:1] == "f"


def _label(parts: Sequence[NamePart], i: int) -> str:
    """Return letters before a part, with marks between, if they name an axis."""
    before = _constant_before(parts, i)
    match = None if before.strip() == "x" else _LABEL.search(before)  # "2 x 3"
    if match is None or match[1].lower() not in FAMILIES:
        return ""
    # a letter beside a word is no evidence
    return match[1] if _is_number(parts[i]) or len(match[1]) > 1 else ""


def _is_row(parts: Sequence[NamePart], i: int) -> bool:
    """Return whether letters are rows of a plate: columns are right behind, ``A - 01``."""
    following = next((k for k in range(i + 1, len(parts)) if not parts[k].is_separator), None)
    if not are_rows(parts[i].texts) or following is None or following > i + 2 or parts[i].joint:
        return False
    is_code = not parts[following].varies and any(part.joint for part in parts[following + 1 :][:1])
    columns = all(t.isdecimal() and 0 < int(t) <= COLUMNS for t in parts[following].texts)
    return columns and not is_code  # M1BS and P1BS are products


def _is_behind_row(parts: Sequence[NamePart], i: int) -> bool:
    """Return whether only marks are between a number and rows of a plate: ``A - 01``."""
    between = _constant_before(parts, i)
    before = next((part for part in reversed(parts[:i]) if part.varies), None)
    marks = 0 < len(between) <= len(" - ") and not re.search(r"[\w/\\]", between)
    return marks and before is not None and before.family == "row"


def _name_numbers(parts: list[NamePart], start: int, end: int) -> list[str]:
    """Name the numbers in a run of letters and digits by the letters before or behind them.

    Returns the names by the letters behind if these are as good, else an empty list.
    """
    numbers = [i for i in range(start, end) if _is_number(parts[i]) and not parts[i].name]
    numbers = [i for i in numbers if i - 1 not in numbers]  # a code split into several numbers
    varying = [i for i in numbers if parts[i].varies]
    if not varying:
        return []
    if len(numbers) == 2 and end - start == 3 and _letters(parts, start + 1).lower() == "x":
        for i, number in enumerate(varying):  # "3x4"
            name = f"tile_{i}" if len(varying) > 1 else "tile"
            parts[number].name = parts[number].family = name
            _add_why(parts[number], "numbers with an x between them are tiles")
        return []
    before = {i: _letters(parts, i - 1) if i > start else "" for i in numbers}
    behind = {i: _letters(parts, i + 1) if i + 1 < end else "" for i in numbers}
    known_before = FAMILIES.keys() >= {name.lower() for name in before.values()}
    known_behind = FAMILIES.keys() >= {name.lower() for name in behind.values()}
    all_before, all_behind = all(before.values()), all(behind.values())
    some_before = any(before.values()) and not all_before
    partly = some_before and not all_behind and len(varying) > 1
    evident = partly and (
        all(are_years(parts[i].texts) for i in numbers if not before[i])
        or _begin_elsewhere(parts, {*before.values()} - {""}, range(start, end))
    )
    others: list[str] = []
    if (all_before and all_behind and known_before and known_behind) or (partly and not evident):
        others = [behind.get(i, "") or "Q" for i in range(start, end)]
    names = before
    if all_before and all_behind:
        names = behind if known_behind else before
    elif all_behind:
        label = "" if known_behind or len(numbers) > 1 else _label(parts, numbers[0])
        names = dict.fromkeys(numbers, label) if label else behind  # "z_0.5um"
    elif some_before and not evident:
        names = {i: before[i] or behind[i] for i in varying}
    for i in varying:
        name = parts[i].name = (before if others else names)[i]
        if name:
            where = "before" if name != behind[i] else "behind"
            _add_why(parts[i], f"named by {name!r} {where} it")
        parts[i].family = FAMILIES.get(parts[i].name.lower(), "")
    return others


def are_years(texts: list[str]) -> bool:
    """Return whether numbers are years, which letters behind do not name: ``2019W05``.

    >>> are_years(["1981", "2010"]), are_years(["1981", "3000"])
    (True, False)
    """
    return all(len(text) == 4 and 1850 <= int(text) <= 2099 for text in texts)


def _begin_elsewhere(parts: Sequence[NamePart], names: set[str], run: range) -> bool:
    """Return whether names are before numbers in other runs, too: ``w`` in ``20585w1/a_w1``."""
    starts = [i for i, part in enumerate(parts[:-1]) if not (part.joint or i in run)]
    return names <= {_letters(parts, i) for i in starts if _is_number(parts[i + 1])}


def _letters(parts: Sequence[NamePart], i: int) -> str:
    """Return letters that can be the name of an axis: constant ones, but for their case."""
    part = parts[i]
    text = part.texts[0]
    same = not part.varies or (not part.is_axis and len({text.lower() for text in part.texts}) == 1)
    return text if same and text.isalpha() and text.isidentifier() else ""


def _constant_before(parts: Sequence[NamePart], i: int) -> str:
    """Return the constant text before a part, without letters right behind another number."""
    start = i
    while start and not parts[start - 1].varies:
        start -= 1
    before = parts[start - 1] if start else None
    if before and start < i and parts[start].joint:
        start += before.is_number or before.family == "date"  # the unit, or the Z of UTC
    return "".join(part.texts[0] for part in parts[start:i])
