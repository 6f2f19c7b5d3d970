"""The options of several commands, and the sequence that they open.

Functions that take the `options` of a command use those values that concern them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from dask_fileseq.cli.terminal import spinner
from dask_fileseq.cli.values import folder_pair, key_value

if TYPE_CHECKING:
    from dask_fileseq.sequence import FileSequence

__all__ = [
    "CONTAINER",
    "FILE_ARGUMENTS",
    "PRESETS",
    "PROJECT",
    "STORAGE",
    "check_not_read",
    "choice",
    "command",
    "file_options",
    "open_files",
    "option",
    "output_option",
    "python_code",
    "raw_string",
    "repeatable",
]


def option(names: str, text: str, **settings: Any) -> click.Option:
    """Return an option of click, with its default value in the help text."""
    return click.Option(names.split(), help=text, show_default=True, **settings)


def choice(name: str, words: str, default: str | None, text: str) -> click.Option:
    """Return an option that takes one of some words, which are separated by ``|``."""
    return option(name, text, type=click.Choice(words.split("|")), default=default)


def repeatable(
    names: str, metavar: str, pair: Callable[[str], tuple[str, Any]], text: str
) -> click.Option:
    """Return an option that may be given many times, whose values make a dict, or are None."""

    def as_dict(context: Any, parameter: Any, items: Sequence[tuple[str, Any]]) -> Any:
        return dict(items) or None

    text = f"{text}; may be repeated."
    return option(names, text, metavar=metavar, type=pair, multiple=True, callback=as_dict)


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
CONTAINER = option(
    "--container",
    "ZIP or TAR file, or the URL of one; FILES are then members of it.",
    metavar="ARCHIVE",
)
STORAGE = repeatable(
    "--storage-option storage_options",
    "KEY=VALUE",
    key_value,
    "For the file system of URLs, such as anon=true",
)
PROJECT = choice(
    "--project",
    "auto|max|mean|middle",
    "auto",
    "How planes along z become one picture: their maximum, their mean, or only the middle"
    " one is read; auto: the maximum, where that does not need many files.",
)


def file_options(
    unmatched: str = "skip", duplicates: str = "first", *, required: bool = True
) -> list[click.Parameter]:
    """Return FILES and the options of how to open them, with these default values."""
    return [
        click.Argument(["files"], nargs=-1, required=required),
        option(
            "--pattern",
            "Finds the axes in file names: a format string such as 't{time:d}_{channel}.tif', a"
            " regular expression, a preset's name, 'infer' or 'none' (one axis of all files).",
            default="infer",
        ),
        PRESETS,
        CONTAINER,
        STORAGE,
        repeatable(
            "--path-map",
            "ROOT=OTHER",
            folder_pair,
            "Where the workers of a cluster find the files of a folder",
        ),
        option("--sort/--no-sort", "Put the names in natural order (1, 2, 10).", default=True),
        choice(
            "--unmatched",
            "raise|skip",
            unmatched,
            "What to do about names that the pattern does not match.",
        ),
        choice(
            "--duplicates",
            "raise|first|last",
            duplicates,
            "Which of several files for one cell is kept.",
        ),
        choice(
            "--spacing",
            "unit|step|values",
            "step",
            "Which numbers count: all, those a common step apart, or those that occur.",
        ),
    ]


DEFAULTS = {
    "container": None,
    "path_map": None,
    "sort": True,
    "unmatched": "raise",
    "duplicates": "raise",
    "spacing": "step",
}
"""Default values of `open_sequence` for its arguments that are written out in code."""

FILE_ARGUMENTS = ("pattern", "storage_options", *DEFAULTS)
"""The arguments of `open_sequence` that `file_options` adds to a command."""


def open_files(files: tuple[str, ...], options: dict[str, Any]) -> FileSequence:
    """Return the sequence that FILES and the options of a command describe."""
    from dask_fileseq.sequence import open_sequence

    arguments = {key: options[key] for key in FILE_ARGUMENTS if key in options}
    arguments["pattern"] = None if options["pattern"] == "none" else options["pattern"]
    with spinner("reading names"):
        return open_sequence(files[0] if len(files) == 1 else list(files), **arguments)


def python_code(seq: FileSequence, files: tuple[str, ...], options: dict[str, Any]) -> str:
    """Return the call of `open_sequence` that opens the same files, without secrets."""
    defaults = DEFAULTS | {"sort": len(files) == 1}
    code = [repr(files[0]) if len(files) == 1 else "files"]
    code.append(f"pattern={None if seq.pattern is None else raw_string(str(seq.pattern))}")
    for key, default in defaults.items():
        is_used = {"unmatched": seq.unmatched, "duplicates": seq.duplicates}.get(key, True)
        if is_used and options[key] != default:
            code.append(f"{key}={options[key]!r}")
    code += ["storage_options=storage_options"] if options["storage_options"] else []
    return f"dask_fileseq.open_sequence({', '.join(code)})"


def raw_string(pattern: str) -> str:
    r"""Return the Python literal of a text, with backslashes as they are.

    >>> print(raw_string(r"_(c)(\d+)"))
    r'_(c)(\d+)'
    """
    if "\\" not in pattern or "'" in pattern or pattern.endswith("\\") or "\n" in pattern:
        return repr(pattern)
    return f"r'{pattern}'"
