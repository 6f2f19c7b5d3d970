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
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from dask_fileseq.errors import NamesError
from dask_fileseq.patterns.axis_families import FAMILIES, are_rows
from dask_fileseq.patterns.name_pattern import BATCH, Codes, factorize, factorize_rows

# A run of letters and digits with a decimal point inside is not split at the point.
_OTHERS = r"((?:[^\w.]|_|(?<!\d)\.|\.(?!\d))+)"
_SEPARATORS = [re.compile(s) for s in (r"([/\\]+)", r"(_+)", _OTHERS, r"(\d+(?:\.\d+)?)")]
_DIGITS_LEVEL = 3
_WITH_POINTS = {2: re.compile(r"((?:[^\w]|_)+)"), 3: re.compile(r"(\d+)")}
"""Used in place of these where points are no decimal points: ``img_0001.2``."""
_DECIMAL = re.compile(r"\d+\.\d+")
_ONE_NUMBER = re.compile(r"(\D*)\d+(\D*)")
_DIGITS = re.compile(r"\d+")
_LABEL = re.compile(r"(?:^|[^A-Za-z])([A-Za-z]+)[ _.=-]+$")
UNNAMED = re.compile(r"Q(_\d+)?|sequence|")
"""The names of axes that no letters name."""
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

    varies: bool = field(init=False)
    """Whether it has more than one text."""
    is_number: bool = field(init=False)
    """Whether all texts are digits, with or without a sign and a decimal point."""

    def __post_init__(self) -> None:
        self.varies = len(self.texts) > 1
        if "".join(self.texts).isdecimal():  # fast for many
            self.is_number = "" not in self.texts
            return
        digits = [text[1:] if text[:1] in ("-", "+") else text for text in self.texts]
        self.is_number = all(
            text[:1].isdecimal() and text[-1:].isdecimal() and text.replace(".", "", 1).isdecimal()
            for text in digits
        )


class AmbiguousNames(Exception):
    """Two readings of the names fit; the arguments are the tokens of both."""


class Outliers(Exception):
    """Some names are built otherwise than nearly all others; the argument is their positions."""


def refusal(why: str) -> NamesError:
    """Return the error for names without an evident pattern."""
    return NamesError(
        f"pattern='infer' finds no pattern: {why}; say the pattern, or pass pattern=None to put "
        "the files in a row, in natural order"
    )


def tokenize(names: Sequence[str]) -> list[Token]:
    """Split names into tokens.

    Raises `Outliers` if a few names have a word where all others have one of many numbers.

    >>> [(token.texts, token.joint) for token in tokenize(["img_z1", "img_z2"])]
    [(['img_'], False), (['z'], False), (['1', '2'], True)]
    """
    end = common_suffix(names)
    stems = [name[: -len(end)] for name in names] if end else names
    tokens = _split(*factorize(stems), 0)
    if end:
        tokens.append(Token([end], np.zeros(len(names), np.int32)))
    merged: list[Token] = []
    for token in tokens:  # constant neighbours become one, but not letters before digits
        before = merged[-1] if merged else token
        if merged and not (token.in_run or before.in_run or token.varies or before.varies):
            merged[-1] = replace(before, texts=[before.texts[0] + token.texts[0]])
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


def _split(texts: list[str], codes: Codes, level: int) -> list[Token]:
    """Split texts at the separators of a level, and their parts at those of the next."""
    if len(texts) == 1 or level == len(_SEPARATORS):
        return [Token(texts, codes)]
    digits = level == _DIGITS_LEVEL
    separator = _SEPARATORS[level]
    if level in _WITH_POINTS and "." in "".join(texts) and not _are_decimal(texts):
        separator = _WITH_POINTS[level]
    if not any(map(separator.search, texts if digits else texts[:1])):
        return _split(texts, codes, level + 1)
    columns = _columns(texts, separator, digits)
    if digits:
        mixed = len(columns) > 3 and any("" in part and any(part) for part, _ in columns[::2])
        if mixed or not columns:
            _check_outliers(texts, codes)
            return [Token(texts, codes)]
    elif len(columns) < 2 or any(len(part) > 1 for part, _ in columns[1::2]):
        return _split(texts, codes, level + 1)
    tokens: list[Token] = []
    for part, codes_of in columns:
        if part == [""]:
            continue
        if digits:
            tokens.append(Token(part, codes_of[codes], bool(tokens), True))
        else:
            tokens += _split(part, codes_of[codes], level + 1)
    return tokens


def _are_decimal(texts: list[str]) -> bool:
    """Return whether all points between digits are decimal points, not separators."""
    found = {number for numbers in map(_DECIMAL.findall, texts) for number in numbers}
    padded = any(number[0] == "0" and number[1] != "." for number in found)
    return not padded and len({number.rstrip("0") for number in found}) == len(found)


def _columns(
    texts: list[str], separator: re.Pattern[str], digits: bool
) -> list[tuple[list[str], Codes]]:
    """Return the parts of texts and the separators between, by column.

    The list is empty if the texts have different numbers of parts. If only one number varies
    and separates them, texts are compared instead of split, which is fast for many.
    """
    match = _ONE_NUMBER.fullmatch(texts[0]) if digits else None
    if match is not None:
        before, behind = match.groups()
        numbers = [text[len(before) : -len(behind) or None] for text in texts]
        if (
            "".join(numbers).isdecimal()
            and "" not in numbers
            and all(text.startswith(before) and text.endswith(behind) for text in texts)
        ):
            same = np.zeros(len(texts), np.int32)
            each = np.arange(len(texts), dtype=np.int32)
            return [([before], same), (numbers, each), ([behind], same)]
    batches = (
        list(map(separator.split, texts[first : first + BATCH]))
        for first in range(0, len(texts), BATCH)
    )
    try:
        parts, codes = factorize_rows(batches, len(separator.split(texts[0])), len(texts))
    except ValueError:
        return []
    return list(zip(parts, codes, strict=True))


def _check_outliers(texts: list[str], codes: Codes) -> None:
    """Raise `Outliers` if most texts are numbers of the same form, and a few are not.

    The form of a text is the text with each number replaced by ``0``. Among many texts the
    shares of the forms decide. A few texts may well be words (``Cy3, Cy5, DAPI``), unless
    their letters, padding or an unbroken sequence show that the numbers count (``t1, t2,
    notes``). A text that occurs in as many files as each number is a word, too.
    """
    forms = [_DIGITS.sub("0", text) for text in texts]
    (main, count), *_ = Counter(forms).most_common(1)
    if "0" not in main or count == len(forms):
        return
    other = np.array([form != main for form in forms])
    odd = np.flatnonzero(other[codes])
    files = np.bincount(codes)
    many = count >= _MANY and len(odd) <= _MAX_OUTLIERS * len(codes)
    equal = files[other].max() >= files[~other].min() and len(files) < len(codes)
    alike = [text for text, is_other in zip(texts, other, strict=True) if not is_other]
    if many or (not equal and count > len(forms) - count and _do_count(main, alike)):
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
        elif are_rows(token.texts) and not token.joint:
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


def name_others(tokens: list[Token]) -> None:
    """Name the numbers that no letters name, in place."""
    axes = [token for token in tokens if token.varies and token.is_axis]
    others = [token for token in axes if UNNAMED.fullmatch(token.name)]
    for i, token in enumerate(others):
        token.name = "sequence" if len(axes) == 1 else f"Q_{i}" if len(others) > 1 else "Q"
