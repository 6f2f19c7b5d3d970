"""The choice of axes: parts of names that others explain are no axes.

A part is explained by another if each text of the other occurs with one of its texts, and if
the other has several files for each text: in names that each have a time of their own,
everything is a function of time, which proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from dask_fileseq.patterns.axis_names import are_years
from dask_fileseq.patterns.axis_words import word_axis
from dask_fileseq.patterns.date_relations import is_component, is_within
from dask_fileseq.patterns.name_parts import NamePart, cells, combined, determines, is_hash

_BY_CHANCE = 2
"""The number of values that may vary together by chance; more of them are one axis."""
_MANY_FILES = 8
"""So many files do not vary together by chance."""
_SPARSE = 2
_VERY_SPARSE = 10


class AmbiguousNames(Exception):
    """Two readings of the names fit; the arguments are the axes of both, by part."""


def choose_axes(fields: Sequence[NamePart]) -> None:
    """Make no axes of parts that others explain, in place.

    Raises `AmbiguousNames` if it is not evident which of two parts is the axis.
    """
    _drop_contained(fields)
    _drop_equal(fields)
    _drop_products(fields)
    _drop_explained(fields)
    _drop_stamps(fields)
    _drop_measured(fields)


def _axes(fields: Sequence[NamePart]) -> list[NamePart]:
    return [field for field in fields if field.is_axis]


def _drop(part: NamePart, axis: NamePart | None, why: str) -> None:
    part.is_axis, part.axis, part.why = False, axis, why


def _drop_contained(fields: Sequence[NamePart]) -> None:
    """Make no axes of parts of a date or well: the year, or the row, as a folder."""
    for part in fields:
        for whole in fields:
            if part.is_axis and whole.is_axis and _is_contained(part, whole):
                _drop(part, whole, "a part of")


def _is_contained(part: NamePart, whole: NamePart) -> bool:
    is_well = whole.family == "well"
    if whole is part or not (whole.family == "date" or is_well) or not determines(whole, part):
        return False
    if part.family == "date":
        return not is_well and is_within(part, whole)
    if part.form or part.family not in (("", "row", "column") if is_well else ("", "time")):
        return False
    pairs = dict(zip(whole.codes.tolist(), part.codes.tolist(), strict=True))
    contained = all(
        _without_marks(part.texts[k]) in _without_marks(whole.texts[i]) for i, k in pairs.items()
    )
    return contained and (is_well or not part.is_number or is_component(part, whole))


def _without_marks(text: str) -> str:
    """Return a text without punctuation, and a single digit padded to two."""
    text = re.sub(r"[\W_]", "", text)
    return text.zfill(2) if text.isdecimal() else text


def _drop_equal(fields: Sequence[NamePart]) -> None:
    """Keep one of the parts that vary together."""
    for k, part in enumerate(fields):
        for other in fields[:k]:
            same = part.is_axis and other.is_axis and len(part.texts) == len(other.texts)
            if same and determines(part, other):
                worse = _worse(fields, other, part)
                if worse is not None:
                    _drop(worse, part if worse is other else other, "varies together with")


def _worse(fields: Sequence[NamePart], one: NamePart, two: NamePart) -> NamePart | None:
    """Return which of two parts that vary together is no axis, None if both may be axes."""
    by_chance = len(one.texts) <= _BY_CHANCE and len(one.codes) < _MANY_FILES
    dated = "date" in (one.family, two.family)
    differ = one.family and two.family and one.family != two.family and not dated
    if differ and (by_chance or not _rise_together(one, two)):
        return None
    if dated and "well" in (one.family, two.family):
        return one if one.family == "date" else two
    if dated:
        stamp, other = (one, two) if one.family == "date" else (two, one)
        index = other.is_number and (len(other.name) > 1 or (other.name and _is_count(other)))
        index = index and other.family != "date"
        if "%S" in stamp.form and index and _rise_together(stamp, other):
            return stamp  # of the acquisition
    if one.family and one.family == two.family:
        return two
    first, second = _rank(one), _rank(two)
    if first != second:
        worse = two if first < second else one
        if by_chance and worse.is_number and not worse.name and not dated:
            raise _ambiguous(fields, worse)
        return worse
    if one.is_number and not by_chance:
        return one if _is_count(two) and not _is_count(one) else two
    if by_chance and one.is_number and not (_same_texts(one, two) or _are_periods(one, two)):
        raise _ambiguous(fields, two)
    return two


def _ambiguous(fields: Sequence[NamePart], worse: NamePart) -> AmbiguousNames:
    axes = _axes(fields)
    return AmbiguousNames(axes, [axis for axis in axes if axis is not worse])


def _rank(part: NamePart) -> int:
    """Return how likely a part is the axis, of those that vary together; 0 is the likeliest."""
    if part.family == "date":
        return 0
    if part.family:
        return 1 if part.family != "well" else 0
    if part.is_number or part.form:
        return 2 if part.name else 3
    if is_hash(part):
        return 6
    return 4 if word_axis(part.texts) != "label" else 5


def _is_count(part: NamePart) -> bool:
    """Return whether numbers are in even steps of one."""
    if not "".join(part.texts).isdecimal():
        return False
    numbers = sorted(map(int, part.texts))
    return numbers[-1] - numbers[0] == len(numbers) - 1


def _rise_together(one: NamePart, two: NamePart) -> bool:
    """Return whether the order of two parts is the same, if they are numbers or dates."""
    if not all(part.is_number or part.family == "date" for part in (one, two)):
        return True
    first, second = (
        np.array(part.texts, float if part.is_number else str)[part.codes] for part in (one, two)
    )
    ordered = second[np.argsort(first, kind="stable")]
    return bool((ordered[1:] >= ordered[:-1]).all())


def _are_periods(one: NamePart, two: NamePart) -> bool:
    """Return whether two numbers are the first and last years of periods of equal length."""
    pairs = {(one.texts[i], two.texts[k]) for i, k in zip(one.codes, two.codes, strict=True)}
    digits = all(map(str.isdecimal, [*one.texts, *two.texts]))
    lengths = {int(last) - int(first) for first, last in pairs} if digits else {0}
    return len(lengths) == 1 and min(lengths) > 0 and are_years([*one.texts, *two.texts])


def _same_texts(one: NamePart, two: NamePart) -> bool:
    pairs = set(zip(one.codes.tolist(), two.codes.tolist(), strict=True))
    return all(one.texts[i] == two.texts[k] for i, k in pairs)


def _drop_products(fields: Sequence[NamePart]) -> None:
    """Make no axes of parts that number the cells of a grid of others: a stamp for each tile."""
    for part in sorted(_axes(fields), key=lambda field: len(field.texts), reverse=True):
        if part.family == "well":
            continue
        _, firsts = np.unique(part.codes, return_index=True)
        others = [f for f in _axes(fields) if f is not part and determines(part, f)]
        once = [(f, NamePart(f.texts, f.codes[firsts])) for f in others]
        kept = [f for f, of in once if not any(_explains(g, of) for _, g in once if g is not of)]
        is_grid = len(kept) > 1 and cells(kept) <= _SPARSE * len(firsts)
        if is_grid and len(firsts) < len(part.codes) and len(combined(kept)[1]) == len(firsts):
            _drop(part, None, "one for each cell of other axes")


def _explains(other: NamePart, part: NamePart) -> bool:
    fewer = len(part.texts) < len(other.texts) and 2 * len(other.texts) <= len(part.codes)
    return fewer and determines(other, part)


def _drop_explained(fields: Sequence[NamePart]) -> None:
    """Make no axes of parts that one other part, or two, with several files each, explain."""
    files = len(fields[0].codes)
    for part in sorted(fields, key=_rank, reverse=True):
        others = [axis for axis in _axes(fields) if axis is not part]
        if not part.is_axis:
            continue
        for other in others:
            proven = 2 * len(other.texts) <= files and len(other.texts) > len(part.texts)
            if proven and determines(other, part):
                _drop(part, other, "a function of")
                break
        else:
            for k, one in enumerate(others):
                for two in others[:k]:
                    if part.is_axis and _explain([one, two], part, files):
                        _drop(part, one, f"a function of {two.name or two.texts[0]!r} and")


def _explain(axes: list[NamePart], part: NamePart, files: int) -> bool:
    """Return whether combinations of two axes, with two files each or more, determine a part."""
    codes, firsts = combined(axes)
    if 2 * len(firsts) > files:
        return False
    return bool((part.codes[firsts][codes] == part.codes).all())


def _drop_stamps(fields: Sequence[NamePart]) -> None:
    """Make no axes of numbers or dates that each file has for itself, or of all others.

    If the other axes identify the files and fill half of their grid, a stamp is none. Else it
    is the axis, and what has few values beside it is a measurement, or a question.
    """
    axes = _axes(fields)
    files = len(axes[0].codes)
    stamps = [axis for axis in axes if len(axis.texts) == files]
    others = [axis for axis in axes if len(axis.texts) < files]
    if not stamps or not others:
        return
    if len(combined(others)[1]) == files:
        if cells(others) > _SPARSE * files and not all(other.family for other in others):
            raise AmbiguousNames(stamps, others)
        for stamp in stamps:
            _drop(stamp, None, "one for each file, beside axes that identify the files")
        return
    if all(axis.family not in ("", "date") for axis in axes):  # letters prove all of them
        return
    labels = [other for other in others if _is_category(other)]
    if labels:
        raise AmbiguousNames(stamps, [*stamps, *labels])
    for other in others:
        _drop(other, stamps[0], "a measurement beside")


def _is_category(part: NamePart) -> bool:
    """Return whether a part with few values is likely an axis: a word, or numbers in balance."""
    if part.form.startswith("f") or is_hash(part):
        return False
    if not (part.is_number or part.form):
        return True
    counts = np.bincount(part.codes)
    return 2 * len(counts) <= len(part.codes) and bool(counts.max() <= 1.5 * counts.min())


def _drop_measured(fields: Sequence[NamePart]) -> None:
    """Make no axes of parts without which the others identify all files and fill a grid.

    The first to go is the one without which the grid is the smallest.
    """
    files = len(fields[0].codes)
    for part in sorted(_axes(fields), key=lambda f: (-len(f.texts), -_rank(f))):
        others = [axis for axis in _axes(fields) if axis is not part]
        if not others or len(combined(others)[1]) < files:
            continue
        most: float = files if len(others) < 2 else _SPARSE * files
        if part.family not in ("", "date"):  # it may be an axis of which few cells are there
            most = 1.05 * files if files >= _MANY_FILES and len(others) > 1 else 0
        elif all(other.name for other in others):
            most = _VERY_SPARSE * files
        if cells(others) <= most:
            _drop(part, None, "the other axes identify all files")
