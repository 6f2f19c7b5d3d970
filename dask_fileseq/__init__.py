"""A folder of image files as one lazy dask array."""

from dask_fileseq._version import __version__
from dask_fileseq.errors import (
    ChangedError,
    ChunkMismatchError,
    DuplicateError,
    FileSequenceError,
    FillWarning,
    LayoutError,
    NamesError,
    NoFilesError,
    ReadError,
    SparseGridError,
    TargetExistsError,
    UnfinishedError,
    UnmatchedError,
    VerifyError,
    WriteError,
)
from dask_fileseq.filearray import FileArray
from dask_fileseq.grid import natural_sorted, parse_filenames
from dask_fileseq.patterns import NamePattern, add_presets, register_preset
from dask_fileseq.readers import read_tiff
from dask_fileseq.sequence import FileSequence, TiffSequence, imread, open_sequence

__all__ = [
    "ChangedError",
    "ChunkMismatchError",
    "DuplicateError",
    "FileArray",
    "FileSequence",
    "FileSequenceError",
    "FillWarning",
    "LayoutError",
    "NamePattern",
    "NamesError",
    "NoFilesError",
    "ReadError",
    "SparseGridError",
    "TargetExistsError",
    "TiffSequence",
    "UnfinishedError",
    "UnmatchedError",
    "VerifyError",
    "WriteError",
    "__version__",
    "add_presets",
    "imread",
    "natural_sorted",
    "open_sequence",
    "parse_filenames",
    "read_tiff",
    "register_preset",
]
