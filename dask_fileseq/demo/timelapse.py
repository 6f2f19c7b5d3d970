"""A time-lapse of crawling cells: large files, more of them than memory should hold."""

from __future__ import annotations

import os

import numpy as np

from dask_fileseq.demo.acquisition import CHANNELS
from dask_fileseq.demo.files import claim_folder, write_image
from dask_fileseq.demo.optics import Camera, Cells, draw_cells, uneven_light

__all__ = ["write_timelapse"]

BACKGROUND = 220
"""Photons that the medium gives off, where the lamp is brightest."""


def write_timelapse(
    folder: str | os.PathLike[str], *, times: int = 100, size: int = 768, cells: int = 50
) -> str:
    """Write two channels of crawling cells under uneven light that bleaches them.

    Each file is an image of uint16, uncompressed: 1.1 MiB with the default size.

    Parameters
    ----------
    folder : str or os.PathLike
        Where to; made if it is not there.
    times : int
        Number of images of each channel.
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
    ...     names = sorted(os.listdir(write_timelapse(folder, times=2, size=64, cells=1)))
    >>> names
    ['cells_t000_DAPI.tif', 'cells_t000_GFP.tif', 'cells_t001_DAPI.tif', 'cells_t001_GFP.tif']
    """
    names = {
        (time, channel): f"cells_t{time:03d}_{CHANNELS[channel]}.tif"
        for time in range(times)
        for channel in range(len(CHANNELS))
    }
    folder = claim_folder(folder, names.values())
    shape = size, size
    some = Cells(cells, shape, seed=20260102)
    camera = Camera(shape, seed=3)
    lamp = uneven_light(shape)
    paths = some.paths(times, speed=1.8)
    for (time, channel), name in names.items():
        bleached = np.exp(-time * channel / 120)
        scene = np.full(shape, BACKGROUND, np.float32)
        draw_cells(scene, some, paths[time], some.brightness[:, channel] * bleached, channel)
        write_image(os.path.join(folder, name), camera.take(scene * lamp))
    return folder
