"""The file array: the one path from an index to reads of regions of files.

All faces of a sequence (dask blocks, ``asarray``, xarray, the zarr store) read through
`FileArray.__getitem__` or `FileArray.read`. There are no dask graphs here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
from dask.base import tokenize
from numpy.typing import DTypeLike, NDArray

from dask_fileseq.filearray.cells import cell_of, part_of_cells, table_of
from dask_fileseq.filearray.failures import raise_or_fill
from dask_fileseq.filearray.farfiles import attempts
from dask_fileseq.filearray.fillvalues import resolved_fillvalue
from dask_fileseq.filearray.first_file import chunk_metadata, chunk_spec, first_info
from dask_fileseq.filearray.turns import Turn, read_of_task
from dask_fileseq.filearray.version import Token, files_version
from dask_fileseq.files import LocalFiles, Names, Source
from dask_fileseq.grid import FileGrid, GridMetadata, plain_labels
from dask_fileseq.plaintext import counted, printable
from dask_fileseq.readers import (
    ChunkMetadata,
    ChunkSpec,
    File,
    FileInfo,
    Reader,
    Region,
    as_reader,
    is_whole,
    read_tiff,
)
from dask_fileseq.tiling import Numbers, Tiling, basic_index, numbers_at
from dask_fileseq.types import Imread, ReadOptions


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, weakref_slot=True, repr=False)
class FileArray:
    """Files on a grid as one lazy array: shape, dtype, and basic indexing.

    An index reads only the regions that it touches. The array pickles small, and reads anywhere.

    Attributes
    ----------
    names : Names
        The files.
    numbers : ndarray of int or None
        The number of the file in each cell, -1 in empty ones; None if file i is in cell i.
    tiling : Tiling
        How grid axes and chunk axes become the array's axes.
    spec : ChunkSpec
        What each file contains.
    reader, source : Reader, Source
        Read and open the files.
    options : ReadOptions
        The reading options; `fillvalue` is a scalar of the array's data type.
    griddims, dims : tuple of str
        A name for each axis of the grid, and for each axis of the array.
    coords : mapping of str to ndarray
        Values along the grid dimensions.
    gridmetadata : GridMetadata
        What a descriptor says of the grid besides: times, positions.
    metadata : ChunkMetadata
        Pixel sizes, channel names and georeference in the header of the first file.
    identity : {"stat", "name"}
        What identifies a version of a file: its size and time, or its name alone.
    identified : Token
        What identifies the content, for `token`.
    origin : tuple of int
        Index of the first cell of the table in the grid of the whole sequence.
    window : tuple of range
        The elements of this array along each axis of the tiling.
    turn : Turn, optional
        What is read of it before its task, if it is a block of a graph and far away.
    """

    names: Names
    numbers: Numbers
    tiling: Tiling
    spec: ChunkSpec
    reader: Reader
    source: Source
    options: ReadOptions
    griddims: tuple[str, ...]
    dims: tuple[str, ...]
    coords: Mapping[str, NDArray[Any]]
    gridmetadata: GridMetadata
    metadata: ChunkMetadata
    identity: Literal["stat", "name"]
    identified: Token | str
    origin: tuple[int, ...]
    window: Region
    turn: Turn | None = None

    @classmethod
    def from_grid(
        cls,
        grid: FileGrid,
        reader: Imread = read_tiff,
        *,
        source: Source | None = None,
        options: ReadOptions | None = None,
        identity: Literal["stat", "name"] = "stat",
        version: str | Callable[[], str] | None = None,
        info: FileInfo | None = None,
    ) -> FileArray:
        """Return the array of the files on a grid; reads at most one header.

        Parameters
        ----------
        grid : FileGrid
            The files and their cells.
        reader : callable
            Reads the array of one file, as the `imread` of a sequence.
        source, options : Source and ReadOptions, optional
            How to open the files, by default local ones, and how to read them.
        identity : {"stat", "name"}
            What identifies a version of a file: its size and time, or its name alone.
        version : str or callable, optional
            What `files_version` returns, if known, or a function that returns it, called when the
            token is first needed if the files are far away.
        info : FileInfo, optional
            What `first_info` returns, if that is known.

        Raises
        ------
        ReadError, ValueError
            As `FileSequence.to_dask_array` does.

        Examples
        --------
        >>> from dask_fileseq.grid import grid_of_sequence
        >>> grid = grid_of_sequence(["a.bin", "b.bin"])
        >>> array = FileArray.from_grid(grid, lambda name: np.eye(3), identity="name")
        >>> array
        <FileArray 2 files, sequence 2, y 3, x 3, float64>
        >>> array[1, ::2, 0]
        array([1., 0.])
        """
        reader, source = as_reader(reader), source or LocalFiles()
        options = options or ReadOptions()
        names = Names.of(grid.names)
        if info is None and options.needs_header:
            info = first_info(names, source, reader, options)
        spec = chunk_spec(options, info)
        nodata = None if info is None else info.metadata.attrs.get("nodata")
        fillvalue = resolved_fillvalue(options.fillvalue, spec.dtype, nodata)
        griddims = tuple(grid.coords)
        tiling = Tiling.of(grid.shape, spec.shape, options.axestiled, griddims, spec.dims)
        options = replace(options, fillvalue=fillvalue, axestiled=None)  # now in the tiling
        chunkdims = [f"{dim}_chunk" if dim in griddims else dim for dim in spec.dims]
        version = version or partial(files_version, grid, names, source, identity)
        versioned = version if callable(version) else partial(str, version)
        token = Token(lambda: tokenize(versioned(), reader, spec, tiling, options))
        is_local = source.concurrency == 1  # and not read before it is known that they are files
        return cls(
            names=names,
            numbers=None if grid.positions is None else grid.table,
            tiling=tiling,
            spec=spec,
            reader=reader,
            source=source,
            options=options,
            griddims=griddims,
            dims=tiling.dims(griddims, chunkdims),
            coords=grid.coords,
            gridmetadata=grid.metadata,
            metadata=chunk_metadata(options, info, grid.metadata),
            identity=identity,
            identified=token.value if is_local else token,
            origin=(0,) * len(griddims),
            window=tuple(map(range, tiling.shape)),
        )

    @property
    def table(self) -> NDArray[np.integer[Any]]:
        """The number of the file in each cell of the grid; -1 in empty cells. Computed."""
        return table_of(self.numbers, self.tiling.gridshape)

    @property
    def token(self) -> str:
        """Identifies the content: files in their versions, grid, reader and options."""
        return str(self.identified)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array, in pixels."""
        return tuple(map(len, self.window))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the array, in native byte order: that of its fill value."""
        fillvalue = self.options.fillvalue
        return fillvalue.dtype if isinstance(fillvalue, np.generic) else self.spec.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.window)

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
        """Lengths along each axis of the parts that are in one file."""
        return tuple(self.tiling.lengths(i, r.start, r.stop) for i, r in enumerate(self.window))

    def __repr__(self) -> str:
        axes = "".join(f", {dim} {n:,}" for dim, n in zip(self.dims, self.shape, strict=True))
        return f"<FileArray {counted(len(self.names), 'file')}{printable(axes)}, {self.dtype}>"

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
        """Return what a basic index selects, as numpy does: ints, slices, Ellipsis.

        Raises
        ------
        IndexError
            If `index` is not basic, or out of bounds.
        ReadError, ChunkMismatchError
            If a file that it touches cannot be read or does not fit.
        """
        keys = basic_index(index, self.ndim)
        region = []
        for axis, (key, length) in enumerate(zip(keys, self.shape, strict=True)):
            if isinstance(key, slice):
                region.append(range(length)[key])
            elif -length <= key < length:
                region.append(range(key % length, key % length + 1))
            else:
                raise IndexError(f"index {key} is out of bounds for axis {axis} with size {length}")
        result = read_of_task(self, tuple(region))
        kept = tuple(slice(None) if isinstance(key, slice) else 0 for key in keys)
        given = index if isinstance(index, tuple) else (index,)
        return result[(*kept, ...) if Ellipsis in given else kept]

    def read(self, region: Sequence[range], out: NDArray[Any]) -> None:
        """Read a region into `out`.

        Parameters
        ----------
        region : sequence of range
            The elements to read along each axis, with any step.
        out : ndarray
            Array of that shape. Another dtype than that of the files is cast to.
        """
        if not out.size:
            return
        region = [
            range(r.start + w.start, r.stop + w.start, r.step) if w.start else r
            for r, w in zip(region, self.window, strict=True)
        ]
        for cells, part, places in self.tiling.cut(region):
            outs = [out[places]]
            for _ in range(self.tiling.stacked):
                outs = [view[i, ...] for view in outs for i in range(len(view))]
            self._read_files(numbers_at(self.numbers, self.tiling.gridshape, cells), part, outs)

    def block(self, window: Sequence[tuple[int, int]]) -> FileArray:
        """Return the part of the array from start to stop along each axis, lazily.

        It contains only the names of the files that it touches.
        """
        cells, inner = [slice(0, n) for n in self.tiling.gridshape], []
        for i, ((start, stop), own) in enumerate(zip(window, self.window, strict=True)):
            axis = self.tiling.axes[i]
            files = self.tiling.files(i, start + own.start, stop + own.start)
            if axis.grid is not None:
                cells[axis.grid] = files
            begin = start + own.start - files.start * axis.size
            inner.append(range(begin, begin + stop - start))
        names, numbers = part_of_cells(self.names, self.numbers, self.tiling.gridshape, cells)
        return replace(
            self,
            names=names,
            numbers=numbers,
            tiling=self.tiling.part(cells),
            coords={d: self.coords[d][part] for d, part in zip(self.griddims, cells, strict=True)},
            gridmetadata=GridMetadata(),
            metadata=ChunkMetadata(),
            origin=tuple(o + c.start for o, c in zip(self.origin, cells, strict=True)),
            window=tuple(inner),
        )

    def _read_files(self, numbers: list[int], region: Region, outs: list[NDArray[Any]]) -> None:
        """Read a region of each of some files, in batches if the reader can; fill empty cells."""
        if min(numbers) < 0:
            for number, out in zip(numbers, outs, strict=True):
                if number < 0:
                    out[...] = self.options.fillvalue
            outs = [out for number, out in zip(numbers, outs, strict=True) if number >= 0]
            numbers = [number for number in numbers if number >= 0]
        size = self.spec.nbytes if is_whole(region, self.spec.shape) else None
        names = [self.names[n] for n in numbers]
        paths = None if self.options.imreadargs else self.source.paths(names)
        done = 0
        while done < len(numbers):
            stop = len(numbers)
            if paths is not None:
                rest, by = (paths[done:], self.spec, outs[done:]), self.reader
                done += by.read_regions(*rest, region) if size is None else by.read_files(*rest)
                if done == len(numbers):
                    return
                stop = done + 1 if done or size is not None else stop
            read = partial(self._read_region, region, outs[done:stop])
            some = attempts(self.source, names[done:stop], size, outs[0].nbytes, read)
            with closing(some) as errors:  # here, and not in any thread that collects garbage
                for i, error in enumerate(errors, done):
                    if error is not None:
                        cell = self._cell(numbers[i])
                        raise_or_fill(error, names[i], cell, outs[i], self.options)
            done = stop

    def _read_region(self, region: Region, outs: list[NDArray[Any]], i: int, file: File) -> None:
        """Read a region of a file into the i-th of some arrays."""
        self.reader.read_region(file, self.spec, region, outs[i], **self.options.imreadargs)

    def _cell(self, number: int) -> dict[str, Any]:
        """Return the labels of the cell of a file."""
        index = cell_of(self.numbers, self.tiling.gridshape, number)
        places = zip(self.griddims, index, strict=True)
        return {dim: plain_labels(self.coords[dim][i]) for dim, i in places}
