"""Shapes of chunks and shards: by default, or as a user says them. Pure integers.

Chunks are what a viewer reads at a time, shards are what is stored as one object.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from operator import index as as_int
from typing import Any

__all__ = ["chunk_shape", "shard_shape"]

Shape = tuple[int, ...]

SIDE = 512
"""Elements along y and x that a chunk has at most by default."""

CHUNK_BYTES = 2**19
"""Size up to which chunks of small images take in several planes."""

SHARD_BYTES = 2**25
"""Size of a shard, uncompressed, that is aimed at."""


def chunk_shape(chunks: Any, dims: Sequence[str], shape: Shape, itemsize: int) -> Shape:
    """Return the shape of chunks.

    Parameters
    ----------
    chunks
        None or ``"auto"``; an int along y and x; a length for each axis; or a mapping
        from dimension names. Axes that are not named have one element, y and x about 512.
    dims, shape, itemsize
        Of the array.

    Raises
    ------
    ValueError
        If `chunks` is none of that.

    Examples
    --------
    >>> chunk_shape(None, ("t", "y", "x"), (100, 2000, 2048), 2)
    (1, 512, 512)
    >>> chunk_shape(None, ("t", "y", "x"), (100, 64, 64), 2)
    (50, 64, 64)
    """
    if _is_auto(chunks):
        return _default_chunk(dims, shape, itemsize)
    given = _given("chunks", chunks, dims, _one_plane(dims, shape))
    return tuple(max(1, min(c, n)) for c, n in zip(given, shape, strict=True))


def shard_shape(
    shards: Any, dims: Sequence[str], shape: Shape, chunk: Shape, itemsize: int
) -> Shape | None:
    """Return the shape of shards, None for none.

    Parameters
    ----------
    shards
        As `chunks` of `chunk_shape`, or False for none; in elements, not in chunks. Axes
        that a mapping or an int does not name have one chunk.
    dims, shape, chunk, itemsize
        Of the array.

    Raises
    ------
    ValueError
        If `shards` is none of that, or not whole chunks.

    Examples
    --------
    >>> shard_shape(None, ("t", "y", "x"), (100, 2000, 2048), (1, 512, 512), 2)
    (4, 2048, 2048)
    """
    if shards is False:
        return None
    given = (
        _default_shard(dims, shape, chunk, itemsize)
        if _is_auto(shards)
        else _given("shards", shards, dims, chunk)
    )
    whole = tuple(max(1, -(-n // c)) * c for n, c in zip(shape, chunk, strict=True))
    shard = tuple(map(min, given, whole))
    if any(s % c for s, c in zip(shard, chunk, strict=True)):
        raise ValueError(f"shards={shards!r} is {shard}, which is not whole chunks of {chunk}")
    return shard


def _is_auto(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value == "auto")


def _given(argument: str, value: Any, dims: Sequence[str], default: Shape) -> Shape:
    """Return a length for each axis."""
    lengths = dict(zip(dims, default, strict=True))
    try:
        if isinstance(value, Mapping):
            unknown = [key for key in value if key not in lengths]
            if unknown:
                raise ValueError(f"{argument}={value!r}: {unknown[0]!r} is none of {tuple(dims)}")
            lengths |= {key: as_int(n) for key, n in value.items()}
        elif isinstance(value, Sequence) and not isinstance(value, str):
            if len(value) != len(dims):
                raise ValueError(
                    f"{argument}={value!r} has {len(value)} entries for the axes {tuple(dims)}"
                )
            lengths = dict(zip(dims, map(as_int, value), strict=True))
        elif isinstance(value, bool):
            raise TypeError
        else:
            lengths |= {dim: as_int(value) for dim in dims[-2:]}
    except TypeError as error:
        raise ValueError(
            f"{argument}={value!r} is neither 'auto', an int, one for each of the axes"
            f" {tuple(dims)}, nor a mapping from these"
        ) from error
    if any(n < 1 for n in lengths.values()):
        raise ValueError(f"{argument}={value!r} has a length that is not positive")
    return tuple(lengths.values())


def _one_plane(dims: Sequence[str], shape: Shape) -> Shape:
    plane = _plane(dims)
    return tuple(_even(n, SIDE, 16) if axis in plane else 1 for axis, n in enumerate(shape))


def _default_chunk(dims: Sequence[str], shape: Shape, itemsize: int) -> Shape:
    chunk, plane = list(_one_plane(dims, shape)), _plane(dims)
    for axis in reversed(range(len(shape))):
        if axis not in plane and dims[axis] != "c":
            room = CHUNK_BYTES // max(1, math.prod(chunk) * itemsize)
            chunk[axis] = _even(shape[axis], max(1, room), 1)
            if chunk[axis] < shape[axis]:
                break
    return tuple(chunk)


def _default_shard(dims: Sequence[str], shape: Shape, chunk: Shape, itemsize: int) -> Shape:
    """Return a whole plane if that is small enough, with others; else about half that size.

    Half, so that a region of several shards fits into the memory of a task.
    """
    plane = _plane(dims)
    counts = [max(1, -(-n // c)) for n, c in zip(shape, chunk, strict=True)]
    many = [1] * len(shape)

    def room() -> int:
        size = math.prod(m * c for m, c in zip(many, chunk, strict=True)) * itemsize
        return SHARD_BYTES // max(1, size)

    for axis in plane:
        many[axis] = counts[axis]
    while room() < (1 if _whole(many, counts, plane) else 2):
        longest = max(plane, key=lambda axis: (many[axis] > 1, many[axis] * chunk[axis]))
        if many[longest] == 1:
            break
        many[longest] = -(-many[longest] // 2)
    for axis in reversed(range(len(shape))):
        if axis not in plane:
            many[axis] = _even(counts[axis], max(1, room()), 1)
    return tuple(m * c for m, c in zip(many, chunk, strict=True))


def _whole(many: list[int], counts: list[int], axes: Sequence[int]) -> bool:
    return all(many[axis] == counts[axis] for axis in axes)


def _plane(dims: Sequence[str]) -> tuple[int, ...]:
    """Return the axes y and x, or the last two."""
    named = tuple(axis for axis, dim in enumerate(dims) if dim in ("y", "x"))
    return named or tuple(range(len(dims)))[-2:]


def _even(length: int, most: int, multiple: int) -> int:
    """Return a length of at most about `most` that cuts an axis evenly.

    >>> _even(2000, 512, 16), _even(600, 512, 16), _even(10, 4, 1)
    (512, 600, 4)
    """
    if length <= most * 5 / 4 and (multiple > 1 or length <= most):
        return max(1, length)
    parts = -(-length // most)
    even = -(-length // parts)
    return -(-even // multiple) * multiple
