"""Reads that fail: the error that names file and cell, and the record of filled files."""

from __future__ import annotations

import os
import pickle
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from numpy.typing import NDArray

from dask_fileseq.errors import ChunkMismatchError, FillWarning, ReadError, public_error, warn_user
from dask_fileseq.grid import cell_text
from dask_fileseq.plaintext import without_secrets
from dask_fileseq.readers import WrongChunk
from dask_fileseq.types import ReadOptions

_recorded: ContextVar[list[tuple[str, str]] | None] = ContextVar("recorded_fills", default=None)


def raise_or_fill(
    error: Exception, name: str, cell: Mapping[str, Any], out: NDArray[Any], options: ReadOptions
) -> None:
    """Raise the error of a file that cannot be read, or fill its place and warn."""
    failure = failure_of(error, name, cell)
    if options.errors != "fill":
        raise failure from _picklable(error)
    out[...] = options.fillvalue
    warn_user(f"{failure}; filled with {options.fillvalue}", FillWarning)
    _log_fill(without_secrets(name), str(failure))


def failure_of(error: Exception, name: str, cell: Mapping[str, Any]) -> Exception:
    """Return the error that names a file, the labels of its cell, and what is wrong."""
    where = f"{name!r} {cell_text(cell)}".rstrip()
    if isinstance(error, WrongChunk):
        return ChunkMismatchError(f"{where} does not fit the sequence: {error}")
    return read_error(error, where, name)


def read_error(error: Exception, where: str, name: str) -> ReadError:
    """Return the error that names the place where reading failed, and the reason."""
    if isinstance(error, FileNotFoundError):
        if error.filename and not os.path.isabs(name):
            where += f" relative to {os.getcwd()!r}"
        worker = current_worker()
        if worker is not None:
            where += f" on worker {worker.address} (host {socket.gethostname()})"
    return ReadError.of(error, f"cannot read {where}: {type(error).__name__}: {error}")


def _picklable(error: Exception) -> BaseException:
    """Return the error, or a plain one with its text if a worker could not or must not send it."""
    shown = public_error(error)
    if shown is not error:
        return shown
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}").with_traceback(error.__traceback__)
    return error


@contextmanager
def recorded_fills() -> Iterator[list[tuple[str, str]]]:
    """Collect name and error of each file that is filled in this thread meanwhile."""
    recorded: list[tuple[str, str]] = []
    token = _recorded.set(recorded)
    try:
        yield recorded
    finally:
        _recorded.reset(token)


def _log_fill(name: str, reason: str) -> None:
    """Add a filled file to `recorded_fills`, and on a cluster to the events "dask-fileseq"."""
    recorded = _recorded.get()
    if recorded is not None:
        recorded.append((name, reason))
    worker = current_worker()
    if worker is not None:
        worker.log_event("dask-fileseq", {"file": name, "error": reason})


def current_worker() -> Any:
    """Return the distributed worker whose task this thread runs, if any."""
    worker_module = sys.modules.get("distributed.worker")
    try:
        return None if worker_module is None else worker_module.get_worker()
    except ValueError:  # this thread runs no task of a worker
        return None
