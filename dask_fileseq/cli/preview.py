"""``dask fileseq preview``: a contact sheet."""

from __future__ import annotations

import os
from typing import Any

import click

from dask_fileseq.cli.options import (
    check_output,
    file_options,
    json_option,
    open_files,
    output_option,
    project_option,
)
from dask_fileseq.cli.terminal import echo_json, progress_bar

__all__ = ["preview"]

EXAMPLES = r"""
Examples:
  dask fileseq preview scans/ -o sheet.png
  dask fileseq preview scans/ --pattern operetta --project middle -o sheet.png
  dask fileseq preview 'scans/*_DAPI_*.tif' -o sheet.pdf
"""

PICTURES = (".png", ".jpg", ".jpeg", ".pdf", ".svg")
ENDING = "Picture to write; its ending (.png, .jpg, .pdf, .svg) says which kind."


@click.command(epilog=f"\b{EXAMPLES}")
@file_options()
@output_option("preview.png", ENDING)
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
