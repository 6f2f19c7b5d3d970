"""`Source`: the interface of a place where files are."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import NamesError

Versions = NDArray[np.int64]
"""Two numbers for each file: its size, and one that changes when the file does."""

Suffixes = tuple[tuple[str, ...], ...]
"""Groups of suffixes, in lower case. In a folder, only files with the first group that occurs
count; letter case does not matter; if there is no group at all, all files count."""

Open = Callable[[str], AbstractContextManager[str | BinaryIO]]
"""Opens a file: returns a context that yields a path, or a seekable binary file."""

MISSING = (-1, -1)
"""The version of a file that does not exist."""

MOST_FOLDERS = 100_000
"""Number of folders below a folder in which images are looked for."""

LEFT_OUT = (".zarr", ".n5")
"""Suffixes of folders that hold many files, and no images among them."""


class Source(ABC):
    """What lists, opens and identifies files.

    The ``repr`` of a source differs from that of any other source, and shows no secrets.
    """

    concurrency: int = 1
    """Number of files to read at the same time, because each makes its reader wait."""

    @abstractmethod
    def glob(self, pattern: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the names that match a pattern, or those in a folder, in any order."""

    @abstractmethod
    def below(self, folder: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the images in all folders below a folder, in any order.

        Hidden folders, and those of Zarr, are left out. A `NamesError` is raised if there are
        too many folders.
        """

    @abstractmethod
    def open(self, name: str) -> AbstractContextManager[str | BinaryIO]:
        """Return a context that yields a path, or a seekable binary file."""

    def beside(self, folder: str) -> Sequence[str]:
        """Return what is right inside a folder, images or not, by base names; none if unknown."""
        return ()

    def open_whole(self, name: str) -> AbstractContextManager[str | BinaryIO]:
        """Return what `open` does, for a file of which all will be read.

        If the place has a checksum of the file, it is compared.
        """
        return self.open(name)

    @contextmanager
    def in_advance(self, names: Sequence[str], size: int | None) -> Iterator[Open]:
        """Return a context that yields what opens these files, soon and about in this order.

        It may request their beginnings before their turn. If `size` is given, all of each file
        will be read, which is about so many bytes.
        """
        yield self.open if size is None else self.open_whole

    def readers(self, names: Sequence[str], size: int | None) -> int:
        """Return the number of threads that should read files opened `in_advance`."""
        return self.concurrency

    def paths(self, names: Sequence[str]) -> Sequence[str] | None:
        """Return the paths of the files if they can be opened without `open`, else None."""
        return None

    def on_disk(self, names: Sequence[str]) -> Sequence[str]:
        """Return the paths of the local files that are read: the files, or their archive."""
        return self.paths(names) or ()

    def versions(self, names: Sequence[str], *, fresh: bool = False) -> Versions | None:
        """Return the versions of files; None if the names alone identify the files.

        They may come from a listing, unless they have to be fresh.
        """
        return None

    def close(self) -> None:  # noqa: B027 (most have nothing to close)
        """Close what is open in this process."""


def is_searched(folder: str) -> bool:
    """Return whether images are looked for in a folder of this name.

    >>> [is_searched(name) for name in ("well A01", ".thumbnails", "__MACOSX", "a.ome.zarr")]
    [True, False, False, False]
    """
    return not folder.startswith((".", "__MACOSX")) and not folder.lower().endswith(LEFT_OUT)


def require_few_folders(count: int, folder: str, most: int | None = None) -> None:
    """Raise a `NamesError` if there are more folders below a folder than are searched."""
    most = MOST_FOLDERS if most is None else most
    if count > most:
        raise NamesError(
            f"files={folder!r} has no images right inside, and more than {most:,} folders:"
            " name the folder of the images, or a pattern with **"
        )


def version_number(*parts: object) -> int:
    """Return a 64-bit number for some values; other values give another number."""
    digest = hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
