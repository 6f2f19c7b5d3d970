"""How the files of an array are encoded, in zarr's terms: proven, or an error.

Headers are read in parallel, as dask tasks, on any scheduler.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import ChunkMismatchError
from dask_fileseq.filearray import FileArray, first_readable
from dask_fileseq.filearray.failures import read_error
from dask_fileseq.files import Source
from dask_fileseq.graph import Scheduler, run_batches
from dask_fileseq.readers import ByteLayout, ChunkSpec, NoByteLayout, WrongChunk, whole_region
from dask_fileseq.zarr.codecs import decode_chunk, file_codec, segment_codecs

__all__ = ["FileEncoding", "file_encoding"]

BATCH = 64
"""Number of files in a task: dask needs more time for a task than a reader for a header."""

Segments = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class FileEncoding:
    """How all files are encoded."""

    chunkshape: tuple[int, ...]
    """Shape of a chunk, along the axes of the array in a file."""
    zarray: Mapping[str, Any]
    """Entries of ``.zarray``: data type, compressor, filters."""
    segments: Sequence[Segments] | None = None
    """Offset and byte count of each chunk of each file; None if a file is one chunk."""


def file_encoding(
    array: FileArray, chunks: str | None = None, codec_id: str | None = None, scheduler: Any = None
) -> FileEncoding:
    """Return how the files are encoded.

    Chunks are strips, tiles or pages (``"tile"``), or whole files (``"file"``), which the
    codec `codec_id` decodes; None stands for the former if possible.

    Raises
    ------
    ValueError
        If the files are encoded in another way.
    ReadError, ChunkMismatchError
        If a file cannot be read, or contains another shape or dtype.
    """
    if chunks not in (None, "tile", "file"):
        raise ValueError(f"chunks={chunks!r} is neither None nor 'tile' nor 'file'")
    if codec_id is None and chunks != "file":
        try:
            return _segment_encoding(array, scheduler)
        except NoByteLayout as error:
            if chunks == "tile":
                raise ValueError(f"chunks='tile' is not possible: {error}") from error
    elif chunks == "tile":
        raise ValueError(
            f"codec_id={codec_id!r} decodes whole files: chunks='tile' is not possible"
        )
    return _whole_encoding(array, codec_id, scheduler)


def _segment_encoding(array: FileArray, scheduler: Any) -> FileEncoding:
    """Return where the strips, tiles or pages of each file are, if all are encoded alike."""
    layouts_of = partial(
        _each_file, array.source, array.reader.byte_layout, array.spec, array.imreadargs
    )
    first = layouts_of(array.names[:1])[0]
    if isinstance(first, NoByteLayout):
        raise NoByteLayout(f"{array.names[0]!r}: {first}")
    for axis in array.tiling.axes:
        if axis.chunk is not None and axis.files > 1 and axis.size % first.chunks[axis.chunk]:
            raise NoByteLayout(
                f"files lie edge to edge along an axis of {axis.size}, which parts of"
                f" {first.chunks[axis.chunk]} do not fill"
            )
    zarray = segment_codecs(first)
    _prove(array, partial(_decode_segments, first, zarray))
    layouts = run_batches(Scheduler(scheduler), layouts_of, array.names, BATCH)
    for name, layout in zip(array.names, layouts, strict=True):
        if isinstance(layout, NoByteLayout):
            raise NoByteLayout(f"{name!r}: {layout}")
        if layout != first:
            raise NoByteLayout(f"{name!r} is stored otherwise than {array.names[0]!r}")
        if not all(count for _, count in layout.segments) and layout.nodata != array.fillvalue:
            raise NoByteLayout(f"{name!r} has parts never written, which read as {layout.nodata}")
    return FileEncoding(first.chunks, zarray, [layout.segments for layout in layouts])


def _whole_encoding(array: FileArray, codec_id: str | None, scheduler: Any) -> FileEncoding:
    """Return the codec that decodes whole files."""
    spec = array.spec
    zarray = {"compressor": file_codec(array.reader, array.names[0], array.imreadargs, codec_id)}
    if codec_id is None:
        try:
            _prove(array, lambda file: decode_chunk(file.read(), spec.shape, spec.dtype, zarray))
        except NoByteLayout as error:
            raise ValueError(f"{error}; name another codec by codec_id=") from error
    check = partial(_each_file, array.source, array.reader.require_codec, spec, array.imreadargs)
    reasons = run_batches(Scheduler(scheduler), check, array.names, BATCH)
    for name, reason in zip(array.names, reasons, strict=True):
        if reason is not None:
            raise ValueError(f"no codec reads {name!r} by itself: {reason}")
    return FileEncoding(spec.shape, zarray)


def _each_file(
    source: Source,
    function: Callable[..., Any],
    spec: ChunkSpec,
    imreadargs: Mapping[str, Any],
    names: Sequence[str],
) -> list[Any]:
    """Return the result of a reader's method for each file, or the `NoByteLayout` it raises."""
    results: list[Any] = []
    for name in names:
        try:
            with source.open(name) as file:
                results.append(function(file, spec, **imreadargs))
        except NoByteLayout as error:
            results.append(error)
        except WrongChunk as error:
            raise ChunkMismatchError(f"{name!r} does not fit the sequence: {error}") from error
        except MemoryError:
            raise
        except Exception as error:
            raise read_error(error, repr(name), name) from error
    return results


def _prove(array: FileArray, decode: Callable[[BinaryIO], NDArray[Any]]) -> None:
    """Raise `NoByteLayout` unless the first file decodes to the pixels that its reader reads."""
    name, shape = array.names[0], array.spec.shape
    expected = np.empty(shape, array.spec.dtype)
    read = partial(array.reader.read_region, spec=array.spec, region=whole_region(shape))
    first_readable([name], array.source, lambda f: read(f, out=expected, **array.imreadargs))
    try:
        with (
            array.source.open(name) as file,
            open(file, "rb") if isinstance(file, str) else nullcontext(file) as stream,
        ):
            stream.seek(0)
            found = decode(stream)
    except Exception as error:
        raise NoByteLayout(f"{name!r} cannot be decoded without its reader: {error}") from error
    same = (found.shape, found.dtype) == (expected.shape, expected.dtype)
    if not same or found.tobytes() != expected.tobytes():  # bytes, for NaNs
        raise NoByteLayout(f"{name!r} decodes to other pixels than its reader reads")


def _decode_segments(layout: ByteLayout, zarray: Mapping[str, Any], file: BinaryIO) -> NDArray[Any]:
    """Return the pixels of a file, decoded chunk by chunk."""
    image = np.full(layout.shape, layout.nodata, layout.dtype.newbyteorder("="))
    grid = [-(-n // c) for n, c in zip(layout.shape, layout.chunks, strict=True)]
    for index, (offset, count) in zip(np.ndindex(*grid), layout.segments, strict=True):
        if count:
            file.seek(offset)
            chunk = decode_chunk(file.read(count), layout.chunks, layout.dtype, zarray)
            window: Any = tuple(
                slice(i * c, (i + 1) * c) for i, c in zip(index, layout.chunks, strict=True)
            )
            inside: Any = tuple(map(slice, image[window].shape))
            image[window] = chunk[inside]
    return image
