"""File systems of fsspec: one for each place, process and set of options.

The only module, with `requests`, that knows fsspec; it is imported when first needed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from dask.base import tokenize

from dask_fileseq.errors import NamesError, ReadError
from dask_fileseq.files.urls import root_of

__all__ = ["StorageOptions", "filesystem"]

PACKAGES = {
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "az": "adlfs",
    "sftp": "paramiko",
    "ssh": "paramiko",
}
"""What is installed by itself for file systems that the extra ``remote`` does not cover."""

_lock = threading.Lock()


class StorageOptions:
    """Arguments of a file system: hashable, and never shown, for there may be keys in them."""

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        if not isinstance(options, Mapping | None):
            raise NamesError(
                f"storage_options is {type(options).__name__}, not a mapping of arguments"
            )
        self.values = dict(options or {})
        self.token = tokenize(self.values)

    def __bool__(self) -> bool:
        return bool(self.values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StorageOptions) and self.token == other.token

    def __hash__(self) -> int:
        return hash(self.token)

    def __repr__(self) -> str:
        return f"<{len(self.values)} storage_options {self.token}>"


def filesystem(url: str, options: StorageOptions) -> tuple[Any, str]:
    """Return the file system of fsspec that a URL is on, and its path there.

    Raises
    ------
    NamesError
        If there is no such kind of file system.
    ImportError
        If the package for it is not installed.
    ReadError
        If it cannot be set up: it connects at once, or does not know its options.
    """
    root = root_of(url)
    with _lock:  # to set up a session takes long, and twice is once too much
        kept = _opened(root, options, os.getpid(), 0)
        fs = kept or _opened(root, options, os.getpid(), threading.get_ident())
    return fs, fs._strip_protocol(url.rpartition("::")[2])


@lru_cache(maxsize=64)
def _opened(root: str, options: StorageOptions, process: int, thread: int) -> Any:
    """Return a file system for all threads, or for one; None if that is not for all.

    Those that are asynchronous serve any thread from one of their own; others, such as
    FTP, hold one connection.
    """
    try:
        import fsspec
        from fsspec.asyn import sync
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise ImportError(f"{root!r} needs fsspec: pip install 'dask-fileseq[remote]'") from error
    scheme = root.rpartition("::")[2].partition("://")[0]
    links = [link.partition("://")[0] for link in root.split("::")]
    try:
        classes = [fsspec.get_filesystem_class(link) for link in links]
    except ValueError as error:
        raise NamesError(f"{root!r}: fsspec knows no file system {scheme!r}") from error
    except ImportError as error:
        package = PACKAGES.get(scheme, "dask-fileseq[remote]")
        raise ImportError(f"{root!r} needs another package: pip install '{package}'") from error
    shared = all(cls.async_impl for cls in classes)
    if not thread and not shared:
        return None
    listings = {"use_listings_cache": True} if links in (["http"], ["https"]) else {}
    try:
        fs, _ = url_to_fs(root, **listings | options.values)  # or it asks for a page several times
        if shared and hasattr(fs, "set_session"):
            sync(fs.loop, fs.set_session)
    except Exception as error:  # of any package
        raise ReadError.of(
            error, f"cannot set up the file system of {root!r}: {type(error).__name__}: {error}"
        ) from error
    return fs
