"""Regions of files without tifffile, where that is proven to be the same.

The rule of `trusted`, for parts of files: of the first file of a signature, a region is read
through tifffile, and by the plan made from that; where both give the same, bit for bit, the
plan reads regions of all files of that signature in this process. It reads them by the
same code, with what tifffile has found out about the first one; only the places of strips
and tiles are taken from each file's own header. All other files are left to the caller.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import add
from typing import Any

import numpy as np

from dask_fileseq.readers.chunk import ChunkSpec, WrongChunk, require_chunk
from dask_fileseq.readers.counters import record
from dask_fileseq.readers.headers import Header, read_header
from dask_fileseq.readers.opening import open_tiff
from dask_fileseq.readers.plans import BytesPlan, Plan
from dask_fileseq.readers.rawfile import HEAD, RawFile
from dask_fileseq.readers.regions import Region, ascending
from dask_fileseq.readers.runs import read_runs
from dask_fileseq.readers.tiffimage import ContiguousImage, PagedImage, image_of
from dask_fileseq.readers.trusted import Trust, unproven

__all__ = ["read_region"]

Array = np.ndarray[Any, Any]

_trust: Trust[RegionPlan] = Trust()


def read_region(name: str, spec: ChunkSpec, region: Region, out: Array) -> bool:
    """Read a region of a file, if it can be read fast.

    Parameters
    ----------
    name
        A path.
    spec
        What the file must hold.
    region, out
        See `RegionReader.read_region`.

    Returns
    -------
    bool
        False if the file has to be read by tifffile, or cannot be read at all; `out` may
        then hold anything.
    """
    try:
        with RawFile(name, whole=HEAD) as file:
            header = read_header(file.get)
            if header is None:
                return False
            signature = header.signature, os.path.splitext(name)[1]  # tifffile looks at both
            plan = _trust.get(signature)
            if plan is None:
                return _learn(name, signature, header, file, spec, region, out)
            if plan.key != (spec.shape, spec.dtype):
                return False
            size = plan.read(header, file, region, out)
    except (MemoryError, WrongChunk):  # the same by tifffile
        raise
    except Exception:  # of any codec: tifffile will say what is wrong
        return False
    if size is None:
        return False
    record(1, bytes=size, way="trusted")
    return True


def _learn(
    name: str,
    signature: Any,
    header: Header,
    file: RawFile,
    spec: ChunkSpec,
    region: Region,
    out: Array,
) -> bool:
    """Read a region by tifffile, and see whether others of the signature can be trusted.

    A file that cannot be read says nothing of others.
    """
    if not _trust.is_worth_a_proof():
        return False
    with open_tiff(name, {}) as tif:
        image = image_of(tif, {"maxworkers": 1})
        require_chunk(spec, image.spec.shape, image.spec.dtype)
        image.read(region, out)
        plan = unproven(tif, image, header).plan
    found = UNTRUSTED
    if plan is not None and isinstance(image, ContiguousImage | PagedImage):
        key = spec.shape, spec.dtype
        found = _proven(RegionPlan(key, plan, image), header, file, region, out)
    _trust.add(signature, found)
    return True


def _proven(
    plan: RegionPlan, header: Header, file: RawFile, region: Region, out: Array
) -> RegionPlan:
    """Return a plan if by it a region is the same as it is by tifffile."""
    again = np.empty_like(out)
    try:
        size = plan.read(header, file, region, again)
    except Exception:
        return UNTRUSTED
    same = size is not None and again.tobytes() == out.tobytes()
    return plan if same else UNTRUSTED


@dataclass(frozen=True, slots=True)
class RegionPlan:
    """How regions of all files of one signature are read."""

    key: tuple[Any, ...]
    """Shape and dtype."""
    plan: Plan | None
    """How whole files would be: it tells what must hold for the places of the pixels."""
    image: ContiguousImage | PagedImage | None
    """What tifffile has found out about one of the files."""

    def read(self, header: Header, file: RawFile, region: Region, out: Array) -> int | None:
        """Read a region and return the number of bytes read; None or an error: tifffile has to.

        A file that is cut short is left to tifffile also where nothing that is missing is
        asked for.
        """
        assert self.image is not None
        ranges, out = ascending(region, out)
        if isinstance(self.plan, BytesPlan):
            runs = self.plan.runs(header)
            if runs is None or max(map(sum, runs)) > file.size:
                return None
            if isinstance(self.image, ContiguousImage):
                stored, shape = self.image.stored, self.image.spec.shape
                return read_runs(_Handle(file), runs[0][0], stored, shape, ranges, out)
        elif self.plan is None or not self.plan.fits(header) or _stop(header) > file.size:
            return None
        assert isinstance(self.image, PagedImage)
        pages = [_Page(offsets, counts) for offsets, counts in header.pages]
        return replace(self.image.stack, file=_Handle(file), pages=pages).read(ranges, out, 1)


UNTRUSTED = RegionPlan((), None, None)


def _stop(header: Header) -> int:
    """Return where the last of the strips or tiles ends."""
    stops: list[int] = [max(map(add, offsets, counts)) for offsets, counts in header.pages]
    return max(stops)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page as `PageStack` sees it."""

    dataoffsets: Sequence[int]
    databytecounts: Sequence[int]
    jpegtables: bytes | None = None


class _Handle:
    """A file as `PageStack` and `read_runs` see it."""

    __slots__ = ("_at", "_file")

    def __init__(self, file: RawFile) -> None:
        self._file = file
        self._at = 0

    def seek(self, offset: int, /) -> int:
        """Go to a position."""
        self._at = offset
        return offset

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill a buffer with the bytes there."""
        size = len(buffer)
        self._file.readinto(self._at, buffer)
        self._at += size
        return size

    def read_segments(
        self,
        offsets: Sequence[int],
        bytecounts: Sequence[int],
        /,
        indices: Sequence[int],
        *,
        sort: bool,
    ) -> Iterator[tuple[bytes, int]]:
        """Yield the bytes of each strip or tile, and its index."""
        for offset, count, index in zip(offsets, bytecounts, indices, strict=True):
            yield self._file.get(offset, count), index
