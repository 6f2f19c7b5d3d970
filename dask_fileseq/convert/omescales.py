"""What is known along the axes of an image: steps, units, names of channels. No I/O."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dask_fileseq.convert.omelayout import Layout
from dask_fileseq.filearray import FileArray
from dask_fileseq.readers import ChunkMetadata

__all__ = ["AxisScale", "axis_scales", "channel_names"]

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
"""Names of units in OME-Zarr, which are those of UDUNITS-2."""

PREFIXES = (
    "micro nano milli atto centi deci exa femto giga hecto kilo mega peta pico tera yocto yotta"
    " zepto zetta"
)
LENGTHS = ("micrometer", "angstrom", "foot", "inch", "mile", "parsec", "yard") + tuple(
    f"{prefix}meter" for prefix in ("", *PREFIXES.split())
)
TIMES = ("second", "minute", "hour", "day") + tuple(
    f"{prefix}second" for prefix in ("", *PREFIXES.split())
)
"""Units that OME-Zarr has."""

SAMPLES = ("red", "green", "blue", "alpha")


@dataclass(frozen=True)
class AxisScale:
    """Where the elements along an axis lie."""

    step: float = 1.0
    start: float = 0.0
    unit: str | None = None


def axis_scales(
    array: FileArray,
    metadata: ChunkMetadata,
    layout: Layout,
    given: Mapping[str, Any] | None = None,
) -> list[AxisScale]:
    """Return what is known of each axis of an image.

    Of axes along which files stand, evenly spaced numbers and dates; of those in the
    files, what the first of them says. What `given` says counts first.

    Parameters
    ----------
    array, metadata, layout
        What is converted.
    given : mapping, optional
        By axis, a step or a pair of step and unit, one of time for t and else of length.

    Raises
    ------
    ValueError
        If `given` is none of that.
    """
    if not isinstance(given, Mapping | None):
        raise ValueError(f"scale={given!r} is no mapping from axes, such as {{'z': (0.5, 'µm')}}")
    said = {dim: _given(dim, value, layout.dims) for dim, value in (given or {}).items()}
    return [
        said.get(dim)
        or (_known(array, metadata, axes[0]) if len(axes) == 1 and dim != "c" else AxisScale())
        for dim, axes in zip(layout.dims, layout.axes, strict=True)
    ]


def _given(dim: str, value: Any, dims: Sequence[str]) -> AxisScale:
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
        return AxisScale(step)
    text = str(unit).replace("\u03bc", "\u00b5")  # there are two of mu
    name = UNITS.get(text, text)
    kind, units = ("time", TIMES) if dim == "t" else ("length", LENGTHS)
    if name not in units:
        raise ValueError(
            f"scale has the unit {unit!r} for {dim!r}, which is none of {kind} in OME-Zarr,"
            f" such as {units[0]!r}"
        )
    return AxisScale(step, 0.0, name)


def _known(array: FileArray, metadata: ChunkMetadata, axis: int) -> AxisScale:
    along = array.tiling.axes[axis]
    if along.chunk is None:
        return _of_values(array.coords.get(array.dims[axis]))
    scale = metadata.scales.get(array.spec.dims[along.chunk])
    if scale is None:
        return AxisScale()
    if scale.absolute or scale.step < 0:  # on the ground: attributes have it in full
        return AxisScale(abs(scale.step), 0.0, UNITS.get(scale.units))
    return AxisScale(scale.step, scale.start, UNITS.get(scale.units))


def _of_values(values: Any) -> AxisScale:
    """Return what evenly spaced numbers or dates say.

    >>> _of_values(np.array([10, 20, 30]))
    AxisScale(step=10.0, start=10.0, unit=None)
    >>> _of_values(np.array(["2020-01-01T00", "2020-01-01T01"], "M8[ns]"))
    AxisScale(step=3600.0, start=0.0, unit='second')
    """
    if values is None or values.dtype.kind not in "iufM" or len(values) < 2:
        return AxisScale()
    dates = values.dtype.kind == "M"
    if dates:
        values = (values - values[0]) / np.timedelta64(1, "s")
    steps = np.diff(values.astype(np.float64))
    if steps[0] <= 0 or not np.allclose(steps, steps[0], rtol=1e-6, atol=0):
        return AxisScale(unit=None)
    return AxisScale(float(steps[0]), float(values[0]), "second" if dates else None)


def channel_names(array: FileArray, metadata: ChunkMetadata, layout: Layout) -> list[str]:
    """Return a name for each channel: from file names, from the files, or numbers."""
    if "c" not in layout.dims:
        return []
    at = layout.dims.index("c")
    names = [
        _names(array, metadata, axis, length)
        for axis, length in zip(layout.axes[at], layout.lengths[at], strict=True)
    ]
    return [" ".join(combination) for combination in itertools.product(*names)]


def _names(array: FileArray, metadata: ChunkMetadata, axis: int, length: int) -> list[str]:
    along = array.tiling.axes[axis]
    if along.chunk is None:
        return [str(value) for value in array.coords.get(array.dims[axis], range(length))]
    chunkdim = array.spec.dims[along.chunk]
    if chunkdim == "s" and length in (3, 4):
        return list(SAMPLES[:length])
    labels = metadata.labels.get(chunkdim)
    if labels is not None and len(labels.names) == length:
        return list(labels.names)
    return [str(i) for i in range(length)]
