"""The header of GIF, and the blocks between its frames."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import BinaryIO

import numpy as np

from dask_fileseq.readers.chunk import ChunkSpec, array_spec
from dask_fileseq.readers.images.headervalue import ImageHeader, image_spec

_IMAGE, _EXTENSION, _END = b",", b"!", b";"
_CONTROL = 0xF9
_RESTORE = 3

_LZW = 4096 * 8 // 12
"""Largest number of pixels for a byte: one of 4,096 texts for 12 bits."""


def read_gif_header(file: BinaryIO) -> ImageHeader:
    """Return what the blocks of a GIF file prove: a file of several frames has an axis of them.

    Pixels are colors, with an alpha channel if the first frame has a transparent color.

    Raises
    ------
    ValueError
        If frames are to be replaced by what was there before them, which the decoder ignores.
    """
    raw = file.read(13)
    if len(raw) < 13:
        return ImageHeader(("gif",), least=14)
    width, height = struct.unpack_from("<HH", raw, 6)
    least = len(raw) + width * height // _LZW
    _skip_colors(file, raw[10])
    frames, transparent = 0, False
    while (block := file.read(1)) in (_IMAGE, _EXTENSION):
        if block == _IMAGE:
            frames += 1
            raw = file.read(9)
            _skip_colors(file, raw[8] if len(raw) == 9 else 0)
            file.seek(1, 1)  # the number of bits
        elif file.read(1) == bytes([_CONTROL]):
            raw = file.read(2)
            flags = raw[1] if len(raw) == 2 else 0
            if flags >> 2 & 7 == _RESTORE:
                raise ValueError("is a GIF file whose frames restore what was before (disposal 3)")
            transparent = bool(flags & 1) if not frames else transparent
            file.seek(-2, 1)
        while length := file.read(1):
            if length == b"\0":
                break
            file.seek(length[0], 1)
    if block != _END or not frames or not width or not height:
        return ImageHeader(("gif",), least=least)
    return ImageHeader(("gif",), _spec(frames, height, width, 3 + transparent), least, _END)


def _spec(frames: int, height: int, width: int, samples: int) -> ChunkSpec:
    if frames == 1:
        return image_spec(height, width, samples, "u1")
    spec = array_spec((frames, height, width, samples), np.dtype("u1"))
    return replace(spec, dims=("frame", "y", "x", "s"))


def _skip_colors(file: BinaryIO, flags: int) -> None:
    """Skip the table of colors, if flags say that there is one."""
    if flags & 0x80:
        file.seek(3 << (flags & 7) + 1, 1)
