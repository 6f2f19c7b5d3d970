"""Reading in place: each block is decoded by a local scheduler where it stands in the result."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import dask
import dask.local
import dask.threaded
from numpy.typing import NDArray

from dask_fileseq.filearray import FileArray

__all__ = ["LOCAL", "Box", "graph_of_reads", "in_worker_task", "read_in_place", "task_name"]

LOCAL = (dask.threaded.get, dask.local.get_sync)
"""The schedulers whose tasks see the memory of the caller."""

SMALL_FILE = 128 * 2**10
"""Bytes of a file below which threads hinder each other: the interpreter lock."""

Box = tuple[Any, ...]


def read_in_place(
    array: FileArray,
    parts: Iterable[tuple[Sequence[range], Box]],
    result: NDArray[Any],
    get: Callable[..., Any],
    workers: int | None = None,
    **kwargs: Any,
) -> None:
    """Read parts of a file array into their places, a task for each.

    Parameters
    ----------
    array : FileArray
        What to read.
    parts : iterable of pairs
        For each part what it selects along each axis, and its box in `result`.
    result : ndarray
        Of as many axes as the file array.
    get : callable
        One of `LOCAL`.
    workers : int, optional
        How many threads. None or 0 leaves it to dask, but takes one for files so small
        that threads would slow each other down.
    **kwargs
        Passed to the scheduler.
    """
    if not workers and "pool" not in kwargs:
        workers = default_workers(array)
    if workers == 1:
        get = dask.local.get_sync
    reads = [(partial(array.read, selected, result[(*box, ...)]),) for selected, box in parts]
    graph = graph_of_reads(array, reads)
    get(graph, list(graph), **({"num_workers": workers} if workers else {}), **kwargs)


def default_workers(array: FileArray) -> int | None:
    """Return the number of workers where nobody asks for any; None: what dask takes.

    Files that are far away keep their readers waiting, however small they are.
    """
    if dask.config.get("num_workers", None) or dask.config.get("pool", None):
        return None
    if array.source.concurrency > 1:
        return None
    file_bytes = array.nbytes // max(1, array.table.size)
    return 1 if file_bytes < SMALL_FILE else None


def graph_of_reads(
    array: FileArray, tasks: Sequence[tuple[Any, ...]]
) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Return a graph of independent tasks that run in order.

    dask begins with the greatest key, by its text; files are best read in their order.
    No other graph has these keys: what such a task returns is not the block, which is
    what a callback that keeps results, such as dask's ``Cache``, would take it for.
    """
    name = f"{task_name(array)}-{uuid4().hex}"
    return {(name, f"{len(tasks) - i:012d}"): task for i, task in enumerate(tasks)}


def task_name(array: FileArray) -> str:
    """Return what dask's dashboard calls the tasks that read: ``read-tiff``, for example."""
    return f"read-{array.reader.name}"


def in_worker_task() -> bool:
    """Return whether this runs in a task of a worker of a cluster."""
    worker_module = sys.modules.get("distributed.worker")
    try:
        return worker_module is not None and bool(worker_module.get_worker())
    except ValueError:
        return False
