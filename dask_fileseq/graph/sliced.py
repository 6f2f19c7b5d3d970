"""Slices of an array of files; dask sees them when it needs their graph.

dask fuses one slice into the task that reads; of ``x[5][100:200]``, and of each chain of
``isel`` of xarray, it would read whole files and cut them. A `SlicedFiles` keeps the index
that selects it from all files. A slice of it composes with that index, as ranges do, so
that any chain of slices is a single slice of the first array, which dask does fuse. And
because the index is known, local schedulers can decode files straight into the result, without
the copy by which dask concatenates blocks, and without a graph. That is made when something asks
for it: slicing the graph takes longer than reading a small file, and its name, which identifies
the versions of all files, may take a request for each.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, cast

import numpy as np
from dask.array.core import Array
from dask.array.slicing import new_blockdim
from dask.array.utils import meta_from_array

from dask_fileseq.filearray import FileArray
from dask_fileseq.graph.chunks import Chunks
from dask_fileseq.graph.inplace import DefaultScheduler
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


class EqualToArray(type):
    """The metaclass of subclasses of `Array` that equal it, and each other, in comparisons.

    xarray compares the classes of arrays, and refuses an array of a subclass beside a plain one:
    two variables of a dataset, of which one was computed from the other, could not be loaded or
    written.
    """

    def __eq__(cls, other: object) -> bool:
        return other is Array or isinstance(other, EqualToArray)

    def __hash__(cls) -> int:
        return hash(Array)


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


class SlicedFiles(Array, metaclass=EqualToArray):
    """A basic slice of an array of files; a slice of it is one slice of all files, too.

    It becomes an ordinary `Array` by anything else that is done to it.
    """

    __slots__ = ("_index", "_plain", "_whole")

    _whole: WholeFiles
    _index: Index | None
    """What it selects from all files; None after an assignment to a part of it."""
    _plain: Array | None
    """The ordinary array that it is, once that is needed."""

    __dask_scheduler__ = DefaultScheduler()

    @classmethod
    def of(cls, whole: WholeFiles, index: Index | None = None) -> SlicedFiles:
        """Return what an index selects from all files; by default all."""
        self = object.__new__(cls)
        self._whole, self._plain, self._cached_keys = whole, None, None
        self._index = tuple(map(range, whole.shape)) if index is None else index
        kept = zip(self._index, whole.chunks, strict=True)
        self._chunks = tuple(_lengths(c, part) for part, c in kept if isinstance(part, range))
        meta = np.empty((0,) * len(whole.chunks), whole.files.dtype)
        self._meta = meta_from_array(meta, ndim=len(self._chunks))
        return self

    @property
    def dask(self) -> Any:
        """The graph."""
        return self._as_plain().dask

    @dask.setter
    def dask(self, graph: Any) -> None:
        self._changed().dask = graph

    @property  # type: ignore[misc]
    def name(self) -> str:
        """The name in the graph."""
        return str(self._as_plain().name)

    @property
    def _name(self) -> str:
        return self.name

    @_name.setter
    def _name(self, name: str) -> None:
        self._changed()._name = name
        self._cached_keys = None
        self._reset_cache("_key_array")  # type: ignore[no-untyped-call]

    def _as_plain(self) -> Array:
        """Return it as an ordinary array."""
        if self._plain is None:
            index = self._index or ()
            whole = self._whole.array
            keys = (
                part if isinstance(part, int) else _as_slice(part, length)
                for part, length in zip(index, whole.shape, strict=True)
            )
            self._plain = whole[tuple(keys)]
        return self._plain

    def _changed(self) -> Array:
        """Return it as an ordinary array of its own, which an assignment changes in place."""
        if self._index is not None:
            self._plain, self._index = self._as_plain().copy(), None
        return self._as_plain()

    def __getitem__(self, index: Any) -> Array:
        try:
            keys = iter(basic_index(index, self.ndim) if self._index is not None else ())
            combined = tuple(
                part if isinstance(part, int) else part[next(keys)] for part in self._index or ()
            )
        except (IndexError, StopIteration, RuntimeError):
            combined = ()
        if len(combined) < len(self._whole.chunks):
            return cast(Array, super().__getitem__(index))  # type: ignore[no-untyped-call]
        return SlicedFiles.of(self._whole, combined)

    def __repr__(self) -> str:
        text: str = super().__repr__()  # type: ignore[no-untyped-call]
        if self._index != tuple(map(range, self._whole.shape)):
            return text
        axes = zip(self.chunksize, self._whole.files.tiling.axes, strict=True)
        files = math.prod(max(1, length // max(1, axis.size)) for length, axis in axes)
        return f"{text[:-1]}, {files} files a block>" if files > 1 else text

    @property
    def is_in_place(self) -> bool:
        """Whether local schedulers decode the files straight into the result."""
        return self._index is not None and self.ndim > 0

    def compute(self, **kwargs: Any) -> Any:
        """Return it as numpy. Local schedulers decode the files straight into the result.

        See `dask.array.Array.compute` for the parameters.
        """
        options = {k: v for k, v in kwargs.items() if k not in ("traverse", "optimize_graph")}
        workers = options.pop("num_workers", None)
        scheduler = Scheduler(options.pop("scheduler", None), workers, **options)
        index = self._index
        if index is None or not self.ndim or not scheduler.is_local or scheduler.in_task:
            return super().compute(**kwargs)  # type: ignore[no-untyped-call]
        result = np.empty(self.shape, self.dtype)
        if result.size:
            axes = tuple(slice(None) if isinstance(p, range) else None for p in index)
            parts = parts_of(self._whole.files, index, self.chunks)
            read_in_place(self._whole.files, parts, result[axes], scheduler)
        return result


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
