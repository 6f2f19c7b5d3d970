"""``dask fileseq show``: what is in a folder, from its names and one header."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from dask_fileseq.cli.group import spoken
from dask_fileseq.cli.options import file_options, json_option, open_files, opening_code
from dask_fileseq.cli.terminal import echo_json, row, some, styled

if TYPE_CHECKING:
    from dask_fileseq.sequence import FileSequence

__all__ = ["array_of", "describe", "echo_array", "echo_names", "show"]

SHOWN = 5

EXAMPLES = r"""
Examples:
  dask fileseq show scans/
  dask fileseq show scans/ --pattern '{well}_t{time:d}_{channel}.tif'
  dask fileseq show 'scans/*.tif' --pattern '_(c)(\d+)_(t)(\d+)'
  dask fileseq show 'wells/**/*.tif' --pattern operetta --json
  dask fileseq show '*.tif' --container scans.zip --pattern axes
"""


@click.command(epilog=f"\b{EXAMPLES}")
@file_options()
@json_option
def show(files: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Show the grid that FILES stand in, and the array that they make.

    FILES is a glob pattern in quotes (with ** for any number of folders), a folder, or
    names. All names and one header are read, but no pixels of TIFF files.
    """
    seq = open_files(files, **options)
    told = describe(seq, options["container"])
    told["open"] = opening_code(seq, files, options)
    if not as_json:
        echo_names(told)
    told |= array_of(seq)
    if as_json:
        echo_json(told)
    else:
        if not told["error"]:
            echo_array(told)
        row("pattern", told["pattern"] or "none: the files stand in a row (see --pattern)")
        row("open with", told["open"])
    if told["error"]:
        raise click.ClickException(told["error"])


def describe(seq: FileSequence, container: str | None = None) -> dict[str, Any]:
    """Return what the names tell: reads no file."""
    from dask_fileseq.report.gridmap import text_map
    from dask_fileseq.report.summary import grid_summary

    where = container or seq.commonpath() or os.curdir
    told = {"type": type(seq).__name__, "where": where} | grid_summary(seq.grid)
    told["map"] = text_map(seq.grid) if seq.files_missing else []
    return told


def array_of(seq: FileSequence) -> dict[str, Any]:
    """Return what the files hold, or why the first cannot be read: reads one header."""
    from dask_fileseq.errors import ReadError
    from dask_fileseq.report.summary import array_summary

    try:
        return {"error": None} | array_summary(seq.shape, seq._first_info())
    except ReadError as error:
        return {"error": spoken(str(error)), "chunk": None, "array": None}


def echo_names(told: dict[str, Any]) -> None:
    """Print what the names tell."""
    from dask_fileseq.report.summary import cell_text

    click.echo(f"{told['type']} of {told['files']:,} files in {told['where']}")
    row("first", os.path.basename(told["first"]))
    product = f"{sized(told['shape'])} = " if len(told["shape"]) > 1 else ""
    row("grid", f"{product}{told['cells']:,} cells, {told['empty']:,} of them empty")
    for axis in told["axes"]:
        row(f"  {axis['name']}", _axis(axis))
    if told["empty"]:
        row("empty", some([cell_text(cell) for cell in told["empty_cells"][:SHOWN]], told["empty"]))
        row("map", "\n".join(told["map"]))
    if told["unmatched"]:
        shown = [repr(name) for name in told["unmatched"][:SHOWN]]
        row("unmatched", _warning(shown, len(told["unmatched"])))
    if told["duplicates"]:
        pairs = [f"{pair['name']!r} for {pair['kept']!r}" for pair in told["duplicates"][:SHOWN]]
        row("left out", _warning(pairs, len(told["duplicates"])))


def _warning(shown: list[str], count: int) -> str:
    return styled(f"{count:,}: {some(shown, count)}", fg="yellow")


def _axis(axis: dict[str, Any]) -> str:
    """Return labels, and files where not all labels have as many."""
    from dask_fileseq.report.summary import few

    text = f"{axis['size']:,}: {few(axis['labels'])}"
    least, most = min(axis["files"]), max(axis["files"])
    return text if least == most else f"{text} ({least:,} to {most:,} files each)"


def echo_array(told: dict[str, Any]) -> None:
    """Print what the files hold."""
    from dask_fileseq.report.summary import array_text, chunk_text

    row("in a file", chunk_text(told))
    row("array", array_text(told))


def sized(shape: list[int]) -> str:
    """Return a shape as people write it.

    >>> sized([6, 2, 5])
    '6 x 2 x 5'
    """
    return " x ".join(map(str, shape)) or "1"
