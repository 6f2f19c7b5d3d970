"""Batches of files on any of dask's schedulers, with progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import dask.threaded
from dask.base import get_scheduler
from dask.callbacks import Callback

__all__ = ["Progress", "run_batches"]

T = TypeVar("T")

Progress = Callable[[int, int], None]
"""Called as files are done, with their number and that of all files."""

BATCHES = 200
"""Batches to cut files into, so that progress is seen and workers are shared out evenly."""

LARGEST = 500
"""Files of a batch at most."""


def run_batches(
    function: Callable[[Sequence[str]], Sequence[T]],
    names: Sequence[str],
    *,
    scheduler: Any = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[T]:
    """Return what a function of a batch of names returns for each of them, in order.

    Parameters
    ----------
    function
        Takes some names, returns as many results. It must pickle for other processes.
    names
        All names.
    scheduler : optional
        Any that dask knows; threads by default.
    workers : int, optional
        Number of workers of a local scheduler.
    progress : callable, optional
        Told how many names are done.

    Raises
    ------
    ValueError
        There is no such scheduler.
    """
    try:
        get = get_scheduler(scheduler=scheduler) or dask.threaded.get
    except ValueError as error:
        raise ValueError(f"scheduler={scheduler!r}: {error}") from error
    size = max(1, min(LARGEST, len(names) // BATCHES))
    batches = [names[start : start + size] for start in range(0, len(names), size)]
    done = _Done(len(names), progress)
    client = getattr(get, "__self__", None)
    if hasattr(client, "submit"):
        parts = _on_cluster(client, function, batches, done)
    else:
        # dask begins with the greatest key, by its text; files are best read in their order
        keys = [("look", f"{len(batches) - i:012d}") for i in range(len(batches))]
        graph = {key: (function, batch) for key, batch in zip(keys, batches, strict=True)}
        with done:
            parts = get(graph, keys, **({} if workers is None else {"num_workers": workers}))
    return [result for part in parts for result in part]


class _Done(Callback):
    """Tells progress, on local schedulers as a callback of dask."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._total = total
        self._progress = progress
        self._done = 0

    def add(self, count: int) -> None:
        """Count some more files."""
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)

    def _posttask(self, key: Any, value: Any, dsk: Any, state: Any, worker_id: Any) -> None:
        self.add(len(value))


def _on_cluster(
    client: Any, function: Callable[..., Any], batches: Sequence[Any], done: _Done
) -> list[Any]:
    """Let the workers of a cluster do it."""
    from distributed import as_completed

    futures = client.map(function, batches, pure=False)
    places = {future: i for i, future in enumerate(futures)}
    parts: list[Any] = [None] * len(batches)
    try:
        for future in as_completed(futures):
            parts[places[future]] = future.result()
            done.add(len(parts[places[future]]))
    finally:
        client.cancel(futures)
    return parts
