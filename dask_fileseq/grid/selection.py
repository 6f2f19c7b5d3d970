"""Parts of a grid, by index or by label: whole columns at a time, no I/O."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import NamesError, NoFilesError, shown
from dask_fileseq.grid.filegrid import FileGrid

__all__ = ["parts_of", "places_of_labels", "selected"]

Places: TypeAlias = int | NDArray[np.int64]
"""One index, which drops the axis, or the indices that stay, in their new order."""


def selected(grid: FileGrid, indexers: Mapping[str, Any]) -> FileGrid:
    r"""Return the part of a grid at integer positions.

    Parameters
    ----------
    grid : FileGrid
        The whole.
    indexers : mapping of str to int, slice, or sequence of int or bool
        What stays along some axes; an int drops its axis.

    Raises
    ------
    NamesError
        There is no such axis, or an indexer does not fit.
    NoFilesError
        All cells of the part are empty.

    Examples
    --------
    >>> from dask_fileseq.grid import grid_of_pattern
    >>> grid = grid_of_pattern(["t0_a", "t0_b", "t1_a"], r"(t)(\d)_(?P<c>[a-z])")
    >>> selected(grid, {"c": 0, "t": slice(1, None)})
    <FileGrid t: 1; 1 files, 0 missing>
    """
    dims = grid.unique_dims
    _check_dims(dims, indexers)
    places: dict[str, Places] = {
        dim: _places(dim, indexers[dim], size)
        for dim, size in zip(dims, grid.shape, strict=True)
        if dim in indexers
    }
    kept = np.ones(len(grid.names), np.bool_)
    cells = np.zeros(len(grid.names), np.int64)
    for dim, along, size in zip(dims, _along(grid), grid.shape, strict=True):
        if dim not in places:
            cells = cells * size + along
            continue
        new = np.full(size, -1)
        new[np.atleast_1d(places[dim])] = np.arange(np.size(places[dim]))
        kept &= new[along] >= 0
        cells = cells * np.size(places[dim]) + new[along]
    if not kept.any():
        raise NoFilesError(f"{_said(indexers)} selects no file: all these cells are empty")
    numbers = np.flatnonzero(kept)
    coords = {
        dim: values[places[dim]] if dim in places else values
        for dim, values in grid.coords.items()
        if not isinstance(places.get(dim), int)
    }
    return _part(grid, coords, cells[numbers], numbers)


def parts_of(grid: FileGrid, dim: str) -> Iterator[tuple[Any, FileGrid]]:
    """Yield each label along an axis that has files, and its part of the grid."""
    _check_dims(grid.unique_dims, {dim: None})
    axis = grid.unique_dims.index(dim)
    columns = list(_along(grid))
    along = columns.pop(axis)
    cells = np.zeros(len(grid.names), np.int64)
    for size, column in zip(grid.shape[:axis] + grid.shape[axis + 1 :], columns, strict=True):
        cells = cells * size + column
    coords = {name: values for name, values in grid.coords.items() if name != dim}
    order = np.argsort(along, kind="stable")
    ends = np.cumsum(np.bincount(along, minlength=grid.shape[axis]))
    for label, numbers in zip(grid.coords[dim], np.split(order, ends[:-1]), strict=True):
        if len(numbers):
            yield _scalar(label), _part(grid, coords, cells[numbers], numbers)


def places_of_labels(dim: str, values: NDArray[Any], labels: Any) -> Any:
    """Return the indexer for labels along an axis: see `NameSequence.sel`.

    >>> places_of_labels("t", np.array([2, 4, 6, 8]), slice(3, 6)).tolist()
    [1, 2]
    >>> places_of_labels("c", np.array(["DAPI", "GFP"]), "GFP")
    1
    """
    if isinstance(labels, slice):
        return _between(dim, values, labels)
    if np.ndim(labels):
        return np.array([_place(dim, values, label) for label in labels], np.int64)
    if values.dtype.kind == "M" and isinstance(labels, str):
        first, last = _period(dim, labels)
        if first != last:  # a month, of which there may be many days
            return _between(dim, values, slice(labels, labels))
    return _place(dim, values, labels)


def _check_dims(dims: Sequence[str], indexers: Mapping[str, Any]) -> None:
    for dim in indexers:
        if dim not in dims:
            raise NamesError(
                f"no axis {dim!r}, only {', '.join(map(repr, dims)) or 'a single cell'}"
            )


def _along(grid: FileGrid) -> tuple[NDArray[np.int64], ...]:
    """Return the index of each file along each axis."""
    if not grid.shape:
        return ()
    cells = np.arange(len(grid.names)) if grid.positions is None else grid.positions
    return tuple(np.unravel_index(cells, grid.shape))


def _part(
    grid: FileGrid,
    coords: Mapping[str, NDArray[Any]],
    cells: NDArray[np.int64],
    numbers: NDArray[np.int64],
) -> FileGrid:
    """Return the grid of some files in their cells; nothing was left out of it."""
    shape = tuple(map(len, coords.values()))
    plain = len(cells) == math.prod(shape) and bool((cells == np.arange(len(cells))).all())
    return replace(
        grid,
        names=[grid.names[i] for i in numbers.tolist()],
        dims=tuple(coords),
        shape=shape,
        coords=dict(coords),
        positions=None if plain else cells,
        unmatched=(),
        duplicates=(),
    )


def _places(dim: str, indexer: Any, size: int) -> Places:
    """Return what an indexer selects from so many places."""
    if isinstance(indexer, slice):
        return np.arange(size)[indexer]
    if np.ndim(indexer) == 0 and hasattr(indexer, "__index__"):
        place = int(indexer)
        if not -size <= place < size:
            raise NamesError(f"{dim}={place} is out of the axis, which has {size:,} indices")
        return place % size
    try:
        index = np.asarray(indexer)
        places: NDArray[np.int64] = np.arange(size)[index if index.size else index.astype(int)]
    except (IndexError, ValueError, TypeError) as error:
        raise NamesError(
            f"{dim}={indexer!r} does not index an axis of {size:,}: {error}"
        ) from error
    if places.ndim != 1 or len(np.unique(places)) < len(places):
        raise NamesError(f"{dim}={indexer!r} must be a list of indices, none of them twice")
    return places


def _between(dim: str, values: NDArray[Any], labels: slice) -> NDArray[np.int64]:
    """Return the places of the labels from one to another, both included."""
    if values.dtype.kind in "US":
        start = 0 if labels.start is None else _place(dim, values, labels.start)
        stop = len(values) if labels.stop is None else _place(dim, values, labels.stop) + 1
        return np.arange(len(values))[start : stop : labels.step]
    inside = np.ones(len(values), np.bool_)
    is_date = values.dtype.kind == "M"
    try:
        if labels.start is not None:
            inside &= values >= (_period(dim, labels.start)[0] if is_date else labels.start)
        if labels.stop is not None:
            inside &= values <= (_period(dim, labels.stop)[1] if is_date else labels.stop)
    except TypeError as error:
        raise NamesError(f"{dim}={labels!r} is no range of {_some(values)}: {error}") from error
    return np.flatnonzero(inside)[:: labels.step]


def _place(dim: str, values: NDArray[Any], label: Any) -> int:
    """Return the place of one label."""
    wanted = _period(dim, label)[0] if values.dtype.kind == "M" else label
    found = np.flatnonzero(values == wanted)
    if not len(found):
        raise NamesError(f"{dim}={label!r} is not on the axis, which has {_some(values)}")
    return int(found[0])


def _period(dim: str, label: Any) -> tuple[np.datetime64, np.datetime64]:
    """Return the first and last moment that a date stands for: ``"2020-07"`` is a month."""
    try:
        date = np.datetime64(label)
        if not isinstance(label, str) or np.isnat(date):
            return date, date
        unit: Any = np.datetime_data(date)[0]
        first = date.astype("M8[ns]")
        last = (date + np.timedelta64(1, unit)).astype("M8[ns]") - np.timedelta64(1, "ns")
    except (ValueError, TypeError) as error:
        raise NamesError(f"{dim}={label!r} is no date: {error}") from error
    return first, last


def _scalar(label: Any) -> Any:
    """Return a label as Python has it; dates stay numpy's, which count nanoseconds."""
    return label if isinstance(label, np.datetime64) else label.item()


def _said(indexers: Mapping[str, Any]) -> str:
    return ", ".join(f"{dim}={value!r:.100}" for dim, value in indexers.items())


def _some(values: NDArray[Any]) -> str:
    return shown((_scalar(value) for value in values), len(values), 10)
