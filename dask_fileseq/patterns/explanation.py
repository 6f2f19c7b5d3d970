"""What inference takes each field of file names for, and why, as a text for people."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any

from dask_fileseq.errors import NamesError, shown
from dask_fileseq.patterns.date_formats import is_duration_format
from dask_fileseq.patterns.inference import Inference, settled_inference
from dask_fileseq.patterns.name_parts import NamePart, is_hash, split_names
from dask_fileseq.patterns.name_pattern import NamePattern, unique_dims
from dask_fileseq.patterns.outliers import Outliers
from dask_fileseq.patterns.presets import PresetFit, presets
from dask_fileseq.patterns.reading import UUID_MARK, Reading, named_parts
from dask_fileseq.plaintext import counted

_WIDTH = 24
"""The most characters of a field that are shown."""
_SHOWN = 3


def explain_names(
    names: Sequence[str],
    pattern: NamePattern | None = None,
    labels: Mapping[str, Sequence[Any]] | None = None,
) -> str:
    """Return a text about what each field of file names was taken for, and why.

    Parameters
    ----------
    names : sequence of str
        File names, of which at least one.
    pattern : NamePattern, optional
        The pattern that is in use. If inference finds another, the text has both.
    labels : mapping of str to sequence, optional
        The labels of the axes that `pattern` finds.

    Examples
    --------
    >>> print(explain_names(["t0_DAPI.tif", "t0_GFP.tif", "t1_DAPI.tif", "t1_GFP.tif"]))
    4 names, such as 't0_DAPI.tif'
    pattern='infer' finds 't{t:d}_{channel}.tif'
    fields
      't'     constant
      '0'     axis t: integers, 2 texts ('0', '1'); named by 't' before it
      'DAPI'  axis channel: words, 2 texts ('DAPI', 'GFP'); known words for a channel
      '.tif'  constant
    readings compared
      't{t:d}_{channel}.tif': t 2 x channel 2 = 4 cells; taken
    guessed: t, by one letter
    """
    lines = [f"{len(names):,} name{'s' * (len(names) > 1)}, such as {names[0]!r}"]
    paths = list(map(os.path.normpath, names))
    inference = columns = error = None
    try:
        inference, columns = settled_inference(paths)
        error = inference.refused
    except NamesError as refused:
        error = refused
    found = inference.pattern if inference is not None else None
    strays = [names[i] for i in columns.unmatched] if columns else []
    is_sample = inference is not None and len(inference.names) < len(names) - len(strays)
    if pattern is not None and str(pattern) != str(found):
        lines += [f"pattern={str(pattern)!r} finds", *_axis_lines(pattern, labels or {})]
        labels = None
    lines.append(str(error) if found is None else f"pattern='infer' finds {str(found)!r}")
    if columns and is_sample:
        sizes = dict(zip(unique_dims(columns.dims), map(len, columns.texts), strict=True))
        lines[-1] += f": {_cells_text(sizes)}"
    if found is not None and str(found) in presets():
        lines += _axis_lines(found, labels or {})
    if inference is not None:
        lines += _inference_lines(inference, is_sample=is_sample)
    if strays:
        lines.append(f"not matched: {len(strays):,}, {shown(strays, len(strays))}")
    return "\n".join(lines)


def _axis_lines(pattern: NamePattern, labels: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    """Yield a line for each axis of a pattern that was given."""
    types = dict(pattern.fields)
    for dim, along in labels.items():
        values = list(map(_without_midnight, along))
        kind = types.get(dim, "") or "int" * isinstance(values[0], int) or "word"
        yield f"  axis {dim}: {_type_text(kind)}, {_values_text(values, 'labels')}"


def _without_midnight(label: Any) -> Any:
    """Return a label, of a date without the zeros at its end."""
    zeros = (".000000000", "T00:00:00")
    for end in zeros if isinstance(label, str) else ():
        label = label.removesuffix(end)
    return label


def _type_text(kind: str) -> str:
    """Return what the type of a `Field` means."""
    if "%" in kind:
        return "months" if kind in ("%b", "%B") else _date_text(kind)
    texts = {"int": "integers", "word": "words", "compass": "degrees"}
    return texts.get(kind, "numbers" if kind.startswith("float") else kind)


def _date_text(form: str) -> str:
    return f"{'durations' if is_duration_format(form) else 'dates'} {form}"


def _values_text(values: Sequence[Any], noun: str) -> str:
    """Return how many values there are, and the first and last of them."""
    more = len(values) > _SHOWN + 1
    first = ", ".join(map(repr, values[: _SHOWN if more else None]))
    end = f", ..., {values[-1]!r}" if more else ""
    return f"{len(values):,} {noun if len(values) > 1 else noun[:-1]} ({first}{end})"


def _inference_lines(inference: Inference, *, is_sample: bool) -> Iterator[str]:
    """Yield what inference takes each field for, and the readings that it compared."""
    reading, pattern = inference.reading, inference.pattern
    if pattern is not None and not any(pattern is other.pattern for other in _readings(inference)):
        yield "some names lack a part; its index is the lowest there, which makes the grid whole"
    parts = reading.parts if reading else _parts_of_refused(inference.names)
    if parts:
        yield "fields" + f" (in a sample of {len(inference.names):,} names)" * is_sample
        rows = list(_field_rows(parts, is_open=reading is None))
        width = max(len(repr(text)) for text, _ in rows)
        for text, what in rows:
            yield f"  {text!r:<{width}}  {what}"
    yield from _reading_lines(inference)
    guesses = list(_guesses(parts, len(inference.names)))
    if guesses and not any(pattern is fit.pattern for fit in inference.fits):
        yield f"guessed: {'; '.join(guesses)}"


def _parts_of_refused(names: list[str]) -> list[NamePart]:
    """Return the parts of names as far as these are clear."""
    for split in (lambda names: named_parts(names)[0], split_names):
        with suppress(NamesError, Outliers):
            return split(names)
    return []


def _field_rows(parts: Iterable[NamePart], *, is_open: bool) -> Iterator[tuple[str, str]]:
    """Yield the parts of the first name, and what they are; neighbouring constants are one."""
    for varies, group in groupby(parts, lambda part: part.varies):
        if varies:
            for part in group:
                yield _short(part.texts[0]), _part_text(part, is_open=is_open)
            continue
        text = "".join(part.texts[0] for part in group)
        for k, constant in enumerate(text.split(UUID_MARK)):
            if k:
                yield "GUID", "no axis: a GUID identifies a file"
            if any(map(str.isalnum, constant)):
                yield _short(constant), "constant"


def _short(text: str) -> str:
    """Return a text without the middle of a long one."""
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 10]}...{text[-7:]}"


def _part_text(part: NamePart, *, is_open: bool) -> str:
    """Return what a part that varies was taken for, and why."""
    whole = part.axis
    about = f"{_kind(part)}, {_values_text(part.texts, 'texts')}"
    if part.is_axis and whole is not None:  # one of two places of a date
        name = f"axis {whole.name}" if whole.is_axis else "no axis"
        return f"{name}: {about}; {part.why}"
    if part.is_axis:
        name = f"axis {part.name or 'without a name'}"
        return f"{'maybe ' * is_open}{name}: {about}{'; ' * bool(part.why)}{part.why}"
    explained = "" if whole is None else f" {whole.name or repr(whole.texts[0])}"
    return f"no axis: {about}; {part.why}{explained}"


def _kind(part: NamePart) -> str:
    """Return the kind of a part that varies."""
    if part.family == "date":
        return _date_text(part.form)
    if part.family in ("month", "well"):
        return f"{part.family}s"
    if part.form == "compass":
        return "degrees"
    if part.is_number or part.form:
        return "numbers" if part.form or "." in "".join(part.texts) else "integers"
    return "hashes" if is_hash(part) else "words"


def _readings(inference: Inference) -> list[Reading | PresetFit]:
    return [*([inference.reading] if inference.reading else []), *inference.fits]


def _reading_lines(inference: Inference) -> Iterator[str]:
    """Yield the readings that were compared, with their cells."""
    reading, pattern = inference.reading, inference.pattern
    if reading or inference.fits:
        yield "readings compared"
    if reading:
        sizes = {axis.name: len(axis.texts) for axis in reading.axes}
        taken = "taken" if pattern is reading.pattern else "a preset is as good"
        yield f"  {str(reading.pattern)!r}: {_cells_text(sizes)}; {taken}"
    for fit in inference.fits:
        why = "taken" if pattern is fit.pattern else fit.why or "another preset is as good"
        yield f"  preset {fit.pattern}: {_cells_text(fit.axes)}; {why}"


def _cells_text(sizes: Mapping[str, int]) -> str:
    product = " x ".join(f"{dim} {size:,}" for dim, size in sizes.items())
    return f"{product} = {counted(math.prod(sizes.values()), 'cell')}"


def _guesses(parts: Iterable[NamePart], files: int) -> Iterator[str]:
    """Yield what rests on letter case, on one letter, or on two names or values."""
    if files == 2:
        yield "all, from two names"
    before = None
    for part in parts:
        reasons = []
        if part.varies and part.is_axis and part.axis is None:
            if len(part.name) == 1 and f"{part.name!r}" in part.why:
                reasons.append("by one letter")
            if part.family == "well" and len({text[0] for text in part.texts}) == 1:
                reasons.append("by one letter")
            in_word = before is not None and before.texts[0][-1:].isalpha()
            if part.family == "well" and (in_word or min(map(len, part.texts)) < 3):
                reasons.append("by letter case")
        is_known = part.family in ("date", "well") or part.form or (not part.is_axis and part.axis)
        if part.varies and is_known and len(part.texts) == 2 < files:
            reasons.append("from two values")
        if reasons:
            yield f"{part.name or repr(part.texts[0])}, {' and '.join(reasons)}"
        before = part
