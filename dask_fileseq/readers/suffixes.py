"""File name suffixes of images, and the codecs of imagecodecs for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tifffile

__all__ = ["IMAGE_SUFFIXES", "TIFF_SUFFIXES", "codec_of_suffix"]

TIFF_SUFFIXES = tuple(f".{suffix}" for suffix in tifffile.TIFF.FILE_EXTENSIONS)
"""Suffixes of TIFF files, in lower case."""

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".jp2", ".j2k", ".jxl", ".jxr", ".webp", ".bmp", ".npy")
"""Suffixes of other images, in lower case."""

CODECS = {"jpg": "jpeg", "jpeg": "jpeg", "jp2": "jpeg2k", "j2k": "jpeg2k"} | {
    name: name for name in ("jxl", "jxr", "png", "webp")
}
"""Codecs of imagecodecs by file name suffix."""

NUMCODECS = {"jxl": "jpegxl", "jxr": "jpegxr", "jpeg8": "jpeg", "jpeg12": "jpeg"}
"""Names in imagecodecs.numcodecs of codecs that have another name in imagecodecs."""


def codec_of_suffix(name: str, imreadargs: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the numcodecs codec of imagecodecs for a file, by its suffix or by ``codec=``.

    >>> codec_of_suffix("a.jpg", {}), codec_of_suffix("a.bin", {"codec": "png"})
    ({'id': 'imagecodecs_jpeg'}, {'id': 'imagecodecs_png'})
    """
    args = dict(imreadargs)
    codec = args.pop("codec", None) or CODECS.get(name.rpartition(".")[2].lower())
    codec = codec[0] if isinstance(codec, list | tuple) else codec
    codec = codec.__name__.split("_")[0] if callable(codec) else codec
    return None if codec is None else {"id": f"imagecodecs_{NUMCODECS.get(codec, codec)}", **args}
