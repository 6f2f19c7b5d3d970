"""What is printed: rows, JSON, colours, progress.

Progress goes to the standard error, and only where that is a terminal; colours only to
terminals, and nowhere if ``NO_COLOR`` is set.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

__all__ = ["echo_json", "progress_bar", "row", "some", "styled", "waiting"]

WIDTH = 11


def row(label: str, text: str) -> None:
    """Print a label and what it stands for; further lines stand below the first."""
    first, *others = text.split("\n")
    click.echo(f"{label:<{WIDTH}} {first}".rstrip())
    for line in others:
        click.echo(f"{'':<{WIDTH}} {line}".rstrip())


def styled(text: str, **style: Any) -> str:
    """Return a text in colour, which click leaves out where there is no terminal."""
    return text if os.environ.get("NO_COLOR") else click.style(text, **style)


def some(shown: list[str], count: int) -> str:
    """Return the first of many.

    >>> some(["a", "b"], 5)
    'a, b and 3 more'
    """
    more = f" and {count - len(shown):,} more" if count > len(shown) else ""
    return ", ".join(shown) + more


def echo_json(value: Any) -> None:
    """Print a value as JSON; numpy's numbers as numbers, all else that JSON lacks as text."""
    click.echo(json.dumps(value, indent=2, default=_plain, ensure_ascii=False))


def _plain(value: Any) -> Any:
    is_date = getattr(getattr(value, "dtype", None), "kind", "") in "mM"
    return value.tolist() if hasattr(value, "tolist") and not is_date else str(value)


def _console() -> Any:
    """Return a terminal to show progress on, if there is one and rich is installed."""
    if not sys.stderr.isatty():
        return None
    try:
        from rich.console import Console
    except ImportError:
        return None
    return Console(stderr=True)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show that something goes on of which nobody knows how long it takes."""
    console = _console()
    if console is None:
        yield
        return
    with console.status(what):
        yield


@contextmanager
def progress_bar(what: str, *, is_bytes: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Yield a function of what is done and the whole, which shows a bar, rate and time left."""
    console = _console()
    if console is None:
        yield lambda done, total: None
        return
    from rich import progress

    done = (
        [progress.DownloadColumn(binary_units=True), progress.TransferSpeedColumn()]
        if is_bytes
        else [progress.MofNCompleteColumn()]
    )
    columns = ["{task.description}", progress.BarColumn(), *done, progress.TimeRemainingColumn()]
    with progress.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
