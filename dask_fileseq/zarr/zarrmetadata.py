"""The metadata documents of a file array, in formats 2 and 3, as zarr itself writes them.

They describe an array at the root of a store, as tifffile's do; or, with a path, a group
of the array and the coordinates along its axes, which is what xarray opens.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.core.buffer import Buffer
from zarr.dtype import parse_dtype
from zarr.storage import MemoryStore

from dask_fileseq.filearray import FileArray

__all__ = ["array_path", "is_document", "metadata_documents"]

UNITS = {"D": "days", "h": "hours", "m": "minutes", "s": "seconds"} | {
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
}
"""Names in the CF conventions of the units of numpy's dates."""

Names = Sequence[str | None]


def array_path(groupname: str | None) -> str:
    """Return the path of an array in a store: empty for the root, else with a slash at its end.

    >>> array_path(None), array_path("plate/image")
    ('', 'plate/image/')
    """
    path = (groupname or "").strip("/")
    if not path:
        return ""
    parts = path.split("/")
    if not all(parts) or {".", ".."} & {*parts}:
        raise ValueError(f"groupname={groupname!r} is no path of names")
    return f"{path}/"


def metadata_documents(
    array: FileArray,
    chunkshape: tuple[int, ...],
    *,
    zarr_format: Literal[2, 3] = 3,
    path: str = "",
    dimension_names: Names | None = None,
    zattrs: Mapping[str, Any] | None = None,
    fill: bool = True,
    encoding: Mapping[str, Any] | None = None,
    consolidated: bool = True,
) -> dict[str, bytes]:
    """Return the metadata documents of a store, and the chunks of its coordinates, by key.

    Parameters
    ----------
    array, chunkshape, zarr_format, dimension_names, zattrs
        As in `FileArrayStore`.
    path : str
        Path of the array in the store, from `array_path`.
    fill : bool
        Whether format 2 gets a fill value of zero, which xarray masks.
    encoding : mapping, optional
        Entries of ``.zarray`` that replace those of uncompressed chunks.
    consolidated : bool
        Whether the root group gets consolidated metadata, which xarray reads first.
    """
    dims = _checked_names(array, array.dims if dimension_names is None else dimension_names)
    try:
        json.dumps(attributes := dict(zattrs or {}))
    except (TypeError, ValueError) as error:
        raise TypeError(f"zattrs={zattrs!r} cannot be written as JSON: {error}") from error
    try:
        dtype = parse_dtype(np.dtype(array.dtype.str), zarr_format=3)  # one of equal C types
    except ValueError as error:
        raise ValueError(f"zarr has no data type for dtype {array.dtype}") from error
    is_zero = array.dtype.kind in "biufc" and not array.fillvalue
    objects: dict[str, Buffer] = {}
    arguments = {
        "shape": array.shape,
        "chunks": chunkshape,
        "dtype": dtype,
        "fill_value": None if is_zero and not fill else array.fillvalue,
    }
    _create_array(objects, path, zarr_format, dims, attributes, **arguments)
    if path:
        folder, _, name = path[:-1].rpartition("/")
        for dim, values, attributes in _coordinates(array, dims):
            if dim == name:
                raise ValueError(f"groupname={path[:-1]!r} is the name of an axis: choose another")
            arguments = {"data": values, "chunks": values.shape}
            _create_array(objects, f"{folder}/{dim}", zarr_format, [dim], attributes, **arguments)
    documents = {key: value.to_bytes() for key, value in objects.items()}
    if zarr_format == 2:
        documents = {key: value for key, value in documents.items() if value != b"{}"}
    key = path + ("zarr.json" if zarr_format == 3 else ".zarray")
    document = json.loads(documents[key]) | dict(encoding or {})
    for default in {"storage_transformers", "dimension_separator"} & {*document}:
        del document[default]  # as tifffile does
    documents[key] = _json(document)
    return _consolidated(documents, zarr_format) if path and consolidated else documents


def _checked_names(array: FileArray, names: Names) -> list[str | None]:
    """Return the names of the axes; raise `ValueError` if they do not fit."""
    checked = list(names or [None] * array.ndim)
    if len(checked) != array.ndim or not all(isinstance(name, str | None) for name in checked):
        raise ValueError(
            f"dimension_names={names!r} does not name the {array.ndim} axes of the array"
        )
    return checked


def _create_array(
    objects: dict[str, Buffer],
    path: str,
    zarr_format: Literal[2, 3],
    dims: Names,
    attributes: Mapping[str, Any],
    **arguments: Any,
) -> None:
    """Create an array without compression, with the groups that contain it."""
    if zarr_format == 3:
        arguments["dimension_names"] = dims
    else:
        arguments["order"] = "C"
        if dims and None not in dims:  # xarray takes all names or none
            attributes = {"_ARRAY_DIMENSIONS": dims} | dict(attributes)
    zarr.create_array(
        MemoryStore(objects),
        name=path.strip("/") or None,
        zarr_format=zarr_format,
        attributes=dict(attributes),
        compressors=None,
        **{"fill_value": None} | arguments,
    )


def _coordinates(
    array: FileArray, dims: Names
) -> Iterator[tuple[str, NDArray[Any], dict[str, Any]]]:
    """Yield name, values and attributes of the coordinates along the axes over files."""
    for i, axis in enumerate(array.tiling.axes):
        name = dims[i]
        if axis.chunk is not None or not name or "/" in name:
            continue
        values = array.coords.get(array.dims[i])
        if values is None or len(values) != array.shape[i]:
            continue
        if values.dtype.kind == "M":
            unit = np.datetime_data(values.dtype)[0]
            unit = unit if unit in UNITS else "s"
            since = f"{UNITS[unit]} since 1970-01-01"
            values = values.astype(f"M8[{unit}]").astype(np.int64)
            yield name, values, {"units": since, "calendar": "proleptic_gregorian"}
        elif values.dtype.kind in "UOT":
            yield name, values.astype(np.dtypes.StringDType()), {}
        elif values.dtype.kind in "biuf":
            yield name, values.astype(values.dtype.newbyteorder("=")), {}


def _consolidated(documents: Mapping[str, bytes], zarr_format: Literal[2, 3]) -> dict[str, bytes]:
    """Return documents with all metadata in one of them.

    `zarr.consolidate_metadata` does the same, with a warning of format 3 that could only be
    silenced for all threads.
    """
    if zarr_format == 2:
        metadata = {k: json.loads(v) for k, v in documents.items() if is_document(k)}
        whole = {"zarr_consolidated_format": 1, "metadata": metadata}
        return {".zmetadata": _json(whole), **documents}
    root = json.loads(documents["zarr.json"])
    root["consolidated_metadata"] = {
        "kind": "inline",
        "must_understand": False,
        "metadata": {
            key.removesuffix("/zarr.json"): json.loads(value)
            for key, value in documents.items()
            if key.endswith("/zarr.json")
        },
    }
    return {**documents, "zarr.json": _json(root)}


def is_document(key: str) -> bool:
    """Return whether a key is that of a metadata document of format 2.

    >>> is_document("image/.zarray"), is_document("time/0")
    (True, False)
    """
    return key.rpartition("/")[2] in (".zarray", ".zattrs", ".zgroup", ".zmetadata")


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=2).encode()
