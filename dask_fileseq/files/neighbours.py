"""Small parts of one file far away that lie together, such as members of an archive.

The problem: each part is a request, which takes longer than to transfer a hundred of them. The
idea: parts that follow each other, both in the file and in the order in which they will be read,
are one request. Several requests are under way, from the part on that is read; the bytes of one are
dropped after its last part.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import BinaryIO, cast

from dask_fileseq.files.archive import Directory
from dask_fileseq.files.fileobjects import GAP, FileObject, Range
from dask_fileseq.files.source import Open

TOGETHER = 2**20
"""Largest number of bytes of a request for several parts."""

SMALL = 256 * 1024
"""Largest size, in bytes, of a part that is read whole with its neighbours."""

AHEAD = 16
"""Number of requests whose bytes are awaited or in memory, unless more are needed at once."""


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
        self.left = 1
        self.content: Future[bytes] | None = None

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
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}
        self._left: deque[_Run] = deque()
        for name, (start, stop) in extents.items():
            if not self._left or not self._left[-1].grows(start, stop):
                self._left.append(_Run(start, stop))
            self._runs[name] = self._left[-1]
        self._pool = ThreadPoolExecutor(AHEAD, "neighbours")
        self._held = 0

    def take(self, name: str) -> Window | None:
        """Return a part, once; None if there is no such part."""
        with self._lock:
            run = self._runs.pop(name, None)
            if run is None:
                return None
            while self._left and (run.content is None or self._held < AHEAD):
                first = self._left.popleft()
                first.content = self._pool.submit(self._fetched, first)
                self._held += 1
            content = run.content
            run.left -= 1
            if not run.left:
                run.content = None
                self._held -= 1
        assert content is not None  # it was requested, as are all runs before it
        return Window(content.result(), run.start, name)

    def close(self) -> None:
        """Make no more requests."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _fetched(self, run: _Run) -> bytes:
        """Request the parts of a run."""
        with self._open() as handle:
            announce = getattr(handle, "announce", None)
            if announce is not None:
                announce([(run.start, run.stop)])
            handle.seek(run.start)
            return handle.read(run.stop - run.start)


@contextmanager
def opened_together(
    directory: Directory,
    extents: Mapping[str, Range],
    open_part: Callable[[BinaryIO, str], BinaryIO],
    alone: Open,
) -> Iterator[Open]:
    """Return a context that yields what opens members, of which small ones are requested together.

    `extents` has those, in their order; ``open_part(handle, name)`` opens one, given the archive,
    of which only that part is in memory. The others, and those that need more, are opened `alone`.
    """
    parts = Neighbours(directory.open, extents)

    def opened(name: str) -> AbstractContextManager[str | BinaryIO]:
        try:
            if (window := parts.take(name)) is not None:
                return open_part(cast(BinaryIO, window), name)
        except EOFError:  # what is before the member is longer than in the directory
            pass
        return alone(name)

    try:
        yield opened
    finally:
        parts.close()
