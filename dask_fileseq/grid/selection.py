"""Parts of a grid by index, whole columns at a time: no I/O."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import NamesError, NoFilesError
from dask_fileseq.grid.filegrid import FileGrid, cell_numbers, plain_labels, positions_of
from dask_fileseq.grid.label_lookup import scalar
from dask_fileseq.patterns import NameProduct

Places: TypeAlias = int | NDArray[np.int64]
"""One index, which drops the axis, or the indices that stay, in their new order."""


def by_axis(
    argument: str, given: Mapping[str, Any] | None, kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what is given for axes, in a mapping or as keywords, as xarray takes it.

    >>> by_axis("indexers", {"t": 0}, {"c": 1})
    {'t': 0, 'c': 1}
    """
    if given is not None and not isinstance(given, Mapping):
        raise NamesError(f"{argument}={given!r:.100} must be a mapping, as {{'time': 0}}")
    twice = [dim for dim in given or {} if dim in kwargs]
    if twice:
        raise NamesError(f"{twice[0]} is given twice, in {argument} and as a keyword")
    return {**(given or {}), **kwargs}


def selected(
    grid: FileGrid, indexers: Mapping[str, Any], labels: Mapping[str, Any] | None = None
) -> FileGrid:
    r"""Return the part of a grid at integer positions.

    An indexer is an int, which drops its axis, a slice, or a sequence of int or bool. The
    `labels` that the user gave for indexers are shown in errors. An axis that is not there or
    an indexer that does not fit is a `NamesError`; a part without files is a `NoFilesError`.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> grid = grid_of_pattern(["t0_a", "t0_b", "t1_a"], r"(t)(\d)_(?P<c>[a-z])")
    >>> selected(grid, {"c": 0, "t": slice(1, None)})
    <FileGrid t: 1; 1 files, 0 missing>
    """
    dims = grid.unique_dims
    require_dims(dims, indexers)
    places: dict[str, Places] = {
        dim: _places(dim, indexers[dim], size)
        for dim, size in zip(dims, grid.shape, strict=True)
        if dim in indexers
    }
    if isinstance(grid.names, NameProduct) and grid.positions is None and grid.dims:
        return _part_of_product(grid, grid.names, places, labels or indexers)
    kept = np.ones(len(grid.names), np.bool_)
    along, sizes = list(grid.along), list(grid.shape)
    for axis, dim in enumerate(dims):
        if dim in places:
            new = np.full(sizes[axis], -1)
            sizes[axis] = np.size(places[dim])
            new[np.atleast_1d(places[dim])] = np.arange(sizes[axis])
            along[axis] = new[along[axis]]
            kept &= along[axis] >= 0
    if not kept.any():
        raise NoFilesError(_nothing(places, labels or indexers, grid))
    numbers = np.flatnonzero(kept)
    coords = {
        dim: values[places[dim]] if dim in places else values
        for dim, values in grid.coords.items()
        if not isinstance(places.get(dim), int)
    }
    cells = cell_numbers(along, sizes, len(grid.names))
    return _part(grid, coords, cells[numbers], numbers, places)


def _part_of_product(
    grid: FileGrid,
    names: NameProduct,
    places: Mapping[str, Places],
    labels: Mapping[str, Any],
) -> FileGrid:
    """Return the part of a full grid of names that are written when they are asked for."""
    if not all(np.size(along) for along in places.values()):
        raise NoFilesError(_nothing(places, labels, grid))
    each = [places.get(dim, slice(None)) for dim in grid.coords]
    part = names.part([p if isinstance(p, int | slice) else p.tolist() for p in each])
    return replace(
        grid,
        names=part,
        dims=tuple(part.coords),
        shape=part.shape,
        coords=part.coords,
        metadata=grid.metadata.part(places),
    )


def parts_of(grid: FileGrid, dim: str) -> Iterator[tuple[Any, FileGrid]]:
    """Yield each label along an axis that has files, and its part of the grid."""
    require_dims(grid.unique_dims, [dim])
    axis = grid.unique_dims.index(dim)
    others, sizes = list(grid.along), list(grid.shape)
    along, size = others.pop(axis), sizes.pop(axis)
    cells = cell_numbers(others, sizes, len(grid.names))
    coords = {name: values for name, values in grid.coords.items() if name != dim}
    order = np.argsort(along, kind="stable")
    ends = np.cumsum(np.bincount(along, minlength=size))
    parts = zip(grid.coords[dim], np.split(order, ends[:-1]), strict=True)
    for place, (label, numbers) in enumerate(parts):
        if len(numbers):
            yield scalar(label), _part(grid, coords, cells[numbers], numbers, {dim: place})


def part_of_files(grid: FileGrid, numbers: NDArray[np.int64]) -> FileGrid:
    r"""Return the part of a grid that some files need: with the labels that they have.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> grid = grid_of_pattern(["t0_a", "t0_b", "t1_a"], r"(t)(\d)_(?P<c>[a-z])")
    >>> part_of_files(grid, np.array([0, 2]))
    <FileGrid t: 2, c: 1; 2 files, 0 missing>
    """
    places: dict[str, Places] = {}
    along, coords = [], {}
    for dim, index in zip(grid.unique_dims, grid.along, strict=True):
        used, new = np.unique(index[numbers], return_inverse=True)
        places[dim] = used
        along.append(new)
        coords[dim] = grid.coords[dim][used]
    cells = cell_numbers(along, list(map(len, coords.values())), len(numbers))
    return _part(grid, coords, cells, numbers, places)


def require_dims(dims: Sequence[str], wanted: Iterable[str]) -> None:
    """Raise a `NamesError` unless all axes that are wanted are there."""
    for dim in wanted:
        if dim not in dims:
            raise NamesError(
                f"no axis {dim!r}, only {', '.join(map(repr, dims)) or 'a single cell'}"
            )


def _part(
    grid: FileGrid,
    coords: Mapping[str, NDArray[Any]],
    cells: NDArray[np.int64],
    numbers: NDArray[np.int64],
    places: Mapping[str, Places],
) -> FileGrid:
    """Return the grid of some files, by their numbers, in their cells at some places."""
    shape = tuple(map(len, coords.values()))
    return replace(
        grid,
        names=[grid.names[i] for i in numbers.tolist()],
        dims=tuple(coords),
        shape=shape,
        coords=dict(coords),
        positions=positions_of(cells, shape),
        unmatched=(),
        duplicates=(),
        metadata=grid.metadata.part(places),
    )


def _places(dim: str, indexer: Any, size: int) -> Places:
    """Return what an indexer selects from so many places."""
    is_bool = isinstance(indexer, bool | np.bool_)
    if np.ndim(indexer) == 0 and hasattr(indexer, "__index__") and not is_bool:
        place = int(indexer)
        if not -size <= place < size:
            raise NamesError(f"{dim}={place} is out of the axis, which has {size:,} indices")
        return place % size
    try:
        if isinstance(indexer, slice):
            return np.arange(size)[indexer]
        index = np.asarray(indexer)
        places: NDArray[np.int64] = np.arange(size)[index if index.size else index.astype(int)]
    except (IndexError, ValueError, TypeError) as error:
        raise NamesError(
            f"{dim}={indexer!r} does not index an axis of {size:,}: {error}"
        ) from error
    if is_bool or places.ndim != 1 or len(np.unique(places)) < len(places):
        raise NamesError(f"{dim}={indexer!r} must be a list of indices, none of them twice")
    return places


def _nothing(places: Mapping[str, Places], labels: Mapping[str, Any], grid: FileGrid) -> str:
    """Return why a selection has no file."""
    for dim, along in places.items():
        if not np.size(along):
            values = grid.coords[dim]
            ends = " to ".join(str(plain_labels(value)) for value in (values[0], values[-1]))
            return (
                f"{dim}={labels[dim]!r:.100} selects nothing: the axis has {len(values):,}, {ends}"
            )
    wanted = ", ".join(f"{dim}={value!r:.100}" for dim, value in labels.items())
    cells = math.prod(np.size(places.get(dim, values)) for dim, values in grid.coords.items())
    return f"{wanted} selects no file: all {cells:,} cells there are empty"
