"""The small acquisition that most tests open."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

PATTERN = r"(?P<time>\d+)_(?P<channel>[A-Z]+)_z(?P<z>\d+)"


def write_acquisition(folder: Path) -> np.ndarray[Any, Any]:
    """Write 3 times x 2 channels x 2 planes of tiled LZW images, one missing.

    Returns the array of all pixels, with zeros where the file is missing.
    """
    rng = np.random.default_rng(3)
    array = rng.integers(1, 60000, (3, 2, 2, 48, 64), np.uint16)
    for t, c, z in itertools.product(range(3), range(2), range(2)):
        name = folder / f"{t:03d}_{('DAPI', 'GFP')[c]}_z{z + 1}.tif"
        tifffile.imwrite(name, array[t, c, z], tile=(16, 16), compression="lzw")
    (folder / "001_GFP_z2.tif").unlink()
    array[1, 1, 1] = 0
    array.flags.writeable = False
    return array
