"""Copy a file array to Zarr or to OME-Zarr, with the metadata of its files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from dask_fileseq.convert.arraymetadata import coordinates
from dask_fileseq.convert.conversion import Conversion
from dask_fileseq.convert.imagelayout import array_layout, ome_layout
from dask_fileseq.convert.targetstore import TargetStore
from dask_fileseq.filearray import FileArray
from dask_fileseq.types import WriteOptions

PLAIN = (str, int, float, bool, list, tuple)

NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
"""Numbers that JSON does not have, as zarr writes them."""


def to_zarr(
    array: FileArray,
    url: Any,
    options: WriteOptions,
    *,
    attributes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Copy a file array to a Zarr array, and return the manifest; see `FileSequence.to_zarr`."""
    if not isinstance(attributes, Mapping | None):
        raise ValueError(f"attributes={attributes!r} is no mapping")
    about: dict[str, Any] = {"coords": coordinates(array)}
    if array.metadata.crs:
        about["crs"] = {key: v for key, v in array.metadata.crs.items() if isinstance(v, PLAIN)}
    if array.metadata.attrs:
        about["attrs"] = {key: _json_value(value) for key, value in array.metadata.attrs.items()}
    every = {"fileseq": about} | dict(attributes or {})
    target = TargetStore(url, options.storage_options)
    layout = array_layout(array)
    return Conversion(array, layout, target, options, attributes=every, about=every).run()


def to_ome_zarr(
    array: FileArray,
    url: Any,
    options: WriteOptions,
    *,
    axes: Mapping[str, str] | None = None,
    scale: Mapping[str, Any] | None = None,
    name: str | None = None,
    levels: int | None = None,
    method: str = "mean",
) -> dict[str, Any]:
    """Copy a file array to OME-Zarr, and return the manifest; see `FileSequence.to_ome_zarr`."""
    try:
        from dask_fileseq.convert.omemetadata import OmeMetadata, axis_scales, channel_names
    except ImportError as error:
        raise ImportError(
            'to_ome_zarr needs yaozarrs, which pip install "dask-fileseq[ome]" brings'
        ) from error

    target = TargetStore(url, options.storage_options)
    layout = ome_layout(array, axes)
    ome = OmeMetadata(
        name or _name(target),
        array,
        layout,
        axis_scales(array, layout, scale),
        channel_names(array, layout),
        method,
        coordinates(array),
    )
    about: dict[str, Any] = {"name": name, "scales": list(map(asdict, ome.scales))}
    about |= {"channels": ome.channels, "labels": ome.labels}
    return Conversion(
        array, layout, target, options, levels, method, groups=ome.groups, about=about
    ).run()


def _name(target: TargetStore) -> str:
    """Return the name of a target, without its suffix."""
    name = os.path.basename(str(target).rstrip("/\\")) or "image"
    return name.removesuffix(".ome.zarr").removesuffix(".zarr")


def _json_value(value: Any) -> Any:
    """Return a value as JSON has it; NaN and infinity are texts."""
    value = value.item() if hasattr(value, "item") else value
    return NOT_FINITE.get(str(value), value)
