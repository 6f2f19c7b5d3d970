"""The TIFF reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from dask_fileseq.readers.bytelayout import ByteLayout
from dask_fileseq.readers.chunk import ChunkSpec, require_chunk
from dask_fileseq.readers.counters import record
from dask_fileseq.readers.reader import File, FileInfo, Reader
from dask_fileseq.readers.region import Region, whole_region
from dask_fileseq.readers.suffixes import TIFF_SUFFIXES
from dask_fileseq.readers.tiff.filebytes import HandleBytes
from dask_fileseq.readers.tiff.inspecting import inspect_tiff
from dask_fileseq.readers.tiff.opentiff import open_tiff, split_arguments
from dask_fileseq.readers.tiff.provenreads import read_proven_files, read_proven_region
from dask_fileseq.readers.tiff.tiffimage import Image, WholeImage, image_of
from dask_fileseq.readers.tiff.tifflayout import file_layout, require_plain
from dask_fileseq.readers.tiff.tiffmetadata import tiff_metadata

__all__ = ["TiffReader", "read_tiff"]

_IMAGEARGS = {"key", "series", "level", "squeeze", "maxworkers", "buffersize", "kind"}


@dataclass(frozen=True, slots=True)
class TiffReader(Reader):
    """Reader of TIFF files: of whole files, of regions, or of headers alone.

    A call returns what ``tifffile.imread(file, **imreadargs)`` returns, except that

    - the file is never joined with other files that its OME, Micro-Manager or NDTiff
      metadata refer to, unless ``_multifile=True`` is passed;
    - a truncated file is an error, also if tifffile returns zeros or fewer pages;
    - one thread decodes, as there is one thread for each file already; pass
      ``maxworkers`` for more.

    Readers have no state, pickle, and are all equal; use `read_tiff`.

    Examples
    --------
    >>> import os, tempfile
    >>> name = os.path.join(tempfile.mkdtemp(), "a.tif")
    >>> tifffile.imwrite(name, np.arange(12, dtype="u2").reshape(3, 4))
    >>> read_tiff(name)
    array([[ 0,  1,  2,  3],
           [ 4,  5,  6,  7],
           [ 8,  9, 10, 11]], dtype=uint16)
    >>> spec = read_tiff.describe(name).spec
    >>> spec
    ChunkSpec(shape=(3, 4), dtype=dtype('uint16'), dims=('y', 'x'), tile=(3, 4))
    >>> out = np.empty((2, 1), "u2")
    >>> read_tiff.read_region(name, spec, (range(1, 3), range(0, 4, 4)), out)
    >>> out
    array([[4],
           [8]], dtype=uint16)
    """

    suffixes = (TIFF_SUFFIXES,)

    @property
    def __name__(self) -> str:
        """Name of the reader, as if it were a function."""
        return "read_tiff"

    def __call__(self, file: File, **imreadargs: Any) -> NDArray[Any]:
        """Return the image in a file."""
        with _open_image(file, imreadargs) as (image, source):
            out = np.empty(image.spec.shape, image.spec.dtype)
            image.read(source, whole_region(out.shape), out)
        return out

    def describe(self, file: File, **imreadargs: Any) -> FileInfo:
        """Return what a file contains, from its header.

        Arguments that select or reshape otherwise than by a page, series or level
        (``key=slice(3)``, ``selection``, ``squeeze``) require that the pixels are read,
        and then axes are named by their number only.
        """
        record(headers=1)
        fileargs, imageargs = split_arguments(imreadargs)
        if not imageargs.keys() <= _IMAGEARGS:
            with _open_image(file, imreadargs) as (image, _):
                return FileInfo(image.spec)
        with open_tiff(file, fileargs) as tif:
            spec = image_of(tif, imageargs).spec
            return FileInfo(spec, tiff_metadata(tif, spec, imageargs))

    def inspect(self, file: File) -> FileInfo:
        """Return what a file contains, from its header; raise an error if it is incomplete."""
        return inspect_tiff(file)

    def read_region(
        self, file: File, spec: ChunkSpec, region: Region, out: NDArray[Any], **imreadargs: Any
    ) -> None:
        """Read part of a file into an array, reading little else from the file.

        See `Reader.read_region`.
        """
        if isinstance(file, str) and not imreadargs and read_proven_region(file, spec, region, out):
            return
        with _open_image(file, imreadargs) as (image, source):
            require_chunk(spec, image.spec.shape, image.spec.dtype)
            image.read(source, region, out)

    def read_files(
        self, paths: Sequence[str], spec: ChunkSpec, outs: Sequence[NDArray[Any]]
    ) -> int:
        """Read whole files until one needs tifffile, and return the number of files read.

        See `Reader.read_files`.
        """
        return read_proven_files(paths, spec, outs)

    def byte_layout(self, file: File, spec: ChunkSpec, **imreadargs: Any) -> ByteLayout:
        """Return where in the file the pixels are and how they are encoded."""
        return file_layout(file, spec, imreadargs)

    def require_codec(self, file: File, spec: ChunkSpec, **imreadargs: Any) -> None:
        """Raise `NoByteLayout` unless tifffile's codec decodes this file without other files."""
        require_plain(file, spec, imreadargs)

    def codec(self, name: str, imreadargs: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the codec ``tifffile`` with the reader's arguments."""
        return {"id": "tifffile", **imreadargs}

    def __repr__(self) -> str:
        return "read_tiff"

    def __dask_tokenize__(self) -> str:
        return "dask_fileseq.read_tiff"


read_tiff = TiffReader()
"""The one TIFF reader."""


@contextmanager
def _open_image(file: File, imreadargs: Mapping[str, Any]) -> Iterator[tuple[Image, HandleBytes]]:
    """Open a file; give the image that arguments select, and the bytes to read it from."""
    fileargs, imageargs = split_arguments(imreadargs)
    if imageargs.keys() <= _IMAGEARGS:
        with open_tiff(file, fileargs) as tif:
            yield image_of(tif, imageargs), HandleBytes(tif.filehandle, file)
        return
    # a list of one name, so that brackets and stars in it are no glob pattern
    files: Any = [file] if isinstance(file, str) else file
    start = {} if isinstance(file, str) else {"offset": 0}
    args = start | {"_multifile": False} | fileargs | imageargs
    record(files=1)
    yield WholeImage(lambda: tifffile.imread(files, **args)), HandleBytes(file, file)
