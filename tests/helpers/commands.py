"""Running commands: in this process, or as a user's shell does."""

import os
import subprocess
import sys
import time

from click.testing import CliRunner

from dask_fileseq.cli import fileseq

__all__ = ["DASK", "MODULE", "invoke", "run", "settle"]

MODULE = [sys.executable, "-m", "dask_fileseq"]
DASK = [sys.executable, "-m", "dask", "fileseq"]


def run(*command, **kwargs):
    """Run a command as a process of its own."""
    return subprocess.run(
        [os.fspath(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        **kwargs,
    )


def settle(folder):
    """Make files look old, for commands wait a second to see whether new ones grow."""
    then = time.time() - 3600
    for path in folder.iterdir():
        os.utime(path, (then, then))


def invoke(*arguments, **settings):
    """Run a command of ``dask fileseq`` in this process; `settings` are those of click."""
    return CliRunner().invoke(fileseq, [*map(os.fspath, arguments)], **settings)
