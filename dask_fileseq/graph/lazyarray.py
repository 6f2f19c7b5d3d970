"""Dask arrays that make their graph when something asks for it, and compute without it.

To make a graph takes longer than to read a small file, and its name, which identifies the
versions of all files, may take a request for each. Local schedulers need none: they read files
straight into the result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from dask.array.core import Array
from dask.array.utils import meta_from_array
from numpy.typing import DTypeLike

from dask_fileseq.graph.chunks import Chunks
from dask_fileseq.graph.inplace import DefaultScheduler
from dask_fileseq.graph.runner import Scheduler


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


class LazyArray(Array, metaclass=EqualToArray):
    """An array whose graph is made when it is needed.

    It becomes an ordinary `Array` by anything that is done to it, unless a subclass does better.
    """

    __slots__ = ("_is_changed", "_plain")

    __dask_scheduler__ = DefaultScheduler()

    _plain: Array | None
    """The ordinary array that it is, once that is needed."""
    _is_changed: bool
    """Whether something was assigned to a part of it."""

    def _begin(self, chunks: Chunks, dtype: DTypeLike) -> None:
        """Set what an array has without a graph."""
        self._plain, self._is_changed, self._cached_keys = None, False, None
        self._chunks = chunks
        self._meta = meta_from_array(np.empty((0,) * len(chunks), dtype), ndim=len(chunks))

    def _make(self) -> Array:
        """Return the ordinary array."""
        raise NotImplementedError

    def _read(self, scheduler: Scheduler) -> Any:
        """Return it as numpy, by a local scheduler."""
        raise NotImplementedError

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
            self._plain = self._make()
        return self._plain

    def _changed(self) -> Array:
        """Return it as an ordinary array of its own, which an assignment changes in place."""
        if not self._is_changed:
            self._plain, self._is_changed = self._as_plain().copy(), True
        return self._as_plain()

    @property
    def is_in_place(self) -> bool:
        """Whether local schedulers read the files straight into the result."""
        return not self._is_changed

    def compute(self, **kwargs: Any) -> Any:
        """Return it as numpy. Local schedulers read the files straight into the result.

        See `dask.array.Array.compute` for the parameters.
        """
        options = {k: v for k, v in kwargs.items() if k not in ("traverse", "optimize_graph")}
        workers = options.pop("num_workers", None)
        scheduler = Scheduler(options.pop("scheduler", None), workers, **options)
        if not self.is_in_place or not scheduler.is_local or scheduler.in_task:
            return super().compute(**kwargs)  # type: ignore[no-untyped-call]
        return self._read(scheduler)
