"""Which of some names match a pattern, a folder or a suffix. No I/O."""

from __future__ import annotations

import fnmatch
import os
import re
from collections import Counter
from collections.abc import Sequence

from dask_fileseq.files.source import Suffixes


def matching(names: Sequence[str], pattern: str, suffixes: Suffixes) -> list[str]:
    """Return the members of an archive that match a pattern, or are in a folder.

    As in tifffile, ``*`` also matches slashes. ``**/`` matches any number of folders,
    also none. As in a shell, hidden files (``.name``) match only patterns that begin with
    a dot. A folder stands for the images right inside it, ``""`` for those in all folders.

    >>> names = ["t1.tif", "exp/t1.tif", "exp/a/t2.tif", "exp/notes.txt", "__MACOSX/._t1.tif"]
    >>> matching(names, "exp/**/t*.tif", ())
    ['exp/t1.tif', 'exp/a/t2.tif']
    >>> matching(names, "exp", ((".tif",),)), matching(names, "", ((".tif",),))
    (['exp/t1.tif'], ['t1.tif', 'exp/t1.tif', 'exp/a/t2.tif'])
    """
    if os.sep != "/":
        pattern = pattern.replace(os.sep, "/")
    if not pattern:
        return with_suffixes([name for name in names if not _is_hidden(name)], suffixes)
    if pattern in names:
        return [pattern]
    folder = "" if pattern == "." else pattern.rstrip("/") + "/"
    inside = [name for name in names if name.startswith(folder)]
    if inside:
        return in_folder(inside, folder, suffixes)
    match = re.compile(_as_regex(pattern)).fullmatch
    hidden = pattern.rpartition("/")[2].startswith(".")
    return [name for name in names if match(name) and _is_hidden(name) <= hidden]


def in_folder(names: Sequence[str], folder: str, suffixes: Suffixes) -> list[str]:
    """Return the images right inside a folder, of which all names begin with the folder."""
    start = len(folder)
    inside = [name for name in names if "/" not in name[start:] and not _is_hidden(name)]
    return with_suffixes(inside, suffixes)


def with_suffixes(names: list[str], suffixes: Suffixes) -> list[str]:
    """Return the names with the first group of suffixes that occurs, in any letter case.

    >>> with_suffixes(["a.TIF", "b.png", "c.txt"], ((".gif",), (".tif", ".png")))
    ['a.TIF', 'b.png']
    >>> with_suffixes(["a.TIF", "c.txt"], ())
    ['a.TIF', 'c.txt']
    """
    for group in suffixes:
        found = [name for name in names if name.lower().endswith(group)]
        if found:
            return found
    return [] if suffixes else names


def repeated_names(names: list[str]) -> frozenset[str]:
    """Return the names that occur more than once.

    >>> repeated_names(["t1.tif", "t2.tif", "t1.tif"])
    frozenset({'t1.tif'})
    """
    return frozenset(name for name, count in Counter(names).items() if count > 1)


def _is_hidden(name: str) -> bool:
    return name.startswith(".", name.rfind("/") + 1)


def _as_regex(pattern: str) -> str:
    r"""Return a pattern as a regular expression.

    >>> _as_regex("exp/**/t[!0]?.tif")
    '(?s:exp/(?:.*/)?t[^0].\\.tif)'
    """
    parts: list[str] = []
    for part in re.split(r"((?<![^/])\*\*/)", pattern):
        body = re.match(r"\(\?s:(.*)\)\\[zZ]", fnmatch.translate(part), re.DOTALL)
        parts.append(r"(?:.*/)?" if part == "**/" else body[1] if body else re.escape(part))
    return f"(?s:{''.join(parts)})"
