"""Makes the files: the same pixels in every run, smooth with noise, as a camera gives."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import tifffile

__all__ = ["PATTERN", "Crops", "Files", "Images", "Names", "crops_of", "many_files", "many_names"]

PATTERN = r"t(?P<time>\d+)_c(?P<channel>\d+)_z(?P<z>\d+)\.tif"
CROP = 256
VERSION = "1"


@dataclass(frozen=True)
class Files:
    """Files of one folder, in their order."""

    folder: str
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.names)

    def first(self, count: int) -> Files:
        """Return the first files; the folder has more."""
        return Files(self.folder, self.names[:count])

    @property
    def glob(self) -> str:
        """A pattern for all files of the folder."""
        return os.path.join(self.folder, "*.tif")


@dataclass(frozen=True)
class Crops:
    """Places in files to cut from."""

    files: Files
    places: Sequence[tuple[int, slice, slice]]
    """Number of the file, rows and columns."""

    def __len__(self) -> int:
        return len(self.places)

    def first(self, count: int) -> Crops:
        """Return the first places."""
        return Crops(self.files, self.places[:count])


@dataclass(frozen=True)
class Names:
    """Names of files that need not exist, in no order."""

    names: list[str]

    def __len__(self) -> int:
        return len(self.names)

    def first(self, count: int) -> Names:
        """Return the first names."""
        return Names(self.names[:count])


@dataclass(frozen=True)
class Images:
    """Files of one kind: ``Images(...)(folder, count)`` makes them, or takes what is there."""

    kind: str
    shape: tuple[int, ...] = (64, 64)
    write: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of `tifffile.imwrite`."""
    own_tags: bool = False
    """Whether each file has its own description and date."""

    def __call__(self, root: str, count: int) -> Files:
        """Return `count` files."""
        folder = os.path.join(root, f"{self.kind}-{count}-v{VERSION}")
        names = [os.path.join(folder, f"frame_t{i:06d}.tif") for i in range(count)]
        if not os.path.isdir(folder):
            with _Making(folder) as partial:
                for i, name in enumerate(names):
                    self._write(os.path.join(partial, os.path.basename(name)), i)
        return Files(folder, names)

    def _write(self, path: str, number: int) -> None:
        tags: dict[str, Any] = {}
        if self.own_tags:
            seconds = f"{number // 60 % 60:02d}:{number % 60:02d}"
            tags["metadata"] = None
            tags["datetime"] = f"2026:03:{1 + number // 3600 % 28:02d} 10:{seconds}"
            tags["description"] = f"frame={number}\nexposure=20 ms\nstage z={number * 0.125:.3f} um"
        tifffile.imwrite(path, image(self.shape, number), **tags, **self.write)


class _Making:
    """A folder that gets its name only once it is complete."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.partial = f"{folder}.{os.getpid()}.partial"

    def __enter__(self) -> str:
        os.makedirs(self.partial)
        return self.partial

    def __exit__(self, failed: object, *exc_info: object) -> None:
        if failed is None:
            os.replace(self.partial, self.folder)
        else:
            shutil.rmtree(self.partial)


@cache
def _canvas(size: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return a smooth scene and noise of a camera, both of size x size."""
    x = np.linspace(0, 6 * np.pi, size)
    scene = 900 + 400 * np.sin(x)[:, None] * np.cos(1.7 * x) + 300 * np.sin(0.3 * x)[:, None]
    noise = np.random.default_rng(1).normal(0, 12, (size, size))
    return scene.astype(np.uint16), noise.astype(np.int16).view(np.uint16)


def image(shape: tuple[int, ...], number: int) -> np.ndarray[Any, Any]:
    """Return the image of one file: a window of the scene, and one of the noise elsewhere."""
    height, width = shape[-2:]
    scene, noise = _canvas(max(1024, 2 * max(height, width)))
    pages = np.empty(shape, np.uint16)
    for page, out in enumerate(pages.reshape(-1, height, width)):
        rng = np.random.default_rng((number, page))
        y, x, v, u = rng.integers(0, [len(scene) - height, len(scene) - width] * 2)
        np.add(scene[y : y + height, x : x + width], noise[v : v + height, u : u + width], out=out)
    return pages


def crops_of(images: Images, files: int = 4) -> Any:
    """Return a maker of crops, `count` in all of few large files."""

    def make(root: str, count: int) -> Crops:
        found = images(root, min(files, count))
        rng = np.random.default_rng(2)
        places = []
        for i in range(count):
            y, x = (int(v) for v in rng.integers(0, np.array(images.shape) - CROP))
            places.append((i % len(found), slice(y, y + CROP), slice(x, x + CROP)))
        return Crops(found, places)

    return make


def many_files(root: str, count: int) -> Files:
    """Return a folder of `count` equal small files on a grid, in no order."""
    folder = os.path.join(root, f"grid-{count}-v{VERSION}")
    names = many_names("", count).names
    if not os.path.isdir(folder):
        with _Making(folder) as partial:
            sample = os.path.join(partial, "sample")
            tifffile.imwrite(sample, image((8, 8), 0), metadata=None)
            with open(sample, "rb") as file:
                content = file.read()
            os.remove(sample)
            for name in names:
                with open(os.path.join(partial, os.path.basename(name)), "wb") as file:
                    file.write(content)
    return Files(folder, [os.path.join(folder, os.path.basename(name)) for name in names])


def many_names(root: str, count: int) -> Names:
    """Return names of `count` files on a grid of times, 10 channels and 20 planes, shuffled."""
    names = [f"/data/exp/run_12/t{i // 200}_c{i // 20 % 10}_z{i % 20}.tif" for i in range(count)]
    np.random.default_rng(3).shuffle(names)
    return Names(names)
