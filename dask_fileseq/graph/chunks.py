"""The blocks of a file array: integers, no graph."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from numbers import Integral
from typing import Any

import dask
from dask.array.core import normalize_chunks
from dask.utils import format_bytes, parse_bytes

from dask_fileseq.errors import SmallFilesWarning, users_level
from dask_fileseq.filearray import FileArray

Chunks = tuple[tuple[int, ...], ...]

AUTO_BYTES = 32 * 2**20
"""Largest size of a block, in bytes, with ``chunks="auto"``."""

AUTO_BLOCKS = 16
"""Smallest number of blocks with ``"auto"`` and ``"grouped"``, if there are that many files."""

SMALL_BYTES = 2**20
"""Size of the array in a file, in bytes, below which ``chunks="grouped"`` groups files."""

MANY_FILES = 10_000
TINY_BYTES = 256 * 2**10
"""More files than that, each with an array below that size, are not worth a task each."""

GROUP_BYTES = 8 * 2**20
"""Largest size of a block, in bytes, with ``chunks="grouped"``."""

FAR_SMALL_BYTES = 16 * 2**20
"""What `SMALL_BYTES` is for files far away, whose blocks are as large as with ``"auto"``.

A block requests its files together, on any scheduler; a file alone makes its task wait alone.
"""

FAR_BLOCKS = 8
"""The same as `AUTO_BLOCKS` for ``"grouped"`` files far away."""


def block_chunks(array: FileArray, chunks: Any = None) -> Chunks:
    """Return the lengths of blocks along each axis.

    Parameters
    ----------
    array : FileArray
        The array to cut.
    chunks : None, "file", "grouped", "auto", str, int, tuple or mapping
        None and ``"file"`` make one block a file. ``"grouped"`` does, too, but for files whose
        array is below 1 MiB: of these, as many as 8 MiB hold make a block, along the last axes
        of the grid first, and there are at least 16 blocks if there are that many files. Files
        far away wait for a server: of these, those below 16 MiB are grouped, up to 32 MiB,
        into at least 8 blocks. ``"auto"`` groups small files and splits large ones along the
        borders of their tiles or strips, into blocks of at most 32 MiB (and dask's
        ``array.chunk-size``), at least 16 if there are that many files; a size such as
        ``"100MiB"`` sets that limit. An int, a tuple of these, or a mapping from axis or
        dimension name to them are dask's usual forms; an axis that a mapping does not name
        keeps one block a file.

    Raises
    ------
    ValueError
        If `chunks` does not fit the array.
    """
    files = array.chunks
    if chunks is None or (isinstance(chunks, str) and chunks == "file"):
        return files
    if isinstance(chunks, str) and chunks == "grouped":
        is_far = array.source.concurrency > 1
        if array.spec.nbytes >= (FAR_SMALL_BYTES if is_far else SMALL_BYTES):
            return files
        limit, least = (AUTO_BYTES, FAR_BLOCKS) if is_far else (GROUP_BYTES, AUTO_BLOCKS)
        return _auto_chunks(array, files, list(range(array.ndim)), limit, least)
    limit = min(AUTO_BYTES, parse_bytes(dask.config.get("array.chunk-size")))
    wanted = _each_axis(array, chunks)
    for i, want in enumerate(wanted):
        _check_lengths(chunks, want, array.shape[i])
        if isinstance(want, str) and want != "auto":
            limit = _parsed_limit(chunks, want)
            wanted[i] = "auto"
    auto = [axis for axis, want in enumerate(wanted) if want == "auto"]
    fixed = [array.shape[i] if i in auto else want for i, want in enumerate(wanted)]
    try:
        cut: Chunks = normalize_chunks(tuple(fixed), shape=array.shape, dtype=array.dtype)
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise ValueError(f"chunks={chunks!r} does not fit shape {array.shape}: {error}") from error
    return _auto_chunks(array, cut, auto, limit) if auto else cut


def configured_chunks() -> Any:
    """Return ``fileseq.chunks`` of dask's configuration, what to do without `chunks`, or None."""
    return dask.config.get("fileseq.chunks", None)


def default_chunks(array: FileArray, default: Any) -> Chunks:
    """Return the lengths of blocks where no `chunks` were given: as configured, else a default."""
    configured = configured_chunks()
    try:
        return block_chunks(array, default if configured is None else configured)
    except ValueError as error:
        if configured is None:
            raise
        raise ValueError(f"fileseq.chunks in dask's configuration: {error}") from error


def warn_of_small_files(array: FileArray) -> None:
    """Warn that one block a file makes very many small blocks, if none were configured."""
    count = len(array.names)
    if count <= MANY_FILES or array.spec.nbytes >= TINY_BYTES or configured_chunks() is not None:
        return
    auto = block_chunks(array, "auto")
    warnings.warn(
        f"{count:,} files of {format_bytes(array.spec.nbytes)} become as many tasks of dask;"
        f' chunks="auto" makes {math.prod(map(len, auto)):,} blocks of shape'
        f' {tuple(map(max, auto))} of them; chunks="file" keeps one for each',
        SmallFilesWarning,
        stacklevel=users_level(),
    )


def _each_axis(array: FileArray, chunks: Any) -> list[Any]:
    """Return what `chunks` gives for each axis."""
    if isinstance(chunks, Mapping):
        wanted: list[Any] = list(array.chunks)
        for key, want in chunks.items():
            axis = array.dims.index(key) if key in array.dims else key
            if not isinstance(axis, int) or not -array.ndim <= axis < array.ndim:
                raise ValueError(
                    f"chunks={chunks!r}: {key!r} is neither an axis nor one of {array.dims}"
                )
            wanted[axis] = want
        return wanted
    if isinstance(chunks, str | int):
        return [chunks] * array.ndim
    try:
        wanted = list(chunks)
    except TypeError as error:
        raise ValueError(f"chunks={chunks!r} is none of dask's forms") from error
    if len(wanted) != array.ndim:
        raise ValueError(
            f"chunks={chunks!r} has {len(wanted)} entries for the {array.ndim} axes of"
            f" shape {array.shape}"
        )
    return wanted


def _check_lengths(chunks: Any, want: Any, size: int) -> None:
    """Refuse lengths along an axis that dask would accept, or refuse less clearly."""
    is_length = not isinstance(want, Integral) or want in (-1, size) or int(want) > 0
    if isinstance(want, bool) or not is_length:
        raise ValueError(
            f"chunks={chunks!r}: {want!r} is no length of a block: one or more, or -1 for the axis"
        )
    if isinstance(want, tuple | list) and any(isinstance(n, Integral) and int(n) < 0 for n in want):
        raise ValueError(f"chunks={chunks!r}: lengths of blocks, {want!r}, cannot be negative")


def _parsed_limit(chunks: Any, size: str) -> int:
    try:
        limit = int(parse_bytes(size))
    except ValueError as error:
        raise ValueError(f"chunks={chunks!r}: {size!r} is neither 'auto' nor a size") from error
    if limit <= 0:
        raise ValueError(f"chunks={chunks!r}: {size!r} is no size for a block")
    return limit


def _auto_chunks(
    array: FileArray, cut: Chunks, auto: list[int], limit: int, least: int = AUTO_BLOCKS
) -> Chunks:
    """Cut the axes in `auto` so that a block is at most `limit` bytes, or one tile.

    There are at least so many blocks if there are that many files.

    Axes grow from the last to the first, each only once those behind it are whole:
    first tiles or strips to a file, then files to a block.
    """
    axes = array.tiling.axes
    block = [max(c, default=0) for c in cut]
    tiles = {i: array.spec.tile[c] for i in auto if (c := axes[i].chunk) is not None}
    whole = {i: axes[i].size for i in auto}
    for i in auto:
        block[i] = min(tiles.get(i, 1), whole[i])

    def nbytes() -> int:
        return max(1, math.prod(block) * array.dtype.itemsize)

    for i in reversed(auto):
        block[i] = min(whole[i], block[i] * max(1, limit // nbytes()))
        if block[i] < whole[i]:
            break
    if all(block[i] == whole[i] for i in auto):
        files = math.prod(axes[i].files for i in auto)
        count = max(1, min(limit // nbytes(), files // least))
        for i in reversed(auto):
            along = min(axes[i].files, count)
            along = -(-axes[i].files // -(-axes[i].files // along)) if along else 1
            block[i] *= along
            count //= max(1, along)
    edges = {i: _cut_axis(array, i, block[i]) for i in auto}
    return tuple(edges.get(i, c) for i, c in enumerate(cut))


def _cut_axis(array: FileArray, axis: int, length: int) -> tuple[int, ...]:
    """Cut an axis into `length`, with a border wherever a file that is split ends."""
    size = array.tiling.axes[axis].size
    if length >= size:
        total = array.shape[axis]
        starts = range(0, total, max(1, length))
        return tuple(min(length, total - start) for start in starts) or (0,)
    part = tuple(min(length, size - start) for start in range(0, size, length))
    return part * array.tiling.axes[axis].files
