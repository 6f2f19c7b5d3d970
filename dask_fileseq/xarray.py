"""A file array as xarray objects, with coordinates from file names and from metadata.

`to_dataarray` returns a `DataArray` over a dask array, `lazy_dataset` a `Dataset` that xarray
reads on demand through a `FileBackendArray`. Both have the same coordinates: values from
file names along the axes over files, and values from the metadata of the first file along
the axes in a file.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xarray import DataArray, Dataset, Variable
from xarray.backends import BackendArray
from xarray.core import indexing
from xarray.namedarray.daskmanager import DaskManager

from dask_fileseq.errors import FileSequenceError
from dask_fileseq.filearray import FileArray, first_info
from dask_fileseq.files import common_path
from dask_fileseq.graph import AUTO_BYTES, block_chunks, to_dask_array
from dask_fileseq.readers import ChunkMetadata

__all__ = ["FileBackendArray", "FileVariable", "lazy_dataset", "to_dataarray"]

GRID_MAPPING = "spatial_ref"
"""Name of the coordinate with the coordinate reference system, the same as in rioxarray."""

NOT_IN_ORDER = "left out: the tiles do not lie edge to edge in the order of the grid"


def to_dataarray(array: FileArray, *, name: Hashable, chunks: Any = None) -> DataArray:
    """Return a file array as a `DataArray` over a dask array.

    Parameters
    ----------
    array : FileArray
        The array, made of whole files.
    name : hashable
        Name of the array; None stands for the name of the dask array.
    chunks : optional
        As in `FileSequence.to_dask_array`.
    """
    coords, attrs = _coords_and_attrs(array)
    result = DataArray(to_dask_array(array, chunks), coords, array.dims, name, attrs)
    result.encoding = _encoding(array, coords)
    return result


def lazy_dataset(array: FileArray, name: Hashable) -> Dataset:
    """Return a file array as the variable `name` of a `Dataset`, which xarray reads on demand."""
    coords, attrs = _coords_and_attrs(array)
    encoding = _encoding(array, coords) | {"preferred_chunks": _preferred_chunks(array)}
    data = indexing.LazilyIndexedArray(FileBackendArray(array))
    return Dataset({name: FileVariable(array.dims, data, attrs, encoding)}, coords)


class FileVariable(Variable):
    """A variable whose chunks are blocks of this package's own dask array.

    The dask array that xarray would make names its tasks after the pattern that was opened,
    whatever the versions of its files, sends all names to each task, and reads whole blocks
    for a chain of slices. A variable that was sliced before is chunked by xarray.
    """

    __slots__ = ()

    def chunk(self, chunks: Any = {}, *args: Any, **kwargs: Any) -> Any:  # noqa: B006, as there
        """Return the variable over a dask array; as `xarray.Variable.chunk`."""
        array = _whole_array(self._data)
        manager = kwargs.get("chunked_array_type")
        with_dask = manager in (None, "dask") or isinstance(manager, DaskManager)
        if array is None or args or not with_dask or not isinstance(chunks, Mapping):
            return super().chunk(chunks, *args, **kwargs)
        data = to_dask_array(array, {dim: chunks.get(dim, -1) for dim in self.dims})
        return Variable(self.dims, data, self.attrs, self.encoding, fastpath=True)


def _whole_array(data: Any) -> FileArray | None:
    """Return the file array behind the data of a variable, if it was not indexed."""
    while isinstance(data, indexing.CopyOnWriteArray | indexing.MemoryCachedArray):
        data = data.array
    if not isinstance(data, indexing.LazilyIndexedArray):
        return None
    whole = all(isinstance(key, slice) and key == slice(None) for key in data.key.tuple)
    if not isinstance(data.array, FileBackendArray) or not whole:
        return None
    return data.array.array


class FileBackendArray(BackendArray):
    """The array that xarray indexes lazily in place of a numpy array.

    Indices along an axis may be arrays ("outer" indexing). With basic indexing alone,
    xarray would read the 501 files of the slice from 0 to 500 for ``isel(time=[0, 500])``.
    No lock is needed, because each read opens its files anew and readers have no state.
    """

    def __init__(self, array: FileArray) -> None:
        self.array = array
        self.shape = array.shape
        self.dtype = array.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        """Read the elements that an indexer of xarray selects."""
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )

    def _read(self, key: tuple[Any, ...]) -> Any:
        """Read the elements that an int, a slice or a 1-d array selects along each axis."""
        if not any(isinstance(k, np.ndarray) for k in key):
            return self.array[key]
        parts = [list(self._parts(axis, k)) for axis, k in enumerate(key)]
        out = np.empty([along[-1][1].stop if along else 0 for along in parts], self.dtype)
        for combination in itertools.product(*parts):
            ranges, places, within = zip(*combination, strict=True)
            if all(inner is None for inner in within):
                self.array.read(ranges, out[places])
            else:
                span = np.empty(tuple(map(len, ranges)), self.dtype)
                self.array.read(ranges, span)
                lengths = zip(within, span.shape, strict=True)
                inner = [np.arange(n) if i is None else i for i, n in lengths]
                out[places] = span[np.ix_(*inner)]
        return out[tuple(slice(None) if isinstance(k, slice | np.ndarray) else 0 for k in key)]

    def _parts(self, axis: int, key: Any) -> Iterator[tuple[range, slice, NDArray[Any] | None]]:
        """Cut a selection along an axis into ranges, so that no file between them is read.

        Yields the range, its place in the result, and the selected elements of the range;
        None for all.
        """
        size = self.shape[axis]
        if isinstance(key, slice):
            selected = range(size)[key]
            yield selected, slice(0, len(selected)), None
        elif not isinstance(key, np.ndarray):
            start = int(key) % size if size else 0
            yield range(start, start + 1), slice(0, 1), None
        else:
            along = self.array.tiling.axes[axis]
            # a range covers consecutive files, or the selected elements of one file
            jumps = np.diff(key) != 1 if along.chunk is None else np.diff(key // along.size) != 0
            edges = [0, *(np.flatnonzero(jumps) + 1).tolist(), len(key)]
            for start, stop in itertools.pairwise(edges if len(key) else ()):
                part = key[start:stop]
                span = range(int(part[0]), int(part[-1]) + 1)
                is_whole = np.array_equal(part, span)
                yield span, slice(start, stop), None if is_whole else part - part[0]


def _preferred_chunks(array: FileArray) -> dict[str, int | tuple[int, ...]]:
    """Return the chunks for ``chunks={}``: a file, or tiles or strips of a large file."""
    axes = array.tiling.axes
    nbytes = math.prod(axis.size for axis in axes) * array.dtype.itemsize
    inside = {d: "auto" for d, a in zip(array.dims, axes, strict=True) if a.chunk is not None}
    chunks = block_chunks(array, inside if nbytes > AUTO_BYTES else None)
    return {dim: _regular(c) for dim, c in zip(array.dims, chunks, strict=True)}


def _regular(lengths: tuple[int, ...]) -> int | tuple[int, ...]:
    """Return the lengths of blocks as one number, if at most the last block is shorter.

    >>> _regular((4, 4, 1)), _regular((4, 1, 4, 1))
    (4, (4, 1, 4, 1))
    """
    first = lengths[0]
    return first if set(lengths[:-1]) <= {first} and lengths[-1] <= first else lengths


def _coords_and_attrs(array: FileArray) -> tuple[dict[str, Variable], dict[str, Any]]:
    """Return the coordinates along each axis, and the attributes of the array."""
    coords: dict[str, Variable] = {}
    metadata = _mosaic_metadata(array)
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
    return coords, dict(metadata.attrs)


def _grid_coords(array: FileArray) -> dict[str, Variable]:
    """Return what a descriptor says of cells, along axes that are not tiled, as coordinates."""
    stacked = {
        dim for dim, axis in zip(array.dims, array.tiling.axes, strict=True) if axis.chunk is None
    }
    return {
        name: Variable(c.dims, c.values, {**c.attrs, "source": array.gridmetadata.source})
        for name, c in array.gridmetadata.coords.items()
        if stacked.issuperset(c.dims) and name not in array.dims
    }


def _encoding(array: FileArray, coords: Mapping[str, Any]) -> dict[str, Any]:
    """Return the common path of the files, and the name of the grid mapping if there is one."""
    try:
        source = array.names[0] if len(array.names) == 1 else common_path(array.names)
    except ValueError:  # on different drives
        source = ""
    encoding = {"source": source}
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
