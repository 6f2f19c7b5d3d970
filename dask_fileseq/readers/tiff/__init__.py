"""The TIFF reader: all that is particular to TIFF files."""

from dask_fileseq.readers.tiff.tiffreader import TiffReader, read_tiff

__all__ = ["TiffReader", "read_tiff"]
