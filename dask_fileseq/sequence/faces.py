"""The arrays that a sequence gives: dask, numpy, xarray."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from dask.array.core import Array
from numpy.typing import DTypeLike, NDArray

from dask_fileseq.graph import to_dask_array
from dask_fileseq.output import load
from dask_fileseq.sequence.chunks import ChunkSequence
from dask_fileseq.tiling import AxesTiled

if TYPE_CHECKING:
    from xarray import DataArray

__all__ = ["ArraySequence"]


class ArraySequence(ChunkSequence):
    """The arrays of a `FileSequence`, which has the documentation."""

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
            self.array(
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
        array = self.array(
            imreadargs=kwargs | dict(imreadargs or {}),
            chunkshape=chunkshape,
            chunkdtype=chunkdtype,
            axestiled=axestiled,
            fillvalue=fillvalue,
            errors=errors,
            out_inplace=out_inplace,
        )
        return load(array, out=out, dtype=dtype, scheduler=scheduler, workers=ioworkers)

    def to_xarray(
        self,
        *,
        name: Hashable = "image",
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
        name : hashable
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

        array = self.array(
            imreadargs=imreadargs,
            chunkshape=chunkshape,
            chunkdtype=chunkdtype,
            axestiled=axestiled,
            fillvalue=fillvalue,
            errors=errors,
        )
        return dask_dataarray(array, name=name, chunks=chunks)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("an array in files cannot be had without a copy")
        return self.asarray(dtype=dtype)
