"""URLs as texts: their schemes, chains, roots and paths. No I/O."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote
from urllib.request import url2pathname

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")  # not C://, which is a drive
_ARCHIVE = re.compile(r"(?:zip|tar)(?:://(?P<inside>.*?))?::(?P<outside>.+)", re.DOTALL)


def scheme_of(name: str) -> str:
    """Return the scheme of a URL, or of the last in a chain of URLs; "" for other names.

    >>> scheme_of("s3://scans/t1"), scheme_of("simplecache::https://host/t1"), scheme_of("C://t1")
    ('s3', 'https', '')
    """
    if "://" not in name:
        return ""
    found = _URL.match(name.rpartition("::")[2])
    return found[1].lower() if found else ""


def has_scheme(name: str) -> bool:
    """Return whether a name begins as a URL, or a chain of URLs, of any scheme.

    >>> has_scheme("nobody-knows://t1"), has_scheme("C://t1"), has_scheme("t1")
    (True, False, False)
    """
    return bool(scheme_of(name))


def split_chain(url: str) -> tuple[str, str] | None:
    """Return the archive in a chained URL, and its members; None for other names.

    >>> split_chain("zip://t*.tif::s3://scans/day1.zip")
    ('s3://scans/day1.zip', 't*.tif')
    >>> split_chain("tar::day1.tar"), split_chain("s3://scans/day1.zip")
    (('day1.tar', ''), None)
    """
    found = _ARCHIVE.fullmatch(url)
    return (found["outside"], found["inside"] or "") if found else None


def local_path(url: str) -> str | None:
    """Return the path of a ``file://`` URL; None for other names.

    >>> local_path("file:///scans/t1.tif"), local_path("s3://scans/t1.tif")
    ('/scans/t1.tif', None)
    """
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in ("file", "local"):
        return None
    return url2pathname(rest) if os.sep == "\\" else unquote(rest)


def root_of(url: str) -> str:
    """Return the beginning of a URL that identifies its file system.

    >>> root_of("s3://scans/day1/t1.tif"), root_of("simplecache::http://host:80/t1.tif")
    ('s3://scans', 'simplecache::http://host:80')
    """
    start = url.rindex("://") + 3
    stop = url.find("/", start)
    return url if stop < 0 else url[:stop]


def base_name(name: str) -> str:
    """Return the last part of a path or URL with slashes."""
    return name.rstrip("/").rpartition("/")[2]
