"""The plan of a conversion: its arrays and regions, and what identifies all that. No I/O."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from numbers import Integral
from typing import Any
from uuid import uuid4

import zarr
from dask.utils import parse_bytes
from zarr.abc.codec import ArrayArrayCodec, ArrayBytesCodec, BytesBytesCodec, Codec
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec
from zarr.storage import MemoryStore

from dask_fileseq.convert.imagelayout import ImageLayout
from dask_fileseq.convert.journal import Journal
from dask_fileseq.convert.partition import (
    Level,
    Partition,
    RegionIndex,
    Stage,
    chunk_shape,
    level_count,
    make_partition,
    shard_shape,
)
from dask_fileseq.convert.tasks import Job, Pyramid, RegionTask
from dask_fileseq.errors import check_choice
from dask_fileseq.filearray import FileArray
from dask_fileseq.stablevalues import digest_of
from dask_fileseq.types import WriteOptions

FORMAT = 1
"""Version of the journal and of the regions; a conversion of another version is another one."""

SAMPLES = 8
"""Least number of regions that ``verify="sample"`` compares; else it is one in a hundred."""

CODECS: Mapping[str, tuple[Codec, ...]] = {
    "auto": (BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle"),),
    "blosc": (BloscCodec(cname="zstd", clevel=5, shuffle="bitshuffle"),),
    "zstd": (ZstdCodec(level=3),),
    "gzip": (GzipCodec(level=5),),
    "none": (),
}
"""Compression by name; higher levels save a few percent of noisy images in twice the time."""


@dataclass(frozen=True)
class ConversionPlan:
    """The arrays of a conversion, and the regions that make them up."""

    array: FileArray
    layout: ImageLayout
    pyramid: Pyramid

    def identity(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is converted to what, as a value of JSON."""
        partition, arrays = self.pyramid.partition, self.pyramid.arrays
        level, images = partition.levels[0], self.layout.images
        every = [[image.path, sorted(image.at.items())] for image in images]
        identity = {
            "source": source,
            "target": {
                "format": FORMAT,
                "kind": self.layout.kind,
                "dims": self.layout.dims,
                "shape": level.shape,
                "dtype": str(self.array.dtype),
                "images": len(images),
                "places": f"{images[0].path} to {images[-1].path} ({digest_of(every)})",
                "axes": [[self.array.dims[i] for i in axes] for axes in self.layout.axes],
                "levels": len(arrays),
                "chunks": level.chunk,
                "shards": level.shard,
                "codecs": [codec.to_dict() for codec in arrays[0].inner_codecs],
                "fillvalue": repr(self.array.options.fillvalue),
                "method": self.pyramid.method if len(arrays) > 1 else None,
            },
            "stages": [[s.base, s.first, s.last, s.region] for s in partition.stages],
            "began": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        return {**json.loads(json.dumps(identity)), "token": uuid4().hex}

    def with_stages(self, stages: Sequence[Sequence[Any]]) -> ConversionPlan:
        """Return the plan with the regions of the identity of an earlier run."""
        partition = self.pyramid.partition
        made = [Stage(s[0], s[1], s[2], tuple(s[3]), partition.levels[s[0]].shape) for s in stages]
        partition = replace(partition, stages=tuple(made))
        return replace(self, pyramid=replace(self.pyramid, partition=partition))

    def job(self, journal: Journal, token: str, **advice: str) -> Job:
        """Return what the tasks of all regions share."""
        arrays = tuple(metadata.update_attributes({}) for metadata in self.pyramid.arrays)
        return Job(journal, token, replace(self.pyramid, arrays=arrays), **advice)

    def indices(self, *stages: Stage) -> Iterator[RegionIndex]:
        """Yield the regions of all images, of some stages or of all."""
        for stage in stages or self.pyramid.partition.stages:
            for number in range(stage.count * len(self.layout.images)):
                yield RegionIndex(stage, number)

    def verified(self, verify: str | None, token: str) -> list[RegionIndex]:
        """Return the regions to read back and compare: always the same ones of a conversion."""
        if verify is None:
            return []
        every = list(self.indices())
        if verify == "all":
            return every
        count = min(len(every), max(SAMPLES, len(every) // 100))
        return [every[i] for i in sorted(random.Random(token).sample(range(len(every)), count))]

    def nbytes(self, index: RegionIndex) -> int:
        """Return the size of a region where it is read."""
        return math.prod(stop - start for start, stop in index.window) * self.array.dtype.itemsize

    def region(self, index: RegionIndex) -> RegionTask:
        """Return a region; one of the first stage with the files that it touches."""
        image = self.layout.images[index.image]
        if index.stage.first:
            return RegionTask(index, image.path, None, (), self.layout.axes)
        parts = list(self.layout.parts(index.window, image))
        first = [min(edges[axis][0] for _, edges in parts) for axis in range(self.array.ndim)]
        last = [max(edges[axis][1] for _, edges in parts) for axis in range(self.array.ndim)]
        block = self.array.block(list(zip(first, last, strict=True)))
        shifted = tuple(
            (place, {axis: (a - first[axis], b - first[axis]) for axis, (a, b) in edges.items()})
            for place, edges in parts
        )
        return RegionTask(index, image.path, block, shifted, self.layout.axes)


def make_plan(
    array: FileArray,
    layout: ImageLayout,
    options: WriteOptions,
    levels: int | None,
    method: str,
    attributes: Mapping[str, Any],
) -> ConversionPlan:
    """Return the plan of a conversion; raise a `ValueError` if an option does not fit."""
    if options.verify is not None:
        check_choice("verify", options.verify, "sample", "all")
    check_choice("method", method, "mean", "nearest")
    partition = _partition(array, layout, options, levels)
    settings = {
        "dtype": array.dtype,
        "fill_value": array.options.fillvalue,
        "dimension_names": layout.dims,
        "attributes": dict(attributes),
        **codec_arguments(options.codecs),
    }
    arrays = tuple(_array_metadata(level, settings) for level in partition.levels)
    is_image = layout.kind != "array"
    names = tuple(map(str, range(len(arrays)))) if is_image else ("",)
    channel = layout.dims.index("c") if is_image and "c" in layout.dims else None
    return ConversionPlan(array, layout, Pyramid(partition, arrays, names, method, channel))


def _partition(
    array: FileArray, layout: ImageLayout, options: WriteOptions, levels: int | None
) -> Partition:
    shape, itemsize = layout.shape, array.dtype.itemsize
    chunk = chunk_shape(options.chunks, layout.dims, shape, itemsize)
    shard = shard_shape(options.shards, layout.dims, shape, chunk, itemsize)
    halved = [dim in ("y", "x") for dim in layout.dims]
    if layout.kind == "array":
        levels = 1
    elif levels is None:
        levels = level_count(shape, halved)
    elif isinstance(levels, bool) or not isinstance(levels, Integral) or not 1 <= levels <= 32:
        raise ValueError(f"levels={levels!r} is no number of levels")
    try:
        size = int(parse_bytes(options.memory))
        if size < 1:
            raise ValueError("it must be positive")
        limit = size // itemsize
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"memory={options.memory!r} is no size such as '64 MiB'") from error
    read_shapes = []
    for lengths in (array.spec.tile, array.spec.shape):
        along = [1 if axis.chunk is None else lengths[axis.chunk] for axis in array.tiling.axes]
        read_shapes.append([along[axes[-1]] for axes in layout.axes])
    return make_partition(shape, chunk, shard, halved, int(levels), limit, read_shapes)


def codec_arguments(codecs: Any) -> dict[str, Any]:
    """Return codecs as the arguments of `zarr.create_array`."""
    if isinstance(codecs, str):
        if codecs not in CODECS:
            raise ValueError(f"codecs={codecs!r} is neither {', '.join(CODECS)} nor zarr codecs")
        codecs = CODECS[codecs]
    given = [codecs] if isinstance(codecs, Codec) else codecs or ()
    if not isinstance(given, Sequence) or not all(isinstance(codec, Codec) for codec in given):
        raise ValueError(f"codecs={codecs!r} are not codecs of zarr, such as zarr.codecs.ZstdCodec")
    filters, serializers, compressors = (
        [codec for codec in given if isinstance(codec, kind)] or None
        for kind in (ArrayArrayCodec, ArrayBytesCodec, BytesBytesCodec)
    )
    if serializers and len(serializers) > 1:
        raise ValueError(f"codecs={codecs!r} has more than one codec from arrays to bytes")
    serializer = serializers[0] if serializers else "auto"
    return {"filters": filters, "compressors": compressors, "serializer": serializer}


def _array_metadata(level: Level, settings: Mapping[str, Any]) -> Any:
    """Return zarr's metadata of the array of a level."""
    shapes: Any = {"shape": level.shape, "chunks": level.chunk, "shards": level.shard}
    try:
        return zarr.create_array(MemoryStore(), **shapes, **settings).metadata
    except TypeError as error:
        raise TypeError(f"attributes cannot be written as JSON: {error}") from error
