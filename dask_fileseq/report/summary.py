"""What a grid and one header say, as plain data: for JSON, text and HTML alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from dask.utils import format_bytes

from dask_fileseq.grid import FileGrid, labels_at, plain_labels
from dask_fileseq.readers import FileInfo

__all__ = ["array_summary", "array_text", "cell_text", "chunk_text", "few", "grid_summary"]

EMPTY_CELLS = 1000
SHOWN = 6


def grid_summary(grid: FileGrid) -> dict[str, Any]:
    """Return what names say: axes with their labels and files, and cells without a file."""
    cells = np.arange(len(grid.names)) if grid.positions is None else grid.positions
    along = np.unravel_index(cells, grid.shape) if grid.shape else ()
    axes = []
    for (dim, labels), size, column in zip(grid.coords.items(), grid.shape, along, strict=True):
        files = np.bincount(column, minlength=size).tolist()
        axes.append({"name": dim, "size": size, "labels": plain_labels(labels), "files": files})
    empty = np.flatnonzero(grid.table == -1) if grid.files_missing else np.empty(0, np.int64)
    return {
        "files": len(grid.names),
        "first": grid.names[0],
        "pattern": None if grid.pattern is None else str(grid.pattern),
        "shape": list(grid.shape),
        "cells": math.prod(grid.shape),
        "axes": axes,
        "empty": grid.files_missing,
        "empty_cells": [labels_at(grid, cell) for cell in islice(empty.tolist(), EMPTY_CELLS)],
        "unmatched": list(grid.unmatched),
        "duplicates": [{"name": name, "kept": kept} for name, kept in grid.duplicates],
    }


def array_summary(shape: Sequence[int], info: FileInfo) -> dict[str, Any]:
    """Return what the files hold, if all are as the first, and what array they make."""
    spec = info.spec
    whole = (*shape, *spec.shape)
    return {
        "chunk": {
            "shape": list(spec.shape),
            "dims": list(spec.dims),
            "dtype": str(spec.dtype),
            "bytes": math.prod(spec.shape) * spec.dtype.itemsize,
            "tile": list(spec.tile),
            "pages": info.pages,
            "compression": info.compression or None,
            "levels": [list(level) for level in info.levels],
        },
        "array": {
            "shape": list(whole),
            "dtype": str(spec.dtype),
            "bytes": math.prod(whole) * spec.dtype.itemsize,
        },
    }


def chunk_text(told: Mapping[str, Any]) -> str:
    """Return what `array_summary` says of a file, readably."""
    chunk = told["chunk"]
    inside = ", ".join(f"{d} {n}" for d, n in zip(chunk["dims"], chunk["shape"], strict=True))
    parts = [inside or "one value", chunk["dtype"], str(format_bytes(chunk["bytes"]))]
    if chunk["compression"]:
        parts.append(_codec(chunk["compression"]))
    if chunk["levels"]:
        parts.append(f"a pyramid of {len(chunk['levels'])} levels")
    return "; ".join(parts)


def array_text(told: Mapping[str, Any]) -> str:
    """Return what `array_summary` says of the array, readably."""
    array = told["array"]
    return f"{tuple(array['shape'])}, {array['dtype']}, {format_bytes(array['bytes'])}"


def _codec(name: str) -> str:
    """Return the name of a codec as people write it.

    >>> _codec("NONE"), _codec("ADOBE_DEFLATE")
    ('not compressed', 'Deflate')
    """
    known = {"NONE": "not compressed", "LZW": "LZW", "JPEG": "JPEG", "ZSTD": "Zstandard"}
    plain = name.removeprefix("ADOBE_")
    return known.get(name, plain.replace("_", " ").capitalize())


def cell_text(labels: dict[str, Any]) -> str:
    """Return the labels of a cell, readably.

    >>> cell_text({"t": 3, "channel": "DAPI"})
    '(t 3, channel DAPI)'
    """
    return f"({', '.join(f'{dim} {label}' for dim, label in labels.items())})"


def few(values: Sequence[Any], most: int = SHOWN) -> str:
    """Return the first values and the last.

    >>> few([10, 20, 30, 40, 50, 60, 70, 80])
    '10, 20, 30, ..., 80'
    """
    if len(values) <= most:
        return ", ".join(map(str, values))
    return f"{', '.join(map(str, values[:3]))}, ..., {values[-1]}"
