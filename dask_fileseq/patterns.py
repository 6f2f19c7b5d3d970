"""A compiled file name pattern: text in, text out, no I/O.

A pattern finds the index texts in a file name and the names of the axes that
they count along. `NamePattern.match` says it for one name; `NamePattern.columns`
does the same for millions of names, axis by axis.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import NamesError, UnmatchedError, shown

__all__ = ["BATCH", "NameColumns", "NamePattern", "PatternLike"]

BATCH = 256
"""Names to work on at once: their texts never pile up.

Matches and groups of a batch are fewer than the objects after which Python
collects garbage; with 2,000 names a batch, that takes three times the time.
"""

_AXIS = r"_?(?:(q|l|p|a|c|t|x|y|z|ch|tp)(\d{1,4}))"

NAMED_PATTERNS = {
    # Olympus OIF and Leica TIFF series: one to seven axes, each a letter code
    # and up to four digits, at the end of the name (as in tifffile 2026.11.8)
    "axes": rf"(?ix) {_AXIS} {rf'{_AXIS}?' * 6} (?=\.[^\\/]*$|$)",
}

# What a group gives in a name: None where it took no part, "" for an index,
# otherwise the name of the axis of the next index.
_Role: TypeAlias = str | None
# The axes of a name, and for each of them the group that holds the index.
_Layout: TypeAlias = tuple[tuple[str, ...], tuple[int, ...]]
_Codes: TypeAlias = NDArray[np.int32]


class NameColumns(NamedTuple):
    """What a pattern finds in many names, by axis.

    The index text of the i-th matched name along axis ``k`` is
    ``texts[k][codes[k][i]]``.
    """

    dims: tuple[str, ...]
    """Names of the axes; they may repeat."""
    texts: tuple[list[str], ...]
    """Distinct index texts of each axis, in the order of appearance."""
    codes: tuple[NDArray[np.int32], ...]
    """For each axis and matched name, the place in `texts`."""
    unmatched: list[int]
    """Places of the names that the pattern does not match."""


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A regular expression that finds axes and indices in file names.

    Each group of the expression is one of:

    - a named group, ``(?P<T>...)``: an index along the axis of that name;
    - a text that begins with a letter: the name of the axis of the next index;
    - any other text: an index, along axis ``Q`` if nothing names it.

    Optional groups that take no part are left out.
    """

    regex: re.Pattern[str]
    """The compiled regular expression."""

    @classmethod
    def of(cls, pattern: PatternLike) -> NamePattern:
        r"""Return the `NamePattern` for what users write.

        Parameters
        ----------
        pattern : str, re.Pattern or NamePattern
            A regular expression with groups, compiled or not, or ``"axes"``:
            a letter code and a number for each axis at the end of the name.

        Raises
        ------
        NamesError
            The pattern is empty, malformed, or has no groups.

        Examples
        --------
        >>> NamePattern.of(r"(c)(\d)(?P<t>\d+)").match("c1001.tif")
        (('c', 't'), ('1', '001'))
        """
        if isinstance(pattern, NamePattern):
            return pattern
        regex: Any = pattern
        if isinstance(pattern, str) and pattern:
            try:
                regex = re.compile(NAMED_PATTERNS.get(pattern, pattern))
            except re.error as error:
                raise NamesError(f"pattern {pattern!r} is malformed: {error}") from error
        # not only re's: other implementations of regular expressions are as good
        if not hasattr(regex, "groupindex") or not isinstance(regex.pattern, str):
            raise NamesError(
                f"pattern must be a regular expression, compiled or not, or 'axes'; got {pattern!r}"
            )
        if regex.groups == 0:
            raise NamesError(
                f"pattern {regex.pattern!r} has no groups: put what counts the files "
                r"in parentheses, as in '_(c)(\d+)' or '_(?P<time>\d+)'"
            )
        return cls(regex)

    def match(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        r"""Return the axis names and index texts in one name, None without a match.

        Examples
        --------
        >>> NamePattern.of("axes").match("scan_T03_CH2.tif")
        (('T', 'CH'), ('03', '2'))
        >>> NamePattern.of(r"(\d+)-(\d+)").match("none")
        """
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
            are path separators right behind them.

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
        tables, codes, unmatched = self._factorised(names, start)
        if len(unmatched) == len(names):
            raise UnmatchedError(
                f"pattern {self.regex.pattern!r} matches none of {len(names):,} names "
                f"(below the folder that they share): {shown(names, len(names))}"
            )
        layouts, layout_of = self._layouts(tables, codes)
        dims = layouts[0][0]
        if not dims or any(other != dims for other, _ in layouts):
            raise NamesError(self._no_common_dims(names, unmatched, layouts, layout_of))
        axes = [
            _axis(groups, layout_of, tables, codes)
            for groups in zip(*(groups for _, groups in layouts), strict=True)
        ]
        texts, places = zip(*axes, strict=True)
        return NameColumns(dims, texts, places, unmatched)

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
                    f"dims do not match: pattern {self.regex.pattern!r} "
                    f"finds {dims!r} in {firsts[0]!r} but {other!r} in {name!r}"
                )
        return (
            f"pattern {self.regex.pattern!r} finds no index in {firsts[0]!r}: "
            "a text that begins with a letter names the axis of the next index; "
            "a named group, (?P<name>...), makes it an index"
        )

    def _factorised(
        self, names: Sequence[str], start: int
    ) -> tuple[list[dict[Any, int]], list[_Codes], list[int]]:
        """Return each group's distinct texts and their code in each name, and the unmatched."""
        tables: list[dict[Any, int]] = [_Numbering() for _ in range(self.regex.groups)]
        codes = [np.empty(len(names), np.int32) for _ in tables]
        unmatched: list[int] = []
        end = 0
        for first in range(0, len(names), BATCH):
            tails = [name[start:].lstrip(os.sep) for name in names[first : first + BATCH]]
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
        self, tables: list[dict[Any, int]], codes: list[_Codes]
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


PatternLike: TypeAlias = str | re.Pattern[str] | NamePattern


class _Numbering(dict[Any, int]):
    """Numbers for keys in the order in which they are first asked for."""

    def __missing__(self, key: Any) -> int:
        number = self[key] = len(self)
        return number


def _axis(
    groups: Sequence[int],
    layout_of: NDArray[np.intp],
    tables: list[dict[Any, int]],
    codes: list[_Codes],
) -> tuple[list[str], _Codes]:
    """Return the texts and codes of an axis, the index of which stands in a group by layout."""
    if len(set(groups)) == 1:
        return list(tables[groups[0]]), codes[groups[0]]
    numbering = _Numbering()
    merged = np.empty(len(layout_of), np.int32)
    for k, group in enumerate(groups):
        rows = np.flatnonzero(layout_of == k)
        texts = list(tables[group])
        used, codes_used = np.unique(codes[group][rows], return_inverse=True)
        merged[rows] = np.array([numbering[texts[i]] for i in used])[codes_used]
    return list(numbering), merged
