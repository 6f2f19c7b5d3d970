"""A slice of an array of files is a slice of all files, and reads straight into its result.

dask fuses one slice into the task that reads, and copies the blocks of a result together.
`SlicedFiles` knows what it is for longer than that.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from numbers import Integral
from typing import Any, SupportsIndex, cast

import numpy as np
from dask.array.core import Array
from dask.base import get_scheduler

from dask_fileseq.filearray import FileArray
from dask_fileseq.graph.inplace import LOCAL, Box, in_worker_task, read_in_place

__all__ = ["SlicedFiles"]


class SlicedFiles(Array):
    """A basic slice of an array of files; a slice of it is one slice of all files, too.

    dask fuses one slice into the task that reads, but reads whole what several slices in
    a row are taken of, which is what ``x[5][100:200]`` and each ``isel`` of xarray make.
    It becomes an ordinary `Array` by all else that is done to it.
    """

    _files: FileArray
    _whole: Array
    _index: tuple[int | range, ...]
    _own_name: str

    @classmethod
    def of(
        cls, array: Array, files: FileArray, whole: Array, index: tuple[int | range, ...]
    ) -> Array:
        """Return an array, which is all files at an index, as one of this class."""
        self = cls(array.dask, array.name, array.chunks, dtype=array.dtype)
        self._files, self._whole, self._index, self._own_name = files, whole, index, array.name
        return self

    def __getitem__(self, index: Any) -> Array:
        # assignment to a part of it turns it, in place, into something else
        combined = _combined(self._index, index) if self.name == self._own_name else None
        if combined is None:
            return cast(Array, super().__getitem__(index))  # type: ignore[no-untyped-call]
        lengths = self._whole.shape
        keys = (_as_key(part, n) for part, n in zip(combined, lengths, strict=True))
        return SlicedFiles.of(self._whole[tuple(keys)], self._files, self._whole, combined)

    def compute(self, **kwargs: Any) -> Any:
        """Return it as numpy. Local schedulers decode the files straight into the result.

        See `dask.array.Array.compute` for the parameters.
        """
        asked = {key: kwargs.get(key) for key in ("scheduler", "get")}
        get = get_scheduler(collections=[self], **asked)
        if self.name != self._own_name or not self.ndim or get not in LOCAL or in_worker_task():
            return super().compute(**kwargs)  # type: ignore[no-untyped-call]
        result = np.empty(self.shape, self.dtype)
        if result.size:
            for option in ("scheduler", "get", "traverse", "optimize_graph"):
                kwargs.pop(option, None)
            workers = kwargs.pop("num_workers", None)
            axes = tuple(slice(None) if isinstance(p, range) else None for p in self._index)
            read_in_place(self._files, self._parts(), result[axes], get, workers, **kwargs)
        return result

    def _parts(self) -> Iterator[tuple[list[range], Box]]:
        """Yield what each block selects of all files, and where it stands, along all axes."""
        edges = iter([0, *itertools.accumulate(c)] for c in self.chunks)
        cuts: list[list[tuple[range, slice]]] = []
        for part in self._index:
            if isinstance(part, int):
                cuts.append([(range(part, part + 1), slice(None))])
            else:
                pairs = itertools.pairwise(next(edges))
                cuts.append([(part[start:stop], slice(start, stop)) for start, stop in pairs])
        for block in itertools.product(*cuts):
            yield [selected for selected, _ in block], tuple(place for _, place in block)


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
