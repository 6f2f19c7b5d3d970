"""All images of one file as one: what ``series="all"`` reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from dask_fileseq.readers.chunk import Array, ChunkSpec, Region
from dask_fileseq.readers.tiff.byteranges import ByteSource


class _Image(Protocol):
    @property
    def spec(self) -> ChunkSpec: ...

    def read(self, source: ByteSource, region: Region, out: Array) -> None: ...


class StackedImage:
    """Images of one shape and dtype along a first axis, ``series``."""

    def __init__(self, images: Sequence[_Image]) -> None:
        self._images = images

    @property
    def spec(self) -> ChunkSpec:
        """The array."""
        spec = self._images[0].spec
        return replace(
            spec,
            shape=(len(self._images), *spec.shape),
            dims=("series", *spec.dims),
            tile=(1, *spec.tile),
        )

    def read(self, source: ByteSource, region: Region, out: Array) -> None:
        """Read a region of each image that it touches."""
        for number, place in zip(region[0], out, strict=True):
            self._images[number].read(source, region[1:], place)
