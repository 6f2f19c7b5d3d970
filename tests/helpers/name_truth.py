"""Whether the axes of a sequence are those that its names were made of."""

import itertools
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.helpers.name_grammar import Axis, Listing

PLATE = {"well", "row", "column", "r", "c"}


def problem(seq: Any, listing: Listing) -> str:
    """Return what is wrong with the axes of a sequence, empty if nothing is.

    Each true axis must part the names as an axis does, a well as row and column may; no other
    axis may have several places.
    """
    cells = dict(zip(map(str, seq), seq.indices, strict=True))
    if set(cells) != set(listing.names):
        return f"{len(listing.names) - len(cells)} names are left out"
    found = np.array([cells[name] for name in listing.names])
    left = [k for k, size in enumerate(seq.shape) if size > 1]
    for axis, along, same in zip(listing.axes, listing.codes.T, listing.same, strict=True):
        dims = dims_of(axis, found, along, left)
        if not dims:
            return f"{axis.kind} {axis.texts[:3]} is no axis"
        left = [k for k in left if k not in dims]
        if len(dims) == 1:
            dim = seq.dims[dims[0]]
            labels = np.asarray(seq.coords[dim])
            truths = [np.array([axis.values[i] for i in along]), *map(np.array, same)]
            wrong = wrong_labels(axis, found[:, dims[0]], dim, labels, truths)
            if wrong:
                return f"{axis.kind} {axis.texts[:3]} {wrong}"
    return f"{[seq.dims[k] for k in left]} are no axes" if left else ""


def dims_of(axis: Axis, found: np.ndarray, along: np.ndarray, left: list[int]) -> list[int]:
    """Return the axis, or the row and the column, that part the names as a true axis does."""
    for k in left:
        if are_one_to_one(found[:, k], along):
            return [k]
    for i, k in itertools.combinations(left, 2) if axis.kind == "well" else ():
        if are_one_to_one(found[:, i] * (found.max() + 1) + found[:, k], along):
            return [i, k]
    return []


def are_one_to_one(one: np.ndarray, two: np.ndarray) -> bool:
    pairs = len(set(zip(one.tolist(), two.tolist(), strict=True)))
    return pairs == len(set(one.tolist())) == len(set(two.tolist()))


def wrong_labels(
    axis: Axis, found: np.ndarray, dim: str, labels: np.ndarray, truths: Sequence[np.ndarray]
) -> str:
    """Return what is wrong with the labels of an axis: their number, values or order.

    `truths` are the values of the names, and those of other fields that vary with them.
    """
    values = truths[0]
    is_number = labels.dtype.kind in "iuf"
    if len(labels) > len(set(values.tolist())) * (2 if is_number else 1):
        return f"has {len(labels)} places"
    if values.dtype.kind == "M":  # where the day or the clock is constant, the other is known
        days = values.astype("M8[D]")
        truths = [*truths, values - days, days.astype("M8[s]")]
    shown = [truth for truth in truths if are_equal(labels[found], truth)]
    ordered = [*shown, values][:1] if axis.kind in ("date", "number", "month") else []
    if axis.kind == "well":
        padded = [re.sub(r"(?<=\D)(?=\d$)", "0", str(label)).upper() for label in labels[found]]
        if dim.lower() not in PLATE and padded != list(values):
            return f"is {dim} {labels[:3]}"
    elif not shown and (axis.kind in ("date", "number") or labels.dtype.kind in "Mm"):
        return f"is {dim} {labels[:3]}"
    for truth in ordered:
        if (np.diff(found[np.argsort(truth, kind="stable")]) < 0).any():
            return f"is out of order in {dim}"
    return ""


def are_equal(labels: np.ndarray, truth: np.ndarray) -> bool:
    """Return whether labels are the true numbers, dates or durations."""
    if labels.dtype.kind in "iuf" and truth.dtype.kind in "iuf":
        return np.allclose(labels, truth)
    same_kind = labels.dtype.kind == truth.dtype.kind and labels.dtype.kind in "Mm"
    return same_kind and bool((labels == truth).all())
