"""An array of files with its axes in another order, of which slices still read only their region.

dask pushes a slice down into the task that reads, but not through a transposition: of a crop of
an ordinary transposed array, whole files are read. A slice of a `TransposedFiles` is the slice of
the array before, transposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from dask.array.core import Array

from dask_fileseq.graph.inplace import DefaultScheduler
from dask_fileseq.graph.lazyarray import EqualToArray
from dask_fileseq.tiling import basic_index


class TransposedFiles(Array, metaclass=EqualToArray):
    """An array whose axis ``i`` is axis ``order[i]`` of another one.

    It becomes an ordinary `Array` by anything but a basic slice.
    """

    __dask_scheduler__ = DefaultScheduler()

    _before: Array
    _order: tuple[int, ...]
    _own_name: str

    @classmethod
    def of(cls, before: Array, order: Sequence[int]) -> Array:
        """Return an array with its axes in another order; itself if that is its own.

        Examples
        --------
        >>> from dask.array import zeros
        >>> array = TransposedFiles.of(zeros((2, 3, 4)), (2, 0, 1))
        >>> array.shape, array[1:, 0].shape
        ((4, 2, 3), (3, 3))
        """
        if tuple(order) == tuple(range(before.ndim)):
            return before
        array = before.transpose(*order)
        self = cls(array.dask, array.name, array.chunks, dtype=array.dtype)
        self._before, self._order, self._own_name = before, tuple(order), array.name
        return self

    def __getitem__(self, index: Any) -> Array:
        try:
            # an assignment to a part of it gives it another name and graph, in place
            keys = basic_index(index, self.ndim) if self.name == self._own_name else None
        except IndexError:
            keys = None
        if keys is None:
            return cast(Array, super().__getitem__(index))  # type: ignore[no-untyped-call]
        by_axis = dict(zip(self._order, keys, strict=True))
        kept = [axis for axis in self._order if isinstance(by_axis[axis], slice)]
        order = [sorted(kept).index(axis) for axis in kept]
        return TransposedFiles.of(self._before[tuple(by_axis[a] for a in sorted(by_axis))], order)

    @property
    def is_in_place(self) -> bool:
        """Whether local schedulers decode the files straight into the result."""
        return self.name == self._own_name and getattr(self._before, "is_in_place", False)

    def compute(self, **kwargs: Any) -> Any:
        """Return it as numpy, as `dask.array.Array.compute` does; a view of the order before."""
        if self.name != self._own_name:
            return super().compute(**kwargs)  # type: ignore[no-untyped-call]
        return self._before.compute(**kwargs).transpose(self._order)
