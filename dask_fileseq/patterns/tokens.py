"""Names split into the parts that are constant and the parts that vary.

All names are split at the same separators, if all have the same ones: first between
folders, then at underscores, at any others, and between letters and digits. A part that
cannot be split is a number or a word.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dask_fileseq.patterns.columns import BATCH, Codes, factorize, factorize_rows

__all__ = ["FAMILIES", "Outliers", "Token", "common_suffix", "determines", "joined", "tokenize"]

FAMILIES = {
    word: family
    for family, words in {
        "time": "t tp time timepoint frame",
        "z": "z zstep zslice sl slice plane focal focus",
        "channel": "c ch chan channel w wv wave wavelength wl",
        "series": "s site f fov field fld pos position p series",
        "row": "row r",
        "column": "col column",
        "x": "x",
        "y": "y",
        "tile": "tile",
        "band": "b band",
        "day": "d day",
        "hour": "h hour",
        "minute": "m min minute",
    }.items()
    for word in words.split()
}
"""The kind of axis, by the letters before or after a number."""

# A run of letters and digits with a decimal point inside is not split at the point.
_OTHERS = r"((?:[^\w.]|_|(?<!\d)\.|\.(?!\d))+)"
_SEPARATORS = [re.compile(s) for s in (r"([/\\]+)", r"(_+)", _OTHERS, r"(\d+(?:\.\d+)?)")]
_DIGITS_LEVEL = 3
_WITH_POINTS = {2: re.compile(r"((?:[^\w]|_)+)"), 3: re.compile(r"(\d+)")}
"""Used in place of these where points are no decimal points: ``img_0001.2``."""
_DECIMAL = re.compile(r"\d+\.\d+")
_ONE_NUMBER = re.compile(r"(\D*)\d+(\D*)")
_DIGITS = re.compile(r"\d+")
_MAX_OUTLIERS = 0.1
_MANY = 10


@dataclass(slots=True, eq=False)
class Token:
    """A part of all names, and its axis: the i-th name has ``texts[codes[i]]``."""

    texts: list[str]
    """Its distinct texts, in the order of appearance."""
    codes: Codes
    """For each name, the position in `texts`."""
    joint: bool = False
    """Whether the token before it ends right where it begins."""
    in_run: bool = False
    """Whether it is one of the letters or numbers of a run of letters and digits."""
    name: str = ""
    """The axis, empty if nothing names it."""
    family: str = ""
    """The kind of axis, empty if unknown."""
    form: str = ""
    """The format of dates."""
    is_axis: bool = True
    """Whether it counts the files, if it varies; else the pattern matches any text there."""

    @property
    def varies(self) -> bool:
        """Whether it has more than one text."""
        return len(self.texts) > 1

    @property
    def is_number(self) -> bool:
        """Whether all texts are digits, with or without a sign and a decimal point."""
        if "".join(self.texts).isdecimal():  # fast for many
            return "" not in self.texts
        digits = [text[1:] if text[:1] in ("-", "+") else text for text in self.texts]
        return all(
            text[:1].isdecimal() and text[-1:].isdecimal() and text.replace(".", "", 1).isdecimal()
            for text in digits
        )


class Outliers(Exception):
    """Some names are built otherwise than nearly all others; the argument is their positions."""


def tokenize(names: Sequence[str]) -> list[Token]:
    """Split names into tokens.

    Raises `Outliers` if a few names have a word where all others have one of many numbers.

    >>> [(token.texts, token.joint) for token in tokenize(["img_z1", "img_z2"])]
    [(['img_'], False), (['z'], False), (['1', '2'], True)]
    """
    end = common_suffix(names)
    stems = [name[: -len(end)] for name in names] if end else names
    tokens = _with_signs(_split(Token(*factorize(stems)), 0))
    if end:
        tokens.append(Token([end], np.zeros(len(names), np.int32)))
    merged: list[Token] = []
    for token in tokens:  # constant neighbours become one, but not letters before digits
        before = merged[-1] if merged else token
        if merged and not (token.in_run or before.in_run or token.varies or before.varies):
            merged[-1] = joined(before, token)
        else:
            merged.append(token)
    return merged


def common_suffix(names: Sequence[str]) -> str:
    """Return the file name suffix that all names have, or ``""``.

    >>> common_suffix(["a.ome.tif", "b.tif"]), common_suffix(["a.tif", "b.png"])
    ('.tif', '')
    """
    end = os.path.splitext(names[0])[1]
    return end if all(name.endswith(end) for name in names) else ""


def joined(first: Token, second: Token) -> Token:
    """Return two tokens as one, without an axis name.

    >>> pair = [Token(["A", "B"], np.array([0, 1])), Token(["1"], np.array([0, 0]))]
    >>> joined(*pair).texts
    ['A1', 'B1']
    """
    pairs = first.codes.astype(np.int64) * len(second.texts) + second.codes
    seen, codes = np.unique(pairs, return_inverse=True)
    places = (divmod(pair, len(second.texts)) for pair in seen.tolist())
    texts = [first.texts[i] + second.texts[k] for i, k in places]
    return Token(texts, codes.astype(np.int32), first.joint, first.in_run)


def determines(one: Token, other: Token) -> bool:
    """Return whether each text of one token occurs with just one text of the other.

    >>> determines(Token(["A1", "A2"], np.array([0, 1])), Token(["A"], np.array([0, 0])))
    True
    """
    partner = np.zeros(len(one.texts), np.int64)
    partner[one.codes] = other.codes
    return bool((partner[one.codes] == other.codes).all())


def _split(token: Token, level: int) -> list[Token]:
    """Split a token at the separators of a level, and its parts at those of the next."""
    if not token.varies or level == len(_SEPARATORS):
        return [token]
    digits = level == _DIGITS_LEVEL
    separator = _SEPARATORS[level]
    if level in _WITH_POINTS and not _are_decimal(token.texts):
        separator = _WITH_POINTS[level]
    if not any(map(separator.search, token.texts if digits else token.texts[:1])):
        return _split(token, level + 1)
    columns = (_one_number(token.texts) if digits else []) or _columns(token.texts, separator)
    if digits:
        mixed = len(columns) > 3 and any("" in texts and any(texts) for texts, _ in columns[::2])
        if mixed or not columns:
            _check_outliers(token)
            return [token]
    elif len(columns) < 2 or any(len(texts) > 1 for texts, _ in columns[1::2]):
        return _split(token, level + 1)
    parts: list[Token] = []
    for texts, codes in columns:
        if texts != [""]:
            part = Token(texts, codes[token.codes], digits and bool(parts), digits)
            parts += [part] if digits else _split(part, level + 1)
    return parts


def _are_decimal(texts: list[str]) -> bool:
    """Return whether all points between digits are decimal points, not separators."""
    found = {number for numbers in map(_DECIMAL.findall, texts) for number in numbers}
    padded = any(number[0] == "0" and number[1] != "." for number in found)
    return not padded and len({number.rstrip("0") for number in found}) == len(found)


def _one_number(texts: list[str]) -> list[tuple[list[str], Codes]]:
    """Return the same as `_columns` at digits if only one number varies, else an empty list.

    It compares texts in place of splitting each of them, which is fast for many.
    """
    match = _ONE_NUMBER.fullmatch(texts[0])
    if match is None:
        return []
    before, behind = match.groups()
    end = -len(behind) or None
    numbers = [text[len(before) : end] for text in texts]
    if not "".join(numbers).isdecimal() or "" in numbers:
        return []
    if not all(text.startswith(before) and text.endswith(behind) for text in texts):
        return []
    same = np.zeros(len(texts), np.int32)
    return [([before], same), (numbers, np.arange(len(texts), dtype=np.int32)), ([behind], same)]


def _columns(texts: list[str], separator: re.Pattern[str]) -> list[tuple[list[str], Codes]]:
    """Return the parts of texts and the separators between, by column.

    The list is empty if the texts have different numbers of parts.
    """
    batches = (
        list(map(separator.split, texts[first : first + BATCH]))
        for first in range(0, len(texts), BATCH)
    )
    try:
        parts, codes = factorize_rows(batches, len(separator.split(texts[0])), len(texts))
    except ValueError:
        return []
    return list(zip(parts, codes, strict=True))


def _check_outliers(token: Token) -> None:
    """Raise `Outliers` if most texts are numbers of the same form, and a few are not.

    The form of a text is the text with each number replaced by ``0``. Among many texts the
    shares of the forms decide. A few texts may well be words (``Cy3, Cy5, DAPI``), unless
    their letters, padding or an unbroken sequence show that the numbers count (``t1, t2,
    notes``). A text that occurs in as many files as each number is a word, too.
    """
    forms = [_DIGITS.sub("0", text) for text in token.texts]
    (main, count), *_ = Counter(forms).most_common(1)
    if "0" not in main or count == len(forms):
        return
    other = np.array([form != main for form in forms])
    odd = np.flatnonzero(other[token.codes])
    files = np.bincount(token.codes)
    many = count >= _MANY and len(odd) <= _MAX_OUTLIERS * len(token.codes)
    equal = files[other].max() >= files[~other].min() and len(files) < len(token.codes)
    texts = [text for text, is_other in zip(token.texts, other, strict=True) if not is_other]
    if many or (not equal and count > len(forms) - count and _do_count(main, texts)):
        raise Outliers(odd.tolist())


def _do_count(form: str, texts: list[str]) -> bool:
    """Return whether texts of one form are numbers that count, not words with digits."""
    if len(texts) < 2:
        return False
    if all(letters.lower() in FAMILIES for letters in form.split("0")[:-1]):
        return True
    numbers = [_DIGITS.findall(text)[0] for text in texts]
    padded = any(number[0] == "0" and len(number) > 1 for number in numbers)
    values = sorted(int(number) for number in numbers if len(number) < 20)
    unbroken = len(values) > 2 and values == list(range(values[0], values[0] + len(values)))
    return form.count("0") == 1 and (padded or unbroken)


def _with_signs(tokens: list[Token]) -> list[Token]:
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
        number = joined(signs, token)
        number.in_run = token.in_run
        number.joint = bool(base) or before.joint
        result.pop()
        if base:
            result.append(replace(before, texts=[base], codes=np.zeros_like(before.codes)))
        result.append(number)
    return result
