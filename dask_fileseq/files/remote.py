"""`RemoteFiles`: files at URLs, through fsspec."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import chain
from typing import Any, BinaryIO, cast

import numpy as np
from toolz import groupby

from dask_fileseq.errors import NamesError, ReadError, public_error
from dask_fileseq.files.ahead import Starts
from dask_fileseq.files.answers import FEW_REQUESTS, patience
from dask_fileseq.files.fetching import (
    Part,
    fetch_start,
    getter,
    range_file,
    requested_info,
    require_start,
    retried,
    version_of,
)
from dask_fileseq.files.fileobjects import BLOCK
from dask_fileseq.files.filesystems import (
    StorageOptions,
    filesystem,
    requests_at_once,
    root_of,
    scheme_of,
)
from dask_fileseq.files.names import base_name, below_folder, in_folder
from dask_fileseq.files.source import (
    MISSING,
    Open,
    Source,
    Suffixes,
    Versions,
    is_searched,
    require_few_folders,
    version_number,
)

FEW = 8
"""Number of files in a folder from which on the folder is listed, rather than each file."""

MOST_FOLDERS = 10_000
"""Number of folders below a folder in which images are looked for, each by a request."""

_HTTP = ("http", "https")

HEADERS = 16 * 1024
"""Number of bytes that a small file may have besides its pixels to come in one request."""

LARGEST = 2**20
"""Number of bytes of each of many files that are requested before their turn."""

Found = dict[str, tuple[int, int]]
"""The versions of files, by URL."""


class RemoteFiles(Source):
    """Files at URLs that this process, and each worker, can reach."""

    def __init__(self, options: StorageOptions, first: str = "") -> None:
        self._options = options
        self.concurrency = requests_at_once(first)
        self._listed: Found = {}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_listed": {}}  # as large as all names

    def glob(self, pattern: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the URLs that match a pattern, or the images in a folder, by one listing.

        On an HTTP server, the URL of a folder ends with a slash, and the server has to list
        it. The versions in the listing are kept.
        """
        is_http = scheme_of(pattern) in _HTTP
        has_magic = any(sign in pattern for sign in ("*[" if is_http else "*[?"))
        try:
            fs, path = filesystem(pattern, self._options)
            fs.invalidate_cache()
            if has_magic:
                infos = retried(lambda: fs.glob(path, detail=True), patience(fs))
                if not infos and "[" in path:  # a name may have brackets
                    infos = {path: requested_info(fs, path)}
            elif is_http and not pattern.endswith("/"):
                return [pattern]
            else:
                infos = _file_or_images(fs, path, is_http, suffixes)
        except FileNotFoundError:
            return []
        except (ImportError, NamesError):
            raise
        except Exception as error:  # of any package
            raise ReadError.of(error, f"cannot list {pattern!r}: {error}") from public_error(error)
        return self._kept(_prefix(pattern, path), infos)

    def _kept(self, prefix: str, infos: Mapping[str, Any]) -> list[str]:
        """Return the URLs of files that were listed, and keep their versions."""
        infos = {prefix + p: info for p, info in infos.items() if info["type"] != "directory"}
        self._listed = {n: _version(i) for n, i in infos.items() if i.get("size") is not None}
        return list(infos)

    def below(self, folder: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the images in all folders below a folder, by a listing of each."""
        is_page = not folder.endswith("/") and scheme_of(folder) in _HTTP
        if is_page or any(sign in folder for sign in "*[?"):
            return []
        path = filesystem(folder, self._options)[1]
        prefix, root = _prefix(folder, path), path.rstrip("/") + "/"
        found: dict[str, Any] = {}
        left, seen = [path], {path.rstrip("/")}
        with ThreadPoolExecutor(self.concurrency) as pool:
            while left:
                require_few_folders(len(seen), folder, MOST_FOLDERS)
                listed = pool.map(self._list, [prefix + name for name in left])
                entries = {info["name"]: info for infos in listed for info in infos or ()}
                left = []
                for name, info in entries.items():
                    if info["type"] != "directory":
                        found[name] = info
                    elif name.startswith(root) and name.rstrip("/") not in seen:
                        seen.add(name.rstrip("/"))
                        left += [name] if is_searched(base_name(name)) else []
        names = below_folder(list(found), path, suffixes)
        return self._kept(prefix, {name: found[name] for name in names})

    def beside(self, folder: str) -> Sequence[str]:
        """Return what is right inside a folder, by base names; nothing of an HTTP server."""
        if scheme_of(folder) in _HTTP:
            return []
        return [base_name(info["name"]) for info in self._list(folder) or ()]

    @contextmanager
    def in_advance(self, names: Sequence[str], size: int | None) -> Iterator[Open]:
        """Return a context that yields what opens these files, whose starts it requests."""
        fs, _ = filesystem(names[0], self._options)
        get = getter(fs)
        if get is None or not _are_together(names):
            yield self.open
            return
        number = min(max(BLOCK, (size or 0) + HEADERS), LARGEST)
        starts = Starts(fs, get, names, [fs._strip_protocol(name) for name in names], number)
        try:
            yield lambda name: self._opened(name, starts.take(name))
        finally:
            starts.close()

    def readers(self, names: Sequence[str], size: int | None) -> int:
        """Return the number of threads: few if each file comes whole, without a second request.

        More threads would take turns at the interpreter lock, and wait no less.
        """
        is_asked_once = size is not None and size + HEADERS <= LARGEST and _are_together(names)
        if is_asked_once and getter(filesystem(names[0], self._options)[0]) is not None:
            return min(FEW_REQUESTS, self.concurrency)
        return self.concurrency

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Return a context that yields a handle, with the start of the file in memory."""
        return self._opened(name)

    @contextmanager
    def _opened(self, name: str, first: Part | None = None) -> Iterator[BinaryIO]:
        fs, path = filesystem(name, self._options)
        try:
            first = fetch_start(fs, path, BLOCK) if first is None else require_start(first, path)
        except FileNotFoundError as error:
            if scheme_of(name) != "memory":
                raise
            hint = "what is at memory:// is in the memory of one process only"
            raise FileNotFoundError(f"{path}; {hint}") from error
        with range_file(fs, path, first) as handle:
            yield cast(BinaryIO, handle)

    def versions(self, names: Sequence[str], *, fresh: bool = False) -> Versions | None:
        """Return size and a number for the ETag, or time, of each file; None if none exists.

        They come from the listing that found the files, or from listings of their folders
        if the file system has them; else each file is requested.
        """
        found: Found = {} if fresh else self._listed
        left = [name for name in names if name not in found]
        if left:
            found = found | self._look_up(left)
        if not fresh:
            self._listed = found
        versions = [found.get(name, MISSING) for name in names]
        exist = any(version != MISSING for version in versions)
        return np.array(versions, np.int64) if exist else None

    def _look_up(self, names: Sequence[str]) -> Found:
        """Return the versions of files that exist, by listing folders of many files."""
        filesystem(names[0], self._options)[0].invalidate_cache()
        folders = groupby(lambda name: name.rpartition("/")[0], names)
        large = [f for f in folders if len(folders[f]) >= FEW and scheme_of(f) not in _HTTP]
        found: Found = {}
        pool = ThreadPoolExecutor(self.concurrency)
        try:
            for folder, infos in zip(large, pool.map(self._list, large), strict=True):
                if infos is not None:
                    found |= {f"{folder}/{base_name(i['name'])}": _version(i) for i in infos}
                    del folders[folder]
            others = list(chain(*folders.values()))
            infos = pool.map(partial(self._version_info, threading.Event()), others)
            for name, info in zip(others, infos, strict=True):
                if info is not None:
                    found[name] = _version(info)
        finally:  # also at an error
            pool.shutdown(cancel_futures=True)
        return found

    def _version_info(self, failed: threading.Event, url: str) -> Any:
        """Return the entry of a file; None if there is none, or after an error of another file.

        A server that does not answer gets one request of each thread, not one for each file.
        """
        try:
            return None if failed.is_set() else self._request(requested_info, url)
        except ReadError:
            failed.set()
            raise

    def _list(self, folder: str) -> Any:
        """Return the entries of a folder; None if listing is not permitted."""
        try:
            return self._request(_listing, folder) or ()
        except PermissionError:
            return None

    def _request(self, request: Callable[[Any, str], Any], url: str) -> Any:
        """Return what the file system has at a URL; None if there is nothing."""
        fs, path = filesystem(url, self._options)
        try:
            return request(fs, path)
        except FileNotFoundError:
            return None
        except Exception as error:  # of any package
            message = f"cannot request {url!r}: {error}; identity='name' needs no request"
            raise ReadError.of(error, message) from public_error(error)

    def __repr__(self) -> str:
        return f"RemoteFiles({self._options or ''})"


def _are_together(names: Sequence[str]) -> bool:
    """Return whether one file system has all files."""
    return len({root_of(name) for name in names}) == 1


def _listing(fs: Any, path: str) -> Any:
    """Return the entries of a folder."""
    return retried(lambda: fs.ls(path, detail=True), patience(fs))


def _file_or_images(fs: Any, path: str, is_folder: bool, suffixes: Suffixes) -> dict[str, Any]:
    """Return the listing of a file, or of the images right inside a folder, by name."""
    if not is_folder:
        info = requested_info(fs, path)
        if info["type"] != "directory":
            return {path: info}
    infos = {info["name"]: info for info in _listing(fs, path)}
    files = [name for name, info in infos.items() if info["type"] != "directory"]
    return {name: infos[name] for name in in_folder(files, path.rstrip("/") + "/", suffixes)}


def _prefix(url: str, path: str) -> str:
    """Return the text before a path in a URL.

    >>> _prefix("s3://scans/t*.tif", "scans/t*.tif"), _prefix("memory://t.tif", "/t.tif")
    ('s3://', 'memory:/')
    """
    url = url.rstrip("/")
    path = path.rstrip("/")
    return url.removesuffix(path) if url.endswith(path) else f"{root_of(url)}/"


def _version(info: Mapping[str, Any]) -> tuple[int, int]:
    """Return size and version of a file, from its entry in a listing; size -1 if unlisted."""
    size = info.get("size")
    return -1 if size is None else size, version_number(version_of(info))
