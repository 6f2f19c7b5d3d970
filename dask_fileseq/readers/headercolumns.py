"""What the header of a file says, as one row of a table: plain values by the names of columns.

Values are texts, numbers, dates, or tuples of these. A column that a file says nothing about is
absent from its row.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from dask_fileseq.readers.chunkmetadata import ChunkMetadata, Scale

if TYPE_CHECKING:
    from dask_fileseq.readers.reader import FileInfo

PRINT = "TIFF resolution tags, probably for printing"
"""Source of a pixel size that is in a table, but in no coordinate."""

_DATE = re.compile(
    r"(\d{4})[-:/]?(\d\d)[-:/]?(\d\d)(?:[T ]+(\d\d):(\d\d)(?::(\d\d(?:\.\d{1,9})?))?)?"
    r"\s*(?:Z|([+-])(\d\d):?(\d\d))?"
)


def header_columns(info: FileInfo) -> dict[str, Any]:
    """Return what a header says, by the names of columns.

    Examples
    --------
    >>> from dask_fileseq.readers import ChunkSpec, FileInfo
    >>> spec = ChunkSpec((4, 6), np.dtype("u2"), ("y", "x"), (4, 6))
    >>> header_columns(FileInfo(spec, pages=1, compression="LZW"))
    {'shape': (4, 6), 'dtype': 'uint16', 'axes': 'YX', 'compression': 'LZW', 'pages': 1}
    """
    spec = info.spec
    columns: dict[str, Any] = {
        "shape": spec.shape,
        "dtype": str(spec.dtype),
        "axes": axes_text(spec.dims),
    }
    if info.compression:
        columns["compression"] = info.compression
    if info.pages is not None:
        columns["pages"] = info.pages
    if info.series:
        columns["series"] = len(info.series)
        columns["series_shapes"] = tuple(series.shape for series in info.series)
    if "crs" not in info.columns and info.metadata.crs:
        columns["crs"] = crs_name(info.metadata.crs)
    columns |= dict(info.columns) | _metadata_columns(info.metadata, spec.dims, spec.shape)
    return {name: value for name, value in columns.items() if value is not None}


def axes_text(dims: Sequence[str]) -> str:
    """Return the names of axes as one text.

    >>> axes_text(("time", "y", "x"))
    '<time>YX'
    """
    return "".join(dim.upper() if len(dim) == 1 else f"<{dim}>" for dim in dims)


def _metadata_columns(
    metadata: ChunkMetadata, dims: Sequence[str], shape: Sequence[int]
) -> dict[str, Any]:
    """Return the columns about the axes of the array in a file."""
    columns = pixel_columns(metadata.scales)
    sizes = dict(zip(dims, shape, strict=True))
    x, y = metadata.scales.get("x"), metadata.scales.get("y")
    if x is not None and y is not None and x.absolute and y.absolute:
        left, top = x.start - x.step / 2, y.start - y.step / 2
        columns["transform"] = (x.step, 0.0, left, 0.0, y.step, top)
    elif not metadata.scales and "GeoTransform" in metadata.crs:  # rows are parallel to no axis
        c, a, b, f, d, e = map(float, str(metadata.crs["GeoTransform"]).split())
        columns["transform"] = (a, b, c, d, e, f)
    if "transform" in columns and {"x", "y"} <= sizes.keys():
        columns["bounds"] = bounds_of(columns["transform"], sizes["y"], sizes["x"])
    for dim, labels in metadata.labels.items():
        column = {"c": "channel_name", "s": "band_names"}.get(dim, f"{dim}_names")
        columns[column] = single(list(labels.names)) if dim == "c" else labels.names
    for name, value in metadata.attrs.items():
        columns.setdefault("band_names" if name == "long_name" else name, plain_value(value))
    return columns


def crs_name(crs: Mapping[str, Any]) -> str | None:
    """Return the name of a coordinate reference system: its EPSG code, else WKT or a text.

    >>> crs_name({"epsg": 32633, "spatial_ref": "PROJCRS[...]"}), crs_name({})
    ('EPSG:32633', None)
    """
    if code := crs.get("epsg"):
        return f"EPSG:{code}"
    system = {key: value for key, value in crs.items() if key != "GeoTransform"}  # a place
    name = system.get("spatial_ref") or system.get("projected_crs_name")
    return name or (repr(system) if system else None)


def pixel_columns(scales: Mapping[str, Scale]) -> dict[str, Any]:
    """Return the sizes of pixels along axes, their unit and where they are from."""
    columns: dict[str, Any] = {}
    for dim, scale in scales.items():
        columns[f"pixel_size_{dim}"] = abs(scale.step)
        if scale.start and not scale.absolute:
            columns[f"origin_{dim}"] = scale.start
    if columns:
        units = list(dict.fromkeys(scale.units for scale in scales.values()))
        columns["pixel_unit"] = single(units)
        columns["pixel_source"] = next(iter(scales.values())).source
    return columns


def bounds_of(transform: Sequence[float], height: int, width: int) -> tuple[float, ...]:
    """Return the least x and y, and the greatest, of the corners of an image.

    >>> bounds_of((10.0, 0.0, 500.0, 0.0, -10.0, 1000.0), 4, 5)
    (500.0, 960.0, 550.0, 1000.0)
    """
    a, b, c, d, e, f = transform
    corners = [(0, 0), (width, 0), (0, height), (width, height)]
    x = [a * column + b * row + c for column, row in corners]
    y = [d * column + e * row + f for column, row in corners]
    return min(x), min(y), max(x), max(y)


def single(values: Sequence[Any]) -> Any:
    """Return the one value of a list, a tuple of several, and None if all are none.

    >>> single(["DAPI"]), single(["DAPI", "GFP"]), single([None, ""])
    ('DAPI', ('DAPI', 'GFP'), None)
    """
    if not any(value not in (None, "") for value in values):
        return None
    return values[0] if len(values) == 1 else tuple(values)


def plain_value(value: Any) -> Any:
    """Return a value of numpy as one of Python, and lists as tuples."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray | list | tuple):
        return tuple(map(plain_value, value))
    return value


def as_number(value: Any) -> float | None:
    """Return a finite number, also of a text; None if there is none.

    >>> as_number("100 ms"), as_number("fast"), as_number(None)
    (100.0, None, None)
    """
    if isinstance(value, str):
        found = re.match(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", value)
        value = found[0] if found else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def as_date(value: Any) -> np.datetime64 | None:
    """Return a date and time; those with an offset in UTC, others as they are.

    >>> as_date("2024:07:09 13:13:03"), as_date("20240709 13:13:03.006")
    (np.datetime64('2024-07-09T13:13:03.000000000'), np.datetime64('2024-07-09T13:13:03.006000000'))
    >>> as_date("2021-03-29T20:55:28+02:00"), as_date("0000:00:00 00:00:00")
    (np.datetime64('2021-03-29T18:55:28.000000000'), None)
    """
    if isinstance(value, datetime):
        value = value.isoformat()
    found = _DATE.match(str(value).strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, sign, hours, minutes = found.groups()
    clock = f"T{hour}:{minute}:{second or '00'}" if hour else ""
    try:
        date = np.datetime64(f"{year}-{month}-{day}{clock}", "ns")
    except ValueError:
        return None
    if sign:
        offset = np.timedelta64(60 * int(hours) + int(minutes), "m")
        date = date - offset if sign == "+" else date + offset
    return None if np.isnat(date) else date
