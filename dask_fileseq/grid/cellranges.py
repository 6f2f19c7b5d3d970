"""Cells in words: by their labels, and ranges of cells in place of each of many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.grid.filegrid import FileGrid, plain_labels

MOST_CELLS = 1_000_000
"""Cells of which ranges are found, at most."""


class CellRange(NamedTuple):
    """Cells that are a box in the grid."""

    labels: dict[str, Any]
    """For each axis the label, or the first and the last one as a list."""
    size: int
    """Number of cells."""


def files_along(grid: FileGrid) -> list[NDArray[np.int64]]:
    """Return the number of files at each index along each axis."""
    if grid.positions is None:
        return [np.full(size, len(grid.names) // size) for size in grid.shape]
    sizes = zip(grid.along, grid.shape, strict=True)
    return [np.bincount(along, minlength=size) for along, size in sizes]


def cell_text(labels: Mapping[str, Any]) -> str:
    """Return the labels of a cell, or of a range of cells, readably.

    >>> cell_text({"t": 3, "channel": "DAPI"}), cell_text({"t": [3, 9]}), cell_text({})
    ('(t 3, channel DAPI)', '(t 3 to 9)', '')
    """
    texts = (
        f"{dim} {f'{label[0]} to {label[1]}' if isinstance(label, list) else label}"
        for dim, label in labels.items()
    )
    text = ", ".join(texts)
    return f"({text})" if text else ""


def empty_ranges(grid: FileGrid, most: int) -> Iterator[CellRange]:
    """Yield the empty cells of a grid as ranges, at most this number of them.

    Cells beside each other are one range: along the last axis first, and then, where they
    have the same labels there, along the others.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> grid = grid_of_pattern(["t0_z0", "t0_z1", "t4_z0"], "t{t:d}_z{z:d}")
    >>> for labels, count in empty_ranges(grid, 9):
    ...     print(cell_text(labels), count)
    (t 1 to 3, z 0 to 1) 6
    (t 4, z 1) 1
    """
    if not grid.shape or not grid.files_missing:
        return
    first = np.array(np.unravel_index(grid.empty_cells[:MOST_CELLS], grid.shape)).T
    boxes = _joined(first, first.copy())
    values = list(grid.coords.items())
    for low, high in zip(boxes[0][:most].tolist(), boxes[1][:most].tolist(), strict=True):
        labels = {}
        count = 1
        for (dim, along), i, j in zip(values, low, high, strict=True):
            label = plain_labels(along[i])
            labels[dim] = label if i == j else [label, plain_labels(along[j])]
            count *= j - i + 1
        yield CellRange(labels, count)


def _joined(
    low: NDArray[np.int64], high: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return boxes, joined along each axis where they have the same extent along the others."""
    for axis in reversed(range(low.shape[1])):
        others = np.delete(np.arange(low.shape[1]), axis)
        keys = np.concatenate([low[:, [axis]], high[:, others], low[:, others]], axis=1)
        order = np.lexsort(keys.T)
        low, high = low[order], high[order]
        same = (low[1:, others] == low[:-1, others]) & (high[1:, others] == high[:-1, others])
        joins = same.all(1) & (low[1:, axis] == high[:-1, axis] + 1)
        starts = np.flatnonzero(np.concatenate([[True], ~joins]))
        ends = np.concatenate([starts[1:], [len(low)]]) - 1
        last = high[ends, axis]
        low, high = low[starts], high[starts]
        high[:, axis] = last
    order = np.lexsort(low.T[::-1])
    return low[order], high[order]
