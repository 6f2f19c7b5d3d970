"""The group of commands, and how they end.

Exit codes: 0 all is well, 1 something was found or failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import atexit
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from dask_fileseq._version import __version__
from dask_fileseq.cli.terminal import command_line_text, echo

WORKER_DIED = ("KilledWorker", "BrokenProcessPool")
"""Names of errors of distributed and of Python, neither of which is imported for this."""

COMMANDS = ("show", "check", "preview", "report", "convert", "write", "serve", "patterns", "demo")


class CommandGroup(click.Group):
    """Commands that are imported on first use, and whose errors have no traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command by its name."""
        if name not in COMMANDS:
            return None
        in_module = "pictures" if name in ("preview", "report") else name
        module = import_module(f"dask_fileseq.cli.{in_module}")
        command: click.Command = getattr(module, name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; print mistakes of the user as one sentence."""
        from zipfile import BadZipFile

        from dask_fileseq.errors import FileSequenceError

        user_errors = (FileSequenceError, OSError, ValueError, ImportError, MemoryError, BadZipFile)
        for stream in (sys.stdout, sys.stderr):  # file names may not be text
            if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
                stream.reconfigure(errors="backslashreplace")
        try:
            with _tifffile_is_silent(), _warnings_in_a_line():
                return super().invoke(ctx)
        except BrokenPipeError:  # click ends quietly
            raise
        except KeyboardInterrupt:
            echo("Interrupted.", err=True)
            atexit.register(_end_quietly)
            raise click.exceptions.Exit(130) from None
        except user_errors as error:
            text = command_line_text(str(error)) or type(error).__name__
            raise click.ClickException(text) from error
        except Exception as error:
            if type(error).__name__ not in WORKER_DIED:
                raise
            text = "a worker died, mostly for want of memory: use fewer --workers, or give them"
            raise click.ClickException(f"{text} more (--memory-limit)") from error


def _end_quietly() -> None:
    """Silence the errors of threads and event loops that are cut off as Python ends."""
    sys.unraisablehook = lambda _: None
    warnings.simplefilter("ignore")  # of coroutines that were never awaited
    logging.getLogger("asyncio").disabled = True


@contextmanager
def _tifffile_is_silent() -> Iterator[None]:
    """Switch off tifffile's log of damaged files: commands report them in their own way."""
    logger = logging.getLogger("tifffile")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


@contextmanager
def _warnings_in_a_line() -> Iterator[None]:
    """Print what a warning of this package says as one line, without the line of code."""
    from dask_fileseq.errors import GridWarning, HeaderWarning, SeriesWarning

    ours = GridWarning, HeaderWarning, SeriesWarning

    with warnings.catch_warnings():
        for category in ours:
            warnings.simplefilter("always", category)
        show = warnings.showwarning

        def show_in_a_line(message: Any, category: Any, *args: Any, **kwargs: Any) -> None:
            if issubclass(category, ours):
                echo(f"Warning: {command_line_text(str(message))}", err=True)
            else:
                show(message, category, *args, **kwargs)

        warnings.showwarning = show_in_a_line
        yield


@click.group(cls=CommandGroup)
@click.version_option(__version__, message="dask-fileseq %(version)s")
def fileseq() -> None:
    """Open folders of image files as one array."""
