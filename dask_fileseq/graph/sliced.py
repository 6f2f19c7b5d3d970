"""Slices of an array of files, each of which is one slice of all files.

dask fuses one slice into the task that reads; of ``x[5][100:200]``, and of each chain of
``isel`` of xarray, it would read whole files and cut them. A `SlicedFiles` keeps the index
that selects it from all files. A slice of it composes with that index, as ranges do, so
that any chain of slices is a single slice of the first array, which dask does fuse. And
because the index of each block is known, local schedulers can decode files straight into
the result, without the copy by which dask concatenates blocks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
from dask.array.core import Array

from dask_fileseq.filearray import FileArray
from dask_fileseq.graph.runner import Box, Scheduler, read_in_place
from dask_fileseq.tiling import basic_index

Index = tuple[int | range, ...]


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


class SlicedFiles(Array, metaclass=EqualToArray):
    """A basic slice of an array of files; a slice of it is one slice of all files, too.

    It becomes an ordinary `Array` by anything else that is done to it.
    """

    _files: FileArray
    _whole: Array
    _index: Index
    _own_name: str

    @classmethod
    def of(cls, array: Array, files: FileArray, whole: Array, index: Index) -> Array:
        """Return an array, which is all files at an index, as one of this class."""
        self = cls(array.dask, array.name, array.chunks, dtype=array.dtype)
        self._files, self._whole, self._index, self._own_name = files, whole, index, array.name
        return self

    def __getitem__(self, index: Any) -> Array:
        try:
            # an assignment to a part of it gives it another name and graph, in place
            keys = iter(basic_index(index, self.ndim) if self.name == self._own_name else ())
            combined = tuple(
                part if isinstance(part, int) else part[next(keys)] for part in self._index
            )
        except (IndexError, StopIteration, RuntimeError):
            return cast(Array, super().__getitem__(index))  # type: ignore[no-untyped-call]
        whole = [
            part if isinstance(part, int) else _as_slice(part, length)
            for part, length in zip(combined, self._whole.shape, strict=True)
        ]
        return SlicedFiles.of(self._whole[tuple(whole)], self._files, self._whole, combined)

    def __repr__(self) -> str:
        text: str = super().__repr__()  # type: ignore[no-untyped-call]
        if self.name != self._whole.name:
            return text
        axes = zip(self.chunksize, self._files.tiling.axes, strict=True)
        files = math.prod(max(1, length // max(1, axis.size)) for length, axis in axes)
        return f"{text[:-1]}, {files} files a block>" if files > 1 else text

    def compute(self, **kwargs: Any) -> Any:
        """Return it as numpy. Local schedulers decode the files straight into the result.

        See `dask.array.Array.compute` for the parameters.
        """
        options = {k: v for k, v in kwargs.items() if k not in ("traverse", "optimize_graph")}
        workers = options.pop("num_workers", None)
        scheduler = Scheduler(options.pop("scheduler", None), workers, **options)
        in_place = self.name == self._own_name and self.ndim and scheduler.is_local
        if not in_place or scheduler.in_task:
            return super().compute(**kwargs)  # type: ignore[no-untyped-call]
        result = np.empty(self.shape, self.dtype)
        if result.size:
            axes = tuple(slice(None) if isinstance(p, range) else None for p in self._index)
            read_in_place(self._files, self._parts(), result[axes], scheduler)
        return result

    def _parts(self) -> Iterator[tuple[list[range], Box]]:
        """Yield the region of each block in all files, and its box along all axes."""
        edges = iter([0, *itertools.accumulate(c)] for c in self.chunks)
        cuts: list[list[tuple[range, slice]]] = []
        for part in self._index:
            if isinstance(part, int):
                cuts.append([(range(part, part + 1), slice(None))])
            else:
                pairs = itertools.pairwise(next(edges))
                cuts.append([(part[start:stop], slice(start, stop)) for start, stop in pairs])
        for block in itertools.product(*cuts):
            yield [region for region, _ in block], tuple(place for _, place in block)


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
