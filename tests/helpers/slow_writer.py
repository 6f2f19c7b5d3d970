"""A program that writes images as slowly as a microscope: ``python slow_writer.py FOLDER SEED``.

It writes in random order, a part of a file at a time; every other file under a name that it then
changes. It leaves out files that are complete, except for one, which it writes anew before others.
"""

import io
import random
import sys
import time
from pathlib import Path

import numpy as np
import tifffile

TIMES, CHANNELS, SHAPE = 8, ("DAPI", "GFP"), (48, 64)
PARTS, PAUSE = 4, 0.012


def pixels(t, channel):
    """Return the image of a time and a channel."""
    return np.random.default_rng([t, CHANNELS.index(channel)]).integers(0, 4000, SHAPE, "u2")


def content(t, channel):
    """Return the bytes of its file."""
    file = io.BytesIO()
    kind = {"tile": (16, 16), "compression": "zlib"} if t % 2 else {"resolution": (1, 1)}
    tifffile.imwrite(file, pixels(t, channel), **kind)
    return file.getvalue()


def write(folder, t, channel):
    """Write a file in parts."""
    data, path = content(t, channel), folder / f"t{t}_{channel}.tif"
    place = path.with_suffix(".part") if (t + len(channel)) % 2 else path
    with open(place, "wb", buffering=0) as file:
        for part in range(PARTS):
            file.write(data[len(data) * part // PARTS : len(data) * (part + 1) // PARTS])
            time.sleep(PAUSE)
    if place != path:
        place.replace(path)


def main(folder, seed):
    """Write all files that are not complete."""
    cells = [(t, channel) for t in range(TIMES) for channel in CHANNELS]
    random.Random(seed).shuffle(cells)
    left = [cell for cell in cells if not is_complete(folder, *cell)]
    for t, channel in [cells[0], *left] if left else []:
        write(folder, t, channel)


def is_complete(folder, t, channel):
    """Return whether a file has all of its bytes."""
    path = folder / f"t{t}_{channel}.tif"
    return path.exists() and path.read_bytes() == content(t, channel)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
