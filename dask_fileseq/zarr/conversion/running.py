"""Regions on any of dask's schedulers, a few at a time.

On a cluster, tasks are submitted as others finish. On other schedulers, small graphs
follow each other, of which no more than one task a worker runs at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import Any
from uuid import uuid4

import dask.local
import dask.multiprocessing
import dask.threaded
from dask.base import get_scheduler
from dask.callbacks import Callback

from dask_fileseq.graph import in_worker_task

__all__ = ["Scheduler", "run"]

BATCH = 256
"""Tasks in a graph: their inputs are all in memory."""

Done = Callable[[Any, Any], None]


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


def run(
    scheduler: Scheduler, function: Callable[..., Any], job: Any, tasks: Iterable[Any], done: Done
) -> None:
    """Call ``function(job, task)`` for each task, and ``done(task, result)`` after it.

    The first error ends it; tasks that run by then are not waited for.
    """
    if scheduler.client is not None:
        _on_cluster(scheduler.client, function, job, iter(tasks), done)
        return
    tasks = iter(tasks)
    name = f"region-{uuid4().hex}"  # dask calls back for the tasks of other threads, too
    while batch := list(islice(tasks, BATCH)):
        keys = {(name, f"{len(batch) - i:06d}"): task for i, task in enumerate(batch)}
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
    client: Any, function: Callable[..., Any], job: Any, tasks: Any, done: Done
) -> None:
    """Keep two tasks for each thread of the cluster under way."""
    from distributed import as_completed

    running: dict[Any, Any] = {}

    def submitted(count: int) -> list[Any]:
        futures = []
        for task in islice(tasks, count):
            key = f"{function.__name__.replace('_', '-')}-{uuid4().hex}"
            future = client.submit(function, job, task, key=key)
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
