"""``dask fileseq report``: one HTML page about a folder of files."""

from __future__ import annotations

import os
from typing import Any

import click

from dask_fileseq.cli.cluster import check_on_scheduler, scheduler_options
from dask_fileseq.cli.options import (
    check_output,
    file_options,
    json_option,
    open_files,
    option,
    output_option,
    project_option,
    python_code,
)
from dask_fileseq.cli.show import array_info, names_info
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
@output_option("report.html", "Page to write; it needs no other files.")
@project_option
@option("--pixels", is_flag=True, help="Check all pixels too, not only the headers.")
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
    from dask_fileseq.report import report_html

    check_output(output, files, PAGES)
    seq = open_files(files, **options)
    check_output(output, seq, PAGES)
    info = names_info(seq, options["container"]) | array_info(seq)
    findings = check_on_scheduler(seq, pixels, scheduler, workers, memory_limit)
    with progress_bar("reading pictures") as progress:
        page = report_html(
            seq.grid,
            seq.source,
            seq.reader,
            seq.location,
            summary=info,
            findings=findings,
            code=python_code(seq, files, options),
            project=project,
            progress=progress,
        )
    with open(output, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(page)
    if as_json:
        found = [finding.asdict() for finding in findings]
        echo_json({"output": os.path.abspath(output), "files": len(seq), "findings": found})
    else:
        click.echo(output)
