"""Tokens that repeat the information of others, and so are no axes of a grid."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np

from dask_fileseq.patterns.axis_names import AmbiguousNames
from dask_fileseq.patterns.tokens import Token, determines

__all__ = ["drop_repeated", "is_unnamed", "name_others"]

_BY_CHANCE = 2
"""The number of values that may vary together by chance; more of them are one axis."""


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

    Raises
    ------
    AmbiguousNames
        Two tokens vary together, and it is not evident which of them is the axis.
    """
    axes = [token for token in tokens if token.varies and token.is_axis]
    for token in axes:
        token.is_axis = not any(_is_part(token, other) for other in axes)
    for i, token in enumerate(axes):
        for other in axes[:i]:
            same = token.is_axis and other.is_axis and len(token.texts) == len(other.texts)
            if same and determines(token, other):
                _drop_one(tokens, other, token)
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
            raise AmbiguousNames(*_either(tokens, worse))
    elif len(one.texts) > _BY_CHANCE:
        worse = no_word
    else:
        raise AmbiguousNames(*_either(tokens, two))
    worse.is_axis = False


def _either(tokens: list[Token], worse: Token) -> tuple[list[Token], list[Token]]:
    """Return the tokens as they are, and with one of them no axis."""
    return tokens, [replace(t, is_axis=t.is_axis and t is not worse) for t in tokens]


def _same_texts(one: Token, two: Token) -> bool:
    places = np.zeros(len(one.texts), np.int64)
    places[one.codes] = two.codes
    return one.texts == [two.texts[k] for k in places.tolist()]
