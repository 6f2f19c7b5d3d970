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
from dask_fileseq.filearray import FileArray, checked_fillvalue, first_readable
from dask_fileseq.files import LocalFiles
from dask_fileseq.readers import ChunkMetadata, ChunkSpec, FileInfo, FunctionReader, plain_dims
from dask_fileseq.sequence.selecting import SelectableSequence
from dask_fileseq.tiling import AxesTiled, Tiling

__all__ = ["ChunkSequence"]


class ChunkSequence(SelectableSequence):
    """The files of a `FileSequence`, which has the documentation."""

    @cached_property
    def _infos(self) -> dict[str, FileInfo]:
        """What a file contains, for each set of reader's arguments in use."""
        return {}

    def _info(self, imreadargs: Mapping[str, Any], errors: str = "raise") -> FileInfo:
        """Return what the first file contains (that can be read, if errors are filled)."""
        key = tokenize(imreadargs)
        if key not in self._infos:
            self._infos[key] = first_readable(
                self._names if errors == "fill" else self._names[:1],
                self.source,
                lambda file: self.reader.describe(file, **imreadargs),
            )
        return self._infos[key]

    @property
    def chunkshape(self) -> tuple[int, ...]:
        """Shape of the array in each file; reads one header."""
        return self._info({}).spec.shape

    @property
    def chunkdtype(self) -> np.dtype[Any]:
        """Data type of the array in each file; reads one header."""
        return self._info({}).spec.dtype

    @property
    def chunkdims(self) -> tuple[str, ...]:
        """Names of the axes of the array in each file; reads one header."""
        return self._info({}).spec.dims

    def array(
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
        metadata = ChunkMetadata()
        if chunkshape is None or chunkdtype is None:
            info = self._info(imreadargs, errors)
            spec, metadata = info.spec, info.metadata
            if chunkshape is not None:
                spec = replace(spec, shape=tuple(chunkshape), tile=tuple(chunkshape))
            if chunkdtype is not None:
                spec = replace(spec, dtype=np.dtype(chunkdtype).newbyteorder("="))
        else:
            shape = tuple(chunkshape)
            dtype = np.dtype(chunkdtype).newbyteorder("=")
            spec = ChunkSpec(shape, dtype, plain_dims(shape), shape)
        tiling = Tiling.of(self.shape, spec.shape, axestiled)
        reader = FunctionReader(self.reader, in_place=True) if out_inplace else self.reader
        fillvalue = checked_fillvalue(fillvalue, spec.dtype)
        griddims = tuple(self.grid.coords)
        chunkdims = tuple(f"{dim}_chunk" if dim in griddims else dim for dim in spec.dims)
        return FileArray(
            names=self._names,
            table=self.grid.table,
            tiling=tiling,
            spec=spec,
            reader=reader,
            imreadargs=imreadargs,
            source=self.source,
            fillvalue=fillvalue,
            errors=errors,
            griddims=griddims,
            dims=tiling.dims(griddims, chunkdims),
            coords=self.coords,
            metadata=metadata,
            identity=self._identity_by,
            token=tokenize(self._identity, reader, imreadargs, spec, tiling, fillvalue, errors),
            origin=(0,) * len(griddims),
        )

    @cached_property
    def _identity(self) -> str:
        """What tells these files, in their present versions, from any others."""
        versions = self.source.versions(self._names) if self._identity_by == "stat" else None
        digest = hashlib.blake2b(digest_size=16)
        for part in (versions, self.grid.positions):
            digest.update(b"-" if part is None else part.tobytes())
        where = repr(self.source)
        ends = min(self._names), max(self._names)  # all between those with a slash have one
        if isinstance(self.source, LocalFiles) and not all(map(os.path.isabs, ends)):
            where += os.getcwd()
        return tokenize(self._names.digest(), digest.hexdigest(), where, self.shape)
