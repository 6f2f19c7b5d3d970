"""Labels as Python has them: what stands behind an index, for people and for JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.grid.filegrid import FileGrid

__all__ = ["labels_at", "plain_labels"]


def labels_at(grid: FileGrid, position: int) -> dict[str, Any]:
    r"""Return the labels at which a cell stands, which is counted in C order.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> labels_at(grid_of_pattern(["t7_a", "t8_b"], r"(t)(\d)_(?P<c>[a-z])"), 3)
    {'t': 8, 'c': 'b'}
    """
    index = np.unravel_index(position, grid.shape) if grid.shape else ()
    return {
        dim: plain_labels(along[i])
        for (dim, along), i in zip(grid.coords.items(), index, strict=True)
    }


def plain_labels(values: NDArray[Any]) -> Any:
    """Return labels as numbers and texts; dates as text.

    >>> plain_labels(np.array(["2026-01-31"], "M8[D]"))
    ['2026-01-31']
    """
    return values.astype(str).tolist() if values.dtype.kind in "mM" else values.tolist()
