"""Positions and encoding of the pixels of a file: plain values, no I/O.

A file has a byte layout only if its array is cut into equal chunks, each of which is one
range of bytes that a codec for bytes and a predictor decode to pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["ByteLayout", "NoByteLayout", "Segment"]

Segment = tuple[int, int]


class NoByteLayout(Exception):
    """The reason why the pixels of a file are not chunks of bytes."""


@dataclass(frozen=True, slots=True)
class ByteLayout:
    """Encoding and positions of the pixels of a file. Equal for files with equal encoding."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    """With the byte order of the file."""
    chunks: tuple[int, ...]
    """Shape of a chunk; the last one along an axis may extend beyond the array."""
    compression: int = 1
    """TIFF's code of the codec."""
    predictor: int = 1
    """1: none, 2: differences along rows, 3: differences of the bytes of floats."""
    interleaved: bool = False
    """Whether the last axis is that of samples; then rows are along the axis before it."""
    nodata: float = field(default=0, compare=False)
    """Value of the pixels of a chunk that was never written."""
    segments: tuple[Segment, ...] = field(default=(), compare=False)
    """Offset and byte count of each chunk, in C order; both 0 if it was never written."""
