"""``dask fileseq preview``: a contact sheet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import click

from dask_fileseq.cli.options import file_options, json_option, open_files
from dask_fileseq.cli.terminal import echo_json, progress_bar

__all__ = ["preview", "project_option"]

EXAMPLES = r"""
Examples:
  dask fileseq preview scans/ -o sheet.png
  dask fileseq preview scans/ --pattern operetta --project middle -o sheet.png
  dask fileseq preview 'scans/*_DAPI_*.tif' -o sheet.pdf
"""

PICTURES = (".png", ".jpg", ".jpeg", ".pdf", ".svg")

project_option = click.option(
    "--project",
    type=click.Choice(["auto", "max", "mean", "middle"]),
    default="auto",
    show_default=True,
    help="How planes along z become one picture: their maximum, their mean, or only the middle"
    " one is read; auto: the maximum, where that does not need many files.",
)


@click.command(epilog=f"\b{EXAMPLES}")
@file_options()
@click.option(
    "-o",
    "--output",
    default="preview.png",
    show_default=True,
    metavar="FILE",
    help="Picture to write; its ending (.png, .jpg, .pdf, .svg) says which kind.",
)
@project_option
@json_option
def preview(
    files: tuple[str, ...], output: str, project: Any, as_json: bool, **options: Any
) -> None:
    """Draw a contact sheet of FILES: rows of channels, columns of times and places.

    Contrast is stretched for each channel. Large images are read in part, and of long axes
    some labels are shown, at equal distances.
    """
    check_output(output, files, PICTURES)
    seq = open_files(files, **options)
    check_output(output, seq, PICTURES)
    with progress_bar("reading") as progress:
        figure = seq.preview(project=project, progress=progress)
    figure.savefig(output, facecolor=figure.get_facecolor())
    if as_json:
        echo_json({"output": os.path.abspath(output), "files": len(seq)})
    else:
        click.echo(output)


def check_output(output: str, files: Sequence[str], endings: Sequence[str]) -> None:
    """Refuse names with other endings, of files that are read, or in folders that are not there."""
    if not output.lower().endswith(tuple(endings)):
        text = f"{output!r} does not end in {', '.join(endings)}"
        raise click.BadParameter(text, param_hint="--output")
    folder = os.path.dirname(os.path.abspath(output))
    if not os.path.isdir(folder):
        raise click.BadParameter(f"there is no folder {folder!r}", param_hint="--output")
    if os.path.isdir(output):
        raise click.BadParameter(f"{output!r} is a folder", param_hint="--output")
    if os.path.exists(output) and os.path.abspath(output) in map(os.path.abspath, files):
        raise click.BadParameter(f"{output!r} is one of FILES", param_hint="--output")
