"""Reads of files that are far away, begun before the tasks of dask that need them.

The problem: dask runs as many tasks as there are processors, each reads a block, and all of them
wait for a server. The idea: the blocks of a graph know each other, so that the task that reads one
begins to read the same region of others, in threads of their own. Blocks whose graph is gone are
not read, and what is read ahead is bounded. Other processes, which get their tasks one by one, read
nothing ahead. Neither do workers of a cluster, which count the failures of their tasks.
"""

from __future__ import annotations

import threading
from bisect import bisect
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from os import getpid
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.filearray.failures import current_worker

if TYPE_CHECKING:
    from dask_fileseq.filearray.array import FileArray

AHEAD = 256
"""Number of files that are read at a time: more than requests, of which a file may take several."""

AHEAD_BYTES = 128 * 2**20
"""Bytes of pixels that are read, or wait for their tasks."""

Region = tuple[range, ...]


class Turn:
    """What is read of a block before its turn; it does not go to other processes."""

    def __init__(self, turns: Turns, number: tuple[int, ...]) -> None:
        self.turns = turns
        self.number = number
        self.region: Region | None = None
        self.future: Future[NDArray[Any]] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()


class Turns:
    """The blocks of one graph, by their numbers; all are added before one is read.

    dask begins anywhere, and goes backwards most of the time: so do the reads ahead of it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks: dict[tuple[int, ...], ref[FileArray]] = {}
        self._left: list[tuple[int, ...]] | None = None
        self._last: tuple[tuple[int, ...], tuple[int, ...], Region] | None = None
        self._files = self._nbytes = 0

    def add(self, number: tuple[int, ...], block: FileArray) -> FileArray | None:
        """Return the block with its turn; None if it belongs to another graph."""
        if self._left is not None or number in self._blocks:
            return None
        block = replace(block, turn=Turn(self, number))
        self._blocks[number] = ref(block)
        return block

    def read(self, block: FileArray, turn: Turn, region: Region) -> NDArray[Any]:
        """Return a region of a block, and begin to read that of others."""
        with self._lock:
            if self._left is None:
                self._left = sorted(self._blocks)
            if turn.future is not None and turn.region == region:
                future, turn.future = turn.future, None
            else:
                future, turn.region = self._begin(block, region), turn.region or region
            self._last = turn.number, block.shape, region
            self._begin_others()
        try:
            return future.result()
        finally:
            with self._lock:
                self._nbytes -= _size(block, region)

    def _begin_others(self) -> None:
        """Begin as many reads as there may be, from the block that a task read last."""
        if self._last is None:
            return
        last, shape, region = self._last
        while self._left and self._files < AHEAD and self._nbytes < AHEAD_BYTES:
            number = self._left.pop(bisect(self._left, last) - 1)
            other = self._blocks[number]()
            same = None if other is None else _same_part(region, shape, other.shape)
            if other is not None and same and other.turn and other.turn.region is None:
                other.turn.region, other.turn.future = same, self._begin(other, same)

    def _begin(self, block: FileArray, region: Region) -> Future[NDArray[Any]]:
        """Begin to read a region of a block."""
        count = len(block.names)
        self._files += count
        self._nbytes += _size(block, region)

        def read() -> NDArray[Any]:
            try:
                return _read(block, region)
            finally:
                with self._lock:
                    self._files -= count
                    self._begin_others()

        return _pool(getpid()).submit(read)


def _same_part(region: Region, shape: tuple[int, ...], other: tuple[int, ...]) -> Region | None:
    """Return the region of a block that is what a region is of another one; None if unknown.

    >>> _same_part((range(7), range(2, 5)), (7, 9), (4, 9))  # the last block is smaller
    (range(0, 4), range(2, 5))
    >>> _same_part((range(3), range(9)), (7, 9), (4, 9)) is None
    True
    """
    parts = []
    for part, length, length_there in zip(region, shape, other, strict=True):
        if length != length_there and part != range(length):
            return None
        parts.append(range(length_there) if part == range(length) else part)
    return tuple(parts)


def _size(block: FileArray, region: Region) -> int:
    return int(np.prod([len(r) for r in region])) * block.dtype.itemsize


def _read(block: FileArray, region: Region) -> NDArray[Any]:
    """Return a region of a block."""
    result = np.empty(tuple(map(len, region)), block.dtype)
    block.read(region, result)
    return result


def read_of_task(block: FileArray, region: Region) -> NDArray[Any]:
    """Return a region of a block, for a task that needs it now."""
    if block.turn is None or not all(region) or current_worker() is not None:
        return _read(block, region)
    return block.turn.turns.read(block, block.turn, region)


@lru_cache(maxsize=1)
def _pool(process: int) -> ThreadPoolExecutor:
    """Return the threads of this process."""
    return ThreadPoolExecutor(AHEAD, "read-ahead")
