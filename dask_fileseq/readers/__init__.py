"""Readers: what one file contains, and the pixels of any part of it.

The rest of the package calls the methods of a `Reader`. The TIFF reader, in `readers.tiff`,
decodes only the bytes that a region needs; a plain function ``imread(file, **imreadargs)``
becomes a complete reader by `as_reader`. Readers use neither grids nor dask.
"""

from dask_fileseq.readers.bound import BoundReader
from dask_fileseq.readers.chunk import (
    ByteLayout,
    ChunkSpec,
    NoByteLayout,
    Region,
    WrongChunk,
    is_whole,
    plain_dims,
    whole_region,
)
from dask_fileseq.readers.chunkmetadata import (
    MICROMETRES,
    ChunkMetadata,
    Labels,
    Scale,
    unit_name,
)
from dask_fileseq.readers.counters import Counts, count
from dask_fileseq.readers.headercolumns import (
    PRINT,
    crs_name,
    header_columns,
    pixel_columns,
    single,
)
from dask_fileseq.readers.imagefiles import read_by_suffix, read_image
from dask_fileseq.readers.padded import PaddedReader
from dask_fileseq.readers.pages import PagesReader
from dask_fileseq.readers.reader import (
    TIFF_SUFFIXES,
    File,
    FileInfo,
    FunctionReader,
    Reader,
    SeriesInfo,
    as_reader,
)
from dask_fileseq.readers.tiff import TiffReader, band_tags, geo_tags, ome_text, read_tiff
from dask_fileseq.readers.twoways import difference_otherwise, read_whole

__all__ = [
    "MICROMETRES",
    "PRINT",
    "TIFF_SUFFIXES",
    "BoundReader",
    "ByteLayout",
    "ChunkMetadata",
    "ChunkSpec",
    "Counts",
    "File",
    "FileInfo",
    "FunctionReader",
    "Labels",
    "NoByteLayout",
    "PaddedReader",
    "PagesReader",
    "Reader",
    "Region",
    "Scale",
    "SeriesInfo",
    "TiffReader",
    "WrongChunk",
    "as_reader",
    "band_tags",
    "count",
    "crs_name",
    "difference_otherwise",
    "geo_tags",
    "header_columns",
    "is_whole",
    "ome_text",
    "pixel_columns",
    "plain_dims",
    "read_by_suffix",
    "read_image",
    "read_tiff",
    "read_whole",
    "single",
    "unit_name",
    "whole_region",
]
