"""Files on a grid as one lazy array, and the one path on which it is read."""

from dask_fileseq.filearray.array import FileArray
from dask_fileseq.filearray.failures import checked_fillvalue, first_readable

__all__ = ["FileArray", "checked_fillvalue", "first_readable"]
