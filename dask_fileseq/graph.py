"""A file array as a dask array: one symbolic layer of reads.

The layer holds the file array once. A task is made when it is needed: dask's own
``getter`` on a block (a smaller file array) and the block's full slices. dask's
optimiser fuses a slice of the array into that task, so that only the selected
region is read. The only module that knows dask's graph internals.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import accumulate
from numbers import Integral
from typing import Any, SupportsIndex, cast

import dask
import dask.array
from dask.array.core import Array, getter, normalize_chunks
from dask.base import tokenize
from dask.blockwise import BlockwiseDep, blockwise
from dask.highlevelgraph import HighLevelGraph
from dask.utils import parse_bytes

from dask_fileseq.filearray import FileArray

__all__ = ["block_chunks", "task_name", "to_dask_array"]

Chunks = tuple[tuple[int, ...], ...]

AUTO_BYTES = 32 * 2**20
"""The size of a block that ``chunks="auto"`` aims at."""

AUTO_BLOCKS = 16
"""How many blocks ``chunks="auto"`` makes at least, where there are that many files."""


def to_dask_array(array: FileArray, chunks: Any = None) -> Array:
    """Return a file array as a lazy dask array.

    Parameters
    ----------
    array : FileArray
        What to read.
    chunks : optional
        How to cut it into blocks; see `block_chunks`.
    """
    if dask.config.get("array.query-planning", False):
        raise NotImplementedError(
            "dask's array.query-planning=True does not push slices down into reads;"
            " set it to False before dask.array is imported"
        )
    cut = block_chunks(array, chunks)
    name = f"{task_name(array)}-{tokenize(array, cut)}"
    indices = tuple(range(array.ndim))
    layer = blockwise(
        getter,
        name,
        indices,
        _Blocks(array, cut),
        indices,
        _Slices(cut),
        indices,
        numblocks={},
        _data_producer=True,
    )
    graph = HighLevelGraph.from_collections(name, layer)
    whole = Array(graph, name, cut, dtype=array.dtype)
    return SlicedFiles.of(whole, whole, tuple(map(range, whole.shape)))


class SlicedFiles(Array):
    """A basic slice of an array of files; a slice of it is one slice of all files, too.

    dask fuses one slice into the task that reads, but reads whole what several slices in
    a row are taken of, which is what ``x[5][100:200]`` and each ``isel`` of xarray make.
    It becomes an ordinary `Array` by all else that is done to it.
    """

    _whole: Array
    _index: tuple[int | range, ...]
    _own_name: str

    @classmethod
    def of(cls, array: Array, whole: Array, index: tuple[int | range, ...]) -> Array:
        """Return an array, which is all files at an index, as one of this class."""
        self = cls(array.dask, array.name, array.chunks, dtype=array.dtype)
        self._whole, self._index, self._own_name = whole, index, array.name
        return self

    def __getitem__(self, index: Any) -> Array:
        # assignment to a part of it turns it, in place, into something else
        combined = _combined(self._index, index) if self.name == self._own_name else None
        if combined is None:
            return cast(Array, super().__getitem__(index))  # type: ignore[no-untyped-call]
        lengths = self._whole.shape
        keys = (_as_key(part, n) for part, n in zip(combined, lengths, strict=True))
        return SlicedFiles.of(self._whole[tuple(keys)], self._whole, combined)


def _combined(outer: tuple[int | range, ...], index: Any) -> tuple[int | range, ...] | None:
    """Return what an index of what is at another index selects; None if that is not basic.

    >>> _combined((range(9), 5, range(10, 20)), (2, slice(3, None, 2)))
    (2, 5, range(13, 20, 2))
    """
    given = list(index) if isinstance(index, tuple) else [index]
    left = sum(isinstance(part, range) for part in outer)
    dots = [i for i, key in enumerate(given) if key is Ellipsis]
    if len(dots) > 1 or len(given) - len(dots) > left:
        return None
    at = dots[0] if dots else len(given)
    given[at : at + 1] = [slice(None)] * (left - len(given) + len(dots))
    keys = iter(given)
    try:
        return tuple(part if isinstance(part, int) else _selected(part, keys) for part in outer)
    except (IndexError, TypeError):
        return None


def _selected(part: range, keys: Iterator[Any]) -> int | range:
    key: SupportsIndex | slice = next(keys)
    numbers = (key.start, key.stop, key.step) if isinstance(key, slice) else (key,)
    for number in numbers:  # an array of one element would pass for an int
        if isinstance(number, bool) or not isinstance(number, Integral | None):
            raise TypeError(f"{key!r} is no basic index")
    return part[key]


def _as_key(part: int | range, length: int) -> int | slice:
    """Return elements along an axis as an index.

    >>> _as_key(range(9, -1, -3), 10), _as_key(range(10), 10), _as_key(range(-1, -1, -1), 10)
    (slice(9, None, -3), slice(None, None, None), slice(0, 0, None))
    """
    if isinstance(part, int):
        return part
    if part == range(length):
        return slice(None)
    if not part:
        return slice(0, 0)
    return slice(part.start, part.stop if part.stop >= 0 else None, part.step)


def task_name(array: FileArray) -> str:
    """Return what dask's dashboard calls the tasks that read: ``read-tiff``, for example."""
    imread = array.imread
    while isinstance(imread, partial):
        imread = imread.func
    name = getattr(imread, "__name__", type(imread).__name__).strip("<>")
    return f"read-{name.removeprefix('read_')}"


class _PerBlock(BlockwiseDep):
    """An argument of the layer that has another value for each block."""

    produces_tasks = False

    def __init__(self, chunks: Chunks) -> None:
        self.chunks = chunks
        self.numblocks = tuple(len(c) for c in chunks)

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return type(self).__name__, self.chunks


class _Blocks(_PerBlock):
    """The file array of each block."""

    def __init__(self, array: FileArray, chunks: Chunks) -> None:
        super().__init__(chunks)
        self.array = array
        self.edges = [[0, *accumulate(c)] for c in chunks]

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return type(self).__name__, self.chunks, self.array.__dask_tokenize__()

    def __getitem__(self, index: tuple[int, ...]) -> FileArray:
        return self.array.block(
            [(edges[i], edges[i + 1]) for i, edges in zip(index, self.edges, strict=True)]
        )


class _Slices(_PerBlock):
    """The slices that select all of each block."""

    def __getitem__(self, index: tuple[int, ...]) -> tuple[slice, ...]:
        return tuple(slice(0, c[i]) for i, c in zip(index, self.chunks, strict=True))


def block_chunks(array: FileArray, chunks: Any = None) -> Chunks:
    """Return the lengths of blocks along each axis.

    Parameters
    ----------
    array : FileArray
        The array to cut.
    chunks : None, "auto", str, int, tuple or mapping
        None makes one block a file. ``"auto"`` groups small files and splits large
        ones along the borders of their tiles or strips, into blocks of at most 32 MiB
        (and dask's ``array.chunk-size``), at least 16 where there are that many files;
        a size such as ``"100MiB"`` sets that limit. An int, a tuple of these, or a
        mapping from axis or dimension name to them are dask's usual forms; an axis that
        a mapping does not name keeps one block a file.

    Raises
    ------
    ValueError
        If `chunks` does not fit the array.
    """
    files = array.chunks
    if chunks is None:
        return files
    limit = min(AUTO_BYTES, parse_bytes(dask.config.get("array.chunk-size")))
    wanted = _each_axis(array, chunks)
    for i, want in enumerate(wanted):
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


def _each_axis(array: FileArray, chunks: Any) -> list[Any]:
    """Return what is wanted of each axis."""
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


def _parsed_limit(chunks: Any, size: str) -> int:
    try:
        limit = int(parse_bytes(size))
    except ValueError as error:
        raise ValueError(f"chunks={chunks!r}: {size!r} is neither 'auto' nor a size") from error
    if limit <= 0:
        raise ValueError(f"chunks={chunks!r}: {size!r} is no size for a block")
    return limit


def _auto_chunks(array: FileArray, cut: Chunks, auto: list[int], limit: int) -> Chunks:
    """Cut the axes in `auto` so that a block is at most `limit` bytes, or one tile.

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
        count = max(1, min(limit // nbytes(), files // AUTO_BLOCKS))
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
