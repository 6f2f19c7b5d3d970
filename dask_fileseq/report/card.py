"""The card of a sequence in a notebook: a table about its grid and array, and a map."""

from __future__ import annotations

from html import escape

from dask_fileseq.grid import FileGrid
from dask_fileseq.readers import FileInfo
from dask_fileseq.report.summary import (
    array_rows,
    array_summary,
    grid_rows,
    grid_summary,
)
from dask_fileseq.report.svgmap import svg_map

__all__ = ["html_card"]

CELL = 'style="text-align:left;vertical-align:top;padding:1px 12px 1px 0"'


def html_card(grid: FileGrid, title: str, location: str, info: FileInfo | None) -> str:
    """Return HTML that describes a grid; reads no file.

    Parameters
    ----------
    grid : FileGrid
        The grid to describe.
    title : str
        Name of the class of the sequence.
    location : str
        Folder or archive of the files.
    info : FileInfo, optional
        What a file contains, if a header has been read before.
    """
    rows = list(grid_rows(grid_summary(grid)))
    for kind, names in (("unmatched", grid.unmatched), ("duplicates", grid.duplicates)):
        if names:
            rows.append((kind, f"{len(names):,} left out"))
    if info is not None:
        rows += array_rows(array_summary(grid, info))
    table = "".join(
        f"<tr><th {CELL}>{escape(head)}</th><td {CELL}>{escape(text)}</td></tr>"
        for head, text in rows
    )
    pattern = f"<summary>pattern</summary><code>{escape(str(grid.pattern))}</code>"
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:8px 24px;align-items:flex-start">'
        f"<div><div><b>{escape(title)}</b> of {len(grid.names):,} files in "
        f"<code>{escape(location)}</code></div>"
        f'<table style="border-collapse:collapse;margin:4px 0">{table}</table>'
        f"{'' if grid.pattern is None else f'<details>{pattern}</details>'}</div>"
        f"<div>{svg_map(grid)}</div></div>"
    )
