"""The codecs of numcodecs that decode the chunks or the whole of TIFF and other image files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numcodecs
import numpy as np
from numpy.typing import NDArray

from dask_fileseq.readers import ByteLayout, Reader

__all__ = ["decode_chunk", "file_codec", "segment_codecs"]

COMPRESSORS: dict[int, str | None] = {1: None, 8: "zlib", 32946: "zlib"} | {
    34925: "lzma",
    50000: "zstd",
    5: "imagecodecs_lzw",
    32773: "imagecodecs_packbits",
}
"""Names of codecs by TIFF's compression codes."""

PREDICTORS = {2: "imagecodecs_delta", 3: "imagecodecs_floatpred"}
"""Names of filters by TIFF's predictor codes. Differences start anew in each row, which the
``delta`` of numcodecs cannot do."""


def segment_codecs(layout: ByteLayout) -> dict[str, Any]:
    """Return the entries of ``.zarray`` that decode strips or tiles.

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
    compressor = None if name is None else {"id": name}
    return {"dtype": dtype, "compressor": compressor, "filters": filters}


def file_codec(
    reader: Reader, name: str, imreadargs: Mapping[str, Any], codec_id: str | None
) -> dict[str, Any]:
    """Return the configuration of the codec that decodes whole files as a reader reads them.

    The codec is `codec_id`, by default the one that the reader names for files with such a
    name; the arguments of the reader are also those of the codec.

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


def decode_chunk(
    content: bytes, shape: Sequence[int], dtype: np.dtype[Any], encoding: Mapping[str, Any]
) -> NDArray[Any]:
    """Return the array that zarr decodes from a chunk with some entries of ``.zarray``."""
    chunk: Any = content
    for config in (encoding.get("compressor"), *reversed(encoding.get("filters") or [])):
        if config is not None:
            chunk = _codec(**config).decode(chunk)
    array = np.asarray(chunk) if isinstance(chunk, np.ndarray) else np.frombuffer(chunk, np.uint8)
    return np.ascontiguousarray(array).reshape(-1).view(dtype).reshape(shape)


def _codec(id: str, **args: Any) -> Any:
    """Return a codec, also of tifffile or imagecodecs, without adding it to the registry."""
    if id == "tifffile":
        from tifffile.numcodecs import Tiff

        return Tiff(**args)
    if id.startswith("imagecodecs_"):
        import imagecodecs.numcodecs

        return vars(imagecodecs.numcodecs)[id.split("_")[1].capitalize()](**args)
    return numcodecs.get_codec({"id": id, **args})
