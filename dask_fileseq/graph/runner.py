"""Many calls on any of dask's schedulers, few at a time, with progress.

This is the one way in which the package runs tasks of its own: reading in place, blocks
that travel from other processes, headers of many files, regions of a conversion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import nullcontext
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar
from uuid import uuid4

import dask
import dask.local
import dask.multiprocessing
import dask.threaded
from dask.array.core import Array
from dask.base import get_scheduler
from dask.callbacks import Callback
from dask.utils import funcname
from numpy.typing import NDArray

from dask_fileseq.filearray import FileArray, current_worker
from dask_fileseq.types import Progress

BATCH = 256
"""Number of tasks in a graph: the inputs and results of all of them are in memory."""

SMALL_FILE = 128 * 2**10
"""Size of the array in a file, in bytes, below which threads slow each other down, because
they wait for the interpreter lock."""

T = TypeVar("T")

Box = tuple[Any, ...]
"""A slice, or None for an axis that is dropped, for each axis of an array."""

Done = Callable[[Any, Any], None]


class Scheduler:
    """One of dask's schedulers.

    Inside a task of a distributed worker, the cluster is replaced by the synchronous one: to
    wait for other workers there would block a thread of this one.

    Parameters
    ----------
    scheduler : optional
        Any that dask accepts; by default a running client, what is configured, or threads.
    workers : int, optional
        Number of workers of a local scheduler; None or 0: dask's default.
    **options
        Passed to the scheduler.
    """

    def __init__(self, scheduler: Any = None, workers: int | None = None, **options: Any) -> None:
        if not isinstance(workers, int | None) or (workers or 0) < 0:
            raise ValueError(f"workers={workers!r} is no number of workers")
        try:
            get = get_scheduler(scheduler=scheduler) or dask.threaded.get
        except ValueError as error:
            raise ValueError(f"scheduler={scheduler!r}: {error}") from error
        client = getattr(get, "__self__", None)
        self.client = client if hasattr(client, "submit") else None
        self.in_task = self.client is not None and current_worker() is not None
        """Whether this thread runs a task of a worker of that cluster."""
        if self.in_task:
            get, self.client = dask.local.get_sync, None
        if workers and self.client is None and not isinstance(get, partial):
            options["num_workers"] = workers  # an executor, which is a partial, has its own
            if workers == 1 and get is dask.threaded.get:
                get = dask.local.get_sync
        if get is dask.multiprocessing.get:
            options = {"chunksize": 1} | options
        self.get = get
        self.options = options
        self.is_local = get in (dask.threaded.get, dask.local.get_sync)
        """Whether tasks see the memory of the caller."""
        pool = options.get("pool") or dask.config.get("pool", None)
        self.needs_pool = get is dask.multiprocessing.get and pool is None
        """Whether each graph would start processes of its own."""

    def processes(self) -> Executor:
        """Return a pool of processes, as dask makes it, for several graphs."""
        count = self.options.get("num_workers") or dask.config.get("num_workers", None)
        user = dask.config.get("multiprocessing.initializer", None)
        initializer = partial(dask.multiprocessing.initialize_worker_process, user_initializer=user)
        context = dask.multiprocessing.get_context()
        return ProcessPoolExecutor(count, mp_context=context, initializer=initializer)


def run(
    scheduler: Scheduler,
    function: Callable[[Any, Any], Any],
    job: Any,
    tasks: Iterable[Any],
    done: Done | None = None,
    *,
    name: str | None = None,
    batch: int = BATCH,
) -> None:
    """Call ``function(job, task)`` for each task, and ``done(task, result)`` after it.

    The first error ends it; tasks that run by then are not waited for. On a cluster, tasks
    are submitted as others finish; on other schedulers, small graphs follow each other.

    Parameters
    ----------
    scheduler : Scheduler
        Where to call.
    function : callable
        It and its arguments must pickle, for other processes.
    job : object
        What all calls share.
    tasks : iterable
        What each call gets.
    done : callable, optional
        Called in this process, in the order in which tasks finish.
    name : str, optional
        What dask's dashboard calls the tasks; by default the name of the function.
    batch : int
        Number of tasks in a graph, of which all results are in memory.
    """
    name = name or funcname(function).strip("_").replace("_", "-")
    name = f"{name}-{uuid4().hex}"  # no other graph has these keys, also for caches of dask
    tasks = iter(tasks)
    if scheduler.client is not None:
        _run_on_cluster(scheduler.client, function, job, tasks, done, name)
        return
    with scheduler.processes() if scheduler.needs_pool else nullcontext() as pool:
        options = scheduler.options if pool is None else scheduler.options | {"pool": pool}
        while some := list(islice(tasks, batch)):
            # dask begins with the greatest key, by its text; files are best read in order
            keys = {(name, f"{len(some) - i:06d}"): task for i, task in enumerate(some)}
            graph = {key: (partial(function, job, task),) for key, task in keys.items()}
            if done is None:
                scheduler.get(graph, list(graph), **options)
                continue
            with _Finished(keys, done) as finished:
                results = scheduler.get(graph, list(graph), **options)
            for key, result in zip(graph, results, strict=True):
                if key not in finished.seen:  # the scheduler ignores callbacks
                    done(keys[key], result)


def run_on_blocks(
    scheduler: Scheduler,
    function: Callable[[Any, Any, Any], Any],
    job: Any,
    array: Array,
    tasks: Mapping[tuple[int, ...], Any],
    done: Done,
) -> None:
    """Call ``function(job, task, block)`` for some blocks of a dask array, as `run` does.

    It is one graph with that of the array, so that what several blocks need is computed once.
    """
    name = f"{funcname(function).strip('_').replace('_', '-')}-{uuid4().hex}"
    blocks = {(name, *index): (array.name, *index) for index in tasks}
    optimize = type(array).__dask_optimize__
    graph = dict(optimize(array.__dask_graph__(), list(blocks.values())))
    keys: dict[Any, Any] = {(name, *index): task for index, task in tasks.items()}
    graph |= {key: (partial(function, job, keys[key]), block) for key, block in blocks.items()}
    if scheduler.client is not None:
        from distributed import as_completed

        futures = scheduler.client.get(graph, list(keys), sync=False)
        try:
            for future in as_completed(futures):
                done(keys[future.key], future.result())
        finally:
            scheduler.client.cancel(futures)
        return
    with _Finished(keys, done) as finished:
        results = scheduler.get(graph, list(keys), **scheduler.options)
    for key, result in zip(keys, results, strict=True):
        if key not in finished.seen:  # the scheduler ignores callbacks
            done(keys[key], result)


class _Finished(Callback):
    """Calls a function for each task as it finishes."""

    def __init__(self, tasks: dict[Any, Any], done: Done) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.tasks = tasks
        self.done = done
        self.seen: set[Any] = set()

    def _posttask(self, key: Any, value: Any, dsk: Any, state: Any, worker_id: Any) -> None:
        if key in self.tasks:  # dask calls for the tasks of other threads, too
            self.seen.add(key)
            self.done(self.tasks[key], value)


def _run_on_cluster(
    client: Any,
    function: Callable[[Any, Any], Any],
    job: Any,
    tasks: Iterator[Any],
    done: Done | None,
    name: str,
) -> None:
    """Keep two tasks for each thread of a cluster running or waiting."""
    from distributed import as_completed

    running: dict[Any, Any] = {}
    prefix = name.rpartition("-")[0]

    def submitted(count: int) -> list[Any]:
        futures = []
        for task in islice(tasks, count):
            future = client.submit(function, job, task, key=f"{prefix}-{uuid4().hex}")
            running[future] = task
            futures.append(future)
        return futures

    arriving = as_completed(submitted(2 * (sum(client.nthreads().values()) or 1)))
    try:
        for future in arriving:
            result = future.result()
            task = running.pop(future)
            if done is not None:
                done(task, result)
            for another in submitted(1):
                arriving.add(another)
    finally:
        client.cancel(list(running))


def run_batches(
    scheduler: Scheduler,
    function: Callable[[Sequence[str]], Sequence[T]],
    names: Sequence[str],
    size: int,
    progress: Progress | None = None,
) -> list[T]:
    """Return what ``function(names)``, called for `size` names at a time, returns for each.

    Results are in the order of the names.
    """
    starts = range(0, len(names), size)
    parts: dict[int, Sequence[T]] = {}
    count = 0

    def done(batch: tuple[int, Sequence[str]], part: Sequence[T]) -> None:
        nonlocal count
        parts[batch[0]] = part
        count += len(part)
        if progress is not None:
            progress(count, len(names))

    batches = ((start, names[start : start + size]) for start in starts)
    run(scheduler, _call_on_batch, function, batches, done, name=funcname(function))
    return list(chain.from_iterable(parts[start] for start in starts))


def _call_on_batch(function: Callable[[Any], Any], batch: tuple[int, Any]) -> Any:
    return function(batch[1])


def _has_workers(scheduler: Scheduler) -> bool:
    """Return whether a number of workers, or a pool of them, was chosen."""
    keys = ("num_workers", "pool")
    return any(scheduler.options.get(key) or dask.config.get(key, None) for key in keys)


def for_small_files(scheduler: Scheduler, array: FileArray) -> Scheduler:
    """Return a local scheduler, or this thread alone if others would slow it down."""
    if array.spec.nbytes < SMALL_FILE and not _has_workers(scheduler):
        return Scheduler("sync", **scheduler.options)
    return scheduler


def read_in_place(
    array: FileArray,
    parts: Iterable[tuple[Sequence[range], Box]],
    result: NDArray[Any],
    scheduler: Scheduler,
) -> None:
    """Decode parts of a file array into their places, a task for each.

    Parameters
    ----------
    array : FileArray
        What to read.
    parts : iterable of pairs
        The region of each part, and its box in `result`.
    result : ndarray
        Array with as many axes as the file array.
    scheduler : Scheduler
        A local one. Without a number of workers, files so small that threads would slow
        each other down are read in this thread, as is a single part, which needs no other one.
    """
    parts = iter(parts)
    first = list(islice(parts, 2))
    if len(first) == 1 and not Callback.active and "pool" not in scheduler.options:
        _read_part((array, result), first[0])
        return
    parts = chain(first, parts)
    if not _has_workers(scheduler) and (waiting := array.source.concurrency) > 1:
        axes = zip(first[0][0], array.tiling.axes, strict=True) if first else ()
        files = math.prod(-(-len(region) // max(1, axis.size)) for region, axis in axes)
        # each part reads so many of its files at the same time
        scheduler = Scheduler("threads", max(2, waiting // max(1, files)), **scheduler.options)
    else:
        scheduler = for_small_files(scheduler, array)
    run(scheduler, _read_part, (array, result), parts, name=f"read-{array.reader.name}")


def _read_part(job: tuple[FileArray, NDArray[Any]], part: tuple[Sequence[range], Box]) -> None:
    (array, result), (region, box) = job, part
    array.read(region, result[(*box, ...)])
