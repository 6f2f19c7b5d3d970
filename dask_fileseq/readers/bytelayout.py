"""Where the pixels of a file are and how they are encoded: plain values, no I/O.

A file has a byte layout only if its array is cut into equal chunks, each of which is one
run of bytes that a codec for bytes and a predictor decode to pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["ByteLayout", "NoByteLayout", "Segment"]

Segment = tuple[int, int]


class NoByteLayout(Exception):
    """What keeps the pixels of a file from being chunks of bytes."""


@dataclass(frozen=True, slots=True)
class ByteLayout:
    """How the pixels of a file are stored. Equal for files that are stored alike."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    """With the byte order of the file."""
    chunks: tuple[int, ...]
    """Shape of a chunk; the last along an axis may reach beyond the array."""
    compression: int = 1
    """TIFF's code of the codec."""
    predictor: int = 1
    """1: none, 2: differences along rows, 3: the same of floats."""
    interleaved: bool = False
    """Whether the last axis is the samples of a pixel: then rows run along the one before."""
    nodata: float = field(default=0, compare=False)
    """What a chunk reads as that was never written."""
    segments: tuple[Segment, ...] = field(default=(), compare=False)
    """Offset and count of bytes of each chunk, in C order; a count of zero: never written."""
