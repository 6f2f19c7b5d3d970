"""``dask fileseq check``: which files are not what they should be."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from dask_fileseq.cli.cluster import scheduler_of, scheduler_options
from dask_fileseq.cli.options import file_options, json_option, open_files
from dask_fileseq.cli.terminal import echo_json, progress_bar, some, styled

if TYPE_CHECKING:
    from dask_fileseq.check import Finding

__all__ = ["check"]

EXAMPLES = r"""
Examples:
  dask fileseq check scans/
  dask fileseq check 'scans/**/*.tif' --pixels
  dask fileseq check scans/ --json > findings.json
  dask fileseq check /data/scans --pixels --scheduler tcp://host:8786
"""

SHOWN = 20


@click.command(epilog=f"\b{EXAMPLES}")
@file_options()
@click.option("--pixels", is_flag=True, help="Read all pixels too, not only the headers.")
@scheduler_options
@click.option("--all", "show_all", is_flag=True, help=f"List more than {SHOWN} of a kind.")
@json_option
def check(
    files: tuple[str, ...],
    pixels: bool,
    scheduler: str | None,
    workers: int | None,
    memory_limit: str | None,
    show_all: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Check FILES: find those that are damaged, odd, missing or left over.

    Reads each header, or with --pixels all pixels, many at a time. Finds files that are
    cut short, empty, unreadable, gone or still growing, or hold another shape, data type
    or number of pages than most; cells without a file, several files for one cell, and
    names that the pattern does not match. The exit code is 1 if there are any.
    """
    seq = open_files(files, **options)
    with (
        scheduler_of(scheduler, workers, memory_limit) as get,
        progress_bar("checking") as progress,
    ):
        findings = seq.check(pixels=pixels, scheduler=get, ioworkers=workers, progress=progress)
    if as_json:
        found = [finding.asdict() for finding in findings]
        echo_json({"files": len(seq), "pixels": pixels, "findings": found})
    else:
        _echo(findings, len(seq), pixels, None if show_all else SHOWN)
    if findings:
        raise click.exceptions.Exit(1)


def _echo(findings: list[Finding], files: int, pixels: bool, limit: int | None) -> None:
    from dask_fileseq.check import KINDS

    read = "all pixels" if pixels else "each header"
    if not findings:
        click.echo(f"{files:,} files, {read} read: " + styled("all is well", fg="green"))
        return
    counts = Counter(finding.kind for finding in findings)
    for kind, meaning in KINDS.items():
        if kind not in counts:
            continue
        click.echo(f"{styled(kind, fg='red', bold=True)} ({counts[kind]:,}): {meaning}")
        of_kind = [finding for finding in findings if finding.kind == kind]
        for finding in of_kind[:limit]:
            click.echo(f"  {_line(finding)}")
        if limit is not None and counts[kind] > limit:
            click.echo(f"  and {counts[kind] - limit:,} more (--all lists them)")
    total = some([f"{count:,} {kind}" for kind, count in counts.items()], len(counts))
    click.echo(f"{files:,} files, {read} read; found: {total}")


def _line(finding: Finding) -> str:
    from dask_fileseq.report.summary import cell_text

    cell = cell_text(dict(finding.cell)) if finding.cell else ""
    if not finding.name:
        return cell or finding.detail
    where = f"{finding.name} {cell}".rstrip()
    return f"{where}: {finding.detail}"
