"""What GDAL writes into TIFF files of bands: names, units, scale and offset, missing pixels.

The tags and their meaning are in https://gdal.org/en/stable/drivers/raster/gtiff.html. Attributes
are named as in rioxarray.
"""

from __future__ import annotations

import math
import re
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import unescape

import numpy as np
import tifffile

from dask_fileseq.readers.chunkmetadata import Labels

GDAL_METADATA, GDAL_NODATA = 42112, 42113

_NOT_FINITE = re.compile(r"([-+]?)1\.#(INF|IND|[QS]?NAN)\d*", re.I)
"""Numbers as older C libraries of Windows print them: ``1.#INF``, ``-1.#IND``, ``1.#QNAN00``."""


def band_metadata(page: tifffile.TiffPage) -> tuple[dict[str, Labels], dict[str, Any]]:
    """Return the names of the samples of a page, and attributes of its pixels.

    Attributes are ``long_name`` and ``units`` (of several bands a tuple), ``scale_factor`` and
    ``add_offset``, by which numbers become physical values, or the tuples ``scales`` and
    ``offsets`` where bands differ. A scale of 1 and an offset of 0 say nothing. A band without
    a name has its number as a label, beside others with names.
    """
    roles = _roles(page)
    count = max(1, page.samplesperpixel)  # 0 in some damaged files that are read
    names = tuple(roles.get(("description", band)) for band in range(count))
    units = tuple(roles.get(("unittype", band)) for band in range(count))
    attrs: dict[str, Any] = {}
    for attr, texts in (("long_name", names), ("units", units)):
        if any(texts):
            attrs[attr] = texts if count > 1 else texts[0]
    for attr, several, role, default in (
        ("scale_factor", "scales", "scale", 1.0),
        ("add_offset", "offsets", "offset", 0.0),
    ):
        values = tuple(_number(roles.get((role, band)), default) for band in range(count))
        if len(set(values)) > 1:
            attrs[several] = values
        elif values[0] != default:
            attrs[attr] = values[0]
    if count == 1 or not any(names):
        return {}, attrs
    labels = tuple(name or str(number) for number, name in enumerate(names, 1))
    return {"s": Labels(labels, "GDAL metadata")}, attrs


def _roles(page: tifffile.TiffPage) -> dict[tuple[str, int], str]:
    """Return the texts with a role in GDAL's metadata, by role and number of the sample."""
    text = page.tags.valueof(GDAL_METADATA)
    try:
        root = ElementTree.fromstring(str(text).strip("\0 \n")) if text else None
    except (ElementTree.ParseError, ValueError):
        return {}
    roles: dict[tuple[str, int], str] = {}
    for item in root.iter("Item") if root is not None else ():
        role, sample = item.get("role"), item.get("sample", "")
        if role and sample.isdecimal() and item.text and item.text.strip():
            text = unescape(item.text.strip(), {"&quot;": '"'})  # GDAL escapes texts twice
            roles[role.lower(), int(sample)] = text
    return roles


def _number(text: str | None, default: float) -> float:
    """Return a finite number; the default if the text is none."""
    try:
        number = float(text) if text else default
    except ValueError:
        return default
    return number if math.isfinite(number) else default


def nodata_value(page: tifffile.TiffPage, dtype: np.dtype[Any]) -> np.generic | None:
    """Return GDAL's value for missing pixels; None if there is none, or no pixel can have it.

    Numbers are rounded to the precision of pixels that are floats, as in GDAL.
    """
    text = str(page.tags.valueof(GDAL_NODATA)).strip("\0 \n")
    found = _NOT_FINITE.fullmatch(text)
    if found:
        text = found[1] + ("inf" if found[2].upper() == "INF" else "nan")
    try:
        number = float(text)
        value: np.generic | None = None
        if dtype.kind in "iu":
            if re.fullmatch(r"[-+]?\d+", text):  # a float has fewer digits than an int64
                value = dtype.type(int(text))
            elif number.is_integer():
                value = dtype.type(int(number))
        elif dtype.kind in "fc":
            with np.errstate(over="ignore"):
                rounded = dtype.type(number)
            value = rounded if math.isfinite(number) == np.isfinite(rounded) else None
    except (ValueError, OverflowError):
        return None
    return value
