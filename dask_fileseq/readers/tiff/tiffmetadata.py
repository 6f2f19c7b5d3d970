"""What one TIFF file says of its axes: sizes of pixels, names of channels, georeference.

Where several parts of a file speak of the same axis, the first of these counts:
GeoTIFF tags, OME-XML, ImageJ's description, the resolution tags. What cannot be
understood is as if it were not there: no metadata, however broken, keeps pixels from
being read.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile

from dask_fileseq.readers.chunk import ChunkSpec
from dask_fileseq.readers.chunkmetadata import ChunkMetadata, Labels, Scale, positive, unit_name
from dask_fileseq.readers.tiff.georeference import georeference

__all__ = ["imagej_metadata", "ome_metadata", "tiff_metadata"]

X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
MICROMETRES = {2: 25400.0, 3: 10000.0}
"""In one inch and one centimetre, by the codes of these units."""
IMAGEJ_METADATA, GDAL_NODATA = 50839, 42113

Found = tuple[dict[str, Scale], dict[str, Labels]]


def tiff_metadata(
    tif: tifffile.TiffFile, spec: ChunkSpec, imageargs: Mapping[str, Any]
) -> ChunkMetadata:
    """Return what an open file says of the axes of one of its images.

    Parameters
    ----------
    tif
        The open file.
    spec
        What the image is.
    imageargs
        Which it is: ``series`` and ``level``, or ``key`` for a page. What other
        arguments select has axes of which nothing is known.
    """
    selecting = imageargs.keys() - {"maxworkers", "buffersize"}
    reduced = {"y": 1.0, "x": 1.0}
    if selecting == {"key"} and isinstance(imageargs["key"], int | np.integer):
        number, page = 0, tif.pages.get(int(imageargs["key"])).keyframe
    elif selecting <= {"series", "level"}:
        number = imageargs.get("series", 0)
        base = tif.series[number]
        page = base.keyframe
        shape = base.levels[imageargs.get("level", 0)].shape
        for axis, full, length in zip(base.axes.lower(), base.shape, shape, strict=True):
            reduced[axis] = full / max(1, length)
    else:
        return ChunkMetadata()
    assert page is not None
    scales, crs = georeference(page)
    labels: dict[str, Labels] = {}
    for found, names in (
        _ome(tif, number),
        _imagej(tif.pages.first, page, spec),
        (_resolution_scales(page), {}),
    ):
        scales = found | scales
        labels = names | labels
    return ChunkMetadata(
        {d: s.reduced(reduced.get(d, 1.0)) for d, s in scales.items() if d in spec.dims},
        {
            dim: label
            for dim, label in labels.items()
            if dim in spec.dims and len(label.names) == spec.shape[spec.dims.index(dim)]
        },
        crs,
        _nodata(page, spec.dtype),
    )


def _nodata(page: tifffile.TiffPage, dtype: np.dtype[Any]) -> dict[str, Any]:
    """Return the value that GDAL says stands for no value, if the pixels can have it."""
    text = page.tags.valueof(GDAL_NODATA)
    try:
        number = float(str(text).strip("\0 "))
        value = dtype.type(number) if dtype.kind == "f" else dtype.type(int(number))
    except (TypeError, ValueError, OverflowError):
        return {}
    return {"nodata": value} if value == number or math.isnan(number) else {}


# OME-XML


def _ome(tif: tifffile.TiffFile, series: int) -> Found:
    page = tif.pages.first
    if not page.is_ome:  # of the page: the file itself may be opened as if it were none
        return {}, {}
    series = series if len(tif.series) and tif.series[0].kind == "ome" else 0
    return ome_metadata(page.description, tif.filename, series)


def ome_metadata(xml: str, filename: str = "", series: int = 0) -> Found:
    """Return what OME-XML says of the sizes of pixels and the names of channels.

    Of many images, as in a set of files that all bear the metadata of the set, it is
    the one that names this file, else that of the series.

    See https://docs.openmicroscopy.org/ome-model/latest/.

    >>> xml = '''<OME><Image><Pixels PhysicalSizeX="250" PhysicalSizeXUnit="nm">
    ...          <Channel ID="Channel:0" Name="DAPI"/></Pixels></Image></OME>'''
    >>> scales, labels = ome_metadata(xml)
    >>> scales["x"].values(3), scales["x"].units, labels["c"].names
    (array([  0., 250., 500.]), 'nm', ('DAPI',))
    """
    try:
        root = ElementTree.fromstring(xml)
    except (ElementTree.ParseError, ValueError):
        return {}, {}
    images = [pixels for image in _children(root, "Image") for pixels in _children(image, "Pixels")]
    own = [pixels for pixels in images if os.path.basename(filename) in _files(pixels)]
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
    channels = list(_children(pixels, "Channel"))
    if not any(channel.get("Name") for channel in channels):
        return scales, {}
    names = tuple(channel.get("Name") or str(channel.get("ID")) for channel in channels)
    return scales, {"c": Labels(names, "OME-XML Channel Name")}


def _children(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    """Yield the children of a name, in whichever version of the schema."""
    return (child for child in element if child.tag.rpartition("}")[2] == name)


def _files(pixels: ElementTree.Element) -> set[str]:
    """Return the names of the files in which the planes of an image are."""
    names = (e.get("FileName") for e in pixels.iter() if e.tag.rpartition("}")[2] == "UUID")
    return {os.path.basename(name) for name in names if name}


# ImageJ


def _imagej(first: tifffile.TiffPage, page: tifffile.TiffPage, spec: ChunkSpec) -> Found:
    if first.imagej_description is None:
        return {}, {}
    slices = first.tags.valueof(IMAGEJ_METADATA)
    names = slices.get("Labels", ()) if isinstance(slices, dict) else ()
    return imagej_metadata(
        first.imagej_description,
        (_ratio(page, X_RESOLUTION), _ratio(page, Y_RESOLUTION)),
        (names,) if isinstance(names, str) else tuple(names),
        spec,
    )


def imagej_metadata(
    description: str,
    resolution: tuple[float | None, float | None],
    slices: tuple[str, ...],
    spec: ChunkSpec,
) -> Found:
    r"""Return what ImageJ says of the sizes of pixels and the names of channels.

    Parameters
    ----------
    description
        Lines ``name=value``.
    resolution
        Pixels in a unit along x and y, from the resolution tags.
    slices
        The labels of all planes in their order.
    spec
        What the image is.

    Examples
    --------
    >>> spec = ChunkSpec((5, 8, 9), np.dtype("u1"), ("z", "y", "x"), (5, 8, 9))
    >>> scales, labels = imagej_metadata("ImageJ=1.53\nunit=micron\nspacing=2.0\nxorigin=4\n",
    ...                                  (10.0, 10.0), (), spec)
    >>> scales["x"].values(3), scales["z"].values(3), scales["z"].units
    (array([-0.4, -0.3, -0.2]), array([0., 2., 4.]), 'µm')
    """
    lines = (line.partition("=") for line in description.splitlines())
    said = {name.strip(): value.strip() for name, _, value in lines}
    x_unit = unit_name(said.get("unit", ""))
    scales = {}
    sizes = [1 / number if number else None for number in resolution]
    depth = positive(said.get("spacing", "").lstrip("-"))  # ImageJ ignores its sign, too
    for axis, size in (("x", sizes[0]), ("y", sizes[1]), ("z", depth)):
        unit = unit_name(said.get(f"{axis}unit", x_unit))
        if size and unit:
            origin = _number(said.get(f"{axis}origin"))
            source = "ImageJ spacing" if axis == "z" else "ImageJ unit, TIFF resolution"
            scales[axis] = Scale(0.0, size, unit, source).shifted(-origin)
    names = _channels_of_slices(slices, spec)
    return scales, {"c": Labels(names, "ImageJ Labels")} if names else {}


def _channels_of_slices(slices: tuple[str, ...], spec: ChunkSpec) -> tuple[str, ...]:
    """Return the names of channels, if the labels of planes differ by channel alone."""
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
    """Return a number, 0 if it is none."""
    try:
        number = float(text or 0)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


# the resolution tags


def _resolution_scales(page: tifffile.TiffPage) -> dict[str, Scale]:
    """Return the sizes of pixels that the resolution tags tell, in micrometres.

    Without a unit they tell only how x is to y. One pixel to the inch is what programs
    write that know no better, as the tags are mandatory.
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
    """Return the ratio in a tag, None if there is none."""
    value = page.tags.valueof(code)
    try:
        numerator, denominator = value if isinstance(value, tuple) else (value, 1)
        return positive(numerator / denominator)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
