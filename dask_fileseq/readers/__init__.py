"""Readers: what one file holds, and the pixels of any part of it.

Only this package knows TIFF, and it knows nothing of grids or dask. The rest
calls `chunk_spec` and `read_into`, which take any ``imread(file, **imreadargs)``:
a plain function reads whole files, a `RegionReader` such as `read_tiff` also
reads a header by itself and only the bytes that a region needs, and a `BatchReader`
reads many files in one go.
"""

from dask_fileseq.readers.chunk import ChunkSpec, WrongChunk
from dask_fileseq.readers.counters import Counts, count
from dask_fileseq.readers.facts import FactReader, FileFacts, file_facts, require_file
from dask_fileseq.readers.layout import Layout, NoLayout, file_layout, require_plain
from dask_fileseq.readers.metadata import chunk_description
from dask_fileseq.readers.protocol import BatchReader, File, RegionReader, chunk_spec, read_into
from dask_fileseq.readers.scales import ChunkMetadata
from dask_fileseq.readers.tiff import TiffReader, read_tiff

__all__ = [
    "BatchReader",
    "ChunkMetadata",
    "ChunkSpec",
    "Counts",
    "FactReader",
    "File",
    "FileFacts",
    "Layout",
    "NoLayout",
    "RegionReader",
    "TiffReader",
    "WrongChunk",
    "chunk_description",
    "chunk_spec",
    "count",
    "file_facts",
    "file_layout",
    "read_into",
    "read_tiff",
    "require_file",
    "require_plain",
]
