"""The array in one file, regions of it, and its places in the file: plain values, no I/O.

A region has a `range` for each axis, the indices to read. A range has a length, a step and
an i-th element, and is never ambiguous as a slice can be.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Region = tuple[range, ...]


@dataclass(frozen=True, slots=True)
class ChunkSpec:
    """The shape, type and inner structure of the array in one file."""

    shape: tuple[int, ...]
    """Length of each axis."""
    dtype: np.dtype[Any]
    """Type of the pixels, always in native byte order."""
    dims: tuple[str, ...]
    """Lower-case name of each axis; no name occurs twice."""
    tile: tuple[int, ...]
    """Shape of the smallest part worth reading by itself; `shape` if there is none."""

    def __post_init__(self) -> None:
        if self.dtype.kind in "biufc":  # the one object of the type, which pickles only once
            object.__setattr__(self, "dtype", np.dtype(self.dtype.type))

    @property
    def nbytes(self) -> int:
        """Size of the array in memory."""
        return math.prod(self.shape) * self.dtype.itemsize


class WrongChunk(ValueError):
    """Error of a file that contains an array of another shape or dtype than expected.

    `expected` and `found` are pairs of shape and dtype.
    """

    def __init__(
        self,
        expected: tuple[tuple[int, ...], np.dtype[Any]],
        found: tuple[tuple[int, ...], np.dtype[Any]],
    ) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        (shape, dtype), (found_shape, found_dtype) = self.expected, self.found
        return (
            f"expected shape {shape} and dtype {dtype}, "
            f"found shape {found_shape} and dtype {found_dtype}"
        )


def require_chunk(spec: ChunkSpec, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raise `WrongChunk` unless an array has the shape and dtype of a spec, in any byte order."""
    if shape != spec.shape or dtype.newbyteorder("=") != spec.dtype:
        raise WrongChunk((spec.shape, spec.dtype), (shape, dtype))


def plain_spec(image: np.ndarray[Any, Any]) -> ChunkSpec:
    """Return the spec of an array without metadata."""
    return array_spec(image.shape, image.dtype)


def array_spec(shape: tuple[int, ...], dtype: np.dtype[Any]) -> ChunkSpec:
    """Return the spec of an array of a shape and type without metadata."""
    return ChunkSpec(shape, dtype.newbyteorder("="), plain_dims(shape), shape)


def plain_dims(shape: Sequence[int]) -> tuple[str, ...]:
    """Return names for the axes of an image without metadata, by its shape.

    >>> plain_dims((64,)), plain_dims((48, 64)), plain_dims((48, 64, 3))
    (('x',), ('y', 'x'), ('y', 'x', 's'))
    >>> plain_dims((2, 5, 48, 64))
    ('dim_0', 'dim_1', 'y', 'x')
    """
    if len(shape) == 1:
        return ("x",)
    if len(shape) == 3 and shape[-1] in (3, 4):
        return ("y", "x", "s")
    leading = tuple(f"dim_{i}" for i in range(len(shape) - 2))
    return leading + ("y", "x")[: len(shape)]


def unique_dims(axes: Sequence[str]) -> tuple[str, ...]:
    """Return lower-case names, with numbers for those that occur more than once: q_0, q_1."""
    names = [axis.lower() for axis in axes]
    total = Counter(names)
    seen: Counter[str] = Counter()
    dims = []
    for name in names:
        dims.append(f"{name}_{seen[name]}" if total[name] > 1 else name)
        seen[name] += 1
    return tuple(dims)


def whole_region(shape: Sequence[int]) -> Region:
    """Return the region of a whole array."""
    return tuple(map(range, shape))


def is_whole(region: Region, shape: Sequence[int]) -> bool:
    """Return whether a region is a whole array, in ascending order."""
    return region == tuple(map(range, shape))


def as_slices(region: Region) -> tuple[slice, ...]:
    """Return the slices that select a region."""
    return tuple(slice(r.start, r.stop if r.stop >= 0 else None, r.step) for r in region)


def ascending(region: Region, out: Array) -> tuple[Region, Array]:
    """Return a region in ascending order, and the view of `out` that it fills.

    A descending axis is read in ascending order into a flipped view.
    """
    if min([indices.step for indices in region], default=1) > 0:
        return region, out
    ranges = tuple([r if r.step > 0 else r[::-1] for r in region])
    flips: list[Any] = [slice(None, None, 1 if r.step > 0 else -1) for r in region]
    return ranges, out[(*flips, ...)]


def pieces(indices: range, size: int) -> Iterator[tuple[int, slice, slice]]:
    """Cut ascending indices at the borders of segments of an axis.

    Yields the number of each segment that contains any of the indices, the part of the
    output that it fills, and the part of the segment that goes there.

    >>> for piece in pieces(range(3, 30, 10), 8):  # segments begin at 0, 8, 16, 24
    ...     print(piece)
    (0, slice(0, 1, None), slice(3, 4, 10))
    (1, slice(1, 2, None), slice(5, 6, 10))
    (2, slice(2, 3, None), slice(7, 8, 10))
    """
    step = indices.step
    first = 0
    while first < len(indices):
        number, start = divmod(indices[first], size)
        last = min(len(indices) - 1, first + (size - 1 - start) // step)
        stop = start + (last - first) * step + 1
        yield number, slice(first, last + 1), slice(start, stop, step)
        first = last + 1


class NoByteLayout(ValueError):
    """The reason why the pixels of a file are not chunks of bytes."""


@dataclass(frozen=True, slots=True)
class ByteLayout:
    """Encoding and positions of the pixels of a file. Equal for files with equal encoding."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    """With the byte order of the file."""
    chunks: tuple[int, ...]
    """Shape of a chunk; the last one along an axis may extend beyond the array."""
    compression: int = 1
    """TIFF's code of the codec."""
    predictor: int = 1
    """1: none, 2: differences along rows, 3: differences of the bytes of floats."""
    interleaved: bool = False
    """Whether the last axis is that of samples; then rows are along the axis before it."""
    nodata: float = field(default=0, compare=False)
    """Value of the pixels of a chunk that was never written."""
    segments: tuple[tuple[int, int], ...] = field(default=(), compare=False)
    """Offset and byte count of each chunk, in C order; both 0 if it was never written."""
