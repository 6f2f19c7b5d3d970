"""Archives: local or remote files with members, and archives that the caller opened.

A subclass of `Archive` reads the directory, once a process, and opens a member. Handles on
members are independent of each other: no thread waits for another one.
"""

from __future__ import annotations

import itertools
import os
import threading
import zipfile
from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, BinaryIO

import numpy as np

from dask_fileseq.errors import DuplicateError, ReadError, public_error, shown
from dask_fileseq.files.archivefile import ArchiveFile, LocalArchiveFile, forget_downloaded
from dask_fileseq.files.fileobjects import NamedBytesIO
from dask_fileseq.files.limits import too_large, unpacked_limit
from dask_fileseq.files.names import (
    base_name,
    below_folder,
    matching,
    names_beside,
    repeated_names,
)
from dask_fileseq.files.source import MISSING, Source, Suffixes, Versions


@dataclass(frozen=True)
class Directory:
    """The members of an archive."""

    members: Mapping[str, Any]
    """Where each member is, by name, in their order; the type is the archive's own."""
    repeated: frozenset[str]
    """Names of more than one member."""
    open: Callable[[], BinaryIO]
    """Returns a handle on the bytes in which the members are."""
    verified: set[str] = field(default_factory=set)
    """Members whose checksums were compared in this process."""


class Archive(Source):
    """Members of an archive that each process opens for itself."""

    def __init__(self, file: ArchiveFile) -> None:
        self._file = file
        if file.concurrency > 1:
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
        with _directories_lock:
            return _directory(self, self._file.version(), os.getpid())

    def glob(self, pattern: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the members that match, as `matching` does."""
        return self._search(matching, pattern, suffixes)

    def below(self, folder: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the images in all folders below a folder of the archive."""
        return self._search(below_folder, folder, suffixes)

    def beside(self, folder: str) -> Sequence[str]:
        """Return what is right inside a folder of the archive, by base names."""
        return names_beside(list(self.directory().members), folder)

    def _search(
        self, search: Callable[..., list[str]], where: str, suffixes: Suffixes
    ) -> list[str]:
        directory = self.directory()
        names = search(list(directory.members), where, suffixes)
        _require_single(self, names, directory.repeated)
        return names

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Return a context that yields a member's bytes, and reads no other member."""
        directory = self.directory()
        if name not in directory.members:
            raise FileNotFoundError(f"no {name!r} in {self}")
        _require_single(self, [name], directory.repeated)
        with self.open_member(directory, name) as handle:
            yield handle

    def on_disk(self, names: Sequence[str]) -> Sequence[str]:
        """Return the path of the archive, if it is local."""
        file = self._file
        return [file.place] if isinstance(file, LocalArchiveFile) else []

    def versions(self, names: Sequence[str], *, fresh: bool = False) -> Versions | None:
        """Return size and checksum of each member; in a TAR file a number for time and place."""
        members = self.directory().members
        found = [members.get(name) for name in names]
        versions = [MISSING if member is None else self.version_of(member) for member in found]
        return np.array(versions, np.int64)

    def close(self) -> None:
        """Close the archive; reading from it opens it again."""
        _directory.cache_clear()
        forget_downloaded()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), self._file))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._file!r})"

    def __str__(self) -> str:
        return str(self._file)


_directories_lock = threading.Lock()


@lru_cache(maxsize=16)
def _directory(archive: Archive, version: Hashable, process: int) -> Directory:
    """Return the directory of a version of an archive, kept for the next read."""
    try:
        return archive.read_directory()
    except Exception as error:  # a damaged directory can cause any
        kind = " as a TAR or ZIP file" if isinstance(error, zipfile.BadZipFile) else ""
        message = f"cannot read container={str(archive)!r}{kind}: {error}"
        raise ReadError.of(error, message) from public_error(error)


def _require_single(archive: Source, names: Sequence[str], repeated: frozenset[str]) -> None:
    """Raise an error if more than one member has one of the names."""
    twice = sorted(repeated.intersection(names)) if repeated else []
    if twice:
        raise DuplicateError(
            f"container={str(archive)!r} holds more than one member of the same name: "
            f"{shown(twice, len(twice))}; pack it anew, or leave them out of files="
        )


_numbers = itertools.count(1)

_open_lock = threading.RLock()
"""Shared by all open archives: two sequences may have the same one."""


class OpenArchive(Source):
    """Members of an archive that is open, and that no name opens again in another process.

    The archive is any object with ``open(name)`` and ``namelist()``. One member is read at a
    time, except from a `zipfile.ZipFile`, which is safe in threads.
    """

    def __init__(self, archive: Any) -> None:
        self._archive = archive
        self._is_zip = isinstance(archive, zipfile.ZipFile)
        # Without versions of members, a number identifies the archive: after its end, another
        # one may have its address in memory.
        self._number = 0 if self._is_zip else next(_numbers)

    def glob(self, pattern: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the members that match, as `matching` does."""
        return self._search(matching, pattern, suffixes)

    def below(self, folder: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the images in all folders below a folder of the archive."""
        return self._search(below_folder, folder, suffixes)

    def beside(self, folder: str) -> Sequence[str]:
        """Return what is right inside a folder, by base names; nothing if it cannot be listed."""
        return names_beside(getattr(self._archive, "namelist", list)(), folder)

    def _search(
        self, search: Callable[..., list[str]], where: str, suffixes: Suffixes
    ) -> list[str]:
        if not hasattr(self._archive, "namelist"):
            raise ValueError(f"container={self._archive!r} cannot list its files: pass their names")
        members = [name for name in self._archive.namelist() if not name.endswith("/")]
        names = search(members, where, suffixes)
        _require_single(self, names, repeated_names(members))
        return names

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Return a context that yields the member's bytes, and reads no other member."""
        try:
            if self._is_zip:
                info = self._archive.getinfo(name)
                if info.file_size > (limit := unpacked_limit(info.compress_size)):
                    raise too_large(name, limit)
            with nullcontext() if self._is_zip else _open_lock, self._archive.open(name) as member:
                return NamedBytesIO(member.read(), base_name(name))
        except KeyError as error:
            raise FileNotFoundError(f"no {name!r} in {self}") from error

    def on_disk(self, names: Sequence[str]) -> Sequence[str]:
        """Return the path of the archive, if it has one."""
        path = getattr(self._archive, "filename", None)
        return [path] if isinstance(path, str) else []

    def versions(self, names: Sequence[str], *, fresh: bool = False) -> Versions | None:
        """Return size and checksum of each member; None if the archive has none."""
        if not self._is_zip:
            return None
        infos = {i.filename: (i.file_size, i.CRC) for i in self._archive.infolist()}
        return np.array([infos.get(name, MISSING) for name in names], np.int64)

    def close(self) -> None:
        """Close the archive for good."""
        self._archive.close()

    def __reduce__(self) -> Any:
        raise TypeError(
            f"container={self._archive!r} cannot go to another process, as it has no file name;"
            " pass the name of an archive"
        )

    def __repr__(self) -> str:
        return f"OpenArchive({self._archive!r}, {self._number})"

    def __str__(self) -> str:
        return str(self._archive)
