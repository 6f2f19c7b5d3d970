"""The scheduler that a user means: one of dask's names, or a cluster."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import click

__all__ = ["scheduler_of", "scheduler_options"]

NAMES = ("threads", "processes", "sync")


def scheduler_options(function: Any) -> Any:
    """Add the options that say where the work is done."""
    options = [
        click.option(
            "--scheduler",
            metavar="NAME|ADDRESS",
            help="threads (the default), processes, sync; local: a cluster of processes on this"
            " machine; or the address of a dask scheduler, such as tcp://host:8786, whose"
            " workers then open the files.",
        ),
        click.option("--workers", type=click.IntRange(1), help="Threads or processes to use."),
        click.option(
            "--memory-limit",
            metavar="SIZE",
            help="Memory for each worker of --scheduler local, such as 2GiB.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@contextmanager
def scheduler_of(text: str | None, workers: int | None, memory_limit: str | None) -> Iterator[Any]:
    """Yield what dask takes as ``scheduler=``, connected while it is in use."""
    if memory_limit is not None and text != "local":
        raise click.UsageError("--memory-limit needs --scheduler local")
    if workers is not None and text not in (None, "threads", "processes", "local"):
        raise click.UsageError(f"--workers is not for --scheduler {text}, which has its own")
    if text is None or text in NAMES:
        yield text
        return
    if text != "local" and ":" not in text:
        raise click.BadParameter(
            f"{text!r} is neither {', '.join(NAMES)}, local nor the address of a scheduler",
            param_hint="--scheduler",
        )
    from distributed import Client

    local = {
        "n_workers": workers,
        "threads_per_worker": 1,
        "memory_limit": memory_limit or "auto",
        "dashboard_address": ":0",
        "preload": [__name__],
        # workers that are interrupted tell of lost connections; what fails is raised here
        "silence_logs": logging.CRITICAL,
    }
    options = local if text == "local" else {"address": text, "timeout": 10}
    with ExitStack() as stack:
        with _interrupts_held_back():
            client = stack.enter_context(Client(**options))
        yield client


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let Ctrl-C wait, where the system can; processes begun meanwhile never get it.

    While they load what they need, they would tell of it with tracebacks.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # begun later, it would let Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def dask_setup(worker: Any) -> None:
    """Let a worker ignore Ctrl-C, as dask calls it in each: it ends with the command."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
