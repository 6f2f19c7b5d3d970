"""How grid axes and chunk axes become the array's axes: pure integers, no I/O, no dask.

This is the only module that cuts ranges of the array's axes at the borders of files.

The array's axes are the grid axes that are not tiled, in order, then the chunk
axes. A tiled grid axis disappears: its files are edge to edge along a chunk axis.

    grid (T=2, R=3), chunk (4, 5), axestiled={1: 0}   ->   array (2, 12, 5)
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from operator import index as as_int
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.types import AxesTiled

__all__ = ["Axis", "Numbers", "Piece", "Tiling", "basic_index", "numbers_at"]

Numbers: TypeAlias = NDArray[np.integer[Any]] | None
"""The number of the file in each cell of a grid, -1 in empty ones; None if file i is in cell i."""


class Axis(NamedTuple):
    """One axis of the array."""

    grid: int | None  # the grid axis behind it, if any
    chunk: int | None  # the chunk axis behind it, if any
    files: int  # number of files along it
    size: int  # number of elements of each file


class Piece(NamedTuple):
    """The part of a selection along one axis that is in one file."""

    file: int  # position along the grid axis
    region: range  # what to take from the file's chunk
    place: slice  # where that goes in the result


@dataclass(frozen=True)
class Tiling:
    """The axes of an array made of a grid of equal chunks.

    Parameters
    ----------
    gridshape : tuple of int
        Number of files along each grid axis.
    chunkshape : tuple of int
        Shape of the array in each file.
    axestiled : tuple of pairs of int
        Grid axes whose files are edge to edge, each with its chunk axis.

    Examples
    --------
    >>> tiling = Tiling.of((2, 3), (4, 5), {1: 0})
    >>> tiling.shape
    (2, 12, 5)
    >>> tiling.pieces(1, range(2, 9))
    [Piece(file=0, region=range(2, 4), place=slice(0, 2, None)),
     Piece(file=1, region=range(0, 4), place=slice(2, 6, None)),
     Piece(file=2, region=range(0, 1), place=slice(6, 7, None))]
    """

    gridshape: tuple[int, ...]
    chunkshape: tuple[int, ...]
    axestiled: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(
        cls,
        gridshape: Sequence[int],
        chunkshape: Sequence[int],
        axestiled: AxesTiled | None = None,
        griddims: Sequence[str] = (),
        chunkdims: Sequence[str] = (),
    ) -> Tiling:
        """Return the tiling, with `axestiled` checked, and names in it replaced by numbers.

        Raises
        ------
        ValueError
            If an axis does not exist or is used twice.
        """
        kinds = ("stack", griddims, gridshape), ("chunk", chunkdims, chunkshape)
        pairs: Any = axestiled.items() if isinstance(axestiled, Mapping) else axestiled or ()
        if not isinstance(pairs, Iterable):
            raise ValueError(f"axestiled={axestiled!r} is no mapping, such as {{'row': 'y'}}")
        checked = []
        for pair in pairs:
            try:
                first, second = (axis if isinstance(axis, str) else as_int(axis) for axis in pair)
            except (TypeError, ValueError) as error:
                raise ValueError(
                    f"axestiled={axestiled!r}: {pair!r} is not a pair (stack axis, chunk axis)"
                ) from error
            numbers = []
            for axis, (kind, dims, shape) in zip((first, second), kinds, strict=True):
                if isinstance(axis, str):
                    number = list(dims).index(axis) if axis in dims else -1
                else:
                    number = axis
                if not 0 <= number < len(shape):
                    named = f", the axes are {', '.join(map(repr, dims))}" if dims else ""
                    raise ValueError(
                        f"axestiled={axestiled!r}: there is no {kind} axis {axis!r};"
                        f" the {kind} shape is {tuple(shape)}{named}"
                    )
                numbers.append(number)
            checked.append((numbers[0], numbers[1]))
        for axes in zip(*checked, strict=True):
            if len(set(axes)) < len(axes):
                raise ValueError(f"axestiled={axestiled!r} has an axis twice")
        return cls(tuple(gridshape), tuple(chunkshape), tuple(sorted(checked)))

    def part(self, cells: Sequence[slice]) -> Tiling:
        """Return the tiling of a part of the grid, from start to stop along each grid axis."""
        gridshape = tuple(part.stop - part.start for part in cells)
        return Tiling(gridshape, self.chunkshape, self.axestiled)

    def __reduce__(self) -> tuple[Any, ...]:
        return Tiling, (self.gridshape, self.chunkshape, self.axestiled)

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """The array's axes."""
        tiled = dict(self.axestiled)
        stacked = {chunk: grid for grid, chunk in self.axestiled}
        return tuple(
            Axis(grid, None, files, 1)
            for grid, files in enumerate(self.gridshape)
            if grid not in tiled
        ) + tuple(
            Axis(grid := stacked.get(chunk), chunk, 1 if grid is None else self.gridshape[grid], n)
            for chunk, n in enumerate(self.chunkshape)
        )

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The array's shape."""
        return tuple(axis.files * axis.size for axis in self.axes)

    def dims(self, griddims: Sequence[str], chunkdims: Sequence[str]) -> tuple[str, ...]:
        """Return a name for each of the array's axes; a tiled one has that of its chunk axis."""
        return tuple(
            griddims[axis.grid or 0] if axis.chunk is None else chunkdims[axis.chunk]
            for axis in self.axes
        )

    def pieces(self, axis: int, selected: range) -> list[Piece]:
        """Cut a selection along one of the array's axes at the borders of files.

        Parameters
        ----------
        axis : int
            Axis of the array.
        selected : range
            The selected elements, within ``range(shape[axis])``, with any step.
        """
        size = self.axes[axis].size
        start, step = selected.start, selected.step
        pieces = []
        done = 0
        while done < len(selected):
            file, first = divmod(selected[done], size)
            edge = file * size if step < 0 else (file + 1) * size - 1
            end = min(len(selected), (edge - start) // step + 1)
            region = range(first, first + (end - done) * step, step)
            pieces.append(Piece(file, region, slice(done, end)))
            done = end
        return pieces

    @cached_property
    def stacked(self) -> int:
        """Number of axes, the first ones, along which each element is a file."""
        return sum(axis.chunk is None for axis in self.axes)

    def cut(self, region: Sequence[range]) -> Iterator[tuple[list[Any], tuple[range, ...], Any]]:
        """Cut a region of the array at the borders of files.

        Yields which cells along each grid axis have the same region of their file, that
        region, and the index of its place in the result, an array of the region's shape.
        Along stacked axes all files have the same region, so they are not cut.

        >>> tiling = Tiling.of((2, 3), (4, 5), {1: 0})
        >>> cells, part, place = next(tiling.cut([range(2), range(3, 6), range(5)]))
        >>> cells, part
        ([range(0, 2), [0]], (range(3, 4), range(0, 5)))
        >>> place
        (Ellipsis, slice(0, 1, None), slice(0, 5, None))
        """
        cells: list[Any] = [[0]] * len(self.gridshape)
        for axis, along in zip(self.axes, region[: self.stacked], strict=False):
            cells[axis.grid or 0] = along
        inside = self.axes[self.stacked :]
        pieces = [self.pieces(i, r) for i, r in enumerate(region) if i >= self.stacked]
        for combination in itertools.product(*pieces):
            for axis, piece in zip(inside, combination, strict=True):
                if axis.grid is not None:
                    cells[axis.grid] = [piece.file]
            part = tuple(piece.region for piece in combination)
            yield cells, part, (..., *(piece.place for piece in combination))

    def files(self, axis: int, start: int, stop: int) -> slice:
        """Return the files along one of the array's axes that contain a range of elements.

        At least one file, also for an empty range.

        >>> Tiling.of((3,), (4,), {0: 0}).files(0, 5, 9)
        slice(1, 3, None)
        """
        size = self.axes[axis].size
        if not size:
            return slice(0, 1)
        first = start // size
        return slice(first, max(first + 1, -(-stop // size)))

    def lengths(self, axis: int, start: int, stop: int) -> tuple[int, ...]:
        """Return the lengths of the parts of a range of elements that are in one file each.

        >>> tiling = Tiling.of((3,), (3,), {0: 0})
        >>> tiling.lengths(0, 0, 6), tiling.lengths(0, 2, 7), tiling.lengths(0, 4, 5)
        ((3, 3), (1, 3, 1), (1,))
        """
        if start >= stop:
            return (0,)
        size = self.axes[axis].size
        first, last = start // size, (stop - 1) // size
        if first == last:
            return (stop - start,)
        return ((first + 1) * size - start, *[size] * (last - first - 1), stop - last * size)


def basic_index(index: Any, ndim: int) -> list[Any]:
    """Return an int or a slice for each axis.

    Raises
    ------
    IndexError
        If the index is anything but ints, slices and one Ellipsis, or is too long.

    Examples
    --------
    >>> basic_index((3, ..., slice(2)), 4)
    [3, slice(None, None, None), slice(None, None, None), slice(None, 2, None)]
    """
    keys = list(index) if isinstance(index, tuple) else [index]
    dots = [i for i, key in enumerate(keys) if key is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can have only one Ellipsis")
    if len(keys) - len(dots) > ndim:
        raise IndexError(f"too many indices: {len(keys) - len(dots)} for {ndim} axes")
    at = dots[0] if dots else len(keys)
    keys[at : at + 1] = [slice(None)] * (ndim - len(keys) + len(dots))
    for key in keys:
        numbers = (key.start, key.stop, key.step) if isinstance(key, slice) else (key,)
        for number in numbers:  # an array of one element is no index, nor is a bool
            optional = number is None and isinstance(key, slice)
            if not optional and (isinstance(number, bool) or not isinstance(number, Integral)):
                raise IndexError(f"only ints, slices and Ellipsis are indices here, not {key!r}")
    return keys


def numbers_at(numbers: Numbers, shape: tuple[int, ...], cells: Sequence[Any]) -> list[int]:
    """Return the number of the file in each of the cells at some places along each axis.

    >>> numbers_at(None, (4, 5), [[1, 3], range(1, 5, 2)])
    [6, 8, 16, 18]
    """
    if numbers is not None:
        return numbers[np.ix_(*cells)].ravel().tolist()
    found = np.zeros(1, np.int64)
    for size, places in zip(shape, cells, strict=True):
        found = (found[:, None] * size + np.asarray(places)).ravel()
    return found.tolist()
