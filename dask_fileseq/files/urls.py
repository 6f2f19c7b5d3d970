"""What a URL is, and what its parts are. No I/O."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cache
from urllib.parse import unquote
from urllib.request import url2pathname

from dask_fileseq.errors import NamesError

__all__ = [
    "are_urls",
    "base_name",
    "has_scheme",
    "is_url",
    "local_path",
    "local_paths",
    "root_of",
    "split_chain",
]

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")  # not C://, which is a drive
_ARCHIVE = re.compile(r"(?:zip|tar)(?:://(?P<inside>.*?))?::(?P<outside>.+)", re.DOTALL)


def has_scheme(name: str) -> bool:
    """Return whether a name begins as a URL, or a chain of them, of any kind.

    >>> has_scheme("nobody-knows://t1"), has_scheme("C://t1"), has_scheme("t1")
    (True, False, False)
    """
    return _URL.match(name.rpartition("::")[2]) is not None


def is_url(name: str) -> bool:
    """Return whether a name is a URL that fsspec knows, or a chain of them as fsspec has it.

    >>> is_url("s3://scans/t1.tif"), is_url("simplecache::https://host/t1.tif"), is_url("C://t1")
    (True, True, False)
    """
    if "://" not in name:
        return False
    found = _URL.match(name.rpartition("::")[2])
    return found is not None and _is_known(found[1].lower())


@cache
def _is_known(scheme: str) -> bool:
    """Return whether there is such a file system; what else has ``://`` is just a name.

    >>> _is_known("s3"), _is_known("tray")
    (True, False)
    """
    try:
        from fsspec import available_protocols
        from fsspec.registry import registry
    except ImportError:
        return scheme in ("http", "https", "ftp", "s3", "gs", "memory")
    return scheme in registry or scheme in available_protocols()


def are_urls(names: list[str]) -> bool:
    """Return whether names are URLs; some that are and some that are not are an error."""
    first = is_url(names[0])
    other = next((name for name in names if is_url(name) is not first), None)
    if other is not None:
        raise NamesError(
            f"files: {names[0]!r} and {other!r} are a path and a URL: pass files of one kind"
        )
    return first


def split_chain(url: str) -> tuple[str, str] | None:
    """Return the archive that a chained URL names, and what stands for its members.

    >>> split_chain("zip://t*.tif::s3://scans/day1.zip")
    ('s3://scans/day1.zip', 't*.tif')
    >>> split_chain("tar::day1.tar"), split_chain("s3://scans/day1.zip")
    (('day1.tar', ''), None)
    """
    found = _ARCHIVE.fullmatch(url)
    return (found["outside"], found["inside"] or "") if found else None


def local_path(url: str) -> str | None:
    """Return the path that a URL of a local file stands for; None for other URLs.

    >>> local_path("file:///scans/t1.tif"), local_path("s3://scans/t1.tif")
    ('/scans/t1.tif', None)
    """
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in ("file", "local"):
        return None
    return url2pathname(rest) if os.sep == "\\" else unquote(rest)


def root_of(url: str) -> str:
    """Return the beginning of a URL that tells which file system it is on.

    >>> root_of("s3://scans/day1/t1.tif"), root_of("simplecache::http://host:80/t1.tif")
    ('s3://scans', 'simplecache::http://host:80')
    """
    start = url.rindex("://") + 3
    stop = url.find("/", start)
    return url if stop < 0 else url[:stop]


def base_name(name: str) -> str:
    """Return what stands behind the last slash."""
    return name.rstrip("/").rpartition("/")[2]


def local_paths(names: Iterable[str]) -> list[str]:
    """Return names in which URLs of local files are paths."""
    return [name if "://" not in name else local_path(name) or name for name in names]
