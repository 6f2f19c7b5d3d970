"""A coordinate reference system as attributes of a CF grid mapping variable.

Attributes follow the CF conventions, appendix F, https://cfconventions.org. pyproj, if
installed, resolves codes and projections; this takes milliseconds, and is done when the
attributes are first used.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dask_fileseq.readers.tiff.coordinatesystem import coordinate_system, known_code
from dask_fileseq.readers.tiff.geokeys import DEGREES, ESRI_WKT, epsg_code, esri_wkt, is_projected

if TYPE_CHECKING:
    from pyproj import CRS

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

KEYS = {LATITUDE: "Lat", LONGITUDE: "Long", MERIDIAN: "Long"}
KEYS |= {"false_easting": "Easting", "false_northing": "Northing"}
"""GeoTIFF's names of CF's parameters, which follow one of `ORIGINS`; all others are scales."""

WGS_84_UTM = (326, 327)
"""The hundreds of the codes of UTM zones in WGS 84."""

NOT_METRES = (
    *((2066, 2314), (2867, 2994), (3080, 3167), (3359, 3760), (3991, 3992), (4217, 4217)),
    *((4399, 4457), (5472, 5655), (6128, 6202), (6391, 6997), (7057, 7370), (7587, 7645)),
    *((8035, 8540), (9748, 9749), (10481, 10622), (20050, 20050), (22300, 22300)),
    *((23301, 23333), (24100, 24382), (24571, 24571), (26729, 26870), (27291, 27292)),
    *((29371, 29385), (29871, 29872), (30200, 30200), (32001, 32099), (32164, 32167)),
    *((32664, 32667),),
)
"""Ranges of EPSG codes of projected systems that contain all of those that are not in metres."""

ORIGINS = ("False", "NatOrigin", "FalseOrigin", "Center")


class CRSAttributes(Mapping[str, Any]):
    """The attributes from `crs_attributes`, and `more`, resolved when these are first used."""

    def __init__(self, keys: Mapping[str, Any], more: Mapping[str, Any]) -> None:
        self.geo_keys = keys
        self._more = more

    @cached_property
    def _attributes(self) -> dict[str, Any]:
        return crs_attributes(self.geo_keys) | dict(self._more)

    def __getitem__(self, name: str) -> Any:
        return self._more[name] if name in self._more else self._attributes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._attributes)

    def __len__(self) -> int:
        return len(self._attributes)

    def __repr__(self) -> str:
        return repr(self._attributes)


def crs_attributes(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return a coordinate reference system as attributes of a CF grid mapping variable.

    ``spatial_ref``, which GDAL, rioxarray and pyproj read, is WKT, or without pyproj a code
    such as ``EPSG:28355``. ``crs_wkt`` is the same WKT, ``epsg`` the code, if there is one.
    A system that cannot be resolved has the names and the ellipsoid that its keys contain.
    `keys` are those of `tifffile.TiffPage.geotiff_tags`.
    """
    projected = is_projected(keys)
    attrs: dict[str, Any] = {
        "projected_crs_name": projected and _citation(keys),
        "geographic_crs_name": keys.get("GeogCitationGeoKey"),
    }
    ellipsoid = {
        "semi_major_axis": keys.get("GeogSemiMajorAxisGeoKey"),
        "semi_minor_axis": keys.get("GeogSemiMinorAxisGeoKey"),
        "inverse_flattening": keys.get("GeogInvFlatteningGeoKey"),
    }
    ellipsoid = {name: value for name, value in ellipsoid.items() if value is not None}
    attrs = {name: value for name, value in attrs.items() if value} | ellipsoid
    code = epsg_code(keys, "GeographicTypeGeoKey")
    if keys.get("GTModelTypeGeoKey") == 2 and (attrs or code):
        attrs["grid_mapping_name"] = "latitude_longitude"
    return attrs | _resolved(keys) | ellipsoid


def _citation(keys: Mapping[str, Any]) -> str:
    """Return the name of a projected system, empty if the file contains none."""
    names = (keys.get("PCSCitationGeoKey"), keys.get("GTCitationGeoKey"))
    return next((n for n in names if isinstance(n, str) and not n.startswith(ESRI_WKT)), "")


def _resolved(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return a system as pyproj resolves it; without pyproj, its code or its parameters."""
    try:
        import pyproj  # noqa: F401
    except ImportError:
        return _unresolved(keys)
    try:
        system = coordinate_system(keys)
        if system is None:
            return {}
        wkt, code = system.to_wkt(), known_code(system)
        attrs = {**_parameters(system), "crs_wkt": wkt, "spatial_ref": wkt}
    except Exception:  # pyproj's, of codes or parameters that it has not
        return {}
    return attrs | ({"epsg": code} if code else {})


def _parameters(system: CRS) -> dict[str, Any]:
    """Return a system as CF's parameters; none if these cannot express all of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return dict(system.to_cf())
        except UserWarning:
            return {}


def _unresolved(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the code of a system that the other keys cannot contradict, or its parameters."""
    if is_projected(keys):
        code = epsg_code(keys, "ProjectedCSTypeGeoKey")
        unit = keys.get("ProjLinearUnitsGeoKey")
        base = epsg_code(keys, "GeographicTypeGeoKey")
        in_metres = not any(first <= code <= last for first, last in NOT_METRES)
        has_own_unit = unit is not None and not (unit == 9001 and in_metres)
        has_own_base = base and not (base == 4326 and code // 100 in WGS_84_UTM)
        if code and (has_own_unit or has_own_base or "ProjCoordTransGeoKey" in keys):
            return {}
    else:
        code = epsg_code(keys, "GeographicTypeGeoKey") * (keys.get("GTModelTypeGeoKey") == 2)
    if code:
        return {"spatial_ref": f"EPSG:{code}", "epsg": code}
    if wkt := esri_wkt(keys):
        return {"crs_wkt": wkt, "spatial_ref": wkt}
    return _projection(keys) if is_projected(keys) else {}


def _projection(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return a projection that is given by its parameters, in metres, as CF attributes."""
    method = keys.get("ProjCoordTransGeoKey")
    in_metres = keys.get("ProjLinearUnitsGeoKey", 9001) == 9001
    in_degrees = keys.get("GeogAngularUnitsGeoKey", 9102) in DEGREES
    if method not in PROJECTIONS or not in_metres or not in_degrees:
        return {}
    name, *parameters = PROJECTIONS[method]
    attrs: dict[str, Any] = {"grid_mapping_name": name}
    for parameter in (*parameters, "false_easting", "false_northing"):
        names = [f"ScaleAt{origin}" for origin in ORIGINS]
        if parameter in KEYS:
            names = [f"{origin}{KEYS[parameter]}" for origin in ORIGINS]
        elif parameter == PARALLELS:
            names = ["StdParallel1", "StdParallel2"]
        found = [keys[f"Proj{key}GeoKey"] for key in names if f"Proj{key}GeoKey" in keys]
        default = 0.0 if parameter in KEYS else 1.0
        attrs[parameter] = found if parameter == PARALLELS else (*found, default)[0]
    return attrs
