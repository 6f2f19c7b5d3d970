"""``MeasurementData.mlf`` and ``MeasurementDetail.mrf`` of Yokogawa's CellVoyager.

The first has a record for each image. The second has the pixel size of each channel, and names
the settings (``.mes``), which have what the channels are called.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from dask_fileseq.descriptors.beside import Beside, attributes
from dask_fileseq.descriptors.descriptor import (
    BadDescriptorError,
    Descriptor,
    Extra,
    base_name,
    floats,
    integers,
    micrometres,
    pixel_sizes,
    plate_size,
    row_letters,
    times,
)

FILE_NAME = re.compile(r"MeasurementData\.mlf", re.IGNORECASE)
DETAIL = "MeasurementDetail.mrf"

_AXES = {
    "row": "Row",
    "column": "Column",
    "time": "TimePoint",
    "field": "FieldIndex",
    "z": "ZIndex",
    "channel": "Ch",
    "timeline": "TimelineIndex",
    "action": "ActionIndex",
}
_POSITIONS = {"stage_x": "X", "stage_y": "Y", "stage_z": "Z"}

_SIZES = {"y": "VerticalPixelDimension", "x": "HorizontalPixelDimension"}


def read_yokogawa(beside: Beside, name: str, names: Sequence[str]) -> Descriptor:
    """Return what the records of a CellVoyager measurement say."""
    files, records = [], []
    for _, element in beside.elements(name, "MeasurementRecord"):
        record = attributes(element)
        if record.get("Type") == "IMG" and element.text:  # others are errors and notes
            files.append(base_name(element.text.strip()))
            records.append(record)
    if not records:
        raise BadDescriptorError("it has no records of images")
    axes: dict[str, list[Any]] = {
        dim: integers((record.get(key) for record in records), key)
        for dim, key in _AXES.items()
        if all(key in record for record in records)
    }
    axes["projection"] = [record.get("ZImageProcessing", "none") for record in records]
    if "row" in axes:
        axes["row"] = list(map(row_letters, axes["row"]))
    extras = {
        dim: micrometres(record.get(key) for record in records) for dim, key in _POSITIONS.items()
    }
    extras["acquired"] = times(record.get("Time") for record in records)
    channels, settings, plate = _details(beside)
    of_records = [settings.get(record.get("Ch", ""), {}) for record in records]
    titles = [each.get("Fluorophore") or each.get("Target", "") for each in of_records]
    if any(titles):
        extras["channel_name"] = Extra(np.array(titles))
    extras["exposure"] = floats((each.get("ExposureTime") for each in of_records), "s", 1e-3)
    used = [channels[ch] for ch in {r.get("Ch", "") for r in records} if ch in channels]
    return Descriptor(
        source=f"{name} of CellVoyager",
        files=files,
        axes=axes,
        spare=("timeline", "action", "projection"),
        extras=extras,
        index={"time": "acquired"},
        pixel_sizes=pixel_sizes(used, _SIZES),
        plate=plate,
        preset="cellvoyager",
        known=frozenset(c.get("ShadingCorrectionSource", "") for c in channels.values()),
    )


def _details(
    beside: Beside,
) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]], tuple[int, int] | None]:
    """Return channels by their numbers, as measured and as set, and the size of the plate."""
    channels: dict[str, dict[str, str]] = {}
    settings: dict[str, dict[str, str]] = {}
    plate = None
    if DETAIL not in beside.names:
        return channels, settings, plate
    set_in = ""
    for tag, element in beside.elements(DETAIL, "MeasurementChannel", "MeasurementDetail"):
        found = attributes(element)
        if tag == "MeasurementChannel":
            channels[found.get("Ch", "")] = found
        set_in = found.get("MeasurementSettingFileName", set_in)
        plate = plate or plate_size(found.get("RowCount"), found.get("ColumnCount"))
    if set_in in beside.names:
        for _, element in beside.elements(set_in, "Channel"):
            found = attributes(element)
            settings[found.get("Ch", "")] = found
    return channels, settings, plate
