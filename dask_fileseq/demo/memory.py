"""How much memory arrays and other objects take while something runs."""

from __future__ import annotations

import threading
import time
import tracemalloc
from typing import Any, Self

__all__ = ["MemoryMeter"]

INTERVAL = 0.01
"""Seconds between two looks."""


class MemoryMeter:
    """Record the memory of what is allocated while a block runs, in all threads.

    Python's `tracemalloc` counts it, with the arrays of numpy. The memory of the process as
    the system sees it would tell less: what is freed stays with the process for a while.

    Examples
    --------
    >>> import numpy as np
    >>> with MemoryMeter() as meter:
    ...     ones = np.ones(10_000_000, np.uint8)
    >>> 10_000_000 <= meter.peak < 11_000_000
    True
    """

    def __init__(self) -> None:
        self.peak = 0
        self.seconds: list[float] = []
        self.bytes: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._start = time.perf_counter()
        tracemalloc.start()
        self._thread.start()
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self._stop.set()
        self._thread.join()
        self._look()
        self.peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    def _watch(self) -> None:
        while not self._stop.wait(INTERVAL):
            self._look()

    def _look(self) -> None:
        self.seconds.append(time.perf_counter() - self._start)
        self.bytes.append(tracemalloc.get_traced_memory()[0])
