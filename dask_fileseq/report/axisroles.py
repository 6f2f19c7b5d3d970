"""The role of each axis of a grid on a contact sheet: channel, time, plane or place.

The names of axes decide, as in patterns. If they do not, an axis of words is the channel, and
the last other axis is time.
"""

from __future__ import annotations

from dataclasses import dataclass

from dask_fileseq.grid import FileGrid
from dask_fileseq.patterns import FAMILIES

__all__ = ["AxisRoles", "axis_roles"]

MOST_CHANNELS = 16
"""Labels of an axis up to which its words can be channels."""


@dataclass(frozen=True, slots=True)
class AxisRoles:
    """Numbers of the axes of a grid that have more than one label, by role."""

    channel: int | None
    time: int | None
    plane: int | None
    places: tuple[int, ...]
    """All other axes."""


def axis_roles(grid: FileGrid) -> AxisRoles:
    """Return the role of each axis of a grid.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> names = ["A01_t0_DAPI_z0", "A01_t1_GFP_z1", "B01_t0_GFP_z0"]
    >>> axis_roles(grid_of_pattern(names, "{well}_t{t:d}_{channel}_z{z:d}"))
    AxisRoles(channel=2, time=1, plane=3, places=(0,))
    """
    dims = grid.unique_dims
    families = {
        axis: _family(grid, dims[axis]) for axis, length in enumerate(grid.shape) if length > 1
    }

    def take(*wanted: str) -> int | None:
        for axis, family in families.items():
            if family in wanted:
                del families[axis]
                return axis
        return None

    channel = take("channel")
    channel = take("band") if channel is None else channel
    plane, time = take("z"), take("time")
    channel = take("words") if channel is None else channel
    time = take("day", "hour", "minute") if time is None else time
    unnamed = [axis for axis, family in families.items() if not family]
    if time is None and unnamed:
        time = unnamed[-1]
        del families[time]
    return AxisRoles(channel, time, plane, tuple(families))


def _family(grid: FileGrid, dim: str) -> str:
    """Return the family of an axis by its name and labels; empty if these do not decide."""
    word, _, number = dim.lower().rpartition("_")
    name = word if word and number.isdecimal() else dim.lower()
    labels = grid.coords[dim]
    if name == "date" or labels.dtype.kind == "M":
        return "time"
    if name in ("well", "plate"):
        return "well"
    family = FAMILIES.get(name, "")
    if family == "channel" and len(labels) > MOST_CHANNELS:
        return ""
    if not family and labels.dtype.kind == "U":
        return "words" if len(labels) <= MOST_CHANNELS else "many words"
    return family
