"""Metadata of an image and of its planes in the OME-XML of a TIFF file.

See https://docs.openmicroscopy.org/ome-model/latest/. If OME-XML has several images, as in files
that contain the metadata of a whole set, the one that refers to this file counts, or else the one
with the number of the series. Of its planes, those that refer to this file count.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np
import tifffile

from dask_fileseq.readers.chunkmetadata import MICROMETRES, Labels, Scale, positive, unit_name
from dask_fileseq.readers.counters import record
from dask_fileseq.readers.headercolumns import as_date, as_number, single
from dask_fileseq.readers.reader import File

POSITIONS = {**MICROMETRES, "": 1.0}
"""Micrometres in units of positions; those without a unit of length are taken as micrometres."""
SECONDS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0}
"""Seconds in units of time."""

LONGEST = 1e9
"""Seconds after the start of an acquisition at which a plane may have been taken: 30 years."""

Place = tuple[str, ...]
"""The indices of a plane along c, z and t, as texts."""


def ome_text(file: File) -> str:
    """Return the OME-XML in the header of a TIFF file; empty if it has none."""
    start: dict[str, Any] = {} if isinstance(file, str) else {"offset": 0}
    with tifffile.TiffFile(file, _multifile=False, **start) as tif:
        record(files=1, headers=1)
        page = tif.pages.first
        return page.description if page.is_ome else ""


def ome_image(tif: tifffile.TiffFile, series: int) -> Element | None:
    """Return the element ``Image`` of an image in a file; None if there is none.

    The page decides whether it has OME-XML: the file itself may be opened as if it had none.
    """
    page = tif.pages.first
    if not page.is_ome:
        return None
    series = series if len(tif.series) and tif.series[0].kind == "ome" else 0
    return image_in_xml(page.description, os.path.basename(tif.filename), series)


@lru_cache(maxsize=4)
def image_in_xml(xml: str, name: str, series: int = 0) -> Element | None:
    """Return the element ``Image`` of a file by its name; several callers ask for the same."""
    try:
        root = ElementTree.fromstring(xml)
    except (ElementTree.ParseError, ValueError):
        return None
    images = [image for image in root.findall("{*}Image") if image.find("{*}Pixels") is not None]
    own = [image for image in images if name and any(n == name for n, _ in _parts(image))]
    images = own or images
    if not images:
        return None
    return images[series] if series < len(images) else images[0]


def _parts(image: Element) -> list[tuple[str, Place]]:
    """Return the name of the file, and the indices of the first plane, of each part of an image."""
    found = []
    for data in image.iterfind("{*}Pixels/{*}TiffData"):
        place = tuple(data.get(f"First{axis}", "0") for axis in "CZT")
        for uuid in data.iterfind("{*}UUID"):
            found.append((os.path.basename(uuid.get("FileName", "")), place))
    return found


def ome_metadata(tif: tifffile.TiffFile, series: int) -> tuple[dict[str, Scale], dict[str, Labels]]:
    """Return the sizes of pixels and the names of channels."""
    image = ome_image(tif, series)
    if image is None:
        return {}, {}
    pixels = _pixels(image)
    scales = {}
    for axis in "XYZ":
        size = positive(pixels.get(f"PhysicalSize{axis}"))
        unit = unit_name(pixels.get(f"PhysicalSize{axis}Unit", "µm"))
        if size and unit:
            scales[axis.lower()] = Scale(0.0, size, unit, f"OME-XML PhysicalSize{axis}")
    interval = positive(pixels.get("TimeIncrement"))
    if interval:
        unit = pixels.get("TimeIncrementUnit", "s")
        scales["t"] = Scale(0.0, interval, unit, "OME-XML TimeIncrement")
    channels = pixels.findall("{*}Channel")
    if not any(channel.get("Name") for channel in channels):
        return scales, {}
    names = tuple(channel.get("Name") or str(channel.get("ID")) for channel in channels)
    return scales, {"c": Labels(names, "OME-XML Channel Name")}


def _pixels(image: Element) -> Element:
    pixels = image.find("{*}Pixels")
    assert pixels is not None
    return pixels


def ome_columns(tif: tifffile.TiffFile, series: int) -> dict[str, Any]:
    """Return when, where and how an image was taken, by columns of a table."""
    image = ome_image(tif, series)
    return {} if image is None else image_columns(image, os.path.basename(tif.filename))


def image_columns(image: Element, name: str) -> dict[str, Any]:
    """Return the columns about an image in the file of that name.

    Time and place are those of its first plane, the others those that all of its planes have.
    """
    pixels = _pixels(image)
    places = [place for file, place in _parts(image) if file == name]
    channels = pixels.findall("{*}Channel")
    numbers = {place[0] for place in places}
    if len(numbers) == 1 and len(number := numbers.pop()) and number.isdecimal():
        channels = channels[int(number) : int(number) + 1]  # those of this file alone
    planes = pixels.findall("{*}Plane")
    if places and len(planes) > 1:
        order = {tuple(plane.get(f"The{axis}", "0") for axis in "CZT"): plane for plane in planes}
        planes = [order[place] for place in places if place in order]
    columns = _plane_columns(image, planes) | {
        "channel_name": single([channel.get("Name") for channel in channels]),
        "channel_color": single([_color(channel.get("Color")) for channel in channels]),
        "excitation": single([as_number(c.get("ExcitationWavelength")) for c in channels]),
        "emission": single([as_number(c.get("EmissionWavelength")) for c in channels]),
    }
    return {key: value for key, value in columns.items() if value is not None}


def _plane_columns(image: Element, planes: Sequence[Element]) -> dict[str, Any]:
    """Return the columns that come from the planes of an image."""
    columns: dict[str, Any] = {"acquired": as_date(image.findtext("{*}AcquisitionDate"))}
    if columns["acquired"] is None:
        columns["acquired"] = as_date(image.findtext("{*}CreationDate"))
    if not planes:
        return columns
    first = planes[0]
    delta = _in_units(first, "DeltaT", SECONDS, "s")
    if delta is not None and abs(delta) < LONGEST and columns["acquired"] is not None:
        columns["acquired"] += np.timedelta64(round(delta * 1e9), "ns")
    exposures = {_in_units(plane, "ExposureTime", SECONDS, "s") for plane in planes}
    columns["exposure"] = exposures.pop() if len(exposures) == 1 else None
    for axis in "XYZ":
        place = _in_units(first, f"Position{axis}", POSITIONS, "")
        columns[f"stage_{axis.lower()}"] = place
    return columns


def _in_units(element: Element, name: str, factors: dict[str, float], default: str) -> float | None:
    """Return a number with its unit in an attribute, in the unit of `factors`."""
    number = as_number(element.get(name))
    factor = factors.get(unit_name(element.get(f"{name}Unit", default)))
    return None if number is None or factor is None else number * factor


def _color(text: str | None) -> str | None:
    """Return OME's colour, a signed integer of red, green, blue and alpha, as ``#rrggbb``.

    >>> _color("-16776961"), _color("16711935")
    ('#ff0000', '#00ff00')
    """
    number = as_number(text)
    return None if number is None else f"#{(int(number) & 0xFFFFFFFF) >> 8:06x}"
