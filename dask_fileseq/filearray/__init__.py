"""Files on a grid as one lazy array, and the one path on which it is read."""

from dask_fileseq.filearray.array import FileArray, first_info
from dask_fileseq.filearray.basic_index import basic_index
from dask_fileseq.filearray.failures import (
    checked_fillvalue,
    current_worker,
    failure_of,
    first_readable,
    read_error,
    recorded_fills,
)
from dask_fileseq.filearray.version import files_version

__all__ = [
    "FileArray",
    "basic_index",
    "checked_fillvalue",
    "current_worker",
    "failure_of",
    "files_version",
    "first_info",
    "first_readable",
    "read_error",
    "recorded_fills",
]
