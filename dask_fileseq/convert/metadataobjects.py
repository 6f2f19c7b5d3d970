"""The metadata objects of a target beside those that zarr makes of arrays: groups, and labels.

All are JSON for any reader: NaN and infinity, which JSON does not have, are texts.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from zarr.core.buffer import default_buffer_prototype
from zarr.core.group import GroupMetadata

from dask_fileseq.convert.imagelayout import array_coordinates
from dask_fileseq.convert.journal import FOLDER
from dask_fileseq.filearray import FileArray

PLAIN = (str, int, float, bool, list, tuple)

NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
"""Numbers that JSON does not have, as zarr writes them."""


def labels_attribute(array: FileArray) -> dict[str, Any]:
    """Return the labels, coordinate reference system and attributes of an array, for JSON."""
    about: dict[str, Any] = {"coords": array_coordinates(array)}
    if array.metadata.crs:
        about["crs"] = {key: v for key, v in array.metadata.crs.items() if isinstance(v, PLAIN)}
    if array.metadata.attrs:
        about["attrs"] = {key: _json_value(value) for key, value in array.metadata.attrs.items()}
    return about


def group_objects(path: str) -> dict[str, bytes]:
    """Return the metadata objects of the groups that contain an array at a path."""
    if path.split("/")[0] == FOLDER:
        raise ValueError(f"groupname={path!r}: {FOLDER!r} is the group of the manifest")
    folders = accumulate(path.split("/")[:-1], "{}/{}".format)
    return dict(json_object(folder, GroupMetadata({})) for folder in ("", *folders))


def _json_value(value: Any) -> Any:
    """Return a value as JSON has it; NaN and infinity are texts."""
    value = value.item() if hasattr(value, "item") else value
    return NOT_FINITE.get(str(value), value)


def json_object(path: str, metadata: Any) -> tuple[str, bytes]:
    """Return key and content of the ``zarr.json`` of an array or a group at a path."""
    key, content = next(iter(metadata.to_buffer_dict(default_buffer_prototype()).items()))
    return f"{path.strip('/')}/{key}".lstrip("/"), content.to_bytes()
