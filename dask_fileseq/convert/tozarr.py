"""A described file array to Zarr and to OME-Zarr: what metadata go along."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from dask_fileseq.convert.arraymetadata import coordinates
from dask_fileseq.convert.conversion import Conversion, Ending, Options
from dask_fileseq.convert.omelayout import Image, array_layout, ome_layout
from dask_fileseq.convert.omescales import axis_scales, channel_names
from dask_fileseq.convert.targetstore import Target
from dask_fileseq.filearray import FileArray
from dask_fileseq.readers import ChunkMetadata

__all__ = ["to_ome_zarr", "to_zarr"]

NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}

StorageOptions = Mapping[str, Any] | None


def to_zarr(
    array: FileArray,
    metadata: ChunkMetadata,
    url: Any,
    storage_options: StorageOptions,
    options: Options,
    *,
    stat: bool = True,
) -> dict[str, Any]:
    """Convert a file array to a Zarr array; see `FileSequence.to_zarr`."""
    if not isinstance(options.attributes, Mapping | None):
        raise ValueError(f"attributes={options.attributes!r} is no mapping")
    about: dict[str, Any] = {"coords": coordinates(array, metadata)}
    if metadata.crs:
        about["crs"] = {key: value for key, value in metadata.crs.items() if _is_plain(value)}
    if metadata.attrs:
        about["attrs"] = {key: _plain(value) for key, value in metadata.attrs.items()}
    attributes = {"fileseq": about} | dict(options.attributes or {})
    target = Target(url, dict(storage_options or {}))
    options = replace(options, attributes=attributes)
    layout = array_layout(array)
    return Conversion(array, layout, target, options, about=attributes, stat=stat).run()


def to_ome_zarr(
    array: FileArray,
    metadata: ChunkMetadata,
    url: Any,
    storage_options: StorageOptions,
    options: Options,
    *,
    axes: Mapping[str, str] | None = None,
    scale: Mapping[str, Any] | None = None,
    name: str | None = None,
    stat: bool = True,
) -> dict[str, Any]:
    """Convert a file array to OME-Zarr; see `FileSequence.to_ome_zarr`."""
    try:
        from dask_fileseq.convert.omemetadata import OmeImage, group_objects
    except ImportError as error:
        raise ImportError(
            'to_ome_zarr needs yaozarrs, which pip install "dask-fileseq[ome]" brings'
        ) from error

    target = Target(url, dict(storage_options or {}))
    layout = ome_layout(array, axes)
    scales = axis_scales(array, metadata, layout, scale)
    labels = coordinates(array, metadata)
    channels = channel_names(array, metadata, layout)
    about = {
        "name": name,
        "scales": list(map(asdict, scales)),
        "channels": channels,
        "labels": labels,
    }

    def groups(ending: Ending, images: Sequence[Image]) -> Iterable[tuple[str, bytes]]:
        return group_objects(
            OmeImage(
                name or _name_of(target),
                replace(layout, images=tuple(images)),
                scales,
                channels,
                array.dtype,
                ending.halved,
                ending.levels,
                options.method,
                ending.ranges,
                labels,
                array.dims,
            )
        )

    return Conversion(array, layout, target, options, about=about, stat=stat).run(groups)


def _name_of(target: Target) -> str:
    """Return the name of a target, without what it ends with."""
    name = os.path.basename(str(target).rstrip("/\\")) or "image"
    for end in (".ome.zarr", ".zarr"):
        name = name.removesuffix(end)
    return name


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool | list | tuple)


def _plain(value: Any) -> Any:
    """Return a number as JSON takes it, and zarr writes it: its NaN is a text."""
    value = value.item() if hasattr(value, "item") else value
    return NOT_FINITE.get(str(value), value)
