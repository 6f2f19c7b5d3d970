"""GeoKeys of a GeoTIFF: codes, units and texts, as pyproj and WKT need them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyproj import CRS

USER_DEFINED = 32767
ESRI_WKT = "ESRI PE String = "
DEGREE = ("degree", 0.0174532925199433)
DEGREES = (9102, 9122)
"""EPSG codes of degrees in decimals."""
SEXAGESIMAL = (9107, 9108, 9110)
"""EPSG codes of the ways to write degrees with minutes and seconds."""


def is_projected(keys: Mapping[str, Any]) -> bool:
    """Return whether x and y are those of a map projection."""
    model = keys.get("GTModelTypeGeoKey", USER_DEFINED)
    return bool(model == 1 or (model == USER_DEFINED and epsg_code(keys, "ProjectedCSTypeGeoKey")))


def epsg_code(keys: Mapping[str, Any], name: str) -> int:
    """Return the EPSG code in a key, 0 if there is none.

    >>> epsg_code({"a": 32633, "b": 32767}, "a"), epsg_code({"a": 32633, "b": 32767}, "b")
    (32633, 0)
    """
    code = keys.get(name, 0)
    return code if isinstance(code, int) and 0 < code < USER_DEFINED else 0


def esri_wkt(keys: Mapping[str, Any]) -> str:
    """Return the WKT in a citation, as ESRI's programs write it; empty if there is none."""
    for name in ("PCSCitationGeoKey", "GTCitationGeoKey", "GeogCitationGeoKey"):
        text = str(keys.get(name, ""))
        if text.startswith(ESRI_WKT):
            return text.removeprefix(ESRI_WKT)
    return ""


def system_of_code(code: int) -> CRS | None:
    """Return the system of an EPSG code, or the only one that supersedes it; None if unknown."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        system = CRS.from_epsg(code)
    except CRSError:
        return None
    successors = system.get_non_deprecated() if system.is_deprecated else []
    return CRS.from_json(successors[0].to_json()) if len(successors) == 1 else system


def unit_of(keys: Mapping[str, Any], kind: str, prefix: str = "Geog") -> tuple[str, float] | None:
    """Return the name of a unit and its size in metres or radians; None if it is not given."""
    from pyproj.database import get_units_map

    code = keys.get(f"{prefix}{kind}UnitsGeoKey")
    plural = "s" if kind == "Angular" else ""  # in tifffile's names
    size = keys.get(f"{prefix}{kind}Unit{plural}SizeGeoKey")
    if code == USER_DEFINED and isinstance(size, int | float) and size > 0:
        return "unknown", float(size)
    code = 9102 if code in SEXAGESIMAL else code
    category = "angular" if kind == "Angular" else "linear"
    for unit in get_units_map(auth_name="EPSG", category=category).values():
        if unit.code == str(code):
            return unit.name, unit.conv_factor
    return None


def with_unit(fields: dict[str, Any], kind: str, unit: tuple[str, float]) -> dict[str, Any]:
    """Return a system as PROJJSON with another unit along its axes, and without its code."""
    plane = fields["coordinate_system"]
    new = {"type": kind, "name": unit[0], "conversion_factor": unit[1]}
    axes = [axis | {"unit": new} for axis in plane["axis"]]
    return without_code(fields) | {"coordinate_system": plane | {"axis": axes}}


def without_code(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a system as PROJJSON without its code."""
    return {name: value for name, value in fields.items() if name not in ("id", "ids")}


def is_close(one: float, other: float) -> bool:
    """Return whether two sizes of a unit are the same to nine digits."""
    return abs(one - other) <= 1e-9 * other


def wkt_text(name: str) -> str:
    """Return a name as WKT may contain it."""
    return name.replace('"', "'").strip() or "unnamed"
