"""What the first file contains, and so all files must."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from dask_fileseq.errors import public_error
from dask_fileseq.filearray.failures import read_error
from dask_fileseq.files import Source, is_transient
from dask_fileseq.grid import GridMetadata
from dask_fileseq.readers import (
    ChunkMetadata,
    ChunkSpec,
    FileInfo,
    Labels,
    Reader,
    Scale,
    plain_dims,
)
from dask_fileseq.types import ReadOptions

SILENT_FILES = 3
"""Number of files without an answer from a server, which takes seconds, before giving up."""

T = TypeVar("T")


def first_info(
    names: Sequence[str], source: Source, reader: Reader, options: ReadOptions
) -> FileInfo:
    """Return what the first file contains; with ``errors="fill"`` the first that can be read.

    Raises
    ------
    ReadError
        If none can be read.
    """
    args = options.imreadargs
    names = names if options.errors == "fill" else names[:1]
    return first_readable(names, source, lambda file: reader.describe(file, **args))


def chunk_spec(options: ReadOptions, info: FileInfo | None) -> ChunkSpec:
    """Return what each file must contain: what the options give, else what the first has."""
    spec = None if info is None else info.spec
    if options.chunkshape is not None:
        shape = tuple(options.chunkshape)
        dims = plain_dims(shape) if spec is None or options.has_chunk else spec.dims
        dtype = np.dtype(float) if spec is None else spec.dtype
        spec = ChunkSpec(shape, dtype, dims, shape)
    assert spec is not None
    if options.chunkdtype is not None:
        spec = replace(spec, dtype=np.dtype(options.chunkdtype).newbyteorder("="))
    return spec


def chunk_metadata(
    options: ReadOptions, info: FileInfo | None, grid: GridMetadata
) -> ChunkMetadata:
    """Return the metadata in the header; of pixel sizes, those of a descriptor come first."""
    metadata = ChunkMetadata() if options.has_chunk or info is None else info.metadata
    absolute = [dim for dim, scale in metadata.scales.items() if scale.absolute]
    scales = {**metadata.scales, **described_scales(grid, absolute)}
    labels = {dim: Labels(names, grid.source) for dim, names in grid.page_labels.items()}
    return replace(metadata, scales=scales, labels={**metadata.labels, **labels})


def described_scales(grid: GridMetadata, absolute: Collection[str]) -> dict[str, Scale]:
    """Return the pixel sizes of a descriptor, which come before those in headers.

    Only along axes whose places on the ground are in headers, the `absolute` ones, these count.
    """
    return {
        dim: Scale(0.0, step, units, grid.source)
        for dim, (step, units) in grid.pixel_sizes.items()
        if dim not in absolute
    }


def first_readable(names: Sequence[str], source: Source, read: Callable[[Any], T]) -> T:
    """Return what `read` returns for the first of the files for which it does not fail.

    Raises
    ------
    ReadError
        If it fails for all, or a server does not answer for several. The error is that of
        the first file.
    """
    failures: list[Exception] = []
    silent = 0
    for name in names:
        try:
            with source.open(name) as file:
                return read(file)
        except Exception as error:
            failures.append(error)
            silent += is_transient(error) + isinstance(error, TimeoutError)  # which took long
            if silent >= SILENT_FILES:
                break
    raise read_error(failures[0], repr(names[0]), names[0]) from public_error(failures[0])
