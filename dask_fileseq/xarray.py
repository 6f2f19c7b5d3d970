"""A file array as xarray objects: names become coordinates, and so does what files say.

`dask_dataarray` holds a dask array, `lazy_dataset` what xarray itself reads on demand
through a `FileBackendArray`. Of both, the coordinates are made here: those along the
grid from file names, those along the axes in a file from the metadata of the first.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import dask.array as dask
import numpy as np
from numpy.typing import NDArray
from xarray import DataArray, Dataset, Variable
from xarray.backends import BackendArray
from xarray.core import indexing

from dask_fileseq.errors import FileSequenceError
from dask_fileseq.filearray import FileArray, first_readable
from dask_fileseq.files import common_path
from dask_fileseq.graph import AUTO_BYTES, block_chunks, to_dask_array
from dask_fileseq.readers import ChunkMetadata

__all__ = ["FileBackendArray", "dask_dataarray", "lazy_dataset"]

GRID_MAPPING = "spatial_ref"
"""Name of the coordinate that holds a coordinate reference system, as rioxarray has it."""

NOT_IN_ORDER = "left out: the tiles do not lie edge to edge in the order of the grid"


def dask_dataarray(array: FileArray, *, name: Hashable, chunks: Any = None) -> DataArray:
    """Return a file array as a `DataArray` over a dask array.

    Parameters
    ----------
    array : FileArray
        What to read: whole files.
    name : hashable
        The name of the array; xarray takes dask's for None.
    chunks : optional
        As in `graph.block_chunks`.
    """
    coords, attrs = _coords_and_attrs(array)
    data = to_dask_array(array, chunks)
    result = DataArray(data, coords, array.dims, name, attrs)
    result.encoding = _encoding(array, coords)
    return result


def lazy_dataset(array: FileArray, *, name: Hashable) -> Dataset:
    """Return a file array as the one variable of a `Dataset`, read as xarray asks for it.

    Parameters
    ----------
    array, name
        As in `dask_dataarray`.
    """
    coords, attrs = _coords_and_attrs(array)
    encoding = _encoding(array, coords) | {"preferred_chunks": preferred_chunks(array)}
    data = indexing.LazilyIndexedArray(FileBackendArray(array))
    return Dataset({name: FileVariable(array.dims, data, attrs, encoding)}, coords)


class FileVariable(Variable):
    """A variable that turns into the package's own dask array where xarray chunks it.

    xarray's way would name tasks after the pattern that was opened, whatever versions of
    files it stood for, send all names to each task, and read whole blocks for a chain of
    slices. What is sliced first is chunked as xarray does.
    """

    __slots__ = ()

    def chunk(self, chunks: Any = {}, *args: Any, **kwargs: Any) -> Any:  # noqa: B006, as there
        """Return the variable over a dask array; as `xarray.Variable.chunk`."""
        array = _all_files(self._data)
        manager = kwargs.get("chunked_array_type")
        with_dask = manager in (None, "dask") or getattr(manager, "array_cls", None) is dask.Array
        if array is None or args or not with_dask or not isinstance(chunks, Mapping):
            return super().chunk(chunks, *args, **kwargs)
        data = to_dask_array(array, {dim: chunks.get(dim, -1) for dim in self.dims})
        return Variable(self.dims, data, self.attrs, self.encoding, fastpath=True)


def _all_files(data: Any) -> FileArray | None:
    """Return the file array of which `data` is all, if it is."""
    while isinstance(data, indexing.CopyOnWriteArray | indexing.MemoryCachedArray):
        data = data.array
    if not isinstance(data, indexing.LazilyIndexedArray):
        return None
    whole = all(isinstance(key, slice) and key == slice(None) for key in data.key.tuple)
    if not isinstance(data.array, FileBackendArray) or not whole:
        return None
    return data.array.array


class FileBackendArray(BackendArray):
    """What xarray indexes in place of a numpy array.

    Indices along an axis may be arrays ("outer" indexing): where
    ``isel(time=[0, 500])`` became the slice from 0 to 500, as it does for backends with
    basic indexing alone, 501 files would be read. No lock is needed: each read opens its
    files anew, and readers have no state.
    """

    def __init__(self, array: FileArray) -> None:
        self.array = array
        self.shape = array.shape
        self.dtype = array.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        """Read what xarray asks for."""
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )

    def _read(self, key: tuple[Any, ...]) -> Any:
        """Read what an int, a slice or a one-dimensional array selects along each axis."""
        if not any(isinstance(k, np.ndarray) for k in key):
            return self.array[key]
        parts = [list(self._parts(axis, k)) for axis, k in enumerate(key)]
        out = np.empty([along[-1][1].stop if along else 0 for along in parts], self.dtype)
        for combination in itertools.product(*parts):
            selected, places, within = zip(*combination, strict=True)
            if all(inner is None for inner in within):
                self.array.read(selected, out[places])
            else:
                span = np.empty([len(s) for s in selected], self.dtype)
                self.array.read(selected, span)
                inner = [
                    np.arange(n) if i is None else i
                    for i, n in zip(within, span.shape, strict=True)
                ]
                out[places] = span[np.ix_(*inner)]
        return out[tuple(slice(None) if isinstance(k, slice | np.ndarray) else 0 for k in key)]

    def _parts(self, axis: int, key: Any) -> Iterator[tuple[range, slice, NDArray[Any] | None]]:
        """Cut a selection along an axis into ranges that can be read, without what lies between.

        Yields the range, its place in the result, and what of it is wanted if not all.
        """
        size = self.shape[axis]
        if isinstance(key, slice):
            selected = range(*key.indices(size))
            yield selected, slice(0, len(selected)), None
        elif not isinstance(key, np.ndarray):
            start = int(key) % size if size else 0
            yield range(start, start + 1), slice(0, 1), None
        else:
            along = self.array.tiling.axes[axis]
            # files that follow each other, or all that is wanted of one file
            jumps = np.diff(key) != 1 if along.chunk is None else np.diff(key // along.size) != 0
            edges = [0, *(np.flatnonzero(jumps) + 1).tolist(), len(key)]
            for start, stop in itertools.pairwise(edges if len(key) else ()):
                part = key[start:stop]
                whole = range(int(part[0]), int(part[-1]) + 1)
                exact = np.array_equal(part, whole)
                yield whole, slice(start, stop), None if exact else part - part[0]


def preferred_chunks(array: FileArray) -> dict[str, int | tuple[int, ...]]:
    """Return the blocks that ``chunks={}`` makes: a file, or tiles or strips of a large one."""
    axes = array.tiling.axes
    file = math.prod(axis.size for axis in axes) * array.dtype.itemsize
    inside = {d: "auto" for d, a in zip(array.dims, axes, strict=True) if a.chunk is not None}
    chunks = block_chunks(array, inside if file > AUTO_BYTES else None)
    return {dim: _regular(c) for dim, c in zip(array.dims, chunks, strict=True)}


def _regular(lengths: tuple[int, ...]) -> int | tuple[int, ...]:
    """Return the length of blocks as one number, where just the last may be shorter.

    >>> _regular((4, 4, 1)), _regular((4, 1, 4, 1))
    (4, (4, 1, 4, 1))
    """
    first = lengths[0]
    return first if set(lengths[:-1]) <= {first} and lengths[-1] <= first else lengths


# coordinates


def _coords_and_attrs(
    array: FileArray,
) -> tuple[dict[str, Variable], dict[str, Any]]:
    """Return the coordinates along each axis, and the attributes of the array."""
    coords: dict[str, Variable] = {}
    placed = _placed(array)
    for dim, axis in zip(array.dims, array.tiling.axes, strict=True):
        if axis.chunk is None:
            if dim in array.coords:
                coords[dim] = Variable(dim, array.coords[dim], {"source": "file names"})
            continue
        chunkdim = array.spec.dims[axis.chunk]
        if chunkdim in placed.scales:
            scale = placed.scales[chunkdim]
            about = {"units": scale.units} if scale.units else {}
            about |= {**scale.attrs, "source": scale.source}
            coords[dim] = Variable(dim, scale.values(axis.files * axis.size), about)
        elif chunkdim in placed.labels and axis.files == 1:
            labels = placed.labels[chunkdim]
            if len(labels.names) == axis.size:
                coords[dim] = Variable(dim, np.array(labels.names), {"source": labels.source})
    if placed.crs:
        coords[GRID_MAPPING] = Variable((), np.int32(0), dict(placed.crs))
    return coords, dict(placed.attrs)


def _encoding(array: FileArray, coords: Mapping[str, Any]) -> dict[str, Any]:
    """Return where the array is from, and what refers to its coordinate reference system."""
    try:
        source = array.names[0] if len(array.names) == 1 else common_path(array.names)
    except ValueError:  # on different drives
        source = ""
    encoding = {"source": source}
    return encoding | {"grid_mapping": GRID_MAPPING} if GRID_MAPPING in coords else encoding


def _placed(array: FileArray) -> ChunkMetadata:
    """Return the metadata with scales that begin at the first tile of a mosaic.

    Sizes of pixels go on over all tiles. Places in the world do so only where a second
    header says that they do: the file furthest from the first must lie, to half a pixel,
    where it lies if all tiles are edge to edge in the order of the grid. Otherwise the
    georeference is left out.
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
    away = np.abs(cells - first)[:, [axis.grid for axis in tiled.values()]]
    far = int(np.argmax(np.where(away.all(axis=1), away.sum(axis=1), 0)))
    other = _metadata_of(array, int(numbers[far])) if away[far].all() else None
    for dim, axis in tiled.items():
        elements = int(cells[far][axis.grid] - first[axis.grid]) * axis.size
        expected = scales[dim].shifted(elements)
        found = other.scales.get(dim) if other is not None else None
        if found is None or abs(found.start - expected.start) > abs(expected.step) / 2:
            relative = {d: s for d, s in scales.items() if d not in absolute}
            attrs = dict(metadata.attrs) | {"georeference": NOT_IN_ORDER}
            return replace(metadata, scales=relative, crs={}, attrs=attrs)
        scales[dim] = scales[dim].shifted(-int(first[axis.grid]) * axis.size)
    return replace(metadata, scales=scales)


def _metadata_of(array: FileArray, number: int) -> ChunkMetadata | None:
    """Return what a file says of its axes, None if it cannot be read."""
    try:
        info = first_readable(
            [array.names[number]],
            array.source,
            lambda file: array.reader.describe(file, **array.options.imreadargs),
        )
    except FileSequenceError:
        return None
    return info.metadata
