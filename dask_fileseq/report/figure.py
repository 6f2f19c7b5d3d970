"""A contact sheet as a matplotlib figure, sized to fit a screen."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from dask_fileseq.errors import check_choice
from dask_fileseq.files import Source
from dask_fileseq.grid import FileGrid
from dask_fileseq.readers import Reader
from dask_fileseq.report.sheet import Contrast, Limits, Picture, Projection, Sheet, contact_sheet
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


class Panel(NamedTuple):
    """One picture with its label."""

    picture: Picture
    contrast: Contrast
    label: str


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

    Channels are rows, and times and places are columns. If there is only one row, it is
    broken into as many as fit a screen best.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    check_choice("project", project, "auto", "max", "mean", "middle")
    sheet = contact_sheet(grid, source, reader, project=project, limits=LIMITS, progress=progress)
    rows, heads = _rows(sheet)
    aspect = min(2.5, max(0.2, sheet.aspect))
    columns = max(map(len, rows))
    left = 0.12 + (0.08 + 0.085 * max(map(len, heads)) if any(heads) else 0.0)
    top = LABEL * (2.0 if sheet.note else 1.2)
    labelled = 1 if any(heads) else len(rows)
    room = HEIGHT - top - labelled * LABEL
    side = min((WIDTH - left) / columns, room / (len(rows) * aspect), 4.2)
    width = max(left + columns * side + 0.1, 4.6, 0.24 + 0.066 * len(sheet.note))
    height = top + labelled * LABEL + len(rows) * side * aspect + 0.1
    figure: Figure = _figure_class()(figsize=(width, height), dpi=DPI, facecolor="#16181c")
    style: dict[str, Any] = {"color": "#f2f2f2", "ha": "left", "va": "top"}
    figure.text(0.12 / width, 1 - 0.06 / height, _cut(title, width, 0.09), fontsize=10.5, **style)
    style["color"] = "#a8adb4"
    figure.text(0.12 / width, 1 - 0.30 / height, sheet.note, fontsize=8.5, **style)
    y = height - top
    for number, (head, panels) in enumerate(zip(heads, rows, strict=True)):
        is_labelled = number < labelled
        y -= LABEL * is_labelled + side * aspect
        middle = (y + side * aspect / 2) / height
        figure.text(0.1 / width, middle, head, fontsize=9, color="#f2f2f2", va="center")
        for column, panel in enumerate(panels):
            x = left + column * side
            box = (x / width, y / height, (side - 0.05) / width, (side * aspect - 0.05) / height)
            label = _cut(panel.label, side, 0.072) if is_labelled else ""
            _draw(figure.add_axes(box), panel, label)
    return figure


def _rows(sheet: Sheet) -> tuple[list[list[Panel]], list[str]]:
    """Return panels by row, and texts before the rows if only the first row has labels."""
    heads = [_named(sheet.channel_name, channel) for channel in sheet.channels]
    times = [_named(sheet.time_name, time) for time in sheet.times]
    rows = [
        [
            Panel(pictures[time][place], contrast, _joined(sheet.places[place], times[time]))
            for place in range(len(sheet.places))
            for time in range(len(times))
        ]
        for pictures, contrast in zip(sheet.pictures, sheet.contrasts, strict=True)
    ]
    if len(rows) > 1 and len(rows[0]) > 1:
        return rows, heads
    flat = [
        panel._replace(label=_joined(head, panel.label))
        for head, panels in zip(heads, rows, strict=True)
        for panel in panels
    ]
    across = max(1, min(len(flat), math.ceil(math.sqrt(len(flat) * WIDTH / HEIGHT))))
    rows = [flat[i : i + across] for i in range(0, len(flat), across)]
    return rows, [""] * len(rows)


def _joined(*labels: str) -> str:
    return ", ".join(filter(None, labels))


def _named(name: str, label: str) -> str:
    """Return a label, with the name of its axis if it is a number.

    >>> _named("t", "3"), _named("channel", "DAPI")
    ('t=3', 'DAPI')
    """
    return f"{name}={label}" if label[:1].isdecimal() and "-" not in label else label


def _draw(axes: Axes, panel: Panel, label: str) -> None:
    """Draw one panel: the picture, or a frame with the reason why there is none."""
    image, why = panel.picture.image, panel.picture.why
    axes.set(xticks=[], yticks=[], facecolor="#16181c" if image is not None else "#24272d")
    if image is not None:
        axes.imshow(panel.contrast.shades(image), cmap="gray", vmin=0, vmax=255, aspect="equal")
    else:
        colour = "#d8504a" if why == "cannot be read" else "#8b9098"
        axes.text(0.5, 0.5, why, color=colour, fontsize=8, ha="center", va="center")
        axes.plot([0, 1], [0, 1], color="#3a3f47", lw=0.8, zorder=0)
        axes.set(xlim=(0, 1), ylim=(0, 1))
    for spine in axes.spines.values():
        spine.set(color="#3a3f47", linewidth=0.6)
    axes.set_title(label, fontsize=8, color="#d5d8dc", loc="left", pad=2.5)


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
