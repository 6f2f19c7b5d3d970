"""The card of a sequence in a notebook: its names as a table, and a map of its grid."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from dask.utils import format_bytes

from dask_fileseq.files import Source
from dask_fileseq.grid import FileGrid
from dask_fileseq.grid.cells import plain_labels
from dask_fileseq.readers import ChunkSpec
from dask_fileseq.report.summary import first_and_last, location, sizes_text
from dask_fileseq.report.svgmap import svg_map

__all__ = ["html_card"]

CELL = 'style="text-align:left;vertical-align:top;padding:1px 12px 1px 0"'


def html_card(grid: FileGrid, source: Source, title: str, spec: ChunkSpec | None) -> str:
    """Return HTML that describes a grid; reads no file.

    Parameters
    ----------
    grid : FileGrid
        The grid to describe.
    source : Source
        The place of its files.
    title : str
        Name of the class of the sequence.
    spec : ChunkSpec, optional
        What a file contains, if a header has been read before.
    """
    rows = "".join(
        f"<tr><th {CELL}>{escape(head)}</th><td {CELL}>{escape(text)}</td></tr>"
        for head, text in _rows(grid, spec)
    )
    pattern = escape(str(grid.pattern))
    details = f"<details><summary>pattern</summary><code>{pattern}</code></details>"
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:8px 24px;align-items:flex-start">'
        f"<div><div><b>{escape(title)}</b> of {len(grid.names):,} files in "
        f"<code>{escape(location(grid, source))}</code></div>"
        f'<table style="border-collapse:collapse;margin:4px 0">{rows}</table>'
        f"{details if grid.pattern is not None else ''}</div>"
        f"<div>{svg_map(grid)}</div></div>"
    )


def _rows(grid: FileGrid, spec: ChunkSpec | None) -> Iterator[tuple[str, str]]:
    """Yield the label and the text of each row of the table."""
    product = f"{sizes_text(grid.shape)} = " if len(grid.shape) > 1 else ""
    yield "grid", f"{product}{math.prod(grid.shape):,} cells"
    if grid.files_missing:
        yield "empty", f"{grid.files_missing:,} cells without a file"
    for dim, values in grid.coords.items():
        yield dim, f"{len(values):,}: {first_and_last(plain_labels(values))}"
    for kind, names in (("unmatched", grid.unmatched), ("duplicates", grid.duplicates)):
        if names:
            yield kind, f"{len(names):,} left out"
    if spec is not None:
        shape = grid.shape + spec.shape
        inside = ", ".join(f"{d} {n}" for d, n in zip(spec.dims, spec.shape, strict=True))
        yield "in a file", f"{inside or 'one value'}; {spec.dtype}"
        nbytes = math.prod(shape) * spec.dtype.itemsize
        yield "array", f"{shape}, {spec.dtype}, {format_bytes(nbytes)}"
