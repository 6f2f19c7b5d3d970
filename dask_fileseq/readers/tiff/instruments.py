"""What microscopes' own metadata say of a plane: MetaMorph, Micro-Manager and ScanImage.

tifffile parses them. Positions of the stage are in micrometres, exposures in seconds,
wavelengths in nanometres.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tifffile

from dask_fileseq.readers.chunkmetadata import MICROMETRES, Scale, positive, unit_name
from dask_fileseq.readers.headercolumns import as_date, as_number

MICROMANAGER_METADATA = 51123


def instrument_columns(tif: tifffile.TiffFile) -> dict[str, Any]:
    """Return when, where and how the first plane of a file was taken, by columns of a table."""
    columns = _metamorph_columns(_metamorph(tif)) or _micromanager_columns(_micromanager(tif))
    columns = columns or _scanimage_columns(tif)
    return {name: value for name, value in columns.items() if value not in (None, "")}


def instrument_scales(tif: tifffile.TiffFile) -> dict[str, Scale]:
    """Return the sizes of pixels along x and y that an instrument gives."""
    plane = _metamorph(tif)
    if plane.get("spatial-calibration-state", True):
        unit = unit_name(plane.get("spatial-calibration-units", ""))
        sizes = {axis: positive(plane.get(f"spatial-calibration-{axis}")) for axis in "xy"}
        if unit in MICROMETRES and all(sizes.values()):
            return {
                axis: Scale(0.0, size * MICROMETRES[unit], "µm", "MetaMorph spatial-calibration")
                for axis, size in sizes.items()
                if size
            }
    if size := positive(_micromanager(tif).get("PixelSizeUm")):
        return {axis: Scale(0.0, size, "µm", "Micro-Manager PixelSizeUm") for axis in "xy"}
    return {}


def _metamorph(tif: tifffile.TiffFile) -> Mapping[str, Any]:
    """Return the description of the first plane by MetaMorph or MetaXpress; empty if none."""
    if not tif.is_metaseries:
        return {}
    try:
        metadata = tif.metaseries_metadata or {}
    except Exception:  # of any broken XML
        return {}
    plane = metadata.get("PlaneInfo")
    return plane | {"Description": metadata.get("Description")} if isinstance(plane, dict) else {}


def _metamorph_columns(plane: Mapping[str, Any]) -> dict[str, Any]:
    if not plane:
        return {}
    exposure = plane.get("Exposure Time")
    if exposure is None:  # the description has it as ``Exposure: 100 ms``
        _, _, exposure = str(plane.get("Description")).partition("Exposure: ")
    return {
        "acquired": as_date(plane.get("acquisition-time-local")),
        "exposure": _seconds(exposure),
        "stage_x": as_number(plane.get("stage-position-x")),
        "stage_y": as_number(plane.get("stage-position-y")),
        "stage_z": as_number(plane.get("z-position")),
        "channel_name": plane.get("_IllumSetting_") or plane.get("image-name"),
        "emission": positive(plane.get("wavelength")),
    }


def _seconds(text: Any) -> float | None:
    """Return a duration with its unit, in seconds; without one it is in milliseconds.

    >>> _seconds("100 ms"), _seconds("1.5 s"), _seconds("")
    (0.1, 1.5, None)
    """
    number = as_number(text)
    if number is None:
        return None
    words = str(text).split()
    return number if len(words) > 1 and words[1].rstrip(",;") in ("s", "sec") else number / 1000


def _micromanager(tif: tifffile.TiffFile) -> Mapping[str, Any]:
    """Return Micro-Manager's metadata of the first plane; empty if there are none."""
    metadata = tif.pages.first.tags.valueof(MICROMANAGER_METADATA)
    return metadata if isinstance(metadata, dict) else {}


def _micromanager_columns(plane: Mapping[str, Any]) -> dict[str, Any]:
    if not plane:
        return {}
    exposure = as_number(plane.get("Exposure-ms"))
    return {
        "acquired": as_date(plane.get("ReceivedTime") or plane.get("Time")),
        "exposure": None if exposure is None else exposure / 1000,
        "stage_x": as_number(plane.get("XPositionUm")),
        "stage_y": as_number(plane.get("YPositionUm")),
        "stage_z": as_number(plane.get("ZPositionUm")),
        "channel_name": plane.get("Channel"),
    }


def _scanimage_columns(tif: tifffile.TiffFile) -> dict[str, Any]:
    if not tif.is_scanimage:
        return {}
    try:
        frame = (tif.scanimage_metadata or {}).get("FrameData")
    except Exception:  # of any broken metadata
        return {}
    if not isinstance(frame, dict):
        return {}
    place = frame.get("SI.hMotors.motorPosition", frame.get("SI.hMotors.axesPosition"))
    place = place if isinstance(place, list) and len(place) >= 3 else [None] * 3
    return {f"stage_{axis}": as_number(value) for axis, value in zip("xyz", place, strict=False)}
