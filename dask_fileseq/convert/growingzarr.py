"""A conversion to Zarr of files that become more while it goes on.

Each array of a growing sequence has a plan of its own, with regions of one object each. What is
known of a region is found again by its place, and counts as long as its files are the same, in
their versions and cells, and are read and written by the same arguments. So regions whose place in
the grid changed, because a label came in between, are written anew. Only regions without empty
cells are written, then the metadata: the target is Zarr that other programs can read, and its shape
grows. At the end, the conversion goes on as any other: all other regions are written, and regions
are compared with the files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from dask_fileseq.convert.conversion import Conversion, Manifest, array_metadata
from dask_fileseq.convert.journal import DONE, FILES, PLAN, Record
from dask_fileseq.convert.partition import chunk_shape, shard_shape
from dask_fileseq.convert.targetstore import TargetStore
from dask_fileseq.convert.tasks import Job, RegionTask, write_region
from dask_fileseq.errors import ChunkMismatchError, NoFilesError, ReadError, TargetExistsError
from dask_fileseq.filearray import FileArray
from dask_fileseq.graph import run
from dask_fileseq.stablevalues import digest_of
from dask_fileseq.types import WriteOptions

Place = tuple[int, ...]
"""The first index of a region along each axis."""


class GrowingConversion(Conversion):
    """The conversion of what there is of a file array that grows."""

    def __init__(
        self, array: FileArray, target: TargetStore, options: WriteOptions, *metadata: Any
    ) -> None:
        layout, more = array_metadata(array, *metadata)
        super().__init__(array, layout, target, _by_cell(array, options), **more)
        (level,) = self.plan.pyramid.partition.levels
        region = [max(1, min(edges)) for edges in zip(level.unit, level.shape, strict=True)]
        self.plan = self.plan.with_stages([[0, 0, 0, region]])
        self.identity |= {"stages": [[0, 0, 0, region]], "grows": True}
        versions = self.source.versions
        rows = [None] * len(array.names) if versions is None else versions.tolist()
        self._versions = dict(zip(array.names, rows, strict=True))
        source, written = self.identity["source"], {**self.identity["target"], "shape": None}
        self._arguments = [source["reader"], source["tiled"], written]

    def begin(self) -> tuple[str, dict[Place, Record]]:
        """Return the token of the conversion, and the records of regions that were done before."""
        (found,) = self.target.get_json(PLAN)
        if found and found.get("grows") and self.options.resume and not self.options.overwrite:
            keys = [f"{DONE}/{name}" for name in self.target.listing(DONE)]
            records = [r for r in self.target.get_json(*keys) if isinstance(r, dict)]
            self.target.delete_partial()
            return found["token"], {tuple(r["at"]): r for r in records if "at" in r}
        if self.journal.begin(
            self.identity, resume=False, overwrite=self.options.overwrite, changes=str
        ):
            raise TargetExistsError(f"{self.target} exists; overwrite=True starts over")
        return uuid4().hex, {}

    def grow(self, token: str, known: Mapping[Place, Record]) -> dict[Place, Record]:
        """Write the whole regions that are new, and the metadata; return all records."""
        self.identity["token"] = token
        regions = {region.index.window: self._marked(region) for region in self._regions()}
        places = {tuple(r.known_by["at"]): r for r in regions.values()}
        records = {
            place: record
            for place, record in known.items()
            if place in places and record.get("block") == places[place].known_by["block"]
        }
        self.journal.claim(self.identity)
        stale = [record for place, record in known.items() if place not in records]
        rows = [row for record in stale for row in record.get("objects", ())]
        markers = [f"{DONE}/{name}" for name in self.target.listing(DONE)]
        self.target.delete([*(row.rsplit(" ", 3)[0] for row in rows), f"{FILES}/zarr.json"])
        names = {place: places[place].index.name for place in records}
        kept = {f"{DONE}/{name}" for name in names.values()}
        self.target.delete(key for key in markers if key not in kept)
        moved = {
            p: {**r, "marker": names[p]} for p, r in records.items() if r["marker"] != names[p]
        }
        records |= moved
        new = {f"{DONE}/{r['marker']}": json.dumps(r).encode() for r in moved.values()}
        self.target.put_many(new)

        def done(region: RegionTask, record: Record | None) -> None:
            if record is not None:
                records[tuple(record["at"])] = record
                self._advance(region)

        def is_whole(region: RegionTask) -> bool:
            return region.block is not None and bool((region.block.table >= 0).all())

        self._start([], {names[place]: record for place, record in records.items()})
        left = [r for place, r in places.items() if place not in records and is_whole(r)]
        run(self.scheduler, _try_region, self.plan.job(self.journal, token), left, done)
        for objects in self._metadata([]):
            self._put(objects)
        return records

    def end(self, records: Mapping[Place, Record]) -> Manifest:
        """Write all other regions, compare, and return the manifest."""
        names = {self._place(region): region.index.name for region in self._regions()}
        return self._convert({names[place]: record for place, record in records.items()})

    def _regions(self) -> Iterator[RegionTask]:
        return map(self.plan.region, self.plan.indices())

    def _place(self, region: RegionTask) -> Place:
        return tuple(start for start, _ in region.index.window)

    def _marked(self, region: RegionTask) -> RegionTask:
        """Return a region with what its record is known by: place, files and arguments."""
        block = region.block
        assert block is not None
        files = [[name, self._versions[name]] for name in block.names]
        parts = [block.table.tolist(), block.shape, region.index.window, self._arguments]
        known_by = {"at": list(self._place(region)), "block": digest_of([files, *parts])}
        return replace(region, known_by=known_by | {"marker": region.index.name})


def _try_region(job: Job, region: RegionTask) -> Record | None:
    """Write a region, and return its record; None if files cannot be read, for the time being."""
    try:
        return write_region(job, region)
    except (ReadError, ChunkMismatchError):  # files that are written anew; else the end raises it
        return None


def _by_cell(array: FileArray, options: WriteOptions) -> WriteOptions:
    """Return options in which chunks and shards do not depend on how many files there are.

    By default, they are those of an array of one cell.
    """
    cell = [
        n if axis.grid is None else axis.size
        for n, axis in zip(array.shape, array.tiling.axes, strict=True)
    ]
    dims, size = array.dims, array.dtype.itemsize
    endless = [
        n if axis.grid is None else 2**40
        for n, axis in zip(array.shape, array.tiling.axes, strict=True)
    ]
    chunks, shards = options.chunks, options.shards
    default = dict(zip(dims, chunk_shape(None, dims, tuple(cell), size), strict=True))
    if chunks in (None, "auto") or isinstance(chunks, Mapping):
        chunks = default | dict(chunks if isinstance(chunks, Mapping) else {})
    if shards in (None, "auto"):
        chunk = chunk_shape(chunks, dims, tuple(endless), size)
        shape = tuple(map(max, chunk, cell))
        shards = dict(zip(dims, shard_shape(None, dims, shape, chunk, size) or chunk, strict=True))
    return replace(options, chunks=chunks, shards=shards)


def to_growing_zarr(
    arrays: Iterable[FileArray],
    url: Any,
    options: WriteOptions,
    *,
    groupname: str | None = "image",
    attributes: Mapping[str, Any] | None = None,
) -> Manifest:
    """Copy an array that grows to Zarr, until no more arrays come; see `FileSequence.to_zarr`."""
    target = TargetStore(url, options.storage_options)
    conversion: GrowingConversion | None = None
    records: Mapping[Place, Record] = {}
    token = ""
    try:
        for array in arrays:
            is_first = conversion is None
            conversion = GrowingConversion(array, target, options, groupname, attributes)
            if is_first:
                token, records = conversion.begin()
            records = conversion.grow(token, records)
        if conversion is None:
            raise NoFilesError("no file was completed")
        return conversion.end(records)
    finally:
        if conversion is not None:
            conversion.close()
