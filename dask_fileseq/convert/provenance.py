"""What a target is made of: the files in their versions, how they are read, what was written.

The identity of the files and their reader decides whether a conversion is continued. At
the end, a manifest of plain values and a list of files are parts of the Zarr hierarchy,
which other programs can read. The manifest is the attributes of the group ``fileseq``. In
that group, the bytes of the array ``files`` are a table in CSV, compressed: a line for each
file, with its cell of the grid, size, version and name; those of the array ``objects`` are a
line for each object that was written, with its region and checksums.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from toolz import concat, first, groupby
from zarr.codecs import ZstdCodec
from zarr.core.buffer import Buffer
from zarr.storage import MemoryStore, StorePath

from dask_fileseq._version import __version__
from dask_fileseq.convert.journal import FILES, OBJECTS, Identity, Journal, Record
from dask_fileseq.convert.targetstore import TargetStore
from dask_fileseq.errors import ChangedError, TargetExistsError, UnfinishedError, shown
from dask_fileseq.filearray import FileArray
from dask_fileseq.files import LocalFiles, shared_folder
from dask_fileseq.plaintext import public_names
from dask_fileseq.stablevalues import digest_of, stable_value

MISSING = (-1, -1)
"""The version of a file that does not exist."""


class SourceFiles:
    """The files of a conversion, in the versions that were listed."""

    def __init__(self, array: FileArray) -> None:
        self.array = array
        self.versions = self._versions()
        """Size and time of each file; None if names alone identify files."""

    def _versions(self, *, fresh: bool = False) -> Any:
        array = self.array
        return array.source.versions(array.names, fresh=fresh) if array.identity == "stat" else None

    def identity(self) -> dict[str, Any]:
        """Return what identifies the files, wherever they are mounted, and how they are read."""
        array, versions = self.array, self.versions
        # without versions, only the folder distinguishes one set of files from another
        names = public_names(array.names)  # another signature is no other file
        folder = "" if versions is None else shared_folder(names)
        digest = hashlib.blake2b(digest_size=16)
        for name in names:
            digest.update(name[len(folder) :].encode("utf-8", "surrogatepass") + b"\0")
        digest.update(b"-" if versions is None else np.ascontiguousarray(versions).tobytes())
        digest.update(array.table.astype(np.int64).tobytes())
        return {
            "files": len(array.names),
            "grid": dict(zip(array.griddims, array.table.shape, strict=True)),
            "digest": digest.hexdigest(),
            "reader": digest_of(
                [stable_value(array.reader), stable_value(array.options.imreadargs)]
            ),
            "tiled": [list(pair) for pair in array.tiling.axestiled],
        }

    def require_apart(self, target: TargetStore) -> None:
        """Raise a `TargetExistsError` if the target is a folder that holds any of the files."""
        if target.folder is None or not isinstance(self.array.source, LocalFiles):
            return
        folder = target.folder.resolve()
        folders = {os.path.dirname(name): name for name in self.array.names}
        for where, name in folders.items():
            if Path(where).resolve().is_relative_to(folder):
                raise TargetExistsError(
                    f"{target} holds files that are to be converted, such as {name!r}:"
                    " choose another place"
                )

    def require_unchanged(self, target: TargetStore) -> None:
        """Raise a `ChangedError` if a file changed while it may have been read."""
        if self.versions is None:
            return
        now = self._versions(fresh=True)
        if now is not None and (now == self.versions).all():
            return
        # without versions, none of the files exists
        found = f"{self.array.names[0]!r} gone" if now is None else self.changes(target, now)
        raise ChangedError(
            f"files changed while they were converted: {found}; overwrite=True starts over"
        )

    def changes(self, target: TargetStore, versions: Any) -> str:
        """Return, in words, which files changed since their table in a target was written."""
        try:
            then = read_file_table(target)
        except (OSError, ValueError, KeyError):
            return "their list is not complete"

        def below_folder(found: Mapping[str, Any]) -> dict[str, Any]:
            start = len(shared_folder([*found]))  # which may have moved
            return {name[start:]: stat for name, stat in found.items()}

        names = public_names(self.array.names)
        stats = [MISSING] * len(names) if versions is None else map(tuple, versions.tolist())
        now = dict(zip(names, stats, strict=True))
        old = dict(zip(then["name"], zip(then["size"], then["version"], strict=True), strict=True))
        if versions is not None:
            now, old = map(below_folder, (now, old))
        missing = {name for name in now if now[name] == MISSING != old.get(name, MISSING)}
        kinds = {
            "changed": [n for n in now if n in old and old[n] != now[n] and n not in missing],
            "gone": [name for name in old if name not in now or name in missing],
            "new": [name for name in now if name not in old],
        }
        found = [f"{shown(names, len(names))} {kind}" for kind, names in kinds.items() if names]
        return "; ".join(found) or "they are in other cells, or are read in another way"

    def table_objects(self) -> list[dict[str, bytes]]:
        """Return the objects of the array that holds the table of files: chunk, metadata.

        They are written in this order, so that an array that exists is whole.
        """
        array, text = self.array, io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow([*array.griddims, "size", "version", "name"])
        cells = np.empty((len(array.names), array.table.ndim), np.int64)
        filled = array.table >= 0
        cells[array.table[filled]] = np.argwhere(filled)
        stats = np.full((len(cells), 2), -1) if self.versions is None else self.versions
        names = public_names(array.names)
        for cell, stat, name in zip(cells.tolist(), stats.tolist(), names, strict=True):
            rows.writerow([*cell, *stat, name])
        return text_objects(FILES, text.getvalue())


def text_objects(name: str, text: str) -> list[dict[str, bytes]]:
    """Return the objects of an array that holds a text, compressed: chunk, then metadata."""
    data = np.frombuffer(text.encode("utf-8", "surrogateescape"), np.uint8)
    objects: dict[str, Buffer] = {}
    store, compressors = MemoryStore(objects), ZstdCodec(level=3)
    chunks = (max(1, len(data)),)
    zarr.create_array(store, name=name, data=data, chunks=chunks, compressors=compressors)
    made = {key: value.to_bytes() for key, value in objects.items() if key.startswith(name)}
    metadata = {f"{name}/zarr.json": made.pop(f"{name}/zarr.json")}
    return [made, metadata]


def _read_text(target: TargetStore, name: str) -> str:
    """Return the text in an array of a target."""
    array = zarr.open_array(StorePath(target.store, name), mode="r")
    return np.asarray(array[:]).tobytes().decode("utf-8", "surrogateescape")


def object_list_objects(records: Mapping[str, Record]) -> list[dict[str, bytes]]:
    """Return the objects of the array that lists all objects, by region, with checksums."""
    rows = [f"{name} {row}" for name in records for row in records[name].get("objects", ())]
    return text_objects(OBJECTS, "\n".join(rows))


def read_objects(target: TargetStore) -> dict[str, list[str]]:
    """Return the rows of the objects of each region of a complete target."""
    found: dict[str, list[str]] = {}
    if target.exists(f"{OBJECTS}/zarr.json"):  # which older releases did not write
        for line in _read_text(target, OBJECTS).splitlines():
            name, _, row = line.partition(" ")
            found.setdefault(name, []).append(row)
    return found


def read_manifest(url: Any, storage_options: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the manifest of a target that is complete.

    Parameters
    ----------
    url : str, os.PathLike or zarr store
        The target.
    storage_options : dict, optional
        For the file system of a URL.

    Returns
    -------
    dict
        As `FileSequence.to_zarr` returns it, with all files under ``"files"``: a dict of
        lists, by column.

    Raises
    ------
    UnfinishedError
        If there is none: the conversion is not complete, or another program made the target.
    """
    target = TargetStore(url, storage_options)
    missing = target.folder is not None and not target.folder.is_dir()  # zarr would make it
    manifest = None if missing else Journal(target).manifest()
    if manifest is None:
        raise UnfinishedError(f"{target} has no manifest: no complete conversion of files")
    return manifest | {"files": read_file_table(target)}


def new_manifest(
    array: FileArray, identity: Identity, records: Iterable[Record], **more: Any
) -> dict[str, Any]:
    """Return the manifest of a conversion, from the records of all regions and more entries.

    Empty cells are runs of start and length, of cells that count in C order.
    """
    records = list(records)
    empty = np.concatenate([[False], (array.table < 0).ravel(), [False]])
    edges = np.flatnonzero(np.diff(empty))
    ranges = groupby(first, concat(record.get("ranges", ()) for record in records))
    failed = {name: error for record in records for name, error in record.get("failed", ())}
    left_out = {}
    if public_names(array.names) != list(array.names):  # no record has credentials
        left_out = {"credentials": "left out of all URLs; give them by storage_options"}
    return (
        {
            "software": f"dask-fileseq {__version__}",
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "folder": shared_folder(public_names(array.names)),
            "file_count": len(array.names),
            "empty": {
                "count": int(empty.sum()),
                "dims": list(array.griddims),
                "shape": list(array.table.shape),
                "runs": [[start, stop - start] for start, stop in edges.reshape(-1, 2).tolist()],
            },
            "failed": [{"file": name, "error": failed[name]} for name in sorted(failed)],
            "ranges": [
                [channel, min(low for _, low, _ in found), max(high for _, _, high in found)]
                for channel, found in sorted(ranges.items())
            ],
            "regions": len(records),
            "identity": identity,
            **({"unread": array.metadata.unread} if array.metadata.unread else {}),
        }
        | left_out
        | more
    )


def read_file_table(target: TargetStore) -> dict[str, list[Any]]:
    """Return the table of files in a target, by column."""
    rows = list(csv.reader(io.StringIO(_read_text(target, FILES), newline="")))
    columns = list(zip(*rows[1:], strict=True)) or [()] * len(rows[0])
    return {
        name: list(column) if name == "name" else list(map(int, column))
        for name, column in zip(rows[0], columns, strict=True)
    }
