"""The header of PNG: its chunks before the pixels."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

from dask_fileseq.readers.images.headervalue import ImageHeader, image_spec

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"

GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6

_SAMPLES = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGB_ALPHA: 4}
_DEPTHS = {GRAY: (1, 2, 4, 8, 16), PALETTE: (1, 2, 4, 8)}
_LONGEST = 1_000_000
"""Largest width and height that libpng takes."""

_DEFLATE = 1032
"""Deflate never makes more bytes of one: 258 of two bits."""


def read_png_header(file: BinaryIO) -> ImageHeader:
    """Return what the chunks before the pixels of a PNG file prove.

    Fewer than 8 bits become 8, palettes become colors, and transparent colors an alpha channel.

    Raises
    ------
    ValueError
        If the first chunk is damaged.
    """
    unknown = ImageHeader(("png",))
    raw = file.read(33)
    if len(raw) < 33 or raw[8:16] != b"\0\0\0\x0dIHDR" or _crc(raw[12:29]) != raw[29:33]:
        raise ValueError("is a PNG file with a damaged header")
    width, height, depth, color, *methods = struct.unpack_from(">IIBBBBB", raw, 16)
    samples = _SAMPLES.get(color)
    if samples is None or not 0 < width <= _LONGEST or not 0 < height <= _LONGEST:
        return unknown
    if depth not in _DEPTHS.get(color, (8, 16)) or methods[:2] != [0, 0] or methods[2] > 1:
        return unknown
    least = 33 + height * width * samples * depth // 8 // _DEFLATE
    transparent = _transparent(file, color)
    if transparent is None:
        return ImageHeader(("png",), least=least)
    samples = (3 if color == PALETTE else samples) + transparent
    spec = image_spec(height, width, samples, "u2" if depth == 16 else "u1")
    return ImageHeader(("png",), spec, least, b"IEND\xaeB`\x82")


def _transparent(file: BinaryIO, color: int) -> bool | None:
    """Return whether there is a chunk of transparent colors; None if it may not count."""
    colors = 0
    found = False
    while len(head := file.read(8)) == 8:
        name, length = head[4:], int.from_bytes(head[:4], "big")
        if name == b"IDAT":
            return found if colors or color != PALETTE else None
        if name == b"PLTE" and not found:
            colors = length // 3
        elif name in (b"PLTE", b"IEND", b"IHDR"):
            return None
        if name != b"tRNS":
            file.seek(length + 4, 1)
            continue
        expected = {GRAY: length == 2, RGB: length == 6, PALETTE: 0 < length <= colors}
        if found or not expected.get(color):
            return None
        content = file.read(length)
        if _crc(name + content) != file.read(4):
            return None
        found = True
    return None


def _crc(content: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(content))
