"""A file array as a read-only store of OME-Zarr, without a copy: an image, a plate, a collection.

The metadata are those of a copy. Each image has one level, or the levels that the files
themselves have. A chunk is a plane of one file, or a part of it, where files have tiles or
strips; it is read from the files on request, and it exists if it overlaps a file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from dask.base import tokenize
from zarr.abc.store import Store
from zarr.core.group import GroupMetadata

from dask_fileseq.convert.conversionplan import ConversionPlan, make_plan
from dask_fileseq.convert.imagelayout import array_coordinates, ome_layout
from dask_fileseq.convert.metadataobjects import json_object
from dask_fileseq.convert.omemetadata import OmeMetadata, Ranges, channel_names
from dask_fileseq.convert.omescale import axis_scales
from dask_fileseq.convert.partition import SIDE, Partition, RegionIndex
from dask_fileseq.convert.tasks import RegionTask, read_region
from dask_fileseq.errors import FileSequenceError
from dask_fileseq.filearray import FileArray
from dask_fileseq.headers import confirmed_metadata
from dask_fileseq.types import WriteOptions
from dask_fileseq.zarr import FileArrayStore


class OmeStore(FileArrayStore):
    """File arrays, one for each level of the same files, as a read-only store of OME-Zarr 0.5.

    The largest level comes first. `name` is that of the image or plate; other parameters are those
    of `FileSequence.to_ome_zarr` and `aszarr`.
    """

    def __init__(
        self,
        levels: Sequence[FileArray],
        name: str,
        *,
        axes: Mapping[str, str] | None = None,
        scale: Mapping[str, Any] | None = None,
        pixel_size: Any = None,
        ioworkers: int | None = None,
    ) -> None:
        Store.__init__(self, read_only=True)
        self._array = replace(levels[0], metadata=confirmed_metadata(levels[0], keep_steps=True))
        self._ioworkers = max(0, ioworkers or 0)
        self._plans = [_plan(array, axes) for array in (self._array, *levels[1:])]
        self._grid: Any = ImageGrid(self._plans)
        layout = self._plans[0].layout
        self._chunkshape = _chunk(self._plans[0])
        ome = FileLevels(
            name,
            self._array,
            layout,
            axis_scales(self._array, layout, scale, pixel_size),
            channel_names(self._array, layout),
            "nearest",
            array_coordinates(self._array),
            shapes=[plan.layout.shape for plan in self._plans],
        )
        partition = self._plans[0].pyramid.partition
        groups = ome.groups(layout.images, partition, self._ranges())
        self._documents = dict(json_object(path, GroupMetadata(a)) for path, a in groups)
        for level, plan in enumerate(self._plans):
            (metadata,) = plan.pyramid.arrays
            for image in layout.images:
                key, content = json_object(f"{image.path}/{level}", metadata)
                self._documents[key] = content
        self._identity = tokenize(*levels), tuple(self._documents.items()), self._ioworkers

    def _ranges(self) -> Ranges:
        """Return the least and the greatest value of each channel in a plane of the first image."""
        plan = self._plans[-1]
        dims, shape = plan.layout.dims, plan.layout.shape
        if plan.array.dtype.kind not in "uif":
            return {}
        found = {}
        for channel in range(shape[dims.index("c")] if "c" in dims else 1):
            at = {"c": channel, "z": shape[dims.index("z")] // 2 if "z" in dims else 0}
            first = [0 if dim in "yx" else at.get(dim, 0) for dim in dims]
            size = [n if dim in "yx" else 1 for dim, n in zip(dims, shape, strict=True)]
            try:
                data = read_region(_plane(plan, first, size))
            except FileSequenceError:  # who asks for its pixels is told
                continue
            values = data[np.isfinite(data)]
            if values.size:
                found[channel] = (float(values.min()), float(values.max()))
        return found

    def _read(self, index: Any) -> memoryview:
        """Return the pixels of a chunk in C order, with the fill value beyond the array."""
        level, region = index
        plan = self._plans[level]
        data = read_region(region)
        shape = _chunk(plan)
        if data.shape != shape:
            pixels = np.full(shape, plan.array.options.fillvalue, plan.array.dtype)
            pixels[tuple(map(slice, data.shape))] = data
            data = pixels
        return np.ascontiguousarray(data).reshape(-1).view(np.uint8).data

    def _chunk_nbytes(self, key: str) -> int:
        plan: ConversionPlan = self._plans[self._grid.index(key)[0]]
        return math.prod(_chunk(plan)) * int(plan.array.dtype.itemsize)


@dataclass(frozen=True)
class FileLevels(OmeMetadata):
    """The metadata of images with the levels that files have."""

    shapes: Sequence[tuple[int, ...]] = ()
    """Shape of an image in each level."""

    def _image(self, partition: Partition, ranges: Ranges) -> dict[str, Any]:
        content = super()._image(partition, ranges)
        (multiscale,) = content["multiscales"]
        multiscale["datasets"] = [self._dataset(partition, i) for i in range(len(self.shapes))]
        del multiscale["type"], multiscale["metadata"]
        return content

    def _dataset(self, partition: Partition, level: int) -> dict[str, Any]:
        lengths = zip(self.layout.dims, self.shapes[0], self.shapes[level], strict=True)
        factors = [whole / length if dim in "yx" else 1.0 for dim, whole, length in lengths]
        return self._dataset_of(level, factors, 0.5)


class ImageGrid:
    """The chunks of all images and levels, by their keys."""

    def __init__(self, plans: Sequence[ConversionPlan]) -> None:
        self.plans = plans
        self.images = {image.path: i for i, image in enumerate(plans[0].layout.images)}

    def index(self, key: str) -> tuple[int, RegionTask] | None:
        """Return the level and the region of the chunk with a key; None if there is no such one."""
        place, is_chunk, numbers = key.rpartition("/c/")
        path, _, level = place.rpartition("/")
        parts = numbers.split("/")
        if not is_chunk or path not in self.images or not all(map(str.isdecimal, [level, *parts])):
            return None
        index = tuple(map(int, parts))
        if key != f"{place}/c/{'/'.join(map(str, index))}" or int(level) >= len(self.plans):
            return None
        plan = self.plans[int(level)]
        counts = _counts(plan)
        if len(index) != len(counts) or any(i >= n for i, n in zip(index, counts, strict=True)):
            return None
        (stage,) = plan.pyramid.partition.stages
        number = int(np.ravel_multi_index(index, counts)) + self.images[path] * stage.count
        region = plan.region(RegionIndex(stage, number))
        has_file = region.block is not None and bool((region.block.table >= 0).any())
        return (int(level), region) if has_file else None

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with a prefix."""
        for path in self.images:
            for level, plan in enumerate(self.plans):
                place = f"{path}/{level}/c/".lstrip("/")
                if place.startswith(prefix) or prefix.startswith(place):
                    for index in np.ndindex(*_counts(plan)):
                        key = place + "/".join(map(str, index))
                        if key.startswith(prefix) and self.index(key) is not None:
                            yield key

    def children(self, folder: str) -> Iterator[str]:
        """Yield the names of keys and folders of keys directly in a folder."""
        start = f"{folder}/" if folder else ""
        names = (key.removeprefix(start).split("/")[0] for key in self.keys(start))
        yield from dict.fromkeys(names)


def _plan(array: FileArray, axes: Mapping[str, str] | None) -> ConversionPlan:
    """Return the plan of one level, each region of which is a chunk."""
    layout = ome_layout(array, axes)
    chunk = []
    for dim, behind, length in zip(layout.dims, layout.axes, layout.shape, strict=True):
        axis = array.tiling.axes[behind[-1]]
        tile = 1 if axis.chunk is None else array.spec.tile[axis.chunk]
        whole = 1 if axis.chunk is None else array.spec.shape[axis.chunk]
        side = tile * max(1, SIDE // max(1, tile))
        chunk.append(min(length, whole, side if tile < whole else whole) if dim in "yx" else 1)
    options = WriteOptions(chunks=chunk, shards=False, codecs="none", memory=2**62)
    plan = make_plan(array, layout, options, 1, "nearest", {})
    return plan.with_stages([[0, 0, 0, chunk]])


def _chunk(plan: ConversionPlan) -> tuple[int, ...]:
    (level,) = plan.pyramid.partition.levels
    return level.chunk


def _counts(plan: ConversionPlan) -> tuple[int, ...]:
    (level,) = plan.pyramid.partition.levels
    return tuple(-(-n // c) for n, c in zip(level.shape, level.chunk, strict=True))


def _plane(plan: ConversionPlan, first: Sequence[int], size: Sequence[int]) -> RegionTask:
    """Return the task that reads a box of the first image, at a multiple of its size."""
    stage = replace(plan.pyramid.partition.stages[0], region=tuple(size))
    counts = [-(-n // r) for n, r in zip(stage.shape, size, strict=True)]
    place = [a // r for a, r in zip(first, size, strict=True)]
    return plan.region(RegionIndex(stage, int(np.ravel_multi_index(place, counts))))
