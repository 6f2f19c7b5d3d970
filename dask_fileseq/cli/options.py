"""What all commands on files take, and the sequence that they open."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from dask_fileseq.cli.values import path_map, storage_options

if TYPE_CHECKING:
    from dask_fileseq.sequence import FileSequence

__all__ = [
    "OPENING",
    "container_option",
    "file_options",
    "json_option",
    "open_files",
    "opening_code",
    "presets_option",
    "storage_option",
]

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

DEFAULTS = {"spacing": "step", "unmatched": "raise", "duplicates": "raise"}

OPENING = (
    "pattern",
    "container",
    "storage_options",
    "path_map",
    "sort",
    "unmatched",
    "duplicates",
    "spacing",
)
"""The arguments of `open_sequence` that are options."""


def _add_presets(context: click.Context, parameter: Any, path: str | None) -> None:
    from dask_fileseq.patterns import add_presets

    if path is not None:
        add_presets(path)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
presets_option = click.option(
    "--presets",
    metavar="TOML",
    expose_value=False,
    callback=_add_presets,
    help="A file with more presets, of your own.",
)
container_option = click.option(
    "--container",
    metavar="ARCHIVE",
    help="ZIP or TAR file, or the URL of one; FILES are then members of it.",
)
storage_option = click.option(
    "--storage-option",
    "storage_options",
    metavar="KEY=VALUE",
    multiple=True,
    callback=storage_options,
    help="For the file system of URLs, such as anon=true; may be repeated.",
)


def file_options(*, required: bool = True, strict: bool = False) -> Decorator:
    """Return a decorator that adds FILES and how to open them.

    Where not `strict`, names that do not fit are left out, for the command to tell.
    """
    unmatched, duplicates = ("raise", "raise") if strict else ("skip", "first")
    options = [
        click.argument("files", nargs=-1, required=required),
        click.option(
            "--pattern",
            default="infer",
            show_default=True,
            help="Finds the axes in file names: a format string such as"
            " 't{time:d}_{channel}.tif', a regular expression, a preset's name, 'infer' or"
            " 'none' (the files stand in a row).",
        ),
        presets_option,
        container_option,
        storage_option,
        click.option(
            "--path-map",
            metavar="ROOT=OTHER",
            multiple=True,
            callback=path_map,
            help="Where the workers of a cluster see files below a folder; may be repeated.",
        ),
        click.option(
            "--sort/--no-sort",
            default=True,
            show_default=True,
            help="Put the names in natural order (1, 2, 10).",
        ),
        click.option(
            "--unmatched",
            type=click.Choice(["raise", "skip"]),
            default=unmatched,
            show_default=True,
            help="What to do about names that the pattern does not match.",
        ),
        click.option(
            "--duplicates",
            type=click.Choice(["raise", "first", "last"]),
            default=duplicates,
            show_default=True,
            help="Which of several files for one cell stays.",
        ),
        click.option(
            "--spacing",
            type=click.Choice(["unit", "step", "values"]),
            default="step",
            show_default=True,
            help="Which numbers count: all, those a common step apart, or those that occur.",
        ),
    ]

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return add


def open_files(files: tuple[str, ...], pattern: str, **options: Any) -> FileSequence:
    """Return the sequence that a user's options mean."""
    from dask_fileseq.cli.terminal import waiting
    from dask_fileseq.sequence import open_sequence

    with waiting("reading names"):
        return open_sequence(_what(files), pattern=_given(pattern), **options)


def _what(files: tuple[str, ...]) -> str | list[str]:
    return files[0] if len(files) == 1 else list(files)


def _given(pattern: str) -> str | None:
    return None if pattern == "none" else pattern


def opening_code(seq: FileSequence, files: tuple[str, ...], options: dict[str, Any]) -> str:
    """Return the Python that opens the same files."""
    from dask_fileseq.report.code import Name, opening

    kept = {key: value for key, value in options.items() if key != "pattern"}
    if not seq.unmatched:
        kept.pop("unmatched", None)
    if not seq.duplicates:
        kept.pop("duplicates", None)
    what = _what(files)
    if kept.pop("storage_options", None):
        kept["storage_options"] = Name("storage_options")  # there may be secrets in it
    defaults = DEFAULTS | {"sort": isinstance(what, str), "container": None}
    kept = {key: value for key, value in kept.items() if value != defaults.get(key)}
    return opening(what, seq.pattern, kept)
