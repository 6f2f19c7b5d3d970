"""The preset that names follow, to tell what they leave open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dask_fileseq.errors import NamesError
from dask_fileseq.patterns.columns import NameColumns
from dask_fileseq.patterns.pattern import NamePattern
from dask_fileseq.patterns.presets import AXES, presets
from dask_fileseq.patterns.spoken import pattern_of_preset

__all__ = ["followed_preset"]

_SAMPLE = 100


def followed_preset(names: Sequence[str]) -> str:
    """Return the name of the one preset that all names follow and that tells them apart.

    >>> followed_preset(["img_000000000_GFP_000.tif", "img_000000001_GFP_003.tif"])
    'micromanager-1'
    >>> followed_preset(["1_1.tif", "1_2.tif"])
    ''
    """
    sample = names[:: max(1, len(names) // _SAMPLE)]
    found = []
    for name, preset in presets().items():
        if preset is AXES:  # too much is like it
            continue
        pattern = pattern_of_preset(name, preset)
        if all(map(pattern.regex.search, sample)) and _tells_apart(pattern, names):
            found.append(name)
    return found[0] if len(found) == 1 else ""


def _tells_apart(pattern: NamePattern, names: Sequence[str]) -> bool:
    """Return whether a pattern matches all names, and no two alike."""
    try:
        columns = pattern.columns(names)
    except NamesError:
        return False
    return not columns.unmatched and _cells(columns) == len(set(names))


def _cells(columns: NameColumns) -> int:
    """Return how many cells the names fill."""
    index = np.zeros(len(columns.codes[0]), np.int64)
    for codes in columns.codes:
        index = np.unique(index * (int(codes.max()) + 1) + codes, return_inverse=True)[1]
    return int(index.max()) + 1
