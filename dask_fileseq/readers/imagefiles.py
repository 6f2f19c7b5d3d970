"""The reader of images that are not TIFF, and the reader that chooses by suffix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np

from dask_fileseq.readers.reader import File, Reader
from dask_fileseq.readers.suffixes import IMAGE_SUFFIXES, codec_of_suffix
from dask_fileseq.readers.tiff import read_tiff

__all__ = ["ImageReader", "SuffixReader", "read_by_suffix", "read_image"]


@dataclass(frozen=True, slots=True)
class ImageReader(Reader):
    """Reader of images that are not TIFF: PNG, JPEG, JPEG 2000, WebP, BMP, NPY and others.

    A call returns what :py:func:`imagecodecs.imread` or, for NPY, :py:func:`numpy.load` returns.
    Readers have no state, and are all equal; use `read_image`.
    """

    suffixes = (IMAGE_SUFFIXES,)

    @property
    def __name__(self) -> str:
        """Name of the reader, as if it were a function."""
        return "read_image"

    def __call__(self, file: File, **imreadargs: Any) -> Any:
        """Return the image in a file."""
        if isinstance(file, str) and file.lower().endswith(".npy"):
            return np.load(file, **imreadargs)
        return imagecodecs.imread(file if isinstance(file, str) else file.read(), **imreadargs)

    def codec(self, name: str, imreadargs: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the codec of imagecodecs for files of this suffix, if any."""
        return codec_of_suffix(name, imreadargs)

    def __repr__(self) -> str:
        return "read_image"

    def __dask_tokenize__(self) -> str:
        return "dask_fileseq.read_image"


read_image = ImageReader()
"""The one reader of images that are not TIFF."""


READERS: tuple[Reader, ...] = (read_tiff, read_image)
"""The readers among which `SuffixReader` chooses. In a folder, the files of the first one that
has any count."""


@dataclass(frozen=True, slots=True)
class SuffixReader(Reader):
    """Reader that chooses a reader by suffix; TIFF is the default.

    >>> read_by_suffix.for_file("scan.PNG"), read_by_suffix.for_file("scan.lsm")
    (read_image, read_tiff)
    """

    suffixes = tuple(group for reader in READERS for group in reader.suffixes)

    def for_file(self, name: str) -> Reader:
        """Return the reader for files with the suffix of this one."""
        for reader in READERS:
            if any(name.lower().endswith(group) for group in reader.suffixes):
                return reader
        return read_tiff

    def __call__(self, file: File, **imreadargs: Any) -> Any:
        """Return the image in a file; a handle is read as TIFF."""
        return self.for_file(file if isinstance(file, str) else "")(file, **imreadargs)


read_by_suffix = SuffixReader()
"""The reader for TIFF and all other images."""
