"""The tasks of workers: read a region, write it at each level, mark it as done, and verify it.

To verify a region, a worker makes its levels again and compares them with what is stored.
A level does not depend on how the one before is cut into regions, if these begin at even
elements: each of its elements is made of two elements along each halved axis.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.abc.store import Store
from zarr.storage import StorePath

from dask_fileseq.convert.imagelayout import ImagePart
from dask_fileseq.convert.journal import Journal, Record
from dask_fileseq.convert.objectsums import ChecksumStore, object_rows
from dask_fileseq.convert.partition import Partition, RegionIndex, Window, scaled_window
from dask_fileseq.convert.targetstore import clear_write_errors
from dask_fileseq.errors import VerifyError, WriteError
from dask_fileseq.filearray import FileArray
from dask_fileseq.filearray.failures import recorded_fills
from dask_fileseq.plaintext import public_text
from dask_fileseq.readers import difference_otherwise, read_whole

SECOND_WAY = 2**28
"""Most bytes of an image that is read in a second way, to verify the first one."""


@dataclass(frozen=True)
class Pyramid:
    """The levels of each image, and how they are made."""

    partition: Partition
    arrays: tuple[Any, ...]
    """Zarr's metadata of the array of each level."""
    names: tuple[str, ...]
    """Paths of these arrays, below an image."""
    method: str
    channel: int | None
    """The axis of channels, whose ranges of values are recorded."""


@dataclass(frozen=True)
class Job:
    """What all regions of a conversion share; it pickles to some kilobytes."""

    journal: Journal
    token: str
    """Identifies the conversion among others to the same target."""
    pyramid: Pyramid
    advice: str = "convert again: just this is done again"
    """What to do about data that are not as they should be."""

    def path(self, image: str, level: int) -> str:
        """Return the path of the array of a level."""
        return f"{image}/{self.pyramid.names[level]}".strip("/")

    def array(self, image: str, level: int, store: Store | None = None) -> zarr.Array[Any]:
        """Return the array of a level, whose metadata are not in the target before the end."""
        metadata = self.pyramid.arrays[level]
        path = StorePath(store or self.journal.target.store, self.path(image, level))
        # numbers that equal the fill value may have other bits: -0.0, NaN; all are written
        config: Any = {"write_empty_chunks": metadata.dtype.to_native_dtype().kind in "fc"}
        return zarr.Array(zarr.AsyncArray(metadata, path, config=config))


@dataclass(frozen=True)
class RegionTask:
    """What one task reads and writes."""

    index: RegionIndex
    image: str
    """Path of the image."""
    block: FileArray | None
    """The files, for the first stage."""
    parts: tuple[ImagePart, ...]
    """Boxes of the block that make up the window."""
    axes: tuple[tuple[int, ...], ...]
    """Axes of the block behind each axis of the window."""
    known_by: Record = field(default_factory=dict)
    """What its record has besides, by which another plan of the same conversion finds it."""


def write_region(job: Job, region: RegionTask) -> Record:
    """Write a region at each level of its stage, and return its record."""
    record: Record = {"token": job.token, **region.known_by}
    is_empty = region.block is not None and not (region.block.table >= 0).any()
    with recorded_fills() as failed:
        keys: list[str] = []
        store = ChecksumStore(job.journal.target.store)
        for level, window, data in () if is_empty else region_levels(job, region):
            try:
                keys += write_level(job, region, level, window, data, store)
            except WriteError:
                job.journal.require()  # another run may have deleted what was being written
                raise
            if level == len(job.pyramid.arrays) - 1:
                record |= _value_ranges(data, job.pyramid.channel, region.index.window)
    if failed:
        record["failed"] = sorted(set(failed))
    with clear_write_errors(job.journal.target):
        job.journal.target.sync_to_disk(keys)
        record["objects"] = object_rows(job.journal.target, keys, store.sums)
        job.journal.require()
        job.journal.finish(region.index.name, record)
    return record


def verify_region(job: Job, region: RegionTask) -> None:
    """Compare a region at each level of its stage with what was written, bit for bit.

    If anything differs, the region is to be done again, and a `VerifyError` is raised. What was
    written was read by the same code, so the first and the last file are also read in a second
    way.
    """
    if region.block is not None:
        try:
            _require_same_otherwise(region.block)
        except VerifyError:
            job.journal.forget([region.index.name])
            raise
    for level, window, data in region_levels(job, region):
        job.journal.require()
        cause, problem = None, "is not what the files hold"
        try:
            stored = np.asarray(job.array(region.image, level)[_slices(window)])
            if _identical(stored, data):
                continue
        except Exception as error:
            cause, problem = error, "cannot be read back"
        job.journal.forget([region.index.name])
        box = ", ".join(f"{start}:{stop}" for start, stop in window)
        place = f"{job.journal.target}/{job.path(region.image, level)}".rstrip("/")
        raise VerifyError(f"[{box}] of {place!r} {problem}; {job.advice}") from cause


def _require_same_otherwise(block: FileArray) -> None:
    """Raise a `VerifyError` if a second way to read the first or last file finds other pixels.

    Files larger than `SECOND_WAY`, and those that cannot be read, are left out.
    """
    spec, reader, args = block.spec, block.reader, block.options.imreadargs
    if math.prod(spec.shape) * spec.dtype.itemsize > SECOND_WAY:
        return
    for name in {*block.names[:1], *block.names[-1:]}:
        with ExitStack() as stack:
            try:
                file = stack.enter_context(block.source.open_whole(name))
                image = read_whole(reader, file, spec, **args)
            except Exception:  # the comparison of the region raises it, or fills the file again
                continue
            try:
                found = difference_otherwise(reader, file, spec, image, **args)
            except Exception as error:  # any of tifffile's; the first way had none
                raise VerifyError(
                    f"{public_text(name)!r} cannot be trusted: a second way to read it fails: "
                    f"{error}"
                ) from error
        if found:
            raise VerifyError(f"{public_text(name)!r} cannot be trusted: {found}")


def _identical(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Return whether two arrays are the same, bit for bit."""
    if a.dtype.kind in "fcmM" and a.dtype == b.dtype and a.shape == b.shape:
        a, b = (np.ascontiguousarray(each).reshape(-1).view("u1") for each in (a, b))
    return a.dtype == b.dtype and np.array_equal(a, b)


def region_levels(job: Job, region: RegionTask) -> Iterator[tuple[int, Window, NDArray[Any]]]:
    """Yield level, window and data of all that a region writes; one level is held at a time."""
    stage, halved = region.index.stage, job.pyramid.partition.halved
    if region.block is not None:
        data = read_region(region)
        yield 0, region.index.window, data
    else:
        data = np.asarray(job.array(region.image, stage.base)[_slices(region.index.window)])
    for level in range(max(1, stage.first), stage.last + 1):
        data = downsampled(data, halved, job.pyramid.method)
        yield level, scaled_window(region.index.window, halved, level - stage.base), data


def read_region(region: RegionTask) -> NDArray[Any]:
    """Read a region of the files, with the axes of the target."""
    block = region.block
    assert block is not None
    data = np.empty([stop - start for start, stop in region.index.window], block.dtype)
    # a part is read into a view with the axes of the block: of axes that are laid end to end,
    # only the last has more than one element in it
    last = {axes[-1]: axis for axis, axes in enumerate(region.axes)}
    order = [last[axis] for axis in sorted(last)]
    added: Any = (*(slice(None) if axis in last else None for axis in range(block.ndim)), ...)
    for place, edges in region.parts:
        index: Any = (*place, ...)
        selected = [range(*edges.get(axis, (0, 1))) for axis in range(block.ndim)]
        block.read(selected, data[index].transpose(order)[added])
    return data


def write_level(
    job: Job,
    region: RegionTask,
    level: int,
    window: Window,
    data: NDArray[Any],
    store: Store | None = None,
) -> list[str]:
    """Write a window of a level, one object after another, and return their keys."""
    keys = []
    with clear_write_errors(job.journal.target):
        array = job.array(region.image, level, store)
        for index, box in job.pyramid.partition.units(level, window):
            inside = tuple(
                slice(a - start, b - start) for (a, b), (start, _) in zip(box, window, strict=True)
            )
            keys.append(f"{array.path}/{array.metadata.encode_chunk_key(index)}".lstrip("/"))
            job.journal.watch()
            try:
                array[_slices(box)] = data[inside]
            except OSError:
                raise
            except Exception:
                # zarr reads a shard that reaches beyond the array before it writes it; of
                # what an earlier attempt left there, nothing is needed, and it may be broken
                job.journal.target.delete([keys[-1]])
                array[_slices(box)] = data[inside]
    return keys


def _slices(window: Window) -> tuple[slice, ...]:
    return tuple(slice(*edges) for edges in window)


def _value_ranges(data: NDArray[Any], channel: int | None, window: Window) -> Record:
    """Return the lowest and the highest number of each channel in a region, if there are any."""
    if data.dtype.kind not in "uif":
        return {}
    others = tuple(axis for axis in range(data.ndim) if axis != channel)
    low = np.atleast_1d(np.fmin.reduce(data, axis=others)).tolist()
    high = np.atleast_1d(np.fmax.reduce(data, axis=others)).tolist()
    first = 0 if channel is None else window[channel][0]
    found = enumerate(zip(low, high, strict=True), first)
    return {"ranges": [[i, a, b] for i, (a, b) in found if np.isfinite(a) and np.isfinite(b)]}


def downsampled(array: NDArray[Any], halved: Sequence[bool], method: str) -> NDArray[Any]:
    """Return an array with half as many elements along the halved axes, rounded up.

    ``"mean"`` takes the mean of the elements, rounded half up if they are integers;
    ``"nearest"`` the first element, for labels. The last element of an odd axis counts twice.
    """
    dtype = array.dtype
    if method == "nearest" or dtype.kind not in "uifc":
        first = array[tuple(slice(None, None, 2 if half else 1) for half in halved)]
        return np.ascontiguousarray(first)
    axes = [axis for axis, half in enumerate(halved) if half and array.shape[axis] > 1]
    if not axes:
        return array.copy()
    if dtype.kind in "ui":
        if dtype.itemsize == 8:  # no integers hold the sums: means of pairs are rounded down
            return _folded(
                array, axes, lambda a, b, out: np.add(a & b, (a ^ b) >> 1, out=out), dtype
            )
        wide = np.dtype(f"{dtype.kind}{2 * dtype.itemsize}")  # holds the sum of four
    else:
        wide = np.promote_types(dtype, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # infinity and NaN are kept
        total = _folded(array, axes, partial(np.add, dtype=wide), wide)
        if dtype.kind in "fc":
            return np.asarray(total * wide.type(0.5 ** len(axes)), dtype)
    total += 1 << (len(axes) - 1)
    total >>= len(axes)
    return total.astype(dtype)


def _folded(array: NDArray[Any], axes: Sequence[int], fold: Any, dtype: Any) -> NDArray[Any]:
    """Fold pairs of elements along each of the axes; the last of an odd axis with itself."""
    for axis in axes:
        source = np.moveaxis(array, axis, 0)
        pairs, odd = divmod(len(source), 2)
        shape = list(array.shape)
        shape[axis] = pairs + odd
        array = np.empty(shape, dtype)
        result = np.moveaxis(array, axis, 0)
        fold(source[: 2 * pairs : 2], source[1::2], out=result[:pairs])
        if odd:
            fold(source[-1:], source[-1:], out=result[-1:])
    return array
