"""Files on a grid as one lazy array, and the one path on which it is read."""

from dask_fileseq.filearray.array import FileArray
from dask_fileseq.filearray.failures import (
    current_worker,
    failure_of,
    read_error,
    recorded_fills,
)
from dask_fileseq.filearray.fillvalues import checked_fillvalue
from dask_fileseq.filearray.first_file import described_scales, first_info, first_readable
from dask_fileseq.filearray.turns import Turns
from dask_fileseq.filearray.version import files_version, version_hash

__all__ = [
    "FileArray",
    "Turns",
    "checked_fillvalue",
    "current_worker",
    "described_scales",
    "failure_of",
    "files_version",
    "first_info",
    "first_readable",
    "read_error",
    "recorded_fills",
    "version_hash",
]
