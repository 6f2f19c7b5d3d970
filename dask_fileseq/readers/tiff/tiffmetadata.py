"""Metadata of the axes of a TIFF file: sizes of pixels, names of channels, georeference.

If several parts of a file describe the same axis, the first of these counts: GeoTIFF tags,
OME-XML, ImageJ's description, that of an instrument, the resolution tags. Resolution tags that
are probably a default for printing are no size of pixels. Metadata that cannot be interpreted are
ignored, so that broken metadata never prevent that pixels are read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import tifffile

from dask_fileseq.readers.chunk import ChunkSpec
from dask_fileseq.readers.chunkmetadata import ChunkMetadata, Labels, Scale, positive, unit_name
from dask_fileseq.readers.headercolumns import PRINT, crs_name, pixel_columns
from dask_fileseq.readers.tiff.gdalmetadata import band_metadata, nodata_value
from dask_fileseq.readers.tiff.georeference import georeference
from dask_fileseq.readers.tiff.instruments import instrument_columns, instrument_scales
from dask_fileseq.readers.tiff.omexml import ome_columns, ome_metadata
from dask_fileseq.readers.tiff.tiffseries import selected_series, series_number, unread_images

X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, SOFTWARE = 282, 283, 296, 305
RESOLUTION_UNITS = {2: 25400.0, 3: 10000.0}
"""Micrometres in an inch and in a centimetre, by TIFF's codes of these units."""
IMAGEJ_METADATA = 50839

GEO_KEYS = (34735, 34736, 34737)

FINEST_PRINT = 15.0
"""Micrometres: a pixel that is smaller is none of a print, which has at most about 1,700 dots
per inch."""

INSTRUMENTS = re.compile(
    r"metaseries|metamorph|metaxpress|visiview|micro-?manager|nis-?elements|\bzen\b|zeiss|axiovision"
    r"|\blas ?(x|af)?\b|leica|cellsens|olympus|nikon|slidebook|scanimage|aperio|hamamatsu|hcimage"
    r"|\bndp|andor|harmony|operetta|phenix|cellvoyager|yokogawa|incucyte|imagexpress|ventana|philips"
    r"|dask-fileseq|3dhistech|gatan|digitalmicrograph|\bfei\b|thermo fisher|tescan|jeol|bruker",
    re.I,
)
"""Names of the software of microscopes and slide scanners, in the tag ``Software``, and ours."""

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
    number = image_number(tif, imageargs)
    full = image if image.kind == "page" else tif.series[number]
    page: Any = full.keyframe
    lengths = zip(full.axes.lower(), full.shape, image.shape, strict=True)
    reduced = {axis: whole / max(1, length) for axis, whole, length in lengths}
    scales, crs = georeference(page)
    labels, attrs = band_metadata(page)
    nodata = nodata_value(page, spec.dtype)
    attrs |= {"nodata": nodata} if nodata is not None else {}
    for found, names in (
        ome_metadata(tif, number),
        _imagej_metadata(tif.pages.first, page, spec),
        (instrument_scales(tif), {}),
        (_pixel_scales(page), {}),
    ):
        scales = found | scales
        labels = names | labels
    if imageargs.get("series") == "all" and len({each.name for each in tif.series}) > 1:
        labels["series"] = Labels(tuple(each.name for each in tif.series), "names of images")
    sizes = dict(zip(spec.dims, spec.shape, strict=True))
    return ChunkMetadata(
        {d: s.reduced(reduced.get(d, 1.0)) for d, s in scales.items() if d in sizes},
        {d: label for d, label in labels.items() if len(label.names) == sizes.get(d)},
        crs,
        attrs,
        unread_images(tif, imageargs),
    )


def image_number(tif: tifffile.TiffFile, imageargs: Mapping[str, Any]) -> int:
    """Return the number of the series that arguments select; 0 for pages."""
    return 0 if "key" in imageargs else series_number(tif, imageargs.get("series", 0))


def file_columns(
    tif: tifffile.TiffFile, page: tifffile.TiffPage, number: int, metadata: ChunkMetadata
) -> dict[str, Any]:
    """Return what a file says beside its metadata, by columns of `FileSequence.table`.

    `page` is the first one of the image, and `number` that of its series. The tag
    ``DateTime`` is left out, as it differs between files that are otherwise the same. The
    resolution of prints is there, with its source.
    """
    columns = plane_columns(tif, number)
    if isinstance(software := tif.pages.first.tags.valueof(SOFTWARE), str):
        columns["software"] = software.strip("\0 ")
    is_map = GEO_KEYS[0] in page.tags
    if is_map:
        keys = tuple(repr(page.tags.valueof(code)) for code in GEO_KEYS)
        columns["crs"] = _crs_name(keys, metadata.crs)
    if not {"x", "y"} & metadata.scales.keys() and not is_map:
        prints = resolution_scales(page)
        columns |= pixel_columns({a: replace(s, source=PRINT) for a, s in prints.items()})
    return columns


def plane_columns(tif: tifffile.TiffFile, number: int) -> dict[str, Any]:
    """Return when, where and how the first plane of an image was taken, by columns of a table."""
    return instrument_columns(tif) | ome_columns(tif, number)


def _crs_name(keys: tuple[str, ...], crs: Mapping[str, Any]) -> str | None:
    """Return the name of a system, which `keys` identify."""
    if keys not in _CRS_NAMES:
        if len(_CRS_NAMES) > MOST_CRS_NAMES:
            _CRS_NAMES.clear()
        _CRS_NAMES[keys] = crs_name(crs)
    return _CRS_NAMES[keys]


_CRS_NAMES: dict[tuple[str, ...], str | None] = {}
"""Names of systems by the keys of files. Only `_crs_name` looks into a system, as that takes a
millisecond."""

MOST_CRS_NAMES = 1000


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


def resolution_scales(page: tifffile.TiffPage) -> dict[str, Scale]:
    """Return the sizes of pixels from the resolution tags, in micrometres, also of prints.

    Without a unit, these tags contain only the ratio of x to y. The tags are mandatory, and
    programs write one pixel per inch if the size is unknown.
    """
    unit = RESOLUTION_UNITS.get(page.tags.valueof(RESOLUTION_UNIT, default=2))
    numbers = {"x": _ratio(page, X_RESOLUTION), "y": _ratio(page, Y_RESOLUTION)}
    if unit is None:
        return {}
    return {
        axis: Scale(0.0, unit / number, "µm", "TIFF resolution tags")
        for axis, number in numbers.items()
        if number is not None and number != 1
    }


def _pixel_scales(page: tifffile.TiffPage) -> dict[str, Scale]:
    """Return the sizes of pixels from the resolution tags, unless they are those of a print.

    Editors and cameras write 72, 96 or 300 dots per inch, whatever the image shows. Resolution
    is a size of pixels if it is finer than any print, or the software is that of an instrument.
    """
    scales = resolution_scales(page)
    is_fine = all(scale.step < FINEST_PRINT for scale in scales.values())
    software = page.tags.valueof(SOFTWARE)
    return scales if is_fine or INSTRUMENTS.search(str(software)) else {}


def _ratio(page: tifffile.TiffPage, code: int) -> float | None:
    """Return the ratio in a tag; None if there is none."""
    value = page.tags.valueof(code)
    try:
        numerator, denominator = value if isinstance(value, tuple) else (value, 1)
        return positive(numerator / denominator)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
