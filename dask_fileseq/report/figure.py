"""A contact sheet as a matplotlib figure, sized to fit a screen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from dask_fileseq.report.sheet import Picture, Sheet, Window, windows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["sheet_figure"]

WIDTH, HEIGHT = 15.0, 8.4
"""Inches at most; of a hundred pixels each it fits into a window on most screens."""

DPI = 100
LABEL = 0.24
"""Inches of a line of text."""


class Panel(NamedTuple):
    """One picture with its label."""

    picture: Picture
    window: Window
    label: str


def sheet_figure(sheet: Sheet, title: str) -> Figure:
    """Return a figure of all pictures of a sheet with their labels.

    Several channels are rows, times and places columns; what has but one row is laid out
    in as many as fit a screen best.
    """
    rows, heads, has_top = _rows(sheet)
    aspect = _aspect(sheet)
    columns = max(map(len, rows))
    left = 0.12 + (0.08 + 0.085 * max(map(len, heads)) if any(heads) else 0.0)
    top = LABEL * (2.0 if sheet.note else 1.2)
    labelled = len(rows) if not has_top else 1
    side = min(
        (WIDTH - left) / columns, (HEIGHT - top - labelled * LABEL) / (len(rows) * aspect), 4.2
    )
    width = max(left + columns * side + 0.1, 4.6, 0.24 + 0.066 * len(sheet.note))
    height = top + labelled * LABEL + len(rows) * side * aspect + 0.1
    figure: Figure = _figure_class()(figsize=(width, height), dpi=DPI, facecolor="#16181c")
    draw: dict[str, Any] = {"color": "#f2f2f2", "ha": "left", "va": "top"}
    figure.text(0.12 / width, 1 - 0.06 / height, _cut(title, width, 0.09), fontsize=10.5, **draw)
    if sheet.note:
        note = draw | {"color": "#a8adb4"}
        figure.text(0.12 / width, 1 - 0.30 / height, sheet.note, fontsize=8.5, **note)
    y = height - top
    for number, (head, panels) in enumerate(zip(heads, rows, strict=True)):
        above = LABEL if not has_top or number == 0 else 0.0
        y -= above + side * aspect
        if head:
            place = (0.1 / width, (y + side * aspect / 2) / height)
            figure.text(*place, head, fontsize=9, color="#f2f2f2", ha="left", va="center")
        for column, panel in enumerate(panels):
            x = left + column * side
            box = (x / width, y / height, (side - 0.05) / width, (side * aspect - 0.05) / height)
            _draw(figure, box, panel, side if above else 0.0)
    return figure


def _rows(sheet: Sheet) -> tuple[list[list[Panel]], list[str], bool]:
    """Return panels by row, what stands before rows, and whether only the first has labels."""
    black_white = windows(sheet)
    by_channel = []
    for channel, pictures, window in zip(sheet.channels, sheet.pictures, black_white, strict=True):
        panels = [
            Panel(picture, window, _label(sheet, time, place))
            for place, _ in enumerate(sheet.places)
            for time, _ in enumerate(sheet.times)
            for picture in [pictures[time][place]]
        ]
        by_channel.append((channel, panels))
    columns = len(by_channel[0][1])
    if len(by_channel) > 1 and columns > 1:
        heads = [_named(sheet.channel_name, channel) for channel, _ in by_channel]
        return [panels for _, panels in by_channel], heads, True
    flat = [
        panel._replace(label=", ".join(filter(None, [_named(sheet.channel_name, c), panel.label])))
        for c, panels in by_channel
        for panel in panels
    ]
    across = max(1, min(len(flat), math.ceil(math.sqrt(len(flat) * WIDTH / HEIGHT))))
    rows = [flat[i : i + across] for i in range(0, len(flat), across)]
    return rows, [""] * len(rows), False


def _label(sheet: Sheet, time: int, place: int) -> str:
    parts = [sheet.places[place], _named(sheet.time_name, sheet.times[time])]
    return ", ".join(filter(None, parts))


def _named(name: str, label: str) -> str:
    """Return a label with the name of its axis, where it is a number.

    >>> _named("t", "3"), _named("channel", "DAPI")
    ('t=3', 'DAPI')
    """
    return f"{name}={label}" if label[:1].isdecimal() and "-" not in label else label


def _aspect(sheet: Sheet) -> float:
    """Return height by width of the first picture, within limits."""
    for channel in sheet.pictures:
        for pictures in channel:
            for picture in pictures:
                if picture.image is not None:
                    rows, columns = picture.image.shape[:2]
                    return float(min(2.5, max(0.2, rows / columns)))
    return 1.0


def _draw(figure: Any, box: tuple[float, ...], panel: Panel, label_width: float) -> None:
    """Draw one panel: the picture, or a frame with the reason why there is none."""
    axes = figure.add_axes(box)
    axes.set_xticks([])
    axes.set_yticks([])
    image = panel.picture.image
    if image is None:
        axes.set_facecolor("#24272d")
        colour = "#d8504a" if panel.picture.why == "cannot be read" else "#8b9098"
        axes.text(0.5, 0.5, panel.picture.why, color=colour, fontsize=8, ha="center", va="center")
        axes.plot([0, 1], [0, 1], color="#3a3f47", lw=0.8, zorder=0)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
    else:
        axes.imshow(panel.window.stretched(image), cmap="gray", vmin=0, vmax=255, aspect="equal")
        axes.set_facecolor("#16181c")
    for spine in axes.spines.values():
        spine.set(color="#3a3f47", linewidth=0.6)
    if label_width:
        text = _cut(panel.label, label_width, 0.072)
        axes.set_title(text, fontsize=8, color="#d5d8dc", loc="left", pad=2.5)


def _cut(text: str, width: float, letter: float) -> str:
    """Return as much of the end of a text as a width in inches holds."""
    most = max(4, int(width / letter))
    return text if len(text) <= most else f"…{text[1 - most :]}"


def _figure_class() -> Any:
    """Return the class of figures, which notebooks show whether or not pyplot is in use."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            'preview needs matplotlib, which pip install "dask-fileseq[preview]" brings'
        ) from error

    class PreviewFigure(Figure):
        """A figure that shows itself."""

        def _repr_png_(self) -> bytes:
            import io

            stream = io.BytesIO()
            self.savefig(stream, format="png", facecolor=self.get_facecolor())
            return stream.getvalue()

    return PreviewFigure
