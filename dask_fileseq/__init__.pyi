# What a user may import; `__init__.py` loads each name when it is first asked for.

from . import errors, patterns
from ._version import __version__
from .errors import (
    ChangedError,
    ChunkMismatchError,
    DuplicateError,
    FileSequenceError,
    FillWarning,
    GridWarning,
    HeaderWarning,
    LabelError,
    LayoutError,
    MapError,
    NamesError,
    NoFilesError,
    ReadError,
    SeriesWarning,
    SkipWarning,
    SmallFilesWarning,
    SparseGridError,
    TargetExistsError,
    UnfinishedError,
    UnmatchedError,
    VerifyError,
    WriteError,
)
from .filearray import FileArray
from .grid import natural_sorted, parse_filenames
from .patterns import NamePattern, NameProduct, add_presets, register_preset
from .readers import read_tiff
from .sequence import FileSequence, TiffSequence, concat, imread, open_sequence
from .write import to_files

__all__ = [
    "ChangedError",
    "ChunkMismatchError",
    "DuplicateError",
    "FileArray",
    "FileSequence",
    "FileSequenceError",
    "FillWarning",
    "GridWarning",
    "HeaderWarning",
    "LabelError",
    "LayoutError",
    "MapError",
    "NamePattern",
    "NameProduct",
    "NamesError",
    "NoFilesError",
    "ReadError",
    "SeriesWarning",
    "SkipWarning",
    "SmallFilesWarning",
    "SparseGridError",
    "TargetExistsError",
    "TiffSequence",
    "UnfinishedError",
    "UnmatchedError",
    "VerifyError",
    "WriteError",
    "__version__",
    "add_presets",
    "concat",
    "errors",
    "imread",
    "natural_sorted",
    "open_sequence",
    "parse_filenames",
    "patterns",
    "read_tiff",
    "register_preset",
    "to_files",
]
