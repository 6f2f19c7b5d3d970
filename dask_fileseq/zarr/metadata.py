"""What a zarr store says of a file array: documents of format 3 or 2, by their keys.

An array at the root, as tifffile has it; or, with a group name, a group that holds the
array and the labels along its axes, which is what xarray opens. See
https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html and
https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from zarr.dtype import parse_dtype

from dask_fileseq.filearray import FileArray
from dask_fileseq.zarr.keys import chunk_key

__all__ = ["Node", "array_node", "documents"]

UNITS = {"D": "days", "h": "hours", "m": "minutes", "s": "seconds"} | {
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
}
"""What the conventions of netCDF call the units of numpy's dates."""

Names = tuple[str | None, ...]


@dataclass(frozen=True, kw_only=True)
class Node:
    """One array in a store."""

    shape: tuple[int, ...]
    chunkshape: tuple[int, ...]
    dtype: np.dtype[Any] | None
    """None: texts of any length."""
    fillvalue: Any = None
    """None: of format 2 none, else zero. Where format 2 has one, xarray masks it."""
    dims: Names = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    stored: Mapping[str, Any] = field(default_factory=dict)
    """What replaces entries of format 2: how the chunks of a reference file are stored."""
    content: bytes | None = None
    """The only chunk, if it stands among the documents."""


def array_node(
    array: FileArray,
    chunkshape: tuple[int, ...],
    *,
    dimension_names: Sequence[str | None] | None = None,
    zattrs: Mapping[str, Any] | None = None,
    fill: bool = True,
    stored: Mapping[str, Any] | None = None,
) -> Node:
    """Return what there is to say of a file array.

    Raises
    ------
    ValueError
        If `dimension_names` do not fit.
    """
    if dimension_names is None:
        dimension_names = array.dims or [None] * array.ndim
    names = tuple(dimension_names)
    if len(names) != array.ndim or not all(isinstance(name, str | None) for name in names):
        raise ValueError(
            f"dimension_names={dimension_names!r} does not name the {array.ndim} axes of the array"
        )
    zero = array.dtype.kind in "biufc" and not array.options.fillvalue  # as which zarr reads none
    return Node(
        shape=array.shape,
        chunkshape=chunkshape,
        dtype=array.dtype,
        fillvalue=None if zero and not fill else array.options.fillvalue,
        dims=names,
        attributes=dict(zattrs or {}),
        stored=stored or {},
    )


def documents(
    array: FileArray, node: Node, zarr_format: int, groupname: str | None, whole: bool = True
) -> dict[str, bytes]:
    """Return the documents of a store, in the order in which it lists them.

    Parameters
    ----------
    array : FileArray
        Its labels stand beside it in a group.
    node : Node
        What there is to say of it.
    zarr_format : {2, 3}
        The version of the format.
    groupname : str, optional
        Where the array stands; a slash for a group in a group. None or empty: at the root.
    whole : bool
        Whether the group holds nothing else, so that one document can tell all.
    """
    path = (groupname or "").strip("/")
    if not path:
        return _encoded(_array_documents(node, zarr_format))
    parts = path.split("/")
    if not all(parts) or {".", ".."} & {*parts}:
        raise ValueError(f"groupname={groupname!r} is no path of names")
    nodes = {path: node}
    folder = "/".join(parts[:-1])
    for name, coordinate in _coordinates(array, node):
        if name == parts[-1]:
            raise ValueError(f"groupname={groupname!r} is the name of an axis: choose another")
        nodes[f"{folder}/{name}".strip("/")] = coordinate
    members: dict[str, Any] = {}
    for i in range(1, len(parts)):
        members |= _below("/".join(parts[:i]), _group_documents(zarr_format))
    for at, member in nodes.items():
        members |= _below(at, _array_documents(member, zarr_format))
    root = _group_documents(zarr_format)
    if whole:
        root |= _consolidated(root | members, zarr_format)
    encoded = _encoded(root | members)
    for at, member in nodes.items():
        if member.content is not None:
            encoded[f"{at}/{chunk_key((0,), zarr_format)}"] = member.content
    return encoded


def _array_documents(node: Node, zarr_format: int) -> dict[str, Any]:
    """Return what describes an array, by key."""
    data_type, fillvalue = _json_type(node, zarr_format)
    if zarr_format == 3:
        codec: dict[str, Any] = {"name": "bytes"}
        if node.dtype is None:
            codec = {"name": "vlen-utf8"}
        elif node.dtype.itemsize > 1:
            codec["configuration"] = {"endian": sys.byteorder}
        return {
            "zarr.json": {
                "zarr_format": 3,
                "node_type": "array",
                "shape": node.shape,
                "data_type": data_type,
                "chunk_grid": {
                    "name": "regular",
                    "configuration": {"chunk_shape": node.chunkshape},
                },
                "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
                "fill_value": fillvalue,
                "codecs": [codec],
                "dimension_names": node.dims,
                "attributes": node.attributes,
            }
        }
    filters = None if node.dtype is not None else [{"id": "vlen-utf8"}]
    array = {
        "zarr_format": 2,
        "shape": node.shape,
        "chunks": node.chunkshape,
        "dtype": data_type["name"],
        "compressor": None,
        "fill_value": fillvalue,
        "order": "C",
        "filters": filters,
    }
    named = bool(node.dims) and None not in node.dims  # xarray takes all names or none
    names = {"_ARRAY_DIMENSIONS": node.dims} if named else {}
    return {".zarray": array | dict(node.stored), ".zattrs": names | dict(node.attributes)}


def _json_type(node: Node, zarr_format: int) -> tuple[Any, Any]:
    """Return the data type and the fill value as zarr writes them."""
    if node.dtype is None:
        return ("string", "") if zarr_format == 3 else ({"name": "|O"}, None)
    try:
        known = np.dtype(node.dtype.str)  # of two C types of one size, zarr knows one
        dtype = parse_dtype(known, zarr_format=3)
    except ValueError as error:
        raise ValueError(f"zarr has no data type for dtype {node.dtype}") from error
    version: Any = zarr_format
    fillvalue = node.fillvalue
    if fillvalue is None and zarr_format == 3:
        fillvalue = np.zeros((), node.dtype)[()]
    if fillvalue is not None:
        fillvalue = dtype.to_json_scalar(fillvalue, zarr_format=version)
    return dtype.to_json(zarr_format=version), fillvalue


def _group_documents(zarr_format: int) -> dict[str, Any]:
    if zarr_format == 2:
        return {".zgroup": {"zarr_format": 2}}
    return {"zarr.json": {"zarr_format": 3, "node_type": "group", "attributes": {}}}


def _below(path: str, members: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{path}/{key}": value for key, value in members.items()}


def _consolidated(members: Mapping[str, Any], zarr_format: int) -> dict[str, Any]:
    """Return the document that tells of all members at once: xarray asks for it first."""
    if zarr_format == 2:
        return {".zmetadata": {"zarr_consolidated_format": 1, "metadata": members}}
    inside = {key.removesuffix("/zarr.json"): value for key, value in members.items() if "/" in key}
    inline = {"kind": "inline", "must_understand": False, "metadata": inside}
    return {"zarr.json": members["zarr.json"] | {"consolidated_metadata": inline}}


def _encoded(members: Mapping[str, Any]) -> dict[str, bytes]:
    try:
        return {key: json.dumps(value, indent=2).encode() for key, value in members.items()}
    except (TypeError, ValueError) as error:
        attributes = next(
            (v.get("attributes", v) for k, v in members.items() if k.endswith((".zattrs", "json"))),
            None,
        )
        raise TypeError(f"zattrs={attributes!r} cannot be written as JSON: {error}") from error


def _coordinates(array: FileArray, node: Node) -> Iterator[tuple[str, Node]]:
    """Yield the labels along the axes over files, by the names of the axes."""
    for i, axis in enumerate(array.tiling.axes):
        name = node.dims[i]
        values = array.coords.get(array.dims[i]) if array.dims else None
        if axis.chunk is None and name and values is not None and "/" not in name:
            coordinate = _coordinate(name, np.asarray(values))
            if coordinate is not None and len(values) == array.shape[i]:
                yield name, coordinate


def _coordinate(name: str, values: NDArray[Any]) -> Node | None:
    """Return labels as an array of one chunk; dates as the conventions of netCDF have it."""
    attributes: dict[str, Any] = {}
    dtype: np.dtype[Any] | None = values.dtype.newbyteorder("=")
    if values.dtype.kind == "M":
        unit = np.datetime_data(values.dtype)[0]
        if unit not in UNITS:
            unit = "s"
        values, dtype = values.astype(f"M8[{unit}]").astype(np.int64), np.dtype(np.int64)
        attributes = {"units": f"{UNITS[unit]} since 1970-01-01", "calendar": "proleptic_gregorian"}
    elif values.dtype.kind in "UOT":
        dtype = None
    elif values.dtype.kind not in "biuf":
        return None
    content = _texts(values) if dtype is None else values.astype(dtype).tobytes()
    n = values.shape
    return Node(
        shape=n, chunkshape=n, dtype=dtype, dims=(name,), attributes=attributes, content=content
    )


def _texts(values: NDArray[Any]) -> bytes:
    r"""Return texts as the codec ``vlen-utf8`` has them.

    >>> _texts(np.array(["DAPI"]))
    b'\x01\x00\x00\x00\x04\x00\x00\x00DAPI'
    """
    texts = [str(value).encode() for value in values.tolist()]
    return struct.pack("<I", len(texts)) + b"".join(
        struct.pack("<I", len(text)) + text for text in texts
    )
