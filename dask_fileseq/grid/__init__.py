"""Which file stands at which index: pure, no I/O, no dask.

A `FileGrid` is made from file names by `grid_of_pattern`, from what a user's
own function found by `grid_of_indices`, or from nothing but the order of the
files by `grid_of_sequence`. `parse_filenames` and `natural_sorted` are
tifffile's functions of the same names.

All work goes by column: a million names have few distinct texts along an axis,
and each of them is looked at once. The modules, each using only those before it:
`natural`, `filegrid`, `axes`, `parsing`, `building`; `labels` and `selection` make parts
of a grid.
"""

from dask_fileseq.grid.building import grid_of_indices, grid_of_pattern, grid_of_sequence
from dask_fileseq.grid.filegrid import FileGrid
from dask_fileseq.grid.labels import places_of_labels
from dask_fileseq.grid.natural import natural_sorted
from dask_fileseq.grid.parsing import parse_filenames
from dask_fileseq.grid.selection import indexers_of, parts_of, selected

__all__ = [
    "FileGrid",
    "grid_of_indices",
    "grid_of_pattern",
    "grid_of_sequence",
    "indexers_of",
    "natural_sorted",
    "parse_filenames",
    "parts_of",
    "places_of_labels",
    "selected",
]
