"""What names say: their parts, which of these are axes, and the pattern that finds them.

Names are split into parts (`name_parts`). Parts that belong together become dates (`dates`),
numbers (`number_parts`), wells and labels (`word_parts`). Axes get the names of the letters
around them (`axis_names`), and parts that others explain are no axes (`dependence`). If two
readings fit, the error has both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dask_fileseq.errors import NamesError
from dask_fileseq.patterns.axis_names import name_axes, number_names
from dask_fileseq.patterns.date_relations import drop_lone_clocks, pair_clock, read_clocks
from dask_fileseq.patterns.dates import Ambiguous, join_dates
from dask_fileseq.patterns.dependence import AmbiguousNames, choose_axes
from dask_fileseq.patterns.format_string import UUID
from dask_fileseq.patterns.name_parts import NamePart, cells, split_names
from dask_fileseq.patterns.name_pattern import NamePattern
from dask_fileseq.patterns.number_parts import combine_numbers
from dask_fileseq.patterns.outliers import Outliers
from dask_fileseq.patterns.text_pattern import compile_regex, parse_format
from dask_fileseq.patterns.word_parts import combine_words, refusal

_UUID = re.compile(UUID)
UUID_MARK = "\0"
"""What is in the place of GUIDs in the parts of names."""
_AS_LETTERS = str.maketrans("0123456789", "ghijklmnop")
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """The axes in names, and the pattern that finds them."""

    names: list[str]
    """The names that were read; outliers are left out."""
    parts: list[NamePart]
    axes: list[NamePart]
    pattern: NamePattern

    @property
    def cells(self) -> int:
        """The number of cells of the grid."""
        return cells(self.axes)


def read_names(names: list[str]) -> Reading:
    """Return the one reading of names.

    Raises NamesError if nothing varies, or if two readings fit; `AmbiguousNames` and the like
    are part of its message.
    """
    for _ in range(_ROUNDS):
        try:
            return _read(names)
        except Outliers as outliers:
            away = set(outliers.args[0])
            names = [name for i, name in enumerate(names) if i not in away]
    raise refusal("names are of too many kinds")


def named_parts(names: list[str]) -> tuple[list[NamePart], NamePart | None, list[str]]:
    """Return the parts of names, a clock with its day, and other names of axes by letters.

    Raises NamesError or `Outliers`.
    """
    masked, guids = _masked(names)
    parts = split_names(masked)
    if guids:
        parts = [_unmasked(part, guids) for part in parts]
    pair = None
    try:
        parts = join_dates(parts)
        if any(part.form for part in parts):
            read_clocks(parts)
            pair = pair_clock(parts)
            drop_lone_clocks(parts, pair)
    except Ambiguous as ambiguous:
        raise _two_dates(parts, *ambiguous.args) from None
    parts = combine_words(combine_numbers(parts))
    if pair:
        pair.name = "time"
    return parts, pair, name_axes(parts)


def _masked(names: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return names without their GUIDs, or with words for these if each is in several names.

    The second are the GUIDs by word, if the names are not distinct without them.
    """
    if not _UUID.search(names[0]):
        return names, {}
    masked = [_UUID.sub(UUID_MARK, name) for name in names]
    if len(set(masked)) == len(names):
        return masked, {}
    found = [guid for name in names for guid in _UUID.findall(name)]
    if 2 * len(set(found)) > len(found):
        return masked, {}
    words = {guid: guid.replace("-", "").translate(_AS_LETTERS) for guid in set(found)}
    named = [_UUID.sub(lambda guid: words[guid[0]], name) for name in names]
    return named, {word: guid for guid, word in words.items()}


def _unmasked(part: NamePart, guids: dict[str, str]) -> NamePart:
    """Return a part with GUIDs in the place of the words for them."""
    if guids.keys().isdisjoint(part.texts):
        return part
    texts = [guids.get(text, text) for text in part.texts]
    return NamePart(texts, part.codes, part.joint, why="GUIDs that several files have")


def _read(names: list[str]) -> Reading:
    parts, pair, others = named_parts(names)
    fields = [part for part in parts if part.varies and part.is_axis and part.axis is None]
    if pair:
        fields.insert(0, pair)
    try:
        if len(fields) > 1:
            choose_axes(fields)
    except AmbiguousNames as ambiguous:
        raise two_readings(*(_format_as(parts, pair, axes) for axes in ambiguous.args)) from None
    axes = [field for field in fields if field.is_axis]
    if not axes:
        raise refusal(f"nothing varies in names such as {names[0]!r}")
    if others and len(axes) > 1:
        _show_two_names(parts, axes, others)
    text = _format_as(parts, pair, axes)
    pattern = parse_format(text)
    _check(pattern, axes, names)
    return Reading(names, parts, axes, pattern)


def two_readings(one: str, two: str) -> NamesError:
    """Return the error for names that two format strings fit."""
    return refusal(f"two readings fit: pattern={one!r} or pattern={two!r}")


def _two_dates(parts: list[NamePart], part: NamePart, one: str, two: str) -> NamesError:
    text = part.texts[0]
    return refusal(
        f"the dates such as {text!r} may be {one!r} or {two!r}: write "
        f"'{{date:{one}}}' or '{{date:{two}}}' in the pattern"
    )


def _show_two_names(parts: list[NamePart], axes: list[NamePart], others: list[str]) -> None:
    """Raise the error with both names of axes, that of letters before and behind numbers."""
    before = _format_as(parts, None, axes)
    for part, name in zip(parts, others, strict=True):
        if part.varies and name:
            part.name = name if name != "Q" else ""
    raise two_readings(before, _format_as(parts, None, axes))


def _format_as(parts: list[NamePart], pair: NamePart | None, axes: Sequence[NamePart]) -> str:
    """Return parts as a format string with these axes."""
    number_names(axes)
    chosen = {id(axis) for axis in axes}
    fields = []
    for part in parts:
        name = part.name if id(part) in chosen else ""
        if pair is not None and part.axis is pair and part.is_axis and id(pair) in chosen:
            fields.append(f"{{{pair.name}:{part.form}}}")
        else:
            fields.append(_field(part, name))
    text = re.sub(r"(\{\}){2,}", "{}", "".join(fields))
    regex = compile_regex(text)[0] if "(" in text else None
    is_regex = regex is not None and regex.groups > 0
    return f"format:{text}" if is_regex or re.search(r"<[^<>]*[-,][^<>]*>", text) else text


def _field(part: NamePart, name: str) -> str:
    """Return one part as text or as a field."""
    texts = part.texts
    if not part.varies:
        text = texts[0].replace("{", "{{").replace("}", "}}")
        return text.replace(UUID_MARK, "{:uuid}")
    if part.form:
        return f"{{{name}:{part.form}}}"
    if not part.is_number:
        return f"{{{name}}}"
    if "." in "".join(texts):
        return f"{{{name}:f}}"
    sign = "+" if "+" in "".join(texts) else ""
    width = min(map(len, texts))
    padded = any(re.match(r"[+-]*0.", text) for text in texts)
    return f"{{{name}:{sign}0{width}d}}" if padded and width > 1 else f"{{{name}:{sign}d}}"


def _check(pattern: NamePattern, axes: Iterable[NamePart], names: list[str]) -> None:
    """Raise NamesError unless the pattern finds the texts of the axes."""
    try:
        columns = pattern.columns(names)
    except NamesError:
        raise refusal(f"pattern={str(pattern)!r} does not fit {names[0]!r}") from None
    found = dict(zip(columns.dims, zip(columns.texts, columns.codes, strict=True), strict=True))
    for axis in axes:
        texts, codes = found.get(axis.name, ([], axis.codes))
        pairs = set(zip(codes.tolist(), axis.codes.tolist(), strict=False))
        if (
            columns.unmatched
            or len(texts) != len(axis.texts)
            or len(pairs) != len(texts)
            or not all(texts[i] == axis.texts[k] for i, k in pairs)
        ):
            i = columns.unmatched[0] if columns.unmatched else _first_other(texts, codes, axis)
            raise refusal(f"pattern={str(pattern)!r} nearly fits, but not {names[i]!r}")


def _first_other(texts: list[str], codes: np.ndarray, axis: NamePart) -> int:
    found = np.array([*texts, ""], object)[codes]
    return int(np.argmax(found != np.array(axis.texts, object)[axis.codes]))
