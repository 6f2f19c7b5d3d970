"""The xarray engine: ``xarray.open_dataset("exp/*.tif", engine="fileseq")``.

xarray finds it through the entry point ``xarray.backends`` of this package.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable
from dataclasses import fields
from typing import Any, ClassVar

from xarray import Dataset
from xarray.backends import BackendEntrypoint

from dask_fileseq.readers import TIFF_SUFFIXES
from dask_fileseq.sequence import FileSequence, open_sequence
from dask_fileseq.sequence.arguments import first_given
from dask_fileseq.types import ReadOptions, split_options, takes_options
from dask_fileseq.xarray import lazy_dataset

__all__ = ["FileSequenceBackendEntrypoint"]


class FileSequenceBackendEntrypoint(BackendEntrypoint):
    r"""Open files on a grid as a dataset of one variable.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np, tifffile, xarray as xr
    >>> folder = tempfile.mkdtemp()
    >>> for t in range(3):
    ...     tifffile.imwrite(os.path.join(folder, f"t{t}_DAPI.tif"), np.full((4, 6), t, "u1"))
    >>> ds = xr.open_dataset(f"{folder}/*.tif", engine="fileseq",
    ...                      pattern=r"t(?P<time>\d+)_(?P<channel>[A-Z]+)")
    >>> ds.sizes
    Frozen({'time': 3, 'channel': 1, 'y': 4, 'x': 6})
    >>> int(ds.image.sel(channel="DAPI", time=2)[0, 0])
    2
    """

    description: ClassVar[str] = "Open folders of image files as one labelled array"
    open_dataset_parameters: ClassVar[tuple[str, ...] | None] = (
        *("filename_or_obj", "drop_variables", "name"),
        *("container", "storage_options", "path_map", "pattern", "imread"),
        *(field.name for field in fields(ReadOptions)),
    )

    @takes_options(ReadOptions)
    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        name: Hashable = None,
        **kwargs: Any,
    ) -> Dataset:
        """Open files as a dataset, lazily; reads at most one header, and no pixels.

        For a georeferenced mosaic a second header is read.

        Parameters
        ----------
        filename_or_obj : str, os.PathLike, iterable of these, or FileSequence
            As the files of `open_sequence`, or a sequence that is open already.
        drop_variables : str or iterable of str, optional
            Variables, or coordinates, to leave out.
        name : hashable
            Name of the variable; by default ``"image"``, or ``"pixels"`` if an axis has that
            name.
        imreadargs, chunkshape, chunkdtype, axestiled, fillvalue, errors
            As in `FileSequence.to_xarray`.
        **kwargs
            All that `open_sequence` takes, such as ``pattern``.

        Returns
        -------
        xarray.Dataset
            With the coordinates of `FileSequence.to_xarray`.

        Raises
        ------
        NamesError, ReadError
            As `open_sequence` and `FileSequence.to_xarray` do.
        """
        reading, kwargs = split_options(kwargs, ReadOptions)
        if not isinstance(filename_or_obj, FileSequence):
            filename_or_obj = open_sequence(filename_or_obj, **kwargs)
        elif kwargs:
            raise TypeError(f"a sequence is open already: {', '.join(kwargs)} come too late")
        given = reading.get("fillvalue"), filename_or_obj.fillvalue, "auto"
        array = filename_or_obj.array(**reading | {"fillvalue": first_given(*given)})
        if name is None:
            name = "pixels" if "image" in array.dims else "image"
        dropped = [drop_variables] if isinstance(drop_variables, str) else drop_variables or ()
        return lazy_dataset(array, name).drop_vars(dropped, errors="ignore")

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Return whether the argument is a pattern of TIFF names on local disks.

        A single TIFF file is left to engines for single files, such as rioxarray's.

        >>> engine = FileSequenceBackendEntrypoint()
        >>> engine.guess_can_open("exp/*.tif"), engine.guess_can_open("exp/a.tif")
        (True, False)
        """
        return (
            isinstance(filename_or_obj, str)
            and "://" not in filename_or_obj
            and filename_or_obj.lower().endswith(TIFF_SUFFIXES)
            and any(sign in filename_or_obj for sign in "*?[")
            and not os.path.exists(filename_or_obj)
        )
