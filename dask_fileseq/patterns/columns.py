"""The axes that a pattern finds in many names, one column for each axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, count
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BATCH",
    "Codes",
    "NameColumns",
    "factorize",
    "factorize_rows",
    "unique_dims",
]

BATCH = 256
"""Number of names to work on at once, so that their texts never pile up.

The matches and groups of one batch are fewer than the objects after which Python collects
garbage; batches of 2,000 names take three times as long.
"""

Codes: TypeAlias = NDArray[np.int32]


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


class _Numbering(dict[Any, int]):
    """A dictionary that numbers its keys in the order of the first look-ups."""

    def __missing__(self, key: Any) -> int:
        number = self[key] = len(self)
        return number


def factorize(values: Sequence[Any]) -> tuple[list[Any], Codes]:
    """Return the distinct values in the order of appearance, and the position of each value.

    >>> factorize(["b", "a", "b"])
    (['b', 'a'], array([0, 1, 0], dtype=int32))
    """
    numbering = _Numbering()
    codes = np.fromiter(map(numbering.__getitem__, values), np.int32, len(values))
    return list(numbering), codes


def factorize_rows(
    batches: Iterable[list[Any]], width: int, count: int
) -> tuple[list[list[Any]], list[Codes]]:
    """Return what `factorize` does for each of `width` columns of at most `count` rows.

    Raises ValueError if a row has another width.

    >>> factorize_rows([[("a", "x")], [("a", "y")]], 2, 2)[0]
    [['a'], ['x', 'y']]
    """
    numberings = [_Numbering() for _ in range(width)]
    codes = [np.empty(count, np.int32) for _ in numberings]
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
