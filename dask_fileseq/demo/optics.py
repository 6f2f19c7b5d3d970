"""Cells, uneven light and a noisy camera: what all demonstration images are made of.

What leaves the field on one side comes in again on the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Camera", "Cells", "cell_profile", "draw_cells", "uneven_light"]

Image = NDArray[np.float32]


class Cells:
    """Cells on a field: where they start, and how they look.

    Parameters
    ----------
    count : int
        How many.
    shape : tuple of int
        Rows and columns of the field.
    seed : int
        The same seed makes the same cells.
    scale : float
        How large they are.
    """

    def __init__(
        self, count: int, shape: tuple[int, int], seed: int, *, scale: float = 1.0
    ) -> None:
        self.random = np.random.default_rng(seed)
        self.start = self.random.uniform(0, shape, (count, 2))
        self.radius = scale * self.random.uniform(7, 12, count)
        self.angle = self.random.uniform(0, np.pi, count)
        self.brightness = self.random.uniform(400, 1500, (count, 2))

    def paths(self, times: int, speed: float) -> NDArray[np.float64]:
        """Return where each cell is at each time: each keeps its course for a while."""
        course = self.random.normal(0, speed, self.start.shape)
        turns = self.random.normal(0, speed / 3, (times, *self.start.shape)).cumsum(axis=0)
        moved = np.cumsum(course + turns - turns.mean(axis=0), axis=0)
        return np.asarray(self.start + moved)


def draw_cells(
    scene: Image,
    cells: Cells,
    places: NDArray[np.float64],
    light: NDArray[np.float64],
    channel: int,
) -> None:
    """Add the light of each cell to a scene; only pixels near a cell are computed."""
    for place, radius, angle, brightness in zip(
        places, cells.radius, cells.angle, light, strict=True
    ):
        reach = int(2.4 * radius) + 6
        rows, columns = (np.arange(int(at) - reach, int(at) + reach + 1) for at in place)
        y = (rows - place[0]).astype(np.float32)[:, np.newaxis]
        x = (columns - place[1]).astype(np.float32)
        along, across = np.cos(angle), np.sin(angle)
        profile = cell_profile(along * y + across * x, along * x - across * y, radius, 0, channel)
        near = np.ix_(rows % scene.shape[0], columns % scene.shape[1])
        scene[near] += np.float32(brightness) * profile


def cell_profile(y: Image, x: Image, radius: float, defocus: float, channel: int) -> Image:
    """Return a cell's light: DAPI in its nucleus, GFP around that."""
    distance = np.hypot(y, 0.75 * x)
    nucleus = _disk(distance, radius, 1.2 + defocus)
    if channel == 0:
        return nucleus
    return _disk(distance, 1.7 * radius, 1.2 + defocus) - np.float32(0.7) * nucleus


def _disk(distance: Image, radius: float, edge: float) -> Image:
    """Return 1 within a radius and 0 beyond it, with a soft edge."""
    return np.asarray(0.5 - 0.5 * np.tanh((distance - radius) / (2 * edge)), np.float32)


def uneven_light(shape: tuple[int, int]) -> Image:
    """Return how bright the lamp is: most a little off the middle, half as much in a corner."""
    rows, columns = shape
    y = np.linspace(-0.43, 0.57, rows, dtype=np.float32)[:, np.newaxis]
    x = np.linspace(-0.59, 0.41, columns, dtype=np.float32)
    return 1 - (y**2 + x**2)


class Camera:
    """A camera with shot noise, noise of its electronics, and an offset of 100.

    Noise is drawn once and taken from another place for each image: that is quick, and
    no two images have the same.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    seed : int
        The same seed takes the same images.
    """

    def __init__(self, shape: tuple[int, int], seed: int) -> None:
        self.shape = shape
        self.random = np.random.default_rng(seed)
        self.pixels = shape[0] * shape[1]
        self.noise = self.random.standard_normal(2 * self.pixels + 4096, np.float32)

    def take(self, light: NDArray[np.floating]) -> NDArray[np.uint16]:
        """Return the image of photons for each pixel."""
        at = int(self.random.integers(self.pixels + 4096))
        noise = self.noise[at : at + self.pixels].reshape(self.shape)
        image = light + 100 + noise * np.sqrt(light + 36)
        return np.asarray(np.clip(image, 0, 4095), np.uint16)
