"""What names and one header contain, as plain data for JSON, and as texts made of these data."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dask.utils import format_bytes

from dask_fileseq.filearray import described_scales, first_readable
from dask_fileseq.files import Source
from dask_fileseq.grid import FileGrid, empty_ranges, files_along, labels_at, plain_labels
from dask_fileseq.headers import crs_text, unit_text
from dask_fileseq.plaintext import counted, public_names, without_secrets
from dask_fileseq.readers import FileInfo, Reader, crs_name
from dask_fileseq.report.gridlayout import grid_layout
from dask_fileseq.report.gridmap import grid_map

EMPTY_CELLS = 1000
"""Number of empty cells in a summary, at most."""

EMPTY_RANGES = 100
"""Number of ranges of empty cells in a summary, at most."""

SHOWN = 6
"""Number of labels of an axis that are written out; of more, the first three and the last."""

UNNAMED = re.compile(r"Q(_\d+)?", re.IGNORECASE)
UNEXPLAINED = "; Q: nothing in the names says what it is"
"""The text for axes that nothing names."""

CODECS = {"NONE": "not compressed", "LZW": "LZW", "JPEG": "JPEG", "ZSTD": "Zstandard"}


def first_info(grid: FileGrid, source: Source, reader: Reader) -> FileInfo:
    """Return what the first file contains; reads one header.

    Raises
    ------
    ReadError
        If the file cannot be read.
    """
    return first_readable(grid.names[:1], source, reader.inspect)


def grid_summary(grid: FileGrid) -> dict[str, Any]:
    """Return what names contain: axes with labels and numbers of files, and empty cells."""
    axes = []
    for (dim, values), files in zip(grid.coords.items(), files_along(grid), strict=True):
        labels = plain_labels(values)
        axes.append({"name": dim, "size": len(files), "labels": labels, "files": files.tolist()})
    return {
        "files": len(grid.names),
        "first": without_secrets(grid.names[0]),
        "pattern": None if grid.pattern is None else str(grid.pattern),
        "table": grid.metadata.source or None,
        "shape": list(grid.shape),
        "cells": math.prod(grid.shape),
        "plate": plate_summary(grid),
        "axes": axes,
        "empty": grid.files_missing,
        "empty_cells": [labels_at(grid, cell) for cell in grid.empty_cells[:EMPTY_CELLS].tolist()],
        "empty_ranges": [
            {"cell": labels, "count": count} for labels, count in empty_ranges(grid, EMPTY_RANGES)
        ],
        "unmatched": public_names(grid.unmatched),
        "duplicates": [
            {"name": without_secrets(name), "kept": without_secrets(kept)}
            for name, kept in grid.duplicates
        ],
    }


def plate_summary(grid: FileGrid) -> dict[str, int] | None:
    """Return the number of wells of a plate, and of those with files; None if it is none.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> plate_summary(grid_of_pattern(["A01_s1", "A02_s1", "A02_s2"], "{well}_s{s:d}"))
    {'rows': 8, 'columns': 12, 'wells': 96, 'with_files': 2, 'in_part': 1}
    """
    layout = grid_layout(grid)
    if layout.kind != "plate":
        return None
    states = grid_map(grid, layout.shape).states
    return {
        "rows": layout.down.size,
        "columns": layout.across.size,
        "wells": states.size,
        "with_files": int((states != "empty").sum()),
        "in_part": int((states == "some").sum()),
    }


def array_summary(grid: FileGrid, info: FileInfo) -> dict[str, Any]:
    """Return what a file contains, and the array of all files if they are alike."""
    spec = info.spec
    shape = (*grid.shape, *spec.shape)
    absolute = [dim for dim, scale in info.metadata.scales.items() if scale.absolute]
    scales = {**info.metadata.scales, **described_scales(grid.metadata, absolute)}
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
            "images": [list(series.shape) for series in info.series],
            "unread": info.metadata.unread or None,
        },
        "pixel_size": {
            dim: {"size": abs(scales[dim].step), "unit": unit_text(scales[dim].units)}
            for dim in ("z", "y", "x")
            if dim in scales
        },
        "crs": crs_name(info.metadata.crs),
        "array": {
            "shape": list(shape),
            "dtype": str(spec.dtype),
            "bytes": math.prod(shape) * spec.dtype.itemsize,
        },
    }


def grid_rows(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield titles and texts of ``grid_summary(...)``: the cells, then each axis."""
    several = len(summary["axes"]) > 1
    text = f"{sizes_text(summary['shape'])} = " if several else ""
    text += counted(summary["cells"], "cell")
    if summary["cells"] > 1:
        empty = f"{summary['empty']:,}" if summary["empty"] else "none"
        text += f", {empty} of them empty"
    yield "grid", text
    if plate := summary["plate"]:
        part = f", {plate['in_part']:,} of them only some" if plate["in_part"] else ""
        yield "plate", f"{plate['with_files']:,} of {plate['wells']:,} wells have files{part}"
    for axis in summary["axes"]:
        least, most = min(axis["files"]), max(axis["files"])
        files = f" ({least:,} to {most:,} files each)" if several and least < most else ""
        labels = list(map(str, axis["labels"]))
        if len(labels) > SHOWN:
            labels = [*labels[:3], "...", labels[-1]]
        unnamed = UNEXPLAINED if UNNAMED.fullmatch(axis["name"]) else ""
        yield axis["name"], f"{axis['size']:,}: {', '.join(labels)}{files}{unnamed}"


def array_rows(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield titles and texts of ``array_summary(...)``; none if no file could be read."""
    if not summary.get("array"):
        return
    chunk, array = summary["chunk"], summary["array"]
    inside = ", ".join(
        f"{dim} {size}{' (unnamed pages)' * bool(UNNAMED.fullmatch(dim))}"
        for dim, size in zip(chunk["dims"], chunk["shape"], strict=True)
    )
    parts = [inside or "one value", chunk["dtype"], str(format_bytes(chunk["bytes"]))]
    if codec := chunk["compression"]:
        plain = codec.removeprefix("ADOBE_").replace("_", " ").capitalize()
        parts.append(CODECS.get(codec, plain))
    if chunk["levels"]:
        parts.append(f"a pyramid of {len(chunk['levels'])} levels")
    yield "in a file", "; ".join(parts)
    if size := pixel_size_text(summary["pixel_size"]):
        yield "pixel size", size
    if summary["crs"]:
        yield "crs", crs_text(summary["crs"])
    if chunk["unread"]:
        yield "images", chunk["unread"]
    yield "array", f"{tuple(array['shape'])}, {array['dtype']}, {format_bytes(array['bytes'])}"


def pixel_size_text(sizes: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the size of pixels, one for y and x if they are square.

    >>> square = {dim: {"size": 0.65, "unit": "µm"} for dim in "yx"}
    >>> pixel_size_text(square), pixel_size_text({"z": {"size": 2.0, "unit": "µm"}, **square})
    ('0.65 µm', 'z 2 µm, y 0.65 µm, x 0.65 µm')
    """
    texts = {dim: f"{each['size']:.6g} {each['unit']}".rstrip() for dim, each in sizes.items()}
    if texts.keys() == {"y", "x"} and texts["y"] == texts["x"]:
        return texts["x"]
    return ", ".join(f"{dim} {text}" for dim, text in texts.items())


def summary_rows(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield titles and texts of a summary, which may lack the array, or have an error instead."""
    yield from grid_rows(summary)
    yield from array_rows(summary)
    if summary.get("error"):
        yield "in a file", summary["error"]
    for kind in ("unmatched", "duplicates"):
        if summary[kind]:
            yield kind, f"{len(summary[kind]):,} left out"


def sizes_text(shape: Sequence[int]) -> str:
    """Return a readable shape.

    >>> sizes_text([6, 2, 5])
    '6 x 2 x 5'
    """
    return " x ".join(map(str, shape)) or "1"
