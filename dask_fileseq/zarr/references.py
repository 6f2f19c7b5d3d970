"""Reference files: the bytes of an array's files as the chunks of a zarr array.

fsspec's ReferenceFileSystem and zarr open them without this package. A chunk is a part of a
file only if the headers of all files prove that they are encoded alike; otherwise a whole
file. In both cases the codecs in the reference file must decode the first file to the
pixels that its reader reads, unless the user names the codec.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import chain
from typing import Any
from urllib.parse import quote as quoted

import numpy as np

from dask_fileseq.errors import NamesError
from dask_fileseq.filearray import FileArray
from dask_fileseq.files import new_file, shared_folder
from dask_fileseq.plaintext import public_names
from dask_fileseq.zarr.encoding import FileEncoding, file_encoding
from dask_fileseq.zarr.zarrarray import (
    array_path,
    chunk_key,
    files_on_axes,
    is_document,
    metadata_documents,
)


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
    scheduler: Any = None,
    append: bool = False,
    close: bool = True,
    **metadata: Any,
) -> None:
    """Write a reference file for all files of an array; see `FileSequence.write_fsspec`.

    `metadata` are `dimension_names`, `zattrs` and `fill` of `FileArrayStore`.
    """
    if version not in (None, 0, 1):
        raise ValueError(f"version={version!r} is neither 0 nor 1")
    if version == 1 and (append or not close):
        raise ValueError("version=1 is one document: nothing can be appended to it")
    if not (templatename := templatename or "u").isidentifier():
        raise ValueError(f"templatename={templatename!r} is no name")
    folder, names = file_urls(array.names, url, quote)
    encoding = file_encoding(array, chunks, codec_id, scheduler)
    chunkshape = tuple(
        1 if axis.chunk is None else max(1, encoding.chunkshape[axis.chunk])
        for axis in array.tiling.axes
    )
    path = array_path(groupname)
    documents = metadata_documents(
        array,
        chunkshape,
        zarr_format=2,
        path=path,
        encoding=encoding.zarray,
        consolidate=close and not append,
        **metadata,
    )
    head, tail = "{\n", "\n}"
    if append:
        head = ",\n"
        documents = {key: value for key, value in documents.items() if key.startswith(path)}
    if version == 1:
        tail = "\n}}"
        head, folder = _version_1(folder, names, templatename)
    urls = [folder + name for name in names]
    references = _chunk_references(array, chunkshape, encoding, path, urls)
    texts = (
        (key, value.decode() if is_document(key) else f"base64:{base64.b64encode(value).decode()}")
        for key, value in documents.items()
    )
    entries = (f" {json.dumps(k)}: {json.dumps(v)}" for k, v in chain(texts, references))
    mode = "a" if append else "w"
    is_open = hasattr(jsonfile, "write")
    with nullcontext(jsonfile) if is_open else new_file(jsonfile, mode, encoding="utf-8") as file:
        file.write(head + next(entries))
        file.writelines(f",\n{entry}" for entry in entries)
        if close:
            file.write(tail)


def _version_1(folder: str, names: Sequence[str], templatename: str) -> tuple[str, str]:
    """Return the head of a file of version 1, and the template that replaces the folder."""
    templates, start = {templatename: folder}, f"{{{{{templatename}}}}}"
    if any("{" in text or "}" in text for text in (folder, *names)):
        templates, start = {}, folder  # braces would be parts of templates
    head = {"version": 1, "templates": templates, "gen": []}
    return json.dumps(head)[:-1] + ',\n"refs": {\n', start


def file_urls(names: Sequence[str], url: str | None, quote: bool | None) -> tuple[str, list[str]]:
    """Return the URL of the folder of all files, and the rest of the URL of each file.

    `url` replaces the URL of the folder; an empty one makes the rest relative to the working
    directory of the program that reads it. `quote` is whether to quote characters that are
    special in URLs; None if `url` is one of HTTP, because other file systems would search a
    file whose name contains the quotes.
    """
    paths = []
    for name in public_names(names):
        if "://" not in name:
            paths.append(os.path.abspath(name).replace(os.sep, "/"))
        elif "::" not in name:
            paths.append(name)
        else:
            raise NamesError(
                f"{name!r} stands in an archive: references can point only to files of their own"
            )
    folder = shared_folder(paths)
    rest = [path[len(folder) :] for path in paths]
    if url is not None:
        if not folder:
            raise NamesError(
                f"url={url!r} cannot stand for the folder of {min(paths)!r}: not all"
                f" files are below it, {max(paths)!r} is not"
            )
        folder = url.replace(os.sep, "/")
        if folder and folder[-1] != "/":
            folder += "/"
        if quote is None:
            quote = folder.startswith(("http://", "https://"))
    if quote:
        rest = [quoted(name, errors="surrogateescape") for name in rest]
    if url == "":  # fsspec expands a tilde to the home directory
        rest = [f"./{name}" if name.startswith("~") else name for name in rest]
    return folder, rest


def _chunk_references(
    array: FileArray,
    chunkshape: tuple[int, ...],
    encoding: FileEncoding,
    path: str,
    urls: Sequence[str],
) -> Iterator[tuple[str, list[Any]]]:
    """Yield the key of each chunk that exists, and where its bytes are."""
    if not array.size:
        return
    parts = [-(-axis.size // n) for axis, n in zip(array.tiling.axes, chunkshape, strict=True)]
    places = list(np.ndindex(*parts))
    files = files_on_axes(array)
    for cell in np.argwhere(files >= 0).tolist():
        number = int(files[tuple(cell)])
        if encoding.segments is None:
            yield path + chunk_key(cell, 2), [urls[number]]
            continue
        first = [i * n for i, n in zip(cell, parts, strict=True)]
        for place, (offset, count) in zip(places, encoding.segments[number], strict=True):
            if count:
                index = [i + j for i, j in zip(first, place, strict=True)]
                yield path + chunk_key(index, 2), [urls[number], offset, count]
