"""Headers of BMP, WebP, Radiance HDR and NPY files."""

from __future__ import annotations

import math
import re
import struct
from typing import BinaryIO

import numpy as np

from dask_fileseq.readers.chunk import array_spec
from dask_fileseq.readers.images.headervalue import ImageHeader, image_spec

_RGB, _BITFIELDS, _JPEG, _PNG = 0, 3, 4, 5
_ALPHA = 0x10
"""Flag in the extended header of WebP."""
_HDR_RUN = 127
"""Largest number of bytes for two bytes of HDR."""
_HDR_SIZE = re.compile(rb"\n\n-Y (\d{1,9}) \+X (\d{1,9})\n")


def read_bmp_header(file: BinaryIO) -> ImageHeader:
    """Return what the header of a BMP file proves.

    Palettes may decode to gray or to colours, and masks of 32 bits with alpha or without.

    Raises
    ------
    ValueError
        If the masks of a color are empty, by which a decoder would divide.
    """
    raw = file.read(66)
    if len(raw) < 54:
        return ImageHeader(("bmp",), least=54)
    start, size, width, height = struct.unpack_from("<Iiii", raw, 10)
    bits, compression = struct.unpack_from("<HI", raw, 28)
    if compression in (_JPEG, _PNG):
        return ImageHeader(("bmp",), least=start)
    if compression == _BITFIELDS and bits == 16:
        masks = struct.unpack_from("<3I", raw, 54) if len(raw) == 66 else (0, 0, 0)
        if not all(mask & 0xFFFF for mask in masks):
            raise ValueError("is a BMP file of 16 bits in which a color has no bits")
    height = abs(height)
    least = start + height * ((max(0, width) * bits + 31) // 32 * 4)
    if compression != _RGB or bits not in (16, 24, 32) or width <= 0 or not height or size < 40:
        return ImageHeader(("bmp",), least=least)
    return ImageHeader(("bmp",), image_spec(height, width, 3, "u1"), least, b"")


def read_webp_header(file: BinaryIO) -> ImageHeader:
    """Return what the header of a WebP file proves; that of an animation proves nothing."""
    file.seek(12)
    alpha = False
    while len(head := file.read(8)) == 8:
        name, length = head[:4], int.from_bytes(head[4:], "little")
        raw = file.read(min(10, length))
        if name == b"VP8 " and len(raw) == 10 and raw[3:6] == b"\x9d\x01\x2a":
            width, height = struct.unpack_from("<HH", raw, 6)
            return _webp(width & 0x3FFF, height & 0x3FFF, alpha)
        if name == b"VP8L" and len(raw) >= 5 and raw[0] == 0x2F:
            fields = int.from_bytes(raw[1:5], "little")
            width, height = (fields & 0x3FFF) + 1, (fields >> 14 & 0x3FFF) + 1
            opaque = not fields >> 28 & 1
            return _WEBP if alpha and opaque else _webp(width, height, not opaque)
        if name == b"VP8X" and len(raw) == 10 and not raw[0] & 2:
            alpha = bool(raw[0] & _ALPHA)
        elif name in (b"VP8X", b"ANIM", b"ANMF", b"VP8 ", b"VP8L"):
            break
        alpha |= name == b"ALPH"
        file.seek(length + length % 2 - len(raw), 1)
    return _WEBP


_WEBP = ImageHeader(("webp",))


def _webp(width: int, height: int, alpha: bool) -> ImageHeader:
    if not width or not height:
        return _WEBP
    return ImageHeader(("webp",), image_spec(height, width, 4 if alpha else 3, "u1"))


def read_hdr_header(file: BinaryIO) -> ImageHeader:
    """Return what the header of a Radiance HDR file proves: colors as floats.

    Raises
    ------
    ValueError
        If rows are not from top to bottom, or the header is damaged.
    """
    raw = file.read(4096)
    match = _HDR_SIZE.search(raw)
    if match is None or not (height := int(match[1])) or not (width := int(match[2])):
        raise ValueError("is a Radiance HDR file with a header other than '-Y height +X width'")
    least = match.end() + height * width * 4 * 2 // _HDR_RUN
    return ImageHeader(("rgbe",), image_spec(height, width, 3, "f4"), least)


def read_npy_header(file: BinaryIO) -> ImageHeader:
    """Return what the header of a NPY file proves.

    Raises
    ------
    ValueError
        If the header is damaged.
    """
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        return ImageHeader(("numpy",))
    read = np.lib.format.read_array_header_1_0
    read = read if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        shape, _, dtype = read(file)
    except Exception as error:  # of a parser of Python's syntax
        raise ValueError(f"is a NPY file with a damaged header: {error}") from error
    if dtype.hasobject or min(shape, default=0) < 0:
        return ImageHeader(("numpy",))
    least = file.tell() + math.prod(shape) * dtype.itemsize
    return ImageHeader(("numpy",), array_spec(shape, dtype), least, b"")
