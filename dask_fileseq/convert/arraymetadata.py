"""The arrays that are written: shapes of chunks and shards, codecs, metadata made by zarr.

A chunk is what is read at a time, a shard is what is stored as one object.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from operator import index as as_int
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.abc.codec import ArrayArrayCodec, ArrayBytesCodec, BytesBytesCodec, Codec
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec
from zarr.core.buffer import default_buffer_prototype
from zarr.storage import MemoryStore

from dask_fileseq.convert.partition import Level
from dask_fileseq.filearray import FileArray

Shape = tuple[int, ...]

SIDE = 512
"""Largest length of a chunk along y and x by default, in elements."""

CHUNK_BYTES = 2**19
"""Size up to which chunks of small images contain several planes."""

SHARD_BYTES = 2**25
"""Size of a shard that is aimed at, uncompressed."""


def chunk_shape(chunks: Any, dims: Sequence[str], shape: Shape, itemsize: int) -> Shape:
    """Return the shape of chunks of an array.

    `chunks` is None or ``"auto"``; an int along y and x; a length for each axis; or a
    mapping from dimension names. By default, y and x have about 512 elements.

    >>> chunk_shape(None, ("t", "y", "x"), (100, 2000, 2048), 2)
    (1, 512, 512)
    >>> chunk_shape(None, ("t", "y", "x"), (100, 64, 64), 2)
    (50, 64, 64)
    """
    plane = _plane(dims)
    chunk = [_even(n, SIDE, 16) if axis in plane else 1 for axis, n in enumerate(shape)]
    given = _given("chunks", chunks, dims, chunk)
    if given is not None:
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

    `shards` has the forms of `chunks` in `chunk_shape`, or is False for no shards.

    >>> shard_shape(None, ("t", "y", "x"), (100, 2000, 2048), (1, 512, 512), 2)
    (4, 2048, 2048)
    """
    if shards is False:
        return None
    counts = [max(1, -(-n // c)) for n, c in zip(shape, chunk, strict=True)]
    given = _given("shards", shards, dims, chunk)
    if given is None:
        given = _default_shard(_plane(dims), counts, chunk, itemsize)
    shard = tuple(min(n, k * c) for n, k, c in zip(given, counts, chunk, strict=True))
    if any(s % c for s, c in zip(shard, chunk, strict=True)):
        raise ValueError(f"shards={shards!r} is {shard}, which is not whole chunks of {chunk}")
    return shard


def _default_shard(
    plane: Sequence[int], counts: list[int], chunk: Shape, itemsize: int
) -> list[int]:
    """Return whole planes if one is small enough, else a part of one of half the size."""
    # a region of several shards then fits into the memory of a task
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
    return [m * c for m, c in zip(many, chunk, strict=True)]


def _given(
    argument: str, value: Any, dims: Sequence[str], default: Sequence[int]
) -> list[int] | None:
    """Return the length that the caller gives for each axis; None for ``"auto"``."""
    if value is None or (isinstance(value, str) and value == "auto"):
        return None
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
    return list(lengths.values())


def _plane(dims: Sequence[str]) -> tuple[int, ...]:
    """Return the axes y and x, or the last two."""
    named = tuple(axis for axis, dim in enumerate(dims) if dim in ("y", "x"))
    return named or tuple(range(len(dims)))[-2:]


def _even(length: int, most: int, multiple: int = 1) -> int:
    """Return a length of at most about `most` that cuts an axis evenly."""
    if length <= most * 5 / 4 and (multiple > 1 or length <= most):
        return max(1, length)
    even = -(-length // -(-length // most))
    return -(-even // multiple) * multiple


CODECS: Mapping[str, tuple[Codec, ...]] = {
    "auto": (BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle"),),
    "blosc": (BloscCodec(cname="zstd", clevel=5, shuffle="bitshuffle"),),
    "zstd": (ZstdCodec(level=3),),
    "gzip": (GzipCodec(level=5),),
    "none": (),
}
"""Compression by name; higher levels save a few percent of noisy images in twice the time."""

LONG = 1000
"""Number of evenly spaced coordinates above which only start and step are kept."""


def _codec_arguments(codecs: Any) -> dict[str, Any]:
    """Return codecs as the arguments of `zarr.create_array`."""
    if isinstance(codecs, str):
        if codecs not in CODECS:
            raise ValueError(f"codecs={codecs!r} is neither {', '.join(CODECS)} nor zarr codecs")
        codecs = CODECS[codecs]
    given = [codecs] if isinstance(codecs, Codec) else codecs or ()
    if not isinstance(given, Sequence) or not all(isinstance(codec, Codec) for codec in given):
        raise ValueError(f"codecs={codecs!r} are not codecs of zarr, such as zarr.codecs.ZstdCodec")
    filters, serializers, compressors = (
        [codec for codec in given if isinstance(codec, kind)] or None
        for kind in (ArrayArrayCodec, ArrayBytesCodec, BytesBytesCodec)
    )
    if serializers and len(serializers) > 1:
        raise ValueError(f"codecs={codecs!r} has more than one codec from arrays to bytes")
    serializer = serializers[0] if serializers else "auto"
    return {"filters": filters, "compressors": compressors, "serializer": serializer}


def array_metadata(
    level: Level,
    dims: Sequence[str],
    dtype: np.dtype[Any],
    fillvalue: Any,
    codecs: Any,
    attributes: Mapping[str, Any],
) -> Any:
    """Return zarr's metadata of the array of a level."""
    try:
        return zarr.create_array(
            MemoryStore(),
            shape=level.shape,
            dtype=dtype,
            chunks=level.chunk,
            shards=level.shard,
            fill_value=fillvalue,
            dimension_names=dims,
            attributes=dict(attributes),
            **_codec_arguments(codecs),
        ).metadata
    except TypeError as error:
        raise TypeError(f"attributes cannot be written as JSON: {error}") from error


def json_object(path: str, metadata: Any) -> tuple[str, bytes]:
    """Return key and content of the ``zarr.json`` of an array or a group at a path."""
    key, content = next(iter(metadata.to_buffer_dict(default_buffer_prototype()).items()))
    return f"{path}/{key}".lstrip("/"), content.to_bytes()


def coordinates(array: FileArray) -> dict[str, Any]:
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
    """Return coordinates as a list of values of JSON, or as start and step. Dates are texts.

    >>> _values(np.arange(5, 5000, 2))
    {'start': 5, 'step': 2, 'length': 2498}
    """
    if values.dtype.kind == "M":
        return np.datetime_as_string(values).tolist()
    if values.dtype.kind in "iu" and len(values) > LONG and len(set(np.diff(values))) == 1:
        start, step = int(values[0]), int(values[1] - values[0])
        return {"start": start, "step": step, "length": len(values)}
    return values.tolist()
