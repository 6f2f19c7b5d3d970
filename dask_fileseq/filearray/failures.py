"""Reads that fail: which file, why, and what stands in its place."""

from __future__ import annotations

import os
import pickle
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from dask_fileseq.errors import ReadError
from dask_fileseq.files import Source, is_transient

__all__ = [
    "checked_fillvalue",
    "first_readable",
    "log_fill",
    "picklable",
    "read_error",
    "recorded_fills",
]

_recorded: ContextVar[list[tuple[str, str]] | None] = ContextVar("recorded_fills", default=None)

SILENT = 3
"""Files for which a server gives no answer, which takes seconds: the others are not tried."""

T = TypeVar("T")


def first_readable(names: Sequence[str], source: Source, read: Callable[[Any], T]) -> T:
    """Return what `read` returns for the first of the files with which it does not fail.

    Raises
    ------
    ReadError
        If it fails with all, or a server does not answer several times; it tells why with
        the first.
    """
    failures: list[Exception] = []
    silent = 0
    for name in names:
        try:
            with source.open(name) as file:
                return read(file)
        except MemoryError:
            raise
        except Exception as error:
            failures.append(error)
            silent += is_transient(error)
            if silent == SILENT:
                break
    raise read_error(failures[0], repr(names[0]), names[0]) from failures[0]


def read_error(error: Exception, where: str, name: str) -> ReadError:
    """Return the error that says where reading failed, and why."""
    if isinstance(error, FileNotFoundError):
        if error.filename and not os.path.isabs(name):
            where += f" relative to {os.getcwd()!r}"
        worker = _worker()
        if worker is not None:
            where += f" on worker {worker.address} (host {socket.gethostname()})"
    return ReadError.of(error, f"cannot read {where}: {type(error).__name__}: {error}")


def picklable(error: Exception) -> Exception:
    """Return the error, or one that says the same, if it would not come back from a worker."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}").with_traceback(error.__traceback__)
    return error


def checked_fillvalue(fillvalue: ArrayLike | None, dtype: np.dtype[Any]) -> Any:
    """Return `fillvalue` as a scalar of `dtype`; None stands for its zero.

    Raises
    ------
    ValueError
        If `dtype` cannot hold it.

    Examples
    --------
    >>> checked_fillvalue(7, np.dtype("u1"))
    np.uint8(7)
    """
    if fillvalue is None:
        return np.zeros((), dtype)[()]
    value = np.asarray(fillvalue)
    with np.errstate(invalid="ignore", over="ignore"):
        try:
            cast = value.astype(dtype)
            if dtype.kind in "fc":  # rounded is good enough, but not overflown
                fits = np.can_cast(value.dtype, dtype, "same_kind")
                fits = fits and np.isfinite(cast) == np.isfinite(value)
            else:
                fits = cast == value or bool(value != value and cast != cast)
        except (TypeError, ValueError, OverflowError):
            fits = False
    if value.ndim or not fits:
        raise ValueError(f"fillvalue={fillvalue!r} is not a value of dtype {dtype}")
    return cast[()]


@contextmanager
def recorded_fills() -> Iterator[list[tuple[str, str]]]:
    """Collect name and error of each file that is filled in this thread meanwhile."""
    recorded: list[tuple[str, str]] = []
    token = _recorded.set(recorded)
    try:
        yield recorded
    finally:
        _recorded.reset(token)


def log_fill(name: str, reason: str) -> None:
    """Tell `recorded_fills`; on a cluster, also leave an event, ``get_events("dask-fileseq")``."""
    recorded = _recorded.get()
    if recorded is not None:
        recorded.append((name, reason))
    worker = _worker()
    if worker is not None:
        worker.log_event("dask-fileseq", {"file": name, "error": reason})


def _worker() -> Any:
    """Return the worker of a cluster in one of whose tasks this runs, if any."""
    worker_module = sys.modules.get("distributed.worker")
    try:
        return None if worker_module is None else worker_module.get_worker()
    except ValueError:  # not in a task of a worker
        return None
