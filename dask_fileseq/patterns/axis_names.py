"""The axes among the tokens that vary: wells and words, their names, and repeated ones.

Numbers get the letters around them as names. Tokens that repeat the information of others
are no axes.
"""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from dask_fileseq.patterns.dates import MARKS
from dask_fileseq.patterns.tokens import FAMILIES, Token, determines, joined

__all__ = [
    "AmbiguousNames",
    "drop_repeated",
    "is_unnamed",
    "join_wells",
    "join_words",
    "name_axes",
    "name_others",
]

_LABEL = re.compile(r"(?:^|[^A-Za-z])([A-Za-z]+)[ _.=-]+$")
_ROWS = frozenset("ABCDEFGHIJKLMNOP")
_ALL_ROWS = frozenset([*string.ascii_uppercase, "AA", "AB", "AC", "AD", "AE", "AF"])
"""The rows of a plate of 1,536 wells, which differ from words by ``AA`` to ``AF``."""
_COLUMNS = 48
_BY_CHANCE = 2
"""The number of values that may vary together by chance; more of them are one axis."""


class AmbiguousNames(Exception):
    """Two readings of the names fit; the arguments are the tokens of both."""


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

    Raises `AmbiguousNames` if the letters before numbers name them as well as those behind.
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
        elif token.is_number:
            token.name = token.family = "column" if _is_behind_row(tokens, i) else ""
        elif _are_rows(token.texts) and not token.joint:
            token.name = token.family = "row"
        elif any("/" in later.texts[0] for later in tokens[i + 1 :]):
            token.name = "folder"
        else:
            token.name = token.family = "channel"
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
        raise AmbiguousNames(
            *(
                [replace(t, name=names.get(i, t.name)) for i, t in enumerate(tokens)]
                for names in (before, behind)
            )
        )
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


def is_unnamed(token: Token) -> bool:
    """Return whether no letters name a token."""
    return re.fullmatch(r"Q(_\d+)?|sequence|", token.name) is not None


def name_others(tokens: list[Token]) -> None:
    """Name the numbers that no letters name, in place."""
    axes = [token for token in tokens if token.varies and token.is_axis]
    others = [token for token in axes if is_unnamed(token)]
    for i, token in enumerate(others):
        token.name = "sequence" if len(axes) == 1 else f"Q_{i}" if len(others) > 1 else "Q"


def drop_repeated(tokens: list[Token]) -> None:
    """Make no axes of tokens that repeat another axis, a part of it, or all others, in place.

    Raises `AmbiguousNames` if two vary together and it is not evident which one is the axis.
    """
    axes = [token for token in tokens if token.varies and token.is_axis]
    for token in axes:
        token.is_axis = not any(_is_part(token, other) for other in axes)
    for i, token in enumerate(axes):
        for other in axes[:i]:
            same = token.is_axis and other.is_axis and len(token.texts) == len(other.texts)
            if same and determines(token, other):
                _drop_one(tokens, other, token)
    if len(axes) > 2:
        _drop_stamps([token for token in axes if token.is_axis])
    name_others(tokens)


def _is_part(part: Token, whole: Token) -> bool:
    """Return whether a token is a part of a date or well: the year, or the row, as a folder."""
    families = ("", "row", "column") if whole.family == "well" else ("",)
    if whole is part or not (whole.form or whole.family == "well"):
        return False
    if part.form or part.family not in families or not determines(whole, part):
        return False
    pairs = dict(zip(whole.codes.tolist(), part.codes.tolist(), strict=True))
    return all(
        _without_marks(part.texts[k]) in _without_marks(whole.texts[i]) for i, k in pairs.items()
    )


def _without_marks(text: str) -> str:
    """Return a text without punctuation, and a single digit padded to two."""
    text = re.sub(r"[\W_]", "", text)
    return text.zfill(2) if text.isdecimal() else text


def _drop_stamps(axes: list[Token]) -> None:
    """Make no axes of numbers and dates that stamp files which other axes identify.

    A stamp with a value for nearly each file is dropped if the other axes fill at least half
    of their grid. A stamp with fewer values is dropped if they fill all of it.
    """
    files = len(axes[0].codes) if axes else 0
    for token in sorted(axes, key=lambda token: -len(token.texts)):
        others = [axis for axis in axes if axis.is_axis and axis is not token]
        cells = math.prod(len(axis.texts) for axis in others)
        may_be = token.form or (token.is_number and not token.family)
        each = 2 * len(token.texts) > files and cells <= 2 * files
        some = len(token.texts) > _BY_CHANCE and cells == files
        if len(others) > 1 and may_be and (each or some):
            index = np.zeros(files, np.int64)
            for axis in others:
                index = index * len(axis.texts) + axis.codes
            token.is_axis = bool(np.bincount(index).max() > 1)


def _drop_one(tokens: list[Token], one: Token, two: Token) -> None:
    """Keep one of two tokens that vary together as an axis, if it is evident which one."""
    if one.family and two.family and one.family != two.family:
        return
    no_word = one if one.is_number and not two.is_number else two
    near = tokens.index(two) - tokens.index(one) == 1
    if near or (one.family == two.family and (one.family or _same_texts(one, two))):
        worse = no_word
    elif bool(one.family) != bool(two.family):
        worse = two if one.family else one
        if is_unnamed(worse) and len(one.texts) <= _BY_CHANCE:
            raise AmbiguousNames(tokens, _without(tokens, worse))
    elif len(one.texts) > _BY_CHANCE:
        worse = no_word
    else:
        raise AmbiguousNames(tokens, _without(tokens, two))
    worse.is_axis = False


def _without(tokens: list[Token], dropped: Token) -> list[Token]:
    """Return a copy of the tokens in which one of them is no axis."""
    return [replace(t, is_axis=t.is_axis and t is not dropped) for t in tokens]


def _same_texts(one: Token, two: Token) -> bool:
    places = np.zeros(len(one.texts), np.int64)
    places[one.codes] = two.codes
    return one.texts == [two.texts[k] for k in places.tolist()]
