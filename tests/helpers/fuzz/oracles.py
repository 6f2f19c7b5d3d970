"""What other programs read in a file: an array, an error, or nothing that could be compared."""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

Array = np.ndarray

Image.MAX_IMAGE_PIXELS = None  # ours has no such limit, so that a claim alone is no difference


def _tifffile(path: Path) -> Iterator[Array]:
    """Yield what tifffile reads as a series, and what it reads page by page."""
    yield tifffile.imread(path, _multifile=False, maxworkers=1)
    with tifffile.TiffFile(path, _multifile=False) as tif:
        pages = [tif.pages[i].asarray(maxworkers=1) for i in range(len(tif.pages))]
        shape = tif.series[0].shape
    stack = np.stack(pages)
    yield stack.reshape(shape) if stack.size == np.prod(shape) else stack


def _pillow(path: Path) -> Iterator[Array]:
    """Yield what Pillow reads, in the modes that imagecodecs gives."""
    with Image.open(path) as picture:
        picture.load()
        mode = picture.mode
        if picture.format == "PPM" and is_scaled(path):
            return
        transparent = "transparency" in picture.info
        if mode == "P":
            if picture.getextrema()[1] >= len(picture.getpalette()) // 3:
                return  # Pillow takes black for indexes beyond the palette
            mode = "RGBA" if transparent or picture.palette.mode == "RGBA" else "RGB"
        elif transparent:
            return
        if picture.format == "GIF" and mode == "L":  # a palette of grays
            mode = "RGB"
        array = np.asarray(picture.convert("L" if mode == "1" else mode))
    if mode == "CMYK":  # Pillow inverts those of Adobe's programs
        yield 255 - array
    yield array.astype("u2") if mode in ("I", "I;16") else array


def is_scaled(path: Path) -> bool:
    """Return whether Pillow multiplies the values of a netpbm file, whose largest one is odd."""
    found = re.match(rb"P[2356]\s(?:\s|#[^\n]*\n)*\d+\s+\d+\s+(\d+)\s", path.read_bytes())
    return found is not None and int(found[1]) not in (255, 65535)


def _imagecodecs(path: Path) -> Iterator[Array]:
    codec = {".png": "png", ".jxl": "jpegxl", ".jxr": "jpegxr", ".hdr": "rgbe"}[path.suffix]
    yield getattr(imagecodecs, f"{codec}_decode")(path.read_bytes())


def _numpy(path: Path) -> Iterator[Array]:
    yield np.load(path)


def _zipfile(path: Path) -> Iterator[Array]:
    with zipfile.ZipFile(path) as archive:
        members = [name for name in sorted(archive.namelist()) if name.endswith(".tif")]
        yield _stack(map(archive.open, members))


def _tarfile(path: Path) -> Iterator[Array]:
    with tarfile.open(path) as archive:
        members = sorted(archive.getmembers(), key=lambda member: member.name)
        yield _stack(archive.extractfile(m) for m in members if m.name.endswith(".tif"))


def _stack(files: Iterator) -> Array:
    return np.stack([tifffile.imread(file, maxworkers=1) for file in files])


ORACLES: dict[str, Callable[[Path], Iterator[Array]]] = {
    "tifffile": _tifffile,
    "pillow": _pillow,
    "imagecodecs": _imagecodecs,
    "numpy": _numpy,
    "zipfile": _zipfile,
    "tarfile": _tarfile,
}
"""Functions that yield the arrays of which one must be what was read."""
