"""The options of several commands, and the sequence that they open.

Functions that take the `options` of a command use those values that concern them.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import click

from dask_fileseq.cli.terminal import spinner
from dask_fileseq.cli.values import (
    fill,
    folder_pair,
    key_value,
    pages,
    pairs,
    scales,
    series,
    sizes,
)
from dask_fileseq.plaintext import without_secrets

if TYPE_CHECKING:
    from dask_fileseq.sequence import FileSequence


TYPES: dict[str, Any] = {
    "fill": fill,
    "folder_pair": folder_pair,
    "key_value": key_value,
    "level": click.FLOAT,
    "natural": click.IntRange(0),
    "pages": pages,
    "pairs": pairs,
    "port": click.IntRange(0, 65535),
    "positive": click.IntRange(1),
    "scales": scales,
    "seconds": click.FloatRange(0, min_open=True),
    "series": series,
    "sizes": sizes,
}
"""What converts the text of an option, by its name in ``options.toml``."""


def option(names: str, help: str, **settings: Any) -> click.Option:
    """Return an option of click, with its default value in the help text."""
    return click.Option(names.split(), help=help, show_default=True, **settings)


def options_of(group: str, **defaults: str) -> list[click.Option]:
    """Return a group of options from ``options.toml``, some with other default values."""
    options = []
    for names, table in _tables()[group].items():
        settings = dict(table)
        if "words" in settings:
            settings["type"] = click.Choice(settings.pop("words"))
        elif "type" in settings:
            settings["type"] = TYPES[settings["type"]]
        if settings.get("multiple"):
            settings["callback"] = _as_dict
        name = names.strip("-")
        if name in defaults:
            settings["default"] = defaults[name]
        options.append(option(names, **settings))
    return options


@cache
def _tables() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the groups of options, each with its options by their names."""
    path = resources.files("dask_fileseq.cli").joinpath("options.toml")
    return tomllib.loads(path.read_text("utf-8"))


def _as_dict(context: Any, parameter: Any, items: Sequence[tuple[str, Any]]) -> Any:
    return dict(items) or None


def command(examples: str, *options: click.Parameter) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that makes a command with these options, ``--json`` and examples."""
    as_json = option("--json as_json", "Print JSON, for programs.", is_flag=True)
    return click.command(epilog=f"\b\nExamples:{examples}", params=[*options, as_json])


def output_option(default: str, text: str, suffixes: tuple[str, ...]) -> click.Option:
    """Return the option of the file to write, which must have one of some suffixes."""

    def check(context: Any, parameter: Any, output: str) -> str:
        folder = os.path.dirname(os.path.abspath(output))
        if not output.lower().endswith(suffixes):
            problem = f"{output!r} does not end in {', '.join(suffixes)}"
        elif not os.path.isdir(folder):
            problem = f"there is no folder {folder!r}"
        elif os.path.isdir(output):
            problem = f"{output!r} is a folder"
        else:
            return output
        raise click.BadParameter(problem, param_hint="--output")

    return option("-o --output", text, default=default, metavar="FILE", callback=check)


def check_not_read(output: str, names: Iterable[str]) -> None:
    """Raise if the file to write is one of the files that are read."""
    if os.path.exists(output) and os.path.abspath(output) in map(os.path.abspath, names):
        raise click.BadParameter(f"{output!r} is one of FILES", param_hint="--output")


def _add_presets(context: Any, parameter: Any, path: str | None) -> None:
    from dask_fileseq.patterns import add_presets

    if path is not None:
        add_presets(path)


PRESETS = option(
    "--presets",
    "A file with more presets, of your own.",
    metavar="TOML",
    expose_value=False,
    callback=_add_presets,
)


def file_options(*, required: bool = True, **defaults: str) -> list[click.Parameter]:
    """Return FILES and the options of how to open them, some with other default values."""
    argument = click.Argument(["files"], nargs=-1, required=required)
    options = [*options_of("pattern"), PRESETS, *options_of("place")]
    return [argument, *options, *options_of("image"), *options_of("names", **defaults)]


DEFAULTS = {
    "container": None,
    "path_map": None,
    "sort": True,
    "unmatched": "raise",
    "duplicates": "raise",
    "spacing": "auto",
    "series": None,
    "key": None,
    "level": None,
    "imreadargs": None,
}
"""Default values of `open_sequence` for its arguments that are written out in code."""

FILE_ARGUMENTS = ("pattern", "table", "storage_options", *DEFAULTS)
"""The arguments of `open_sequence` that `file_options` adds to a command."""


def open_files(files: tuple[str, ...], options: dict[str, Any]) -> FileSequence:
    """Return the sequence that FILES and the options of a command describe."""
    from dask_fileseq.sequence import open_sequence

    arguments = {key: options[key] for key in FILE_ARGUMENTS if key in options}
    for key in ("pattern", "table"):
        if options.get(key) == "none":
            arguments[key] = None
    with spinner("reading names"):
        return open_sequence(files[0] if len(files) == 1 else list(files), **arguments)


def python_code(seq: FileSequence, files: tuple[str, ...], options: dict[str, Any]) -> str:
    """Return the call of `open_sequence` that opens the same files, without secrets."""
    defaults = DEFAULTS | {"sort": len(files) == 1}
    code = [repr(files[0]) if len(files) == 1 else "files"]
    if not seq.grid.metadata.source:
        code.append(f"pattern={None if seq.pattern is None else raw_string(str(seq.pattern))}")
    elif options["table"] != "auto":
        code.append(f"table={raw_string(options['table'])}")
    for key, default in defaults.items():
        is_used = {"unmatched": seq.unmatched, "duplicates": seq.duplicates}.get(key, True)
        if is_used and options[key] != default:
            code.append(f"{key}={options[key]!r}")
    code += ["storage_options=storage_options"] if options["storage_options"] else []
    return without_secrets(f"dask_fileseq.open_sequence({', '.join(code)})")


def raw_string(pattern: str) -> str:
    r"""Return the Python literal of a text, with backslashes as they are.

    >>> print(raw_string(r"_(c)(\d+)"))
    r'_(c)(\d+)'
    """
    if "\\" not in pattern or "'" in pattern or pattern.endswith("\\") or "\n" in pattern:
        return repr(pattern)
    return f"r'{pattern}'"
