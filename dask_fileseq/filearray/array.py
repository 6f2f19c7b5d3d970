"""The one read path: an index of the array becomes reads of regions of files.

Every face of a sequence (dask blocks, ``asarray``, the zarr store) reads through
`FileArray.__getitem__` or `FileArray.read`. No dask graphs here.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from dask_fileseq.errors import ChunkMismatchError, FillWarning
from dask_fileseq.filearray.failures import log_fill, picklable, read_error
from dask_fileseq.filearray.indexing import expanded, selected_range
from dask_fileseq.files import LocalFiles, Names, Source
from dask_fileseq.readers import ChunkMetadata, ChunkSpec, Reader, Region, WrongChunk, is_whole
from dask_fileseq.tiling import Tiling

__all__ = ["FileArray"]

Range = tuple[int, int]


@dataclass(frozen=True, eq=False, kw_only=True)
class FileArray:
    """Files on a grid as one lazy array: shape, dtype, and basic indexing.

    Nothing is read before it is indexed; then only the regions of files that the
    index touches. It pickles, with its file names packed, and reads anywhere.

    Attributes
    ----------
    names : Names
        The files.
    table : ndarray of int
        The number of the file that stands at each cell of the grid; -1: none.
    tiling : Tiling
        How grid axes and chunk axes become the array's axes.
    spec : ChunkSpec
        What each file holds.
    reader, imreadargs
        The reader and its keyword arguments.
    source : Source
        Where the files are opened.
    fillvalue : scalar
        What an empty cell reads as.
    errors : {"raise", "fill"}
        What becomes of a file that cannot be read.
    griddims, dims : tuple of str
        A name for each axis of the grid, and for each axis of the array.
    coords : mapping of str to ndarray
        Values along the grid dimensions.
    metadata : ChunkMetadata
        Pixel sizes, channel names and georeference in the header of the first file.
    identity : {"stat", "name"}
        What identifies a version of a file: its size and time, or its name alone.
    token : str
        Identifies the content: files in their versions, grid, reader and arguments.
    origin : tuple of int
        Where the table begins in the grid of the whole sequence.
    window : tuple of pairs of int, optional
        Start and stop of this array along each axis of the tiling; by default all.
    """

    names: Names
    table: NDArray[np.integer[Any]]
    tiling: Tiling
    spec: ChunkSpec
    reader: Reader
    imreadargs: Mapping[str, Any] = field(default_factory=dict)
    source: Source = field(default_factory=LocalFiles)
    fillvalue: Any = 0
    errors: Literal["raise", "fill"] = "raise"
    griddims: tuple[str, ...] = ()
    dims: tuple[str, ...] = ()
    coords: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    metadata: ChunkMetadata = field(default_factory=ChunkMetadata)
    identity: Literal["stat", "name"] = "stat"
    token: str = ""
    origin: tuple[int, ...] = ()
    window: tuple[Range, ...] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array, in pixels."""
        if self.window is None:
            return self.tiling.shape
        return tuple(stop - start for start, stop in self.window)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the array, in native byte order."""
        return self.spec.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.tiling.axes)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Size in memory, once read."""
        return self.size * self.dtype.itemsize

    @property
    def chunks(self) -> tuple[tuple[int, ...], ...]:
        """Lengths along each axis of the parts that lie in one file."""
        starts = [start for start, _ in self.window] if self.window else [0] * self.ndim
        axes = zip(starts, self.shape, self.tiling.axes, strict=True)
        return tuple(_lengths(start, start + n, axis.size) for start, n, axis in axes)

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return type(self).__name__, self.token, self.origin, self.window

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("an array in files cannot be had without a copy")
        return np.asarray(self[...], dtype=dtype)

    def __getitem__(self, index: Any) -> Any:
        """Read what a basic index selects: ints, slices with any step, Ellipsis.

        Returns
        -------
        ndarray or scalar
            What numpy gives on the whole array.

        Raises
        ------
        IndexError
            If `index` is not basic, or out of bounds.
        ReadError, ChunkMismatchError
            If a file that it touches cannot be read or does not fit.
        """
        keys = expanded(index, self.ndim)
        selected = [selected_range(key, axis, self.shape[axis]) for axis, key in enumerate(keys)]
        result = np.empty([len(r) for r in selected], self.dtype)
        self.read(selected, result)
        keep = tuple(slice(None) if isinstance(key, slice) else 0 for key in keys)
        given = index if isinstance(index, tuple) else (index,)
        return result[(*keep, ...)] if any(key is Ellipsis for key in given) else result[keep]

    def read(self, selected: Sequence[range], out: NDArray[Any]) -> None:
        """Read the elements at `selected` along each axis into `out`.

        Parameters
        ----------
        selected : sequence of range
            What to read along each axis.
        out : ndarray
            Of that shape. Another dtype than that of the files is cast to.
        """
        if not out.size:
            return
        axes = self.tiling.axes
        selected = [self._shifted(axis, s) for axis, s in enumerate(selected)]
        stacked = sum(axis.chunk is None for axis in axes)
        cells: list[Any] = [[0]] * self.table.ndim
        for axis, s in zip(axes, selected[:stacked], strict=False):
            cells[axis.grid or 0] = s
        pieces = [self.tiling.pieces(i, s) for i, s in enumerate(selected) if i >= stacked]
        for combination in itertools.product(*pieces):
            for axis, piece in zip(axes[stacked:], combination, strict=True):
                if axis.grid is not None:
                    cells[axis.grid] = [piece.file]
            trailing: tuple[Any, ...] = tuple(piece.place for piece in combination)
            outs = _leading(out[(..., *trailing)], stacked)
            numbers = self.table[np.ix_(*cells)].ravel().tolist()
            region = tuple(piece.region for piece in combination)
            self._read_files(numbers, region, outs)

    def block(self, window: Sequence[Range]) -> FileArray:
        """Return the part of the array from start to stop along each axis, lazily.

        It holds just the names of the files that it touches.
        """
        offsets = [start for start, _ in self.window] if self.window else [0] * self.ndim
        cells = [slice(0, n) for n in self.table.shape]
        inner = []
        for (start, stop), offset, axis in zip(window, offsets, self.tiling.axes, strict=True):
            first = (start + offset) // axis.size if axis.size else 0
            last = max(first + 1, -(-(stop + offset) // axis.size)) if axis.size else 1
            if axis.grid is not None:
                cells[axis.grid] = slice(first, last)
            begin = start + offset - first * axis.size
            inner.append((begin, begin + stop - start))
        table = self.table[tuple(cells)]
        kept = table >= 0
        numbers = table[kept]
        renumbered = np.full(table.shape, -1, np.int32)
        renumbered[kept] = np.arange(numbers.size)
        return replace(
            self,
            names=Names([self.names[i] for i in numbers.tolist()]),
            table=renumbered,
            tiling=Tiling(table.shape, self.tiling.chunkshape, self.tiling.axestiled),
            coords={},
            metadata=ChunkMetadata(),
            origin=tuple(o + c.start for o, c in zip(self.origin, cells, strict=True)),
            window=tuple(inner),
        )

    def _shifted(self, axis: int, selected: range) -> range:
        """Return a selection of this array's axis as one of the tiling's axis."""
        start = self.window[axis][0] if self.window else 0
        return range(selected.start + start, selected.stop + start, selected.step)

    def _read_files(self, numbers: list[int], region: Region, outs: list[NDArray[Any]]) -> None:
        """Read a region of each of some files, or what stands for it.

        Whole files go to the reader in one go, if it takes them so.
        """
        if min(numbers) < 0:
            for number, out in zip(numbers, outs, strict=True):
                if number < 0:
                    out[...] = self.fillvalue
            outs = [out for number, out in zip(numbers, outs, strict=True) if number >= 0]
            numbers = [number for number in numbers if number >= 0]
        whole = not self.imreadargs and is_whole(region, self.spec.shape)
        paths = self.source.paths([self.names[n] for n in numbers]) if whole else None
        if paths is None:
            self._read_each(numbers, region, outs)
            return
        done = 0
        while done < len(numbers):
            done += self.reader.read_files(paths[done:], self.spec, outs[done:])
            if done < len(numbers):
                self._read_file(numbers[done], region, outs[done])
                done += 1

    def _read_each(self, numbers: list[int], region: Region, outs: list[NDArray[Any]]) -> None:
        """Read a region of each of some files, one by one, or at a time if they are far away."""
        if self.source.concurrency == 1 or len(numbers) < 2:
            for number, out in zip(numbers, outs, strict=True):
                self._read_file(number, region, out)
            return
        pool = ThreadPoolExecutor(min(self.source.concurrency, len(numbers)))
        try:
            errors = pool.map(lambda n, out: self._attempt(n, region, out), numbers, outs)
            for number, out, error in zip(numbers, outs, errors, strict=True):
                if error is not None:
                    self._fail(error, number, out)
        finally:
            pool.shutdown(cancel_futures=True)

    def _read_file(self, number: int, region: Region, out: NDArray[Any]) -> None:
        """Read a region of one file, or what stands for it."""
        error = self._attempt(number, region, out)
        if error is not None:
            self._fail(error, number, out)

    def _attempt(self, number: int, region: Region, out: NDArray[Any]) -> Exception | None:
        """Read a region of one file, and return the error if it cannot be read."""
        try:
            with self.source.open(self.names[number]) as file:
                self.reader.read_region(file, self.spec, region, out, **self.imreadargs)
        except MemoryError:
            raise
        except Exception as error:
            return error
        return None

    def _fail(self, error: Exception, number: int, out: NDArray[Any]) -> None:
        """Raise what says that a file cannot be read, or fill its place."""
        name = self.names[number]
        failure = self._failure(error, name, number)
        if self.errors != "fill":
            raise failure from picklable(error)
        out[...] = self.fillvalue
        warnings.warn(f"{failure}; filled with {self.fillvalue}", FillWarning, stacklevel=2)
        log_fill(name, str(failure))

    def _failure(self, error: Exception, name: str, number: int) -> Exception:
        """Return the error that says which file, which cell and what is wrong."""
        local = np.argwhere(self.table == number)[0].tolist()
        cell = [i + start for i, start in zip(local, self.origin, strict=True)]
        where = ", ".join(f"{dim}={i}" for dim, i in zip(self.griddims, cell, strict=True))
        where = f"{name!r} (cell {where})" if where else repr(name)
        if isinstance(error, WrongChunk):
            return ChunkMismatchError(f"{where} does not fit the sequence: {error}")
        return read_error(error, where, name)


def _lengths(start: int, stop: int, size: int) -> tuple[int, ...]:
    """Return the lengths of the parts of a range that lie in one of consecutive files each.

    >>> _lengths(0, 6, 3), _lengths(2, 7, 3), _lengths(4, 5, 3), _lengths(0, 0, 3)
    ((3, 3), (1, 3, 1), (1,), (0,))
    """
    if start >= stop:
        return (0,)
    first, last = start // size, (stop - 1) // size
    if first == last:
        return (stop - start,)
    return ((first + 1) * size - start, *[size] * (last - first - 1), stop - last * size)


def _leading(array: NDArray[Any], count: int) -> list[NDArray[Any]]:
    """Return the parts of an array at each index of its first axes, as views, in order."""
    parts = [array]
    for _ in range(count):
        parts = [part[i, ...] for part in parts for i in range(len(part))]
    return parts
