"""``dask fileseq write``: the images in files as other image files."""

from __future__ import annotations

from typing import Any

import click

from dask_fileseq.cli.cluster import connected_scheduler
from dask_fileseq.cli.options import command, file_options, open_files, options_of
from dask_fileseq.cli.terminal import command_line_text, echo, echo_json, progress_bar, spinner

EXAMPLES = """
  dask fileseq write scans/ 'out/{channel}/t{t:03d}_z{z:02d}.tif' --compression zlib
  dask fileseq write 'plate/**/*.tif' 'out/{well}.ome.tif' --pattern operetta
  dask fileseq write scans/ 'out/{folder}/{stem}.png' --dry-run
  dask fileseq write 'scene/*.jp2' 'cog/{stem}.tif' --cog --compression zstd
"""

SHOWN = 5


@command(
    EXAMPLES,
    *file_options(unmatched="raise", duplicates="raise", required=False),
    click.Argument(["out"]),
    *options_of("files"),
    *options_of("scheduler"),
)
def write(files: tuple[str, ...], out: str, as_json: bool, **options: Any) -> None:
    """Write the images in FILES to the files that OUT names.

    OUT is a pattern with fields for axes, such as {t:03d}, or for the name of the file that is
    read: {name}, {stem}, {suffix}, and {folder}, below the folder that all files share. Put it in
    quotes. Its suffix is the format. The same command goes on where it was interrupted, and
    finished files are not written again.
    """
    from dask_fileseq.write import NAME_FIELDS, map_files, to_files

    if not files:
        raise click.UsageError(f"there is {out!r}, but not both FILES and OUT")
    if "{" not in out:
        raise click.UsageError(f"OUT is {out!r}, without a field such as '{{t:03d}}' or '{{name}}'")
    names = ("compression", "tile", "imagej", "cog", "overwrite")
    arguments = {name: options[name] for name in names} | {"level": options["encode_level"]}
    seq = open_files(files, options)
    if any(f"{{{field}}}" in out for field in NAME_FIELDS):
        for name in ("inside", "scale"):
            if options[name] is not None:
                raise click.UsageError(f"--{name} is for axes in OUT, not for names of files")

        def start(**more: Any) -> Any:
            return map_files(seq, same, out, errors=options["errors"], **arguments, **more)
    else:
        inside = options["inside"] and options["inside"].split(",")
        array = seq.array(errors=options["errors"])

        def start(**more: Any) -> Any:
            return to_files(array, out, inside=inside, scale=options["scale"], **arguments, **more)

    with spinner("making names"):
        plan = start(dry_run=True)
    if options["dry_run"]:
        if as_json:
            echo_json(plan)
            return
        echo(command_line_text(plan["text"]))
        for name in plan["names"][:SHOWN]:
            echo(f"  {command_line_text(name)}")
        return
    if not as_json:
        echo(command_line_text(plan["text"]))
    try:
        with (
            connected_scheduler(options) as get,
            progress_bar("writing", is_bytes=True) as progress,
        ):
            start(scheduler=get, workers=options["workers"], progress=progress)
    except KeyboardInterrupt:
        echo("The same command goes on where this one stopped.", err=True)
        raise
    if as_json:
        echo_json(plan | {"written": plan["files"]})


def same(image: Any) -> Any:
    """Return an image as it is; other processes find this function by its name."""
    return image
