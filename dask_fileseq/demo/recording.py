"""A fast recording of cells that flash: very many very small files."""

from __future__ import annotations

import math
import os

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.demo.files import claim_folder, write_image
from dask_fileseq.demo.optics import Camera, Cells, draw_cells, uneven_light

__all__ = ["write_recording"]

DECAY = 25.0
"""Frames in which a flash of calcium fades to a third."""


def write_recording(
    folder: str | os.PathLike[str], *, frames: int = 3000, size: int = 96, cells: int = 9
) -> str:
    """Write a recording of cells at rest whose calcium indicator flashes now and then.

    Each file is an image of uint16, uncompressed: 18 KiB with the default size.

    Parameters
    ----------
    folder : str or os.PathLike
        Where to; made if it is not there.
    frames : int
        Number of files.
    size : int
        Rows and columns of an image.
    cells : int
        Number of cells.

    Returns
    -------
    str
        The folder.

    Raises
    ------
    FileExistsError
        If something else is in the folder; then nothing is written.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     names = sorted(os.listdir(write_recording(folder, frames=2)))
    >>> names
    ['frame_00000.tif', 'frame_00001.tif']
    """
    names = [f"frame_{frame:05d}.tif" for frame in range(frames)]
    folder = claim_folder(folder, names)
    shape = size, size
    some = Cells(cells, shape, seed=20260105, scale=size / 140)
    some.start = _apart(some, size)
    images = np.zeros((cells, *shape), np.float32)
    for cell in range(cells):
        light = np.where(np.arange(cells) == cell, 1.0, 0.0)
        draw_cells(images[cell], some, some.start, light, channel=1)
    calcium = _calcium(some.random, frames, cells)
    camera = Camera(shape, seed=5)
    lamp = uneven_light(shape)
    for frame, name in enumerate(names):
        glow = np.tensordot(60 + 240 * calcium[frame], images, axes=1)
        write_image(os.path.join(folder, name), camera.take((glow + 40) * lamp))
    return folder


def _apart(cells: Cells, size: int) -> NDArray[np.float64]:
    """Return places for cells side by side, each a little off its place in a square."""
    side = math.ceil(math.sqrt(len(cells.start)))
    places = np.array([divmod(cell, side) for cell in range(len(cells.start))], np.float64)
    return size * (places + 0.5 + cells.random.uniform(-0.12, 0.12, places.shape)) / side


def _calcium(random: np.random.Generator, frames: int, cells: int) -> NDArray[np.float32]:
    """Return the calcium of each cell in each frame: it jumps at random, and decays."""
    jumps = random.random((frames, cells)) < random.uniform(0.002, 0.008, cells)
    level = np.zeros((frames, cells), np.float32)
    for frame in range(1, frames):
        level[frame] = level[frame - 1] * np.exp(-1 / DECAY) + jumps[frame]
    return level
