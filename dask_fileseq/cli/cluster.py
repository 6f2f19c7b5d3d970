"""The scheduler that a command runs on: one of dask's by name, or a cluster."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from dask_fileseq.cli.terminal import progress_bar

if TYPE_CHECKING:
    from dask_fileseq.check import Finding
    from dask_fileseq.sequence import FileSequence

NAMES = ("threads", "processes", "sync")


@contextmanager
def connected_scheduler(options: dict[str, Any]) -> Iterator[Any]:
    """Yield what dask takes as ``scheduler=``; a cluster is connected inside the block."""
    name, workers, limit = (options[key] for key in ("scheduler", "workers", "memory_limit"))
    if limit is not None and name != "local":
        raise click.UsageError("--memory-limit needs --scheduler local")
    if workers is not None and name not in (None, "threads", "processes", "local"):
        raise click.UsageError(f"--workers is not for --scheduler {name}, which has its own")
    if name is None or name in NAMES:
        yield name
        return
    if name != "local" and ":" not in name:
        raise click.BadParameter(
            f"{name!r} is neither {', '.join(NAMES)}, local nor the address of a scheduler",
            param_hint="--scheduler",
        )
    from distributed import Client

    arguments: dict[str, Any] = {"address": name, "timeout": 10}
    if name == "local":
        arguments = {
            "n_workers": workers,
            "threads_per_worker": 1,
            "memory_limit": limit or "auto",
            "dashboard_address": ":0",
            "preload": [__name__],
            # interrupted workers would log lost connections; errors of tasks are raised here
            "silence_logs": logging.CRITICAL,
        }
    with _interrupts_blocked():
        client = Client(**arguments)
    with client:
        yield client


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block Ctrl-C, where the system can, also for the processes that are started meanwhile.

    If they were interrupted while they import modules, they would print tracebacks.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # started later, it would unblock Ctrl-C
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def dask_setup(worker: Any) -> None:
    """Make a worker ignore Ctrl-C: it ends with the command. Dask calls this in each worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def check_files(seq: FileSequence, options: dict[str, Any]) -> list[Finding]:
    """Return what is wrong with the files of a sequence, with a progress bar meanwhile."""
    with connected_scheduler(options) as get, progress_bar("checking") as progress:
        pixels, workers = options["pixels"], options["workers"]
        return seq.check(pixels=pixels, scheduler=get, ioworkers=workers, progress=progress)
