"""The regular chunk grid of a zarr array over files: the shape of a chunk, and the keys.

All chunks of a zarr array have one shape; those at its end may reach beyond it. A chunk is
a file, a part of one, or several files, and it exists if it overlaps a file. No I/O here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.filearray import FileArray
from dask_fileseq.graph import block_chunks


def chunk_key(index: Sequence[int], zarr_format: int = 3) -> str:
    """Return the key of a chunk, in zarr's default encoding.

    >>> chunk_key((0, 12)), chunk_key(()), chunk_key((0, 12), 2), chunk_key((), 2)
    ('c/0/12', 'c', '0.12', '0')
    """
    if zarr_format == 2:
        return ".".join(map(str, index)) or "0"
    return "/".join(("c", *map(str, index)))


def regular_chunks(array: FileArray, chunks: Any = None) -> tuple[int, ...]:
    """Return the shape of a chunk of an array of whole files.

    `chunks` is as in `block_chunks`, or ``"tile"``: along the borders of tiles or strips. Where
    files are tiled along an axis, ``"tile"``, ``"auto"`` and sizes cut the axis only into parts
    that fill a file, so that no chunk crosses the border of a file. Other `chunks` of several
    lengths are an error, because zarr has none.
    """
    axes = array.tiling.axes
    if isinstance(chunks, str) and chunks == "tile":
        lengths = []
        for axis in axes:
            length = 1 if axis.chunk is None else array.spec.tile[axis.chunk]
            uneven = axis.files > 1 and axis.size % max(1, length)
            lengths.append(axis.size if uneven else length)
    else:
        lengths = []
        for i, parts in enumerate(block_chunks(array, chunks)):
            uneven = set(parts[:-1]) > {parts[0]} or parts[-1] > parts[0]
            if uneven and not isinstance(chunks, str):
                raise ValueError(
                    f"chunks={chunks!r} cuts axis {i} into parts of {parts}, but the chunks of a"
                    " zarr array are all of one length"
                )
            lengths.append(axes[i].size if uneven else parts[0])
    return tuple(max(1, length) for length in lengths)  # zarr has no empty chunks


def files_on_axes(array: FileArray) -> NDArray[np.integer[Any]]:
    """Return the number of the file at each place along the array's axes; -1 for no file."""
    axes = array.tiling.axes
    grid_axes = [axis.grid for axis in axes if axis.grid is not None]
    return array.table.transpose(grid_axes).reshape([axis.files for axis in axes])


@dataclass(frozen=True)
class ChunkGrid:
    """The chunks of a zarr array, by index and by key."""

    shape: tuple[int, ...]
    """Number of chunks along each axis."""
    present: NDArray[np.bool_]
    """Which chunks exist; broadcasts to `shape`."""
    path: str = ""
    """Path of the array in the store: empty, or with a slash at its end."""
    zarr_format: int = 3
    """The encoding of keys."""

    @classmethod
    def of(
        cls, array: FileArray, chunkshape: tuple[int, ...], path: str = "", zarr_format: int = 3
    ) -> ChunkGrid:
        """Return the chunk grid of an array of whole files."""
        shape = tuple(-(-n // c) for n, c in zip(array.shape, chunkshape, strict=True))
        if not array.size:
            return cls(shape, np.zeros([1] * len(shape), np.bool_), path, zarr_format)
        present = files_on_axes(array) >= 0
        for i, (axis, length, count) in enumerate(
            zip(array.tiling.axes, chunkshape, shape, strict=True)
        ):
            if axis.files == 1 or length == axis.size:
                continue
            starts = np.arange(count) * length
            stops = np.minimum(starts + length, array.shape[i])
            files_before = np.insert(np.cumsum(present, axis=i), 0, 0, axis=i)
            before_stop = files_before.take(-(-stops // axis.size), axis=i)
            present = before_stop > files_before.take(starts // axis.size, axis=i)
        return cls(shape, present, path, zarr_format)

    def index(self, key: str) -> tuple[int, ...] | None:
        """Return the index of the chunk with a key; None if there is no such chunk."""
        index = self._leading(key)
        if index is None or len(index) < len(self.shape) or not self._everywhere[index]:
            return None
        return index

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with a prefix."""
        leading: tuple[int, ...] | None = ()
        folder = prefix.rpartition("/")[0]
        if self.zarr_format == 3 and len(folder) > len(self.path):
            leading = self._leading(folder)
        if leading is None or not (prefix.startswith(self.path) or self.path.startswith(prefix)):
            return
        for rest in np.argwhere(self._everywhere[leading]).tolist():
            key = self.path + chunk_key((*leading, *rest), self.zarr_format)
            if key.startswith(prefix):
                yield key

    def children(self, folder: str) -> Iterator[str]:
        """Yield the names of keys and folders of keys directly in a folder."""
        path = f"{folder}/" if folder else ""
        if not self.present.any():
            return
        if path == self.path and self.zarr_format == 2:
            yield from (key.removeprefix(path) for key in self.keys(path))
        elif self.path.startswith(path):
            yield f"{self.path}c".removeprefix(path).split("/")[0]
        elif self.zarr_format == 3 and (leading := self._leading(folder)) is not None:
            for i in np.unique(np.argwhere(self._everywhere[leading])[:, :1]):
                yield str(i)

    @property
    def _everywhere(self) -> NDArray[np.bool_]:
        return np.broadcast_to(self.present, self.shape)

    def _leading(self, key: str) -> tuple[int, ...] | None:
        """Return the index that a key encodes, or the first part of one, as ``c/0`` does.

        Only the spelling of `chunk_key` counts, or a chunk would have several keys.
        """
        parts = key.removeprefix(self.path).split("." if self.zarr_format == 2 else "/")
        numbers = [int(part) for part in parts if part.isdecimal() and len(part) < 20]
        index = tuple(numbers[: len(self.shape)])
        if key != self.path + chunk_key(index, self.zarr_format):
            return None
        return index if all(i < n for i, n in zip(index, self.shape, strict=False)) else None
