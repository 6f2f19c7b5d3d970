"""The record of what a target was made of: a manifest of plain values, and a list of files.

Both are parts of the Zarr hierarchy, which other programs can read. The manifest is the
attributes of the group ``fileseq``. In that group, the bytes of the array ``files`` are a
table in CSV, compressed: a line for each file, with its cell of the grid, size, version
and name.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import ZstdCodec
from zarr.core.buffer import Buffer
from zarr.storage import MemoryStore, StorePath

from dask_fileseq._version import __version__
from dask_fileseq.convert.journal import FILES, Identity, Journal, Record
from dask_fileseq.convert.targetstore import TargetStore
from dask_fileseq.errors import UnfinishedError
from dask_fileseq.filearray import FileArray
from dask_fileseq.files import shared_folder

__all__ = ["file_objects", "new_manifest", "read_file_table", "read_manifest"]


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
    array: FileArray,
    identity: Identity,
    records: Mapping[str, Record],
    verified: dict[str, Any],
    seconds: float,
) -> dict[str, Any]:
    """Return the manifest of a conversion whose regions are all written."""
    failed = {name: error for r in records.values() for name, error in r.get("failed", ())}
    return {
        "software": f"dask-fileseq {__version__}",
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "folder": shared_folder(array.names),
        "file_count": len(array.names),
        "empty": _empty_cells(array),
        "failed": [{"file": name, "error": failed[name]} for name in sorted(failed)],
        "ranges": _value_ranges(records.values()),
        "regions": len(records),
        "verified": verified,
        "identity": identity,
    }


def _empty_cells(array: FileArray) -> dict[str, Any]:
    """Return the number of cells that have no file, and runs of them.

    Runs are pairs of start and length. Cells count in C order over ``"shape"``.
    """
    empty = np.concatenate([[False], (array.table < 0).ravel(), [False]])
    edges = np.flatnonzero(np.diff(empty.astype(np.int8))).reshape(-1, 2)
    return {
        "count": int(empty.sum()),
        "dims": list(array.griddims),
        "shape": list(array.table.shape),
        "runs": np.stack([edges[:, 0], edges[:, 1] - edges[:, 0]], axis=1).tolist(),
    }


def _value_ranges(records: Iterable[Record]) -> list[list[Any]]:
    """Return the number, lowest and highest value of each channel.

    >>> _value_ranges([{"ranges": [[0, 3, 5], [1, 0, 9]]}, {}, {"ranges": [[0, 4, 8]]}])
    [[0, 3, 8], [1, 0, 9]]
    """
    found: dict[int, tuple[float, float]] = {}
    for record in records:
        for channel, low, high in record.get("ranges", ()):
            least, most = found.get(channel, (low, high))
            found[channel] = min(least, low), max(most, high)
    return [[channel, *edges] for channel, edges in sorted(found.items())]


def file_objects(array: FileArray, versions: NDArray[np.int64] | None) -> list[dict[str, bytes]]:
    """Return the objects of the array that holds the table of files: its chunk, its metadata.

    They are written in this order, so that an array that exists is whole.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow([*array.griddims, "size", "version", "name"])
    cells = np.empty((len(array.names), array.table.ndim), np.int64)
    filled = array.table >= 0
    cells[array.table[filled]] = np.argwhere(filled)
    stats = np.full((len(cells), 2), -1) if versions is None else versions
    for cell, stat, name in zip(cells.tolist(), stats.tolist(), array.names, strict=True):
        rows.writerow([*cell, *stat, name])
    data = np.frombuffer(text.getvalue().encode("utf-8", "surrogateescape"), np.uint8)
    objects: dict[str, Buffer] = {}
    zarr.create_array(
        MemoryStore(objects),
        name=FILES,
        data=data,
        chunks=data.shape,
        compressors=ZstdCodec(level=3),
    )
    made = {key: value.to_bytes() for key, value in objects.items() if key.startswith(FILES)}
    metadata = {f"{FILES}/zarr.json": made.pop(f"{FILES}/zarr.json")}
    return [made, metadata]


def read_file_table(target: TargetStore) -> dict[str, list[Any]]:
    """Return the table of files in a target, by column."""
    table = np.asarray(zarr.open_array(StorePath(target.store, FILES), mode="r")[:]).tobytes()
    rows = list(csv.reader(io.StringIO(table.decode("utf-8", "surrogateescape"), newline="")))
    columns = list(zip(*rows[1:], strict=True)) or [()] * len(rows[0])
    return {
        name: list(column) if name == "name" else list(map(int, column))
        for name, column in zip(rows[0], columns, strict=True)
    }
