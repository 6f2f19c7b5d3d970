"""Reference files: the bytes of an array's files as the chunks of a zarr array.

fsspec's ReferenceFileSystem, zarr, kerchunk and VirtualiZarr open them without this package.
A chunk is a part of a file only if the headers of all files prove that they are encoded alike;
otherwise a whole file. In both cases the codecs in the reference file must decode the first file
to the pixels that its reader reads, unless the user names the codec.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import chain
from typing import Any, Literal
from urllib.parse import quote as quoted

import numpy as np

from dask_fileseq.errors import NamesError
from dask_fileseq.filearray import FileArray
from dask_fileseq.files import LocalFiles, RemoteFiles, new_file, shared_folder
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
    zarr_format: Literal[2, 3] = 2,
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
    if zarr_format not in (2, 3):
        raise ValueError(f"zarr_format={zarr_format!r} is neither 2 nor 3")
    if version not in (None, 0, 1):
        raise ValueError(f"version={version!r} is neither 0 nor 1")
    if version == 1 and (append or not close):
        raise ValueError("version=1 is one document: nothing can be appended to it")
    if version is None:
        version = 0 if append or not close else 1
    if templatename is not None and not templatename.isidentifier():
        raise ValueError(f"templatename={templatename!r} is no name")
    if not isinstance(array.source, LocalFiles | RemoteFiles):
        raise ValueError(
            f"the files in {array.source} have no locations of their own: references can"
            " point only to files"
        )
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
        zarr_format=zarr_format,
        path=path,
        encoding=encoding.zarray if zarr_format == 2 else {"codecs": encoding.codecs},
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
    key = partial(chunk_key, zarr_format=zarr_format)
    references = _chunk_references(array, chunkshape, encoding, lambda i: path + key(i), urls)
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


def _version_1(folder: str, names: Sequence[str], templatename: str | None) -> tuple[str, str]:
    """Return the head of a file of version 1, and what replaces the folder, if it is a template."""
    head: dict[str, Any] = {"version": 1}
    has_braces = any("{" in text or "}" in text for text in (folder, *names))
    if templatename is not None and not has_braces:  # which would be parts of templates
        head |= {"templates": {templatename: folder}, "gen": []}
        folder = f"{{{{{templatename}}}}}"
    return json.dumps(head)[:-1] + ',\n"refs": {\n', folder


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
                f"{name!r} is in an archive: references can point only to files of their own"
            )
    folder = shared_folder(paths)
    rest = [path[len(folder) :] for path in paths]
    if url is not None:
        if not folder:
            raise NamesError(
                f"url={url!r} cannot replace the folder of {min(paths)!r}: not all"
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
    key: Callable[[Sequence[int]], str],
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
            yield key(cell), [urls[number]]
            continue
        first = [i * n for i, n in zip(cell, parts, strict=True)]
        for place, (offset, count) in zip(places, encoding.segments[number], strict=True):
            if count:
                index = [i + j for i, j in zip(first, place, strict=True)]
                yield key(index), [urls[number], offset, count]
