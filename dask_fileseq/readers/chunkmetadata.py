"""Metadata of the axes of the array in a file: plain values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Scale:
    """Coordinates along an axis: element ``i`` is at ``start + i * step``.

    Examples
    --------
    >>> Scale(0.5, 0.25, "µm", "OME-XML PhysicalSizeX").values(3)
    array([0.5 , 0.75, 1.  ])
    """

    start: float
    """Coordinate of the centre of the first element."""
    step: float
    """Distance between centres."""
    units: str
    """Unit of both; empty if unknown."""
    source: str
    """Part of the file that contains it."""
    attrs: Mapping[str, str] = field(default_factory=dict)
    """More attributes of the coordinate, as CF names them."""
    absolute: bool = False
    """Whether coordinates are places on the ground, and not only in the image."""

    def values(self, count: int) -> NDArray[np.float64]:
        """Return the centres of the first `count` elements."""
        return np.asarray(self.start + self.step * np.arange(count), np.float64)

    def reduced(self, factor: float) -> Scale:
        """Return the scale of an image in which each element covers `factor` of these."""
        start = self.start + self.step * (factor - 1) / 2
        return replace(self, start=start, step=self.step * factor)

    def shifted(self, elements: float) -> Scale:
        """Return the scale whose first element is this many elements further."""
        return replace(self, start=self.start + self.step * elements)


@dataclass(frozen=True, slots=True)
class Labels:
    """A name for each element along an axis."""

    names: tuple[str, ...]
    """The names, in order."""
    source: str
    """Part of the file that contains them."""


@dataclass(frozen=True, slots=True)
class ChunkMetadata:
    """Metadata of the axes of the array in a file; what the file does not contain is empty."""

    scales: Mapping[str, Scale] = field(default_factory=dict)
    """Scales of axes, by their names in `ChunkSpec.dims`."""
    labels: Mapping[str, Labels] = field(default_factory=dict)
    """Labels along axes, by their names in `ChunkSpec.dims`."""
    crs: Mapping[str, Any] = field(default_factory=dict)
    """The coordinate reference system of x and y, as attributes of a CF grid mapping."""
    attrs: Mapping[str, Any] = field(default_factory=dict)
    """Attributes of the array: ``nodata``, ``scale_factor``, ``add_offset``, ``long_name``,
    ``units``."""
    unread: str = ""
    """A text about images of the file that are not read; empty if all are, or one was chosen."""


MICROMETRES: Mapping[str, float] = {"nm": 1e-3, "µm": 1.0, "mm": 1e3, "cm": 1e4, "m": 1e6}
"""Micrometres in units of length, by the names that `unit_name` returns."""

_UNITS = dict.fromkeys(("um", "micron", "microns", "micrometer", "micrometre", "\u03bcm"), "µm")
_UNITS |= dict.fromkeys(("", "pixel", "pixels", "reference frame"), "")


def unit_name(text: object) -> str:
    """Return the name of a unit, with one spelling of micrometres; empty if it is none."""
    unit = str(text).strip().replace("\\u00B5", "µ").replace("\\u00b5", "µ")
    return _UNITS.get(unit.lower(), unit)


def positive(value: object) -> float | None:
    """Return a positive, finite number; None if the value is none."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if 0 < number < float("inf") else None
