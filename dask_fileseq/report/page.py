"""One HTML page about the files of a grid, which needs no other files.

Pictures are JPEG inside the page.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import imagecodecs

from dask_fileseq._version import __version__
from dask_fileseq.check import KINDS, Finding, by_kind, total
from dask_fileseq.files import Source
from dask_fileseq.grid import FileGrid, cell_text
from dask_fileseq.plaintext import counted, public_names
from dask_fileseq.readers import Reader
from dask_fileseq.report.contrast import Contrasts
from dask_fileseq.report.gridmap import grid_map
from dask_fileseq.report.histogram import BELOW, HEIGHT, WIDTH, histograms, room_for_labels
from dask_fileseq.report.sheet import Projection, contact_sheet
from dask_fileseq.report.summary import array_rows, summary_rows
from dask_fileseq.report.svgmap import MOST, map_legend, svg_map
from dask_fileseq.report.templates import render
from dask_fileseq.report.thumbnails import Picture
from dask_fileseq.types import Progress

QUALITY = 82
"""Quality of JPEG pictures."""

SHOWN_FINDINGS = 200
NOT_OF_FILES = ("missing", "duplicate", "unmatched")
"""Kinds of findings that are not about a file in a cell."""


def report_html(
    grid: FileGrid,
    source: Source,
    reader: Reader,
    title: str,
    *,
    summary: Mapping[str, Any],
    findings: Sequence[Finding],
    code: str,
    project: Projection,
    progress: Progress | None,
) -> str:
    """Return a page with a map, what is wrong, pictures, histograms and code.

    Parameters
    ----------
    grid, source, reader, project, progress
        As in `contact_sheet`.
    title : str
        Title of the page: the folder or archive of the files.
    summary : mapping
        The items of `grid_summary` and `array_summary`; or in place of the latter, "error"
        is why no header can be read, and "array" and "chunk" are None.
    findings : sequence of Finding
        The result of `check_files`.
    code : str
        Call of `open_sequence` that opens the files.
    """
    sheet = contact_sheet(grid, source, reader, project=project, progress=progress)
    marked, image = _marked(grid, findings), grid_map(grid, MOST)
    drawn = list(histograms(sheet))
    array = [text for term, text in array_rows(summary) if term == "array"]
    return render(
        "page.html",
        title=title,
        subtitle=", ".join([counted(summary["files"], "file"), *array]),
        rows=summary_rows(summary),
        summary=summary,
        map=svg_map(image, width=480, largest=30, marked=marked),
        legend=map_legend(image, marked=bool(marked)),
        count=f"{total(findings):,}" if findings else "",
        total=total,
        findings=by_kind(findings),
        kinds=KINDS,
        shown=SHOWN_FINDINGS,
        cell_text=cell_text,
        sheet=sheet,
        histograms=drawn,
        box=(WIDTH, HEIGHT, room_for_labels(drawn), BELOW),
        code=code.removeprefix("dask_fileseq."),
        version=__version__,
        date=f"{datetime.now():%Y-%m-%d %H:%M}",
        data={
            "channels": sheet.channels,
            "times": sheet.times,
            "places": sheet.places,
            "pictures": [
                [[_picture(picture, contrasts) for picture in at_time] for at_time in channel]
                for channel, contrasts in zip(sheet.pictures, sheet.contrasts, strict=True)
            ],
            "aspect": round(1 / sheet.aspect, 4),
            "board": sheet.board and asdict(sheet.board),
        },
    )


def _marked(grid: FileGrid, findings: Sequence[Finding]) -> dict[int, str]:
    """Return the cells of files with findings, and what is wrong with them."""
    of_files = [finding for finding in findings if finding.kind not in NOT_OF_FILES]
    texts = {found.name: f"{cell_text(found.cell)} {found.detail}" for found in of_files}
    cells = zip(grid.cells.tolist(), public_names(grid.names), strict=True) if texts else ()
    return {cell: texts[name] for cell, name in cells if name in texts}


def _picture(picture: Picture, contrasts: Contrasts) -> dict[str, str]:
    if picture.image is None:
        return {"why": picture.why}
    content = imagecodecs.jpeg8_encode(contrasts.shades(picture), level=QUALITY)
    source = {"src": f"data:image/jpeg;base64,{base64.b64encode(content).decode('ascii')}"}
    return source | ({"note": picture.note} if picture.note else {})
