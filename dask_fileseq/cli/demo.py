"""``dask fileseq demo``: a small acquisition, opened and projected."""

from __future__ import annotations

import os
import tempfile

import click

from dask_fileseq.cli.options import command, raw_string
from dask_fileseq.cli.show import array_info, echo_array, echo_names, names_info
from dask_fileseq.cli.terminal import echo, echo_json, spinner

EXAMPLES = """
  dask fileseq demo
  dask fileseq demo cells
"""


@command(EXAMPLES, click.Argument(["folder"], metavar="[DIR]", required=False))
def demo(folder: str | None, as_json: bool) -> None:
    """Write a small acquisition, open it and save a projection of it.

    The acquisition is a microscope's: 58 TIFF files of 6 times, 2 channels and 5
    planes, of which two are missing. It goes into DIR, which must be new, empty or an
    earlier demo, or else into a new temporary folder.
    """
    from dask_fileseq import demo as images
    from dask_fileseq.report.summary import sizes_text
    from dask_fileseq.sequence import open_sequence

    folder = os.path.abspath(folder or tempfile.mkdtemp(prefix="dask-fileseq-demo-"))
    images.claim_folder(folder, ("acquisition", "projection.tif", "projection.png"))
    with spinner("writing an acquisition"):
        files = images.write_acquisition(os.path.join(folder, "acquisition"))
    seq = open_sequence(files, pattern=images.PATTERN)
    info = names_info(seq) | array_info(seq)
    if not as_json:
        echo_names(info)
        echo_array(info)
    axis = seq.dims.index("z")
    with spinner("computing its projection"):
        projection = seq.to_dask_array(chunks="grouped").max(axis=axis).compute()
        pixels, picture = images.save_projection(folder, projection)
    if as_json:
        del info["error"]
        echo_json(info | {"folder": files, "projection": pixels, "picture": picture})
        return
    echo(
        f"\nThe maximum along z was computed and saved, {sizes_text(projection.shape)} pixels:\n"
        f"  {pixels}\n"
        f"  {picture}\n"
        "\nThe same in Python:\n"
        "  from dask_fileseq import open_sequence\n"
        f"  seq = open_sequence({files!r},\n"
        f"                      pattern={raw_string(images.PATTERN)})\n"
        f'  projection = seq.to_dask_array(chunks="grouped").max(axis={axis}).compute()'
    )
