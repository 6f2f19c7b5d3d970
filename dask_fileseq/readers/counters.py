"""Counts of what the readers of this process do, so that tests can prove what was not read."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Counts", "count", "record"]


@dataclass(slots=True)
class Counts:
    """What the readers of this process did during a `count`, in all threads."""

    files: int = 0
    """Files opened, for their header or for pixels."""
    headers: int = 0
    """Headers read."""
    bytes: int = 0
    """Bytes of pixel data read from files, as stored (compressed, with merged gaps)."""
    ways: Counter[str] = field(default_factory=Counter)
    """Reads of pixels by way: "contiguous", "segments", "whole" or "function" (plain imread);
    without tifffile "template", "proven" or "libtiff", see `readers.tiff.registry`."""


_open: list[Counts] = []
_lock = threading.Lock()


@contextmanager
def count() -> Iterator[Counts]:
    """Count what the readers of this process do, in all threads; not in other processes.

    Examples
    --------
    >>> import tempfile, os, numpy, tifffile
    >>> from dask_fileseq.readers import count, read_tiff
    >>> name = os.path.join(tempfile.mkdtemp(), "a.tif")
    >>> tifffile.imwrite(name, numpy.zeros((64, 64), "u2"))
    >>> with count() as counts:
    ...     image = read_tiff(name)
    >>> counts
    Counts(files=1, headers=0, bytes=8192, ways=Counter({'contiguous': 1}))
    """
    counts = Counts()
    with _lock:
        _open.append(counts)
    try:
        yield counts
    finally:
        with _lock:
            # by identity: two counts with equal numbers are equal
            _open[:] = [other for other in _open if other is not counts]


def record(
    files: int = 0, headers: int = 0, bytes: int = 0, way: str | None = None, times: int = 1
) -> None:
    """Add to all open counts, and `times` to the way of reading."""
    if not _open:
        return
    with _lock:
        for counts in _open:
            counts.files += files
            counts.headers += headers
            counts.bytes += bytes
            if way is not None:
                counts.ways[way] += times
