"""Which reader reads which type of file, and readers for images that are not TIFF."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from tifffile import TIFF

from dask_fileseq.readers.chunk import ChunkSpec
from dask_fileseq.readers.protocol import File, chunk_spec, read_into
from dask_fileseq.readers.tiff import read_tiff

__all__ = ["IMAGE_SUFFIXES", "TIFF_SUFFIXES", "InPlaceReader", "read_image", "reader_of"]

TIFF_SUFFIXES = tuple(f".{suffix}" for suffix in TIFF.FILE_EXTENSIONS)
"""Ends of names of TIFF files, in lower case."""

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".jp2", ".j2k", ".jxl", ".jxr", ".webp", ".bmp", ".npy")
"""Ends of names of other images, in lower case."""


def reader_of(name: str) -> Callable[..., Any]:
    """Return the reader for a file by the end of its name: TIFF unless it says otherwise.

    >>> reader_of("scan.PNG").__name__
    'read_image'
    """
    return read_image if name.lower().endswith(IMAGE_SUFFIXES) else read_tiff


def read_image(file: File, **imreadargs: Any) -> NDArray[Any]:
    """Read an image that is not TIFF: PNG, JPEG, JPEG 2000, WebP, BMP, NPY and others.

    Parameters
    ----------
    file : str or binary handle
        What to read.
    **imreadargs
        Arguments of :py:func:`imagecodecs.imread`.
    """
    if isinstance(file, str) and file.lower().endswith(".npy"):
        return np.asarray(np.load(file, **imreadargs))
    content = file if isinstance(file, str) else file.read()
    return np.asarray(imagecodecs.imread(content, **imreadargs))


class InPlaceReader:
    """A reader made of an ``imread`` that takes ``out=``, an array to decode into."""

    def __init__(self, imread: Callable[..., Any]) -> None:
        self.imread = imread

    def __call__(self, file: File, **imreadargs: Any) -> Any:
        """Return the array in a file."""
        return self.imread(file, **imreadargs)

    def spec(self, file: File, **imreadargs: Any) -> ChunkSpec:
        """Return what a file holds."""
        return chunk_spec(self.imread, file, imreadargs)

    def read_region(
        self,
        file: File,
        spec: ChunkSpec,
        region: tuple[slice, ...],
        out: NDArray[Any],
        **imreadargs: Any,
    ) -> None:
        """Read a whole file in place; any other region as the function itself does.

        The function must see to it that the file fits `out`.
        """
        if all(s.indices(n) == (0, n, 1) for s, n in zip(region, spec.shape, strict=True)):
            self.imread(file, out=out, **imreadargs)
        else:
            read_into(self.imread, file, imreadargs, spec, region, out)
