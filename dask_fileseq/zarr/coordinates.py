"""The coordinates beside a zarr array in a group, as xarray writes and reads them.

xarray itself writes a dataset that has the coordinates of the file array, and an array without
pixels, to memory. So it reads them as they were: dates, durations, words, coordinate reference
system and all attributes, by the CF conventions. Without xarray a group has no coordinates.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import dask.array as da
import numpy as np
from zarr.abc.buffer import Buffer
from zarr.storage import MemoryStore

from dask_fileseq.errors import GridWarning, users_level
from dask_fileseq.filearray import FileArray

if TYPE_CHECKING:
    from xarray import Dataset, Variable

PIXELS = "pixels of all files"
"""Name of the array while it has no other one; no axis is called so."""


def encoded_coordinates(
    array: FileArray, path: str, dims: Sequence[str | None], zarr_format: Literal[2, 3]
) -> tuple[dict[str, Buffer], dict[str, Any]]:
    """Return the objects of the coordinates of an array, and its own attributes.

    Parameters
    ----------
    array : FileArray
        The array.
    path : str
        Its path in the store. Coordinates are in the same group.
    dims : sequence of str or None
        The names of its axes. One without a name has no coordinates.
    zarr_format : {2, 3}
        Version of zarr's format.

    Raises
    ------
    ValueError
        If the last name of the path is that of an axis or a coordinate.
    """
    folder, _, name = path.rpartition("/")
    try:
        dataset = _dataset(array, name, dims, np.str_ if zarr_format == 2 else np.object_)
    except ImportError:
        return {}, {}
    objects: dict[str, Buffer] = {}
    options: Any = {"zarr_format": zarr_format, "group": folder or None}
    dataset.to_zarr(MemoryStore(objects), consolidated=False, compute=False, **options)
    own = {key: objects.pop(key) for key in list(objects) if key.startswith(f"{path}/")}
    documents = {key.rpartition("/")[2]: json.loads(own[key].to_bytes()) for key in own}
    if zarr_format == 3:
        return objects, documents["zarr.json"]["attributes"]
    attributes = {k: v for k, v in documents[".zattrs"].items() if k != "_ARRAY_DIMENSIONS"}
    nodata = documents[".zarray"]["fill_value"]
    return objects, attributes if nodata is None else attributes | {"_FillValue": nodata}


def _dataset(
    array: FileArray, name: str, dims: Sequence[str | None], words: type[np.str_ | np.object_]
) -> Dataset:
    """Return a dataset of the coordinates of an array, and of zeros in place of its pixels."""
    import xarray

    from dask_fileseq.xarray import GRID_MAPPING, lazy_dataset

    labelled = lazy_dataset(array, PIXELS)
    if name in {*labelled.coords, *dims}:
        raise ValueError(f"groupname={name!r} is the name of an axis or coordinate: choose another")
    attrs = labelled.variables[PIXELS].attrs
    # of other data types than numbers, xarray would write an encoded form
    # and zarr has only one of two C types of the same size, which numpy tells apart
    dtype = np.dtype(array.dtype.str if array.dtype.kind in "iufc" else "u1")
    zeros = da.zeros(array.shape, dtype=dtype, chunks=array.shape)
    encoding = _encoding(array.shape)
    if "_FillValue" in attrs:
        del encoding["_FillValue"]
    if GRID_MAPPING in labelled.coords:
        encoding["grid_mapping"] = GRID_MAPPING
    new = dict(zip(array.dims, dims, strict=True))
    coords = {
        key: variable
        for key, variable in labelled.coords.variables.items()
        if all(new[str(dim)] is not None for dim in variable.dims)
    }
    folders = [key for key in coords if "/" in str(new.get(str(key), key))]
    if folders:
        warnings.warn(
            f"coordinates {', '.join(map(repr, folders))} are left out: in Zarr, '/' in a name"
            " makes a folder; rename() gives an axis another name, as does the title in a table",
            GridWarning,
            stacklevel=users_level(),
        )
        coords = {key: variable for key, variable in coords.items() if key not in folders}
    if others := sorted(str(key) for key in coords if key not in labelled.dims):
        encoding["coordinates"] = " ".join(others)  # xarray itself leaves out the grid mapping
    dataset = xarray.Dataset(
        {name: xarray.Variable(array.dims, zeros, attrs, encoding)},
        {
            key: xarray.Variable(v.dims, _plain(v, words), v.attrs, _encoding(v.shape))
            for key, v in coords.items()
        },
    )
    return dataset.rename({old: dim for old, dim in new.items() if dim not in (None, old)})


def _encoding(shape: Sequence[int]) -> dict[str, Any]:
    """Return how to write a variable: as one chunk, without compression and fill value."""
    chunks = {"chunks": tuple(max(1, length) for length in shape)} if shape else {}
    return {"compressors": None, "_FillValue": None, **chunks}


def _plain(variable: Variable, words: type[np.str_ | np.object_]) -> Any:
    r"""Return the values of a variable.

    Words are objects, which Zarr stores by their length; in format 2 they are of fixed length,
    because VirtualiZarr knows no others there. Bytes of names that are no text are written as
    such, for example ``\udce4``.
    """
    values = variable.values
    if values.dtype.kind not in "UT":
        return values
    texts = [str(word).encode("utf-8", "backslashreplace").decode() for word in values.flat]
    return np.array(texts, words).reshape(values.shape)
