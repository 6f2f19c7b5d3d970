"""The reader protocol: everything that the rest of the package needs of a reader.

`Reader` is the base class of all readers. All of its methods except ``__call__`` have
defaults, so `as_reader` makes a complete reader of a function ``imread(file, **imreadargs)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from dask_fileseq.readers.chunk import (
    ByteLayout,
    ChunkSpec,
    NoByteLayout,
    Region,
    as_slices,
    is_whole,
    plain_spec,
    require_chunk,
)
from dask_fileseq.readers.chunkmetadata import ChunkMetadata
from dask_fileseq.readers.counters import record
from dask_fileseq.readers.headercolumns import header_columns

TIFF_SUFFIXES = tuple(f".{suffix}" for suffix in tifffile.TIFF.FILE_EXTENSIONS)
"""Suffixes of TIFF files, in lower case."""

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".jp2", ".j2k", ".jxl", ".jxr", ".webp", ".bmp", ".npy")
"""Suffixes of other images, in lower case."""

MORE_SUFFIXES = (
    (".avif", ".pbm", ".pgm", ".ppm", ".pnm", ".pfm"),
    (".gif",),
    (".hdr",),
)
"""Suffixes of more images, which count in folders without the others: a GIF file beside them is
often a preview, and an HDR file the header of another format."""

CODECS = {"hdr": "rgbe", "jpg": "jpeg", "jpeg": "jpeg", "jp2": "jpeg2k", "j2k": "jpeg2k"} | {
    name: name for name in ("avif", "gif", "jxl", "jxr", "png", "webp")
}
"""Codecs of imagecodecs by file name suffix."""

NUMCODECS = {"jxl": "jpegxl", "jxr": "jpegxr", "jpeg8": "jpeg", "jpeg12": "jpeg"}
"""Names in imagecodecs.numcodecs of codecs that have another name in imagecodecs."""

File = str | BinaryIO
"""A path, or a seekable binary handle (a member of an archive, a remote object)."""


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """One of the images in a file: a series of pages, in the words of tifffile."""

    kind: str
    """The kind of metadata that define it, such as ``"ome"``, ``"imagej"`` or ``"generic"``."""
    name: str
    """Its name in the file; empty if it has none."""
    shape: tuple[int, ...]
    """Length of each axis."""
    dtype: np.dtype[Any]
    """Type of the pixels, in native byte order."""
    dims: tuple[str, ...]
    """Lower-case name of each axis."""
    is_reduced: bool = False
    """Whether it is marked as a smaller version of another image, such as a thumbnail."""


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What the header of a file contains."""

    spec: ChunkSpec
    """The array in the file."""
    metadata: ChunkMetadata = field(default_factory=ChunkMetadata)
    """Pixel sizes, channel names, georeference."""
    pages: int | None = None
    """Number of pages of a TIFF file."""
    compression: str = ""
    """Name of the codec; empty if unknown."""
    levels: tuple[tuple[int, ...], ...] = ()
    """Shapes of the levels of a pyramid, largest first; empty if there is only one."""
    series: tuple[SeriesInfo, ...] = ()
    """All images in a TIFF file, also those that are not read; empty for other files."""
    columns: Mapping[str, Any] = field(default_factory=dict)
    """When, where and how the image was taken, by columns of `FileSequence.table`; all of them
    only from `Reader.inspect`."""


class Reader:
    """Base class of readers of one kind of file.

    A subclass must define ``__call__``; all other methods have defaults, which read
    whole files. Readers must pickle and compare equal if they read alike, and handles
    must be read from their start, whatever their position.

    Examples
    --------
    >>> class Zeros(Reader):
    ...     suffixes = ((".zero",),)
    ...     def __call__(self, file, **imreadargs):
    ...         return np.zeros((4, 6), "u1")
    >>> Zeros().describe("a.zero").spec
    ChunkSpec(shape=(4, 6), dtype=dtype('uint8'), dims=('y', 'x'), tile=(4, 6))
    """

    suffixes: tuple[tuple[str, ...], ...] = (TIFF_SUFFIXES, IMAGE_SUFFIXES)
    """Groups of file name suffixes, in lower case. In a folder, files with a suffix in the first
    group that occurs count."""

    @property
    def name(self) -> str:
        """Name of the reader in task names: ``"tiff"`` for tasks called ``read-tiff``."""
        return type(self).__name__.removesuffix("Reader").lower()

    @property
    def imread(self) -> Callable[..., Any]:
        """The callable from which `as_reader` made this reader."""
        return self

    def __call__(self, file: File, **imreadargs: Any) -> Any:
        """Return the array in a file."""
        raise NotImplementedError

    def for_file(self, name: str) -> Reader:
        """Return the reader for files like this one, by its name."""
        return self

    def describe(self, file: File, **imreadargs: Any) -> FileInfo:
        """Return what a file contains, if possible from its header alone."""
        record(headers=1)
        return FileInfo(plain_spec(self._image(file, imreadargs)))

    def inspect(self, file: File, **imreadargs: Any) -> FileInfo:
        """Return what `describe` returns; raise an error if the file is incomplete.

        This method is called for many files, one after the other.
        """
        return self.describe(file, **imreadargs)

    def read_columns(self, file: File, **imreadargs: Any) -> dict[str, Any]:
        """Return what the header of a file says, by columns of `FileSequence.table`.

        Nothing, if `describe` would read the pixels for it.
        """
        if type(self).describe is Reader.describe:
            return {}
        return header_columns(self.describe(file, **imreadargs))

    def read_region(
        self, file: File, spec: ChunkSpec, region: Region, out: NDArray[Any], **imreadargs: Any
    ) -> None:
        """Read part of a file into an array.

        Parameters
        ----------
        file : str or binary handle
            The file.
        spec : ChunkSpec
            What the file must contain.
        region : tuple of range
            Indices to read along each axis, ascending or descending; at least one.
        out : ndarray
            Array of the region's shape, with any strides. Pixels are cast to its dtype.

        Raises
        ------
        WrongChunk
            If the file contains an array of another shape or dtype than `spec`.
        """
        image = self._image(file, imreadargs)
        require_chunk(spec, image.shape, image.dtype)
        out[...] = image[as_slices(region)]

    def read_files(
        self, paths: Sequence[str], spec: ChunkSpec, outs: Sequence[NDArray[Any]]
    ) -> int:
        """Read whole files from the front of a list, and return the number of files read.

        It is called without `imreadargs`. All `outs` have the shape ``spec.shape``, and the
        same strides and dtype. The method may stop at any file, without an error: that file
        is then read by `read_region`, and the next call begins after it.
        """
        return 0

    def read_regions(
        self,
        paths: Sequence[str],
        spec: ChunkSpec,
        outs: Sequence[NDArray[Any]],
        region: Region,
    ) -> int:
        """Read a region of files from the front of a list, and return the number of files read.

        As `read_files`, but all `outs` have the region's shape; and if the first call for some
        files reads none, it is the only one.
        """
        return 0

    def read_otherwise(self, file: File, spec: ChunkSpec, **imreadargs: Any) -> NDArray[Any] | None:
        """Return the array in a file, read by other code than `read_region` uses.

        Checks compare the two. None, if there is no other way.
        """
        return None

    def byte_layout(self, file: File, spec: ChunkSpec, **imreadargs: Any) -> ByteLayout:
        """Return the positions and the encoding of the pixels in a file.

        Raises
        ------
        NoByteLayout
            If the pixels are not chunks of bytes.
        """
        raise NoByteLayout(f"{self!r} does not reveal where pixels are")

    def require_codec(self, file: File, spec: ChunkSpec, **imreadargs: Any) -> None:
        """Raise `NoByteLayout` unless the codec from `codec` decodes this file alone."""

    def codec(self, name: str, imreadargs: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the configuration of the numcodecs codec that decodes whole files, if any."""
        return None

    def _image(self, file: File, imreadargs: Mapping[str, Any]) -> NDArray[Any]:
        """Return the array in a whole file, read from its start."""
        if not isinstance(file, str):
            file.seek(0)
        returned = self(file, **imreadargs)
        image = np.asarray(returned)
        masked = np.ma.is_masked(returned)
        if image.dtype.kind in "OU" or masked:
            masks = ", some of it masked" if masked else ""
            raise TypeError(f"imread returned {type(returned).__name__}{masks}: no array of pixels")
        record(files=1, way="function")
        return image


@dataclass(frozen=True, slots=True)
class WrappedReader(Reader):
    """Base class of readers that read files by another reader."""

    reader: Reader
    """Reads the files."""

    @property
    def suffixes(self) -> tuple[tuple[str, ...], ...]:  # type: ignore[override]
        """The suffixes of the inner reader."""
        return self.reader.suffixes

    @property
    def name(self) -> str:
        """Name of the inner reader."""
        return self.reader.name


@dataclass(frozen=True, slots=True)
class FunctionReader(Reader):
    """Reader that calls a plain function."""

    function: Callable[..., Any]
    """``function(file, **imreadargs) -> ndarray``."""
    suffixes: tuple[tuple[str, ...], ...] = ()
    """Groups of suffixes; none: all files in a folder count, and an archive is one file."""
    in_place: bool = False
    """Whether the function takes ``out=``, an array of the file's shape to decode into."""

    @property
    def name(self) -> str:
        """Name of the function, without ``read_``."""
        function = self.function
        while isinstance(function, partial):
            function = function.func
        name = getattr(function, "__name__", type(function).__name__)
        return str(name).strip("<>").removeprefix("read_")

    @property
    def imread(self) -> Callable[..., Any]:
        """The function."""
        return self.function

    def __call__(self, file: File, **imreadargs: Any) -> Any:
        """Return the array in a file."""
        return self.function(file, **imreadargs)

    def read_region(
        self, file: File, spec: ChunkSpec, region: Region, out: NDArray[Any], **imreadargs: Any
    ) -> None:
        """Read part of a file into an array; a whole file in place, if the function can.

        See `Reader.read_region`.
        """
        if self.in_place and is_whole(region, spec.shape):
            self.function(file, out=out, **imreadargs)
        else:
            Reader.read_region(self, file, spec, region, out, **imreadargs)

    def codec(self, name: str, imreadargs: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the codec of tifffile or imagecodecs that equals the function, if any."""
        if self.function is tifffile.imread:
            return {"id": "tifffile", **imreadargs}
        if any(self.function is each for each in vars(imagecodecs).values()):
            return codec_of_suffix(name, imreadargs)
        return None

    def __repr__(self) -> str:
        return repr(self.function)


def as_reader(imread: Callable[..., Any], suffixes: tuple[tuple[str, ...], ...] = ()) -> Reader:
    """Return the reader for an ``imread`` argument.

    Parameters
    ----------
    imread : callable
        A reader, or a function.
    suffixes : tuple of tuples of str, optional
        The `Reader.suffixes` of a function.

    Raises
    ------
    TypeError
        If it is not callable.
    """
    if not callable(imread):
        raise TypeError(f"imread={imread!r} is not callable")
    return imread if isinstance(imread, Reader) else FunctionReader(imread, suffixes)


def codec_of_suffix(name: str, imreadargs: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the numcodecs codec of imagecodecs for a file, by its suffix or by ``codec=``."""
    args = dict(imreadargs)
    codec = args.pop("codec", None) or CODECS.get(name.rpartition(".")[2].lower())
    codec = codec[0] if isinstance(codec, list | tuple) else codec
    codec = codec.__name__.split("_")[0] if callable(codec) else codec
    return None if codec is None else {"id": f"imagecodecs_{NUMCODECS.get(codec, codec)}", **args}
