"""Steps along the axes of an image, with their units: given, or found in headers and names."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from yaozarrs import v05

from dask_fileseq.convert.imagelayout import ImageLayout
from dask_fileseq.convert.imageroles import PERIODS
from dask_fileseq.filearray import FileArray

PREFIXES = {"": "", "p": "pico", "n": "nano", "µ": "micro", "u": "micro", "m": "milli"}
UNITS = {
    f"{symbol}{base}": prefix + unit
    for symbol, prefix in (PREFIXES | {"c": "centi", "k": "kilo"}).items()
    for base, unit in (("m", "meter"), ("s", "second"))
}
UNITS |= {"Å": "angstrom", "micron": "micrometer", "metre": "meter", "inch": "inch", "in": "inch"}
UNITS |= {"sec": "second", "min": "minute", "h": "hour", "d": "day"}
"""Names of units in OME-Zarr, which are those of UDUNITS-2, by their symbols."""

SYMBOLS = {name: symbol for symbol, name in reversed(UNITS.items()) if symbol.isascii()}
"""A symbol of each unit, which any terminal can show."""

SIZE = re.compile(r"(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)\s*(\D+)", re.IGNORECASE)


@dataclass(frozen=True)
class OmeScale:
    """Positions of the elements along an axis."""

    step: float = 1.0
    start: float = 0.0
    unit: str | None = None
    """Name of the unit of both, as UDUNITS-2 has it."""
    source: str = ""
    """What says so: "given" by the caller, "file names", or a part of the header."""


def axis_scales(
    array: FileArray,
    layout: ImageLayout,
    given: Mapping[str, Any] | None = None,
    pixel_size: Any = None,
) -> list[OmeScale]:
    """Return the scale of each axis of an image.

    The caller may give, by axis, a step or a pair of step and unit: of time for t, of
    length for others. Along other axes, the scale is that of evenly spaced numbers or
    dates in the names of files, or that of the first header.
    """
    if not isinstance(given, Mapping | None):
        raise ValueError(f"scale={given!r} is no mapping from axes, such as {{'z': (0.5, 'µm')}}")
    every = _with_pixel_size(given or {}, pixel_size)
    scales = {dim: _given_scale(dim, value, layout.dims) for dim, value in every.items()}
    for dim, axes in zip(layout.dims, layout.axes, strict=True):
        if dim not in scales:
            names = [array.dims[axis].lower() for axis in axes]
            if dim == "t" and all(name in PERIODS and len(name) > 2 - len(axes) for name in names):
                scales[dim] = _scale_of_periods(array, axes)
            else:
                single = len(axes) == 1 and dim != "c"
                scales[dim] = _found_scale(array, axes[0], dim) if single else OmeScale()
    return [scales[dim] for dim in layout.dims]


def _with_pixel_size(given: Mapping[str, Any], pixel_size: Any) -> dict[str, Any]:
    """Return scales with those of pixels, which are a text, or a size for each axis.

    >>> _with_pixel_size({}, "0.65um"), _with_pixel_size({}, "z=2 um")
    ({'y': (0.65, 'um'), 'x': (0.65, 'um')}, {'z': (2.0, 'um')})
    """
    if pixel_size is None:
        return dict(given)
    sizes = pixel_size
    if isinstance(pixel_size, str) and "=" in pixel_size:
        parts = [part.partition("=")[::2] for part in pixel_size.split(",")]
        sizes = {dim.strip(): size for dim, size in parts}
    elif not isinstance(pixel_size, Mapping):
        sizes = dict.fromkeys("yx", pixel_size)
    if both := [dim for dim in sizes if dim in given]:
        raise ValueError(f"pixel_size={pixel_size!r} and scale both have {both[0]!r}")
    found = dict(given)
    for dim, size in sizes.items():
        match = SIZE.fullmatch(size.strip()) if isinstance(size, str) else None
        value = (float(match[1]), match[2]) if match else size
        if dim not in ("z", "y", "x") or not (isinstance(value, tuple) and len(value) == 2):
            raise ValueError(
                f"pixel_size={pixel_size!r} is no size with its unit such as '0.65um',"
                " nor one for each of z, y and x, such as 'z=2um,y=0.65um,x=0.65um'"
            )
        found[dim] = value
    return found


def _given_scale(dim: str, value: Any, dims: Sequence[str]) -> OmeScale:
    if dim not in dims or dim == "c":
        others = ", ".join(other for other in dims if other != "c")
        raise ValueError(f"scale has {dim!r}, and the axes that have a step are {others}")
    try:
        step, unit = value if isinstance(value, tuple | list) else (value, None)
        step = float(step)
    except (TypeError, ValueError):
        step = -1.0
    if not 0 < step < float("inf"):
        raise ValueError(f"scale has {value!r} for {dim!r}: neither a step nor (step, unit)")
    if unit is None:
        return OmeScale(step, source="given")
    text = str(unit).replace("\u03bc", "\u00b5")  # the Greek letter, and the sign for micro
    name = UNITS.get(text, text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            (v05.TimeAxis if dim == "t" else v05.SpaceAxis)(name=dim, unit=name)
        except Warning:
            kind, example = ("time", "second") if dim == "t" else ("length", "micrometer")
            raise ValueError(
                f"scale has the unit {unit!r} for {dim!r}, which is none of {kind} in OME-Zarr,"
                f" such as {example!r}"
            ) from None
    return OmeScale(step, 0.0, name, "given")


def _found_scale(array: FileArray, axis: int, dim: str) -> OmeScale:
    along = array.tiling.axes[axis]
    if along.chunk is None:
        planes = _scale_of_planes(array, array.dims[axis]) if dim == "z" else None
        return planes or _scale_of_values(array.coords.get(array.dims[axis]))
    scale = array.metadata.scales.get(array.spec.dims[along.chunk])
    if scale is None:
        return OmeScale()
    is_map = scale.absolute or scale.step < 0  # the attributes have map coordinates in full
    start, unit = 0.0 if is_map else scale.start, UNITS.get(scale.units)
    return OmeScale(abs(scale.step), start, unit, scale.source)


def _scale_of_planes(array: FileArray, dim: str) -> OmeScale | None:
    """Return the scale of evenly spaced heights that a descriptor has, upwards or downwards."""
    heights = array.gridmetadata.coords.get("stage_z")
    if heights is None or heights.dims != (dim,) or len(heights.values) < 2:
        return None
    scale = _scale_of_values(np.sort(heights.values))
    if scale == OmeScale() or (np.abs(np.diff(heights.values, 2)) > scale.step / 2).any():
        return None
    unit = UNITS.get(heights.attrs.get("units", ""))
    return replace(scale, unit=unit, source=array.gridmetadata.source)


def _scale_of_periods(array: FileArray, axes: Sequence[int]) -> OmeScale:
    """Return the scale of days, hours and minutes that are laid end to end."""
    seconds = np.zeros(1)
    for axis in axes:
        values = array.coords.get(array.dims[axis])
        if values is None or values.dtype.kind not in "iuf":
            return OmeScale()
        seconds = np.add.outer(seconds, values * PERIODS[array.dims[axis].lower()]).ravel()
    return _scale_of_values((seconds * 1e9).astype("m8[ns]"))


def _scale_of_values(values: Any) -> OmeScale:
    """Return the scale of evenly spaced numbers, dates or durations."""
    if values is None or values.dtype.kind not in "iufmM" or len(values) < 2:
        return OmeScale()
    dates = values.dtype.kind in "mM"
    if dates:
        since = values[0] if values.dtype.kind == "M" else np.timedelta64(0, "ns")
        values = (values - since) / np.timedelta64(1, "s")
    steps = np.diff(values.astype(np.float64))
    if steps[0] <= 0 or not np.allclose(steps, steps[0], rtol=1e-6, atol=0):
        return OmeScale()
    unit = "second" if dates else None
    return OmeScale(float(steps[0]), float(values[0]), unit, "file names")


def scale_text(scales: Mapping[str, OmeScale]) -> str:
    """Return the size of a pixel, and the steps along other axes, with their sources.

    >>> size = OmeScale(0.65, 0.0, "micrometer", "OME-XML PhysicalSizeY")
    >>> scale_text({"y": size, "x": size}), scale_text({"y": size})
    ('0.65 um a pixel (OME)', 'y 0.65 um (OME), x unknown')
    """
    # a step without a unit is that of numbers in names, or unknown, unless the caller gives it
    known = {dim: s for dim, s in scales.items() if s.unit or s.source == "given"}
    texts, shown = [], {dim: _step_text(scale) for dim, scale in known.items()}
    plane = {dim: shown[dim] for dim in ("y", "x") if dim in shown}
    steps = [text.partition(" (")[0] for text in plane.values()]
    if len(plane) == 2 and len(set(steps)) == 1:
        texts.append(next(iter(plane.values())).replace(" (", " a pixel (", 1))
    elif plane:
        texts += [f"{dim} {plane.get(dim, 'unknown')}" for dim in ("y", "x")]
    texts += [f"{dim} {shown[dim]}" for dim in ("z", "t") if dim in shown]
    return ", ".join(texts if plane else ["no pixel size", *texts])


def _step_text(scale: OmeScale) -> str:
    """Return a step with its unit and source; whole days, hours and minutes as such.

    >>> _step_text(OmeScale(1382400.0, 0.0, "second", "file names"))
    '16 d (file names)'
    """
    step, name = scale.step, scale.unit
    for longer, seconds in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if name == "second" and step % seconds == 0:
            step, name = step / seconds, longer
    unit = f" {SYMBOLS.get(name, name)}" if name else ""
    source = scale.source if " names" in scale.source else scale.source.split(" ")[0]
    return f"{step:.6g}{unit} ({source.removesuffix('-XML')})"
