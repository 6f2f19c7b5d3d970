"""A pattern from the names alone.

Names are cut into what is constant and what varies (`atoms`); numbers are named by the
letters around them, words are channels (`naming`). What says the same as another axis is
left open. Where two readings fit, both are shown in place of a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np

from dask_fileseq.errors import NamesError
from dask_fileseq.patterns.atoms import Atom, Strays, atoms_of
from dask_fileseq.patterns.known import followed_preset
from dask_fileseq.patterns.masks import (
    ANY,
    alike,
    below_common_folder,
    dates_masked,
    guids_masked,
)
from dask_fileseq.patterns.naming import (
    Ambiguous,
    Piece,
    joint_words,
    named,
    wells_joined,
)
from dask_fileseq.patterns.pattern import NamePattern
from dask_fileseq.patterns.redundant import drop_repeated, is_plain, name_others, tells
from dask_fileseq.patterns.spoken import compiled

__all__ = ["infer"]

_ROUNDS = 5
_CHECKED = 1000
_NEARLY_ALL = 0.9


def infer(names: Sequence[str]) -> NamePattern:
    """Return the pattern that most names have in common.

    Parameters
    ----------
    names : sequence of str
        File names. Those of another make than most (thumbnails, strays) are not looked
        at: the pattern does not match them.

    Returns
    -------
    NamePattern
        A format string. An axis has the letters before its number as its name, or those
        behind (``t``, ``Z``, ``ch``, ``stack``); a letter and a number of two digits are a
        ``well``; words are the ``channel``, or the ``folder``; dates are the ``date`` or,
        with a clock, the ``time``. A number without letters is ``Q``; if it is all that
        varies, ``sequence``. What is constant, or says the same as another axis, is no axis.

    Raises
    ------
    NamesError
        Nothing varies, the names differ in make, or two readings fit.

    Examples
    --------
    >>> print(infer(["s1/t0_DAPI.tif", "s1/t0_GFP.tif", "s1/t1_DAPI.tif", "s1/t1_GFP.tif"]))
    t{t:d}_{channel}.tif
    """
    if not len(names) or min(names) == max(names):
        raise _refusal(f"nothing varies in {len(names):,} file names")
    kept = alike(below_common_folder(list(names)))
    for _ in range(_ROUNDS):
        masked, dates = dates_masked(guids_masked(kept))
        try:
            pieces = joint_words(wells_joined(atoms_of(masked)))
            _open_spellings(pieces)
            _open_loose_parts(pieces)
        except (Strays, NamesError) as error:
            known = followed_preset(kept)  # B8A beside B02 is a band, no stray
            if known:
                return NamePattern.of(known)
            if not isinstance(error, Strays):
                raise
            away = set(error.places)
            kept = [name for i, name in enumerate(kept) if i not in away]
            continue
        return NamePattern.of(_checked_reading(_unmasked(pieces, dates), kept))
    raise _refusal("names are of too many makes")


def _checked_reading(pieces: list[Piece], names: list[str]) -> str:
    """Return the reading of the pieces as a format string that finds them in the names.

    Where letters do not tell what numbers are, the one preset may that all names follow.
    """
    try:
        named(pieces)
        name_others(pieces)
        drop_repeated(pieces)
    except Ambiguous as ambiguous:
        known = followed_preset(names)
        if known:
            return known
        one, two = (_written_anew(reading) for reading in ambiguous.readings)
        raise _refusal(f"two readings fit: pattern={one!r} or pattern={two!r}") from None
    axes = [piece for piece in pieces if piece.atom.varies and piece.is_axis]
    if not axes:
        raise _refusal(f"nothing varies in names such as {names[0]!r}")
    words = len(axes) == 1 and axes[0].family == "channel"  # of as many makes as there are words
    known = followed_preset(names) if words or (any(map(is_plain, axes)) and axes[1:]) else ""
    if known:
        return known
    text = _written(pieces)
    _check(text, pieces, names)
    return text


def _unmasked(pieces: list[Piece], dates: dict[str, tuple[str, Atom]]) -> list[Piece]:
    """Return pieces with dates, and what is left open, in place of their marks."""
    result: list[Piece] = []
    for piece in pieces:
        if piece.atom.varies or not re.search(r"[\0-\x08]", piece.atom.texts[0]):
            result.append(piece)
            continue
        for text in re.split(r"([\0-\x08])", piece.atom.texts[0]):
            if text in dates:
                form, atom = dates[text]
                name = "time" if "%H" in form else "date"
                result.append(Piece(atom, name, "date", form))
            elif text == ANY:
                result.append(Piece(Atom([ANY], piece.atom.codes), is_axis=False))
            elif text:
                result.append(Piece(Atom([text], piece.atom.codes)))
    return result


def _open_spellings(pieces: list[Piece]) -> None:
    """Leave open what differs in spelling alone; refuse words of which only some do.

    One word may be spelled in other letter case, and its marks on letters, which file
    systems of Apple store as characters of their own, in two ways.
    """
    for piece in pieces:
        if not piece.atom.varies or piece.form or piece.atom.is_number:
            continue
        words = [unicodedata.normalize("NFC", text).casefold() for text in piece.atom.texts]
        if len(set(words)) == 1:
            piece.is_axis = False
        elif len(set(words)) < len(words):
            ((word, _),) = Counter(words).most_common(1)
            one, two, *_ = (t for t, w in zip(piece.atom.texts, words, strict=True) if w == word)
            if one.casefold() == two.casefold():
                raise _refusal(f"{one!r} and {two!r} differ in letter case alone")
            raise _refusal(f"{one!a} and {two!a} differ in how marks are stored alone")


def _open_loose_parts(pieces: list[Piece]) -> None:
    """Leave open what stands in some names only, if other words tell in which ones.

    Raises
    ------
    Strays
        It stands in a few names, or in all but a few.
    """
    words = [p.atom for p in pieces if p.atom.varies and not p.atom.is_number]
    for piece in pieces:
        if piece.atom.varies and "" in piece.atom.texts:
            if not any(tells(other, piece.atom) for other in words if other is not piece.atom):
                counts = np.bincount(piece.atom.codes)
                if counts.max() >= _NEARLY_ALL * len(piece.atom.codes):
                    raise Strays(np.flatnonzero(piece.atom.codes != counts.argmax()).tolist())
                texts = ", ".join(repr(text) for text in piece.atom.texts[:3] if text)
                raise _refusal(f"{texts} stand before or behind numbers in some names only")
            piece.is_axis = False


def _written_anew(pieces: list[Piece]) -> str:
    for piece in pieces:
        if is_plain(piece):
            piece.name = ""
    name_others(pieces)
    return _written(pieces)


def _written(pieces: list[Piece]) -> str:
    """Return pieces as a format string."""
    text = "".join(map(_field, pieces))
    text = re.sub(r"(\{\}){2,}", "{}", text)
    regex, _ = compiled(text)
    is_regex = regex is not None and regex.groups > 0
    return f"format:{text}" if is_regex or re.search(r"<[^<>]*[-,][^<>]*>", text) else text


def _field(piece: Piece) -> str:
    """Return one piece as text or as a field."""
    texts = piece.atom.texts
    if texts == [ANY]:
        return "{:uuid}"
    if not piece.atom.varies:
        return texts[0].replace("{", "{{").replace("}", "}}")
    name = piece.name if piece.is_axis else ""
    if piece.form:
        return f"{{{name}:{piece.form}}}"
    if not piece.atom.is_number:
        return f"{{{name}}}"
    if any("." in text for text in texts):
        return f"{{{name}:f}}"
    sign = "+" if any(text[0] == "+" for text in texts) else ""
    width = min(map(len, texts))
    digits = [text.lstrip("+-") for text in texts]
    padded = any(text[0] == "0" and len(text) > 1 for text in digits)
    return f"{{{name}:{sign}0{width}d}}" if padded and width > 1 else f"{{{name}:{sign}d}}"


def _check(text: str, pieces: list[Piece], names: list[str]) -> None:
    """Refuse a reading that does not find in names what it was made of."""
    pattern = NamePattern.of(text)
    axes = [p.atom for p in pieces if p.atom.varies and p.is_axis]
    for i in range(0, len(names), max(1, len(names) // _CHECKED)):
        found = pattern.match(names[i])
        if found is None or found[1] != tuple(atom.texts[atom.codes[i]] for atom in axes):
            raise _refusal(f"pattern={text!r} nearly fits, but not {names[i]!r}")


def _refusal(why: str) -> NamesError:
    return NamesError(
        f"pattern='infer' finds no pattern: {why}; say the pattern, or pass pattern=None to put "
        "the files in a row, in natural order"
    )
