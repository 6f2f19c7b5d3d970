"""A file array as a zarr store, for reading: one chunk a file, nothing copied.

The store has one array of zarr format 3 at its root: its metadata under
``zarr.json``, and under ``c/0/1`` the pixels of the file at that place of the chunk
grid, uncompressed. Pixels are read through `FileArray.read` alone, when asked for.
"""

from __future__ import annotations

import asyncio
import copy
import json
import math
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import numpy as np
from dask.base import tokenize
from zarr.abc.buffer import Buffer, BufferPrototype
from zarr.abc.store import (
    ByteRequest,
    OffsetByteRequest,
    RangeByteRequest,
    Store,
    SuffixByteRequest,
)
from zarr.dtype import parse_dtype

from dask_fileseq.filearray import FileArray

__all__ = ["FileArrayStore"]

METADATA = "zarr.json"


class FileArrayStore(Store):
    """The files of an array as the chunks of a zarr array, read-only.

    It pickles, and stores of equal arrays and arguments are equal.

    Parameters
    ----------
    array : FileArray
        What to serve: of whole files.
    chunkmode, dimension_names, zattrs, ioworkers, read_only
        As in `FileSequence.aszarr`.

    Raises
    ------
    ValueError
        If an argument does not fit, or zarr has no such data type.
    TypeError
        If `zattrs` cannot be written as JSON.

    Examples
    --------
    >>> import numpy as np
    >>> import zarr
    >>> from dask_fileseq import FileSequence
    >>> seq = FileSequence(lambda name: np.full((2, 3), len(name)), ["a", "bb"])
    >>> zarr.open_array(seq.aszarr())[:, 0]
    array([[1, 1, 1],
           [2, 2, 2]])
    """

    supports_writes: bool = False
    supports_deletes: bool = False
    supports_listing: bool = True

    def __init__(
        self,
        array: FileArray,
        *,
        chunkmode: int | str | None = None,
        dimension_names: Sequence[str | None] | None = None,
        zattrs: Mapping[str, Any] | None = None,
        ioworkers: int | None = None,
        read_only: bool = True,
    ) -> None:
        if not read_only:
            raise ValueError(f"read_only={read_only!r}: files are not written through a store")
        if chunkmode not in (None, 0, 3) and str(chunkmode).upper() not in ("STRILE", "FILE"):
            raise ValueError(f"chunkmode={chunkmode!r} is not 'file': each file is one chunk")
        axes = array.tiling.axes
        if array.shape != array.tiling.shape:
            raise ValueError(f"the array of shape {array.shape} does not consist of whole files")
        super().__init__(read_only=True)
        self._array = array
        self._ioworkers = max(0, ioworkers or 0)
        self._chunkshape = tuple(max(1, axis.size) for axis in axes)  # zarr has no empty chunks
        self._metadata = _metadata(array, self._chunkshape, dimension_names, zattrs)
        self._identity = tokenize(array), self._metadata, self._ioworkers
        grid_axes = [axis.grid for axis in axes if axis.grid is not None]
        stored = (array.table >= 0).transpose(grid_axes).reshape([axis.files for axis in axes])
        self._stored = stored & bool(array.size)
        self._limits: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}

    def with_read_only(self, read_only: bool = False) -> Store:
        """Return another store of the same array; zarr's own error if it is to be written."""
        if not read_only:
            return super().with_read_only(read_only)
        store = copy.copy(self)
        store._is_open = False
        return store

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_limits": {}}  # they belong to this process's event loops

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} shape={self._array.shape} chunks={self._chunkshape}"
            f" dtype={self._array.dtype} files={len(self._array.names)}>"
        )

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return the bytes of the metadata or of a file's pixels; None if there is no such key.

        A file that cannot be read is an error that names it, never a missing chunk.
        """
        await self._ensure_open()
        if key == METADATA:
            value = memoryview(self._metadata)
        elif (index := self._chunk(key)) is not None:
            async with self._limit():
                value = await asyncio.to_thread(self._read, index)
        else:
            return None
        return prototype.buffer.from_bytes(value[_selected(byte_range, len(value))])

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Return what `get` does for each key and range."""
        return await asyncio.gather(*(self.get(key, prototype, part) for key, part in key_ranges))

    def _read(self, index: tuple[int, ...]) -> memoryview:
        """Return the bytes of one file's pixels, in C order."""
        window = [range(i * n, (i + 1) * n) for i, n in zip(index, self._chunkshape, strict=True)]
        pixels = np.empty(self._chunkshape, self._array.dtype)
        self._array.read(window, pixels)
        return pixels.reshape(-1).view(np.uint8).data

    def _limit(self) -> AbstractAsyncContextManager[Any]:
        """Return what keeps reads in the running event loop to `ioworkers` at a time."""
        if not self._ioworkers:
            return nullcontext()
        loop = asyncio.get_running_loop()
        if loop not in self._limits:  # a semaphore serves only one
            running = {other: s for other, s in self._limits.items() if not other.is_closed()}
            self._limits = running | {loop: asyncio.Semaphore(self._ioworkers)}
        return self._limits[loop]

    # the keys

    def _index(self, path: str) -> tuple[int, ...] | None:
        """Return the place in the chunk grid that ``c/0/1`` or its beginning ``c/0`` means.

        None if it means none: no other spelling of a number will do, or one chunk would
        have many keys.
        """
        index = tuple(int(part) for part in path.split("/")[1:] if part.isdecimal())
        grid = self._stored.shape
        if path != _chunk_key(index) or len(index) > len(grid):
            return None
        return index if all(i < n for i, n in zip(index, grid, strict=False)) else None

    def _chunk(self, key: str) -> tuple[int, ...] | None:
        """Return the place of the file that a key stands for, if any."""
        index = self._index(key)
        if index is None or len(index) < self._stored.ndim or not self._stored[index]:
            return None
        return index

    async def exists(self, key: str) -> bool:
        """Return whether there is such a key: the metadata, or a cell with a file."""
        return key == METADATA or self._chunk(key) is not None

    async def getsize(self, key: str) -> int:
        """Return how many bytes a key has, without reading; raise `FileNotFoundError` if none."""
        if not await self.exists(key):
            raise FileNotFoundError(f"there is no key {key!r} in {self}")
        chunkbytes = math.prod(self._chunkshape) * self._array.dtype.itemsize
        return len(self._metadata) if key == METADATA else chunkbytes

    async def list(self) -> AsyncIterator[str]:
        """Yield all keys."""
        async for key in self.list_prefix(""):
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Yield all keys that begin with a prefix."""
        if METADATA.startswith(prefix):
            yield METADATA
        leading = self._index(prefix.rpartition("/")[0] or "c")
        if leading is None:
            return
        for rest in np.argwhere(self._stored[leading]).tolist():
            key = _chunk_key((*leading, *rest))
            if key.startswith(prefix):
                yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Yield what stands right below a prefix, taken as a folder."""
        folder = prefix.rstrip("/")
        if not folder:
            yield METADATA
            if self._stored.any():
                yield "c"
            return
        leading = self._index(folder)
        if leading is not None:
            for i in np.unique(np.argwhere(self._stored[leading])[:, :1]):
                yield str(i)

    async def set(self, key: str, value: Buffer) -> None:
        """Raise zarr's own error: the store is read-only."""
        self._check_writable()

    async def delete(self, key: str) -> None:
        """Raise zarr's own error: the store is read-only."""
        self._check_writable()


def _chunk_key(index: Sequence[int]) -> str:
    """Return the key of a chunk, in zarr's default encoding.

    >>> _chunk_key((0, 12)), _chunk_key(())
    ('c/0/12', 'c')
    """
    return "/".join(("c", *map(str, index)))


def _selected(byte_range: ByteRequest | None, size: int) -> slice:
    """Return which of `size` bytes a request asks for.

    >>> _selected(SuffixByteRequest(2), 10)
    slice(8, None, None)
    """
    match byte_range:
        case None:
            return slice(None)
        case RangeByteRequest(start, end):
            return slice(start, end)
        case OffsetByteRequest(offset):
            return slice(offset, None)
        case SuffixByteRequest(suffix):
            return slice(max(0, size - suffix), None)
    raise ValueError(f"Unexpected byte_range, got {byte_range!r}.")


def _metadata(
    array: FileArray,
    chunkshape: tuple[int, ...],
    dimension_names: Sequence[str | None] | None,
    zattrs: Mapping[str, Any] | None,
) -> bytes:
    """Return the array's ``zarr.json``.

    See https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html.
    """
    try:
        dtype = parse_dtype(array.dtype, zarr_format=3)
    except ValueError as error:
        raise ValueError(f"zarr has no data type for dtype {array.dtype}") from error
    if dimension_names is None:
        dimension_names = array.dims or [None] * array.ndim
    names = tuple(dimension_names)
    if len(names) != array.ndim or not all(isinstance(name, str | None) for name in names):
        raise ValueError(
            f"dimension_names={dimension_names!r} does not name the {array.ndim} axes of the array"
        )
    codec: dict[str, Any] = {"name": "bytes"}
    if array.dtype.itemsize > 1:
        codec["configuration"] = {"endian": sys.byteorder}
    metadata = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": array.shape,
        "data_type": dtype.to_json(zarr_format=3),
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunkshape}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": dtype.to_json_scalar(array.fillvalue, zarr_format=3),
        "codecs": [codec],
        "dimension_names": names,
        "attributes": dict(zattrs or {}),
    }
    try:
        return json.dumps(metadata, indent=2).encode()
    except (TypeError, ValueError) as error:
        raise TypeError(f"zattrs={zattrs!r} cannot be written as JSON: {error}") from error
