"""Reference files: the bytes of a sequence's files as the chunks of a zarr array.

fsspec's ReferenceFileSystem and zarr open them without this package. The rule: a
reference to a part of a file is written only where each file's own header proves that
all are stored alike, and where the first file, decoded by the codecs that the reference
file names, is what its reader reads. Else the reference is to whole files, for
tifffile's codec, which has to give the same of the first file, too.
"""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from dask_fileseq.filearray import FileArray
from dask_fileseq.zarr.keys import chunk_key
from dask_fileseq.zarr.locations import locations
from dask_fileseq.zarr.metadata import array_node, documents
from dask_fileseq.zarr.storage import Storage, storage_of

__all__ = ["write_references"]

Reference = list[Any]


def write_references(
    array: FileArray,
    jsonfile: Any,
    url: str | None = None,
    *,
    quote: bool | None = None,
    groupname: str | None = None,
    templatename: str | None = None,
    codec_id: str | None = None,
    version: int | None = None,
    chunks: str | None = None,
    dimension_names: Sequence[str | None] | None = None,
    zattrs: Mapping[str, Any] | None = None,
    fill: bool = True,
    scheduler: Any = None,
    append: bool = False,
    close: bool = True,
) -> None:
    """Write a reference file for all files of an array; see `FileSequence.write_fsspec`."""
    if version not in (None, 0, 1):
        raise ValueError(f"version={version!r} is neither 0 nor 1")
    if version == 1 and (append or not close):
        raise ValueError("version=1 is one document: nothing can be appended to it")
    prefix, rest = locations(array.names, url, quote)
    storage = storage_of(array, chunks, codec_id, scheduler)
    node = array_node(
        array,
        _chunkshape(array, storage),
        dimension_names=dimension_names,
        zattrs=zattrs,
        fill=fill,
        stored=storage.stored,
    )
    known = documents(array, node, 2, groupname, whole=close and not append)
    path = (groupname or "").strip("/")
    path = f"{path}/" if path else ""
    entries: Iterator[tuple[str, Any]] = itertools.chain(
        ((k, _text(v)) for k, v in known.items() if not append or k.startswith(path)),
        ((path + chunk_key(i, 2), at) for i, at in _references(array, storage, rest)),
    )
    if version == 1:
        _write_version_1(jsonfile, entries, prefix, templatename or "u")
    else:
        mode, head = ("a", ",\n") if append else ("w", "{\n")
        _write_entries(jsonfile, mode, head, _prefixed(entries, prefix), close)


def _chunkshape(array: FileArray, storage: Storage) -> tuple[int, ...]:
    """Return the shape of a chunk along the axes of the whole array."""
    chunks = (1 if a.chunk is None else storage.chunks[a.chunk] for a in array.tiling.axes)
    return tuple(max(1, length) for length in chunks)


def _references(
    array: FileArray, storage: Storage, rest: list[str]
) -> Iterator[tuple[tuple[int, ...], Reference]]:
    """Yield the place of each chunk that is there, and where its bytes are."""
    if not array.size:
        return
    axes = array.tiling.axes
    chunkshape = _chunkshape(array, storage)
    parts = [-(-axis.size // n) for axis, n in zip(axes, chunkshape, strict=True)]
    grid_axes = [axis.grid for axis in axes if axis.grid is not None]
    table = array.table.transpose(grid_axes).reshape([axis.files for axis in axes])
    inner = list(np.ndindex(*parts)) if storage.segments is not None else []
    for cell in np.argwhere(table >= 0).tolist():
        number = int(table[tuple(cell)])
        if storage.segments is None:
            yield tuple(cell), [rest[number]]
            continue
        first = [i * n for i, n in zip(cell, parts, strict=True)]
        for part, (offset, count) in zip(inner, storage.segments[number], strict=True):
            if count:
                place = tuple(i + j for i, j in zip(first, part, strict=True))
                yield place, [rest[number], offset, count]


def _text(content: bytes) -> str:
    """Return a document as it stands in a reference file."""
    if content[:1] == b"{":
        return content.decode()
    return "base64:" + base64.b64encode(content).decode()


def _prefixed(entries: Iterator[tuple[str, Any]], prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield entries with whole locations."""
    for key, value in entries:
        yield key, value if isinstance(value, str) else [prefix + value[0], *value[1:]]


def _write_version_1(
    jsonfile: Any, entries: Iterator[tuple[str, Any]], prefix: str, templatename: str
) -> None:
    """Write a file of version 1, with a template for what all locations begin with.

    Braces in names would be taken for templates: then there is none.
    """
    if not templatename.isidentifier():
        raise ValueError(f"templatename={templatename!r} is no name")
    listed = list(entries)
    locations = [value[0] for _, value in listed if not isinstance(value, str)]
    braces = any("{" in text or "}" in text for text in (prefix, *locations))
    templates = {} if braces else {templatename: prefix}
    prefix = prefix if braces else f"{{{{{templatename}}}}}"
    head = f'{{\n"version": 1,\n"templates": {json.dumps(templates)},\n"gen": [],\n"refs": {{\n'
    _write_entries(jsonfile, "w", head, _prefixed(iter(listed), prefix), True, "}")


def _write_entries(
    jsonfile: Any,
    mode: str,
    head: str,
    entries: Iterator[tuple[str, Any]],
    close: bool,
    tail: str = "",
) -> None:
    """Write keys and values as JSON, an entry a line."""
    is_open = hasattr(jsonfile, "write")
    with nullcontext(jsonfile) if is_open else open(jsonfile, mode, encoding="utf-8") as file:
        file.write(head)
        lines = (f" {json.dumps(key)}: {json.dumps(value)}" for key, value in entries)
        file.write(next(lines, ""))
        while part := list(itertools.islice(lines, 1000)):
            file.write("".join(f",\n{line}" for line in part))
        if close:
            file.write("\n}" + tail)
