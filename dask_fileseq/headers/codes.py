"""Values as numbers: equal ones have the same, also if they differ by rounding."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_VALUES = 300
"""Number of different values up to which those that are nearly equal are found."""

RELATIVE = 1e-6
"""Relative difference up to which two numbers are equal."""

FEW = 1 / 3
"""Part of the files that may break a rule; if more do, it is none."""


def coded(values: Sequence[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """Return a number for each value, and the different values by these numbers.

    >>> coded([(0.1,), (0.2,), (0.1 + 1e-12,)])
    (array([0, 1, 0]), [(0.1,), (0.2,)])
    """
    numbers: dict[Any, int] = {}
    different: list[Any] = []
    for value in values:
        if value in numbers:
            continue
        known = different if len(different) <= MOST_VALUES else []
        same = next((i for i, other in enumerate(known) if nearly_equal(value, other)), None)
        numbers[value] = len(different) if same is None else same
        if same is None:
            different.append(value)
    codes = np.array([numbers[value] for value in values], np.int64)
    return codes, different


def nearly_equal(one: Any, other: Any) -> bool:
    """Return whether two values are the same but for rounding, also in tuples.

    >>> nearly_equal(("x", 0.1), ("x", 0.1 + 1e-12)), nearly_equal((1.0,), None)
    (True, False)
    """
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(nearly_equal, one, other))
    if isinstance(one, float | int) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=RELATIVE, abs_tol=1e-12)
    return bool(one == other)


def most(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the most frequent code, the first of several, for each file."""
    code, _ = Counter(codes.tolist()).most_common(1)[0]
    return np.full(len(codes), code)


def usual_along(index: NDArray[Any], codes: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return for each file the code that is the most frequent one at its index; None for no rule.

    A rule is confirmed by two files for each index on average, and broken by few.

    >>> usual_along(np.array([0, 0, 1, 1]), np.array([7, 7, 8, 8]))
    array([7, 7, 8, 8])
    """
    groups: dict[int, Counter[int]] = defaultdict(Counter)
    for place, code in zip(index.tolist(), codes.tolist(), strict=True):
        groups[place][code] += 1
    best = {place: counts.most_common(1)[0][0] for place, counts in groups.items()}
    rule = np.array([best[place] for place in index.tolist()])
    return rule if 2 * len(groups) <= len(codes) and np.mean(rule != codes) <= FEW else None
