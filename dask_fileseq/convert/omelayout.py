"""Which arrays a file array becomes: pure values, no I/O.

A target has one image or many of the same shape. The axes of an image are axes of the
file array in another order; several may lie end to end along one. An image is what the
file array holds at one index of the axes that images do not have.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dask_fileseq.convert.axisroles import roles_of, well_parts
from dask_fileseq.convert.partition import Window
from dask_fileseq.errors import LayoutError
from dask_fileseq.filearray import FileArray

__all__ = ["Image", "Layout", "array_layout", "ome_layout"]

Windows = dict[int, tuple[int, int]]


@dataclass(frozen=True)
class Image:
    """One image of a target."""

    path: str
    """Where it is in the target; empty at its root."""
    at: Mapping[int, int] = field(default_factory=dict)
    """Its index along axes of the file array."""


@dataclass(frozen=True)
class Layout:
    """The images of a target, and how their axes come from those of the file array."""

    kind: str
    """``"array"``, ``"image"``, ``"plate"`` or ``"collection"``."""
    dims: tuple[str, ...]
    axes: tuple[tuple[int, ...], ...]
    """For each axis of an image the axes of the file array, end to end."""
    lengths: tuple[tuple[int, ...], ...]
    """Their lengths."""
    images: tuple[Image, ...]
    """Those that have files."""
    wells: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of a plate, the paths of the fields in each well."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of each image."""
        return tuple(map(math.prod, self.lengths))

    @property
    def places(self) -> str:
        """What tells where each image is, and what it holds: the ends, and a digest of all."""
        every = [[image.path, sorted(image.at.items())] for image in self.images]
        digest = hashlib.blake2b(json.dumps(every).encode(), digest_size=16).hexdigest()
        return f"{self.images[0].path} to {self.images[-1].path} ({digest})"

    def pieces(self, window: Window, image: Image) -> Iterator[tuple[tuple[slice, ...], Windows]]:
        """Yield boxes of the file array that make a window of an image.

        Yields
        ------
        place : tuple of slice
            Where the box belongs within the window.
        windows : dict
            Start and stop along each axis of the file array.
        """
        along = [
            list(_cut(axes, lengths, *edges))
            for axes, lengths, edges in zip(self.axes, self.lengths, window, strict=True)
        ]
        fixed = {axis: (i, i + 1) for axis, i in image.at.items()}
        for combination in itertools.product(*along):
            windows: Windows = dict(fixed)
            for _, part in combination:
                windows |= part
            yield tuple(place for place, _ in combination), windows


def _cut(
    axes: tuple[int, ...], lengths: tuple[int, ...], start: int, stop: int
) -> Iterator[tuple[slice, Windows]]:
    """Cut a range along axes that lie end to end into boxes of these.

    >>> list(_cut((0, 3), (2, 3), 2, 5))
    [(slice(0, 1, None), {0: (0, 1), 3: (2, 3)}), (slice(1, 3, None), {0: (1, 2), 3: (0, 2)})]
    """
    inner = lengths[-1]
    done = start
    while done < stop:
        leading, first = divmod(done, inner)
        end = min(stop, (leading + 1) * inner)
        outer = np.unravel_index(leading, lengths[:-1]) if lengths[:-1] else ()
        windows = {axis: (int(i), int(i) + 1) for axis, i in zip(axes, outer, strict=False)}
        windows[axes[-1]] = (first, first + end - done)
        yield slice(done - start, end - start), windows
        done = end


def array_layout(array: FileArray) -> Layout:
    """Return the layout of one plain array with all axes."""
    axes = tuple((axis,) for axis in range(array.ndim))
    return Layout("array", array.dims, axes, tuple((n,) for n in array.shape), (Image(""),))


def ome_layout(array: FileArray, axes: Mapping[str, str] | None = None) -> Layout:
    """Return the layout of an OME-Zarr: an image, a plate, or a collection of images.

    Parameters
    ----------
    array : FileArray
        Of whole files.
    axes : mapping, optional
        What axes are, as in `roles_of`.

    Raises
    ------
    LayoutError
        If the axes do not make any of these.
    """
    roles = roles_of(array, axes)
    dims = tuple(role for role in "tczyx" if role in roles)
    behind = tuple(tuple(i for i, r in enumerate(roles) if r == role) for role in dims)
    lengths = tuple(tuple(array.shape[axis] for axis in axes) for axes in behind)
    dropped = {i: 0 for i, role in enumerate(roles) if role is None}
    kinds = ("row", "column", "well", "image")
    over = [i for i, role in enumerate(roles) if role in kinds]
    places = [dict(zip(over, index, strict=True)) for index in _filled(array, over)]
    if not {"row", "column", "well"} & set(roles):
        if len(places) == 1 and all(array.shape[axis] == 1 for axis in over):
            return Layout("image", dims, behind, lengths, (Image("", places[0] | dropped),))
        numbered = tuple(Image(str(i), at | dropped) for i, at in enumerate(places))
        return Layout("collection", dims, behind, lengths, numbered)
    along = [roles.index(role) for role in ("row", "column", "well") if role in roles]
    rows = [_label(array, along[0], i) for i in range(array.shape[along[0]])]
    first = 0 if any(row.isdecimal() and int(row) == 0 for row in rows) else 1
    images: list[Image] = []
    wells: dict[str, list[str]] = {}
    labels: dict[str, tuple[str, ...]] = {}
    for at in places:
        label = tuple(_label(array, axis, at[axis]) for axis in along)
        well = _well_path(label, first)
        if labels.setdefault(well, label) != label:
            raise LayoutError(
                f"{' '.join(labels[well])!r} and {' '.join(label)!r} are both well {well!r}:"
                " name them alike, or select one"
            )
        fields = wells.setdefault(well, [])
        fields.append(str(len(fields)))
        images.append(Image(f"{well}/{fields[-1]}", at | dropped))
    fields_of = {well: tuple(paths) for well, paths in wells.items()}
    return Layout("plate", dims, behind, lengths, tuple(images), fields_of)


def _filled(array: FileArray, over: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the indices along some axes of the array at which there is any file, or pixel.

    Raises
    ------
    LayoutError
        If one of the axes is tiled: its files are parts of one image.
    """
    axes = array.tiling.axes
    inside = [axis for axis in over if axes[axis].chunk is not None]
    for axis in inside:
        if axes[axis].files > 1:
            raise LayoutError(f"{array.dims[axis]!r} is tiled, and cannot be images apart")
    apart = [axes[axis].grid for axis in over if axes[axis].chunk is None]
    others = tuple(axis for axis in range(array.table.ndim) if axis not in apart)
    cells = np.argwhere(np.any(array.table >= 0, axis=others)).tolist()
    within = list(itertools.product(*(range(array.shape[axis]) for axis in inside)))
    return [(*cell, *index) for cell in cells for index in within]


def _label(array: FileArray, axis: int, i: int) -> str:
    """Return what stands at an index along an axis."""
    return str(array.coords.get(array.dims[axis], range(array.shape[axis]))[i])


def _well_path(label: Sequence[str], first: int) -> str:
    """Return row and column of the well of a label, as in ``B/02``; `first` is row A."""
    if len(label) == 1:
        row, column = well_parts(label[0])
    else:
        row, column = _row_letters(label[0], first), label[1]
    if not all(part.isascii() and part.isalnum() for part in (row, column)):
        raise LayoutError(f"row {row!r} and column {column!r} are no names of a plate's")
    return f"{row}/{column}"


def _row_letters(row: str, first: int = 1) -> str:
    """Return the letters of a row that may be numbered.

    >>> _row_letters("2"), _row_letters("27"), _row_letters("b"), _row_letters("2", 0)
    ('B', 'AA', 'B', 'C')
    """
    if not row.isdecimal() or int(row) < first:
        return row.upper()
    letters = ""
    number = int(row) + 1 - first
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
