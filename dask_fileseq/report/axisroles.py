"""The role of each axis of a grid on a contact sheet: channel, time, plane or place.

The names of axes decide, as in patterns. If they do not, an axis of words is the channel, and
the last other axis is time.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from dask_fileseq.grid import FileGrid
from dask_fileseq.patterns import FAMILIES

MOST_CHANNELS = 16
"""Labels of an axis up to which its words can be channels."""


class AxisRoles(NamedTuple):
    """Numbers of the axes of a grid that have more than one label, by role."""

    channels: tuple[int, ...] = ()
    times: tuple[int, ...] = ()
    places: tuple[int, ...] = ()
    planes: tuple[int, ...] = ()


FAMILIES_OF_ROLES = (
    ("channels", ("channel",)),
    ("channels", ("band",)),
    ("planes", ("z",)),
    ("times", ("time",)),
    ("channels", ("words",)),
    ("times", ("day", "hour", "minute")),
)
"""Families whose first axis gets a role, if no axis has it yet."""


def axis_roles(grid: FileGrid, places: Collection[str] = ()) -> AxisRoles:
    """Return the role of each axis of a grid; only places may have several axes.

    Axes named in `places` are such. Planes that are all that there is are shown like times.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> names = ["A01_t0_DAPI_z0", "A01_t1_GFP_z1", "B01_t0_GFP_z0"]
    >>> axis_roles(grid_of_pattern(names, "{well}_t{t:d}_{channel}_z{z:d}"))
    AxisRoles(channels=(2,), times=(1,), places=(0,), planes=(3,))
    """
    dims = grid.unique_dims
    axes = [axis for axis, n in enumerate(grid.shape) if n > 1 and dims[axis] not in places]
    families = {axis: axis_family(grid, dims[axis]) for axis in axes}
    roles: dict[str, tuple[int, ...]] = {}
    for role, wanted in FAMILIES_OF_ROLES:
        found = [axis for axis, family in families.items() if family in wanted]
        if found and role not in roles:
            roles[role] = (found[0],)
            del families[found[0]]
    unnamed = [axis for axis, family in families.items() if not family]
    if unnamed and "times" not in roles:
        roles["times"] = (unnamed[-1],)
        del families[unnamed[-1]]
    others = [axis for axis, dim in enumerate(dims) if axis in families or dim in places]
    if not others and "planes" in roles and "times" not in roles:
        roles["times"] = roles.pop("planes")
    return AxisRoles(**roles, places=tuple(others))


def axis_family(grid: FileGrid, dim: str) -> str:
    """Return the family of an axis by its name and labels; empty if these do not decide.

    That of an axis of words without such a name is ``words``, or ``many words``.
    """
    word, _, number = dim.lower().rpartition("_")
    name = word if word and number.isdecimal() else dim.lower()
    labels = grid.coords[dim]
    if name == "date" or labels.dtype.kind in "mM":
        return "time"
    if name in ("well", "plate"):
        return "well"
    family = FAMILIES.get(name, "")
    if family == "channel" and len(labels) > MOST_CHANNELS:
        return ""
    if not family and labels.dtype.kind == "U":
        return "words" if len(labels) <= MOST_CHANNELS else "many words"
    return family
