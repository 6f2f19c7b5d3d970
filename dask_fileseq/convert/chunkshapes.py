"""Shapes of chunks and shards, by default or as the caller gives them: pure integers.

A chunk is what is read at a time, a shard is what is stored as one object.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from operator import index as as_int
from typing import Any

__all__ = ["chunk_shape", "shard_shape"]

Shape = tuple[int, ...]

SIDE = 512
"""Largest length of a chunk along y and x by default, in elements."""

CHUNK_BYTES = 2**19
"""Size up to which chunks of small images contain several planes."""

SHARD_BYTES = 2**25
"""Size of a shard that is aimed at, uncompressed."""


def chunk_shape(chunks: Any, dims: Sequence[str], shape: Shape, itemsize: int) -> Shape:
    """Return the shape of chunks.

    Parameters
    ----------
    chunks
        None or ``"auto"``; an int along y and x; a length for each axis; or a mapping
        from dimension names. Axes without a length have one element, y and x about 512.
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
    plane = _plane(dims)
    chunk = [_even(n, SIDE, 16) if axis in plane else 1 for axis, n in enumerate(shape)]
    if not _is_auto(chunks):
        given = _given("chunks", chunks, dims, chunk)
        return tuple(max(1, min(c, n)) for c, n in zip(given, shape, strict=True))
    for axis in reversed(range(len(shape))):
        if axis not in plane and dims[axis] != "c":
            room = CHUNK_BYTES // max(1, math.prod(chunk) * itemsize)
            chunk[axis] = _even(shape[axis], max(1, room))
            if chunk[axis] < shape[axis]:
                break
    return tuple(chunk)


def shard_shape(
    shards: Any, dims: Sequence[str], shape: Shape, chunk: Shape, itemsize: int
) -> Shape | None:
    """Return the shape of shards in elements; None for no shards.

    Parameters
    ----------
    shards
        As `chunks` of `chunk_shape`, or False for no shards. Axes without a length have
        one chunk.
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
    counts = [max(1, -(-n // c)) for n, c in zip(shape, chunk, strict=True)]
    if _is_auto(shards):
        given = _default_shard(_plane(dims), counts, chunk, itemsize)
    else:
        given = _given("shards", shards, dims, chunk)
    shard = tuple(min(n, k * c) for n, k, c in zip(given, counts, chunk, strict=True))
    if any(s % c for s, c in zip(shard, chunk, strict=True)):
        raise ValueError(f"shards={shards!r} is {shard}, which is not whole chunks of {chunk}")
    return shard


def _default_shard(plane: Sequence[int], counts: list[int], chunk: Shape, itemsize: int) -> Shape:
    """Return whole planes if one is small enough, else a part of one of half the size.

    Half, so that a region of several shards fits into the memory of a task.
    """
    many = [count if axis in plane else 1 for axis, count in enumerate(counts)]

    def room() -> int:
        size = math.prod(m * c for m, c in zip(many, chunk, strict=True)) * itemsize
        return SHARD_BYTES // max(1, size)

    while room() < (1 if all(many[axis] == counts[axis] for axis in plane) else 2):
        longest = max(plane, key=lambda axis: (many[axis] > 1, many[axis] * chunk[axis]))
        if many[longest] == 1:
            break
        many[longest] = -(-many[longest] // 2)
    for axis in reversed(range(len(chunk))):
        if axis not in plane:
            many[axis] = _even(counts[axis], max(1, room()))
    return tuple(m * c for m, c in zip(many, chunk, strict=True))


def _is_auto(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value == "auto")


def _given(argument: str, value: Any, dims: Sequence[str], default: Sequence[int]) -> Shape:
    """Return the length that the caller gives for each axis."""
    lengths = dict(zip(dims, default, strict=True))
    try:
        if isinstance(value, Mapping):
            if unknown := [key for key in value if key not in lengths]:
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
            lengths |= dict.fromkeys(dims[-2:], as_int(value))
    except TypeError as error:
        raise ValueError(
            f"{argument}={value!r} is neither 'auto', an int, one for each of the axes"
            f" {tuple(dims)}, nor a mapping from these"
        ) from error
    if any(n < 1 for n in lengths.values()):
        raise ValueError(f"{argument}={value!r} has a length that is not positive")
    return tuple(lengths.values())


def _plane(dims: Sequence[str]) -> tuple[int, ...]:
    """Return the axes y and x, or the last two."""
    named = tuple(axis for axis, dim in enumerate(dims) if dim in ("y", "x"))
    return named or tuple(range(len(dims)))[-2:]


def _even(length: int, most: int, multiple: int = 1) -> int:
    """Return a length of at most about `most` that cuts an axis evenly.

    >>> _even(2000, 512, 16), _even(600, 512, 16), _even(10, 4)
    (512, 600, 4)
    """
    if length <= most * 5 / 4 and (multiple > 1 or length <= most):
        return max(1, length)
    even = -(-length // -(-length // most))
    return -(-even // multiple) * multiple
