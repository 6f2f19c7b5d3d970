"""The tags of a GeoTIFF: the inverse of `georeference`, by the same standard."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

import tifffile

from dask_fileseq.readers.chunkmetadata import Scale
from dask_fileseq.readers.tiff.crsattributes import CRSAttributes
from dask_fileseq.readers.tiff.gdalmetadata import GDAL_METADATA, GDAL_NODATA
from dask_fileseq.readers.tiff.geokeys import ESRI_WKT, USER_DEFINED
from dask_fileseq.readers.tiff.georeference import PLACES

PIXEL_SCALE, TIEPOINT, TRANSFORMATION = PLACES
KEY_DIRECTORY, DOUBLES, TEXTS = 34735, 34736, 34737

_LAST_CODE = re.compile(r"""(?:ID|AUTHORITY)\[\s*"EPSG"\s*,\s*"?(\d+)"?\s*\]\s*\]\s*$""")

Tag = tuple[int, str, int, Any, bool]
"""As tifffile takes extra tags: code, type, count, value, whether only the first page has it."""


def geo_tags(scales: Mapping[str, Scale], crs: Mapping[str, Any]) -> list[Tag]:
    """Return the tags of where pixels are on the ground; none if that is not known.

    `scales` are those of ``x`` and ``y`` of pixel centres, `crs` the attributes of a CF grid
    mapping, which may have a ``GeoTransform``, or ``spatial_ref`` or ``crs_wkt``.
    """
    if not crs and not any(scale.absolute for scale in scales.values()):
        return []
    affine = _affine(scales, crs)
    keys = crs.geo_keys if isinstance(crs, CRSAttributes) else _keys_of_wkt(crs)
    return (_place_tags(affine) if affine else []) + (_key_tags(keys) if keys else [])


def band_tags(attrs: Mapping[str, Any], names: Sequence[str] = (), count: int = 1) -> list[Tag]:
    """Return GDAL's tags of bands: nodata, scale and offset, units, names; see `band_metadata`.

    `names` are those of the samples, of which there are `count`.
    """
    tags: list[Tag] = []
    if not attrs and not names:
        return tags
    if (nodata := attrs.get("nodata")) is not None:
        text = str(int(nodata)) if float(nodata).is_integer() else repr(float(nodata))
        tags.append((GDAL_NODATA, "s", 0, text, True))
    items = ""
    for role, keys in (
        ("scale", ("scales", "scale_factor")),
        ("offset", ("offsets", "add_offset")),
        ("unittype", ("units",)),
        ("description", ("long_name",)),
    ):
        value = next((attrs[key] for key in keys if attrs.get(key) is not None), None)
        if role == "description" and names:
            value = tuple(names)
        values = value if isinstance(value, tuple | list) else [value] * count
        for number, each in enumerate(values[:count]):
            if each is not None:
                text = escape(escape(str(each)))  # GDAL escapes texts twice
                name = f'name="{role.upper()}" sample="{number}" role="{role}"'
                items += f"<Item {name}>{text}</Item>"
    if items:
        tags.append((GDAL_METADATA, "s", 0, f"<GDALMetadata>{items}</GDALMetadata>", True))
    return tags


def _affine(scales: Mapping[str, Scale], crs: Mapping[str, Any]) -> tuple[float, ...] | None:
    x, y = scales.get("x"), scales.get("y")
    if x is not None and y is not None:
        if not (x.absolute and y.absolute):
            return None
        return x.step, 0.0, x.start - x.step / 2, 0.0, y.step, y.start - y.step / 2
    try:
        c, a, b, f, d, e = map(float, str(crs.get("GeoTransform", "")).split())
    except ValueError:
        return None
    return a, b, c, d, e, f


def _place_tags(affine: tuple[float, ...]) -> list[Tag]:
    """Return the tags of a transform from corners of pixels to places."""
    a, b, c, d, e, f = affine
    if not b and not d and a > 0 > e:
        tie = (0.0, 0.0, 0.0, c, f, 0.0)
        return [
            (PIXEL_SCALE, "d", 3, (a, -e, 0.0), True),
            (TIEPOINT, "d", 6, tie, True),
        ]
    matrix = (a, b, 0.0, c, d, e, 0.0, f, *(0.0,) * 7, 1.0)
    return [(TRANSFORMATION, "d", 16, matrix, True)]


def _key_tags(keys: Mapping[str, Any]) -> list[Tag]:
    """Return the tags of GeoKeys by name, as tifffile names them."""
    numbered = {code.name: int(code) for code in tifffile.TIFF.GEO_KEYS}
    found = sorted((numbered[name], keys[name]) for name in keys if name in numbered)
    directory, text = [1, 1, 0, len(found)], ""
    numbers: list[float] = []
    for code, value in found:
        if isinstance(value, str):
            directory += [code, TEXTS, len(value) + 1, len(text)]
            text += f"{value}|"
        elif isinstance(value, float):
            directory += [code, DOUBLES, 1, len(numbers)]
            numbers.append(value)
        else:
            directory += [code, 0, 1, int(value)]
    tags: list[Tag] = [(KEY_DIRECTORY, "H", len(directory), tuple(directory), True)]
    tags += [(DOUBLES, "d", len(numbers), tuple(numbers), True)] if numbers else []
    return tags + ([(TEXTS, "s", 0, text, True)] if text else [])


def _keys_of_wkt(crs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the GeoKeys of the WKT, or the code, in attributes; none if there is neither.

    Pixels are areas. A system without a code is its WKT, in the form of ESRI, which GDAL reads
    if the model is not given.
    """
    text = str(crs.get("crs_wkt") or crs.get("spatial_ref") or "")
    if not text:
        return {}
    code, geographic, esri = _system(text)
    keys: dict[str, Any] = {"GTRasterTypeGeoKey": 1}
    if code and geographic:
        return keys | {"GTModelTypeGeoKey": 2, "GeographicTypeGeoKey": code}
    if code:
        return keys | {"GTModelTypeGeoKey": 1, "ProjectedCSTypeGeoKey": code}
    unknown = dict.fromkeys(("GTModelTypeGeoKey", "ProjectedCSTypeGeoKey"), USER_DEFINED)
    return keys | unknown | {"PCSCitationGeoKey": ESRI_WKT + esri}


@lru_cache(32)
def _system(text: str) -> tuple[int, bool, str]:
    """Return the EPSG code of a system (0 if unknown), whether it is geographic, and its WKT."""
    try:
        from pyproj import CRS
        from pyproj.enums import WktVersion
    except ImportError:
        found = _LAST_CODE.search(text) or re.fullmatch(r"(?i)epsg:(\d+)()", text)
        geographic = re.match(r"\s*(GEOGCS|GEOGCRS|GEODCRS)\[", text) is not None
        return int(found[1]) if found else 0, geographic, text
    system = CRS.from_user_input(text)
    code = system.to_epsg() or 0
    return code, system.is_geographic, system.to_wkt(WktVersion.WKT1_ESRI)
