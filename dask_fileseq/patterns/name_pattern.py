"""File name patterns: the axes and index texts in names. No I/O.

`NamePattern.match` works on one name; `NamePattern.columns` does the same for millions of
names, one column for each axis.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import NamesError, UnmatchedError, shown

BATCH = 256
"""Number of names to work on at once, so that their texts never pile up.

The matches and groups of one batch are fewer than the objects after which Python collects
garbage; batches of 2,000 names take three times as long.
"""

Codes: TypeAlias = NDArray[np.int32]
Lookup: TypeAlias = Callable[[str], Mapping[str, Any] | None]
"""Returns a value for each axis of a file name, or None for a name that does not belong."""

# The axes of a name, and the number of the group that has the index of each.
_Layout: TypeAlias = tuple[tuple[str, ...], tuple[int, ...]]


class Field(NamedTuple):
    """An axis that a pattern finds in a name."""

    name: str
    """Name of the axis."""
    type: str = ""
    """``int``, ``float``, ``word``, ``compass`` (degrees, ``S05``), the format of a date
    (``%Y%m%d``), or empty for numbers if all texts are numbers, else words."""


class NameColumns(NamedTuple):
    """The axes that a pattern finds in many names.

    The index text of the i-th matched name along axis ``k`` is ``texts[k][codes[k][i]]``.
    """

    dims: tuple[str, ...]
    """Names of the axes; they may repeat."""
    texts: tuple[list[str], ...]
    """Distinct index texts of each axis, in the order of appearance."""
    codes: tuple[Codes, ...]
    """For each axis and matched name, the position in `texts`."""
    unmatched: list[int]
    """Positions of the names that the pattern does not match."""
    types: tuple[str, ...]
    """The type of each axis, as in `Field`; ``iso`` for dates in numpy's notation."""

    def ordered(self, order: Sequence[int]) -> NameColumns:
        """Return the axes in another order."""
        return self._replace(
            dims=tuple(self.dims[i] for i in order),
            texts=tuple(self.texts[i] for i in order),
            codes=tuple(self.codes[i] for i in order),
            types=tuple(self.types[i] for i in order),
        )


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
    """A user's own function or table, used in place of `regex`; see `LookupPattern`."""

    @classmethod
    def of_path(cls, regex: str, fields: Mapping[str, str], text: str) -> NamePattern:
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
        unmatched: list[int] = []
        batches = self._search(names, 0 if self.whole else start, unmatched)
        texts, codes = factorize_rows(batches, self.regex.groups, len(names))
        if len(unmatched) == len(names):
            raise self.no_match(names)
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


def factorize(values: Sequence[Any]) -> tuple[list[Any], Codes]:
    """Return the distinct values in the order of appearance, and the position of each value.

    >>> factorize(["b", "a", "b"])
    (['b', 'a'], array([0, 1, 0], dtype=int32))
    """
    numbering: dict[Any, int] = defaultdict(count().__next__)
    codes = np.fromiter(map(numbering.__getitem__, values), np.int32, len(values))
    return list(numbering), codes


def factorize_rows(
    batches: Iterable[list[Any]], width: int, length: int
) -> tuple[list[list[Any]], list[Codes]]:
    """Return what `factorize` does for each of `width` columns of at most `length` rows.

    Raises ValueError if a row has another width.

    >>> factorize_rows([[("a", "x")], [("a", "y")]], 2, 2)[0]
    [['a'], ['x', 'y']]
    """
    numberings: list[dict[Any, int]] = [defaultdict(count().__next__) for _ in range(width)]
    codes = [np.empty(length, np.int32) for _ in numberings]
    end = 0
    for rows in batches:
        begin, end = end, end + len(rows)
        for numbering, code, column in zip(numberings, codes, zip(*rows, strict=True), strict=True):
            code[begin:end] = np.fromiter(map(numbering.__getitem__, column), np.int32, len(rows))
    return list(map(list, numberings)), [code[:end] for code in codes]


def unique_dims(dims: Sequence[str]) -> tuple[str, ...]:
    """Return dims with a number added to each name that repeats.

    >>> unique_dims(["t", "Q", "Q"])
    ('t', 'Q_0', 'Q_1')
    """
    if len(set(dims)) == len(dims):
        return tuple(dims)
    taken = {dim for dim in dims if dims.count(dim) == 1}
    unique = []
    for dim in dims:
        names = chain([dim] if dim in taken else [], (f"{dim}_{n}" for n in count()))
        unique.append(next(name for name in names if name == dim or name not in taken))
        taken.add(unique[-1])
    return tuple(unique)


def literal(text: str) -> str:
    """Return the regular expression for a text, in which a slash matches either slash."""
    return re.escape(text).replace("/", r"[/\\]")
