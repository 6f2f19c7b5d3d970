"""Times, heights and exposures that headers give in place of indices: coordinates by default.

They must depend on one axis alone, and all headers must have them. All are read of up to
`MOST_FILES` local files, as for `confirmed_metadata`, which keeps them; of more, a sample shows
whether there is anything to ask for; of files that are far away, none.
"""

from __future__ import annotations

import warnings
from collections.abc import Container
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import HeaderWarning, users_level
from dask_fileseq.filearray import FileArray
from dask_fileseq.files import LocalFiles
from dask_fileseq.grid import FileGrid, GridCoord
from dask_fileseq.headers.columncoords import attributes_of
from dask_fileseq.headers.confirmation import kept_rows, numbers_to_read
from dask_fileseq.headers.table import as_column
from dask_fileseq.patterns import FAMILIES

COLUMNS = {"acquired": "time", "stage_z": "z", "exposure": "channel"}
"""Columns of headers by the kind of axis along which they are coordinates."""


def with_physical_coords(array: FileArray, grid: FileGrid, columns: Container[str]) -> FileArray:
    """Return the array of whole files on a grid with what headers give in place of indices.

    `columns` are those of the first header; others are read only if these can be coordinates.
    If a sample of the headers of many files has such values, that is a `HeaderWarning`.
    """
    axes = {
        name: dim
        for dim, axis in zip(array.dims, array.tiling.axes, strict=True)
        if axis.chunk is None and len(array.coords[dim]) > 1
        for name, family in COLUMNS.items()
        if FAMILIES.get(dim.lower()) == family
        and array.coords[dim].dtype.kind in "iuU"
        and name in columns
        and name not in {*array.gridmetadata.coords, *array.dims}
    }
    if not axes or not isinstance(array.source, LocalFiles):
        return array
    numbers = numbers_to_read(array)
    rows = kept_rows(array, numbers)
    found = {}
    for name, dim in axes.items():
        column = as_column([row.get(name) for row in rows])
        index = grid.along[array.griddims.index(dim)][numbers]
        values = _along(np.broadcast_to(column, len(rows)), index, len(array.coords[dim]), name)
        if values is not None:
            found[name] = GridCoord((dim,), values, attributes_of(name))
    if found and len(numbers) < len(array.names):
        texts = [f"{name} along {coord.dims[0]}" for name, coord in found.items()]
        warnings.warn(
            f"{len(numbers):,} of {len(array.names):,} headers were read, and have"
            f" {' and '.join(texts)}: headers={[*found]} reads all for these coordinates,"
            " headers=False leaves them out",
            HeaderWarning,
            stacklevel=users_level(),
        )
        return array
    known = array.gridmetadata
    return replace(array, gridmetadata=replace(known, coords={**found, **known.coords}))


def _along(values: NDArray[Any], index: NDArray[Any], size: int, name: str) -> NDArray[Any] | None:
    """Return values as those along an axis; None if files of an index differ, or some have none.

    Times increase, and heights go one way.
    """
    if values.dtype.kind not in "fM" or (values != values).any():
        return None
    places, first, inverse = np.unique(index, return_index=True, return_inverse=True)
    found = values[first]
    if len(places) < 2 or (found[inverse] != values).any():
        return None
    steps = np.diff(found)
    none = np.zeros(1, steps.dtype)
    up, down = bool((steps > none).all()), bool((steps < none).all())
    if not {"acquired": up, "stage_z": up or down, "exposure": bool((steps != none).any())}[name]:
        return None
    result = np.full(size, "NaT" if values.dtype.kind == "M" else np.nan, values.dtype)
    result[places] = found
    return result
