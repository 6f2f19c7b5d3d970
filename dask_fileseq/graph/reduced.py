"""The largest, the smallest, the sum or the mean of the files of an array, read one by one.

dask reads each block into memory of its own, reduces it, and copies several results together to
reduce them again. New memory and copies take longer than to read a file. Here a few files at a
time are read into one buffer, and added to one result. Integers alone have sums that do not depend
on the order; those of floats are left to dask.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
from dask.array.core import Array
from numpy.typing import NDArray

from dask_fileseq.filearray import FileArray
from dask_fileseq.graph.chunks import Chunks
from dask_fileseq.graph.lazyarray import LazyArray
from dask_fileseq.graph.runner import Box, Scheduler, for_small_files, run

BUFFER = 2**20
"""Bytes of the buffer into which files are read, if one of them is not larger."""

PARTS = 16
"""Number of parts into which at least a reduction is cut, if each has so many files."""

FUNCTIONS = {"max": np.maximum, "min": np.minimum, "sum": np.add, "mean": np.add}

NARROW = 2**15
"""Number of 16-bit integers whose sum 32 bits hold."""

EXACT = 2**20
"""Number of 32-bit integers whose sum a float of 64 bits is sure to represent."""


@dataclass(slots=True)
class _Job:
    """What all parts of a reduction share."""

    array: FileArray
    function: np.ufunc
    axes: tuple[int, ...]
    result: NDArray[Any]
    """The result of the parts that are done, with axes of length one where it is reduced."""
    lock: Lock = field(default_factory=Lock)


class ReducedFiles(LazyArray):
    """An array of files that is reduced along some axes."""

    _files: FileArray
    _region: tuple[range, ...]
    _along: Chunks
    _method: str
    _axes: tuple[int, ...]
    """The axes that are reduced, of all axes of the files."""
    _dropped: tuple[int, ...]
    """The axes that the result does not have."""
    _ordinary: Callable[[], Array]

    @classmethod
    def of(
        cls,
        files: FileArray,
        region: Sequence[range],
        along: Chunks,
        method: str,
        axes: tuple[int, ...],
        dropped: tuple[int, ...],
        ordinary: Callable[[], Array],
    ) -> ReducedFiles:
        """Return a region of files, reduced by a method of arrays along axes.

        `along` are the lengths of blocks along each axis, and `ordinary` returns dask's array.
        """
        self = object.__new__(cls)
        self._files, self._region, self._along = files, tuple(region), along
        self._method, self._axes, self._dropped = method, axes, dropped
        self._ordinary = ordinary
        kept = [i for i in range(files.ndim) if i not in dropped]
        chunks = tuple((1,) if i in axes else along[i] for i in kept)
        self._begin(chunks, getattr(np.empty(1, files.dtype), method)().dtype)
        return self

    def _make(self) -> Array:
        return self._ordinary()

    def _read(self, scheduler: Scheduler) -> Any:
        lengths = tuple(map(len, self._region))
        shape = [1 if i in self._axes else n for i, n in enumerate(lengths)]
        dtype = self.dtype
        if self._method == "mean":
            dtype = np.empty(1, self._files.dtype).sum().dtype
        function = FUNCTIONS[self._method]
        job = _Job(self._files, function, self._axes, np.full(shape, _start(function, dtype)))
        run(for_small_files(scheduler, self._files), _reduce_part, job, self._parts())
        result = job.result.squeeze(self._dropped)
        if self._method == "mean":
            result = result / math.prod(lengths[i] for i in self._axes)
        return result[()] if not result.ndim else result

    def _parts(self) -> Iterator[tuple[list[range], Box]]:
        """Yield the regions to reduce, and where their results go."""
        cuts: list[list[tuple[range, slice]]] = []
        for axis, (region, lengths) in enumerate(zip(self._region, self._along, strict=True)):
            if axis in self._axes:
                cuts.append([(region, slice(None))])
                continue
            edges = itertools.pairwise([0, *itertools.accumulate(lengths)])
            cuts.append([(region[a:b], slice(a, b)) for a, b in edges])
        longest = max(self._axes, key=lambda axis: len(self._region[axis]))
        whole, length = cuts[longest][0][0], len(cuts[longest][0][0])
        size = -(-length // min(length, max(1, PARTS // math.prod(map(len, cuts)))))
        starts = range(0, length, size)
        cuts[longest] = [(whole[start : start + size], slice(None)) for start in starts]
        for part in itertools.product(*cuts):
            yield [region for region, _ in part], tuple(place for _, place in part)


def _start(function: np.ufunc, dtype: np.dtype[Any]) -> Any:
    """Return the value that a reduction begins with: one that changes no result."""
    if function is np.add:
        return dtype.type(0)
    low = function is np.maximum
    if dtype.kind == "b":
        return np.bool_(not low)
    if dtype.kind == "f":
        return dtype.type(-np.inf if low else np.inf)
    limits = np.iinfo(dtype)
    return dtype.type(limits.min if low else limits.max)


def _reduce_part(job: _Job, part: tuple[list[range], Box]) -> None:
    """Reduce a region, few files at a time, and then what was reduced before."""
    region, place = part
    target = job.result[place]
    dtype = target.dtype
    count = math.prod(len(region[axis]) for axis in job.axes)
    if job.function is np.add and job.array.dtype.itemsize <= 2 and count < NARROW:
        dtype = np.dtype(f"{dtype.kind}4")  # in half the time
    total = np.full(target.shape, _start(job.function, dtype))
    buffer = np.empty(0, job.array.dtype)
    for some in _batches(job, region):
        shape = tuple(map(len, some))
        count = math.prod(shape)
        if buffer.size < count:
            buffer = np.empty(count, job.array.dtype)
        pixels = buffer[:count].reshape(shape)
        job.array.read(some, pixels)
        if shape != total.shape:
            pixels = job.function.reduce(pixels, job.axes, keepdims=True, dtype=total.dtype)
        job.function(total, pixels, out=total)
    with job.lock:
        job.function(target, total, out=target)


def _batches(job: _Job, region: list[range]) -> Iterator[list[range]]:
    """Cut a region along the axes over files that are reduced."""
    stacked = [i for i in job.axes if job.array.tiling.axes[i].chunk is None]
    cuts = [[indices] for indices in region]
    nbytes = job.array.dtype.itemsize * math.prod(
        len(r) for i, r in enumerate(region) if i not in stacked
    )
    room = max(1, BUFFER // max(1, nbytes))
    for axis in reversed(stacked):
        size = min(room, len(region[axis]))
        room //= size
        starts = range(0, len(region[axis]), size)
        cuts[axis] = [region[axis][start : start + size] for start in starts]
    return map(list, itertools.product(*cuts))


def is_exact(method: str, dtype: np.dtype[Any], count: int) -> bool:
    """Return whether a reduction of so many elements gives the same bits in any order."""
    if method in ("max", "min"):
        return dtype.kind in "biuf"
    if method == "sum":
        return dtype.kind in "biu"
    return dtype.kind in "biu" and dtype.itemsize <= 4 and count <= EXACT
