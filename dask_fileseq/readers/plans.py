"""How the pixels of a file are read where its header, and one other file, tell all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np

from dask_fileseq.readers.headers import Header
from dask_fileseq.readers.pages import PageStack
from dask_fileseq.readers.rawfile import RawFile

__all__ = ["BytesPlan", "Plan", "Run", "SegmentsPlan", "is_sparse", "merged", "pixel_runs", "touch"]

Array = np.ndarray[Any, Any]
Run = tuple[int, int]


@dataclass(frozen=True, slots=True)
class BytesPlan:
    """Uncompressed pixels, in the order in which they stand in memory."""

    page: int
    """Bytes of a page."""
    swapped: bool
    joined: bool
    """Whether pages stand edge to edge. Where they do, tifffile may not look at all offsets."""

    @property
    def way(self) -> str:
        """The name of the way, for counts."""
        return "trusted"

    def read(self, header: Header, file: RawFile, out: Array) -> bool:
        """Read each page into its place; False or an error: tifffile has to."""
        runs = self.runs(header)
        if runs is None:
            return False
        view = memoryview(out.reshape(-1).view(np.uint8).data)
        done = 0
        for offset, size in merged(runs):
            file.readinto(offset, view[done : done + size])
            done += size
        if self.swapped:
            out.byteswap(inplace=True)
        return done == len(view)

    def runs(self, header: Header) -> list[Run] | None:
        """Return start and size of each page; None where the plan does not fit."""
        runs = pixel_runs(header)
        if runs is None or any(size != self.page for _, size in runs):
            return None
        return runs if (len(merged(runs)) == 1) is self.joined else None


@dataclass(frozen=True, slots=True)
class SegmentsPlan:
    """Strips or tiles that tifffile's own decoder decodes, one by one."""

    stack: PageStack
    decode: Callable[..., Any]
    segments: Sequence[tuple[Any, Any]]
    """For each strip or tile its place on the page, and the part of it that goes there."""
    libtiff: bool
    """Whether libtiff decodes it as well, and faster."""
    touching: bool
    """Whether strips may touch: in the proven file they did, or they are compressed."""

    @property
    def way(self) -> str:
        """How the pixels are decoded."""
        return "libtiff" if self.libtiff else "trusted"

    def fits(self, header: Header) -> bool:
        """Return whether tifffile, too, would decode a file with this header piece by piece.

        Uncompressed strips that touch it may read as one, without a look at where each of
        them ends; it does not where it has not with the proven file.
        """
        if is_sparse(header):
            return False
        return self.touching or not touch(header, self.stack.keyframe.nbytes)

    def read(self, header: Header, file: RawFile, out: Array) -> bool:
        """Decode each strip or tile into its place; False or an error: tifffile has to."""
        if not self.fits(header):
            return False
        if self.libtiff and _read_by_libtiff(file, out):
            return True
        for (offsets, counts), page in zip(header.pages, self.stack.page_views(out), strict=True):
            for index, (place, part) in enumerate(self.segments):
                data = file.get(offsets[index], counts[index])
                page[place] = self.decode(data, index)[0][None][part]
        return True


Plan = BytesPlan | SegmentsPlan
"""How the pixels of all files of one signature are read."""


def _read_by_libtiff(file: RawFile, out: Array) -> bool:
    """Decode LZW by libtiff, if it can: on damaged data it is as strict as tifffile."""
    try:
        imagecodecs.tiff_decode(file.get(0, file.size), index=0, out=out)
    except (imagecodecs.TiffError, ValueError):
        return False
    return True


def is_sparse(header: Header) -> bool:
    """Return whether strips or tiles are missing: never written, or written as nothing."""
    return not all(all(offsets) and all(counts) for offsets, counts in header.pages)


def pixel_runs(header: Header) -> list[Run] | None:
    """Return start and size of the pixels of each page, if its strips stand edge to edge."""
    runs = []
    for offsets, counts in header.pages:
        run = _pixel_run(offsets, counts)
        if run is None:
            return None
        runs.append(run)
    return runs


def touch(header: Header, size: int) -> bool:
    """Return whether on any page strips stand edge to edge, and are so many bytes together."""
    runs = [_pixel_run(*page) for page in header.pages]
    return any(run is not None and run[1] == size for run in runs)


def _pixel_run(offsets: Sequence[int], counts: Sequence[int]) -> Run | None:
    """Return start and size of the pixels of a page, if its strips stand edge to edge."""
    if not all(offsets) or not all(counts):
        return None
    stop = offsets[0]
    for offset, count in zip(offsets, counts, strict=True):
        if offset != stop:
            return None
        stop += count
    return offsets[0], stop - offsets[0]


def merged(runs: Sequence[Run]) -> list[Run]:
    """Return runs with those that stand edge to edge as one.

    >>> merged([(8, 4), (12, 4), (20, 4)])
    [(8, 8), (20, 4)]
    """
    joined: list[Run] = []
    for offset, size in runs:
        if joined and sum(joined[-1]) == offset:
            joined[-1] = (joined[-1][0], joined[-1][1] + size)
        else:
            joined.append((offset, size))
    return joined
