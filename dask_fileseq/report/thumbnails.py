"""Small pictures of files: whole images, of few pixels, read at little cost.

Of a pyramid, the level is read that is just large enough; of other files every so many
pixels, if they are large. What is read is averaged. Files may differ in shape.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.files import Source
from dask_fileseq.readers import ChunkSpec, FileInfo, Reader, Region

__all__ = ["Project", "Thumbnailer"]

Array = NDArray[Any]
Project = Literal["max", "mean", "middle"]

READ_PIXELS = 2**20
"""Pixels of an image that are read at most, so that a large one costs little memory."""


@dataclass(frozen=True, eq=False)
class Thumbnailer:
    """Makes small pictures of files."""

    source: Source
    reader: Reader
    pixels: int
    """Length of the longer side of a picture, about."""
    project: Project

    def __call__(self, names: Sequence[str], channel: int | None = None) -> Array | None:
        """Return the picture of some planes: a projection, or one of them; None if unreadable.

        Rows and columns, and red, green, blue if there are; any dtype. Of several channels
        in a file that of an index, else the middle one.
        """
        if self.project == "middle":
            names = names[len(names) // 2 : len(names) // 2 + 1]
        pictures = [picture for name in names if (picture := self._read(name, channel)) is not None]
        if not pictures:
            return None
        (usual, _), *_ = Counter(picture.shape for picture in pictures).most_common(1)
        alike = [picture for picture in pictures if picture.shape == usual]
        return _projected(np.stack(alike), self.project)

    def _read(self, name: str, channel: int | None) -> Array | None:
        """Return the picture of one file, None if it cannot be read."""
        try:
            with self.source.open(name) as file:
                info = self.reader.inspect(file)
                y, x, rgb = _axes(info.spec)
                spec, imreadargs = self._level(info, y, x)
                region = self._region(spec, y, x, rgb, channel)
                image = np.empty(tuple(map(len, region)), spec.dtype)
                if image.size:
                    self.reader.read_region(file, spec, region, image, **imreadargs)
        except MemoryError:
            raise
        except Exception:  # of any reader, for any reason: the sheet says that it cannot be read
            return None
        return self._small(_flattened(image, y, x, rgb, self.project)) if image.size else None

    def _level(self, info: FileInfo, y: int | None, x: int | None) -> tuple[ChunkSpec, Any]:
        """Return the smallest level that is large enough, and the arguments that read it."""
        for number in range(len(info.levels) - 1, 0, -1):
            shape = info.levels[number]
            if len(shape) == len(info.spec.shape) and _longer(shape, y, x) >= self.pixels:
                return replace(info.spec, shape=shape, tile=shape), {"level": number}
        return info.spec, {}

    def _region(
        self, spec: ChunkSpec, y: int | None, x: int | None, rgb: int | None, channel: int | None
    ) -> Region:
        """Return what to read: all planes of a projection, else the middle one of each axis."""
        lengths = [spec.shape[axis] for axis in (y, x) if axis is not None]
        step = max(1, int(math.sqrt(math.prod(lengths) / READ_PIXELS)))
        region = []
        for axis, (dim, length) in enumerate(zip(spec.dims, spec.shape, strict=True)):
            if axis in (y, x):
                region.append(range(0, length, min(step, max(1, length))))
            elif axis == rgb:
                region.append(range(min(3, length)))
            elif dim == "z" and self.project != "middle":
                region.append(range(length))
            else:
                at = length // 2 if channel is None or dim != "c" else min(channel, length - 1)
                region.append(range(at, at + 1))
        return tuple(region)

    def _small(self, image: Array) -> Array:
        """Return an image averaged over squares of pixels."""
        factor = max(1, max(image.shape[:2]) // self.pixels)
        down, across = min(factor, image.shape[0]), min(factor, image.shape[1])
        rows, columns = image.shape[0] // down, image.shape[1] // across
        squares = image[: rows * down, : columns * across]
        if down == across == 1:
            return squares
        cut = squares.reshape(rows, down, columns, across, *image.shape[2:])
        return np.asarray(cut.mean(axis=(1, 3), dtype=np.float32))


def _axes(spec: ChunkSpec) -> tuple[int | None, int | None, int | None]:
    """Return the axes of rows, of columns, and of red, green and blue."""
    dims, count = spec.dims, len(spec.dims)
    x = dims.index("x") if "x" in dims else count - 1 if count else None
    y = dims.index("y") if "y" in dims else None
    if y is None and count > 1:
        y = max(axis for axis in range(count) if axis != x)
    rgb = dims.index("s") if "s" in dims and spec.shape[dims.index("s")] in (3, 4) else None
    return y, x, None if rgb in (y, x) else rgb


def _longer(shape: Sequence[int], y: int | None, x: int | None) -> int:
    return max((shape[axis] for axis in (y, x) if axis is not None), default=1)


def _flattened(
    image: Array, y: int | None, x: int | None, rgb: int | None, project: Project
) -> Array:
    """Return rows and columns, and red, green, blue, of what was read."""
    if image.dtype.kind == "c":
        image = np.abs(image)
    if image.dtype.kind == "b":
        image = image.astype(np.uint8)
    last = [axis for axis in (y, x, rgb) if axis is not None]
    image = np.moveaxis(image, last, range(image.ndim - len(last), image.ndim))
    kept = image.shape[image.ndim - len(last) :]
    image = _projected(image.reshape(-1, *kept), project)
    return image.reshape((1,) * (2 - image.ndim) + image.shape) if image.ndim < 2 else image


def _projected(images: Array, project: Project) -> Array:
    """Return the maximum, the mean or the middle of images."""
    if len(images) == 1:
        return np.asarray(images[0])
    if project == "max":
        return np.asarray(images.max(axis=0))
    if project == "mean":
        return np.asarray(images.mean(axis=0, dtype=np.float32))
    return np.asarray(images[len(images) // 2])
