"""Names cut into what is constant and what varies: `Atom`, column by column.

All names of a column are cut at the same kind of separators if all have the same ones:
first between folders, then at underscores, at any others, and between letters and
digits. A column that cannot be cut is a number or a word.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dask_fileseq.patterns.columns import BATCH, Codes, Numbering, factorised

__all__ = ["FAMILIES", "Atom", "Strays", "atoms_of", "common_suffix", "joined"]

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
"""What letters before or after a number mean."""

# A run of letters and digits with a decimal point inside is not cut at the point.
_OTHERS = r"((?:[^\w.]|_|(?<!\d)\.|\.(?!\d))+)"
_CUTS = [re.compile(cut) for cut in (r"([/\\]+)", r"(_+)", _OTHERS, r"(\d+(?:\.\d+)?)")]
_AT_POINTS = {2: re.compile(r"((?:[^\w]|_)+)"), 3: re.compile(r"(\d+)")}
"""What stands for these where points are no decimal points: ``img_0001.2``."""
_DECIMAL = re.compile(r"\d+\.\d+")
_SIGNS = ("", "-", "+")
_ONE_NUMBER = re.compile(r"(\D*)\d+(\D*)")
_DIGITS = re.compile(r"\d+")
_LEAST = 0.9
_MANY = 10


@dataclass(slots=True)
class Atom:
    """A piece of all names: the i-th name has ``texts[codes[i]]``."""

    texts: list[str]
    """Its distinct texts, in the order of appearance."""
    codes: Codes
    """For each name, the place in `texts`."""
    joint: bool = False
    """Whether nothing stands between it and the atom before."""
    level: int = 0
    """How many kinds of separators it was cut at."""

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
        return all(text[:1].isdecimal() and text[-1:].isdecimal() for text in digits) and all(
            text.replace(".", "", 1).isdecimal() for text in digits
        )


class Strays(Exception):
    """Some names are of another make than nearly all others."""

    def __init__(self, places: Sequence[int]) -> None:
        super().__init__(places)
        self.places = places


def atoms_of(names: Sequence[str]) -> list[Atom]:
    """Cut names into atoms.

    Raises
    ------
    Strays
        Few names have a word where all others have one of many numbers.

    Examples
    --------
    >>> [(atom.texts, atom.joint) for atom in atoms_of(["img_z1", "img_z2"])]
    [(['img_'], False), (['z'], False), (['1', '2'], True)]
    """
    end = common_suffix(names)
    if not end:
        return _merged(_signed(_cut(Atom(*factorised(names)), 0)))
    atoms = _signed(_cut(Atom(*factorised([name[: -len(end)] for name in names])), 0))
    return _merged([*atoms, Atom([end], np.zeros(len(names), np.int32))])


def common_suffix(names: Sequence[str]) -> str:
    """Return the file name suffix that all names have, if they have one.

    >>> common_suffix(["a.ome.tif", "b.tif"]), common_suffix(["a.tif", "b.png"])
    ('.tif', '')
    """
    end = os.path.splitext(names[0])[1]
    return end if all(name.endswith(end) for name in names) else ""


def joined(first: Atom, second: Atom) -> Atom:
    """Return two atoms as one.

    >>> pair = [Atom(["A", "B"], np.array([0, 1])), Atom(["1"], np.array([0, 0]))]
    >>> joined(*pair).texts
    ['A1', 'B1']
    """
    both = first.codes.astype(np.int64) * len(second.texts) + second.codes
    seen, codes = np.unique(both, return_inverse=True)
    pairs = (divmod(int(pair), len(second.texts)) for pair in seen)
    texts = [first.texts[i] + second.texts[k] for i, k in pairs]
    return Atom(texts, codes.astype(np.int32), first.joint, first.level)


def _cut(atom: Atom, level: int) -> list[Atom]:
    """Cut an atom at the separators of a level, and its parts at those of the next."""
    if not atom.varies or level == len(_CUTS):
        return [atom]
    digits = level == len(_CUTS) - 1
    cut = _CUTS[level]
    if level in _AT_POINTS and not _are_decimal(atom.texts):
        cut = _AT_POINTS[level]
    if not any(map(cut.search, atom.texts if digits else atom.texts[:1])):
        return _cut(atom, level + 1)
    columns = (_one_number(atom.texts) if digits else []) or _columns(atom.texts, cut)
    if not columns:
        if digits:
            _find_strays(atom)
        return _cut(atom, level + 1)
    if len(columns) == 1 or (not digits and any(len(t) > 1 for t, _ in columns[1::2])):
        return _cut(atom, level + 1)
    if digits and len(columns) > 3 and not all(_same_kind(texts) for texts, _ in columns[::2]):
        _find_strays(atom)
        return [atom]
    atoms: list[Atom] = []
    for texts, codes in columns:
        if texts != [""]:
            part = Atom(texts, codes[atom.codes], digits and bool(atoms), level + 1)
            atoms += [part] if digits else _cut(part, level + 1)
    atoms[0].joint = atom.joint
    return atoms


def _are_decimal(texts: list[str]) -> bool:
    """Return whether points between digits are decimal points, which count no second thing."""
    found = {text for texts_found in map(_DECIMAL.findall, texts) for text in texts_found}
    padded = any(text[0] == "0" and text[1] != "." for text in found)
    return not padded and len({text.rstrip("0") for text in found}) == len(found)


def _one_number(texts: list[str]) -> list[tuple[list[str], Codes]]:
    """Return what `_columns` does at digits, where only one number varies: fast for many."""
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


def _columns(texts: list[str], cut: re.Pattern[str]) -> list[tuple[list[str], Codes]]:
    """Return the parts of texts and what stands between, by column; none if they differ."""
    width = len(cut.split(texts[0]))
    numberings = [Numbering() for _ in range(width)]
    codes = [np.empty(len(texts), np.int32) for _ in range(width)]
    for first in range(0, len(texts), BATCH):
        rows = list(map(cut.split, texts[first : first + BATCH]))
        if set(map(len, rows)) != {width}:
            return []
        for numbering, code, column in zip(numberings, codes, zip(*rows, strict=True), strict=True):
            places = map(numbering.__getitem__, column)
            code[first : first + len(rows)] = np.fromiter(places, np.int32, len(rows))
    return list(zip(map(list, numberings), codes, strict=True))


def _same_kind(texts: list[str]) -> bool:
    """Return whether all texts are empty, or none is."""
    return all(texts) or not any(texts)


def _find_strays(atom: Atom) -> None:
    """Raise `Strays` if most texts are numbers of the same make, and few are not.

    Among many texts, that shows by their count alone. A few are words all the same
    (``Cy3, Cy5, DAPI``), unless letters or zeros tell that the numbers count (``t1, t2,
    notes``), or they go up by one; what has as many files as they have is one of them.
    """
    makes = [_DIGITS.sub("0", text) for text in atom.texts]
    (main, count), *_ = Counter(makes).most_common(1)
    if "0" not in main or count == len(makes):
        return
    other = np.array([make != main for make in makes])
    odd = np.flatnonzero(other[atom.codes])
    files = np.bincount(atom.codes)
    many = count >= _MANY and len(odd) <= (1 - _LEAST) * len(atom.codes)
    equal = files[other].max() >= files[~other].min() and len(files) < len(atom.codes)
    counted = [text for text, is_other in zip(atom.texts, other, strict=True) if not is_other]
    if many or (not equal and count > len(makes) - count and _do_count(main, counted)):
        raise Strays(odd.tolist())


def _do_count(make: str, texts: list[str]) -> bool:
    """Return whether texts of one make are numbers that count, not words with digits."""
    if len(texts) < 2:
        return False
    if all(letters.lower() in FAMILIES for letters in make.split("0")[:-1]):
        return True
    numbers = [_DIGITS.findall(text)[0] for text in texts]
    padded = any(number[0] == "0" and len(number) > 1 for number in numbers)
    values = sorted(int(number) for number in numbers if len(number) < 20)
    in_turn = len(values) > 2 and values == list(range(values[0], values[0] + len(values)))
    return make.count("0") == 1 and (padded or in_turn)


def _signed(atoms: list[Atom]) -> list[Atom]:
    """Return atoms with signs that stand before some numbers of a column in these."""
    result: list[Atom] = []
    for atom in atoms:
        before = result[-1] if result and atom.joint and atom.is_number else None
        base = before.texts[0].rstrip("+-") if before is not None and before.varies else None
        if (
            before is None
            or base is None
            or not {base + s for s in _SIGNS}.issuperset(before.texts)
        ):
            result.append(atom)
            continue
        signs = Atom([text[len(base) :] for text in before.texts], before.codes)
        letters = Atom([base], np.zeros_like(before.codes), before.joint, before.level)
        result[-1:] = [letters] if base else []
        number = joined(signs, atom)
        result.append(Atom(number.texts, number.codes, bool(base) or before.joint, atom.level))
    return result


def _merged(atoms: list[Atom]) -> list[Atom]:
    """Return the atoms with neighbours that are constant as one, save letters before digits."""
    merged: list[Atom] = []
    for atom in atoms:
        tokens = len(_CUTS) in (atom.level, merged[-1].level if merged else 0)
        if merged and not (tokens or atom.varies or merged[-1].varies):
            merged[-1] = joined(merged[-1], atom)
        else:
            merged.append(atom)
    return merged
