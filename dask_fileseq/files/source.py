"""What the rest of the package needs of a place where files are."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Source", "Suffixes", "Versions"]

Versions = NDArray[np.int64]
Suffixes = tuple[tuple[str, ...], ...]


class Source(Protocol):
    """What lists, opens and identifies files.

    Its ``repr`` tells it from any other, and shows no secrets.
    """

    concurrency: int
    """Files that are best read at a time, because each keeps its reader waiting."""

    def glob(self, pattern: str, suffixes: Suffixes) -> list[str]:
        """Return the names that match, in no particular order."""

    def open(self, name: str) -> AbstractContextManager[str | BinaryIO]:
        """Return a context that yields a path, or a seekable binary handle."""

    def paths(self, names: Sequence[str]) -> Sequence[str] | None:
        """Return the paths by which files can be opened without `open`; None: they cannot."""

    def on_disk(self, names: Sequence[str]) -> Sequence[str]:
        """Return paths of the local files that are read: themselves, or their archive."""

    def versions(self, names: Sequence[str], *, fresh: bool = False) -> Versions | None:
        """Return two numbers a file that change when it does; None: names alone count.

        They may be those of a listing, unless they are to be fresh.
        """

    def close(self) -> None:
        """Let go of what is open in this process."""
