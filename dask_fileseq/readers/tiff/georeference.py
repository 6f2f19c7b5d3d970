"""Where the pixels of a GeoTIFF lie on the ground, from its tags alone.

See the OGC GeoTIFF standard, https://docs.ogc.org/is/19-008r4/19-008r4.html. Without a
projection library, a coordinate reference system is what the tags say: an EPSG code,
names, an ellipsoid. It is written out as WKT where the code alone tells all: WGS 84
and its UTM zones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import tifffile

from dask_fileseq.readers.chunkmetadata import Scale

__all__ = ["crs_attributes", "geo_keys", "georeference"]

PIXEL_SCALE, TIEPOINT, TRANSFORMATION = 33550, 33922, 34264
DIRECTORY, DOUBLES, TEXTS = 34735, 34736, 34737

MODEL_TYPE, RASTER_TYPE, CITATION = 1024, 1025, 1026
GEOGRAPHIC, GEOGRAPHIC_NAME, ANGULAR_UNITS = 2048, 2049, 2054
SEMI_MAJOR_AXIS, INVERSE_FLATTENING = 2057, 2059
PROJECTED, PROJECTED_NAME, LINEAR_UNITS = 3072, 3073, 3076
CODES = {MODEL_TYPE, RASTER_TYPE, GEOGRAPHIC, ANGULAR_UNITS, PROJECTED, LINEAR_UNITS}

UNITS = {9001: "metre", 9002: "foot", 9003: "US_survey_foot", 9102: "degree"}
USER_DEFINED = 32767
ESRI_WKT = "ESRI PE String = "

_WGS_84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,'
    'AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],'
    'PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],'
    'UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
)

Affine = tuple[float, float, float, float, float, float]
"""The corner of pixel (column, row): ``x = a * column + b * row + c, y = d * column + e * row + f``
for ``a, b, c, d, e, f``."""


def georeference(page: tifffile.TiffPage) -> tuple[dict[str, Scale], dict[str, Any]]:
    """Return the scales of x and y and the coordinate reference system of a page.

    Returns
    -------
    scales : dict
        Of pixel centres; none where rows are not parallels of the axes.
    crs : dict
        Attributes of a CF grid mapping variable, as `crs_attributes` has them; with
        ``GeoTransform``, as GDAL has it, in place of scales that do not exist.
    """
    keys = geo_keys(page)
    affine = _affine(page, is_point=keys.get(RASTER_TYPE) == 2)
    crs = crs_attributes(keys)
    if affine is None:
        return {}, crs
    a, b, c, d, e, f = affine
    if b or d:
        return {}, crs | {"GeoTransform": f"{c!r} {a!r} {b!r} {f!r} {d!r} {e!r}"}
    source = "GeoTIFF tags"
    x_attrs, y_attrs, units = _axis_attributes(keys)
    scales = {
        "x": Scale(c + a / 2, a, units["x"], source, x_attrs, absolute=True),
        "y": Scale(f + e / 2, e, units["y"], source, y_attrs, absolute=True),
    }
    return scales, crs


def _affine(page: tifffile.TiffPage, is_point: bool) -> Affine | None:
    """Return how pixels lie, None if the tags do not say.

    Where `is_point`, tags speak of the centres of pixels, otherwise of corners.
    """
    matrix = _numbers(page, TRANSFORMATION)
    scale, tie = _numbers(page, PIXEL_SCALE), _numbers(page, TIEPOINT)
    if len(matrix) == 16:
        a, b, c, d, e, f = (matrix[i] for i in (0, 1, 3, 4, 5, 7))
    elif len(scale) >= 2 and len(tie) >= 6 and scale[0] and scale[1]:
        column, row, _, x, y = tie[:5]
        a, b, c = scale[0], 0.0, x - column * scale[0]
        d, e, f = 0.0, -abs(scale[1]), y + row * abs(scale[1])
    else:
        return None
    if is_point:
        c, f = c - (a + b) / 2, f - (d + e) / 2
    finite = all(map(math.isfinite, (a, b, c, d, e, f)))
    return (a, b, c, d, e, f) if finite and a * e != b * d else None


def _numbers(page: tifffile.TiffPage, code: int) -> list[float]:
    """Return the numbers in a tag; none if there is no such tag, or it holds others."""
    value = page.tags.valueof(code)
    try:
        return [] if value is None else np.atleast_1d(np.asarray(value, float)).tolist()
    except (TypeError, ValueError):
        return []


def geo_keys(page: tifffile.TiffPage) -> dict[int, Any]:
    """Return the GeoKeys of a page: codes as int, numbers as float and texts as str."""
    directory = [int(number) for number in _numbers(page, DIRECTORY)]
    doubles = _numbers(page, DOUBLES)
    texts = page.tags.valueof(TEXTS)
    keys: dict[int, Any] = {}
    for start in range(4, len(directory) - 3, 4):
        key, place, count, value = directory[start : start + 4]
        if place == 0:
            keys[key] = value
        elif key in CODES:  # which stand in the directory itself
            continue
        elif place == DOUBLES and count == 1 and value < len(doubles):
            keys[key] = doubles[value]
        elif place == TEXTS and isinstance(texts, str):
            keys[key] = texts[value : value + count].rstrip("|\0").strip()
    return keys


def crs_attributes(keys: Mapping[int, Any]) -> dict[str, Any]:
    """Return a coordinate reference system as attributes of a CF grid mapping variable.

    ``spatial_ref`` is what GDAL, rioxarray and pyproj read: WKT, or a code such as
    ``EPSG:28355``. ``crs_wkt`` is there where it is WKT, ``epsg`` where there is a code.

    >>> crs_attributes({MODEL_TYPE: 1, PROJECTED: 28355, CITATION: "GDA94 / MGA zone 55"})
    {'projected_crs_name': 'GDA94 / MGA zone 55', 'spatial_ref': 'EPSG:28355', 'epsg': 28355}
    """
    projected = _is_projected(keys)
    names = {
        "projected_crs_name": (keys.get(PROJECTED_NAME) or keys.get(CITATION)) if projected else "",
        "geographic_crs_name": keys.get(GEOGRAPHIC_NAME),
        "semi_major_axis": keys.get(SEMI_MAJOR_AXIS),
        "inverse_flattening": keys.get(INVERSE_FLATTENING),
    }
    attrs: dict[str, Any] = {name: value for name, value in names.items() if value}
    code = keys.get(PROJECTED if projected else GEOGRAPHIC, 0)
    for citation in (keys.get(PROJECTED_NAME), keys.get(CITATION)):
        if isinstance(citation, str) and citation.startswith(ESRI_WKT):
            wkt = citation.removeprefix(ESRI_WKT)
            return {"crs_wkt": wkt, "spatial_ref": wkt}
    if 0 < code < USER_DEFINED:
        attrs |= _coded(code) or {"spatial_ref": f"EPSG:{code}"}
        attrs["epsg"] = code
    if not projected and attrs:
        attrs["grid_mapping_name"] = "latitude_longitude"
    return attrs


def _is_projected(keys: Mapping[int, Any]) -> bool:
    return bool(keys.get(MODEL_TYPE) == 1 or (MODEL_TYPE not in keys and PROJECTED in keys))


def _coded(code: int) -> dict[str, Any]:
    """Return all about a coordinate reference system of which the code tells all."""
    if code == 4326:
        return {"crs_wkt": _WGS_84, "spatial_ref": _WGS_84}
    half, zone = divmod(code, 100)
    if half not in (326, 327) or not 1 <= zone <= 60:
        return {}
    meridian, northing = 6 * zone - 183, 0 if half == 326 else 10_000_000
    wkt = (
        f'PROJCS["WGS 84 / UTM zone {zone}{"N" if half == 326 else "S"}",{_WGS_84},'
        'PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],'
        f'PARAMETER["central_meridian",{meridian}],PARAMETER["scale_factor",0.9996],'
        f'PARAMETER["false_easting",500000],PARAMETER["false_northing",{northing}],'
        'UNIT["metre",1,AUTHORITY["EPSG","9001"]],'
        f'AXIS["Easting",EAST],AXIS["Northing",NORTH],AUTHORITY["EPSG","{code}"]]'
    )
    return {
        "crs_wkt": wkt,
        "spatial_ref": wkt,
        "grid_mapping_name": "transverse_mercator",
        "latitude_of_projection_origin": 0.0,
        "longitude_of_central_meridian": float(meridian),
        "scale_factor_at_central_meridian": 0.9996,
        "false_easting": 500000.0,
        "false_northing": float(northing),
    }


def _axis_attributes(
    keys: Mapping[int, Any],
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Return the attributes of x and of y, as CF has them, and their units."""
    x, y = {"axis": "X"}, {"axis": "Y"}
    if _is_projected(keys):
        for attrs, name in ((x, "x"), (y, "y")):
            attrs["long_name"] = f"{name} coordinate of projection"
            attrs["standard_name"] = f"projection_{name}_coordinate"
        metre = 9001 if _coded(keys.get(PROJECTED, 0)) else 0
        unit = UNITS.get(keys.get(LINEAR_UNITS, metre), "")
        return x, y, {"x": unit, "y": unit}
    if keys.get(MODEL_TYPE) == 2 or GEOGRAPHIC in keys:
        for attrs, name in ((x, "longitude"), (y, "latitude")):
            attrs["long_name"] = attrs["standard_name"] = name
        if keys.get(ANGULAR_UNITS, 9102) in (9102, 9122):
            return x, y, {"x": "degrees_east", "y": "degrees_north"}
    return x, y, {"x": "", "y": ""}
