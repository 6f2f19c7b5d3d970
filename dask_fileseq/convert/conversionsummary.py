"""What a conversion will do, in numbers and in two lines, before anything is written.

The size of the target is estimated: some chunks from all over the images are read and
compressed as all will be. Smaller levels are taken to compress as well as the first one.
"""

from __future__ import annotations

import math
import random
import time
import warnings
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import zarr
from dask.utils import format_bytes
from numpy.typing import NDArray
from zarr.core.buffer import Buffer
from zarr.storage import MemoryStore

from dask_fileseq.convert.conversionplan import ConversionPlan, codec_arguments
from dask_fileseq.convert.foreseen import failures_text, foreseen_failures
from dask_fileseq.convert.partition import RegionIndex, Stage
from dask_fileseq.convert.tasks import RegionTask, read_region
from dask_fileseq.errors import FileSequenceError, FillWarning
from dask_fileseq.grid import plain_labels

CHUNKS = 24
"""Number of chunks that are read and compressed, if there is time."""

SECONDS = 2.0
"""Time after which no further chunk is read."""

TRIED = 96
"""Number of chunks among which those with files are looked for."""

LABELS = 8
"""Number of labels of channels that are shown."""


def summary(plan: ConversionPlan, channels: Sequence[str] = (), pixels: str = "") -> dict[str, Any]:
    """Return what a conversion will do: numbers, and a ``"text"`` for people.

    `channels` are the names of channels, and `pixels` the size of a pixel in words.
    """
    array, layout = plan.array, plan.layout
    files, empty = len(array.names), int((array.table < 0).sum())
    nbytes = files * math.prod(array.spec.shape) * array.dtype.itemsize
    target, axes, count = _target_bytes(plan), _axes(plan), len(layout.images)
    most = "about" if target is not None else "at most"
    parts = [
        ", ".join(_axis_text(plan, name, size, channels) for name, size in axes.items()),
        pixels,
        f"{files:,} file{'s' * (files != 1)}, {empty:,} empty, {_rounded(nbytes)}"
        f" to {most} {_rounded(_raw_bytes(plan) if target is None else target)},"
        f" {count:,} {'array' if layout.kind == 'array' else 'image'}{'s' * (count != 1)}",
    ]
    foreseen = foreseen_failures(array)
    failures = failures_text(foreseen, files, array.options.errors == "fill")
    return {
        "text": f"{'; '.join(filter(None, parts))}\n{failures}",
        "kind": layout.kind,
        "axes": axes,
        "channels": list(channels),
        "pixels": pixels,
        "files": files,
        "empty": empty,
        "bytes": nbytes,
        "target_bytes": target,
        "images": count,
        **foreseen,
    }


def _axes(plan: ConversionPlan) -> dict[str, Any]:
    """Return the lengths of what images are apart in, and of the axes before y and x."""
    array, layout = plan.array, plan.layout
    axes: dict[str, Any] = {}
    if layout.kind == "plate":
        fields = [len(names) for names in layout.wells.values()]
        axes = {"wells": len(fields), "fields": max(fields)}
    elif layout.kind == "collection":
        apart = sorted({axis for image in layout.images for axis in image.at})
        axes = {array.dims[i]: array.shape[i] for i in apart if array.shape[i] > 1}
    shape = dict(zip(layout.dims, layout.shape, strict=True))
    return axes | {dim: n for dim, n in shape.items() if dim not in ("y", "x")}


def _axis_text(plan: ConversionPlan, name: str, size: int, channels: Sequence[str]) -> str:
    text, labels = f"{name} {size:,}", list(channels) if name == "c" else []
    if name == "fields" and (least := min(map(len, plan.layout.wells.values()))) < size:
        text = f"{name} {least:,} to {size:,}"
    values = plan.array.coords.get(name)
    if plan.layout.kind == "array" and values is not None and values.dtype.kind not in "iufmM":
        labels = [str(value) for value in plain_labels(values)]
    if not labels:
        return text
    more = f" and {len(labels) - LABELS:,} more" * (len(labels) > LABELS)
    return f"{text} ({', '.join(labels[:LABELS])}{more})"


def _rounded(nbytes: int) -> str:
    """Return a size with at most three digits.

    >>> _rounded(767_993_856), _rounded(1_500), _rounded(20)
    ('732 MiB', '1.46 kiB', '20 B')
    """
    number, unit = format_bytes(nbytes).split()
    return f"{float(number):.3g} {unit}"


def _raw_bytes(plan: ConversionPlan) -> int:
    """Return the size of all levels of what has files, uncompressed."""
    array, levels = plan.array, plan.pyramid.partition.levels
    files = len(array.names) / max(1, array.table.size)
    apart = math.prod(array.shape) * files / max(1, math.prod(levels[0].shape))
    return round(apart * sum(math.prod(level.shape) for level in levels) * array.dtype.itemsize)


def _target_bytes(plan: ConversionPlan) -> int | None:
    """Return the estimated size of all levels as stored; None if no chunk has anything."""
    raw = stored = 0
    begin = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FillWarning)
        for region in islice(_chunks(plan), CHUNKS):
            if time.monotonic() - begin > SECONDS:
                break
            try:
                data = read_region(region)
            except FileSequenceError:  # the conversion will name the file
                continue
            raw += data.nbytes
            stored += _stored_bytes(plan, data)
    return round(_raw_bytes(plan) * stored / raw) if stored else None


def _chunks(plan: ConversionPlan) -> Iterator[RegionTask]:
    """Yield chunks that have files, from all over the images: always the same ones."""
    level = plan.pyramid.partition.levels[0]
    stage = Stage(0, 0, 0, level.chunk, level.shape)
    total = stage.count * len(plan.layout.images)
    for number in random.Random(0).sample(range(total), min(total, TRIED)):
        region = plan.region(RegionIndex(stage, number))
        if region.block is not None and (region.block.table >= 0).any():
            yield region


def _stored_bytes(plan: ConversionPlan, data: NDArray[Any]) -> int:
    """Return the size of a chunk as it is stored, compressed."""
    metadata = plan.pyramid.arrays[0]
    objects: dict[str, Buffer] = {}
    array = zarr.create_array(
        MemoryStore(objects),
        data=data,
        chunks=data.shape,
        fill_value=metadata.fill_value,
        **codec_arguments(metadata.inner_codecs),
    )
    del array
    return sum(len(value) for key, value in objects.items() if key != "zarr.json")
