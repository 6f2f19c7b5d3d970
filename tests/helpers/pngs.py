"""PNG files of all color types, depths and chunks, also those that no encoder at hand writes."""

from __future__ import annotations

import struct
import zlib

import numpy as np

MAGIC = b"\x89PNG\r\n\x1a\n"

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Number of samples by color type."""

_PASSES = (
    *((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4)),
    *((2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)),
)
"""First row and column, and steps, of each pass of an interlaced image."""


def png(
    height: int,
    width: int,
    depth: int = 8,
    color: int = 0,
    interlaced: bool = False,
    chunks: dict[bytes, bytes] | None = None,
) -> bytes:
    """Return a PNG of noise, with some chunks before its pixels."""
    rng = np.random.default_rng(0)
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    lines = b""
    for y, x, down, right in passes:
        rows, columns = len(range(y, height, down)), len(range(x, width, right))
        length = (columns * SAMPLES[color] * depth + 7) // 8
        lines += b"".join(b"\0" + rng.bytes(length) for _ in range(rows if columns else 0))
    return MAGIC + b"".join(
        [
            chunk(b"IHDR", header(height, width, depth, color, interlaced)),
            *(chunk(name, content) for name, content in (chunks or {}).items()),
            chunk(b"IDAT", zlib.compress(lines)),
            chunk(b"IEND", b""),
        ]
    )


def header(height: int, width: int, depth: int, color: int, interlaced: bool = False) -> bytes:
    """Return the content of the first chunk."""
    return struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)


def chunk(name: bytes, content: bytes) -> bytes:
    """Return a chunk with its length and checksum."""
    return struct.pack(">I", len(content)) + name + content + _crc(name + content)


def repair_png(content: bytes) -> bytes:
    """Return a PNG with the checksum that each chunk should have."""
    repaired = bytearray(content)
    at = len(MAGIC)
    while at + 12 <= len(content):
        stop = at + 8 + int.from_bytes(content[at : at + 4], "big")
        if stop + 4 > len(content):
            break
        repaired[stop : stop + 4] = _crc(content[at + 4 : stop])
        at = stop + 4
    return bytes(repaired)


def _crc(content: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(content))
