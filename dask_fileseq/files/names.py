"""Lists of file names that pickle small, and what names have in common. No I/O."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Sequence
from typing import Any

from dask_fileseq.files.urls import has_scheme


class Names(list[str]):
    """A list of file names that pickles small; it is not to be changed.

    The pickle holds the common prefix once, and the rest of each name, compressed. A million
    names take some megabytes.

    >>> names = Names(["exp/t1.tif", "exp/t2.tif"])
    >>> names[1], len(names), names[:1]
    ('exp/t2.tif', 2, ['exp/t1.tif'])
    """

    __slots__ = ()

    def __reduce__(self) -> Any:
        # what the first and the last name in order share, all names share
        prefix = os.path.commonprefix([min(self, default=""), max(self, default="")])  # noqa: RUF071
        joined = "\0".join([name[len(prefix) :] for name in self])
        if joined.count("\0") != len(self) - 1:  # no names, or a NUL in one of them
            return Names, (list(self),)
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


def _unpacked(prefix: str, compressed: bytes) -> Names:
    text = zlib.decompress(compressed).decode("utf-8", "surrogatepass")
    return Names([prefix + name for name in text.split("\0")])


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
        low, high = min(paths), max(paths)
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
    prefix = os.path.commonprefix([min(names, default=""), max(names, default="")])  # noqa: RUF071
    return prefix[: max(prefix.rfind("/"), prefix.rfind(os.sep)) + 1]


def common_path(names: Sequence[str]) -> str:
    """Return the longest path, or URL, of a folder that contains all files.

    Raises
    ------
    ValueError
        If the files are on different drives.

    Examples
    --------
    >>> common_path(["s3://scans/day1/t1.tif", "s3://scans/day2/t1.tif"])
    's3://scans'
    """
    if has_scheme(names[0]):
        return shared_folder(names).removesuffix("/")
    return common_folder(names)
