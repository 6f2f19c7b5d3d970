"""What the headers of all files say: as a table, and whether they agree."""

from dask_fileseq.headers.columncoords import with_header_coords
from dask_fileseq.headers.comparison import Difference, channel_axes, differences
from dask_fileseq.headers.confirmation import confirmed_metadata, kept_rows, numbers_to_read
from dask_fileseq.headers.physicalcoords import with_physical_coords
from dask_fileseq.headers.properties import PROPERTIES, crs_text, unit_text
from dask_fileseq.headers.rows import files_per_task, look_into_files, read_rows
from dask_fileseq.headers.table import HeaderTable, read_table

__all__ = [
    "PROPERTIES",
    "Difference",
    "HeaderTable",
    "channel_axes",
    "confirmed_metadata",
    "crs_text",
    "differences",
    "files_per_task",
    "kept_rows",
    "look_into_files",
    "numbers_to_read",
    "read_rows",
    "read_table",
    "unit_text",
    "with_header_coords",
    "with_physical_coords",
]
