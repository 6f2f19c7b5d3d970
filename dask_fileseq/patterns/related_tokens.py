"""Tokens that belong together: wells and words, and those that repeat others or are no axes."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from dataclasses import replace

import numpy as np

from dask_fileseq.patterns.axis_families import FAMILIES, are_rows
from dask_fileseq.patterns.dates import MARKS
from dask_fileseq.patterns.tokens import UNNAMED, AmbiguousNames, Outliers, Token, refusal

_COLUMNS = 48
_NEARLY_ALL = 0.9
_BY_CHANCE = 2
"""The number of values that may vary together by chance; more of them are one axis."""


def join_tokens(tokens: list[Token]) -> list[Token]:
    """Return tokens with signs, wells and words joined; some parts are no axes.

    Raises `Outliers` or NamesError if only some names have a part.
    """
    tokens = _join_words(_join_wells(_join_signs(tokens)))
    _ignore_spellings(tokens)
    _ignore_loose_parts(tokens)
    return tokens


def _join_signs(tokens: list[Token]) -> list[Token]:
    """Return tokens with the signs before some numbers moved into these numbers."""
    result: list[Token] = []
    for token in tokens:
        before = result[-1] if result and token.joint and token.is_number else token
        base = before.texts[0].rstrip("+-")
        is_signed = before is not token and before.varies
        if not is_signed or not {base, base + "-", base + "+"}.issuperset(before.texts):
            result.append(token)
            continue
        signs = replace(before, texts=[text[len(base) :] for text in before.texts])
        number = _joined(signs, token)
        number.in_run = token.in_run
        number.joint = bool(base) or before.joint
        result.pop()
        if base:
            result.append(replace(before, texts=[base], codes=np.zeros_like(before.codes)))
        result.append(number)
    return result


def _join_wells(tokens: list[Token]) -> list[Token]:
    """Return tokens with the letter and the number of a plate's well joined.

    If a well is written in two ways, ``A1`` and ``A01``, rows and columns stay apart.
    """
    result: list[Token] = []
    for token in tokens:
        result.append(token)
        if token.joint and len(result) > 1 and _is_well(result[-2], token):
            well = _joined(result[-2], token)
            if len({re.sub("(?<=[A-Z])0", "", text) for text in well.texts}) == len(well.texts):
                well.name = well.family = "well"
                result[-2:] = [well]
            else:
                result[-2].name = result[-2].family = "row"
                token.name = token.family = "column"
                token.joint = False
    return result


def _is_well(row: Token, column: Token) -> bool:
    if row.joint or not are_rows(row.texts) or not (row.varies or column.varies):
        return False
    if not all(len(t) < 3 and t.isdecimal() and 0 < int(t) <= _COLUMNS for t in column.texts):
        return False
    if not row.varies and len(row.texts[0]) > 1:  # "AB1" is more often a name
        return all(len(text) == 2 for text in column.texts)
    return row.varies or row.texts[0].lower() not in FAMILIES


def _join_words(tokens: list[Token]) -> list[Token]:
    """Return tokens with words joined that vary together and have only marks between."""
    result: list[Token] = []
    for token in tokens:
        result.append(token)
        if len(result) > 2 and _is_word(token) and _is_word(result[-3]):
            first, between, last = result[-3:]
            marks = not between.varies and not re.search(rf"[\w/\\]|{MARKS}", between.texts[0])
            if marks and len(first.texts) == len(last.texts) and _determines(first, last):
                result[-3:] = [_joined(_joined(first, between), last)]
    return result


def _is_word(token: Token) -> bool:
    return token.varies and not (token.name or token.form or token.is_number)


def _determines(one: Token, other: Token) -> bool:
    """Return whether each text of one token occurs with just one text of the other.

    >>> _determines(Token(["A1", "A2"], np.array([0, 1])), Token(["A"], np.array([0, 0])))
    True
    """
    partner = np.zeros(len(one.texts), np.int64)
    partner[one.codes] = other.codes
    return bool((partner[one.codes] == other.codes).all())


def _ignore_spellings(tokens: list[Token]) -> None:
    """Make no axes of words that differ in spelling alone; refuse if only some words do.

    One word may be written in other letter case. Its accents may be stored in two ways: file
    systems of Apple store them as characters of their own.
    """
    for token in tokens:
        if not token.varies or token.form or token.is_number:
            continue
        words = [unicodedata.normalize("NFC", text).casefold() for text in token.texts]
        if len(set(words)) == 1:
            token.is_axis = False
        elif len(set(words)) < len(words):
            ((word, _),) = Counter(words).most_common(1)
            one, two, *_ = (t for t, w in zip(token.texts, words, strict=True) if w == word)
            if one.casefold() == two.casefold():
                raise refusal(f"{one!r} and {two!r} differ in letter case alone")
            raise refusal(f"{one!a} and {two!a} differ in how marks are stored alone")


def _ignore_loose_parts(tokens: list[Token]) -> None:
    """Make no axes of parts that only some names have, if other words determine which ones.

    Raises `Outliers` if a few names have the part, or all but a few.
    """
    words = [token for token in tokens if token.varies and not token.is_number]
    for token in tokens:
        if not token.varies or "" not in token.texts:
            continue
        if not any(_determines(other, token) for other in words if other is not token):
            counts = np.bincount(token.codes)
            if counts.max() >= _NEARLY_ALL * len(token.codes):
                raise Outliers(np.flatnonzero(token.codes != counts.argmax()).tolist())
            texts = ", ".join(repr(text) for text in token.texts[:3] if text)
            raise refusal(f"{texts} stand before or behind numbers in some names only")
        token.is_axis = False


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
            if same and _determines(token, other):
                _drop_one(tokens, other, token)
    if len(axes) > 2:
        _drop_stamps([token for token in axes if token.is_axis])


def _is_part(part: Token, whole: Token) -> bool:
    """Return whether a token is a part of a date or well: the year, or the row, as a folder."""
    families = ("", "row", "column") if whole.family == "well" else ("",)
    if whole is part or not (whole.form or whole.family == "well"):
        return False
    if part.form or part.family not in families or not _determines(whole, part):
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
        if UNNAMED.fullmatch(worse.name) and len(one.texts) <= _BY_CHANCE:
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
    pairs = set(zip(one.codes.tolist(), two.codes.tolist(), strict=True))
    return all(one.texts[i] == two.texts[k] for i, k in pairs)


def _joined(first: Token, second: Token) -> Token:
    """Return two tokens as one, without an axis name.

    >>> pair = [Token(["A", "B"], np.array([0, 1])), Token(["1"], np.array([0, 0]))]
    >>> _joined(*pair).texts
    ['A1', 'B1']
    """
    pairs = first.codes.astype(np.int64) * len(second.texts) + second.codes
    seen, codes = np.unique(pairs, return_inverse=True)
    places = (divmod(pair, len(second.texts)) for pair in seen.tolist())
    texts = [first.texts[i] + second.texts[k] for i, k in places]
    return Token(texts, codes.astype(np.int32), first.joint, first.in_run)
