"""Readers: what one file contains, and the pixels of any part of it.

The rest of the package calls the methods of a `Reader`. The TIFF reader, in `readers.tiff`,
decodes only the bytes that a region needs; a plain function ``imread(file, **imreadargs)``
becomes a complete reader by `as_reader`. Readers use neither grids nor dask.
"""

from dask_fileseq.readers.bytelayout import ByteLayout, NoByteLayout
from dask_fileseq.readers.chunk import ChunkSpec, WrongChunk, plain_dims
from dask_fileseq.readers.chunkmetadata import ChunkMetadata
from dask_fileseq.readers.counters import Counts, count
from dask_fileseq.readers.imagefiles import ImageReader, SuffixReader, read_by_suffix, read_image
from dask_fileseq.readers.reader import (
    File,
    FileInfo,
    FunctionReader,
    Reader,
    as_reader,
    require_file,
)
from dask_fileseq.readers.region import Region, is_whole, whole_region
from dask_fileseq.readers.suffixes import IMAGE_SUFFIXES, TIFF_SUFFIXES
from dask_fileseq.readers.tiff import TiffReader, read_tiff

__all__ = [
    "IMAGE_SUFFIXES",
    "TIFF_SUFFIXES",
    "ByteLayout",
    "ChunkMetadata",
    "ChunkSpec",
    "Counts",
    "File",
    "FileInfo",
    "FunctionReader",
    "ImageReader",
    "NoByteLayout",
    "Reader",
    "Region",
    "SuffixReader",
    "TiffReader",
    "WrongChunk",
    "as_reader",
    "count",
    "is_whole",
    "plain_dims",
    "read_by_suffix",
    "read_image",
    "read_tiff",
    "require_file",
    "whole_region",
]
