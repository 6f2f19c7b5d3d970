"""Files at URLs, through fsspec."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO, cast

import numpy as np

from dask_fileseq.errors import ReadError
from dask_fileseq.files.archive import numbered
from dask_fileseq.files.filesystems import StorageOptions, filesystem
from dask_fileseq.files.matching import in_folder
from dask_fileseq.files.ranges import BLOCK, RangeFile
from dask_fileseq.files.requests import first_part, parts, version_of
from dask_fileseq.files.retries import retried
from dask_fileseq.files.source import Suffixes, Versions
from dask_fileseq.files.urls import base_name, root_of

__all__ = ["RemoteFiles"]

FEW = 8
"""Files in a folder that are asked about one by one, rather than listing the folder."""

MISSING = (-1, -1)


class RemoteFiles:
    """Files at URLs that this process, and each worker, can reach.

    Parameters
    ----------
    options : StorageOptions
        Arguments of the file system.
    """

    concurrency = 16

    def __init__(self, options: StorageOptions) -> None:
        self._options = options
        self._listed: dict[str, tuple[int, int]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_listed": {}}  # as large as all names

    def glob(self, pattern: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the URLs that match, by one listing; a folder stands for its images.

        Of an HTTP server, a folder ends with a slash, and the server has to list it.
        What the listing tells of versions is kept.
        """
        try:
            fs, path = filesystem(pattern, self._options)
        except OSError as error:  # some connect at once
            raise ReadError.of(error, f"cannot list {pattern!r}: {error}") from error
        is_http = path.startswith(("http://", "https://"))
        magic = "*[" if is_http else "*[?"
        folder = pattern.endswith("/") if is_http else None
        fs.invalidate_cache()
        try:
            if any(sign in path for sign in magic):
                found = retried(lambda: fs.glob(path, detail=True))
                if not found and "[" in path:  # a name may have brackets
                    found = {path: retried(lambda: fs.info(path))}
            elif folder is False:
                return [pattern]
            else:
                found = _one_or_folder(fs, path, folder, suffixes)
        except FileNotFoundError:
            return []
        except Exception as error:
            raise ReadError.of(error, f"cannot list {pattern!r}: {error}") from error
        prefix = _prefix(pattern, path)
        infos = {prefix + p: info for p, info in found.items() if info["type"] != "directory"}
        told = {name: _version(info) for name, info in infos.items()}
        self._listed = {name: version for name, version in told.items() if version[0] >= 0}
        return list(infos)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Return a context that yields a handle, with the beginning of the file in memory."""
        fs, path = filesystem(name, self._options)
        try:
            first = first_part(fs, path, BLOCK)
        except FileNotFoundError as error:
            if not root_of(name).startswith("memory://"):
                raise
            hint = "what is at memory:// is in the memory of one process only"
            raise FileNotFoundError(f"{path}; {hint}") from error
        fetch = partial(parts, fs, path, version=first.version, size=first.size)
        with RangeFile(fetch, first.size, first.content, base_name(name)) as handle:
            yield cast(BinaryIO, handle)

    def paths(self, names: Sequence[str]) -> None:
        """Return None: these are no paths."""

    def on_disk(self, names: Sequence[str]) -> Sequence[str]:
        """Return none: no file is local."""
        return []

    def versions(self, names: Sequence[str], *, fresh: bool = False) -> Versions | None:
        """Return size and a number for the ETag, or time, of each file; -1 if it is missing.

        They come from the listing that found the files, or from those of their folders, where
        listings tell; else each file is asked for. None where no file exists.
        Fresh ones are asked for anew, and not kept.
        """
        known: dict[str, tuple[int, int]] = {} if fresh else self._listed
        unknown = [name for name in names if name not in known]
        found = known | self._asked(unknown) if unknown else known
        if not fresh:
            self._listed = found
        numbers = [found.get(name, MISSING) for name in names]
        exist = any(number != MISSING for number in numbers)
        return np.array(numbers, np.int64) if exist else None

    def _asked(self, names: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Return the versions of files that are there, by folders where these can be listed."""
        folders = defaultdict(list)
        for name in names:
            folders[name.rpartition("/")[0]].append(name)
        filesystem(names[0], self._options)[0].invalidate_cache()
        tasks: list[tuple[str, Sequence[str]]] = []
        for folder, inside in folders.items():
            is_http = root_of(folder + "/").rpartition("::")[2].startswith("http")
            if is_http or len(inside) < FEW:
                tasks += [(name, ()) for name in inside]
            else:
                tasks.append((folder, inside))
        with ThreadPoolExecutor(self.concurrency) as pool:
            given = list(pool.map(self._ask, tasks))
            answers = [answer for answer in given if answer is not None]
            closed = [task for task, answer in zip(tasks, given, strict=True) if answer is None]
            single = [(name, ()) for _, inside in closed for name in inside]
            answers += [answer for answer in pool.map(self._ask, single) if answer is not None]
        return {name: version for answer in answers for name, version in answer.items()}

    def _ask(self, task: tuple[str, Sequence[str]]) -> dict[str, tuple[int, int]] | None:
        """Return the versions of a file, or of those in a folder; None if it is not to be listed.

        Public data often can be read by all, and listed by nobody.
        """
        url, inside = task
        fs, path = filesystem(url, self._options)
        try:
            if not inside:
                return {url: _version(retried(lambda: fs.info(path)))}
            infos = retried(lambda: fs.ls(path, detail=True))
        except FileNotFoundError:
            return {}
        except Exception as error:
            if inside and isinstance(error, PermissionError):
                return None
            raise ReadError.of(
                error, f"cannot ask for {url!r}: {error}; identity='name' does not ask"
            ) from error
        return {f"{url}/{base_name(info['name'])}": _version(info) for info in infos}

    def close(self) -> None:
        """Do nothing: connections are shared, and end with the process."""

    def __repr__(self) -> str:
        return f"RemoteFiles({self._options or ''})"


def _one_or_folder(
    fs: Any, path: str, folder: bool | None, suffixes: Suffixes
) -> Mapping[str, Any]:
    """Return a file, or the images right inside a folder, by name."""
    if folder is None:
        info = retried(lambda: fs.info(path))
        if info["type"] != "directory":
            return {path: info}
    infos = {i["name"]: i for i in retried(lambda: fs.ls(path, detail=True))}
    files = [name for name, i in infos.items() if i["type"] != "directory"]
    images = in_folder(files, path.rstrip("/") + "/", suffixes)
    return {name: infos[name] for name in images}


def _prefix(url: str, path: str) -> str:
    """Return what stands before a path in a URL.

    >>> _prefix("s3://scans/t*.tif", "scans/t*.tif"), _prefix("memory://t.tif", "/t.tif")
    ('s3://', 'memory:/')
    """
    url = url.rstrip("/")
    path = path.rstrip("/")
    return url.removesuffix(path) if url.endswith(path) else f"{root_of(url)}/"


def _version(info: Mapping[str, Any]) -> tuple[int, int]:
    """Return size and version of a file, from what is said of it; -1 for a size that is not."""
    size = info.get("size")
    return -1 if size is None else size, numbered(version_of(info))
