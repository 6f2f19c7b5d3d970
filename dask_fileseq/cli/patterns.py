"""``dask fileseq patterns``: the presets, and which of them fit."""

from __future__ import annotations

import os
from typing import Any

import click

from dask_fileseq.cli.options import (
    container_option,
    json_option,
    presets_option,
    storage_option,
)
from dask_fileseq.cli.terminal import echo_json, styled, waiting

__all__ = ["patterns"]

EXAMPLES = r"""
Examples:
  dask fileseq patterns
  dask fileseq patterns 'plate/**/*.tif'
  dask fileseq patterns scans/ --json
  dask fileseq patterns --presets mine.toml scans/
"""

Fit = dict[str, Any]


@click.command(epilog=f"\b{EXAMPLES}")
@click.argument("files", nargs=-1)
@presets_option
@container_option
@storage_option
@json_option
def patterns(files: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """List the patterns that have names, each with an example.

    With FILES: those that fit their names, with the axes that they find, and what the
    names say by themselves. No file is opened.
    """
    from dask_fileseq.patterns import presets

    if files:
        _echo_fits(*_fits(files, options), as_json)
        return
    known = {name: preset._asdict() for name, preset in presets().items()}
    if as_json:
        echo_json(known)
        return
    for name, preset in known.items():
        click.echo(f"{styled(name, bold=True)}\n  {preset['title']}\n  {preset['example']}")


def _fits(files: tuple[str, ...], options: dict[str, Any]) -> tuple[int, list[Fit], Fit]:
    """Return the number of files, presets that fit most of them, and what inference says."""
    from dask_fileseq.errors import FileSequenceError
    from dask_fileseq.patterns import presets
    from dask_fileseq.sequence import open_sequence

    what = files[0] if len(files) == 1 else list(files)
    with waiting("reading names"):
        row = open_sequence(what, pattern=None, sort=True, **options)
        fits = []
        for name in presets():
            try:
                fit = _fit(row.files, name)
            except FileSequenceError:
                continue
            if fit["files"] >= len(row) / 2:
                fits.append(fit)
        try:
            inferred = _fit(row.files, "infer")
        except FileSequenceError as error:
            inferred = {"error": str(error)}
    fits.sort(key=lambda fit: (-int(fit["files"]), fit["empty"]))
    return len(row), fits, inferred


def _fit(names: list[str], pattern: str) -> Fit:
    """Return what a pattern finds in names."""
    from dask_fileseq.sequence import open_sequence

    seq = open_sequence(names, pattern=pattern, unmatched="skip", duplicates="first")
    return {
        "name": pattern,
        "pattern": str(seq.pattern),
        "files": len(seq),
        "unmatched": len(seq.unmatched),
        "duplicates": len(seq.duplicates),
        "empty": seq.files_missing,
        "axes": dict(zip(seq.coords, seq.shape, strict=True)),
        "example": os.path.basename(seq[0]),
    }


def _echo_fits(count: int, fits: list[Fit], inferred: Fit, as_json: bool) -> None:
    if as_json:
        echo_json({"files": count, "presets": fits, "inferred": inferred})
        return
    click.echo(f"{count:,} files")
    for fit in fits:
        click.echo(f"{styled(fit['name'], bold=True)}: {_told(fit, count)}")
    if not fits:
        click.echo("no preset fits")
    if "error" in inferred:
        click.echo(f"{styled('infer', bold=True)}: {inferred['error']}")
    else:
        click.echo(f"{styled('infer', bold=True)}: {_told(inferred, count)}")
        click.echo(f"  pattern {inferred['pattern']}")


def _told(fit: Fit, count: int) -> str:
    """Return what a pattern finds, in a line."""
    axes = ", ".join(f"{dim} {size:,}" for dim, size in fit["axes"].items())
    parts = [f"{fit['files']:,} of {count:,} files", axes]
    if fit["empty"]:
        parts.append(f"{fit['empty']:,} empty cells")
    if fit["duplicates"]:
        parts.append(f"{fit['duplicates']:,} for a cell that has a file")
    return "; ".join(parts)
