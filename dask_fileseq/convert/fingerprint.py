"""The fingerprint of what a conversion reads: which files, in which versions, by which reader."""

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

from dask_fileseq.convert.targetstore import TargetStore
from dask_fileseq.errors import TargetExistsError, shown
from dask_fileseq.filearray import FileArray
from dask_fileseq.files import LocalFiles, shared_folder

__all__ = [
    "Versions",
    "changed_files",
    "digest_of",
    "file_versions",
    "require_apart",
    "source_fingerprint",
    "stable_value",
]

Versions = NDArray[np.int64] | None
"""Size and time of each file; None if names alone identify the files."""

MISSING = (-1, -1)
"""The version of a file that does not exist."""

PLAIN = (str, int, float, type(None))
TOKENS = (np.ndarray, np.generic, bytes, set, frozenset)
BOUND = ("__self__", "__defaults__", "__kwdefaults__")


def file_versions(array: FileArray, *, fresh: bool = False) -> Versions:
    """Return the versions of the files: those of the listing, unless `fresh`."""
    return array.source.versions(array.names, fresh=fresh) if array.identity == "stat" else None


def source_fingerprint(array: FileArray, versions: Versions) -> dict[str, Any]:
    """Return what identifies the files, wherever they are mounted, and how they are read."""
    # without versions, only the folder distinguishes one set of files from another
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
        "reader": digest_of([stable_value(array.reader), stable_value(array.imreadargs)]),
        "tiled": [list(pair) for pair in array.tiling.axestiled],
    }


def stable_value(value: Any, depth: int = 8) -> Any:
    """Return a value of JSON that identifies a reader or its arguments in any process.

    A function is identified by its name and by the values bound to it, not by its code;
    any other object by the parts that it is pickled as.
    """
    if isinstance(value, PLAIN):
        return value
    if not depth:
        return type(value).__qualname__

    def inside(values: Iterable[Any]) -> list[Any]:
        return [stable_value(each, depth - 1) for each in values]

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


def digest_of(value: Any) -> str:
    """Return a digest of a value of JSON."""
    text = json.dumps(value, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def changed_files(then: Mapping[str, Sequence[Any]], array: FileArray, versions: Versions) -> str:
    """Return, in words, which files changed since a table of them was written."""
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
    """Return versions by the names below the folder of all files, which may have moved."""
    return {name[start:]: tuple(stat) for name, stat in zip(names, stats, strict=True)}


def require_apart(array: FileArray, target: TargetStore) -> None:
    """Raise a `TargetExistsError` if the target is a folder that holds any of the files."""
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
