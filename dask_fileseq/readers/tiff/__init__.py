"""The TIFF reader: all that is particular to TIFF files."""

from dask_fileseq.readers.tiff.geotags import band_tags, geo_tags
from dask_fileseq.readers.tiff.omexml import ome_text
from dask_fileseq.readers.tiff.tiffreader import TiffReader, read_tiff

__all__ = ["TiffReader", "band_tags", "geo_tags", "ome_text", "read_tiff"]
