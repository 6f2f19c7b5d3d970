"""A grid that has grown: the cells of files that are known, and of new ones. No I/O.

Only the names of new files are matched with the pattern. What is known of the others is in
the labels of the grid, of which texts are made again. Where that would not give what all
names together give, `grown_grid` returns None, and all names have to be matched.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import NamesError, UnmatchedError
from dask_fileseq.files import common_folder
from dask_fileseq.grid.filegrid import Duplicates, FileGrid, grid_of_columns
from dask_fileseq.grid.grid_axes import Unmatched, name_columns
from dask_fileseq.grid.text_axis import Spacing, axis_of_texts
from dask_fileseq.patterns import NameColumns, NamePattern
from dask_fileseq.patterns.date_formats import is_duration_format, is_month_format


def grown_grid(
    grid: FileGrid,
    names: Sequence[str],
    *,
    axesorder: Sequence[int] | None = None,
    unmatched: Unmatched = "raise",
    duplicates: Duplicates = "raise",
    spacing: Spacing = "unit",
) -> FileGrid | None:
    r"""Return the grid of files of which a grid has some already; None if that takes all names.

    The parameters are those of `grid_of_pattern`; files that are not among the `names` are gone.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> grid = grid_of_pattern(["t1_a", "t1_b", "t5_a"], "t{t:d}_{c}", spacing="auto")
    >>> grown = grown_grid(grid, ["t1_a", "t1_b", "t3_c", "t5_a"], spacing="auto")
    >>> grown.shape, grown.coords["t"].tolist()
    ((3, 3), [1, 3, 5])
    """
    number_of = {name: number for number, name in enumerate(grid.names)}
    skipped = {*grid.unmatched}
    new = [name for name in names if name not in number_of and name not in skipped]
    if not new and len(names) == len(number_of) + len(skipped):
        return grid
    columns = None if grid.duplicates else _new_columns(grid, names, new, axesorder)
    if columns is None or (columns.unmatched and unmatched == "raise"):
        return None
    skipped |= {new[i] for i in columns.unmatched}
    there = [name for name in names if name not in skipped]
    if not there:
        return None
    numbers = np.array([number_of[name] for name in there if name in number_of], np.int64)
    rows = np.empty(len(there), np.int64)
    is_new = np.array([name not in number_of for name in there], np.bool_)
    rows[~is_new] = np.arange(len(numbers))
    place = {name: i for i, name in enumerate((n for n in new if n not in skipped), len(numbers))}
    rows[is_new] = [place[name] for name in there if name in place]
    whole = _joined(grid, numbers, columns)
    try:
        grown, _ = grid_of_columns(there, whole, rows, duplicates=duplicates, spacing=spacing)
    except NamesError:
        return None  # the error that all names raise is the one to show
    if [v.dtype.kind for v in grown.coords.values()] != [v.dtype.kind for v in _labels(grid)]:
        return None
    left = tuple(name for name in names if name in skipped)
    return replace(grown, unmatched=left, pattern=grid.pattern)


def _labels(grid: FileGrid) -> list[NDArray[Any]]:
    return list(grid.coords.values())


def _new_columns(
    grid: FileGrid, names: Sequence[str], new: Sequence[str], axesorder: Sequence[int] | None
) -> NameColumns | None:
    """Return the axes in new names, with all dates in one form; None if it takes all names."""
    pattern = grid.pattern
    if type(pattern) is not NamePattern or pattern.lookup is not None or grid.metadata.source:
        return None
    types = dict(pattern.fields)
    kinds = [types.get(dim, "") for dim in grid.dims]
    if any(map(_depends_on_all, kinds, _labels(grid))):
        return None
    start = 0
    if not pattern.whole:
        folders = {common_folder(list(map(os.path.normpath, each))) for each in (names, grid.names)}
        if len(folders) > 1:
            return None
        start = len(folders.pop())
    if _has_absent(grid, pattern, start):
        return None
    columns = NameColumns(
        grid.dims,
        tuple([] for _ in grid.dims),
        tuple(np.empty(0, np.int32) for _ in grid.dims),
        list(range(len(new))),
        tuple(kinds),
    )
    if new:
        try:
            _, columns = name_columns(new, pattern, axesorder, "skip", start)
        except UnmatchedError:  # none of them belongs
            pass
        except NamesError:
            return None
    return None if columns.dims != grid.dims or columns.absent else columns


def _depends_on_all(kind: str, labels: NDArray[Any]) -> bool:
    """Return whether what a text means depends on the others, as of dates without a year."""
    if kind == "compass" or (not kind and labels.dtype.kind == "f"):
        return True
    is_date = "%" in kind and not is_month_format(kind) and not is_duration_format(kind)
    return is_date and "%Y" not in kind and "%y" not in kind


def _has_absent(grid: FileGrid, pattern: NamePattern, start: int) -> bool:
    """Return whether an axis is absent in some names, whose lowest index depends on all.

    It is looked for where the index is the lowest.
    """
    firsts = {int(np.argmin(along)) for along in grid.along}
    found = (pattern.regex.search(grid.names[n][start:].lstrip(os.sep)) for n in firsts)
    return any(match is None or None in match.groups() for match in found)


def _joined(grid: FileGrid, numbers: NDArray[np.int64], new: NameColumns) -> NameColumns:
    """Return the axes of files of a grid, by their numbers, and then of new names."""
    texts, codes, types = [], [], []
    columns = zip(new.dims, new.texts, new.codes, new.types, strict=True)
    for (dim, found, found_codes, kind), labels, along in zip(
        columns, _labels(grid), grid.along, strict=True
    ):
        used, inverse = np.unique(along[numbers], return_inverse=True)
        old, plain = _texts(labels[used], kind)
        more = found
        if plain != kind and found:
            axis = axis_of_texts(dim, found, kind, "values")
            more, _ = _texts(np.asarray(axis.values)[axis.indices], kind)
        place = {text: i for i, text in enumerate(dict.fromkeys([*old, *more]))}
        renumbered = np.array([place[text] for text in more], np.int32)
        old_codes = np.array([place[text] for text in old], np.int32)
        codes.append(np.concatenate([old_codes[inverse], renumbered[found_codes]]))
        texts.append(list(place))
        types.append(plain)
    return NameColumns(new.dims, tuple(texts), tuple(codes), [], tuple(types))


def _texts(values: NDArray[Any], kind: str) -> tuple[list[str], str]:
    """Return texts for values of an axis, and what type these are of.

    >>> _texts(np.array([1.5]), "float_"), _texts(np.array(["2026-01-31"], "M8[D]"), "%Y%m%d")
    ((['1_5'], 'float_'), (['2026-01-31'], 'iso'))
    """
    if values.dtype.kind == "m":
        return list(map(str, values.astype("m8[ns]").astype(np.int64).tolist())), "ns"
    if values.dtype.kind == "M":
        return list(map(str, values)), "iso"
    if values.dtype.kind == "f":  # without an exponent, whose sign might be the decimal mark
        texts = [np.format_float_positional(value, trim="0") for value in values]
        mark = kind[5:] if kind.startswith("float") else ""
        return [text.replace(".", mark or ".") for text in texts], kind
    return list(map(str, values.tolist())), kind
