"""The converter: a file array into Zarr, region by region, so that nothing is lost.

In this order: say what is converted to what (`journal`), write all regions (`regions`) on
any scheduler (`running`), make sure that no file changed meanwhile, read back and
compare, and last write the metadata, which make it a Zarr array or OME-Zarr. A target
without them is not complete; converting again goes on with it.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from dask.utils import parse_bytes

from dask_fileseq._version import __version__
from dask_fileseq.errors import ChangedError, check_choice
from dask_fileseq.filearray import FileArray
from dask_fileseq.zarr.arrays import array_metadata
from dask_fileseq.zarr.chunking import chunk_shape, shard_shape
from dask_fileseq.zarr.journal import Journal, Record
from dask_fileseq.zarr.layout import Layout
from dask_fileseq.zarr.manifest import (
    FILES,
    empty_cells,
    file_objects,
    file_table,
    group_object,
    written_files,
)
from dask_fileseq.zarr.plan import Plan, Stage, level_count, make_plan
from dask_fileseq.zarr.progress import Bar, Progress, reporter
from dask_fileseq.zarr.regions import Job, Region, verify_region, write_region
from dask_fileseq.zarr.running import Scheduler, run
from dask_fileseq.zarr.source import (
    changes,
    common_folder,
    require_apart,
    source_identity,
    versions_of,
)
from dask_fileseq.zarr.target import Target, clear_write_errors

__all__ = ["Ending", "Options", "convert"]

FORMAT = 1
"""The version of the journal and of regions; another one is another conversion."""

SAMPLES = 8
"""Regions that ``verify="sample"`` compares at least; else it is one in a hundred."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to convert; as the arguments of `FileSequence.to_ome_zarr`."""

    chunks: Any = None
    shards: Any = None
    codecs: Any = "auto"
    levels: int | None = None
    method: str = "mean"
    attributes: Mapping[str, Any] | None = None
    resume: bool = True
    overwrite: bool = False
    verify: str | None = "sample"
    progress: Any = None
    scheduler: Any = None
    workers: int | None = None
    memory: int | str = "64 MiB"


@dataclass(frozen=True)
class Ending:
    """What is known when all regions are written."""

    levels: int
    halved: tuple[bool, ...]
    ranges: Mapping[int, tuple[float, float]]
    """Lowest and highest value of each channel."""


Groups = Callable[[Ending], Iterable[tuple[str, bytes]]]


def convert(
    array: FileArray,
    layout: Layout,
    target: Target,
    options: Options,
    *,
    stat: bool = True,
    groups: Groups | None = None,
) -> dict[str, Any]:
    """Write a file array to a target, and return the manifest.

    Parameters
    ----------
    array : FileArray
        What to convert.
    layout : Layout
        The images that it becomes.
    target : Target
        Where to.
    options : Options
        How.
    stat : bool
        Whether sizes and times of files tell their versions.
    groups : callable, optional
        Returns key and content of the metadata of groups; the root's last.
    """
    return _Conversion(array, layout, target, options, stat).run(groups)


class _Conversion:
    """One call of `convert`."""

    def __init__(
        self, array: FileArray, layout: Layout, target: Target, options: Options, stat: bool
    ) -> None:
        if options.verify is not None:
            check_choice("verify", options.verify, "sample", "all")
        check_choice("method", options.method, "mean", "nearest")
        self.array, self.layout, self.target, self.options = array, layout, target, options
        self.stat = stat
        self.report = reporter(options.progress)
        self.scheduler = Scheduler(options.scheduler, options.workers)
        if not (target.is_shared or self.scheduler.is_local):
            raise ValueError(f"{target} is memory of this process: only threads reach it")
        plan = self._plan()
        names = [""] if layout.kind == "array" else [str(i) for i in range(len(plan.levels))]
        metadata = [
            array_metadata(
                level,
                layout.dims,
                array.dtype,
                fillvalue=array.fillvalue,
                codecs=options.codecs,
                attributes=options.attributes or {},
            )
            for level in plan.levels
        ]
        require_apart(array, target)
        self.versions = versions_of(array, stat)
        self.identity = self._identity(plan, json.loads(metadata[0])["codecs"])
        self.journal = Journal(target)
        self.job = Job(
            target, plan, tuple(metadata), tuple(names), options.method, self._channel(), ""
        )

    def _plan(self) -> Plan:
        layout, options, itemsize = self.layout, self.options, self.array.dtype.itemsize
        shape = layout.shape
        chunk = chunk_shape(options.chunks, layout.dims, shape, itemsize)
        shard = shard_shape(options.shards, layout.dims, shape, chunk, itemsize)
        halved = tuple(dim in ("y", "x") for dim in layout.dims)
        levels = options.levels
        if layout.kind == "array":
            levels = 1
        elif levels is None:
            levels = level_count(shape, halved)
        elif isinstance(levels, bool) or not isinstance(levels, int) or not 1 <= levels <= 32:
            raise ValueError(f"levels={levels!r} is no number of levels")
        try:
            limit = int(parse_bytes(options.memory))
        except (TypeError, ValueError) as error:
            raise ValueError(f"memory={options.memory!r} is no size such as '64 MiB'") from error
        return make_plan(
            shape,
            chunk,
            shard,
            halved=halved,
            levels=levels,
            itemsize=itemsize,
            limit=limit,
            grains=self._grains(),
        )

    def _grains(self) -> list[tuple[int, ...]]:
        """Return the shape of a tile and of a file, along the axes of an image."""
        array, grains = self.array, []
        for lengths in (array.spec.tile, array.spec.shape):
            along = [
                1 if axis.chunk is None else lengths[axis.chunk] for axis in array.tiling.axes
            ]
            grains.append(tuple(along[axes[-1]] for axes in self.layout.axes))
        return grains

    def _channel(self) -> int | None:
        dims = self.layout.dims
        return dims.index("c") if self.layout.kind != "array" and "c" in dims else None

    def _identity(self, plan: Plan, codecs: Any) -> dict[str, Any]:
        """Return what is converted to what, as JSON takes it."""
        level = plan.levels[0]
        identity = {
            "format": FORMAT,
            "source": source_identity(self.array, self.versions),
            "target": {
                "kind": self.layout.kind,
                "dims": self.layout.dims,
                "shape": level.shape,
                "dtype": str(self.array.dtype),
                "images": len(self.layout.images),
                "axes": [[self.array.dims[i] for i in axes] for axes in self.layout.axes],
                "levels": len(plan.levels),
                "chunks": level.chunk,
                "shards": level.shard,
                "codecs": codecs,
                "fillvalue": repr(self.array.fillvalue),
                "method": self.options.method if len(plan.levels) > 1 else None,
                "format": FORMAT,
            },
            "stages": [[stage.base, stage.first, stage.last, stage.region] for stage in plan.stages],
            "began": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        identity["token"] = hashlib.blake2b(
            json.dumps(identity, sort_keys=True).encode(), digest_size=16
        ).hexdigest()
        same: dict[str, Any] = json.loads(json.dumps(identity))
        return same

    # the steps

    def run(self, groups: Groups | None) -> dict[str, Any]:
        """Do all that is to do."""
        started = time.monotonic()
        resumed = self.journal.begin(
            self.identity,
            resume=self.options.resume,
            overwrite=self.options.overwrite,
            changes=self._changes,
        )
        manifest = self.journal.manifest() if resumed else None
        if resumed:
            found = manifest["identity"] if manifest else self.journal.identity()
            self._continue(found or self.identity)
        else:
            self.job = replace(self.job, token=self.identity["token"])
        records = self.journal.records() if resumed and not manifest else {}
        try:
            if manifest:
                return self._checked_again(manifest)
            if not resumed or self.target.get(f"{FILES}/zarr.json") is None:
                self._put(file_objects(file_table(self.array, self.versions)))
            chosen = self._chosen()
            progress = self._progress(records, chosen)
            self._write(records, progress)
            self._require_same_files()
            self._verify(chosen, progress)
            return self._finish(records, groups, len(chosen), time.monotonic() - started)
        finally:
            if isinstance(self.report, Bar):
                self.report.close()

    def _changes(self) -> str:
        try:
            then = written_files(self.target)
        except (OSError, ValueError, KeyError):
            return "their list is not complete"
        return changes(then, self.array, self.versions)

    def _continue(self, found: Mapping[str, Any]) -> None:
        """Go on with the regions of the run before."""
        self.identity = dict(found)
        stages = tuple(
            Stage(base, first, last, tuple(region)) for base, first, last, region in found["stages"]
        )
        plan = replace(self.job.plan, stages=stages)
        self.job = replace(self.job, plan=plan, token=found["token"])
        self.target.delete_partial()

    def _put(self, objects: Mapping[str, bytes]) -> None:
        with clear_write_errors(self.target):
            self.target.put_many(objects)
            self.target.sync_to_disk(objects)

    def _progress(self, records: Mapping[str, Any], chosen: Iterable[tuple[Stage, int]]) -> Progress:
        """Return what counts the bytes of all regions to write, and to compare."""
        plan, images = self.job.plan, len(self.layout.images)
        total = done = 0
        for stage in plan.stages:
            count = plan.count(stage)
            for number in range(count):
                size = self._bytes(stage, number)
                total += images * size
                named = (f"{stage.first}-{image * count + number}" for image in range(images))
                done += size * sum(name in records for name in named) if records else 0
        total += sum(self._bytes(stage, number) for stage, number in chosen)
        return Progress(total, done, self.report)

    def _bytes(self, stage: Stage, number: int) -> int:
        """Return the size of a region, which counts over all images."""
        number %= max(1, self.job.plan.count(stage))
        size = self.array.dtype.itemsize
        for start, stop in self.job.plan.window(stage, number):
            size *= stop - start
        return size

    def _region(self, stage: Stage, number: int) -> Region:
        """Return a region of a stage."""
        image_number, within = divmod(number, self.job.plan.count(stage))
        image = self.layout.images[image_number]
        window = self.job.plan.window(stage, within)
        if stage.base != stage.first or stage.first:
            return Region(stage, number, image.path, window, None, (), self.layout.axes)
        pieces = list(self.layout.pieces(window, image))
        starts, stops = [], []
        for axis in range(self.array.ndim):
            edges = [windows[axis] for _, windows in pieces]
            starts.append(min(start for start, _ in edges))
            stops.append(max(stop for _, stop in edges))
        block = self.array.block(list(zip(starts, stops, strict=True)))
        shifted = tuple(
            (
                place,
                {axis: (a - starts[axis], b - starts[axis]) for axis, (a, b) in windows.items()},
            )
            for place, windows in pieces
        )
        return Region(stage, number, image.path, window, block, shifted, self.layout.axes)

    def _numbers(self, stage: Stage) -> range:
        return range(self.job.plan.count(stage) * len(self.layout.images))

    def _write(self, records: dict[str, Record], progress: Progress) -> None:
        """Write all regions that are not done, stage by stage."""

        def done(region: Region, record: Record) -> None:
            records[region.name] = record
            progress.add(region.size * self.array.dtype.itemsize)

        for stage in self.job.plan.stages:
            left = (
                self._region(stage, number)
                for number in self._numbers(stage)
                if f"{stage.first}-{number}" not in records
            )
            run(self.scheduler, write_region, self.job, left, done)

    def _require_same_files(self) -> None:
        """Raise an error if a file changed while it may have been read."""
        now = versions_of(self.array, self.stat)
        if now is None or self.versions is None or (now == self.versions).all():
            return
        found = changes(written_files(self.target), self.array, now)
        raise ChangedError(
            f"files changed while they were converted: {found}; overwrite=True starts over"
        )

    def _chosen(self) -> list[tuple[Stage, int]]:
        """Return the regions to read back and compare."""
        if self.options.verify is None:
            return []
        everything = [(s, number) for s in self.job.plan.stages for number in self._numbers(s)]
        if self.options.verify == "all":
            return everything
        count = min(len(everything), max(SAMPLES, len(everything) // 100))
        chosen = random.Random(self.job.token).sample(range(len(everything)), count)
        return [everything[i] for i in sorted(chosen)]

    def _verify(self, chosen: Iterable[tuple[Stage, int]], progress: Progress) -> None:
        def done(region: Region, _: Any) -> None:
            progress.add(region.size * self.array.dtype.itemsize)

        regions = (self._region(stage, number) for stage, number in chosen)
        run(self.scheduler, verify_region, self.job, regions, done)

    def _checked_again(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """Compare a target that is complete already, if all of it is to be compared."""
        if self.options.verify == "all":
            self.job = replace(self.job, advice="overwrite=True writes it anew")
            chosen = self._chosen()
            total = sum(self._bytes(stage, number) for stage, number in chosen)
            self._verify(chosen, Progress(total, 0, self.report))
        return manifest

    def _finish(
        self, records: Mapping[str, Record], groups: Groups | None, compared: int, seconds: float
    ) -> dict[str, Any]:
        """Write metadata and manifest, and close the journal."""
        objects = dict(self._array_objects())
        ending = Ending(len(self.job.levels), self.job.plan.halved, _ranges(records.values()))
        last = list(groups(ending)) if groups is not None else []
        if not last:
            root = objects.pop("zarr.json")
            last = [("zarr.json", root.encode() if isinstance(root, str) else root)]
        manifest = self._manifest(records, compared, seconds)
        self._put(objects | dict(last[:-1]) | group_object(manifest))
        self._put(dict(last[-1:]))
        self.journal.close()
        return manifest

    def _array_objects(self) -> Iterator[tuple[str, bytes]]:
        for image in self.layout.images:
            for name, metadata in zip(self.job.names, self.job.levels, strict=True):
                parts = [part for part in (image.path, name, "zarr.json") if part]
                yield "/".join(parts), metadata.encode()

    def _manifest(
        self, records: Mapping[str, Record], compared: int, seconds: float
    ) -> dict[str, Any]:
        failed = {name: error for r in records.values() for name, error in r.get("failed", ())}
        return {
            "software": f"dask-fileseq {__version__}",
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(seconds, 3),
            "folder": common_folder(self.array.names),
            "file_count": len(self.array.names),
            "empty": empty_cells(self.array),
            "failed": [{"file": name, "error": failed[name]} for name in sorted(failed)],
            "regions": len(records),
            "verified": {"how": self.options.verify, "regions": compared},
            "identity": self.identity,
        }


def _ranges(records: Iterable[Record]) -> dict[int, tuple[float, float]]:
    """Return the lowest and highest value of each channel.

    >>> _ranges([{"ranges": [[0, 3, 5], [1, 0, 9]]}, {}, {"ranges": [[0, 4, 8]]}])
    {0: (3, 8), 1: (0, 9)}
    """
    found: dict[int, tuple[float, float]] = {}
    for record in records:
        for channel, low, high in record.get("ranges", ()):
            least, most = found.get(channel, (low, high))
            found[channel] = min(least, low), max(most, high)
    return found
