"""What reference files call the files of a sequence: text, no I/O."""

from __future__ import annotations

import os
from collections.abc import Sequence
from urllib.parse import quote as quoted

from dask_fileseq.errors import NamesError
from dask_fileseq.files import shared_folder

__all__ = ["locations"]


def locations(names: Sequence[str], url: str | None, quote: bool | None) -> tuple[str, list[str]]:
    """Return what all locations of files begin with, and the rest of each.

    Parameters
    ----------
    names : sequence of str
        Paths, or URLs.
    url : str, optional
        Stands for the folder that all files lie below. Empty: nothing does, and programs
        take the rest as relative to where they run. None: the files are where they are.
    quote : bool, optional
        Whether to quote what URLs give a meaning; None: where `url` is one of HTTP, of
        which servers take the quotes away. Others would look for a file of that name.

    Raises
    ------
    NamesError
        If the files have no common folder for `url` to stand for, or no locations.

    Examples
    --------
    >>> locations(["/data/t 1.tif", "/data/t 2.tif"], "https://a.org/scan", None)
    ('https://a.org/scan/', ['t%201.tif', 't%202.tif'])
    >>> locations(["/data/t 1.tif", "/data/b/t 2.tif"], None, None)
    ('/data/', ['t 1.tif', 'b/t 2.tif'])
    """
    remote = ["://" in name for name in names]
    for name, away in zip(names, remote, strict=True):
        if away and "::" in name:
            raise NamesError(
                f"{name!r} stands in an archive: references can point only to files of their own"
            )
    paths = [
        name if away else os.path.abspath(name).replace(os.sep, "/")
        for name, away in zip(names, remote, strict=True)
    ]
    common = shared_folder(paths)
    if not common and url is not None:
        raise NamesError(
            f"url={url!r} cannot stand for the folder of {min(paths)!r}: not all"
            f" files lie below it, {max(paths)!r} does not"
        )
    rest = [path[len(common) :] for path in paths]
    if url is None:
        return common, [_quoted(name) for name in rest] if quote else rest
    prefix = url.replace(os.sep, "/") if url else ""
    if prefix and prefix[-1] != "/":
        prefix += "/"
    if quote is None:
        quote = prefix.startswith(("http://", "https://"))
    if quote:
        rest = [_quoted(name) for name in rest]
    if not prefix:  # a tilde means a home to fsspec
        rest = [f"./{name}" if name.startswith("~") else name for name in rest]
    return prefix, rest


def _quoted(name: str) -> str:
    return quoted(name, errors="surrogateescape")
