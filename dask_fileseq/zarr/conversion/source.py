"""What a conversion reads, as it was when it began: which files, in which versions."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import TargetExistsError, shown
from dask_fileseq.filearray import FileArray
from dask_fileseq.files import LocalFiles
from dask_fileseq.zarr.conversion.target import Target

__all__ = [
    "changes",
    "common_folder",
    "digest_of",
    "require_apart",
    "source_identity",
    "versions_of",
]

Versions = NDArray[np.int64] | None


def versions_of(array: FileArray, stat: bool) -> Versions:
    """Return what tells versions of the files apart, as it is now; None: their names alone."""
    return array.source.versions(array.names) if stat else None


def source_identity(array: FileArray, versions: Versions) -> dict[str, Any]:
    """Return what identifies the files, wherever they are mounted, and how they are read."""
    folder = common_folder(array.names)
    digest = hashlib.blake2b(digest_size=16)
    for name in array.names:
        digest.update(name[len(folder) :].encode("utf-8", "surrogatepass") + b"\0")
    digest.update(b"-" if versions is None else np.ascontiguousarray(versions).tobytes())
    digest.update(array.table.astype(np.int64).tobytes())
    reader = getattr(array.imread, "__name__", type(array.imread).__name__)
    return {
        "files": len(array.names),
        "grid": dict(zip(array.griddims, array.table.shape, strict=True)),
        "digest": digest.hexdigest(),
        "reader": reader,
        "arguments": repr(sorted(array.imreadargs.items())),
        "tiled": [list(pair) for pair in array.tiling.axestiled],
    }


def digest_of(about: Any) -> str:
    """Return what tells values, as JSON takes them, from others."""
    text = json.dumps(about, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def common_folder(names: Sequence[str]) -> str:
    """Return the folder that all names begin with.

    >>> common_folder(["a/b/t1.tif", "a/b/t2.tif"]), common_folder(["t1.tif"])
    ('a/b/', '')
    """
    first, last = min(names), max(names)  # what these share, all share
    differ = (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    prefix = first[: next(differ, min(len(first), len(last)))]
    return prefix[: max(prefix.rfind("/"), prefix.rfind(os.sep)) + 1]


def changes(then: Mapping[str, Sequence[Any]], array: FileArray, versions: Versions) -> str:
    """Return which files changed since a table of them was written, in words."""
    old = _by_name(then["name"], zip(then["size"], then["version"], strict=True))
    stats = [(-1, -1)] * len(array.names) if versions is None else versions.tolist()
    now = _by_name(array.names, stats)
    kinds = {
        "changed": [name for name in now if name in old and old[name] != now[name]],
        "gone": [name for name in old if name not in now],
        "new": [name for name in now if name not in old],
    }
    found = [f"{shown(names, len(names))} {kind}" for kind, names in kinds.items() if names]
    return "; ".join(found) or "they stand in other cells, or are read in another way"


def _by_name(names: Sequence[str], stats: Iterable[Any]) -> dict[str, tuple[int, ...]]:
    """Return sizes and versions by the names below the folder of all, which may have moved."""
    start = len(common_folder(names))
    return {name[start:]: tuple(stat) for name, stat in zip(names, stats, strict=True)}


def require_apart(array: FileArray, target: Target) -> None:
    """Raise an error if files stand in the folder that is to be written."""
    if target.folder is None or not isinstance(array.source, LocalFiles):
        return
    folder = os.path.join(os.path.realpath(target.folder), "")
    folders = {os.path.dirname(name): name for name in array.names}
    for where, name in folders.items():
        if os.path.join(os.path.realpath(where), "").startswith(folder):
            raise TargetExistsError(
                f"{target} holds files that are to be converted, such as {name!r}:"
                " choose another place"
            )
