"""Pipes, sockets and devices: what has the name of a file, and may block for ever if opened."""

from __future__ import annotations

import os
import stat

import numpy as np
from numpy.typing import NDArray

_FORMAT = stat.S_IFMT(0o777777)
"""The bits of a mode that hold the kind of a file."""

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


def require_file(path: str) -> os.stat_result:
    """Return the status of a file; raise `OSError` for a folder, pipe, socket or device."""
    status = os.stat(path)
    if stat.S_ISREG(status.st_mode):
        return status
    raise OSError(f"is no file but {_KINDS.get(stat.S_IFMT(status.st_mode), 'something else')}")


def is_special(modes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which modes of files, as `os.stat` returns them, are of pipes, sockets or devices."""
    return np.isin(modes & _FORMAT, [0, stat.S_IFREG, stat.S_IFDIR], invert=True)


def refuse_special(path: str) -> str:
    """Return a path; raise `OSError` if it is that of a pipe, socket or device, or a link to one.

    The path of a folder, or of nothing, is left to the reader.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):  # no such file, or not a name of a file
        return path
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        require_file(path)
    return path
