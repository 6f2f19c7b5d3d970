"""A sequence in a notebook: what its names say, and a map of its grid. Reads nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from dask.utils import format_bytes

from dask_fileseq.grid import FileGrid, plain_labels
from dask_fileseq.readers import ChunkSpec
from dask_fileseq.report.summary import few
from dask_fileseq.report.svgmap import svg_map

__all__ = ["card"]


def card(grid: FileGrid, title: str, where: str, spec: ChunkSpec | None) -> str:
    """Return HTML that shows a grid; with what a file holds, where that is known already.

    Parameters
    ----------
    grid : FileGrid
        What to show.
    title : str
        The name of the class.
    where : str
        The folder or container.
    spec : ChunkSpec, optional
        What a file holds.
    """
    cell = 'style="text-align:left;vertical-align:top;padding:1px 12px 1px 0"'
    rows = "".join(
        f"<tr><th {cell}>{escape(head)}</th><td {cell}>{escape(text)}</td></tr>"
        for head, text in _rows(grid, spec)
    )
    pattern = ""
    if grid.pattern is not None:
        pattern = (
            f"<details><summary>pattern</summary><code>{escape(str(grid.pattern))}</code></details>"
        )
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:8px 24px;align-items:flex-start">'
        f"<div><div><b>{escape(title)}</b> of {len(grid.names):,} files in "
        f"<code>{escape(where)}</code></div>"
        f'<table style="border-collapse:collapse;margin:4px 0">{rows}</table>{pattern}</div>'
        f"<div>{svg_map(grid)}</div></div>"
    )


def _rows(grid: FileGrid, spec: ChunkSpec | None) -> Iterator[tuple[str, str]]:
    cells = math.prod(grid.shape)
    sizes = " x ".join(map(str, grid.shape)) or "1"
    yield "grid", f"{sizes} = {cells:,} cells" if len(grid.shape) > 1 else f"{cells:,} cells"
    if grid.files_missing:
        yield "empty", f"{grid.files_missing:,} cells without a file"
    for dim, values in grid.coords.items():
        yield dim, f"{len(values):,}: {few(plain_labels(values))}"
    if grid.unmatched:
        yield "unmatched", f"{len(grid.unmatched):,} left out"
    if grid.duplicates:
        yield "duplicates", f"{len(grid.duplicates):,} left out"
    if spec is not None:
        shape = grid.shape + spec.shape
        inside = ", ".join(f"{d} {n}" for d, n in zip(spec.dims, spec.shape, strict=True))
        yield "in a file", f"{inside or 'one value'}; {spec.dtype}"
        nbytes = math.prod(shape) * spec.dtype.itemsize
        yield "array", f"{shape}, {spec.dtype}, {format_bytes(nbytes)}"
