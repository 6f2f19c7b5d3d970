"""File names, packed: a million of them pickle to some megabytes. No I/O."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any, overload

from dask_fileseq.files.urls import is_url

__all__ = ["Names", "common_path"]


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
        packed = self._packed() or ("", repr(self._names).encode("utf-8", "surrogatepass"))
        hashed = hashlib.blake2b(packed[1], digest_size=16)
        hashed.update(packed[0].encode("utf-8", "surrogatepass"))
        return f"{len(packed[0])}-{hashed.hexdigest()}"


def _unpacked(prefix: str, rest: bytes, compressed: bool) -> Names:
    text = (zlib.decompress(rest) if compressed else rest).decode("utf-8", "surrogatepass")
    return Names([prefix + name for name in text.split("\0")])


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
    first, last = min(names), max(names)  # what these share, all share
    if not is_url(first):
        return os.path.dirname(first) if len(names) == 1 else os.path.commonpath([first, last])
    pairs = zip(first.split("/"), last.split("/"), strict=False)
    same = takewhile(lambda pair: pair[0] == pair[1], pairs)
    shared = "/".join(folder for folder, _ in same)
    return shared.rpartition("/")[0] if first == last else shared
