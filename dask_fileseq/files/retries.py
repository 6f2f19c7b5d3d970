"""Retries of requests: which errors are worth one, how many, and after how long."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

__all__ = ["Unavailable", "fetch_all", "is_transient", "retried"]

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
K = TypeVar("K", bound=Hashable)

_log = logging.getLogger("dask_fileseq")


class Unavailable(OSError):
    """A server cannot answer now."""

    retry_after = 0.0
    """Seconds for which it asks."""


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


def fetch_all(
    fetch: Callable[[Sequence[K]], Sequence[T | BaseException]], keys: Sequence[K]
) -> list[T]:
    """Return the result of `fetch` for each key; keys with transient errors are fetched again.

    Parameters
    ----------
    fetch : callable
        Returns a result or an error for each key.
    keys : sequence
        No key twice.
    """
    found: dict[K, T] = {}
    for pause in (*PAUSES, None):
        left = [key for key in keys if key not in found]
        wait = 0.0
        for key, result in zip(left, fetch(left), strict=True):
            if not isinstance(result, BaseException):
                found[key] = result
            elif pause is None or not is_transient(result):
                raise result
            else:
                wanted = result.retry_after if isinstance(result, Unavailable) else 0.0
                wait = max(wait, min(LONGEST, wanted), pause * random.uniform(0.75, 1.25))
                _log.debug("retry in %.1f s: %r: %r", wait, key, result)
        if len(found) == len(keys):
            break
        time.sleep(wait)
    return [found[key] for key in keys]


def retried(call: Callable[[], T]) -> T:
    """Return the result of a function, which is called again after transient errors.

    >>> answers = iter([ConnectionResetError(), "here"])
    >>> def call():
    ...     answer = next(answers)
    ...     if isinstance(answer, Exception):
    ...         raise answer
    ...     return answer
    >>> retried(call)
    'here'
    """

    def attempt(keys: Sequence[None]) -> list[T | BaseException]:
        try:
            return [call()]
        except Exception as error:
            return [error]

    return fetch_all(attempt, [None])[0]
