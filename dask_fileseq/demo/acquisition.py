"""A small acquisition of drifting cells in five planes, and a picture of its projection.

The functions that write the files of a demo are here, too.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from itertools import product
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from dask_fileseq.demo.optics import cell_distance, cell_profile

PATTERN = r"t(?P<time>\d+)_(?P<channel>[A-Z]+)_z(?P<z>\d+)"
"""Regular expression of the axes in the file names."""

CHANNELS = ("DAPI", "GFP")

MISSING = ((2, 1, 3), (4, 0, 0))
"""Time, channel and z of the two files that are not written."""

TIMES, PLANES, SIZE, CELLS = 6, 5, 256, 24
COLOURS = ((0.35, 0.55, 1.0), (0.25, 1.0, 0.35))


def claim_folder(folder: str | os.PathLike[str], names: Collection[str]) -> str:
    """Create a folder, or accept an existing one that has no entries but these names.

    Raises
    ------
    FileExistsError
        If the folder has any other entry, or if it is a file.
    """
    folder = os.fspath(folder)
    os.makedirs(folder, exist_ok=True)
    others = sorted(set(os.listdir(folder)) - set(names))
    if others:
        raise FileExistsError(
            f"folder {folder!r} holds {others[0]!r}, which the demo does not write:"
            " name a new or an empty folder"
        )
    return folder


def write_images(
    folder: str | os.PathLike[str],
    names: Collection[str],
    images: Iterable[NDArray[Any]],
    **options: Any,
) -> str:
    """Claim a folder, write an image for each name, and return the folder.

    Images are drawn one by one, after the folder has been claimed. Options are those of
    `tifffile.imwrite`.
    """
    folder = claim_folder(folder, names)
    options |= {"photometric": "minisblack", "metadata": None, "software": "dask_fileseq demo"}
    for name, image in zip(names, images, strict=True):
        tifffile.imwrite(os.path.join(folder, name), image, **options)
    return folder


def write_acquisition(folder: str | os.PathLike[str]) -> str:
    """Write 58 TIFF files: 6 times, 2 channels and 5 planes, without two.

    The images have 256 by 256 pixels of uint16, in strips of 32 rows that are compressed
    with LZW. They have uneven light and the noise of a camera. Each call writes the same.
    The first file is ``cells_t0_DAPI_z0.tif``.

    Parameters
    ----------
    folder : str or os.PathLike
        Folder to write to, which is returned. It is created if it does not exist; files of
        an earlier call are written again.

    Raises
    ------
    FileExistsError
        If anything else is in the folder; nothing is written then.
    """
    names = [
        f"cells_t{time}_{CHANNELS[channel]}_z{z}.tif"
        for time, channel, z in product(range(TIMES), range(2), range(PLANES))
        if (time, channel, z) not in MISSING
    ]
    strips = {"compression": "lzw", "predictor": True, "rowsperstrip": 32}
    return write_images(folder, names, _images(), **strips)


def _images() -> Iterator[NDArray[np.uint16]]:
    """Yield the image at each time, channel and plane that is not missing."""
    random = np.random.default_rng(20260101)
    start = random.uniform(0, SIZE, (CELLS, 2))
    drift = random.normal(0, 5, (CELLS, 2)) + (1.5, 3)
    depth = random.uniform(0, PLANES - 1, CELLS)
    radius = random.uniform(7, 12, CELLS)
    brightness = random.uniform(500, 1800, (CELLS, 2))
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    light = 1 - 0.5 * (((y - 110) / SIZE) ** 2 + ((x - 150) / SIZE) ** 2) * 2
    for time in range(TIMES):
        scenes = np.full((2, PLANES, SIZE, SIZE), 25, np.float32)
        for cell in range(CELLS):
            at = (start[cell] + time * drift[cell]) % SIZE
            distance = cell_distance(y - at[0], x - at[1])
            for channel, z in product(range(2), range(PLANES)):
                defocus = abs(z - depth[cell])
                signal = brightness[cell, channel] * 0.93 ** (time * channel)
                near = _near(at, 1.7 * radius[cell] + 22 * (1.2 + defocus))
                profile = cell_profile(distance[near], radius[cell], defocus, channel)
                scenes[channel, z][near] += np.float32(signal / (1 + 1.5 * defocus**2)) * profile
        for channel, z in product(range(2), range(PLANES)):
            scene = scenes[channel, z]
            camera = random.poisson(scene * light) + random.normal(100, 6, scene.shape)
            if (time, channel, z) not in MISSING:
                yield np.clip(camera, 0, 4095).astype(np.uint16)


def _near(at: NDArray[np.float64], reach: float) -> tuple[slice, slice]:
    """Return the rows and columns of the pixels within a distance, and of some others.

    Light from farther away is less than what float32 can add to a scene.
    """
    first = np.maximum(at - (reach, reach / 0.75), 0).astype(int)
    last = (at + (reach, reach / 0.75)).astype(int)
    return slice(first[0], last[0] + 1), slice(first[1], last[1] + 1)


def contact_sheet(projection: NDArray[Any]) -> NDArray[np.uint8]:
    """Return one picture of all images: a row for each channel and one for both, times across.

    The projection has axes of times, two channels, rows and columns; the picture has rows,
    columns, and red, green, blue. The contrast of each channel is stretched between its 1st
    and its 99.8th percentile.
    """
    low, high = np.percentile(projection, (1, 99.8), axis=(0, 2, 3), keepdims=True)
    stretched = np.clip((projection - low) / np.maximum(high - low, 1), 0, 1)
    coloured = stretched[..., np.newaxis] * np.reshape(COLOURS, (1, 2, 1, 1, 3))
    rows = [coloured[:, 0], coloured[:, 1], coloured.sum(axis=1).clip(0, 1)]
    frame = [(0, 0), (2, 2), (2, 2), (0, 0)]
    sheet = [np.concatenate(np.pad(row, frame, constant_values=0.25), axis=1) for row in rows]
    return np.asarray(np.concatenate(sheet) * 255, np.uint8)


def save_projection(folder: str | os.PathLike[str], projection: NDArray[Any]) -> tuple[str, str]:
    """Save images over time as a TIFF file for ImageJ, and as a picture.

    Writes ``projection.tif`` and ``projection.png`` into the folder, and returns both paths.
    The projection has uint16 values of times, two channels, rows and columns.
    """
    pixels, picture = (os.path.join(folder, f"projection.{suffix}") for suffix in ("tif", "png"))
    tifffile.imwrite(pixels, projection, imagej=True, metadata={"axes": "TCYX"})
    imagecodecs.imwrite(picture, contact_sheet(projection))
    return pixels, picture
