"""What a conversion has to do: arrays, regions, and what identifies all that. No I/O."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from numbers import Integral
from typing import Any
from uuid import uuid4

from dask.utils import parse_bytes

from dask_fileseq.errors import check_choice
from dask_fileseq.filearray import FileArray
from dask_fileseq.zarr.conversion.arrays import array_metadata, inner_codecs
from dask_fileseq.zarr.conversion.layout import Layout
from dask_fileseq.zarr.conversion.plan import Plan, Stage, level_count, make_plan
from dask_fileseq.zarr.conversion.regions import Region
from dask_fileseq.zarr.conversion.shapes import chunk_shape, shard_shape

__all__ = ["Options", "Work"]

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
class Work:
    """The arrays of a conversion, and the regions that make them up."""

    array: FileArray
    layout: Layout
    plan: Plan
    levels: tuple[str, ...]
    """The metadata of the array of each level, as JSON."""
    method: str

    @classmethod
    def of(cls, array: FileArray, layout: Layout, options: Options) -> Work:
        """Return what there is to do, with the options checked.

        Raises
        ------
        ValueError
            If an option does not fit.
        """
        if options.verify is not None:
            check_choice("verify", options.verify, "sample", "all")
        check_choice("method", options.method, "mean", "nearest")
        plan = _plan(array, layout, options)
        levels = [
            array_metadata(
                level,
                layout.dims,
                array.dtype,
                fillvalue=array.options.fillvalue,
                codecs=options.codecs,
                attributes=options.attributes or {},
            )
            for level in plan.levels
        ]
        return cls(array, layout, plan, tuple(levels), options.method)

    def with_stages(self, stages: Sequence[Sequence[Any]]) -> Work:
        """Return the same work in the regions of an earlier run."""
        made = tuple(
            Stage(base, first, last, tuple(region)) for base, first, last, region in stages
        )
        return replace(self, plan=replace(self.plan, stages=made))

    @property
    def names(self) -> tuple[str, ...]:
        """Where the arrays of the levels are, below an image."""
        return ("",) if self.layout.kind == "array" else tuple(map(str, range(len(self.levels))))

    @property
    def channel(self) -> int | None:
        """The axis of channels of an image."""
        dims = self.layout.dims
        return dims.index("c") if self.layout.kind != "array" and "c" in dims else None

    def array_objects(self) -> Iterator[tuple[str, bytes]]:
        """Yield key and content of the metadata of all arrays."""
        for image in self.layout.images:
            for name, metadata in zip(self.names, self.levels, strict=True):
                parts = [part for part in (image.path, name, "zarr.json") if part]
                yield "/".join(parts), metadata.encode()

    def identity(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is converted to what, as JSON takes it."""
        level = self.plan.levels[0]
        identity = {
            "source": source,
            "target": {
                "format": FORMAT,
                "kind": self.layout.kind,
                "dims": self.layout.dims,
                "shape": level.shape,
                "dtype": str(self.array.dtype),
                "images": len(self.layout.images),
                "places": self.layout.places,
                "axes": [[self.array.dims[i] for i in axes] for axes in self.layout.axes],
                "levels": len(self.levels),
                "chunks": level.chunk,
                "shards": level.shard,
                "codecs": inner_codecs(self.levels[0]),
                "fillvalue": repr(self.array.options.fillvalue),
                "method": self.method if len(self.levels) > 1 else None,
            },
            "stages": [[s.base, s.first, s.last, s.region] for s in self.plan.stages],
            "began": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        return {**json.loads(json.dumps(identity)), "token": uuid4().hex}

    def numbers(self, stage: Stage) -> range:
        """Return the numbers of a stage's regions, which count over all images."""
        return range(self.plan.count(stage) * len(self.layout.images))

    def everything(self) -> Iterator[tuple[Stage, int]]:
        """Yield stage and number of all regions."""
        return ((stage, number) for stage in self.plan.stages for number in self.numbers(stage))

    def chosen(self, verify: str | None, token: str) -> list[tuple[Stage, int]]:
        """Return the regions to read back and compare: always the same of a conversion."""
        if verify is None:
            return []
        everything = list(self.everything())
        if verify == "all":
            return everything
        count = min(len(everything), max(SAMPLES, len(everything) // 100))
        sample = random.Random(token).sample(range(len(everything)), count)
        return [everything[i] for i in sorted(sample)]

    def made_of(self, names: set[str]) -> Iterator[Region]:
        """Yield the regions that read any of some files, and all that read other regions."""
        for stage, number in self.everything():
            region = self.region(stage, number)
            if region.block is None or not names.isdisjoint(region.block.names):
                yield region

    def nbytes(self, stage: Stage, number: int) -> int:
        """Return the size of a region where it is read."""
        size = self.array.dtype.itemsize
        for start, stop in self.plan.window(stage, number % self.plan.count(stage)):
            size *= stop - start
        return size

    def region(self, stage: Stage, number: int) -> Region:
        """Return a region; one of the first stage with the files that it touches."""
        image_number, within = divmod(number, self.plan.count(stage))
        image = self.layout.images[image_number]
        window = self.plan.window(stage, within)
        if stage.first:
            return Region(stage, number, image.path, window, None, (), self.layout.axes)
        pieces = list(self.layout.pieces(window, image))
        edges = []
        for axis in range(self.array.ndim):
            starts, stops = zip(*(windows[axis] for _, windows in pieces), strict=True)
            edges.append((min(starts), max(stops)))
        within_block = tuple(
            (place, {axis: (a - edges[axis][0], b - edges[axis][0]) for axis, (a, b) in w.items()})
            for place, w in pieces
        )
        block = self.array.block(edges)
        return Region(stage, number, image.path, window, block, within_block, self.layout.axes)


def _plan(array: FileArray, layout: Layout, options: Options) -> Plan:
    shape, itemsize = layout.shape, array.dtype.itemsize
    chunk = chunk_shape(options.chunks, layout.dims, shape, itemsize)
    shard = shard_shape(options.shards, layout.dims, shape, chunk, itemsize)
    halved = tuple(dim in ("y", "x") for dim in layout.dims)
    levels = options.levels
    if layout.kind == "array":
        levels = 1
    elif levels is None:
        levels = level_count(shape, halved)
    elif isinstance(levels, bool) or not isinstance(levels, Integral) or not 1 <= levels <= 32:
        raise ValueError(f"levels={levels!r} is no number of levels")
    try:
        limit = int(parse_bytes(options.memory))
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"memory={options.memory!r} is no size such as '64 MiB'") from error
    grains = []
    for lengths in (array.spec.tile, array.spec.shape):
        along = [1 if axis.chunk is None else lengths[axis.chunk] for axis in array.tiling.axes]
        grains.append(tuple(along[axes[-1]] for axes in layout.axes))
    return make_plan(
        shape,
        chunk,
        shard,
        halved=halved,
        levels=int(levels),
        itemsize=itemsize,
        limit=limit,
        grains=grains,
    )
