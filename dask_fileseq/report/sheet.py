"""The small pictures of a contact sheet, by channel, time and place, and their contrast.

Of a long axis, the sheet shows labels at equal distances. Nothing is drawn here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.files import Source
from dask_fileseq.grid import FileGrid, plain_labels
from dask_fileseq.readers import Reader
from dask_fileseq.report.axisroles import AxisRoles, axis_roles
from dask_fileseq.report.summary import short_label
from dask_fileseq.report.thumbnails import Project, Thumbnailer
from dask_fileseq.types import Progress

Array = NDArray[Any]

Projection = Literal["auto", "max", "mean", "middle"]

FEW_FILES = 128
"""Files up to which ``project="auto"`` reads all planes."""

FEW_PICTURES = 24
"""Pictures up to which they have 512 pixels, and 256 if there are more."""

PROJECTIONS = {"max": "maximum", "mean": "mean", "middle": "the middle one"}

THREADS = 8
LOW, HIGH = 1.0, 99.8
"""Percentiles of a channel that become black and white."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Maximum numbers of labels and pictures on a sheet."""

    channels: int = 8
    times: int = 24
    places: int = 12
    pictures: int = 300


@dataclass(frozen=True, slots=True)
class Picture:
    """One small picture, or the reason why there is none."""

    image: Array | None
    """Rows and columns, and red, green, blue if there are."""
    why: Literal["", "no file", "cannot be read"] = ""


@dataclass(frozen=True, slots=True)
class Contrast:
    """The values that become black and white."""

    low: float
    high: float

    @classmethod
    def of(cls, images: Sequence[Array]) -> Contrast:
        """Return the contrast of the images of a channel.

        Colour images of 8 bits keep the whole range. If more than a hundredth of the pixels
        has the lowest value, these are a frame or have no data, and do not count.
        """
        values = np.concatenate([np.zeros(0), *(image.ravel() for image in images)])
        values = values[np.isfinite(values)]
        if not values.size:
            return cls(0.0, 1.0)
        lowest, highest = float(values.min()), float(values.max())
        is_rgb = any(image.ndim == 3 for image in images)
        if is_rgb and lowest >= 0 and highest <= 255:
            return cls(0.0, 255.0)
        above = values[values > lowest]
        if above.size and above.size < values.size * (1 - LOW / 100):
            values = above
        low, high = np.percentile(values, (LOW, HIGH))
        return cls(float(low), float(high)) if high > low else cls(lowest, highest)

    def shades(self, image: Array) -> NDArray[np.uint8]:
        """Return an image in 256 shades, C-contiguous; NaN is black."""
        span = self.high - self.low or 1.0
        shades = np.clip((image.astype(np.float64, "C") - self.low) / span, 0, 1)
        return np.asarray(np.nan_to_num(shades) * 255, np.uint8)


@dataclass(frozen=True, eq=False, slots=True)
class Sheet:
    """Small pictures of some files of a grid."""

    channels: list[str]
    times: list[str]
    places: list[str]
    """Labels that are shown; a single empty one if there is no such axis."""
    channel_name: str
    time_name: str
    pictures: list[list[list[Picture]]]
    """By channel, time and place."""
    note: str
    """What was left out, and how planes became one picture."""

    def images(self, channel: int) -> list[Array]:
        """Return all images of a channel that there are."""
        pictures = itertools.chain.from_iterable(self.pictures[channel])
        return [picture.image for picture in pictures if picture.image is not None]

    @property
    def contrasts(self) -> list[Contrast]:
        """The contrast of each channel."""
        return [Contrast.of(self.images(channel)) for channel in range(len(self.channels))]

    @property
    def aspect(self) -> float:
        """Height by width of the first image; 1 if there is none."""
        images = itertools.chain.from_iterable(map(self.images, range(len(self.channels))))
        shape = next((image.shape for image in images), (1, 1))
        return float(shape[0] / shape[1])


def contact_sheet(
    grid: FileGrid,
    source: Source,
    reader: Reader,
    *,
    project: Projection = "auto",
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Sheet:
    """Return small pictures of the files of a grid.

    Parameters
    ----------
    grid, source, reader
        Files, the place where they are, and their reader.
    project : {"auto", "max", "mean", "middle"}
        How the planes of a stack become one picture: by their maximum, their mean, or only
        the middle one is read. ``"auto"``: the maximum if few files need to be read.
    limits : Limits, optional
        Maximum numbers of labels and pictures.
    progress : callable, optional
        Called with the number of pictures done and that of all.
    """
    roles = axis_roles(grid)
    chunk = _first_sizes(grid, source, reader)
    numbers = _file_numbers(grid, roles)
    in_file = not roles.channels and chunk.get("c", 1) > 1
    if in_file:
        numbers = np.repeat(numbers, chunk["c"], axis=0)
    sizes = numbers.shape[:3]
    channels, times, places = shown = _shown(sizes, limits or Limits())
    count = math.prod(map(len, shown))
    if project == "auto":
        project = "max" if count * numbers.shape[3] <= FEW_FILES else "middle"
    planes = [
        ([grid.names[i] for i in numbers[c, t, p] if i >= 0], c if in_file else None)
        for c, t, p in itertools.product(*shown)
    ]
    make = Thumbnailer(source, reader, 512 if count <= FEW_PICTURES else 256, project)
    pictures = iter(_pictures(make, planes, progress))
    dims = grid.unique_dims
    in_grid = {dims[axis]: grid.shape[axis] for axis in roles.planes}
    notes = [
        *_planes_notes(chunk, project, in_file),
        *(f"{PROJECTIONS[project]} of {length} {dim}" for dim, length in in_grid.items()),
        *_shown_notes(shown, sizes),
    ]
    return Sheet(
        list(map(str, channels)) if in_file else _labels(grid, roles.channels, channels),
        _labels(grid, roles.times, times),
        _labels(grid, roles.places, places, with_names=True),
        "c" if in_file else "".join(dims[axis] for axis in roles.channels),
        "".join(dims[axis] for axis in roles.times),
        [[list(itertools.islice(pictures, len(places))) for _ in times] for _ in channels],
        ", ".join(notes),
    )


def _first_sizes(grid: FileGrid, source: Source, reader: Reader) -> dict[str, int]:
    """Return dims and lengths of the first file; none if the file cannot be read."""
    try:
        with source.open(grid.names[0]) as file:
            spec = reader.inspect(file).spec
    except Exception:  # a reader may raise anything; the sheet shows that there is no picture
        return {}
    return dict(zip(spec.dims, spec.shape, strict=True))


def _file_numbers(grid: FileGrid, roles: AxisRoles) -> NDArray[Any]:
    """Return the table of the grid with one axis for each role."""
    order = list(itertools.chain.from_iterable(roles))
    order += sorted(set(range(len(grid.shape))) - set(order))  # these have one label
    shape = [math.prod(grid.shape[axis] for axis in axes) for axes in roles]
    return grid.table.transpose(order).reshape(shape)


def _shown(sizes: Sequence[int], limits: Limits) -> tuple[list[int], list[int], list[int]]:
    """Return which of all channels, times and places are shown, by index."""
    channels = _spread(sizes[0], limits.channels)
    room = max(1, limits.pictures // len(channels))
    times = _spread(sizes[1], min(limits.times, room))
    return channels, times, _spread(sizes[2], max(1, min(limits.places, room // len(times))))


def _spread(count: int, most: int) -> list[int]:
    """Return indices at equal distances, from the first to the last.

    >>> _spread(10, 4), _spread(3, 4), _spread(9, 1)
    ([0, 3, 6, 9], [0, 1, 2], [4])
    """
    most = min(count, most)
    if most == 1:
        return [count // 2]
    return [round(i * (count - 1) / (most - 1)) for i in range(most)]


def _pictures(
    make: Thumbnailer, planes: Sequence[tuple[list[str], int | None]], progress: Progress | None
) -> list[Picture]:
    """Return the picture of each list of planes; several are made at a time."""
    pictures = [Picture(None, "no file")] * len(planes)
    pool = ThreadPoolExecutor(THREADS)
    try:
        futures = {pool.submit(make, *each): i for i, each in enumerate(planes) if each[0]}
        for done, future in enumerate(as_completed(futures), 1):
            image = future.result()
            pictures[futures[future]] = Picture(image, "cannot be read" if image is None else "")
            if progress is not None:
                progress(done, len(futures))
    finally:
        pool.shutdown(cancel_futures=True)
    return pictures


def _labels(
    grid: FileGrid, axes: Sequence[int], shown: Sequence[int], *, with_names: bool = False
) -> list[str]:
    """Return the labels along some axes, taken as one; numbers with the names of their axes."""
    columns = []
    indices = np.unravel_index(shown, [grid.shape[axis] for axis in axes] or [1])
    for axis, index in zip(axes, indices, strict=False):
        dim = grid.unique_dims[axis]
        labels = plain_labels(grid.coords[dim][index])
        name = f"{dim}=" if with_names and not isinstance(labels[0], str) else ""
        columns.append([f"{name}{short_label(label)}" for label in labels])
    return [", ".join(parts) for parts in zip(*columns, strict=True)] or [""]


def _planes_notes(chunk: Mapping[str, int], project: Project, in_file: bool) -> Iterator[str]:
    """Yield how the planes in a file become one picture."""
    for dim, length in chunk.items():
        if length == 1 or dim in ("y", "x", "s") or (in_file and dim == "c"):
            continue
        if dim == "z" and project != "middle":
            yield f"{PROJECTIONS[project]} of {length} {dim} in each file"
        else:
            yield f"{dim} {length // 2} of 0 to {length - 1} in each file"


def _shown_notes(shown: Sequence[Sequence[int]], sizes: Sequence[int]) -> Iterator[str]:
    """Yield what the sheet leaves out."""
    for name, some, count in zip(("channels", "times", "places"), shown, sizes, strict=True):
        if len(some) < count:
            yield f"{len(some)} of {count:,} {name}"
