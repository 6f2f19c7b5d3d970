"""Georeference of a GeoTIFF: where its pixels are on the ground, and in which system.

Keys and transform follow the OGC GeoTIFF standard,
https://docs.ogc.org/is/19-008r4/19-008r4.html, and where it leaves something open, GDAL.
tifffile decodes the keys; of repeated ones the last counts, as in GDAL.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import tifffile

from dask_fileseq.readers.chunkmetadata import ChunkMetadata, Scale
from dask_fileseq.readers.tiff.crsattributes import CRSAttributes
from dask_fileseq.readers.tiff.geokeys import DEGREES, epsg_code, is_projected

PLACES = 33550, 33922, 34264
"""TIFF's codes of pixel scale, tiepoint and transformation."""

UNITS = {9001: "metre", 9002: "foot", 9003: "US_survey_foot"}
GRADS = frozenset((4807, 4810, 4811, 4816, 4819, 4821, 4901, 4902))
"""EPSG codes of the geographic systems whose angles are no degrees."""

Affine = tuple[float, float, float, float, float, float]
"""The corner of pixel (column, row): ``x = a * column + b * row + c, y = d * column + e * row + f``
for ``a, b, c, d, e, f``."""


def georeference(page: tifffile.TiffPage) -> tuple[dict[str, Scale], Mapping[str, Any]]:
    """Return the scales of x and y and the coordinate reference system of a page.

    Scales are those of pixel centres. If rows are not parallel to an axis, there are none, and
    the system contains the attribute ``GeoTransform``, as GDAL has it.
    """
    return _placed(_geo_keys(page), {code: _numbers(page, code) for code in PLACES})


def placed(metadata: ChunkMetadata, places: Mapping[int, list[float]]) -> ChunkMetadata | None:
    """Return the metadata of a file that is alike but for the numbers in its tags of places.

    None if not the same axes are on the ground.
    """
    keys = metadata.crs.geo_keys if isinstance(metadata.crs, CRSAttributes) else {}
    found, crs = _placed(keys, places)
    absolute = {axis for axis, scale in metadata.scales.items() if scale.absolute}
    if absolute:
        if not absolute <= found.keys():
            return None
        moved = {axis: found[axis] for axis in absolute}
        return replace(metadata, scales={**metadata.scales, **moved})
    return None if found else replace(metadata, crs=crs)


def _placed(
    keys: Mapping[str, Any], places: Mapping[int, list[float]]
) -> tuple[dict[str, Scale], Mapping[str, Any]]:
    """Return the scales and the system for geo keys and the numbers in the tags of places."""
    crs = CRSAttributes(keys, {}) if keys else {}
    affine = _affine(places, is_point=keys.get("GTRasterTypeGeoKey") == 2)
    if affine is None:
        return {}, crs
    a, b, c, d, e, f = affine
    if b or d:
        return {}, CRSAttributes(keys, {"GeoTransform": f"{c!r} {a!r} {b!r} {f!r} {d!r} {e!r}"})
    scales = {}
    for axis, start, step in (("x", c + a / 2, a), ("y", f + e / 2, e)):
        units, attrs = _axis_attributes(keys, axis)
        scales[axis] = Scale(start, step, units, "GeoTIFF tags", attrs, absolute=True)
    return scales, crs


def _geo_keys(page: tifffile.TiffPage) -> dict[str, Any]:
    """Return the GeoKeys of a page by name: codes, numbers and texts as Python's own types."""
    try:
        tags = page.geotiff_tags or {}
    except Exception:  # of any broken tag
        return {}
    keys = {name: value for name, value in tags.items() if str(name).endswith("GeoKey")}
    texts = {k: v.rstrip("|\0").strip() for k, v in keys.items() if isinstance(v, str)}
    whole = {k: int(v) for k, v in keys.items() if isinstance(v, int)}
    return texts | whole | {k: v for k, v in keys.items() if isinstance(v, float)}


def _affine(places: Mapping[int, list[float]], is_point: bool) -> Affine | None:
    """Return the transform that tags give, None if they give none.

    If `is_point`, tags refer to the centres of pixels, otherwise to corners.
    """
    scale, tie, matrix = (places.get(code, []) for code in PLACES)
    if len(scale) >= 2 and scale[0] and scale[1]:
        if len(tie) < 6:
            return None
        column, row, _, x, y = tie[:5]
        a, b, c = scale[0], 0.0, x - column * scale[0]
        d, e, f = 0.0, -abs(scale[1]), y + row * abs(scale[1])
    elif len(matrix) == 16:
        a, b, c, d, e, f = (matrix[i] for i in (0, 1, 3, 4, 5, 7))
    else:
        return None
    if is_point:
        c, f = c - (a + b) / 2, f - (d + e) / 2
    finite = all(map(math.isfinite, (a, b, c, d, e, f)))
    return (a, b, c, d, e, f) if finite and a * e != b * d else None


def _numbers(page: tifffile.TiffPage, code: int) -> list[float]:
    """Return the numbers in a tag; none if there is no such tag, or it contains others."""
    value = page.tags.valueof(code)
    try:
        return [] if value is None else np.atleast_1d(np.asarray(value, float)).tolist()
    except (TypeError, ValueError):
        return []


def _axis_attributes(keys: Mapping[str, Any], axis: str) -> tuple[str, dict[str, str]]:
    """Return the units and the attributes of x or y, as CF has them.

    Units are known without pyproj if a key contains them, or if they follow from the code.
    """
    attrs = {"axis": axis.upper()}
    if is_projected(keys):
        attrs["long_name"] = f"{axis} coordinate of projection"
        attrs["standard_name"] = f"projection_{axis}_coordinate"
        is_utm = epsg_code(keys, "ProjectedCSTypeGeoKey") // 100 in (326, 327)
        return UNITS.get(keys.get("ProjLinearUnitsGeoKey", 9001 if is_utm else 0), ""), attrs
    if keys.get("GTModelTypeGeoKey") == 2:
        name, units = {"x": ("longitude", "degrees_east"), "y": ("latitude", "degrees_north")}[axis]
        attrs["long_name"] = attrs["standard_name"] = name
        in_degrees = keys.get("GeogAngularUnitsGeoKey", 9102) in DEGREES
        has_grads = epsg_code(keys, "GeographicTypeGeoKey") in GRADS
        return units if in_degrees and not has_grads else "", attrs
    return "", attrs
