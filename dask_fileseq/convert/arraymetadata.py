"""The metadata of arrays: shapes, codecs, attributes; made by zarr, written at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import zarr
from zarr.abc.codec import ArrayArrayCodec, ArrayBytesCodec, BytesBytesCodec, Codec
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec
from zarr.core.buffer import Buffer
from zarr.storage import MemoryStore

from dask_fileseq.convert.partition import Level
from dask_fileseq.filearray import FileArray
from dask_fileseq.readers import ChunkMetadata

__all__ = ["array_metadata", "coordinates", "inner_codecs", "parsed_codecs"]

CODECS: Mapping[str, tuple[Codec, ...]] = {
    "auto": (BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle"),),
    "blosc": (BloscCodec(cname="zstd", clevel=5, shuffle="bitshuffle"),),
    "zstd": (ZstdCodec(level=3),),
    "gzip": (GzipCodec(level=5),),
    "none": (),
}
"""Compression by name; of noisy images, higher levels save a few percent in twice the time."""

LONG = 1000
"""Values from which on evenly spaced coordinates are kept as start and step alone."""


def parsed_codecs(codecs: Any) -> dict[str, Any]:
    """Return codecs as the arguments of `zarr.create_array`.

    >>> parsed_codecs("none")
    {'compressors': None, 'filters': None}

    Raises
    ------
    ValueError
        If they are no codecs.
    """
    if isinstance(codecs, str):
        if codecs not in CODECS:
            raise ValueError(f"codecs={codecs!r} is neither {', '.join(CODECS)} nor zarr codecs")
        codecs = CODECS[codecs]
    given = [codecs] if isinstance(codecs, Codec) else codecs or ()
    if not isinstance(given, Sequence) or not all(isinstance(codec, Codec) for codec in given):
        raise ValueError(f"codecs={codecs!r} are not codecs of zarr, such as zarr.codecs.ZstdCodec")
    kinds: dict[str, list[Codec]] = {
        "filters": [codec for codec in given if isinstance(codec, ArrayArrayCodec)],
        "serializer": [codec for codec in given if isinstance(codec, ArrayBytesCodec)],
        "compressors": [codec for codec in given if isinstance(codec, BytesBytesCodec)],
    }
    if len(kinds["serializer"]) > 1:
        raise ValueError(f"codecs={codecs!r} has more than one codec from arrays to bytes")
    arguments: dict[str, Any] = {
        "compressors": kinds["compressors"] or None,
        "filters": kinds["filters"] or None,
    }
    if kinds["serializer"]:
        arguments["serializer"] = kinds["serializer"][0]
    return arguments


def array_metadata(
    level: Level,
    dims: Sequence[str],
    dtype: np.dtype[Any],
    *,
    fillvalue: Any,
    codecs: Any,
    attributes: Mapping[str, Any],
) -> str:
    """Return the ``zarr.json`` of the array of a level.

    Raises
    ------
    ValueError
        If zarr has no such data type, or cannot take the codecs.
    TypeError
        If the attributes cannot be written as JSON.
    """
    objects: dict[str, Buffer] = {}
    try:
        zarr.create_array(
            MemoryStore(objects),
            shape=level.shape,
            dtype=dtype,
            chunks=level.chunk,
            shards=level.shard,
            fill_value=fillvalue,
            dimension_names=dims,
            attributes=dict(attributes),
            **parsed_codecs(codecs),
        )
    except TypeError as error:
        raise TypeError(f"attributes cannot be written as JSON: {error}") from error
    return objects["zarr.json"].to_bytes().decode()


def inner_codecs(metadata: str) -> Any:
    """Return the codecs of chunks, from the metadata of an array, within shards or not."""
    codecs = json.loads(metadata)["codecs"]
    for codec in codecs:
        if codec["name"] == "sharding_indexed":
            return codec["configuration"]["codecs"]
    return codecs


def coordinates(array: FileArray, metadata: ChunkMetadata) -> dict[str, Any]:
    """Return what is known along each axis of an array, as JSON takes it.

    Values are a list, or start, step and unit. Dates are texts.
    """
    found: dict[str, Any] = {}
    for dim, axis in zip(array.dims, array.tiling.axes, strict=True):
        if axis.chunk is None:
            if dim in array.coords:
                found[dim] = _values(array.coords[dim])
            continue
        chunkdim = array.spec.dims[axis.chunk]
        if chunkdim in metadata.scales:
            scale = metadata.scales[chunkdim]
            found[dim] = {"start": scale.start, "step": scale.step, "source": scale.source}
            found[dim] |= {"unit": scale.units} if scale.units else {}
        elif chunkdim in metadata.labels:
            found[dim] = list(metadata.labels[chunkdim].names)
    return found


def _values(values: Any) -> Any:
    """Return values along an axis as JSON takes them.

    >>> _values(np.array(["2020-01-01"], "M8[ns]")), _values(np.arange(3))
    (['2020-01-01T00:00:00.000000000'], [0, 1, 2])
    >>> _values(np.arange(5, 5000, 2))
    {'start': 5, 'step': 2, 'length': 2498}
    """
    if values.dtype.kind == "M":
        return np.datetime_as_string(values).tolist()
    if values.dtype.kind in "iu" and len(values) > LONG and len(set(np.diff(values))) == 1:
        start, step = int(values[0]), int(values[1] - values[0])
        return {"start": start, "step": step, "length": len(values)}
    return values.tolist()
