"""`OpenArchive`: an archive that the caller opened, and that no name opens again."""

from __future__ import annotations

import itertools
import threading
import zipfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, BinaryIO

import numpy as np

from dask_fileseq.files.archive import unique_members
from dask_fileseq.files.fileobjects import NamedBytesIO
from dask_fileseq.files.matching import matching, repeated_names
from dask_fileseq.files.source import MISSING, Source, Suffixes, Versions
from dask_fileseq.files.urls import base_name

__all__ = ["OpenArchive"]

_numbers = itertools.count(1)
_lock = threading.RLock()
"""Shared by all archives: two sequences may have the same one."""


class OpenArchive(Source):
    """Members of an open archive, which cannot leave its process.

    The archive is any object with ``open(name)`` and ``namelist()``. One member is read at a
    time, except from a `zipfile.ZipFile`, which is safe in threads.
    """

    def __init__(self, archive: Any) -> None:
        self._archive = archive
        self._is_zip = isinstance(archive, zipfile.ZipFile)
        # without versions of members, a number identifies the archive: its address in memory
        # may later be that of another one
        self._number = 0 if self._is_zip else next(_numbers)

    def glob(self, pattern: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the members that match, as `matching` does."""
        if not hasattr(self._archive, "namelist"):
            raise ValueError(f"container={self._archive!r} cannot list its files: pass their names")
        names = [name for name in self._archive.namelist() if not name.endswith("/")]
        return unique_members(self, matching(names, pattern, suffixes), repeated_names(names))

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Return a context that yields the member's bytes, and reads no other member."""
        try:
            with nullcontext() if self._is_zip else _lock, self._archive.open(name) as member:
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
