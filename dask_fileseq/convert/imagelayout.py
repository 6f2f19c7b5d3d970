"""The images that a file array becomes: pure values, no I/O.

A target has one image, or many of the same shape. The axes of an image are axes of the
file array in another order; several of these may be laid end to end along one. An image
holds what the file array has at one index of the axes that images do not have.
"""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from toolz import merge

from dask_fileseq.convert.imageroles import PERIODS, WELL, axis_roles
from dask_fileseq.convert.partition import Window
from dask_fileseq.descriptors import row_letters
from dask_fileseq.errors import LayoutError
from dask_fileseq.filearray import FileArray
from dask_fileseq.grid import plain_labels

LONG = 1000
"""Number of evenly spaced coordinates above which only start and step are kept."""


ImagePart = tuple[tuple[slice, ...], dict[int, tuple[int, int]]]
"""A box within a window of an image, and its start and stop along axes of the file array."""


@dataclass(frozen=True)
class TargetImage:
    """One image of a target."""

    path: str
    """Path of its group in the target; empty for the root."""
    at: Mapping[int, int] = field(default_factory=dict)
    """Its index along axes of the file array."""


@dataclass(frozen=True)
class ImageLayout:
    """The images of a target, and the axes of the file array behind their axes."""

    kind: str
    """``"array"``, ``"image"``, ``"plate"`` or ``"collection"``."""
    dims: tuple[str, ...]
    axes: tuple[tuple[int, ...], ...]
    """For each axis of an image, the axes of the file array that are laid end to end."""
    lengths: tuple[tuple[int, ...], ...]
    """Lengths of these."""
    images: tuple[TargetImage, ...]
    """The images that have files."""
    wells: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each well of a plate, the names of its fields."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of each image."""
        return tuple(map(math.prod, self.lengths))

    def parts(self, window: Window, image: TargetImage) -> Iterator[ImagePart]:
        """Yield the boxes of the file array that make up a window of an image."""
        along = [
            list(_cut(axes, lengths, *edges))
            for axes, lengths, edges in zip(self.axes, self.lengths, window, strict=True)
        ]
        fixed = {axis: (i, i + 1) for axis, i in image.at.items()}
        for combination in itertools.product(*along):
            edges = merge(fixed, *(part for _, part in combination))
            yield tuple(place for place, _ in combination), edges


def _cut(
    axes: tuple[int, ...], lengths: tuple[int, ...], start: int, stop: int
) -> Iterator[tuple[slice, dict[int, tuple[int, int]]]]:
    """Cut a range along axes that are laid end to end into boxes of these."""
    inner = lengths[-1]
    done = start
    while done < stop:
        leading, first = divmod(done, inner)
        end = min(stop, (leading + 1) * inner)
        outer = np.unravel_index(leading, lengths[:-1]) if lengths[:-1] else ()
        edges = {axis: (int(i), int(i) + 1) for axis, i in zip(axes, outer, strict=False)}
        edges[axes[-1]] = (first, first + end - done)
        yield slice(done - start, end - start), edges
        done = end


def array_layout(array: FileArray, path: str = "") -> ImageLayout:
    """Return the layout of one plain array with all axes, at a path."""
    axes, lengths = tuple((i,) for i in range(array.ndim)), tuple((n,) for n in array.shape)
    return ImageLayout("array", array.dims, axes, lengths, (TargetImage(path),))


def ome_layout(array: FileArray, axes: Mapping[str, str] | None = None) -> ImageLayout:
    """Return the layout of an OME-Zarr: an image, a plate, or a collection of images.

    `axes` are roles by dimension. A `LayoutError` is raised if one is wrong, if an axis has
    none, or if axes have roles that exclude each other.
    """
    roles = axis_roles(array, axes)
    dims = tuple(role for role in "tczyx" if role in roles)
    # days, hours and minutes are laid end to end from the longest to the shortest
    order = sorted(range(array.ndim), key=lambda i: -PERIODS.get(array.dims[i].lower(), 0))
    behind = tuple(tuple(i for i in order if roles[i] == role) for role in dims)
    lengths = tuple(tuple(array.shape[axis] for axis in axes) for axes in behind)
    dropped = {i: 0 for i, role in enumerate(roles) if role is None}
    apart = [i for i, role in enumerate(roles) if role in ("row", "column", "well", "image")]
    found = [dict(zip(apart, index, strict=True)) for index in _with_files(array, apart)]
    along = [roles.index(role) for role in ("row", "column", "well") if role in roles]
    wells: dict[str, list[str]] = {}
    if along:
        kind, paths, wells = "plate", *_plate_paths(array, along, found)
    elif len(found) == 1 and all(array.shape[axis] == 1 for axis in apart):
        kind, paths = "image", [""]
    else:
        kind, paths = "collection", list(map(str, range(len(found))))
    images = tuple(TargetImage(p, at | dropped) for p, at in zip(paths, found, strict=True))
    fields = {well: tuple(names) for well, names in wells.items()}
    return ImageLayout(kind, dims, behind, lengths, images, fields)


def _with_files(array: FileArray, apart: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the indices along some axes of the array at which any file exists."""
    axes = array.tiling.axes
    inside = [axis for axis in apart if axes[axis].chunk is not None]
    for axis in inside:
        if axes[axis].files > 1:
            raise LayoutError(f"{array.dims[axis]!r} is tiled, and cannot be images apart")
    grid = [axes[axis].grid for axis in apart if axes[axis].chunk is None]
    others = tuple(axis for axis in range(array.table.ndim) if axis not in grid)
    cells = np.argwhere(np.any(array.table >= 0, axis=others)).tolist()
    within = list(itertools.product(*(range(array.shape[axis]) for axis in inside)))
    return [(*cell, *index) for cell in cells for index in within]


def _plate_paths(
    array: FileArray, along: Sequence[int], found: Sequence[Mapping[int, int]]
) -> tuple[list[str], dict[str, list[str]]]:
    """Return the path of each image of a plate, and the names of the fields of each well."""
    labels = {
        axis: list(map(str, array.coords.get(array.dims[axis], range(array.shape[axis]))))
        for axis in along
    }
    zero_based = any(row.isdecimal() and int(row) == 0 for row in labels[along[0]])
    paths: list[str] = []
    wells: dict[str, list[str]] = {}
    owners: dict[str, str] = {}
    for at in found:
        label = [labels[axis][at[axis]] for axis in along]
        well, text = _well_path(label, 0 if zero_based else 1), " ".join(label)
        if owners.setdefault(well, text) != text:
            raise LayoutError(
                f"{owners[well]!r} and {text!r} are both well {well!r}:"
                " name them alike, or select one"
            )
        fields = wells.setdefault(well, [])
        fields.append(str(len(fields)))
        paths.append(f"{well}/{fields[-1]}")
    return paths, wells


def _well_path(label: Sequence[str], first: int) -> str:
    """Return row and column of a well as a path; if rows are numbers, row A has number `first`."""
    row, column = label[0], label[-1]
    if len(label) == 1:
        if not WELL.fullmatch(row):
            raise LayoutError(f"{row!r} is no well such as 'B02'; say axes={{'well': 'image'}}")
        column = row.lstrip(string.ascii_letters)
        row, column = row.removesuffix(column), column.lstrip("-")
    if row.isdecimal() and int(row) >= first:
        row = row_letters(int(row) + 1 - first)
    row = row.upper()
    if not all(part.isascii() and part.isalnum() for part in (row, column)):
        raise LayoutError(f"row {row!r} and column {column!r} are no names of a plate's")
    return f"{row}/{column}"


def array_coordinates(array: FileArray) -> dict[str, Any]:
    """Return the coordinates along the axes of an array, by dimension, as values of JSON."""
    found: dict[str, Any] = {}
    for dim, axis in zip(array.dims, array.tiling.axes, strict=True):
        chunkdim = "" if axis.chunk is None else array.spec.dims[axis.chunk]
        if axis.chunk is None and dim in array.coords:
            found[dim] = _values(array.coords[dim])
        elif chunkdim in array.metadata.scales:
            scale = array.metadata.scales[chunkdim]
            found[dim] = {"start": scale.start, "step": scale.step, "source": scale.source}
            found[dim] |= {"unit": scale.units} if scale.units else {}
        elif chunkdim in array.metadata.labels:
            found[dim] = list(array.metadata.labels[chunkdim].names)
    return found


def _values(values: NDArray[Any]) -> Any:
    """Return coordinates as a list of values of JSON, or as start and step.

    Dates and durations are texts.

    >>> _values(np.arange(5, 5000, 2))
    {'start': 5, 'step': 2, 'length': 2498}
    """
    if values.dtype.kind == "M":
        return values.astype(str).tolist()
    if values.dtype.kind == "m":
        return plain_labels(values)
    if values.dtype.kind in "iu" and len(values) > LONG and len(set(np.diff(values))) == 1:
        start, step = int(values[0]), int(values[1] - values[0])
        return {"start": start, "step": step, "length": len(values)}
    return values.tolist()
