"""``dask fileseq report``: all there is to see, on one page of HTML."""

from __future__ import annotations

import os
from typing import Any

import click

from dask_fileseq.cli.cluster import scheduler_of, scheduler_options
from dask_fileseq.cli.options import (
    file_options,
    json_option,
    open_files,
    opening_code,
)
from dask_fileseq.cli.preview import check_output, project_option
from dask_fileseq.cli.show import array_of, describe
from dask_fileseq.cli.terminal import echo_json, progress_bar

__all__ = ["report"]

PAGES = (".html", ".htm")

EXAMPLES = r"""
Examples:
  dask fileseq report scans/ -o report.html
  dask fileseq report 'plate/**/*.tif' --pattern operetta -o report.html
  dask fileseq report scans/ --pixels --project middle -o report.html
"""


@click.command(epilog=f"\b{EXAMPLES}")
@file_options()
@click.option(
    "-o",
    "--output",
    default="report.html",
    show_default=True,
    metavar="FILE",
    help="Page to write; it needs no other files.",
)
@project_option
@click.option("--pixels", is_flag=True, help="Check all pixels too, not only the headers.")
@scheduler_options
@json_option
def report(
    files: tuple[str, ...],
    output: str,
    project: Any,
    pixels: bool,
    scheduler: str | None,
    workers: int | None,
    memory_limit: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Write a page about FILES: a map, what is wrong, pictures, histograms, code.

    All headers are read, and the pixels of the pictures that are shown (these here, whatever
    the scheduler). The page opens in any browser and has everything inside.
    """
    check_output(output, files, PAGES)
    seq = open_files(files, **options)
    check_output(output, seq, PAGES)
    told = describe(seq, options["container"]) | array_of(seq)
    with (
        scheduler_of(scheduler, workers, memory_limit) as get,
        progress_bar("checking") as progress,
    ):
        findings = seq.check(pixels=pixels, scheduler=get, ioworkers=workers, progress=progress)
    with progress_bar("reading pictures") as progress:
        page = seq._report(
            told, findings, opening_code(seq, files, options), project=project, progress=progress
        )
    with open(output, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(page)
    if as_json:
        found = [finding.asdict() for finding in findings]
        echo_json({"output": os.path.abspath(output), "files": len(seq), "findings": found})
    else:
        click.echo(output)
