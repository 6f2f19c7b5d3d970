"""Whole files, read in two ways that share no code, so that checks need not trust one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.readers.chunk import ChunkSpec, whole_region
from dask_fileseq.readers.reader import File, Reader


def read_whole(reader: Reader, file: File, spec: ChunkSpec, **imreadargs: Any) -> NDArray[Any]:
    """Return all pixels of a file, as a block of files reads them."""
    out = np.empty(spec.shape, spec.dtype)
    if isinstance(file, str) and not imreadargs and reader.read_files([file], spec, [out]):
        return out
    if out.size:
        reader.read_region(file, spec, whole_region(out.shape), out, **imreadargs)
    return out


def difference_otherwise(
    reader: Reader, file: File, spec: ChunkSpec, image: NDArray[Any], **imreadargs: Any
) -> str:
    """Return in words how an image differs from what `Reader.read_otherwise` reads.

    Empty if it does not differ, or if there is no other way to read the file.
    """
    other = reader.read_otherwise(file, spec, **imreadargs)
    if other is None or other.tobytes() == image.tobytes():
        return ""
    count = int((other != image).sum())
    return f"{count:,} of its {image.size:,} pixels are others if read page by page"
