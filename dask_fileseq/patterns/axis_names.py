"""Axis names for the tokens that vary, from the letters around them."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from dask_fileseq.patterns.dates import MARKS
from dask_fileseq.patterns.tokens import FAMILIES, Token, determines, joined

__all__ = ["AmbiguousNames", "join_wells", "join_words", "name_axes"]

_LABEL = re.compile(r"(?:^|[^A-Za-z])([A-Za-z]+)[ _.=-]+$")
_ROWS = frozenset("ABCDEFGHIJKLMNOP")
_ALL_ROWS = frozenset([*string.ascii_uppercase, "AA", "AB", "AC", "AD", "AE", "AF"])
"""The rows of a plate of 1,536 wells, which differ from words by ``AA`` to ``AF``."""
_COLUMNS = 48


class AmbiguousNames(Exception):
    """Two readings of the names fit."""

    def __init__(self, one: list[Token], two: list[Token]) -> None:
        super().__init__(one, two)
        self.readings = one, two


def join_wells(tokens: list[Token]) -> list[Token]:
    """Return tokens with the letter and the number of a plate's well joined.

    If a well is written in two ways, ``A1`` and ``A01``, rows and columns stay apart.
    """
    result: list[Token] = []
    for token in tokens:
        result.append(token)
        if token.joint and len(result) > 1 and _is_well(result[-2], token):
            well = joined(result[-2], token)
            if len({re.sub("(?<=[A-Z])0", "", text) for text in well.texts}) == len(well.texts):
                well.name = well.family = "well"
                result[-2:] = [well]
            else:
                result[-2].name = result[-2].family = "row"
                token.name = token.family = "column"
                token.joint = False
    return result


def _is_well(row: Token, column: Token) -> bool:
    if row.joint or not _are_rows(row.texts) or not (row.varies or column.varies):
        return False
    if not all(len(t) < 3 and t.isdecimal() and 0 < int(t) <= _COLUMNS for t in column.texts):
        return False
    if not row.varies and len(row.texts[0]) > 1:  # "AB1" is more often a name
        return all(len(text) == 2 for text in column.texts)
    return row.varies or row.texts[0].lower() not in FAMILIES


def _are_rows(texts: list[str]) -> bool:
    """Return whether all texts are rows of a plate."""
    large = any(len(text) == 2 for text in texts)
    return (_ALL_ROWS if large else _ROWS).issuperset(texts)


def join_words(tokens: list[Token]) -> list[Token]:
    """Return tokens with words joined that vary together and have only marks between."""
    result: list[Token] = []
    for token in tokens:
        result.append(token)
        if len(result) > 2 and _is_word(token) and _is_word(result[-3]):
            first, between, last = result[-3:]
            marks = not between.varies and not re.search(rf"[\w/\\]|{MARKS}", between.texts[0])
            if marks and len(first.texts) == len(last.texts) and determines(first, last):
                result[-3:] = [joined(joined(first, between), last)]
    return result


def _is_word(token: Token) -> bool:
    return token.varies and not (token.name or token.form or token.is_number)


def name_axes(tokens: list[Token]) -> None:
    """Give axis names to numbers and words, in place.

    Raises
    ------
    AmbiguousNames
        The letters before numbers name them as well as the letters behind.
    """
    starts = [i for i, token in enumerate(tokens) if not token.joint]
    for start, end in pairwise([*starts, len(tokens)]):
        _name_numbers(tokens, start, end)
    for i, token in enumerate(tokens):
        if not (token.varies and token.is_axis) or token.name:
            continue
        label = _label(tokens, i)
        if label:
            token.name, token.family = label, FAMILIES[label.lower()]
        elif not token.is_number:
            _name_word(tokens, i)
        elif _is_behind_row(tokens, i):
            token.name = token.family = "column"
    seen: Counter[str] = Counter()
    for token in tokens:
        if token.varies and token.name:
            seen[token.name] += 1
            if seen[token.name] > 1:
                token.name = f"{token.name}_{seen[token.name] - 1}"


def _label(tokens: Sequence[Token], i: int) -> str:
    """Return letters before a token, with marks between, if they name an axis."""
    before = _constant_before(tokens, i)
    match = None if before.strip() == "x" else _LABEL.search(before)  # "2 x 3"
    if match is None or match[1].lower() not in FAMILIES:
        return ""
    # a letter beside a word is no evidence
    return match[1] if tokens[i].is_number or len(match[1]) > 1 else ""


def _is_behind_row(tokens: Sequence[Token], i: int) -> bool:
    """Return whether only marks are between a number and rows of a plate: ``A - 01``."""
    between = _constant_before(tokens, i)
    before = next((token for token in reversed(tokens[:i]) if token.varies), None)
    marks = 0 < len(between) <= len(" - ") and not re.search(r"[\w/\\]", between)
    return marks and before is not None and before.family == "row"


def _name_numbers(tokens: list[Token], start: int, end: int) -> None:
    """Name the numbers in a run of letters and digits by the letters before or behind them."""
    numbers = [i for i in range(start, end) if tokens[i].is_number and not tokens[i].name]
    varying = [i for i in numbers if tokens[i].varies]
    if not varying:
        return
    if len(numbers) == 2 and end - start == 3 and _letters(tokens, start + 1).lower() == "x":
        for i, number in enumerate(varying):  # "3x4"
            name = f"tile_{i}" if len(varying) > 1 else "tile"
            tokens[number].name = tokens[number].family = name
        return
    before = {i: _letters(tokens, i - 1) if i > start else "" for i in numbers}
    behind = {i: _letters(tokens, i + 1) if i + 1 < end else "" for i in numbers}
    known_before = FAMILIES.keys() >= {name.lower() for name in before.values()}
    known_behind = FAMILIES.keys() >= {name.lower() for name in behind.values()}
    all_before, all_behind = all(before.values()), all(behind.values())
    some_before = any(before.values()) and not all_before
    if (all_before and all_behind and known_before and known_behind) or (
        some_before and not all_behind and len(varying) > 1
    ):
        raise AmbiguousNames(_renamed(tokens, before), _renamed(tokens, behind))
    names = before
    if all_before and all_behind:
        names = behind if known_behind else before
    elif all_behind:
        label = "" if known_behind or len(numbers) > 1 else _label(tokens, numbers[0])
        names = dict.fromkeys(numbers, label) if label else behind  # "z_0.5um"
    elif some_before:
        names = {i: before[i] or behind[i] for i in varying}
    for i in varying:
        tokens[i].name, tokens[i].family = names[i], FAMILIES.get(names[i].lower(), "")


def _renamed(tokens: list[Token], names: dict[int, str]) -> list[Token]:
    """Return tokens with other names for some of them."""
    return [replace(t, name=names[i]) if i in names else t for i, t in enumerate(tokens)]


def _letters(tokens: Sequence[Token], i: int) -> str:
    """Return letters that can be the name of an axis: constant ones, but for their case."""
    token = tokens[i]
    text = token.texts[0]
    same = not token.varies or (
        not token.is_axis and len({text.lower() for text in token.texts}) == 1
    )
    return text if same and text.isalpha() and text.isidentifier() else ""


def _constant_before(tokens: Sequence[Token], i: int) -> str:
    """Return the constant text before a token, without letters right behind another number."""
    start = i
    while start and not tokens[start - 1].varies:
        start -= 1
    if 0 < start < i and tokens[start].joint and tokens[start - 1].is_number:
        start += 1
    return "".join(token.texts[0] for token in tokens[start:i])


def _name_word(tokens: Sequence[Token], i: int) -> None:
    """Name words: rows of a plate, folders, or channels."""
    token = tokens[i]
    if _are_rows(token.texts) and not token.joint:
        token.name = token.family = "row"
    elif any("/" in later.texts[0] for later in tokens[i + 1 :]):
        token.name = "folder"
    else:
        token.name = token.family = "channel"
