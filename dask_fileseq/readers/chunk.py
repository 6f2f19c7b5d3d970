"""The array in one file, described by plain values: no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["ChunkSpec", "WrongChunk", "plain_dims", "plain_spec", "require_chunk", "unique_dims"]


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


class WrongChunk(ValueError):
    """Error of a file that contains an array of another shape or dtype than expected.

    Parameters
    ----------
    expected, found : tuple of shape and dtype
        What was expected, and what the file contains.

    Examples
    --------
    >>> raise WrongChunk(((4, 6), np.dtype("u2")), ((6, 4), np.dtype("u2")))
    Traceback (most recent call last):
    ...
    dask_fileseq.readers.chunk.WrongChunk: expected shape (4, 6) and dtype uint16, found \
shape (6, 4) and dtype uint16
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
    """Return the spec of an array without metadata.

    >>> plain_spec(np.zeros((4, 6), ">u2"))
    ChunkSpec(shape=(4, 6), dtype=dtype('uint16'), dims=('y', 'x'), tile=(4, 6))
    """
    dtype = image.dtype.newbyteorder("=")
    return ChunkSpec(image.shape, dtype, plain_dims(image.shape), image.shape)


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
    """Return lower-case names, with numbers for those that occur more than once.

    >>> unique_dims("QQYX")
    ('q_0', 'q_1', 'y', 'x')
    """
    names = [axis.lower() for axis in axes]
    total = Counter(names)
    seen: Counter[str] = Counter()
    dims = []
    for name in names:
        dims.append(f"{name}_{seen[name]}" if total[name] > 1 else name)
        seen[name] += 1
    return tuple(dims)
