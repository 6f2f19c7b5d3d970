"""The geographic system of a GeoTIFF: of a code, or of a datum and its meridian."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dask_fileseq.readers.tiff.geokeys import (
    DEGREE,
    USER_DEFINED,
    epsg_code,
    esri_wkt,
    is_close,
    system_of_code,
    unit_of,
    wkt_text,
)

if TYPE_CHECKING:
    from pyproj import CRS

WGS_84 = 4326
EARTH = (6.3e6, 6.4e6)
"""Bounds of the radius in metres by which PROJ tells the Earth from other bodies."""


def geographic_system(keys: Mapping[str, Any]) -> CRS | None:
    """Return the geographic system of a code or of a datum and its meridian."""
    from pyproj import CRS

    code = epsg_code(keys, "GeographicTypeGeoKey")
    if code:
        system = system_of_code(code)
        # a code that other keys contradict is not taken, but for this one, as in GDAL
        return system if system is None or code == WGS_84 or has_datum_of(system, keys) else None
    if wkt := esri_wkt({"GeogCitationGeoKey": keys.get("GeogCitationGeoKey")}):
        return CRS.from_wkt(wkt)
    names = _names(keys.get("GeogCitationGeoKey"))
    datum, meridian = _datum(keys, names), _meridian(keys, names)
    if not datum or not meridian:
        return None
    unit = unit_of(keys, "Angular") or DEGREE
    name = wkt_text(names.get("GCS Name", "unknown"))
    return CRS.from_wkt(f'GEOGCS["{name}",{datum},{meridian},UNIT["{unit[0]}",{unit[1]!r}]]')


def has_datum_of(system: CRS, keys: Mapping[str, Any]) -> bool:
    """Return whether a system has the codes of datum, ellipsoid and meridian in the file."""
    from pyproj.crs import Datum, Ellipsoid, PrimeMeridian

    for key, kind, own in (
        ("GeogGeodeticDatumGeoKey", Datum, system.datum),
        ("GeogEllipsoidGeoKey", Ellipsoid, system.ellipsoid),
        ("GeogPrimeMeridianGeoKey", PrimeMeridian, system.prime_meridian),
    ):
        code = epsg_code(keys, key)
        if code and kind.from_epsg(code) != own:
            return False
    return True


def has_angles_of(system: CRS, keys: Mapping[str, Any]) -> bool:
    """Return whether a geographic system has the unit of angles in the file."""
    unit, own = unit_of(keys, "Angular"), system.axis_info[0].unit_conversion_factor
    code = epsg_code(keys, "GeographicTypeGeoKey")
    return unit is None or code == WGS_84 or is_close(unit[1], own)


def _names(citation: Any) -> dict[str, str]:
    """Return the names in a citation, by their kinds where it has several, as GDAL writes them."""
    text = str(citation or "unknown")
    parts = [part.partition(" = ") for part in text.split("|") if " = " in part]
    return {kind.strip(): name.strip() for kind, _, name in parts} or {"GCS Name": text}


def _datum(keys: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return a datum as WKT; empty if the keys define none."""
    from pyproj.crs import Datum

    code = epsg_code(keys, "GeogGeodeticDatumGeoKey")
    major = keys.get("GeogSemiMajorAxisGeoKey")
    if code:
        datum = Datum.from_epsg(code)
        radius = datum.to_json_dict()["ellipsoid"].get("semi_major_axis")  # a number if in metres
        if not major or not isinstance(radius, int | float) or is_close(float(major), radius):
            return str(datum.to_wkt("WKT1_GDAL"))
    shape = _ellipsoid(keys, names.get("Ellipsoid", "unnamed"))
    return shape and f'DATUM["{wkt_text(names.get("Datum", "unnamed"))}",{shape}]'


def _ellipsoid(keys: Mapping[str, Any], name: str) -> str:
    """Return an ellipsoid as WKT; empty if the keys define none in metres."""
    from pyproj.crs import Ellipsoid

    code = epsg_code(keys, "GeogEllipsoidGeoKey")
    major = keys.get("GeogSemiMajorAxisGeoKey")
    if not major or keys.get("GeogLinearUnitsGeoKey", 9001) != 9001:
        return str(Ellipsoid.from_epsg(code).to_wkt("WKT1_GDAL")) if code else ""
    minor, flattening = keys.get("GeogSemiMinorAxisGeoKey"), keys.get("GeogInvFlatteningGeoKey")
    if flattening is None:
        flattening = major / (major - minor) if minor and minor != major else 0.0
    return f'SPHEROID["{wkt_text(name)}",{float(major)!r},{float(flattening)!r}]'


def _meridian(keys: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return the prime meridian as WKT; empty if it is one without longitude."""
    from pyproj.crs import Datum, PrimeMeridian

    code = epsg_code(keys, "GeogPrimeMeridianGeoKey")
    longitude = keys.get("GeogPrimeMeridianLongGeoKey")
    if code:
        return str(PrimeMeridian.from_epsg(code).to_wkt("WKT1_GDAL"))
    if longitude is not None:
        unit = unit_of(keys, "Angular") or DEGREE
        degrees = float(longitude) * unit[1] / DEGREE[1]
        return f'PRIMEM["{wkt_text(names.get("Primem", "unnamed"))}",{degrees!r}]'
    datum = epsg_code(keys, "GeogGeodeticDatumGeoKey")
    if datum and (meridian := Datum.from_epsg(datum).prime_meridian):
        return str(meridian.to_wkt("WKT1_GDAL"))
    if keys.get("GeogPrimeMeridianGeoKey") == USER_DEFINED:
        return ""
    low, high = EARTH
    is_earth = low < keys.get("GeogSemiMajorAxisGeoKey", low + 1) < high
    name = names.get("Primem", "Greenwich" if is_earth else "Reference meridian")
    return f'PRIMEM["{wkt_text(name)}",0]'


def geodetic_base(keys: Mapping[str, Any]) -> CRS | None:
    """Return the geographic system below a projection, without heights."""
    base = geographic_system(keys)
    return base.to_2d() if base is not None and base.is_geographic else None
