"""Which files a contact sheet shows, and their small pictures: numbers, no drawing.

A sheet has channels, times and places; of long axes it shows labels at equal distances.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.files import Source
from dask_fileseq.grid import FileGrid, plain_labels
from dask_fileseq.readers import ChunkSpec, Reader
from dask_fileseq.report.roles import Roles, roles_of
from dask_fileseq.report.thumbnails import Project, Thumbnailer

__all__ = ["Limits", "Picture", "Sheet", "Window", "contact_sheet", "windows"]

Array = NDArray[Any]
Progress = Callable[[int, int], None]

FEW_FILES = 128
"""Files up to which planes are projected where nobody says how."""

FEW_PICTURES = 24
"""Pictures that may be larger."""

PROJECTIONS = {"max": "maximum", "mean": "mean", "middle": "the middle one"}

THREADS = 8
LOW, HIGH = 1.0, 99.8
"""Percentiles of a channel that become black and white."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a sheet shows, at most."""

    channels: int = 8
    times: int = 24
    places: int = 12
    all: int = 300
    """Pictures."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One small picture, or why there is none."""

    image: Array | None
    """Rows and columns, and red, green, blue if there are."""
    why: Literal["", "no file", "cannot be read"] = ""


@dataclass(frozen=True, slots=True)
class Window:
    """The values that become black and white."""

    low: float
    high: float

    def stretched(self, image: Array) -> NDArray[np.uint8]:
        """Return an image in 256 shades; what is no number is black."""
        span = self.high - self.low or 1.0
        shades = np.clip((image.astype(np.float64) - self.low) / span, 0, 1)
        return np.asarray(np.nan_to_num(shades) * 255, np.uint8)


@dataclass(frozen=True, eq=False, slots=True)
class Sheet:
    """Small pictures of some files of a grid."""

    channels: list[str]
    times: list[str]
    places: list[str]
    """Labels, one for each that is shown; a single empty one where there is no such axis."""
    channel_name: str
    time_name: str
    pictures: list[list[list[Picture]]]
    """By channel, time and place."""
    note: str
    """What was left out, and how planes became one."""


def contact_sheet(
    grid: FileGrid,
    source: Source,
    reader: Reader,
    *,
    project: Literal["auto", "max", "mean", "middle"] = "auto",
    pixels: int | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Sheet:
    """Return small pictures of the files of a grid.

    Parameters
    ----------
    grid, source, reader
        Files, where they are opened, and what reads them.
    project : {"auto", "max", "mean", "middle"}
        How the planes of a stack become one picture: by their maximum, their mean, or only
        the middle one is read. ``"auto"``: the maximum where few files need to be read.
    pixels : int, optional
        Length of the longer side of a picture, about; by default more where there are few.
    limits : Limits, optional
        How much to show.
    progress : callable, optional
        Told how many pictures are made.
    """
    limits = limits or Limits()
    roles = roles_of(grid)
    spec = _first_spec(grid, source, reader)
    inside = spec.shape[spec.dims.index("c")] if spec and "c" in spec.dims else 1
    inside = 1 if roles.channel is not None else inside
    sizes = [_size(grid, roles.channel) * inside, _size(grid, roles.time)]
    sizes.append(int(np.prod([grid.shape[axis] for axis in roles.places])))
    shown = channels, times, places = _shown(grid, roles, sizes, limits)
    planes = 1 if roles.plane is None else grid.shape[roles.plane]
    count = len(channels) * len(times) * len(places)
    if project == "auto":
        project = "max" if count * planes <= FEW_FILES else "middle"
    table = grid.table
    groups = [
        ([grid.names[i] for i in _numbers(table, roles, c, t, p)], c if inside > 1 else None)
        for c in channels
        for t in times
        for p in places
    ]
    pixels = pixels or (512 if count <= FEW_PICTURES else 256)
    make = Thumbnailer(source, reader, pixels, project)
    made = _made(make, groups, progress)
    size = len(times) * len(places)
    return Sheet(
        list(map(str, channels)) if inside > 1 else _labels(grid, roles.channel, channels),
        _labels(grid, roles.time, times),
        _place_labels(grid, roles, places),
        "c" if inside > 1 else _axis_name(grid, roles.channel),
        _axis_name(grid, roles.time),
        [
            [made[c * size + t * len(places) :][: len(places)] for t in range(len(times))]
            for c in range(len(channels))
        ],
        ", ".join(
            [*_inside(spec, project, inside > 1), *_note(grid, roles, project, shown, sizes)]
        ),
    )


def _first_spec(grid: FileGrid, source: Source, reader: Reader) -> ChunkSpec | None:
    """Return what the first file holds; None if it cannot be read, as the sheet will show."""
    try:
        with source.open(grid.names[0]) as file:
            return reader.inspect(file).spec
    except Exception:
        return None


def _shown(
    grid: FileGrid, roles: Roles, sizes: Sequence[int], limits: Limits
) -> tuple[list[int], list[int], list[tuple[int, ...]]]:
    """Return which of all channels, times and places are shown, by index."""
    channels = _spread(sizes[0], limits.channels)
    room = max(1, limits.all // len(channels))
    times = _spread(sizes[1], min(limits.times, room))
    chosen = _spread(sizes[2], max(1, min(limits.places, room // len(times))))
    lengths = [grid.shape[axis] for axis in roles.places]
    places = [tuple(map(int, np.unravel_index(n, lengths))) if lengths else () for n in chosen]
    return channels, times, places


def _size(grid: FileGrid, axis: int | None) -> int:
    return 1 if axis is None else grid.shape[axis]


def _spread(count: int, most: int) -> list[int]:
    """Return indices at equal distances, from the first to the last.

    >>> _spread(10, 4), _spread(3, 4), _spread(9, 1)
    ([0, 3, 6, 9], [0, 1, 2], [4])
    """
    if count <= most:
        return list(range(count))
    if most == 1:
        return [count // 2]
    return [round(i * (count - 1) / (most - 1)) for i in range(most)]


def _numbers(
    table: NDArray[Any], roles: Roles, channel: int, time: int, place: tuple[int, ...]
) -> list[int]:
    """Return the files of one picture, by number: those of all its planes."""
    index: list[Any] = [0] * table.ndim
    for axis, at in ((roles.channel, channel), (roles.time, time)):
        if axis is not None:
            index[axis] = at
    for axis, at in zip(roles.places, place, strict=True):
        index[axis] = at
    if roles.plane is not None:
        index[roles.plane] = slice(None)
    numbers = np.atleast_1d(table[tuple(index)]).ravel()
    return [i for i in numbers.tolist() if i >= 0]


def _made(
    make: Thumbnailer, groups: Sequence[tuple[list[str], int | None]], progress: Progress | None
) -> list[Picture]:
    """Make all pictures, several at a time."""
    pictures = [Picture(None, "no file")] * len(groups)
    pool = ThreadPoolExecutor(THREADS)
    try:
        futures = {pool.submit(make, *group): i for i, group in enumerate(groups) if group[0]}
        for done, future in enumerate(as_completed(futures), 1):
            image = future.result()
            why: Literal["", "cannot be read"] = "" if image is not None else "cannot be read"
            pictures[futures[future]] = Picture(image, why)
            if progress is not None:
                progress(done, len(futures))
    finally:
        pool.shutdown(cancel_futures=True)
    return pictures


def windows(sheet: Sheet) -> list[Window]:
    """Return black and white for each channel; of colour images in 8 bits all there is."""
    result = []
    for channel in sheet.pictures:
        images = [p.image for p in itertools.chain(*channel) if p.image is not None]
        values = np.concatenate([np.zeros(0), *(image.ravel() for image in images)])
        values = values[np.isfinite(values)]
        is_rgb = any(image.ndim == 3 for image in images)
        result.append(_window(values, is_rgb) if values.size else Window(0.0, 1.0))
    return result


def _window(values: NDArray[np.float64], is_rgb: bool) -> Window:
    lowest, highest = float(values.min()), float(values.max())
    if is_rgb and lowest >= 0 and highest <= 255:
        return Window(0.0, 255.0)
    above = values[values > lowest]
    if above.size < values.size * (1 - LOW / 100) and above.size:
        values = above  # so many are alike that they are a frame, or stand for no value
    low, high = np.percentile(values, (LOW, HIGH))
    return Window(float(low), float(high)) if high > low else Window(lowest, highest)


def _labels(grid: FileGrid, axis: int | None, shown: list[int]) -> list[str]:
    if axis is None:
        return [""]
    labels = plain_labels(grid.coords[grid.unique_dims[axis]])
    return [_short(labels[i]) for i in shown]


def _place_labels(grid: FileGrid, roles: Roles, places: list[tuple[int, ...]]) -> list[str]:
    """Return the labels of places: words alone, numbers with the name of their axis."""
    texts = []
    for place in places:
        parts = []
        for axis, at in zip(roles.places, place, strict=True):
            dim = grid.unique_dims[axis]
            label = plain_labels(grid.coords[dim])[at]
            parts.append(_short(label) if isinstance(label, str) else f"{dim}={label}")
        texts.append(", ".join(parts))
    return texts


def _short(label: Any) -> str:
    """Return a label; a date without the part of it that says nothing.

    >>> _short("2026-01-31T00:00:00.000000000"), _short("2026-01-31T10:30:00.000000000")
    ('2026-01-31', '2026-01-31T10:30:00')
    """
    text = str(label)
    return text.removesuffix(".000000000").removesuffix("T00:00:00")


def _axis_name(grid: FileGrid, axis: int | None) -> str:
    return "" if axis is None else grid.unique_dims[axis]


def _inside(spec: ChunkSpec | None, project: Project, by_channel: bool) -> list[str]:
    """Return how planes in a file become one picture, where it has several."""
    notes = []
    for dim, length in zip(spec.dims, spec.shape, strict=True) if spec else ():
        if length == 1 or dim in ("y", "x", "s") or (by_channel and dim == "c"):
            continue
        if dim == "z" and project != "middle":
            notes.append(f"{PROJECTIONS[project]} of {length} {dim} in each file")
        else:
            notes.append(f"{dim} {length // 2} of 0 to {length - 1} in each file")
    return notes


def _note(
    grid: FileGrid,
    roles: Roles,
    project: Project,
    shown: Sequence[Sequence[Any]],
    sizes: Sequence[int],
) -> list[str]:
    """Return what the sheet leaves out."""
    parts = []
    if roles.plane is not None:
        dim, planes = grid.unique_dims[roles.plane], grid.shape[roles.plane]
        parts.append(f"{PROJECTIONS[project]} of {planes} {dim}")
    for name, some, count in zip(("channels", "times", "places"), shown, sizes, strict=True):
        if len(some) < count:
            parts.append(f"{len(some)} of {count:,} {name}")
    return parts
