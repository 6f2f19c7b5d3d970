"""The header of JPEG 2000: the size (SIZ) of a codestream, alone or in the boxes of JP2."""

from __future__ import annotations

import struct
from typing import BinaryIO

from dask_fileseq.readers.images.headervalue import ImageHeader, image_spec

CODESTREAM_MAGIC = b"\xff\x4f\xff\x51"
JP2_MAGIC = b"\x00\x00\x00\x0cjP  \r\n\x87\n"

_END = b"\xff\xd9"
"""Marker at the end of a codestream."""

_ICC = 2
"""A color specification by an ICC profile, which a decoder may apply."""

_SHORTEST_TILE = 14
"""Bytes of the markers of a tile."""

_LARGEST_PACKET = 2**30
"""Pixels of the largest precinct, 2**15 in each direction, of which a packet has a byte or more."""


def read_jpeg2000_header(file: BinaryIO) -> ImageHeader:
    """Return what the header of a JPEG 2000 file proves.

    It proves nothing if there is a palette or an ICC profile, or if components differ in size
    or type.

    Raises
    ------
    ValueError
        If there is no codestream.
    """
    plain = True
    magic = file.read(4)
    if magic != CODESTREAM_MAGIC:
        file.seek(0)
        plain = _find_codestream(file)
        if file.read(4) != CODESTREAM_MAGIC:
            raise ValueError("is a JPEG 2000 file with a damaged header")
    raw = file.read(38)
    if len(raw) < 38:
        raise ValueError("is a JPEG 2000 file with a damaged header")
    right, bottom, left, top, tile_width, tile_height, *corner, samples = struct.unpack_from(
        ">8IH", raw, 4
    )
    components = file.read(3 * samples)
    width, height = right - left, bottom - top
    if not samples or len(components) < 3 * samples or min(width, height, *corner) < 0:
        raise ValueError("is a JPEG 2000 file with a damaged header")
    if not tile_width or not tile_height:
        raise ValueError("is a JPEG 2000 file with a damaged header")
    tiles = -(-(right - corner[0]) // tile_width) * -(-(bottom - corner[1]) // tile_height)
    start = file.tell()
    least = start + max(_SHORTEST_TILE * tiles, width * height // _LARGEST_PACKET)
    dtype = _dtype(components)
    if not plain or dtype is None or width <= 0 or height <= 0:
        return ImageHeader(("jpeg2k",), least=least, end=_END, start=start)
    return ImageHeader(("jpeg2k",), image_spec(height, width, samples, dtype), least, _END, start)


def _dtype(components: bytes) -> str | None:
    """Return the data type of components; None if they differ or are subsampled."""
    depth, *steps = components[:3]
    bits = (depth & 0x7F) + 1
    if components != components[:3] * (len(components) // 3) or steps != [1, 1] or bits > 32:
        return None
    size = 1 if bits <= 8 else 2 if bits <= 16 else 4
    return f"{'i' if depth & 0x80 else 'u'}{size}"


def _find_codestream(file: BinaryIO) -> bool:
    """Go to the codestream in a JP2 file, and return whether nothing alters its samples."""
    plain = True
    while (box := _next_box(file)) is not None:
        name, stop = box
        if name == b"jp2c":
            break
        if name == b"jp2h":
            continue  # the boxes in this one come next
        if name == b"colr":
            plain &= file.read(1) != bytes([_ICC])
        plain &= name not in (b"pclr", b"cmap")
        if stop is None:
            break
        file.seek(stop)
    return plain


def _next_box(file: BinaryIO) -> tuple[bytes, int | None] | None:
    """Return the name of the next box and where it ends, at its content; None without one."""
    at = file.tell()
    head = file.read(8)
    if len(head) < 8:
        return None
    length, name = int.from_bytes(head[:4], "big"), head[4:]
    if length == 1:
        length = int.from_bytes(file.read(8), "big")
    if length == 0:  # to the end of the file
        return name, None
    return (name, at + length) if length >= 8 else None
