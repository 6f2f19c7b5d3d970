"""``dask fileseq convert``: a copy in Zarr or OME-Zarr."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from dask_fileseq.cli.cluster import scheduler_of, scheduler_options
from dask_fileseq.cli.options import OPENING, file_options, json_option, open_files
from dask_fileseq.cli.terminal import echo_json, progress_bar, styled
from dask_fileseq.cli.values import PAIRS, SCALES, SIZES, storage_options

if TYPE_CHECKING:
    from dask_fileseq.sequence import FileSequence

__all__ = ["convert"]

EXAMPLES = r"""
Examples:
  dask fileseq convert scans/ scans.ome.zarr
  dask fileseq convert scans/ scans.zarr --chunks y=1024,x=1024 --codecs zstd
  dask fileseq convert 'plate/**/*.tif' plate.ome.zarr --pattern operetta --verify all
  dask fileseq convert scans/ scans.ome.zarr --scale z=0.5um,y=0.1um,x=0.1um
  dask fileseq convert tiles/ mosaic.ome.zarr --axestiled row=y,column=x
  dask fileseq convert scans/ s3://bucket/scans.zarr --target-option anon=false
  dask fileseq convert scans/ scans.zarr --scheduler local --workers 4 --memory-limit 2GiB
"""

SHOWN = 20

OME_ONLY = ("axes", "scale", "name", "levels", "method")


def target_options(function: Any) -> Any:
    """Add the options of what is written."""
    options = [
        click.option(
            "--format",
            "kind",
            type=click.Choice(["auto", "zarr", "ome-zarr"]),
            default="auto",
            show_default=True,
            help="What to write; auto: OME-Zarr where OUT ends with .ome.zarr.",
        ),
        click.option(
            "--chunks",
            type=SIZES,
            default="auto",
            show_default=True,
            help="What is read at a time: a number (along y and x), one for each axis, or"
            " name=number,...",
        ),
        click.option(
            "--shards",
            type=SIZES,
            default="auto",
            show_default=True,
            help="What is stored as one object, in the same forms; none: each chunk.",
        ),
        click.option(
            "--codecs",
            type=click.Choice(["auto", "blosc", "zstd", "gzip", "none"]),
            default="auto",
            show_default=True,
            help="How to compress.",
        ),
        click.option(
            "--axestiled",
            type=PAIRS,
            help="Mosaics: axes of the grid to lay edge to edge along axes of the images, such as"
            " row=y,column=x.",
        ),
        click.option("--axes", type=PAIRS, help="OME-Zarr: what axes are, such as s=image,q=t."),
        click.option("--scale", type=SCALES, help="OME-Zarr: steps along axes, as z=0.5um,t=30s."),
        click.option("--name", help="OME-Zarr: name of the image or plate."),
        click.option("--levels", type=click.IntRange(1), help="OME-Zarr: levels of the pyramid."),
        click.option(
            "--method",
            type=click.Choice(["mean", "nearest"]),
            help="OME-Zarr: how levels are made; nearest is for labels.  [default: mean]",
        ),
        click.option(
            "--target-option",
            "target_option",
            metavar="KEY=VALUE",
            multiple=True,
            callback=storage_options,
            help="For the file system of OUT, where that is a URL; may be repeated.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def running_options(function: Any) -> Any:
    """Add the options of how it is written."""
    options = [
        click.option(
            "--resume/--no-resume",
            default=True,
            show_default=True,
            help="Go on with a conversion that was interrupted.",
        ),
        click.option(
            "--overwrite", is_flag=True, help="Start over, and replace what Zarr there is."
        ),
        click.option(
            "--verify",
            type=click.Choice(["sample", "all", "none"]),
            default="sample",
            show_default=True,
            help="What to read back and compare with the files.",
        ),
        click.option(
            "--fillvalue", type=float, help="What cells without a file become.  [default: 0]"
        ),
        click.option(
            "--errors",
            type=click.Choice(["raise", "fill"]),
            default="raise",
            show_default=True,
            help="Whether a file that cannot be read ends it, or becomes the fill value.",
        ),
        click.option(
            "--memory",
            default="64 MiB",
            show_default=True,
            metavar="SIZE",
            help="Pixels that a task reads at a time.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@click.command(epilog=f"\b{EXAMPLES}")
@file_options(required=False, strict=True)
@click.argument("out")
@target_options
@running_options
@scheduler_options
@json_option
def convert(
    files: tuple[str, ...],
    out: str,
    kind: str,
    scheduler: str | None,
    memory_limit: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Copy FILES to OUT as Zarr or OME-Zarr, losing nothing.

    OUT is a folder to make, or a URL. It may be interrupted at any time: the same command
    goes on where it stopped. At the end, what was written is compared with the files, and
    a manifest in OUT tells what went in. The exit code is 1 if files could not be read.
    """
    if not files:
        raise click.UsageError(f"there is {out!r}, but not both FILES and OUT")
    is_ome = kind == "ome-zarr" or (kind == "auto" and out.rstrip("/\\").endswith(".ome.zarr"))
    opening = {key: options.pop(key) for key in OPENING}
    arguments = _arguments(options, is_ome)
    seq = open_files(files, **opening)
    arguments["axestiled"] = _by_number(arguments["axestiled"], seq)
    try:
        with (
            _fills_told_at_the_end(),
            scheduler_of(scheduler, arguments["workers"], memory_limit) as get,
            progress_bar("converting", is_bytes=True) as progress,
        ):
            write = seq.to_ome_zarr if is_ome else seq.to_zarr
            manifest = write(out, scheduler=get, progress=progress, **arguments)
    except KeyboardInterrupt:
        click.echo("The same command goes on where this one stopped.", err=True)
        raise
    if as_json:
        echo_json(manifest)
    else:
        _echo(manifest, out)
    if manifest["failed"]:
        raise click.exceptions.Exit(1)


@contextmanager
def _fills_told_at_the_end() -> Iterator[None]:
    """Let no file that is filled be told of twice."""
    from dask_fileseq.errors import FillWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FillWarning)
        yield


def _arguments(options: dict[str, Any], is_ome: bool) -> dict[str, Any]:
    """Return the arguments of the conversion."""
    given = {key: options.pop(key) for key in OME_ONLY}
    ome = {key: value for key, value in given.items() if value is not None}
    if ome and not is_ome:
        raise click.UsageError(f"--{next(iter(ome))} is for OME-Zarr: add --format ome-zarr")
    options["storage_options"] = options.pop("target_option")
    options["verify"] = None if options["verify"] == "none" else options["verify"]
    if options["fillvalue"] is not None and options["fillvalue"].is_integer():
        options["fillvalue"] = int(options["fillvalue"])
    return options | ome


def _by_number(tiled: dict[str, str] | None, seq: FileSequence) -> dict[int, int] | None:
    """Return axes of the grid and of the images that are given by their names."""
    if tiled is None:
        return None
    grid, chunk = list(seq.coords), list(seq.chunkdims)
    for pair in tiled.items():
        for name, known in zip(pair, (grid, chunk), strict=True):
            if name not in known:
                text = f"{name!r} is none of {', '.join(known)}"
                raise click.BadParameter(text, param_hint="--axestiled")
    return {grid.index(axis): chunk.index(other) for axis, other in tiled.items()}


def _echo(manifest: dict[str, Any], out: str) -> None:
    """Say what was written, and what was not."""
    failed = manifest["failed"]
    click.echo(out)
    compared, regions = manifest["verified"]["regions"], manifest["regions"]
    how = "all" if compared == regions else f"{compared:,} of {regions:,} regions"
    click.echo(
        f"{manifest['file_count']:,} files, {manifest['empty']['count']:,} empty cells;"
        f" {how if compared else 'nothing'} compared with the files"
    )
    if failed:
        click.echo(styled(f"{len(failed):,} files could not be read:", fg="red"))
        for entry in failed[:SHOWN]:
            click.echo(f"  {entry['error']}")
    if len(failed) > SHOWN:
        click.echo(f"  and {len(failed) - SHOWN:,} more, which the manifest lists")
