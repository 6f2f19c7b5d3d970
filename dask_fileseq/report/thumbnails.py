"""Small pictures of whole images, which are read at little cost.

In a pyramid, the smallest level that is large enough is read; in other large files, every
n-th pixel along y and x. Pixels are then averaged. Files may differ in shape. Pixels that
the file calls nodata are NaN.
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
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

OVERSAMPLED = 8
"""Pixels to read along an axis for each of the picture, at most."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One small picture, or the reason why there is none."""

    image: Array | None = None
    """Rows and columns, and red, green, blue if there are."""
    why: Literal["", "no file", "cannot be read", "no data"] = ""
    note: str = ""
    """That all pixels are alike, if so."""
    kind: str = ""
    """The type of its pixels in the file: only those of one type can be compared."""


@dataclass(frozen=True, eq=False)
class Thumbnailer:
    """Callable that makes small pictures of files."""

    source: Source
    reader: Reader
    pixels: int
    """Approximate length of the longer side of a picture."""
    project: Project

    def __call__(self, names: Sequence[str], channel: int | None = None) -> Picture:
        """Return one picture of some planes, or why there is none.

        If files contain several channels, the picture is that of `channel`, an index, or of
        the middle one.
        """
        if self.project == "middle":
            names = names[len(names) // 2 : len(names) // 2 + 1]
        pictures = [picture for name in names if (picture := self._read(name, channel)) is not None]
        if not pictures:
            return Picture(None, "cannot be read")
        usual = Counter((image.shape, kind) for image, _, kind in pictures).most_common(1)[0][0]
        alike = [image for image, _, kind in pictures if (image.shape, kind) == usual]
        image = _projected(np.stack(alike), self.project)
        if not np.isfinite(image).any():
            return Picture(None, "no data")
        notes = {note for _, note, _ in pictures}
        return Picture(image, note=notes.pop() if len(notes) == 1 else "", kind=usual[1])

    def _read(self, name: str, channel: int | None) -> tuple[Array, str, str] | None:
        """Return the picture of one file, its note and its kind; None if it cannot be read."""
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
        if not image.size:
            return None
        flat = _without_nodata(_flattened(image, axes, self.project), info)
        is_part = bool(imreadargs) or any(len(region[axis]) < spec.shape[axis] for axis in axes[:2])
        kind = f"{spec.dtype}{' colour' * (flat.ndim > 2)}"
        return self._small(flat), _flat_note(flat, is_part), kind

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
        most = min(READ_PIXELS, (OVERSAMPLED * self.pixels) ** 2)
        step = max(1, int(math.sqrt(pixels / most)))
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
        return _quiet(np.nanmean, cut, axis=(1, 3), dtype=np.float32)


def _quiet(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Array:
    """Return the result of a function, which may be NaN where all its values are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(function(*args, **kwargs))


def _without_nodata(image: Array, info: FileInfo) -> Array:
    """Return an image with NaN in place of the value that the file calls nodata."""
    nodata = info.metadata.attrs.get("nodata")
    if not isinstance(nodata, int | float | np.number) or image.dtype.kind not in "iuf":
        return image
    is_missing = image == nodata
    return np.where(is_missing, np.nan, image).astype(np.float32) if is_missing.any() else image


def _flat_note(image: Array, is_part: bool) -> str:
    """Return in words that all pixels have one value; empty if they do not.

    >>> _flat_note(np.full((2, 2), 255), False), _flat_note(np.array([[1e6]]), False)
    ('all pixels 255', 'all pixels 1000000')
    """
    values = image[np.isfinite(image)]
    if not values.size or values.min() != values.max():
        return ""
    value = values[0]
    text = str(int(value)) if value == int(value) else f"{value:g}"
    return f"all pixels{' that were read' * is_part} {text}"


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
        return np.asarray(np.fmax.reduce(images, axis=0))
    if project == "mean":
        return _quiet(np.nanmean, images, axis=0, dtype=np.float32)
    return np.asarray(images[len(images) // 2])
