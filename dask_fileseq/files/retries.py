"""Retries of requests: which errors are worth one, how many, and after how long."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

PAUSES = (0.2, 0.8, 2.5)
"""Seconds before each retry, give or take a quarter."""

LONGEST = 20.0
"""Largest number of seconds for which a server may ask."""

TRANSIENT = {
    "ClientConnectionError", "ClientPayloadError", "FSTimeoutError", "IncompleteRead",
    "IncompleteReadError", "ReadTimeoutError", "ResponseStreamingError",
}  # fmt: skip
"""Names of exceptions of aiohttp, fsspec, http.client and botocore, which are not imported."""

STATUSES = {408, 425, 429, 500, 502, 503, 504}
"""HTTP statuses that are worth a retry."""

T = TypeVar("T")

_log = logging.getLogger("dask_fileseq")


class Unavailable(OSError):
    """A server cannot answer now, and may ask to wait some seconds."""

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
    if getattr(error, "status", None) in STATUSES or getattr(error, "code", None) in STATUSES:
        return True
    names = {kind.__name__ for kind in type(error).__mro__}
    return "ClientSSLError" not in names and not names.isdisjoint(TRANSIENT)


def retried(call: Callable[[], T]) -> T:
    """Return the result of a function, which is called again after transient errors."""
    for seconds in PAUSES:
        try:
            return call()
        except Exception as error:
            if not is_transient(error):
                raise
            wanted = error.retry_after if isinstance(error, Unavailable) else 0.0
            pause = max(min(LONGEST, wanted), seconds * random.uniform(0.75, 1.25))
            _log.debug("retry in %.1f s: %r", pause, error)
        time.sleep(pause)
    return call()
