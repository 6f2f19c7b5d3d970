"""Peak memory of one job, in a process of its own: ``python memory.py JOB < arguments.json``.

Each job prints quantities as JSON. Peaks are those of the resident set; "above" means
less what was resident when the job began. On Linux they come from ``/proc``, for
``getrusage`` there also knows the size of the process that started this one.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import resource
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["fresh"]

MB = 1e6


def fresh(job: str, **arguments: Any) -> Mapping[str, float]:
    """Run a job in a new process and return its quantities."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", os.path.abspath(__file__), job],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{job} in a new process: {(done.stderr.splitlines() or ['?'])[-1]}")
    return json.loads(done.stdout)


def peak() -> float:
    """Return the greatest size of this process so far, in bytes."""
    try:
        return _proc_status("VmHWM")
    except OSError:
        factor = 1 if sys.platform == "darwin" else 1024
        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * factor)


def resident() -> float:
    """Forget the peak so far, where that can be, and return the present size in bytes."""
    gc.collect()
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        return _proc_status("VmRSS")
    except OSError:
        return peak()


def _proc_status(key: str) -> float:
    with open("/proc/self/status") as file:
        return next(1024.0 * int(line.split()[1]) for line in file if line.startswith(key))


def asarray(names: list[str], way: str) -> dict[str, float]:
    """Read all files; the peak above the start, relative to the result."""
    seq = _sequence(names)
    seq.chunkshape  # noqa: B018  (reads a header: what that imports is not the result)
    start = resident()
    result = seq.asarray() if way == "asarray" else seq.to_dask_array(chunks="auto").compute()
    return {"peak": (peak() - start) / result.nbytes}


def tifffile_asarray(names: list[str]) -> dict[str, float]:
    """Do the same with tifffile and two threads."""
    import tifffile

    tifffile.imread(names[0])
    start = resident()
    result = tifffile.TiffSequence(names).asarray(ioworkers=2)
    return {"peak": (peak() - start) / result.nbytes}


def reduce(names: list[str], chunks: str | None) -> dict[str, float]:
    """Take the maximum over all files, on threads; the peak of the whole process."""
    array = _sequence(names).to_dask_array(chunks=chunks)
    start = time.perf_counter()
    result = array.max(axis=0).compute(scheduler="threads")
    seconds = time.perf_counter() - start
    return {"peak": peak() / MB, "seconds": seconds, "crc": zlib.crc32(result.tobytes())}


def far(urls: list[str], way: str) -> dict[str, float]:
    """Read files at URLs; the peak above the start."""
    import dask_fileseq

    def opened(some: list[str]) -> Any:
        if way == "zip":
            return dask_fileseq.open_sequence(some[0], pattern=None)
        return dask_fileseq.open_sequence(some, pattern=None, identity="name")

    def read(seq: Any) -> Any:
        if way in ("zip", "asarray"):
            return seq.asarray()
        array = seq.to_dask_array(chunks="grouped" if way == "mean" else None)[:, 300:400, 300:400]
        return array.compute() if way == "crop" else array.mean(axis=0).compute()

    read(opened(urls[:2]))  # imports
    start = resident()
    read(opened(urls))
    return {"peak": (peak() - start) / MB}


def names(count: int) -> dict[str, float]:
    """Make a sequence and a graph of names that do not exist, and crop."""
    import dask
    from images import many_names
    from opening import sequence_of_names

    _one_crop(many_names("", 200))  # imports and first-time costs of dask itself
    listed = many_names("", count)
    start_size, start = resident(), time.perf_counter()
    seq = sequence_of_names(listed)
    made = time.perf_counter()
    array = seq.to_dask_array(chunkshape=(64, 64), chunkdtype="uint16")
    found = {"sequence": made - start, "graph": time.perf_counter() - made}
    found["peak above the list"] = (peak() - start_size) / MB
    block = dict(dask.optimize(array.blocks[0, 0, 0])[0].dask)  # as it goes to a worker
    for name, of in {"sequence": seq, "array": array, "one block": block}.items():
        found[f"pickled {name}"] = len(pickle.dumps(of, protocol=5))
    for name, index in {"first crop": 0, "warm crop": -1}.items():
        start = time.perf_counter()
        array[index, 0, 0, 10:20].compute()
        found[name] = (time.perf_counter() - start) * 1000
    return found


def infer(count: int) -> dict[str, float]:
    """Infer the pattern of names that do not exist."""
    from images import many_names

    import dask_fileseq
    from dask_fileseq.grid import grid_of_pattern

    dask_fileseq.open_sequence(["t1_c1.tif", "t2_c1.tif"])
    listed = many_names("", count).names
    start_size, start, cpu = resident(), time.perf_counter(), time.process_time()
    grid = grid_of_pattern(listed, "infer", spacing="auto")
    found = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    return found | {"peak above the list": peak() - start_size, "cells": len(grid.names)}


def _one_crop(listed: Any) -> None:
    from opening import sequence_of_names

    seq = sequence_of_names(listed)
    seq.to_dask_array(chunkshape=(64, 64), chunkdtype="uint16")[0, 0, 0, 10:20].compute()


def _sequence(names: list[str]) -> Any:
    import dask_fileseq

    return dask_fileseq.TiffSequence(names)


JOBS: dict[str, Callable[..., dict[str, float]]] = {
    job.__name__: job for job in (asarray, tifffile_asarray, reduce, far, names, infer)
}

if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](**json.load(sys.stdin))))
