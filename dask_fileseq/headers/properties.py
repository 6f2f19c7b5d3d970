"""What headers say of an array as a whole, as values that are compared, and in words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dask_fileseq.readers import PRINT

Row = Mapping[str, Any]
"""What the header of one file says, by columns; absent are those that it says nothing about."""

UNITS = {"metre": "m", "degrees_east": "°", "degrees_north": "°", "foot": "ft"}
UNITS |= {"US_survey_foot": "ft"}


@dataclass(frozen=True, slots=True)
class Property:
    """One thing that headers say, and that should be the same in all files."""

    value: Callable[[Row], Any]
    """Its value in a row; None if there is none."""
    text: Callable[[Any], str]
    """The value in words, behind "has" or "is in"."""
    verbs: tuple[str, str] = ("has", "have")
    """For one file and for several."""
    along_channels: bool = False
    """Whether it may be another one along an axis."""


def _plain(*columns: str) -> Callable[[Row], Any]:
    """Return a function that returns the values of columns, None if there are none."""

    def value(row: Row) -> Any:
        values = [row.get(column) for column in columns]
        found = tuple("nan" if isinstance(v, float) and math.isnan(v) else v for v in values)
        return None if all(each is None for each in found) else found

    return value


def pixel_size(row: Row) -> Any:
    """Return names, sizes, units and origins of axes, except of maps and of prints."""
    if "transform" in row or row.get("pixel_source") == PRINT:
        return None
    dims = [name.removeprefix("pixel_size_") for name in row if name.startswith("pixel_size_")]
    units = row.get("pixel_unit")
    found = [(d, row[f"pixel_size_{d}"], row.get(f"origin_{d}", 0.0)) for d in sorted(dims)]
    return (*found, units) if found else None


def _pixel_text(value: Any) -> str:
    if value is None:
        return "no pixel size"
    *axes, units = value
    unit = " ".join(map(unit_text, units)) if isinstance(units, tuple) else unit_text(units)
    sizes = " x ".join(f"{size:.6g}" for _, size, _ in axes)
    names = ", ".join(dim for dim, _, _ in axes)
    origins = [f"{origin:.6g}" for _, _, origin in axes]
    start = f" from {', '.join(origins)}" if any(origin for _, _, origin in axes) else ""
    return f"pixels of {sizes} {unit} ({names}){start}"


def unit_text(unit: Any) -> str:
    """Return the symbol of a unit of length or angle.

    >>> unit_text("metre"), unit_text("µm"), unit_text(None)
    ('m', 'µm', '')
    """
    return UNITS.get(str(unit), str(unit)) if unit else ""


def crs_text(name: Any) -> str:
    """Return a coordinate reference system by its code, or by the name in its WKT.

    >>> crs_text("EPSG:32633"), crs_text('PROJCRS["Lambert of here", BASEGEOGCRS[]]')
    ('EPSG:32633', 'Lambert of here')
    """
    if name is None:
        return "no coordinate reference system"
    found = re.search(r'\["([^"]+)"', name)
    return found[1] if found else str(name)[:60]


def _values_text(what: str) -> Callable[[Any], str]:
    def text(value: Any) -> str:
        if value is None:
            return f"no {what}"
        parts = [each for each in value if each is not None]
        names = [", ".join(map(str, p)) if isinstance(p, tuple) else str(p) for p in parts]
        return f"{what} {', '.join(names)}"

    return text


def _images_text(count: Any) -> str:
    return "no image" if count is None else f"{count} image{'s' if count > 1 else ''}"


def _scale_text(value: Any) -> str:
    if value is None:
        return "no scale and offset"
    factor, offset, scales, offsets = value
    if scales or offsets:
        return f"scales {scales or factor or 1} and offsets {offsets or offset or 0} of bands"
    return f"scale {1 if factor is None else factor:g} and offset {offset or 0:g}"


PROPERTIES = {
    "pixel size": Property(pixel_size, _pixel_text),
    "crs": Property(lambda row: row.get("crs"), crs_text, ("is in", "are in")),
    "nodata": Property(_plain("nodata"), _values_text("nodata")),
    "scale": Property(_plain("scale_factor", "add_offset", "scales", "offsets"), _scale_text),
    "bands": Property(_plain("band_names"), _values_text("bands"), along_channels=True),
    "channels": Property(_plain("channel_name"), _values_text("channel"), along_channels=True),
    "axes": Property(_plain("axes"), _values_text("axes")),
    "series": Property(lambda row: row.get("series"), _images_text),
}
"""What all headers should say the same of, by the kinds of findings; `transform` is one, too."""


def names_along(dim: str) -> Property:
    """Return the names along an axis of an image that is neither its channels nor its bands."""
    return Property(_plain(f"{dim}_names"), _values_text(f"names along {dim}"))
