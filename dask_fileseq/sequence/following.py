"""Which files of a folder that is written to are complete: by two looks, and their headers.

A file is complete when its version, which is size and time, is the same at two looks, when its
reader finds nothing missing (`Reader.inspect`), and when it contains an array like that of the
first one. Others are looked at again once their version changes; none of them is an error.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TypeVar

from dask_fileseq.errors import GridWarning, shown, users_level
from dask_fileseq.files import LocalFiles, Source
from dask_fileseq.graph import Scheduler, run_batches
from dask_fileseq.headers import look_into_files
from dask_fileseq.plaintext import counted
from dask_fileseq.readers import ChunkSpec, File, Reader

T = TypeVar("T", bound=Sequence[str])
Version = tuple[int, int]

BATCH = 64
"""Number of files that a thread looks into at a time."""

SHARE = 20
"""Complete files are looked at again, too, which takes at most one part in so many of the time."""

PATIENCE = 10
"""Number of intervals after which files are looked for, also if the system tells of no change."""


class Watch:
    """The files that are complete, and what is known of the others."""

    def __init__(self, source: Source, reader: Reader) -> None:
        self.source, self.reader = source, reader
        self.complete: dict[str, Version] = {}
        """The complete files, in their versions."""
        self.incomplete: dict[str, tuple[Version | None, str]] = {}
        """The other files, each with its version when it was last read, and why it is none."""
        self._seen: dict[str, Version] = {}
        self._next = 0.0
        """Time of the next look at all files, complete or not."""
        self._spec: ChunkSpec | None = None

    def look(self, names: Sequence[str]) -> bool:
        """Look at the files that are there now; return whether other files are complete."""
        lost = self.complete.keys() - set(names)
        for name in lost:
            del self.complete[name]
        if time.monotonic() >= self._next:
            lost |= self.rewritten()
        waiting = [name for name in names if name not in self.complete]
        now = self._versions(waiting)
        before, self._seen = self._seen, now
        self.incomplete = {
            name: self.incomplete.get(name, (None, "it is being written")) for name in waiting
        }
        stable = [
            name
            for name, version in now.items()
            if before.get(name) == version != self.incomplete[name][0] and version[0] > 0
        ]
        look = partial(look_into_files, source=self.source, look=self._spec_of)
        found = run_batches(Scheduler("threads"), look, stable, BATCH) if stable else []
        results = [self._count(*each, now[each[0]]) for each in zip(stable, found, strict=True)]
        return bool(lost) or any(results)

    def rewritten(self) -> set[str]:
        """Return the complete files that are written anew, which are not complete any more."""
        began, names = time.monotonic(), list(self.complete)
        now = self._versions(names)
        lost = {name for name in names if now.get(name) != self.complete[name]}
        for name in lost:
            del self.complete[name]
        self._next = time.monotonic() + SHARE * (time.monotonic() - began)
        return lost

    def _spec_of(self, file: File) -> ChunkSpec:
        return self.reader.inspect(file).spec

    def _versions(self, names: Sequence[str]) -> dict[str, Version]:
        versions = self.source.versions(names, fresh=True) if names else None
        rows = [] if versions is None else versions.tolist()
        return {name: (size, when) for name, (size, when) in zip(names, rows, strict=False)}

    def _count(self, name: str, found: ChunkSpec | str, version: Version) -> bool:
        """Count a file among the complete ones, or remember why not; return whether it is one."""
        if isinstance(found, ChunkSpec):
            self._spec = self._spec or found
            if (found.shape, found.dtype) == (self._spec.shape, self._spec.dtype):
                self.complete[name] = version
                del self.incomplete[name]
                return True
            found = f"it has shape {found.shape} and dtype {found.dtype}, as others have not"
        self.incomplete[name] = (version, found)
        return False


def followed(
    start: T,
    source: Source,
    reader: Reader,
    folder: str,
    names: Callable[[T], Sequence[str]],
    grow: Callable[[T, Mapping[str, Version]], T | None],
    interval: float,
    until: Callable[[T], bool] | int | None,
    timeout: float | None,
) -> Iterator[T]:
    """Yield what grows of a sequence, by the function `grow`, each time that files are complete.

    For the sequence before, `names` returns all names that are there, and `grow` None if none
    fits; others are as in `FileSequence.follow`.
    """
    watch, last_one, files = Watch(source, reader), start, dict[str, Version]()
    last = time.monotonic()
    is_last, pause = False, Pause(folder, source, interval)
    while True:
        if watch.look(names(last_one)) and (grown := grow(last_one, watch.complete)) is not None:
            now = {name: watch.complete[name] for name in grown}
            if now != files:
                last_one, files = grown, now
                yield grown
                last = time.monotonic()
                is_last = until(grown) if callable(until) else len(files) >= (until or math.inf)
        is_late = timeout is not None and time.monotonic() - last > timeout
        if (is_last or is_late) and not watch.rewritten():
            break
        pause(not watch.incomplete, math.inf if timeout is None else last + timeout)
    if watch.incomplete:
        found = [f"{name} ({why})" for name, (_, why) in watch.incomplete.items()]
        many = "is not complete and was" if len(found) == 1 else "are not complete and were"
        warnings.warn(
            f"{counted(len(found), 'file')} {many} left out: {shown(found, len(found))}",
            GridWarning,
            stacklevel=users_level(),
        )


class Pause:
    """Waits until the next look: an interval, or while nothing is being written, for a change.

    Changes are those that watchfiles tells of, if it is installed; it goes on watching between
    the looks, so that it misses none.
    """

    def __init__(self, folder: str, source: Source, interval: float) -> None:
        self.interval, self.changes = interval, None
        if isinstance(source, LocalFiles):
            with suppress(ImportError):
                watch = import_module("watchfiles").watch
                timeout = {"rust_timeout": int(interval * 1000), "yield_on_timeout": True}
                self.changes = watch(folder, debounce=50, step=20, raise_interrupt=True, **timeout)
        self.is_watching = False

    def __call__(self, is_idle: bool, end: float) -> None:
        """Wait, until about the time `end`; `is_idle` is whether no file is being written."""
        if self.changes is None or (self.is_watching and not is_idle):
            time.sleep(self.interval)
            return
        try:
            for _ in range(PATIENCE if self.is_watching else 1):
                if next(self.changes) or time.monotonic() > end:
                    break
            self.is_watching = True
        except (OSError, StopIteration):  # there is no such folder, or too many are watched
            self.changes = None
