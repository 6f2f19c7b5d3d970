"""A second way to read a TIFF file, with which checks compare the first one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.readers.chunk import ChunkSpec
from dask_fileseq.readers.reader import File
from dask_fileseq.readers.tiff.opentiff import open_tiff, split_arguments
from dask_fileseq.readers.tiff.ownpages import KINDS
from dask_fileseq.readers.tiff.tiffseries import selected_series


def read_by_pages(
    file: File, spec: ChunkSpec, imreadargs: Mapping[str, Any]
) -> NDArray[Any] | None:
    """Return the array in a file, of which tifffile reads each page by the page's own tags.

    None if it is not of pages that have tags, or if tifffile cannot read them so.
    """
    fileargs, imageargs = split_arguments(imreadargs)
    with open_tiff(file, fileargs) as tif:
        series = selected_series(tif, imageargs)
        if series is None or series.kind not in KINDS or imageargs.get("series") == "all":
            return None
        try:
            pages = [None if page is None else page.aspage() for page in series]
            arrays = [page.asarray(maxworkers=1) for page in pages if page is not None]
            image = np.stack(arrays)
        except (IndexError, RuntimeError, ValueError):
            return None
    if len(arrays) < len(pages) or image.size != math.prod(spec.shape):
        return None
    return np.asarray(image.reshape(spec.shape), spec.dtype)
