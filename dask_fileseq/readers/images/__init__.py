"""Headers of images that are not TIFF: shape and type without the pixels."""

from dask_fileseq.readers.images.headervalue import ImageHeader
from dask_fileseq.readers.images.imageheader import (
    is_complete,
    read_image_header,
    require_plausible,
)
from dask_fileseq.readers.images.imagetext import image_columns
from dask_fileseq.readers.images.netpbm import netpbm_decode

__all__ = [
    "ImageHeader",
    "image_columns",
    "is_complete",
    "netpbm_decode",
    "read_image_header",
    "require_plausible",
]
