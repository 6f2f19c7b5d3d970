"""What instruments themselves say of their files: indexes and tables beside the images.

A reader of each kind makes a `Descriptor` of the bytes of one or more such files; `gridding`
compares it with the names and makes a `FileGrid`, with times, positions and pixel sizes;
`search` looks for it beside the files. No image is opened.
"""

from dask_fileseq.descriptors.account import explain_descriptor
from dask_fileseq.descriptors.descriptor import row_letters
from dask_fileseq.descriptors.search import grid_beside, grid_of_table
from dask_fileseq.descriptors.tables import grid_of_columns_beside

__all__ = [
    "explain_descriptor",
    "grid_beside",
    "grid_of_columns_beside",
    "grid_of_table",
    "row_letters",
]
