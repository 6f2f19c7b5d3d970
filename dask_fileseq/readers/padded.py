"""A reader that fills smaller images at their edges, so that all have one shape."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.readers.chunk import ChunkSpec, Region, WrongChunk
from dask_fileseq.readers.reader import File, FileInfo, WrappedReader


@dataclass(frozen=True, slots=True)
class PaddedReader(WrappedReader):
    """Read images with another reader, and fill what they lack at the end of each axis.

    Examples
    --------
    >>> from dask_fileseq.readers import FunctionReader
    >>> reader = PaddedReader(FunctionReader(lambda file: np.ones((1, 2), "u1")), (2, 3), 7)
    >>> reader("a.tif").tolist()
    [[1, 1, 7], [7, 7, 7]]
    """

    shape: tuple[int, ...]
    """Shape of all arrays; none in a file is longer along any axis."""
    fill: Any
    """Value of the pixels that a file lacks."""

    def __call__(self, file: File, **imreadargs: Any) -> Any:
        """Return the array in a file, filled."""
        spec = self.describe(file, **imreadargs).spec
        out = np.empty(spec.shape, spec.dtype)
        self.read_region(file, spec, tuple(map(range, spec.shape)), out, **imreadargs)
        return out

    def describe(self, file: File, **imreadargs: Any) -> FileInfo:
        """Return what a file contains, with the shape of all."""
        info = self.reader.describe(file, **imreadargs)
        return replace(info, spec=replace(info.spec, shape=self.shape))

    def inspect(self, file: File, **imreadargs: Any) -> FileInfo:
        """Return what `describe` returns; raise an error if the file is incomplete."""
        info = self.reader.inspect(file, **imreadargs)
        return replace(info, spec=replace(info.spec, shape=self.shape))

    def read_columns(self, file: File, **imreadargs: Any) -> dict[str, Any]:
        """Return what the header of a file says."""
        return self.reader.read_columns(file, **imreadargs)

    def read_region(
        self, file: File, spec: ChunkSpec, region: Region, out: NDArray[Any], **imreadargs: Any
    ) -> None:
        """Read the part of a region that the file has, and fill the rest."""
        own = self.reader.describe(file, **imreadargs).spec
        longer = any(n > most for n, most in zip(own.shape, spec.shape, strict=False))
        if len(own.shape) != len(spec.shape) or longer or own.dtype != spec.dtype:
            raise WrongChunk((spec.shape, spec.dtype), (own.shape, own.dtype))
        out[...] = self.fill
        inside, places = [], []
        for along, n in zip(region, own.shape, strict=True):
            if along.step > 0:  # what the file has comes first
                kept = slice(0, len(range(along.start, min(along.stop, n), along.step)))
            else:
                kept = slice(len(range(along.start, max(along.stop, n - 1), along.step)), None)
            inside.append(along[kept])
            places.append(kept)
        if all(map(len, inside)):
            self.reader.read_region(file, own, tuple(inside), out[tuple(places)], **imreadargs)
