"""Limits of what a server may answer: how late, how slowly, how much, and of which part.

A server may be broken, or hostile. What it sends is compared with what it declares, and what it
declares with what was requested, before memory is taken.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterable, Awaitable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

TIMEOUT = 20.0
"""Seconds that a server may take for an answer, unless `storage_options` have a ``timeout``."""

LATE = "no answer in time; storage_options={'timeout': seconds} gives the server more of it"
"""What is wrong if a server does not answer."""

SLOWEST = 256
"""Smallest number of bytes a second, on average over the timeout."""

UNSIZED = 2**30
"""Largest number of bytes of a file whose server neither sends parts of it nor its size."""

UPLOAD = 4096
"""Number of bytes that are sent to S3 for which a call may take a second more."""

SURPLUS = 16 * 2**20
"""Largest number of bytes that a server may declare to send beyond those that were requested."""

REQUESTS = 128
"""Number of requests at a time, for all files of this process."""

FEW_REQUESTS = 16
"""The same to a server of a protocol that may not take as many."""

CONNECTIONS = 2 * REQUESTS
"""Number of connections of a session: more than requests, so that none waits for one."""

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")

T = TypeVar("T")

_slots: WeakKeyDictionary[Any, asyncio.Semaphore] = WeakKeyDictionary()


def slots() -> asyncio.Semaphore:
    """Return what bounds the requests of this process, on the running loop."""
    return _slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(REQUESTS))


def _protocol(fs: Any) -> str:
    """Return the protocol of a file system, the first one if it has several."""
    return str(fs.protocol[0] if isinstance(fs.protocol, tuple | list) else fs.protocol)


def is_s3(fs: Any) -> bool:
    """Return whether a file system is s3fs's."""
    return _protocol(fs) in ("s3", "s3a")


def patience(fs: Any) -> float | None:
    """Return the seconds that the server of a file system may take; None for no limit.

    These are the ``timeout`` in `storage_options`; a timeout of aiohttp or botocore is respected.
    """
    if is_s3(fs):
        seconds = fs.config_kwargs.get("read_timeout", TIMEOUT)
    elif _protocol(fs) in ("http", "https"):
        session = fs.client_kwargs.get("timeout", TIMEOUT)
        seconds = fs.kwargs.get("timeout", session)
    else:
        seconds = TIMEOUT
    if seconds is None or isinstance(seconds, int | float):
        return seconds
    limits = [seconds.sock_read, seconds.total]
    return next((float(limit) for limit in limits if limit is not None), None)


async def answered(request: Awaitable[T], seconds: float | None, url: str) -> T:
    """Return the answer to a request, without its body; raise a TimeoutError if it is late."""
    try:
        async with asyncio.timeout(seconds):
            return await request
    except TimeoutError as error:
        raise _late(url, seconds) from error


def limit_calls(fs: Any) -> None:
    """Let each call of an S3 file system end in time, with all retries by s3fs and botocore.

    Without it, they ask a server that never answers 25 times. The error is no TimeoutError, after
    which s3fs would call again.
    """
    if not is_s3(fs) or "_call_s3" in vars(fs):  # fsspec shares file systems
        return
    call, seconds = fs._call_s3, patience(fs)

    async def limited(method: str, *args: Any, **kwargs: Any) -> Any:
        names = (kwargs.get(key) for key in ("Bucket", "Key", "Prefix"))
        url = "/".join(["s3:/", *filter(None, names)])
        sent = len(kwargs.get("Body") or b"")
        limit = None if seconds is None else seconds + sent / UPLOAD
        try:
            return await answered(call(method, *args, **kwargs), limit, url)
        except TimeoutError as error:
            raise OSError(str(error)) from error

    fs._call_s3 = limited


async def read_body(
    chunks: AsyncIterable[bytes], most: int, seconds: float | None, url: str
) -> bytes:
    """Return the body of an answer.

    Raises an OSError if it has more bytes than `most`, and a TimeoutError if it stops, or comes
    more slowly than `SLOWEST`, for some seconds.
    """
    loop = asyncio.get_running_loop()
    content, size, before = [], 0, 0
    stop = None if seconds is None else loop.time() + seconds
    try:
        async for chunk in chunks:
            size += len(chunk)
            if size > most:
                raise OSError(f"the server sends more of {url!r} than {most:,} bytes, its limit")
            content.append(chunk)
            if stop is not None and seconds is not None and loop.time() > stop:
                if size - before < SLOWEST * seconds:
                    raise TimeoutError
                stop, before = loop.time() + seconds, size
    except TimeoutError as error:
        raise _late(url, seconds) from error
    return b"".join(content)


def _late(url: str, seconds: float | None) -> TimeoutError:
    """Return the error for a server that does not answer, or too slowly."""
    return TimeoutError(
        f"the server of {url!r} sent nothing, or next to nothing, for {seconds or 0:g} seconds;"
        " storage_options={'timeout': seconds} gives it more time"
    )


def sent_range(content_range: str, wanted: int, url: str) -> tuple[int, int, int | None]:
    """Return start and length of the part that a server sends, and the size of the file.

    The size is None if the server does not state it. Raises an OSError if the part is not one
    of a file, or is much longer than the number of bytes that were requested.

    >>> sent_range("bytes 10-19/100", 10, "https://host/t1.tif")
    (10, 10, 100)
    """
    found = _CONTENT_RANGE.fullmatch(content_range.strip())
    if found is None:  # such as an answer of several parts
        raise OSError(
            f"the server does not state which part of {url!r} it sends: {content_range!r}"
        )
    start, stop = int(found[1]), int(found[2]) + 1
    size = None if found[3] == "*" else int(found[3])
    if stop <= start or (size is not None and stop > size) or stop - start > wanted + SURPLUS:
        raise OSError(f"the server sends an impossible part of {url!r}: {content_range!r}")
    return start, stop - start, size
