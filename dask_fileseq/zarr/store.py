"""A file array as a read-only zarr store, without a copy.

The metadata documents are made once. The value of a chunk's key, such as ``c/0/1``, is its
uncompressed pixels, which `FileArray.read` reads on request.
"""

from __future__ import annotations

import asyncio
import copy
import math
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import chain
from typing import Any, Literal

import numpy as np
from dask.base import tokenize
from zarr.abc.buffer import Buffer, BufferPrototype
from zarr.abc.store import ByteRequest, Store, SuffixByteRequest
from zarr.storage import MemoryStore

from dask_fileseq.filearray import FileArray
from dask_fileseq.types import ReferenceFileOptions
from dask_fileseq.zarr.references import write_references
from dask_fileseq.zarr.zarrarray import ChunkGrid, array_path, metadata_documents, regular_chunks


class FileArrayStore(Store):
    """A file array as a read-only zarr store.

    The store pickles, and stores of equal arrays and arguments are equal.

    Parameters
    ----------
    array : FileArray
        The array, made of whole files.
    chunkmode, chunks, zarr_format, groupname, dimension_names, zattrs, ioworkers, read_only
        As in `FileSequence.aszarr`.
    fill : bool
        Whether a fill value of zero is written in format 2, where xarray masks it.

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
        zarr_format: Literal[2, 3] = 3,
        chunkmode: int | str | None = None,
        chunks: Any = None,
        fill: bool = True,
        ioworkers: int | None = None,
        read_only: bool = True,
        zattrs: Mapping[str, Any] | None = None,
        dimension_names: Sequence[str | None] | None = None,
        groupname: str | None = None,
    ) -> None:
        if not read_only:
            raise ValueError(f"read_only={read_only!r}: files are not written through a store")
        if chunkmode not in (None, 0, 3) and str(chunkmode).upper() not in ("STRILE", "FILE"):
            raise ValueError(
                f"chunkmode={chunkmode!r} is not 'file': each file is one chunk, unless"
                " chunks='tile' or other chunks are given"
            )
        if zarr_format not in (2, 3):
            raise ValueError(f"zarr_format={zarr_format!r} is neither 2 nor 3")
        if array.shape != array.tiling.shape:
            raise ValueError(f"the array of shape {array.shape} does not consist of whole files")
        if not isinstance(ioworkers, int | None):
            raise TypeError(f"ioworkers={ioworkers!r} is no number of threads")
        super().__init__(read_only=True)
        self._array = array
        self._ioworkers = max(0, ioworkers or 0)
        self._chunkshape = regular_chunks(array, chunks)
        self._naming: dict[str, Any] = {
            "dimension_names": dimension_names,
            "zattrs": zattrs,
            "fill": fill,
        }
        self._groupname = groupname
        path = array_path(groupname)
        self._documents = metadata_documents(
            array,
            self._chunkshape,
            zarr_format=zarr_format,
            path=path,
            dimension_names=dimension_names,
            zattrs=zattrs,
            fill=fill,
        )
        self._identity = tokenize(array), tuple(self._documents.items()), self._ioworkers
        self._grid = ChunkGrid.of(array, self._chunkshape, path, zarr_format)

    def write_fsspec(
        self,
        jsonfile: Any,
        /,
        url: str | None = None,
        *,
        quote: bool | None = None,
        groupname: str | None = None,
        templatename: str | None = None,
        codec_id: str | None = None,
        version: Literal[0, 1] | None = None,
        _append: bool = False,
        _close: bool = True,
    ) -> None:
        """Write references to the bytes in the files, as the method of tifffile's store does.

        Parameters
        ----------
        jsonfile, url, quote, groupname, templatename, codec_id, version, _append, _close
            As in `FileSequence.write_fsspec`, but by default the version is 0, the template is
            called ``"u"``, and the group is that of the store. The array is of format 2.
        """
        options = ReferenceFileOptions(
            quote=quote, templatename=templatename or "u", codec_id=codec_id, version=version or 0
        )
        write_references(
            self._array,
            options,
            jsonfile,
            url,
            append=_append,
            close=_close,
            **self._naming | ({} if groupname is None else {"groupname": groupname}),
        )

    def with_read_only(self, read_only: bool = False) -> Store:
        """Return another store of the same array; raise zarr's own error for a writable one."""
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
        return {key: value for key, value in self.__dict__.items() if key != "_threads"}

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} shape={self._array.shape} chunks={self._chunkshape}"
            f" dtype={self._array.dtype} files={len(self._array.names)}>"
        )

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return the value of a key, a document or the pixels of a chunk; None for no such key.

        A file that cannot be read is an error that names it, never a missing chunk.
        """
        await self._ensure_open()
        content: bytes | memoryview | None = self._documents.get(key)
        if content is None:
            index = self._grid.index(key)
            if index is None:
                return None
            loop = asyncio.get_running_loop()
            content = await loop.run_in_executor(self._threads, self._read, index)
        if isinstance(byte_range, SuffixByteRequest):  # zarr takes no more than there are bytes
            byte_range = SuffixByteRequest(min(byte_range.suffix, len(content)))
        value = {key: prototype.buffer.from_bytes(content)}
        return await MemoryStore(value).get(key, prototype, byte_range)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Return what `get` does for each key and range."""
        return await asyncio.gather(*(self.get(key, prototype, part) for key, part in key_ranges))

    def _read(self, index: tuple[int, ...]) -> memoryview:
        """Return the pixels of a chunk in C order, with the fill value beyond the array."""
        axes = zip(index, self._chunkshape, self._array.shape, strict=True)
        window = [range(i * n, min(i * n + n, end)) for i, n, end in axes]
        shape = tuple(map(len, window))
        if shape == self._chunkshape:
            pixels = np.empty(shape, self._array.dtype)
        else:
            pixels = np.full(self._chunkshape, self._array.options.fillvalue, self._array.dtype)
        inside: Any = (*map(slice, shape), ...)
        self._array.read(window, pixels[inside])
        return pixels.reshape(-1).view(np.uint8).data

    @cached_property
    def _threads(self) -> ThreadPoolExecutor | None:
        """Threads that read chunks; None for those of the event loop."""
        return ThreadPoolExecutor(self._ioworkers) if self._ioworkers else None

    async def exists(self, key: str) -> bool:
        """Return whether a key exists: a document, or a chunk that overlaps a file."""
        return key in self._documents or self._grid.index(key) is not None

    async def getsize(self, key: str) -> int:
        """Return the size of a value in bytes, or raise `FileNotFoundError`; reads nothing."""
        if not await self.exists(key):
            raise FileNotFoundError(f"there is no key {key!r} in {self}")
        if key in self._documents:
            return len(self._documents[key])
        return self._chunk_nbytes(key)

    def _chunk_nbytes(self, key: str) -> int:
        """Return the size of a chunk in bytes."""
        return math.prod(self._chunkshape) * self._array.dtype.itemsize

    def list(self) -> AsyncIterator[str]:
        """Yield all keys."""
        return self.list_prefix("")

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Yield all keys that begin with a prefix."""
        for key in self._documents:
            if key.startswith(prefix):
                yield key
        for key in self._grid.keys(prefix):
            yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Yield the names of keys and folders directly in a folder."""
        folder = prefix.rstrip("/")
        path = f"{folder}/" if folder else ""
        found = [key.removeprefix(path) for key in self._documents if key.startswith(path)]
        names = (key.split("/")[0] for key in found)
        for name in dict.fromkeys(chain(names, self._grid.children(folder))):
            yield name

    async def set(self, key: str, value: Buffer) -> None:
        """Raise zarr's own error: the store is read-only."""
        self._check_writable()

    async def delete(self, key: str) -> None:
        """Raise zarr's own error: the store is read-only."""
        self._check_writable()
