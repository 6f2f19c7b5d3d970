"""The card of a sequence in a notebook: a table about its grid and array, and a map."""

from __future__ import annotations

from dask_fileseq.grid import FileGrid
from dask_fileseq.plaintext import counted
from dask_fileseq.readers import FileInfo
from dask_fileseq.report.gridmap import grid_map
from dask_fileseq.report.summary import array_summary, grid_summary, summary_rows
from dask_fileseq.report.svgmap import MOST, map_legend, svg_map
from dask_fileseq.report.templates import render


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
    summary = grid_summary(grid)
    if info is not None:
        summary |= array_summary(grid, info)
    image = grid_map(grid, MOST)
    return render(
        "card.html",
        title=title,
        location=location,
        count=counted(len(grid.names), "file"),
        rows=summary_rows(summary),
        pattern=grid.pattern,
        table=grid.metadata.source,
        map=svg_map(image),
        legend=map_legend(image),
    )
