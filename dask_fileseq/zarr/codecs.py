"""The codecs of numcodecs that decode what TIFF and other image files hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numcodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from dask_fileseq.readers import Layout, TiffReader
from dask_fileseq.readers.formats import read_image

__all__ = ["decoded", "file_codec", "is_tiff", "segment_codecs"]

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

SUFFIXES = {"jpg": "jpeg", "jpeg": "jpeg", "jp2": "jpeg2k", "j2k": "jpeg2k"} | {
    name: name for name in ("jxl", "jxr", "png", "webp")
}
LONG = {"jxl": "jpegxl", "jxr": "jpegxr", "jpeg8": "jpeg", "jpeg12": "jpeg"}


def segment_codecs(layout: Layout) -> dict[str, Any]:
    """Return the entries of zarr's format 2 that decode strips or tiles.

    >>> segment_codecs(Layout((4, 6), np.dtype(">u2"), (2, 6), compression=8))
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


def is_tiff(imread: Callable[..., Any]) -> bool:
    """Return whether a reader is one of TIFF files."""
    return isinstance(imread, TiffReader) or imread is tifffile.imread


def file_codec(
    imread: Callable[..., Any], name: str, imreadargs: Mapping[str, Any], codec_id: str | None
) -> dict[str, Any]:
    """Return the codec that decodes whole files as a reader reads them.

    Parameters
    ----------
    imread : callable
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
    >>> file_codec(tifffile.imread, "a.tif", {"key": 0}, None)
    {'id': 'tifffile', 'key': 0}
    """
    args = {key: value for key, value in imreadargs.items() if value is not None}
    if codec_id is None and is_tiff(imread):
        codec_id = "tifffile"
    elif codec_id is None and (
        imread is read_image or "imagecodecs" in (getattr(imread, "__module__", None) or "")
    ):
        codec = args.pop("codec", None) or SUFFIXES.get(name.rpartition(".")[2].lower())
        codec = codec[0] if isinstance(codec, list | tuple) else codec
        codec = codec.__name__.split("_")[0] if callable(codec) else codec
        codec_id = None if codec is None else f"imagecodecs_{LONG.get(codec, codec)}"
    if codec_id is None:
        raise ValueError(
            f"no codec of numcodecs is known that reads as {imread!r} does: name one by codec_id="
        )
    config = {"id": codec_id, **args}
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
