"""The problems of the files of a grid, as records.

A file is compared with most of the others, not with the first, which may be the odd one.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from dask_fileseq.check.inspection import Inspection, inspect_files, size_and_time
from dask_fileseq.files import LocalFiles, Source
from dask_fileseq.graph import Scheduler, run_batches
from dask_fileseq.grid import FileGrid, empty_ranges, labels_at
from dask_fileseq.headers import channel_axes, differences, files_per_task
from dask_fileseq.plaintext import counted, without_secrets
from dask_fileseq.readers import FileInfo, Reader, header_columns
from dask_fileseq.types import Progress

KINDS = {
    "truncated": "cut short",
    "empty": "without any bytes",
    "unreadable": "cannot be read",
    "differs": "read otherwise in another way",
    "gone": "not there, or not any more",
    "growing": "still being written",
    "shape": "of another shape than most",
    "dtype": "of another data type than most",
    "pages": "of another number of pages than most",
    "pixel size": "of another pixel size than most",
    "crs": "in another coordinate reference system than most",
    "transform": "in another place than most, or with larger or smaller pixels",
    "nodata": "with another value for missing pixels than most",
    "scale": "with another scale or offset of values than most",
    "bands": "with other names of bands than most",
    "channels": "with other names of channels than most",
    "axes": "of other axes than most",
    "series": "with another number of images than most",
    "unread": "images in files that are not read",
    "missing": "cells without a file",
    "duplicate": "for a cell that has a file",
    "unmatched": "not matched by the pattern",
}
"""The kinds of findings with their meanings."""

RECENT = 60.0
"""Seconds after a modification in which a file may still be growing."""

SETTLE = 1.0
"""Seconds after which a recent file is compared with its first status."""

SHOWN_MISSING = 10_000
"""Maximum number of ranges of empty cells."""

PROPERTIES: dict[str, tuple[Callable[[FileInfo], Any], str]] = {
    "shape": (lambda info: info.spec.shape, "shape {}"),
    "dtype": (lambda info: info.spec.dtype, "dtype {}"),
    "pages": (lambda info: info.pages, "{} pages"),
}
"""The value of a file that must be that of most files, and its text, for some kinds."""


IMPLIED_BY = {"axes": ("shape",), "series": ("shape", "pages")}
"""Kinds of findings that explain another one of the same file."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of a file, or a range of empty cells."""

    kind: str
    """A key of `KINDS`."""
    name: str = ""
    """The file, without credentials of its URL; empty for a cell without a file."""
    cell: Mapping[str, Any] = field(default_factory=dict)
    """Labels of the cell, the first and the last one as a list for a range; empty for a name
    that is left out of the grid."""
    detail: str = ""
    """The problem in words."""
    count: int = 1
    """Number of files or cells."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", without_secrets(self.name))
        object.__setattr__(self, "detail", without_secrets(self.detail))

    def asdict(self) -> dict[str, Any]:
        """Return the fields as a dict, for JSON."""
        return asdict(self)


def by_kind(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Return the findings of each kind that occurs, in the order of `KINDS`."""
    groups: dict[str, list[Finding]] = {kind: [] for kind in KINDS}
    for finding in findings:
        groups[finding.kind].append(finding)
    return {kind: group for kind, group in groups.items() if group}


def total(findings: Sequence[Finding]) -> int:
    """Return the number of files and cells of findings.

    >>> total([Finding("missing", "", {"t": [3, 9]}, count=7), Finding("gone", "t1.tif")])
    8
    """
    return sum(finding.count for finding in findings)


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
    """Return the problems of the files of a grid, of the names left out, and its empty cells.

    With `pixels`, all pixels are read in addition to the headers; a reader that cannot read a
    header alone reads them anyway. `progress` gets the number of files done and that of all.
    """
    inspect = partial(inspect_files, source=source, reader=reader, pixels=pixels)
    size = files_per_task(len(grid.names))
    start = time.time()
    results = run_batches(Scheduler(scheduler, workers), inspect, grid.names, size, progress)
    if isinstance(source, LocalFiles):
        _mark_growing(grid, source, results, start)
    found = list(_of_files(grid, results))
    return [*found, *_of_headers(grid, results, found), *_unread(results), *_of_grid(grid)]


def _of_files(grid: FileGrid, results: Sequence[Inspection]) -> Iterator[Finding]:
    """Yield the problems of each file, in the order of the files."""
    infos = [result.info for result in results if result.info is not None]
    usual = {
        kind: Counter(map(value, infos)).most_common(1)[0][0]
        for kind, (value, _) in PROPERTIES.items()
        if infos
    }
    for name, cell, result in zip(grid.names, grid.cells.tolist(), results, strict=True):
        if result.info is None:
            yield Finding(result.problem, name, labels_at(grid, cell), result.detail)
            continue
        for kind, (value, text) in PROPERTIES.items():
            if (found := value(result.info)) != usual[kind]:
                detail = f"has {text.format(found)}, most files have {usual[kind]}"
                yield Finding(kind, name, labels_at(grid, cell), detail)


def _of_headers(
    grid: FileGrid, results: Sequence[Inspection], found: Sequence[Finding]
) -> Iterator[Finding]:
    """Yield the files whose headers disagree with those of most, unless that was `found`."""
    known = {(finding.kind, finding.name) for finding in found}
    numbers = [number for number, result in enumerate(results) if result.info is not None]
    infos = [result.info for result in results if result.info is not None]
    columns = {key: header_columns(info) for key, info in {id(i): i for i in infos}.items()}
    rows = [columns[id(info)] for info in infos]  # files whose headers are alike share one
    along = [index[numbers] for index in grid.along]
    for each in differences(rows, along, channel_axes(grid)):
        number = numbers[each.number]
        name = grid.names[number]
        if not any((kind, name) in known for kind in IMPLIED_BY.get(each.kind, ())):
            yield Finding(each.kind, name, labels_at(grid, int(grid.cells[number])), each.detail)


def _unread(results: Sequence[Inspection]) -> Iterator[Finding]:
    """Yield one finding if most files have images that are not read."""
    texts = Counter(r.info.metadata.unread for r in results if r.info is not None)
    for text, count in texts.most_common(1):
        if text:
            yield Finding("unread", "", detail=f"{text} ({counted(count, 'file')})")


def _of_grid(grid: FileGrid) -> Iterator[Finding]:
    """Yield the empty cells, of which the first ranges are listed, and names left out."""
    more = grid.files_missing
    for labels, count in empty_ranges(grid, SHOWN_MISSING):
        places = f"these {count:,} places" if count > 1 else "this place"
        yield Finding("missing", "", labels, f"no file has {places}", count)
        more -= count
    if more:
        yield Finding("missing", detail=f"and {counted(more, 'more cell')}", count=more)
    cells = dict(zip(grid.names, grid.cells.tolist(), strict=True)) if grid.duplicates else {}
    for name, kept in grid.duplicates:
        yield Finding("duplicate", name, labels_at(grid, cells[kept]), f"its cell has {kept!r}")
    for name in grid.unmatched:
        yield Finding("unmatched", name, detail="the pattern does not match the name")


def _mark_growing(grid: FileGrid, source: Source, results: list[Inspection], start: float) -> None:
    """Replace the results of local files that are still being written."""
    recent = [
        (number, result.stat)
        for number, result in enumerate(results)
        if result.stat is not None and result.stat[1] > (start - RECENT) * 1e9
    ]
    if recent:
        time.sleep(max(0.0, start + SETTLE - time.time()))
    for number, before in recent:
        try:
            with source.open(grid.names[number]) as path:
                now = size_and_time(str(path))
        except OSError:  # not reachable from this machine, or deleted
            continue
        if now != before:
            detail = "was written to while it was checked"
            if now[0] > before[0]:
                detail = f"grew from {before[0]:,} to {now[0]:,} bytes while it was checked"
            results[number] = Inspection(None, "growing", detail)
