"""Georeference of a GeoTIFF: where its pixels are on the ground, and in which system.

Keys and transform follow the OGC GeoTIFF standard,
https://docs.ogc.org/is/19-008r4/19-008r4.html, and attributes the CF conventions, appendix F,
https://cfconventions.org. tifffile decodes the keys. pyproj, if installed, resolves codes and
parameters of projections; this takes milliseconds, and is done when the system is used.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import tifffile

from dask_fileseq.readers.chunkmetadata import Scale

__all__ = ["CRSAttributes", "crs_attributes", "georeference"]

PIXEL_SCALE, TIEPOINT, TRANSFORMATION = 33550, 33922, 34264

UNITS = {9001: "metre", 9002: "foot", 9003: "US_survey_foot"}
USER_DEFINED = 32767
ESRI_WKT = "ESRI PE String = "

LATITUDE, LONGITUDE = "latitude_of_projection_origin", "longitude_of_projection_origin"
MERIDIAN, PARALLELS = "longitude_of_central_meridian", "standard_parallel"
PROJECTIONS = {
    1: ("transverse_mercator", LATITUDE, MERIDIAN, "scale_factor_at_central_meridian"),
    7: ("mercator", LONGITUDE, "scale_factor_at_projection_origin"),
    8: ("lambert_conformal_conic", LATITUDE, MERIDIAN, PARALLELS),
    10: ("lambert_azimuthal_equal_area", LATITUDE, LONGITUDE),
    11: ("albers_conical_equal_area", LATITUDE, MERIDIAN, PARALLELS),
    12: ("azimuthal_equidistant", LATITUDE, LONGITUDE),
    14: ("stereographic", LATITUDE, LONGITUDE, "scale_factor_at_projection_origin"),
    21: ("orthographic", LATITUDE, LONGITUDE),
    24: ("sinusoidal", LONGITUDE),
    28: ("lambert_cylindrical_equal_area", MERIDIAN, PARALLELS),
}
"""Projections of CF and their parameters, by GeoTIFF's codes of transformations."""

PARAMETERS = {
    LATITUDE: ("NatOriginLat", "FalseOriginLat", "CenterLat"),
    LONGITUDE: ("NatOriginLong", "FalseOriginLong", "CenterLong"),
    MERIDIAN: ("NatOriginLong", "FalseOriginLong", "CenterLong"),
    "scale_factor_at_central_meridian": ("ScaleAtNatOrigin", "ScaleAtCenter"),
    "scale_factor_at_projection_origin": ("ScaleAtNatOrigin", "ScaleAtCenter"),
    "false_easting": ("FalseEasting", "FalseOriginEasting", "CenterEasting"),
    "false_northing": ("FalseNorthing", "FalseOriginNorthing", "CenterNorthing"),
}
"""Keys of GeoTIFF, without ``Proj`` and ``GeoKey``, that contain parameters of CF."""

Affine = tuple[float, float, float, float, float, float]
"""The corner of pixel (column, row): ``x = a * column + b * row + c, y = d * column + e * row + f``
for ``a, b, c, d, e, f``."""


class CRSAttributes(Mapping[str, Any]):
    """A coordinate reference system as attributes, resolved when these are first used.

    `keys` are GeoTIFF's keys by their names in `tifffile.TiffPage.geotiff_tags`; `more` are
    more attributes.
    """

    def __init__(self, keys: Mapping[str, Any], more: Mapping[str, Any]) -> None:
        self._keys = keys
        self._more = more

    @cached_property
    def _attributes(self) -> dict[str, Any]:
        return crs_attributes(self._keys) | dict(self._more)

    def __getitem__(self, name: str) -> Any:
        return self._attributes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._attributes)

    def __len__(self) -> int:
        return len(self._attributes)

    def __repr__(self) -> str:
        return repr(self._attributes)


def georeference(page: tifffile.TiffPage) -> tuple[dict[str, Scale], Mapping[str, Any]]:
    """Return the scales of x and y and the coordinate reference system of a page.

    Returns
    -------
    scales : dict
        Scales of pixel centres; empty if rows are not parallel to an axis.
    crs : mapping
        Attributes of a CF grid mapping variable, as `crs_attributes` returns them; with
        ``GeoTransform``, as GDAL has it, in place of scales that do not exist.
    """
    keys = _geo_keys(page)
    affine = _affine(page, is_point=keys.get("GTRasterTypeGeoKey") == 2)
    if affine is None:
        return {}, CRSAttributes(keys, {}) if keys else {}
    a, b, c, d, e, f = affine
    if b or d:
        return {}, CRSAttributes(keys, {"GeoTransform": f"{c!r} {a!r} {b!r} {f!r} {d!r} {e!r}"})
    source = "GeoTIFF tags"
    x_attrs, y_attrs, units = _axis_attributes(keys)
    scales = {
        "x": Scale(c + a / 2, a, units["x"], source, x_attrs, absolute=True),
        "y": Scale(f + e / 2, e, units["y"], source, y_attrs, absolute=True),
    }
    return scales, CRSAttributes(keys, {}) if keys else {}


def _geo_keys(page: tifffile.TiffPage) -> dict[str, Any]:
    """Return the GeoKeys of a page by name: codes, numbers and texts as Python's own types."""
    try:
        tags = page.geotiff_tags or {}
    except Exception:  # of any broken tag
        return {}
    keys: dict[str, Any] = {}
    for name, value in tags.items():
        if not str(name).endswith("GeoKey"):
            continue
        if isinstance(value, str):
            keys[name] = value.rstrip("|\0").strip()
        elif isinstance(value, int | float):
            keys[name] = int(value) if isinstance(value, int) else float(value)
    return keys


def _affine(page: tifffile.TiffPage, is_point: bool) -> Affine | None:
    """Return the transform of a page, None if the tags contain none.

    If `is_point`, tags refer to the centres of pixels, otherwise to corners.
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
    """Return the numbers in a tag; none if there is no such tag, or it contains others."""
    value = page.tags.valueof(code)
    try:
        return [] if value is None else np.atleast_1d(np.asarray(value, float)).tolist()
    except (TypeError, ValueError):
        return []


def crs_attributes(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return a coordinate reference system as attributes of a CF grid mapping variable.

    ``spatial_ref``, which GDAL, rioxarray and pyproj read, is WKT, or without pyproj a code
    such as ``EPSG:28355``. ``crs_wkt`` is the same WKT, ``epsg`` the code, if there is one.
    A system that cannot be resolved has the attributes that its keys contain.

    >>> crs_attributes({"GTModelTypeGeoKey": 1, "GTCitationGeoKey": "Local grid"})
    {'projected_crs_name': 'Local grid'}
    """
    projected = _is_projected(keys)
    citations = [keys.get("PCSCitationGeoKey"), keys.get("GTCitationGeoKey")]
    for citation in citations:
        if isinstance(citation, str) and citation.startswith(ESRI_WKT):
            wkt = citation.removeprefix(ESRI_WKT)
            return {"crs_wkt": wkt, "spatial_ref": wkt}
    attrs: dict[str, Any] = {
        "projected_crs_name": (citations[0] or citations[1]) if projected else "",
        "geographic_crs_name": keys.get("GeogCitationGeoKey"),
    }
    ellipsoid = {
        "semi_major_axis": keys.get("GeogSemiMajorAxisGeoKey"),
        "semi_minor_axis": keys.get("GeogSemiMinorAxisGeoKey"),
        "inverse_flattening": keys.get("GeogInvFlatteningGeoKey"),
    }
    attrs = {name: value for name, value in (attrs | ellipsoid).items() if value not in (None, "")}
    code = _code(keys, "ProjectedCSTypeGeoKey" if projected else "GeographicTypeGeoKey")
    if code:
        attrs |= {"spatial_ref": f"EPSG:{code}", "epsg": code}
    elif projected:
        attrs |= _projection(keys)
    if not projected and attrs:
        attrs["grid_mapping_name"] = "latitude_longitude"
    resolved = _resolved(attrs, code, _code(keys, "GeographicTypeGeoKey"))
    return attrs | resolved | {name: attrs[name] for name in ellipsoid if name in attrs}


def _code(keys: Mapping[str, Any], name: str) -> int:
    """Return the EPSG code in a key, 0 if there is none."""
    code = keys.get(name, 0)
    return code if isinstance(code, int) and 0 < code < USER_DEFINED else 0


def _projection(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return a projection that is given by its parameters, in metres, as CF attributes."""
    method = keys.get("ProjCoordTransGeoKey")
    if method not in PROJECTIONS or keys.get("ProjLinearUnitsGeoKey", 9001) != 9001:
        return {}
    name, *parameters = PROJECTIONS[method]
    attrs: dict[str, Any] = {"grid_mapping_name": name}
    for parameter in (*parameters, "false_easting", "false_northing"):
        if parameter == PARALLELS:
            found = [keys.get(f"ProjStdParallel{i}GeoKey") for i in (1, 2)]
            attrs[PARALLELS] = [number for number in found if number is not None]
            continue
        found = [keys.get(f"Proj{key}GeoKey") for key in PARAMETERS[parameter]]
        default = 1.0 if parameter.startswith("scale") else 0.0
        attrs[parameter] = next((number for number in found if number is not None), default)
    return attrs


def _resolved(attrs: Mapping[str, Any], code: int, geographic: int) -> dict[str, Any]:
    """Return what pyproj finds out about a system; nothing without pyproj."""
    has_shape = "semi_minor_axis" in attrs or "inverse_flattening" in attrs
    if not code and not ("grid_mapping_name" in attrs and (geographic or has_shape)):
        return {}
    try:
        from pyproj import CRS
    except ImportError:
        return {}
    try:
        if code:
            crs = CRS.from_epsg(code)
        else:
            datum = CRS.from_epsg(geographic).to_cf() if geographic else {}
            datum = {name: value for name, value in datum.items() if name != "crs_wkt"}
            crs = CRS.from_cf(datum | dict(attrs))
        wkt = crs.to_wkt()
    except Exception:  # pyproj's, of a code or parameters that it has not
        return {}
    return {**crs.to_cf(), "crs_wkt": wkt, "spatial_ref": wkt}


def _is_projected(keys: Mapping[str, Any]) -> bool:
    model = keys.get("GTModelTypeGeoKey")
    return bool(model == 1 or (model is None and "ProjectedCSTypeGeoKey" in keys))


def _axis_attributes(
    keys: Mapping[str, Any],
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Return the attributes of x and of y, as CF has them, and their units."""
    x, y = {"axis": "X"}, {"axis": "Y"}
    x_unit = y_unit = ""
    if _is_projected(keys):
        for attrs, name in ((x, "x"), (y, "y")):
            attrs["long_name"] = f"{name} coordinate of projection"
            attrs["standard_name"] = f"projection_{name}_coordinate"
        utm = _code(keys, "ProjectedCSTypeGeoKey") // 100 in (326, 327)
        x_unit = y_unit = UNITS.get(keys.get("ProjLinearUnitsGeoKey", 9001 if utm else 0), "")
    elif keys.get("GTModelTypeGeoKey") == 2 or "GeographicTypeGeoKey" in keys:
        for attrs, name in ((x, "longitude"), (y, "latitude")):
            attrs["long_name"] = attrs["standard_name"] = name
        if keys.get("GeogAngularUnitsGeoKey", 9102) in (9102, 9122):
            x_unit, y_unit = "degrees_east", "degrees_north"
    return x, y, {"x": x_unit, "y": y_unit}
