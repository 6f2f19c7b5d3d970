"""File arrays as dask arrays. The only package that knows dask's graph internals."""

from dask_fileseq.graph.chunks import AUTO_BYTES, block_chunks
from dask_fileseq.graph.inplace import (
    LOCAL,
    Box,
    graph_of_reads,
    in_worker_task,
    read_in_place,
    task_name,
)
from dask_fileseq.graph.layer import to_dask_array
from dask_fileseq.graph.running import Progress, Scheduler, run, run_batches
from dask_fileseq.graph.sliced import SlicedFiles

__all__ = [
    "AUTO_BYTES",
    "LOCAL",
    "Box",
    "Progress",
    "Scheduler",
    "SlicedFiles",
    "block_chunks",
    "graph_of_reads",
    "in_worker_task",
    "read_in_place",
    "run",
    "run_batches",
    "task_name",
    "to_dask_array",
]
