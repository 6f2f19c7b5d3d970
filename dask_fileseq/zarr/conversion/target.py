"""Where a target is written: a zarr store opened by name in each process, object by object.

Objects appear whole or not at all: on object stores by their nature, in folders because
zarr writes beside and renames. What must survive a loss of power is synced to the disk.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from zarr.abc.store import Store
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import FsspecStore, LocalStore, MemoryStore

from dask_fileseq.errors import FileSequenceError, WriteError
from dask_fileseq.files import has_scheme, local_path

__all__ = ["Target", "as_json", "clear_write_errors"]

MANY = 32
"""Objects that are read or deleted at a time."""

FULL = (errno.ENOSPC, errno.EDQUOT)


class Target:
    """A place for a zarr hierarchy: a path, a URL, or a store.

    It pickles by name; each process opens the store for itself.

    Parameters
    ----------
    url : str, os.PathLike or zarr.abc.store.Store
        Where.
    storage_options : mapping, optional
        For the file system of a URL.
    """

    def __init__(self, url: Any, storage_options: dict[str, Any] | None = None) -> None:
        self.options = dict(storage_options or {})
        if isinstance(url, Store):
            if url.read_only or not url.supports_deletes:
                raise ValueError(f"url={url!r} is a store that cannot be written and deleted from")
            self.url: Any = url
        else:
            text = os.fspath(url)
            path = local_path(text)
            text = text if path is None else path
            if not text:
                raise ValueError(f"url={url!r} is no place")
            self.url = text if has_scheme(text) else os.path.abspath(text)
        if self.options and not self.is_remote:
            raise ValueError(f"storage_options={self.options!r} are for URLs, not for {self}")

    @property
    def is_remote(self) -> bool:
        """Whether it is a URL of fsspec's."""
        return isinstance(self.url, str) and "://" in self.url

    @property
    def is_shared(self) -> bool:
        """Whether other processes reach it, too."""
        if isinstance(self.url, MemoryStore):
            return False
        return not (self.is_remote and self.url.startswith("memory:"))

    @property
    def folder(self) -> Path | None:
        """The folder, where it is one on this machine."""
        if isinstance(self.url, LocalStore):
            return self.url.root
        return None if self.is_remote or isinstance(self.url, Store) else Path(self.url)

    @cached_property
    def store(self) -> Store:
        """The open store."""
        if isinstance(self.url, Store):
            return self.url
        if self.is_remote:
            return FsspecStore.from_url(self.url, storage_options=self.options)
        return LocalStore(self.url)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "store"}

    def __str__(self) -> str:
        return str(self.url)

    # objects

    def get(self, key: str) -> bytes | None:
        """Return an object, None if there is none."""
        return self.get_many([key])[0]

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return many objects."""

        async def get(key: str) -> bytes | None:
            value = await self.store.get(key, default_buffer_prototype())
            return None if value is None else value.to_bytes()

        return _together(get(key) for key in keys)

    def put(self, key: str, value: bytes) -> None:
        """Write an object."""
        buffer = default_buffer_prototype().buffer.from_bytes(value)
        sync(self.store.set(key, buffer))

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """Write many objects."""
        make = default_buffer_prototype().buffer.from_bytes
        _together(self.store.set(key, make(value)) for key, value in values.items())

    def get_json(self, key: str) -> Any:
        """Return what an object says in JSON; None where there is none, or it is not whole."""
        return _parsed(self.get(key))

    def put_json(self, key: str, value: Any) -> None:
        """Write an object as JSON."""
        self.put(key, as_json(value))

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects, which need not be there."""
        _together(self.store.delete(key) for key in keys)

    def listing(self, folder: str = "") -> list[str]:
        """Return what stands right below a folder, as it is now."""
        if (fs := getattr(self.store, "fs", None)) is not None:
            fs.invalidate_cache()  # other processes write, too

        async def listed() -> list[str]:
            try:
                return [name async for name in self.store.list_dir(folder)]
            except FileNotFoundError:
                return []

        return sync(listed())

    def clear(self, folder: str = "", *, but: str) -> None:
        """Delete all that stands below a folder, but what has that name."""
        for name in self.listing(folder):
            if name != but:
                path = f"{folder}/{name}" if folder else name
                with suppress(ValueError):  # zarr's, of what is no folder
                    self.delete_folder(path)
                self.delete([path])

    def delete_folder(self, folder: str) -> None:
        """Delete a folder and all below it."""
        sync(self.store.delete_dir(folder))

    # durability, in folders

    def sync_to_disk(self, keys: Iterable[str]) -> None:
        """Wait until objects, and the folders that name them, are on the disk."""
        root = self.folder
        if root is None:
            return
        folders = set()
        for key in keys:
            path = root / key
            if path.exists():  # what is all fill value is not written
                _synced(path, os.O_RDWR)
                folders |= {p for p in path.parents if p == root or root in p.parents}
        if os.name == "posix":  # elsewhere folders cannot be opened
            for folder in sorted(folders, reverse=True):
                _synced(folder, os.O_RDONLY)

    def delete_partial(self) -> None:
        """Delete what a killed process left behind of objects that it was writing."""
        if self.folder is not None:
            for path in self.folder.rglob("*.partial"):
                path.unlink(missing_ok=True)


def _synced(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def as_json(value: Any) -> bytes:
    r"""Return a value as JSON, in which what is no text in a file name is escaped.

    >>> as_json("a\udcff")
    b'"a\\udcff"'
    """
    return json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _parsed(value: bytes | None) -> Any:
    try:
        return None if value is None else json.loads(value)
    except ValueError:
        return None


def _together(calls: Iterable[Awaitable[Any]]) -> list[Any]:
    """Return the results of asynchronous calls, some of which run at a time."""

    async def run() -> list[Any]:
        limit = asyncio.Semaphore(MANY)

        async def one(call: Awaitable[Any]) -> Any:
            async with limit:
                return await call

        return list(await asyncio.gather(*(one(call) for call in calls)))

    return sync(run())


@contextmanager
def clear_write_errors(target: Target) -> Iterator[None]:
    """Turn what the system says of a write that failed into one error of our own."""
    try:
        yield
    except (FileSequenceError, ImportError):
        raise
    except OSError as error:
        message = f"cannot write {target}: {error.strerror or error}"
        if error.errno in FULL:
            message += "; make room and convert again: it goes on where it stopped"
            raise WriteError(error.errno, message) from None
        raise WriteError(error.errno or errno.EIO, message) from error
    except Exception as error:
        if not target.is_remote:
            raise
        # libraries of object stores have errors of their own
        message = f"cannot write {target}: {str(error) or type(error).__name__}"
        raise WriteError(errno.EIO, message) from error


def all_parsed(values: Iterable[bytes | None]) -> Iterator[Any]:
    """Yield what objects say in JSON, None for those that are not whole."""
    return map(_parsed, values)
