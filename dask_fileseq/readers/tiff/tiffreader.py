"""The TIFF reader.

Local files are read without tifffile where this is proven to be the same, see `registry`.
All others are opened by tifffile.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from dask_fileseq.readers.chunk import (
    Array,
    ByteLayout,
    ChunkSpec,
    NoByteLayout,
    Region,
    WrongChunk,
    is_whole,
    require_chunk,
    whole_region,
)
from dask_fileseq.readers.counters import open_counts, record
from dask_fileseq.readers.headercolumns import header_columns
from dask_fileseq.readers.reader import TIFF_SUFFIXES, File, FileInfo, Reader
from dask_fileseq.readers.tiff.byteranges import (
    HEAD,
    WHOLE,
    ContiguousImage,
    HandleBytes,
    bytes_of,
)
from dask_fileseq.readers.tiff.inspecting import dated, inspect_tiff
from dask_fileseq.readers.tiff.opentiff import open_once, open_tiff, split_arguments, stands_alone
from dask_fileseq.readers.tiff.ownvalues import own_values
from dask_fileseq.readers.tiff.pagebypage import read_by_pages
from dask_fileseq.readers.tiff.registry import PROOFS, RecentHeader, is_enough, prove
from dask_fileseq.readers.tiff.signature import DATETIME, FileTemplate, read_header
from dask_fileseq.readers.tiff.tiffimage import (
    Image,
    WholeImage,
    file_layout,
    image_of,
)
from dask_fileseq.readers.tiff.tiffmetadata import image_number, plane_columns, tiff_metadata
from dask_fileseq.readers.tiff.tiffseries import series_of

MISSES = 3
"""After so many files in a row that did not equal the one before, none is expected to."""

_THREAD = threading.local()
"""Has the header of the file of which a thread has read a region before, as `recent`."""

_IMAGEARGS = {"key", "series", "level", "strict", "squeeze", "maxworkers", "buffersize", "kind"}


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
    name = "tiff"

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
            metadata = tiff_metadata(tif, spec, imageargs)
            if "key" in imageargs:  # which is read also where tifffile cannot make series of pages
                return FileInfo(spec, metadata)
            columns = plane_columns(tif, image_number(tif, imageargs))
            info = FileInfo(spec, metadata, series=series_of(tif), columns=columns)
            return dated(info, tif.pages.first.tags.valueof(DATETIME))

    def inspect(self, file: File, **imreadargs: Any) -> FileInfo:
        """Return what a file contains, from its header; raise an error if it is incomplete.

        tifffile opens the first file of each signature. Others of the same signature contain
        the same, if all their strips or tiles end inside the file.
        """
        return inspect_tiff(file, imreadargs)

    def read_columns(self, file: File, **imreadargs: Any) -> dict[str, Any]:
        """Return what the header of a file says, by columns of `FileSequence.table`."""
        return header_columns(self.inspect(file, **imreadargs))

    def read_region(
        self, file: File, spec: ChunkSpec, region: Region, out: NDArray[Any], **imreadargs: Any
    ) -> None:
        """Read part of a file into an array, reading little else from the file."""
        if not imreadargs and read_proven_region(file, spec, region, out):
            return
        with _open_image(file, imreadargs) as (image, source):
            require_chunk(spec, image.spec.shape, image.spec.dtype)
            image.read(source, region, out)

    def read_files(
        self, paths: Sequence[str], spec: ChunkSpec, outs: Sequence[NDArray[Any]]
    ) -> int:
        """Read whole local files until one needs tifffile, and return the number of files read.

        See `Reader.read_files`. The array for the first file that is not read may contain anything.
        """
        if not outs or (outs[0].flags.c_contiguous and outs[0].dtype == spec.dtype):
            return _read_files(paths, spec, outs)
        scratch = np.empty(spec.shape, spec.dtype)
        for done, (path, out) in enumerate(zip(paths, outs, strict=True)):
            if not _read_files([path], spec, [scratch]):
                return done
            out[...] = scratch
        return len(paths)

    def read_regions(
        self, paths: Sequence[str], spec: ChunkSpec, outs: Sequence[NDArray[Any]], region: Region
    ) -> int:
        """Read a region of local files until one needs tifffile; see `Reader.read_regions`."""
        recent = vars(_THREAD).setdefault("recent", RecentHeader())
        for done, (path, out) in enumerate(zip(paths, outs, strict=True)):
            try:
                if not read_proven_region(path, spec, region, out, recent=recent):
                    return done
            except WrongChunk:
                return done
        return len(paths)

    def read_otherwise(self, file: File, spec: ChunkSpec, **imreadargs: Any) -> NDArray[Any] | None:
        """Return the array in a file, page by page and by tifffile alone, if it is of pages."""
        return read_by_pages(file, spec, imreadargs)

    def byte_layout(self, file: File, spec: ChunkSpec, **imreadargs: Any) -> ByteLayout:
        """Return where in the file the pixels are and how they are encoded."""
        return file_layout(file, spec, imreadargs)

    def require_codec(self, file: File, spec: ChunkSpec, **imreadargs: Any) -> None:
        """Raise `NoByteLayout` unless tifffile's codec decodes this file without other files."""
        record(headers=1)
        fileargs, imageargs = split_arguments(imreadargs)
        with open_once(file, {"_multifile": False} | fileargs) as tif:
            if not stands_alone(tif):
                raise NoByteLayout("its metadata refer to other files")
            image = image_of(tif, imageargs)
            require_chunk(spec, image.spec.shape, image.spec.dtype)

    def codec(self, name: str, imreadargs: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the codec ``tifffile`` with the reader's arguments, if it has these, too."""
        if isinstance(imreadargs.get("series"), str) or "strict" in imreadargs:
            return None
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
    del args["strict"]  # which is for the pages that are there
    record(files=1)
    yield WholeImage(lambda: tifffile.imread(files, **args)), HandleBytes(file, file)


def _read_files(paths: Sequence[str], spec: ChunkSpec, outs: Sequence[Array]) -> int:
    """Read whole files into arrays as they are in memory; see `TiffReader.read_files`."""
    key = spec.shape, spec.dtype
    region = whole_region(spec.shape)
    done = misses = 0
    while done < len(paths):
        template = PROOFS.template(key) if misses < MISSES else None
        if template is not None:
            read = template.read(paths, outs, done) - done
            record(read, bytes=read * outs[0].nbytes, way="template", times=read)
            done += read
            if done == len(paths):
                break
            misses = 1 if read else misses + 1
        try:
            if not read_proven_region(paths[done], spec, region, outs[done], misses < MISSES):
                break
        except WrongChunk:
            break
        done += 1
    return done


def read_proven_region(
    file: File,
    spec: ChunkSpec,
    region: Region,
    out: Array,
    repeats: bool = False,
    recent: RecentHeader | None = None,
) -> bool:
    """Read a region of a file by its header alone, and return whether it was read.

    See `Reader.read_region`. If the region is not read, `out` may contain anything. With
    `repeats`, the next files are expected to differ from this one only in their pixels. With
    `recent`, a header equal to that of the file before is not parsed again.
    """
    is_all = is_whole(region, spec.shape)
    whole = is_all and out.flags.c_contiguous and out.dtype == spec.dtype
    try:
        opened = bytes_of(file, WHOLE if whole else HEAD)
        if opened is None:
            return False
        path = file if isinstance(file, str) else None
        with opened as source:
            header = read_header(source.get) if recent is None else recent.of(source)
            if header is None:
                return False
            name = path or str(getattr(file, "name", ""))
            suffix = os.path.splitext(name)[1]
            # tifffile uses both; handles have proofs of their own
            signature: tuple[Any, ...] = header.signature, suffix, path is None
            proof = PROOFS.get(signature)
            own = own_values(header.signature, name) if proof is None else None
            if own is not None and own.form != header.signature:
                signature = ("form", own.form), suffix, path is None
                proof = PROOFS.get(signature)
            if not is_enough(proof, is_all):
                with PROOFS.turn(signature, out.nbytes):
                    proof = PROOFS.get(signature)
                    if not is_enough(proof, is_all):
                        if not PROOFS.is_worth_a_proof():
                            return False
                        alone = own is not None  # whatever its OME-XML
                        new = prove(file, header, source, spec, region, out, alone=alone)
                        info = None if proof is None else proof.info
                        PROOFS.add(signature, new if info is None else replace(new, info=info))
                        return True
            assert proof is not None
            if proof.key != (spec.shape, spec.dtype):
                return False
            if proof.image is None:
                template = proof.template if whole else None
                if path is None or template is None or not template.read([path], [out], 0):
                    return False
                PROOFS.set_template(proof.key, template)
                record(1, bytes=out.nbytes, way="template")
                return True
            size = proof.image.read(header, source, region, out, whole)
            image = proof.image.image
            repeats = repeats and proof.image.nameless
            if repeats and path is not None and isinstance(image, ContiguousImage):
                swapped = not image.file_dtype.isnative
                PROOFS.set_template(
                    proof.key, FileTemplate.of(path, header, source, header.pixels, swapped)
                )
    except WrongChunk:
        raise
    except Exception:  # of any codec: tifffile raises the error again, if there is one
        return False
    if open_counts:
        record(1, bytes=size, way="libtiff" if whole and proof.image.libtiff else "proven")
    return True
