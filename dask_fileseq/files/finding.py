"""A user's `files` and `container` become a source and the names of the files in it."""

from __future__ import annotations

import glob
import os
import re
import tarfile
import zipfile
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from dask_fileseq.errors import NamesError, NoFilesError, ReadError, public_error
from dask_fileseq.files.archive import Archive, OpenArchive
from dask_fileseq.files.archivefile import ArchiveFile, LocalArchiveFile, RemoteArchiveFile
from dask_fileseq.files.filesystems import (
    StorageOptions,
    is_url,
    local_path,
    of_one_kind,
    scheme_of,
)
from dask_fileseq.files.local import LocalFiles
from dask_fileseq.files.names import Names
from dask_fileseq.files.otherformats import other_files_hint
from dask_fileseq.files.path_map import PathMap
from dask_fileseq.files.remote import RemoteFiles
from dask_fileseq.files.source import Source, Suffixes, is_searched
from dask_fileseq.files.tarfiles import COMPRESSIONS, TarFiles
from dask_fileseq.files.zipfiles import ZipFiles

ARCHIVE_SUFFIXES = (
    ".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst",
)  # fmt: skip
"""Suffixes of archives, in lower case."""

MOST_ENTRIES = 10_000
"""Number of entries of folders that are looked at, to find a file with a suffix."""

TAR_SIGNATURE = 257
"""Offset of the signature of a TAR file, in bytes."""

_CHAIN = re.compile(r"(?:zip|tar)(?:://(?P<inside>.*?))?::(?P<outside>.+)", re.DOTALL)


def given_names(files: Any) -> str | Sequence[str]:
    """Return a user's `files` as one text, to be looked for, or as a list of names.

    Raises a `NoFilesError` if the list is empty, a `NamesError` if a name is empty, or some are
    URLs and some are not, and a TypeError if `files` is a stream, a table, or something else
    without names.
    """
    if isinstance(files, Names):
        return files
    if isinstance(files, bytes) or hasattr(files, "read"):
        raise TypeError(
            f"files={files!r} is not a file name, pattern or list of names;"
            " streams are not supported, as workers must be able to open the files"
        )
    if isinstance(files, Mapping) or hasattr(files, "columns"):  # their items are titles
        raise TypeError(
            f"files is a {type(files).__name__}, of which the titles of columns would be the names:"
            " pass its column of names as files, and the whole as table="
        )
    if isinstance(files, os.PathLike) and os.path.isdir(files):
        files = os.fspath(files)
    if isinstance(files, str):
        if "\0" in files:
            raise NamesError(f"files={files!r:.200} has a null character, which no name has")
        return (local_path(files) or files) if "://" in files else files
    paths = [files] if isinstance(files, os.PathLike) else files
    try:
        names = list(map(os.fspath, paths))
    except TypeError as error:
        raise TypeError(
            f"files={files!r:.200} is no folder, pattern, name or list of names: {error}"
        ) from error
    if not set(map(type, names)) <= {str}:
        for name in names:
            if not isinstance(name, str):  # np.str_ is one too, but bytes are not
                raise TypeError(f"files: {name!r} is {type(name).__name__}, not str")
        names = list(map(str, names))
    if not names:
        shown = " ".join(repr(files).split())  # that of a Series has several lines
        raise NoFilesError(f"no files found: files={shown}")
    if "" in names:
        raise NamesError(f"files: name {names.index('')} of {len(names):,} is empty")
    return of_one_kind(names) if any("://" in name for name in names) else names


def find_files(given: str | Sequence[str], source: Source, suffixes: Suffixes) -> Sequence[str]:
    """Return the names that are given, or that a search finds; raise a `NoFilesError` if none."""
    if not isinstance(given, str):
        return given
    names = searched(given, source, suffixes)
    if names:
        return names
    hint = ""
    if os.path.isdir(given):
        hint = " is a folder with no images in it, nor in folders below"
        hint += other_files_hint(given, source.below(given))
    elif given.startswith(("http://", "https://")):
        hint = "; a server lists a folder only by a page of links: list their URLs"
    elif scheme_of(given) and not is_url(given):
        hint = f"; {scheme_of(given)!r} is no protocol that fsspec knows"
    elif isinstance(source, LocalFiles) and not glob.has_magic(given):
        hint = "; there is no such file or folder"
    elif isinstance(source, LocalFiles):
        folder = os.path.dirname(re.split(r"[*?[]", given, maxsplit=1)[0])
        if folder and not os.path.isdir(folder):
            hint = f"; there is no folder {folder!r}"
    raise NoFilesError(f"no files found: files={given!r}{hint}")


def searched(given: str, source: Source, suffixes: Suffixes) -> list[str]:
    """Return the names that match; of a folder without images, those in all folders below it."""
    return source.glob(given, suffixes) or source.below(given, suffixes)


def has_file(folder: str, suffixes: tuple[str, ...]) -> bool:
    """Return whether a file with a suffix is among the first entries of a folder and below it."""
    left = deque([folder] if is_searched(os.path.basename(os.path.abspath(folder))) else [])
    looked = 0
    while left and looked < MOST_ENTRIES:
        with suppress(OSError), os.scandir(left.popleft()) as listing:
            for entry in listing:
                looked += 1
                if looked > MOST_ENTRIES:
                    break
                if entry.is_dir(follow_symlinks=False):
                    if is_searched(entry.name):
                        left.append(entry.path)
                elif entry.name.lower().endswith(suffixes) and entry.name[0] != ".":
                    return True
    return False


def archive_of(files: Any, by_name: bool) -> tuple[str, str] | None:
    """Return the archive that `files` names, and a pattern of its members; None if no archive.

    With `by_name`, the suffix of a name shows that it is an archive; else only a chained URL
    does.

    >>> archive_of("zip://t*.tif::s3://scans/day1.zip", False), archive_of("tar::day1.tar", False)
    (('s3://scans/day1.zip', 't*.tif'), ('day1.tar', ''))
    >>> archive_of("s3://scans/day1.tar.gz", True), archive_of("scans/*.tif", True)
    (('s3://scans/day1.tar.gz', ''), None)
    """
    name = os.fspath(files) if isinstance(files, os.PathLike) else files
    if not isinstance(name, str):
        return None
    if "::" in name and (chained := _CHAIN.fullmatch(name)):
        return chained["outside"], chained["inside"] or ""
    if not by_name or not name.lower().endswith(ARCHIVE_SUFFIXES):
        return None
    return (name, "") if is_url(name) or os.path.isfile(name) else None


def open_source(
    container: Any,
    first: str = "",
    storage_options: Mapping[str, Any] | None = None,
    path_map: Mapping[Any, Any] | None = None,
) -> Source:
    """Return the source of files: a local or remote file system, or an archive.

    `container` is the name or URL of a ZIP or TAR file, an open archive, or None; `first` is
    the first file, or a pattern. Raises a `NamesError` or ValueError if an argument is wrong,
    and a `ReadError` if the container cannot be opened as an archive.
    """
    if isinstance(container, str | os.PathLike):
        container = os.fspath(container)
        container = local_path(container) or container
    where = first if container is None else container
    remote = isinstance(where, str) and "://" in where and is_url(where)
    if container is None and not remote and not storage_options and path_map is None:
        return LocalFiles()
    mapping, options = PathMap(path_map), StorageOptions(storage_options)
    if options and not remote:
        raise NamesError("storage_options are for URLs, and the files are not at a URL")
    if mapping and remote:
        raise NamesError(f"path_map={mapping!r} is for paths, and the files are at URLs")
    if container is None:
        return RemoteFiles(options, where) if remote else LocalFiles(mapping)
    if isinstance(container, str) and remote:
        return _open_archive(partial(RemoteArchiveFile.of, container, options), container)
    path = container if isinstance(container, str) else _path_of(container)
    if path is not None:
        return _open_archive(
            partial(LocalArchiveFile, os.path.abspath(path), mapping or None), path
        )
    if isinstance(container, tarfile.TarFile) or not hasattr(container, "open"):
        raise ValueError(
            f"container={container!r} is neither the name of a ZIP or TAR file nor an open archive"
        )
    return OpenArchive(container)


def _open_archive(open_file: Callable[[], ArchiveFile], name: str) -> Archive:
    """Return the archive in a file, of the kind that its first bytes show."""
    try:
        file = open_file()
        with file.open() as handle:
            start = handle.read(tarfile.BLOCKSIZE)
    except (ImportError, NamesError):
        raise
    except Exception as error:  # of any package
        raise ReadError.of(error, f"cannot open container={name!r}: {error}") from public_error(
            error
        )
    is_tar = start[TAR_SIGNATURE:].startswith(b"ustar") or name.lower().endswith(".tar")
    is_tar = start.startswith(tuple(COMPRESSIONS)) or (is_tar and not start.startswith(b"PK"))
    archive: Archive = TarFiles(file, start) if is_tar else ZipFiles(file)
    archive.directory()
    return archive


def _path_of(archive: Any) -> str | None:
    """Return the path of an open archive; None if that path does not open the same archive."""
    if isinstance(archive, tarfile.TarFile):
        opens = archive.mode == "r" and isinstance(archive.name, str)
        return str(archive.name) if opens and os.path.isfile(str(archive.name)) else None
    if not isinstance(archive, zipfile.ZipFile) or not isinstance(archive.filename, str):
        return None
    if archive.mode != "r" or archive.pwd or archive.metadata_encoding:  # type: ignore[attr-defined]
        return None
    try:
        opened = os.fstat(archive.fp.fileno())  # type: ignore[union-attr]
        same = os.path.samestat(opened, os.stat(archive.filename))
    except (AttributeError, OSError):  # closed, in memory, or removed
        return None
    return archive.filename if same else None
