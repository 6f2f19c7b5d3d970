"""Small pictures of whole images, which are read at little cost.

In a pyramid, the smallest level that is large enough is read; in other large files, every
n-th pixel along y and x. Pixels are then averaged. Files may differ in shape.
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

Array = NDArray[Any]
Project = Literal["max", "mean", "middle"]

READ_PIXELS = 2**20
"""Maximum number of pixels to read of an image, so that a large one needs little memory."""


@dataclass(frozen=True, eq=False)
class Thumbnailer:
    """Callable that makes small pictures of files."""

    source: Source
    reader: Reader
    pixels: int
    """Approximate length of the longer side of a picture."""
    project: Project

    def __call__(self, names: Sequence[str], channel: int | None = None) -> Array | None:
        """Return one picture of some planes: rows, columns, and red, green, blue if there are.

        It is None if no plane can be read. If files contain several channels, the picture
        is that of `channel`, an index, or of the middle one.
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
                axes = _picture_axes(info.spec)
                spec, imreadargs = self._level(info, axes[:2])
                region = self._region(spec, axes, channel)
                image = np.empty(tuple(map(len, region)), spec.dtype)
                if image.size:
                    self.reader.read_region(file, spec, region, image, **imreadargs)
        except Exception:  # a reader may raise anything; the sheet shows that there is no picture
            return None
        return self._small(_flattened(image, axes, self.project)) if image.size else None

    def _level(self, info: FileInfo, axes: Sequence[int]) -> tuple[ChunkSpec, Any]:
        """Return the smallest level that is large enough, and the arguments that read it."""
        for number in range(len(info.levels) - 1, 0, -1):
            shape = info.levels[number]
            longer = max((shape[axis] for axis in axes if axis < len(shape)), default=1)
            if len(shape) == len(info.spec.shape) and longer >= self.pixels:
                return replace(info.spec, shape=shape, tile=shape), {"level": number}
        return info.spec, {}

    def _region(self, spec: ChunkSpec, axes: Sequence[int], channel: int | None) -> Region:
        """Return the region to read: all planes of a projection, or the middle one of each axis."""
        pixels = math.prod(spec.shape[axis] for axis in axes[:2])
        step = max(1, int(math.sqrt(pixels / READ_PIXELS)))
        region = []
        for axis, (dim, length) in enumerate(zip(spec.dims, spec.shape, strict=True)):
            if axis in axes[:2]:
                region.append(range(0, length, min(step, max(1, length))))
            elif axis in axes:
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


def _picture_axes(spec: ChunkSpec) -> list[int]:
    """Return the axes of rows and columns, and of red, green and blue if there is one."""
    dims = spec.dims
    if len(dims) < 2:
        return list(range(len(dims)))
    x = dims.index("x") if "x" in dims else len(dims) - 1
    y = dims.index("y") if "y" in dims else max({*range(len(dims))} - {x})
    rgb = dims.index("s") if "s" in dims else x
    return [y, x] if rgb in (y, x) or spec.shape[rgb] not in (3, 4) else [y, x, rgb]


def _flattened(image: Array, axes: Sequence[int], project: Project) -> Array:
    """Return rows, columns, and red, green, blue of an array: one of all its other axes."""
    if image.dtype.kind == "c":
        image = np.abs(image)
    if image.dtype.kind == "b":
        image = image.astype(np.uint8)
    others = image.ndim - len(axes)
    image = np.moveaxis(image, axes, range(others, image.ndim))
    image = _projected(image.reshape(-1, *image.shape[others:]), project)
    return image.reshape((1,) * (2 - image.ndim) + image.shape)


def _projected(images: Array, project: Project) -> Array:
    """Return the maximum, the mean or the middle of images."""
    if len(images) == 1:
        return np.asarray(images[0])
    if project == "max":
        return np.asarray(images.max(axis=0))
    if project == "mean":
        return np.asarray(images.mean(axis=0, dtype=np.float32))
    return np.asarray(images[len(images) // 2])
