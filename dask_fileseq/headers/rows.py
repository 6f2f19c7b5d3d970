"""Reading the headers of many files, in any process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from dask_fileseq.files import Source
from dask_fileseq.graph import Scheduler, run_batches
from dask_fileseq.readers import File, Reader
from dask_fileseq.types import Progress

T = TypeVar("T")

BATCHES = 200
"""Number of tasks for all files, so that progress is shown and work is balanced."""

LARGEST = 500
"""Maximum number of files in a task."""


def files_per_task(count: int) -> int:
    """Return the number of files in a task, of so many in all."""
    return max(1, min(LARGEST, count // BATCHES))


def read_rows(
    names: Sequence[str],
    source: Source,
    reader: Reader,
    imreadargs: Mapping[str, Any],
    scheduler: Scheduler,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Return what the header of each file says, by columns; of those that fail, the ``error``."""
    read = partial(reader.read_columns, **imreadargs)
    look = partial(look_into_files, source=source, look=read)
    rows = run_batches(scheduler, look, names, files_per_task(len(names)), progress)
    return [{"error": row} if isinstance(row, str) else row for row in rows]


def look_into_files(
    names: Sequence[str], source: Source, look: Callable[[File], T]
) -> list[T | str]:
    """Return what a function returns for each open file; where it fails, the reason as a text."""
    found: list[T | str] = []
    for name in names:
        try:
            with source.open(name) as file:
                found.append(look(file))
        except Exception as error:  # also MemoryError: a damaged header may ask for any size
            found.append(" ".join(str(error).split()) or type(error).__name__)
    return found
