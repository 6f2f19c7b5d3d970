"""What a descriptor says of a grid, as a text for people."""

from __future__ import annotations

from collections.abc import Iterator

from dask_fileseq.grid import FileGrid, GridCoord, plain_labels
from dask_fileseq.plaintext import counted

_SHOWN = 3


def explain_descriptor(grid: FileGrid) -> str:
    """Return lines about the table or descriptor that made a grid; empty if names made it."""
    return "".join(f"{line}\n" for line in _lines(grid)) if grid.metadata.source else ""


def _lines(grid: FileGrid) -> Iterator[str]:
    known = grid.metadata
    yield f"{known.source} gives the axes, and the names confirm it (table=None: names alone)"
    for dim, values in grid.coords.items():
        labels = list(map(str, plain_labels(values)))
        more = len(labels) > _SHOWN + 1
        shown = ", ".join(labels[: _SHOWN if more else None])
        yield f"  axis {dim}: {len(labels):,} ({shown}{f', ..., {labels[-1]}' if more else ''})"
    for name, coord in known.coords.items():
        yield f"  coordinate {name}: {_about(coord)}"
    for dim, (step, units) in known.pixel_sizes.items():
        yield f"  pixel size along {dim}: {step:.6g} {units}"
    if grid.files_missing:
        yield f"  {counted(grid.files_missing, 'cell')} without a file"
    if grid.unmatched:
        yield f"  {counted(len(grid.unmatched), 'file')} that it does not name"
    for note in known.notes:
        yield f"  {note}"
    yield "the names alone"


def _about(coord: GridCoord) -> str:
    """Return the axes, or the value, of a coordinate, and its unit."""
    units = f" {coord.attrs['units']}" if "units" in coord.attrs else ""
    if coord.dims:
        return f"along {', '.join(coord.dims)}{f' in{units}' if units else ''}"
    return f"{plain_labels(coord.values)}{units}"
