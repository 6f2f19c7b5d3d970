"""A file array as numpy: in memory, in a memory map, or in an array of the caller.

On local threads the files are decoded straight into the output. On any other
scheduler blocks travel to the caller and are copied as they finish, few at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

import dask
import dask.local
import dask.multiprocessing
import dask.threaded
import numpy as np
from dask.base import get_scheduler
from dask.callbacks import Callback
from numpy.typing import DTypeLike, NDArray
from tifffile import create_output
from toolz import take

from dask_fileseq.filearray import FileArray
from dask_fileseq.graph import block_chunks, task_name

__all__ = ["load"]

SMALL_FILE = 128 * 2**10
"""Bytes of a file below which threads hinder each other: the interpreter lock."""

Box = tuple[Any, ...]


def load(
    array: FileArray,
    *,
    out: Any = None,
    dtype: DTypeLike | None = None,
    scheduler: Any = None,
    workers: int | None = None,
    **kwargs: Any,
) -> NDArray[Any]:
    """Read all of a file array.

    Parameters
    ----------
    array : FileArray
        What to read.
    out : None, ndarray, str, path or open file
        Where to: a new array, an array of any compatible shape, ``"memmap"`` or
        ``"memmap:DIR"`` for a memory map of a temporary file, or a file to map.
    dtype : optional
        Cast to this.
    scheduler : optional
        Any that dask knows; by default a running distributed client, what is
        configured, or threads.
    workers : int, optional
        Number of workers of a local scheduler. None or 0 leaves it to dask, but takes
        one thread for files so small that threads would slow each other down.
    **kwargs
        Passed to the scheduler.

    Returns
    -------
    ndarray
        C-contiguous, but for an `out` that is not.
    """
    try:
        get = get_scheduler(scheduler=scheduler) or dask.threaded.get
    except ValueError as error:
        raise ValueError(f"scheduler={scheduler!r}: {error}") from error
    if isinstance(out, np.ndarray) and out.size == array.size:
        out = out.reshape(array.shape, copy=False)  # older releases reshape the caller's array
    result = create_output(out, array.shape, array.dtype if dtype is None else dtype)
    if not result.size:
        return result
    workers = workers or _default_workers(array)
    if get in (dask.threaded.get, dask.local.get_sync):
        if workers == 1:
            get = dask.local.get_sync
        _run_locally(array, result, get, _given(num_workers=workers) | kwargs)
    elif hasattr(client := getattr(get, "__self__", None), "submit"):
        _travel_from_cluster(array, result, client)
    else:
        if get is dask.multiprocessing.get:
            kwargs = {"chunksize": 1} | kwargs
        _travel(array, result, get, _given(num_workers=workers) | kwargs)
    return result


def _given(**kwargs: Any) -> dict[str, Any]:
    return {key: value for key, value in kwargs.items() if value is not None}


def _default_workers(array: FileArray) -> int | None:
    if dask.config.get("num_workers", None) or dask.config.get("pool", None):
        return None
    file_bytes = array.nbytes // max(1, array.table.size)
    return 1 if file_bytes < SMALL_FILE else None


def _boxes(array: FileArray) -> Iterator[tuple[FileArray, Box]]:
    """Yield blocks and where they stand in the array."""
    edges = [[0, *itertools.accumulate(c)] for c in block_chunks(array, "auto")]
    for window in itertools.product(*(list(itertools.pairwise(e)) for e in edges)):
        yield array.block(window), tuple(slice(*w) for w in window)


def _read_block(block: FileArray, out: NDArray[Any]) -> None:
    block.read([range(n) for n in block.shape], out)


def _whole(block: FileArray) -> NDArray[Any]:
    """Return all of a block, on whichever worker."""
    return np.asarray(block[...])


def _graph(tasks: Sequence[tuple[Any, ...]]) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Return a graph of independent tasks that run in order.

    dask begins with the greatest key, by its text; files are best read in their order.
    """
    return {("read", f"{len(tasks) - i:012d}"): task for i, task in enumerate(tasks)}


def _run_locally(
    array: FileArray, result: NDArray[Any], get: Callable[..., Any], kwargs: dict[str, Any]
) -> None:
    """Decode each block into its place."""
    graph = _graph([(_read_block, block, result[(*box, ...)]) for block, box in _boxes(array)])
    get(graph, list(graph), **kwargs)


class _Place(Callback):
    """Puts each block in its place as it arrives, and lets go of it."""

    def __init__(self, result: NDArray[Any], boxes: Mapping[Any, Box]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.result = result
        self.boxes = boxes

    def _posttask(self, key: Any, value: Any, dsk: Any, state: Any, worker_id: Any) -> None:
        if key in self.boxes:
            self.result[self.boxes[key]] = value
            state["cache"][key] = None


def _travel(
    array: FileArray, result: NDArray[Any], get: Callable[..., Any], kwargs: dict[str, Any]
) -> None:
    """Let any scheduler read the blocks, and copy them."""
    blocks, boxes = zip(*_boxes(array), strict=True)
    graph = _graph([(_whole, block) for block in blocks])
    with _Place(result, dict(zip(graph, boxes, strict=True))):
        values = get(graph, list(graph), **kwargs)
    for box, value in zip(boxes, values, strict=True):
        if value is not None:  # a scheduler that knows no callbacks
            result[box] = value


def _travel_from_cluster(array: FileArray, result: NDArray[Any], client: Any) -> None:
    """Let a cluster read the blocks, two for each thread at a time, and copy them."""
    from distributed import as_completed

    boxes = _boxes(array)
    places: dict[Any, Box] = {}

    def submitted(count: int) -> list[Any]:
        futures = []
        for block, box in take(count, boxes):
            future = client.submit(_whole, block, key=f"{task_name(array)}-{uuid4().hex}")
            places[future] = box
            futures.append(future)
        return futures

    threads = sum(client.nthreads().values()) or 1
    arriving = as_completed(submitted(2 * threads))
    try:
        for future in arriving:
            result[places.pop(future)] = future.result()
            for another in submitted(1):
                arriving.add(another)
    finally:
        client.cancel(list(places))
