"""Metadata of the axes of a TIFF file: sizes of pixels, names of channels, georeference.

If several parts of a file describe the same axis, the first of these counts: GeoTIFF tags,
OME-XML, ImageJ's description, the resolution tags. Metadata that cannot be interpreted are
ignored, so that broken metadata never prevent that pixels are read.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile

from dask_fileseq.readers.chunk import ChunkSpec
from dask_fileseq.readers.chunkmetadata import ChunkMetadata, Labels, Scale, positive, unit_name
from dask_fileseq.readers.tiff.georeference import georeference
from dask_fileseq.readers.tiff.tiffseries import selected_series

X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
MICROMETRES = {2: 25400.0, 3: 10000.0}
"""Micrometres in an inch and in a centimetre, by TIFF's codes of these units."""
IMAGEJ_METADATA, GDAL_NODATA = 50839, 42113

Found = tuple[dict[str, Scale], dict[str, Labels]]


def tiff_metadata(
    tif: tifffile.TiffFile, spec: ChunkSpec, imageargs: Mapping[str, Any]
) -> ChunkMetadata:
    """Return the metadata of the axes of one image in an open file.

    Arguments select the image: ``series`` and ``level``, or ``key`` for a page. The result
    is empty if others are given.
    """
    image = selected_series(tif, imageargs)
    if image is None:
        return ChunkMetadata()
    number = imageargs.get("series", 0)
    full = image if image.kind == "page" else tif.series[number]
    page: Any = full.keyframe
    lengths = zip(full.axes.lower(), full.shape, image.shape, strict=True)
    reduced = {axis: whole / max(1, length) for axis, whole, length in lengths}
    scales, crs = georeference(page)
    labels: dict[str, Labels] = {}
    for found, names in (
        _ome_metadata(tif, number),
        _imagej_metadata(tif.pages.first, page, spec),
        (_resolution_scales(page), {}),
    ):
        scales = found | scales
        labels = names | labels
    sizes = dict(zip(spec.dims, spec.shape, strict=True))
    return ChunkMetadata(
        {d: s.reduced(reduced.get(d, 1.0)) for d, s in scales.items() if d in sizes},
        {d: label for d, label in labels.items() if len(label.names) == sizes.get(d)},
        crs,
        _nodata(page, spec.dtype),
    )


def _nodata(page: tifffile.TiffPage, dtype: np.dtype[Any]) -> dict[str, Any]:
    """Return GDAL's value for missing pixels, if the dtype can represent it."""
    text = page.tags.valueof(GDAL_NODATA)
    try:
        number = float(str(text).strip("\0 "))
        value = dtype.type(number) if dtype.kind == "f" else dtype.type(int(number))
    except (TypeError, ValueError, OverflowError):
        return {}
    return {"nodata": value} if value == number or math.isnan(number) else {}


# OME-XML


def _ome_metadata(tif: tifffile.TiffFile, series: int) -> Found:
    """Return the sizes of pixels and the names of channels from OME-XML.

    Of several images, as in files that contain the metadata of a whole set, the one that
    refers to this file counts, else that with the number of the series.
    See https://docs.openmicroscopy.org/ome-model/latest/.
    """
    page = tif.pages.first
    if not page.is_ome:  # of the page: the file itself may be opened as if it were none
        return {}, {}
    series = series if len(tif.series) and tif.series[0].kind == "ome" else 0
    try:
        root = ElementTree.fromstring(page.description)
    except (ElementTree.ParseError, ValueError):
        return {}, {}
    images = root.findall("{*}Image/{*}Pixels")  # in any version of the schema
    name = os.path.basename(tif.filename)
    own = []
    for pixels in images:
        files = [uuid.get("FileName", "") for uuid in pixels.iterfind(".//{*}UUID")]
        if name and name in map(os.path.basename, files):
            own.append(pixels)
    images = own or images
    if not images:
        return {}, {}
    pixels = images[series] if series < len(images) else images[0]
    scales = {}
    for axis in "XYZ":
        size = positive(pixels.get(f"PhysicalSize{axis}"))
        unit = unit_name(pixels.get(f"PhysicalSize{axis}Unit", "µm"))
        if size and unit:
            scales[axis.lower()] = Scale(0.0, size, unit, f"OME-XML PhysicalSize{axis}")
    channels = pixels.findall("{*}Channel")
    if not any(channel.get("Name") for channel in channels):
        return scales, {}
    names = tuple(channel.get("Name") or str(channel.get("ID")) for channel in channels)
    return scales, {"c": Labels(names, "OME-XML Channel Name")}


# ImageJ


def _imagej_metadata(first: tifffile.TiffPage, page: tifffile.TiffPage, spec: ChunkSpec) -> Found:
    """Return the sizes of pixels and the names of channels from ImageJ's metadata.

    The resolution tags contain the number of pixels per unit along x and y.
    """
    if first.imagej_description is None:
        return {}, {}
    lines = (line.partition("=") for line in first.imagej_description.splitlines())
    values = {name.strip(): value.strip() for name, _, value in lines}
    x_unit = unit_name(values.get("unit", ""))
    scales = {}
    resolution = _ratio(page, X_RESOLUTION), _ratio(page, Y_RESOLUTION)
    sizes = [1 / number if number else None for number in resolution]
    depth = positive(values.get("spacing", "").lstrip("-"))  # ImageJ ignores its sign, too
    for axis, size in (("x", sizes[0]), ("y", sizes[1]), ("z", depth)):
        unit = unit_name(values.get(f"{axis}unit", x_unit))
        if size and unit:
            origin = _number(values.get(f"{axis}origin"))
            source = "ImageJ spacing" if axis == "z" else "ImageJ unit, TIFF resolution"
            scales[axis] = Scale(0.0, size, unit, source).shifted(-origin)
    more = first.tags.valueof(IMAGEJ_METADATA)
    slices = more.get("Labels", ()) if isinstance(more, dict) else ()
    names = _channels_of_slices((slices,) if isinstance(slices, str) else tuple(slices), spec)
    return scales, {"c": Labels(names, "ImageJ Labels")} if names else {}


def _channels_of_slices(slices: tuple[str, ...], spec: ChunkSpec) -> tuple[str, ...]:
    """Return the names of channels, if the labels of planes depend on the channel alone."""
    over = [i for i, dim in enumerate(spec.dims) if dim not in ("y", "x", "s")]
    shape = [spec.shape[i] for i in over]
    dims = [spec.dims[i] for i in over]
    if "c" not in dims or len(slices) != math.prod(shape):
        return ()
    titles = np.array([label.partition("\n")[0].strip() for label in slices])
    by_channel = np.moveaxis(titles.reshape(shape), dims.index("c"), -1)
    by_channel = by_channel.reshape(-1, by_channel.shape[-1])
    names = tuple(by_channel[0].tolist())
    return names if all(names) and (by_channel == by_channel[0]).all() else ()


def _number(text: str | None) -> float:
    """Return a finite number; 0 if the text is none."""
    try:
        number = float(text or 0)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


# the resolution tags


def _resolution_scales(page: tifffile.TiffPage) -> dict[str, Scale]:
    """Return the sizes of pixels from the resolution tags, in micrometres.

    Without a unit, these tags contain only the ratio of x to y. The tags are mandatory, and
    programs write one pixel per inch if the size is unknown.
    """
    unit = MICROMETRES.get(page.tags.valueof(RESOLUTION_UNIT, default=2))
    numbers = {"x": _ratio(page, X_RESOLUTION), "y": _ratio(page, Y_RESOLUTION)}
    if unit is None:
        return {}
    return {
        axis: Scale(0.0, unit / number, "µm", "TIFF resolution tags")
        for axis, number in numbers.items()
        if number is not None and number != 1
    }


def _ratio(page: tifffile.TiffPage, code: int) -> float | None:
    """Return the ratio in a tag; None if there is none."""
    value = page.tags.valueof(code)
    try:
        numerator, denominator = value if isinstance(value, tuple) else (value, 1)
        return positive(numerator / denominator)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
