"""Open archives of the caller's, which have no name to open them again by."""

from __future__ import annotations

import io
import itertools
import threading
import zipfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from typing import Any, BinaryIO

import numpy as np

from dask_fileseq.errors import DuplicateError, shown
from dask_fileseq.files.matching import matching
from dask_fileseq.files.source import Suffixes, Versions

__all__ = ["OpenArchive"]

_numbers = itertools.count(1)
_lock = threading.RLock()
"""Of all archives: two sequences may be of the same one."""


class OpenArchive:
    """Members of an open archive, which stays in its process.

    Anything with ``open(name)`` and ``namelist()`` will do: but for those of `zipfile`,
    which know threads, one member is read at a time.
    """

    concurrency = 1

    def __init__(self, archive: Any) -> None:
        self._archive = archive
        # the address of what tells no versions of its members may become that of another
        self._number = 0 if self._is_zip else next(_numbers)

    @property
    def _is_zip(self) -> bool:
        return isinstance(self._archive, zipfile.ZipFile)

    def glob(self, pattern: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the members that match; see `matching`."""
        if not hasattr(self._archive, "namelist"):
            raise ValueError(f"container={self._archive!r} cannot list its files: pass their names")
        names = [name for name in self._archive.namelist() if not name.endswith("/")]
        found = matching(names, pattern, suffixes)
        twice = sorted({name for name in found if found.count(name) > 1} if _repeat(found) else ())
        if twice:
            raise DuplicateError(
                f"container={self._archive!r} holds more than one member of the same name: "
                f"{shown(twice, len(twice))}"
            )
        return found

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Return a context that yields the member's bytes, and reads no other member."""
        try:
            with nullcontext() if self._is_zip else _lock, self._archive.open(name) as member:
                return closing(io.BytesIO(member.read()))
        except KeyError as error:
            raise FileNotFoundError(f"no {name!r} in {self}") from error

    def paths(self, names: Sequence[str]) -> None:
        """Return None: members have no paths."""

    def on_disk(self, names: Sequence[str]) -> Sequence[str]:
        """Return the path of the archive, if it tells one."""
        path = getattr(self._archive, "filename", None)
        return [path] if isinstance(path, str) else []

    def versions(self, names: Sequence[str], *, fresh: bool = False) -> Versions | None:
        """Return size and checksum of each member; None where the archive has none."""
        if not self._is_zip:
            return None
        infos = {i.filename: (i.file_size, i.CRC) for i in self._archive.infolist()}
        return np.array([infos.get(name, (-1, -1)) for name in names], np.int64)

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


def _repeat(names: Sequence[str]) -> bool:
    return len(set(names)) < len(names)
