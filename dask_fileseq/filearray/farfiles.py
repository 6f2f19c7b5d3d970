"""Files that are far away are read several at a time, because each makes its reader wait."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dask_fileseq.files import Open, Source

IN_FLIGHT = 256 * 2**20
"""Bytes of pixels of files far away that are read at the same time."""

FEWEST = 4
"""Number of files far away that are read at the same time, however large they are."""


def attempts(
    source: Source,
    names: Sequence[str],
    size: int | None,
    nbytes: int,
    read: Callable[[int, Any], None],
) -> Generator[Exception | None, None, None]:
    """Call ``read(i, file)`` for the i-th name, and yield the errors of those that cannot be read.

    `size` is the size of the array in a file if it is read whole, and `nbytes` what is read.
    """

    def attempt(i: int, opener: Open) -> Exception | None:
        try:
            with opener(names[i]) as file:
                read(i, file)
        except Exception as error:
            return error
        return None

    if source.concurrency == 1 or len(names) == 1:
        opener: Open = source.open if size is None else source.open_whole
        yield from (attempt(i, opener) for i in range(len(names)))
        return
    most = max(FEWEST, IN_FLIGHT // max(1, nbytes))
    with (
        ThreadPoolExecutor(min(source.readers(names, size), most, len(names))) as pool,
        source.in_advance(names, size) as requested,
    ):
        futures = [pool.submit(attempt, i, requested) for i in range(len(names))]
        try:
            for future in futures:
                yield future.result()
        finally:  # also when the caller stops at an error
            for future in futures:
                future.cancel()
