"""The role of each axis of a file array in OME-Zarr: time, channel, space, wells or images.

Names of axes decide, and the parameter ``axes=`` where they do not. An axis whose role is
unknown is a question to the user, and so are two axes of one role: a guess would be a
target that is wrong without a word.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from dask_fileseq.errors import LayoutError
from dask_fileseq.filearray import FileArray
from dask_fileseq.patterns import FAMILIES, preset_fits

IMAGE_AXES = ("t", "c", "z", "y", "x")
ROLES = (*IMAGE_AXES, "row", "column", "well", "image")

NAMES = {
    "t": "times time_point timestamp date datetime",
    "c": "channels bands filter color colour stain dye marker polarization",
    "z": "zplane z_plane depth",
    "well": "wells wellid well_id",
    "row": "rows",
    "column": "columns",
    "image": "cycle cyc round sample plate vessel scene illum illumination u v",
}
"""Names of axes in lower case, by role, in addition to those in file name patterns."""

FAMILY_ROLES = {"time": "t", "channel": "c", "band": "c", "z": "z", "well": "well"}
FAMILY_ROLES |= dict.fromkeys(("series", "tile", "angle", "x", "y"), "image")
BY_NAME = {
    word: FAMILY_ROLES[family] for word, family in FAMILIES.items() if family in FAMILY_ROLES
} | {name: role for role, names in NAMES.items() for name in names.split()}
BY_NAME |= {"row": "row", "column": "column", "col": "column"}

PERIODS = {
    **dict.fromkeys(("day", "days", "d"), 86400),
    **dict.fromkeys(("hour", "hours", "h"), 3600),
    **dict.fromkeys(("minute", "minutes", "min", "m"), 60),
    **dict.fromkeys(("second", "seconds", "sec"), 1),
}
"""Seconds of the units that name axes of time. Single letters count only beside each other."""

BY_NAME |= {name: "t" for name in PERIODS if len(name) > 1}

PLAIN = {"t": ("t", "time"), "c": ("ch", "chan", "channel", "channels"), "z": ("z",)}
"""Names that leave no doubt, where two axes have one role."""

WELL = re.compile(r"([A-Za-z]{1,2})0*-?(\d{1,3})")

WELL_ROLES = {"well", "row", "column"}

RESULTS = {"t": "one series in time", "c": "channels", "z": "one stack"}

SAMPLE = 200
"""Number of names that are compared with presets."""


def axis_roles(array: FileArray, axes: Mapping[str, str] | None = None) -> list[str | None]:
    """Return the role of each axis of an array; None for an axis of length 1 that is dropped.

    `axes` are roles by dimension, which the caller gives. A `LayoutError` is raised if one of
    these is wrong, if the role of an axis is unknown, or if roles exclude each other.
    """
    given = _given_roles(array, axes)
    roles: list[str | None] = []
    for dim, axis in zip(array.dims, array.tiling.axes, strict=True):
        if dim in given:
            roles.append(given[dim])
        elif axis.chunk is None:
            roles.append(_grid_role(dim, array))
        else:
            roles.append(_chunk_role(array.spec.dims[axis.chunk]))
    for role in ("y", "x"):
        if role not in roles:
            raise LayoutError(f"no axis of {array.dims} is {role!r}, which images of OME-Zarr have")
    roles = _beside_others(roles, array, given)
    _require_no_letters(roles, array)
    _require_known(roles, array)
    if not _are_plate(roles, array, given):
        roles = ["image" if role in ("row", "column") else role for role in roles]
    _require_distinct(roles, array, given)
    return roles


def _given_roles(array: FileArray, axes: Mapping[str, str] | None) -> dict[str, str]:
    """Return the roles that the caller gives, by dimension."""
    if not isinstance(axes, Mapping | None):
        raise LayoutError(f"axes={axes!r} is no mapping from dimensions, such as {{'q': 't'}}")
    given = dict(axes or {})
    for dim, role in given.items():
        if dim not in array.dims:
            raise LayoutError(f"axes={given!r}: {dim!r} is none of the dimensions {array.dims}")
        if role not in ROLES:
            raise LayoutError(f"axes={given!r}: {role!r} is none of {', '.join(ROLES)}")
    return given


def _chunk_role(name: str) -> str | None:
    """Return the role of an axis in the files, by its name there."""
    role = name if name in IMAGE_AXES else "c" if name == "s" else BY_NAME.get(name)
    return role if role in IMAGE_AXES else None


def _grid_role(dim: str, array: FileArray) -> str | None:
    """Return the role of an axis of the grid of files, by its name and values."""
    values = array.coords.get(dim)
    word, _, number = dim.lower().rpartition("_")
    name = word if word and number.isdecimal() else dim.lower()
    if values is not None and values.dtype.kind in "mM":
        return "t"
    if name == "sequence" and len(array.griddims) > 1:
        return "image"  # of the presets; files without a pattern are a sequence alone
    role = BY_NAME.get(name)
    if name in ("w", "well", "position", "pos") and values is not None:
        if all(WELL.fullmatch(str(value)) for value in values):
            return "well"
        if name == "well" and values.dtype.kind in "iu":
            return "image"  # their number does not show row and column
    return role


def _beside_others(
    roles: Sequence[str | None], array: FileArray, given: Mapping[str, str]
) -> list[str | None]:
    """Return roles that follow from other axes: of single letters, and of axes of length 1."""
    lower = [dim.lower() for dim in array.dims]
    periods = [name for name in lower if name in PERIODS]
    samples = [
        axis.chunk is not None and array.spec.dims[axis.chunk] == "s" for axis in array.tiling.axes
    ]
    result = list(roles)
    for i, name in enumerate(lower):
        role = result[i]
        same = [j for j, r in enumerate(result) if r == role and j != i and not samples[j]]
        if array.dims[i] in given:
            continue
        if len(name) == 1 and name in PERIODS:
            result[i] = "t" if len(periods) > 1 else None
        elif name == "w" and role == "c" and (same or {"p", "f"} & {*lower}):
            # wells of ScanR, by number; a wavelength where wells have another axis
            result[i] = "image" if same else None if WELL_ROLES.isdisjoint(roles) else role
        elif name == "p" and {"f", "ch"} <= {*lower}:
            result[i] = "z"  # the plane of Harmony, where the field is f
        elif role in ("t", "c", "z") and array.shape[i] == 1 and same:
            result[i] = None
    return result


def _require_no_letters(roles: Sequence[str | None], array: FileArray) -> None:
    """Raise a `LayoutError` if r is unknown and c is one of two channels: row and column."""
    names = {dim.lower(): dim for dim, r in zip(array.dims, roles, strict=True) if r in (None, "c")}
    if roles.count("c") < 2 or not {"r", "c"} <= names.keys():
        return
    same = _sizes([dim for dim, r in zip(array.dims, roles, strict=True) if r == "c"], array)
    fits = preset_fits(list(array.names[:SAMPLE]))
    preset = f", and so does pattern={str(fits[0].pattern)!r}" if fits else ""
    fix = {names["r"]: "row", names["c"]: "column"}
    raise LayoutError(f"axes {same} are both 'c': axes={fix!r} makes a plate{preset}")


def _require_known(roles: Sequence[str | None], array: FileArray) -> None:
    """Raise a `LayoutError` that asks for the roles of axes, if any is unknown."""
    free = [role for role in ("z", "t", "c") if role not in roles]
    unknown = [i for i, role in enumerate(roles) if role is None and array.shape[i] > 1]
    if not unknown:
        return
    dims = [array.dims[i] for i in unknown]
    proposed = dict.fromkeys(dims, "image")
    images = f"{math.prod(array.shape[i] for i in unknown):,} images"
    if len(unknown) > 1:
        raise LayoutError(
            f"axes {_sizes(dims, array)}: say what they are: axes={proposed!r} makes {images};"
            " in place of image, z makes a stack, t a series in time, and c channels"
        )
    # words are no positions along z or in time
    fit = ["c"] if dims[0] in "Ww" or _are_words(array, dims[0]) else ["z", "t"]
    role = next((role for role in free if role in fit), None)
    way = f"axes={{{dims[0]!r}: {role!r}}} makes {RESULTS[role]}, " if role else ""
    way += f"axes={proposed!r}" if way else f"axes={proposed!r} makes"
    raise LayoutError(f"axis {_sizes(dims, array)}: say what it is: {way} {images}")


def _are_words(array: FileArray, dim: str) -> bool:
    values = array.coords.get(dim)
    return values is not None and values.dtype.kind not in "iuf"


def _are_plate(roles: list[str | None], array: FileArray, given: Mapping[str, str]) -> bool:
    """Return whether rows and columns are those of a plate; those of tiles mostly begin at 0.

    Raises a `LayoutError` if they may be either.
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
    if row.dtype.kind not in "iu" or min(row) < 1 or min(column) < 1:
        return False
    if any(FAMILIES.get(dim.lower()) == "series" for dim in array.griddims):
        return True
    if len(row) == len(column) == 1:
        return False
    places = len(row) * len(column)
    plate, images = ({dims[0]: a, dims[1]: b} for a, b in (("row", "column"), ("image", "image")))
    raise LayoutError(
        f"axes {dims[0]!r} ({len(row):,}) and {dims[1]!r} ({len(column):,}) are wells or tiles:"
        f" axes={plate!r} makes a plate, axes={images!r} {places:,} images"
    )


def _require_distinct(roles: list[str | None], array: FileArray, given: Mapping[str, str]) -> None:
    """Raise a `LayoutError` if axes have the same role, and the caller did not give it to all."""
    for role in ROLES[:-1]:
        same = [dim for dim, r in zip(array.dims, roles, strict=True) if r == role]
        if len(same) < 2 or (role in ("t", "c", "z") and given.keys() >= {*same}):
            continue
        axes = [array.tiling.axes[array.dims.index(dim)].chunk for dim in same]
        inside = [array.spec.dims[axis] for axis in axes if axis is not None]
        if role == "c" and len(same) == 2 and "s" in inside:
            continue  # samples of pixels and another axis of channels are laid end to end
        if role == "t" and all(dim.lower() in PERIODS for dim in same):
            continue  # days, hours and minutes
        both = "both" if len(same) == 2 else "all"
        raise LayoutError(
            f"axes {_sizes(same, array)} are {both} {role!r}: {_way_out(role, same, array)}"
        )


def _way_out(role: str, same: Sequence[str], array: FileArray) -> str:
    """Return, in words, how to say what axes of the same role are."""
    rank = PLAIN.get(role, ())
    kept = max(same, key=lambda dim: (dim.lower().removesuffix("_chunk") in rank, same.index(dim)))
    others = {dim: "image" for dim in same if dim != kept}
    count = math.prod(array.shape[array.dims.index(dim)] for dim in others)
    text = f"axes={others!r} makes {count:,} images of {kept!r}"
    if role not in RESULTS:
        return text
    total = math.prod(array.shape[array.dims.index(dim)] for dim in same)
    return f"{text}, axes={dict.fromkeys(same, role)!r} lays them end to end, {total:,} in all"


def _sizes(dims: Sequence[str], array: FileArray) -> str:
    """Return a list of axes with their lengths, in words."""
    texts = []
    for dim in dims:
        axis = array.dims.index(dim)
        inside = "" if array.tiling.axes[axis].chunk is None else " in the files"
        texts.append(f"{dim!r}{inside} ({array.shape[axis]:,})")
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if texts[1:] else texts)
