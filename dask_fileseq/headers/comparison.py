"""Whether the headers of files agree: plain values and their places in a grid, no I/O.

A file is compared with most of the others. What is true of an array as a whole (its pixel size,
its coordinate reference system, its missing value) must be the same in all files. Names of
channels may be those of an axis.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.grid import FileGrid
from dask_fileseq.headers.codes import FEW, coded, most, usual_along
from dask_fileseq.headers.properties import PROPERTIES, Row
from dask_fileseq.headers.shifts import shifts
from dask_fileseq.patterns import FAMILIES


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that says something else than others."""

    kind: str
    """Kind of the finding, a key of `PROPERTIES`."""
    number: int
    """Number of the file among those compared."""
    detail: str
    """The difference in words."""


def differences(
    rows: Sequence[Row], along: Sequence[NDArray[Any]], channels: Sequence[int] = ()
) -> Iterator[Difference]:
    """Yield the files whose headers say something else than others, by property.

    `rows` are what each header says, `along` the index of each file along each axis of the grid,
    and `channels` the axes that are channels.
    """
    if not rows:
        return
    distinct = {id(row): row for row in rows}
    for kind, prop in PROPERTIES.items():
        by_row = {key: prop.value(row) for key, row in distinct.items()}
        codes, values = coded([by_row[id(row)] for row in rows])
        if len(values) == 1:
            continue
        expected = usual(codes, along, channels) if prop.along_channels else most(codes)
        if expected is None:
            continue
        count = Counter(codes.tolist())
        for number in np.flatnonzero(codes != expected).tolist():
            want = int(expected[number])
            detail = (
                f"{prop.verbs[0]} {prop.text(values[codes[number]])}; {count[want]:,} of"
                f" {len(rows):,} files {prop.verbs[1]} {prop.text(values[want])}"
            )
            yield Difference(kind, number, detail)
    for number, detail in shifts(rows, along):
        yield Difference("transform", number, detail)


def channel_axes(grid: FileGrid) -> list[int]:
    """Return the numbers of the axes of a grid that are channels or bands, by their names.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> channel_axes(grid_of_pattern(["t0_DAPI", "t1_DAPI"], "t{t:d}_{channel}"))
    [1]
    """
    families = [FAMILIES.get(dim.lower(), "") for dim in grid.unique_dims]
    return [axis for axis, family in enumerate(families) if family in ("channel", "band")]


def usual(
    codes: NDArray[np.int64], along: Sequence[NDArray[Any]], channels: Sequence[int]
) -> NDArray[np.int64] | None:
    """Return the code that each file should have; None if there is no rule.

    It is the same for all, unless an axis are channels, or the same for all files with the same
    index along one axis. A rule that is right for all files has precedence, then the one that is
    right for most.
    """
    everywhere = [] if len(channels) else [most(codes)]
    rules = [rule for rule in everywhere if np.mean(rule != codes) <= FEW]
    rules += [rule for index in along if (rule := usual_along(index, codes)) is not None]
    return min(rules, key=lambda rule: int(np.sum(rule != codes)), default=None)
