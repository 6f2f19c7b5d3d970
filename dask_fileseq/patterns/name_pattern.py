"""File name patterns: the axes and index texts in names. No I/O.

`NamePattern.match` works on one name; `NamePattern.columns` does the same for millions of
names, one column for each axis.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import NamesError, UnmatchedError, shown
from dask_fileseq.patterns.name_columns import (
    Codes,
    Column,
    NameColumns,
    factorize,
    factorize_rows,
    joined,
    lowest_index,
    unique_dims,
)

__all__ = [
    "BATCH",
    "HOW_TO_HAVE_ALL",
    "Codes",
    "Field",
    "Lookup",
    "NameColumns",
    "NamePattern",
    "factorize",
    "factorize_rows",
    "literal",
    "unique_dims",
]

BATCH = 256
"""Number of names to work on at once, so that their texts never pile up.

The matches and groups of one batch are fewer than the objects after which Python collects
garbage; batches of 2,000 names take three times as long.
"""

HOW_TO_HAVE_ALL = (
    "write all axes into each name, or leave the others out with unmatched='skip' and a pattern "
    "in which no axis is optional"
)
"""What to do about names that have not all axes."""

Lookup: TypeAlias = Callable[[str], Mapping[str, Any] | None]
"""Returns a value for each axis of a file name, or None for a name that does not belong."""

# The axes of a name, and the number of the group that has the index of each.
_Layout: TypeAlias = tuple[tuple[str, ...], tuple[int, ...]]


class Field(NamedTuple):
    """An axis that a pattern finds in a name."""

    name: str
    """Name of the axis."""
    type: str = ""
    """``int``, ``float`` (``float_`` and the like with another decimal mark), ``word``,
    ``compass`` (degrees, ``S05``), the format of a date, a duration or a month (``%Y%m%d``), or
    empty for numbers if all texts are numbers, else words."""


@dataclass(frozen=True, slots=True)
class NamePattern:
    r"""A pattern that finds axes and indices in file names; see `as_pattern`.

    Its ``str()`` can be passed as a pattern again. Each group of the regular expression is
    one of:

    - a named group, ``(?P<T>...)``: an index along the axis of that name;
    - a text that begins with a letter: the name of the axis of the next index;
    - any other text: an index, along axis ``Q`` if nothing names it.

    Optional groups that take no part in a match are left out. If all groups are named, those
    that take no part in some names have the lowest index there, a step below all others.

    Examples
    --------
    >>> from dask_fileseq.patterns import as_pattern
    >>> pattern = as_pattern("{well}_t{time:04d}.tif")
    >>> pattern.match("A01_t0012.tif")
    (('well', 'time'), ('A01', '0012'))
    >>> print(pattern)
    {well}_t{time:04d}.tif
    >>> pattern.fields
    (Field(name='well', type=''), Field(name='time', type='int'))
    """

    regex: re.Pattern[str]
    """The compiled regular expression."""
    fields: tuple[Field, ...] = ()
    """The axes that the pattern itself names, with their types."""
    text: str = ""
    """The pattern as text."""
    whole: bool = field(default=False, kw_only=True)
    """Whether the folder that all names share takes part in the match."""
    parts: tuple[tuple[str, str], ...] = field(default=(), kw_only=True)
    """The groups of further parts of dates, each with the axis whose text it is a part of."""
    lookup: Lookup | None = field(default=None, kw_only=True)
    """A user's own function or table, used in place of `regex`; see `LookupPattern`."""

    @classmethod
    def of_path(cls, regex: str, fields: Mapping[str, str], text: str) -> Self:
        """Return a pattern that matches whole components at the end of a path.

        The `fields` are the types of the named groups of `regex`.
        """
        whole = re.compile(rf"(?:^|[/\\]){regex}$")
        return cls(whole, tuple(map(Field, fields, fields.values())), text, whole=True)

    def __str__(self) -> str:
        return self.text or self.regex.pattern

    def match(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        r"""Return the axis names and index texts in one name, None without a match.

        Examples
        --------
        >>> from dask_fileseq.patterns import as_pattern
        >>> as_pattern("axes").match("scan_T03_CH2.tif")
        (('T', 'CH'), ('03', '2'))
        >>> as_pattern(r"(\d+)-(\d+)").match("none")
        """
        match = self.regex.search(name)
        if match is None:
            return None
        texts = match.groups()
        dims, groups = _layout(texts, self.regex)
        found = [texts[i] for i in groups]
        for group, axis in self.parts:
            found[dims.index(axis)] += f" {found[dims.index(group)]}"
        kept = [i for i, dim in enumerate(dims) if dim not in dict(self.parts)]
        return tuple(dims[i] for i in kept), tuple(found[i] for i in kept)

    def columns(self, names: Sequence[str], start: int = 0) -> NameColumns:
        """Return the axis names and index texts in many names.

        Parameters
        ----------
        names : sequence of str
            File names.
        start : int
            Number of characters at the beginning of each name that are not matched, nor are
            path separators right behind them. Not used if the pattern is for `whole` paths.

        Raises
        ------
        UnmatchedError
            The pattern matches none of the names.
        NamesError
            The pattern finds no indices, or other axes in some names than in others.

        Examples
        --------
        >>> from dask_fileseq.patterns import as_pattern
        >>> as_pattern(r"(?P<c>[A-Z]+)_(?P<t>[0-9]+)").columns(["GFP_1", "RFP_1"]).texts
        (['GFP', 'RFP'], ['1'])
        """
        unmatched: list[int] = []
        batches = self._search(names, 0 if self.whole else start, unmatched)
        texts, codes = factorize_rows(batches, self.regex.groups, len(names))
        return self.columns_of_rows(names, texts, codes, unmatched)

    def columns_of_rows(
        self,
        names: Sequence[str],
        texts: list[list[Any]],
        codes: list[Codes],
        unmatched: list[int],
    ) -> NameColumns:
        """Return what `columns` does, from the texts of each group and their codes."""
        if len(unmatched) == len(names):
            raise self.no_match(names)
        absent = self._fill_absent(texts)
        layouts, layout_of = _layouts(texts, codes, self.regex)
        dims, groups = layouts[0]
        if not dims or any(other != dims for other, _ in layouts):
            raise NamesError(self._no_common_dims(names, unmatched, layouts, layout_of))
        columns_of = [(texts[group], codes[group]) for group in groups]
        if len(layouts) > 1:
            in_layouts = zip(*(groups for _, groups in layouts), strict=True)
            columns_of = [_axis(groups, layout_of, texts, codes) for groups in in_layouts]
        axes = self._joined(list(zip(dims, columns_of, strict=True)))
        types = dict(self.fields)
        return NameColumns(
            tuple(dim for dim, _ in axes),
            tuple(texts for _, (texts, _) in axes),
            tuple(codes for _, (_, codes) in axes),
            unmatched,
            tuple(types.get(dim, "") for dim, _ in axes),
            {
                dim: names[_matched(names, unmatched)[np.argmax(codes[group] == code)]]
                for dim, (group, code) in absent.items()
            },
        )

    def _fill_absent(self, texts: list[list[Any]]) -> dict[str, tuple[int, int]]:
        """Put the lowest index in place of None, where all groups are named.

        Returns the axes that some names do not have, each with its group and the code of the
        new text. Axes that are no integers are left as they are.
        """
        absent = {}
        if self.regex.groups == len(self.regex.groupindex):
            types = dict(self.fields)
            for dim, number in self.regex.groupindex.items():
                column = texts[number - 1]
                if None in column and len(column) > 1 and types.get(dim, "") in ("", "int"):
                    lowest = lowest_index([text for text in column if text is not None])
                    if lowest is not None:
                        absent[dim] = (number - 1, column.index(None))
                        column[column.index(None)] = lowest
        return absent

    def _joined(self, axes: list[tuple[str, Column]]) -> list[tuple[str, Column]]:
        """Return axes with further parts of dates joined to the first ones."""
        for group, axis in self.parts:
            columns = dict(axes)
            whole = joined(columns[axis], columns[group])
            axes = [(dim, whole if dim == axis else c) for dim, c in axes if dim != group]
        return axes

    def _search(
        self, names: Sequence[str], start: int, unmatched: list[int]
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the groups of the matches of each batch; add to the `unmatched` positions."""
        for first in range(0, len(names), BATCH):
            tails: Sequence[str] = names[first : first + BATCH]
            if not self.whole:
                tails = [name[start:].lstrip(os.sep) for name in tails]
            found = list(map(self.regex.search, tails))
            matches = [match for match in found if match is not None]
            if len(matches) < len(found):
                unmatched.extend(first + i for i, match in enumerate(found) if match is None)
            if matches:
                yield list(map(type(matches[0]).groups, matches))

    def no_match(self, names: Sequence[str]) -> UnmatchedError:
        """Return the error for names of which the pattern matches none."""
        below = "" if self.whole else " (below the folder that they share)"
        return UnmatchedError(
            f"pattern {str(self)!r} matches none of {len(names):,} names{below}: "
            f"{shown(names, len(names))}"
        )

    def _no_common_dims(
        self,
        names: Sequence[str],
        unmatched: list[int],
        layouts: list[_Layout],
        layout_of: Codes,
    ) -> str:
        """Return which names have other axes than the first one, or that it has none."""
        matched = _matched(names, unmatched)
        firsts = [names[matched[np.argmax(layout_of == k)]] for k in range(len(layouts))]
        dims = layouts[0][0]
        for (other, _), name in zip(layouts, firsts, strict=True):
            if other != dims:
                return (
                    f"dims do not match: pattern {str(self)!r} "
                    f"finds {dims!r} in {firsts[0]!r} but {other!r} in {name!r}; {HOW_TO_HAVE_ALL}"
                )
        return (
            f"pattern {str(self)!r} finds no index in {firsts[0]!r}: "
            "a text that begins with a letter names the axis of the next index; "
            "a named group, (?P<name>...), makes it an index"
        )


def _matched(names: Sequence[str], unmatched: Sequence[int]) -> NDArray[np.int64]:
    """Return the positions of the names that a pattern matches."""
    return np.delete(np.arange(len(names)), unmatched)


def _layout(texts: Iterable[str | None], regex: re.Pattern[str]) -> _Layout:
    """Return the axis names in the texts of a match's groups, and the groups of the indices."""
    named = {number - 1: name for name, number in regex.groupindex.items()}
    dims: list[str] = []
    groups: list[int] = []
    label = ""
    for group, text in enumerate(texts):
        if text is None:
            continue
        if text[:1].isalpha() and group not in named:
            label = text
            continue
        dims.append(named.get(group) or label or "Q")
        groups.append(group)
        label = ""
    return tuple(dims), tuple(groups)


def _layouts(
    texts: list[list[Any]], codes: list[Codes], regex: re.Pattern[str]
) -> tuple[list[_Layout], Codes]:
    """Return the distinct layouts, nearly always one, and the number of each name's layout.

    Texts that are indices are all alike for the layout. With these as ``""``, most groups
    have one text, and nothing has to be done for each name.
    """
    named = {number - 1 for number in regex.groupindex.values()}
    if len(named) == len(texts) and not any(None in column for column in texts):
        return [_layout([""] * len(texts), regex)], np.zeros(len(codes[0]), np.int32)
    labels = [
        [text if text is None or (text[:1].isalpha() and i not in named) else "" for text in column]
        for i, column in enumerate(texts)
    ]
    if all(len(set(column)) == 1 for column in labels):
        layout = _layout([column[0] for column in labels], regex)
        return [layout], np.zeros(len(codes[0]), np.int32)
    columns = ([column[i] for i in code] for column, code in zip(labels, codes, strict=True))
    rows, row_of = factorize(list(zip(*columns, strict=True)))
    layouts, layout_of = factorize([_layout(row, regex) for row in rows])
    return layouts, layout_of[row_of]


def _axis(
    groups: Sequence[int], layout_of: Codes, texts: list[list[Any]], codes: list[Codes]
) -> tuple[list[str], Codes]:
    """Return the texts and codes of an axis, for the group of its index in each layout."""
    if len(set(groups)) == 1:
        return texts[groups[0]], codes[groups[0]]
    group_of = (groups[k] for k in layout_of)
    return factorize([texts[group][codes[group][i]] for i, group in enumerate(group_of)])


def literal(text: str) -> str:
    """Return the regular expression for a text, in which a slash matches either slash."""
    return re.escape(text).replace("/", r"[/\\]")
