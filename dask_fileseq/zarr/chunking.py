"""The regular chunks that zarr asks for, over files on a grid: pure integers, no I/O.

All chunks of a zarr array are equal; those at its end reach beyond it. One chunk may be
a file, a part of one, or many; which files it touches decides whether it is there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.filearray import FileArray
from dask_fileseq.graph import block_chunks

__all__ = ["chunks_present", "regular_chunks"]


def regular_chunks(array: FileArray, chunks: Any = None) -> tuple[int, ...]:
    """Return the shape of a chunk.

    Parameters
    ----------
    array : FileArray
        What to cut, of whole files.
    chunks : optional
        As in `block_chunks`, or ``"tile"``: along the borders of tiles or strips. Where
        files lie edge to edge along an axis, their borders stay borders of chunks: files
        that equal parts do not fill are not cut along it by ``"tile"``, ``"auto"`` or a size.

    Raises
    ------
    ValueError
        If `chunks` does not fit the array, or gives chunks of several lengths.
    """
    axes = array.tiling.axes
    if isinstance(chunks, str) and chunks == "tile":
        tile = array.spec.tile
        cut = []
        for axis in axes:
            length = 1 if axis.chunk is None else tile[axis.chunk]
            uneven = axis.files > 1 and axis.size % max(1, length)
            cut.append(max(1, axis.size if uneven else length))  # zarr has no empty chunks
        return tuple(cut)
    lengths = []
    for i, parts in enumerate(block_chunks(array, chunks)):
        length = parts[0]
        if {*parts[:-1]} - {length} or parts[-1] > length:
            if not isinstance(chunks, str):
                raise ValueError(
                    f"chunks={chunks!r} cuts axis {i} into parts of {parts}, but the chunks of a"
                    " zarr array are all of one length"
                )
            length = axes[i].size
        lengths.append(max(1, length))
    return tuple(lengths)


def chunks_present(
    array: FileArray, chunkshape: tuple[int, ...]
) -> tuple[NDArray[np.bool_], tuple[int, ...]]:
    """Return which chunks touch a file, and the shape of the grid of chunks.

    The first has length 1 along axes where that is the same for all.
    """
    axes = array.tiling.axes
    grid = tuple(-(-n // c) for n, c in zip(array.shape, chunkshape, strict=True))
    if not array.size:
        return np.zeros([1] * len(grid), np.bool_), grid
    grid_axes = [axis.grid for axis in axes if axis.grid is not None]
    present = (array.table >= 0).transpose(grid_axes).reshape([axis.files for axis in axes])
    for i, (axis, length, count) in enumerate(zip(axes, chunkshape, grid, strict=True)):
        if axis.files == 1 or length == axis.size:
            continue
        starts = np.arange(count) * length
        stops = np.minimum(starts + length, array.shape[i])
        edges = np.stack([starts // axis.size, -(-stops // axis.size)], axis=1).ravel()
        behind = [(0, int(j == i)) for j in range(present.ndim)]
        present = np.logical_or.reduceat(np.pad(present, behind), edges, axis=i)
        present = present[(slice(None),) * i + (slice(None, None, 2),)]
    return present, grid
