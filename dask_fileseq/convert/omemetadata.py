"""Metadata of OME-Zarr 0.5, validated by yaozarrs: images, plates, collections, scales, channels.

See https://ngff.openmicroscopy.org/0.5/.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from yaozarrs import v05

from dask_fileseq.convert.imagelayout import ImageLayout, TargetImage
from dask_fileseq.convert.omescale import OmeScale
from dask_fileseq.convert.partition import Partition
from dask_fileseq.filearray import FileArray
from dask_fileseq.report import channel_hues

Ranges = Mapping[int, tuple[float, float]]  # lowest and highest value of each channel

METHODS = {"mean": "the mean of 2 x 2 pixels", "nearest": "the first of 2 x 2 pixels"}

COLORS = {
    "green": "00FF00",
    "red": "FF0000",
    "blue": "0000FF",
    "magenta": "FF00FF",
    "cyan": "00FFFF",
    "yellow": "FFFF00",
    "white": "FFFFFF",
}
"""Colours by their names."""


@dataclass(frozen=True)
class OmeMetadata:
    """The metadata of the groups of a target."""

    name: str
    array: FileArray
    layout: ImageLayout
    scales: Sequence[OmeScale]
    channels: Sequence[str]
    method: str
    labels: Mapping[str, Any]
    """Coordinates along the axes of the file array, by dimension, as values of JSON."""

    def groups(
        self, images: Sequence[TargetImage], partition: Partition, ranges: Ranges
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield path and attributes of each group of some images; the root comes last."""
        layout = self.layout
        shared = self._image(partition, ranges)
        for image in images:
            labels = self._labels(image)
            name = f"{self.name}/{image.path}" if image.path else self.name
            if layout.kind == "collection":
                name = f"{self.name} {', '.join(f'{dim} {i}' for dim, i in labels['at'].items())}"
            shared["multiscales"][0]["name"] = name
            yield image.path, _ome(v05.Image, shared) | {"fileseq": labels}
        if layout.kind == "plate":
            for row in dict.fromkeys(well.partition("/")[0] for well in layout.wells):
                yield row, {}
            for well, fields in layout.wells.items():
                yield well, _ome(v05.Well, {"well": {"images": [{"path": f} for f in fields]}})
            yield "", _ome(v05.Plate, {"plate": self._plate()})
        elif layout.kind == "collection":
            yield "OME", _ome(v05.Series, {"series": [image.path for image in images]})
            yield "", _ome(v05.Bf2Raw, {"bioformats2raw.layout": 3})

    def _labels(self, image: TargetImage) -> dict[str, Any]:
        """Return the coordinates along the axes of an image, and those of its place."""
        at, along = {}, {}
        for dim, i in ((self.array.dims[axis], i) for axis, i in image.at.items()):
            values = self.labels.get(dim)
            at[dim] = values[i] if isinstance(values, list) else i
        for role, axes in zip(self.layout.dims, self.layout.axes, strict=True):
            dims = [self.array.dims[axis] for axis in axes]
            if values := {dim: self.labels[dim] for dim in dims if dim in self.labels}:
                along[role] = values
        return {"at": at, "along": along}

    def _image(self, partition: Partition, ranges: Ranges) -> dict[str, Any]:
        """Return the metadata that all images have in common."""
        types = {"t": "time", "c": "channel"}
        axes = [
            {"name": dim, "type": types.get(dim, "space"), "unit": scale.unit}
            for dim, scale in zip(self.layout.dims, self.scales, strict=True)
        ]
        about = "each level has half the pixels of the one before along y and x"
        multiscale = {
            "axes": axes,
            "datasets": [self._dataset(partition, i) for i in range(len(partition.levels))],
            "type": self.method,
            "metadata": {"description": f"{about}: {METHODS[self.method]}"},
        }
        show = self.channels and self.array.dtype.kind in "uif"
        return {"multiscales": [multiscale]} | ({"omero": self._omero(ranges)} if show else {})

    def _dataset(self, partition: Partition, level: int) -> dict[str, Any]:
        """Return scale and translation of a level."""
        # the mean of two pixels is half a pixel beyond the first; a single pixel is not halved
        moved = 0.5 if self.method == "mean" and self.array.dtype.kind != "b" else 0.0
        factors = [
            2.0 ** min(level, (n - 1).bit_length()) if half else 1.0
            for n, half in zip(self.layout.shape, partition.halved, strict=True)
        ]
        return self._dataset_of(level, factors, moved)

    def _dataset_of(self, level: int, factors: Sequence[float], moved: float) -> dict[str, Any]:
        """Return a level whose pixels are larger by factors, and by a part of that further on."""
        scale = [along.step * f for along, f in zip(self.scales, factors, strict=True)]
        start = [
            along.start + along.step * (f - 1) * moved
            for along, f in zip(self.scales, factors, strict=True)
        ]
        transformations: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
        if any(start):
            transformations.append({"type": "translation", "translation": start})
        return {"path": str(level), "coordinateTransformations": transformations}

    def _omero(self, ranges: Ranges) -> dict[str, Any]:
        colors = [COLORS[hue] for hue in channel_hues(self.channels)]
        channels = [
            {"label": name, "color": color, "active": True, "window": self._window(ranges.get(i))}
            for i, (name, color) in enumerate(zip(self.channels, colors, strict=True))
        ]
        sizes = dict(zip(self.layout.dims, self.layout.shape, strict=True))
        model = "greyscale" if len(channels) == 1 else "color"
        rendering = {"defaultT": 0, "defaultZ": sizes.get("z", 1) // 2, "model": model}
        return {"channels": channels, "rdefs": rendering}

    def _window(self, found: tuple[float, float] | None) -> dict[str, float]:
        """Return the range of values that viewers show: that of the smallest level."""
        if self.array.dtype.kind == "f":
            low, high = found or (0.0, 1.0)
            least, most = low, max(high, low + 1e-6)
        else:
            limits = np.iinfo(self.array.dtype)
            least, most = float(limits.min), float(limits.max)
            low, high = found or (least, most)
        return {"min": least, "max": most, "start": low, "end": high if high > low else most}

    def _plate(self) -> dict[str, Any]:
        """Return the rows and columns that have wells, and the wells."""
        parts = {well: well.partition("/")[::2] for well in self.layout.wells}
        rows = sorted({row for row, _ in parts.values()}, key=lambda row: (len(row), row))
        columns = sorted(
            {column for _, column in parts.values()},
            key=lambda name: (int(name) if name.isdecimal() else 10**9, name),
        )
        return {
            "name": self.name,
            "rows": [{"name": row} for row in rows],
            "columns": [{"name": column} for column in columns],
            "wells": [
                {"path": well, "rowIndex": rows.index(row), "columnIndex": columns.index(column)}
                for well, (row, column) in parts.items()
            ],
            "field_count": max(map(len, self.layout.wells.values())),
        }


def _ome(model: Any, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a group, validated."""
    valid = model.model_validate(content)
    return {"ome": valid.model_dump(mode="json", by_alias=True, exclude_none=True)}


def channel_names(array: FileArray, layout: ImageLayout) -> list[str]:
    """Return a name for each channel: from file names, from headers, or a number."""
    if "c" not in layout.dims:
        return []
    at = layout.dims.index("c")
    names = [
        _names_along(array, axis, length)
        for axis, length in zip(layout.axes[at], layout.lengths[at], strict=True)
    ]
    return list(map(" ".join, itertools.product(*names)))


def _names_along(array: FileArray, axis: int, length: int) -> list[str]:
    along = array.tiling.axes[axis]
    if along.chunk is None:
        dim = array.dims[axis]
        named = array.gridmetadata.coords.get(f"{dim}_name")  # of channels that have numbers
        if named is not None and named.dims == (dim,) and all(named.values):
            return [str(name) for name in named.values]
        return [str(value) for value in array.coords.get(array.dims[axis], range(length))]
    chunkdim = array.spec.dims[along.chunk]
    if chunkdim == "s" and length in (3, 4):
        return ["red", "green", "blue", "alpha"][:length]
    labels = array.metadata.labels.get(chunkdim)
    if labels is not None and len(labels.names) == length:
        return list(labels.names)
    return list(map(str, range(length)))
