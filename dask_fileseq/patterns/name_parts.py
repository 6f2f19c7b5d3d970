"""File names split into the parts that they have in common.

All names are split at the same places: between folders, at underscores, at blanks, at hyphens,
at other separators, and between letters and digits. A separator splits names only if all have
it equally often.
Names whose labels have different numbers of words (``Bright_Field``, ``DAPI``) are aligned from
both ends, and the label between is one part. What cannot be split is a number or a word.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dask_fileseq.patterns.axis_words import CATEGORIES, FAMILIES
from dask_fileseq.patterns.name_pattern import BATCH, Codes, factorize, factorize_rows
from dask_fileseq.patterns.outliers import check_outliers
from dask_fileseq.patterns.ragged_names import aligned_columns

# A point between digits is a separator if all names have it there, else a decimal point.
_OTHERS = r"((?:[^\w.]|_|(?<!\d)\.|\.(?!\d))+)"
_SEPARATORS = [
    re.compile(s)
    for s in (r"([/\\]+)", r"(__+)", r"(_+)", r"( +)", r"(-+)", r"((?:[^\w]|_)+)", _OTHERS)
]
_RAGGED = [re.compile(s) for s in (r"(_+)", _OTHERS)]
_DIGITS = re.compile(r"(\d+)")
_DECIMALS = re.compile(r"(\d+(?:\.\d+)?)")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_RUNS = re.compile(r"\d+|[^\W\d_]+|[\W_]+")
_HASH = re.compile(r"[0-9a-f]{4,}|[0-9A-F]{4,}|(?=.*\d.*\d)(?=.*[^\W\d_].*[^\W\d_])[^\W_]{8,}")
_ONE_NUMBER = re.compile(r"(\D*)\d+(\D*)")
_MOST_DIGITS = 300
"""Longer numbers are words, since they are none that Python or numpy could read."""
_SIGNS = frozenset(["", "-", "+"])


@dataclass(slots=True, eq=False)
class NamePart:
    """A part of all names: the i-th name has ``texts[codes[i]]``."""

    texts: list[str]
    """Its distinct texts, in the order of appearance."""
    codes: Codes
    """For each name, the position in `texts`."""
    joint: bool = False
    """Whether it is letters or digits right behind other letters or digits."""
    form: str = ""
    """The type of its field in a format string, if it is no plain number or word."""
    family: str = ""
    """The kind of axis, empty if unknown: ``date``, ``well``, or one of `FAMILIES`."""
    name: str = ""
    """The name of its axis."""
    axis: NamePart | None = None
    """The part that is an axis and of which this is a function; None for an axis itself."""
    why: str = ""
    """Why it is an axis or none, for people."""
    is_axis: bool = True
    """Whether it counts the files, if it varies; else the pattern matches any text there."""

    varies: bool = field(init=False)
    """Whether it has more than one text."""
    is_number: bool = field(init=False)
    """Whether all texts are digits, with or without a sign and a decimal point."""

    def __post_init__(self) -> None:
        self.varies = len(self.texts) > 1
        if len(self.texts[0]) > _MOST_DIGITS:
            self.is_number = False
        elif "".join(self.texts).isdecimal():  # fast for many
            self.is_number = "" not in self.texts
        else:
            self.is_number = all(map(_NUMBER.fullmatch, self.texts))

    @property
    def is_separator(self) -> bool:
        """Whether it is constant, without letters and digits."""
        return not self.varies and not any(map(str.isalnum, self.texts[0]))

    @property
    def is_word(self) -> bool:
        """Whether it varies and is neither a number nor of a type of its own."""
        return self.varies and self.is_axis and not (self.is_number or self.form or self.name)


def split_names(names: Sequence[str]) -> list[NamePart]:
    """Split names into parts.

    Raises `Outliers` if a few names have a word where all others have one of many numbers.

    >>> [(part.texts, part.joint) for part in split_names(["img_z1", "img_z2"])]
    [(['img'], False), (['_'], False), (['z'], False), (['1', '2'], True)]
    """
    end = common_suffix(names)
    stems = [name[: -len(end)] for name in names] if end else names
    parts = _split_alike(stems) or _split(*factorize(stems))
    if end:
        parts.append(NamePart([end], np.zeros(len(names), np.int32)))
    after_separator = True
    for part in parts:
        part.joint = not (after_separator or part.is_separator)
        after_separator = part.is_separator
    if end:
        parts[-1].joint = False
    return parts


def common_suffix(names: Sequence[str]) -> str:
    """Return the file name suffix that all names have, or ``""``.

    >>> common_suffix(["a.ome.tif", "b.tif"]), common_suffix(["a.tif", "b.png"])
    ('.tif', '')
    """
    end = os.path.splitext(names[0])[1]
    return end if all(name.endswith(end) for name in names) else ""


def joined(parts: Sequence[NamePart]) -> NamePart:
    """Return neighbouring parts as one, without the name of an axis.

    >>> pair = [NamePart(["A", "B"], np.array([0, 1])), NamePart(["1"], np.array([0, 0]))]
    >>> joined(pair).texts
    ['A1', 'B1']
    """
    varying = [part for part in parts if part.varies]
    codes, firsts = combined(varying) if varying else (parts[0].codes, np.zeros(1, np.int64))
    texts = ["".join(part.texts[part.codes[i]] for part in parts) for i in firsts]
    return NamePart(texts, codes, parts[0].joint)


def combined(parts: Sequence[NamePart]) -> tuple[Codes, np.ndarray]:
    """Return the number of each name's combination of texts, and the first name of each."""
    if len(parts) == 1:
        key = parts[0].codes
    else:
        key = parts[0].codes.astype(np.int64)
        for part in parts[1:]:
            key = key * len(part.texts) + part.codes
    numbers, codes = factorize(key.tolist())
    firsts = np.empty(len(numbers), np.int64)
    firsts[codes[::-1]] = np.arange(len(codes))[::-1]
    return codes, firsts


def cells(parts: Sequence[NamePart]) -> int:
    """Return the number of cells of a grid with these axes."""
    return math.prod(len(part.texts) for part in parts)


def determines(one: NamePart, other: NamePart) -> bool:
    """Return whether each text of one part occurs with just one text of the other.

    >>> determines(NamePart(["A1", "A2"], np.array([0, 1])), NamePart(["A"], np.array([0, 0])))
    True
    """
    partner = np.zeros(len(one.texts), np.int64)
    partner[one.codes] = other.codes
    return bool((partner[one.codes] == other.codes).all())


def is_hash(part: NamePart) -> bool:
    """Return whether all texts of a word are identifiers without meaning."""
    return (
        not part.is_number
        and len(set(map(len, part.texts))) == 1
        and all(map(_HASH.fullmatch, part.texts))
        and any(map(re.compile(r"\d").search, part.texts))
    )


def _split_alike(names: Sequence[str]) -> list[NamePart]:
    """Split names that are alike but for their digits and letters, which most are.

    All names are split at once, as one text with lines. The list is empty if they are not
    alike. The result is that of `_split`, in a third of the time.
    """
    runs = _RUNS.findall("\n".join(names))
    width = len(_RUNS.findall(names[0])) + 1
    if len(runs) != len(names) * width - 1 or {"\n"} != {*runs[width - 1 :: width]}:
        return [] if len(names) > 1 else [NamePart([run], np.zeros(1, np.int32)) for run in runs]
    parts = []
    same = np.zeros(len(names), np.int32)
    for k in range(width - 1):
        column = runs[k::width]
        first = column[0]
        if column.count(first) == len(column):
            parts.append(NamePart([first], same))
        elif first.isdecimal():
            if not "".join(column).isdecimal():
                return []
            parts.append(NamePart(*factorize(column)))
        elif first.isalpha() and "".join(column).isalpha():
            parts.append(NamePart(*factorize(column)))
        else:
            return []
    return parts


def _split(texts: list[str], codes: Codes) -> list[NamePart]:
    """Split texts at the first separator that they have in common, and their parts again."""
    if len(texts) == 1:
        return [NamePart([run], codes) for run in _RUNS.findall(texts[0])]
    if all(map(_NUMBER.fullmatch, texts)) and len({text.count(".") for text in texts}) > 1:
        return [NamePart(texts, codes)]
    for separator in _SEPARATORS:
        columns = _columns(texts, separator) if separator.search(texts[0]) else []
        if len(columns) > 1 and all(len(between) == 1 for between, _ in columns[1::2]):
            return [p for part, of in columns if part != [""] for p in _split(part, of[codes])]
    for separator in _RAGGED:
        aligned = aligned_columns(texts, separator)
        if aligned:
            return [p for column in aligned for p in _split_column(column, codes)]
    return _split_digits(texts, codes)


def _split_column(column: list[str], codes: Codes) -> list[NamePart]:
    texts, of = factorize(column)
    return _split(texts, of[codes]) if texts != [""] else []


def _split_digits(texts: list[str], codes: Codes) -> list[NamePart]:
    """Split texts between letters and digits; those that differ in their letters are words."""
    in_all = len({text.count(".") for text in texts}) == 1
    columns = _columns(texts, _DIGITS if in_all else _DECIMALS)
    partly = [(part, of) for part, of in columns[::2] if "" in part and not _SIGNS.issuperset(part)]
    is_prefix = bool(partly) and columns[0][0] is partly[0][0]
    category = bool(columns) and FAMILIES.get(columns[0][0][0].lower()) in CATEGORIES
    many = len(columns) > 3 or len(partly) > 1 or category
    if len(columns) < 2 or (partly and (many or (not is_prefix and _is_label(partly[0], codes)))):
        check_outliers(texts, codes)
        return [NamePart(texts, codes)]
    return [p for part, of in columns if part != [""] for p in _without_marks(part, of[codes])]


def _without_marks(texts: list[str], codes: Codes) -> list[NamePart]:
    """Return words without the separators that begin or end all of them, and these separators."""
    if len(texts) == 1:
        return [NamePart([run], codes) for run in _RUNS.findall(texts[0])]
    first, last = texts[0][:1], texts[0][-1:]
    begins = not first.isalnum() and all(t[:1] == first and len(t) > 1 for t in texts)
    ends = not last.isalnum() and all(t[-1:] == last and len(t) > 1 + begins for t in texts)
    words = [text[begins : len(text) - ends] for text in texts]
    same = np.zeros_like(codes)
    return [
        *([NamePart([first], same)] if begins else []),
        NamePart(words, codes),
        *([NamePart([last], same)] if ends else []),
    ]


def _is_label(partly: tuple[list[str], Codes], codes: Codes) -> bool:
    """Return whether letters in some texts only are a part of these, as in ``B02, B8A``.

    They are if each text with such letters occurs as often as the others.
    """
    part, of = partly
    if not all(text == "" or text.isalpha() for text in part):
        return False
    files = np.bincount(codes)
    odd = np.array([bool(text) for text in part])[of]
    return bool(2 * files[odd].max() > files[~odd].min()) and len(files) < len(codes)


def _columns(texts: list[str], separator: re.Pattern[str]) -> list[tuple[list[str], Codes]]:
    """Return the parts of texts and the separators between, by column.

    The list is empty if the texts have different numbers of parts. If only one number varies
    and separates them, texts are compared instead of split, which is fast for many.
    """
    match = _ONE_NUMBER.fullmatch(texts[0]) if separator is _DIGITS else None
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
