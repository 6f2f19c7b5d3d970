"""The file names that a user's `files` stands for."""

from __future__ import annotations

import glob
import os
from itertools import chain, islice
from typing import Any

from dask_fileseq.errors import NoFilesError
from dask_fileseq.files.local import LocalFiles
from dask_fileseq.files.source import Source, Suffixes
from dask_fileseq.files.urls import are_urls, has_scheme, is_url, local_paths

__all__ = ["find_files", "given_names"]

_SEARCHED = 1000
"""Folders to look into for an example of what to write."""


def given_names(files: Any) -> str | list[str]:
    """Return `files` as one text, which is to be looked for, or as a list of names.

    Parameters
    ----------
    files : str, os.PathLike or iterable of these
        A glob pattern, a folder, a path, or names in the order in which they are to stand.

    Raises
    ------
    NoFilesError
        If there are none.
    NamesError
        If some are URLs, and some are not.
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
    if isinstance(files, str):
        return local_paths([files])[0]
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
        raise NoFilesError(f"no files found: files={files!r}")
    if any("://" in name for name in names):
        names = local_paths(names)
        are_urls(names)
    return names


def find_files(files: str | list[str], source: Source, suffixes: Suffixes) -> list[str]:
    """Return the names of files: those given, or those found.

    Parameters
    ----------
    files : str or list of str
        What `given_names` returned.
    source : Source
        Where to look for names that match a pattern.
    suffixes : tuple of tuples of str
        The files of a folder that count, by the ends of their names.

    Raises
    ------
    NoFilesError
        If there are none.
    """
    if not isinstance(files, str):
        return files
    names = source.glob(files, suffixes)
    if not names:
        hint = ""
        if files.startswith(("http://", "https://")):
            hint = "; a server tells what is in a folder only by a page of links: list their URLs"
        if os.path.isdir(files):
            hint = f" is a folder with no images right inside{_further_down(files, suffixes)}"
        elif has_scheme(files) and not is_url(files):
            hint = f"; {files.partition('://')[0]!r} is no protocol that fsspec knows"
        elif isinstance(source, LocalFiles) and not glob.has_magic(files):
            hint = "; there is no such file or folder"
        raise NoFilesError(f"no files found: files={files!r}{hint}")
    return names


def _further_down(folder: str, suffixes: Suffixes) -> str:
    """Return how to find the files below a folder, if there is one in the first folders."""
    ends = tuple(chain(*suffixes)) or ("",)
    for _, _, names in islice(os.walk(folder), _SEARCHED):
        for name in names:
            if name.lower().endswith(ends) and not name.startswith("."):
                inside = os.path.join(folder, "**", f"*{os.path.splitext(name)[1]}")
                return f"; {inside!r} finds those further down"
    return ""
