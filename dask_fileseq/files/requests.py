"""Ranges of remote files: by plain requests where these tell more, else by fsspec.

fsspec's own calls ask for a file's size before its bytes, and take what an HTTP server
sends for what they asked for, also where it ignores ranges and sends the whole file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dask_fileseq.files.handles import Range
from dask_fileseq.files.retries import STATUSES, Unavailable, fetch_all, retried

__all__ = ["Part", "first_part", "parts", "version_of"]

AT_ONCE = 16
"""Requests for one file at a time."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of a file, and what came with them."""

    start: int
    content: bytes
    size: int
    """Of the whole file."""
    version: str
    """Differs for another version of the file; may be empty."""

    def cut(self, start: int, stop: int) -> bytes:
        """Return the bytes of a range, which may be less than this."""
        return self.content[max(0, start - self.start) : max(0, stop - self.start)]


def first_part(fs: Any, path: str, count: int) -> Part:
    """Return what a file begins with, in one request where that can be; maybe all of it."""
    ask = _asker(fs)
    if ask is not None:
        (first,) = fetch_all(lambda ranges: _asked(fs, ask, path, ranges), [(0, count)])
        if first.start:
            raise OSError(f"{path!r}: bytes from {first.start} on came for those from 0 on")
        return first
    fs.invalidate_cache(path)
    info = retried(lambda: fs.info(path))
    if info.get("type") == "directory":
        raise IsADirectoryError(f"{path!r} is a folder")
    size = info.get("size")
    if size is None:
        content = retried(lambda: fs.cat_file(path))
        return Part(0, content, len(content), version_of(info))
    content = retried(lambda: fs.cat_file(path, 0, min(count, size))) if size else b""
    return Part(0, content, size, version_of(info))


def parts(fs: Any, path: str, ranges: Sequence[Range], version: str, size: int) -> list[bytes]:
    """Return the bytes of some ranges, fetched at the same time where the file system can.

    Raises
    ------
    OSError
        If the file is not of that version, which may be empty, or size any more: where
        that comes with the bytes, or costs nothing. Elsewhere it would be a request for
        each read.
    """
    changed = f"{path!r} has changed while it was read"
    ask = _asker(fs)
    if ask is None:
        contents = fetch_all(lambda left: _by_fsspec(fs, path, left), ranges)
        if fs.protocol == "memory" and version_of(fs.info(path)) != version:
            raise OSError(changed)
        return contents
    found = fetch_all(lambda left: _asked(fs, ask, path, left), ranges)
    if any(p.size != size or (version and p.version and p.version != version) for p in found):
        raise OSError(changed)
    return [part.cut(start, stop) for part, (start, stop) in zip(found, ranges, strict=True)]


def version_of(info: Any) -> str:
    """Return what tells a version of a file, from what a listing says of it."""
    for key in ("ETag", "etag", "Content-MD5", "md5Hash", "Last-Modified", "LastModified"):
        if info.get(key):
            return str(info[key])
    for key in ("mtime", "modify", "updated", "last_modified", "created"):
        if info.get(key):
            return str(info[key])
    return ""


def _by_fsspec(fs: Any, path: str, ranges: Sequence[Range]) -> Sequence[Any]:
    starts, stops = map(list, zip(*ranges, strict=True))  # it takes a tuple for one number
    try:
        return list(fs.cat_ranges([path] * len(ranges), starts, stops, on_error="return"))
    except Exception as error:
        return [error] * len(ranges)


Ask = Callable[[Any, str, int, int], Awaitable[Part]]


def _asker(fs: Any) -> Ask | None:
    """Return how a file system is asked by plain requests, if it is known."""
    kinds = {(cls.__module__, cls.__name__) for cls in type(fs).__mro__}
    if ("fsspec.implementations.http", "HTTPFileSystem") in kinds:
        return _ask_http
    return _ask_s3 if ("s3fs.core", "S3FileSystem") in kinds else None


def _asked(fs: Any, ask: Ask, path: str, ranges: Sequence[Range]) -> Sequence[Part | BaseException]:
    """Return the answer, or the error, to each of some requests at the same time."""
    from fsspec.asyn import sync

    async def gathered() -> list[Any]:
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(start: int, stop: int) -> Part:
            async with limit:
                return await ask(fs, path, start, stop)

        return await asyncio.gather(*(one(*r) for r in ranges), return_exceptions=True)

    answers: Sequence[Part | BaseException] = sync(fs.loop, gathered)
    return answers


async def _ask_http(fs: Any, url: str, start: int, stop: int) -> Part:
    session = await fs.set_session()
    kwargs = dict(fs.kwargs)
    headers = {**kwargs.pop("headers", {}), "Accept-Encoding": "identity"}
    headers["Range"] = f"bytes={start}-{stop - 1}"
    async with session.get(fs.encode_url(url), headers=headers, **kwargs) as response:
        version = response.headers.get("ETag") or response.headers.get("Last-Modified", "")
        if response.status == 416:  # nothing there: mostly an empty file
            total = _total(response.headers.get("Content-Range", ""))
            return Part(start, b"", total or 0, version)
        _raise_for_status(response, url)
        if response.status != 206:  # the server knows no ranges, and sends all
            content = await response.read()
            return Part(0, content, len(content), version)
        total, begin = _placed(response, url)
        content = await response.read()
    if total is None:
        total = (await fs._info(url)).get("size")
    if total is None:
        raise OSError("the server does not say how large the file is")
    return Part(begin, content, total, version)


def _placed(response: Any, url: str) -> tuple[int | None, int]:
    """Return the size of the whole file, if it is told, and where a part of it begins.

    Several parts in one answer, or a part of what is packed, are not the bytes of a range.
    """
    packed = response.headers.get("Content-Encoding", "identity")
    if packed not in ("", "identity"):
        raise OSError(f"the server sends parts of {url!r} packed ({packed}), which nobody can read")
    given = response.headers.get("Content-Range", "")
    begin = given.removeprefix("bytes ").partition("-")[0].strip()
    if not begin.isdecimal():
        raise OSError(f"the server does not say which part of {url!r} it sends: {given!r}")
    return _total(given), int(begin)


def _total(content_range: str) -> int | None:
    """Return the size of the whole file.

    >>> _total("bytes 0-99/1234"), _total("bytes 0-99/*")
    (1234, None)
    """
    total = content_range.rpartition("/")[2]
    return int(total) if total.isdecimal() else None


def _raise_for_status(response: Any, url: str) -> None:
    """Raise the error that an HTTP status stands for."""
    status = response.status
    if status < 300:
        return
    says = f"HTTP status {status} {response.reason or ''}".rstrip()
    if status in (404, 410):
        raise FileNotFoundError(says)
    if status in (401, 403):
        raise PermissionError(says)
    if status in STATUSES:
        error = Unavailable(says)
        asked = response.headers.get("Retry-After", "")
        error.retry_after = float(asked) if asked.isdecimal() else 0.0
        raise error
    raise OSError(says)


async def _ask_s3(fs: Any, path: str, start: int, stop: int) -> Part:
    bucket, key, version_id = fs.split_path(path)
    kwargs = dict(fs.req_kw) | ({"VersionId": version_id} if version_id else {})
    if not key:
        raise IsADirectoryError(f"{path!r} is a bucket")
    try:
        response = await fs._call_s3(
            "get_object", Bucket=bucket, Key=key, Range=f"bytes={start}-{stop - 1}", **kwargs
        )
    except OSError as error:
        if "InvalidRange" not in f"{error!r} {error.__cause__!r}":
            raise
        info = await fs._info(path, refresh=True)  # it is empty
        return Part(start, b"", info["size"], version_of(info))
    async with response["Body"] as body:
        content = await body.read()
    total = _total(response.get("ContentRange", ""))
    whole = total is None
    return Part(0 if whole else start, content, total or len(content), response.get("ETag", ""))
