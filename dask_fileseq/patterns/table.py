"""Axes of files from a function or a table, in place of a pattern."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from dask_fileseq.errors import NamesError, shown
from dask_fileseq.patterns.columns import NameColumns, factorised

__all__ = ["Lookup", "asked", "looked_up", "lookup_of_table"]

Lookup: TypeAlias = Callable[[str], Mapping[str, Any] | None]
"""What a file's name says: a value for each axis, None where it does not belong."""


class _Rows:
    """Looks up the row of a file in a table, by as much of its path as the table has."""

    def __init__(self, names: Sequence[str], columns: dict[str, Sequence[Any]]) -> None:
        keys = [os.path.normpath(name) for name in names]
        self._rows = {key: row for row, key in enumerate(keys)}
        if len(self._rows) < len(keys):
            twice = next(key for row, key in enumerate(keys) if self._rows[key] != row)
            raise NamesError(f"pattern is a table in which file {twice!r} stands twice")
        self._depths = sorted({key.count(os.sep) for key in self._rows}, reverse=True)
        self._columns = columns

    def __call__(self, name: str) -> dict[str, Any] | None:
        row = self._row(name)
        return None if row is None else {dim: along[row] for dim, along in self._columns.items()}

    def _row(self, name: str) -> int | None:
        path = os.path.normpath(name)
        if path in self._rows:
            return self._rows[path]
        for depth in self._depths:
            row = self._rows.get(os.sep.join(path.rsplit(os.sep, depth + 1)[-depth - 1 :]))
            if row is not None:
                return row
        return None

    def __repr__(self) -> str:
        return f"<table of {len(self._rows):,} files: {', '.join(self._columns)}>"


def lookup_of_table(table: Any, names: Sequence[str]) -> Lookup:
    """Return the function that looks names up in a table.

    Parameters
    ----------
    table : mapping of str to sequence, or pandas.DataFrame
        Columns. One of them has the names of files, with as much of their paths as tells
        them apart; each other is an axis.
    names : sequence of str
        Names of files, to see which column has them.

    Raises
    ------
    NamesError
        No column, or more than one, has the names, or columns differ in length.

    Examples
    --------
    >>> table = {"file": ["a.tif", "b.tif"], "dose": [0.5, 1.0]}
    >>> lookup_of_table(table, ["/x/a.tif", "/x/b.tif"])("/x/b.tif")
    {'dose': 1.0}
    """
    try:
        columns: dict[str, list[Any]] = {str(key): list(table[key]) for key in table}
    except TypeError as error:
        raise NamesError(f"pattern is a table whose columns must be sequences: {error}") from error
    if len({len(along) for along in columns.values()}) > 1:
        lengths = {key: len(along) for key, along in columns.items()}
        raise NamesError(f"pattern is a table whose columns differ in length: {lengths}")
    texts = {
        key: along
        for key, along in columns.items()
        if along and all(isinstance(text, str | os.PathLike) for text in along)
    }
    found = [key for key, along in texts.items() if _has_any(along, names)]
    if len(found) != 1 or len(columns) < 2:
        raise NamesError(
            f"pattern is a table with columns {shown(columns, len(columns), 10)}, of which "
            f"{len(found)} have the names of files, such as {names[0]!r}: one must have them, "
            "and each other be an axis"
        )
    return _Rows(
        [os.fspath(name) for name in columns[found[0]]],
        {key: along for key, along in columns.items() if key != found[0]},
    )


def _has_any(texts: list[Any], names: Sequence[str]) -> bool:
    """Return whether any of the names stands in a column, first of all by its last part."""
    last = {os.path.basename(os.path.normpath(text)) for text in texts}
    return any(os.path.basename(name) in last for name in names)


def asked(lookup: Lookup, name: str, said: str) -> Any:
    """Return what a function says of a name; `said` is the pattern, for errors."""
    try:
        return lookup(name)
    except Exception as error:
        raise NamesError(
            f"pattern {said} failed for {name!r}: {type(error).__name__}: {error}"
        ) from error


def looked_up(lookup: Lookup, names: Sequence[str], said: str) -> NameColumns | None:
    """Return what a function finds in names, None if nothing in any of them.

    >>> looked_up(lambda name: {"t": int(name[1])}, ["t7", "t8"], "").texts
    (['7', '8'],)
    """
    found = [asked(lookup, name, said) for name in names]
    rows = [row for row in found if row is not None]
    for row, name in zip(found, names, strict=True):
        same = row is None or (hasattr(row, "keys") and row and row.keys() == rows[0].keys())
        if not same:
            raise NamesError(
                f"pattern {said} must return a mapping of the same axes for each name, or "
                f"None; it returned {row!r} for {name!r}, {rows[0]!r} for the first name"
            )
    if not rows:
        return None
    try:
        axes = [factorised([row[dim] for row in rows]) for dim in rows[0]]
    except TypeError as error:
        raise NamesError(
            f"pattern {said} must give numbers, texts or dates, such as those for the first "
            f"name, {rows[0]!r}: {error}"
        ) from error
    texts, types = zip(*(_texts_of(values) for values, _ in axes), strict=True)
    unmatched = [i for i, row in enumerate(found) if row is None]
    codes = tuple(codes for _, codes in axes)
    return NameColumns(tuple(map(str, rows[0])), texts, codes, unmatched, types)


def _texts_of(values: list[Any]) -> tuple[list[str], str]:
    """Return values as texts, and their type: that of a `Field`, or ``iso`` for dates.

    >>> _texts_of([1, 2]), _texts_of(["1", "2"]), _texts_of([datetime.date(2020, 7, 23)])
    ((['1', '2'], 'int'), (['1', '2'], ''), (['2020-07-23'], 'iso'))
    """
    if all(isinstance(value, str) for value in values):
        return [str(value) for value in values], ""
    if any(isinstance(value, bool | np.bool_) for value in values):
        return [str(value) for value in values], "word"
    if all(isinstance(value, int | np.integer) for value in values):
        return [str(int(value)) for value in values], "int"
    if all(isinstance(value, int | float | np.number) for value in values):
        return [repr(float(value)) for value in values], "float"
    if all(isinstance(value, datetime.date | np.datetime64) for value in values):
        return [str(np.datetime64(value)) for value in values], "iso"
    return [str(value) for value in values], "word"
