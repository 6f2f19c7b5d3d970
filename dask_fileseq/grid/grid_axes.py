"""The axes that a pattern finds in file names, and those of the grid that they make.

The distinct texts of each axis become indices and values, those below the folder that all
names share.
What makes an axis of texts is `text_axis`.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from dask_fileseq.errors import NamesError, NoFilesError, UnmatchedError, shown
from dask_fileseq.files import PackedNames, common_folder
from dask_fileseq.grid.text_axis import GridAxis, Spacing, axis_of_texts, category_axis, listed_axis
from dask_fileseq.patterns import (
    HOW_TO_HAVE_ALL,
    NameColumns,
    NamePattern,
    as_pattern,
    columns_of,
    infer_columns,
    require_quick,
)
from dask_fileseq.plaintext import public_names

LONGEST = 8192
"""Largest number of characters of a name: more than paths have, and most URLs. To find a pattern
in longer ones would take minutes."""

Unmatched: TypeAlias = Literal["raise", "skip"]
Categories: TypeAlias = Mapping[str, Mapping[str, int]]


def parse_filenames(
    files: Sequence[str],
    /,
    pattern: Any = None,
    axesorder: Sequence[int] | None = None,
    categories: Categories | None = None,
    *,
    _shape: Sequence[int] | None = None,
) -> tuple[tuple[str, ...], tuple[int, ...], list[tuple[int, ...]], Sequence[str]]:
    r"""Return the dims, shape and indices that a pattern finds in file names.

    The function of tifffile 2026.11.8, with the same parameters and results, except that
    texts that are no integers are indices too, and that a pattern that finds no index is an
    error. Two files may have one index, as in tifffile. If `_shape` is given, the numbers in
    names are the indices; older releases of tifffile subtract the lowest ones.

    Parameters
    ----------
    files : sequence of str
        File names.
    pattern : str, re.Pattern, NamePattern, callable or table, optional
        See `open_sequence`. By default, files are counted along axis ``I``.
    axesorder : sequence of int, optional
        The order of the axes, by their positions in `pattern`.
    categories : mapping of str to mapping of str to int, optional
        The indices of texts, for axes by their names: ``{"c": {"DAPI": 0}}``.
    _shape : sequence of int, optional
        Shape of the grid. The first index of an axis need not occur.

    Returns
    -------
    dims : tuple of str
        Names of the axes.
    shape : tuple of int
        Number of indices along each axis.
    indices : list of tuple of int
        The index of each file.
    files : sequence of str
        The file names, as given.

    Raises
    ------
    NoFilesError, UnmatchedError, NamesError
        The names or parameters do not make a grid. All are a `ValueError`.

    Examples
    --------
    >>> parse_filenames(["c1001.ext", "c2002.ext"], r"([^\d])(\d)(?P<t>\d+)\.ext")
    (('c', 't'), (2, 2), [(0, 0), (1, 1)], ['c1001.ext', 'c2002.ext'])
    """
    if pattern is None:
        length = (len(files),)
        if _shape is not None and (len(_shape) != 1 or _shape[0] < len(files)):
            raise NamesError(f"shape {length} does not fit provided shape {tuple(_shape)}")
        return ("I",), length, [(i,) for i in range(len(files))], files
    _, columns = name_columns(files, pattern, axesorder, "raise")
    axes = grid_axes(columns, categories, _shape, "unit")
    found = (axis.indices[codes].tolist() for axis, codes in zip(axes, columns.codes, strict=True))
    shape = tuple(len(axis.values) for axis in axes)
    return columns.dims, shape, list(zip(*found, strict=True)), files


def name_columns(
    names: Sequence[str],
    pattern: Any,
    axesorder: Sequence[int] | None,
    unmatched: Unmatched,
    start: int | None = None,
) -> tuple[NamePattern, NameColumns]:
    """Return a user's pattern, and the axes that it finds in names.

    A regular expression is matched below the folder that the names share, whose length may be
    given as `start`; other patterns are matched with whole paths. Credentials in URLs are left
    out.
    """
    if not len(names):
        raise NoFilesError("files is empty")
    packed = names.paths() if isinstance(names, PackedNames) else None
    if "://" in names[0] and packed is None:
        names = public_names(names)  # signatures are no part of what a pattern matches
    longest = names.longest() if isinstance(names, PackedNames) else max(names, key=len)
    if len(longest) > LONGEST:
        raise NamesError(
            f"{longest[:50]!r}... has {len(longest):,} characters: more than {LONGEST:,}, the"
            " most of a name that patterns are matched with"
        )
    is_inferred = isinstance(pattern, str) and pattern == "infer"
    if not is_inferred:
        pattern = as_pattern(pattern, names)
    paths = names
    own = not is_inferred and pattern.lookup is not None
    # names that are normalised already stay packed, which saves memory
    if packed is not None and not own:
        paths = packed
    elif not own and any(map(operator.ne, map(os.path.normpath, names), names)):
        paths = list(map(os.path.normpath, names))
    if is_inferred:
        pattern, columns = infer_columns(paths)
    else:
        start = _start(pattern, paths) if start is None else start
        require_quick(pattern, [longest] if packed is not None else paths, start)
        columns = columns_of(pattern, paths, start)
    if columns.unmatched and unmatched == "raise":
        count = len(columns.unmatched)
        raise UnmatchedError(
            f"pattern {str(pattern)!r} does not match {count:,} of {len(names):,} names: "
            f"{shown((names[i] for i in columns.unmatched), count)}; "
            "a file sequence leaves them out with unmatched='skip'"
        )
    if axesorder is None:
        return pattern, columns
    dims = columns.dims
    if not isinstance(axesorder, Sequence) or sorted(axesorder) != list(range(len(dims))):
        raise NamesError(
            f"axesorder {axesorder!r} is no order of {dims!r}: each of 0 to {len(dims) - 1} once"
        )
    return pattern, columns.ordered(axesorder)


def _start(pattern: NamePattern, paths: Sequence[str]) -> int:
    """Return where the texts begin that a pattern is matched with."""
    try:
        return 0 if pattern.whole else len(common_folder(paths))
    except ValueError as error:
        raise NamesError(f"files have no common folder: {error}") from error


def grid_axes(
    columns: NameColumns,
    categories: Categories | None,
    shape: Sequence[int] | None,
    spacing: Spacing,
) -> list[GridAxis]:
    """Return the axes of a grid, of the given shape if there is one."""
    categories = {} if categories is None else categories
    if not isinstance(categories, Mapping) or not all(
        isinstance(category, Mapping) for category in categories.values()
    ):
        raise NamesError(
            f"categories={categories!r} must be the indices of texts by axis, as in "
            "{'channel': {'DAPI': 0}}"
        )
    start = None if shape is None else 0
    axes = [
        category_axis(dim, texts, categories[dim], start)
        if dim in categories
        else listed_axis(texts, columns.listed[dim], spacing)
        if dim in columns.listed
        else axis_of_texts(dim, texts, kind, spacing, start)
        for dim, texts, kind in zip(columns.dims, columns.texts, columns.types, strict=True)
    ]
    if shape is None:
        if columns.absent:
            _check_whole(columns, axes)
        return axes
    sizes = shape_tuple(shape)
    parsed = tuple(len(axis.values) for axis in axes)
    if (
        len(parsed) != len(sizes)
        or any(axis.indices.min() < 0 for axis in axes)
        or any(size < need for size, need in zip(sizes, parsed, strict=True))
    ):
        raise NamesError(f"parsed shape {parsed} does not fit provided shape {sizes}")
    return [
        axis if len(axis.values) == size else axis._replace(values=range(size))
        for axis, size in zip(axes, sizes, strict=True)
    ]


def _check_whole(columns: NameColumns, axes: list[GridAxis]) -> None:
    """Raise a `NamesError` if an axis that some names do not have leaves the grid with gaps."""
    sizes = tuple(len(axis.values) for axis in axes)
    count = len(columns.codes[0])
    if math.prod(sizes) == count:
        along = [axis.indices[codes] for axis, codes in zip(axes, columns.codes, strict=True)]
        if len(np.unique(np.ravel_multi_index(along, sizes))) == count:
            return
    (dim, name), *_ = columns.absent.items()
    raise NamesError(
        f"axis {dim!r} is absent in {name!r}, and with the lowest index in its place, {count:,} "
        f"files do not fill the cells of a grid of shape {sizes}, one each: {HOW_TO_HAVE_ALL}"
    )


def shape_tuple(shape: Sequence[int]) -> tuple[int, ...]:
    """Return a shape as a tuple of int."""
    if not isinstance(shape, Sequence) or not all(
        isinstance(size, int | np.integer) and size > 0 for size in shape
    ):
        raise NamesError(f"shape must be positive integers, got {shape!r}")
    return tuple(map(int, shape))
