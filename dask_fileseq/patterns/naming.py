"""Which axes the varying pieces of names are, by the letters around them."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from dask_fileseq.patterns.atoms import FAMILIES, Atom, joined

__all__ = ["Ambiguous", "Piece", "joint_words", "named", "same_partition", "wells_joined"]

_LABEL = re.compile(r"(?:^|[^A-Za-z])([A-Za-z]+)[ _.=-]+$")
_ROWS = frozenset("ABCDEFGHIJKLMNOP")
_ALL_ROWS = frozenset([*string.ascii_uppercase, "AA", "AB", "AC", "AD", "AE", "AF"])
"""Those of a plate of 1,536 wells, which are told from words by ``AA`` to ``AF``."""
_COLUMNS = 48


@dataclass(slots=True, eq=False)
class Piece:
    """A piece of all names, and what it is."""

    atom: Atom
    name: str = ""
    """The axis, empty if nothing names it."""
    family: str = ""
    """What kind of axis that is; empty if not known."""
    form: str = ""
    """The format of dates."""
    is_axis: bool = True
    """Whether the texts count the files; else, and if they vary, they are left open."""


class Ambiguous(Exception):
    """Two readings of the names fit."""

    def __init__(self, one: list[Piece], two: list[Piece]) -> None:
        super().__init__(one, two)
        self.readings = one, two


def wells_joined(atoms: list[Atom]) -> list[Piece]:
    """Return pieces, where a letter and a number that are a well of a plate are one.

    Where one well is written in two ways, ``A1`` and ``A01``, rows and columns stay two.
    """
    pieces: list[Piece] = []
    for atom in atoms:
        if not (pieces and atom.joint and _is_well(pieces[-1].atom, atom)):
            pieces.append(Piece(atom))
            continue
        well = joined(pieces[-1].atom, atom)
        if len({re.sub("(?<=[A-Z])0", "", text) for text in well.texts}) == len(well.texts):
            pieces[-1] = Piece(well, "well", "well")
        else:
            pieces[-1] = Piece(pieces[-1].atom, "row", "row")
            pieces.append(Piece(replace(atom, joint=False), "column", "column"))
    return pieces


def _is_well(row: Atom, column: Atom) -> bool:
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


def joint_words(pieces: list[Piece]) -> list[Piece]:
    """Return pieces, where words that vary together, with only marks between, are one."""
    result: list[Piece] = []
    for piece in pieces:
        result.append(piece)
        if len(result) > 2 and all(_is_word(result[k]) for k in (-1, -3)):
            first, between, last = (p.atom for p in result[-3:])
            marks = not between.varies and not re.search(r"[\w/\\\0-\x08]", between.texts[0])
            if marks and same_partition(first, last):
                result[-3:] = [Piece(joined(joined(first, between), last))]
    return result


def _is_word(piece: Piece) -> bool:
    return piece.atom.varies and not (piece.name or piece.form or piece.atom.is_number)


def same_partition(one: Atom, two: Atom) -> bool:
    """Return whether two atoms vary together: each text of one with one of the other.

    >>> one, two = Atom(["a", "b"], np.array([0, 1])), Atom(["x", "y"], np.array([1, 0]))
    >>> same_partition(one, two)
    True
    """
    if len(one.texts) != len(two.texts):
        return False
    partner = np.zeros(len(one.texts), np.int64)
    partner[one.codes] = two.codes
    return bool((partner[one.codes] == two.codes).all())


def named(pieces: list[Piece]) -> None:
    """Give names to numbers and words, in place.

    Raises
    ------
    Ambiguous
        Letters before and behind numbers name them as well.
    """
    for start, end in _chains(pieces):
        _name_numbers(pieces, start, end)
    for i, piece in enumerate(pieces):
        if not (piece.atom.varies and piece.is_axis) or piece.name:
            continue
        label = _label(pieces, i)
        if label:
            piece.name, piece.family = label, FAMILIES[label.lower()]
        elif piece.atom.is_number and _is_behind_row(pieces, i):
            piece.name = piece.family = "column"
        elif not piece.atom.is_number:
            _name_word(pieces, i)
    _number_repeated(pieces)


def _label(pieces: Sequence[Piece], i: int) -> str:
    """Return letters that stand before a piece, with marks between, if they name an axis."""
    before = _constant_before(pieces, i)
    match = None if before.strip() == "x" else _LABEL.search(before)  # "2 x 3"
    if match is None or match[1].lower() not in FAMILIES:
        return ""
    # a letter beside a word says too little
    return match[1] if pieces[i].atom.is_number or len(match[1]) > 1 else ""


def _is_behind_row(pieces: Sequence[Piece], i: int) -> bool:
    """Return whether just marks stand between a number and rows of a plate: ``A - 01``."""
    between = _constant_before(pieces, i)
    k = i - 1
    while k >= 0 and not pieces[k].atom.varies:
        k -= 1
    marks = 0 < len(between) <= len(" - ") and not re.search(r"[\w/\\]", between)
    return marks and k >= 0 and pieces[k].family == "row"


def _chains(pieces: list[Piece]) -> list[tuple[int, int]]:
    """Return where runs of letters and digits, with nothing between them, start and end."""
    starts = [i for i, piece in enumerate(pieces) if not piece.atom.joint]
    return list(pairwise([*starts, len(pieces)]))


def _name_numbers(pieces: list[Piece], start: int, end: int) -> None:
    """Name the numbers of a run by the letters before them, or by those behind."""
    numbers = [i for i in range(start, end) if pieces[i].atom.is_number and not pieces[i].name]
    varying = [i for i in numbers if pieces[i].atom.varies]
    if not varying:
        return
    if len(numbers) == 2 and _is_tile(pieces, start, end):
        for i, number in enumerate(varying):
            pieces[number].name = f"tile_{i}" if len(varying) > 1 else "tile"
            pieces[number].family = pieces[number].name
        return
    before = {i: _letters(pieces, i - 1) if i > start else "" for i in numbers}
    behind = {i: _letters(pieces, i + 1) if i + 1 < end else "" for i in numbers}
    known_before, known_behind = (
        all(name.lower() in FAMILIES for name in names.values()) for names in (before, behind)
    )
    names = before
    if all(before.values()) and all(behind.values()):
        if known_before and known_behind:
            raise Ambiguous(_with(pieces, before), _with(pieces, behind))
        names = behind if known_behind else before
    elif all(behind.values()):
        label = "" if known_behind or len(numbers) > 1 else _label(pieces, numbers[0])
        names = dict.fromkeys(numbers, label) if label else behind  # "z_0.5um"
    elif not all(before.values()) and any(before.values()):
        if len(varying) > 1:
            raise Ambiguous(_with(pieces, before), _with(pieces, behind))
        names = {i: before[i] or behind[i] for i in varying}
    for i in varying:
        name = names[i]
        pieces[i].name, pieces[i].family = name, FAMILIES.get(name.lower(), "")


def _is_tile(pieces: Sequence[Piece], start: int, end: int) -> bool:
    """Return whether a run is two numbers and an ``x`` between, ``3x4``."""
    return end - start == 3 and _letters(pieces, start + 1).lower() == "x"


def _with(pieces: list[Piece], names: dict[int, str]) -> list[Piece]:
    """Return pieces with other names for some of them."""
    return [Piece(p.atom, names[i]) if i in names else p for i, p in enumerate(pieces)]


def _letters(pieces: Sequence[Piece], i: int) -> str:
    """Return letters that can be the name of an axis: constant ones, but for their case."""
    piece = pieces[i]
    text = piece.atom.texts[0]
    is_open = (
        piece.atom.varies and not piece.is_axis and len({*map(str.lower, piece.atom.texts)}) == 1
    )
    constant = is_open or not piece.atom.varies
    return text if constant and text.isalpha() and text.isidentifier() else ""


def _constant_before(pieces: Sequence[Piece], i: int) -> str:
    """Return the constant text before a piece; not letters right behind another number."""
    start = i
    while start and not pieces[start - 1].atom.varies:
        start -= 1
    if 0 < start < i and pieces[start].atom.joint and pieces[start - 1].atom.is_number:
        start += 1
    return "".join(piece.atom.texts[0] for piece in pieces[start:i])


def _name_word(pieces: Sequence[Piece], i: int) -> None:
    """Name words: rows of a plate, folders, or channels."""
    piece = pieces[i]
    in_folder = any("/" in text for later in pieces[i + 1 :] for text in later.atom.texts[:1])
    if _are_rows(piece.atom.texts) and not piece.atom.joint:
        piece.name = piece.family = "row"
    elif in_folder:
        piece.name = "folder"
    else:
        piece.name = piece.family = "channel"


def _number_repeated(pieces: Sequence[Piece]) -> None:
    """Give names that occur again a number."""
    seen: Counter[str] = Counter()
    for piece in pieces:
        if piece.atom.varies and piece.name:
            seen[piece.name] += 1
            if seen[piece.name] > 1:
                piece.name = f"{piece.name}_{seen[piece.name] - 1}"
