"""A scan of a dish, tile by tile and hour by hour: dates in names, a mosaic, a rhythm."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import numpy as np

from dask_fileseq.demo.acquisition import CHANNELS
from dask_fileseq.demo.files import claim_folder, write_image
from dask_fileseq.demo.optics import Camera, Cells, draw_cells, uneven_light

__all__ = ["write_scan"]

START = datetime(2026, 3, 2, 8)
PIXEL = 0.65
"""Width and height of a pixel in micrometres."""


def write_scan(
    folder: str | os.PathLike[str],
    *,
    hours: int = 96,
    rows: int = 2,
    columns: int = 3,
    size: int = 96,
    lost: tuple[int, int] = (40, 43),
) -> str:
    """Write a mosaic of cells in two channels for each hour, named by date.

    GFP follows the cells' inner clock: it is brightest once a day. Tiles lie edge to
    edge. Each file is an image of uint16 that says how large its pixels are.

    Parameters
    ----------
    folder : str or os.PathLike
        Where to; made if it is not there.
    hours : int
        Number of scans.
    rows, columns : int
        Number of tiles along y and x.
    size : int
        Rows and columns of a tile.
    lost : tuple of int
        First hour of which nothing was stored, and the next that was stored again.

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
    ...     names = sorted(os.listdir(write_scan(folder, hours=1, size=32)))
    >>> len(names), names[0]
    (12, '20260302_0800_DAPI_r0_c0.tif')
    """
    names = {
        (hour, channel, row, column): (
            f"{START + timedelta(hours=hour):%Y%m%d_%H%M}_{CHANNELS[channel]}_r{row}_c{column}.tif"
        )
        for hour in range(hours)
        if not lost[0] <= hour < lost[1]
        for channel in range(len(CHANNELS))
        for row in range(rows)
        for column in range(columns)
    }
    folder = claim_folder(folder, names.values())
    shape = rows * size, columns * size
    cells = Cells(rows * columns * 9, shape, seed=20260103, scale=0.6)
    paths = cells.paths(hours, speed=0.12)
    awake = cells.random.normal(18, 3, len(cells.start))
    camera = Camera((size, size), seed=4)
    lamp = 0.5 + uneven_light((size, size)) / 2
    done = None
    scene = np.empty(shape, np.float32)
    for (hour, channel, row, column), name in names.items():
        if done != (hour, channel):
            done = hour, channel
            clock = np.cos((START.hour + hour - awake) * 2 * np.pi / 24)
            light = cells.brightness[:, channel] * (0.35 + 0.3 * (1 + clock) if channel else 0.8)
            scene[:] = 30
            draw_cells(scene, cells, paths[hour], light, channel)
        tile = scene[row * size : (row + 1) * size, column * size : (column + 1) * size]
        write_image(
            os.path.join(folder, name),
            camera.take(tile * lamp),
            resolution=(10000 / PIXEL, 10000 / PIXEL),
            resolutionunit="CENTIMETER",
        )
    return folder
