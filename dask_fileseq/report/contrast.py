"""The contrast of a channel: which values become black and white, and in which colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.report.dyes import Colour
from dask_fileseq.report.thumbnails import Picture

LOW, HIGH = 1.0, 99.8
"""Percentiles of a channel that become black and white."""

FLAT = 110
"""Shade of a picture of which all pixels are alike: neither black nor white."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """The values that become black and white, and the colour in place of white."""

    low: float
    high: float
    colour: Colour | None = None

    @classmethod
    def of(cls, images: Sequence[NDArray[Any]], colour: Colour | None = None) -> Contrast:
        """Return the contrast of the images of a channel, in which NaN is no data.

        Colour images of 8 bits keep the whole range. If more than a hundredth of the pixels
        has the lowest value, these are a frame or have no data, and do not count.
        """
        values = np.concatenate([np.zeros(0), *(image.ravel() for image in images)])
        values = values[np.isfinite(values)]
        if not values.size:
            return cls(0.0, 1.0, colour)
        lowest, highest = float(values.min()), float(values.max())
        is_rgb = any(image.ndim == 3 for image in images)
        if is_rgb and lowest >= 0 and highest <= 255:
            return cls(0.0, 255.0)
        above = values[values > lowest]
        if above.size and above.size < values.size * (1 - LOW / 100):
            values = above
        low, high = map(float, np.percentile(values, (LOW, HIGH)))
        return cls(*((low, high) if high > low else (lowest, highest)), colour)

    def shades(self, image: NDArray[Any]) -> NDArray[np.uint8]:
        """Return an image in 256 shades, C-contiguous; NaN is black, and a flat image grey.

        An image of one channel that has a colour becomes red, green and blue.
        """
        values = image[~np.isnan(image)]
        if values.size and values.min() == values.max():
            return np.where(np.isnan(image), 0, FLAT).astype(np.uint8)
        span = self.high - self.low or 1.0
        shades = np.clip((image.astype(np.float64, "C") - self.low) / span, 0, 1)
        shades = np.nan_to_num(shades)
        if self.colour is not None and image.ndim == 2:
            return np.asarray(shades[..., None] * self.colour, np.uint8)
        return np.asarray(shades * 255, np.uint8)


@dataclass(frozen=True, slots=True)
class Contrasts:
    """The contrast of a channel for each kind of pictures.

    One for all would leave bytes black beside numbers of 16 bits.
    """

    by_kind: dict[str, Contrast]

    @classmethod
    def of(cls, pictures: Iterable[Picture], colour: Colour | None = None) -> Contrasts:
        """Return the contrasts of the pictures of a channel."""
        images: dict[str, list[NDArray[Any]]] = {}
        for picture in pictures:
            if picture.image is not None:
                images.setdefault(picture.kind, []).append(picture.image)
        return cls({kind: Contrast.of(alike, colour) for kind, alike in images.items()})

    def shades(self, picture: Picture) -> NDArray[np.uint8]:
        """Return a picture that has an image in 256 shades: see `Contrast.shades`."""
        return self.by_kind[picture.kind].shades(np.asarray(picture.image))
