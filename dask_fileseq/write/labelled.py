"""Arrays of any kind with names of axes, labels and metadata, and their parts. Nothing is read."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from dask.array.core import Array
from dask.base import tokenize
from numpy.typing import NDArray

from dask_fileseq.errors import LayoutError, NamesError
from dask_fileseq.filearray import FileArray
from dask_fileseq.headers import confirmed_metadata
from dask_fileseq.readers import MICROMETRES, ChunkMetadata, Labels, Scale, unit_name
from dask_fileseq.sequence import FileSequence
from dask_fileseq.tiling import numbers_at
from dask_fileseq.write.filenames import Label

NANOSECONDS = 1e9

BAND_ATTRIBUTES = ("scale_factor", "add_offset", "scales", "offsets", "long_name", "units")
"""Attributes of arrays that GDAL writes for bands, by rioxarray's names."""


@dataclass(frozen=True)
class LabelledArray:
    """An array with names of axes, labels and metadata."""

    data: Any
    """numpy, dask array, `FileArray`, or variable of xarray."""
    dims: tuple[str, ...]
    labels: Mapping[str, Label]
    """What may be in file names."""
    metadata: ChunkMetadata
    """Metadata by names of axes."""
    own_places: bool = False
    """Whether each file that is read has a georeference of its own, which it keeps."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return tuple(self.data.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        dtype: np.dtype[Any] = self.data.dtype
        return dtype

    def facts(self, axes: Sequence[int], dims: Sequence[str]) -> ChunkMetadata:
        """Return the metadata of each file, with some axes under other names."""
        by_dim = {self.dims[axis]: dim for axis, dim in zip(axes, dims, strict=True)}
        scales = {by_dim[d]: s for d, s in self.metadata.scales.items() if d in by_dim}
        labels = {by_dim[d]: n for d, n in self.metadata.labels.items() if d in by_dim}
        for dim, name in by_dim.items():
            along = self.labels.get(dim)
            if along is not None and along[1].dtype.kind in "UO" and name not in labels:
                labels[name] = Labels(tuple(map(str, along[1].tolist())), "coordinates")
            elif along is not None and name not in scales and (found := _interval(along[1])):
                scales[name] = found
        return replace(self.metadata, scales=scales, labels=labels)


def labelled(
    array: Any,
    fields: Sequence[str],
    dims: Sequence[str] | None,
    coords: Mapping[str, Any] | None,
    scale: Mapping[str, Any] | None,
) -> LabelledArray:
    """Return an array with its labels; see `to_files` for the arguments."""
    if isinstance(array, FileSequence):
        array = array.array()
    for name, value in (("coords", coords), ("scale", scale)):
        if not isinstance(value, Mapping | None):
            raise TypeError(f"{name}={value!r} is no mapping of names of axes")
    found: LabelledArray
    if isinstance(array, FileArray):
        found = _of_files(array)
    elif hasattr(array, "coords") and hasattr(array, "dims") and hasattr(array, "variable"):
        found = _of_dataarray(array)
    else:
        data = array if isinstance(array, Array) else np.asanyarray(array)
        single = {name for name, value in (coords or {}).items() if np.ndim(value) == 0}
        names = _default_dims(data.shape, [f for f in fields if f not in single], dims)
        found = LabelledArray(data, names, {}, ChunkMetadata())
    _require_plain(found.data)
    if dims is not None and len(dims) != len(found.shape):
        raise LayoutError(f"dims={tuple(dims)!r} has {len(dims)} names for {len(found.shape)} axes")
    if dims is not None and tuple(dims) != found.dims:
        found = _renamed(found, tuple(dims))
    if len(set(found.dims)) < len(found.dims):
        raise LayoutError(f"dims={found.dims!r} has a name twice")
    labels: dict[str, Label] = {
        dim: (dim, np.arange(n)) for dim, n in zip(found.dims, found.shape, strict=True)
    }
    labels |= found.labels
    for name, value in (coords or {}).items():
        labels[name] = _label(name, value, found)
    metadata = found.metadata
    if scale:
        given = {dim: _scale(dim, value, found.dims) for dim, value in scale.items()}
        metadata = replace(metadata, scales={**metadata.scales, **given})
    return replace(found, labels=labels, metadata=metadata)


def _require_plain(data: Any) -> None:
    """Raise a `ValueError` unless all lengths are known, and no pixels are masked."""
    if any(n != n for n in data.shape):
        raise ValueError(
            f"array has the shape {data.shape}: compute_chunk_sizes() makes lengths known"
        )
    if 0 in data.shape:
        raise ValueError(f"array has the shape {data.shape}, and nothing to write")
    values = getattr(data, "_meta", data) if isinstance(data, Array) else data
    if isinstance(values, np.ma.MaskedArray) and (data is not values or values.mask.any()):
        raise ValueError("array is masked, which files cannot be: fill it first, with nodata")


def _default_dims(
    shape: Sequence[int], fields: Sequence[str], dims: Sequence[str] | None
) -> tuple[str, ...]:
    """Return names for the axes of an array without any: fields, then y, x and s."""
    if dims is not None:
        return tuple(dims)
    count = len(shape) - len(fields)
    if count == 3 and shape[-1] in (3, 4):
        return (*fields, "y", "x", "s")
    if 0 <= count <= 2:
        return (*fields, *("y", "x")[2 - count :])
    raise LayoutError(
        f"an array of shape {tuple(shape)} has {len(shape)} axes, and the pattern has fields for "
        f"{len(fields)} ({', '.join(fields) or 'none'}) beside y and x: name all axes by dims"
    )


def _renamed(array: LabelledArray, dims: tuple[str, ...]) -> LabelledArray:
    new = dict(zip(array.dims, dims, strict=True))
    labels = {
        new.get(name, name): (None if dim is None else new[dim], values)
        for name, (dim, values) in array.labels.items()
    }
    scales = {new.get(dim, dim): scale for dim, scale in array.metadata.scales.items()}
    names = {new.get(dim, dim): each for dim, each in array.metadata.labels.items()}
    metadata = replace(array.metadata, scales=scales, labels=names)
    return replace(array, dims=dims, labels=labels, metadata=metadata)


def _label(name: str, value: Any, array: LabelledArray) -> Label:
    """Return labels that were given: along the axis of that name, another one, or a single one."""
    dim: str | None = name if name in array.dims else None
    if isinstance(value, tuple) and len(value) == 2 and value[0] in array.dims:
        dim, value = value
    values = _texts(np.asarray(value))
    if values.dtype.kind == "O" and any(v is None for v in values.ravel().tolist()):
        raise NamesError(
            f"coords[{name!r}] has None, and each label must be a number, text or date"
        )
    if values.ndim == 0 and name not in array.dims:
        return None, values
    if dim is None:
        raise NamesError(f"coords has {name!r}, which is no axis of {', '.join(array.dims)}")
    length = array.shape[array.dims.index(dim)]
    if values.shape != (length,):
        raise NamesError(f"coords[{name!r}] has the shape {values.shape}, and {dim} is {length}")
    return dim, values


def _texts(values: NDArray[Any]) -> NDArray[Any]:
    """Return an array of objects that are texts as one of texts."""
    if values.dtype.kind == "O" and all(isinstance(v, str) for v in values.ravel().tolist()):
        return values.astype(str)
    return np.asarray(values.astype(str)) if values.dtype.kind == "T" else values


def _scale(dim: str, value: Any, dims: Sequence[str]) -> Scale:
    if dim not in dims:
        raise NamesError(f"scale has {dim!r}, which is no axis of {', '.join(dims)}")
    try:
        step, unit = value
        return Scale(0.0, float(step), unit_name(unit), "scale")
    except (TypeError, ValueError) as error:
        raise ValueError(f"scale[{dim!r}]={value!r} is no step and unit: (0.65, 'µm')") from error


def _interval(values: NDArray[Any]) -> Scale | None:
    """Return the interval between dates or durations, in seconds, if it is always the same."""
    if values.dtype.kind not in "mM" or len(values) < 2:
        return None
    steps = np.unique(np.diff(values).astype("m8[ns]").astype(np.int64))
    if len(steps) > 1 or steps[0] <= 0:
        return None
    return Scale(0.0, float(steps[0]) / NANOSECONDS, "s", "coordinates")


def _of_files(array: FileArray) -> LabelledArray:
    """Return a file array with the labels and metadata of its files."""
    labels: dict[str, Label] = {}
    places = [scale for scale in array.metadata.scales.values() if scale.absolute]
    own_places = bool(places or array.metadata.crs) and not array.tiling.axestiled
    metadata = array.metadata if own_places else confirmed_metadata(array)
    scales: dict[str, Scale] = {}
    names: dict[str, Labels] = {}
    for dim, axis, window in zip(array.dims, array.tiling.axes, array.window, strict=True):
        if axis.chunk is None:
            if dim in array.coords and len(array.coords[dim]) == len(window):
                labels[dim] = dim, array.coords[dim]
            continue
        inner = array.spec.dims[axis.chunk]
        scale, given = metadata.scales.get(inner), metadata.labels.get(inner)
        if scale is not None and not (scale.absolute and axis.files > 1):
            scales[dim] = scale.shifted(window.start)
        if given is not None and len(given.names) == len(window):
            names[dim] = given
            labels[dim] = dim, np.array(given.names)
    for name, coord in array.gridmetadata.coords.items():
        if len(coord.dims) <= 1 and name not in array.dims:
            labels[name] = (coord.dims[0] if coord.dims else None), np.asarray(coord.values)
    metadata = replace(metadata, scales=scales, labels=names)
    return LabelledArray(array, array.dims, labels, metadata, own_places)


def _of_dataarray(array: Any) -> LabelledArray:
    """Return a `DataArray` with its coordinates, and its georeference as rioxarray has it."""
    dims = tuple(map(str, array.dims))
    labels: dict[str, Label] = {}
    for name, coord in array.coords.items():
        if coord.ndim <= 1:
            dim = str(coord.dims[0]) if coord.ndim else None
            labels[str(name)] = dim, _texts(np.asarray(coord.values))
    grid_mapping = array.encoding.get("grid_mapping", array.attrs.get("grid_mapping"))
    mapping = array.coords.get(grid_mapping or "spatial_ref")
    crs = {} if mapping is None or mapping.ndim else dict(mapping.attrs)
    scales = {}
    for dim in dims:
        if dim in labels and (scale := _regular(array.coords[dim], bool(crs))):
            scales[dim] = scale
    attrs = {key: array.attrs[key] for key in BAND_ATTRIBUTES if key in array.attrs}
    nodata = array.attrs.get("_FillValue", array.attrs.get("nodata"))
    if "_FillValue" not in array.attrs and array.encoding.get("_FillValue") is not None:
        # xarray has put NaN in place of it
        is_masked = array.dtype.kind == "f"
        nodata = float("nan") if is_masked else array.encoding["_FillValue"]
    attrs |= {} if nodata is None else {"nodata": nodata}
    data = array.data if array.chunks is not None else array.variable
    return LabelledArray(data, dims, labels, ChunkMetadata(scales, {}, crs, attrs))


def _regular(coord: Any, has_crs: bool) -> Scale | None:
    """Return the scale of a coordinate of numbers that are the same step apart."""
    values, units = np.asarray(coord.values), unit_name(coord.attrs.get("units", ""))
    if values.dtype.kind not in "iuf" or len(values) < 2:
        return None
    values = values.astype(float)
    step = (values[-1] - values[0]) / (len(values) - 1)
    even = values[0] + step * np.arange(len(values))
    if not step or not np.allclose(values, even, rtol=0, atol=abs(step) * 1e-3):
        return None
    if not has_crs and not values[0] and step == 1:  # no more than indices
        return None
    absolute = has_crs or units not in MICROMETRES
    return Scale(values[0], step, units, "coordinates", {}, absolute=absolute)


class CellParts:
    """The parts of an array that become files: what each is made of, and its identity."""

    def __init__(self, array: LabelledArray, axes: Sequence[int]) -> None:
        self.array, self.axes = array, axes
        """The axes that are not inside files."""
        self.sizes = [array.shape[axis] for axis in axes]
        data = array.data
        self.files = data if isinstance(data, FileArray) else None
        self.versions: Any = None
        self.by_content = self.files is None and not isinstance(data, Array)
        """Whether only the pixels themselves identify a part."""
        if self.files is None:
            self.token = "" if self.by_content else data.name
        else:
            files = self.files
            if files.identity == "stat":
                self.versions = files.source.versions(files.names)
            self.token = tokenize(files.reader, files.spec, files.tiling.axestiled, files.options)

    def index(self, number: int) -> tuple[int, ...]:
        """Return the index of a cell along the axes that are not inside files."""
        return tuple(map(int, np.unravel_index(number, self.sizes))) if self.sizes else ()

    def filled(self) -> Iterator[int]:
        """Yield the numbers of the cells that are not empty."""
        for number in range(math.prod(self.sizes)):
            if self.files is None or max(self._numbers(number)) >= 0:
                yield number

    def _numbers(self, number: int) -> list[int]:
        """Return the numbers of the files in a cell of a file array."""
        assert self.files is not None
        index = dict(zip(self.axes, self.index(number), strict=True))
        selected = [range(size) for size in self.files.tiling.gridshape]
        for axis, place in index.items():
            tiled = self.files.tiling.axes[axis]
            if tiled.grid is not None:
                file = (place + self.files.window[axis].start) // tiled.size
                selected[tiled.grid] = range(file, file + 1)
        return numbers_at(self.files.numbers, self.files.tiling.gridshape, selected)

    def identity(self, number: int, more: str) -> str:
        """Return what identifies the content of a file, of which `more` is known besides."""
        digest = hashlib.blake2b(f"{self.token} {more}".encode(), digest_size=12)
        if self.files is None:
            digest.update(repr(self.index(number)).encode())
        else:
            inner = [
                place
                for axis, place in zip(self.axes, self.index(number), strict=True)
                if self.files.tiling.axes[axis].chunk is not None
            ]
            digest.update(repr((inner, self.files.window[len(self.files.griddims) :])).encode())
            for file in self._numbers(number):
                name = self.files.names[file] if file >= 0 else ""
                digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
                if self.versions is not None and file >= 0:
                    digest.update(self.versions[file].tobytes())
        return digest.hexdigest()

    def part(self, number: int) -> Any:
        """Return a cell as a lazy array with all axes."""
        where = dict(zip(self.axes, self.index(number), strict=True))
        edges = [
            (where[axis], where[axis] + 1) if axis in where else (0, n)
            for axis, n in enumerate(self.array.shape)
        ]
        if self.files is not None:
            return self.files.block(edges)
        return self.array.data[tuple(slice(*edge) for edge in edges)]
