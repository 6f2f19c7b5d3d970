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
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from dask_fileseq.filearray import FileArray, checked_fillvalue
from dask_fileseq.files import require_file, write_error
from dask_fileseq.graph import Box, Scheduler, block_chunks, parts_of, read_in_place, run

__all__ = ["asarray"]

ZEROS = 2**20
"""Number of bytes to write at once where a file cannot be given its size otherwise."""

UNSUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENODEV)
"""Errors of file systems that cannot allocate room in one call."""

TRAVELLING = 256 * 2**20
"""Bytes of blocks from other processes that are in memory before they are copied."""


def asarray(
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
        The output: a new array, an array of any compatible shape, ``"memmap"`` or
        ``"memmap:DIR"`` for a memory map of a temporary file, or a file to map.
    dtype : optional
        Data type to cast to.
    scheduler : optional
        Any that dask accepts; by default a running distributed client, what is
        configured, or threads.
    workers : int, optional
        Number of workers of a local scheduler. None or 0: dask's default, but one thread
        for files so small that threads would slow each other down.
    **kwargs
        Passed to the scheduler.

    Returns
    -------
    ndarray
        C-contiguous, but for an `out` that is not.
    """
    if dtype is not None:  # of the values from which to cast, only this one is known
        checked_fillvalue(array.options.fillvalue, np.dtype(dtype))
    with_workers = Scheduler(scheduler, workers, **kwargs)
    result = _output(out, array, array.dtype if dtype is None else np.dtype(dtype))
    if not result.size:
        return result
    if with_workers.is_local:
        chunks = block_chunks(array, "auto")
        parts = parts_of(array, tuple(map(range, array.shape)), chunks)
        read_in_place(array, parts, result, with_workers)
        return result

    def place(block: tuple[FileArray, Box], pixels: NDArray[Any]) -> None:
        result[block[1]] = pixels

    name = f"read-{array.reader.name}"
    largest = math.prod(map(max, block_chunks(array, "auto"))) * array.dtype.itemsize
    batch = max(1, TRAVELLING // largest)
    array = replace(array, identified="")  # in no graph; it may be a request for each file
    run(with_workers, _read_block, None, _blocks(array), place, name=name, batch=batch)
    return result


def _output(out: Any, array: FileArray, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the array to read into, in the shape of the file array.

    Raises
    ------
    ValueError
        If `out` does not fit, cannot be written, or is one of the files to read.
    TypeError
        If `out` is something else.
    WriteError
        If there is no room for the file to map, or it cannot be written.
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
            return _mapped(file, array.shape, dtype, os.path.join(out[7:] or "", "memmap"))
    if isinstance(out, str | os.PathLike):
        path = os.fspath(out)
        if _is_read(path, array):
            raise ValueError(f"out={path!r} is one of the files to read")
        return _new_map(path, array.shape, dtype)
    try:
        out.fileno()
    except (AttributeError, TypeError, OSError) as error:  # such as a stream in memory
        raise TypeError(
            f"out={out!r} is neither None, an array, the name of a file, an open file, 'memmap'"
            " nor 'memmap:FOLDER'"
        ) from error
    return _mapped(out, array.shape, dtype, str(out.name))


def _new_map(path: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return a memory map of a file, which is made or overwritten.

    If there is no room for it, nothing is left of a new file.
    """
    is_new = not os.path.exists(path)
    if not is_new:
        try:
            require_file(path)
        except OSError as error:
            raise type(error)(f"out={path!r} {error}") from error
    with open(path, "wb+" if is_new else "rb+") as file:
        try:
            result = _mapped(file, shape, dtype, path)
        except BaseException:
            if is_new:
                with suppress(OSError):  # Windows removes no open file
                    os.remove(path)
            raise
        if not is_new:
            file.truncate(max(1, result.nbytes))
    return result


def _is_read(path: str | os.PathLike[str], array: FileArray) -> bool:
    """Return whether a path is one of the files to read, or a link to one."""
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


def _mapped(file: Any, shape: tuple[int, ...], dtype: np.dtype[Any], path: str) -> NDArray[Any]:
    """Return a memory map of an open file, after allocating room for all of it on the disk.

    Without that, a disk that gets full would not raise an error, but kill the process.
    """
    size = math.prod(shape) * dtype.itemsize
    try:
        _allocate(file, size)
    except OSError as error:
        raise write_error(error, path, f"{size:,} bytes") from error
    return np.memmap(file, dtype, "r+", shape=shape)


def _allocate(file: Any, size: int) -> None:
    """Allocate room for a file on the disk; raise an OSError if there is none."""
    name = getattr(file, "name", None)  # that of a temporary file is a number, but for Windows
    folder = os.path.dirname(os.path.abspath(name)) if isinstance(name, str) else None
    if folder is not None or os.name != "nt":
        free = shutil.disk_usage(file.fileno() if folder is None else folder).free
        if size > free + os.fstat(file.fileno()).st_size:
            raise OSError(errno.ENOSPC, f"{free:,} bytes are free")
    try:
        os.posix_fallocate(file.fileno(), 0, max(1, size))
    except (AttributeError, OSError) as error:  # no such call on this system, or file system
        if isinstance(error, OSError) and error.errno not in UNSUPPORTED:
            raise
        for start in range(0, size, ZEROS):
            file.write(bytes(min(ZEROS, size - start)))
        file.flush()


def _blocks(array: FileArray) -> Iterator[tuple[FileArray, Box]]:
    """Yield blocks that can travel, and their boxes in the array."""
    edges = [[0, *itertools.accumulate(c)] for c in block_chunks(array, "auto")]
    for window in itertools.product(*(list(itertools.pairwise(e)) for e in edges)):
        yield array.block(window), tuple(slice(*w) for w in window)


def _read_block(_: None, block: tuple[FileArray, Box]) -> NDArray[Any]:
    """Return the pixels of a block, on whichever worker."""
    return np.asarray(block[0][...])
