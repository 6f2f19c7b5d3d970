"""A compiled file name pattern: text in, text out, no I/O.

A pattern finds the index texts in a file name and the names of the axes that
they count along. `NamePattern.match` says it for one name; `NamePattern.columns`
does the same for millions of names, axis by axis.
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
from dask_fileseq.patterns.formats import Field
from dask_fileseq.patterns.table import Lookup, asked, looked_up

__all__ = ["NamePattern"]

# What a group gives in a name: None where it took no part, "" for an index,
# otherwise the name of the axis of the next index.
_Role: TypeAlias = str | None
# The axes of a name, and for each of them the group that holds the index.
_Layout: TypeAlias = tuple[tuple[str, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class NamePattern:
    r"""What finds axes and indices in file names; ``str()`` of it is a pattern again.

    Each group of the regular expression is one of:

    - a named group, ``(?P<T>...)``: an index along the axis of that name;
    - a text that begins with a letter: the name of the axis of the next index;
    - any other text: an index, along axis ``Q`` if nothing names it.

    Optional groups that take no part are left out.

    Examples
    --------
    >>> from dask_fileseq.patterns import NamePattern
    >>> pattern = NamePattern.of("{well}_t{time:04d}.tif")
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
    """The axes that have names of their own in the pattern, with their types."""
    text: str = ""
    """The pattern as it is written."""
    whole: bool = field(default=False, kw_only=True)
    """Whether the folder that all names share takes part in the match."""
    lookup: Lookup | None = field(default=None, kw_only=True)
    """A user's own function or table, which does the work of `regex`."""

    @staticmethod
    def of(pattern: Any, names: Sequence[str] = ()) -> NamePattern:
        r"""Return the `NamePattern` for what users write: see `open_sequence`.

        Parameters
        ----------
        pattern : str, re.Pattern, NamePattern, callable or table
            A regular expression, compiled or not, a format string, blocks of Bio-Formats,
            a ``.pattern`` file, the name of a preset, ``"infer"``, a function, or a table.
        names : sequence of str, optional
            The names, for ``"infer"`` and tables.

        Raises
        ------
        NamesError
            The pattern is empty, malformed, ambiguous, or has no groups.

        Examples
        --------
        >>> NamePattern.of(r"(c)(\d)(?P<t>\d+)").match("c1001.tif")
        (('c', 't'), ('1', '001'))
        """
        if isinstance(pattern, NamePattern):
            return pattern
        from dask_fileseq.patterns.spoken import pattern_of

        return pattern_of(pattern, names)

    def __str__(self) -> str:
        return self.text or self.regex.pattern

    def match(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        r"""Return the axis names and index texts in one name, None without a match.

        Examples
        --------
        >>> NamePattern.of("axes").match("scan_T03_CH2.tif")
        (('T', 'CH'), ('03', '2'))
        >>> NamePattern.of(r"(\d+)-(\d+)").match("none")
        """
        if self.lookup is not None:
            found = asked(self.lookup, name, str(self))
            return None if found is None else (tuple(found), tuple(map(str, found.values())))
        match = self.regex.search(name)
        if match is None:
            return None
        groups = match.groups()
        dims, numbers = self._layout([self._role(i, text) for i, text in enumerate(groups)])
        return dims, tuple(groups[i] for i in numbers)

    def columns(self, names: Sequence[str], start: int = 0) -> NameColumns:
        """Return the axis names and index texts in many names.

        Parameters
        ----------
        names : sequence of str
            File names.
        start : int
            Characters at the beginning of each name that are not matched, nor
            are path separators right behind them (unless the pattern is of `whole` paths).

        Raises
        ------
        UnmatchedError
            The pattern matches none of the names.
        NamesError
            The pattern finds no indices, or other axes in some names than in others.

        Examples
        --------
        >>> NamePattern.of(r"(?P<c>[A-Z]+)_(?P<t>[0-9]+)").columns(["GFP_1", "RFP_1"]).texts
        (['GFP', 'RFP'], ['1'])
        """
        if self.lookup is not None:
            columns = looked_up(self.lookup, names, str(self))
            if columns is None:
                raise self._matches_none(names)
            return columns
        tables, codes, unmatched = self._factorised(names, 0 if self.whole else start)
        if len(unmatched) == len(names):
            raise self._matches_none(names)
        layouts, layout_of = self._layouts(tables, codes)
        dims = layouts[0][0]
        if not dims or any(other != dims for other, _ in layouts):
            raise NamesError(self._no_common_dims(names, unmatched, layouts, layout_of))
        axes = [
            _axis(groups, layout_of, tables, codes)
            for groups in zip(*(groups for _, groups in layouts), strict=True)
        ]
        texts, places = zip(*axes, strict=True)
        types = dict(self.fields)
        return NameColumns(dims, texts, places, unmatched, tuple(types.get(d, "") for d in dims))

    def _matches_none(self, names: Sequence[str]) -> UnmatchedError:
        below = "" if self.whole else "(below the folder that they share)"
        return UnmatchedError(
            f"pattern {str(self)!r} matches none of {len(names):,} names "
            f"{below}: {shown(names, len(names))}".replace(" :", ":")
        )

    def _no_common_dims(
        self,
        names: Sequence[str],
        unmatched: list[int],
        layouts: list[_Layout],
        layout_of: NDArray[np.intp],
    ) -> str:
        """Return which names have other axes than the first one, or that this has none."""
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

    def _factorised(
        self, names: Sequence[str], start: int
    ) -> tuple[list[dict[Any, int]], list[Codes], list[int]]:
        """Return each group's distinct texts and their code in each name, and the unmatched."""
        tables: list[dict[Any, int]] = [Numbering() for _ in range(self.regex.groups)]
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
        return tables, [code[:end] for code in codes], unmatched

    def _layouts(
        self, tables: list[dict[Any, int]], codes: list[Codes]
    ) -> tuple[list[_Layout], NDArray[np.intp]]:
        """Return the distinct layouts, nearly always one, and which of them each name has."""
        kinds: list[tuple[_Role, ...]] = [()]  # the roles of the groups so far
        kind_of = np.zeros(len(codes[0]), np.intp)
        for i, (table, code) in enumerate(zip(tables, codes, strict=True)):
            roles = [self._role(i, text) for text in table]
            given = list(dict.fromkeys(roles))
            if len(given) == 1:  # spares the work on each name
                kinds = [(*kind, given[0]) for kind in kinds]
                continue
            number = {role: k for k, role in enumerate(given)}
            role_of = np.array([number[role] for role in roles])
            both = kind_of * len(given) + role_of[code]
            seen, kind_of = np.unique(both, return_inverse=True)
            kinds = [(*kinds[k], given[r]) for k, r in zip(*divmod(seen, len(given)), strict=True)]
        layouts = [self._layout(kind) for kind in kinds]
        distinct = list(dict.fromkeys(layouts))
        place = {layout: k for k, layout in enumerate(distinct)}
        return distinct, np.array([place[layout] for layout in layouts])[kind_of]

    def _role(self, group: int, text: str | None) -> _Role:
        """Return what a text in a group, counted from 0, stands for."""
        if text is None:
            return None
        if text[:1].isalpha() and group + 1 not in self.regex.groupindex.values():
            return text
        return ""

    def _layout(self, roles: Iterable[_Role]) -> _Layout:
        """Return axis names and the groups of their indices."""
        named = {group - 1: name for name, group in self.regex.groupindex.items()}
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


def _axis(
    groups: Sequence[int],
    layout_of: NDArray[np.intp],
    tables: list[dict[Any, int]],
    codes: list[Codes],
) -> tuple[list[str], Codes]:
    """Return the texts and codes of an axis, the index of which stands in a group by layout."""
    if len(set(groups)) == 1:
        return list(tables[groups[0]]), codes[groups[0]]
    numbering = Numbering()
    merged = np.empty(len(layout_of), np.int32)
    for k, group in enumerate(groups):
        rows = np.flatnonzero(layout_of == k)
        texts = list(tables[group])
        used, codes_used = np.unique(codes[group][rows], return_inverse=True)
        merged[rows] = np.array([numbering[texts[i]] for i in used])[codes_used]
    return list(numbering), merged
