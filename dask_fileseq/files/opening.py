"""Which source a user's arguments ask for."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Mapping
from typing import Any

from dask_fileseq.errors import NamesError, ReadError
from dask_fileseq.files.archive import Archive
from dask_fileseq.files.filesystems import StorageOptions
from dask_fileseq.files.local import LocalFiles
from dask_fileseq.files.openarchive import OpenArchive
from dask_fileseq.files.paths import PathMap
from dask_fileseq.files.remote import RemoteFiles
from dask_fileseq.files.source import Source
from dask_fileseq.files.stored import LocalBytes, RemoteBytes, Stored
from dask_fileseq.files.tarfiles import COMPRESSIONS, TarFiles
from dask_fileseq.files.urls import is_url, local_paths, split_chain
from dask_fileseq.files.zipfiles import ZipFiles

__all__ = ["ARCHIVE_SUFFIXES", "archive_of", "open_source"]

ARCHIVE_SUFFIXES = (
    ".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst",
)  # fmt: skip
"""Ends of names of archives, in lower case."""

TAR_MAGIC = 257
"""Where a TAR file says that it is one."""


def archive_of(files: Any, by_name: bool) -> tuple[str, str] | None:
    """Return the archive that `files` names, and which of its members; None if it does not.

    Parameters
    ----------
    files
        A user's.
    by_name : bool
        Whether the end of a name says that it is an archive; else only a chained URL does.

    Examples
    --------
    >>> archive_of("zip://t*.tif::s3://scans/day1.zip", False)
    ('s3://scans/day1.zip', 't*.tif')
    >>> archive_of("s3://scans/day1.tar.gz", True), archive_of("scans/*.tif", True)
    (('s3://scans/day1.tar.gz', ''), None)
    """
    name = os.fspath(files) if isinstance(files, os.PathLike) else files
    if not isinstance(name, str):
        return None
    chain = split_chain(name)
    if chain is not None or not by_name or not name.lower().endswith(ARCHIVE_SUFFIXES):
        return chain
    return (name, "") if is_url(name) or os.path.isfile(name) else None


def open_source(
    container: Any,
    first: str = "",
    storage_options: Mapping[str, Any] | None = None,
    path_map: Mapping[Any, Any] | None = None,
) -> Source:
    """Return where files are.

    Parameters
    ----------
    container : str, os.PathLike, open archive or None
        The name or URL of a ZIP or TAR file, an open one, or None.
    first : str
        One of the files, or a pattern of them: is it a URL?
    storage_options, path_map : mapping, optional
        As in `FileSequence`.

    Raises
    ------
    NamesError, ValueError
        If an argument is none of these.
    ReadError
        If a container is no archive, or cannot be opened.
    """
    if isinstance(container, str | os.PathLike):
        (container,) = local_paths([os.fspath(container)])
    there, options = PathMap(path_map), StorageOptions(storage_options)
    remote = is_url(container if isinstance(container, str) else "" if container else first)
    if options and not remote:
        raise NamesError("storage_options are for URLs, and the files are not at one")
    if there and remote:
        raise NamesError(f"path_map={there!r} is for paths, and the files are at URLs")
    if container is None:
        return RemoteFiles(options) if remote else LocalFiles(there)
    if isinstance(container, str):
        if remote:
            return _archive(RemoteBytes.of(container, options), container)
        return _archive(LocalBytes(os.path.abspath(container), there), container)
    if _opens_by_name(container):
        return _archive(LocalBytes(os.path.abspath(str(_name(container))), there), container)
    if not hasattr(container, "open") or isinstance(container, tarfile.TarFile):
        raise ValueError(
            f"container={container!r} is neither the name of a ZIP or TAR file nor an open archive"
        )
    return OpenArchive(container)


def _archive(stored: Stored, container: Any) -> Archive:
    """Return the archive that some bytes are, as they say themselves; its directory is read."""
    try:
        start = stored.start()
    except OSError as error:
        raise ReadError.of(error, f"cannot open container={container!r}: {error}") from error
    is_tar = start[TAR_MAGIC : TAR_MAGIC + 5] == b"ustar" or str(stored).lower().endswith(".tar")
    if start.startswith(tuple(COMPRESSIONS)) or (is_tar and not start.startswith(b"PK")):
        archive: Archive = TarFiles(stored, start[:8])
    else:
        archive = ZipFiles(stored)
    archive.directory()
    return archive


def _name(archive: Any) -> Any:
    return getattr(archive, "filename", None) or getattr(archive, "name", None)


def _opens_by_name(archive: Any) -> bool:
    """Return whether opening the file of an archive by name gives the same archive."""
    if not isinstance(archive, zipfile.ZipFile | tarfile.TarFile):
        return False
    special = getattr(archive, "metadata_encoding", None) or getattr(archive, "pwd", None)
    if archive.mode != "r" or special or not isinstance(_name(archive), str):
        return False
    if isinstance(archive, tarfile.TarFile):
        return os.path.isfile(_name(archive))
    try:
        opened = os.fstat(archive.fp.fileno())  # type: ignore[union-attr]
        return os.path.samestat(opened, os.stat(_name(archive)))
    except (AttributeError, OSError):
        return False
