"""Time series of cells: a fast recording, a time-lapse of large images, a mosaic with dates.

Each function writes TIFF files of uint16 to a folder, which it returns; it raises
`FileExistsError` if anything else is in the folder.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.demo.acquisition import CHANNELS, write_images
from dask_fileseq.demo.optics import Cells, camera, uneven_light

Images = Iterator[NDArray[np.uint16]]

START = datetime(2026, 3, 2, 8)
"""Time of the first scan."""


def write_recording(
    folder: str | os.PathLike[str], *, frames: int = 3000, size: int = 96, cells: int = 9
) -> str:
    """Write a fast recording of resting cells whose calcium indicator flashes at random.

    The files ``frame_00000.tif``, ... are not compressed: 18 KiB each with the default size.

    Parameters
    ----------
    folder : str or os.PathLike
        Folder to write to, which is returned.
    frames, size, cells : int
        Number of files, rows and columns of an image, and number of cells.
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
    jumps = cells.random.random((frames, count)) < cells.random.uniform(0.002, 0.008, count)
    calcium = np.zeros((frames, count), np.float32)
    for frame in range(1, frames):  # it jumps at random, and fades to 1/e in 25 frames
        calcium[frame] = calcium[frame - 1] * np.exp(-1 / 25) + jumps[frame]
    take, lamp = camera(shape, seed=5), uneven_light(shape)
    for level in calcium:
        glow = np.tensordot(60 + 240 * level, images, axes=1)
        yield take((glow + 40) * lamp)


def write_timelapse(
    folder: str | os.PathLike[str], *, times: int = 100, size: int = 768, cells: int = 50
) -> str:
    """Write two channels of crawling cells under uneven light that bleaches them.

    The files ``cells_t000_DAPI.tif``, ``cells_t000_GFP.tif``, ... are not compressed: 1.1 MiB
    each with the default size. Parameters are as in `write_recording`, with `times` in place
    of frames.
    """
    names = [f"cells_t{time:03d}_{name}.tif" for time, name in product(range(times), CHANNELS)]
    return write_images(folder, names, _timelapse(times, (size, size), cells))


def _timelapse(times: int, shape: tuple[int, int], count: int) -> Images:
    """Yield the images of all channels at each time."""
    cells = Cells(count, shape, seed=20260102)
    take, lamp = camera(shape, seed=3), uneven_light(shape)
    paths = cells.paths(times, speed=1.8)
    for time, channel in product(range(times), range(len(CHANNELS))):
        bleached = np.exp(-time * channel / 120)
        scene = np.full(shape, 220, np.float32)  # photons of the medium
        cells.draw(scene, paths[time], cells.brightness[:, channel] * bleached, channel)
        yield take(scene * lamp)


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
    overlap. The first file is ``20260302_0800_DAPI_r0_c0.tif``; headers have the size of a
    pixel.

    Parameters
    ----------
    folder : str or os.PathLike
        Folder to write to, which is returned.
    hours, rows, columns, size : int
        Number of scans, of tiles along y and x, and of rows and columns of a tile.
    lost : tuple of int
        First hour without files, and the next hour that has files again.
    """
    stored = [hour for hour in range(hours) if not lost[0] <= hour < lost[1]]
    names = [
        f"{START + timedelta(hours=hour):%Y%m%d_%H%M}_{channel}_r{row}_c{column}.tif"
        for hour, channel, row, column in product(stored, CHANNELS, range(rows), range(columns))
    ]
    images = _scan(stored, hours, (rows, columns), size)
    pixel = 10000 / 0.65  # pixels of 0.65 micrometres in a centimetre
    return write_images(
        folder, names, images, resolution=(pixel, pixel), resolutionunit="CENTIMETER"
    )


def _scan(stored: list[int], hours: int, tiles: tuple[int, int], size: int) -> Images:
    """Yield the tiles of all channels at each hour that is stored."""
    rows, columns = tiles
    scene = np.empty((rows * size, columns * size), np.float32)
    cells = Cells(rows * columns * 9, scene.shape, seed=20260103, scale=0.6)
    paths = cells.paths(hours, speed=0.12)
    awake = cells.random.normal(18, 3, len(cells.start))
    take, lamp = camera((size, size), seed=4), 0.5 + uneven_light((size, size)) / 2
    for hour, channel in product(stored, range(len(CHANNELS))):
        clock = np.cos((START.hour + hour - awake) * 2 * np.pi / 24)
        light = cells.brightness[:, channel] * (0.35 + 0.3 * (1 + clock) if channel else 0.8)
        scene[:] = 30
        cells.draw(scene, paths[hour], light, channel)
        for y, x in product(range(0, rows * size, size), range(0, columns * size, size)):
            yield take(scene[y : y + size, x : x + size] * lamp)
