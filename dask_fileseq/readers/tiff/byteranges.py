"""Ranges of bytes of a file, and images of uncompressed pixels that are read as such ranges.

A region of an array in C order is a set of equal ranges of bytes in the file. Each request
costs as much as copying some 16 KiB (1.7 us on a local disk, far more on a network), so
ranges that are closer together than that are merged: one request reads them with the gaps
between them, and the gaps are dropped in memory. A 256x256 crop of a 4096x4096 uint16 image
takes 450 us in 256 reads, 50 us in one. This is right for any gap, as the merged range is
seen as an array with the strides of the file.
"""

from __future__ import annotations

import io
import itertools
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from stat import S_ISREG
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from dask_fileseq.readers.chunk import Array, ChunkSpec, Region, ascending
from dask_fileseq.readers.counters import record

WHOLE = 256 * 1024
"""Largest size, in bytes, of a file that is read in one call if all of it is needed."""

HEAD = 16 * 1024
"""Bytes at the beginning of a file that are read first, where its header usually is."""

FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
"""How files are opened: a pipe that has the name of a file does not block, it has no bytes."""

VECTORED = hasattr(os, "preadv")
"""Whether the system reads into several buffers, and at any position, in one call."""


@runtime_checkable
class Prefetching(Protocol):
    """A handle on a remote file that fetches announced bytes together, in few requests."""

    def announce(self, ranges: Sequence[tuple[int, int]], /) -> None:
        """Announce the ranges, pairs of start and stop, that will be read next."""


class HandleBytes:
    """The bytes of a file that is open.

    `handle` is a seekable binary file, and `origin` the path or handle that it reads from. If
    `origin` is `Prefetching`, the bytes that a region needs are announced to it before they are
    read. Otherwise each strip of a remote file would be a request of its own.
    """

    __slots__ = ("_handle", "_head", "announce", "size")

    def __init__(self, handle: Any, origin: Any, size: int = 0) -> None:
        self._handle = handle
        head = getattr(origin, "head", b"")
        self._head = head if isinstance(head, bytes) else b""
        self.size = size
        self.announce = origin.announce if isinstance(origin, Prefetching) else None

    def get(self, offset: int, count: int) -> bytes:
        """Return bytes; raise `ValueError` if the file ends before."""
        if offset + count <= len(self._head):
            return self._head[offset : offset + count]
        self._handle.seek(offset)
        content: bytes = self._handle.read(count)
        if len(content) < count:
            raise ValueError(f"file is truncated: {count - len(content)} bytes are missing")
        return content

    def holds(self, pieces: Sequence[tuple[int, bytes]]) -> bool:
        """Return False: nothing is known to be in memory."""
        return False

    def fill(self, offset: int, buffer: memoryview) -> None:
        """Fill a buffer; raise `ValueError` if the file ends before."""
        self._handle.seek(offset)
        done = 0
        while done < len(buffer):
            count = self._handle.readinto(buffer[done:])
            if not count:
                raise ValueError(f"file is truncated: {len(buffer) - done} bytes are missing")
            done += count


class PathBytes:
    """The bytes of a local file, whose beginning is in memory, and all of it if not too large."""

    __slots__ = ("_file", "_head", "size")
    announce = None

    def __init__(self, path: str, whole: int = HEAD) -> None:
        self._file = os.open(path, FLAGS)
        try:
            status = os.fstat(self._file)
            self.size = status.st_size if S_ISREG(status.st_mode) else 0
            self._head = os.read(self._file, self.size if self.size <= whole else HEAD)
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> PathBytes:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def holds(self, pieces: Sequence[tuple[int, bytes]]) -> bool:
        """Return whether the beginning that is in memory has certain bytes at some offsets."""
        return all(self._head.startswith(content, offset) for offset, content in pieces)

    def get(self, offset: int, count: int) -> bytes:
        """Return bytes; raise `EOFError` if the file ends before."""
        stop = offset + count
        if stop <= len(self._head):
            return self._head[offset:stop]
        content = b""
        if stop <= self.size:
            os.lseek(self._file, offset, os.SEEK_SET)
            content = os.read(self._file, count)
        if len(content) != count:
            raise EOFError("file is truncated")
        return content

    def fill(self, offset: int, buffer: memoryview) -> None:
        """Fill a buffer; raise `EOFError` if the file ends before."""
        stop = offset + len(buffer)
        if stop <= len(self._head):
            buffer[:] = self._head[offset:stop]
        elif not VECTORED:
            buffer[:] = self.get(offset, len(buffer))
        elif os.preadv(self._file, [buffer], offset) != len(buffer):
            raise EOFError("file is truncated")


def bytes_of(file: Any, whole: int) -> AbstractContextManager[PathBytes | HandleBytes] | None:
    """Return a context that yields the bytes of a path, or of a handle that may be read twice.

    That are those in memory and of remote files. None of others: a stream of an archive that is
    unpacked compares its checksum once.
    """
    if isinstance(file, str):
        return PathBytes(file, whole)
    if isinstance(file, io.BytesIO):
        return nullcontext(HandleBytes(file, file, file.getbuffer().nbytes))
    if isinstance(file, Prefetching):
        return nullcontext(HandleBytes(file, file, getattr(file, "size", 0)))
    return None


ByteSource = PathBytes | HandleBytes
"""Bytes of a file. What will be read is announced first, unless `announce` is None."""


def read_vector(path: str, buffers: list[Any]) -> int:
    """Fill buffers from the beginning of a file, and return the number of bytes read."""
    if not VECTORED:
        with open(path, "rb", buffering=0) as stream:
            return sum(stream.readinto(memoryview(buffer).cast("B")) for buffer in buffers)
    file = os.open(path, FLAGS)
    try:
        return os.readv(file, buffers)
    finally:
        os.close(file)


GAP = 16 * 1024
"""Largest gap, in bytes, over which two ranges are merged into one read."""

SCRATCH = 4 * 1024 * 1024
"""Most bytes per read, if they cannot be read straight into the output."""


@dataclass(frozen=True, slots=True)
class ContiguousImage:
    """An image of uncompressed pixels, stored as in memory: all in one place, or page by page."""

    spec: ChunkSpec
    """The array."""
    file_dtype: np.dtype[Any]
    """Type of the pixels in the file, with its byte order."""
    starts: Sequence[int]
    """Offset of each page; a single one if pages touch. 0: the page was never written."""
    page: tuple[int, ...]
    """Shape of what is stored at each offset, with the array's number of axes."""
    over: tuple[int, ...]
    """Axes of the array that run over the `starts`."""
    first: int
    """The first axis of the array that is within a page of the file."""
    nodata: float
    """Value of pixels that were never written."""
    pagesize: int
    """Number of bytes at each of the `starts`."""

    @property
    def extents(self) -> list[tuple[int, int]]:
        """Offset and size of each page."""
        return [(start, self.pagesize) for start in self.starts]

    def read(self, source: ByteSource, region: Region, out: Array) -> None:
        """Read a region, and count what is read."""
        record(bytes=self.read_pages(source, self.starts, region, out), way="contiguous")

    def read_pages(
        self, source: ByteSource, starts: Sequence[int], region: Region, out: Array
    ) -> int:
        """Read a region from pages that begin at `starts`, and return the number of bytes read."""
        region, out = ascending(region, out)
        file_dtype = self.file_dtype
        in_place = out.dtype == self.spec.dtype and out.flags.c_contiguous
        if self.over:
            pages = list(self._pages(region, out))
            region = tuple(range(1) if i in self.over else r for i, r in enumerate(region))
        else:
            pages = [(0, out)]
        cut = _cut(self.page, file_dtype.itemsize, region, in_place)
        reads: list[tuple[int, int, Array]] = []
        for number, view in pages:
            if starts[number] and cut.axis == 0:
                reads.append((starts[number] + cut.first, cut.size, view))
            elif starts[number]:
                for offset, size, place in _blocks(cut):
                    reads.append((starts[number] + offset, size, view[place]))
            else:
                view[...] = self.nodata
        if source.announce is not None:
            source.announce([(offset, offset + size) for offset, size, _ in reads])
        total = 0
        for offset, size, block in reads:
            total += size
            if in_place and size == block.nbytes:
                source.fill(offset, memoryview(block.reshape(-1).view(np.uint8).data))
                if not file_dtype.isnative:
                    block.byteswap(inplace=True)
            else:
                scratch = np.empty(size, np.uint8)
                source.fill(offset, scratch.data)
                strides = cut.strides[out.ndim - block.ndim :]
                block[...] = np.ndarray(block.shape, file_dtype, scratch, strides=strides)
        return total

    def _pages(self, region: Region, out: Array) -> Iterator[tuple[int, Array]]:
        """Yield the number of each page that a region touches, and its part of the output."""
        place = [slice(None)] * out.ndim
        for position in itertools.product(*(enumerate(region[axis]) for axis in self.over)):
            number = 0
            for axis, (target, index) in zip(self.over, position, strict=True):
                number = number * self.spec.shape[axis] + index
                place[axis] = slice(target, target + 1)
            yield number, out[tuple(place)]


class _Cut(NamedTuple):
    """How a region is cut into blocks, each of which takes one read."""

    first: int
    """Offset of the first pixel from the beginning of the array, in bytes."""
    strides: tuple[int, ...]
    """Bytes from one index to the next along each axis, in the file."""
    lengths: tuple[int, ...]
    """Number of indices along each axis."""
    size: int
    """Bytes in the file from the first to the last pixel of the axes that are not cut."""
    axis: int
    """Number of leading axes that are cut, 0 if one read takes the whole region."""
    group: int
    """Number of indices in each block along the last axis that is cut."""


@lru_cache(maxsize=256)
def _cut(shape: tuple[int, ...], itemsize: int, region: Region, in_place: bool) -> _Cut:
    """Return how a region is cut: the same for all files, and so computed once."""
    lengths = tuple(map(len, region))
    strides = tuple(
        itemsize * math.prod(shape[axis + 1 :]) * indices.step
        for axis, indices in enumerate(region)
    )
    first = sum(r.start * stride // r.step for r, stride in zip(region, strides, strict=True))
    size = itemsize  # bytes from the first to the last pixel of a block
    axis, group = len(shape), 1
    while axis > 0:
        length, stride = lengths[axis - 1], strides[axis - 1]
        whole = (length - 1) * stride + size
        if length > 1 and stride - size > GAP:
            break
        if whole > SCRATCH and not (in_place and stride == size):
            group = max(1, (SCRATCH - size) // stride + 1)
            break
        axis, size = axis - 1, whole
    return _Cut(first, strides, lengths, size, axis, group)


def _blocks(cut: _Cut) -> Iterator[tuple[int, int, Any]]:
    """Yield the offset of each block, its size in the file, and its place in the output."""
    first, strides, lengths, inner, axis, group = cut
    for outer in np.ndindex(*lengths[: axis - 1]):
        begin = first + sum(i * stride for i, stride in zip(outer, strides, strict=False))
        for start in range(0, lengths[axis - 1], group):
            stop = min(start + group, lengths[axis - 1])
            size = (stop - start - 1) * strides[axis - 1] + inner
            yield begin + start * strides[axis - 1], size, (*outer, slice(start, stop))
