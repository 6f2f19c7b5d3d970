"""Files that are written whole or not at all, whatever the disk does."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from secrets import randbelow
from typing import IO, Any

from dask_fileseq.errors import WriteError


@contextmanager
def new_file(path: str | os.PathLike[str], mode: str = "w", **kwargs: Any) -> Iterator[IO[Any]]:
    """Return a context that yields a file to write, which takes its place at the end.

    Until then it has another name, so that a file of this name stays as it is if something
    fails, and nothing is left. What is no regular file is written to as it is. With the mode
    "a", what was added is removed.

    Raises
    ------
    WriteError
        If it cannot be written, as on a full disk. It names the file, and how much was to be
        written at least.
    """
    path = os.path.realpath(path) if os.path.islink(path) else os.fspath(path)
    appends, direct = "a" in mode, os.path.exists(path) and not os.path.isfile(path)
    part = path if appends or direct else f"{path}.{randbelow(10**7)}.part"
    before = os.path.getsize(path) if appends and os.path.exists(path) else 0
    try:
        opened = open(part, mode, **kwargs)  # noqa: SIM115 - closed below
    except OSError as error:
        error.filename = path  # what the caller has asked for
        raise
    with opened as file:
        try:
            yield file
            file.flush()
        except BaseException as error:
            size = max(before, 0 if direct else _size(part))
            with suppress(OSError):  # which wants to write what is still in memory
                file.close()
            if not direct:
                _restore(part, before if appends else None)
            if isinstance(error, OSError) and not isinstance(error, WriteError):
                raise write_error(error, path, f"more than {size:,} bytes") from error
            raise
    if part != path:
        os.replace(part, path)


def write_error(error: OSError, path: str, needed: str) -> WriteError:
    """Return the error that names a file which cannot be written, and what is needed for it."""
    reason = error.strerror or str(error)
    return WriteError(
        error.errno or errno.EIO, f"cannot write {path!r}: it needs {needed}: {reason}"
    )


def _size(path: str) -> int:
    with suppress(OSError):
        return os.path.getsize(path)
    return 0


def _restore(path: str, size: int | None) -> None:
    """Cut a file to the size that it had, or remove it if it is new."""
    with suppress(OSError):
        if size:
            os.truncate(path, size)
        else:
            os.remove(path)
