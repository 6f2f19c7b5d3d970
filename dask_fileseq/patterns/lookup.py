"""Axes of files from a function or a table, in place of a pattern."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dask_fileseq.errors import NamesError, shown
from dask_fileseq.patterns.name_pattern import NameColumns, NamePattern, factorize


class TableLookup:
    """Find the row of a file in a table, by as much of its path as the table has.

    The table is a mapping of columns, or a DataFrame. One column has the file names, each
    with enough of its path to be unique: the one that has any of `names`. Each other column
    is an axis.

    >>> table = {"file": ["a.tif", "b.tif"], "dose": [0.5, 1.0]}
    >>> TableLookup(table, ["/x/a.tif", "/x/b.tif"])("/x/b.tif")
    {'dose': 1.0}
    """

    def __init__(self, table: Any, names: Sequence[str]) -> None:
        try:
            columns: dict[str, list[Any]] = {str(key): list(table[key]) for key in table}
        except TypeError as error:
            raise NamesError(
                f"pattern is a table whose columns must be sequences: {error}"
            ) from error
        lengths = {key: len(values) for key, values in columns.items()}
        if len(set(lengths.values())) > 1:
            raise NamesError(f"pattern is a table whose columns differ in length: {lengths}")
        found = [key for key, values in columns.items() if _has_any(values, names)]
        if len(found) != 1 or len(columns) < 2:
            raise NamesError(
                f"pattern is a table with columns {shown(columns, len(columns), 10)}, of which "
                f"{len(found)} have the names of files, such as {names[0]!r}: one must have them, "
                "and each other be an axis"
            )
        keys = list(map(os.path.normpath, columns.pop(found[0])))
        self._rows = {key: row for row, key in enumerate(keys)}
        if len(self._rows) < len(keys):
            twice = next(key for row, key in enumerate(keys) if self._rows[key] != row)
            raise NamesError(f"pattern is a table that has file {twice!r} twice")
        self._depths = sorted({key.count(os.sep) for key in self._rows}, reverse=True)
        self._columns = columns

    def __call__(self, name: str) -> dict[str, Any] | None:
        """Return the values in the row of a file, None without such a row."""
        path = os.path.normpath(name)
        ends = (os.sep.join(path.rsplit(os.sep, n + 1)[-n - 1 :]) for n in self._depths)
        for key in (path, *ends):
            row = self._rows.get(key)
            if row is not None:
                return {dim: values[row] for dim, values in self._columns.items()}
        return None

    def __repr__(self) -> str:
        return f"<table of {len(self._rows):,} files: {', '.join(self._columns)}>"


def _has_any(values: list[Any], names: Sequence[str]) -> bool:
    """Return whether the values of a column are paths, and any file name is among them."""
    if not all(isinstance(value, str | os.PathLike) for value in values):
        return False
    basenames = {os.path.basename(os.path.normpath(path)) for path in values}
    return any(os.path.basename(name) in basenames for name in names)


@dataclass(frozen=True, slots=True)
class LookupPattern(NamePattern):
    """A pattern that calls a user's function, or looks names up in a table.

    >>> import re
    >>> pattern = LookupPattern(re.compile(""), lookup=lambda name: {"t": int(name[1])})
    >>> pattern.columns(["t7", "t8"]).texts
    (['7', '8'],)
    """

    def match(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """Return the axis names and index texts that the function gives for one name."""
        found = self._call(name)
        return None if found is None else (tuple(found), tuple(map(str, found.values())))

    def columns(self, names: Sequence[str], start: int = 0) -> NameColumns:
        """Return the axes that the function finds in many names."""
        found = list(map(self._call, names))
        rows = [row for row in found if row is not None]
        for row, name in zip(found, names, strict=True):
            same = row is None or (hasattr(row, "keys") and row and row.keys() == rows[0].keys())
            if not same:
                raise NamesError(
                    f"pattern {self} must return a mapping of the same axes for each name, or "
                    f"None; it returned {row!r} for {name!r}, {rows[0]!r} for the first name"
                )
        if not rows:
            raise self.no_match(names)
        try:
            axes = [factorize([row[dim] for row in rows]) for dim in rows[0]]
        except TypeError as error:
            raise NamesError(
                f"pattern {self} must give numbers, texts or dates, such as those for the first "
                f"name, {rows[0]!r}: {error}"
            ) from error
        texts, types = zip(*(typed_texts(values) for values, _ in axes), strict=True)
        unmatched = [i for i, row in enumerate(found) if row is None]
        codes = tuple(codes for _, codes in axes)
        return NameColumns(tuple(map(str, rows[0])), texts, codes, unmatched, types)

    def _call(self, name: str) -> Any:
        """Return the result of the function for a name."""
        assert self.lookup is not None
        try:
            return self.lookup(name)
        except Exception as error:
            raise NamesError(
                f"pattern {self} failed for {name!r}: {type(error).__name__}: {error}"
            ) from error


def typed_texts(values: list[Any]) -> tuple[list[str], str]:
    """Return values as texts, and their type: that of a `Field`, or of `NameColumns`.

    >>> typed_texts([1, 2]), typed_texts(["1", "2"]), typed_texts([datetime.date(2020, 7, 23)])
    ((['1', '2'], 'int'), (['1', '2'], ''), (['2020-07-23'], 'iso'))
    """
    if all(isinstance(value, str) for value in values):
        return list(map(str, values)), ""
    if any(isinstance(value, bool | np.bool_) for value in values):
        return list(map(str, values)), "word"
    if all(isinstance(value, datetime.timedelta | np.timedelta64) for value in values):
        return np.array(values, "m8[ns]").astype(np.int64).astype(str).tolist(), "ns"
    if all(isinstance(value, int | np.integer) for value in values):
        return [str(int(value)) for value in values], "int"
    if all(isinstance(value, int | float | np.number) for value in values):
        return [repr(float(value)) for value in values], "float"
    if all(isinstance(value, datetime.date | np.datetime64) for value in values):
        return [str(np.datetime64(value)) for value in values], "iso"
    return list(map(str, values)), "word"
