"""The projection of a GeoTIFF that is given by its method and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dask_fileseq.readers.tiff.geokeys import (
    DEGREE,
    epsg_code,
    is_close,
    unit_of,
    with_unit,
    wkt_text,
)

if TYPE_CHECKING:
    from pyproj import CRS

ORIGIN = ("latitude_of_origin", "central_meridian")
CENTER = ("latitude_of_center", "longitude_of_center")
PARALLELS = ("standard_parallel_1", "standard_parallel_2")
OBLIQUE = (*CENTER, "azimuth", "rectified_grid_angle", "scale_factor")
METHODS: dict[int, tuple[str, ...]] = {
    1: ("Transverse_Mercator", *ORIGIN, "scale_factor"),
    3: ("Hotine_Oblique_Mercator", *OBLIQUE),
    4: ("Laborde_Oblique_Mercator", *CENTER, "azimuth", "scale_factor"),
    7: ("Mercator_1SP", "central_meridian", "scale_factor"),
    8: ("Lambert_Conformal_Conic_2SP", *ORIGIN, *PARALLELS),
    9: ("Lambert_Conformal_Conic_1SP", *ORIGIN, "scale_factor"),
    10: ("Lambert_Azimuthal_Equal_Area", *CENTER),
    11: ("Albers_Conic_Equal_Area", *CENTER, *PARALLELS),
    12: ("Azimuthal_Equidistant", *CENTER),
    13: ("Equidistant_Conic", *CENTER, *PARALLELS),
    14: ("Stereographic", *ORIGIN, "scale_factor"),
    15: ("Polar_Stereographic", *ORIGIN, "scale_factor"),
    16: ("Oblique_Stereographic", *ORIGIN, "scale_factor"),
    17: ("Equirectangular", *ORIGIN, "standard_parallel_1"),
    18: ("Cassini_Soldner", *ORIGIN),
    19: ("Gnomonic", *ORIGIN),
    20: ("Miller_Cylindrical", "longitude_of_center"),
    21: ("Orthographic", *ORIGIN),
    22: ("Polyconic", *ORIGIN),
    23: ("Robinson", "longitude_of_center"),
    24: ("Sinusoidal", "longitude_of_center"),
    25: ("VanDerGrinten", "central_meridian"),
    26: ("New_Zealand_Map_Grid", *ORIGIN),
    27: ("Transverse_Mercator_South_Orientated", *ORIGIN, "scale_factor"),
    28: ("Cylindrical_Equal_Area", "standard_parallel_1", "central_meridian"),
    9815: ("Hotine_Oblique_Mercator_Azimuth_Center", *OBLIQUE),
}
"""Projections and their parameters, as WKT 1 names them, by GeoTIFF's codes.

The order is that of EPSG's methods: PROJ finds the code of no other order.
"""

LATITUDES = ("NatOriginLat", "FalseOriginLat", "CenterLat")
LONGITUDES = ("NatOriginLong", "FalseOriginLong", "CenterLong")
PARAMETERS: dict[str, tuple[float | None, tuple[str, ...]]] = {
    "latitude_of_origin": (0.0, LATITUDES),
    "latitude_of_center": (0.0, LATITUDES),
    "central_meridian": (0.0, LONGITUDES),
    "longitude_of_center": (0.0, LONGITUDES),
    "standard_parallel_1": (None, ("StdParallel1",)),
    "standard_parallel_2": (None, ("StdParallel2",)),
    "azimuth": (None, ("AzimuthAngle",)),
    "rectified_grid_angle": (90.0, ("RectifiedGridAngle",)),
    "scale_factor": (1.0, ("ScaleAtNatOrigin", "ScaleAtCenter")),
    "false_easting": (0.0, ("FalseEasting", "CenterEasting", "FalseOriginEasting")),
    "false_northing": (0.0, ("FalseNorthing", "CenterNorthing", "FalseOriginNorthing")),
}
"""The default (None if there is none) and GeoTIFF's keys, best first, by the names of WKT."""


def own_projection(keys: Mapping[str, Any], base: CRS) -> CRS | None:
    """Return the system of a projection with parameters; None if any that it needs is missing."""
    from pyproj import CRS
    from pyproj.crs import CoordinateOperation

    name = wkt_text(keys.get("PCSCitationGeoKey") or keys.get("GTCitationGeoKey") or "unnamed")
    unit = unit_of(keys, "Linear", "Proj")
    if unit is None and "ProjLinearUnitsGeoKey" in keys:
        return None
    unit = unit or ("metre", 1.0)
    if keys.get("ProjCoordTransGeoKey") in METHODS:
        method, values = _method(keys, base)
        if None in values.values():
            return None
        geogcs = base.to_wkt("WKT1_GDAL")
        text = ",".join(f'PARAMETER["{n}",{value!r}]' for n, value in values.items())
        text = f'{geogcs},PROJECTION["{method}"],{text},UNIT["{unit[0]}",{unit[1]!r}]'
        return CRS.from_wkt(f'PROJCS["{name}",{text}]')
    code = epsg_code(keys, "ProjectionGeoKey")
    if not code:
        return None
    plane = CRS.from_epsg(32633).to_json_dict()  # of east and north, in metres
    parts = {"name": name, "base_crs": base.to_json_dict()}
    parts["conversion"] = CoordinateOperation.from_epsg(code).to_json_dict()
    return CRS.from_json_dict(with_unit(plane | parts, "LinearUnit", unit))


def _method(keys: Mapping[str, Any], base: CRS) -> tuple[str, dict[str, float | None]]:
    """Return the WKT name of a method and its parameters, with angles in the units of `base`.

    A parameter that is missing, or has two meanings, is None.
    """
    method, *names = METHODS[keys["ProjCoordTransGeoKey"]]
    if method == "Mercator_1SP" and "ProjStdParallel1GeoKey" in keys:
        method, names = "Mercator_2SP", ["standard_parallel_1", "central_meridian"]
    values = {name: _parameter(keys, name) for name in names}
    latitude = _parameter(keys, "latitude_of_origin") or 0.0
    if method == "Equirectangular" and values["standard_parallel_1"] is None:
        values["standard_parallel_1"] = 0.0
    if method.startswith("Mercator") and latitude:
        values["latitude_of_origin"] = None  # that of true scale, or of the origin
    if method == "Polar_Stereographic":
        pole = keys.get("ProjStraightVertPoleLongGeoKey")
        values["central_meridian"] = pole if isinstance(pole, float) else values["central_meridian"]
        if values["scale_factor"] != 1 and abs(latitude) != 90:
            values["scale_factor"] = (
                None  # the scale is 1 at the latitude, or it is that of the pole
            )
    angle, own = unit_of(keys, "Angular"), base.axis_info[0].unit_conversion_factor
    for name, value in values.items():
        unit = DEGREE if name == "azimuth" else angle
        if value and name != "scale_factor" and unit and not is_close(unit[1], own):
            values[name] = value * unit[1] / own
    return method, values | {n: _parameter(keys, n) for n in ("false_easting", "false_northing")}


def _parameter(keys: Mapping[str, Any], name: str) -> float | None:
    """Return a parameter of a projection; None if it is missing and has no default."""
    default, names = PARAMETERS[name]
    found = (keys.get(f"Proj{key}GeoKey") for key in names)
    values = [float(value) for value in found if isinstance(value, int | float)]
    return values[0] if values else default
