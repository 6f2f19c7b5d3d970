"""A reader that is always called with the same arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from dask_fileseq.readers.chunk import ByteLayout, ChunkSpec, Region
from dask_fileseq.readers.reader import File, FileInfo, WrappedReader


@dataclass(frozen=True, slots=True)
class BoundReader(WrappedReader):
    """Reader that calls another one with some arguments, of which those of a call come first.

    >>> from dask_fileseq.readers import read_tiff
    >>> BoundReader(read_tiff, {"series": 1})
    BoundReader(reader=read_tiff, arguments={'series': 1})
    """

    arguments: Mapping[str, Any]

    def __hash__(self) -> int:
        return hash((self.reader, frozenset(self.arguments)))  # values may have no hash

    def __call__(self, file: File, **imreadargs: Any) -> Any:
        """Return the array in a file."""
        return self.reader(file, **self._all(imreadargs))

    def describe(self, file: File, **imreadargs: Any) -> FileInfo:
        """Return what a file contains; see `Reader.describe`."""
        return self.reader.describe(file, **self._all(imreadargs))

    def inspect(self, file: File, **imreadargs: Any) -> FileInfo:
        """Return what a file contains; see `Reader.inspect`."""
        return self.reader.inspect(file, **self._all(imreadargs))

    def read_columns(self, file: File, **imreadargs: Any) -> dict[str, Any]:
        """Return what the header of a file says; see `Reader.read_columns`."""
        return self.reader.read_columns(file, **self._all(imreadargs))

    def read_region(
        self, file: File, spec: ChunkSpec, region: Region, out: NDArray[Any], **imreadargs: Any
    ) -> None:
        """Read part of a file into an array; see `Reader.read_region`."""
        self.reader.read_region(file, spec, region, out, **self._all(imreadargs))

    def read_otherwise(self, file: File, spec: ChunkSpec, **imreadargs: Any) -> NDArray[Any] | None:
        """Return the array in a file; see `Reader.read_otherwise`."""
        return self.reader.read_otherwise(file, spec, **self._all(imreadargs))

    def byte_layout(self, file: File, spec: ChunkSpec, **imreadargs: Any) -> ByteLayout:
        """Return the positions and the encoding of the pixels; see `Reader.byte_layout`."""
        return self.reader.byte_layout(file, spec, **self._all(imreadargs))

    def require_codec(self, file: File, spec: ChunkSpec, **imreadargs: Any) -> None:
        """Raise `NoByteLayout` unless the codec decodes this file; see `Reader.require_codec`."""
        self.reader.require_codec(file, spec, **self._all(imreadargs))

    def codec(self, name: str, imreadargs: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the codec that decodes whole files, if any; see `Reader.codec`."""
        return self.reader.codec(name, self._all(imreadargs))

    def _all(self, imreadargs: Mapping[str, Any]) -> dict[str, Any]:
        return {**self.arguments, **imreadargs}
