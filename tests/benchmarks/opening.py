"""Opening at scale: from a folder, or from names alone, to a grid and a graph. No pixels."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import tifffile
from images import PATTERN, Files, Names, many_files, many_names
from memory import fresh
from model import AtMost, Case, Contender, Faster, Probe

import dask_fileseq

__all__ = ["folder_case", "names_case", "sequence_of_names"]


def folder_case() -> Case:
    """Return the case of a real folder of many files."""

    def sequence(files: Files) -> Any:
        return dask_fileseq.TiffSequence(files.glob, pattern=PATTERN)

    def array(seq: Any) -> Any:
        return seq, seq.to_dask_array()

    return Case(
        "open-folder",
        "a real folder listed, sorted, parsed (opening), identified and in a graph",
        many_files,
        200_000,
        4000,
        [
            Contender("to_dask_array()", "this", sequence, array, lambda found: _grid(found[0])),
            Contender(
                "tifffile: list, sort, parse",
                "peer",
                lambda files: tifffile.TiffSequence(files.glob, pattern=PATTERN),
                value=_grid,
            ),
            _limit("os.listdir alone", lambda files: os.listdir(files.folder)),
            _limit("glob.glob alone", lambda files: glob.glob(files.glob)),
            _limit("os.stat of all, one thread", lambda files: list(map(os.stat, files.names))),
        ],
        lambda files: _grid(tifffile.TiffSequence(files.glob, pattern=PATTERN)),
        [Faster("to_dask_array()", ("tifffile: list, sort, parse",), 3, "tifffile")],
        repeats=3,
    )


def _limit(name: str, read: Callable[[Any], Any]) -> Contender:
    return Contender(name, "limit", lambda data: data, read, compared=False)


def _grid(seq: Any) -> Any:
    """Return what two sequences must have in common."""
    return _cells(seq.shape, seq.indices, seq)


def _cells(shape: Iterable[int], indices: Iterable[Iterable[int]], names: Iterable[str]) -> Any:
    return tuple(shape), hash(tuple(tuple(map(int, i)) for i in indices)), hash(tuple(names))


def nothing(name: str) -> np.ndarray[Any, Any]:
    """Stand for a reader that takes no time."""
    return np.zeros((64, 64), np.uint16)


def sequence_of_names(names: Names) -> Any:
    """Return a sequence of names that do not exist, sorted and parsed."""
    return dask_fileseq.FileSequence(nothing, names.names, sort=True, pattern=PATTERN)


def names_case() -> Case:
    """Return the case of many names without files."""

    def graph(seq: Any) -> Any:
        return seq, seq.to_dask_array(chunkshape=(64, 64), chunkdtype="uint16")

    def parsed(names: Names) -> Any:
        return tifffile.parse_filenames(tifffile.natural_sorted(names.names), PATTERN)

    def sizes(names: Names) -> dict[str, float]:
        found = fresh("names", count=len(names))
        inferred = fresh("infer", count=len(names))
        many = fresh("infer", count=10 * len(names))
        return {
            "inference (us of CPU a name)": inferred["cpu"] / len(names) * 1e6,
            "inference of ten times as many (s)": many["seconds"],
            "inference of ten times as many (bytes a name)": many["peak above the list"]
            / (10 * len(names)),
            "peak above the list (MB)": found["peak above the list"],
            "sequence (s)": found["sequence"],
            "graph (s)": found["graph"],
            "pickled sequence (bytes a file)": found["pickled sequence"] / len(names),
            "pickled array (bytes a file)": found["pickled array"] / len(names),
            "pickled graph of one block (bytes)": found["pickled one block"],
            "first crop (ms)": found["first crop"],
            "warm crop (ms)": found["warm crop"],
        }

    return Case(
        "open-names",
        "names that do not exist, sorted and parsed (opening), and in a graph",
        many_names,
        1_000_000,
        40_000,
        [
            Contender("to_dask_array()", "this", sequence_of_names, graph, lambda v: _grid(v[0])),
            Contender("tifffile: sort, parse", "peer", parsed, value=lambda v: _cells(*v[1:])),
        ],
        lambda names: _cells(*parsed(names)[1:]),
        [
            Faster("to_dask_array()", ("tifffile: sort, parse",), 6, "tifffile"),
            AtMost("graph (s)", 0.5, "graph", "s"),
            AtMost("peak above the list (MB)", 250, "peak memory above the list", "MB"),
            AtMost("pickled sequence (bytes a file)", 40, "pickled sequence", "bytes a file"),
            AtMost("inference (us of CPU a name)", 2, "inference", "us a name"),
            AtMost("inference of ten times as many (s)", 25, "inference, ten times as many", "s"),
            AtMost(
                "inference of ten times as many (bytes a name)",
                120,
                "its peak memory above the list",
                "bytes a name",
            ),
        ],
        probes=[Probe(sizes)],
        repeats=3,
        item="name",
    )
