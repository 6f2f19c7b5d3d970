"""How far a conversion is: a bar for people, a callback for programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from dask.utils import format_bytes, format_time

__all__ = ["Progress", "reporter"]

WIDTH = 24
INTERVAL = 0.2
"""Seconds between two pictures of the bar."""

Callback = Callable[[int, int], Any]


def reporter(progress: bool | Callback | None) -> Callback | None:
    """Return what is told of progress: None, a callback of the user's, or a bar.

    None stands for a bar where standard error is a terminal.

    Raises
    ------
    ValueError
        If `progress` is none of these.
    """
    if callable(progress):
        return progress
    if progress not in (None, True, False):
        raise ValueError(f"progress={progress!r} is neither None, True, False nor a function")
    show = _is_terminal(sys.stderr) if progress is None else progress
    return Bar(sys.stderr) if show else None


def _is_terminal(stream: Any) -> bool:
    return stream is not None and hasattr(stream, "isatty") and stream.isatty()


class Progress:
    """Counts bytes of pixels, and tells of them.

    Parameters
    ----------
    total : int
        All there is to do.
    done : int
        What was done before.
    report : callable or None
        Called as ``report(done, total)``, first with what was done before.
    """

    def __init__(self, total: int, done: int, report: Callback | None) -> None:
        self.total = total
        self.done = done
        self.report = report
        self.tell()

    def add(self, count: int) -> None:
        """Count what is done, and tell of it."""
        self.done += count
        self.tell()

    def tell(self) -> None:
        """Tell how far it is."""
        if self.report is not None:
            self.report(self.done, self.total)


class Bar:
    """A line of text that fills up: share, bytes, rate, time left."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.begin: tuple[float, int] | None = None
        self.shown = 0.0
        self.length = 0

    def __call__(self, done: int, total: int) -> None:
        """Show the line, if it was not shown just before."""
        now = time.monotonic()
        if self.begin is None:
            self.begin = now, done
        if done < total and now - self.shown < INTERVAL:
            return
        self.shown = now
        text = bar_text(done, total, now - self.begin[0], done - self.begin[1])
        self.stream.write("\r" + text.ljust(self.length) + ("\n" if done >= total else ""))
        self.stream.flush()
        self.length = len(text) if done < total else 0

    def close(self) -> None:
        """End the line where it is."""
        if self.length:
            self.stream.write("\n")
            self.stream.flush()


def bar_text(done: int, total: int, seconds: float, since: int) -> str:
    """Return the line that shows progress.

    Parameters
    ----------
    done, total : int
        Bytes of pixels.
    seconds, since : float, int
        How many of them since when.

    Examples
    --------
    >>> bar_text(2**29, 2**30, 4.0, 2**28)
    '[############            ]  50% of 1.00 GiB, 64.00 MiB/s, 8.00 s left'
    """
    share = done / total if total else 1.0
    filled = "#" * int(WIDTH * share)
    text = f"[{filled:<{WIDTH}}] {share:4.0%} of {format_bytes(total)}"
    if since and seconds > 0:
        rate = since / seconds
        text += f", {format_bytes(int(rate))}/s"
        if done < total:
            text += f", {format_time((total - done) / rate)} left"
    return text
