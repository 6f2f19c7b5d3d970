"""The metadata of the arrays that are written, made by zarr: shapes, codecs, attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

__all__ = ["array_metadata", "coordinates", "json_object", "parsed_codecs"]

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


def parsed_codecs(codecs: Any) -> dict[str, Any]:
    """Return codecs as the arguments of `zarr.create_array`.

    >>> parsed_codecs("none")
    {'filters': None, 'compressors': None}

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
    filters, serializers, compressors = (
        [codec for codec in given if isinstance(codec, kind)]
        for kind in (ArrayArrayCodec, ArrayBytesCodec, BytesBytesCodec)
    )
    if len(serializers) > 1:
        raise ValueError(f"codecs={codecs!r} has more than one codec from arrays to bytes")
    arguments = {"filters": filters or None, "compressors": compressors or None}
    return arguments | ({"serializer": serializers[0]} if serializers else {})


def array_metadata(
    level: Level,
    dims: Sequence[str],
    dtype: np.dtype[Any],
    fillvalue: Any,
    codecs: Any,
    attributes: Mapping[str, Any],
) -> Any:
    """Return zarr's metadata of the array of a level.

    Raises
    ------
    ValueError
        If zarr has no such data type, or cannot take the codecs.
    TypeError
        If the attributes cannot be written as JSON.
    """
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
            **parsed_codecs(codecs),
        ).metadata
    except TypeError as error:
        raise TypeError(f"attributes cannot be written as JSON: {error}") from error


def json_object(path: str, metadata: Any) -> tuple[str, bytes]:
    """Return key and content of the ``zarr.json`` of an array or a group at a path."""
    key, content = next(iter(metadata.to_buffer_dict(default_buffer_prototype()).items()))
    return f"{path}/{key}".lstrip("/"), content.to_bytes()


def coordinates(array: FileArray) -> dict[str, Any]:
    """Return the coordinates along the axes of an array, by dimension, as values of JSON.

    They are a list, or start, step and unit. Dates are texts.
    """
    found: dict[str, Any] = {}
    for dim, axis in zip(array.dims, array.tiling.axes, strict=True):
        if axis.chunk is None:
            if dim in array.coords:
                found[dim] = _values(array.coords[dim])
            continue
        chunkdim = array.spec.dims[axis.chunk]
        if chunkdim in array.metadata.scales:
            scale = array.metadata.scales[chunkdim]
            found[dim] = {"start": scale.start, "step": scale.step, "source": scale.source}
            found[dim] |= {"unit": scale.units} if scale.units else {}
        elif chunkdim in array.metadata.labels:
            found[dim] = list(array.metadata.labels[chunkdim].names)
    return found


def _values(values: NDArray[Any]) -> Any:
    """Return coordinates as values of JSON.

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
