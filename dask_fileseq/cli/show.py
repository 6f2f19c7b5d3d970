"""``dask fileseq show``: the grid and the array of a folder, from its names and one header."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from dask_fileseq.cli.options import command, file_options, open_files, options_of, python_code
from dask_fileseq.cli.terminal import (
    command_line_text,
    echo,
    echo_json,
    echo_row,
    first_of_many,
    styled,
)
from dask_fileseq.plaintext import counted, public_values, without_secrets

if TYPE_CHECKING:
    from dask_fileseq.sequence import FileSequence

SHOWN = 5

EXAMPLES = r"""
  dask fileseq show scans/
  dask fileseq show scans/ --pattern '{well}_t{time:d}_{channel}.tif'
  dask fileseq show 'scans/*.tif' --pattern '_(c)(\d+)_(t)(\d+)'
  dask fileseq show wells/ --pattern operetta --json
  dask fileseq show '*.tif' --container scans.zip --pattern axes
  dask fileseq show scans/ --follow --timeout 600
"""


@command(EXAMPLES, *file_options(), *options_of("following"))
def show(files: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Show the grid that FILES form, and the array that they make.

    FILES is a glob pattern in quotes (with ** for any number of folders), a folder, or
    names. Wells are drawn as a plate, and empty cells on a map. All names and one header are
    read, but no pixels: only of images other than TIFF whose header does not tell what their
    pixels are, such as BMP with a palette.
    """
    if options["timeout"] and not options["follow"]:
        raise click.UsageError("--timeout needs --follow")
    seq = open_files(files, options)
    info = names_info(seq, options["container"]) | {"open": python_code(seq, files, options)}
    if not as_json:
        echo_names(public_values(info))
    info |= array_info(seq) | {
        "also_fits": _also_fits(seq) if options["pattern"] == "infer" else {}
    }
    if as_json:
        echo_json(info)
    else:
        info = public_values(info)
        echo_array(info)
        if info["table"]:
            echo_row("table", f"{info['table']} (--table none: names alone)")
        else:
            echo_row("pattern", info["pattern"] or "none: one axis of all files (see --pattern)")
        for name, axes in info["also_fits"].items():
            echo(f"also fits: --pattern {name} ({', '.join(axes)})")
        echo_row("open with", info["open"])
    if options["follow"]:
        _follow(seq, options, as_json)
    elif info["error"]:
        raise click.ClickException(info["error"])


def _follow(seq: FileSequence, options: dict[str, Any], as_json: bool) -> None:
    """Print a line each time that files are completed."""
    from dask_fileseq.sequence.listing import short_counts

    before = list(seq)
    for grown in seq.follow(interval=options["interval"], timeout=options["timeout"]):
        now = list(grown)
        new, without = _others(now, before), _others(before, now)
        before = now
        if as_json:
            echo_json({"files": len(grown), "shape": grown.shape, "new": new})
            continue
        parts = [f"new: {_some(new)}"] if new else []
        parts += [f"without {_some(without)}"] if without else []
        echo("; ".join([short_counts(grown.grid), *(parts or ["complete"])]))


def _others(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return the names, without credentials, that are not among known ones."""
    found = {*known}
    return [without_secrets(name) for name in names if name not in found]


def _some(names: Sequence[str]) -> str:
    """Return the first of some names as a text."""
    return first_of_many(list(map(os.path.basename, names[:SHOWN])), len(names) - SHOWN)


def _also_fits(seq: FileSequence) -> dict[str, list[str]]:
    """Return the presets, with their axes, that inference might have taken but did not."""
    from dask_fileseq.patterns import preset_fits, presets

    if seq.pattern is None or str(seq.pattern) in presets():
        return {}
    most = max(2 * len(seq), math.prod(seq.shape))
    fits = preset_fits(list(map(os.path.normpath, seq)))
    return {
        str(fit.pattern): [field.name for field in fit.pattern.fields]
        for fit in fits
        if fit.cells <= most
    }


def names_info(seq: FileSequence, container: str | None = None) -> dict[str, Any]:
    """Return what follows from the names alone; reads no file."""
    from dask_fileseq.report.gridlayout import grid_layout
    from dask_fileseq.report.gridmap import text_map
    from dask_fileseq.report.summary import grid_summary

    where = without_secrets(container or seq.commonpath()) or os.curdir
    info = {"type": type(seq).__name__, "where": where, "below": seq.below}
    info |= grid_summary(seq.grid)
    is_drawn = seq.files_missing or grid_layout(seq.grid).kind != "table"
    return info | {"map": text_map(seq.grid) if is_drawn else []}


def array_info(seq: FileSequence) -> dict[str, Any]:
    """Return what the files hold, or why the first cannot be read; reads one header."""
    from dask_fileseq.errors import ReadError
    from dask_fileseq.report.summary import array_summary, first_info

    try:
        info = first_info(seq.grid, seq.source, seq.reader)
        return {"error": None} | array_summary(seq.grid, info)
    except ReadError as error:
        return {"error": command_line_text(str(error)), "chunk": None, "array": None}


def echo_names(info: dict[str, Any]) -> None:
    """Print what follows from the names."""
    from dask_fileseq.grid import cell_text
    from dask_fileseq.report.summary import grid_rows

    echo(f"{info['type']} of {counted(info['files'], 'file')} in {info['where']}")
    if info["below"]:
        echo_row("found", info["below"])
    echo_row("first", os.path.basename(info["first"]))
    axes = {axis["name"] for axis in info["axes"]}
    for name, text in grid_rows(info):
        echo_row(f"  {name}" if name in axes else name, text)
    if info["empty"]:
        shown = info["empty_ranges"][:SHOWN]
        more = info["empty"] - sum(each["count"] for each in shown)
        echo_row("empty", first_of_many([cell_text(each["cell"]) for each in shown], more))
    if info["map"]:
        echo_row("map", "\n".join(info["map"]))
    echo_left_out(info)


def echo_left_out(info: dict[str, Any]) -> None:
    """Print which files are left out, if any are."""
    duplicates = [f"{pair['name']!r} for {pair['kept']!r}" for pair in info["duplicates"]]
    left_out = {"unmatched": list(map(repr, info["unmatched"])), "left out": duplicates}
    for label, names in left_out.items():
        if names:
            text = f"{len(names):,}: {first_of_many(names[:SHOWN], len(names) - SHOWN)}"
            echo_row(label, styled(text, fg="yellow"))


def echo_array(info: dict[str, Any]) -> None:
    """Print what the files hold, if the first can be read."""
    from dask_fileseq.report.summary import array_rows

    for label, text in array_rows(info):
        echo_row(label, command_line_text(text))
