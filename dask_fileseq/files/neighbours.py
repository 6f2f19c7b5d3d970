"""Small parts of one file far away that lie together, such as members of an archive.

The problem: each part is a request, which takes longer than to transfer a hundred of them. The
idea: parts that follow each other, both in the file and in the order in which they will be read,
are one request, made when the first of them is read. Its bytes are dropped after the last of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import BinaryIO

from dask_fileseq.files.fileobjects import GAP, FileObject, Range

TOGETHER = 4 * 2**20
"""Largest number of bytes of a request for several parts."""


class Window(FileObject):
    """A file of which the bytes from `start` on are in memory; a read of others is an EOFError."""

    def __init__(self, content: bytes, start: int, name: str) -> None:
        super().__init__(start + len(content), name)
        self._content = memoryview(content)
        self._start = start

    def _fill(self, view: memoryview, start: int) -> int:
        first = start - self._start
        if first < 0 or first + len(view) > len(self._content):
            raise EOFError(f"{self.name!r} is in memory from byte {self._start} to {self.size}")
        view[:] = self._content[first : first + len(view)]
        return len(view)


class _Run:
    """Parts that are one request."""

    def __init__(self, start: int, stop: int) -> None:
        self.start, self.stop = start, stop
        self.size = stop - start
        self.lock = threading.Lock()
        self.left = 1
        self.content: bytes | None = None

    def grows(self, start: int, stop: int) -> bool:
        """Add a part, and return True; False if it is not near, or there would be too much."""
        first, last = min(self.start, start), max(self.stop, stop)
        size = self.size + stop - start
        if last - first > min(TOGETHER, size + GAP * self.left):
            return False
        self.start, self.stop, self.size = first, last, size
        self.left += 1
        return True


class Neighbours:
    """Parts of a file, by their names in the order in which they will be read.

    `opened` returns a handle on the file, and `extents` are start and stop of the parts.
    """

    def __init__(self, opened: Callable[[], BinaryIO], extents: Mapping[str, Range]) -> None:
        self._open = opened
        self._runs: dict[str, _Run] = {}
        run = None
        for name, (start, stop) in extents.items():
            if run is None or not run.grows(start, stop):
                run = _Run(start, stop)
            self._runs[name] = run

    def take(self, name: str) -> Window | None:
        """Return a part, once; None if there is no such part."""
        run = self._runs.pop(name, None)
        if run is None:
            return None
        with run.lock:
            content = run.content if run.content is not None else self._fetched(run)
            run.left -= 1
            run.content = content if run.left else None
        return Window(content, run.start, name)

    def _fetched(self, run: _Run) -> bytes:
        """Request the parts of a run."""
        with self._open() as handle:
            announce = getattr(handle, "announce", None)
            if announce is not None:
                announce([(run.start, run.stop)])
            handle.seek(run.start)
            return handle.read(run.stop - run.start)
