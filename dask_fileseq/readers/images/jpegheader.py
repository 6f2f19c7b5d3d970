"""The header of JPEG: its frame (SOF), behind segments of applications and tables."""

from __future__ import annotations

import struct
from typing import BinaryIO

from dask_fileseq.readers.images.headervalue import ImageHeader, image_spec

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_DCT = {0xC0, 0xC1, 0xC2}
"""Frames of blocks of 8 x 8 pixels in Huffman codes: baseline, extended and progressive."""
_LOSSLESS = 0xC3
_END = b"\xff\xd9"
_ALONE = {0x01, *range(0xD0, 0xD8)}
"""Markers without a segment."""


def read_jpeg_header(file: BinaryIO) -> ImageHeader:
    """Return what the segments before the pixels of a JPEG file prove.

    Pixels are as they are stored, however the camera was held (Exif orientation).
    """
    file.seek(2)
    kind, frame = 0, b""
    while (marker := _next_marker(file)) is not None:
        if marker in _ALONE:
            continue
        length = int.from_bytes(file.read(2), "big") - 2
        if length < 0 or marker in (_SOI, _EOI):
            break
        if marker == _SOS and frame:
            return _header(kind, frame, file.tell())
        if marker in _FRAMES:
            kind, frame = marker, file.read(length)
        else:
            file.seek(length, 1)
    return ImageHeader(("jpeg8",), end=_END, start=2)


def _next_marker(file: BinaryIO) -> int | None:
    """Return the next marker; None if something else comes first."""
    if file.read(1) != b"\xff":
        return None
    while (byte := file.read(1)) == b"\xff":
        pass
    return byte[0] if byte else None


def _header(kind: int, frame: bytes, start: int) -> ImageHeader:
    """Return the header of a frame, whose pixels begin at a position."""
    codecs = ("jpeg8", "ljpeg") if kind == _LOSSLESS else ("jpeg8",)
    if len(frame) < 6:
        return ImageHeader(codecs, end=_END, start=start)
    depth, height, width, samples = struct.unpack_from(">BHHB", frame)
    depths = (8, 12) if kind in _DCT else range(2, 17) if kind == _LOSSLESS else ()
    if depth not in depths or not 1 <= samples <= 4 or not width or not height:
        return ImageHeader(codecs, end=_END, start=start)
    block = 8 if kind in _DCT else 1
    bits = -(-height // block) * -(-width // block)  # a block takes one bit, at least
    spec = image_spec(height, width, samples, "u1" if depth <= 8 else "u2")
    return ImageHeader(codecs, spec, start + bits // 8, _END, start)
