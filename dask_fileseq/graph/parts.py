"""What is read at once where files are read in place: integers, no graph."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from dask_fileseq.filearray import FileArray
from dask_fileseq.graph.chunks import Chunks
from dask_fileseq.graph.runner import Box

Index = tuple[int | range, ...]
"""What is selected along each axis; an axis with an int is dropped."""

PARTS = 32
"""Number of parts into which at least what is read in place is cut, if it has so many blocks."""

FAR_PARTS = 4
"""The same for files that are far away: a part requests many of them at the same time."""

PART_BYTES = 4 * 2**20
"""Largest size of a part of more than one block, in bytes."""


def parts_of(array: FileArray, index: Index, chunks: Chunks) -> Iterator[tuple[list[range], Box]]:
    """Yield regions of an array to read at once, and their boxes along all axes.

    They are the blocks of what an index selects; many small ones that follow each other are one.
    """
    least = PARTS if array.source.concurrency == 1 else FAR_PARTS
    lengths = iter(chunks)
    along = [(1,) if isinstance(part, int) else next(lengths) for part in index]
    count = math.prod(map(len, along))
    nbytes = math.prod(map(sum, along)) * array.dtype.itemsize
    joined = max(1, min(count // least, PART_BYTES * count // nbytes))
    cuts: list[list[tuple[range, slice]]] = []
    for part, each in zip(reversed(index), reversed(along), strict=True):
        together = min(joined, len(each))
        joined //= together
        edges = [0, *itertools.accumulate(each)]
        edges = [*edges[:-1:together], edges[-1]]
        if isinstance(part, int):
            cuts.append([(range(part, part + 1), slice(None))])
        else:
            pairs = itertools.pairwise(edges)
            cuts.append([(part[start:stop], slice(start, stop)) for start, stop in pairs])
    for block in itertools.product(*reversed(cuts)):
        yield [region for region, _ in block], tuple(place for _, place in block)
