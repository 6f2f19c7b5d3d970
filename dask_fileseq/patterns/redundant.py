"""Pieces of names that say the same as others: no axes of a grid, so they are left open."""

from __future__ import annotations

import math
import re

import numpy as np

from dask_fileseq.patterns.atoms import Atom
from dask_fileseq.patterns.naming import Ambiguous, Piece, same_partition

__all__ = ["drop_repeated", "is_plain", "name_others", "tells"]

_TWO_READINGS = 2
"""Values that may go together by chance: more that do, in all files, say the same."""


def tells(one: Atom, other: Atom) -> bool:
    """Return whether a text of one atom always goes with the same text of the other.

    >>> tells(Atom(["A1", "A2"], np.array([0, 1])), Atom(["A"], np.array([0, 0])))
    True
    """
    partner = np.zeros(len(one.texts), np.int64)
    partner[one.codes] = other.codes
    return bool((partner[one.codes] == other.codes).all())


def name_others(pieces: list[Piece]) -> None:
    """Name numbers that no letters name."""
    varying = [piece for piece in pieces if piece.atom.varies and piece.is_axis]
    others = [piece for piece in varying if not piece.name]
    for i, piece in enumerate(others):
        piece.name = "sequence" if len(varying) == 1 else f"Q_{i}" if len(others) > 1 else "Q"


def drop_repeated(pieces: list[Piece]) -> None:
    """Leave open what says the same as another axis, a part of it, or as all others.

    Raises
    ------
    Ambiguous
        It is not plain which of two axes says the same as the other.
    """
    axes = [piece for piece in pieces if piece.atom.varies and piece.is_axis]
    for piece in axes:
        piece.is_axis = not any(_has_in_it(other, piece) for other in axes)
    for i, piece in enumerate(axes):
        for other in axes[:i]:
            if piece.is_axis and other.is_axis and same_partition(piece.atom, other.atom):
                _drop_one(pieces, other, piece)
    _drop_stamps([piece for piece in axes if piece.is_axis])
    left = [piece for piece in axes if piece.is_axis and is_plain(piece)]
    for i, piece in enumerate(left):
        lonely = sum(axis.is_axis for axis in axes) == 1
        piece.name = "sequence" if lonely else f"Q_{i}" if len(left) > 1 else "Q"


def _has_in_it(whole: Piece, part: Piece) -> bool:
    """Return whether a date or well tells a part of it: the year, or the row, of its folder."""
    families = ("", "row", "column") if whole.family == "well" else ("",)
    if whole is part or not (whole.form or whole.family == "well"):
        return False
    if part.form or part.family not in families or not tells(whole.atom, part.atom):
        return False
    pairs = dict(zip(whole.atom.codes.tolist(), part.atom.codes.tolist(), strict=True))
    texts = whole.atom.texts, part.atom.texts
    return all(_digits(texts[1][k]) in _digits(texts[0][i]) for i, k in pairs.items())


def _digits(text: str) -> str:
    """Return a text without the marks in it, and a digit alone as two."""
    text = re.sub(r"[\W_]", "", text)
    return text.zfill(2) if text.isdecimal() else text


def _drop_stamps(axes: list[Piece]) -> None:
    """Leave open numbers and dates that stamp files, where other axes tell files apart.

    These must fill at least half of their grid, or all of it where a stamp is not one of
    nearly each file, but numbers the cells of some of the axes.
    """
    files = len(axes[0].atom.codes) if axes else 0
    for piece in sorted(axes, key=lambda piece: -len(piece.atom.texts)):
        others = [axis for axis in axes if axis.is_axis and axis is not piece]
        cells = math.prod(len(axis.atom.texts) for axis in others)
        may_be = piece.form or (piece.atom.is_number and not piece.family)
        each = 2 * len(piece.atom.texts) > files and cells <= 2 * files
        some = len(piece.atom.texts) > _TWO_READINGS and cells == files
        if len(others) > 1 and may_be and (each or some):
            index = np.zeros(files, np.int64)
            for axis in others:
                index = index * len(axis.atom.texts) + axis.atom.codes
            piece.is_axis = bool(np.bincount(index).max() > 1)


def _drop_one(pieces: list[Piece], one: Piece, two: Piece) -> None:
    """Leave one of two open that vary together, if it is plain which one."""
    if one.family and two.family and one.family != two.family:
        return
    near = pieces.index(two) - pieces.index(one) == 1
    if near or (one.family == two.family and (one.family or _same_texts(one.atom, two.atom))):
        worse = one if one.atom.is_number and not two.atom.is_number else two
    elif bool(one.family) != bool(two.family):
        worse = two if one.family else one
        if is_plain(worse) and len(one.atom.texts) <= _TWO_READINGS:
            raise Ambiguous(*_either(pieces, worse))
    elif len(one.atom.texts) > _TWO_READINGS:
        worse = one if one.atom.is_number and not two.atom.is_number else two
    else:
        raise Ambiguous(*_either(pieces, two))
    worse.is_axis = False


def is_plain(piece: Piece) -> bool:
    """Return whether no letters name a piece."""
    return re.fullmatch(r"Q(_\d+)?|sequence|", piece.name) is not None


def _either(pieces: list[Piece], worse: Piece) -> tuple[list[Piece], list[Piece]]:
    """Return the pieces as they are, and with one of them left open."""
    open_ = [Piece(p.atom, p.name, p.family, p.form, p.is_axis and p is not worse) for p in pieces]
    return pieces, open_


def _same_texts(one: Atom, two: Atom) -> bool:
    places = np.zeros(len(one.texts), np.int64)
    places[one.codes] = two.codes
    return all(text == two.texts[k] for text, k in zip(one.texts, places.tolist(), strict=True))
