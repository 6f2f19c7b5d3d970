"""The metadata documents of a file array, in formats 2 and 3, as zarr itself writes them.

They describe an array at the root of a store, as tifffile's do; or, with a path, a group
of the array and the coordinates along its axes, which is what xarray opens.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.abc.buffer import Buffer
from zarr.dtype import parse_dtype
from zarr.storage import MemoryStore

from dask_fileseq.filearray import FileArray

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
    if path and {"", ".", ".."} & {*path.split("/")}:
        raise ValueError(f"groupname={groupname!r} is no path of names")
    return f"{path}/" if path else ""


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

    `path` comes from `array_path`. `fill` is whether format 2 gets a fill value of zero, which
    xarray masks. `encoding` are entries of ``.zarray`` that replace those of uncompressed
    chunks. If `consolidated`, the root group contains all metadata, which xarray reads first.
    """
    dims = _checked_names(array, array.dims if dimension_names is None else dimension_names)
    objects: dict[str, Buffer] = {}
    create = partial(_create_array, objects, zarr_format=zarr_format)
    try:
        json.dumps(attributes := dict(zattrs or {}))
    except (TypeError, ValueError) as error:
        raise TypeError(f"zattrs={zattrs!r} cannot be written as JSON: {error}") from error
    create(path, dims, attributes, chunks=chunkshape, **_array_type(array, fill))
    folder, _, name = path[:-1].rpartition("/")
    for dim, values, attributes in _coordinates(array, dims) if path else ():
        if dim == name:
            raise ValueError(f"groupname={path[:-1]!r} is the name of an axis: choose another")
        create(f"{folder}/{dim}", [dim], attributes, data=values, chunks=values.shape)
    documents = {k: json.loads(v.to_bytes()) for k, v in objects.items() if is_document(k)}
    documents = {key: document for key, document in documents.items() if document}
    own = documents[path + ("zarr.json" if zarr_format == 3 else ".zarray")]
    own.update(encoding or {})
    for default in {"storage_transformers", "dimension_separator"} & {*own}:
        del own[default]  # as tifffile does
    if path and consolidated:
        documents = _consolidated(documents, zarr_format)
    encoded = {key: json.dumps(value, indent=2).encode() for key, value in documents.items()}
    return encoded | {k: v.to_bytes() for k, v in objects.items() if not is_document(k)}


def _checked_names(array: FileArray, names: Names) -> list[str | None]:
    """Return the names of the axes; raise `ValueError` if they do not fit."""
    checked = list(names or [None] * array.ndim)
    if len(checked) != array.ndim or not all(isinstance(name, str | None) for name in checked):
        raise ValueError(
            f"dimension_names={names!r} does not name the {array.ndim} axes of the array"
        )
    return checked


def _array_type(array: FileArray, fill: bool) -> dict[str, Any]:
    """Return shape, data type and fill value as zarr takes them."""
    try:
        # zarr has only one of two C types of the same size, which numpy tells apart
        dtype = parse_dtype(np.dtype(array.dtype.str), zarr_format=3)
    except ValueError as error:
        raise ValueError(f"zarr has no data type for dtype {array.dtype}") from error
    is_zero = array.dtype.kind in "biufc" and not array.options.fillvalue
    fillvalue = None if is_zero and not fill else array.options.fillvalue
    return {"shape": array.shape, "dtype": dtype, "fill_value": fillvalue}


def _create_array(
    objects: dict[str, Buffer],
    path: str,
    dims: Names,
    attributes: Mapping[str, Any],
    *,
    zarr_format: Literal[2, 3],
    **arguments: Any,
) -> None:
    """Create an array without compression, and the groups that contain it."""
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
        values = array.coords.get(array.dims[i]) if axis.chunk is None else None
        if values is None or len(values) != array.shape[i] or not name or "/" in name:
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


def _consolidated(documents: Mapping[str, Any], zarr_format: Literal[2, 3]) -> dict[str, Any]:
    """Return documents one of which contains the metadata of all.

    `zarr.consolidate_metadata` needs all codecs in the registry of numcodecs, and warns of
    format 3.
    """
    if zarr_format == 2:
        return {".zmetadata": {"zarr_consolidated_format": 1, "metadata": documents}, **documents}
    metadata = {key.removesuffix("/zarr.json"): documents[key] for key in documents if "/" in key}
    whole = {"kind": "inline", "must_understand": False, "metadata": metadata}
    return {**documents, "zarr.json": documents["zarr.json"] | {"consolidated_metadata": whole}}


def is_document(key: str) -> bool:
    """Return whether a key is that of a metadata document.

    >>> is_document("image/.zarray"), is_document("time/0")
    (True, False)
    """
    names = ("zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata")
    return key.rpartition("/")[2] in names
