"""Reading the headers of many files, in any process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from dask_fileseq.files import Source
from dask_fileseq.graph import Scheduler, run_batches
from dask_fileseq.readers import Reader
from dask_fileseq.types import Progress

BATCHES = 200
"""Number of tasks for all files, so that progress is shown and work is balanced."""

LARGEST = 500
"""Maximum number of files in a task."""


def read_rows(
    names: Sequence[str],
    source: Source,
    reader: Reader,
    imreadargs: Mapping[str, Any],
    scheduler: Scheduler,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Return what the header of each file says, by columns; of those that fail, the ``error``."""
    read = partial(_read_some, source=source, reader=reader, imreadargs=imreadargs)
    size = max(1, min(LARGEST, len(names) // BATCHES))
    return run_batches(scheduler, read, names, size, progress)


def _read_some(
    names: Sequence[str], source: Source, reader: Reader, imreadargs: Mapping[str, Any]
) -> list[dict[str, Any]]:
    rows = []
    for name in names:
        try:
            with source.open(name) as file:
                rows.append(reader.read_columns(file, **imreadargs))
        except Exception as error:  # also MemoryError: a damaged header may ask for any size
            rows.append({"error": " ".join(str(error).split()) or type(error).__name__})
    return rows
