"""The files that a contact sheet shows, and their places, by channel, time and place. No I/O.

The sheet shows labels of a long axis at equal distances, among those that have files. A plate
or a mosaic is shown whole, with one picture in each place.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.grid import FileGrid, plain_labels
from dask_fileseq.plaintext import public_names
from dask_fileseq.report.axisroles import AxisRoles, axis_roles
from dask_fileseq.report.gridlayout import GridLayout, grid_layout

FilesOf = NDArray[np.integer[Any]]
"""Number of the file by channel, time, place and plane; -1 where there is none."""


LARGEST_BOARD = 32 * 48
"""Places of a plate or mosaic that is shown whole, at most: the wells of the largest plate."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Maximum numbers of labels and pictures on a sheet."""

    channels: int = 8
    times: int = 24
    places: int = 12
    pictures: int = 300
    wells: int = 3200
    """Pictures of plates and mosaics, which are smaller."""


@dataclass(frozen=True, eq=False, slots=True)
class SheetPlan:
    """The files that a sheet shows."""

    grid: FileGrid
    roles: AxisRoles
    numbers: FilesOf
    channels: Sequence[int]
    times: Sequence[int]
    places: Sequence[int]
    """Indices that are shown."""
    in_file: bool
    """Whether channels are an axis of the array in each file."""
    layout: GridLayout | None = None
    """The plate or mosaic; None if places are in a line."""
    positions: Sequence[int] = ()
    """Number of each place in it, along rows."""

    @property
    def count(self) -> int:
        """Number of pictures, also of those that have no file."""
        return len(self.channels) * len(self.times) * len(self.places)

    def files(self) -> Iterator[tuple[list[str], int | None]]:
        """Yield the planes of each picture, and the channel in them."""
        for c, t, p in itertools.product(self.channels, self.times, self.places):
            names = [self.grid.names[i] for i in self.numbers[c, t, p] if i >= 0]
            yield names, c if self.in_file else None

    def name(self, axes: Sequence[int]) -> str:
        """Return the name of axes, taken as one."""
        return " x ".join(self.grid.unique_dims[axis] for axis in axes)

    def labels(
        self, axes: Sequence[int], shown: Sequence[int], *, with_names: bool = False
    ) -> list[str]:
        """Return the labels along axes, taken as one; numbers with the names of their axes.

        Those of an axis of files that no pattern orders are their names.
        """
        columns = []
        indices = np.unravel_index(shown, [self.grid.shape[axis] for axis in axes] or [1])
        for axis, index in zip(axes, indices, strict=False):
            dim = self.grid.unique_dims[axis]
            labels = plain_labels(self.grid.coords[dim][index])
            if dim == "sequence" and self.grid.pattern is None:
                names = public_names(self.grid.names[i] for i in index)
                labels = list(map(os.path.basename, names))
            name = f"{dim}=" if with_names and not isinstance(labels[0], str) else ""
            columns.append([f"{name}{label}" for label in labels])
        return [", ".join(parts) for parts in zip(*columns, strict=True)] or [""]

    def place_labels(self) -> list[str]:
        """Return the label of each place: on a plate, the name of the well."""
        if self.layout is None or self.layout.kind != "plate":
            return self.labels(self.roles.places, self.places, with_names=True)
        dims = list(dict.fromkeys([*self.layout.down.dims, *self.layout.across.dims]))
        if len(dims) == 1:
            axis = self.grid.unique_dims.index(dims[0])
            shape = [self.grid.shape[axis] for axis in self.roles.places]
            along = np.unravel_index(self.places, shape)[self.roles.places.index(axis)]
            return self.labels((axis,), along.tolist())
        names = self.layout.down.names, self.layout.across.names
        digits = len(names[1][-1])
        at = (divmod(position, len(names[1])) for position in self.positions)
        return [f"{names[0][row]}{names[1][column].zfill(digits)}" for row, column in at]

    def notes(self) -> Iterator[str]:
        """Yield what the sheet leaves out, axis by axis."""
        channel_name = "c in each file" if self.in_file else self.name(self.roles.channels)
        shown = [
            (channel_name, self.channels, 0),
            (self.name(self.roles.times), self.times, 1),
        ]
        if self.layout is None:
            shown.append((self.name(self.roles.places), self.places, 2))
        for name, some, axis in shown:
            if len(some) < self.numbers.shape[axis]:
                yield f"{len(some)} of {self.numbers.shape[axis]:,} {name}"
        if self.layout is not None:
            sides = {*self.layout.down.dims, *self.layout.across.dims}
            for axis in self.roles.places:
                if self.grid.unique_dims[axis] not in sides:
                    yield f"1 of {self.grid.shape[axis]:,} {self.grid.unique_dims[axis]}"


def plan_sheet(grid: FileGrid, channels_in_file: int, limits: Limits) -> SheetPlan:
    """Return which files are shown of a grid; files may contain several channels.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> grid = grid_of_pattern(["A01_t0", "A01_t1", "A03_t0"], "{well}_t{t:d}")
    >>> plan = plan_sheet(grid, 1, Limits())
    >>> plan.layout.title, plan.positions, list(plan.times)
    ('96-well plate', [0, 2], [0, 1])
    """
    layout = grid_layout(grid)
    if layout.kind == "table" or math.prod(layout.shape) > LARGEST_BOARD:
        return _plan_line(grid, axis_roles(grid), channels_in_file, limits)
    roles = axis_roles(grid, {*layout.down.dims, *layout.across.dims})
    numbers, in_file = _file_numbers(grid, roles, channels_in_file)
    wells = _wells(layout, roles, numbers)
    has_file: Any = (numbers >= 0).any(3)
    channels = _spread(has_file.any((1, 2)), min(limits.channels, _room(limits.wells, wells)))
    times = _spread(has_file.any((0, 2)), min(limits.times, _room(limits.wells, wells, channels)))
    at = list(wells.values()), list(wells)
    return SheetPlan(grid, roles, numbers, channels, times, at[0], in_file, layout, at[1])


def _plan_line(
    grid: FileGrid, roles: AxisRoles, channels_in_file: int, limits: Limits
) -> SheetPlan:
    """Return the plan of places in a line; times are places if few places have each of them."""
    numbers, in_file = _file_numbers(grid, roles, channels_in_file)
    has_file: Any = (numbers >= 0).any(3)
    channels = _spread(has_file.any((1, 2)), limits.channels)
    room = _room(limits.pictures, channels)
    times = _spread(has_file.any((0, 2)), min(limits.times, room))
    places = _spread(has_file[:, times].any((0, 1)), min(limits.places, _room(room, times)))
    shown = has_file.any(0)[np.ix_(times, places)]
    if min(shown.shape) > 1 and 2 * shown.sum() < shown.size:
        both = tuple(sorted(roles.times + roles.places))
        return _plan_line(grid, roles._replace(times=(), places=both), channels_in_file, limits)
    return SheetPlan(grid, roles, numbers, channels, times, places, in_file)


def _file_numbers(grid: FileGrid, roles: AxisRoles, channels_in_file: int) -> tuple[FilesOf, bool]:
    """Return the table of the grid with one axis for each role, and if files have channels."""
    order = list(itertools.chain.from_iterable(roles))
    order += sorted(set(range(len(grid.shape))) - set(order))  # these have one label
    shape = [math.prod(grid.shape[axis] for axis in axes) for axes in roles]
    numbers = grid.table.transpose(order).reshape(shape)
    in_file = not roles.channels and channels_in_file > 1
    return np.repeat(numbers, channels_in_file, axis=0) if in_file else numbers, in_file


def _wells(layout: GridLayout, roles: AxisRoles, numbers: FilesOf) -> dict[int, int]:
    """Return for each position that has files the place that is shown: that of most files."""
    grid = layout.grid
    along = np.unravel_index(np.arange(numbers.shape[2]), [grid.shape[a] for a in roles.places])
    index = [np.zeros(numbers.shape[2], np.int64)] * len(grid.shape)
    for axis, each in zip(roles.places, along, strict=True):
        index[axis] = each
    rows, columns = layout.places(np.ravel_multi_index(index, grid.shape))
    positions = rows * layout.across.size + columns
    counts = (numbers >= 0).sum((0, 1, 3))
    order = np.lexsort((-counts, positions))
    order = order[counts[order] > 0]
    found, first = np.unique(positions[order], return_index=True)
    return dict(zip(found.tolist(), order[first].tolist(), strict=True))


def _room(most: int, *shown: Sequence[int] | dict[int, int]) -> int:
    """Return how many more labels there can be of each picture."""
    return max(1, most // math.prod(map(len, shown)))


def _spread(has_file: Any, most: int) -> list[int]:
    """Return indices at equal distances among those that have files, from first to last.

    Parameters
    ----------
    has_file : ndarray of bool
        Whether there is a file.
    most : int
        Maximum number of indices.


    >>> _spread(np.ones(10, bool), 4), _spread(np.ones(9, bool), 1)
    ([0, 3, 6, 9], [4])
    >>> _spread(np.array([False, True, True]), 2)
    [1, 2]
    """
    found = np.flatnonzero(has_file).tolist()
    most = min(len(found), most)
    if most == 1:
        return [found[len(found) // 2]]
    return [found[round(i * (len(found) - 1) / (most - 1))] for i in range(most)]
