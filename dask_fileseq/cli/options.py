"""Options that several commands have in common, and the sequence that they open."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dask_fileseq.cli.terminal import spinner
from dask_fileseq.cli.values import as_dict, folder_pair, key_value

if TYPE_CHECKING:
    from dask_fileseq.sequence import FileSequence

__all__ = [
    "FILE_ARGUMENTS",
    "add_options",
    "check_output",
    "choice",
    "container_option",
    "file_options",
    "first_or_list",
    "json_option",
    "open_files",
    "option",
    "output_option",
    "presets_option",
    "project_option",
    "python_code",
    "raw_string",
    "repeatable",
    "storage_option",
]

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

option = partial(click.option, show_default=True)
"""An option of click, with its default value in the help text."""


def add_options(*options: Decorator) -> Decorator:
    """Return a decorator that adds options to a command, in the order of its help text."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for one in reversed(options):
            function = one(function)
        return function

    return add


def choice(name: str, words: str, default: str | None, text: str) -> Decorator:
    """Return an option that takes one of some words, which are separated by ``|``."""
    return option(name, type=click.Choice(words.split("|")), default=default, help=text)


def repeatable(names: tuple[str, ...], form: tuple[str, Any], text: str) -> Decorator:
    """Return an option that may be given many times, whose values make a dict.

    The form is that of the help text, and the function that converts one value to a pair.
    """
    metavar, kind = form
    text = f"{text}; may be repeated."
    return option(*names, metavar=metavar, type=kind, multiple=True, callback=as_dict, help=text)


def output_option(default: str, text: str) -> Decorator:
    """Return the option of the file to write."""
    names = ("-o", "--output")
    return option(*names, default=default, metavar="FILE", help=text)


def _add_presets(context: click.Context, parameter: Any, path: str | None) -> None:
    from dask_fileseq.patterns import add_presets

    if path is not None:
        add_presets(path)


json_option = option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
presets_option = option(
    "--presets",
    metavar="TOML",
    expose_value=False,
    callback=_add_presets,
    help="A file with more presets, of your own.",
)
container_option = option(
    "--container",
    metavar="ARCHIVE",
    help="ZIP or TAR file, or the URL of one; FILES are then members of it.",
)
storage_option = repeatable(
    ("--storage-option", "storage_options"),
    ("KEY=VALUE", key_value),
    "For the file system of URLs, such as anon=true",
)
project_option = choice(
    "--project",
    "auto|max|mean|middle",
    "auto",
    "How planes along z become one picture: their maximum, their mean, or only the middle"
    " one is read; auto: the maximum, where that does not need many files.",
)

DEFAULTS = {"spacing": "step", "unmatched": "raise", "duplicates": "raise"}
"""Default values of arguments of `open_sequence`."""

FILE_ARGUMENTS = (
    *("pattern", "container", "storage_options", "path_map"),
    *("sort", "unmatched", "duplicates", "spacing"),
)
"""The arguments of `open_files` that `file_options` adds to a command."""


def file_options(*, required: bool = True, strict: bool = False) -> Decorator:
    """Return a decorator that adds FILES and how to open them.

    By default the names that do not fit the pattern are left out, and the command reports
    them; with `strict` they are an error.
    """
    return add_options(
        click.argument("files", nargs=-1, required=required),
        option(
            "--pattern",
            default="infer",
            help="Finds the axes in file names: a format string such as"
            " 't{time:d}_{channel}.tif', a regular expression, a preset's name, 'infer' or"
            " 'none' (one axis of all files).",
        ),
        presets_option,
        container_option,
        storage_option,
        repeatable(
            ("--path-map",),
            ("ROOT=OTHER", folder_pair),
            "Where the workers of a cluster find the files of a folder",
        ),
        option(
            "--sort/--no-sort",
            default=True,
            help="Put the names in natural order (1, 2, 10).",
        ),
        choice(
            "--unmatched",
            "raise|skip",
            "raise" if strict else "skip",
            "What to do about names that the pattern does not match.",
        ),
        choice(
            "--duplicates",
            "raise|first|last",
            "raise" if strict else "first",
            "Which of several files for one cell is kept.",
        ),
        choice(
            "--spacing",
            "unit|step|values",
            "step",
            "Which numbers count: all, those a common step apart, or those that occur.",
        ),
    )


def open_files(files: tuple[str, ...], pattern: str, **options: Any) -> FileSequence:
    """Return the sequence that FILES and the options of `file_options` describe."""
    from dask_fileseq.sequence import open_sequence

    given = None if pattern == "none" else pattern
    with spinner("reading names"):
        return open_sequence(first_or_list(files), pattern=given, **options)


def first_or_list(files: tuple[str, ...]) -> str | list[str]:
    """Return the only file, which may be a glob pattern or a folder, else a list of names."""
    return files[0] if len(files) == 1 else list(files)


def python_code(seq: FileSequence, files: tuple[str, ...], options: dict[str, Any]) -> str:
    """Return the call of `open_sequence` that opens the same files, without secrets."""
    arguments = {key: value for key, value in options.items() if key != "pattern"}
    for kind, left_out in (("unmatched", seq.unmatched), ("duplicates", seq.duplicates)):
        if not left_out:
            arguments.pop(kind, None)
    secret = arguments.pop("storage_options", None)
    defaults = DEFAULTS | {"sort": len(files) == 1}
    code = [repr(files[0]) if len(files) == 1 else "files"]
    code.append(f"pattern={None if seq.pattern is None else raw_string(str(seq.pattern))}")
    code += [f"{key}={value!r}" for key, value in arguments.items() if value != defaults.get(key)]
    code += ["storage_options=storage_options"] if secret else []
    return f"dask_fileseq.open_sequence({', '.join(code)})"


def raw_string(pattern: str) -> str:
    r"""Return the Python literal of a text, with backslashes as they are.

    >>> print(raw_string(r"_(c)(\d+)"))
    r'_(c)(\d+)'
    """
    if "\\" not in pattern or "'" in pattern or pattern.endswith("\\") or "\n" in pattern:
        return repr(pattern)
    return f"r'{pattern}'"


def check_output(output: str, files: Sequence[str], suffixes: Sequence[str]) -> None:
    """Raise if an output has another suffix, is one of the files, or has no folder to be in."""
    problem = None
    folder = os.path.dirname(os.path.abspath(output))
    if not output.lower().endswith(tuple(suffixes)):
        problem = f"{output!r} does not end in {', '.join(suffixes)}"
    elif not os.path.isdir(folder):
        problem = f"there is no folder {folder!r}"
    elif os.path.isdir(output):
        problem = f"{output!r} is a folder"
    elif os.path.exists(output) and os.path.abspath(output) in map(os.path.abspath, files):
        problem = f"{output!r} is one of FILES"
    if problem is not None:
        raise click.BadParameter(problem, param_hint="--output")
