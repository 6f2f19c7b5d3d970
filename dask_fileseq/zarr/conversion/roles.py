"""What the axes of a file array are in OME-Zarr: time, channel, space, wells, or images.

Names alone decide, and where they do not, the user's ``axes=``: no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dask_fileseq.errors import LayoutError
from dask_fileseq.filearray import FileArray
from dask_fileseq.patterns import FAMILIES

__all__ = ["ROLES", "roles_of", "well_parts"]

ROLES = ("t", "c", "z", "y", "x", "row", "column", "well", "image")
"""What an axis can be."""

OF_FAMILIES = {"time": "t", "channel": "c", "band": "c", "z": "z"}
"""What the names are of which patterns know what they mean."""

NAMES = {
    "t": "times time_point timestamp date datetime day hour",
    "c": "channels bands filter color colour stain dye marker",
    "z": "zplane z_plane depth",
    "well": "well wells wellid well_id",
    "row": "row rows",
    "column": "column columns col",
}
"""Other names of axes in lower case, by what they are."""

BY_NAME = {word: OF_FAMILIES[family] for word, family in FAMILIES.items() if family in OF_FAMILIES}
BY_NAME |= {name: role for role, names in NAMES.items() for name in names.split()}

IN_FILE = ("t", "c", "z", "y", "x")
"""What an axis in a file can be by its name."""

WELL = re.compile(r"([A-Za-z]{1,2})0*-?(\d{1,3})")


def roles_of(array: FileArray, axes: Mapping[str, str] | None = None) -> tuple[str | None, ...]:
    """Return the role of each axis of an array; None for one that is dropped, of length 1.

    Parameters
    ----------
    array : FileArray
        Of whole files.
    axes : mapping, optional
        Roles by dimension, where names do not tell.

    Raises
    ------
    LayoutError
        If an axis fits none, or `axes` is wrong.
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
            roles.append(_of_grid(dim, array.coords.get(dim)))
        else:
            roles.append(_in_file(array.spec.dims[axis.chunk], dim, axis.files * axis.size))
    return _checked(tuple(roles), array, given)


def _of_grid(dim: str, values: Any) -> str:
    """Return the role of an axis along which there are files."""
    dates = values is not None and values.dtype.kind == "M"
    role = BY_NAME.get(dim.lower(), "t" if dates else "image")
    if role in ("c", "image") and dim.lower() in ("w", "position", "pos") and _are_wells(values):
        return "well"
    return role


def _are_wells(values: Any) -> bool:
    return values is not None and all(WELL.fullmatch(str(value)) for value in values)


def _in_file(name: str, dim: str, length: int) -> str | None:
    """Return the role of an axis in the files."""
    role = "c" if name == "s" else BY_NAME.get(name, name)
    if role in IN_FILE:
        return role
    if length == 1:
        return None
    raise LayoutError(
        f"OME-Zarr has time, channel and space, and {dim!r} in the files, of length {length},"
        f" is none of them; say what it is: axes={{{dim!r}: 't'}}, or 'c', 'z' or 'image'"
    )


def _checked(
    roles: tuple[str | None, ...], array: FileArray, given: Mapping[str, str]
) -> tuple[str | None, ...]:
    """Return the roles, if they make images; rows and columns of numbers alone are no wells."""
    dims = array.dims
    for role in ("y", "x"):
        if role not in roles:
            raise LayoutError(f"no axis of {dims} is {role!r}, which images of OME-Zarr have")
    rows = [dim for dim, role in zip(dims, roles, strict=True) if role in ("row", "column")]
    if rows and not _are_plate(roles, array, given):
        roles = tuple("image" if role in ("row", "column") else role for role in roles)
    for role in ROLES[:-1]:
        same = [dim for dim, r in zip(dims, roles, strict=True) if r == role]
        wanted = all(dim in given for dim in same) and role in ("t", "c", "z")
        if len(same) > 1 and not wanted and not (role == "c" and _samples(array, same)):
            raise LayoutError(
                f"{' and '.join(map(repr, same))} are both {role!r}; say what they are, as"
                f" axes={{{same[-1]!r}: 'image'}}"
                + (f", or {role!r} for all to lay them end to end" if role in "tcz" else "")
            )
    return roles


def _samples(array: FileArray, dims: Sequence[str]) -> bool:
    """Return whether just one of the axes is not that of the samples of a pixel."""
    inside = [
        array.spec.dims[axis.chunk]
        for dim, axis in zip(array.dims, array.tiling.axes, strict=True)
        if dim in dims and axis.chunk is not None
    ]
    return len(dims) == 2 and "s" in inside


def _are_plate(roles: tuple[str | None, ...], array: FileArray, given: Mapping[str, str]) -> bool:
    """Return whether the axes of rows and columns are those of a plate.

    They are if there are both, and rows are letters, or nothing else is wells and the
    numbers begin at 1: tiles mostly begin at 0.
    """
    if "row" not in roles or "column" not in roles or "well" in roles:
        return False
    row = array.coords.get(array.dims[roles.index("row")])
    column = array.coords.get(array.dims[roles.index("column")])
    if {array.dims[roles.index(role)] for role in ("row", "column")} <= given.keys():
        return True
    if row is None or column is None or column.dtype.kind not in "iu":
        return False
    return bool(
        all(re.fullmatch("[A-Za-z]{1,2}", str(value)) for value in row)
        or (row.dtype.kind in "iu" and min(row) >= 1 and min(column) >= 1)
    )


def well_parts(label: str) -> tuple[str, str]:
    """Return row and column of a well, as its name has them.

    >>> well_parts("B02"), well_parts("AA-3")
    (('B', '02'), ('AA', '3'))

    Raises
    ------
    LayoutError
        If it is no name of a well.
    """
    if not WELL.fullmatch(label):
        raise LayoutError(f"{label!r} is no well such as 'B02'; say axes={{'well': 'image'}}")
    letters = re.match("[A-Za-z]+", label)
    assert letters is not None
    return letters[0].upper(), label[letters.end() :].lstrip("-")
