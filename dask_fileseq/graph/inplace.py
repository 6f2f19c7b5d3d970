"""The default scheduler of arrays that are read in place, also by ``dask.compute``.

xarray computes by ``dask.compute``, which makes a graph and has it run by the default scheduler of
the arrays, if no other one is chosen. Where it computes a single array of files, this one reads it
as ``array.compute()`` does, straight into the result. All else is left to dask's threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dask import threaded
from dask.array.core import Array

Get = Callable[..., Any]


class DefaultScheduler:
    """The attribute ``__dask_scheduler__`` of arrays with a property `is_in_place`.

    If that is True, they compute in place, by no graph.
    """

    def __get__(self, array: Any, owner: type | None = None) -> Get:
        return InPlace(array) if array is not None and array.is_in_place else threaded.get


class InPlace:
    """A scheduler that computes an array alone in place, and all else by threads.

    dask refuses to compute arrays with different schedulers together. This one equals that of
    all other arrays: which of them is called makes no difference to the result.
    """

    def __init__(self, array: Array) -> None:
        self.array = array

    def __eq__(self, other: object) -> bool:
        return other is threaded.get or isinstance(other, InPlace)

    def __hash__(self) -> int:
        return hash(threaded.get)

    def __call__(self, graph: Any, keys: Any, **kwargs: Any) -> Any:
        """Return the results for the keys of a graph."""
        # what `dask.compute` makes of each array has a text as its key; blocks have tuples
        if isinstance(keys, list) and len(keys) == 1 and isinstance(keys[0], str):
            return [self.array.compute(**kwargs)]
        return threaded.get(graph, keys, **kwargs)
