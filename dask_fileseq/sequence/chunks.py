"""File names and what one file holds: all that a file array is made of."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from operator import index as as_int
from typing import Any, Literal

import numpy as np
from dask.base import tokenize
from numpy.typing import DTypeLike

from dask_fileseq.errors import check_choice
from dask_fileseq.filearray import FileArray, checked_fillvalue, first_readable, first_spec
from dask_fileseq.files import LocalFiles
from dask_fileseq.readers import ChunkMetadata, ChunkSpec, chunk_description
from dask_fileseq.readers.chunk import plain_dims
from dask_fileseq.readers.formats import InPlaceReader
from dask_fileseq.sequence.selecting import SelectableSequence
from dask_fileseq.tiling import AxesTiled, Tiling

__all__ = ["ChunkSequence"]


class ChunkSequence(SelectableSequence):
    """The files of a `FileSequence`, which has the documentation."""

    @cached_property
    def _specs(self) -> dict[str, ChunkSpec]:
        """What a file holds, for each set of reader's arguments in use."""
        return {}

    def _spec(self, imreadargs: Mapping[str, Any], errors: str = "raise") -> ChunkSpec:
        """Return what the first file holds (that can be read, if errors are filled)."""
        key = tokenize(imreadargs)
        if key not in self._specs:
            names = self._names if errors == "fill" else self._names[:1]
            self._specs[key] = first_spec(names, self._source, self._reader, imreadargs)
        return self._specs[key]

    @property
    def chunkshape(self) -> tuple[int, ...]:
        """Shape of the array in each file; reads one header."""
        return self._spec({}).shape

    @property
    def chunkdtype(self) -> np.dtype[Any]:
        """Data type of the array in each file; reads one header."""
        return self._spec({}).dtype

    @property
    def chunkdims(self) -> tuple[str, ...]:
        """Names of the axes of the array in each file; reads one header."""
        return self._spec({}).dims

    def _file_array(
        self,
        *,
        imreadargs: Mapping[str, Any] | None = None,
        chunkshape: Sequence[int] | None = None,
        chunkdtype: DTypeLike | None = None,
        axestiled: AxesTiled | None = None,
        fillvalue: Any = None,
        errors: Literal["raise", "fill"] = "raise",
        out_inplace: bool | None = None,
    ) -> FileArray:
        """Return the array of all files, lazily; reads at most one header."""
        check_choice("errors", errors, "raise", "fill")
        imreadargs = dict(imreadargs or {})
        if chunkshape is not None:
            chunkshape = tuple(map(as_int, chunkshape))
            if min(chunkshape, default=0) < 0:
                raise ValueError(f"chunkshape={chunkshape!r} has a negative length")
        if chunkshape is None or chunkdtype is None:
            spec = self._spec(imreadargs, errors)
            if chunkshape is not None:
                spec = replace(spec, shape=tuple(chunkshape), tile=tuple(chunkshape))
            if chunkdtype is not None:
                spec = replace(spec, dtype=np.dtype(chunkdtype).newbyteorder("="))
        else:
            shape = tuple(chunkshape)
            dtype = np.dtype(chunkdtype).newbyteorder("=")
            spec = ChunkSpec(shape, dtype, plain_dims(shape), shape)
        tiling = Tiling.of(self.shape, spec.shape, axestiled)
        reader = InPlaceReader(self._reader) if out_inplace else self._reader
        fillvalue = checked_fillvalue(fillvalue, spec.dtype)
        griddims = tuple(self._grid.coords)
        chunkdims = tuple(f"{dim}_chunk" if dim in griddims else dim for dim in spec.dims)
        return FileArray(
            names=self._names,
            table=self._grid.table,
            tiling=tiling,
            spec=spec,
            imread=reader,
            imreadargs=imreadargs,
            source=self._source,
            fillvalue=fillvalue,
            errors=errors,
            griddims=griddims,
            dims=tiling.dims(griddims, chunkdims),
            coords=self.coords,
            token=tokenize(self._identity, reader, imreadargs, spec, tiling, fillvalue, errors),
            origin=(0,) * len(griddims),
        )

    @cached_property
    def _identity(self) -> str:
        """What tells these files, in their present versions, from any others."""
        versions = self._source.versions(self._names) if self._identity_by == "stat" else None
        digest = hashlib.blake2b(digest_size=16)
        for part in (versions, self._grid.positions):
            digest.update(b"-" if part is None else part.tobytes())
        where = repr(self._source)
        ends = min(self._names), max(self._names)  # all between those with a slash have one
        if isinstance(self._source, LocalFiles) and not all(map(os.path.isabs, ends)):
            where += os.getcwd()
        return tokenize(self._names.digest(), digest.hexdigest(), where, self.shape)

    @cached_property
    def _metadata(self) -> dict[str, ChunkMetadata]:
        """What a file says of its axes, for each set of reader's arguments in use."""
        return {}

    def _described_array(
        self, *, imreadargs: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> tuple[FileArray, ChunkMetadata]:
        """Return the array of all files, and what the first says of its axes, from one header."""
        imreadargs = dict(imreadargs or {})
        if kwargs.get("chunkshape") is not None and kwargs.get("chunkdtype") is not None:
            return self._file_array(imreadargs=imreadargs, **kwargs), ChunkMetadata()
        key = tokenize(imreadargs)
        if key not in self._metadata:
            self._specs[key], self._metadata[key] = first_readable(
                self._names if kwargs.get("errors") == "fill" else self._names[:1],
                self._source,
                lambda file: chunk_description(self._reader, file, imreadargs),
            )
        return self._file_array(imreadargs=imreadargs, **kwargs), self._metadata[key]
