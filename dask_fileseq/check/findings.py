"""What is wrong with the files of a grid, as records.

A file is odd where it holds something else than most files do: not than the first, which
may itself be the odd one.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from dask_fileseq.check.onefile import Seen, look_at, size_and_time
from dask_fileseq.files import LocalFiles, Source
from dask_fileseq.graph import Scheduler, run_batches
from dask_fileseq.grid import FileGrid
from dask_fileseq.grid.cells import labels_at
from dask_fileseq.readers import FileInfo, Reader
from dask_fileseq.types import Progress

__all__ = ["KINDS", "Finding", "check_files"]

KINDS = {
    "truncated": "cut short",
    "empty": "without any bytes",
    "unreadable": "cannot be read",
    "gone": "not there, or not any more",
    "growing": "still being written",
    "shape": "of another shape than most",
    "dtype": "of another data type than most",
    "pages": "of another number of pages than most",
    "missing": "cells without a file",
    "duplicate": "for a cell that has a file",
    "unmatched": "not matched by the pattern",
}
"""The kinds of findings, and what they mean."""

RECENT = 60.0
"""Seconds within which a file that has changed may still be growing."""

SETTLE = 1.0
"""Seconds after which such a file is looked at again."""

BATCHES = 200
"""Tasks to cut the files into, so that progress is seen and workers are shared out evenly."""

LARGEST = 500
"""Files of a task at most."""

SHOWN_MISSING = 10_000
"""Empty cells that are told one by one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem with a file, or an empty cell."""

    kind: str
    """One of `KINDS`."""
    name: str
    """The file; empty for a cell without one."""
    cell: Mapping[str, Any] = field(default_factory=dict)
    """The labels at which it stands; empty for a name that is left out."""
    detail: str = ""
    """What is wrong, in words."""

    def asdict(self) -> dict[str, Any]:
        """Return a plain dict, as for JSON."""
        return asdict(self)


def check_files(
    grid: FileGrid,
    source: Source,
    reader: Reader,
    *,
    pixels: bool = False,
    scheduler: Any = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[Finding]:
    """Return what is wrong with the files of a grid.

    Parameters
    ----------
    grid : FileGrid
        The files, and those left out.
    source : Source
        Where they are opened.
    reader : Reader
        The reader. One that cannot read a header alone reads the pixels.
    pixels : bool
        Whether to read all pixels, not just the headers.
    scheduler, workers
        As in `Scheduler`.
    progress : callable, optional
        Told how many files are done, and how many there are.
    """
    look = partial(look_at, source=source, reader=reader, pixels=pixels)
    size = max(1, min(LARGEST, len(grid.names) // BATCHES))
    started = time.time()
    seen: list[Seen] = run_batches(Scheduler(scheduler, workers), look, grid.names, size, progress)
    if isinstance(source, LocalFiles):
        _mark_growing(grid.names, seen, started)
    findings = list(_of_files(grid, seen))
    findings += _missing(grid)
    findings += _duplicates(grid)
    findings += (
        Finding("unmatched", name, detail="the pattern does not match the name")
        for name in grid.unmatched
    )
    return findings


def _of_files(grid: FileGrid, seen: Sequence[Seen]) -> Iterator[Finding]:
    """Yield what is wrong with each file, in the order of the files."""
    usual = {
        kind: _most(get(one.info) for one in seen if one.info is not None)
        for kind, get in _ASPECTS.items()
    }
    cells = np.arange(len(grid.names)) if grid.positions is None else grid.positions
    for number, (name, one) in enumerate(zip(grid.names, seen, strict=True)):
        if one.problem:
            cell = labels_at(grid, int(cells[number]))
            yield Finding(one.problem, name, cell, one.detail)
        if one.info is None:
            continue
        for kind, get in _ASPECTS.items():
            found = get(one.info)
            if found != usual[kind]:
                cell = labels_at(grid, int(cells[number]))
                what = f"{found} pages" if kind == "pages" else f"{kind} {found}"
                detail = f"has {what}, most files have {usual[kind]}"
                yield Finding(kind, name, cell, detail)


_ASPECTS: dict[str, Callable[[FileInfo], Any]] = {
    "shape": lambda info: info.spec.shape,
    "dtype": lambda info: info.spec.dtype,
    "pages": lambda info: info.pages,
}


def _most(values: Iterator[Hashable]) -> Any:
    """Return the value that occurs most often, of several the first.

    >>> _most(iter([(4, 6), (6, 4), (6, 4)]))
    (6, 4)
    """
    counts = Counter(values).most_common(1)
    return counts[0][0] if counts else None


def _duplicates(grid: FileGrid) -> Iterator[Finding]:
    """Yield the names that were left out because another file has their cell."""
    if not grid.duplicates:
        return
    positions = range(len(grid.names)) if grid.positions is None else grid.positions.tolist()
    places = dict(zip(grid.names, positions, strict=True))
    for name, kept in grid.duplicates:
        cell = labels_at(grid, places[kept])
        yield Finding("duplicate", name, cell, f"its cell has {kept!r}")


def _missing(grid: FileGrid) -> Iterator[Finding]:
    """Yield the empty cells, of very many the first and their number."""
    if not grid.files_missing:
        return
    empty = np.flatnonzero(grid.table == -1)
    for position in islice(empty.tolist(), SHOWN_MISSING):
        yield Finding("missing", "", labels_at(grid, position), "no file has this place")
    if len(empty) > SHOWN_MISSING:
        more = len(empty) - SHOWN_MISSING
        yield Finding("missing", "", detail=f"and {more:,} more cells without a file")


def _mark_growing(names: Sequence[str], seen: list[Seen], started: float) -> None:
    """Look again at files that have changed a moment ago: some are still being written."""
    recent = [
        number
        for number, one in enumerate(seen)
        if one.stat is not None and one.stat[1] > (started - RECENT) * 1e9
    ]
    if not recent:
        return
    time.sleep(max(0.0, started + SETTLE - time.time()))
    for number in recent:
        one = seen[number]
        try:
            now = size_and_time(one.path or names[number])
        except OSError:  # out of reach from here, or gone by now
            continue
        if now != one.stat and one.stat is not None:
            detail = f"grew from {one.stat[0]:,} to {now[0]:,} bytes while it was checked"
            if now[0] <= one.stat[0]:
                detail = "was written to while it was checked"
            seen[number] = Seen(None, "growing", detail)
