"""Readers: what one file contains, and the pixels of any part of it.

Only this package contains TIFF code, and it uses no grids and no dask. The rest calls the
methods of a `Reader`: the TIFF reader decodes only the bytes that a region needs, and a
plain function ``imread(file, **imreadargs)`` becomes a complete reader by `as_reader`.
"""

from dask_fileseq.readers.bytelayout import ByteLayout, NoByteLayout
from dask_fileseq.readers.chunk import ChunkSpec, WrongChunk, plain_dims
from dask_fileseq.readers.counters import Counts, count
from dask_fileseq.readers.fileinfo import require_file
from dask_fileseq.readers.formats import ImageReader, SuffixReader, read_by_suffix, read_image
from dask_fileseq.readers.reader import (
    IMAGE_SUFFIXES,
    TIFF_SUFFIXES,
    File,
    FileInfo,
    FunctionReader,
    Reader,
    as_reader,
)
from dask_fileseq.readers.regions import Region, is_whole, whole_region
from dask_fileseq.readers.scales import ChunkMetadata
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
