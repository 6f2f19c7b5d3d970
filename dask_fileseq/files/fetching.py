"""Requests for ranges of remote files by HTTP, S3 or fsspec, and retries of requests.

The calls of fsspec request the size of a file before its bytes, and accept whatever an HTTP
server sends for a range, also the whole file. The requests here return size and version of
the file together with the bytes, so that one request opens a small file, and changed or wrong
answers are errors. Other file systems are read by fsspec's own calls.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import starmap
from typing import Any, TypeVar

from dask_fileseq.files.answers import (
    LATE,
    TIMEOUT,
    UNSIZED,
    answered,
    patience,
    read_body,
    sent_range,
    slots,
)
from dask_fileseq.files.fileobjects import STEP, Range, RangeFile
from dask_fileseq.files.filesystems import run_async
from dask_fileseq.files.names import base_name
from dask_fileseq.plaintext import public_text

AT_ONCE = 16
"""Number of requests for one file at a time."""

PAUSES = (0.2, 0.8, 2.5)
"""Seconds before each retry, give or take a quarter."""

LONGEST = 20.0
"""Largest number of seconds that a server can make a retry wait."""

TRANSIENT = {
    "ClientConnectionError", "ClientPayloadError", "FSTimeoutError", "IncompleteRead",
    "IncompleteReadError", "ReadTimeoutError", "ResponseStreamingError",
}  # fmt: skip
"""Names of exceptions of aiohttp, fsspec, http.client and botocore, which are not imported."""

STATUSES = {408, 425, 429, 500, 502, 503, 504}
"""HTTP statuses that are worth a retry."""

_ERRORS: dict[int, type[OSError]] = {
    401: PermissionError, 403: PermissionError, 404: FileNotFoundError, 410: FileNotFoundError
}  # fmt: skip

_VERSION_KEYS = (
    "ETag", "etag", "Content-MD5", "md5Hash", "Last-Modified", "LastModified",
    "mtime", "modify", "updated", "last_modified", "created",
)  # fmt: skip

T = TypeVar("T")

_log = logging.getLogger("dask_fileseq")


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of a file, and what came with them."""

    start: int
    content: bytes = field(repr=False)
    size: int
    """Size of the whole file, in bytes."""
    version: str
    """Another text for another version of the file; may be empty."""


def fetch_start(fs: Any, path: str, number: int) -> Part:
    """Return the first bytes of a file, maybe all, in a single request where possible."""
    get = getter(fs)
    if get is not None:
        (first,) = _get_parts(fs, get, path, [(0, number)])
        return require_start(first, path)
    fs.invalidate_cache(path)
    info = requested_info(fs, path)
    if info.get("type") == "directory":
        raise IsADirectoryError(f"{path!r} is a folder")
    size = info.get("size")
    stop = None if size is None else min(number, size)
    content = b"" if size == 0 else retried(lambda: fs.cat_file(path, 0, stop), patience(fs))
    if stop is not None and len(content) > stop:
        raise OSError(f"{path!r}: {len(content):,} bytes came for the first {stop:,}")
    return Part(0, content, len(content) if size is None else size, version_of(info))


def require_start(first: Part, path: str) -> Part:
    """Return the part of a file that was requested from its start; raise an OSError otherwise."""
    if first.start:
        raise OSError(f"{path!r}: bytes from {first.start} on came for those from 0 on")
    return first


def range_file(fs: Any, path: str, first: Part) -> RangeFile:
    """Return a handle on a remote file, given its first bytes."""
    fetch = partial(fetch_ranges, fs, path, first)
    return RangeFile(fetch, first.size, first.content, base_name(path))


def fetch_ranges(fs: Any, path: str, first: Part, ranges: Sequence[Range]) -> list[bytes]:
    """Return the bytes of ranges, fetched at the same time if the file system can.

    Raises an OSError if the size or the version of the file differs from that of its first
    part; an empty version is not compared. Both are compared only if they come with the bytes,
    or without a request.
    """
    get = getter(fs)
    if get is None:
        starts, stops = map(list, zip(*ranges, strict=True))  # it takes a tuple for one number
        paths = [path] * len(ranges)
        contents = retried(lambda: list(fs.cat_ranges(paths, starts, stops)), patience(fs))
        changed = fs.protocol == "memory" and version_of(fs.info(path)) != first.version
    else:
        parts = _get_parts(fs, get, path, ranges)
        contents = [
            part.content[max(0, start - part.start) : max(0, stop - part.start)]
            for part, (start, stop) in zip(parts, ranges, strict=True)
        ]
        versions = {part.version for part in parts} - {"", first.version}
        changed = bool(first.version and versions) or {part.size for part in parts} != {first.size}
    if changed:
        raise OSError(f"{path!r} has changed while it was read")
    return contents


def requested_info(fs: Any, path: str) -> Any:
    """Return the entry of a file or folder, as the file system has it.

    fsspec takes a server that does not answer for one that does not have the file, and s3fs
    asks it again for minutes.
    """
    seconds = patience(fs)

    def request() -> Any:
        try:
            if getter(fs) is None:
                return fs.info(path)
            return run_async(fs, lambda: answered(fs._info(path), seconds, path))
        except FileNotFoundError as error:
            if isinstance(error.__cause__, TimeoutError):
                raise TimeoutError(LATE) from error
            raise

    return retried(request, seconds)


def version_of(info: Any) -> str:
    """Return the version of a file, from its entry in a listing; "" if there is none."""
    return next((str(info[key]) for key in _VERSION_KEYS if info.get(key)), "")


Get = Callable[[Any, str, int, int], Awaitable[Part]]


def getter(fs: Any) -> Get | None:
    """Return the function that requests a range of a file system; None if fsspec has to."""
    kinds = {(cls.__module__, cls.__name__) for cls in type(fs).__mro__}
    if ("fsspec.implementations.http", "HTTPFileSystem") in kinds:
        return _get_http
    return _get_s3 if ("s3fs.core", "S3FileSystem") in kinds else None


def _get_parts(fs: Any, get: Get, path: str, ranges: Sequence[Range]) -> list[Part]:
    """Return the parts of a file that are requested at the same time.

    After transient errors, only the parts that are still missing are requested again.
    """
    parts: dict[Range, Part] = {}
    limit = asyncio.Semaphore(AT_ONCE)

    async def get_part(start: int, stop: int) -> None:
        async with limit, slots():
            parts[start, stop] = await get(fs, path, start, stop)

    async def get_missing() -> None:
        missing = [each for each in ranges if each not in parts]
        results = await asyncio.gather(*starmap(get_part, missing), return_exceptions=True)
        errors = [error for error in results if error is not None]
        if errors:
            raise min(errors, key=is_transient)  # an error that no retry mends, if there is one

    retried(lambda: run_async(fs, get_missing), patience(fs))
    return [parts[each] for each in ranges]


async def _get_http(fs: Any, url: str, start: int, stop: int) -> Part:
    session = await fs.set_session()
    kwargs, seconds = dict(fs.kwargs), patience(fs)
    headers = {**kwargs.pop("headers", {}), "Accept-Encoding": "identity"}
    headers["Range"] = f"bytes={start}-{stop - 1}"
    kwargs["timeout"] = _without_total(kwargs.get("timeout"), seconds)
    request = session.get(fs.encode_url(url), headers=headers, **kwargs)
    async with await answered(request, seconds, url) as response:
        version = response.headers.get("ETag") or response.headers.get("Last-Modified", "")
        content_range = response.headers.get("Content-Range", "")
        if response.status == 416:  # nothing is there: mostly an empty file
            total = content_range.rpartition("/")[2]
            return Part(start, b"", int(total) if total.isdecimal() else 0, version)
        _raise_for_status(response)
        encoding = response.headers.get("Content-Encoding", "")
        is_packed = encoding not in ("", "identity")
        chunks = response.content.iter_any()
        if response.status != 206:  # the server ignores ranges, and sends the whole file
            length = None if is_packed else response.content_length
            content = await read_body(chunks, UNSIZED if length is None else length, seconds, url)
            return Part(0, content, len(content), version)
        if is_packed:
            raise OSError(f"the server sends parts of {url!r} packed ({encoding}): unreadable")
        begin, length, size = sent_range(content_range, stop - start, url)
        content = await read_body(chunks, length, seconds, url)
    if len(content) != length:
        raise EOFError(f"the server sends {len(content):,} of {length:,} bytes of {url!r}")
    if size is None:
        size = (await fs._info(url)).get("size")
    if size is None:
        raise OSError(f"the server does not state the size of {url!r}")
    return Part(begin, content, size, version)


def _without_total(timeout: Any, seconds: float | None) -> Any:
    """Return the timeout of a request: large files may take long, but a server may not pause."""
    from aiohttp import ClientTimeout

    if isinstance(timeout, ClientTimeout):
        return timeout
    return ClientTimeout(total=None, sock_connect=seconds, sock_read=seconds)


def _raise_for_status(response: Any) -> None:
    """Raise the error for an HTTP status, if it is one of an error."""
    status = response.status
    if status < 300:
        return
    message = f"HTTP status {status} {response.reason or ''}".rstrip()
    if status in STATUSES:
        seconds = response.headers.get("Retry-After", "")
        raise Unavailable(message, float(seconds) if seconds.isdecimal() else 0.0)
    raise _ERRORS.get(status, OSError)(message)


async def _get_s3(fs: Any, path: str, start: int, stop: int) -> Part:
    bucket, key, version_id = fs.split_path(path)
    kwargs = dict(fs.req_kw) | ({"VersionId": version_id} if version_id else {})
    if not key:
        raise IsADirectoryError(f"{path!r} is a bucket")
    seconds = patience(fs)
    kwargs |= {"Bucket": bucket, "Key": key, "Range": f"bytes={start}-{stop - 1}"}
    try:
        response = await fs._call_s3("get_object", **kwargs)
    except OSError as error:
        if "InvalidRange" not in f"{error!r} {error.__cause__!r}":
            raise
        info = await fs._info(path, refresh=True)  # the file is empty
        return Part(start, b"", info["size"], version_of(info))
    begin, length, size = 0, int(response.get("ContentLength", UNSIZED)), None
    if "ContentRange" in response:
        begin, length, size = sent_range(response["ContentRange"], stop - start, path)
    async with response["Body"] as body:
        content = await read_body(_chunks_of(body), length, seconds, path)
    version = response.get("ETag", "")
    return Part(begin, content, len(content) if size is None else size, version)


async def _chunks_of(body: Any) -> AsyncIterator[bytes]:
    while chunk := await body.read(STEP):
        yield chunk


class Unavailable(OSError):
    """A server cannot answer now; it may name the seconds to wait before a retry."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def is_transient(error: BaseException) -> bool:
    """Return whether the same request may succeed a little later.

    True for broken connections, timeouts, and HTTP statuses such as 503; False for errors
    such as a missing file or missing permissions.

    >>> is_transient(ConnectionResetError()), is_transient(FileNotFoundError())
    (True, False)
    """
    if isinstance(error, Unavailable | ConnectionError | TimeoutError):
        return True
    status = getattr(error, "status", None) or getattr(error, "code", None)
    if isinstance(status, int) and status in STATUSES:
        return True
    names = {kind.__name__ for kind in type(error).__mro__}
    return "ClientSSLError" not in names and not names.isdisjoint(TRANSIENT)


def retried(call: Callable[[], T], patience: float | None = TIMEOUT) -> T:
    """Return the result of a function, which is called again after transient errors.

    A call that took more than half of the time that a server may take is not repeated.
    """
    tries = 0
    while True:
        start = time.monotonic()
        try:
            return call()
        except Exception as error:
            late = patience is not None and time.monotonic() - start > patience / 2
            if late and not str(error):  # as timeouts of fsspec and aiohttp
                raise TimeoutError(LATE) from error
            if late or tries == len(PAUSES) or not is_transient(error):
                raise
            wanted = error.retry_after if isinstance(error, Unavailable) else 0.0
            pause = max(min(LONGEST, wanted), PAUSES[tries] * random.uniform(0.75, 1.25))
            _log.debug("retry in %.1f s: %s", pause, public_text(repr(error)))
        time.sleep(pause)
        tries += 1
