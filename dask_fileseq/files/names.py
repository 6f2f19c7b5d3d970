"""File names as texts: packed lists, common folders, and matches of patterns. No I/O."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import zlib
from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import Any, overload

from dask_fileseq.files.filesystems import scheme_of
from dask_fileseq.files.source import Suffixes, is_searched


class Names(Sequence[str]):
    """File names in their order, which are not to be changed, and pickle small.

    >>> names = Names.of(["exp/t1.tif", "exp/t2.tif"])
    >>> names[1], len(names), names[:1], names.ends()
    ('exp/t2.tif', 2, ['exp/t1.tif'], ('exp/t1.tif', 'exp/t2.tif'))
    """

    __slots__ = ()

    @overload
    def __getitem__(self, key: int) -> str: ...
    @overload
    def __getitem__(self, key: slice) -> list[str]: ...
    @abstractmethod
    def __getitem__(self, key: int | slice) -> str | list[str]:
        """Return a name, or a list of them."""

    @staticmethod
    def of(names: Sequence[str]) -> Names:
        """Return names as they are if they are `Names`, else a list of them."""
        return names if isinstance(names, Names) else NameList(names)

    @abstractmethod
    def digest(self) -> str:
        """Return a hash of all names."""

    def ends(self) -> tuple[str, str]:
        """Return the first and the last name in order, between which all names are."""
        return min(self), max(self)


class NameList(list[str], Names):
    """A list of file names.

    The pickle holds the common prefix once, and the rest of each name, compressed. A million
    names take some megabytes.
    """

    __slots__ = ()

    def __reduce__(self) -> Any:
        # what the first and the last name in order share, all names share
        prefix = os.path.commonprefix(self.ends() if self else ())  # noqa: RUF071
        joined = "\0".join([name[len(prefix) :] for name in self])
        if joined.count("\0") != len(self) - 1:  # no names, or a NUL in one of them
            return NameList, (list(self),)
        return _unpacked, (prefix, zlib.compress(joined.encode("utf-8", "surrogatepass"), 1))

    def digest(self) -> str:
        """Return a hash of all names."""
        hashed = hashlib.blake2b(digest_size=16)
        for start in range(0, len(self), 4096):
            batch = self[start : start + 4096]
            text = "\0".join(batch)
            if text.count("\0") != len(batch) - 1:
                text = repr(batch)
            hashed.update(f"{text}\0".encode("utf-8", "surrogatepass"))
        return hashed.hexdigest()


def _unpacked(prefix: str, compressed: bytes) -> NameList:
    text = zlib.decompress(compressed).decode("utf-8", "surrogatepass")
    return NameList([prefix + name for name in text.split("\0")])


def ends(names: Sequence[str]) -> tuple[str, str]:
    """Return the first and the last of names in order."""
    return names.ends() if isinstance(names, Names) else (min(names), max(names))


def common_folder(paths: Sequence[str]) -> str:
    """Return what `os.path.commonpath` returns, in less time; the folder of a single path.

    >>> common_folder(["./a/x.tif", "Z/q.tif", "a/y.tif"])
    ''
    """
    if len(paths) == 1:
        return os.path.dirname(paths[0])
    if os.sep == "/":
        # All paths are between the lowest and the highest, so all begin with what these two
        # begin with. "0" follows "/" in order: above it, there is no absolute path.
        low, high = ends(paths)
        folder = os.path.commonpath([low, high])
        inside = folder if folder.endswith("/") else f"{folder}/"
        if low.startswith(inside) and high.startswith(inside) if folder else low >= "0":
            return folder
    return os.path.commonpath(paths)


def shared_folder(names: Sequence[str]) -> str:
    """Return the folder, with its slash, that all paths or URLs begin with, as texts.

    >>> shared_folder(["/data/a/t1.tif", "/data/a1/t2.tif"]), shared_folder(["/t1", "s3://b/t1"])
    ('/data/', '')
    """
    prefix = os.path.commonprefix(ends(names) if len(names) else ())  # noqa: RUF071
    return prefix[: max(prefix.rfind("/"), prefix.rfind(os.sep)) + 1]


def common_path(names: Sequence[str]) -> str:
    """Return the longest path, or URL, of a folder that contains all files.

    Raises a ValueError if the files are on different drives.

    >>> common_path(["s3://scans/day1/t1.tif", "s3://scans/day2/t1.tif"])
    's3://scans'
    """
    if scheme_of(names[0]):
        return shared_folder(names).removesuffix("/")
    return common_folder(names)


def base_name(name: str) -> str:
    """Return the last part of a path or URL with slashes."""
    return name.rstrip("/").rpartition("/")[2]


def matching(names: Sequence[str], pattern: str, suffixes: Suffixes) -> list[str]:
    """Return the members of an archive that match a pattern, or are in a folder.

    As in tifffile, ``*`` also matches slashes. ``**/`` matches any number of folders,
    also none. As in a shell, hidden files (``.name``) match only patterns that begin with
    a dot. The name of a folder matches the images right inside it, ``""`` those in all folders.

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
    """Return the images right inside a folder; all names begin with the name of the folder."""
    start = len(folder)
    inside = [name for name in names if "/" not in name[start:] and not _is_hidden(name)]
    return with_suffixes(inside, suffixes)


def names_beside(names: Sequence[str], folder: str) -> list[str]:
    """Return the base names of what is right inside a folder; of repeated names, one.

    >>> names_beside(["t1.tif", "exp/t1.tif", "exp/a.txt", "exp/a.txt", "exp/a/t2.tif"], "exp")
    ['t1.tif', 'a.txt']
    """
    inside = dict.fromkeys(name for name in names if os.path.dirname(name) == folder)
    return list(map(base_name, inside))


def below_folder(names: Sequence[str], folder: str, suffixes: Suffixes) -> list[str]:
    """Return the images in all folders below a folder, but for hidden ones.

    >>> below_folder(["exp/a/t1.tif", "exp/.b/t1.tif", "t1.tif"], "exp", ((".tif",),))
    ['exp/a/t1.tif']
    """
    folder = folder.replace(os.sep, "/").rstrip("/")
    start = 0 if folder in ("", ".") else len(folder) + 1
    inside = [name for name in names if not start or name.startswith(f"{folder}/")]
    shown = [
        name
        for name in inside
        if not _is_hidden(name) and all(map(is_searched, name[start:].split("/")[:-1]))
    ]
    return with_suffixes(shown, suffixes)


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
