"""Cells, uneven light and a noisy camera, of which the time series are drawn.

The field is periodic: what leaves it on one side enters it on the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]


class Cells:
    """Cells on a field of `shape`: start, radius in pixels, angle, and brightness by channel.

    The same seed makes the same cells; radii are multiplied by `scale`.
    """

    def __init__(self, count: int, shape: tuple[int, ...], seed: int, scale: float = 1.0) -> None:
        self.random = np.random.default_rng(seed)
        self.start = self.random.uniform(0, shape, (count, 2))
        self.radius = scale * self.random.uniform(7, 12, count)
        self.angle = self.random.uniform(0, np.pi, count)
        self.brightness = self.random.uniform(400, 1500, (count, 2))

    def paths(self, times: int, speed: float) -> NDArray[np.float64]:
        """Return the place of each cell at each time; courses change slowly."""
        course = self.random.normal(0, speed, self.start.shape)
        turns = self.random.normal(0, speed / 3, (times, *self.start.shape)).cumsum(axis=0)
        moved = np.cumsum(course + turns - turns.mean(axis=0), axis=0)
        return np.asarray(self.start + moved)

    def draw(self, scene: Image, places: NDArray[Any], light: NDArray[Any], channel: int) -> None:
        """Add the light of all cells to a scene; only pixels near a cell are computed."""
        cells = zip(places, self.radius, self.angle, light, strict=True)
        for place, radius, angle, brightness in cells:
            reach = int(2.4 * radius) + 6
            rows, columns = (np.arange(int(at) - reach, int(at) + reach + 1) for at in place)
            y = (rows - place[0]).astype(np.float32)[:, np.newaxis]
            x = (columns - place[1]).astype(np.float32)
            cos, sin = np.cos(angle), np.sin(angle)
            distance = cell_distance(cos * y + sin * x, cos * x - sin * y)
            profile = cell_profile(distance, radius, 0, channel)
            near = np.ix_(rows % scene.shape[0], columns % scene.shape[1])
            scene[near] += np.float32(brightness) * profile


def cell_distance(y: NDArray[Any], x: NDArray[Any]) -> NDArray[Any]:
    """Return the distance from the centre of a cell, which is longer along x than along y."""
    return np.asarray(np.hypot(y, 0.75 * x))


def cell_profile(distance: NDArray[Any], radius: float, defocus: float, channel: int) -> Image:
    """Return the light of one cell: DAPI in its nucleus, GFP around the nucleus."""
    nucleus = _disk(distance, radius, 1.2 + defocus)
    if channel == 0:
        return nucleus
    return _disk(distance, 1.7 * radius, 1.2 + defocus) - np.float32(0.7) * nucleus


def _disk(distance: NDArray[Any], radius: float, edge: float) -> Image:
    """Return 1 within a radius and 0 beyond it, with a soft edge."""
    return np.asarray(0.5 - 0.5 * np.tanh((distance - radius) / (2 * edge)), np.float32)


def uneven_light(shape: tuple[int, int]) -> Image:
    """Return the brightness of the lamp: 1 near the centre, about half of it in a corner."""
    y = np.linspace(-0.43, 0.57, shape[0], dtype=np.float32)[:, np.newaxis]
    x = np.linspace(-0.59, 0.41, shape[1], dtype=np.float32)
    return 1 - (y**2 + x**2)


def camera(shape: tuple[int, int], seed: int) -> Callable[[NDArray[Any]], NDArray[np.uint16]]:
    """Return a function that takes the image of a scene of photons in each pixel.

    There is shot noise, electronic noise and an offset of 100. Noise is drawn once, and each
    image uses it from another offset: this is quick, and no two images have the same noise.
    """
    random = np.random.default_rng(seed)
    pixels = shape[0] * shape[1]
    noise = random.standard_normal(2 * pixels + 4096, np.float32)

    def take(light: NDArray[Any]) -> NDArray[np.uint16]:
        at = int(random.integers(pixels + 4096))
        image = light + 100 + noise[at : at + pixels].reshape(shape) * np.sqrt(light + 36)
        return np.asarray(np.clip(image, 0, 4095), np.uint16)

    return take
