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
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from operator import add
from typing import Any, Literal
from urllib.parse import quote as quoted

import numpy as np

from dask_fileseq.errors import NamesError
from dask_fileseq.filearray import FileArray
from dask_fileseq.files import LocalFiles, RemoteFiles, new_file, shared_folder
from dask_fileseq.plaintext import public_names
from dask_fileseq.types import ReferenceFileOptions, ReferenceOptions
from dask_fileseq.zarr.encoding import FileEncoding, file_encoding
from dask_fileseq.zarr.zarrarray import (
    array_path,
    chunk_key,
    files_on_axes,
    is_document,
    metadata_documents,
)

PARQUET = (".parquet", ".parq")
"""Suffixes of folders of references in Parquet."""

RECORDS = 10_000
"""Number of references in a file of Parquet."""


def write_references(
    array: FileArray,
    options: ReferenceFileOptions,
    jsonfile: Any,
    url: str | None = None,
    *,
    zarr_format: Literal[2, 3] = 2,
    groupname: str | None = None,
    append: bool = False,
    close: bool = True,
    **metadata: Any,
) -> None:
    """Write a reference file for all files of an array; see `FileSequence.write_fsspec`.

    `metadata` are `dimension_names`, `zattrs` and `fill` of `FileArrayStore`.
    """
    if zarr_format not in (2, 3):
        raise ValueError(f"zarr_format={zarr_format!r} is neither 2 nor 3")
    version, templatename = options.version, options.templatename
    if version not in (None, 0, 1):
        raise ValueError(f"version={version!r} is neither 0 nor 1")
    if version == 1 and (append or not close):
        raise ValueError("version=1 is one document: nothing can be appended to it")
    if version is None:
        version = 0 if append or not close else 1
    if templatename is not None and not str(templatename).isidentifier():
        raise ValueError(f"templatename={templatename!r} is no name")
    if not jsonfile or not (isinstance(jsonfile, str | os.PathLike) or hasattr(jsonfile, "write")):
        raise TypeError(f"jsonfile={jsonfile!r} is no path and no open file")
    if not isinstance(url, str | None):
        raise TypeError(f"url={url!r} is no address of a folder")
    is_parquet = str(jsonfile).endswith(PARQUET)
    if is_parquet and (zarr_format == 3 or version == 0):
        raise ValueError(f"{jsonfile!r} is to be in Parquet, which is of zarr_format=2, version=1")
    path = array_path(groupname)
    if is_parquet and not path:
        raise ValueError(f"{jsonfile!r} is to be in Parquet, which needs a group: give a groupname")
    folder, names = file_urls(array.names, url, options.quote)
    references = References.of(array, options)
    documents = references.documents(
        zarr_format, path, consolidate=close and not append, **metadata
    )
    if is_parquet:
        _write_parquet(os.fspath(jsonfile), documents, references, path, folder, names)
        return
    head, tail = "{\n", "\n}"
    if append:
        head = ",\n"
        documents = {key: value for key, value in documents.items() if key.startswith(path)}
    if version == 1:
        tail = "\n}}"
        head, folder = _version_1(folder, names, templatename)
    entries = (
        f" {json.dumps(k)}: {json.dumps(v)}"
        for k, v in chain(
            ((key, _text(key, value)) for key, value in documents.items()),
            (
                (path + chunk_key(index, zarr_format), [folder + names[number], *extent])
                for index, number, extent in references.chunks()
            ),
        )
    )
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


@dataclass(frozen=True)
class References:
    """The file, offset and length of the bytes of each chunk of a zarr array."""

    array: FileArray
    encoding: FileEncoding
    chunkshape: tuple[int, ...]
    """Shape of a chunk, along the axes of the array."""

    @classmethod
    def of(cls, array: FileArray, options: ReferenceOptions) -> References:
        """Return the references to the files of an array, whose headers are read."""
        if not isinstance(array.source, LocalFiles | RemoteFiles):
            raise ValueError(
                f"the files in {array.source} have no locations of their own: references can"
                " point only to files"
            )
        encoding = file_encoding(array, options.chunks, options.codec_id, options.scheduler)
        chunkshape = tuple(
            1 if axis.chunk is None else max(1, encoding.chunkshape[axis.chunk])
            for axis in array.tiling.axes
        )
        return cls(array, encoding, chunkshape)

    def documents(self, zarr_format: Literal[2, 3], path: str, **metadata: Any) -> dict[str, bytes]:
        """Return the metadata of the array at a path, and of the coordinates beside it."""
        codecs = self.encoding.zarray if zarr_format == 2 else {"codecs": self.encoding.codecs}
        arguments = {"zarr_format": zarr_format, "path": path, "encoding": codecs, **metadata}
        return metadata_documents(self.array, self.chunkshape, **arguments)

    def chunks(self) -> Iterator[tuple[tuple[int, ...], int, tuple[int, ...]]]:
        """Yield index, number of the file, and offset and byte count, of each chunk that exists.

        Of a whole file, there is no offset.
        """
        array, segments = self.array, self.encoding.segments
        if not array.size:
            return
        axes = zip(array.tiling.axes, self.chunkshape, strict=True)
        parts = [-(-axis.size // n) for axis, n in axes]
        places = list(np.ndindex(*parts))
        files = files_on_axes(array)
        for cell in np.argwhere(files >= 0):
            number = int(files[tuple(cell)])
            if segments is None:
                yield tuple(cell.tolist()), number, ()
                continue
            first = (cell * parts).tolist()
            for place, (offset, count) in zip(places, segments[number].tolist(), strict=True):
                if count:
                    yield tuple(map(add, first, place)), number, (offset, count)


def _text(key: str, value: bytes) -> str:
    """Return an object as a text of a reference file."""
    return value.decode() if is_document(key) else f"base64:{base64.b64encode(value).decode()}"


def _write_parquet(
    folder: str,
    documents: Mapping[str, bytes],
    references: References,
    path: str,
    url: str,
    names: Sequence[str],
) -> None:
    """Write references as a folder of Parquet files, of which few are in memory at a time."""
    try:
        import fastparquet  # noqa: F401
        import fsspec
        import kerchunk.df  # noqa: F401
        from fsspec.implementations.reference import LazyReferenceMapper
    except ImportError as error:
        raise ImportError(
            "references in Parquet need fsspec, kerchunk and fastparquet:"
            " pip install kerchunk fastparquet"
        ) from error
    store = LazyReferenceMapper.create(folder, fs=fsspec.filesystem("file"), record_size=RECORDS)
    with warnings.catch_warnings():
        # pandas' of this engine, which is the one with which fsspec reads
        warnings.filterwarnings("ignore", "The 'fastparquet' engine is deprecated")
        for key, value in documents.items():
            if not key.endswith(".zmetadata"):  # the mapper makes its own
                store[key] = value
        for index, number, extent in references.chunks():
            store[path + chunk_key(index, 2)] = [url + names[number], *extent]
        store.flush()
