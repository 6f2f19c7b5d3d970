"""The coordinate reference system of a GeoTIFF as GDAL reads it, made with pyproj.

Keys are those of the OGC GeoTIFF standard, https://docs.ogc.org/is/19-008r4/19-008r4.html. What
that leaves open is as in GDAL: a code counts unless the units, the geographic system or the
projection that the file has beside it are others. GDAL guesses where keys are missing, and
this module does not: such a system is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dask_fileseq.readers.tiff.geodetic import (
    geodetic_base,
    geographic_system,
    has_angles_of,
    has_datum_of,
)
from dask_fileseq.readers.tiff.geokeys import (
    epsg_code,
    esri_wkt,
    is_close,
    is_projected,
    system_of_code,
    unit_of,
    with_unit,
    without_code,
    wkt_text,
)
from dask_fileseq.readers.tiff.projection import METHODS, own_projection

if TYPE_CHECKING:
    from pyproj import CRS

ELLIPSOIDAL_HEIGHTS = (4979, 5030)
"""Codes of WGS 84 with heights: that of EPSG, and that of GeoTIFF 1.0."""
WEB_MERCATOR = (
    "WGS 84 / Pseudo-Mercator",
    "WGS_1984_Web_Mercator_Auxiliary_Sphere",
    "Google Maps Global Mercator",
)
"""Names of EPSG:3857, which GeoTIFF's keys for projections cannot describe."""
VERTICAL_DATUMS = range(5100, 5300)
"""Codes of GeoTIFF 1.0 for systems of heights, which are EPSG's codes of their datums."""


def coordinate_system(keys: Mapping[str, Any]) -> CRS | None:
    """Return the system that the GeoKeys of a file define; None if they define none.

    `keys` are codes, numbers and texts by the names of `tifffile.TiffPage.geotiff_tags`. Of
    geocentric and unknown models nothing is returned, because their x and y are not defined.

    Examples
    --------
    >>> keys = {"GTModelTypeGeoKey": 1, "ProjectedCSTypeGeoKey": 26967}
    >>> known_code(coordinate_system(keys))  # in metres
    26967
    >>> system = coordinate_system(keys | {"ProjLinearUnitsGeoKey": 9003})
    >>> system.axis_info[0].unit_name, known_code(system)
    ('US survey foot', 0)
    """
    from pyproj import CRS
    from pyproj.crs import CompoundCRS

    if is_projected(keys):
        system = _projected(keys)
    elif keys.get("GTModelTypeGeoKey") == 2:
        system = geographic_system(keys)
        system = system if system is None or has_angles_of(system, keys) else None
    else:
        wkt = esri_wkt(keys)
        system = CRS.from_wkt(wkt) if wkt else None
    if system is None or len(system.axis_info) > 2:
        return system
    if epsg_code(keys, "VerticalCSTypeGeoKey") in ELLIPSOIDAL_HEIGHTS:
        return system.to_3d() if system.ellipsoid == CRS.from_epsg(4326).ellipsoid else system
    heights = _heights(keys)
    return CompoundCRS(f"{system.name} + {heights.name}", [system, heights]) if heights else system


def known_code(system: CRS) -> int:
    """Return the EPSG code of a system, 0 if it has none.

    Of a system without a code of its own it is that of the equivalent one, as PROJ finds it. A
    datum without a name is equivalent to none: its ellipsoid alone does not define it.
    """
    own = system.to_json_dict().get("id", {})
    if own.get("authority") == "EPSG":
        return int(own["code"])
    is_known = system.datum is not None and system.datum.name not in ("unknown", "unnamed")
    matches = system.list_authority(auth_name="EPSG", min_confidence=70) if is_known else ()
    return int(matches[0].code) if matches else 0


# projected systems


def _projected(keys: Mapping[str, Any]) -> CRS | None:
    """Return the projected system of a code or of a projection with its parameters."""
    from pyproj import CRS

    code = epsg_code(keys, "ProjectedCSTypeGeoKey")
    named = system_of_code(code) if code else None
    if named is not None:
        is_plane = named.is_projected and not named.is_compound
        return _with_own_parts(named, keys) if is_plane else named
    if wkt := esri_wkt(keys):
        return CRS.from_wkt(wkt)
    if (keys.get("PCSCitationGeoKey") or keys.get("GTCitationGeoKey")) in WEB_MERCATOR:
        return CRS.from_epsg(3857)
    base = geodetic_base(keys)
    return None if base is None else own_projection(keys, base)


def _with_own_parts(system: CRS, keys: Mapping[str, Any]) -> CRS | None:
    """Return the system of a code, or without the code if parts of the file differ from it."""
    from pyproj import CRS

    fields = system.to_json_dict()
    if epsg_code(keys, "GeographicTypeGeoKey"):
        base = geodetic_base(keys)
        if base is None:
            return None
        if not base.equals(system.geodetic_crs, ignore_axis_order=True):
            fields = without_code(fields) | {"base_crs": base.to_json_dict()}
    elif not has_datum_of(system, keys):
        return None
    unit = unit_of(keys, "Linear", "Proj")
    if unit and not is_close(unit[1], system.axis_info[0].unit_conversion_factor):
        fields = with_unit(fields, "LinearUnit", unit)
    changed = CRS.from_json_dict(fields)
    if keys.get("ProjCoordTransGeoKey") in METHODS:
        base = changed.geodetic_crs
        own = None if base is None else own_projection(keys, base)
        if own and own.coordinate_operation != system.coordinate_operation:
            return own
    return changed if "id" not in fields else system


# heights


def _heights(keys: Mapping[str, Any]) -> CRS | None:
    """Return the system of heights, None if there is none; its datum may be unknown."""
    from pyproj import CRS
    from pyproj.crs import Datum

    code = epsg_code(keys, "VerticalCSTypeGeoKey")
    datum = code if code in VERTICAL_DATUMS else epsg_code(keys, "VerticalDatumGeoKey")
    unit = unit_of(keys, "", "Vertical")
    if code and code not in VERTICAL_DATUMS:
        heights = system_of_code(code)
        return heights if heights is not None and heights.is_vertical else None
    if unit is None:
        return None
    wkt = Datum.from_epsg(datum).to_wkt("WKT1_GDAL") if datum else 'VERT_DATUM["unknown",2005]'
    name = wkt_text(keys.get("VerticalCitationGeoKey", "unknown"))
    unit_wkt = f'UNIT["{unit[0]}",{unit[1]!r}]'
    return CRS.from_wkt(f'VERT_CS["{name}",{wkt},{unit_wkt},AXIS["Up",UP]]')
