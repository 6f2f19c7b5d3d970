"""File arrays as dask arrays, and the one runner of tasks on any scheduler.

Only this package uses dask's graph internals.
"""

from dask_fileseq.graph.chunks import (
    AUTO_BYTES,
    block_chunks,
    default_chunks,
    warn_of_small_files,
)
from dask_fileseq.graph.layer import arrays_of_graph, to_dask_array
from dask_fileseq.graph.progressline import ProgressLine, progress_callback
from dask_fileseq.graph.runner import (
    Box,
    Scheduler,
    read_in_place,
    run,
    run_batches,
    run_on_blocks,
)
from dask_fileseq.graph.sliced import SlicedFiles, parts_of
from dask_fileseq.graph.transposed import TransposedFiles

__all__ = [
    "AUTO_BYTES",
    "Box",
    "ProgressLine",
    "Scheduler",
    "SlicedFiles",
    "TransposedFiles",
    "arrays_of_graph",
    "block_chunks",
    "default_chunks",
    "parts_of",
    "progress_callback",
    "read_in_place",
    "run",
    "run_batches",
    "run_on_blocks",
    "to_dask_array",
    "warn_of_small_files",
]
