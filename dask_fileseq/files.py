"""Where the bytes live: names, opening, identity. No parsing of names, no pixels.

A *source* (`LocalFiles`, `ZipFiles`, `OpenArchive`) lists names, opens one, and
tells versions of files apart. Sources pickle: each process opens its own archive.
"""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, nullcontext
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from time import perf_counter
from typing import Any, BinaryIO, Protocol, cast, overload

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import NoFilesError, ReadError

__all__ = ["LocalFiles", "Names", "OpenArchive", "Source", "ZipFiles", "find_files", "open_source"]

Versions = NDArray[np.int64]
Suffixes = tuple[tuple[str, ...], ...]


SAMPLE = 64
"""Files whose time to answer decides whether the others are asked in threads."""

SLOW_STAT = 100e-6
"""Seconds for a file to say its size and time, from which on threads are faster."""

STAT_THREADS = 16

_SIZE_AND_TIME = attrgetter("st_size", "st_mtime_ns")


class Source(Protocol):
    """What lists, opens and identifies files."""

    def glob(self, pattern: str, suffixes: Suffixes) -> list[str]:
        """Return the names that match, in no particular order."""

    def open(self, name: str) -> AbstractContextManager[str | BinaryIO]:
        """Return a context that yields a path, or a seekable binary handle."""

    def versions(self, names: Sequence[str]) -> Versions | None:
        """Return two numbers a file that change when it does; None: names alone count."""

    def close(self) -> None:
        """Let go of what is open in this process."""


class LocalFiles:
    """Files on a file system that this process, and each worker, can reach."""

    def glob(self, pattern: str, suffixes: Suffixes = ()) -> list[str]:
        """Return the files that match; a folder stands for the images right inside it.

        Of a folder, only files whose names end, in any letter case, with the first of
        `suffixes` that any has count; none given: all that are not hidden. An existing
        file is itself, also where its name has brackets. ``**`` matches any number of
        folders.
        """
        if os.path.isdir(pattern):
            names = glob.glob(os.path.join(glob.escape(pattern), "*"))
            for ends in suffixes or ("",):
                found = [n for n in names if n.lower().endswith(ends) and os.path.isfile(n)]
                if found:
                    return found
            return []
        if os.path.isfile(pattern):
            return [pattern]
        folder, name = os.path.split(pattern)
        if glob.has_magic(folder) or name == "**" or not glob.has_magic(name):
            return glob.glob(pattern, recursive=True)
        return _matching(folder, name)

    def open(self, name: str) -> AbstractContextManager[str]:
        """Return a context that yields the path itself: readers open it as they like."""
        return nullcontext(name)

    def versions(self, names: Sequence[str]) -> Versions | None:
        """Return size and modification time of each file; -1 for one that is missing.

        None where the first file does not exist: then these are names, not files. Where
        the first files are slow to answer, as on a network share, many are asked at
        once; elsewhere threads would only wait for each other.
        """
        if not os.path.exists(names[0]):
            return None
        start = perf_counter()
        first = _versions(names[:SAMPLE])
        if perf_counter() - start < len(first) * SLOW_STAT:
            return np.concatenate([first, _versions(names[SAMPLE:])])
        parts = [names[i : i + SAMPLE] for i in range(SAMPLE, len(names), SAMPLE)]
        with ThreadPoolExecutor(STAT_THREADS) as pool:
            return np.concatenate([first, *pool.map(_versions, parts)])

    def close(self) -> None:
        """Do nothing: no file is kept open."""

    def __repr__(self) -> str:
        return "LocalFiles()"


def _matching(folder: str, pattern: str) -> list[str]:
    """Return what ``glob`` does for a pattern within one folder, in a third of the time."""
    try:
        names = os.listdir(folder or os.curdir)
    except OSError:  # there is no such folder
        return []
    prefix = os.path.join(folder, "")
    hidden = "" if pattern[0] == "." else "."
    start, _, end = pattern.partition("*")
    if os.sep != "/" or glob.has_magic(start + end):
        names = fnmatch.filter(names, pattern)
        return [prefix + n for n in names if not hidden or n[0] != hidden]
    size = len(start) + len(end)  # one star, and letter case counts: no need to search
    return [
        prefix + n
        for n in names
        if n.endswith(end) and n.startswith(start) and len(n) >= size and n[0] != hidden
    ]


def _versions(names: Sequence[str]) -> Versions:
    """Return size and modification time of each file."""
    try:
        pairs: Iterable[tuple[int, int]] = map(_SIZE_AND_TIME, map(os.stat, names))
        found = np.fromiter(chain.from_iterable(pairs), np.int64, 2 * len(names))
    except (OSError, ValueError):  # one is missing
        pairs = map(_version, names)
        found = np.fromiter(chain.from_iterable(pairs), np.int64, 2 * len(names))
    return found.reshape(-1, 2)


def _version(name: str) -> tuple[int, int]:
    try:
        stat = os.stat(name)
    except (OSError, ValueError):
        return -1, -1
    return stat.st_size, stat.st_mtime_ns


class _Archive:
    """What `ZipFiles` and `OpenArchive` share: members by name."""

    def _members(self) -> Any:
        raise NotImplementedError

    def glob(self, pattern: str, suffixes: Suffixes = ()) -> list[str]:
        members = self._members()
        if not hasattr(members, "namelist"):
            raise ValueError(f"container={members!r} cannot list its files: pass their names")
        names = [name for name in members.namelist() if not name.endswith("/")]
        return fnmatch.filter(names, pattern)

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Return a context that yields the member's bytes, and reads no other member."""
        try:
            with self._members().open(name) as member:
                return closing(io.BytesIO(member.read()))
        except KeyError as error:
            raise FileNotFoundError(f"no {name!r} in {self}") from error

    def versions(self, names: Sequence[str]) -> Versions | None:
        """Return size and checksum of each member; None where the archive has none."""
        members = self._members()
        if not isinstance(members, zipfile.ZipFile):
            return None
        infos = {info.filename: (info.file_size, info.CRC) for info in members.infolist()}
        return np.array([infos.get(name, (-1, -1)) for name in names], np.int64)


class ZipFiles(_Archive):
    """Members of a ZIP file with a name; each process opens its own, again if it changed."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.path.abspath(path)
        try:
            self._members()
        except zipfile.BadZipFile as error:
            raise ReadError(f"container={os.fspath(path)!r} is no ZIP file: {error}") from error

    def _members(self) -> zipfile.ZipFile:
        stat = os.stat(self.path)
        version = stat.st_ino, stat.st_size, stat.st_mtime_ns
        return _opened(self.path, version, os.getpid())

    def close(self) -> None:
        """Let go of the archive; reading from it opens it again."""
        _opened.cache_clear()

    def __repr__(self) -> str:
        return f"ZipFiles({self.path!r})"

    def __str__(self) -> str:
        return self.path


@lru_cache(maxsize=16)
def _opened(path: str, version: tuple[int, ...], process: int) -> zipfile.ZipFile:
    """Return an open archive, kept for the next read.

    Not that of another version of the file, whose directory would be wrong, nor that of
    the parent of a forked process, with which a file position would be shared.
    """
    return zipfile.ZipFile(path)


class OpenArchive(_Archive):
    """Members of an open archive that has no name to open it again by.

    Anything with ``open(name)`` and ``namelist()`` will do. It stays in its process.
    """

    def __init__(self, archive: Any) -> None:
        self._archive = archive

    def _members(self) -> Any:
        return self._archive

    def close(self) -> None:
        """Close the archive for good."""
        self._archive.close()

    def __reduce__(self) -> Any:
        raise TypeError(
            f"container={self._archive!r} cannot go to another process, as it has no file name;"
            " pass the name of a ZIP file"
        )

    def __str__(self) -> str:
        return str(self._archive)


def open_source(container: Any) -> Source:
    """Return the source for `container`: None, the name of a ZIP file or an open one.

    Raises
    ------
    ValueError
        If `container` is none of these.
    """
    if container is None:
        return LocalFiles()
    if isinstance(container, str | os.PathLike):
        return ZipFiles(container)
    if isinstance(container, zipfile.ZipFile) and _opens_by_name(container):
        return ZipFiles(cast(str, container.filename))
    if not hasattr(container, "open"):
        raise ValueError(
            f"container={container!r} is neither the name of a ZIP file nor an open archive"
        )
    return OpenArchive(container)


def _opens_by_name(archive: zipfile.ZipFile) -> bool:
    """Return whether opening its file by name gives the same archive."""
    encoding = getattr(archive, "metadata_encoding", None)
    if archive.mode != "r" or archive.pwd or encoding or not isinstance(archive.filename, str):
        return False
    try:
        opened = os.fstat(archive.fp.fileno())  # type: ignore[union-attr]
        return os.path.samestat(opened, os.stat(archive.filename))
    except (AttributeError, OSError):
        return False


def find_files(files: Any, source: Source, suffixes: Suffixes) -> tuple[list[str], bool]:
    """Return the file names that `files` stands for, and whether they were looked for.

    Parameters
    ----------
    files : str, os.PathLike or iterable of these
        A glob pattern, a folder, a path, or names in the order in which they are to stand.
    source : Source
        Where to look for names that match a pattern.
    suffixes : tuple of tuples of str
        The files of a folder that count, by the ends of their names.

    Raises
    ------
    NoFilesError
        If there are none.
    TypeError
        If `files` is a stream or something else that has no names.
    """
    if isinstance(files, bytes) or hasattr(files, "read"):
        raise TypeError(
            f"files={files!r} is not a file name, pattern or list of names;"
            " streams are not supported, as workers must be able to open the files"
        )
    if isinstance(files, os.PathLike) and os.path.isdir(files):
        files = os.fspath(files)
    found = isinstance(files, str)
    if found:
        names = source.glob(files, suffixes)
    else:
        paths = [files] if isinstance(files, os.PathLike) else files
        try:
            names = list(map(os.fspath, paths))
        except TypeError as error:
            raise TypeError(f"files={files!r}: {error}") from error
        if not set(map(type, names)) <= {str}:  # np.str_ is one too, but bytes are not
            wrong = next((name for name in names if not isinstance(name, str)), None)
            if wrong is not None:
                raise TypeError(f"files: {wrong!r} is {type(wrong).__name__}, not str")
            names = [str(name) for name in names]
    if not names:
        hint = ""
        if isinstance(files, str) and os.path.isdir(files):
            inside = os.path.join(files, "**", "*.tif")
            hint = f" is a folder with no images right inside; {inside!r} finds those further down"
        raise NoFilesError(f"no files found: files={files!r}{hint}")
    return names, found


class Names(Sequence[str]):
    """File names that pickle small: what they all begin with once, the rest compressed.

    >>> names = Names(["exp/t1.tif", "exp/t2.tif"])
    >>> names[1], len(names), names[:1]
    ('exp/t2.tif', 2, ['exp/t1.tif'])
    """

    __slots__ = ("_names",)

    def __init__(self, names: Iterable[str]) -> None:
        self._names = names if isinstance(names, list) else list(names)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return self._names[index]

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __reduce__(self) -> Any:
        packed = self._packed()
        if packed is None:
            return Names, (self._names,)
        prefix, rest = packed
        if len(rest) > 1024:
            return _unpacked, (prefix, zlib.compress(rest, 1), True)
        return _unpacked, (prefix, rest, False)

    def _packed(self) -> tuple[str, bytes] | None:
        """Return what all names begin with, and the rest of each behind a NUL.

        None where there are no names, or one has a NUL itself, which no file system allows.
        """
        first, last = min(self._names, default=""), max(self._names, default="")
        differ = (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
        prefix = first[: next(differ, min(len(first), len(last)))]
        joined = "\0".join([name[len(prefix) :] for name in self._names])
        if joined.count("\0") != len(self._names) - 1:
            return None
        return prefix, joined.encode("utf-8", "surrogatepass")

    def digest(self) -> str:
        """Return a hash of all names."""
        hashed = hashlib.blake2b(digest_size=16)
        for start in range(0, len(self._names), 4096):
            batch = self._names[start : start + 4096]
            text = "\0".join(batch)
            if text.count("\0") != len(batch) - 1:
                text = repr(batch)
            hashed.update(f"{text}\0".encode("utf-8", "surrogatepass"))
        return hashed.hexdigest()


def _unpacked(prefix: str, rest: bytes, compressed: bool) -> Names:
    text = (zlib.decompress(rest) if compressed else rest).decode("utf-8", "surrogatepass")
    return Names([prefix + name for name in text.split("\0")])
