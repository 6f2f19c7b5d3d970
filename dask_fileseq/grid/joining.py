"""Grids with other names of axes, and several grids as one: no I/O."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import (
    HeaderWarning,
    NamesError,
    SparseGridError,
    shown,
    users_level,
)
from dask_fileseq.grid.density import is_sparse
from dask_fileseq.grid.filegrid import FileGrid, cell_numbers, plain_labels, positions_of
from dask_fileseq.grid.gridmetadata import GridCoord, GridMetadata, coord_of_files, unknown_value
from dask_fileseq.grid.selection import require_dims
from dask_fileseq.grid.text_axis import word_keys

_KINDS = {"U": "words", "M": "dates", "m": "durations"}
"""What labels are, by their data types; others are numbers."""


def renamed(grid: FileGrid, names: Mapping[str, str]) -> FileGrid:
    r"""Return a grid with other names of some axes.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> renamed(grid_of_pattern(["t0_a", "t1_a"], r"(t)(\d)_(?P<c>[a-z])"), {"t": "time"})
    <FileGrid time: 2, c: 1; 2 files, 0 missing>
    """
    require_dims(grid.unique_dims, names)
    dims = tuple(names.get(dim, dim) for dim in grid.unique_dims)
    for old, new in names.items():
        _check_name(new, f"rename: {old}=")
        if dims.count(new) > 1 or new in grid.metadata.coords:
            raise NamesError(f"rename: {old}={new!r} is the name of another axis or coordinate")
    coords = {
        name: coord._replace(dims=tuple(names.get(dim, dim) for dim in coord.dims))
        for name, coord in grid.metadata.coords.items()
    }
    return replace(
        grid,
        dims=dims,
        coords=dict(zip(dims, grid.coords.values(), strict=True)),
        metadata=replace(grid.metadata, coords=coords),
    )


def joined_grids(grids: Sequence[FileGrid], dim: str, labels: Any = None) -> FileGrid:
    r"""Return several grids of the same axes as one, along one of them or along a new one.

    Along `dim`, labels are in the order of the grids, and no two grids have the same one; with
    `labels`, one for each grid, it is a new axis, the first one. Along other axes, the result
    has the labels of all grids, so some cells may be empty. A `NamesError` says what does not
    fit.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> a = grid_of_pattern(["t0_a", "t1_a"], "t{t:d}_{c}")
    >>> b = grid_of_pattern(["t5_a", "t5_b"], "t{t:d}_{c}")
    >>> joined_grids([a, b], "t").coords["t"]
    array([0, 1, 5])
    >>> joined_grids([a, b], "day", ["mon", "tue"])
    <FileGrid day: 2, t: 3, c: 2; 4 files, 8 missing>
    """
    for number, grid in enumerate(grids):
        if grid.unique_dims != grids[0].unique_dims:
            raise NamesError(
                f"sequences 0 and {number} differ in axes: {_listed(grids[0].unique_dims)}"
                f" and {_listed(grid.unique_dims)}; rename() renames axes"
            )
    if labels is not None:
        grids = _on_new_axis(grids, dim, _label_array(labels, len(grids)))
    elif dim not in grids[0].unique_dims:
        raise NamesError(
            f"no axis {dim!r}, only {_listed(grids[0].unique_dims)}; a new axis needs labels="
        )
    coords = {d: _joined_labels([g.coords[d] for g in grids], d, d == dim) for d in grids[0].coords}
    shape = tuple(map(len, coords.values()))
    names = [name for grid in grids for name in grid.names]
    if is_sparse(shape, len(names)):
        raise SparseGridError(f"only {len(names):,} cells of a grid of shape {shape} are filled")
    along = []
    for axis, (d, values) in enumerate(coords.items()):
        place = {value: i for i, value in enumerate(values.tolist())}
        new = []
        for grid in grids:
            labels_of = grid.coords[d].astype(values.dtype).tolist()
            places = np.array([place[label] for label in labels_of], np.int64)
            new.append(places[grid.along[axis]])
        along.append(np.concatenate(new))
    cells = cell_numbers(along, shape, len(names))
    patterns = [grid.pattern for grid in grids]
    is_one_pattern = labels is None and patterns.count(patterns[0]) == len(grids)
    return FileGrid(
        names,
        tuple(coords),
        shape,
        coords,
        positions_of(cells, shape),
        unmatched=tuple(name for grid in grids for name in grid.unmatched),
        duplicates=tuple(pair for grid in grids for pair in grid.duplicates),
        pattern=patterns[0] if is_one_pattern else None,
        metadata=_joined_metadata(grids, cells, dict(zip(coords, shape, strict=True))),
    )


def _on_new_axis(grids: Sequence[FileGrid], dim: str, labels: NDArray[Any]) -> list[FileGrid]:
    """Return each grid with one more axis, the first one, on which it has one label."""
    _check_name(dim, "dim=")
    for grid in grids:
        if dim in grid.coords or dim in grid.metadata.coords:
            raise NamesError(f"labels are for a new axis, and {dim!r} is an axis or coordinate")
    return [
        replace(
            grid,
            dims=(dim, *grid.unique_dims),
            shape=(1, *grid.shape),
            coords={dim: labels[i : i + 1], **grid.coords},
        )
        for i, grid in enumerate(grids)
    ]


def _label_array(labels: Any, count: int) -> NDArray[Any]:
    """Return labels for an axis as numbers, words, or dates in nanoseconds."""
    values = np.asarray(labels)
    if values.dtype.kind == "O" and all(isinstance(each, datetime.date) for each in values.flat):
        values = values.astype("M8")
    if values.dtype.kind not in "iufUMm" or values.shape != (count,):
        raise NamesError(
            f"labels={labels!r:.100} must be numbers, texts or dates, one for each of"
            f" {count:,} sequences"
        )
    return values.astype(f"{values.dtype.kind}8[ns]") if values.dtype.kind in "mM" else values


def _joined_labels(each: Sequence[NDArray[Any]], dim: str, is_along: bool) -> NDArray[Any]:
    """Return the labels of all grids along an axis."""
    _require_one_kind(each, f"labels along {dim!r}")
    joined = np.concatenate(each)
    if is_along:
        distinct, counts = np.unique(joined, return_counts=True)
        if len(distinct) < len(joined):
            twice = distinct[counts > 1]
            raise NamesError(
                f"sequences have the same labels along {dim!r}:"
                f" {shown(plain_labels(twice), len(twice))}; labels= makes a new axis of them"
            )
        return joined
    longest = max(each, key=len)
    if set(joined.tolist()) == set(longest.tolist()):
        return longest.astype(joined.dtype)
    distinct = np.unique(joined)
    if distinct.dtype.kind == "U":
        keys = word_keys(dim, distinct.tolist())
        distinct = distinct[sorted(range(len(distinct)), key=keys.__getitem__)]
    return distinct


def _joined_metadata(
    grids: Sequence[FileGrid], cells: NDArray[np.int64], sizes: Mapping[str, int]
) -> GridMetadata:
    """Return the metadata of all grids, for the cells that have files."""
    parts = [grid.metadata for grid in grids]
    first = parts[0]
    if any((part.pages, part.page_labels) != (first.pages, first.page_labels) for part in parts):
        raise NamesError("sequences differ in what the pages of each file are: split them before")
    sources = [part.source for part in parts if part.source]
    pixel_sizes = {
        dim: size
        for dim, size in first.pixel_sizes.items()
        if all(part.pixel_sizes.get(dim) == size for part in parts)
    }
    left_out = {dim: None for part in parts for dim in part.pixel_sizes if dim not in pixel_sizes}
    if left_out:
        warnings.warn(
            f"sequences differ in pixel sizes along {', '.join(left_out)}, which are left out",
            HeaderWarning,
            stacklevel=users_level(),
        )
    coords = {}
    for name in dict.fromkeys(name for part in parts for name in part.coords):
        if (coord := _joined_coord(name, grids, cells, sizes)) is not None:
            coords[name] = coord
    return replace(
        first,
        source=" and ".join(dict.fromkeys(sources)),
        coords=coords,
        pixel_sizes=pixel_sizes,
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )


def _joined_coord(
    name: str, grids: Sequence[FileGrid], cells: NDArray[np.int64], sizes: Mapping[str, int]
) -> GridCoord | None:
    """Return a coordinate of some grids for the files of all; unknown where a grid has none."""
    found = [grid.metadata.coords[name] for grid in grids if name in grid.metadata.coords]
    values = []
    for grid in grids:
        coord = grid.metadata.coords.get(name)
        if coord is None:
            values.append(np.repeat(unknown_value(found[0].values.dtype), len(grid.names)))
            continue
        if dict(coord.attrs) != dict(found[0].attrs):
            raise NamesError(
                f"sequences differ in coordinate {name!r}: {dict(found[0].attrs)}"
                f" and {dict(coord.attrs)}"
            )
        along = dict(zip(grid.unique_dims, grid.along, strict=True))
        index = tuple(along[dim] for dim in coord.dims)
        values.append(np.broadcast_to(coord.values[index], len(grid.names)))
    _require_one_kind(values, f"coordinates {name!r}")
    return coord_of_files(np.concatenate(values), cells, sizes, found[0].attrs)


def _require_one_kind(each: Sequence[NDArray[Any]], what: str) -> None:
    kinds = {_KINDS.get(values.dtype.kind, "numbers"): None for values in each}
    if len(kinds) > 1:
        raise NamesError(f"{what} are {' and '.join(kinds)}: they cannot be joined")


def _check_name(name: Any, argument: str) -> None:
    if not isinstance(name, str) or not name:
        raise NamesError(f"{argument}{name!r} is no name of an axis")


def _listed(dims: Iterable[str]) -> str:
    return ", ".join(map(repr, dims)) or "a single cell"
