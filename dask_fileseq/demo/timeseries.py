"""Time series of cells: a fast recording, a time-lapse of large images, a mosaic with dates."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.demo.acquisition import CHANNELS
from dask_fileseq.demo.optics import Camera, Cells, uneven_light
from dask_fileseq.demo.writing import write_images

__all__ = ["write_recording", "write_scan", "write_timelapse"]

Images = Iterator[NDArray[np.uint16]]

DECAY = 25.0
"""Frames in which a flash of calcium fades to 1/e of its brightness."""

BACKGROUND = 220
"""Photons of the medium in each pixel of the time-lapse, where the lamp is brightest."""

START = datetime(2026, 3, 2, 8)
"""Time of the first scan."""

PIXEL = 0.65
"""Width and height of a pixel of the scan in micrometres."""


def write_recording(
    folder: str | os.PathLike[str], *, frames: int = 3000, size: int = 96, cells: int = 9
) -> str:
    """Write a fast recording of resting cells whose calcium indicator flashes at random.

    Each file is an uncompressed image of uint16: 18 KiB with the default size. Errors are
    as in `write_acquisition`.

    Parameters
    ----------
    folder : str or os.PathLike
        Folder to write to, which is returned.
    frames, size, cells : int
        Number of files, rows and columns of an image, and number of cells.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     names = sorted(os.listdir(write_recording(folder, frames=2)))
    >>> names
    ['frame_00000.tif', 'frame_00001.tif']
    """
    names = [f"frame_{frame:05d}.tif" for frame in range(frames)]
    return write_images(folder, names, _recording(frames, size, cells))


def _recording(frames: int, size: int, count: int) -> Images:
    """Draw each cell once, and yield weighted sums of these images."""
    shape = size, size
    cells = Cells(count, shape, seed=20260105, scale=size / 140)
    side = math.ceil(math.sqrt(count))
    places = np.array([divmod(cell, side) for cell in range(count)], np.float64)
    places = size * (places + 0.5 + cells.random.uniform(-0.12, 0.12, places.shape)) / side
    images = np.zeros((count, *shape), np.float32)
    for image, light in zip(images, np.eye(count), strict=True):
        cells.draw(image, places, light, channel=1)
    calcium = _calcium(cells.random, frames, count)
    camera, lamp = Camera(shape, seed=5), uneven_light(shape)
    for level in calcium:
        glow = np.tensordot(60 + 240 * level, images, axes=1)
        yield camera.take((glow + 40) * lamp)


def _calcium(random: np.random.Generator, frames: int, cells: int) -> NDArray[np.float32]:
    """Return the calcium of each cell in each frame: it jumps at random, and decays."""
    jumps = random.random((frames, cells)) < random.uniform(0.002, 0.008, cells)
    level = np.zeros((frames, cells), np.float32)
    for frame in range(1, frames):
        level[frame] = level[frame - 1] * np.exp(-1 / DECAY) + jumps[frame]
    return level


def write_timelapse(
    folder: str | os.PathLike[str], *, times: int = 100, size: int = 768, cells: int = 50
) -> str:
    """Write two channels of crawling cells under uneven light that bleaches them.

    Each file is an uncompressed image of uint16: 1.1 MiB with the default size. Parameters
    and errors are as in `write_recording`, with `times` in place of frames.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     names = sorted(os.listdir(write_timelapse(folder, times=2, size=64, cells=1)))
    >>> names
    ['cells_t000_DAPI.tif', 'cells_t000_GFP.tif', 'cells_t001_DAPI.tif', 'cells_t001_GFP.tif']
    """
    names = [f"cells_t{time:03d}_{name}.tif" for time, name in product(range(times), CHANNELS)]
    return write_images(folder, names, _timelapse(times, (size, size), cells))


def _timelapse(times: int, shape: tuple[int, int], count: int) -> Images:
    """Yield the images of all channels at each time."""
    cells = Cells(count, shape, seed=20260102)
    camera, lamp = Camera(shape, seed=3), uneven_light(shape)
    paths = cells.paths(times, speed=1.8)
    for time, channel in product(range(times), range(len(CHANNELS))):
        bleached = np.exp(-time * channel / 120)
        scene = np.full(shape, BACKGROUND, np.float32)
        cells.draw(scene, paths[time], cells.brightness[:, channel] * bleached, channel)
        yield camera.take(scene * lamp)


def write_scan(
    folder: str | os.PathLike[str],
    *,
    hours: int = 96,
    rows: int = 2,
    columns: int = 3,
    size: int = 96,
    lost: tuple[int, int] = (40, 43),
) -> str:
    """Write a mosaic of cells in two channels for each hour, with dates in the file names.

    GFP follows the circadian clock of the cells: it is brightest once a day. Tiles do not
    overlap. Each file is an image of uint16 whose header has the size of a pixel. Errors are
    as in `write_acquisition`.

    Parameters
    ----------
    folder : str or os.PathLike
        Folder to write to, which is returned.
    hours, rows, columns, size : int
        Number of scans, of tiles along y and x, and of rows and columns of a tile.
    lost : tuple of int
        First hour without files, and the next hour that has files again.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     names = sorted(os.listdir(write_scan(folder, hours=1, size=32)))
    >>> len(names), names[0]
    (12, '20260302_0800_DAPI_r0_c0.tif')
    """
    stored = [hour for hour in range(hours) if not lost[0] <= hour < lost[1]]
    names = [
        f"{START + timedelta(hours=hour):%Y%m%d_%H%M}_{channel}_r{row}_c{column}.tif"
        for hour, channel, row, column in product(stored, CHANNELS, range(rows), range(columns))
    ]
    resolution = {"resolution": (10000 / PIXEL,) * 2, "resolutionunit": "CENTIMETER"}
    return write_images(folder, names, _scan(stored, hours, (rows, columns), size), **resolution)


def _scan(stored: list[int], hours: int, tiles: tuple[int, int], size: int) -> Images:
    """Yield the tiles of all channels at each hour that is stored."""
    rows, columns = tiles
    scene = np.empty((rows * size, columns * size), np.float32)
    cells = Cells(rows * columns * 9, scene.shape, seed=20260103, scale=0.6)
    paths = cells.paths(hours, speed=0.12)
    awake = cells.random.normal(18, 3, len(cells.start))
    camera = Camera((size, size), seed=4)
    lamp = 0.5 + uneven_light((size, size)) / 2
    for hour, channel in product(stored, range(len(CHANNELS))):
        clock = np.cos((START.hour + hour - awake) * 2 * np.pi / 24)
        light = cells.brightness[:, channel] * (0.35 + 0.3 * (1 + clock) if channel else 0.8)
        scene[:] = 30
        cells.draw(scene, paths[hour], light, channel)
        for y, x in product(range(0, rows * size, size), range(0, columns * size, size)):
            yield camera.take(scene[y : y + size, x : x + size] * lamp)
