"""A file array as a dask array: one symbolic layer of reads.

The problem: a graph with a task for each of a million files takes seconds and gigabytes to
build, and a task that reads a whole file reads too much for a slice. The idea: the layer
contains the file array once, and makes a task only when it is needed: dask's own ``getter``
on a block (a smaller file array) and the block's full slices. dask's optimiser fuses slices
into ``getter`` tasks, so the slice arrives in `FileArray.__getitem__`, and only the selected
region is read.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import dask
import dask.array
from dask.array.core import Array, getter
from dask.base import tokenize
from dask.blockwise import BlockwiseDep, blockwise
from dask.highlevelgraph import HighLevelGraph

from dask_fileseq.filearray import FileArray, Turns
from dask_fileseq.graph.chunks import Chunks, block_chunks, default_chunks
from dask_fileseq.graph.sliced import SlicedFiles, WholeFiles


def to_dask_array(array: FileArray, chunks: Any = None, *, default: str = "file") -> Array:
    """Return a file array as a lazy dask array.

    Parameters
    ----------
    array : FileArray
        What to read.
    chunks : optional
        How to cut it into blocks; see `block_chunks`.
    default : {"file", "grouped", "auto"}
        The `chunks` if none are given, and none are ``fileseq.chunks`` in dask's configuration.
    """
    if dask.config.get("array.query-planning", False):
        raise NotImplementedError(
            "dask's array.query-planning=True does not push slices down into reads;"
            " set it to False before dask.array is imported"
        )
    cut = default_chunks(array, default) if chunks is None else block_chunks(array, chunks)
    return SlicedFiles.of(WholeFiles(array, cut, _with_graph))


def arrays_of_graph(array: Array) -> list[FileArray]:
    """Return the file arrays that the blocks of a dask array are made of."""
    layers = array.dask.layers.values()
    inputs = [each for layer in layers for each in getattr(layer, "io_deps", {}).values()]
    return [each.array for each in inputs if isinstance(each, _Blocks)]


def _with_graph(array: FileArray, cut: Chunks) -> Array:
    """Return a file array, cut into blocks, as an ordinary dask array."""
    name = f"read-{array.reader.name}-{tokenize(array, cut)}"
    indices = tuple(range(array.ndim))
    layer = blockwise(
        getter,
        name,
        indices,
        _Blocks(array, cut),
        indices,
        _Slices(cut),
        indices,
        numblocks={},
        _data_producer=True,
    )
    graph = HighLevelGraph.from_collections(name, layer)
    return Array(graph, name, cut, dtype=array.dtype)


class _PerBlock(BlockwiseDep):
    """An argument of the layer that has another value for each block."""

    produces_tasks = False

    def __init__(self, chunks: Chunks) -> None:
        self.chunks = chunks
        self.numblocks = tuple(len(c) for c in chunks)

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return type(self).__name__, self.chunks


class _Blocks(_PerBlock):
    """The file array of each block."""

    def __init__(self, array: FileArray, chunks: Chunks) -> None:
        super().__init__(chunks)
        self.array = array
        self.edges = [[0, *accumulate(c)] for c in chunks]
        self.turns = Turns()

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return type(self).__name__, self.chunks, self.array.__dask_tokenize__()

    def __getitem__(self, index: tuple[int, ...]) -> FileArray:
        block = self.array.block(
            [(edges[i], edges[i + 1]) for i, edges in zip(index, self.edges, strict=True)]
        )
        if self.array.source.concurrency == 1:
            return block
        if (ready := self.turns.add(index, block)) is None:
            self.turns = Turns()
            ready = self.turns.add(index, block)
        return ready or block

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"turns": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, turns=Turns())


class _Slices(_PerBlock):
    """The slices that select all of each block."""

    def __getitem__(self, index: tuple[int, ...]) -> tuple[slice, ...]:
        return tuple(slice(0, c[i]) for i, c in zip(index, self.chunks, strict=True))
