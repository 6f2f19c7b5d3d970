"""``dask fileseq patterns``: the presets, and which of them fit."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import click

from dask_fileseq.cli.options import PRESETS, command, open_files, option, options_of
from dask_fileseq.cli.terminal import echo, echo_json, spinner, styled
from dask_fileseq.plaintext import counted, printable

EXAMPLES = """
  dask fileseq patterns
  dask fileseq patterns 'plate/**/*.tif'
  dask fileseq patterns scans/ -v
  dask fileseq patterns scans/ --json
  dask fileseq patterns --presets mine.toml scans/
"""

Fit = dict[str, Any]


VERBOSE = option(
    "-v --verbose",
    "Say what each field of the names is taken for, and why.",
    is_flag=True,
)


@command(EXAMPLES, click.Argument(["files"], nargs=-1), VERBOSE, PRESETS, *options_of("place"))
def patterns(files: tuple[str, ...], verbose: bool, as_json: bool, **options: Any) -> None:
    """List the presets, each with an example.

    With FILES: the presets that fit their names, with the axes that they find, and the
    pattern that is inferred. No file is opened.
    """
    from dask_fileseq.patterns import presets

    if files:
        fits = _fits(files, options, verbose=verbose)
        if as_json:
            echo_json(fits)
        else:
            _echo_fits(**fits)
    elif as_json:
        echo_json({name: preset._asdict() for name, preset in presets().items()})
    else:
        for name, preset in presets().items():
            echo(f"{styled(name, bold=True)}\n  {preset.title}\n  {preset.example}")


def _fits(files: tuple[str, ...], options: dict[str, Any], *, verbose: bool) -> dict[str, Any]:
    """Return the number of files, presets that fit at least half of them, and the inferred."""
    from dask_fileseq.errors import FileSequenceError
    from dask_fileseq.patterns import explain_names, presets

    seq = open_files(files, options | {"pattern": "none", "sort": True})
    with spinner("reading names"):
        fits = []
        for name in presets():
            with suppress(FileSequenceError):
                fits.append(_fit(seq.files, name))
        try:
            inferred = _fit(seq.files, "infer")
        except FileSequenceError as error:
            inferred = {"error": str(error)}
    fits = [fit for fit in fits if fit["files"] >= len(seq) / 2]
    fits.sort(key=lambda fit: (-fit["files"], fit["empty"]))
    found = {"files": len(seq), "presets": fits, "inferred": inferred}
    return found | ({"explanation": explain_names(seq.files)} if verbose else {})


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


def _echo_fits(files: int, presets: list[Fit], inferred: Fit, explanation: str = "") -> None:
    echo(counted(files, "file"))
    for fit in presets:
        echo(f"{styled(fit['name'], bold=True)}: {_fit_text(fit, files)}")
    if not presets:
        echo("no preset fits")
    text = inferred["error"] if "error" in inferred else _fit_text(inferred, files)
    echo(f"{styled('infer', bold=True)}: {text}")
    if "pattern" in inferred:
        echo(f"  pattern {printable(str(inferred['pattern']), lines=False)}")
    if explanation:
        echo(f"\n{explanation}")


def _fit_text(fit: Fit, count: int) -> str:
    """Return in one line what a pattern finds."""
    axes = ", ".join(f"{dim} {size:,}" for dim, size in fit["axes"].items())
    parts = [f"{fit['files']:,} of {counted(count, 'file')}", axes]
    if fit["empty"]:
        parts.append(counted(fit["empty"], "empty cell"))
    if fit["duplicates"]:
        parts.append(f"{fit['duplicates']:,} for a cell that has a file")
    return "; ".join(parts)
