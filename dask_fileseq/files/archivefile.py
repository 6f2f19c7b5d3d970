"""The file of an archive, local or remote, which each process opens by itself."""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import IO, BinaryIO, cast

import dask

from dask_fileseq.errors import NamesError, ReadError
from dask_fileseq.files.fetching import fetch_ranges, fetch_start
from dask_fileseq.files.fileobjects import BLOCK, MemoryFile, RangeFile
from dask_fileseq.files.filesystems import StorageOptions, filesystem
from dask_fileseq.files.local import PathMap
from dask_fileseq.files.urls import base_name

__all__ = ["START", "ArchiveFile", "LocalArchiveFile", "RemoteArchiveFile", "downloaded", "spooled"]

START = 512
"""Number of bytes that show the kind of archive."""


@dataclass(frozen=True)
class LocalArchiveFile:
    """A file on a local file system."""

    path: str
    """Absolute path."""
    path_map: PathMap

    concurrency = 1

    def version(self) -> Hashable:
        """Return the number, size and time of the file as it is now."""
        stat = os.stat(self.path_map.require(self.path))
        return stat.st_ino, stat.st_size, stat.st_mtime_ns

    def open(self) -> BinaryIO:
        """Open the file."""
        return open(self.path_map.path(self.path), "rb")

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True)
class RemoteArchiveFile:
    """A file at a URL, in the version that it had when it was first opened."""

    url: str
    options: StorageOptions
    size: int
    etag: str
    has_ranges: bool
    """Whether the server sends parts of the file."""
    first: bytes = field(repr=False)
    """The first bytes, which show the kind of archive."""

    concurrency = 16

    @classmethod
    def of(cls, url: str, options: StorageOptions) -> RemoteArchiveFile:
        """Return the file at a URL, in its present version."""
        try:
            first = fetch_start(*filesystem(url, options), BLOCK)
        except (ImportError, NamesError):
            raise
        except Exception as error:  # of any package
            raise ReadError.of(error, f"cannot open container={url!r}: {error}") from error
        has_ranges = len(first.content) <= BLOCK
        head = bytes(first.content[:START])
        return cls(url, options, first.size, first.version, has_ranges, head)

    def version(self) -> Hashable:
        """Return the size and version that the file had when it was first opened."""
        return self.size, self.etag

    def open(self) -> BinaryIO:
        """Return a handle that fetches the parts that are read."""
        name = base_name(self.url)
        if not self.has_ranges:
            return cast(BinaryIO, MemoryFile(downloaded(self, os.getpid()), name))
        fs, path = filesystem(self.url, self.options)
        fetch = partial(fetch_ranges, fs, path, version=self.etag, size=self.size)
        return cast(BinaryIO, RangeFile(fetch, self.size, self.first, name))

    def __str__(self) -> str:
        return self.url


ArchiveFile = LocalArchiveFile | RemoteArchiveFile
"""A file that each process can open, several times; ``str`` returns its path or URL."""


@lru_cache(maxsize=4)
def downloaded(file: RemoteArchiveFile, process: int) -> mmap.mmap | bytes:
    """Return all bytes of a file whose server does not send parts."""
    first = fetch_start(*filesystem(file.url, file.options), BLOCK)
    if (first.size, first.version) != file.version():
        raise OSError(f"{file.url!r} has changed since it was opened")
    return spooled(MemoryFile(first.content, file.url))


def spooled(stream: IO[bytes] | MemoryFile) -> mmap.mmap | bytes:
    """Return all bytes of a stream, mapped from a temporary file without a name.

    The file is in dask's ``temporary-directory``, if that is set; it ends with the map.
    """
    folder = dask.config.get("temporary-directory", None)
    with tempfile.TemporaryFile(dir=folder) as file:
        shutil.copyfileobj(stream, file, 2**20)
        if not file.tell():
            return b""
        file.flush()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
