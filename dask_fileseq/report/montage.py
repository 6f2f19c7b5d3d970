"""The pictures of a plate or a mosaic as one image, with a frame where files are missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.report.contrast import Contrasts
from dask_fileseq.report.sheet import Board
from dask_fileseq.report.thumbnails import Picture

GROUND, UNUSED, MISSING, BAD, PARTIAL = (
    (22, 24, 28),
    (36, 39, 45),
    (58, 63, 71),
    (150, 50, 46),
    (232, 164, 90),
)
"""Colours of gaps, of places without files, without this file, of files that cannot be read, and
of the frame of a place some of whose files are missing."""


def montage(board: Board, pictures: Sequence[Picture], contrasts: Contrasts) -> NDArray[np.uint8]:
    """Return the pictures of all places of a board, as red, green and blue."""
    shapes = [picture.image.shape[:2] for picture in pictures if picture.image is not None]
    high, wide = (max(sizes) for sizes in zip(*shapes, strict=True)) if shapes else (8, 8)
    gap = max(1, max(high, wide) // 24)
    rows, columns = len(board.rows), len(board.columns)
    image = np.full((rows, high + gap, columns, wide + gap, 3), UNUSED, np.uint8)
    for position, picture, partial in zip(board.positions, pictures, board.partial, strict=True):
        row, column = divmod(position, columns)
        place = image[row, :, column]
        if picture.image is None:
            place[:] = BAD if picture.why == "cannot be read" else MISSING
        else:
            shades = _coloured(contrasts.shades(picture))
            place[:] = 0
            place[: shades.shape[0], : shades.shape[1]] = shades
        if partial:
            place[:gap] = place[high - gap :] = PARTIAL
            place[:, :gap] = place[:, wide - gap :] = PARTIAL
    image[:, high:] = image[:, :, :, wide:] = GROUND
    return image.reshape(rows * (high + gap), columns * (wide + gap), 3)


def _coloured(shades: NDArray[Any]) -> NDArray[Any]:
    """Return red, green and blue of shades, which may be grey."""
    return shades[..., :3] if shades.ndim == 3 else np.repeat(shades[..., None], 3, axis=2)
