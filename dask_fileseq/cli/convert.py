"""``dask fileseq convert``: a copy in Zarr or OME-Zarr."""

from __future__ import annotations

import os
import warnings
from typing import Any

import click

from dask_fileseq.cli.cluster import connected_scheduler
from dask_fileseq.cli.options import command, file_options, open_files, options_of
from dask_fileseq.cli.terminal import (
    command_line_text,
    echo,
    echo_json,
    progress_bar,
    spinner,
    styled,
)
from dask_fileseq.plaintext import counted

EXAMPLES = """
  dask fileseq convert scans/ scans.ome.zarr
  dask fileseq convert scans/ scans.zarr --chunks y=1024,x=1024 --codecs zstd
  dask fileseq convert 'plate/**/*.tif' plate.ome.zarr --pattern operetta --verify all
  dask fileseq convert scans/ scans.ome.zarr --dry-run
  dask fileseq convert scans/ scans.ome.zarr --pixel-size 0.65um --scale z=2um,t=30s
  dask fileseq convert tiles/ mosaic.ome.zarr --axestiled row=y,column=x
  dask fileseq convert scans/ s3://bucket/scans.zarr --target-option anon=false
  dask fileseq convert scans/ scans.zarr --follow --timeout 600
  dask fileseq convert scans/ scans.zarr --scheduler local --workers 4 --memory-limit 2GiB
"""

SHOWN = 20
OME_ZARR = options_of("ome_zarr")


@command(
    EXAMPLES,
    *file_options(unmatched="raise", duplicates="raise", required=False),
    click.Argument(["out"]),
    *options_of("target"),
    *OME_ZARR,
    *options_of("writing"),
    *options_of("following"),
    *options_of("scheduler"),
)
def convert(files: tuple[str, ...], out: str, as_json: bool, **options: Any) -> None:
    """Copy FILES to OUT as Zarr or OME-Zarr, losing nothing.

    OUT is a folder to make, or a URL. What will be written is printed first. It may be
    interrupted at any time: the same command goes on where it stopped. At the end, what was
    written is compared with the files, and a manifest in OUT lists what was copied. The exit
    code is 1 if files could not be read.
    """
    from dask_fileseq.errors import FillWarning, HeaderWarning

    if not files:
        raise click.UsageError(f"there is {out!r}, but not both FILES and OUT")
    if os.path.isfile(out):
        raise click.UsageError(
            f"OUT is missing: the last argument, {out!r}, is a file. A pattern that the shell"
            " has expanded gives all of its files; put it in quotes, and the place to write"
            " behind it, such as 'scans/*.tif' scans.ome.zarr"
        )
    is_ome = options["format"] == "ome-zarr" or (
        options["format"] == "auto" and out.rstrip("/\\").endswith(".ome.zarr")
    )
    arguments = _arguments(options, is_ome)
    if options["follow"]:
        if is_ome:
            raise click.UsageError("--follow makes plain Zarr alone: add --format zarr")
        arguments["follow"] = {key: options[key] for key in ("interval", "timeout")}
    elif options["timeout"]:
        raise click.UsageError("--timeout needs --follow")
    seq = open_files(files, options)
    arguments["axestiled"] = options["axestiled"]
    write = seq.to_ome_zarr if is_ome else seq.to_zarr
    if options["dry_run"] or not as_json:
        with spinner("looking at some files"):
            summary = write(out, dry_run=True, **arguments)
        if as_json:
            echo_json(summary)
        else:
            for line in summary["text"].splitlines():
                echo(command_line_text(line))
    if options["dry_run"]:
        return
    try:
        with (
            warnings.catch_warnings(),
            connected_scheduler(options) as get,
            progress_bar("converting", is_bytes=True) as progress,
        ):
            warnings.simplefilter("ignore", FillWarning)  # the manifest lists these files
            if not as_json:  # the summary has warned already
                warnings.simplefilter("ignore", HeaderWarning)
            manifest = write(out, scheduler=get, progress=progress, **arguments)
    except KeyboardInterrupt:
        echo("The same command goes on where this one stopped.", err=True)
        raise
    if as_json:
        echo_json(manifest)
    else:
        _echo(manifest, out)
    if manifest["failed"]:
        raise click.exceptions.Exit(1)


def _arguments(options: dict[str, Any], is_ome: bool) -> dict[str, Any]:
    """Return the arguments of `to_zarr` or `to_ome_zarr` that follow from options alone."""
    ome = {str(each.name): options[str(each.name)] for each in OME_ZARR}
    ome = {name: value for name, value in ome.items() if value is not None}
    if ome and not is_ome:
        name = next(iter(ome)).replace("_", "-")
        raise click.UsageError(f"--{name} is for OME-Zarr: add --format ome-zarr")
    names = ["chunks", "shards", "codecs", "resume", "overwrite", "errors", "fillvalue"]
    names += ["memory", "workers"]
    return ome | {
        **{name: options[name] for name in names},
        "storage_options": options["target_option"],
        "verify": None if options["verify"] == "none" else options["verify"],
    }


def _echo(manifest: dict[str, Any], out: str) -> None:
    """Print how many files were copied, and which could not be read."""
    failed = manifest["failed"]
    compared, regions = manifest["verified"]["regions"], manifest["regions"]
    how = "all" if compared == regions else f"{compared:,} of {regions:,} regions"
    echo(
        f"{out}\n{counted(manifest['file_count'], 'file')},"
        f" {counted(manifest['empty']['count'], 'empty cell')};"
        f" {how if compared else 'nothing'} compared with the files"
    )
    if failed:
        echo(styled(f"{counted(len(failed), 'file')} could not be read:", fg="red"))
        for entry in failed[:SHOWN]:
            echo(f"  {entry['error']}")
    if len(failed) > SHOWN:
        echo(f"  and {len(failed) - SHOWN:,} more, which the manifest lists")
