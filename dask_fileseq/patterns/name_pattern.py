"""File name patterns: the axes and index texts in names. No I/O.

`NamePattern.match` works on one name; `NamePattern.columns` does the same for millions of
names, one column for each axis.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from dask_fileseq.errors import NamesError, UnmatchedError, shown
from dask_fileseq.patterns.columns import BATCH, Codes, NameColumns, factorize, factorize_rows
from dask_fileseq.patterns.format_strings import Field
from dask_fileseq.patterns.lookup import Lookup, lookup_columns, lookup_name

__all__ = ["NamePattern"]

# The axes of a name, and the number of the group that has the index of each.
_Layout: TypeAlias = tuple[tuple[str, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class NamePattern:
    r"""A pattern that finds axes and indices in file names; see `as_pattern`.

    Its ``str()`` can be passed as a pattern again. Each group of the regular expression is
    one of:

    - a named group, ``(?P<T>...)``: an index along the axis of that name;
    - a text that begins with a letter: the name of the axis of the next index;
    - any other text: an index, along axis ``Q`` if nothing names it.

    Optional groups that take no part in a match are left out.

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
    lookup: Lookup | None = field(default=None, kw_only=True)
    """A user's own function or table, used in place of `regex`."""

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
        if self.lookup is not None:
            found = lookup_name(self.lookup, name, str(self))
            return None if found is None else (tuple(found), tuple(map(str, found.values())))
        match = self.regex.search(name)
        if match is None:
            return None
        texts = match.groups()
        dims, groups = _layout(texts, self.regex)
        return dims, tuple(texts[i] for i in groups)

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
        if self.lookup is not None:
            columns = lookup_columns(self.lookup, names, str(self))
            if columns is None:
                raise self._no_match(names)
            return columns
        texts, codes, unmatched = self._search(names, 0 if self.whole else start)
        if len(unmatched) == len(names):
            raise self._no_match(names)
        layouts, layout_of = _layouts(texts, codes, self.regex)
        dims, groups = layouts[0]
        if not dims or any(other != dims for other, _ in layouts):
            raise NamesError(self._no_common_dims(names, unmatched, layouts, layout_of))
        columns_of = [(texts[group], codes[group]) for group in groups]
        if len(layouts) > 1:
            in_layouts = zip(*(groups for _, groups in layouts), strict=True)
            columns_of = [_axis(groups, layout_of, texts, codes) for groups in in_layouts]
        types = dict(self.fields)
        return NameColumns(
            dims,
            tuple(texts for texts, _ in columns_of),
            tuple(codes for _, codes in columns_of),
            unmatched,
            tuple(types.get(dim, "") for dim in dims),
        )

    def _search(
        self, names: Sequence[str], start: int
    ) -> tuple[list[list[Any]], list[Codes], list[int]]:
        """Return each group's distinct texts and their code in each name, and the unmatched."""
        unmatched: list[int] = []

        def batches() -> Iterator[list[tuple[Any, ...]]]:
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

        texts, codes = factorize_rows(batches(), self.regex.groups, len(names))
        return texts, codes, unmatched

    def _no_match(self, names: Sequence[str]) -> UnmatchedError:
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
        matched = np.delete(np.arange(len(names)), unmatched)
        firsts = [names[matched[np.argmax(layout_of == k)]] for k in range(len(layouts))]
        dims = layouts[0][0]
        for (other, _), name in zip(layouts, firsts, strict=True):
            if other != dims:
                return (
                    f"dims do not match: pattern {str(self)!r} "
                    f"finds {dims!r} in {firsts[0]!r} but {other!r} in {name!r}"
                )
        return (
            f"pattern {str(self)!r} finds no index in {firsts[0]!r}: "
            "a text that begins with a letter names the axis of the next index; "
            "a named group, (?P<name>...), makes it an index"
        )


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
