"""Files of a sequence as they stand, seen as Zarr: a store, and reference files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import DTypeLike

from dask_fileseq.sequence.faces import ArraySequence
from dask_fileseq.tiling import AxesTiled

if TYPE_CHECKING:
    from dask_fileseq.zarr import FileArrayStore

__all__ = ["StoreSequence"]


class StoreSequence(ArraySequence):
    """The stores of a `FileSequence`, which has the documentation."""

    def aszarr(
        self,
        *,
        fillvalue: Any = None,
        chunkmode: int | str | None = None,
        chunkshape: Sequence[int] | None = None,
        chunkdtype: DTypeLike | None = None,
        axestiled: AxesTiled | None = None,
        chunks: Any = None,
        zarr_format: Literal[2, 3] = 3,
        groupname: str | None = None,
        dimension_names: Sequence[str | None] | None = None,
        zattrs: Mapping[str, Any] | None = None,
        ioworkers: int | None = None,
        imreadargs: Mapping[str, Any] | None = None,
        read_only: bool = True,
        errors: Literal["raise", "fill"] = "raise",
        **kwargs: Any,
    ) -> FileArrayStore:
        """Return the array of all files as a read-only zarr store, by default one chunk a file.

        At most one header is read, and no pixels. The store outlives the sequence.

        Parameters
        ----------
        fillvalue, chunkshape, chunkdtype, axestiled, imreadargs, errors
            As in `to_dask_array`. A chunk of empty cells only is not there. Of format 2,
            xarray masks the pixels that equal a `fillvalue`; None leaves them.
        chunkmode : None, 0, 3, "strile" or "file"
            As in tifffile, where each of these means one chunk a file.
        chunks : optional
            ``"tile"`` splits files along their tiles or strips; other chunks as in
            `to_dask_array` do so or take many files a chunk. All chunks of zarr are of one
            length along an axis; where files lie edge to edge along one, ``"tile"``,
            ``"auto"`` and sizes split it only into parts that fill a file.
        zarr_format : {3, 2}
            Which version of the format the store has.
        groupname : str, optional
            Put the array by this name into a group, beside the labels along the grid, as
            `xarray.open_zarr` wants it. By default the array is the root.
        dimension_names : sequence of str or None, optional
            Names of the array's axes; by default its dims.
        zattrs : mapping, optional
            Attributes of the zarr array.
        ioworkers : int, optional
            How many chunks are read at a time; None or 0: as many as zarr asks for at a time.
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

        Examples
        --------
        >>> import numpy as np
        >>> import xarray
        >>> from dask_fileseq import FileSequence
        >>> seq = FileSequence(lambda name: np.eye(2), ["a_GFP.bin", "b_GFP.bin"],
        ...                    pattern="(?P<tile>[a-z])_")
        >>> dataset = xarray.open_zarr(seq.aszarr(groupname="image"))
        >>> dataset.image.sizes["tile"], dataset.tile.values.tolist()
        (2, ['a', 'b'])
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
            chunks=chunks,
            zarr_format=zarr_format,
            groupname=groupname,
            dimension_names=dimension_names,
            zattrs=zattrs,
            fill=fillvalue is not None,
            ioworkers=ioworkers,
            read_only=read_only,
        )
