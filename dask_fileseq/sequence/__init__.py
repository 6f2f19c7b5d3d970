"""What users open: sequences of file names that are dask collections."""

from dask_fileseq.sequence.collection import FileSequence
from dask_fileseq.sequence.opening import TiffSequence, imread, open_sequence

__all__ = ["FileSequence", "TiffSequence", "imread", "open_sequence"]
