"""A reader of files whose pages are planes along axes that something else knows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.readers.chunk import ChunkSpec, Region, WrongChunk
from dask_fileseq.readers.headercolumns import axes_text
from dask_fileseq.readers.reader import File, FileInfo, WrappedReader


@dataclass(frozen=True, slots=True)
class PagesReader(WrappedReader):
    """Reader of files in which the pages, one axis, are planes along several axes.

    Where `imreadargs` choose other pages, files are read as by the inner reader.

    >>> inner = np.arange(12).reshape(6, 1, 2)
    >>> from dask_fileseq.readers import as_reader
    >>> reader = PagesReader(as_reader(lambda file: inner), ("t", "z"), (2, 3))
    >>> reader.describe("a.tif").spec.dims, reader("a.tif").shape
    (('t', 'z', 'y', 'x'), (2, 3, 1, 2))
    """

    dims: tuple[str, ...]
    """The axes along which the pages are, the first one slowest."""
    sizes: tuple[int, ...]
    """The number of indices along each of them."""

    def __call__(self, file: File, **imreadargs: Any) -> Any:
        """Return the array in a file."""
        image = np.asarray(self.reader(file, **imreadargs))
        if not self._has_pages(image.shape, imreadargs):
            return image
        return image.reshape((*self.sizes, *image.shape[1:]))

    def describe(self, file: File, **imreadargs: Any) -> FileInfo:
        """Return what a file contains; see `Reader.describe`."""
        return self._described(self.reader.describe(file, **imreadargs), imreadargs)

    def inspect(self, file: File, **imreadargs: Any) -> FileInfo:
        """Return what a file contains; see `Reader.inspect`."""
        return self._described(self.reader.inspect(file, **imreadargs), imreadargs)

    def read_columns(self, file: File, **imreadargs: Any) -> dict[str, Any]:
        """Return what the header of a file says; see `Reader.read_columns`."""
        columns = self.reader.read_columns(file, **imreadargs)
        shape = columns.get("shape", ())
        if len(shape) < 3 or shape[0] != math.prod(self.sizes) or _chooses(imreadargs):
            return columns
        axes = axes_text(self.dims) + columns["axes"][-len(shape) + 1 :]
        return columns | {"shape": (*self.sizes, *shape[1:]), "axes": axes}

    def read_region(
        self, file: File, spec: ChunkSpec, region: Region, out: NDArray[Any], **imreadargs: Any
    ) -> None:
        """Read part of a file into an array; see `Reader.read_region`."""
        if not self._is_of_pages(spec, imreadargs):
            self.reader.read_region(file, spec, region, out, **imreadargs)
            return
        inner = self._inner(spec)
        *slow, last = region[: len(self.sizes)]
        rest = region[len(self.sizes) :]
        for place in itertools.product(*(range(len(along)) for along in slow)):
            index = [along[i] for along, i in zip(slow, place, strict=True)]
            start = int(np.ravel_multi_index((*index, 0), self.sizes)) if index else 0
            pages = range(last.start + start, last.stop + start, last.step)
            try:
                self.reader.read_region(file, inner, (pages, *rest), out[place], **imreadargs)
            except WrongChunk as error:
                if not imreadargs or error.found[0] != spec.shape:
                    raise
                # with these arguments, the inner reader finds the same axes by itself
                self.reader.read_region(file, spec, region, out, **imreadargs)
                return

    def read_files(
        self, paths: Sequence[str], spec: ChunkSpec, outs: Sequence[NDArray[Any]]
    ) -> int:
        """Read whole files from the front of a list; see `Reader.read_files`."""
        inner = self._inner(spec)
        flat = [out.reshape(inner.shape) for out in outs]
        if not all(map(np.shares_memory, flat, outs)):  # a copy
            return 0
        return self.reader.read_files(paths, inner, flat)

    def read_otherwise(self, file: File, spec: ChunkSpec, **imreadargs: Any) -> NDArray[Any] | None:
        """Return the array in a file; see `Reader.read_otherwise`."""
        if not self._is_of_pages(spec, imreadargs):
            return self.reader.read_otherwise(file, spec, **imreadargs)
        image = self.reader.read_otherwise(file, self._inner(spec), **imreadargs)
        return None if image is None else image.reshape(spec.shape)

    def _has_pages(self, shape: tuple[int, ...], imreadargs: Mapping[str, Any]) -> bool:
        """Return whether what the inner reader finds with some arguments is all pages."""
        if _chooses(imreadargs):
            return False
        return not imreadargs or (len(shape) > 2 and shape[0] == math.prod(self.sizes))

    def _is_of_pages(self, spec: ChunkSpec, imreadargs: Mapping[str, Any]) -> bool:
        """Return whether `describe` with some arguments returned the axes of pages."""
        if not imreadargs:
            return True
        return not _chooses(imreadargs) and spec.shape[: len(self.sizes)] == self.sizes

    def _inner(self, spec: ChunkSpec) -> ChunkSpec:
        """Return what the inner reader finds in a file."""
        count = len(self.sizes)
        pages = math.prod(self.sizes)
        shape, tile = (pages, *spec.shape[count:]), (1, *spec.tile[count:])
        return replace(spec, shape=shape, tile=tile, dims=("i", *spec.dims[count:]))

    def _described(self, info: FileInfo, imreadargs: Mapping[str, Any]) -> FileInfo:
        spec = info.spec
        if not self._has_pages(spec.shape, imreadargs):
            return info
        pages = math.prod(self.sizes)
        if len(spec.shape) < 3 or spec.shape[0] != pages:
            shape = (pages, *spec.shape[-2:])
            raise WrongChunk((shape, spec.dtype), (spec.shape, spec.dtype))
        ones = (1,) * len(self.sizes)
        spec = replace(
            spec,
            shape=(*self.sizes, *spec.shape[1:]),
            tile=(*ones, *spec.tile[1:]),
            dims=(*self.dims, *spec.dims[1:]),
        )
        return replace(info, spec=spec)


def _chooses(imreadargs: Mapping[str, Any]) -> bool:
    """Return whether arguments choose some pages, or another image than the first one.

    >>> _chooses({"level": 0, "series": 0}), _chooses({"series": "all"}), _chooses({"key": 0})
    (False, True, True)
    """
    return imreadargs.get("key") is not None or imreadargs.get("series") not in (None, 0)
