"""File name patterns: the axes and index texts in names. No I/O.

`NamePattern.match` works on one name; `NamePattern.columns` does the same for millions of
names, one column for each axis.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import NamesError, UnmatchedError, shown
from dask_fileseq.patterns.columns import BATCH, Codes, NameColumns, Numbering
from dask_fileseq.patterns.format_strings import Field
from dask_fileseq.patterns.lookup import Lookup, lookup_columns, lookup_name

__all__ = ["NamePattern"]

# The role of a group in a name: None if it takes no part, "" for an index,
# otherwise the name of the axis of the next index.
_Role: TypeAlias = str | None
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
        named = self._named()
        dims, groups = _layout((_role(t, i in named) for i, t in enumerate(texts)), named)
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
        layouts, layout_of = _layouts(texts, codes, self._named())
        dims = layouts[0][0]
        if not dims or any(other != dims for other, _ in layouts):
            raise NamesError(self._no_common_dims(names, unmatched, layouts, layout_of))
        groups = zip(*(groups for _, groups in layouts), strict=True)
        axes = [_axis(in_layout, layout_of, texts, codes) for in_layout in groups]
        types = dict(self.fields)
        return NameColumns(
            dims,
            tuple(texts for texts, _ in axes),
            tuple(codes for _, codes in axes),
            unmatched,
            tuple(types.get(dim, "") for dim in dims),
        )

    def _named(self) -> dict[int, str]:
        """Return the named groups by number, counted from 0."""
        return {number - 1: name for name, number in self.regex.groupindex.items()}

    def _search(
        self, names: Sequence[str], start: int
    ) -> tuple[list[list[Any]], list[Codes], list[int]]:
        """Return each group's distinct texts and their code in each name, and the unmatched."""
        tables = [Numbering() for _ in range(self.regex.groups)]
        codes = [np.empty(len(names), np.int32) for _ in tables]
        unmatched: list[int] = []
        end = 0
        for first in range(0, len(names), BATCH):
            tails: Sequence[str] = names[first : first + BATCH]
            if not self.whole:
                tails = [name[start:].lstrip(os.sep) for name in tails]
            found = list(map(self.regex.search, tails))
            matches = [match for match in found if match is not None]
            if len(matches) < len(found):
                unmatched += [first + i for i, match in enumerate(found) if match is None]
            if not matches:
                continue
            begin, end = end, end + len(matches)
            columns = zip(*map(type(matches[0]).groups, matches), strict=True)
            for table, code, column in zip(tables, codes, columns, strict=True):
                code[begin:end] = np.fromiter(map(table.__getitem__, column), np.int32)
        return list(map(list, tables)), [code[:end] for code in codes], unmatched

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
        layout_of: NDArray[np.intp],
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


def _role(text: str | None, is_named: bool) -> _Role:
    """Return the role of a text in a group."""
    return text if text is None or (text[:1].isalpha() and not is_named) else ""


def _layout(roles: Iterable[_Role], named: dict[int, str]) -> _Layout:
    """Return the axis names and the groups of their indices, by the role of each group."""
    dims: list[str] = []
    groups: list[int] = []
    label = ""
    for group, role in enumerate(roles):
        if role:
            label = role
        elif role is not None:
            dims.append(named.get(group) or label or "Q")
            groups.append(group)
            label = ""
    return tuple(dims), tuple(groups)


def _layouts(
    texts: list[list[Any]], codes: list[Codes], named: dict[int, str]
) -> tuple[list[_Layout], NDArray[np.intp]]:
    """Return the distinct layouts, nearly always one, and the number of each name's layout.

    The roles of a group are found for its distinct texts, not for each name. Names are only
    looked at for groups with several roles, which divide the layouts so far.
    """
    layouts: list[tuple[_Role, ...]] = [()]  # the roles of the groups so far
    layout_of = np.zeros(len(codes[0]), np.intp)
    for group, (column, code) in enumerate(zip(texts, codes, strict=True)):
        numbering = Numbering()
        role_of = [numbering[_role(text, group in named)] for text in column]
        roles = list(numbering)
        if len(roles) == 1:
            layouts = [(*layout, roles[0]) for layout in layouts]
            continue
        pairs = layout_of * len(roles) + np.array(role_of)[code]
        seen, layout_of = np.unique(pairs, return_inverse=True)
        layouts = [(*layouts[k // len(roles)], roles[k % len(roles)]) for k in seen]
    number = Numbering()
    places = [number[_layout(roles, named)] for roles in layouts]
    return list(number), np.array(places)[layout_of]


def _axis(
    groups: Sequence[int],
    layout_of: NDArray[np.intp],
    texts: list[list[Any]],
    codes: list[Codes],
) -> tuple[list[str], Codes]:
    """Return the texts and codes of an axis, for the group of its index in each layout."""
    if len(set(groups)) == 1:
        return texts[groups[0]], codes[groups[0]]
    numbering = Numbering()
    merged = np.empty(len(layout_of), np.int32)
    for k, group in enumerate(groups):
        rows = np.flatnonzero(layout_of == k)
        used, codes_used = np.unique(codes[group][rows], return_inverse=True)
        merged[rows] = np.array([numbering[texts[group][i]] for i in used])[codes_used]
    return list(numbering), merged
