"""One HTML page about the files of a grid, which needs no other files.

Texts are escaped; pictures are JPEG inside the page.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from importlib import resources
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from dask_fileseq._version import __version__
from dask_fileseq.check import KINDS, Finding, by_kind
from dask_fileseq.files import Source
from dask_fileseq.grid import FileGrid
from dask_fileseq.readers import Reader
from dask_fileseq.report.sheet import Contrast, Picture, Projection, Sheet, contact_sheet
from dask_fileseq.report.summary import array_rows, cell_text, grid_rows
from dask_fileseq.report.svgmap import EMPTY_COLOUR, FILLS, svg_map
from dask_fileseq.types import Progress

__all__ = ["report_html"]

QUALITY = 82
"""Quality of JPEG pictures."""

BINS = 64
WIDTH, HEIGHT = 256, 72
"""Size of a histogram."""

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
    contrasts = sheet.contrasts
    array = dict(array_rows(summary))["array"] if summary["array"] else ""
    count = f"{len(findings):,}" if findings else ""
    terms = _section("Summary", _terms(summary))
    sections = [
        f'<div class="two">{terms}{_map_section(grid, findings)}</div>',
        _section("Files to look at", _findings(findings), count),
        _section("Contact sheet", _sheet(sheet), sheet.note),
        _section("Histograms", _histograms(sheet, contrasts), "of the pictures above"),
        _section("Open it", _code(code)),
    ]
    files = resources.files(__package__ or "")
    template, css, js = (
        files.joinpath(name).read_text("utf-8") for name in ("page.html", "page.css", "page.js")
    )
    parts = {
        "title": escape(title),
        "subtitle": escape(", ".join(filter(None, [f"{summary['files']:,} files", array]))),
        "css": css,
        "sections": "\n".join(sections),
        "version": escape(__version__),
        "date": datetime.now().strftime("%Y-%m-%d %H:%M"),
        "data": _data(sheet, contrasts),
        "js": js,
    }
    return re.sub(r"\{(\w+)\}", lambda field: parts[field[1]], template)


def _section(title: str, inside: str, note: str = "") -> str:
    small = f"<small>{escape(note)}</small>" if note else ""
    return f"<section><h2>{escape(title)}{small}</h2>{inside}</section>"


def _terms(summary: Mapping[str, Any]) -> str:
    """Return the summary as a list of terms."""
    rows = list(grid_rows(summary))
    rows += array_rows(summary) if summary["array"] else [("in a file", summary["error"])]
    rows += [
        (kind, f"{len(summary[kind]):,} left out")
        for kind in ("unmatched", "duplicates")
        if summary[kind]
    ]
    terms = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in rows)
    if summary["pattern"]:
        terms += f"<dt>pattern</dt><dd><code>{escape(summary['pattern'])}</code></dd>"
    return f"<dl>{terms}</dl>"


def _map_section(grid: FileGrid, findings: Sequence[Finding]) -> str:
    """Return a map on which the cells of files with findings are marked."""
    of_files = [finding for finding in findings if finding.kind not in NOT_OF_FILES]
    texts = {found.name: f"{cell_text(found.cell)} {found.detail}" for found in of_files}
    cells = range(len(grid.names)) if grid.positions is None else grid.positions.tolist()
    marked = {
        cell: texts[name]
        for name, cell in zip(grid.names if texts else (), cells, strict=False)
        if name in texts
    }
    picture = svg_map(grid, most=(48, 96), width=480, largest=30, marked=marked)
    legend = (
        f'<i style="background:{FILLS["full"]}"></i>has a file',
        f'<i class="empty" style="border-color:{EMPTY_COLOUR}"></i>no file',
        f'<i style="background:{FILLS["marked"]}"></i>something is wrong',
    )
    shown = "".join(f"<span>{entry}</span>" for entry in legend)
    return _section("Grid", f'<div class="map">{picture}</div><div class="legend">{shown}</div>')


def _findings(findings: Sequence[Finding]) -> str:
    """Return lists of findings, one for each kind."""
    if not findings:
        return '<p class="well">All files are alike and whole, and no cell is empty.</p>'
    parts = []
    for kind, found in by_kind(findings).items():
        items = "".join(map(_finding, found[:SHOWN_FINDINGS]))
        if len(found) > SHOWN_FINDINGS:
            items += f"<li>and {len(found) - SHOWN_FINDINGS:,} more</li>"
        parts.append(
            f"<details{' open' if len(found) <= 10 else ''}><summary><b>{kind}</b> "
            f"({len(found):,}): {escape(KINDS[kind])}</summary>"
            f'<ul class="findings">{items}</ul></details>'
        )
    return "".join(parts)


def _finding(finding: Finding) -> str:
    cell = cell_text(finding.cell) if finding.cell else ""
    name = f"<code>{escape(finding.name)}</code> " if finding.name else ""
    return f"<li>{name}{escape(cell)} <span>{escape(finding.detail)}</span></li>"


def _sheet(sheet: Sheet) -> str:
    """Return sliders for axes that have several labels, and the element for pictures."""
    sliders = ""
    for role, name, labels in (
        ("channel", sheet.channel_name, sheet.channels),
        ("time", sheet.time_name, sheet.times),
    ):
        if len(labels) > 1:
            sliders += (
                f'<label>{escape(name)} <output id="{role}-label"></output>'
                f'<input type="range" id="{role}" min="0" max="{len(labels) - 1}" value="0" '
                f'step="1"></label>'
            )
    one = " one" if len(sheet.places) == 1 else ""
    return f'<div class="controls">{sliders}</div><div class="panels{one}" id="panels"></div>'


def _data(sheet: Sheet, contrasts: Sequence[Contrast]) -> str:
    """Return the pictures and their labels as JSON that is safe inside a script element."""
    pictures = [
        [[_picture(picture, contrast) for picture in at_time] for at_time in channel]
        for channel, contrast in zip(sheet.pictures, contrasts, strict=True)
    ]
    data = {
        "channels": sheet.channels,
        "times": sheet.times,
        "places": sheet.places,
        "pictures": pictures,
        "aspect": round(1 / sheet.aspect, 4),
    }
    return json.dumps(data, ensure_ascii=True).replace("<", "\\u003c")


def _picture(picture: Picture, contrast: Contrast) -> dict[str, str]:
    if picture.image is None:
        return {"why": picture.why}
    content = imagecodecs.jpeg8_encode(contrast.shades(picture.image), level=QUALITY)
    return {"src": f"data:image/jpeg;base64,{base64.b64encode(content).decode('ascii')}"}


def _histograms(sheet: Sheet, contrasts: Sequence[Contrast]) -> str:
    parts = [
        _histogram(images, contrasts[channel], label)
        for channel, label in enumerate(sheet.channels)
        if (images := sheet.images(channel))
    ]
    return f'<div class="histograms">{"".join(parts)}</div>' if parts else "<p>none</p>"


def _histogram(images: Sequence[NDArray[Any]], contrast: Contrast, label: str) -> str:
    """Return the histogram of some images, with dashed lines at the values of black and white."""
    values = np.concatenate([image.ravel() for image in images]).astype(np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return ""
    low, high = float(values.min()), float(values.max())
    span = high - low or 1.0
    counts, _ = np.histogram(values, BINS, (low, low + span))
    heights = np.log1p(counts) / np.log1p(counts.max()) * HEIGHT
    step = WIDTH / BINS
    bars = "".join(
        f"M{i * step:g} {HEIGHT}v{-height:.1f}h{step - 0.6:.1f}v{height:.1f}z"
        for i, height in enumerate(heights.tolist())
        if height
    )
    ends = ((value - low) / span * WIDTH for value in (contrast.low, contrast.high))
    lines = "".join(f"M{x:.1f} 0v{HEIGHT}" for x in ends)
    title = f"<figcaption>{escape(label)}</figcaption>" if label else ""
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="histogram of '
        f'{escape(label or "all")}"><path class="bars" d="{bars}"/>'
        f'<path class="window" d="{lines}"/></svg>'
        f'<div class="ends"><span>{low:.6g}</span><span>{high:.6g}</span></div>{title}</figure>'
    )


def _code(code: str) -> str:
    """Return Python that opens the files, and a button that copies it."""
    program = (
        "from dask_fileseq import open_sequence\n\n"
        f"seq = {code.removeprefix('dask_fileseq.')}\n"
        "array = seq.to_dask_array()    # lazy: reads one header\n"
        "labelled = seq.to_xarray()     # the same with labels, as an xarray.DataArray\n"
    )
    button = '<button id="copy" type="button">Copy</button>'
    return f'<pre id="code">{escape(program)}</pre>{button}'
