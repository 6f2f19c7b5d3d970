"""Many calls on any of dask's schedulers, a few at a time, with progress.

On a cluster, tasks are submitted as others finish. On other schedulers, small graphs
follow each other, of which no more than one task a worker runs at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar
from uuid import uuid4

import dask.local
import dask.multiprocessing
import dask.threaded
from dask.base import get_scheduler
from dask.callbacks import Callback
from dask.utils import funcname

from dask_fileseq.graph.inplace import in_worker_task

__all__ = ["Progress", "Scheduler", "run", "run_batches"]

BATCH = 256
"""Tasks in a graph: their inputs are all in memory."""

T = TypeVar("T")

Done = Callable[[Any, Any], None]

Progress = Callable[[int, int], None]
"""Called as names are done, with their number and that of all names."""


class Scheduler:
    """One of dask's schedulers.

    Parameters
    ----------
    scheduler : optional
        Any that dask knows; by default a running client, what is configured, or threads.
    workers : int, optional
        Of a local scheduler.
    """

    def __init__(self, scheduler: Any = None, workers: int | None = None) -> None:
        if not isinstance(workers, int | None) or (workers or 0) < 0:
            raise ValueError(f"workers={workers!r} is no number of workers")
        try:
            get = get_scheduler(scheduler=scheduler) or dask.threaded.get
        except ValueError as error:
            raise ValueError(f"scheduler={scheduler!r}: {error}") from error
        if in_worker_task():  # to wait for other workers would keep this one's thread
            get = dask.local.get_sync
        self.get = get
        client = getattr(get, "__self__", None)
        self.client = client if hasattr(client, "submit") else None
        self.options: dict[str, Any] = {}
        if workers and not isinstance(get, partial) and self.client is None:
            self.options["num_workers"] = workers
        if get is dask.multiprocessing.get:
            self.options["chunksize"] = 1

    @property
    def is_local(self) -> bool:
        """Whether tasks run in this process."""
        return self.get in (dask.threaded.get, dask.local.get_sync)


def run_batches(
    scheduler: Scheduler,
    function: Callable[[Sequence[str]], Sequence[T]],
    names: Sequence[str],
    size: int,
    progress: Progress | None = None,
) -> list[T]:
    """Return what ``function(names)``, called for `size` names at a time, returns for each.

    It must pickle, for other processes. Results are in the order of the names.
    """
    batches = [names[start : start + size] for start in range(0, len(names), size)]
    parts: list[Sequence[T]] = [()] * len(batches)
    count = 0

    def done(batch: tuple[int, Sequence[str]], part: Sequence[T]) -> None:
        nonlocal count
        parts[batch[0]] = part
        count += len(part)
        if progress is not None:
            progress(count, len(names))

    run(scheduler, _on_batch, function, enumerate(batches), done, funcname(function))
    return list(chain.from_iterable(parts))


def _on_batch(function: Callable[[Any], Any], batch: tuple[int, Any]) -> Any:
    return function(batch[1])


def run(
    scheduler: Scheduler,
    function: Callable[..., Any],
    job: Any,
    tasks: Iterable[Any],
    done: Done,
    name: str | None = None,
) -> None:
    """Call ``function(job, task)`` for each task, and ``done(task, result)`` after it.

    The first error ends it; tasks that run by then are not waited for. On a cluster, tasks
    are called by `name`, else by that of the function.
    """
    if scheduler.client is not None:
        name = (name or function.__name__).strip("_").replace("_", "-")
        _on_cluster(scheduler.client, function, job, iter(tasks), done, name)
        return
    tasks = iter(tasks)
    unique = uuid4().hex  # dask calls back for the tasks of other threads, too
    while batch := list(islice(tasks, BATCH)):
        keys = {(unique, f"{len(batch) - i:06d}"): task for i, task in enumerate(batch)}
        graph = {key: (_Call(function, job, task),) for key, task in keys.items()}
        with _Finished(keys, done) as finished:
            results = scheduler.get(graph, list(graph), **scheduler.options)
        for key, result in zip(graph, results, strict=True):
            if key not in finished.seen:  # a scheduler that knows no callbacks
                done(keys[key], result)


class _Call:
    """A call without arguments, in which dask looks for no keys."""

    def __init__(self, function: Callable[..., Any], job: Any, task: Any) -> None:
        self.parts = function, job, task

    def __call__(self) -> Any:
        function, job, task = self.parts
        return function(job, task)


class _Finished(Callback):
    """Tells of each task as it finishes."""

    def __init__(self, tasks: dict[Any, Any], done: Done) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.tasks = tasks
        self.done = done
        self.seen: set[Any] = set()

    def _posttask(self, key: Any, value: Any, dsk: Any, state: Any, worker_id: Any) -> None:
        if key in self.tasks:
            self.seen.add(key)
            self.done(self.tasks[key], value)


def _on_cluster(
    client: Any, function: Callable[..., Any], job: Any, tasks: Any, done: Done, name: str
) -> None:
    """Keep two tasks for each thread of the cluster under way."""
    from distributed import as_completed

    running: dict[Any, Any] = {}

    def submitted(count: int) -> list[Any]:
        futures = []
        for task in islice(tasks, count):
            future = client.submit(function, job, task, key=f"{name}-{uuid4().hex}")
            running[future] = task
            futures.append(future)
        return futures

    arriving = as_completed(submitted(2 * (sum(client.nthreads().values()) or 1)))
    try:
        for future in arriving:
            result = future.result()
            done(running.pop(future), result)
            for another in submitted(1):
                arriving.add(another)
    finally:
        client.cancel(list(running))
