"""The progress of many tasks: a function of the caller, or a line of text that fills up."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from dask.utils import format_bytes, format_time

from dask_fileseq.types import Progress

WIDTH = 24
INTERVAL = 0.2
"""Seconds between two updates of the bar."""


def progress_callback(progress: bool | Progress | None) -> Progress:
    """Return a function that shows progress; by default a bar if standard error is a terminal."""
    if callable(progress):
        return progress
    if progress not in (None, True, False):
        raise ValueError(f"progress={progress!r} is neither None, True, False nor a function")
    if progress is None:
        progress = sys.stderr is not None and sys.stderr.isatty()
    return ProgressLine(sys.stderr) if progress else lambda done, total: None


class ProgressLine:
    """A line of text that fills up: share, bytes, rate, time left."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.begin: tuple[float, int] | None = None
        self.shown = 0.0
        self.length = 0

    def __call__(self, done: int, total: int) -> None:
        """Show the line, unless it was shown a moment ago."""
        now = time.monotonic()
        self.begin = self.begin or (now, done)
        if done < total and now - self.shown < INTERVAL:
            return
        self.shown = now
        text = _text(done, total, now - self.begin[0], done - self.begin[1])
        end = "\n" if done >= total else ""
        print("\r" + text.ljust(self.length), end=end, file=self.stream, flush=True)
        self.length = len(text) if done < total else 0

    def close(self) -> None:
        """End the line where it is."""
        if self.length:
            print(file=self.stream, flush=True)


def _text(done: int, total: int, seconds: float, since: int) -> str:
    """Return the line, with the rate of the bytes done since a number of seconds.

    >>> _text(2**29, 2**30, 4.0, 2**28)
    '[############            ]  50% of 1.00 GiB, 64.00 MiB/s, 8.00 s left'
    """
    share = done / total if total else 1.0
    text = f"[{'#' * int(WIDTH * share):<{WIDTH}}] {share:4.0%} of {format_bytes(total)}"
    if since and seconds > 0:
        text += f", {format_bytes(int(since / seconds))}/s"
        if done < total:
            text += f", {format_time((total - done) * seconds / since)} left"
    return text
