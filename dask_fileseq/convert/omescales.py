"""Steps, origins and units along the axes of an OME-Zarr image. No I/O."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from yaozarrs import v05

from dask_fileseq.convert.imagelayout import ImageLayout
from dask_fileseq.filearray import FileArray

__all__ = ["OmeScale", "axis_scales"]

UNITS = {
    "nm": "nanometer",
    "µm": "micrometer",
    "um": "micrometer",
    "micron": "micrometer",
    "mm": "millimeter",
    "cm": "centimeter",
    "m": "meter",
    "metre": "meter",
    "km": "kilometer",
    "Å": "angstrom",
    "pm": "picometer",
    "inch": "inch",
    "in": "inch",
    "ns": "nanosecond",
    "µs": "microsecond",
    "us": "microsecond",
    "ms": "millisecond",
    "s": "second",
    "sec": "second",
    "min": "minute",
    "h": "hour",
    "d": "day",
}
"""Names of units in OME-Zarr, which are those of UDUNITS-2, by their symbols."""


@dataclass(frozen=True)
class OmeScale:
    """Positions of the elements along an axis."""

    step: float = 1.0
    start: float = 0.0
    unit: str | None = None


def axis_scales(
    array: FileArray,
    layout: ImageLayout,
    given: Mapping[str, Any] | None = None,
) -> list[OmeScale]:
    """Return the scale of each axis of an image.

    It is what the caller gives; or else, along axes of the grid of files, evenly spaced
    numbers or dates from the names, and along other axes what the first header contains.

    Parameters
    ----------
    array : FileArray
        What is converted.
    layout : ImageLayout
        The axes of the images.
    given : mapping, optional
        By axis, a step, or a pair of step and unit: of time for t, of length for others.

    Raises
    ------
    ValueError
        If `given` does not fit.
    """
    if not isinstance(given, Mapping | None):
        raise ValueError(f"scale={given!r} is no mapping from axes, such as {{'z': (0.5, 'µm')}}")
    scales = {dim: _given_scale(dim, value, layout.dims) for dim, value in (given or {}).items()}
    for dim, axes in zip(layout.dims, layout.axes, strict=True):
        if dim not in scales:
            single = len(axes) == 1 and dim != "c"
            scales[dim] = _found_scale(array, axes[0]) if single else OmeScale()
    return [scales[dim] for dim in layout.dims]


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
        return OmeScale(step)
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
    return OmeScale(step, 0.0, name)


def _found_scale(array: FileArray, axis: int) -> OmeScale:
    along = array.tiling.axes[axis]
    if along.chunk is None:
        return _scale_of_values(array.coords.get(array.dims[axis]))
    scale = array.metadata.scales.get(array.spec.dims[along.chunk])
    if scale is None:
        return OmeScale()
    if scale.absolute or scale.step < 0:  # map coordinates: the attributes have them in full
        return OmeScale(abs(scale.step), 0.0, UNITS.get(scale.units))
    return OmeScale(scale.step, scale.start, UNITS.get(scale.units))


def _scale_of_values(values: Any) -> OmeScale:
    """Return the scale of evenly spaced numbers or dates.

    >>> _scale_of_values(np.array([10, 20, 30]))
    OmeScale(step=10.0, start=10.0, unit=None)
    >>> _scale_of_values(np.array(["2020-01-01T00", "2020-01-01T01"], "M8[ns]"))
    OmeScale(step=3600.0, start=0.0, unit='second')
    """
    if values is None or values.dtype.kind not in "iufM" or len(values) < 2:
        return OmeScale()
    dates = values.dtype.kind == "M"
    if dates:
        values = (values - values[0]) / np.timedelta64(1, "s")
    steps = np.diff(values.astype(np.float64))
    if steps[0] <= 0 or not np.allclose(steps, steps[0], rtol=1e-6, atol=0):
        return OmeScale()
    return OmeScale(float(steps[0]), float(values[0]), "second" if dates else None)
