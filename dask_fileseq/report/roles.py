"""What the axes of a grid are for people who look at it: channels, times, planes, places.

The names of axes decide, as they do in patterns; where they say nothing, words are channels
and the last other axis is time.
"""

from __future__ import annotations

from dataclasses import dataclass

from dask_fileseq.grid import FileGrid
from dask_fileseq.patterns import FAMILIES

__all__ = ["Roles", "roles_of"]

MOST_CHANNELS = 16


@dataclass(frozen=True, slots=True)
class Roles:
    """Axes of a grid, by number."""

    channel: int | None
    time: int | None
    plane: int | None
    places: tuple[int, ...]
    """All others."""


def roles_of(grid: FileGrid) -> Roles:
    """Return what each axis of a grid is.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> names = ["A01_t0_DAPI_z0", "A01_t1_GFP_z1", "B01_t0_GFP_z0"]
    >>> roles_of(grid_of_pattern(names, "{well}_t{t:d}_{channel}_z{z:d}"))
    Roles(channel=2, time=1, plane=3, places=(0,))
    """
    dims = grid.unique_dims
    families = [_family(grid, dim) for dim in dims]
    left = [axis for axis in range(len(dims)) if grid.shape[axis] > 1]

    def take(*wanted: str) -> int | None:
        for axis in left:
            if families[axis] in wanted:
                left.remove(axis)
                return axis
        return None

    channel = take("channel")
    if channel is None:
        channel = take("band")
    plane = take("z")
    time = take("time")
    if channel is None:
        channel = take("words")
    if time is None:
        time = take("day", "hour", "minute")
    if time is None and (plain := [axis for axis in left if families[axis] == ""]):
        time = plain[-1]
        left.remove(time)
    return Roles(channel, time, plane, tuple(left))


def _family(grid: FileGrid, dim: str) -> str:
    """Return what kind of axis a name is that of; empty if it says nothing."""
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
