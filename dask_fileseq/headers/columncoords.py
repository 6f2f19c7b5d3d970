"""Columns of a table of headers as coordinates, along the axes of the grid on which they depend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.filearray import FileArray
from dask_fileseq.grid import FileGrid, GridCoord, coord_of_files
from dask_fileseq.headers.table import HeaderTable

UNITS = {"exposure": "s", "excitation": "nm", "emission": "nm"}
UNITS |= {f"stage_{axis}": "µm" for axis in "xyz"}
"""Units of columns."""

NO_COORDS = ("name", "cell", "size", "shape", "dtype", "axes", "compression", "pages", "series")
"""Columns that are about files and not about what is in the image."""


def header_coords(
    table: HeaderTable, grid: FileGrid, headers: bool | str | Iterable[str]
) -> dict[str, GridCoord]:
    """Return columns of the table of the files on a grid as coordinates by their names.

    If `headers` is True, they are all columns that vary, have a value for a file, and are no axis;
    else those that are named. A `ValueError` is raised if there is no such column, it has the
    name of an axis, or its values are tuples.
    """
    if isinstance(headers, bool):
        about = {*grid.coords, *NO_COORDS, *(f"file_{name}" for name in NO_COORDS), "error"}
        names = [name for name in table if name not in about | table.constant.keys()]
        columns = {name: _flat(table[name]) for name in names}
        found = {name: column for name, column in columns.items() if column is not None}
    else:
        found = {name: _asked(table, grid, name) for name in _listed(headers)}
    sizes = dict(zip(grid.unique_dims, grid.shape, strict=True))
    coords = {}
    for name, values in found.items():
        attrs = attributes_of(name)
        if name.startswith(("pixel_size_", "origin_")):
            units, source = map(table.constant.get, ("pixel_unit", "pixel_source"))
            attrs |= {"units": units} if isinstance(units, str) else {}
            attrs |= {"source": source} if isinstance(source, str) else {}
        coord = coord_of_files(values, grid.cells, sizes, attrs)
        if coord is not None:
            coords[name] = coord
    return coords


def attributes_of(name: str) -> dict[str, str]:
    """Return the attributes of a column as a coordinate.

    >>> attributes_of("exposure")
    {'source': 'headers', 'units': 's'}
    """
    units = UNITS.get(name.removeprefix("file_"))
    return {"source": "headers"} | ({"units": units} if units else {})


def with_header_coords(
    array: FileArray, grid: FileGrid, table: HeaderTable, headers: bool | str | Iterable[str]
) -> FileArray:
    """Return the array of the files on a grid with columns as coordinates; see `header_coords`.

    Coordinates of a descriptor are in the array already, and in the table in place of headers.
    Columns that depend on a tiled axis are no coordinates, and by name an error.
    """
    known, found = array.gridmetadata, header_coords(table, grid, headers)
    axes = zip(array.dims, array.tiling.axes, strict=True)
    stacked = {dim for dim, axis in axes if axis.chunk is None}
    for name, coord in found.items():
        tiled = [dim for dim in coord.dims if dim not in stacked]
        if tiled and headers is not True:
            raise ValueError(f"headers has {name!r}, which depends on {tiled[0]!r}, a tiled axis")
    return replace(array, gridmetadata=replace(known, coords={**found, **known.coords}))


def _listed(headers: Any) -> list[str]:
    several = isinstance(headers, Iterable) and not isinstance(headers, str)
    names = list(headers) if several else [headers]
    if not all(isinstance(name, str) for name in names):
        raise ValueError(f"headers={headers!r} is neither True nor names of columns of table()")
    return names


def _asked(table: HeaderTable, grid: FileGrid, name: str) -> NDArray[Any]:
    """Return the values of a column that a caller wants."""
    if name in grid.coords:
        raise ValueError(f"headers has {name!r}, which is an axis of the grid")
    if name not in table:
        raise ValueError(f"headers has {name!r}, which no file has; columns are {', '.join(table)}")
    values = _flat(table[name])
    if values is None:
        raise ValueError(f"headers has {name!r}, whose values are tuples: see table()")
    return values


def _flat(values: NDArray[Any]) -> NDArray[Any] | None:
    """Return the values of a column, with texts as such; None if they are tuples."""
    if values.dtype.kind != "O":
        return values
    if not all(value is None or isinstance(value, str) for value in values.tolist()):
        return None
    return np.array(["" if value is None else value for value in values.tolist()])
