"""What a conversion reads, as it was when it began: which files, in which versions."""

from __future__ import annotations

import copyreg
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from dask.base import tokenize
from numpy.typing import NDArray

from dask_fileseq.errors import TargetExistsError, shown
from dask_fileseq.filearray import FileArray
from dask_fileseq.files import LocalFiles, shared_folder
from dask_fileseq.zarr.conversion.target import Target

__all__ = [
    "changes",
    "digest_of",
    "require_apart",
    "source_identity",
    "told",
    "versions_of",
]

Versions = NDArray[np.int64] | None

MISSING = (-1, -1)
"""The version of a file that does not exist."""

PLAIN = (str, int, float, type(None))
TOKENS = (np.ndarray, np.generic, bytes, set, frozenset)
BOUND = ("__self__", "__defaults__", "__kwdefaults__")


def versions_of(array: FileArray, stat: bool, *, fresh: bool = False) -> Versions:
    """Return what tells versions of the files apart; None: their names alone.

    It is as they were listed, unless it is to be fresh.
    """
    return array.source.versions(array.names, fresh=fresh) if stat else None


def source_identity(array: FileArray, versions: Versions) -> dict[str, Any]:
    """Return what identifies the files, wherever they are mounted, and how they are read."""
    # without versions, the folder tells one set of files from another
    folder = "" if versions is None else shared_folder(array.names)
    digest = hashlib.blake2b(digest_size=16)
    for name in array.names:
        digest.update(name[len(folder) :].encode("utf-8", "surrogatepass") + b"\0")
    digest.update(b"-" if versions is None else np.ascontiguousarray(versions).tobytes())
    digest.update(array.table.astype(np.int64).tobytes())
    return {
        "files": len(array.names),
        "grid": dict(zip(array.griddims, array.table.shape, strict=True)),
        "digest": digest.hexdigest(),
        "reader": digest_of([told(array.reader), told(array.options.imreadargs)]),
        "tiled": [list(pair) for pair in array.tiling.axestiled],
    }


def told(value: Any, depth: int = 8) -> Any:
    """Return what tells a reader or its arguments from others, in any process, as JSON takes it.

    A function is told by its name and by what it is bound to, not by its code; another
    object by what it would be pickled as.
    """
    if isinstance(value, PLAIN):
        return value
    if not depth:
        return type(value).__qualname__

    def inside(values: Iterable[Any]) -> list[Any]:
        return [told(each, depth - 1) for each in values]

    if isinstance(value, Mapping):
        return inside(sorted(([repr(key), each] for key, each in value.items()), key=itemgetter(0)))
    if isinstance(value, list | tuple):
        return inside(value)
    if isinstance(value, TOKENS):
        return tokenize(value)
    if name := getattr(value, "__qualname__", None):
        bound = [getattr(value, each, None) for each in BOUND]
        cells = getattr(value, "__closure__", None) or ()
        return [value.__module__, name, *inside(bound), *inside(map(_content, cells))]
    try:
        reduce = copyreg.dispatch_table.get(type(value))
        made = reduce(value) if reduce else value.__reduce_ex__(4)
    except Exception:  # it cannot be pickled
        return type(value).__qualname__
    if isinstance(made, str):
        return made
    return inside(list(part) if isinstance(part, Iterator) else part for part in made)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it is empty
        return None


def digest_of(about: Any) -> str:
    """Return what tells values, as JSON takes them, from others."""
    text = json.dumps(about, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def changes(then: Mapping[str, Sequence[Any]], array: FileArray, versions: Versions) -> str:
    """Return which files changed since a table of them was written, in words."""
    start = 0 if versions is None else len(shared_folder(array.names))
    stats = [MISSING] * len(array.names) if versions is None else versions.tolist()
    now = _by_name(array.names, stats, start)
    start = start and len(shared_folder(then["name"]))
    old = _by_name(then["name"], zip(then["size"], then["version"], strict=True), start)
    missing = {name for name in now if now[name] == MISSING != old.get(name, MISSING)}
    kinds = {
        "changed": [n for n in now if n in old and old[n] != now[n] and n not in missing],
        "gone": [name for name in old if name not in now or name in missing],
        "new": [name for name in now if name not in old],
    }
    found = [f"{shown(names, len(names))} {kind}" for kind, names in kinds.items() if names]
    return "; ".join(found) or "they stand in other cells, or are read in another way"


def _by_name(names: Sequence[str], stats: Iterable[Any], start: int) -> dict[str, tuple[int, ...]]:
    """Return sizes and versions by the names below the folder of all, which may have moved."""
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
