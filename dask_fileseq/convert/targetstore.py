"""The zarr store that a conversion writes: a path, a URL or a store, opened in each process.

Objects appear whole or not at all. Object stores guarantee that; in folders, zarr writes
a file beside and renames it. `TargetStore.sync_to_disk` protects files from a loss of power.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Awaitable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from toolz import partition_all
from zarr.abc.store import Store
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import FsspecStore, LocalStore

from dask_fileseq.errors import FileSequenceError, WriteError
from dask_fileseq.files import (
    StorageOptions,
    limit_calls,
    limited_arguments,
    local_path,
    scheme_of,
)
from dask_fileseq.plaintext import without_secrets

MANY = 32
"""Number of objects that are read, written or deleted at a time."""


class TargetStore:
    """The store at a path or URL, or a store of zarr; each process opens it for itself."""

    def __init__(self, url: Any, storage_options: Mapping[str, Any] | None = None) -> None:
        self.options = dict(storage_options or {})
        if isinstance(url, Store):
            if url.read_only or not url.supports_deletes:
                raise ValueError(f"url={url!r} is a store that cannot be written and deleted from")
            self.url: Any = url
        else:
            try:
                text = os.fspath(url)
            except TypeError as error:
                raise TypeError(f"url={url!r} is no path, URL or store of zarr") from error
            path = local_path(text)
            text = text if path is None else path
            if not text:
                raise ValueError(f"url={url!r} is no place")
            self.url = text if scheme_of(text) else os.path.abspath(text)
        if self.options and not self.is_remote:
            keys = ", ".join(map(repr, self.options))
            raise ValueError(f"storage_options ({keys}) are for URLs, not for {self}")

    @property
    def is_remote(self) -> bool:
        """Whether it is a URL that fsspec opens."""
        return isinstance(self.url, str) and "://" in self.url

    @property
    def folder(self) -> Path | None:
        """Folder on this machine, if it is one."""
        if isinstance(self.url, LocalStore):
            return self.url.root
        return None if self.is_remote or isinstance(self.url, Store) else Path(self.url)

    @cached_property
    def store(self) -> Store:
        """The open store."""
        if isinstance(self.url, Store):
            return self.url
        if self.is_remote:
            return _remote_store(self.url, self.options)
        return LocalStore(self.url)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "store"}

    def __str__(self) -> str:
        return without_secrets(str(self.url))

    def public(self, error: Exception, reason: str) -> tuple[str, Exception | None]:
        """Return the reason of an error without secrets, and the error itself if it has none."""
        shown = StorageOptions(self.options).hidden_in(without_secrets(reason))
        user = self.url.partition("://")[2].rpartition("@")[0] if self.is_remote else ""
        shown = shown.replace(f"{user}@", "") if user else shown
        return shown, error if shown == reason else None

    def exists(self, key: str) -> bool:
        """Return whether an object exists."""
        return sync(self.store.exists(key))

    def get_json(self, *keys: str) -> list[Any]:
        """Return the values of objects in JSON; None for each that is not there, or not whole."""
        found: list[Any] = []
        for value in _all(self.store.get(key, default_buffer_prototype()) for key in keys):
            found.append(None)
            with suppress(ValueError):
                found[-1] = None if value is None else json.loads(value.to_bytes())
        return found

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """Write many objects."""
        make = default_buffer_prototype().buffer.from_bytes
        _all(self.store.set(key, make(value)) for key, value in values.items())

    def put_json(self, key: str, value: Any) -> None:
        """Write a value as JSON."""
        content = json.dumps(value, indent=2).encode()
        sync(self.store.set(key, default_buffer_prototype().buffer.from_bytes(content)))

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects, which need not exist."""
        _all(self.store.delete(key) for key in keys)

    def listing(self, folder: str = "") -> list[str]:
        """Return the names of objects and folders right below a folder, as they are now."""
        if isinstance(self.store, FsspecStore):
            self.store.fs.invalidate_cache()  # other processes write, too

        async def listed() -> list[str]:
            try:
                return [name async for name in self.store.list_dir(folder)]
            except FileNotFoundError:
                return []

        return sync(listed())

    def clear(self, folder: str = "", *, keep: Container[str]) -> None:
        """Delete all objects and folders below a folder, except those with some names."""
        for name in self.listing(folder):
            if name not in keep:
                path = f"{folder}/{name}" if folder else name
                with suppress(ValueError):  # raised by zarr if it is not a folder
                    sync(self.store.delete_dir(path))
                self.delete([path])

    def sync_to_disk(self, keys: Iterable[str]) -> None:
        """Wait until objects, and the folders that hold them, are on the disk."""
        root = self.folder
        if root is None:
            return
        # zarr does not write chunks that equal the fill value
        files = [path for path in (root / key for key in keys) if path.exists()]
        folders = {f for path in files for f in path.parents if f == root or root in f.parents}
        outwards = sorted(folders, reverse=True) if os.name == "posix" else []
        for path in files + outwards:  # other systems open no folders
            descriptor = os.open(path, os.O_RDONLY if path in folders else os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def delete_partial(self) -> None:
        """Delete the unfinished objects of a process that was killed."""
        if self.folder is not None:
            for path in self.folder.rglob("*.partial"):
                path.unlink(missing_ok=True)


def _remote_store(url: str, options: Mapping[str, Any]) -> FsspecStore:
    """Return the store at a URL; one on S3 does not wait for ever for a server."""
    if scheme_of(url) != "s3":
        return FsspecStore.from_url(url, storage_options=dict(options))
    store = FsspecStore.from_url(url, storage_options=limited_arguments(options))
    limit_calls(store.fs)
    return store


def _all(calls: Iterable[Awaitable[Any]]) -> list[Any]:
    """Return the results of asynchronous calls, of which some run at a time."""

    async def results() -> list[Any]:
        batches = partition_all(MANY, calls)
        return [result for batch in batches for result in await asyncio.gather(*batch)]

    return sync(results())


@contextmanager
def clear_write_errors(target: TargetStore) -> Iterator[None]:
    """Raise a `WriteError` that names the target in place of errors of the system."""
    try:
        yield
    except (FileSequenceError, ImportError):
        raise
    except OSError as error:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason, cause = target.public(error, error.strerror or str(error))
        if is_full:
            reason += "; make room and convert again: it goes on where it stopped"
        message = f"cannot write {target}: {reason}"
        raise WriteError(error.errno or errno.EIO, message) from (None if is_full else cause)
    except Exception as error:
        if not target.is_remote:
            raise
        # libraries of object stores have errors of their own
        reason, cause = target.public(error, str(error) or type(error).__name__)
        raise WriteError(errno.EIO, f"cannot write {target}: {reason}") from cause
