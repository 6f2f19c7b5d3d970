"""Conversions in processes that can be killed: ``python converting.py``.

Forks a child for each line on standard input, so that imports are done once; prints its
number, and how it ended. A line has files, target and log, apart by tabs. A child logs each
region that it begins to write, once for each level. Last in a line is the number of these
after which a child waits, so that it cannot end before it is interrupted; 0 for a child that
does not wait.
"""

import itertools
import os
import signal
import sys
import threading

import distributed  # noqa: F401  (imported before forking, as are the modules below)

from dask_fileseq import TiffSequence
from dask_fileseq.convert import omemetadata, tasks  # noqa: F401

ARGUMENTS = {"chunks": 64, "shards": False, "levels": 3, "memory": 256 * 256 * 2, "workers": 2}
"""One region a file, each of 16 + 4 + 1 objects."""

PATIENCE = 300
"""Seconds after which a child that waits goes on, and fails the test."""


def convert_files(files, target, log, limit):
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    write, numbers = tasks.write_level, itertools.count(1)

    def logged(job, region, *arguments):
        os.write(descriptor, f"{region.index.name}\n".encode())
        if next(numbers) > limit > 0:
            threading.Event().wait(PATIENCE)
        return write(job, region, *arguments)

    tasks.write_level = logged
    seq = TiffSequence(f"{files}/*.tif", pattern=r"t(?P<t>\d+)")
    seq.to_ome_zarr(target, scheduler="threads", progress=False, **ARGUMENTS)


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may ignore it
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                *paths, limit = line.rstrip("\n").split("\t")
                convert_files(*paths, int(limit))
            except KeyboardInterrupt:
                os._exit(130)
            os._exit(0)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
