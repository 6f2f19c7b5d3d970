"""One page of HTML that shows a sequence, with all that it needs inside: no other files.

What is text comes escaped; pictures are JPEG in the page itself.
"""

from __future__ import annotations

import base64
import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib import resources
from typing import Any

import imagecodecs
import numpy as np

from dask_fileseq._version import __version__
from dask_fileseq.check import KINDS, Finding
from dask_fileseq.grid import FileGrid
from dask_fileseq.report.histogram import histogram
from dask_fileseq.report.sheet import Picture, Sheet, Window, windows
from dask_fileseq.report.summary import array_text, cell_text, chunk_text, few
from dask_fileseq.report.svgmap import EMPTY_COLOUR, FILLS, svg_map

__all__ = ["Contents", "report_page"]

QUALITY = 82
SHOWN_FINDINGS = 200
WHOLE_FILES = ("missing", "duplicate", "unmatched")
"""Findings that are not of a file in a cell."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What the page tells."""

    grid: FileGrid
    where: str
    told: Mapping[str, Any]
    """What `grid_summary` and `array_summary` say."""
    findings: Sequence[Finding]
    sheet: Sheet
    code: str
    """Python that opens the files."""


def report_page(contents: Contents) -> str:
    """Return the page."""
    files = resources.files(__package__ or "")
    template, css, js = (
        files.joinpath(name).read_text("utf-8") for name in ("page.html", "page.css", "page.js")
    )
    black_white = windows(contents.sheet)
    parts = {
        "title": escape(contents.where),
        "subtitle": escape(_subtitle(contents)),
        "css": css,
        "sections": "\n".join(_sections(contents, black_white)),
        "version": escape(__version__),
        "date": datetime.now().strftime("%Y-%m-%d %H:%M"),
        "data": _data(contents.sheet, black_white),
        "js": js,
    }
    pieces = template.split("{")
    return pieces[0] + "".join(
        parts[name] + rest for name, _, rest in (piece.partition("}") for piece in pieces[1:])
    )


def _subtitle(contents: Contents) -> str:
    told = contents.told
    text = f"{told['files']:,} files"
    return f"{text}, {array_text(told)}" if told.get("array") else text


def _sections(contents: Contents, black_white: Sequence[Window]) -> Iterator[str]:
    summary = _section("Summary", f"<dl>{''.join(_summary(contents.told))}</dl>")
    yield f'<div class="two">{summary}{_map_section(contents)}</div>'
    yield _section("Files to look at", _findings(contents.findings), _total(contents.findings))
    yield _section("Contact sheet", _sheet(contents.sheet), contents.sheet.note)
    yield _section("Histograms", _histograms(contents.sheet, black_white), "of the pictures above")
    code = f'<pre id="code">{escape(_program(contents.code))}</pre>'
    yield _section("Open it", f'{code}<button id="copy" type="button">Copy</button>')


def _section(title: str, inside: str, note: str = "") -> str:
    small = f"<small>{escape(note)}</small>" if note else ""
    return f"<section><h2>{escape(title)}{small}</h2>{inside}</section>"


def _summary(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is known, term by term."""
    sizes = " x ".join(map(str, told["shape"])) or "1"
    product = f"{sizes} = " if len(told["shape"]) > 1 else ""
    yield _term("grid", f"{product}{told['cells']:,} cells, {told['empty']:,} of them empty")
    for axis in told["axes"]:
        yield _term(axis["name"], f"{axis['size']:,}: {few(axis['labels'])}")
    if told.get("chunk"):
        yield _term("in a file", chunk_text(told))
        yield _term("array", array_text(told))
    if told.get("error"):
        yield _term("in a file", told["error"])
    if told["pattern"]:
        yield f"<dt>pattern</dt><dd><code>{escape(told['pattern'])}</code></dd>"
    for kind in ("unmatched", "duplicates"):
        if told[kind]:
            yield _term(kind, f"{len(told[kind]):,} left out")


def _term(term: str, text: str) -> str:
    return f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>"


def _map_section(contents: Contents) -> str:
    odd = _odd_cells(contents.grid, contents.findings)
    picture = svg_map(contents.grid, most=(48, 96), width=480, largest=30, odd=odd)
    legend = (
        f'<i style="background:{FILLS["full"]}"></i>has a file',
        f'<i class="empty" style="border-color:{EMPTY_COLOUR}"></i>no file',
        f'<i style="background:{FILLS["odd"]}"></i>something is wrong',
    )
    shown = "".join(f"<span>{entry}</span>" for entry in legend)
    return _section("Grid", f'<div class="map">{picture}</div><div class="legend">{shown}</div>')


def _odd_cells(grid: FileGrid, findings: Sequence[Finding]) -> dict[int, str]:
    """Return the cells of files that something is wrong with, and what."""
    words = {f.name: f"{cell_text(dict(f.cell))} {f.detail}" for f in findings if _is_of_file(f)}
    if not words:
        return {}
    cells = np.arange(len(grid.names)) if grid.positions is None else grid.positions
    return {int(c): words[n] for n, c in zip(grid.names, cells, strict=True) if n in words}


def _is_of_file(finding: Finding) -> bool:
    return finding.kind not in WHOLE_FILES


def _total(findings: Sequence[Finding]) -> str:
    return f"{len(findings):,}" if findings else ""


def _findings(findings: Sequence[Finding]) -> str:
    """Return lists of findings, one for each kind."""
    if not findings:
        return '<p class="well">All files are alike and whole, and no cell is empty.</p>'
    by_kind = defaultdict(list)
    for finding in findings:
        by_kind[finding.kind].append(finding)
    parts = []
    for kind, meaning in KINDS.items():
        found = by_kind.get(kind, [])
        if not found:
            continue
        items = "".join(map(_finding, found[:SHOWN_FINDINGS]))
        if len(found) > SHOWN_FINDINGS:
            items += f"<li>and {len(found) - SHOWN_FINDINGS:,} more</li>"
        parts.append(
            f"<details{' open' if len(found) <= 10 else ''}><summary><b>{kind}</b> "
            f"({len(found):,}): {escape(meaning)}</summary>"
            f'<ul class="findings">{items}</ul></details>'
        )
    return "".join(parts)


def _finding(finding: Finding) -> str:
    cell = cell_text(dict(finding.cell)) if finding.cell else ""
    name = f"<code>{escape(finding.name)}</code> " if finding.name else ""
    return f"<li>{name}{escape(cell)} <span>{escape(finding.detail)}</span></li>"


def _sheet(sheet: Sheet) -> str:
    """Return sliders for axes that have several labels, and the place for pictures."""
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


def _data(sheet: Sheet, black_white: Sequence[Window]) -> str:
    """Return the pictures and their labels as JSON that may stand in a script."""
    pictures = [
        [[_picture(picture, window) for picture in at_time] for at_time in channel]
        for channel, window in zip(sheet.pictures, black_white, strict=True)
    ]
    shapes = [
        p.image.shape
        for p in itertools.chain(*itertools.chain(*sheet.pictures))
        if p.image is not None
    ]
    aspect = shapes[0][1] / shapes[0][0] if shapes else 1.0
    data = {
        "channels": sheet.channels,
        "times": sheet.times,
        "places": sheet.places,
        "pictures": pictures,
        "aspect": round(aspect, 4),
    }
    return json.dumps(data, ensure_ascii=True).replace("<", "\\u003c")


def _picture(picture: Picture, window: Window) -> dict[str, str]:
    if picture.image is None:
        return {"why": picture.why}
    content = imagecodecs.jpeg8_encode(window.stretched(picture.image), level=QUALITY)
    return {"src": f"data:image/jpeg;base64,{base64.b64encode(content).decode('ascii')}"}


def _histograms(sheet: Sheet, black_white: Sequence[Window]) -> str:
    parts = []
    for label, channel, window in zip(sheet.channels, sheet.pictures, black_white, strict=True):
        images = [p.image for p in itertools.chain(*channel) if p.image is not None]
        if images:
            parts.append(histogram(images, window, label))
    return f'<div class="histograms">{"".join(parts)}</div>' if parts else "<p>none</p>"


def _program(code: str) -> str:
    """Return Python that opens the files, and what comes next."""
    call = code.removeprefix("dask_fileseq.")
    return (
        "from dask_fileseq import open_sequence\n\n"
        f"seq = {call}\n"
        "array = seq.to_dask_array()    # lazy: reads one header\n"
        "labelled = seq.to_xarray()     # the same with labels, as an xarray.DataArray\n"
    )
