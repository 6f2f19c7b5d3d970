"""The map of a grid as SVG, similar to dask's pictures of chunks.

It is small for any grid: equal places beside each other are one rectangle. The colours work
on light and dark backgrounds, and text has the colour of the text around the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.grid import FileGrid
from dask_fileseq.report.gridmap import GridMap, grid_map

__all__ = ["EMPTY_COLOUR", "FILLS", "svg_map"]

Run = tuple[str, int, int, int]

FILLS = {"full": "#e8a45a", "some": "#e8a45a88", "marked": "#c04cc0"}
EMPTY_COLOUR = "#d8504a"
MARGIN = 16


def svg_map(
    grid: FileGrid,
    *,
    most: tuple[int, int] = (32, 64),
    width: int = 300,
    largest: int = 16,
    marked: Mapping[int, str] | None = None,
) -> str:
    """Return the map of a grid.

    Parameters
    ----------
    grid : FileGrid
        The grid to draw.
    most : tuple of int
        Maximum number of rows and columns of the map.
    width, largest : int
        Approximate width of the map, and maximum width of a place, in pixels.
    marked : mapping of int to str, optional
        Cells to mark, counted in C order, with texts that are shown under the mouse pointer.
    """
    image = grid_map(grid, most)
    rows, columns = image.filled.shape
    side = max(3, min(largest, width // columns, width // rows))
    states = np.where(image.filled < image.cells, "some", "full").astype("U6")
    states[image.filled == 0] = "empty"
    titles: list[str] = []
    if marked:
        at = image.places(np.array(list(marked), np.int64))
        states[at] = "marked"
        places = zip(*(part.tolist() for part in at), marked.values(), strict=True)
        titles += (_title(row * side, column * side, side, text) for row, column, text in places)
    runs = list(_runs(states))
    shapes = [
        _rectangles(runs, "full", side),
        _rectangles(runs, "some", side),
        _crosses(runs, side),
        _rectangles(runs, "marked", side),
        _lines(rows, columns, side),
    ]
    full = columns * side + 2 * MARGIN, rows * side + 2 * MARGIN
    empty = int(image.cells.sum() - image.filled.sum())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-MARGIN} {-2} {full[0]} {full[1]}" '
        f'width="{full[0]}" height="{full[1]}" style="max-width:100%;height:auto" role="img" '
        f'aria-label="map of the grid, {empty:,} empty cells">'
        f"{''.join([*shapes, *titles, *_names(image, side)])}</svg>"
    )


def _runs(states: NDArray[np.str_]) -> Iterator[Run]:
    """Yield state, row, first column and length of equal places beside each other."""
    for row, along in enumerate(states.tolist()):
        column = 0
        for state, places in groupby(along):
            length = len(list(places))
            yield state, row, column, length
            column += length


def _rectangles(runs: Sequence[Run], wanted: str, side: int) -> str:
    path = "".join(
        f"M{column * side} {row * side}h{length * side}v{side}h{-length * side}z"
        for state, row, column, length in runs
        if state == wanted
    )
    return f'<path d="{path}" fill="{FILLS[wanted]}"/>' if path else ""


def _crosses(runs: Sequence[Run], side: int) -> str:
    """Return a cross through each empty place, or a bar through several that are tiny."""
    path = ""
    long = side - 4
    for state, row, column, length in runs:
        x, y = column * side, row * side
        if state == "empty" and side < 6:
            path += f"M{x} {y + side / 2:g}h{length * side}"
        elif state == "empty":
            for left in range(x + 2, x + 2 + length * side, side):
                path += f"M{left} {y + 2}l{long} {long}m0 {-long}l{-long} {long}"
    style = f'stroke="{EMPTY_COLOUR}" stroke-width="1.5" fill="none"'
    return f'<path d="{path}" {style}/>' if path else ""


def _lines(rows: int, columns: int, side: int) -> str:
    """Return the frame, and lines between places that are large enough."""
    path = f"M0 0h{columns * side}v{rows * side}h{-columns * side}z"
    if side >= 6:
        path += "".join(f"M0 {row * side}h{columns * side}" for row in range(1, rows))
        path += "".join(f"M{column * side} 0v{rows * side}" for column in range(1, columns))
    return f'<path d="{path}" stroke="currentColor" stroke-opacity=".35" fill="none"/>'


def _title(y: int, x: int, side: int, text: str) -> str:
    """Return an invisible rectangle with a text that is shown under the mouse pointer."""
    return (
        f'<rect x="{x}" y="{y}" width="{side}" height="{side}" '
        f'fill="transparent"><title>{escape(text)}</title></rect>'
    )


def _names(image: GridMap, side: int) -> Iterator[str]:
    """Yield the names of the axes, below the map and on its left."""
    rows, columns = image.filled.shape
    style = 'fill="currentColor" font-size="11" font-family="sans-serif" text-anchor="middle"'
    if image.across:
        x, y = columns * side / 2, rows * side + 12
        yield f'<text x="{x:g}" y="{y}" {style}>{_axis(image.across, image.size[1])}</text>'
    if image.down:
        y = rows * side / 2
        label = _axis(image.down, image.size[0])
        if len(label) * 6 <= rows * side + 2 * MARGIN:
            yield f'<text transform="rotate(-90)" x="{-y:g}" y="-5" {style}>{label}</text>'
        else:
            yield f"<title>down: {label}</title>"


def _axis(dims: tuple[str, ...], count: int) -> str:
    return escape(f"{', '.join(dims)}: {count:,}" if len(dims) == 1 else ", ".join(dims))
