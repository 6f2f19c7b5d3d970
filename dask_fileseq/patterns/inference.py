"""Everything that users may pass as ``pattern=``, as a `NamePattern`; inference from names.

Inference reads a sample of the names and checks its pattern against all of them; names that do
not match join the sample, and so do those that share a cell. How a sample is read is in
`reading`.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from dask_fileseq.errors import NamesError
from dask_fileseq.files import ends
from dask_fileseq.patterns.lookup import LookupPattern, TableLookup
from dask_fileseq.patterns.name_columns import NameColumns
from dask_fileseq.patterns.name_kinds import (
    below_shared_folder,
    main_kind,
    one_suffix,
    without_thumbnails,
)
from dask_fileseq.patterns.name_pattern import NamePattern
from dask_fileseq.patterns.optional_parts import optional_pattern
from dask_fileseq.patterns.packed_columns import columns_of
from dask_fileseq.patterns.presets import (
    PresetFit,
    best_preset,
    has_preset,
    no_preset,
    preset_fits,
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


@dataclass(frozen=True, slots=True)
class Inference:
    """What inference finds in a sample of names."""

    names: list[str]
    """The names of the main kind, below the folder that all names share."""
    pattern: NamePattern | None
    """None if inference refuses these names."""
    reading: Reading | None
    """What the names say by themselves; None if that is not evident."""
    fits: list[PresetFit]
    """The presets that were compared with it."""
    refused: NamesError | None = None
    """Why there is no reading."""


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
        A format string, a preset that explains all names as well, or a regular expression
        if some names lack a part. The name of an axis is the letters before its number, or
        those behind (``t``, ``Z``, ``ch``, ``stack``). A letter and a number of a plate are a
        ``well``; dates are the ``date`` or, with a clock, the ``time``; words are the
        ``channel``, ``band``, ``polarization`` or ``side`` where they are known ones, else the
        ``folder`` or a ``label``. A number without letters is ``Q``, or ``sequence`` if nothing
        else varies. Parts that are constant, or that another axis explains, are no axes.

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
    inference, columns = settled_inference(names)
    if inference.pattern is None or columns is None:
        raise inference.refused or refusal("names are of too many kinds")
    return inference.pattern, columns


def settled_inference(names: Sequence[str]) -> tuple[Inference, NameColumns | None]:
    """Return what inference finds in normalised paths, and the axes unless it refuses."""
    if not len(names) or len(set(ends(names))) == 1:
        raise refusal(f"nothing varies in {len(names):,} file names")
    chosen = _sample(len(names))
    before = ""
    while True:
        inference = _infer([names[i] for i in chosen])
        pattern = inference.pattern
        if pattern is None:
            return inference, None
        columns = columns_of(pattern, names)
        odd = [] if len(chosen) == len(names) else _odd_names(columns, len(names))
        new = sorted({*chosen, *odd})
        if len(new) == len(chosen) or str(pattern) == before:
            return inference, columns
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
    cells = math.prod(map(len, columns.texts))
    if cells <= 4 * count and np.bincount(key, minlength=1).max() < 2:
        return unmatched
    order = np.argsort(key, kind="stable")
    taken = np.flatnonzero(np.diff(key[order]) == 0)[:_SPREAD]
    doubled = np.concatenate([order[taken], order[taken + 1]])
    if columns.unmatched:
        doubled = np.delete(np.arange(count), columns.unmatched)[doubled]
    return [*unmatched, *doubled.tolist()]


def _infer(names: list[str]) -> Inference:
    """Return what all or nearly all names say."""
    every = below_shared_folder(names)
    images = without_thumbnails(every)
    folder = names[0][: len(names[0]) - len(every[0])]
    fits_of = partial(_preset_fits, folder=folder, every=every)
    refused: NamesError | None = None
    reading: Reading | None = None
    kept: list[str] = []
    try:
        kept, _ = main_kind(images)
        reading = read_names(kept)
    except NamesError as error:
        refused = error
    some_left = len(kept) < len(images)
    fits = fits_of(reading.names, reading) if reading else []
    pattern = (best_preset(fits) or reading.pattern) if reading else None
    if some_left and (reading is None or pattern is reading.pattern):
        with_zeros = optional_pattern(images)
        if with_zeros is not None:
            fits = fits_of(images)
            return Inference(images, best_preset(fits) or with_zeros, None, fits)
        whole = _labels_of_unlike_length(images)
        if whole is not None and (reading is None or len(whole.axes) >= len(reading.axes)):
            fits = fits_of(whole.names, whole)
            return Inference(images, best_preset(fits) or whole.pattern, whole, fits)
        refused = _cut_otherwise(reading, images) if reading else refused
        pattern = None if refused else pattern
    if kept and reading is None:  # B8A beside B02 is a band, no outlier
        fits = fits_of(kept)
        pattern = best_preset(fits)
    return Inference(kept or images, pattern, reading, fits, refused)


def _cut_otherwise(reading: Reading, names: list[str]) -> NamesError | None:
    """Return the error if names of another kind can be cut otherwise between two labels."""
    own = set(reading.names)
    try:
        columns = reading.pattern.columns([name for name in names if name not in own])
    except NamesError:
        return None
    found = dict(zip(columns.dims, columns.texts, strict=True))
    parts = reading.parts
    for first, gap, last in zip(parts, parts[1:], parts[2:], strict=False):
        if gap.is_separator and not any(part.is_number or part.form for part in (first, last)):
            texts = [text for part in (first, last) for text in found.get(part.name, ())]
            odd = [text for text in texts if gap.texts[0] in text]
            if odd:
                return refusal(f"{odd[0]!r} has more words than {first.texts[0]!r}")
    return None


def _preset_fits(
    names: list[str], reading: Reading | None = None, *, folder: str, every: list[str]
) -> list[PresetFit]:
    """Return the presets that explain all names, compared with their reading.

    Presets are matched with the `folder` that `every` name shares.
    """
    if not has_preset(folder + names[0]):
        return []
    whole = [folder + name for name in every]
    dims = [axis.name for axis in reading.axes] if reading else []
    most_cells = reading.cells if reading else None
    return preset_fits([folder + name for name in names], whole, dims, most_cells)


def _labels_of_unlike_length(names: list[str]) -> Reading | None:
    """Return a reading of all names, whose labels have different numbers of words, if any.

    It must have no outliers, one suffix, and a grid of which half is filled.
    """
    if len(set(map(one_suffix, names))) > 1:
        return None
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
