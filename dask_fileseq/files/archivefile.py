"""The file of an archive: local or remote, opened by each process for itself."""

from __future__ import annotations

import mmap
import os
import tarfile
import tempfile
import threading
from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import IO, BinaryIO, cast

import dask
from dask.base import tokenize

from dask_fileseq.files.fetching import Part, fetch_start, range_file
from dask_fileseq.files.fileobjects import BLOCK, MemoryFile
from dask_fileseq.files.filesystems import StorageOptions, filesystem, requests_at_once
from dask_fileseq.files.limits import too_large
from dask_fileseq.files.local import refuse_special, require_file
from dask_fileseq.files.names import base_name
from dask_fileseq.files.path_map import PathMap
from dask_fileseq.plaintext import without_secrets

MOST_STARTS = 16
"""Number of archives whose first bytes this process keeps."""

_starts: dict[str, Part] = {}
"""The first bytes of archives that were opened last, by URL: they do not go to other processes."""

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class LocalArchiveFile:
    """A file on a local file system."""

    path: str
    """Absolute path."""
    path_map: PathMap | None

    concurrency = 1

    def version(self) -> Hashable:
        """Return the number, size and time of the file as it is now."""
        path = self.path if self.path_map is None else self.path_map.require(self.path)
        stat = require_file(path)
        return stat.st_ino, stat.st_size, stat.st_mtime_ns

    def open(self) -> BinaryIO:
        """Open the file."""
        return open(refuse_special(self.place), "rb")

    @property
    def place(self) -> str:
        """The path under which this process finds the file."""
        return self.path if self.path_map is None else self.path_map.path(self.path)

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, repr=False)
class RemoteArchiveFile:
    """A file at a URL, in the version that it had when it was first opened."""

    url: str
    options: StorageOptions
    first: Part
    """The first bytes, which show the kind of archive."""
    has_ranges: bool
    """Whether the server sends parts of the file."""

    @classmethod
    def of(cls, url: str, options: StorageOptions) -> RemoteArchiveFile:
        """Return the file at a URL, in its present version."""
        first = fetch_start(*filesystem(url, options), BLOCK)
        head = replace(first, content=first.content[: tarfile.BLOCKSIZE])
        file = cls(url, options, head, len(first.content) <= BLOCK)
        if file.has_ranges and first.version:
            with _lock:
                _starts.pop(next(iter(_starts)) if len(_starts) == MOST_STARTS else url, None)
                _starts[url] = first
        return file

    @property
    def concurrency(self) -> int:
        """Number of requests at a time."""
        return requests_at_once(self.url)

    def version(self) -> Hashable:
        """Return the size and version that the file had when it was first opened."""
        return self.first.size, self.first.version

    def open(self) -> BinaryIO:
        """Return a handle that fetches the parts that are read."""
        if self.has_ranges:
            start = _starts.get(self.url)
            known = start is not None and (start.size, start.version) == self.version()
            first = start if start is not None and known else self.first
            return cast(BinaryIO, range_file(*filesystem(self.url, self.options), first))
        return cast(BinaryIO, MemoryFile(_downloaded(self, os.getpid()), base_name(self.url)))

    def __str__(self) -> str:
        return without_secrets(self.url)

    def __repr__(self) -> str:
        secret = "" if str(self) == self.url else tokenize(self.url)
        return f"{type(self).__name__}({str(self)!r}, {self.options!r}, {self.first!r}, {secret!r})"


ArchiveFile = LocalArchiveFile | RemoteArchiveFile
"""A file that each process can open, several times; ``str`` returns its path or URL."""


def forget_downloaded() -> None:
    """Drop what `_downloaded` keeps."""
    _downloaded.cache_clear()


@lru_cache(maxsize=4)
def _downloaded(file: RemoteArchiveFile, process: int) -> mmap.mmap | bytes:
    """Return all bytes of a file whose server does not send parts."""
    first = fetch_start(*filesystem(file.url, file.options), BLOCK)
    if (first.size, first.version) != file.version():
        raise OSError(f"{file.url!r} has changed since it was opened")
    return spooled(MemoryFile(first.content, file.url), file.url)


def spooled(
    stream: IO[bytes] | MemoryFile | BinaryIO, name: str, limit: int | None = None
) -> mmap.mmap | bytes:
    """Return all bytes of a stream, mapped from a temporary file without a name.

    The file is in dask's ``temporary-directory``, if that is set; it ends with the map. Raises an
    OSError if there are more bytes than the limit.
    """
    folder = dask.config.get("temporary-directory", None)
    with tempfile.TemporaryFile(dir=folder) as file:
        while more := stream.read(2**20):
            file.write(more)
            if limit is not None and file.tell() > limit:
                raise too_large(name, limit)
        if not file.tell():
            return b""
        file.flush()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
