"""The names of the files of an array, from a format string and labels. No I/O.

Each axis has a field in the format string or is inside the files. The names are read back by
the same format string, so that they are proven to mean the labels that they were made of.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import DuplicateError, LayoutError, NamesError
from dask_fileseq.grid import grid_of_pattern
from dask_fileseq.patterns import NameTemplate

MOST_BYTES = 255 - len(".4194304.part")
"""Length of the longest name of a file that file systems take, also while it is written."""

ROWS = ("y", "lat", "latitude", "row")
COLUMNS = ("x", "lon", "longitude", "col", "column")
SAMPLES = ("s", "sample", "rgb", "band")

Label = tuple[str | None, NDArray[Any]]
"""The axis along which labels are, None for a single one, and the labels."""


@dataclass(frozen=True)
class FileNames:
    """The files that an array becomes."""

    names: list[str]
    """Names of files, in C order of the axes that are not inside files."""
    cells: tuple[int, ...]
    """The axes that are not inside files."""
    inside: tuple[int, ...]
    """The axes that are inside files, rows and columns and samples last."""
    dims: tuple[str, ...]
    """Names of these, with y, x and s by these names."""


def file_names(
    template: NameTemplate,
    dims: Sequence[str],
    shape: Sequence[int],
    labels: Mapping[str, Label],
    inside: Sequence[str],
) -> FileNames:
    """Return the files of an array with axes of some names and lengths.

    `labels` are what may be a field, by name: labels along an axis, or a single one. Axes
    `inside` are in files, beside y, x and s, if they have no field. A `LayoutError` is raised if
    an axis has no place, or two, and a `NamesError` if labels cannot be in names.
    """
    text = template.text
    fields: dict[int, str] = {}
    columns: dict[str, NDArray[Any]] = {}
    for field in template.fields:
        if field not in labels:
            known = ", ".join(labels) or "none"
            raise NamesError(f"pattern {text!r} has a field {field!r}; the labels are {known}")
        dim, values = labels[field]
        columns[field] = np.atleast_1d(values)
        if dim is not None:
            other = fields.setdefault(dims.index(dim), field)
            if other != field:
                raise LayoutError(
                    f"pattern {text!r} has two fields for the axis {dim}: {other!r} and {field!r};"
                    " one of them tells its files apart"
                )
    axes = tuple(sorted(fields))
    rest = [axis for axis in range(len(dims)) if axis not in fields]
    pixels, names = _pixel_axes(text, [dims[axis] for axis in rest], inside)
    ordered = tuple(rest[i] for i in pixels)
    sizes = [shape[axis] for axis in axes]
    count = int(np.prod(sizes, dtype=np.int64))
    index = dict(zip(axes, np.unravel_index(np.arange(count), sizes) if axes else (), strict=True))
    along = {field: axis for axis, field in fields.items()}
    numbers = {
        field: index[along[field]] if field in along else np.zeros(count, int) for field in columns
    }
    rows = {field: _items(columns[field], numbers[field]) for field in columns}
    made = template.names(rows)
    require_separate(made, rows)
    if columns:
        _require_same_labels(template, made, columns, numbers)
    return FileNames(made, axes, ordered, names)


def _items(values: NDArray[Any], numbers: NDArray[Any]) -> list[Any]:
    """Return labels as Python's numbers and texts, dates as numpy's."""
    plain = [v if values.dtype.kind in "mM" else v.item() for v in values.ravel()]
    return [plain[number] for number in numbers.tolist()]


def _pixel_axes(
    text: str, dims: Sequence[str], inside: Sequence[str]
) -> tuple[list[int], tuple[str, ...]]:
    """Return the axes inside files in their order, and their names: others, y, x, s.

    Rows and columns are known by name, or are the last two axes of which nothing is known.
    """
    roles: dict[str, int] = {}
    for role, known in (("y", ROWS), ("x", COLUMNS), ("s", SAMPLES)):
        found = [i for i, dim in enumerate(dims) if dim.lower() in known and dim not in inside]
        if found and known[0] not in roles:
            roles[role] = found[0]
    left = [i for i, dim in enumerate(dims) if i not in roles.values() and dim not in inside]
    for role in ("x", "y"):
        if role not in roles and left and ("y" not in roles or role == "y"):
            roles[role] = left.pop()
    if left:
        first = dims[left[0]]
        raise LayoutError(
            f"axis {first!r} has no place: give it a field in the pattern {text!r}, such as "
            f"{{{first}}}, or put it inside the files by inside=[{first!r}]"
        )
    pixels = [roles[role] for role in ("y", "x", "s") if role in roles]
    others = [i for i in range(len(dims)) if i not in pixels]
    names = [dims[i] for i in others] + [role for role in ("y", "x", "s") if role in roles]
    return others + pixels, tuple(names)


def require_separate(names: Sequence[str], rows: Mapping[str, Sequence[Any]]) -> None:
    """Raise an error if two names are the same, or one is too long, or leaves its folder."""
    seen: dict[str, int] = {}
    fold = sys.platform in ("win32", "darwin")  # where letter case tells no files apart
    for number, name in enumerate(names):
        first = seen.setdefault(name.casefold() if fold else name, number)
        if first != number:
            one, other = (
                ", ".join(f"{field}={values[i]}" for field, values in rows.items())
                for i in (first, number)
            )
            raise DuplicateError(
                f"{one} and {other} would both be written to {name!r}: the pattern needs more "
                "fields, or more digits"
            )
    for name in names:
        last = name[max(name.rfind("/"), name.rfind(os.sep)) + 1 :]
        if not last or (len(last) > MOST_BYTES // 4 and len(os.fsencode(last)) > MOST_BYTES):
            what = f"a name of more than {MOST_BYTES} bytes" if last else "no name of a file"
            raise NamesError(f"{name!r} is {what}")


def _require_same_labels(
    template: NameTemplate,
    names: Sequence[str],
    columns: Mapping[str, NDArray[Any]],
    numbers: Mapping[str, NDArray[Any]],
) -> None:
    """Raise an error unless names are read back as the labels that they were made of."""
    text = template.text
    try:
        grid = grid_of_pattern(list(names), template.pattern, spacing="values")
    except NamesError as error:
        raise NamesError(f"names made by {text!r} cannot be read by it: {error}") from error
    places = dict(zip(grid.coords, grid.along, strict=True))
    forms = {part.name: part.spec for part in template.parts}
    for field, values in columns.items():
        if forms[field] in ("compass", "uuid"):
            continue
        if field not in grid.coords:
            raise NamesError(f"names made by {text!r} are read by it without {field!r}")
        pairs = np.stack([numbers[field], places[field]], axis=1)
        for number, place in np.unique(pairs, axis=0).tolist():
            label, found = values[number], grid.coords[field][place]
            if not _is_same(label, found, forms[field]):
                raise NamesError(
                    f"label {label!s} of {field!r} would be read back as {found!s}"
                    f"{_advice(field, label, found)}"
                )


def _is_same(label: Any, found: Any, form: str) -> bool:
    """Return whether a label is read back; floats and dates may be rounded by their format."""
    kind = label.dtype.kind
    if kind in "mM":
        return bool(found.dtype.kind == kind)
    if kind == "f" and form != "s":
        return bool(found.dtype.kind in "iuf")
    if form.endswith("s") and "%" not in form:
        return str(label) == str(found)
    if kind in "iu":
        return bool(found.dtype.kind in "iuf" and found == label)
    return bool(found.dtype.kind in "UO" and str(found) == str(label))


def _advice(field: str, label: Any, found: Any) -> str:
    if label.dtype.kind in "UO" and found.dtype.kind not in "UO":
        return f", a number: write it as {{{field}:s}}"
    return ": put other text between the fields, or give other labels by coords="
