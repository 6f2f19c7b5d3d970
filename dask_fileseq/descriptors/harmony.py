"""``Index.xml`` and ``Index.idx.xml`` of Harmony, PerkinElmer's and Revvity's software.

Each ``Image`` element has the name of a file, its well, field, plane, channel and time point,
and where and when it was taken. Newer versions have what is the same for all images of a
channel in ``Entry`` elements instead.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from dask_fileseq.descriptors.beside import Beside, children
from dask_fileseq.descriptors.descriptor import (
    BadDescriptorError,
    Descriptor,
    base_name,
    floats,
    integers,
    micrometres,
    pixel_sizes,
    plate_size,
    seconds,
    times,
)

FILE_NAME = re.compile(r"index(\.idx|\.ref)?\.xml", re.IGNORECASE)

_AXES = {
    "row": "Row",
    "column": "Col",
    "field": "FieldID",
    "z": "PlaneID",
    "channel": "ChannelID",
    "time": "TimepointID",
    "flim": "FlimID",
}
_POSITIONS = {"stage_x": "PositionX", "stage_y": "PositionY", "stage_z": "PositionZ"}

_SIZES = {"y": "ImageResolutionY", "x": "ImageResolutionX"}


def read_harmony(beside: Beside, name: str, names: Sequence[str]) -> Descriptor:
    """Return what an index of Harmony says."""
    beside.require(name, b"EvaluationInputData")
    images: list[dict[str, str]] = []
    channels: dict[str, dict[str, str]] = {}
    units: dict[str, str] = {}
    plate = None
    for tag, element in beside.elements(name, "Image", "Entry", "Plate"):
        fields = children(element)
        if tag == "Plate":
            plate = plate_size(fields.get("PlateRows"), fields.get("PlateColumns"))
        elif tag == "Entry":
            channels.setdefault(element.get("ChannelID", ""), {}).update(fields)
        elif "URL" in fields:  # else it is a reference in a well
            images.append(fields)
        if len(images) <= 1:  # the same in all
            units |= _units(element)
    if not images:
        raise BadDescriptorError("it has no Image elements")
    records = [channels.get(image.get("ChannelID", ""), {}) | image for image in images]
    axes = {
        dim: integers((record.get(key) for record in records), key)
        for dim, key in _AXES.items()
        if dim != "flim" or all(key in record for record in records)
    }
    named = {
        channel: record["ChannelName"]
        for channel, record in zip(axes["channel"], records, strict=True)
        if record.get("ChannelName")
    }
    extras = {
        dim: micrometres((record.get(key) for record in records), units.get(key, "m"))
        for dim, key in _POSITIONS.items()
    }
    extras["acquired"] = times(record.get("AbsTime") for record in records)
    extras["elapsed_time"] = seconds(record.get("MeasurementTimeOffset") for record in records)
    extras["exposure"] = floats((record.get("ExposureTime") for record in records), "s")
    return Descriptor(
        source=f"{name} of Harmony",
        files=[base_name(record["URL"]) for record in records],
        axes=axes,
        spare=("flim",),
        labels={"channel": named},
        extras=extras,
        index={"time": "elapsed_time"},
        pixel_sizes=pixel_sizes(records, _SIZES, dict.fromkeys(_SIZES.values(), "m") | units),
        plate=plate,
        preset="operetta",
    )


def _units(element: ET.Element) -> dict[str, str]:
    """Return the units of the fields of an image or channel."""
    return {
        child.tag.rpartition("}")[2]: child.attrib["Unit"] for child in element if child.get("Unit")
    }
