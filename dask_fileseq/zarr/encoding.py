"""How the files of an array are encoded, as entries of ``.zarray``: proven, or an error.

Headers are read in parallel, as dask tasks, on any scheduler.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, BinaryIO

import numcodecs
import numpy as np
from dask.array.core import normalize_chunks, slices_from_chunks
from numpy.typing import NDArray

from dask_fileseq.errors import ReadError
from dask_fileseq.filearray import FileArray, failure_of, first_readable
from dask_fileseq.files import Source
from dask_fileseq.graph import Scheduler, run_batches
from dask_fileseq.readers import ByteLayout, File, NoByteLayout, whole_region

BATCH = 64
"""Number of files in a task: dask needs more time for a task than a reader for a header."""

COMPRESSORS = {
    1: None,
    5: "imagecodecs_lzw",
    8: "zlib",
    32773: "imagecodecs_packbits",
    32946: "zlib",
    34925: "lzma",
    50000: "zstd",
}
"""Names of codecs by TIFF's compression codes."""

PREDICTORS = {2: "imagecodecs_delta", 3: "imagecodecs_floatpred"}
"""Names of filters by TIFF's predictor codes. Differences start anew in each row, which the
``delta`` of numcodecs cannot do."""

FORMAT_3: Mapping[str, tuple[str, dict[str, Any]]] = {
    "zlib": ("numcodecs.zlib", {"level": 1}),
    "lzma": ("numcodecs.lzma", {"preset": None}),
    "zstd": ("zstd", {"level": 0, "checksum": False}),
}
"""Names in format 3, and arguments that must be there, of compressors with another name."""


@dataclass(frozen=True)
class FileEncoding:
    """How all files are encoded."""

    chunkshape: tuple[int, ...]
    """Shape of a chunk, along the axes of the array in a file."""
    zarray: Mapping[str, Any]
    """Entries of ``.zarray``: data type, compressor, filters."""
    segments: Sequence[NDArray[np.int64]] | None = None
    """Offset and byte count of each chunk of each file; None if a file is one chunk."""

    @property
    def codecs(self) -> list[dict[str, Any]]:
        """The codecs of format 3 that do what the entries of ``.zarray`` do.

        Their names are those that zarr and `imagecodecs.zarr` register.

        >>> zarray = {"dtype": ">u2", "compressor": {"id": "imagecodecs_lzw"}}
        >>> FileEncoding((4, 6), zarray, segments=[]).codecs
        [{'name': 'bytes', 'configuration': {'endian': 'big'}}, {'name': 'imagecodecs_lzw'}]
        """
        codecs: list[dict[str, Any]] = []
        stored = self.zarray.get("dtype", "")
        for config in self.zarray.get("filters") or []:
            name, keys = str(config["id"]), ("axis", "dist")
            arguments = {key: config[key] for key in keys if key in config}
            if name == "astype":
                stored, name = config["encode_dtype"], "numcodecs.astype"
                arguments = {key: value for key, value in config.items() if key != "id"}
            codecs.append({"name": name, "configuration": arguments})
        makes_arrays = self.segments is None or (codecs and codecs[-1]["name"] == PREDICTORS[3])
        if not makes_arrays:
            order = {"endian": "big" if stored[0] == ">" else "little"}
            arguments = order if np.dtype(stored).itemsize > 1 else {}
            codecs.append({"name": "bytes"} | ({"configuration": arguments} if arguments else {}))
        if config := self.zarray.get("compressor"):
            name, defaults = FORMAT_3.get(config["id"], (config["id"], {}))
            if name == "tifffile":
                raise ValueError(
                    "zarr_format=3 has no codec that decodes whole TIFF files as tifffile does:"
                    " give zarr_format=2, or name another codec by codec_id="
                )
            arguments = defaults | {key: value for key, value in config.items() if key != "id"}
            codecs.append({"name": name} | ({"configuration": arguments} if arguments else {}))
        return codecs


def file_encoding(
    array: FileArray, chunks: str | None = None, codec_id: str | None = None, scheduler: Any = None
) -> FileEncoding:
    """Return how the files are encoded.

    Chunks are strips, tiles or pages (``"tile"``), or whole files (``"file"``), which the
    codec `codec_id` decodes; by default the former if possible.
    """
    encoding = _file_encoding(array, chunks, codec_id, scheduler)
    if array.dtype == array.spec.dtype:
        return encoding
    stored, filters = encoding.zarray.get("dtype"), encoding.zarray.get("filters") or []
    cast = {"encode_dtype": stored or array.spec.dtype.str, "decode_dtype": array.dtype.str}
    filters = [{"id": "astype", **cast}, *filters]
    zarray = {**encoding.zarray, "dtype": array.dtype.str, "filters": filters}
    return replace(encoding, zarray=zarray)


def _file_encoding(
    array: FileArray, chunks: str | None, codec_id: str | None, scheduler: Any
) -> FileEncoding:
    """Return how the files are encoded, to pixels of the data type that they have in files."""
    if chunks not in (None, "tile", "file"):
        raise ValueError(f"chunks={chunks!r} is neither None nor 'tile' nor 'file'")
    if codec_id is None and chunks != "file":
        try:
            return _segment_encoding(array, scheduler)
        except NoByteLayout as error:
            if chunks == "tile":
                raise ReadError.of(error, f"chunks='tile' is not possible: {error}") from error
    elif chunks == "tile":
        raise ValueError(
            f"codec_id={codec_id!r} decodes whole files: chunks='tile' is not possible"
        )
    return _whole_encoding(array, codec_id, scheduler)


def _segment_encoding(array: FileArray, scheduler: Any) -> FileEncoding:
    """Return where the strips, tiles or pages of each file are, if all are encoded alike."""
    read = partial(array.reader.byte_layout, spec=array.spec, **array.options.imreadargs)
    layouts_of = partial(_each_file, array.source, read)
    first = layouts_of(array.names[:1])[0]
    if isinstance(first, NoByteLayout):
        raise NoByteLayout(f"{array.names[0]!r}: {first}")
    for axis in array.tiling.axes:
        if axis.chunk is not None and axis.files > 1 and axis.size % first.chunks[axis.chunk]:
            raise NoByteLayout(
                f"files are edge to edge along an axis of {axis.size}, which parts of"
                f" {first.chunks[axis.chunk]} do not fill"
            )
    zarray = _segment_codecs(first)
    _prove(array, partial(_decode_segments, first, zarray))
    segments_of = partial(_each_segments, layouts_of, first, array.options.fillvalue)
    segments = run_batches(Scheduler(scheduler), segments_of, array.names, BATCH)
    for name, found in zip(array.names, segments, strict=True):
        if isinstance(found, str):
            raise NoByteLayout(f"{name!r}{found.format(first=array.names[0])}")
    whole = [found for found in segments if not isinstance(found, str)]
    return FileEncoding(first.chunks, zarray, whole)


def _each_segments(
    layouts_of: Callable[[Sequence[str]], Sequence[ByteLayout | NoByteLayout]],
    first: ByteLayout,
    fillvalue: Any,
    names: Sequence[str],
) -> list[NDArray[np.int64] | str]:
    """Return where the strips, tiles or pages of some files are, or why that is of no use.

    Arrays take a tenth of the memory of tuples, which counts for a million files.
    """
    results: list[NDArray[np.int64] | str] = []
    for layout in layouts_of(names):
        if isinstance(layout, NoByteLayout):
            results.append(f": {layout}".replace("{", "{{").replace("}", "}}"))
        elif layout != first:
            results.append(" is stored otherwise than {first!r}")
        elif not all(count for _, count in layout.segments) and layout.nodata != fillvalue:
            results.append(f" has parts never written, which read as {layout.nodata}")
        else:
            results.append(np.array(layout.segments, np.int64).reshape(-1, 2))
    return results


def _whole_encoding(array: FileArray, codec_id: str | None, scheduler: Any) -> FileEncoding:
    """Return the codec that decodes whole files: `codec_id`, or that of the reader."""
    spec, reader, imreadargs = array.spec, array.reader, dict(array.options.imreadargs)
    args = {key: value for key, value in imreadargs.items() if value is not None}
    config = reader.codec(array.names[0], args) if codec_id is None else {"id": codec_id, **args}
    if config is None:
        raise ValueError(f"no codec of numcodecs reads as {reader!r} does: name one by codec_id=")
    try:
        json.dumps(config)
    except (TypeError, ValueError) as error:
        raise TypeError(f"imreadargs={imreadargs!r} cannot be written as JSON: {error}") from error
    zarray = {"compressor": config}
    if codec_id is None:
        try:
            _prove(array, lambda file: _decode_chunk(file.read(), spec.shape, spec.dtype, zarray))
        except NoByteLayout as error:
            raise ReadError.of(error, f"{error}; name another codec by codec_id=") from error
    check = partial(reader.require_codec, spec=spec, **imreadargs)
    reasons_of = partial(_each_file, array.source, check)
    reasons = run_batches(Scheduler(scheduler), reasons_of, array.names, BATCH)
    for name, reason in zip(array.names, reasons, strict=True):
        if reason is not None:
            raise ReadError.of(reason, f"no codec reads {name!r} by itself: {reason}")
    return FileEncoding(spec.shape, zarray)


def _each_file(source: Source, function: Callable[[File], Any], names: Sequence[str]) -> list[Any]:
    """Return what a function returns for each file, or the `NoByteLayout` that it raises."""
    results: list[Any] = []
    for name in names:
        try:
            with source.open(name) as file:
                results.append(function(file))
        except NoByteLayout as error:
            results.append(error)
        except Exception as error:  # of any reader or file system
            raise failure_of(error, name, {}) from error
    return results


def _prove(array: FileArray, decode: Callable[[BinaryIO], NDArray[Any]]) -> None:
    """Raise `NoByteLayout` unless the first file decodes to the pixels that its reader reads."""
    name, shape = array.names[0], array.spec.shape
    expected = np.empty(shape, array.spec.dtype)
    arguments = {"region": whole_region(shape), "out": expected, **array.options.imreadargs}
    read = partial(array.reader.read_region, spec=array.spec, **arguments)
    first_readable([name], array.source, read)
    try:
        with (
            array.source.open(name) as file,
            open(file, "rb") if isinstance(file, str) else nullcontext(file) as stream,
        ):
            stream.seek(0)
            found = decode(stream)
    except Exception as error:  # of any codec
        raise NoByteLayout(f"{name!r} cannot be decoded without its reader: {error}") from error
    same = (found.shape, found.dtype) == (expected.shape, expected.dtype)
    if not same or found.tobytes() != expected.tobytes():  # bytes, for NaNs
        raise NoByteLayout(f"{name!r} decodes to other pixels than its reader reads")


def _decode_segments(layout: ByteLayout, zarray: Mapping[str, Any], file: BinaryIO) -> NDArray[Any]:
    """Return the pixels of a file, decoded chunk by chunk."""
    image = np.full(layout.shape, layout.nodata, layout.dtype.newbyteorder("="))
    windows = slices_from_chunks(normalize_chunks(layout.chunks, layout.shape))
    for window, (offset, count) in zip(windows, layout.segments, strict=True):
        if count:
            file.seek(offset)
            chunk = _decode_chunk(file.read(count), layout.chunks, layout.dtype, zarray)
            inside: Any = tuple(map(slice, image[window].shape))
            image[window] = chunk[inside]
    return image


def _segment_codecs(layout: ByteLayout) -> dict[str, Any]:
    """Return the entries of ``.zarray`` that decode strips or tiles."""
    name, predictor = COMPRESSORS[layout.compression], PREDICTORS.get(layout.predictor)
    zarray: dict[str, Any] = {"dtype": layout.dtype.str, "compressor": name and {"id": name}}
    axis = -2 if layout.interleaved else -1
    arguments = {"axis": axis, "dist": 1, "shape": layout.chunks, "dtype": layout.dtype.str}
    return zarray | {"filters": [{"id": predictor, **arguments}] if predictor else None}


def _decode_chunk(
    content: bytes, shape: Sequence[int], dtype: np.dtype[Any], encoding: Mapping[str, Any]
) -> NDArray[Any]:
    """Return the array that zarr decodes from a chunk with some entries of ``.zarray``."""
    chunk: Any = content
    for config in (encoding.get("compressor"), *reversed(encoding.get("filters") or [])):
        if config is not None:
            chunk = _codec(**config).decode(chunk)
    array = np.asarray(chunk) if isinstance(chunk, np.ndarray) else np.frombuffer(chunk, np.uint8)
    return np.ascontiguousarray(array).reshape(-1).view(dtype).reshape(shape)


def _codec(id: str, **args: Any) -> Any:
    """Return a codec, also of tifffile or imagecodecs, without adding it to the registry."""
    if id == "tifffile":
        from tifffile.numcodecs import Tiff

        return Tiff(**args)
    if id.startswith("imagecodecs_"):
        import imagecodecs.numcodecs

        return vars(imagecodecs.numcodecs)[id.split("_")[1].capitalize()](**args)
    return numcodecs.get_codec({"id": id, **args})
