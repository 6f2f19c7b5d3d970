"""``metadata.txt`` of Micro-Manager, beside images in separate files.

Version 1.4 has an object ``FrameKey-frame-channel-slice`` for each image, and version 2.0 two,
``Coords-folder/file`` and ``Metadata-folder/file``. Each position has a folder with one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from dask_fileseq.descriptors.beside import Beside
from dask_fileseq.descriptors.descriptor import (
    BadDescriptorError,
    Descriptor,
    base_name,
    floats,
    integers,
    micrometres,
    pixel_sizes,
    seconds,
    times,
)

FILE_NAME = re.compile(r"metadata\.txt", re.IGNORECASE)

_AXES = {
    "position": ("PositionIndex", "position"),
    "time": ("FrameIndex", "Frame", "time"),
    "channel": ("ChannelIndex", "channel"),
    "z": ("SliceIndex", "Slice", "z"),
}
_ZONE = re.compile(r" (?=[+-]\d{4}$)")
"""The blank before a time zone, as in ``2012-12-04 14:16:45 -0500``."""

_POSITIONS = {"stage_x": "XPositionUm", "stage_y": "YPositionUm", "stage_z": "ZPositionUm"}

Record = dict[str, Any]


def read_micromanager(beside: Beside, name: str, names: Sequence[str]) -> Descriptor:
    """Return what the metadata of a folder of Micro-Manager say."""
    beside.require(name, b'"Summary"', b'"FrameKey', b'"Coords-', b'"Metadata-')
    content, is_cut = _content(beside.text(name))
    summary = content.get("Summary")
    summary = summary if isinstance(summary, dict) else {}
    records = _records(content)
    if not records:
        raise BadDescriptorError("it has no images")
    axes = {
        dim: integers(
            (next((r[key] for key in keys if r.get(key) is not None), 0) for r in records), keys[0]
        )
        for dim, keys in _AXES.items()
    }
    listed = summary.get("ChNames")
    listed = listed if isinstance(listed, list) else []
    channels = {
        number: str(record.get("Channel") or listed[number])
        for number, record in zip(axes["channel"], records, strict=True)
        if record.get("Channel") or number < len(listed)
    }
    places = {
        number: str(record["PositionName"])
        for number, record in zip(axes["position"], records, strict=True)
        if record.get("PositionName")
    }
    extras = {
        dim: micrometres(record.get(key) for record in records) for dim, key in _POSITIONS.items()
    }
    extras["elapsed_time"] = seconds((record.get("ElapsedTime-ms") for record in records), 1e-3)
    taken = [record.get("Time", record.get("ReceivedTime")) for record in records]
    with suppress(BadDescriptorError):  # some versions write times in other forms
        extras["acquired"] = times(_ZONE.sub("", str(time or "")) for time in taken)
    extras["exposure"] = floats((record.get("Exposure-ms") for record in records), "s", 1e-3)
    sizes = [{"size": each.get("PixelSizeUm", summary.get("PixelSize_um"))} for each in records]
    return Descriptor(
        source=f"{name} of Micro-Manager",
        files=[record["file"] for record in records],
        axes=axes,
        spare=("position",),
        labels={"channel": channels, "position": places},
        extras=extras,
        index={"time": "elapsed_time"},
        pixel_sizes=pixel_sizes(sizes, dict.fromkeys("yx", "size")),
        is_cut=is_cut,
    )


def _content(text: str) -> tuple[Record, bool]:
    """Return the object in a file, and whether its last bracket is missing.

    >>> _content('{"Summary": {}, "FrameKey-0-0-0": {},')
    ({'Summary': {}, 'FrameKey-0-0-0': {}}, True)
    """
    whole = text.strip().rstrip("\0")
    for end in ("", "}"):
        try:
            content = json.loads(whole.rstrip(",\r\n ") + end if end else whole)
        except (ValueError, RecursionError) as error:
            why = error
            continue
        if isinstance(content, dict):
            return content, bool(end)
        raise BadDescriptorError("it is no JSON object")
    raise BadDescriptorError(f"it is no complete JSON: {why}")


def _records(content: Mapping[str, Any]) -> list[Record]:
    """Return the fields of each image, of either version, and the names of their files."""
    records: dict[str, Record] = {}
    for key, fields in content.items():
        kind, _, rest = key.partition("-")
        if not isinstance(fields, dict) or kind not in ("FrameKey", "Coords", "Metadata"):
            continue
        file = base_name(str(fields.get("FileName") or "" if kind == "FrameKey" else rest))
        if not file:
            continue
        record = records.setdefault(file, {"file": file})
        numbers = re.fullmatch(r"(\d+)-(\d+)-(\d+)", rest) if kind == "FrameKey" else None
        if numbers:
            record.update(zip(("time", "channel", "z"), numbers.groups(), strict=True))
        record.update(fields)
    return list(records.values())
