"""A file array as xarray objects, with coordinates from file names and from metadata.

`to_dataarray` returns a `DataArray` over a dask array, `lazy_dataset` a `Dataset` that xarray
reads on demand through a `FileBackendArray`. Both have the same coordinates: values from
file names along the axes over files, and values from the metadata that all headers confirm
along the axes in a file.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from xarray import DataArray, Dataset, Variable
from xarray.core import indexing

from dask_fileseq.errors import FileSequenceError
from dask_fileseq.filearray import FileArray, first_info
from dask_fileseq.files import common_path
from dask_fileseq.graph import TransposedFiles, to_dask_array
from dask_fileseq.headers import confirmed_metadata
from dask_fileseq.plaintext import without_secrets
from dask_fileseq.readers import ChunkMetadata
from dask_fileseq.xarray.lazyvariable import (
    CODING,
    FileBackendArray,
    FileVariable,
    decoded,
    preferred_chunks,
)
from dask_fileseq.xarray.riolayout import rio_axes, rio_coords

GRID_MAPPING = "spatial_ref"
"""Name of the coordinate with the coordinate reference system, the same as in rioxarray."""

HAS_FILE = "has_file"
"""Name of the coordinate that is False in empty cells."""

NOT_IN_ORDER = "left out: the tiles are not edge to edge in the order of the grid"


def to_dataarray(
    array: FileArray, *, name: Hashable, chunks: Any = None, layout: str | None = None
) -> DataArray:
    """Return a file array as a `DataArray` over a dask array.

    Parameters
    ----------
    array : FileArray
        The array, made of whole files.
    name : hashable
        Name of the array; None is the name of the dask array.
    chunks : optional
        As in `FileSequence.to_xarray`.
    layout : {None, "rio"}
        As in `FileSequence.to_xarray`.
    """
    if layout not in (None, "rio"):
        raise ValueError(f"layout={layout!r}: it is 'rio' for rioxarray's axes, else None")
    coords, attrs = _coords_and_attrs(array)
    data, dims = to_dask_array(array, chunks, default="grouped"), array.dims
    if layout == "rio":
        order, names = rio_axes(array)
        coords = rio_coords(array, coords, dict(zip([dims[i] for i in order], names, strict=True)))
        data, dims = TransposedFiles.of(data, order), tuple(names)
    result = DataArray(data, coords, dims, name, attrs)
    result.encoding = _encoding(array, coords)
    return result


def lazy_dataset(
    array: FileArray,
    name: Hashable,
    *,
    mask_and_scale: bool = False,
    names_all_cells: bool = False,
) -> Dataset:
    """Return a file array as the variable `name` of a `Dataset`, which xarray reads on demand.

    With `mask_and_scale`, nodata is NaN and pixels are scaled, as xarray does it by the CF
    conventions. It needs attributes for that, or pixels keep their data type. With
    `names_all_cells`, ``has_file`` is there also if no cell is empty, so that parts of a sequence
    have the same coordinates.
    """
    coords, attrs = _coords_and_attrs(array, names_all_cells=names_all_cells)
    chunks = preferred_chunks(array)
    encoding = _encoding(array, coords) | {"preferred_chunks": chunks}
    for key, variable in coords.items():
        if key not in array.dims:  # all variables need the same chunks
            along = {str(dim): chunks[str(dim)] for dim in variable.dims}
            variable.encoding["preferred_chunks"] = type(chunks)(along)
    coding = {k: attrs[k] for k in CODING if k in attrs} if mask_and_scale else {}
    if coding:
        empty = np.empty((0,) * array.ndim, array.dtype)
        template = decoded(Variable(array.dims, empty, attrs, encoding))
        attrs, encoding = dict(template.attrs), dict(template.encoding)
    data = indexing.LazilyIndexedArray(FileBackendArray(array, coding))
    return Dataset({name: FileVariable(array.dims, data, attrs, encoding)}, coords)


def _coords_and_attrs(
    array: FileArray, *, names_all_cells: bool = False
) -> tuple[dict[str, Variable], dict[str, Any]]:
    """Return the coordinates along each axis, and the attributes of the array."""
    coords: dict[str, Variable] = {}
    metadata = confirmed_metadata(array, _mosaic_metadata(array))
    for dim, axis in zip(array.dims, array.tiling.axes, strict=True):
        if axis.chunk is None:
            if dim in array.coords:
                source = array.gridmetadata.source or "file names"
                coords[dim] = Variable(dim, array.coords[dim], {"source": source})
            continue
        chunkdim = array.spec.dims[axis.chunk]
        scale, labels = metadata.scales.get(chunkdim), metadata.labels.get(chunkdim)
        if scale is not None:
            attrs = {"units": scale.units} if scale.units else {}
            attrs |= {**scale.attrs, "source": scale.source}
            coords[dim] = Variable(dim, scale.values(axis.files * axis.size), attrs)
        elif labels is not None and axis.files == 1 and len(labels.names) == axis.size:
            coords[dim] = Variable(dim, np.array(labels.names), {"source": labels.source})
    coords |= {name: v for name, v in _grid_coords(array).items() if name not in coords}
    if metadata.crs:
        coords[GRID_MAPPING] = Variable((), np.int32(0), dict(metadata.crs))
    has_file = _has_file(array, names_all_cells)
    if has_file is not None and HAS_FILE not in array.dims:
        coords[HAS_FILE] = has_file
    attrs = dict(metadata.attrs)
    if "nodata" in attrs:  # by which xarray and rioxarray mask, in the data type of the pixels
        attrs["_FillValue"] = array.dtype.type(attrs["nodata"])
        if attrs["nodata"] != attrs["nodata"]:  # JSON has no NaN, but by that name a code for it
            del attrs["nodata"]
    return coords, attrs


def _has_file(array: FileArray, names_all_cells: bool) -> Variable | None:
    """Return which cells have a file, along the axes over files; None without such axes.

    Of mosaics, it is where no tile is missing. If all cells have one, it is None, too, unless
    all are to be named.
    """
    if array.numbers is None and not names_all_cells:
        return None
    present = array.table >= 0
    tiled = tuple(grid for grid, _ in array.tiling.axestiled)
    dims = [d for d, a in zip(array.dims, array.tiling.axes, strict=True) if a.chunk is None]
    if not dims or (present.all() and not names_all_cells):
        return None
    return Variable(dims, present.all(axis=tiled), {"source": "file names"})


def _grid_coords(array: FileArray) -> dict[str, Variable]:
    """Return what a descriptor says of cells, along axes that are not tiled, as coordinates."""
    axes = zip(array.dims, array.tiling.axes, strict=True)
    stacked = {dim for dim, axis in axes if axis.chunk is None}
    return {
        name: Variable(c.dims, c.values, {"source": array.gridmetadata.source, **c.attrs})
        for name, c in array.gridmetadata.coords.items()
        if stacked.issuperset(c.dims) and name not in array.dims
    }


def _encoding(array: FileArray, coords: Mapping[str, Any]) -> dict[str, Any]:
    """Return the common path of the files, and the name of the grid mapping if there is one."""
    try:
        source = array.names[0] if len(array.names) == 1 else common_path(array.names)
    except ValueError:  # on different drives
        source = ""
    encoding = {"source": without_secrets(source)}
    if GRID_MAPPING in coords:
        encoding["grid_mapping"] = GRID_MAPPING
    return encoding


def _mosaic_metadata(array: FileArray) -> ChunkMetadata:
    """Return the metadata with scales that begin at the first tile of a mosaic.

    Pixel sizes are valid for all tiles. A georeference is valid for the mosaic only if its
    tiles are edge to edge in the order of the grid. One more header proves that: the file
    that is furthest from the first one along all tiled axes must be, to half a pixel, at the
    position that this order gives it. Otherwise the georeference is left out.
    """
    metadata = array.metadata
    scales = dict(metadata.scales)
    inside = [axis for axis in array.tiling.axes if axis.chunk is not None]
    absolute = {dim for dim, scale in scales.items() if scale.absolute}
    tiled = {
        dim: axis
        for dim, axis in zip(array.spec.dims, inside, strict=True)
        if dim in absolute and axis.files > 1
    }
    if not tiled:
        return metadata
    cells = np.argwhere(array.table >= 0)
    numbers = array.table[tuple(cells.T)]
    first = cells[numbers == 0][0]
    distance = np.abs(cells - first)[:, [axis.grid for axis in tiled.values()]]
    far = int(np.argmax(np.where(distance.all(axis=1), distance.sum(axis=1), 0)))
    found = _scales_of(array, int(numbers[far])) if distance[far].all() else {}
    for dim, axis in tiled.items():
        elements = int(cells[far][axis.grid] - first[axis.grid]) * axis.size
        expected = scales[dim].shifted(elements)
        if dim not in found or abs(found[dim].start - expected.start) > abs(expected.step) / 2:
            relative = {d: s for d, s in scales.items() if d not in absolute}
            attrs = dict(metadata.attrs) | {"georeference": NOT_IN_ORDER}
            return replace(metadata, scales=relative, crs={}, attrs=attrs)
        scales[dim] = scales[dim].shifted(-int(first[axis.grid]) * axis.size)
    return replace(metadata, scales=scales)


def _scales_of(array: FileArray, number: int) -> Mapping[str, Any]:
    """Return the scales in the header of a file; none if the file cannot be read."""
    names = [array.names[number]]
    try:
        info = first_info(names, array.source, array.reader, array.options)
    except FileSequenceError:
        return {}
    return info.metadata.scales
