"""The zarr array of a file array: its regular chunk grid, and its metadata documents.

All chunks of a zarr array have one shape; those at its end may reach beyond it. A chunk is
a file, a part of one, or several files, and it exists if it overlaps a file.

zarr itself makes the documents, in format 2 or 3. They describe an array at the root of a
store, as tifffile's do; or, with a path, a group of the array and the coordinates along its
axes, which is what xarray opens.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.abc.buffer import Buffer
from zarr.dtype import parse_dtype
from zarr.storage import MemoryStore

from dask_fileseq.filearray import FileArray
from dask_fileseq.graph import block_chunks
from dask_fileseq.zarr.coordinates import encoded_coordinates

Names = Sequence[str | None]


def chunk_key(index: Sequence[int], zarr_format: int = 3) -> str:
    """Return the key of a chunk, in zarr's default encoding."""
    if zarr_format == 2:
        return ".".join(map(str, index)) or "0"
    return "/".join(("c", *map(str, index)))


def regular_chunks(array: FileArray, chunks: Any = None) -> tuple[int, ...]:
    """Return the shape of a chunk of an array of whole files.

    `chunks` is as in `block_chunks`, or ``"tile"``: along the borders of tiles or strips. Where
    files are tiled along an axis, ``"tile"``, ``"auto"`` and sizes cut the axis only into parts
    that fill a file, so that no chunk crosses the border of a file. Other `chunks` of several
    lengths are an error, because zarr has none.
    """
    axes = array.tiling.axes
    if isinstance(chunks, str) and chunks == "tile":
        lengths = []
        for axis in axes:
            length = 1 if axis.chunk is None else array.spec.tile[axis.chunk]
            uneven = axis.files > 1 and axis.size % max(1, length)
            lengths.append(axis.size if uneven else length)
    else:
        lengths = []
        for i, parts in enumerate(block_chunks(array, chunks)):
            uneven = set(parts[:-1]) > {parts[0]} or parts[-1] > parts[0]
            if uneven and not isinstance(chunks, str):
                raise ValueError(
                    f"chunks={chunks!r} cuts axis {i} into parts of {parts}, but the chunks of a"
                    " zarr array are all of one length"
                )
            lengths.append(axes[i].size if uneven else parts[0])
    return tuple(max(1, length) for length in lengths)  # zarr has no empty chunks


def files_on_axes(array: FileArray) -> NDArray[np.integer[Any]]:
    """Return the number of the file at each place along the array's axes; -1 for no file."""
    axes = array.tiling.axes
    grid_axes = [axis.grid for axis in axes if axis.grid is not None]
    return array.table.transpose(grid_axes).reshape([axis.files for axis in axes])


@dataclass(frozen=True)
class ChunkGrid:
    """The chunks of a zarr array, by index and by key."""

    shape: tuple[int, ...]
    """Number of chunks along each axis."""
    present: NDArray[np.bool_]
    """Which chunks exist; broadcasts to `shape`."""
    path: str = ""
    """Path of the array in the store: empty, or with a slash at its end."""
    zarr_format: int = 3
    """The encoding of keys."""

    @classmethod
    def of(
        cls, array: FileArray, chunkshape: tuple[int, ...], path: str = "", zarr_format: int = 3
    ) -> ChunkGrid:
        """Return the chunk grid of an array of whole files."""
        shape = tuple(-(-n // c) for n, c in zip(array.shape, chunkshape, strict=True))
        if not array.size:
            return cls(shape, np.zeros([1] * len(shape), np.bool_), path, zarr_format)
        present = files_on_axes(array) >= 0
        for i, (axis, length, count) in enumerate(
            zip(array.tiling.axes, chunkshape, shape, strict=True)
        ):
            if axis.files == 1 or length == axis.size:
                continue
            starts = np.arange(count) * length
            stops = np.minimum(starts + length, array.shape[i])
            files_before = np.insert(np.cumsum(present, axis=i), 0, 0, axis=i)
            before_stop = files_before.take(-(-stops // axis.size), axis=i)
            present = before_stop > files_before.take(starts // axis.size, axis=i)
        return cls(shape, present, path, zarr_format)

    def index(self, key: str) -> tuple[int, ...] | None:
        """Return the index of the chunk with a key; None if there is no such chunk."""
        index = self._leading(key)
        if index is None or len(index) < len(self.shape) or not self._everywhere[index]:
            return None
        return index

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with a prefix."""
        leading: tuple[int, ...] | None = ()
        folder = prefix.rpartition("/")[0]
        if self.zarr_format == 3 and len(folder) > len(self.path):
            leading = self._leading(folder)
        if leading is None or not (prefix.startswith(self.path) or self.path.startswith(prefix)):
            return
        for rest in np.argwhere(self._everywhere[leading]).tolist():
            key = self.path + chunk_key((*leading, *rest), self.zarr_format)
            if key.startswith(prefix):
                yield key

    def children(self, folder: str) -> Iterator[str]:
        """Yield the names of keys and folders of keys directly in a folder."""
        path = f"{folder}/" if folder else ""
        if not self.present.any():
            return
        if path == self.path and self.zarr_format == 2:
            yield from (key.removeprefix(path) for key in self.keys(path))
        elif self.path.startswith(path):
            yield f"{self.path}c".removeprefix(path).split("/")[0]
        elif self.zarr_format == 3 and (leading := self._leading(folder)) is not None:
            for i in np.unique(np.argwhere(self._everywhere[leading])[:, :1]):
                yield str(i)

    @property
    def _everywhere(self) -> NDArray[np.bool_]:
        return np.broadcast_to(self.present, self.shape)

    def _leading(self, key: str) -> tuple[int, ...] | None:
        """Return the index that a key encodes, or the first part of one, as ``c/0`` does.

        Only the spelling of `chunk_key` counts, or a chunk would have several keys.
        """
        parts = key.removeprefix(self.path).split("." if self.zarr_format == 2 else "/")
        numbers = [int(part) for part in parts if part.isdecimal() and len(part) < 20]
        index = tuple(numbers[: len(self.shape)])
        if key != self.path + chunk_key(index, self.zarr_format):
            return None
        return index if all(i < n for i, n in zip(index, self.shape, strict=False)) else None


def array_path(groupname: str | None) -> str:
    """Return the path of an array in a store: empty for the root, else with a slash at its end."""
    if not isinstance(groupname, str | None):
        raise TypeError(f"groupname={groupname!r} is no name")
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
    consolidate: bool = True,
) -> dict[str, bytes]:
    """Return the metadata documents of a store, and the chunks of its coordinates, by key.

    `path` comes from `array_path`. `fill` is whether format 2 gets a fill value of zero, which
    xarray masks. `encoding` are entries of ``.zarray`` that replace those of uncompressed
    chunks. If `consolidate`, the root group contains all metadata, which xarray reads first.
    """
    names = array.dims if dimension_names is None else dimension_names
    if not isinstance(names, Iterable):
        raise TypeError(f"dimension_names={names!r} is no list of names")
    dims = list(names or [None] * array.ndim)
    if len(dims) != array.ndim or not all(isinstance(dim, str | None) for dim in dims):
        raise ValueError(
            f"dimension_names={names!r} does not name the {array.ndim} axes of the array"
        )
    objects: dict[str, Buffer] = {}
    try:
        json.dumps(attributes := dict(zattrs or {}))
    except (TypeError, ValueError) as error:
        raise TypeError(f"zattrs={zattrs!r} cannot be written as JSON: {error}") from error
    arguments = _array_type(array)
    if path:
        coordinates, own = encoded_coordinates(array, path[:-1], dims, zarr_format)
        objects |= coordinates
        attributes = own | attributes
    is_zero = array.dtype.kind in "biufc" and not array.options.fillvalue
    if is_zero and not fill and attributes.get("_FillValue") != 0:
        arguments["fill_value"] = None
    elif zarr_format == 2:
        attributes.pop("_FillValue", None)  # xarray takes the fill value for it
    arguments["chunks"] = chunkshape
    _create_array(objects, path, dims, attributes, zarr_format=zarr_format, **arguments)
    documents = {k: json.loads(v.to_bytes()) for k, v in objects.items() if is_document(k)}
    documents = {key: document for key, document in documents.items() if document}
    own = documents[path + ("zarr.json" if zarr_format == 3 else ".zarray")]
    own.update(encoding or {})
    for default in {"storage_transformers", "dimension_separator"} & {*own}:
        del own[default]  # as tifffile does
    if path and consolidate:
        documents = consolidated(documents, zarr_format)
    encoded = {key: json.dumps(value, indent=2).encode() for key, value in documents.items()}
    return encoded | {k: v.to_bytes() for k, v in objects.items() if not is_document(k)}


def _array_type(array: FileArray) -> dict[str, Any]:
    """Return shape, data type and fill value as zarr takes them."""
    try:
        # zarr has only one of two C types of the same size, which numpy tells apart
        dtype = parse_dtype(np.dtype(array.dtype.str), zarr_format=3)
    except ValueError as error:
        raise ValueError(f"zarr has no data type for dtype {array.dtype}") from error
    return {"shape": array.shape, "dtype": dtype, "fill_value": array.options.fillvalue}


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


def consolidated(documents: Mapping[str, Any], zarr_format: Literal[2, 3]) -> dict[str, Any]:
    """Return documents one of which contains the metadata of all."""
    # zarr.consolidate_metadata needs all codecs in numcodecs' registry, and warns of format 3
    if zarr_format == 2:
        return {".zmetadata": {"zarr_consolidated_format": 1, "metadata": documents}, **documents}
    metadata = {key.removesuffix("/zarr.json"): documents[key] for key in documents if "/" in key}
    whole = {"kind": "inline", "must_understand": False, "metadata": metadata}
    return {**documents, "zarr.json": documents["zarr.json"] | {"consolidated_metadata": whole}}


def is_document(key: str) -> bool:
    """Return whether a key is that of a metadata document, and not of a chunk."""
    return key.rpartition("/")[2] in ("zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata")
