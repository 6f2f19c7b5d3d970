"""The identity of files: what makes a token of new files differ from that of old ones."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal

from dask.base import tokenize

from dask_fileseq.files import LocalFiles, Names, Source, Versions
from dask_fileseq.grid import FileGrid


class Token:
    """What identifies the content of an array, made when it is first needed.

    It takes the versions of all files: of files that are far away, a request for each.
    """

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make

    @cached_property
    def value(self) -> str:
        """The token."""
        return self._make()

    def __str__(self) -> str:
        return self.value

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (self.value,)


def files_version(
    grid: FileGrid, names: Names, source: Source, identity: Literal["stat", "name"]
) -> str:
    """Return a hash of the files on a grid, in their present versions.

    Parameters
    ----------
    grid : FileGrid
        The grid, for its shape and the cell of each file.
    names : Names
        The names of its files.
    source : Source
        Where the files are opened.
    identity : {"stat", "name"}
        Whether size and time of each file count, or its name alone.
    """
    versions = source.versions(names) if identity == "stat" else None
    return version_hash(grid, names, source, versions)


def version_hash(grid: FileGrid, names: Names, source: Source, versions: Versions | None) -> str:
    """Return a hash of the files on a grid, in known versions."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (versions, grid.positions):
        digest.update(b"-" if part is None else part.tobytes())
    where = repr(source)
    # every name between two absolute paths is absolute
    if isinstance(source, LocalFiles) and not all(map(os.path.isabs, names.ends())):
        where += os.getcwd()
    return tokenize(names.digest(), digest.hexdigest(), where, grid.shape)
