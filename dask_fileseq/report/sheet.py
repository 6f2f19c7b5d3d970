"""The small pictures of a contact sheet, by channel, time and place, and their contrast.

Nothing is drawn here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from dask_fileseq.files import Source
from dask_fileseq.grid import FileGrid
from dask_fileseq.readers import Reader
from dask_fileseq.report.axisroles import axis_family
from dask_fileseq.report.contrast import Contrasts
from dask_fileseq.report.dyes import dye_colour
from dask_fileseq.report.gridmap import grid_map
from dask_fileseq.report.sheetplan import Limits, SheetPlan, plan_sheet
from dask_fileseq.report.thumbnails import Picture, Project, Thumbnailer
from dask_fileseq.types import Progress

Array = NDArray[Any]

Projection = Literal["auto", "max", "mean", "middle"]

FEW_FILES = 128
"""Files up to which ``project="auto"`` reads all planes."""

FEW_PICTURES = 24
"""Pictures up to which they have 512 pixels, and 256 if there are more."""

ROW_PIXELS, SMALLEST = 1536, 32
"""Pixels of all pictures in a row of a plate or mosaic, and of one picture at least."""

PROJECTIONS = {"max": "maximum", "mean": "mean", "middle": "the middle one"}

THREADS = 8


@dataclass(frozen=True, slots=True)
class Board:
    """The places of pictures of a plate or a mosaic."""

    rows: list[str]
    columns: list[str]
    """Labels of all rows and columns."""
    positions: list[int]
    """Number of each place that has files, along rows."""
    partial: list[bool]
    """Whether some files of each place are missing."""
    is_plate: bool


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
    """A picture for each channel, time and place."""
    note: str
    """What was left out, and how planes became one picture."""
    board: Board | None = None
    """The plate or mosaic that the places are on; None if they are in a line."""
    first_time: int = 0
    """Number of the time to show first: of the planes of a stack, that in the middle."""

    def images(self, channel: int) -> list[Array]:
        """Return all images of a channel that there are."""
        pictures = itertools.chain.from_iterable(self.pictures[channel])
        return [picture.image for picture in pictures if picture.image is not None]

    @property
    def contrasts(self) -> list[Contrasts]:
        """The contrasts of each channel, and the colour that its name implies, if any."""
        return [
            Contrasts.of(itertools.chain.from_iterable(pictures), dye_colour(name))
            for name, pictures in zip(self.channels, self.pictures, strict=True)
        ]

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
    chunk = _first_sizes(grid, source, reader)
    plan = plan_sheet(grid, chunk.get("c", 1), limits or Limits())
    roles = plan.roles
    if project == "auto":
        project = "max" if plan.count * plan.numbers.shape[3] <= FEW_FILES else "middle"
    make = Thumbnailer(source, reader, _pixels(plan), project)
    pictures = iter(_pictures(make, list(plan.files()), progress))
    is_stack = any(axis_family(grid, grid.unique_dims[axis]) == "z" for axis in roles.times)
    notes = [
        *_planes_notes(chunk, project, plan.in_file),
        *(
            f"{PROJECTIONS[project]} of {grid.shape[axis]:,} {grid.unique_dims[axis]}"
            for axis in roles.planes
        ),
        *plan.notes(),
    ]
    return Sheet(
        list(map(str, plan.channels))
        if plan.in_file
        else plan.labels(roles.channels, plan.channels),
        plan.labels(roles.times, plan.times),
        plan.place_labels(),
        "c" if plan.in_file else plan.name(roles.channels),
        plan.name(roles.times),
        [
            [list(itertools.islice(pictures, len(plan.places))) for _ in plan.times]
            for _ in plan.channels
        ],
        ", ".join(notes),
        _board(plan),
        len(plan.times) // 2 if is_stack else 0,
    )


def _pixels(plan: SheetPlan) -> int:
    """Return the length of the longer side of pictures."""
    pixels = 512 if plan.count <= FEW_PICTURES else 256
    if plan.layout is None:
        return pixels
    return max(SMALLEST, min(pixels, ROW_PIXELS // plan.layout.across.size))


def _board(plan: SheetPlan) -> Board | None:
    """Return the plate or mosaic of a plan, if it has one."""
    layout = plan.layout
    if layout is None:
        return None
    image = grid_map(plan.grid, layout.shape)
    rows, columns = ([" ".join(labels) for labels in image.labels(axis)] for axis in (0, 1))
    partial = (image.states == "some").ravel()[list(plan.positions)].tolist()
    return Board(rows, columns, list(plan.positions), partial, layout.kind == "plate")


def _first_sizes(grid: FileGrid, source: Source, reader: Reader) -> dict[str, int]:
    """Return dims and lengths of the first file; none if the file cannot be read."""
    try:
        with source.open(grid.names[0]) as file:
            spec = reader.inspect(file).spec
    except Exception:  # a reader may raise anything; the sheet shows that there is no picture
        return {}
    return dict(zip(spec.dims, spec.shape, strict=True))


def _pictures(
    make: Thumbnailer, planes: Sequence[tuple[list[str], int | None]], progress: Progress | None
) -> list[Picture]:
    """Return the picture of each list of planes; several are made at a time."""
    pictures = [Picture(None, "no file")] * len(planes)
    pool = ThreadPoolExecutor(THREADS)
    try:
        futures = {pool.submit(make, *each): i for i, each in enumerate(planes) if each[0]}
        for done, future in enumerate(as_completed(futures), 1):
            pictures[futures[future]] = future.result()
            if progress is not None:
                progress(done, len(futures))
    finally:
        pool.shutdown(cancel_futures=True)
    return pictures


def _planes_notes(chunk: Mapping[str, int], project: Project, in_file: bool) -> Iterator[str]:
    """Yield how the planes in a file become one picture."""
    for dim, length in chunk.items():
        if length == 1 or dim in ("y", "x", "s") or (in_file and dim == "c"):
            continue
        if dim == "z" and project != "middle":
            yield f"{PROJECTIONS[project]} of {length} {dim} in each file"
        else:
            yield f"{dim} {length // 2} of 0 to {length - 1} in each file"
