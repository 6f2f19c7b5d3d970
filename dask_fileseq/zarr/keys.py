"""The keys of a zarr array's chunks: ``c/0/12`` in format 3, ``0.12`` in format 2.

No other spelling of a number will do, or one chunk would have many keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["ChunkKeys", "chunk_key"]


def chunk_key(index: Sequence[int], zarr_format: int = 3) -> str:
    """Return the key of a chunk, in zarr's default encoding.

    >>> chunk_key((0, 12)), chunk_key(()), chunk_key((0, 12), 2), chunk_key((), 2)
    ('c/0/12', 'c', '0.12', '0')
    """
    if zarr_format == 2:
        return ".".join(map(str, index)) or "0"
    return "/".join(("c", *map(str, index)))


@dataclass(frozen=True)
class ChunkKeys:
    """The keys of the chunks that are there.

    Attributes
    ----------
    present : ndarray of bool
        Which are, broadcast to the grid.
    grid : tuple of int
        Number of chunks along each axis.
    path : str
        Where the array stands in the store: empty or ending in a slash.
    zarr_format : {2, 3}
        How keys are spelt.
    """

    present: NDArray[np.bool_]
    grid: tuple[int, ...]
    path: str = ""
    zarr_format: int = 3

    @cached_property
    def _any(self) -> bool:
        return bool(self.present.any()) and 0 not in self.grid

    @property
    def _full(self) -> NDArray[np.bool_]:
        return np.broadcast_to(self.present, self.grid)

    def index(self, key: str) -> tuple[int, ...] | None:
        """Return the place of the chunk that a key stands for; None if there is none."""
        index = self._leading(key)
        if index is None or len(index) < len(self.grid) or not self._full[index]:
            return None
        return index

    def _leading(self, key: str) -> tuple[int, ...] | None:
        """Return the place that a key means, or of format 3 its beginning, as ``c/0``."""
        name = key.removeprefix(self.path)
        parts = name.split(".") if self.zarr_format == 2 else name.split("/")[1:]
        numbers = [int(part) for part in parts if part.isdecimal() and len(part) < 20]
        index = tuple(numbers if self.zarr_format == 3 or self.grid else numbers[1:])
        if key != self.path + chunk_key(index, self.zarr_format) or len(index) > len(self.grid):
            return None
        if self.zarr_format == 2 and len(index) < len(self.grid):
            return None
        return index if all(i < n for i, n in zip(index, self.grid, strict=False)) else None

    def beginning(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with a prefix."""
        leading: tuple[int, ...] | None = ()
        folder = prefix.rpartition("/")[0]
        if self.zarr_format == 3 and len(folder) > len(self.path):
            leading = self._leading(folder)
        if leading is None or not (prefix.startswith(self.path) or self.path.startswith(prefix)):
            return
        for rest in np.argwhere(self._full[leading]).tolist() if self._any else ():
            key = self.path + chunk_key((*leading, *rest), self.zarr_format)
            if key.startswith(prefix):
                yield key

    def children(self, folder: str) -> Iterator[str]:
        """Yield what of the keys stands right below a folder."""
        if not self._any:
            return
        path = f"{folder}/" if folder else ""
        if path == self.path and self.zarr_format == 2:
            yield from (key.removeprefix(path) for key in self.beginning(path))
        elif self.path.startswith(path):
            yield (self.path + "c").removeprefix(path).split("/")[0]
        elif self.zarr_format == 3 and (leading := self._leading(folder)) is not None:
            for i in np.unique(np.argwhere(self._full[leading])[:, :1]):
                yield str(i)
