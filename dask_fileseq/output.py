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
import tempfile
from collections.abc import Callable, Iterator, Mapping
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
from dask_fileseq.graph import (
    LOCAL,
    Box,
    block_chunks,
    graph_of_reads,
    in_worker_task,
    read_in_place,
    task_name,
)

__all__ = ["load"]

ZEROS = 2**20
"""Bytes to write at once where a file cannot be given its size otherwise."""


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
    if get in LOCAL:
        read_in_place(array, _parts(array), result, get, workers, **kwargs)
    elif hasattr(client := getattr(get, "__self__", None), "submit"):
        _travel_from_cluster(array, result, client)
    else:
        if get is dask.multiprocessing.get:
            kwargs = {"chunksize": 1} | kwargs
        if workers and not isinstance(get, partial):  # an executor has its own
            kwargs = {"num_workers": workers} | kwargs
        _travel(array, result, get, kwargs)
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
        if _is_read(out, array):
            raise ValueError(f"out={os.fspath(out)!r} is one of the files to read")
        with open(out, "wb+") as file:
            return _mapped(file, array.shape, dtype)
    return _mapped(out, array.shape, dtype)


def _is_read(path: str | os.PathLike[str], array: FileArray) -> bool:
    """Return whether a path leads, maybe by a link, to one of the files to read."""
    if not os.path.exists(path):
        return False
    found = os.stat(path)
    for name in array.source.on_disk(array.names):
        try:
            if os.path.samestat(found, os.stat(name)):
                return True
        except (OSError, ValueError):  # there is no such file
            continue
    return False


def _mapped(file: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return a memory map of an open file, which has room on its disk for all of it.

    Without, a disk that is full would be no error, but the end of the process.
    """
    size = math.prod(shape) * dtype.itemsize
    name = getattr(file, "name", None)  # that of a temporary file is a number, but for Windows
    folder = os.path.dirname(os.path.abspath(name)) if isinstance(name, str) else None
    if folder is not None or os.name != "nt":
        free = shutil.disk_usage(file.fileno() if folder is None else folder).free
        if size > free:
            raise OSError(errno.ENOSPC, f"out needs {size:,} bytes, {free:,} are free", folder)
    try:
        os.posix_fallocate(file.fileno(), 0, max(1, size))
    except (AttributeError, OSError):  # no such call on this system, or file system
        for start in range(0, size, ZEROS):
            file.write(bytes(min(ZEROS, size - start)))
        file.flush()
    return np.memmap(file, dtype, "r+", shape=shape)


def _parts(array: FileArray) -> Iterator[tuple[list[range], Box]]:
    """Yield what to read at once, and where it stands in the array."""
    edges = [[0, *itertools.accumulate(c)] for c in block_chunks(array, "auto")]
    for window in itertools.product(*(list(itertools.pairwise(e)) for e in edges)):
        yield [range(*w) for w in window], tuple(slice(*w) for w in window)


def _blocks(array: FileArray) -> Iterator[tuple[FileArray, Box]]:
    """Yield blocks that can travel, and where they stand in the array."""
    for selected, box in _parts(array):
        yield array.block([(part.start, part.stop) for part in selected]), box


def _whole(block: FileArray) -> NDArray[Any]:
    """Return all of a block, on whichever worker."""
    return np.asarray(block[...])


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
    blocks, boxes = zip(*_blocks(array), strict=True)
    graph = graph_of_reads(array, [(_whole, block) for block in blocks])
    with _Place(result, dict(zip(graph, boxes, strict=True))):
        values = get(graph, list(graph), **kwargs)
    for box, value in zip(boxes, values, strict=True):
        if value is not None:  # a scheduler that knows no callbacks
            result[box] = value


def _travel_from_cluster(array: FileArray, result: NDArray[Any], client: Any) -> None:
    """Let a cluster read the blocks, two for each thread at a time, and copy them."""
    from distributed import as_completed

    boxes = _blocks(array)
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
