"""Archives of files: members by name. Each process reads the directory once.

A subclass says how the directory is read, and how a member is opened. Handles on members
are independent of each other: no thread waits for another one's.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, BinaryIO

import numpy as np

from dask_fileseq.errors import DuplicateError, shown
from dask_fileseq.files.matching import matching
from dask_fileseq.files.source import Suffixes, Versions
from dask_fileseq.files.stored import LocalBytes, Stored, downloaded

__all__ = ["Archive", "Directory"]


@dataclass(frozen=True)
class Directory:
    """What an archive holds."""

    members: Mapping[str, Any]
    """By name, in their order; what a member is, its archive knows."""
    repeated: frozenset[str]
    """Names that more than one member bears."""
    stored: Any
    """What the members are opened from."""
    names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", list(self.members))


class Archive:
    """Members of an archive that each process can open for itself.

    Parameters
    ----------
    stored : Stored
        Its bytes.
    """

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self.concurrency = stored.concurrency

    def _read_directory(self) -> Directory:
        """Read the directory."""
        raise NotImplementedError

    def _open_member(self, directory: Directory, name: str) -> BinaryIO:
        """Return a handle on a member."""
        raise NotImplementedError

    def directory(self) -> Directory:
        """Return the directory of the archive as it is now; read once a process."""
        with _lock:
            return _kept(self, self._stored.version(), os.getpid())

    def glob(self, pattern: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the members that match; see `matching`.

        Raises
        ------
        DuplicateError
            If several members bear one of the names.
        """
        directory = self.directory()
        names = matching(directory.names, pattern, suffixes)
        twice = directory.repeated.intersection(names) if directory.repeated else ()
        if twice:
            raise DuplicateError(_repeated(self, sorted(twice)))
        return names

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Return a context that yields a member's bytes, and reads no other member."""
        directory = self.directory()
        if name not in directory.members:
            raise FileNotFoundError(f"no {name!r} in {self}")
        if name in directory.repeated:
            raise DuplicateError(_repeated(self, [name]))
        with self._open_member(directory, name) as handle:
            yield handle

    def paths(self, names: Sequence[str]) -> None:
        """Return None: members have no paths."""

    def on_disk(self, names: Sequence[str]) -> Sequence[str]:
        """Return the path of the archive, if it is local."""
        stored = self._stored
        return [stored.path_map.path(stored.path)] if isinstance(stored, LocalBytes) else []

    def versions(self, names: Sequence[str], *, fresh: bool = False) -> Versions | None:
        """Return size and checksum of each member, or what there is in place of one."""
        members = self.directory().members
        return np.array([self._version(members.get(name)) for name in names], np.int64)

    def _version(self, member: Any) -> tuple[int, int]:
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the archive; reading from it opens it again."""
        _kept.cache_clear()
        downloaded.cache_clear()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), self._stored))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._stored!r})"

    def __str__(self) -> str:
        return str(self._stored)


_lock = threading.Lock()


@lru_cache(maxsize=16)
def _kept(archive: Archive, version: Hashable, process: int) -> Directory:
    """Return a directory, kept for the next read.

    Not that of another version of the archive, which would be wrong.
    """
    return archive._read_directory()


def _repeated(archive: Archive, names: Sequence[str]) -> str:
    return (
        f"container={str(archive)!r} holds more than one member of the same name: "
        f"{shown(names, len(names))}; pack it anew, or leave them out of files="
    )


def numbered(*parts: object) -> int:
    """Return a number that stands for some values."""
    digest = hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
