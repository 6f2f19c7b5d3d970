"""File names, packed: a million of them pickle to some megabytes. No I/O."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any, overload

from dask_fileseq.files.urls import is_url

__all__ = ["Names", "common_folder", "common_path", "shared_folder"]


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
        prefix = _common_prefix(self._names)
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


def _common_prefix(names: Sequence[str]) -> str:
    """Return the text that all names begin with."""
    first, last = min(names, default=""), max(names, default="")  # what these share, all share
    differ = (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(differ, min(len(first), len(last)))]


def _unpacked(prefix: str, rest: bytes, compressed: bool) -> Names:
    text = (zlib.decompress(rest) if compressed else rest).decode("utf-8", "surrogatepass")
    return Names([prefix + name for name in text.split("\0")])


def common_folder(paths: Sequence[str]) -> str:
    """Return what `os.path.commonpath` does, in less time; of one path, its folder.

    >>> common_folder(["./a/x.tif", "Z/q.tif", "a/y.tif"])
    ''
    """
    if len(paths) == 1:
        return os.path.dirname(paths[0])
    if os.sep == "/":
        # All that begins like the lowest and the highest path lies between
        # them, and "0" follows "/": no path above it is an absolute one.
        low, high = min(paths), max(paths)
        folder = os.path.commonpath([low, high])
        inside = folder if folder.endswith("/") else f"{folder}/"
        if low.startswith(inside) and high.startswith(inside) if folder else low >= "0":
            return folder
    return os.path.commonpath(paths)


def shared_folder(names: Sequence[str]) -> str:
    """Return the folder, with its slash, that all names, paths or URLs, begin with as texts.

    >>> shared_folder(["/data/a/t1.tif", "/data/a1/t2.tif"]), shared_folder(["/t1", "s3://b/t1"])
    ('/data/', '')
    """
    prefix = _common_prefix(names)
    return prefix[: max(prefix.rfind("/"), prefix.rfind(os.sep)) + 1]


def common_path(names: Sequence[str]) -> str:
    """Return the longest path, or URL, that all files lie below.

    Raises
    ------
    ValueError
        If they lie on different drives.

    Examples
    --------
    >>> common_path(["s3://scans/day1/t1.tif", "s3://scans/day2/t1.tif"])
    's3://scans'
    """
    if not is_url(names[0]):
        return common_folder(names)
    first, last = min(names), max(names)  # what these share, all share
    pairs = zip(first.split("/"), last.split("/"), strict=False)
    same = takewhile(lambda pair: pair[0] == pair[1], pairs)
    shared = "/".join(folder for folder, _ in same)
    return shared.rpartition("/")[0] if first == last else shared
