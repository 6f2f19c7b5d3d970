"""The memory that arrays and other objects take while a block of code runs."""

from __future__ import annotations

import threading
import time
import tracemalloc
from typing import Any, Self

INTERVAL = 0.01
"""Seconds between two measurements."""


class MemoryMeter:
    """Context manager that records the memory allocated in a block, in all threads.

    Python's `tracemalloc` counts it, including the arrays of numpy: the memory of the process
    would not shrink at once when arrays are freed. `peak` is the maximum in bytes; `seconds`
    and `bytes` are the recorded course.

    Examples
    --------
    >>> import numpy as np
    >>> with MemoryMeter() as meter:
    ...     ones = np.ones(10_000_000, np.uint8)
    >>> 10_000_000 <= meter.peak < 11_000_000
    True
    """

    def __enter__(self) -> Self:
        self.seconds: list[float] = []
        self.bytes: list[int] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._record, daemon=True)
        self._start = time.perf_counter()
        tracemalloc.start()
        self._thread.start()
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self._end.set()
        self._thread.join()
        self.peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    def _record(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._end.wait(INTERVAL)
            self.seconds.append(time.perf_counter() - self._start)
            self.bytes.append(tracemalloc.get_traced_memory()[0])
