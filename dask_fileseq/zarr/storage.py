"""How the files of a sequence are stored, as zarr can say it: proven, or an error.

Headers are read in parallel, as dask tasks, on any scheduler.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import ChunkMismatchError
from dask_fileseq.filearray import FileArray
from dask_fileseq.filearray.failures import read_error
from dask_fileseq.graph import Scheduler, run_batches
from dask_fileseq.readers import ByteLayout, NoByteLayout, WrongChunk, whole_region
from dask_fileseq.zarr.codecs import decoded, file_codec, segment_codecs

__all__ = ["Storage", "storage_of"]

BATCH = 64
"""Files a task: a header takes less time than dask takes for a task."""

Segments = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Storage:
    """How all files are stored."""

    chunks: tuple[int, ...]
    """Shape of a chunk, along the axes of the array in a file."""
    stored: Mapping[str, Any]
    """Entries of zarr's format 2: data type, codecs."""
    segments: Sequence[Segments] | None
    """Offset and count of each chunk of each file; None: the chunk is the file, whole."""


def storage_of(
    array: FileArray, chunks: str | None = None, codec_id: str | None = None, scheduler: Any = None
) -> Storage:
    """Return how the files are stored.

    Parameters
    ----------
    array : FileArray
        The files.
    chunks : {None, "tile", "file"}
        Chunks are strips, tiles or pages, or whole files; None: the former where possible.
    codec_id : str, optional
        The codec of whole files.
    scheduler : optional
        Where headers are read.

    Raises
    ------
    ValueError
        If that is not how they are stored.
    ReadError, ChunkMismatchError
        If a file cannot be read, or holds another shape or dtype.
    """
    if chunks not in (None, "tile", "file"):
        raise ValueError(f"chunks={chunks!r} is neither None nor 'tile' nor 'file'")
    if codec_id is None and chunks != "file":
        try:
            return _segments(array, scheduler)
        except NoByteLayout as error:
            if chunks == "tile":
                raise ValueError(f"chunks='tile' is not possible: {error}") from error
    elif chunks == "tile":
        raise ValueError(
            f"codec_id={codec_id!r} decodes whole files: chunks='tile' is not possible"
        )
    return _files(array, codec_id, scheduler)


def _segments(array: FileArray, scheduler: Any) -> Storage:
    """Return where the strips, tiles or pages of each file stand, if all are stored alike."""
    layout_of = partial(_each_file, array.reader.byte_layout, _Slim.of(array))
    first = layout_of([array.names[0]])[0]
    if isinstance(first, NoByteLayout):
        raise NoByteLayout(f"{array.names[0]!r}: {first}")
    for axis in array.tiling.axes:
        if axis.chunk is not None and axis.files > 1 and axis.size % first.chunks[axis.chunk]:
            raise NoByteLayout(
                f"files lie edge to edge along an axis of {axis.size}, which parts of"
                f" {first.chunks[axis.chunk]} do not fill"
            )
    stored = segment_codecs(first)
    _prove(array, partial(_read_segments, first, stored))
    found = []
    for name, layout in zip(
        array.names, run_batches(Scheduler(scheduler), layout_of, array.names, BATCH), strict=True
    ):
        if isinstance(layout, NoByteLayout):
            raise NoByteLayout(f"{name!r}: {layout}")
        if layout != first:
            raise NoByteLayout(f"{name!r} is stored otherwise than {array.names[0]!r}")
        if (
            not all(count for _, count in layout.segments)
            and layout.nodata != array.options.fillvalue
        ):
            raise NoByteLayout(f"{name!r} has parts never written, which read as {layout.nodata}")
        found.append(layout.segments)
    return Storage(first.chunks, stored, found)


def _files(array: FileArray, codec_id: str | None, scheduler: Any) -> Storage:
    """Return the codec that decodes whole files."""
    stored = {
        "compressor": file_codec(array.reader, array.names[0], array.options.imreadargs, codec_id)
    }
    if codec_id is None:
        try:
            _prove(array, partial(_read_file, array.spec, stored))
        except NoByteLayout as error:
            raise ValueError(f"{error}; name another codec by codec_id=") from error
    check = partial(_each_file, array.reader.require_codec, _Slim.of(array))
    reasons = run_batches(Scheduler(scheduler), check, array.names, BATCH)
    for name, reason in zip(array.names, reasons, strict=True):
        if reason is not None:
            raise ValueError(f"no codec reads {name!r} by itself: {reason}")
    return Storage(array.spec.shape, stored, None)


@dataclass(frozen=True)
class _Slim:
    """What a task needs of a file array."""

    source: Any
    spec: Any
    imreadargs: Mapping[str, Any]

    @classmethod
    def of(cls, array: FileArray) -> _Slim:
        """Return that of a file array."""
        return cls(array.source, array.spec, array.options.imreadargs)


def _each_file(function: Callable[..., Any], array: Any, names: Sequence[str]) -> list[Any]:
    """Return what a function returns for some files, or the `NoByteLayout` that it raises."""
    results: list[Any] = []
    for name in names:
        try:
            with array.source.open(name) as file:
                results.append(function(file, array.spec, **array.imreadargs))
        except NoByteLayout as error:
            results.append(error)
        except WrongChunk as error:
            raise ChunkMismatchError(f"{name!r} does not fit the sequence: {error}") from error
        except MemoryError:
            raise
        except Exception as error:
            raise read_error(error, repr(name), name) from error
    return results


def _prove(array: FileArray, decode: Callable[[Any], NDArray[Any]]) -> None:
    """Raise `NoByteLayout` unless the first file decodes to what its reader reads."""
    name = array.names[0]
    expected = np.empty(array.spec.shape, array.spec.dtype)
    try:
        with array.source.open(name) as file:
            region = whole_region(expected.shape)
            array.reader.read_region(file, array.spec, region, expected, **array.options.imreadargs)
    except Exception as error:
        raise read_error(error, repr(name), name) from error
    try:
        with array.source.open(name) as file:
            found = decode(file)
            same = found.dtype == expected.dtype and _bytes_equal(found, expected)
    except Exception as error:
        raise NoByteLayout(f"{name!r} cannot be decoded without its reader: {error}") from error
    if not same:
        raise NoByteLayout(f"{name!r} decodes to other pixels than its reader reads")


def _bytes_equal(first: NDArray[Any], second: NDArray[Any]) -> bool:
    """Return whether two arrays are the same, with the bits of their NaNs."""
    a, b = (np.ascontiguousarray(array).reshape(-1).view(np.uint8) for array in (first, second))
    return first.shape == second.shape and np.array_equal(a, b)


def _content(file: Any, offset: int = 0, count: int = -1) -> bytes:
    """Return bytes of a file."""
    if isinstance(file, str):
        with open(file, "rb") as stream:
            return _content(stream, offset, count)
    file.seek(offset)
    return bytes(file.read(count))


def _read_file(spec: Any, stored: Mapping[str, Any], file: Any) -> NDArray[Any]:
    """Return the pixels of a file, decoded whole."""
    return decoded(_content(file), spec.shape, spec.dtype, stored)


def _read_segments(layout: ByteLayout, stored: Mapping[str, Any], file: Any) -> NDArray[Any]:
    """Return the pixels of a file, decoded chunk by chunk."""
    image = np.full(layout.shape, layout.nodata, layout.dtype.newbyteorder("="))
    grid = [-(-n // c) for n, c in zip(layout.shape, layout.chunks, strict=True)]
    for index, (offset, count) in zip(np.ndindex(*grid), layout.segments, strict=True):
        if count:
            chunk = decoded(_content(file, offset, count), layout.chunks, layout.dtype, stored)
            window: Any = tuple(
                slice(i * c, (i + 1) * c) for i, c in zip(index, layout.chunks, strict=True)
            )
            inside: Any = tuple(map(slice, image[window].shape))
            image[window] = chunk[inside]
    return image
