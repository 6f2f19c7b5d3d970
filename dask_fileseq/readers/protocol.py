"""Reading through any ``imread``: the two functions that the rest of the package calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, Protocol, runtime_checkable

import numpy as np

from dask_fileseq.readers.chunk import ChunkSpec, plain_spec, require_chunk
from dask_fileseq.readers.counters import record

__all__ = ["BatchReader", "File", "RegionReader", "chunk_spec", "read_into"]

File = str | BinaryIO
"""A path, or a seekable binary handle (a member of an archive, a remote object)."""

Imread = Callable[..., Any]


@runtime_checkable
class RegionReader(Protocol):
    """An ``imread`` that can also read a header alone, and part of a file.

    Any object with these three methods is used as one; it must pickle. A
    handle may come at any position: it is to be read from its start.
    """

    def __call__(self, file: File, **imreadargs: Any) -> Any:
        """Return the array in a file."""

    def spec(self, file: File, **imreadargs: Any) -> ChunkSpec:
        """Return what a file holds, best without reading pixels."""

    def read_region(
        self,
        file: File,
        spec: ChunkSpec,
        region: tuple[slice, ...],
        out: np.ndarray[Any, Any],
        **imreadargs: Any,
    ) -> None:
        """Read the part `region` of a file into `out`.

        `region` has a slice for each axis, of any step, and is never empty.
        `out` has the shape of ``np.empty(spec.shape)[region]``; it may be a view
        with any strides and of another dtype than the file. Raises `WrongChunk`
        where the file is not what `spec` says.
        """


class BatchReader(RegionReader, Protocol):
    """A `RegionReader` that reads many whole files in one go. This is optional."""

    def read_files(
        self, names: Sequence[str], spec: ChunkSpec, outs: Sequence[np.ndarray[Any, Any]]
    ) -> int:
        """Read whole files from the front, and return the number of those read.

        Called where ``imreadargs`` are empty, with the paths of one or more files and, for
        each, an array of ``spec.shape``; all have the same strides and dtype, which may be
        another one than that of the files. May stop at any file, for any reason and without
        an error: that file is then read by `read_region`, which raises what there is to
        raise, and the next call begins behind it.
        """


def chunk_spec(imread: Imread, file: File, imreadargs: Mapping[str, Any]) -> ChunkSpec:
    """Return what a file holds.

    A plain function has to read the file for that.

    >>> chunk_spec(lambda name: np.zeros((4, 6)), "a.bin", {})
    ChunkSpec(shape=(4, 6), dtype=dtype('float64'), dims=('y', 'x'), tile=(4, 6))
    """
    if isinstance(imread, RegionReader):
        return imread.spec(file, **imreadargs)
    record(headers=1)
    return plain_spec(_call(imread, file, imreadargs))


def read_into(
    imread: Imread,
    file: File,
    imreadargs: Mapping[str, Any],
    spec: ChunkSpec,
    region: tuple[slice, ...],
    out: np.ndarray[Any, Any],
) -> None:
    """Read part of a file into an array, casting to its dtype.

    Parameters
    ----------
    imread
        A plain function, which reads the whole, or a `RegionReader`.
    file
        Path or handle.
    imreadargs
        Further arguments of `imread`.
    spec
        What the file must hold.
    region
        A slice for each axis of the file's array; selects something.
    out
        Array of the region's shape, any strides, any dtype.

    Raises
    ------
    WrongChunk
        The file holds another shape or dtype than `spec`.

    Examples
    --------
    >>> spec = chunk_spec(lambda name: np.eye(3), "a.bin", {})
    >>> out = np.empty((2, 3), "u1")
    >>> read_into(lambda name: np.eye(3), "a.bin", {}, spec, np.s_[::-2, :], out)
    >>> out
    array([[0, 0, 1],
           [1, 0, 0]], dtype=uint8)
    """
    if isinstance(imread, RegionReader):
        imread.read_region(file, spec, region, out, **imreadargs)
        return
    image = _call(imread, file, imreadargs)
    require_chunk(spec, image.shape, image.dtype)
    out[...] = image[region]


def _call(imread: Imread, file: File, imreadargs: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    """Call a plain function on a file from its start."""
    if not isinstance(file, str):
        file.seek(0)
    returned = imread(file, **imreadargs)
    image = np.asarray(returned)
    if image.dtype.kind in "OU" or np.ma.is_masked(returned):
        masked = ", some of it masked" if np.ma.is_masked(returned) else ""
        raise TypeError(f"imread returned {type(returned).__name__}{masked}: no array of pixels")
    record(files=1, way="function")
    return image
