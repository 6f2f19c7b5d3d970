"""The copies that a sequence makes: Zarr and OME-Zarr."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from numpy.typing import DTypeLike

from dask_fileseq.sequence.stores import StoreSequence
from dask_fileseq.tiling import AxesTiled

__all__ = ["ExportSequence"]


class ExportSequence(StoreSequence):
    """The copies of a `FileSequence`, which has the documentation."""

    def to_zarr(
        self,
        url: Any,
        *,
        chunks: Any = None,
        shards: Any = None,
        codecs: Any = "auto",
        attributes: Mapping[str, Any] | None = None,
        resume: bool = True,
        overwrite: bool = False,
        verify: Literal["sample", "all"] | None = "sample",
        progress: bool | Callable[[int, int], Any] | None = None,
        scheduler: Any = None,
        workers: int | None = None,
        memory: int | str = "64 MiB",
        storage_options: Mapping[str, Any] | None = None,
        imreadargs: Mapping[str, Any] | None = None,
        chunkshape: Sequence[int] | None = None,
        chunkdtype: DTypeLike | None = None,
        axestiled: AxesTiled | None = None,
        fillvalue: Any = None,
        errors: Literal["raise", "fill"] = "raise",
    ) -> dict[str, Any]:
        """Copy the array of all files to a Zarr array of format 3, losing nothing.

        It may be interrupted at any moment: the same call goes on where it stopped. The
        target is no Zarr array before all is written and compared.

        Parameters
        ----------
        url : str, os.PathLike or zarr.abc.store.Store
            Where to: a path, a URL of fsspec's (``s3://...``), or a store.
        chunks : optional
            What is read at a time: None, about 512 along y and x; an int for these two;
            one for each axis; or a mapping from dimension names.
        shards : optional
            What is stored as one object, in the same forms; whole chunks. None makes shards
            of about 32 MiB, False none.
        codecs : str or zarr codecs
            ``"auto"`` (Blosc: zstd of shuffled bits), ``"blosc"`` (the same, slower and a
            little smaller), ``"zstd"``, ``"gzip"``, ``"none"``, or codecs of zarr.
        attributes : mapping, optional
            More attributes of the array. Labels are among them as ``"fileseq"``.
        resume : bool
            Whether to go on with an interrupted conversion of the same files in the same
            versions with the same arguments; `scheduler`, `memory` and `errors` may change, and
            so may metadata, which alone are written anew where all else is complete. A run
            that is still under way ends: this one takes its place.
        overwrite : bool
            Whether to start over, and to replace what Zarr data there are.
        verify : {"sample", "all", None}
            What to read back and compare with the files, bit for bit.
        progress : bool or callable, optional
            Called as ``progress(done, total)`` with bytes of pixels; True for a bar; None for
            a bar where standard error is a terminal.
        scheduler : optional
            As in `asarray`. Workers read and write; little travels.
        workers : int, optional
            Number of workers of a local scheduler.
        memory : int or str
            Bytes of pixels that a task reads at a time, unless a single shard is larger. It
            needs about four times as much. More is faster where chunks lie across many files.
        storage_options : mapping, optional
            For the file system of a URL.
        imreadargs, chunkshape, chunkdtype, axestiled, fillvalue, errors
            As in `to_dask_array`.

        Returns
        -------
        dict
            The manifest: how many files went in, which cells are empty, which files could
            not be read and why, what was verified. `dask_fileseq.zarr.read_manifest` reads
            it from the target, with all names.

        Raises
        ------
        ImportError
            If zarr is not installed.
        TargetExistsError
            If something else is there.
        ChangedError
            If files or arguments are others than when the conversion began, or another run
            took the place of this one.
        ReadError, ChunkMismatchError
            If a file cannot be read or does not fit.
        WriteError
            If the target cannot be written, as when the disk is full.
        VerifyError
            If what was written is not what the files hold.
        ValueError
            If an argument does not fit.

        Examples
        --------
        >>> import tempfile, zarr
        >>> from dask_fileseq import open_sequence
        >>> from dask_fileseq.demo import write_acquisition
        >>> folder = tempfile.mkdtemp()
        >>> seq = open_sequence(write_acquisition(folder))
        >>> manifest = seq.to_zarr(f"{folder}/cells.zarr")
        >>> manifest["file_count"], manifest["empty"]["count"], manifest["failed"]
        (58, 2, [])
        >>> zarr.open_array(f"{folder}/cells.zarr").metadata.dimension_names
        ('t', 'channel', 'z', 'y', 'x')
        """
        try:
            from dask_fileseq.zarr.conversion.convert import Options
            from dask_fileseq.zarr.conversion.exports import to_zarr
        except ImportError as error:
            raise ImportError(
                'to_zarr needs zarr 3, which pip install "dask-fileseq[zarr]" brings'
            ) from error

        array = self.array(
            imreadargs=imreadargs,
            chunkshape=chunkshape,
            chunkdtype=chunkdtype,
            axestiled=axestiled,
            fillvalue=fillvalue,
            errors=errors,
        )
        options = Options(
            chunks=chunks,
            shards=shards,
            codecs=codecs,
            attributes=attributes,
            resume=resume,
            overwrite=overwrite,
            verify=verify,
            progress=progress,
            scheduler=scheduler,
            workers=workers,
            memory=memory,
        )
        stat = self._identity_by == "stat"
        return to_zarr(array, array.metadata, url, storage_options, options, stat=stat)

    def to_ome_zarr(
        self,
        url: Any,
        *,
        axes: Mapping[str, str] | None = None,
        scale: Mapping[str, Any] | None = None,
        name: str | None = None,
        levels: int | None = None,
        method: Literal["mean", "nearest"] = "mean",
        chunks: Any = None,
        shards: Any = None,
        codecs: Any = "auto",
        resume: bool = True,
        overwrite: bool = False,
        verify: Literal["sample", "all"] | None = "sample",
        progress: bool | Callable[[int, int], Any] | None = None,
        scheduler: Any = None,
        workers: int | None = None,
        memory: int | str = "64 MiB",
        storage_options: Mapping[str, Any] | None = None,
        imreadargs: Mapping[str, Any] | None = None,
        chunkshape: Sequence[int] | None = None,
        chunkdtype: DTypeLike | None = None,
        axestiled: AxesTiled | None = None,
        fillvalue: Any = None,
        errors: Literal["raise", "fill"] = "raise",
    ) -> dict[str, Any]:
        """Copy the array of all files to OME-Zarr 0.5, with a pyramid, losing nothing.

        Axes become time, channel, z, y and x by their names. Wells, by name or by row and
        column, become a plate, and other axes (fields, tiles, cycles) become images: the
        fields of a well, or else a collection in the layout of bioformats2raw. Samples of
        colour are channels. Labels that OME-Zarr has no place for are attributes.

        Parameters
        ----------
        url, chunks, shards, codecs, resume, overwrite, verify, progress, scheduler, workers, \
memory, storage_options
            As in `to_zarr`. Names of dimensions are ``t``, ``c``, ``z``, ``y`` and ``x``.
        axes : mapping, optional
            What dimensions are, where their names do not tell: ``"t"``, ``"c"``, ``"z"``,
            ``"y"``, ``"x"``, ``"well"``, ``"row"``, ``"column"`` or ``"image"``. Several may
            be one of t, c and z: they are laid end to end.
        scale : mapping, optional
            The step along axes, or step and unit: ``{"z": (0.5, "µm"), "t": (30, "s")}``. By
            default what file names and the header of the first file tell.
        name : str, optional
            The name of the image or plate; by default that of the target.
        levels : int, optional
            Number of levels; by default until y and x have at most 256 elements.
        method : {"mean", "nearest"}
            How a level is made of the one before: the mean of intensities, or the nearest
            pixel, for labels.
        imreadargs, chunkshape, chunkdtype, axestiled, fillvalue, errors
            As in `to_dask_array`.

        Returns
        -------
        dict
            As in `to_zarr`.

        Raises
        ------
        ImportError
            If zarr or yaozarrs are not installed.
        LayoutError
            If the axes do not fit.
        Exception
            As in `to_zarr`.

        Examples
        --------
        >>> import tempfile, zarr
        >>> from dask_fileseq import open_sequence
        >>> from dask_fileseq.demo import write_acquisition
        >>> folder = tempfile.mkdtemp()
        >>> seq = open_sequence(write_acquisition(folder))
        >>> manifest = seq.to_ome_zarr(f"{folder}/cells.ome.zarr", levels=2)
        >>> group = zarr.open_group(f"{folder}/cells.ome.zarr", mode="r")
        >>> group["1"].shape, group["1"].metadata.dimension_names
        ((6, 2, 5, 128, 128), ('t', 'c', 'z', 'y', 'x'))
        >>> [channel["label"] for channel in group.attrs["ome"]["omero"]["channels"]]
        ['DAPI', 'GFP']
        """
        try:
            from dask_fileseq.zarr.conversion.convert import Options
            from dask_fileseq.zarr.conversion.exports import to_ome_zarr
        except ImportError as error:
            raise ImportError(
                "to_ome_zarr needs zarr 3 and yaozarrs, which"
                ' pip install "dask-fileseq[ome]" brings'
            ) from error

        array = self.array(
            imreadargs=imreadargs,
            chunkshape=chunkshape,
            chunkdtype=chunkdtype,
            axestiled=axestiled,
            fillvalue=fillvalue,
            errors=errors,
        )
        options = Options(
            chunks=chunks,
            shards=shards,
            codecs=codecs,
            levels=levels,
            method=method,
            resume=resume,
            overwrite=overwrite,
            verify=verify,
            progress=progress,
            scheduler=scheduler,
            workers=workers,
            memory=memory,
        )
        return to_ome_zarr(
            array,
            array.metadata,
            url,
            storage_options,
            options,
            axes=axes,
            scale=scale,
            name=name,
            stat=self._identity_by == "stat",
        )
