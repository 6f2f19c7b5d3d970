"""Patterns of names that are in memory already: members of archives. No I/O."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable, Sequence

from dask_fileseq.files.source import Suffixes

__all__ = ["in_folder", "matching"]


def matching(names: Sequence[str], pattern: str, suffixes: Suffixes) -> list[str]:
    """Return the members of an archive that a pattern, a folder or a name stands for.

    As in tifffile, ``*`` matches slashes too. ``**/`` matches any number of folders,
    also none. As in a shell, hidden files (``.name``) match only what begins with a dot.
    A folder stands for the images right inside it, ``""`` for those in all folders.

    >>> names = ["t1.tif", "exp/t1.tif", "exp/a/t2.tif", "exp/notes.txt", "__MACOSX/._t1.tif"]
    >>> matching(names, "exp/**/t*.tif", ())
    ['exp/t1.tif', 'exp/a/t2.tif']
    >>> matching(names, "exp", ((".tif",),)), matching(names, "", ((".tif",),))
    (['exp/t1.tif'], ['t1.tif', 'exp/t1.tif', 'exp/a/t2.tif'])
    """
    if os.sep != "/":
        pattern = pattern.replace(os.sep, "/")
    if not pattern:
        return _images([name for name in names if not _is_hidden(name)], suffixes)
    if pattern in set(names):
        return [pattern]
    folder = "" if pattern == "." else pattern.rstrip("/") + "/"
    inside = [name for name in names if name.startswith(folder)]
    if inside:
        return in_folder(inside, folder, suffixes)
    match = re.compile(_translated(pattern)).fullmatch
    hidden = pattern.rpartition("/")[2].startswith(".")
    return [name for name in names if match(name) and _is_hidden(name) <= hidden]


def in_folder(names: Iterable[str], folder: str, suffixes: Suffixes) -> list[str]:
    """Return the images right inside a folder, of the first of the types that any has."""
    start = len(folder)
    right = [name for name in names if "/" not in name[start:] and not _is_hidden(name)]
    return _images(right, suffixes)


def _images(names: Sequence[str], suffixes: Suffixes) -> list[str]:
    for ends in suffixes or ("",):
        found = [name for name in names if name.lower().endswith(ends)]
        if found:
            return found
    return []


def _is_hidden(name: str) -> bool:
    return name.startswith(".", name.rfind("/") + 1)


def _translated(pattern: str) -> str:
    r"""Return a pattern as a regular expression.

    >>> _translated("exp/**/t[!0]?.tif")
    '(?s:exp/(?:.*/)?t[^0].\\.tif)'
    """
    parts: list[str] = []
    for part in re.split(r"((?<![^/])\*\*/)", pattern):
        body = re.match(r"\(\?s:(.*)\)\\[zZ]", fnmatch.translate(part), re.DOTALL)
        parts.append(r"(?:.*/)?" if part == "**/" else body[1] if body else re.escape(part))
    return f"(?s:{''.join(parts)})"
