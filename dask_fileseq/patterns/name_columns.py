"""The axes that a pattern finds in many names, by column: each distinct text once."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, count
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.int32]
Column: TypeAlias = tuple[list[str], Codes]
"""The distinct texts of an axis, and the position of each name's text in them."""


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
    """The type of each axis, as in `Field`; ``iso`` for dates in numpy's notation, ``ns``
    for durations in nanoseconds."""
    absent: Mapping[str, str] = {}
    """The axes that some names do not have, each with the first such name. There, its text is
    that of the lowest index, which must make the grid whole."""
    listed: Mapping[str, list[str]] = {}
    """The texts that the pattern lists for an axis, in their order, which all are indices."""

    def ordered(self, order: Sequence[int]) -> NameColumns:
        """Return the axes in another order."""
        return self._replace(
            dims=tuple(self.dims[i] for i in order),
            texts=tuple(self.texts[i] for i in order),
            codes=tuple(self.codes[i] for i in order),
            types=tuple(self.types[i] for i in order),
        )


def lowest_index(texts: Iterable[str]) -> str | None:
    """Return the integer a step below others, not below zero; None if these are no integers.

    >>> lowest_index(["001", "002"]), lowest_index(["100", "300"]), lowest_index(["5"])
    ('0', '99', '4')
    >>> lowest_index(["0", "1"]), lowest_index(["a", "b"])
    (None, None)
    """
    if not all(text.isdecimal() for text in texts):
        return None
    numbers = sorted(map(int, texts))
    step = math.gcd(*(number - numbers[0] for number in numbers)) or 1
    below = [numbers[0] - size for size in (step, 1) if numbers[0] >= size]
    return str(below[0]) if below else None


def joined(first: Column, second: Column) -> Column:
    """Return the texts of two columns with a blank between them, and their codes."""
    (texts, codes), (others, other_codes) = first, second
    pairs = codes.astype(np.int64) * len(others) + other_codes
    found, at, inverse = np.unique(pairs, return_index=True, return_inverse=True)
    order = np.argsort(at)  # that of appearance
    numbers = np.empty(len(found), np.int32)
    numbers[order] = np.arange(len(found))
    places = (divmod(pair, len(others)) for pair in found[order].tolist())
    return [f"{texts[i]} {others[k]}" for i, k in places], numbers[inverse]


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
