"""Slices of an array of files; dask sees them when it needs their graph.

dask fuses one slice into the task that reads; of ``x[5][100:200]``, and of each chain of
``isel`` of xarray, it would read whole files and cut them. A `SlicedFiles` keeps the index
that selects it from all files. A slice of it composes with that index, as ranges do, so
that any chain of slices is a single slice of the first array, which dask does fuse. And
because the index is known, local schedulers can decode files straight into the result, without
the copy by which dask concatenates blocks, and without a graph (see `lazyarray`).
"""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial, wraps
from typing import Any, cast

import numpy as np
from dask.array.core import Array
from dask.array.slicing import new_blockdim
from numpy.lib.array_utils import normalize_axis_tuple

from dask_fileseq.filearray import FileArray
from dask_fileseq.graph.chunks import Chunks
from dask_fileseq.graph.lazyarray import LazyArray
from dask_fileseq.graph.reduced import ReducedFiles, is_exact
from dask_fileseq.graph.runner import Box, Scheduler, read_in_place
from dask_fileseq.tiling import basic_index

Index = tuple[int | range, ...]
"""What is selected along each axis; an axis with an int is dropped."""

PARTS = 32
"""Number of parts into which at least what is read in place is cut, if it has so many blocks."""

FAR_PARTS = 1
"""The same for files that are far away: a part requests many of them at the same time."""

PART_BYTES = 4 * 2**20
"""Largest size of a part of more than one block, in bytes."""


REDUCTIONS = (np.max, np.min, np.sum, np.mean)
"""Functions of numpy for which an array has a method of the same name."""


class WholeFiles:
    """All files of an array, cut into blocks; `array` is the dask array of them."""

    def __init__(self, files: FileArray, chunks: Chunks, make: Callable[..., Array]) -> None:
        self.files = files
        self.chunks = chunks
        self.shape = files.shape
        self._make = make

    @cached_property
    def array(self) -> Array:
        """The dask array, made when it is first needed."""
        return self._make(self.files, self.chunks)


def _reduction(method: Callable[..., Array]) -> Callable[..., Array]:
    """Return a method of `SlicedFiles` in place of one of dask, which it calls for what is left."""
    signature = inspect.signature(method)

    @wraps(method)
    def reduced(self: SlicedFiles, *args: Any, **kwargs: Any) -> Array:
        bound = signature.bind(self, *args, **kwargs).arguments
        axis, keepdims = bound.get("axis"), bound.get("keepdims", False)
        is_given = any(
            v is not None for k, v in bound.items() if k in ("dtype", "split_every", "out")
        )
        ordinary = partial(method, self, *args, **kwargs)
        return self._reduced(method.__name__, ordinary, axis, keepdims, is_given)

    return reduced


class SlicedFiles(LazyArray):
    """A basic slice of an array of files; a slice of it is one slice of all files, too."""

    __slots__ = ("_index", "_whole")

    _whole: WholeFiles
    _index: Index
    """What it selects from all files."""

    @classmethod
    def of(cls, whole: WholeFiles, index: Index | None = None) -> SlicedFiles:
        """Return what an index selects from all files; by default all."""
        self = object.__new__(cls)
        self._whole = whole
        self._index = tuple(map(range, whole.shape)) if index is None else index
        kept = zip(self._index, whole.chunks, strict=True)
        chunks = tuple(_lengths(c, part) for part, c in kept if isinstance(part, range))
        self._begin(chunks, whole.files.dtype)
        return self

    def _make(self) -> Array:
        whole = self._whole.array
        keys = (
            part if isinstance(part, int) else _as_slice(part, length)
            for part, length in zip(self._index, whole.shape, strict=True)
        )
        return cast(Array, whole[tuple(keys)])

    def __getitem__(self, index: Any) -> Array:
        try:
            keys = iter(basic_index(index, self.ndim))
        except IndexError:
            keys = None
        if keys is None or self._is_changed:
            return cast(Array, super().__getitem__(index))  # type: ignore[no-untyped-call]
        parts = (part if isinstance(part, int) else part[next(keys)] for part in self._index)
        try:
            return SlicedFiles.of(self._whole, tuple(parts))
        except IndexError:  # out of bounds
            return cast(Array, super().__getitem__(index))  # type: ignore[no-untyped-call]

    def __repr__(self) -> str:
        text: str = super().__repr__()  # type: ignore[no-untyped-call]
        if self._index != tuple(map(range, self._whole.shape)):
            return text
        axes = zip(self.chunksize, self._whole.files.tiling.axes, strict=True)
        files = math.prod(max(1, length // max(1, axis.size)) for length, axis in axes)
        return f"{text[:-1]}, {files} files a block>" if files > 1 else text

    @property
    def is_in_place(self) -> bool:
        """Whether local schedulers read the files straight into the result."""
        return self.ndim > 0 and not self._is_changed

    def _read(self, scheduler: Scheduler) -> Any:
        result = np.empty(self.shape, self.dtype)
        if result.size:
            index = self._index
            axes = tuple(slice(None) if isinstance(p, range) else None for p in index)
            parts = parts_of(self._whole.files, index, self.chunks)
            read_in_place(self._whole.files, parts, result[axes], scheduler)
        return result

    max = _reduction(Array.max)
    min = _reduction(Array.min)
    sum = _reduction(Array.sum)
    mean = _reduction(Array.mean)

    def _reduced(
        self, method: str, ordinary: Callable[[], Array], axis: Any, keepdims: bool, is_given: bool
    ) -> Array:
        """Return it reduced along axes, file by file if that gives the same bits."""
        files = self._whole.files
        axes = range(self.ndim) if axis is None else axis
        try:
            axes = normalize_axis_tuple(axes, self.ndim)
        except (TypeError, ValueError):  # which dask describes
            axes = ()
        count = math.prod(self.shape[i] for i in axes)
        is_plain = not axes or is_given or not self.is_in_place or not self.size
        if is_plain or files.source.concurrency > 1 or not is_exact(method, files.dtype, count):
            return ordinary()
        kept = [i for i, part in enumerate(self._index) if isinstance(part, range)]
        every = tuple(kept[i] for i in axes)
        ints = tuple(i for i in range(files.ndim) if i not in kept)
        region = [p if isinstance(p, range) else range(p, p + 1) for p in self._index]
        chunks = iter(self.chunks)
        along = tuple((1,) if i in ints else next(chunks) for i in range(files.ndim))
        dropped = ints if keepdims else tuple(sorted(ints + every))
        return ReducedFiles.of(files, region, along, method, every, dropped, ordinary)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Reduce by the methods above where numpy's functions, and so xarray, do."""
        if func in REDUCTIONS and len(args) == 1 and args[0] is self:
            return getattr(self, func.__name__)(**kwargs)
        return super().__array_function__(func, types, args, kwargs)  # type: ignore[no-untyped-call]


def parts_of(array: FileArray, index: Index, chunks: Chunks) -> Iterator[tuple[list[range], Box]]:
    """Yield regions of an array to read at once, and their boxes along all axes.

    They are the blocks of what an index selects; many small ones that follow each other are one.
    """
    least = PARTS if array.source.concurrency == 1 else FAR_PARTS
    lengths = iter(chunks)
    along = [(1,) if isinstance(part, int) else next(lengths) for part in index]
    count = math.prod(map(len, along))
    nbytes = math.prod(map(sum, along)) * array.dtype.itemsize
    joined = max(1, min(count // least, PART_BYTES * count // nbytes))
    cuts: list[list[tuple[range, slice]]] = []
    for part, each in zip(reversed(index), reversed(along), strict=True):
        together = min(joined, len(each))
        joined //= together
        edges = [0, *itertools.accumulate(each)]
        edges = [*edges[:-1:together], edges[-1]]
        if isinstance(part, int):
            cuts.append([(range(part, part + 1), slice(None))])
        else:
            pairs = itertools.pairwise(edges)
            cuts.append([(part[start:stop], slice(start, stop)) for start, stop in pairs])
    for block in itertools.product(*reversed(cuts)):
        yield [region for region, _ in block], tuple(place for _, place in block)


def _lengths(chunks: Sequence[int], part: range) -> tuple[int, ...]:
    """Return the lengths of the blocks of an axis of which a range is selected, as dask does.

    >>> _lengths((4, 4, 2), range(1, 10, 3)), _lengths((4, 4, 2), range(9, 1, -1))
    ((1, 2), (2, 4, 2))
    >>> _lengths((4, 4, 2), range(4)), _lengths((4, 4, 2), range(0))
    ((4,), (0,))
    """
    if len(chunks) == 1:
        return (len(part),)
    total = sum(chunks)
    if part == range(total):
        return tuple(chunks)
    if part.step != 1:
        return tuple(new_blockdim(total, chunks, _as_slice(part, total)))
    before = (np.cumsum(chunks) - part.start).clip(0, len(part))
    return tuple(n for n in np.diff(before, prepend=0).tolist() if n) or (0,)


def _as_slice(part: range, length: int) -> slice:
    """Return the slice that selects a range of the elements along an axis.

    >>> _as_slice(range(9, -1, -3), 10), _as_slice(range(10), 10), _as_slice(range(-1, -1, -1), 10)
    (slice(9, None, -3), slice(None, None, None), slice(0, 0, None))
    """
    if part == range(length):
        return slice(None)
    if not part:
        return slice(0, 0)
    return slice(part.start, part.stop if part.stop >= 0 else None, part.step)
