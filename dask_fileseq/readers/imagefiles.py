"""The reader of images that are not TIFF, and the reader that chooses by suffix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import NamesError
from dask_fileseq.files import how_to_read, other_suffix
from dask_fileseq.readers.chunk import ChunkSpec, Region, as_slices, require_chunk
from dask_fileseq.readers.counters import record
from dask_fileseq.readers.headercolumns import header_columns
from dask_fileseq.readers.images import (
    ImageHeader,
    image_columns,
    is_complete,
    netpbm_decode,
    read_image_header,
    require_plausible,
)
from dask_fileseq.readers.reader import (
    IMAGE_SUFFIXES,
    MORE_SUFFIXES,
    File,
    FileInfo,
    Reader,
    codec_of_suffix,
)
from dask_fileseq.readers.tiff import read_tiff


@dataclass(frozen=True, slots=True)
class ImageReader(Reader):
    """Reader of images that are not TIFF: PNG, JPEG, JPEG 2000, WebP, BMP, NPY, GIF and others.

    A call returns what :py:func:`imagecodecs.imread` or, for NPY, :py:func:`numpy.load` returns,
    and the values as they are stored of PBM, PGM, PPM and PFM, except that

    - the first bytes of a file decide how it is decoded, not its suffix, nor which of many
      decoders makes anything of it;
    - a file that is too short for what its header declares is an error before memory is taken,
      and so is a JPEG or JPEG 2000 file that is cut short, for which a decoder makes up pixels.

    A GIF file of several frames is an array with the axes ``frame``, ``y``, ``x`` and ``s``.

    Readers have no state, and are all equal; use `read_image`.
    """

    suffixes = (IMAGE_SUFFIXES, *MORE_SUFFIXES)

    @property
    def __name__(self) -> str:
        """Name of the reader, as if it were a function."""
        return "read_image"

    def __call__(self, file: File, **imreadargs: Any) -> Any:
        """Return the image in a file."""
        with _opened(file) as stream:
            header = None if "codec" in imreadargs else _plausible_header(stream)
            return _decoded(file, stream, header, imreadargs)

    def describe(self, file: File, **imreadargs: Any) -> FileInfo:
        """Return what a file contains, by its header alone where this proves it."""
        info = None if imreadargs else _info_of_header(file, complete=False)
        return info or Reader.describe(self, file, **imreadargs)

    def inspect(self, file: File, **imreadargs: Any) -> FileInfo:
        """Return what a file contains; raise an error if the file is incomplete.

        Pixels of PNG, JPEG, JPEG 2000, BMP and NPY files that end as they should are not decoded.
        """
        info = None if imreadargs else _info_of_header(file, complete=True)
        return info or Reader.describe(self, file, **imreadargs)

    def read_columns(self, file: File, **imreadargs: Any) -> dict[str, Any]:
        """Return what the header of a file says, by columns of `FileSequence.table`.

        Nothing, if only its pixels tell what the file contains.
        """
        info = None if imreadargs else _info_of_header(file, complete=False)
        return {} if info is None else header_columns(info)

    def read_region(
        self, file: File, spec: ChunkSpec, region: Region, out: NDArray[Any], **imreadargs: Any
    ) -> None:
        """Read part of a file into an array; of one whose header does not fit, only the header.

        See `Reader.read_region`.
        """
        if imreadargs:
            Reader.read_region(self, file, spec, region, out, **imreadargs)
            return
        with _opened(file) as stream:
            header = _plausible_header(stream)
            if header is not None and header.spec is not None:
                require_chunk(spec, header.spec.shape, header.spec.dtype)
            image = np.asarray(_decoded(file, stream, header, {}))
        require_chunk(spec, image.shape, image.dtype)
        out[...] = image[as_slices(region)]
        record(files=1, way="function")

    def codec(self, name: str, imreadargs: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the codec of imagecodecs for files of this suffix, if any."""
        return codec_of_suffix(name, imreadargs)

    def __repr__(self) -> str:
        return "read_image"

    def __dask_tokenize__(self) -> str:
        return "dask_fileseq.read_image"


read_image = ImageReader()
"""The one reader of images that are not TIFF."""


_NPY = ("numpy",)
_NETPBM = ("netpbm",)


@contextmanager
def _opened(file: File) -> Iterator[BinaryIO]:
    """Open a file, if it is not open yet."""
    if not isinstance(file, str):
        yield file
        return
    with open(file, "rb") as stream:
        yield stream


def _plausible_header(stream: BinaryIO) -> ImageHeader | None:
    """Return the header of a file; raise `ValueError` if the file is too short for it."""
    header = read_image_header(stream)
    if header is not None:
        require_plausible(header, stream)
    return header


def _info_of_header(file: File, complete: bool) -> FileInfo | None:
    """Return what the header of a file proves, if anything; see `is_complete`."""
    with _opened(file) as stream:
        header = _plausible_header(stream)
        if header is None or header.spec is None or (complete and not is_complete(header, stream)):
            return None
        columns = image_columns(stream)
    record(files=1, headers=1)
    return FileInfo(header.spec, columns=columns)


def _decoded(
    file: File, stream: BinaryIO, header: ImageHeader | None, imreadargs: Mapping[str, Any]
) -> Any:
    """Return the pixels of an open file; raise `ValueError` if it is cut short, or has none."""
    stream.seek(0)
    path = file if isinstance(file, str) else None
    is_npy = path is not None and path.lower().endswith(".npy")
    if header.codecs == _NPY if header is not None else is_npy:
        return np.load(path or stream, **imreadargs)
    if header is not None and header.codecs == _NETPBM:
        return netpbm_decode(stream.read(), **imreadargs)
    if header is None:
        image = imagecodecs.imread(path or stream.read(), **imreadargs)
    else:
        content = stream.read()
        if header.start is not None and content.rfind(header.end or b"", header.start) < 0:
            raise ValueError("file is truncated: it has no end-of-image marker")
        image = imagecodecs.imread(content, codec=list(header.codecs), **imreadargs)
    if not image.size:
        raise ValueError(f"is damaged, or no image: it decodes to shape {image.shape}")
    return image


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
        """Return the reader for files with the suffix of this one.

        Raises a `NamesError` if only another package reads them.
        """
        for reader in READERS:
            if any(name.lower().endswith(group) for group in reader.suffixes):
                return reader
        if suffix := other_suffix(name):
            raise NamesError(f"{name!r} is no image that this package reads: {how_to_read(suffix)}")
        return read_tiff

    def __call__(self, file: File, **imreadargs: Any) -> Any:
        """Return the image in a file; a handle is read as TIFF."""
        return self.for_file(file if isinstance(file, str) else "")(file, **imreadargs)


read_by_suffix = SuffixReader()
"""The reader for TIFF and all other images."""
