"""A file array as numpy: in memory, in a memory map, or in an array of the caller.

On local threads the files are decoded straight into the output. On any other
scheduler blocks travel to the caller and are copied as they finish, few at a time.
"""

from __future__ import annotations

import errno
import itertools
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
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
from toolz import take

from dask_fileseq.filearray import FileArray
from dask_fileseq.graph import block_chunks, task_name

__all__ = ["in_worker_task", "load"]

SMALL_FILE = 128 * 2**10
"""Bytes of a file below which threads hinder each other: the interpreter lock."""

ZEROS = 2**20
"""Bytes to write at once where a file cannot be given its size otherwise."""

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
    result = _output(out, array, array.dtype if dtype is None else np.dtype(dtype))
    if not result.size:
        return result
    if in_worker_task():  # to wait for other workers would keep this one's thread
        get = dask.local.get_sync
    workers = None if isinstance(get, partial) else workers or _default_workers(array)
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


def _output(out: Any, array: FileArray, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the array to read into; one of the caller's is seen in the array's shape.

    Raises
    ------
    ValueError
        If `out` does not fit, cannot be written, or is one of the files to read.
    OSError
        If there is no room for the file to map.
    """
    if out is None:
        return np.empty(array.shape, dtype)
    if isinstance(out, np.ndarray):
        if out.size != array.size or not np.can_cast(dtype, out.dtype):
            raise ValueError(
                f"out of shape {out.shape} and dtype {out.dtype} cannot hold an array of"
                f" shape {array.shape} and dtype {dtype}"
            )
        if not out.flags.writeable:
            raise ValueError("out cannot be written: it is read-only")
        return out.reshape(array.shape, copy=False)
    if isinstance(out, str) and (out == "memmap" or out.startswith("memmap:")):
        with tempfile.NamedTemporaryFile(dir=out[7:] or None, suffix=".memmap") as file:
            return _mapped(file, array.shape, dtype)
    if isinstance(out, str | os.PathLike):
        if os.path.exists(out) and os.path.abspath(out) in map(os.path.abspath, array.names):
            raise ValueError(f"out={os.fspath(out)!r} is one of the files to read")
        with open(out, "wb+") as file:
            return _mapped(file, array.shape, dtype)
    return _mapped(out, array.shape, dtype)


def _mapped(file: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return a memory map of an open file, which has room on its disk for all of it.

    Without, a disk that is full would be no error, but the end of the process.
    """
    size = math.prod(shape) * dtype.itemsize
    folder = os.path.dirname(os.path.abspath(file.name))
    free = shutil.disk_usage(folder).free
    if size > free:
        raise OSError(errno.ENOSPC, f"out needs {size:,} bytes, {free:,} are free", folder)
    try:
        os.posix_fallocate(file.fileno(), 0, max(1, size))
    except (AttributeError, OSError):  # no such call on this system, or file system
        for start in range(0, size, ZEROS):
            file.write(bytes(min(ZEROS, size - start)))
        file.flush()
    return np.memmap(file, dtype, "r+", shape=shape)


def in_worker_task() -> bool:
    """Return whether this runs in a task of a worker of a cluster."""
    worker_module = sys.modules.get("distributed.worker")
    try:
        return worker_module is not None and bool(worker_module.get_worker())
    except ValueError:
        return False


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
