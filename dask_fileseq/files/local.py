"""Files on a local file system, listed and identified in little time; no pipes, no devices."""

from __future__ import annotations

import fnmatch
import glob
import os
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import chain
from operator import attrgetter
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.files.names import with_suffixes
from dask_fileseq.files.path_map import PathMap
from dask_fileseq.files.source import (
    MISSING,
    Source,
    Suffixes,
    Versions,
    is_searched,
    require_few_folders,
)

SAMPLE = 64
"""Number of files that show whether any exist, and whether threads are faster."""

SLOW_STAT = 100e-6
"""Seconds to get the size and time of a file, from which on threads are faster."""

STAT_THREADS = 16

_TRIPLE = np.dtype((np.int64, 3))

_SIZE_TIME_MODE = attrgetter("st_size", "st_mtime_ns", "st_mode")

_NONE = (*MISSING, 0)

_FORMAT = stat.S_IFMT(0o777777)
"""The bits of a mode that hold the kind of a file."""

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


class LocalFiles(Source):
    """Files on a file system that this process, and each worker, can reach."""

    def __init__(self, path_map: PathMap | None = None) -> None:
        self._map = path_map or None
        self._special: frozenset[str] = frozenset()
        """Names of pipes, sockets and devices, as far as `versions` has seen them."""

    def glob(self, pattern: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the files that match a pattern, or the images in a folder.

        In a folder, the `Suffixes` decide which files count, and hidden files never count. Broken
        links, pipes and devices count, so that reading reports them. The name of an existing
        file is that file, even with brackets. ``**`` is any number of folders.
        """
        if os.path.isdir(pattern):
            return with_suffixes(_listed(pattern)[0], suffixes)
        if os.path.isfile(pattern):
            return [pattern]
        folder, name = os.path.split(pattern)
        if glob.has_magic(folder) or name == "**" or not glob.has_magic(name):
            return glob.glob(pattern, recursive=True)
        return _matches(folder, name)

    def below(self, folder: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the images in all folders below a folder; links to folders count once."""
        names: list[str] = []
        left, seen = [folder], {os.path.realpath(folder)}
        while left:
            files, folders = _listed(left.pop())
            names += files
            for path, is_link in folders:
                # only links lead to a folder twice, or in a circle
                real = os.path.realpath(path) if is_link else path
                if real not in seen:
                    seen.add(real)
                    left.append(path)
            require_few_folders(len(seen), folder)
        return with_suffixes(names, suffixes)

    def beside(self, folder: str) -> Sequence[str]:
        """Return what is right inside a folder, by base names."""
        path = self._map.path(folder) if self._map is not None else folder
        try:
            return os.listdir(path or os.curdir)
        except OSError:  # the folder is not there, or cannot be listed
            return []

    def open(self, name: str) -> AbstractContextManager[str]:
        """Return a context that yields the path itself, which readers open as they like.

        Raises an OSError if it is a pipe, socket or device.
        """
        path = self._map.require(name) if self._map is not None else name
        return nullcontext(refuse_special(path))

    def paths(self, names: Sequence[str]) -> Sequence[str] | None:
        """Return the paths under which this process finds files; None if some are no files."""
        if self._special and not self._special.isdisjoint(names):
            return None
        return names if self._map is None else self.on_disk(names)

    def on_disk(self, names: Sequence[str]) -> Sequence[str]:
        """Return the paths under which this process finds files."""
        return names if self._map is None else list(map(self._map.path, names))

    def versions(self, names: Sequence[str], *, fresh: bool = False) -> Versions | None:
        """Return the size and modification time of each file.

        None if no file of an evenly spaced sample exists: then these are names, not files.
        Threads are used only if the first files are slow, as on a network share: on a fast
        file system, threads would only wait for each other.
        """
        paths = self.on_disk(names)
        sample = chain(paths[:: -(-len(paths) // SAMPLE)], paths[-1:])
        if not any(map(os.path.exists, sample)):
            return None
        start = perf_counter()
        first = _statuses(paths[:SAMPLE])
        if perf_counter() - start < len(first) * SLOW_STAT:
            statuses = np.concatenate([first, _statuses(paths[SAMPLE:])])
        else:
            parts = [paths[i : i + SAMPLE] for i in range(SAMPLE, len(paths), SAMPLE)]
            with ThreadPoolExecutor(STAT_THREADS) as pool:
                statuses = np.concatenate([first, *pool.map(_statuses, parts)])
        modes = statuses[:, 2]
        self._special = frozenset(names[i] for i in np.flatnonzero(is_special(modes)).tolist())
        return np.ascontiguousarray(statuses[:, :2])

    def __repr__(self) -> str:
        return f"LocalFiles({self._map or ''})"


def _listed(folder: str) -> tuple[list[str], list[tuple[str, bool]]]:
    """Return the paths of the files in a folder, and of the folders, with whether each is a link.

    Hidden ones are left out, and there are none if the folder cannot be listed.
    """
    files: list[str] = []
    folders: list[tuple[str, bool]] = []
    prefix = os.path.join(folder, "")
    with suppress(OSError), os.scandir(folder) as listing:
        for entry in listing:
            if entry.name[0] == ".":
                continue
            if entry.is_file(follow_symlinks=False) or not _is_folder(entry):
                files.append(prefix + entry.name)
            elif is_searched(entry.name):
                folders.append((prefix + entry.name, entry.is_symlink()))
    return files, folders


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder; broken links and pipes are none, and so are seen."""
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _matches(folder: str, pattern: str) -> list[str]:
    """Return what ``glob`` returns for a pattern within one folder, in less time."""
    try:
        names = os.listdir(folder or os.curdir)
    except OSError:  # there is no such folder
        return []
    prefix = os.path.join(folder, "")
    hidden = "" if pattern[0] == "." else "."
    return [prefix + n for n in fnmatch.filter(names, pattern) if n[0] != hidden]


def _statuses(names: Sequence[str]) -> NDArray[np.int64]:
    return np.fromiter(map(_status, names), _TRIPLE, len(names))


def _status(name: str) -> tuple[int, int, int]:
    """Return the size, the modification time and the mode of a file."""
    try:
        return _SIZE_TIME_MODE(os.stat(name))
    except (OSError, ValueError):  # no such file, or not a name of a file
        return _NONE


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
