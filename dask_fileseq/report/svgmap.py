"""The map of a grid as SVG, in the manner of dask's pictures of chunks.

Small for any grid: places in a row that look the same are one rectangle. Colours work on
light and dark grounds; text has the colour of the text around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.grid import FileGrid
from dask_fileseq.report.gridmap import GridMap, grid_map

__all__ = ["EMPTY_COLOUR", "FILLS", "svg_map"]

FULL, SOME, EMPTY, ODD = "full", "some", "empty", "odd"
FILLS = {FULL: "#e8a45a", SOME: "#e8a45a88", ODD: "#c04cc0"}
EMPTY_COLOUR = "#d8504a"
MARGIN = 16


def svg_map(
    grid: FileGrid,
    *,
    most: tuple[int, int] = (32, 64),
    width: int = 300,
    largest: int = 16,
    odd: Mapping[int, str] | None = None,
) -> str:
    """Return the map of a grid.

    Parameters
    ----------
    grid : FileGrid
        What to draw.
    most : tuple of int
        Rows and columns of the map, at most.
    width : int
        Width in pixels, about.
    largest : int
        Width of a place in pixels, at most.
    odd : mapping of int to str, optional
        Cells, counted in C order, that something is wrong with, and what: it is shown
        where the mouse rests on them.
    """
    image = grid_map(grid, most)
    rows, columns = image.filled.shape
    side = max(3, min(largest, width // columns, width // rows))
    states = _states(image, odd or {})
    parts = [
        _rectangles(states, state, side, colour) for state, colour in FILLS.items() if state != ODD
    ]
    parts += [_crosses(states, side), _rectangles(states, ODD, side, FILLS[ODD])]
    parts += [_lines(rows, columns, side), *_titles(image, odd or {}, side), *_names(image, side)]
    full = columns * side + 2 * MARGIN, rows * side + 2 * MARGIN
    empty = int(image.cells.sum() - image.filled.sum())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-MARGIN} {-2} {full[0]} {full[1]}" '
        f'width="{full[0]}" height="{full[1]}" style="max-width:100%;height:auto" role="img" '
        f'aria-label="map of the grid, {empty:,} empty cells">{"".join(parts)}</svg>'
    )


def _states(image: GridMap, odd: Mapping[int, str]) -> NDArray[np.str_]:
    """Return what each place looks like."""
    states = np.where(image.filled == 0, EMPTY, np.where(image.filled < image.cells, SOME, FULL))
    if odd:
        states[image.places(np.array(list(odd), np.int64))] = ODD
    return states


def _runs(states: NDArray[np.str_], state: str) -> Iterator[tuple[int, int, int]]:
    """Yield row, first column and length of places in a row that look like this."""
    for row, along in enumerate(states.tolist()):
        column = 0
        for found, places in groupby(along):
            length = len(list(places))
            if found == state:
                yield row, column, length
            column += length


def _rectangles(states: NDArray[np.str_], state: str, side: int, colour: str) -> str:
    path = "".join(
        f"M{column * side} {row * side}h{length * side}v{side}h{-length * side}z"
        for row, column, length in _runs(states, state)
    )
    return f'<path d="{path}" fill="{colour}"/>' if path else ""


def _crosses(states: NDArray[np.str_], side: int) -> str:
    """Return a cross through each empty place, or a bar through several that are tiny."""
    path = ""
    for row, column, length in _runs(states, EMPTY):
        x, y = column * side, row * side
        if side < 6:
            path += f"M{x} {y + side / 2:g}h{length * side}"
            continue
        for i in range(length):
            long = side - 4
            path += f"M{x + i * side + 2} {y + 2}l{long} {long}m0 {-long}l{-long} {long}"
    return (
        f'<path d="{path}" stroke="{EMPTY_COLOUR}" stroke-width="1.5" fill="none"/>' if path else ""
    )


def _lines(rows: int, columns: int, side: int) -> str:
    """Return the frame, and lines between places that are large enough."""
    path = f"M0 0h{columns * side}v{rows * side}h{-columns * side}z"
    if side >= 6:
        path += "".join(f"M0 {row * side}h{columns * side}" for row in range(1, rows))
        path += "".join(f"M{column * side} 0v{rows * side}" for column in range(1, columns))
    return f'<path d="{path}" stroke="currentColor" stroke-opacity=".35" fill="none"/>'


def _titles(image: GridMap, odd: Mapping[int, str], side: int) -> Iterator[str]:
    """Yield what the mouse finds: an unseen rectangle with words for each odd cell."""
    if not odd:
        return
    rows, columns = image.places(np.array(list(odd), np.int64))
    for row, column, words in zip(rows.tolist(), columns.tolist(), odd.values(), strict=True):
        yield (
            f'<rect x="{column * side}" y="{row * side}" width="{side}" height="{side}" '
            f'fill="transparent"><title>{escape(words)}</title></rect>'
        )


def _names(image: GridMap, side: int) -> Iterator[str]:
    """Yield the names of the axes, below and on the left."""
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
