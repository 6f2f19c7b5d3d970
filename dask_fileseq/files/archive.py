"""`Archive`: the members of a ZIP or TAR file, whose directory each process reads once.

A subclass reads the directory, and opens a member. Handles on members are independent of
each other: no thread waits for another one.
"""

from __future__ import annotations

import os
import threading
from abc import abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO

import numpy as np

from dask_fileseq.errors import DuplicateError, shown
from dask_fileseq.files.archivefile import ArchiveFile, LocalArchiveFile, downloaded
from dask_fileseq.files.matching import matching
from dask_fileseq.files.source import Source, Suffixes, Versions

__all__ = ["Archive", "Directory", "unique_members"]


@dataclass(frozen=True)
class Directory:
    """The members of an archive."""

    members: Mapping[str, Any]
    """Position and size of each member by name, in their order; the type is the archive's."""
    repeated: frozenset[str]
    """Names of more than one member."""
    open: Any
    """Returns a handle on the bytes in which the members are."""


class Archive(Source):
    """Members of an archive that each process opens for itself.

    Parameters
    ----------
    file : ArchiveFile
        The file of the archive.
    """

    def __init__(self, file: ArchiveFile) -> None:
        self._file = file
        self.concurrency = file.concurrency

    @abstractmethod
    def read_directory(self) -> Directory:
        """Read the directory."""

    @abstractmethod
    def open_member(self, directory: Directory, name: str) -> BinaryIO:
        """Return a handle on a member."""

    @abstractmethod
    def version_of(self, member: Any) -> tuple[int, int]:
        """Return the size of a member, and a number that changes when it does."""

    def directory(self) -> Directory:
        """Return the directory of the archive as it is now; a process reads it once."""
        with _lock:
            return _directory(self, self._file.version(), os.getpid())

    def glob(self, pattern: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the members that match, as `matching` does.

        Raises
        ------
        DuplicateError
            If several members have one of the names.
        """
        directory = self.directory()
        names = matching(list(directory.members), pattern, suffixes)
        return unique_members(self, names, directory.repeated)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Return a context that yields a member's bytes, and reads no other member."""
        directory = self.directory()
        if name not in directory.members:
            raise FileNotFoundError(f"no {name!r} in {self}")
        unique_members(self, [name], directory.repeated)
        with self.open_member(directory, name) as handle:
            yield handle

    def on_disk(self, names: Sequence[str]) -> Sequence[str]:
        """Return the path of the archive, if it is local."""
        file = self._file
        return [file.path_map.path(file.path)] if isinstance(file, LocalArchiveFile) else []

    def versions(self, names: Sequence[str], *, fresh: bool = False) -> Versions | None:
        """Return size and checksum of each member; in a TAR file a number for time and place."""
        members = self.directory().members
        return np.array([self.version_of(members.get(name)) for name in names], np.int64)

    def close(self) -> None:
        """Close the archive; reading from it opens it again."""
        _directory.cache_clear()
        downloaded.cache_clear()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), self._file))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._file!r})"

    def __str__(self) -> str:
        return str(self._file)


_lock = threading.Lock()


@lru_cache(maxsize=16)
def _directory(archive: Archive, version: Hashable, process: int) -> Directory:
    """Return the directory of an archive in a version, kept for the next read."""
    return archive.read_directory()


def unique_members(archive: Source, names: list[str], repeated: frozenset[str]) -> list[str]:
    """Return names of members, of which none may be one of the repeated names.

    Raises
    ------
    DuplicateError
        If one is.
    """
    twice = sorted(repeated.intersection(names)) if repeated else []
    if twice:
        raise DuplicateError(
            f"container={str(archive)!r} holds more than one member of the same name: "
            f"{shown(twice, len(twice))}; pack it anew, or leave them out of files="
        )
    return names
