"""The codecs of numcodecs that decode what TIFF and other image files hold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numcodecs
import numpy as np
from numpy.typing import NDArray

from dask_fileseq.readers import ByteLayout, Reader

__all__ = ["decoded", "file_codec", "segment_codecs"]

Config = Mapping[str, Any]

COMPRESSORS: dict[int, str | None] = {1: None, 8: "zlib", 32946: "zlib"} | {
    34925: "lzma",
    50000: "zstd",
    5: "imagecodecs_lzw",
    32773: "imagecodecs_packbits",
}
"""Names of codecs, by TIFF's codes of compression."""

PREDICTORS = {2: "imagecodecs_delta", 3: "imagecodecs_floatpred"}
"""Names of filters, by TIFF's codes. The ``delta`` of numcodecs goes on from row to row."""


def segment_codecs(layout: ByteLayout) -> dict[str, Any]:
    """Return the entries of zarr's format 2 that decode strips or tiles.

    >>> segment_codecs(ByteLayout((4, 6), np.dtype(">u2"), (2, 6), compression=8))
    {'dtype': '>u2', 'compressor': {'id': 'zlib'}, 'filters': None}
    """
    dtype = layout.dtype.str
    name = COMPRESSORS[layout.compression]
    filters = None
    if layout.predictor in PREDICTORS:
        filters = [
            {
                "id": PREDICTORS[layout.predictor],
                "axis": -2 if layout.interleaved else -1,
                "dist": 1,
                "shape": layout.chunks,
                "dtype": dtype,
            }
        ]
    return {
        "dtype": dtype,
        "compressor": None if name is None else {"id": name},
        "filters": filters,
    }


def file_codec(
    reader: Reader, name: str, imreadargs: Mapping[str, Any], codec_id: str | None
) -> dict[str, Any]:
    """Return the codec that decodes whole files as a reader reads them.

    Parameters
    ----------
    reader : Reader
        The reader.
    name : str
        The first file.
    imreadargs : mapping
        Arguments of the reader, which are also those of the codec.
    codec_id : str, optional
        The name of the codec, if the user knows better.

    Raises
    ------
    ValueError
        No codec is known for the reader.
    TypeError
        The arguments cannot be written as JSON.

    Examples
    --------
    >>> from dask_fileseq import read_tiff
    >>> file_codec(read_tiff, "a.tif", {"key": 0}, None)
    {'id': 'tifffile', 'key': 0}
    """
    args = {key: value for key, value in imreadargs.items() if value is not None}
    config = reader.codec(name, args) if codec_id is None else {"id": codec_id, **args}
    if config is None:
        raise ValueError(
            f"no codec of numcodecs is known that reads as {reader!r} does: name one by codec_id="
        )
    try:
        json.dumps(config)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"imreadargs={dict(imreadargs)!r} cannot be written as JSON: {error}"
        ) from error
    return config


def decoded(
    content: bytes, shape: Sequence[int], dtype: np.dtype[Any], stored: Config
) -> NDArray[Any]:
    """Return a chunk as zarr decodes it."""
    chunk: Any = content
    for config in (stored.get("compressor"), *reversed(stored.get("filters") or [])):
        if config is not None:
            chunk = _codec(config).decode(chunk)
    array = np.asarray(chunk) if isinstance(chunk, np.ndarray) else np.frombuffer(chunk, np.uint8)
    return np.ascontiguousarray(array).reshape(-1).view(dtype).reshape(shape)


def _codec(config: Config) -> Any:
    """Return a codec, also of tifffile or imagecodecs, without adding it to the registry."""
    name = config["id"]
    known: Sequence[Any] = ()
    if name == "tifffile":
        from tifffile.numcodecs import Tiff

        known = (Tiff,)
    elif name.startswith("imagecodecs_"):
        import imagecodecs.numcodecs

        known = tuple(vars(imagecodecs.numcodecs).values())
    args = {key: value for key, value in config.items() if key != "id"}
    for codec in known:
        if getattr(codec, "codec_id", None) == name:
            return codec(**args)
    return numcodecs.get_codec(dict(config))
