"""The map of a grid as SVG, similar to dask's pictures of chunks; plates have round wells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.report.gridmap import GridMap, shortened, ticks
from dask_fileseq.report.templates import render

COLOURS = {"full": "#e8a45a", "some": "#e8a45a88", "marked": "#c04cc0", "empty": "#d8504a"}
"""Colours of places, which work on light and on dark backgrounds."""
UNUSED = "#808080d8"
"""Colour of wells without files, of which a plate may have many."""

LETTER, LINE = 5.6, 12
"""Width of a letter of a label, and height of a line of labels, in pixels."""

WELL = 6
"""Width of a place from which lines and circles are drawn around it."""

LONGEST_LABEL = 16
"""Letters of a label: a date with hour and minute has them all."""

MOST = (32, 64)
"""Rows and columns of a map, unless it is a plate."""


def map_legend(image: GridMap, *, marked: bool = False) -> list[tuple[str, str, str]]:
    """Return state, colour and meaning of what occurs on a map."""
    states = image.legend() | ({"marked": "something is wrong"} if marked else {})
    colours = _colours(image)
    return [(state, colours[state], text) for state, text in states.items()]


def _colours(image: GridMap) -> dict[str, str]:
    return COLOURS | ({"empty": UNUSED} if image.layout.kind == "plate" else {})


def svg_map(
    image: GridMap,
    *,
    width: int = 300,
    largest: int = 20,
    marked: Mapping[int, str] | None = None,
) -> str:
    """Return the map of a grid as SVG, with labels of rows and columns.

    It is small for any grid: equal places beside each other are one rectangle. Text has the
    colour of the text around the picture.

    Parameters
    ----------
    image : GridMap
        The map of the grid, with at most `MOST` rows and columns.
    width, largest : int
        Approximate width of the map, and maximum width of a place, in pixels.
    marked : mapping of int to str, optional
        Cells to mark, numbered in C order, with texts that are shown under the mouse pointer.
    """
    rows, columns = image.filled.shape
    is_plate, is_centred = image.layout.kind == "plate", image.layout.kind != "table"
    heads, feet = ([_joined(labels) for labels in image.labels(axis)] for axis in (0, 1))
    side = max(3, min(largest, width // columns, width // rows))
    high = max(side, min(16, 32 // rows))  # a long line is not too thin
    wide = math.ceil(max(map(_length, feet))) + 1
    if not is_centred and columns * wide <= width:  # all labels have room
        side = max(side, wide)
    states = image.states
    at = image.at(np.array(list(marked or {}), np.int64))
    states[at] = "marked"
    y, x = high * at[0], side * at[1]
    down = ticks([i * high for i in range(rows)], [LINE - 2] * rows, rows * high + LINE)
    across = _feet(image, side)
    ends = [LETTER * len(image.layout.title), *(at * side + _length(foot) for at, foot in across)]
    return render(
        "map.svg",
        width=columns * side,
        height=rows * high,
        margin=LETTER * max(map(len, heads)) + 8,
        right=max(0.0, *(end - columns * side for end in ends)),
        side=(side, high),
        paths=_paths(states, side, high, is_plate),
        colours=_colours(image),
        lines="" if is_plate and side >= WELL else _lines(rows, columns, side, high),
        titles=list(zip(x.tolist(), y.tolist(), (marked or {}).values(), strict=True)),
        rows=[(i * high + high / 2 + 3.5, heads[i]) for i in down if heads[i]],
        columns=[(at * side + side / 2 * is_centred, foot) for at, foot in across],
        anchor="middle" if is_centred else "start",
        title=image.layout.title,
        empty=image.layout.grid.files_missing,
    )


def _joined(labels: Sequence[str]) -> str:
    return shortened(" ".join(labels), LONGEST_LABEL)


def _length(label: str) -> float:
    return LETTER * len(label) + 4


def _feet(image: GridMap, side: int) -> list[tuple[int, str]]:
    """Return the columns that have labels, and these.

    If there is no room for all, those of the fastest axes are left out first.
    """
    every = image.labels(1)
    room = len(every) * side + max(_length(_joined(labels)) for labels in every)
    for count in range(len(every[0]), 0, -1):
        cut = [labels[:count] for labels in every]
        starts = [i for i, labels in enumerate(cut) if not i or labels != cut[i - 1]]
        feet = [_joined(cut[i]) for i in starts]
        shown = ticks([i * side for i in starts], list(map(_length, feet)), room)
        if count == 1 or len(shown) == len(starts):
            return [(starts[i], feet[i]) for i in shown]
    return []


def _lines(rows: int, columns: int, side: int, high: int) -> str:
    """Return the path of a frame, and of lines between places if these are not tiny."""
    lines = f"M0 0h{columns * side}v{rows * high}h{-columns * side}z"
    if side >= WELL:
        lines += "".join(f"M0 {row * high}h{columns * side}" for row in range(1, rows))
        lines += "".join(f"M{column * side} 0v{rows * high}" for column in range(1, columns))
    return lines


def _paths(states: NDArray[np.str_], side: int, high: int, is_plate: bool) -> dict[str, str]:
    """Return the path of all places of each state.

    It is a rectangle around equal places beside each other; a cross through each empty place, or
    a bar through several that are tiny. In a plate it is a circle for each well.
    """
    paths = dict.fromkeys(COLOURS, "")
    long, tall = side - 4, high - 4
    for row, along in enumerate(states.tolist()):
        y, x = row * high, 0
        for state, places in groupby(along):
            width = len(list(places)) * side
            if is_plate and side >= WELL:
                paths[state] += "".join(_circle(at, y, side) for at in range(x, x + width, side))
            elif state != "empty":
                paths[state] += f"M{x} {y}h{width}v{high}h{-width}z"
            elif side < WELL:
                paths[state] += f"M{x} {y + high / 2:g}h{width}"
            else:
                for left in range(x + 2, x + 2 + width, side):
                    paths[state] += f"M{left} {y + 2}l{long} {tall}m0 {-tall}l{-long} {tall}"
            x += width
    return paths


def _circle(x: int, y: int, side: int) -> str:
    """Return the path of a circle in a square."""
    radius = side / 2 - 1
    return f"M{x + 1} {y + side / 2:g}a{radius:g} {radius:g} 0 1 1 0 .01z"
