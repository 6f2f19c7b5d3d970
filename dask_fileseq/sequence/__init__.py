"""The classes and functions that users open files with."""

from dask_fileseq.sequence.constructors import TiffSequence, concat, imread, open_sequence
from dask_fileseq.sequence.filesequence import FileSequence

__all__ = ["FileSequence", "TiffSequence", "concat", "imread", "open_sequence"]
