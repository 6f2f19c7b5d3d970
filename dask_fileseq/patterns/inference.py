"""Everything that users may pass as ``pattern=``, as a `NamePattern`; inference from names.

Inference reads a sample of the names and checks its pattern against all of them; names that do
not match join the sample, and so do those that share a cell. How a sample is read is in
`reading`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from dask_fileseq.errors import NamesError
from dask_fileseq.patterns.lookup import LookupPattern, TableLookup
from dask_fileseq.patterns.name_columns import NameColumns
from dask_fileseq.patterns.name_kinds import below_shared_folder, main_kind, without_thumbnails
from dask_fileseq.patterns.name_pattern import NamePattern
from dask_fileseq.patterns.optional_parts import optional_pattern
from dask_fileseq.patterns.presets import (
    has_preset,
    matching_preset,
    no_preset,
    preset_pattern,
    presets,
)
from dask_fileseq.patterns.reading import Reading, read_names
from dask_fileseq.patterns.text_pattern import pattern_of_regex, pattern_of_text
from dask_fileseq.patterns.word_parts import refusal

_WORDS = re.compile(r"[\w -]+")
_SPARSE = 2
_SAMPLE = 3000
"""The most names that are read at once."""
_SPREAD = 1000


def as_pattern(pattern: Any, names: Sequence[str] = ()) -> NamePattern:
    r"""Return the `NamePattern` for what users pass as a pattern: see `open_sequence`.

    Parameters
    ----------
    pattern : str, re.Pattern, NamePattern, callable or table
        A regular expression, compiled or not, a format string, Bio-Formats blocks, a
        ``.pattern`` file, the name of a preset, ``"infer"``, a function, or a table.
    names : sequence of str, optional
        The file names, for ``"infer"`` and tables.

    Raises
    ------
    NamesError
        The pattern is empty, malformed, ambiguous, or has no groups.

    Examples
    --------
    >>> as_pattern(r"(c)(\d)(?P<t>\d+)").match("c1001.tif")
    (('c', 't'), ('1', '001'))
    """
    if isinstance(pattern, NamePattern):
        return pattern
    if isinstance(pattern, os.PathLike):
        pattern = os.fspath(pattern)
    if isinstance(pattern, str) and pattern:
        if pattern == "infer":
            return infer(names)
        if pattern in presets():
            return preset_pattern(pattern)
        if _WORDS.fullmatch(pattern):
            raise no_preset(pattern)
        return pattern_of_text(pattern)
    # other implementations of regular expressions than re's are accepted
    if hasattr(pattern, "groupindex") and isinstance(pattern.pattern, str):
        return pattern_of_regex(pattern)
    if isinstance(pattern, Mapping) or hasattr(pattern, "columns"):
        if not len(names):
            raise NamesError("pattern is a table, which needs the names of files")
        pattern = TableLookup(pattern, names)
    if callable(pattern):
        return LookupPattern(re.compile(""), text=repr(pattern), whole=True, lookup=pattern)
    raise NamesError(
        "pattern must be a regular expression, compiled or not, a format string, blocks of "
        "Bio-Formats, the name of a preset, 'infer', a function, or a table; "
        f"got {pattern!r}"
    )


def infer(names: Sequence[str]) -> NamePattern:
    """Return the pattern that most names have in common.

    Parameters
    ----------
    names : sequence of str
        File names. Those that are built otherwise than most (thumbnails, stray files) are
        ignored: the pattern does not match them.

    Returns
    -------
    NamePattern
        A format string, or a preset that explains all names as well. The name of an axis is
        the letters before its number, or those behind (``t``, ``Z``, ``ch``, ``stack``). A
        letter and a number of a plate are a ``well``; dates are the ``date`` or, with a clock,
        the ``time``; words are the ``channel``, ``band`` or ``polarization`` where they are
        known ones, else the ``folder`` or a ``label``. A number without letters is ``Q``, or
        ``sequence`` if nothing else varies. Parts that are constant, or that another axis
        explains, are no axes.

    Raises
    ------
    NamesError
        Nothing varies, the names are built differently, or two readings fit.

    Examples
    --------
    >>> print(infer(["s1/t0_DAPI.tif", "s1/t0_GFP.tif", "s1/t1_DAPI.tif", "s1/t1_GFP.tif"]))
    t{t:d}_{channel}.tif
    """
    return infer_columns(list(map(os.path.normpath, names)))[0]


def infer_columns(names: Sequence[str]) -> tuple[NamePattern, NameColumns]:
    """Return the pattern that `infer` finds, and the axes that it finds in normalised paths.

    The pattern of a sample is matched with all names. Names that it does not match, and those
    whose cell is taken, join the sample, until the pattern stays the same. Names that no
    longer change the pattern are strays, or doubled.
    """
    if not len(names) or min(names) == max(names):
        raise refusal(f"nothing varies in {len(names):,} file names")
    chosen = _sample(len(names))
    before = ""
    while True:
        pattern = _infer([names[i] for i in chosen])
        columns = pattern.columns(names)
        odd = [] if len(chosen) == len(names) else _odd_names(columns, len(names))
        new = sorted({*chosen, *odd})
        if len(new) == len(chosen) or str(pattern) == before:
            return pattern, columns
        chosen, before = new, str(pattern)


def _sample(count: int) -> list[int]:
    """Return the positions of names that are spread evenly, and of some neighbours."""
    if count <= _SAMPLE:
        return list(range(count))
    spread = range(0, count, count // _SPREAD + 1)
    block = count // 2
    return sorted({*spread, *range(block, block + _SAMPLE - len(spread)), count - 1})


def _odd_names(columns: NameColumns, count: int) -> list[int]:
    """Return the positions of some names that do not match, or whose cell is taken."""
    unmatched = columns.unmatched[:: len(columns.unmatched) // _SPREAD + 1]
    key = np.zeros(count - len(columns.unmatched), np.int64)
    for texts, codes in zip(columns.texts, columns.codes, strict=True):
        key = key * len(texts) + codes
    order = np.argsort(key, kind="stable")
    taken = np.flatnonzero(np.diff(key[order]) == 0)[:_SPREAD]
    doubled = np.concatenate([order[taken], order[taken + 1]])
    if columns.unmatched:
        doubled = np.delete(np.arange(count), columns.unmatched)[doubled]
    return [*unmatched, *doubled.tolist()]


def _infer(names: list[str]) -> NamePattern:
    """Return the pattern of all or nearly all names."""
    every = below_shared_folder(names)
    images = without_thumbnails(every)
    kept, share = _main_kind(images)
    folder = names[0][: len(names[0]) - len(every[0])]
    preset_of = partial(_preset_of, folder=folder, every=every)
    reading: Reading | None = None
    refused: NamesError | None = None
    try:
        reading = read_names(kept) if kept else None
    except NamesError as error:
        refused = error
    pattern = reading and (preset_of(reading.names, reading) or reading.pattern)
    if share < 1 and (reading is None or pattern is reading.pattern):
        with_zeros = optional_pattern(images)
        if with_zeros is not None:
            return preset_of(images) or with_zeros
        whole = _labels_of_unlike_length(images)
        if whole is not None and (reading is None or len(whole.axes) >= len(reading.axes)):
            return preset_of(whole.names, whole) or whole.pattern
        if reading is not None:
            _check_other_kinds(reading, images)
    if not kept:
        main_kind(images)  # raises
    pattern = pattern or preset_of(kept)  # B8A beside B02 is a band, no outlier
    if pattern is None:
        raise refused or refusal("names are of too many kinds")
    return pattern


def _check_other_kinds(reading: Reading, names: list[str]) -> None:
    """Raise an error if names of another kind can be cut otherwise between two labels."""
    own = set(reading.names)
    try:
        columns = reading.pattern.columns([name for name in names if name not in own])
    except NamesError:
        return
    found = dict(zip(columns.dims, columns.texts, strict=True))
    parts = reading.parts
    for first, gap, last in zip(parts, parts[1:], parts[2:], strict=False):
        if gap.is_separator and not any(part.is_number or part.form for part in (first, last)):
            texts = [text for part in (first, last) for text in found.get(part.name, ())]
            odd = [text for text in texts if gap.texts[0] in text]
            if odd:
                raise refusal(f"{odd[0]!r} has more words than {first.texts[0]!r}")


def _main_kind(names: list[str]) -> tuple[list[str], float]:
    """Return the names of the main kind and their share, 0 if there is none."""
    try:
        return main_kind(names)
    except NamesError:
        return [], 0.0


def _preset_of(
    names: list[str], reading: Reading | None = None, *, folder: str, every: list[str]
) -> NamePattern | None:
    """Return the preset that explains all names as well as their reading, if there is one.

    Presets are matched with the `folder` that `every` name shares.
    """
    if not has_preset(folder + names[0]):
        return None
    whole = [folder + name for name in every]
    dims = [axis.name for axis in reading.axes] if reading else []
    most_cells = reading.cells if reading else None
    return matching_preset([folder + name for name in names], whole, dims, most_cells)


def _labels_of_unlike_length(names: list[str]) -> Reading | None:
    """Return a reading of all names, whose labels have different numbers of words, if any.

    It must have no outliers, and a grid of which half is filled.
    """
    try:
        reading = read_names(names)
    except NamesError:
        return None
    words = [
        axis for axis in reading.axes if not (axis.is_number or axis.form or axis.family == "well")
    ]
    repeat = all(2 * len(axis.texts) <= len(names) for axis in words)
    is_whole = len(reading.names) == len(names) and reading.cells <= _SPARSE * len(names)
    return reading if is_whole and repeat else None
