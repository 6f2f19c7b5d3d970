"""What a worker does: read a region, write it at each level, and mark it as done.

The same steps verify: what would be written is compared with what is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.dtype import parse_dtype
from zarr.storage import StorePath

from dask_fileseq.errors import VerifyError, WriteError
from dask_fileseq.filearray import FileArray
from dask_fileseq.filearray.failures import recorded_fills
from dask_fileseq.zarr.chunkgrid import chunk_key
from dask_fileseq.zarr.conversion.journal import Journal, Watch
from dask_fileseq.zarr.conversion.layout import Windows
from dask_fileseq.zarr.conversion.plan import Plan, Stage, Window, scaled
from dask_fileseq.zarr.conversion.pyramid import reduced
from dask_fileseq.zarr.conversion.target import Target, clear_write_errors

__all__ = [
    "Job",
    "Region",
    "levels_of",
    "read_region",
    "verify_region",
    "write_level",
    "write_region",
]


@dataclass(frozen=True)
class Job:
    """What all regions of a conversion share; it pickles to some kilobytes."""

    target: Target
    plan: Plan
    levels: tuple[str, ...]
    """The metadata of the array of each level, as JSON."""
    names: tuple[str, ...]
    """Where these arrays are, below an image."""
    method: str
    channel: int | None
    """The axis of channels, whose ranges of values are recorded."""
    token: str
    """What tells this conversion from another one to the same target."""
    run: str | None = None
    """What tells this run of it from others; None where nothing is written."""
    advice: str = "convert again: just this is done again"
    """What to do about data that are not as they should be."""

    @property
    def journal(self) -> Journal:
        """Where regions are marked as done."""
        return Journal(self.target)

    def array(self, image: str, level: int) -> zarr.Array[Any]:
        """Return the array of a level, whose metadata are not in the target before the end.

        So that an unfinished target is not mistaken for a finished one.
        """
        metadata = json.loads(self.levels[level])
        kind = parse_dtype(metadata["data_type"], zarr_format=3).to_native_dtype().kind
        path = StorePath(self.target.store, _joined(image, self.names[level]))
        # what equals the fill value may have other bits, as -0.0 and a NaN; so all is written
        config: Any = {"write_empty_chunks": kind in "fc"}
        return zarr.Array(zarr.AsyncArray(metadata, path, config=config))

    def keys(self, image: str, level: int, window: Window) -> list[str]:
        """Return the keys of the objects of a level that a window of it covers."""
        units = self.plan.units(level, window)
        return [_joined(image, self.names[level], chunk_key(index)) for index, _ in units]


@dataclass(frozen=True)
class Region:
    """What one task reads and writes."""

    stage: Stage
    number: int
    """Counts the regions of the stage, over all images."""
    image: str
    """Path of the image."""
    window: Window
    """Where it is in the base level of the stage."""
    block: FileArray | None
    """The files, for the first stage."""
    pieces: tuple[tuple[tuple[slice, ...], Windows], ...]
    """Boxes of the block, and where they belong in the window."""
    axes: tuple[tuple[int, ...], ...]
    """Axes of the block behind each axis of the window."""

    @property
    def name(self) -> str:
        """The name of its marker."""
        return f"{self.stage.first}-{self.number}"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the window."""
        return tuple(stop - start for start, stop in self.window)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @cached_property
    def is_empty(self) -> bool:
        """Whether none of its cells has a file."""
        return self.block is not None and not (self.block.table >= 0).any()


def write_region(job: Job, region: Region) -> dict[str, Any]:
    """Write a region at each level of its stage, and return its record.

    Raises
    ------
    ReadError, ChunkMismatchError
        If a file cannot be read or does not fit.
    WriteError
        If the target cannot be written.
    ChangedError
        If another run has taken over.
    """
    record: dict[str, Any] = {"token": job.token}
    watch = Watch(job.journal, job.run)
    with recorded_fills() as failed:
        keys: list[str] = []
        for level, window, data in () if region.is_empty else levels_of(job, region):
            try:
                keys += write_level(job, region, level, window, data, watch)
            except WriteError:
                job.journal.require(job.run)  # which may have deleted what was being written
                raise
            if level == len(job.levels) - 1:
                record |= _ranges(data, job.channel, region.window)
        with clear_write_errors(job.target):
            job.target.sync_to_disk(keys)
    if failed:
        record["failed"] = sorted(set(failed))
    job.journal.require(job.run)
    with clear_write_errors(job.target):
        job.journal.finish(region.name, record)
    return record


def verify_region(job: Job, region: Region) -> dict[str, Any]:
    """Compare a region at each level of its stage with what was written, bit for bit.

    Raises
    ------
    VerifyError
        If anything differs. The region is then to be done again.
    """
    for level, window, data in levels_of(job, region):
        job.journal.require(job.run)
        array = job.array(region.image, level)
        try:
            stored = np.asarray(array[tuple(slice(*edges) for edges in window)])
        except Exception as error:
            job.journal.forget([region.name])
            where = _where(job, region, level, window)
            raise VerifyError(f"{where} cannot be read back; {job.advice}") from error
        if not _identical(stored, data):
            job.journal.forget([region.name])
            raise VerifyError(
                f"{_where(job, region, level, window)} is not what the files hold; {job.advice}"
            )
    return {}


def _where(job: Job, region: Region, level: int, window: Window) -> str:
    box = ", ".join(f"{start}:{stop}" for start, stop in window)
    return f"[{box}] of {_joined(str(job.target), region.image, job.names[level])!r}"


def _identical(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Return whether two arrays are the same, bit for bit."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype.kind not in "fcmM":
        return bool(np.array_equal(a, b))
    a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
    return bool(np.array_equal(a.reshape(-1).view("u1"), b.reshape(-1).view("u1")))


def levels_of(job: Job, region: Region) -> Iterator[tuple[int, Window, NDArray[Any]]]:
    """Yield level, window and data of all that a region writes; one level is held at a time."""
    stage = region.stage
    if region.block is not None:
        data = read_region(region)
        yield 0, region.window, data
    else:
        box = tuple(slice(*edges) for edges in region.window)
        data = np.asarray(job.array(region.image, stage.base)[box])
    for level in range(max(1, stage.first), stage.last + 1):
        data = reduced(data, job.plan.halved, job.method)
        yield level, scaled(region.window, job.plan.halved, level - stage.base), data


def read_region(region: Region) -> NDArray[Any]:
    """Read a region of the files, in the order of the target's axes."""
    block = region.block
    assert block is not None
    data = np.empty(region.shape, block.dtype)
    for place, windows in region.pieces:
        index: Any = (*place, ...)
        part = data[index]
        selected = [range(*windows.get(axis, (0, 1))) for axis in range(block.ndim)]
        block.read(selected, _as_block(part, region.axes, block.ndim))
    return data


def _as_block(part: NDArray[Any], axes: Sequence[tuple[int, ...]], ndim: int) -> NDArray[Any]:
    """Return a view of part of an image with the axes of the block that it is read from.

    Of axes that lie end to end, the part has more than one element only along the last.
    """
    order = {along[-1]: axis for axis, along in enumerate(axes)}
    view = part.transpose([order[axis] for axis in sorted(order)])
    index = tuple(slice(None) if axis in order else None for axis in range(ndim))
    return view[(*index, ...)]


def write_level(
    job: Job, region: Region, level: int, window: Window, data: NDArray[Any], watch: Watch
) -> list[str]:
    """Write a window of a level, one object after another; return their keys."""
    keys = job.keys(region.image, level, window)
    with clear_write_errors(job.target):
        array = job.array(region.image, level)
        for key, (_, box) in zip(keys, job.plan.units(level, window), strict=True):
            inside = tuple(
                slice(start - w, stop - w)
                for (start, stop), (w, _) in zip(box, window, strict=True)
            )
            place = tuple(slice(*edges) for edges in box)
            watch()
            try:
                array[place] = data[inside]
            except OSError:
                raise
            except Exception:
                # zarr reads a shard that reaches beyond the array before it writes it; of
                # what an earlier attempt left there, nothing is needed, and it may be broken
                job.target.delete([key])
                array[place] = data[inside]
    return keys


def _ranges(data: NDArray[Any], channel: int | None, window: Window) -> dict[str, Any]:
    """Return the lowest and the highest value of each channel in a region, if numbers have such."""
    if data.dtype.kind not in "uif":
        return {}
    others = tuple(axis for axis in range(data.ndim) if axis != channel)
    low = np.atleast_1d(np.fmin.reduce(data, axis=others))
    high = np.atleast_1d(np.fmax.reduce(data, axis=others))
    first = 0 if channel is None else window[channel][0]
    return {
        "ranges": [
            [first + i, lo, hi]
            for i, (lo, hi) in enumerate(zip(low.tolist(), high.tolist(), strict=True))
            if np.isfinite(lo) and np.isfinite(hi)
        ]
    }


def _joined(*parts: str) -> str:
    """Return parts of a path, joined.

    >>> _joined("", "0"), _joined("B/02/0", "1", "c"), _joined("", "")
    ('0', 'B/02/0/1/c', '')
    """
    return "/".join(part for part in parts if part)
