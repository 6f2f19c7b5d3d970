"""URLs, and the file systems of fsspec: one for each place, process and set of options.

This is the only module of `files` that imports fsspec, and only when it is first needed.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any, TypeVar
from urllib.parse import unquote
from urllib.request import url2pathname

from dask.base import tokenize

from dask_fileseq.errors import NamesError, ReadError
from dask_fileseq.files.answers import CONNECTIONS, FEW_REQUESTS, REQUESTS, TIMEOUT, limit_calls

PACKAGES = {
    "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "abfss": "adlfs", "az": "adlfs",
    "sftp": "paramiko", "ssh": "paramiko",
}  # fmt: skip
"""The packages of file systems that the extra ``remote`` does not install."""

MANY = ("http", "https", "s3", "s3a", "gs", "gcs", "abfs", "abfss", "az")
"""Protocols of servers that answer many requests at a time."""

HARMLESS = {"profile", "region_name", "endpoint_url", "project", "account_name", "host", "encoding"}
"""Arguments of file systems that errors may show."""

OPEN_HEADERS = {"accept", "accept-encoding", "range", "user-agent"}
"""Headers of requests that go to any server to which another one redirects."""

T = TypeVar("T")

_lock = threading.Lock()

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")  # not C://, which is a drive


def scheme_of(name: str) -> str:
    """Return the scheme of a URL, or of the last in a chain of URLs; "" for other names.

    The scheme may be one that fsspec does not know.

    >>> scheme_of("s3://scans/t1"), scheme_of("simplecache::https://host/t1"), scheme_of("C://t1")
    ('s3', 'https', '')
    """
    if "://" not in name:
        return ""
    found = _URL.match(name.rpartition("::")[2])
    return found[1].lower() if found else ""


def requests_at_once(url: str) -> int:
    """Return how many requests a server gets at a time.

    >>> requests_at_once("s3://scans/t1.tif"), requests_at_once("ftp://host/t1.tif")
    (128, 16)
    """
    return REQUESTS if scheme_of(url) in MANY else FEW_REQUESTS


def local_path(url: str) -> str | None:
    """Return the path of a ``file://`` URL; None for other names.

    >>> local_path("file:///scans/t1.tif"), local_path("s3://scans/t1.tif")
    ('/scans/t1.tif', None)
    """
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in ("file", "local"):
        return None
    return url2pathname(rest) if os.sep == "\\" else unquote(rest)


def of_one_kind(names: Sequence[str]) -> list[str]:
    """Return names, with paths in place of ``file://`` URLs.

    Raises a `NamesError` if some are URLs and some are paths.

    >>> of_one_kind(["file:///scans/t1.tif", "/scans/t2.tif"])
    ['/scans/t1.tif', '/scans/t2.tif']
    """
    names = [local_path(name) or name for name in names]
    kinds = {is_url(name): name for name in reversed(names)}  # keeps the first of each
    if len(kinds) == 2:
        raise NamesError(
            f"files: {kinds[False]!r} and {kinds[True]!r} are a path and a URL: pass one kind"
        )
    return names


def root_of(url: str) -> str:
    """Return the beginning of a URL that identifies its file system.

    >>> root_of("s3://scans/day1/t1.tif"), root_of("simplecache::http://host:80/t1.tif")
    ('s3://scans', 'simplecache::http://host:80')
    """
    start = url.rindex("://") + 3
    stop = url.find("/", start)
    return url if stop < 0 else url[:stop]


def is_url(name: str) -> bool:
    """Return whether a name is a URL, or a chain of URLs, with a protocol of fsspec.

    >>> is_url("s3://scans/t1.tif"), is_url("simplecache::https://host/t1.tif"), is_url("C://t1")
    (True, True, False)
    """
    return "://" in name and _is_protocol(scheme_of(name))


@cache
def _is_protocol(scheme: str) -> bool:
    """Return whether fsspec has a file system of this name."""
    try:
        from fsspec import available_protocols
        from fsspec.registry import registry
    except ImportError:
        return scheme in ("http", "https", "ftp", "s3", "gs", "memory")
    return scheme in registry or scheme in available_protocols()


class StorageOptions:
    """Arguments of a file system: hashable, and not shown, for they may contain keys."""

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        if not isinstance(options, Mapping | None):
            raise NamesError(
                f"storage_options is {type(options).__name__}, not a mapping of arguments"
            )
        self.values = dict(options or {})
        self.token = tokenize(self.values)

    def __bool__(self) -> bool:
        return bool(self.values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StorageOptions) and self.token == other.token

    def __hash__(self) -> int:
        return hash(self.token)

    def hidden_in(self, text: str) -> str:
        """Return a text without the values of the options, but for some that are no secrets.

        >>> StorageOptions({"secret": "9f8e", "n": 1}).hidden_in("no region for '9f8e' 1")
        "no region for '***' 1"
        """
        for value in _texts(self.values):
            text = text.replace(value, "***")
        return text

    def __repr__(self) -> str:
        return f"<{len(self.values)} storage_options {self.token}>"


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts in a mapping or sequence, at any depth."""
    if isinstance(value, str) and len(value) > 1:
        yield value
    for key, each in value.items() if isinstance(value, Mapping) else ():
        if key not in HARMLESS:
            yield from _texts(each)
    for each in value if isinstance(value, list | tuple) else ():
        yield from _texts(each)


def filesystem(url: str, options: StorageOptions) -> tuple[Any, str]:
    """Return the file system of a URL, and the path of the URL in it.

    Raises a `NamesError` if fsspec has no such file system, an ImportError if the package for
    it is not installed, and a `ReadError` if it refuses its options, or connects in vain.
    """
    root = root_of(url)
    with _lock:  # setting up a session takes long: do it once
        shared = _opened(root, options, os.getpid(), 0)
        fs = shared or _opened(root, options, os.getpid(), threading.get_ident())
    return fs, fs._strip_protocol(url.rpartition("::")[2])


@lru_cache(maxsize=64)
def _opened(root: str, options: StorageOptions, process: int, thread: int) -> Any:
    """Return a file system for one thread or, with ``thread=0``, for all, else None.

    Asynchronous file systems serve all threads from a thread of their own. Others, such
    as FTP, have a single connection.
    """
    links = [link.partition("://")[0] for link in root.split("::")]
    try:
        import fsspec

        classes = [fsspec.get_filesystem_class(link) for link in links]
    except ValueError as error:
        raise NamesError(f"{root!r}: fsspec has no file system {links[-1]!r}") from error
    except ImportError as error:
        package = PACKAGES.get(links[-1], "dask-fileseq[remote]")
        raise ImportError(f"{root!r} needs another package: pip install '{package}'") from error
    is_async = all(cls.async_impl for cls in classes)
    if not thread and not is_async:
        return None
    try:
        fs, _ = fsspec.url_to_fs(root, **_arguments(links, options.values))
        if is_async and hasattr(fs, "set_session"):
            run_async(fs, fs.set_session)
        limit_calls(getattr(fs, "fs", fs))
    except Exception as error:  # of any package
        raise ReadError.of(
            error, options.hidden_in(f"cannot set up the file system of {root!r}: {error!r}")
        ) from None
    return fs


def _arguments(links: list[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a file system: the options, with a limit of time for HTTP and S3.

    `links` are the schemes in a chain of URLs. For S3, ``timeout`` is no argument: it becomes
    botocore's.
    """
    values = dict(values)
    if links[-1] in ("http", "https"):
        if len(links) == 1:
            values = {"get_client": discreet_client} | values
        else:
            values[links[-1]] = {"get_client": discreet_client} | values.get(links[-1], {})
        if "timeout" in values.get("client_kwargs", {}):
            return {"use_listings_cache": True} | values
        if len(links) > 1:  # a file is copied whole, which may take long
            from aiohttp import ClientTimeout

            limit = ClientTimeout(total=None, sock_connect=TIMEOUT, sock_read=TIMEOUT)
            return values | {links[-1]: {"timeout": limit} | values.get(links[-1], {})}
        # without its cache of listings, the HTTP file system requests a page several times
        return {"use_listings_cache": True, "timeout": TIMEOUT} | values
    if links[-1] == "s3":
        if len(links) == 1:
            return limited_arguments(values)
        return values | {"s3": limited_arguments(values.get("s3", {}))}
    return values


async def discreet_client(**kwargs: Any) -> Any:
    """Return a session of aiohttp that sends the user's own headers to no other server.

    After a redirect, aiohttp itself leaves out Authorization and cookies only, not tokens.
    """
    from aiohttp import ClientSession, TCPConnector, TraceConfig

    if kwargs.get("connector") is None:
        kwargs["connector"] = TCPConnector(limit=CONNECTIONS)
    trace = TraceConfig()
    trace.on_request_redirect.append(_drop_headers)
    kwargs["trace_configs"] = [*(kwargs.get("trace_configs") or ()), trace]
    return ClientSession(**kwargs)


async def _drop_headers(_session: Any, _context: Any, redirect: Any) -> None:
    """Remove headers from a request that goes on to another server."""
    from yarl import URL

    location = redirect.response.headers.get("Location", "")
    with suppress(ValueError):  # aiohttp refuses it
        if redirect.url.join(URL(location)).origin() == redirect.url.origin():
            return
    for name in [name for name in redirect.headers if name.lower() not in OPEN_HEADERS]:
        redirect.headers.popall(name, None)


def limited_arguments(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of an S3 file system, where ``timeout`` becomes botocore's.

    botocore has ten connections, unless it gets a number of them.

    >>> limited_arguments({"timeout": 5})["config_kwargs"]
    {'connect_timeout': 5, 'read_timeout': 5, 'max_pool_connections': 256}
    """
    values = dict(values)
    seconds = values.pop("timeout", TIMEOUT)
    limits = {"connect_timeout": seconds, "read_timeout": seconds}
    limits["max_pool_connections"] = CONNECTIONS
    return values | {"config_kwargs": limits | values.get("config_kwargs", {})}


def run_async(fs: Any, function: Callable[[], Awaitable[T]]) -> T:
    """Return the result of an asynchronous function, run by the thread of a file system."""
    from fsspec.asyn import FSTimeoutError, sync

    try:
        result: T = sync(fs.loop, function)
    except FSTimeoutError as error:  # takes the place of any TimeoutError, and has no message
        raise error.__cause__ or error from None
    return result
