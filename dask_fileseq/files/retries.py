"""Trying again: what is worth it, how often, and after how long."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

__all__ = ["Unavailable", "fetch_all", "is_transient", "retried"]

PAUSES = (0.2, 0.8, 2.5)
"""Seconds to wait before each further try, give or take a quarter."""

LONGEST = 20.0
"""Seconds that a server may ask for at most."""

PASSING = {
    "ClientConnectionError", "ClientPayloadError", "FSTimeoutError", "IncompleteRead",
    "IncompleteReadError", "ReadTimeoutError", "ResponseStreamingError",
}  # fmt: skip

STATUSES = {408, 425, 429, 500, 502, 503, 504}

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

_log = logging.getLogger("dask_fileseq")


class Unavailable(OSError):
    """A server that cannot answer now."""

    retry_after = 0.0
    """Seconds for which it asks."""


def is_transient(error: BaseException) -> bool:
    """Return whether the same request may be answered a little later.

    Connections that fail or break, timeouts, and the HTTP statuses that say so are;
    whatever tells that a file is not there, or not for us, is not.

    >>> is_transient(ConnectionResetError()), is_transient(FileNotFoundError())
    (True, False)
    """
    if isinstance(error, Unavailable | ConnectionError | TimeoutError):
        return True
    if getattr(error, "status", None) in STATUSES or getattr(error, "code", None) in STATUSES:
        return True
    # by name, so that no package is imported for it: of aiohttp, fsspec, http.client, botocore
    names = {kind.__name__ for kind in type(error).__mro__}
    return "ClientSSLError" not in names and not names.isdisjoint(PASSING)


def fetch_all(
    get: Callable[[Sequence[K]], Sequence[T | BaseException]], keys: Sequence[K]
) -> list[T]:
    """Return what `get` gives for each key, and ask again for those worth a retry.

    Parameters
    ----------
    get : callable
        Returns a result or an error for each key.
    keys : sequence
        No key twice.
    """
    found: dict[K, Any] = {}
    for pause in (*PAUSES, None):
        left = [key for key in keys if key not in found]
        wait = 0.0
        for key, result in zip(left, get(left), strict=True):
            if not isinstance(result, BaseException):
                found[key] = result
            elif pause is None or not is_transient(result):
                raise result
            else:
                asked = min(LONGEST, getattr(result, "retry_after", 0.0))
                wait = max(wait, asked, pause * random.uniform(0.75, 1.25))
                _log.debug("trying again in %.1f s: %r: %r", wait, key, result)
        if len(found) == len(keys):
            break
        time.sleep(wait)
    return [found[key] for key in keys]


def retried(call: Callable[[], T]) -> T:
    """Return what a function returns, and call it again where its error is worth it.

    >>> answers = iter([ConnectionResetError(), "here"])
    >>> def call():
    ...     answer = next(answers)
    ...     if isinstance(answer, Exception):
    ...         raise answer
    ...     return answer
    >>> retried(call)
    'here'
    """

    def get(keys: Sequence[str]) -> list[T | BaseException]:
        try:
            return [call()]
        except Exception as error:
            return [error]

    return fetch_all(get, ["call"])[0]
