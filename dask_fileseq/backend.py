"""The xarray engine: ``xarray.open_dataset("exp/*.tif", engine="fileseq")``.

xarray finds it through the entry point ``xarray.backends`` of this package.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable
from typing import Any, ClassVar

from xarray import Dataset
from xarray.backends import BackendEntrypoint

from dask_fileseq.readers import TIFF_SUFFIXES
from dask_fileseq.sequence import FileSequence, open_sequence
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
        "filename_or_obj",
        "drop_variables",
        "name",
        "container",
        "storage_options",
        "path_map",
        "pattern",
        "imread",
        "imreadargs",
        "chunkshape",
        "chunkdtype",
        "axestiled",
        "fillvalue",
        "errors",
    )

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        name: Hashable = None,
        imreadargs: Any = None,
        chunkshape: Any = None,
        chunkdtype: Any = None,
        axestiled: Any = None,
        fillvalue: Any = None,
        errors: Any = "raise",
        **kwargs: Any,
    ) -> Dataset:
        """Open files as a dataset; what xarray calls.

        At most one header is read, and no pixels. Of a mosaic that is georeferenced, one
        more is.

        Parameters
        ----------
        filename_or_obj : str, os.PathLike, iterable of these, or FileSequence
            As the files of `open_sequence`; or a sequence that is open already, and tells
            dask's tasks apart by the versions of its files: xarray itself knows nothing
            but names.
        drop_variables : str or iterable of str, optional
            Variables, or coordinates, to leave out.
        name : hashable
            The name of the variable; by default ``"image"``, or ``"pixels"`` where an axis
            is called that.
        imreadargs, chunkshape, chunkdtype, axestiled, fillvalue, errors
            As in `FileSequence.to_xarray`.
        **kwargs
            All that `open_sequence` takes, such as ``pattern``.

        Returns
        -------
        xarray.Dataset
            Its coordinates are those of `FileSequence.to_xarray`.

        Raises
        ------
        NamesError, ReadError
            As `open_sequence` and `FileSequence.to_xarray` do.
        """
        if isinstance(filename_or_obj, FileSequence):
            if kwargs:
                raise TypeError(f"a sequence is open already: {', '.join(kwargs)} come too late")
            seq = filename_or_obj
        else:
            seq = open_sequence(filename_or_obj, **kwargs)
        array = seq.array(
            imreadargs=imreadargs,
            chunkshape=chunkshape,
            chunkdtype=chunkdtype,
            axestiled=axestiled,
            fillvalue=fillvalue,
            errors=errors,
        )
        if name is None:
            name = "pixels" if "image" in array.dims else "image"
        dataset = lazy_dataset(array, name=name)
        dropped = [drop_variables] if isinstance(drop_variables, str) else drop_variables or ()
        return dataset.drop_vars([d for d in dropped if d in dataset.variables])

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Return whether these are surely files for this engine: a pattern of TIFF names.

        A single TIFF file is left to engines for single files, as rioxarray's is.

        >>> engine = FileSequenceBackendEntrypoint()
        >>> engine.guess_can_open("exp/*.tif"), engine.guess_can_open("exp/a.tif")
        (True, False)
        """
        if not isinstance(filename_or_obj, str) or "://" in filename_or_obj:
            return False
        is_pattern = any(sign in filename_or_obj for sign in "*?[")
        is_pattern = is_pattern and not os.path.exists(filename_or_obj)
        return is_pattern and filename_or_obj.lower().endswith(TIFF_SUFFIXES)
