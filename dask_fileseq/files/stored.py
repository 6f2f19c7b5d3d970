"""The bytes of one archive, local or remote, wherever a process opens it."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import IO, BinaryIO, Protocol, cast

import dask

from dask_fileseq.errors import NamesError, ReadError
from dask_fileseq.files.filesystems import StorageOptions, filesystem
from dask_fileseq.files.handles import Spool
from dask_fileseq.files.paths import PathMap
from dask_fileseq.files.ranges import BLOCK, RangeFile
from dask_fileseq.files.requests import first_part, parts
from dask_fileseq.files.urls import base_name

__all__ = ["LocalBytes", "RemoteBytes", "Stored", "downloaded", "spooled"]

START = 512


class Stored(Protocol):
    """An archive that each process can open."""

    concurrency: int
    """Handles that are best read at a time."""

    def version(self) -> Hashable:
        """Return what another version of the archive does not have."""

    def start(self) -> bytes:
        """Return the first 512 bytes, by which kinds of archives are told apart."""

    def open(self) -> BinaryIO:
        """Return a handle with a position of its own."""


@dataclass(frozen=True)
class LocalBytes:
    """An archive on a local file system."""

    path: str
    """Absolute."""
    path_map: PathMap

    concurrency = 1

    def version(self) -> Hashable:
        """Return number, size and time of the file as it is now."""
        stat = os.stat(self.path_map.require(self.path))
        return stat.st_ino, stat.st_size, stat.st_mtime_ns

    def start(self) -> bytes:
        """Return the first bytes."""
        with self.open() as handle:
            return handle.read(START)

    def open(self) -> BinaryIO:
        """Open the file."""
        return open(self.path_map.path(self.path), "rb")

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True)
class RemoteBytes:
    """An archive at a URL, in the version that it had when it was first opened."""

    url: str
    options: StorageOptions
    size: int
    etag: str
    has_ranges: bool
    """Whether parts of it can be asked for."""
    first: bytes = field(repr=False)
    """Its first bytes."""

    concurrency = 16

    @classmethod
    def of(cls, url: str, options: StorageOptions) -> RemoteBytes:
        """Return the archive at a URL, in its present version."""
        try:
            first = first_part(*filesystem(url, options), BLOCK)
        except (ImportError, NamesError):
            raise
        except Exception as error:  # of any package
            raise ReadError.of(error, f"cannot open container={url!r}: {error}") from error
        has_ranges = len(first.content) <= BLOCK
        return cls(
            url, options, first.size, first.version, has_ranges, bytes(first.content[:START])
        )

    def start(self) -> bytes:
        """Return the first bytes."""
        return self.first

    def version(self) -> Hashable:
        """Return what was seen when it was first opened."""
        return self.size, self.etag

    def open(self) -> BinaryIO:
        """Return a handle that fetches the parts that are read."""
        if not self.has_ranges:
            return downloaded(self, os.getpid()).open()
        fs, path = filesystem(self.url, self.options)
        fetch = partial(parts, fs, path, version=self.etag, size=self.size)
        return cast(BinaryIO, RangeFile(fetch, self.size, name=base_name(self.url)))

    def __str__(self) -> str:
        return self.url


@lru_cache(maxsize=4)
def downloaded(stored: RemoteBytes, process: int) -> Spool:
    """Return all of an archive: its server does not send parts."""
    first = first_part(*filesystem(stored.url, stored.options), BLOCK)
    if (first.size, first.version) != stored.version():
        raise OSError(f"{stored.url!r} has changed since it was opened")
    return spooled(io.BytesIO(first.content))


def spooled(stream: IO[bytes]) -> Spool:
    """Return all that a stream gives, on disk: in dask's ``temporary-directory`` if it is set."""
    folder = dask.config.get("temporary-directory", None)
    spool = Spool(tempfile.TemporaryFile(dir=folder))  # noqa: SIM115 (the spool closes it)
    shutil.copyfileobj(stream, spool.file, 2**20)
    return spool
