"""Metadata of OME-Zarr 0.5 through yaozarrs: images, plates, collections.

See https://ngff.openmicroscopy.org/0.5/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from yaozarrs import v05

from dask_fileseq.convert.colors import channel_colors
from dask_fileseq.convert.omelayout import Image, Layout
from dask_fileseq.convert.omescales import AxisScale
from dask_fileseq.convert.targetstore import as_json

__all__ = ["OmeImage", "group_objects"]

AXES = {
    "t": v05.TimeAxis,
    "c": v05.ChannelAxis,
    "z": v05.SpaceAxis,
    "y": v05.SpaceAxis,
    "x": v05.SpaceAxis,
}


@dataclass(frozen=True)
class OmeImage:
    """What all images of a target have in common."""

    name: str
    layout: Layout
    scales: Sequence[AxisScale]
    channels: Sequence[str]
    dtype: np.dtype[Any]
    halved: Sequence[bool]
    levels: int
    method: str
    ranges: Mapping[int, tuple[float, float]]
    """Lowest and highest value of each channel."""
    labels: Mapping[str, Any]
    """Values along the axes of the files, as JSON takes them, by dimension."""
    dims: Sequence[str]
    """The axes of the file array."""


def group_objects(ome: OmeImage) -> Iterator[tuple[str, bytes]]:
    """Yield key and content of the metadata of each group; that of the root comes last."""
    layout = ome.layout
    for image in layout.images:
        about = {"ome": _dumped(_image(ome, image)), "fileseq": _labels_of(ome, image)}
        yield _group(image.path, about)
    if layout.kind == "plate":
        for row in dict.fromkeys(well.partition("/")[0] for well in layout.wells):
            yield _group(row, {})
        for well, fields in layout.wells.items():
            images = [v05.FieldOfView(path=path) for path in fields]
            yield _group(well, {"ome": _dumped(v05.Well(well=v05.WellDef(images=images)))})
        yield _group("", {"ome": _dumped(_plate(ome))})
    elif layout.kind == "collection":
        series = v05.Series(series=[image.path for image in layout.images])
        yield _group("OME", {"ome": _dumped(series)})
        yield _group("", {"ome": _dumped(v05.Bf2Raw.model_validate({"bioformats2raw.layout": 3}))})


def _group(path: str, attributes: Mapping[str, Any]) -> tuple[str, bytes]:
    content = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    key = f"{path}/zarr.json" if path else "zarr.json"
    return key, as_json(content)


def _dumped(model: Any) -> dict[str, Any]:
    dumped: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped


def _labels_of(ome: OmeImage, image: Image) -> dict[str, Any]:
    """Return the values along the axes of an image, and those at which it stands."""
    at = {}
    for axis, i in image.at.items():
        values = ome.labels.get(ome.dims[axis])
        at[ome.dims[axis]] = values[i] if isinstance(values, list) else i
    along = {
        role: {
            ome.dims[axis]: ome.labels[ome.dims[axis]]
            for axis in axes
            if ome.dims[axis] in ome.labels
        }
        for role, axes in zip(ome.layout.dims, ome.layout.axes, strict=True)
    }
    return {"at": at, "along": {role: values for role, values in along.items() if values}}


def _image(ome: OmeImage, image: Image) -> v05.Image:
    units = [{"unit": scale.unit} if scale.unit else {} for scale in ome.scales]
    multiscale = v05.Multiscale(
        name=_image_name(ome, image),
        axes=[
            AXES[dim](name=dim, **unit) for dim, unit in zip(ome.layout.dims, units, strict=True)
        ],
        datasets=[_dataset(ome, level) for level in range(ome.levels)],
        type=ome.method,
        metadata={"description": _description(ome.method)},
    )
    about: dict[str, Any] = {"multiscales": [multiscale]}
    if ome.channels and ome.dtype.kind in "uif":
        about["omero"] = _omero(ome)
    return v05.Image(**about)


def _description(method: str) -> str:
    what = {"mean": "the mean of 2 x 2 pixels", "nearest": "the first of 2 x 2 pixels"}[method]
    return f"each level has half the pixels of the one before along y and x: {what}"


def _image_name(ome: OmeImage, image: Image) -> str:
    """Return the name of an image, with what tells it from the others."""
    if ome.layout.kind != "collection":
        return f"{ome.name}/{image.path}" if image.path else ome.name
    at = _labels_of(ome, image)["at"]
    return f"{ome.name} {', '.join(f'{dim} {value}' for dim, value in at.items())}"


def _dataset(ome: OmeImage, level: int) -> v05.Dataset:
    """Return scale and translation of a level: the centre of its first pixel moves with means."""
    halvings = [  # one pixel alone is not halved
        min(level, (n - 1).bit_length()) if half else 0
        for n, half in zip(ome.layout.shape, ome.halved, strict=True)
    ]
    factors = [2.0**times for times in halvings]
    moved = 0.5 if ome.method == "mean" and ome.dtype.kind != "b" else 0.0
    scale = [s.step * factor for s, factor in zip(ome.scales, factors, strict=True)]
    start = [
        s.start + s.step * (factor - 1) * moved
        for s, factor in zip(ome.scales, factors, strict=True)
    ]
    transformations: list[Any] = [v05.ScaleTransformation(scale=scale)]
    if any(start):
        transformations.append(v05.TranslationTransformation(translation=start))
    return v05.Dataset(path=str(level), coordinateTransformations=transformations)


def _omero(ome: OmeImage) -> v05.Omero:
    channels = [
        v05.OmeroChannel(
            label=name, color=color, active=True, window=_window(ome.dtype, ome.ranges.get(number))
        )
        for number, (name, color) in enumerate(
            zip(ome.channels, channel_colors(ome.channels), strict=True)
        )
    ]
    sizes = dict(zip(ome.layout.dims, ome.layout.shape, strict=True))
    rendering = v05.OmeroRenderingDefs(
        defaultT=0,
        defaultZ=sizes.get("z", 1) // 2,
        model="greyscale" if len(channels) == 1 else "color",
    )
    return v05.Omero(channels=channels, rdefs=rendering)


def _window(dtype: np.dtype[Any], found: tuple[float, float] | None) -> v05.OmeroWindow:
    """Return the range of values that viewers show: that of the smallest level."""
    if dtype.kind == "f":
        low, high = found or (0.0, 1.0)
        least, most = low, max(high, low + 1e-6)
    else:
        limits = np.iinfo(dtype)
        least, most = float(limits.min), float(limits.max)
        low, high = found or (least, most)
    return v05.OmeroWindow(min=least, max=most, start=low, end=high if high > low else most)


def _plate(ome: OmeImage) -> v05.Plate:
    """Return the rows and columns that have wells, and the wells."""
    wells = list(ome.layout.wells)
    rows = sorted({well.partition("/")[0] for well in wells}, key=lambda row: (len(row), row))
    columns = sorted({well.partition("/")[2] for well in wells}, key=_natural)
    return v05.Plate(
        plate=v05.PlateDef(
            name=ome.name,
            rows=[v05.Row(name=row) for row in rows],
            columns=[v05.Column(name=column) for column in columns],
            wells=[
                v05.PlateWell(
                    path=well,
                    rowIndex=rows.index(well.partition("/")[0]),
                    columnIndex=columns.index(well.partition("/")[2]),
                )
                for well in wells
            ],
            field_count=max(map(len, ome.layout.wells.values())),
        )
    )


def _natural(column: str) -> tuple[int, str]:
    return (int(column), column) if column.isdecimal() else (10**9, column)
