"""What the header of an image file proves: plain values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dask_fileseq.readers.chunk import ChunkSpec, array_spec


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What the first bytes of an image file prove."""

    codecs: tuple[str, ...]
    """The codecs of imagecodecs that decode such a file, of which the first that can does; or
    ``"numpy"`` or ``"netpbm"``, which are none of its."""
    spec: ChunkSpec | None = None
    """The decoded array; None if only the pixels tell."""
    least: int = 0
    """Number of bytes without which no file contains such an image."""
    end: bytes | None = None
    """Bytes at the end of files that are complete; None if only the pixels tell."""
    start: int | None = None
    """Position behind which `end` must occur, where a decoder makes up pixels that are missing."""


def image_spec(height: int, width: int, samples: int, dtype: str) -> ChunkSpec:
    """Return the spec of an image; one of one sample has no axis of samples."""
    shape = (height, width) if samples == 1 else (height, width, samples)
    return array_spec(shape, np.dtype(dtype))
