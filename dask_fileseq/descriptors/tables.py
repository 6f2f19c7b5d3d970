"""Tables in text files, CSV or TSV, of which a column has the names of files.

Columns that tell files apart are axes, as few as do; the others are coordinates.
"""

from __future__ import annotations

import csv
import datetime
import io
import math
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.descriptors.beside import Beside
from dask_fileseq.descriptors.descriptor import (
    BadDescriptorError,
    Descriptor,
    Extra,
    base_name,
    floats,
    joined_path,
    times,
)
from dask_fileseq.files import TableNames, common_path, delimiter_of
from dask_fileseq.grid import FileGrid, GridMetadata, grid_of_columns
from dask_fileseq.patterns import NameColumns

_ABSENT = ("", "n/a", "na", "nan", "none", "null")
"""Texts of values that are not there; ``n/a`` in BIDS."""

_INTEGER = re.compile(r"[+-]?\d{1,18}")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?")


def read_table(beside: Beside, name: str, names: Sequence[str]) -> Descriptor:
    """Return what a table in a Parquet or text file says of files."""
    if name.lower().endswith(".parquet"):
        return read_columns(_parquet_columns(beside.read(name)), names, name)
    text = beside.text(name)
    first = text.partition("\n")[0]
    if not first.strip():
        raise BadDescriptorError("its first line is empty")
    delimiter = delimiter_of(first)
    try:
        rows = [
            row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row
        ]
    except csv.Error as error:
        raise BadDescriptorError(f"it is no table: {error}") from error
    header = [title.strip() for title in rows[0]]
    if len(set(header)) < len(header) or not all(header):
        raise BadDescriptorError(f"its first line must be a name for each column, and is {rows[0]}")
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise BadDescriptorError(
                f"row {number:,} has {len(row)} columns, and the first row {len(header)}"
            )
    columns = {title: [row[i].strip() for row in rows[1:]] for i, title in enumerate(header)}
    return read_columns(columns, names, name)


def _parquet_columns(data: bytes) -> dict[str, list[Any]]:
    """Return the columns of a Parquet file."""
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ImportError(
            'a table in Parquet needs pyarrow, which pip install "dask-fileseq[parquet]" brings'
        ) from error
    try:
        table = pq.read_table(io.BytesIO(data))
    except ValueError as error:  # pyarrow's ArrowInvalid is one
        raise BadDescriptorError(f"it is no Parquet file: {error}") from error
    return {title: table[title].to_pylist() for title in table.column_names}


def read_columns(table: Any, names: Sequence[str], source: str) -> Descriptor:
    """Return what the columns of a table, a mapping or DataFrame called `source`, say of files.

    The column that has any of the names is that of the files.
    """
    columns = {str(title): list(table[title]) for title in table}
    if not any(columns.values()):
        raise BadDescriptorError("it has no rows")
    if "" in columns:
        raise BadDescriptorError("it has a column without a name")
    lengths = {title: len(values) for title, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise BadDescriptorError(f"its columns differ in length: {lengths}")
    known = set(map(base_name, names))
    found = [
        title
        for title, values in columns.items()
        if any(
            isinstance(v, str | os.PathLike) and base_name(os.fspath(v)) in known for v in values
        )
    ]
    if len(found) != 1:
        raise BadDescriptorError(
            f"of its columns {', '.join(map(repr, columns))}, {len(found)} have names of files, "
            f"such as {base_name(names[0])!r}, and one must"
        )
    given = columns.pop(found[0])
    for row, value in enumerate(given, 1):
        if not isinstance(value, str | os.PathLike) or not os.fspath(value):
            raise BadDescriptorError(
                f"its column {found[0]!r} has {value!r}, no name, in row {row:,}"
            )
    files = [os.fspath(value) for value in given]
    twice = [file for file, count in Counter(files).items() if count > 1]
    if twice:
        raise BadDescriptorError(f"it has file {twice[0]!r} twice")
    values = {title: _typed(column) for title, column in columns.items()}
    axes = _axes(values, len(files))
    return Descriptor(
        source=source,
        files=_as_found(files, names),
        planned=True,
        axes={title: list(values[title]) for title in axes} or {"sequence": range(len(files))},
        extras={title: Extra(v) for title, v in values.items() if title not in axes},
    )


def _typed(column: Sequence[Any]) -> NDArray[Any]:
    """Return the values of a column as numbers, dates or texts.

    >>> _typed(["1", "2"]), _typed(["0.5", "n/a"]), _typed(["2020-07-23"])
    (array([1, 2]), array([0.5, nan]), array(['2020-07-23'], dtype='datetime64[D]'))
    >>> _typed([5, None]), _typed(["A", None])
    (array([ 5., nan]), array(['A', ''], dtype='<U1'))
    """
    if not all(isinstance(value, str) for value in column):
        try:
            values = np.asarray(column)
        except ValueError:  # lists of several lengths
            values = np.empty(0, object)
        if values.dtype.kind not in "OU" and values.ndim == 1:
            return values
        known = [value for value in column if not _is_absent(value)]
        if known and all(isinstance(v, Real) and not isinstance(v, bool) for v in known):
            return np.array([np.nan if _is_absent(v) else float(v) for v in column])
        if known and all(isinstance(v, datetime.date | np.datetime64) for v in known):
            dates = [None if _is_absent(v) else v for v in column]
            return np.array(dates, object).astype("M8[ns]")
        if not all(isinstance(value, str) for value in known):
            return np.array(["" if _is_absent(v) else str(v) for v in column])
        column = ["" if _is_absent(value) else value for value in column]
    texts = ["" if text.lower() in _ABSENT else text for text in column]
    given = [text for text in texts if text]
    if given and all(map(_FLOAT.fullmatch, given)):
        if len(given) == len(texts) and all(map(_INTEGER.fullmatch, given)):
            return np.array(list(map(int, texts)), np.int64)
        return floats(texts).values
    if given and all(map(_DATE.fullmatch, given)):
        if max(map(len, given)) == 10:
            return np.array([text or "NaT" for text in texts], "M8[D]")
        return times(text.replace("Z", "+00:00") for text in texts).values
    return np.array(texts)


def _is_absent(value: Any) -> bool:
    """Return whether a value is None, or NaN, NaT or NA, which do not equal themselves."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError):  # NA of pandas is neither; an array is a value
        return not isinstance(value, np.ndarray)


def _axes(values: Mapping[str, NDArray[Any]], count: int) -> list[str]:
    """Return as few columns as tell all files apart, those with few values rather than many.

    >>> well = np.array(["A1", "A1", "B1", "B1"])
    >>> _axes({"n": np.arange(4), "well": well, "t": np.array([0, 1, 0, 1])}, 4)
    ['well', 't']
    """
    codes: dict[str, NDArray[Any]] = {}
    numbers = {}
    for position, (title, column) in enumerate(values.items()):
        distinct, code = np.unique(column, return_inverse=True)
        unknown = distinct == "" if distinct.dtype.kind == "U" else distinct != distinct
        if len(distinct) > 1 and not unknown.any():
            codes[title] = code
            numbers[title] = (column.dtype.kind == "f", len(distinct), position)
    order = sorted(numbers, key=numbers.__getitem__, reverse=True)
    return _telling_apart(codes, order, count)


def _telling_apart(codes: dict[str, NDArray[Any]], order: Sequence[str], count: int) -> list[str]:
    """Return as few columns as tell all files apart; those first in an order are dropped first."""
    for title in order:
        others = [code for other, code in codes.items() if other != title]
        if others and _are_apart(others, count):
            codes = {other: code for other, code in codes.items() if other != title}
    return list(codes)


def _are_apart(columns: Sequence[NDArray[Any]], count: int) -> bool:
    """Return whether no two rows have the same codes in all columns."""
    key = np.zeros(count, np.int64)
    for codes in columns:
        size = int(codes.max()) + 1
        if (int(key.max()) + 1) * size > 2**62:
            key = np.unique(key, return_inverse=True)[1]
        key = key * size + codes
    if key.max() <= 4 * count:
        return bool(np.bincount(key).max() == 1)
    return len(np.unique(key)) == count


def grid_of_columns_beside(names: TableNames, **rules: Any) -> FileGrid | None:
    """Return the grid that other columns of a table of names make; None if they make none.

    They do if few of them tell all files apart, and at least half of the cells are filled. Of
    several columns, one that alone tells all files apart is a number of the row, and no axis.
    The `rules` are those of `grid_of_columns`.
    """
    columns = {title: each for title, each in names.columns.items() if len(each.texts) > 1}
    codes: dict[str, NDArray[Any]] = {title: each.codes for title, each in columns.items()}
    if not codes or not _are_apart(list(codes.values()), len(names)):
        return None
    order = sorted(codes, key=lambda title: len(columns[title].texts))[::-1]
    axes = _telling_apart(codes, order, len(names))
    cells = math.prod(len(columns[title].texts) for title in axes)
    if cells > 2 * len(names) or len(axes) == 1 < len(columns):
        return None
    texts, found, types = zip(*(columns[title] for title in axes), strict=True)
    beside = NameColumns(tuple(axes), texts, found, [], types)
    grid, _ = grid_of_columns(names, beside, np.arange(len(names)), **rules)
    rest = [title for title in names.columns if title not in axes]
    notes = (f"Other columns are no axes: {', '.join(map(repr, rest))}.",) if rest else ()
    return replace(grid, metadata=GridMetadata(source="the table of names", notes=notes))


def _as_found(files: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return each file of a table as the name that ends with its path; others below the folder."""
    parts = [tuple(part for part in re.split(r"[/\\]", file) if part != ".") for file in files]
    depths = sorted({len(each) for each in parts})
    ends: dict[tuple[str, ...], str | None] = {}
    for name in names:
        own = tuple(re.split(r"[/\\]", name))
        if len(own) < depths[-1] and "://" not in name:  # a relative name
            own = tuple(re.split(r"[/\\]", os.path.abspath(name)))
        for depth in depths:
            if depth <= len(own):
                end = own[len(own) - depth :]
                ends[end] = None if end in ends else name  # of several, none
    found = [ends.get(each) for each in parts]
    if None not in found:
        return [name for name in found if name]
    try:
        folder = common_path(names)
    except ValueError as error:  # absolute and relative names, or two drives
        raise BadDescriptorError(
            f"no file ends with {files[found.index(None)]!r}, and the files have no folder in "
            f"common in which it would be: {min(names)!r} and {max(names)!r}"
        ) from error
    return [name or joined_path(folder, f) for name, f in zip(found, files, strict=True)]
