"""Files of a sequence as they stand, seen as Zarr: a store, and reference files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TextIO

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

        array = self.array(
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

    def write_fsspec(
        self,
        jsonfile: str | os.PathLike[str] | TextIO,
        url: str | None = None,
        *,
        quote: bool | None = None,
        groupname: str | None = None,
        templatename: str | None = None,
        codec_id: str | None = None,
        zarr_format: Literal[2] = 2,
        version: Literal[0, 1] | None = None,
        chunks: Literal["tile", "file"] | None = None,
        fillvalue: Any = None,
        chunkshape: Sequence[int] | None = None,
        chunkdtype: DTypeLike | None = None,
        axestiled: AxesTiled | None = None,
        dimension_names: Sequence[str | None] | None = None,
        zattrs: Mapping[str, Any] | None = None,
        imreadargs: Mapping[str, Any] | None = None,
        scheduler: Any = None,
        _append: bool = False,
        _close: bool = True,
        **kwargs: Any,
    ) -> None:
        r"""Write references to the bytes in the files, as which other programs read them.

        fsspec's ``ReferenceFileSystem`` and zarr open the JSON file, as an array of zarr
        format 2, without this package. All headers are read, in parallel, and the first
        file's pixels.

        Uncompressed TIFF files and those in tiles or full strips of Deflate, LZMA or
        Zstandard need numcodecs only, which comes with zarr; LZW, PackBits and
        predictors those of ``imagecodecs.numcodecs.register_codecs()``. There, a chunk is a
        tile, strip or (part of a) page. Where it cannot be, or not all are stored alike, a chunk
        is a file, for the codec of ``tifffile.numcodecs.register_codec()``.

        Parameters
        ----------
        jsonfile : str, os.PathLike or open text file
            What to write.
        url : str, optional
            Where the files are for those who read them: the location of the folder that
            all lie below. None: where they are now. Empty: relative to the program that reads.
        quote : bool, optional
            Whether to quote names as in URLs. None: where `url` is one of HTTP.
        groupname : str, optional
            As in `aszarr`: `xarray.open_zarr` needs a group.
        templatename : str, optional
            Of version 1, the name of the template for `url`; by default ``"u"``.
        codec_id : str, optional
            The codec of numcodecs that decodes whole files; it gets the arguments of
            `imread`, and is not tried. By default the reader's, where it is known.
        zarr_format : 2
            The version of zarr's format.
        version : {None, 0, 1}
            The version of the reference file's format; None: 0.
        chunks : {None, "tile", "file"}
            Parts of files where possible, parts of files or an error, whole files.
        fillvalue, chunkshape, chunkdtype, axestiled, dimension_names, zattrs, imreadargs
            As in `aszarr`.
        scheduler : optional
            Where headers are read: any of dask's; by default threads.
        _append, _close : bool
            As in tifffile: go on in a file of version 0 that is not closed; leave it open.
        **kwargs
            More arguments of `imread`; those in `imreadargs` win.

        Raises
        ------
        ImportError
            If zarr is not installed.
        ReadError, ChunkMismatchError
            If a file cannot be read, or holds another shape or dtype.
        ValueError
            If an argument does not fit, or no codec decodes the files.

        Examples
        --------
        >>> import os, tempfile
        >>> import xarray
        >>> from dask_fileseq import TiffSequence
        >>> from dask_fileseq.demo import write_acquisition
        >>> folder = write_acquisition(tempfile.mkdtemp())
        >>> seq = TiffSequence(folder, pattern=r"t(?P<time>\d)_(?P<channel>[A-Z]+)_z(?P<z>\d)")
        >>> references = os.path.join(folder, "references.json")
        >>> seq.write_fsspec(references, groupname="image")
        >>> import imagecodecs.numcodecs  # for LZW
        >>> imagecodecs.numcodecs.register_codecs(verbose=False)
        >>> dataset = xarray.open_zarr("reference://", storage_options={"fo": references})
        >>> dataset.image.shape, dataset.channel.values.tolist()
        ((6, 2, 5, 256, 256), ['DAPI', 'GFP'])
        """
        try:
            from dask_fileseq.zarr.references import write_references
        except ImportError as error:
            raise ImportError(
                'write_fsspec needs zarr 3, which pip install "dask-fileseq[zarr]" brings'
            ) from error

        if zarr_format not in (None, 2):
            raise ValueError(f"zarr_format={zarr_format!r}: references are of format 2")
        if self._container is not None:
            raise ValueError(
                f"the files in {self.source} have no locations of their own: references can"
                " point only to files"
            )
        array = self.array(
            imreadargs=kwargs | dict(imreadargs or {}),
            chunkshape=chunkshape,
            chunkdtype=chunkdtype,
            axestiled=axestiled,
            fillvalue=fillvalue,
        )
        write_references(
            array,
            jsonfile,
            url,
            quote=quote,
            groupname=groupname,
            templatename=templatename,
            codec_id=codec_id,
            version=version,
            chunks=chunks,
            dimension_names=dimension_names,
            zattrs=zattrs,
            fill=fillvalue is not None,
            scheduler=scheduler,
            append=_append,
            close=_close,
        )
