"""The grid of files: which file has which index. Pure: no I/O, no dask.

A `FileGrid` is made from file names by `grid_of_pattern`, from the result of a user's own
function by `grid_of_indices`, or from the order of the files alone by `grid_of_sequence`.
`parse_filenames` and `natural_sorted` are tifffile's functions of the same names.

All work goes by column: a million names have few distinct texts along an axis, and each of
these is looked at once. Each module imports only from those before it: `natural_sort`,
`text_axis`, `grid_axes`, `density`, `durations`, `gridmetadata`, `filegrid`, `cellranges`;
`label_lookup` and `selection` make parts of a grid, `joining` makes one grid of several, and
`growing` adds files.
"""

from dask_fileseq.grid.cellranges import CellRange, cell_text, empty_ranges, files_along
from dask_fileseq.grid.filegrid import (
    Duplicates,
    FileGrid,
    grid_of_columns,
    grid_of_indices,
    grid_of_pattern,
    grid_of_sequence,
    labels_at,
    plain_labels,
    positions_of,
)
from dask_fileseq.grid.grid_axes import parse_filenames
from dask_fileseq.grid.gridmetadata import GridCoord, GridMetadata, coord_of_files
from dask_fileseq.grid.growing import grown_grid
from dask_fileseq.grid.joining import joined_grids, renamed
from dask_fileseq.grid.label_lookup import places_of_labels
from dask_fileseq.grid.natural_sort import natural_sorted
from dask_fileseq.grid.selection import by_axis, part_of_files, parts_of, selected
from dask_fileseq.grid.text_axis import Spacing

__all__ = [
    "CellRange",
    "Duplicates",
    "FileGrid",
    "GridCoord",
    "GridMetadata",
    "Spacing",
    "by_axis",
    "cell_text",
    "coord_of_files",
    "empty_ranges",
    "files_along",
    "grid_of_columns",
    "grid_of_indices",
    "grid_of_pattern",
    "grid_of_sequence",
    "grown_grid",
    "joined_grids",
    "labels_at",
    "natural_sorted",
    "parse_filenames",
    "part_of_files",
    "parts_of",
    "places_of_labels",
    "plain_labels",
    "positions_of",
    "renamed",
    "selected",
]
