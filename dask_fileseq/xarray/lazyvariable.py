"""A file array as the data of a variable that xarray reads on demand, and chunks as dask arrays."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xarray import Variable
from xarray.backends import BackendArray
from xarray.conventions import decode_cf_variable
from xarray.core import indexing
from xarray.namedarray.daskmanager import DaskManager

from dask_fileseq.filearray import FileArray
from dask_fileseq.graph import AUTO_BYTES, default_chunks, to_dask_array

CODING = ("_FillValue", "scale_factor", "add_offset")
"""Attributes by which xarray decodes pixels: nodata becomes NaN, numbers become physical values."""

NO_AXES = ("name", "lock", "inline_array", "chunked_array_type", "from_array_kwargs")
"""Keywords of `xarray.Variable.chunk` that are not chunks along an axis of that name."""


def decoded(variable: Variable) -> Variable:
    """Return a variable with its pixels decoded, lazily if they are a dask array."""
    return decode_cf_variable("pixels", variable, decode_times=False, concat_characters=False)


class FileVariable(Variable):
    """A variable whose chunks are blocks of this package's own dask array.

    The dask array that xarray would make names its tasks after the pattern that was opened,
    whatever the versions of its files, sends all names to each task, and reads whole blocks
    for a chain of slices. A variable that was sliced before is chunked by xarray.
    """

    __slots__ = ()

    def chunk(self, chunks: Any = {}, *args: Any, **kwargs: Any) -> Any:  # noqa: B006, as there
        """Return the variable over a dask array; as `xarray.Variable.chunk`."""
        pixels = _whole_array(self._data)
        manager = kwargs.get("chunked_array_type")
        with_dask = manager in (None, "dask") or isinstance(manager, DaskManager)
        if pixels is None or args or not with_dask or not isinstance(chunks, Mapping):
            return super().chunk(chunks, *args, **kwargs)
        by_keyword = {dim: c for dim, c in kwargs.items() if dim not in NO_AXES}
        chunks = {**by_keyword, **chunks}
        data = to_dask_array(pixels.array, {dim: chunks.get(dim, -1) for dim in self.dims})
        if pixels.coding:
            data = decoded(Variable(self.dims, data, pixels.coding)).data
        return Variable(self.dims, data, self.attrs, self.encoding, fastpath=True)


def _whole_array(data: Any) -> FileBackendArray | None:
    """Return the array of files behind the data of a variable, if it was not indexed."""
    while isinstance(data, indexing.CopyOnWriteArray | indexing.MemoryCachedArray):
        data = data.array
    if not isinstance(data, indexing.LazilyIndexedArray):
        return None
    whole = all(isinstance(key, slice) and key == slice(None) for key in data.key.tuple)
    if not isinstance(data.array, FileBackendArray) or not whole:
        return None
    return data.array


class FileBackendArray(BackendArray):
    """The array that xarray indexes lazily in place of a numpy array.

    Indices along an axis may be arrays ("outer" indexing). With basic indexing alone,
    xarray would read the 501 files of the slice from 0 to 500 for ``isel(time=[0, 500])``.
    No lock is needed, because each read opens its files anew and readers have no state.

    `coding` are those of the attributes `CODING` by which pixels are decoded, if any.
    """

    def __init__(self, array: FileArray, coding: Mapping[str, Any] | None = None) -> None:
        self.array = array
        self.coding = dict(coding or {})
        self.shape = array.shape
        self.dtype = self._decoded(np.zeros((), array.dtype)).dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        """Read the elements that an indexer of xarray selects."""
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read_decoded
        )

    def _read_decoded(self, key: tuple[Any, ...]) -> Any:
        """Read elements, and decode them."""
        return self._decoded(self._read(key))

    def _decoded(self, pixels: Any) -> Any:
        if not self.coding:
            return pixels
        dims = range(np.ndim(pixels))
        return decoded(Variable(dims, pixels, self.coding)).to_numpy()

    def _read(self, key: tuple[Any, ...]) -> Any:
        """Read the elements that an int, a slice or a 1-d array selects along each axis."""
        if not any(isinstance(k, np.ndarray) for k in key):
            return self.array[key]
        parts = [list(self._parts(axis, k)) for axis, k in enumerate(key)]
        out = np.empty([along[-1][1].stop if along else 0 for along in parts], self.array.dtype)
        for combination in itertools.product(*parts):
            ranges, places, within = zip(*combination, strict=True)
            if all(inner is None for inner in within):
                self.array.read(ranges, out[places])
            else:
                span = np.empty(tuple(map(len, ranges)), self.array.dtype)
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


class PreferredChunks(dict[str, int | tuple[int, ...]]):
    """Chunks for ``chunks={}`` of which others may be any part.

    xarray warns of chunks that cut those in storage. It gets the latter without a default, the
    chunks to use with one. Files may be read each for itself, however they are grouped.
    """

    def get(self, key: str, default: Any = None) -> Any:
        """Return the chunks along an axis; None if no default is given."""
        return None if default is None else super().get(key, default)


def preferred_chunks(array: FileArray) -> dict[str, int | tuple[int, ...]]:
    """Return the chunks for ``chunks={}``, unless some are configured.

    Small files are grouped, others are a chunk each, or several along the tiles or strips of a
    large file.
    """
    axes = zip(array.dims, array.tiling.axes, strict=True)
    inside = {dim: "auto" for dim, axis in axes if axis.chunk is not None}
    chunks = default_chunks(array, inside if array.spec.nbytes > AUTO_BYTES else "grouped")
    preferred = {dim: _regular(c) for dim, c in zip(array.dims, chunks, strict=True)}
    is_grouped = math.prod(map(len, chunks)) < math.prod(array.tiling.gridshape)
    return PreferredChunks(preferred) if is_grouped else preferred


def _regular(lengths: tuple[int, ...]) -> int | tuple[int, ...]:
    """Return the lengths of blocks as one number, if at most the last block is shorter.

    >>> _regular((4, 4, 1)), _regular((4, 1, 4, 1))
    (4, (4, 1, 4, 1))
    """
    first = lengths[0]
    return first if set(lengths[:-1]) <= {first} and lengths[-1] <= first else lengths
