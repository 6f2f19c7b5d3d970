"""What a pattern finds in many names, axis by axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["BATCH", "Codes", "NameColumns", "Numbering", "factorised"]

BATCH = 256
"""Names to work on at once: their texts never pile up.

Matches and groups of a batch are fewer than the objects after which Python
collects garbage; with 2,000 names a batch, that takes three times the time.
"""

Codes: TypeAlias = NDArray[np.int32]


class NameColumns(NamedTuple):
    """What a pattern finds in many names, by axis.

    The index text of the i-th matched name along axis ``k`` is
    ``texts[k][codes[k][i]]``.
    """

    dims: tuple[str, ...]
    """Names of the axes; they may repeat."""
    texts: tuple[list[str], ...]
    """Distinct index texts of each axis, in the order of appearance."""
    codes: tuple[Codes, ...]
    """For each axis and matched name, the place in `texts`."""
    unmatched: list[int]
    """Places of the names that the pattern does not match."""
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


class Numbering(dict[Any, int]):
    """Numbers for keys in the order in which they are first asked for."""

    def __missing__(self, key: Any) -> int:
        number = self[key] = len(self)
        return number


def factorised(values: Sequence[Any]) -> tuple[list[Any], Codes]:
    """Return the distinct values in the order of appearance, and the place of each.

    >>> factorised(["b", "a", "b"])
    (['b', 'a'], array([0, 1, 0], dtype=int32))
    """
    numbering = Numbering()
    codes = np.fromiter(map(numbering.__getitem__, values), np.int32, len(values))
    return list(numbering), codes
