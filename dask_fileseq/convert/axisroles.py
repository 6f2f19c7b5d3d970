"""The roles of the axes of a file array in OME-Zarr: time, channel, space, wells or images.

Names decide, and the parameter ``axes=`` where they do not: no I/O.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any

from dask_fileseq.errors import LayoutError
from dask_fileseq.filearray import FileArray
from dask_fileseq.patterns.atoms import FAMILIES

__all__ = ["axis_roles", "well_parts"]

IMAGE_AXES = ("t", "c", "z", "y", "x")
ROLES = (*IMAGE_AXES, "row", "column", "well", "image")

NAMES = {
    "t": "times time_point timestamp date datetime day hour",
    "c": "channels bands filter color colour stain dye marker",
    "z": "zplane z_plane depth",
    "well": "well wells wellid well_id",
    "row": "row rows",
    "column": "column columns col",
}
"""Names of axes in lower case, by role, in addition to those in file name patterns."""

FAMILY_ROLES = {"time": "t", "channel": "c", "band": "c", "z": "z"}
BY_NAME = {
    word: FAMILY_ROLES[family] for word, family in FAMILIES.items() if family in FAMILY_ROLES
} | {name: role for role, names in NAMES.items() for name in names.split()}

WELL = re.compile(r"([A-Za-z]{1,2})0*-?(\d{1,3})")

Roles = tuple[str | None, ...]


def axis_roles(array: FileArray, axes: Mapping[str, str] | None = None) -> Roles:
    """Return the role of each axis of an array; None for an axis of length 1 that is dropped.

    Parameters
    ----------
    array : FileArray
        Of whole files.
    axes : mapping, optional
        Roles by dimension, where names do not decide.

    Raises
    ------
    LayoutError
        If an axis has no role, or `axes` is wrong.
    """
    if not isinstance(axes, Mapping | None):
        raise LayoutError(f"axes={axes!r} is no mapping from dimensions, such as {{'q': 't'}}")
    given = dict(axes or {})
    for dim, role in given.items():
        if dim not in array.dims:
            raise LayoutError(f"axes={given!r}: {dim!r} is none of the dimensions {array.dims}")
        if role not in ROLES:
            raise LayoutError(f"axes={given!r}: {role!r} is none of {', '.join(ROLES)}")
    roles: list[str | None] = []
    for dim, axis in zip(array.dims, array.tiling.axes, strict=True):
        if dim in given:
            roles.append(given[dim])
        elif axis.chunk is None:
            roles.append(_grid_role(dim, array.coords.get(dim)))
        else:
            roles.append(_chunk_role(array.spec.dims[axis.chunk], dim, axis.files * axis.size))
    for role in ("y", "x"):
        if role not in roles:
            raise LayoutError(f"no axis of {array.dims} is {role!r}, which images of OME-Zarr have")
    if not _are_plate(roles, array, given):
        roles = ["image" if role in ("row", "column") else role for role in roles]
    _require_distinct(roles, array, given)
    return tuple(roles)


def _grid_role(dim: str, values: Any) -> str:
    """Return the role of an axis of the grid of files."""
    dates = values is not None and values.dtype.kind == "M"
    role = BY_NAME.get(dim.lower(), "t" if dates else "image")
    if role in ("c", "image") and dim.lower() in ("w", "position", "pos") and values is not None:
        return "well" if all(WELL.fullmatch(str(value)) for value in values) else role
    return role


def _chunk_role(name: str, dim: str, length: int) -> str | None:
    """Return the role of an axis in the files."""
    role = "c" if name == "s" else BY_NAME.get(name, name)
    if role in IMAGE_AXES:
        return role
    if length == 1:
        return None
    raise LayoutError(
        f"OME-Zarr has time, channel and space, and {dim!r} in the files, of length {length},"
        f" is none of them; say what it is: axes={{{dim!r}: 't'}}, or 'c', 'z' or 'image'"
    )


def _are_plate(roles: list[str | None], array: FileArray, given: Mapping[str, str]) -> bool:
    """Return whether the axes of rows and columns are those of a plate.

    They are if both exist, no axis of wells does, and rows are letters or all numbers
    begin at 1: tiles mostly begin at 0.
    """
    if "row" not in roles or "column" not in roles or "well" in roles:
        return False
    dims = [array.dims[roles.index(role)] for role in ("row", "column")]
    if given.keys() >= {*dims}:
        return True
    row, column = map(array.coords.get, dims)
    if row is None or column is None or column.dtype.kind not in "iu":
        return False
    if all(re.fullmatch("[A-Za-z]{1,2}", str(value)) for value in row):
        return True
    return bool(row.dtype.kind in "iu" and min(row) >= 1 and min(column) >= 1)


def _require_distinct(roles: list[str | None], array: FileArray, given: Mapping[str, str]) -> None:
    """Raise a `LayoutError` if axes have the same role, but nobody laid them end to end.

    Samples of pixels and one other axis of channels are laid end to end by themselves.
    """
    for role in ROLES[:-1]:
        same = [dim for dim, r in zip(array.dims, roles, strict=True) if r == role]
        if len(same) < 2 or (role in ("t", "c", "z") and given.keys() >= {*same}):
            continue
        inside = [
            array.spec.dims[axis.chunk]
            for dim, axis in zip(array.dims, array.tiling.axes, strict=True)
            if dim in same and axis.chunk is not None
        ]
        if role == "c" and len(same) == 2 and "s" in inside:
            continue
        raise LayoutError(
            f"{' and '.join(map(repr, same))} are both {role!r}; say what they are, as"
            f" axes={{{same[-1]!r}: 'image'}}"
            + (f", or {role!r} for all to lay them end to end" if role in "tcz" else "")
        )


def well_parts(label: str) -> tuple[str, str]:
    """Return row and column of a well from its name.

    >>> well_parts("B02"), well_parts("AA-3")
    (('B', '02'), ('AA', '3'))

    Raises
    ------
    LayoutError
        If it is not the name of a well.
    """
    if not WELL.fullmatch(label):
        raise LayoutError(f"{label!r} is no well such as 'B02'; say axes={{'well': 'image'}}")
    column = label.lstrip(string.ascii_letters)
    return label.removesuffix(column).upper(), column.lstrip("-")
