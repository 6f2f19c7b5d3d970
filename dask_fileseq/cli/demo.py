"""``dask fileseq demo``: a small acquisition, opened and projected."""

from __future__ import annotations

import os
import tempfile

import click

from dask_fileseq.cli.options import json_option

__all__ = ["demo"]

EXAMPLES = """\b
Examples:
  dask fileseq demo
  dask fileseq demo cells
"""


@click.command(epilog=EXAMPLES)
@click.argument("folder", metavar="[DIR]", required=False)
@json_option
def demo(folder: str | None, as_json: bool) -> None:
    """Write a small acquisition, open it and save a projection of it.

    The acquisition is a microscope's: 58 TIFF files of 6 times, 2 channels and 5
    planes, of which two are missing. It goes into DIR, which must be new, empty or an
    earlier demo, or else into a new temporary folder.
    """
    from dask_fileseq import demo as data
    from dask_fileseq.cli.show import describe, echo_array, echo_names, sized
    from dask_fileseq.cli.terminal import echo_json, waiting
    from dask_fileseq.report.code import raw
    from dask_fileseq.report.summary import array_summary
    from dask_fileseq.sequence import open_sequence

    if folder is None:
        folder = tempfile.mkdtemp(prefix="dask-fileseq-demo-")
    folder = os.path.abspath(folder)
    data.claim_folder(folder, ("acquisition", "projection.tif", "projection.png"))
    with waiting("writing an acquisition"):
        files = data.write_acquisition(os.path.join(folder, "acquisition"))
    seq = open_sequence(files, pattern=data.PATTERN)
    told = describe(seq) | array_summary(seq.shape, seq._first_info())
    if not as_json:
        echo_names(told)
        echo_array(told)
    with waiting("computing its projection"):
        projection = seq.to_dask_array().max(axis=seq.dims.index("z")).compute()
        pixels, picture = data.save_projection(folder, projection)
    if as_json:
        echo_json(told | {"folder": files, "projection": pixels, "picture": picture})
        return
    click.echo(
        f"\nThe maximum along z was computed and saved, {sized(projection.shape)} pixels:\n"
        f"  {pixels}\n"
        f"  {picture}\n"
        "\nThe same in Python:\n"
        "  from dask_fileseq import open_sequence\n"
        f"  seq = open_sequence({files!r},\n"
        f"                      pattern={raw(data.PATTERN)})\n"
        f"  projection = seq.to_dask_array().max(axis={seq.dims.index('z')}).compute()"
    )
