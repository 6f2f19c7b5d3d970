"""The collection that users see: file names that are also a dask collection."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import dask.threaded
import numpy as np
from dask.array.core import Array
from dask.base import DaskMethodsMixin, tokenize
from numpy.typing import DTypeLike, NDArray

from dask_fileseq.errors import check_choice
from dask_fileseq.filearray import FileArray, checked_fillvalue, first_readable, first_spec
from dask_fileseq.graph import to_dask_array
from dask_fileseq.output import load
from dask_fileseq.readers import ChunkMetadata, ChunkSpec, chunk_description
from dask_fileseq.readers.chunk import plain_dims
from dask_fileseq.readers.formats import InPlaceReader
from dask_fileseq.sequence.names import NameSequence
from dask_fileseq.tiling import AxesTiled, Tiling

if TYPE_CHECKING:
    from xarray import DataArray

    from dask_fileseq.zarr import FileArrayStore

__all__ = ["FileSequence"]


class FileSequence(NameSequence, DaskMethodsMixin):
    r"""Files on a grid that hold arrays of the same shape and dtype.

    It is a sequence of file names, and a dask collection that computes to one
    array: the grid's axes, then the axes of the array in each file. No file is
    read before that is asked for; names need not exist until then.

    Parameters
    ----------
    imread : callable
        Reads the array of one file: ``imread(name, **imreadargs) -> ndarray``. Files in
        a container come as binary handles.
    files : str, os.PathLike, iterable of these, or None
        Glob pattern (``**`` for any number of folders), folder, path, or names in their
        order. None stands for ``"*"``.
    container : str, os.PathLike or open archive, optional
        ZIP file with the files; `files` is then a pattern of, or a list of, its members.
    sort : function or bool, optional
        Sorts the names. By default the names that a pattern finds stand in natural
        order (1, 2, 10), and a list keeps its own; True sorts that too, False nothing.
    parse : callable, optional
        ``parse(names, **kwargs) -> dims, shape, indices, names`` in place of
        `parse_filenames`, which is used where there is a `pattern`.
    unmatched : {"raise", "skip"}
        What becomes of names that the pattern does not match.
    duplicates : {"raise", "first", "last"}
        Which of several files for one cell stays.
    spacing : {"unit", "step", "values"}
        How numbers in names become indices: each integer from the least to the
        greatest, only those a step apart that all of them share, or only those that occur.
    identity : {"stat", "name"}
        What tells a file from another version of it: size and time, or its name alone.
    **kwargs
        Arguments of `parse`: ``pattern``, ``axesorder``, ``categories``.

    Attributes
    ----------
    imread : callable
        Reads the array of one file of the sequence, by name.
    dims : tuple of str
        Names of the grid's axes.
    axes : str
        A letter for each of them, as in tifffile.
    shape : tuple of int
        Shape of the grid; not that of the array.
    indices : sequence of tuple of int
        Where on the grid each file stands.

    Raises
    ------
    NoFilesError
        If there are no files.
    NamesError
        If the names do not form a grid.
    TypeError
        If `imread` is not callable or `files` has no names.

    Notes
    -----
    Names, parameters and results are those of :py:class:`tifffile.FileSequence`.
    In addition, words are indices as well as numbers, and keep their values as `coords`;
    names that do not match and files for the same cell are errors that name them.

    Examples
    --------
    >>> from dask_fileseq import TiffSequence
    >>> seq = TiffSequence(["t1_DAPI.tif", "t1_GFP.tif", "t2_DAPI.tif"],
    ...                    pattern=r"t(?P<time>\d+)_(?P<channel>[A-Z]+)")
    >>> print(seq)
    TiffSequence
     t1_DAPI.tif
     files: 3 (1 missing)
     shape: 2, 2
     dims: time, channel
    >>> seq.coords["channel"].tolist(), seq.missing
    (['DAPI', 'GFP'], [(1, 1)])
    """

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
        return tokenize(self._names.digest(), digest.hexdigest(), str(self._source), self.shape)

    def to_dask_array(
        self,
        *,
        imreadargs: Mapping[str, Any] | None = None,
        chunkshape: Sequence[int] | None = None,
        chunkdtype: DTypeLike | None = None,
        axestiled: AxesTiled | None = None,
        chunks: Any = None,
        fillvalue: Any = None,
        errors: Literal["raise", "fill"] = "raise",
    ) -> Array:
        """Return the array of all files as a lazy dask array.

        At most one header is read, and no pixels.

        Parameters
        ----------
        imreadargs : mapping, optional
            Keyword arguments of `imread`.
        chunkshape, chunkdtype : optional
            Shape and data type of the array in each file; by default those of the first.
            A file of another shape or dtype is an error when it is read.
        axestiled : mapping or sequence of pairs, optional
            Grid axes to lay edge to edge, each with the axis of the array in a file.
        chunks : optional
            None makes one block of each file; ``"auto"``, a size such as ``"100MiB"``,
            or dask's usual forms group small files and split large ones. A mapping may
            name dimensions.
        fillvalue : scalar, optional
            What an empty cell reads as; 0 by default.
        errors : {"raise", "fill"}
            Whether a file that cannot be read is an error, or reads as `fillvalue` with
            a `FillWarning`; on a cluster also an event, ``get_events("dask-fileseq")``.

        Returns
        -------
        dask.array.Array
            The grid's axes that are not tiled, then the axes of the array in each file.

        Raises
        ------
        ReadError
            If the first file is needed and cannot be read.
        ValueError
            If an argument does not fit.
        """
        return to_dask_array(
            self._file_array(
                imreadargs=imreadargs,
                chunkshape=chunkshape,
                chunkdtype=chunkdtype,
                axestiled=axestiled,
                fillvalue=fillvalue,
                errors=errors,
            ),
            chunks,
        )

    def asarray(
        self,
        *,
        imreadargs: Mapping[str, Any] | None = None,
        chunkshape: Sequence[int] | None = None,
        chunkdtype: DTypeLike | None = None,
        dtype: DTypeLike | None = None,
        axestiled: AxesTiled | None = None,
        out_inplace: bool | None = None,
        ioworkers: int | None = None,
        out: Any = None,
        scheduler: Any = None,
        fillvalue: Any = None,
        errors: Literal["raise", "fill"] = "raise",
        **kwargs: Any,
    ) -> NDArray[Any]:
        """Return the array of all files as numpy.

        Parameters
        ----------
        imreadargs, chunkshape, chunkdtype, axestiled, fillvalue, errors
            As in `to_dask_array`.
        dtype : optional
            Data type of the result; by default that of the files. Cast file by file.
        out_inplace : bool, optional
            Whether `imread` takes ``out=``, an array to decode into. The TIFF reader
            decodes in place anyway.
        ioworkers : int, optional
            Number of workers of the local scheduler; None or 0: dask's default, but one
            thread where files are small.
        out : None, ndarray, str, os.PathLike or open file
            Where to: a new array; an array of any compatible shape; ``"memmap"`` or
            ``"memmap:DIR"`` for a memory map of a temporary file; a file to map.
        scheduler : optional
            Any of dask's. By default the running distributed client, else what dask is
            configured for, else threads.
        **kwargs
            More arguments of `imread`; those in `imreadargs` win.

        Returns
        -------
        ndarray
            C-contiguous (unless `out` is not).

        Raises
        ------
        ReadError, ChunkMismatchError
            If a file cannot be read, or holds an array of another shape or dtype.
        ValueError
            If an argument does not fit.
        """
        array = self._file_array(
            imreadargs=kwargs | dict(imreadargs or {}),
            chunkshape=chunkshape,
            chunkdtype=chunkdtype,
            axestiled=axestiled,
            fillvalue=fillvalue,
            errors=errors,
            out_inplace=out_inplace,
        )
        return load(array, out=out, dtype=dtype, scheduler=scheduler, workers=ioworkers)

    def aszarr(
        self,
        *,
        fillvalue: Any = None,
        chunkmode: int | str | None = None,
        chunkshape: Sequence[int] | None = None,
        chunkdtype: DTypeLike | None = None,
        axestiled: AxesTiled | None = None,
        dimension_names: Sequence[str | None] | None = None,
        zattrs: Mapping[str, Any] | None = None,
        ioworkers: int | None = None,
        imreadargs: Mapping[str, Any] | None = None,
        read_only: bool = True,
        errors: Literal["raise", "fill"] = "raise",
        **kwargs: Any,
    ) -> FileArrayStore:
        """Return the array of all files as a zarr store of format 3, one chunk a file.

        At most one header is read, and no pixels. The store outlives the sequence.

        Parameters
        ----------
        fillvalue, chunkshape, chunkdtype, axestiled, imreadargs, errors
            As in `to_dask_array`. An empty cell is a chunk that is not there.
        chunkmode : None, 0, 3, "strile" or "file"
            As in tifffile: each file is one chunk.
        dimension_names : sequence of str or None, optional
            Names of the array's axes; by default its dims.
        zattrs : mapping, optional
            Attributes of the zarr array.
        ioworkers : int, optional
            How many files are read at a time; None or 0: as many as zarr asks for at a time.
        read_only : bool
            Must be True.
        **kwargs
            More arguments of `imread`; those in `imreadargs` win.

        Returns
        -------
        zarr.abc.store.Store

        Raises
        ------
        ImportError
            If zarr is not installed.
        ReadError
            If the first file is needed and cannot be read.
        ValueError
            If an argument does not fit, or zarr has no such data type.
        """
        try:
            from dask_fileseq.zarr import FileArrayStore
        except ImportError as error:
            raise ImportError(
                'aszarr needs zarr 3, which pip install "dask-fileseq[zarr]" brings'
            ) from error

        array = self._file_array(
            imreadargs=kwargs | dict(imreadargs or {}),
            chunkshape=chunkshape,
            chunkdtype=chunkdtype,
            axestiled=axestiled,
            fillvalue=fillvalue,
            errors=errors,
        )
        return FileArrayStore(
            array,
            chunkmode=chunkmode,
            dimension_names=dimension_names,
            zattrs=zattrs,
            ioworkers=ioworkers,
            read_only=read_only,
        )

    def to_xarray(
        self,
        *,
        name: Hashable = None,
        chunks: Any = None,
        imreadargs: Mapping[str, Any] | None = None,
        chunkshape: Sequence[int] | None = None,
        chunkdtype: DTypeLike | None = None,
        axestiled: AxesTiled | None = None,
        fillvalue: Any = None,
        errors: Literal["raise", "fill"] = "raise",
    ) -> DataArray:
        """Return the array of all files as a lazy, labelled `xarray.DataArray`.

        At most one header is read, and no pixels. (Of a georeferenced mosaic, a second one
        tells whether the tiles lie in the order of the grid; if not, the georeference is
        left out.)

        Parameters
        ----------
        name : hashable, optional
            The name of the array.
        chunks, imreadargs, chunkshape, chunkdtype, axestiled, fillvalue, errors
            As in `to_dask_array`. With both `chunkshape` and `chunkdtype` no header is
            read, and nothing is known of the axes in a file but their number.

        Returns
        -------
        xarray.DataArray
            Over a dask array. Its coordinates are, along the grid, the values from the names;
            along axes in the files, what the first file says: centres of pixels in physical
            units (OME-XML, ImageJ, resolution tags) or on the ground (GeoTIFF, with the
            coordinate reference system in ``spatial_ref``), names of channels. The
            attribute ``source`` of each says which. A tiled axis has one coordinate,
            which goes on over all tiles.

        Raises
        ------
        ImportError
            If xarray is not installed.
        ReadError
            If the first file is needed and cannot be read.
        ValueError
            If an argument does not fit.
        """
        try:
            from dask_fileseq.xarray import dask_dataarray
        except ImportError as error:
            raise ImportError(
                'to_xarray needs xarray, which pip install "dask-fileseq[xarray]" brings'
            ) from error

        array, metadata = self._described_array(
            imreadargs=imreadargs,
            chunkshape=chunkshape,
            chunkdtype=chunkdtype,
            axestiled=axestiled,
            fillvalue=fillvalue,
            errors=errors,
        )
        return dask_dataarray(array, metadata, name=name, chunks=chunks)

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

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("an array in files cannot be had without a copy")
        return self.asarray(dtype=dtype)

    # the dask collection: one block a file, the same layer as to_dask_array()

    def compute(self, **kwargs: Any) -> NDArray[Any]:
        """Return what `asarray` does, on any scheduler.

        Parameters
        ----------
        scheduler : optional
            As in `asarray`.
        num_workers : int, optional
            The `ioworkers` of `asarray`.
        **kwargs
            Passed to the scheduler.
        """
        for option in ("traverse", "optimize_graph"):  # there is nothing to traverse or optimise
            kwargs.pop(option, None)
        scheduler, workers = kwargs.pop("scheduler", None), kwargs.pop("num_workers", None)
        return load(self._file_array(), scheduler=scheduler, workers=workers, **kwargs)

    @cached_property
    def _collection(self) -> Array:
        """The dask array that dask sees in this sequence."""
        return self.to_dask_array()

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("_collection", None)  # as large as the sequence, and made in no time
        return state

    def __dask_graph__(self) -> Any:
        return self._collection.__dask_graph__()

    def __dask_keys__(self) -> list[Any]:
        keys = self._collection.__dask_keys__()
        return keys if isinstance(keys, list) else [keys]

    def __dask_layers__(self) -> Any:
        return self._collection.__dask_layers__()

    def __dask_tokenize__(self) -> tuple[str, str]:
        return type(self).__name__, self._collection.name

    def __dask_postcompute__(self) -> Any:
        return self._collection.__dask_postcompute__()

    def __dask_postpersist__(self) -> Any:
        return self._collection.__dask_postpersist__()

    __dask_optimize__ = staticmethod(Array.__dask_optimize__)
    __dask_scheduler__ = staticmethod(dask.threaded.get)
