"""A file array as a zarr store, for reading: nothing is copied.

Under the keys of the metadata stand documents that are made once, and under those of
chunks, such as ``c/0/1``, the pixels at that place of the chunk grid, uncompressed.
Pixels are read through `FileArray.read` alone, when asked for.
"""

from __future__ import annotations

import asyncio
import copy
import math
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

from dask_fileseq.filearray import FileArray
from dask_fileseq.zarr.chunking import chunks_present, regular_chunks
from dask_fileseq.zarr.keys import ChunkKeys
from dask_fileseq.zarr.metadata import array_node, documents

__all__ = ["FileArrayStore", "checked_chunkmode"]


class FileArrayStore(Store):
    """The files of an array as the chunks of a zarr array, read-only.

    It pickles, and stores of equal arrays and arguments are equal.

    Parameters
    ----------
    array : FileArray
        What to serve: of whole files.
    chunkmode, chunks, zarr_format, groupname, dimension_names, zattrs, ioworkers, read_only
        As in `FileSequence.aszarr`.
    fill : bool
        Whether a fill value of zero is written in format 2.

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
        chunks: Any = None,
        zarr_format: int = 3,
        groupname: str | None = None,
        dimension_names: Sequence[str | None] | None = None,
        zattrs: Mapping[str, Any] | None = None,
        fill: bool = True,
        ioworkers: int | None = None,
        read_only: bool = True,
    ) -> None:
        if not read_only:
            raise ValueError(f"read_only={read_only!r}: files are not written through a store")
        checked_chunkmode(chunkmode)
        if zarr_format not in (2, 3):
            raise ValueError(f"zarr_format={zarr_format!r} is neither 2 nor 3")
        if array.shape != array.tiling.shape:
            raise ValueError(f"the array of shape {array.shape} does not consist of whole files")
        super().__init__(read_only=True)
        self._array = array
        self._ioworkers = max(0, ioworkers or 0)
        self._chunkshape = regular_chunks(array, chunks)
        node = array_node(
            array, self._chunkshape, dimension_names=dimension_names, zattrs=zattrs, fill=fill
        )
        self._documents = documents(array, node, zarr_format, groupname)
        self._identity = tokenize(array), tuple(self._documents.items()), self._ioworkers
        path = (groupname or "").strip("/")
        present, grid = chunks_present(array, self._chunkshape)
        self._keys = ChunkKeys(present, grid, f"{path}/" if path else "", zarr_format)
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
        if key in self._documents:
            value = memoryview(self._documents[key])
        elif (index := self._keys.index(key)) is not None:
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
        """Return the bytes of one chunk's pixels, in C order; those beyond the array are fill."""
        starts = [i * n for i, n in zip(index, self._chunkshape, strict=True)]
        ends = zip(starts, self._chunkshape, self._array.shape, strict=True)
        window = [range(start, min(start + n, end)) for start, n, end in ends]
        shape = tuple(map(len, window))
        if shape == self._chunkshape:
            pixels = np.empty(shape, self._array.dtype)
        else:
            pixels = np.full(self._chunkshape, self._array.options.fillvalue, self._array.dtype)
        inside: Any = (*map(slice, shape), ...)
        self._array.read(window, pixels[inside])
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

    async def exists(self, key: str) -> bool:
        """Return whether there is such a key: metadata, or a chunk that touches a file."""
        return key in self._documents or self._keys.index(key) is not None

    async def getsize(self, key: str) -> int:
        """Return how many bytes a key has, without reading; raise `FileNotFoundError` if none."""
        if not await self.exists(key):
            raise FileNotFoundError(f"there is no key {key!r} in {self}")
        if key in self._documents:
            return len(self._documents[key])
        return math.prod(self._chunkshape) * self._array.dtype.itemsize

    async def list(self) -> AsyncIterator[str]:
        """Yield all keys."""
        async for key in self.list_prefix(""):
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Yield all keys that begin with a prefix."""
        for key in self._documents:
            if key.startswith(prefix):
                yield key
        for key in self._keys.beginning(prefix):
            yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Yield what stands right below a prefix, taken as a folder."""
        folder = prefix.rstrip("/")
        path = f"{folder}/" if folder else ""
        known = [key.removeprefix(path) for key in self._documents if key.startswith(path)]
        names = dict.fromkeys(key.split("/")[0] for key in known)
        for name in names:
            yield name
        for name in self._keys.children(folder):
            if name not in names:
                yield name

    async def set(self, key: str, value: Buffer) -> None:
        """Raise zarr's own error: the store is read-only."""
        self._check_writable()

    async def delete(self, key: str) -> None:
        """Raise zarr's own error: the store is read-only."""
        self._check_writable()


def checked_chunkmode(chunkmode: Any) -> None:
    """Raise `ValueError` if a chunk mode is none that tifffile takes for sequences."""
    if chunkmode not in (None, 0, 3) and str(chunkmode).upper() not in ("STRILE", "FILE"):
        raise ValueError(
            f"chunkmode={chunkmode!r} is not 'file': each file is one chunk, unless"
            " chunks='tile' or other chunks are asked for"
        )


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
