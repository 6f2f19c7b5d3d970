"""``dask fileseq check``: files that are damaged or differ from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dask_fileseq.cli.cluster import check_files
from dask_fileseq.cli.options import command, file_options, open_files, option, options_of
from dask_fileseq.cli.terminal import command_line_text, echo, echo_json, styled
from dask_fileseq.plaintext import counted, printable

if TYPE_CHECKING:
    from dask_fileseq.check import Finding

EXAMPLES = """
  dask fileseq check scans/
  dask fileseq check 'scans/**/*.tif' --pixels
  dask fileseq check scans/ --json > findings.json
  dask fileseq check /data/scans --pixels --scheduler tcp://host:8786
"""

SHOWN = 20


@command(
    EXAMPLES,
    *file_options(),
    option("--pixels", "Read all pixels too, not only the headers.", is_flag=True),
    *options_of("scheduler"),
    option("--all show_all", f"List more than {SHOWN} of a kind.", is_flag=True),
)
def check(files: tuple[str, ...], show_all: bool, as_json: bool, **options: Any) -> None:
    """Check FILES: find those that are damaged, odd, missing or left over.

    Reads each header, or with --pixels all pixels, many at a time. Finds files that are
    cut short, empty, unreadable, gone or still growing, or hold another shape, data type
    or number of pages than most; whose headers disagree with most on pixel size, place,
    nodata, bands or channels; cells without a file, several files for one cell, and names
    that the pattern does not match. The exit code is 1 if there are any.
    """
    seq = open_files(files, options)
    findings = check_files(seq, options)
    if as_json:
        echo_json({"files": len(seq), "pixels": options["pixels"], "findings": findings})
    else:
        read = "all pixels" if options["pixels"] else "each header"
        work = f"{counted(len(seq), 'file')}, {read} read"
        _echo(findings, work, len(findings) if show_all else SHOWN)
    if findings:
        raise click.exceptions.Exit(1)


def _echo(findings: list[Finding], work: str, limit: int) -> None:
    """Print the findings by kind, and as the last line how many there are."""
    from dask_fileseq.check import KINDS, by_kind, total

    kinds = by_kind(findings)
    for kind, found in kinds.items():
        echo(f"{styled(kind, fg='red', bold=True)} ({total(found):,}): {KINDS[kind]}")
        for finding in found[:limit]:
            echo(f"  {_line(finding)}")
        if len(found) > limit:
            echo(f"  and {total(found[limit:]):,} more (--all lists them)")
    counts = ", ".join(f"{total(found):,} {kind}" for kind, found in kinds.items())
    well = styled("all is well", fg="green")
    echo(f"{work}; found: {counts}" if counts else f"{work}: {well}")


def _line(finding: Finding) -> str:
    from dask_fileseq.grid import cell_text

    cell = cell_text(finding.cell)
    if not finding.name:
        return printable(cell, lines=False) or command_line_text(finding.detail)
    return printable(f"{f'{finding.name} {cell}'.rstrip()}: {finding.detail}", lines=False)
