"""A contact sheet as a matplotlib figure, sized to fit a screen."""

from __future__ import annotations

import io
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dask_fileseq.errors import check_choice
from dask_fileseq.files import Source
from dask_fileseq.grid import FileGrid
from dask_fileseq.readers import Reader
from dask_fileseq.report.contrast import Contrasts
from dask_fileseq.report.gridlayout import grid_layout
from dask_fileseq.report.gridmap import ticks
from dask_fileseq.report.montage import montage
from dask_fileseq.report.sheet import Board, Projection, Sheet, contact_sheet
from dask_fileseq.report.sheetplan import Limits
from dask_fileseq.report.thumbnails import Picture
from dask_fileseq.types import Progress

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 15.0, 8.4
"""Maximum size in inches, which fits into a window on most screens at 100 pixels an inch."""

DPI = 100
LABEL = 0.24
"""Height of a line of text in inches."""

LIMITS = Limits(channels=8, times=8, places=8, pictures=48)
BOARDS = Limits(channels=4, times=2)
"""Limits for plates and mosaics, which are whole."""

GROUND, INK, SOFT, FRAME = "#16181c", "#f2f2f2", "#a8adb4", "#3a3f47"


class Panel(NamedTuple):
    """One picture, or the pictures of a plate or mosaic, with its label."""

    pictures: Sequence[Picture]
    contrasts: Contrasts
    label: str
    board: Board | None = None


def preview_figure(
    grid: FileGrid,
    source: Source,
    reader: Reader,
    title: str,
    *,
    project: Projection,
    progress: Progress | None,
) -> Figure:
    """Return a figure of small pictures of the files of a grid: see `contact_sheet`.

    Channels are rows, and times and places are columns; if both have several labels, each place
    may have rows of its own, as pictures are larger. If there is only one row, it is broken into
    as many as fit a screen best. A plate or mosaic is one picture for each channel
    and time.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    check_choice("project", project, "auto", "max", "mean", "middle")
    limits = LIMITS if grid_layout(grid).kind == "table" else BOARDS
    sheet = contact_sheet(grid, source, reader, project=project, limits=limits, progress=progress)
    rows, heads = _rows(sheet)
    aspect = _aspect(sheet)
    columns = max(map(len, rows))
    left = 0.12 + (0.08 + 0.085 * max(map(len, heads)) if any(heads) else 0.0)
    top = LABEL * (2.0 if sheet.note else 1.2)
    labelled = 1 if any(heads) else len(rows)
    room = HEIGHT - top - labelled * LABEL
    side = min((WIDTH - left) / columns, room / (len(rows) * aspect), _largest(sheet))
    inset = 0.0 if sheet.board is None else 0.16 + 0.06 * max(map(len, sheet.board.rows))
    width = max(left + columns * side + 0.1, 4.6, 0.24 + 0.066 * len(sheet.note))
    height = top + labelled * LABEL + len(rows) * side * aspect + 0.1
    figure: Figure = _figure_class()(figsize=(width, height), dpi=DPI, facecolor=GROUND)
    style: dict[str, Any] = {"color": INK, "ha": "left", "va": "top"}
    figure.text(0.12 / width, 1 - 0.06 / height, _cut(title, width, 0.09), fontsize=10.5, **style)
    style["color"] = SOFT
    figure.text(0.12 / width, 1 - 0.30 / height, sheet.note, fontsize=8.5, **style)
    y = height - top
    for number, (head, panels) in enumerate(zip(heads, rows, strict=True)):
        is_labelled = number < labelled
        y -= LABEL * is_labelled + side * aspect
        middle = (y + side * aspect / 2) / height
        figure.text(0.1 / width, middle, head, fontsize=9, color=INK, va="center")
        for column, panel in enumerate(panels):
            x = left + column * side + inset
            wide, high = side - 0.05 - inset, side * aspect - 0.05 - inset
            box = (x / width, y / height, wide / width, high / height)
            label = _cut(panel.label, side, 0.072) if is_labelled else ""
            _draw(figure.add_axes(box), panel, label)
    return figure


def _rows(sheet: Sheet) -> tuple[list[list[Panel]], list[str]]:
    """Return panels by row, and texts before the rows if only the first row has labels."""
    heads = [_named(sheet.channel_name, channel) for channel in sheet.channels]
    times = [_named(sheet.time_name, time) for time in sheet.times]
    rows = [
        list(_panels(sheet, pictures, contrasts, times))
        for pictures, contrasts in zip(sheet.pictures, sheet.contrasts, strict=True)
    ]
    if sheet.board is None and min(len(sheet.places), len(times)) > 1:
        tall = len(rows) * len(sheet.places), len(times)
        if len(rows) == 1 or _side(sheet, *tall) > _side(sheet, len(rows), len(rows[0])):
            return _rows_of_times(sheet, rows, heads, times)
    if len(rows) > 1 and len(rows[0]) > 1 and sheet.board is None:
        return rows, heads
    flat = [
        panel._replace(label=_joined(head, panel.label))
        for head, panels in zip(heads, rows, strict=True)
        for panel in panels
    ]

    def fit(across: int) -> tuple[float, int, int]:
        high = math.ceil(len(flat) / across)
        return _side(sheet, high, across), len(flat) - high * across, across

    across = max(range(1, len(flat) + 1), key=fit)
    rows = [flat[i : i + across] for i in range(0, len(flat), across)]
    return rows, [""] * len(rows)


def _rows_of_times(
    sheet: Sheet, rows: Sequence[Sequence[Panel]], heads: Sequence[str], times: Sequence[str]
) -> tuple[list[list[Panel]], list[str]]:
    """Return a row of all times for each place and channel, in place of one for each channel."""
    count = len(times)
    return [
        [
            panel._replace(label=label)
            for panel, label in zip(panels[count * i : count * (i + 1)], times, strict=True)
        ]
        for i in range(len(sheet.places))
        for panels in rows
    ], [_joined(place, head) for place in sheet.places for head in heads]


def _side(sheet: Sheet, rows: int, columns: int) -> float:
    """Return the width in inches of each of so many panels that fit a screen."""
    return min(WIDTH / columns, HEIGHT / (rows * _aspect(sheet)), _largest(sheet))


def _panels(
    sheet: Sheet, pictures: Sequence[Sequence[Picture]], contrasts: Contrasts, times: Sequence[str]
) -> Iterator[Panel]:
    """Yield the panels of a channel, whose pictures are by time and place."""
    if sheet.board is not None:
        for time, label in enumerate(times):
            text = _joined(label, _flat_text(pictures[time]))
            yield Panel(pictures[time], contrasts, text, sheet.board)
        return
    for (place, name), (time, label) in itertools.product(
        enumerate(sheet.places), enumerate(times)
    ):
        yield Panel([pictures[time][place]], contrasts, _joined(name, label))


def _aspect(sheet: Sheet) -> float:
    """Return height by width of one panel."""
    board = sheet.board
    ratio = sheet.aspect * (1 if board is None else len(board.rows) / len(board.columns))
    return min(2.5, max(0.2, ratio))


def _largest(sheet: Sheet) -> float:
    """Return the most inches that a panel is wide."""
    return 4.2 if sheet.board is None else 10.0


def _flat_text(pictures: Sequence[Picture]) -> str:
    """Return how many of the pictures on a board have pixels of one value."""
    notes = Counter(picture.note for picture in pictures if picture.note)
    return "; ".join(
        f"{note} in {count} of {len(pictures)}" for note, count in notes.most_common(2)
    )


def _joined(*labels: str) -> str:
    return ", ".join(filter(None, labels))


def _named(name: str, label: str) -> str:
    """Return a label, with the name of its axis if it is a number.

    >>> _named("t", "3"), _named("channel", "488 long")
    ('t=3', '488 long')
    """
    return f"{name}={label}" if re.fullmatch(r"-?\d+(\.\d+)?", label) else label


def _draw(axes: Axes, panel: Panel, label: str) -> None:
    """Draw one panel: the picture, or a frame with the reason why there is none."""
    axes.set(xticks=[], yticks=[], facecolor=GROUND)
    axes.set_title(label, fontsize=8, color="#d5d8dc", loc="left", pad=2.5)
    for spine in axes.spines.values():
        spine.set(color=FRAME, linewidth=0.6)
    if panel.board is not None:
        _draw_board(axes, panel, panel.board)
        return
    (picture,) = panel.pictures
    if picture.image is not None:
        axes.imshow(panel.contrasts.shades(picture), cmap="gray", vmin=0, vmax=255)
    else:
        axes.set(facecolor="#24272d", xlim=(0, 1), ylim=(0, 1))
        axes.plot([0, 1], [0, 1], color=FRAME, lw=0.8, zorder=0)
    if text := picture.why or picture.note:
        colour = "#d8504a" if text == "cannot be read" else INK if picture.note else "#8b9098"
        place: dict[str, Any] = {"transform": axes.transAxes, "ha": "center", "va": "center"}
        axes.text(0.5, 0.5, text, color=colour, fontsize=8, **place)


def _draw_board(axes: Axes, panel: Panel, board: Board) -> None:
    """Draw a plate or mosaic with the labels of its rows and columns."""
    image = montage(board, panel.pictures, panel.contrasts)
    axes.imshow(image, aspect="equal", interpolation="antialiased")
    box, size = axes.get_window_extent(), 7.0
    width, height = box.width * 72 / DPI, box.height * 72 / DPI
    for labels, length, each, turn in (
        (board.columns, width, axes.xaxis, 0.6 * size),
        (board.rows, height, axes.yaxis, 0.0),
    ):
        step = length / len(labels)
        lengths = [max(size, turn * len(label)) for label in labels]
        shown = ticks([i * step for i in range(len(labels))], lengths, length + max(lengths))
        pixels = image.shape[each is axes.xaxis] / len(labels)
        each.set_ticks([(i + 0.5) * pixels for i in shown], [labels[i] for i in shown])
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=size, colors=SOFT, pad=1.5)


def _cut(text: str, width: float, letter: float) -> str:
    """Return as much of the end of a text as fits into a width in inches."""
    most = max(4, int(width / letter))
    return text if len(text) <= most else f"…{text[1 - most :]}"


def _figure_class() -> Any:
    """Return a class of figures that notebooks show even if pyplot is not in use."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            'preview needs matplotlib, which pip install "dask-fileseq[preview]" brings'
        ) from error

    class PreviewFigure(Figure):
        """A figure that shows itself."""

        def _repr_png_(self) -> bytes:
            stream = io.BytesIO()
            self.savefig(stream, format="png", facecolor=self.get_facecolor())
            return stream.getvalue()

    return PreviewFigure
