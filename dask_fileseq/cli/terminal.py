"""Output to the terminal: rows, JSON, colours, progress.

Progress goes to the standard error, and only if that is a terminal. Colours go only to
terminals, and never if ``NO_COLOR`` is set.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, is_dataclass
from itertools import chain
from typing import Any

import click

from dask_fileseq.plaintext import json_escaped, printable, public_text

WIDTH = 11
ROOM = 68
"""Letters beside a label in a terminal of 80 columns."""

_COLOUR = re.compile("\x1b\\[[0-9;]*m")


def echo(text: str, *, err: bool = False) -> None:
    """Print a text, with escapes for control characters that are no colours."""
    codes = [*_COLOUR.findall(text), ""]
    parts = map(public_text, _COLOUR.split(text))
    click.echo("".join(chain(*zip(parts, codes, strict=True))), err=err)


def echo_row(label: str, text: str) -> None:
    """Print a label and a text beside it; further lines of the text go below the first."""
    for line in text.split("\n"):
        echo(f"{label:<{WIDTH}} {line}".rstrip())
        label = ""


def styled(text: str, **style: Any) -> str:
    """Return a text in colour, which click removes if the output is no terminal."""
    text = printable(text)
    return text if os.environ.get("NO_COLOR") else click.style(text, **style)


def first_of_many(shown: list[str], more: int) -> str:
    """Return the first of many texts, and how many more there are; long ones in lines.

    >>> first_of_many(["a", "b"], 3)
    'a, b and 3 more'
    """
    text = ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")
    if len(text) <= ROOM:
        return text
    return "\n".join([*shown, *([f"and {more:,} more"] if more > 0 else [])])


def command_line_text(message: str) -> str:
    """Return a message of the package in one line, with options in place of arguments.

    >>> command_line_text("a file sequence leaves them  out with unmatched='skip'")
    'a file sequence leaves them out with --unmatched skip'
    >>> command_line_text("say what it is, as axes={'w': 'image'}")
    'say what it is, as --axes w=image'
    >>> command_line_text("axes={'r': 'row', 'c': 'column'} makes a plate")
    '--axes r=row,c=column makes a plate'
    >>> command_line_text("put it inside the files by inside=['z']")
    'put it inside the files by --inside z'
    >>> command_line_text("the first is read, series='all' reads all")
    'the first is read, --series all reads all'
    """
    text = public_text(" ".join(message.split()))
    text = re.sub(r"\b(unmatched|duplicates|spacing)='(\w+)'", r"--\1 \2", text)
    text = re.sub(r"\baxes=\{('[^{}]+)\}", _axes_option, text)
    text = re.sub(r"\bpattern='(?!infer')([\w-]+)'", r"--pattern \1", text)
    text = re.sub(r"\b(series|key|level)=(?:'(\w+)'|(-?\d+))", r"--\1 \2\3", text)
    text = re.sub(r"\binside=\['(\w+)'\]", r"--inside \1", text)
    text = re.sub(r"\bstrict=False", "--imreadargs strict=false", text)
    text = text.replace("pass pattern=None", "--pattern none")
    text = text.replace("resume=True", "--resume").replace("overwrite=True", "--overwrite")
    return text.replace("errors='fill'", "--errors fill")


def _axes_option(found: re.Match[str]) -> str:
    return "--axes " + found[1].replace("'", "").replace(": ", "=").replace(", ", ",")


def echo_json(value: Any) -> None:
    """Print a value as JSON: dataclasses as objects, numpy's numbers as numbers, else texts."""
    text = json.dumps(value, indent=2, default=_plain, ensure_ascii=False)
    click.echo(json_escaped(text))


def _plain(value: Any) -> Any:
    import numpy as np

    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    is_number = isinstance(value, np.generic | np.ndarray) and value.dtype.kind not in "mM"
    return value.tolist() if is_number else str(value)


def _console() -> Any:
    """Return a terminal to show progress on; None if there is none, or rich is not installed."""
    if not sys.stderr.isatty():
        return None
    try:
        from rich.console import Console
    except ImportError:
        return None
    return Console(stderr=True)


def spinner(what: str) -> AbstractContextManager[Any]:
    """Show that work of unknown length goes on."""
    console = _console()
    return nullcontext() if console is None else console.status(what)


@contextmanager
def progress_bar(what: str, *, is_bytes: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Yield ``progress(done, total)``, which updates a bar with rate and time left."""
    console = _console()
    if console is None:
        yield lambda done, total: None
        return
    from rich import progress

    amount = (
        [progress.DownloadColumn(binary_units=True), progress.TransferSpeedColumn()]
        if is_bytes
        else [progress.MofNCompleteColumn()]
    )
    columns = ["{task.description}", progress.BarColumn(), *amount, progress.TimeRemainingColumn()]
    with progress.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
