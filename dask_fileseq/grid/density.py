"""How full a grid is: refuse grids that are nearly empty, and warn of inferred ones that are half.

An empty cell costs a chunk and a task in dask, and a guess that makes many of them is most
likely wrong.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np

from dask_fileseq.errors import GridWarning, SparseGridError, users_level
from dask_fileseq.grid.grid_axes import Categories, grid_axes
from dask_fileseq.grid.text_axis import GridAxis, Spacing
from dask_fileseq.patterns import NameColumns, NamePattern, unique_dims

_SPARSE_CELLS = 1_000_000
_SPARSE_RATIO = 100
_REFUSED = 0.9
_WARNED = 1 / 3
_SPACINGS: tuple[Spacing, ...] = ("step", "values")


def is_sparse(shape: Sequence[int], files: int) -> bool:
    """Return whether a grid of over a million cells has under 1 % of them filled."""
    return math.prod(shape) > max(_SPARSE_CELLS, _SPARSE_RATIO * files)


def check_not_sparse(
    columns: NameColumns,
    axes: list[GridAxis],
    files: int,
    categories: Categories | None,
    shape: Sequence[int] | None,
) -> None:
    """Raise a `SparseGridError` if `is_sparse`, with spacings that give denser grids."""
    sizes = tuple(len(axis.values) for axis in axes)
    if not is_sparse(sizes, files):
        return
    filled = [len(np.unique(axis.indices)) for axis in axes]
    worst = max(range(len(axes)), key=lambda k: sizes[k] / filled[k])
    message = (
        f"only {files:,} cells of a grid of shape {sizes} are filled; "
        f"axis {unique_dims(columns.dims)[worst]!r} has {sizes[worst]:,} indices for "
        f"{filled[worst]:,} values"
    )
    if shape is not None:
        raise SparseGridError(f"{message}: give a smaller shape, or none")
    denser = ", ".join(
        f"spacing={spacing!r} gives shape {other}"
        for spacing, other in _denser(columns, sizes, categories)
    )
    raise SparseGridError(f"{message}: {denser or 'match fewer groups, or give a parse function'}")


def check_inferred(
    pattern: NamePattern,
    columns: NameColumns,
    shape: tuple[int, ...],
    files: int,
    categories: Categories | None,
) -> None:
    """Warn of the grid of an inferred pattern if over a third of it is empty.

    Over 90 % are a `SparseGridError`.
    """
    cells = math.prod(shape)
    empty = cells - files
    if empty <= _WARNED * cells:
        return
    axes = ", ".join(f"{d} {n:,}" for d, n in zip(unique_dims(columns.dims), shape, strict=True))
    message = (
        f"pattern='infer' finds {str(pattern)!r}, and {empty:,} of the {cells:,} cells of its grid "
        f"({axes}) are empty"
    )
    denser = [
        f"spacing={spacing!r} leaves {math.prod(other) - files:,}"
        for spacing, other in _denser(columns, shape, categories)
        if math.prod(other) - files <= _WARNED * math.prod(other)
    ]
    ways = denser[-1] if denser else "if that is not what the names mean, say the pattern"
    if empty > _REFUSED * cells:
        raise SparseGridError(
            f"{message}: {ways}; with pattern={str(pattern)!r} they are accepted, and pattern=None "
            "puts files in a row"
        )
    warnings.warn(f"{message}: {ways}", GridWarning, stacklevel=users_level())


def _denser(
    columns: NameColumns, shape: tuple[int, ...], categories: Categories | None
) -> list[tuple[Spacing, tuple[int, ...]]]:
    """Return the spacings that give grids of fewer cells, and their shapes."""
    denser = []
    for spacing in _SPACINGS:
        other = tuple(len(axis.values) for axis in grid_axes(columns, categories, None, spacing))
        if math.prod(other) < math.prod(shape):
            denser.append((spacing, other))
    return denser
