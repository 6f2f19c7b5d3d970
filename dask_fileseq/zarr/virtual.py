"""References without a copy in memory, for VirtualiZarr, and in a repository of Icechunk.

The zarr array is of format 3, its chunks are parts of files, or whole files if a codec is given.
In Icechunk, each reference has the time of its file: a file that was changed since is an error.
It compares whole seconds. So the commit waits until the second of the last change is over: whatever
is changed after that has a later one. ETags would do without, but those of local files differ
between releases of Icechunk, and one of them would take all files for changed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from toolz import partition_all
from zarr.core.buffer import default_buffer_prototype
from zarr.core.metadata.v3 import ArrayV3Metadata
from zarr.core.sync import sync

from dask_fileseq.errors import ReadError, WriteError, shown
from dask_fileseq.filearray import FileArray
from dask_fileseq.files import LocalFiles, Versions, scheme_of
from dask_fileseq.types import ReferenceOptions
from dask_fileseq.zarr.references import References, file_urls
from dask_fileseq.zarr.zarrarray import array_path

MANY = 50_000
"""Number of references that are handed over at a time."""

CLOCK = 0.05
"""Seconds by which the times of files may be behind the clock."""

EXTRA = 'pip install "dask-fileseq[virtual]" brings'


def to_virtual(
    array: FileArray,
    options: ReferenceOptions,
    url: str | None = None,
    *,
    groupname: str = "image",
    **metadata: Any,
) -> Any:
    """Return a dataset of references to bytes of files; see `FileSequence.to_virtual`."""
    try:
        from virtualizarr.manifests import ChunkManifest, ManifestArray
        from xarray import Dataset

        from dask_fileseq.xarray import lazy_dataset
    except ImportError as error:
        raise ImportError(f"to_virtual needs VirtualiZarr and xarray, which {EXTRA}") from error
    references = References.of(array, options)
    path = array_path(groupname)
    documents = references.documents(3, path, **metadata)
    document = json.loads(documents[f"{path}zarr.json"])
    document["attributes"].pop("coordinates", None)  # xarray writes it by itself
    register_codecs(document["codecs"])
    axes = zip(array.shape, references.chunkshape, strict=True)
    shape = tuple(-(-length // n) for length, n in axes)
    paths = np.full(shape, "", np.dtypes.StringDType())
    offsets, lengths = np.zeros(shape, np.uint64), np.zeros(shape, np.uint64)
    uris, sizes = _uris(array, url, options.quote), _Sizes(array)
    for index, number, extent in references.chunks():
        paths[index] = uris[number]
        offsets[index], lengths[index] = extent or (0, sizes[number])
    manifest = ChunkManifest.from_arrays(
        paths=paths, offsets=offsets, lengths=lengths, validate_paths=False
    )
    virtual = ManifestArray(ArrayV3Metadata.from_dict(document), manifest).to_virtual_variable()
    coords = lazy_dataset(array, groupname, names_all_cells=True).coords
    return Dataset({path.strip("/"): virtual}, {name: coords[name].variable for name in coords})


def to_icechunk(
    array: FileArray,
    options: ReferenceOptions,
    repo: Any,
    *,
    branch: str = "main",
    message: str | None = None,
    url: str | None = None,
    groupname: str = "image",
    **metadata: Any,
) -> str:
    """Write references to bytes of files into a repository; see `FileSequence.to_icechunk`."""
    try:
        import icechunk
    except ImportError as error:
        raise ImportError(f"to_icechunk needs icechunk, which {EXTRA}") from error
    uris = _uris(array, url, options.quote)
    versions = array.source.versions(array.names, fresh=True)
    times = _times(array, versions)
    references = References.of(array, options)
    path = array_path(groupname)
    documents = references.documents(3, path, consolidate=False, **metadata)
    register_codecs(json.loads(documents[f"{path}zarr.json"])["codecs"])
    if not isinstance(repo, icechunk.Repository):
        if not isinstance(repo, str | os.PathLike):
            raise TypeError(f"repo={repo!r} is no path of a folder and no icechunk.Repository")
        try:
            os.makedirs(repo, exist_ok=True)
        except OSError as error:  # at which Icechunk panics
            raise WriteError(error.errno, f"cannot make repo={repo!r}: {error.strerror}") from error
        repo = _local_repository(icechunk, os.fspath(repo), uris)
    session, sizes = repo.writable_session(branch), _Sizes(array)
    make = default_buffer_prototype().buffer.from_bytes
    for key, value in documents.items():
        sync(session.store.set(key, make(value)))

    def specs() -> Iterator[Any]:
        for index, number, extent in references.chunks():
            offset, count = extent or (0, sizes[number])
            yield icechunk.VirtualChunkSpec(
                list(index), uris[number], offset, count, last_updated_at_checksum=times[number]
            )

    for some in partition_all(MANY, specs()):
        refused = session.store.set_virtual_refs(path.strip("/"), list(some))
        if refused:
            raise ValueError(
                f"repo has no virtual chunk container for {uris[0]!r}, so {len(refused):,} chunks"
                " cannot refer to files"
            )
    if isinstance(array.source, LocalFiles) and versions is not None:
        _require_unchanged(array, versions, max(times))
    return str(session.commit(message or f"{len(array.names):,} files of dask-fileseq"))


def _local_repository(icechunk: Any, folder: str, uris: Iterable[str]) -> Any:
    """Return the repository in a local folder, which may read the folder of all files."""
    uris = [*uris]
    if not all(uri.startswith("file://") for uri in uris):
        raise ValueError(
            f"repo={folder!r} is a folder: for files that are not local, open an"
            " icechunk.Repository with a virtual chunk container for them"
        )
    common = os.path.commonpath([os.path.dirname(uri.removeprefix("file://")) for uri in uris])
    plain = common.partition("%")[0]  # Icechunk compares prefixes as they are, and codes decoded
    common = common if plain == common else os.path.dirname(plain)
    prefix = f"file://{common.rstrip('/')}/"
    config = icechunk.RepositoryConfig.default()
    store = icechunk.local_filesystem_store(common)
    config.set_virtual_chunk_container(icechunk.VirtualChunkContainer(prefix, store))
    storage = icechunk.local_filesystem_storage(folder)
    credentials = getattr(icechunk, "Credentials", None)  # newer releases ask for this one
    local = getattr(credentials, "LocalFileSystemAccess", lambda: None)()
    access = icechunk.containers_credentials({prefix: local})
    try:
        repo = icechunk.Repository.open_or_create(storage, config, access)
    except icechunk.IcechunkError as error:
        reason = str(error).strip().partition("\n")[0].removeprefix("x ")
        raise ValueError(f"repo={folder!r} is no repository of Icechunk: {reason}") from error
    repo.save_config()
    return repo


def register_codecs(codecs: Iterable[Mapping[str, Any]]) -> None:
    """Make the codecs of imagecodecs known to zarr, if some of them are needed."""
    needed = [codec["name"] for codec in codecs if codec["name"].startswith("imagecodecs_")]
    if not needed:
        return
    try:
        import imagecodecs.zarr
    except ImportError as error:
        raise ImportError(
            f"{', '.join(needed)} in zarr format 3 needs imagecodecs 2026.5.10 or later, for"
            " Python 3.12 or later: pip install -U imagecodecs there; write_fsspec, in zarr"
            " format 2, needs neither"
        ) from error
    imagecodecs.zarr.register_codecs(verbose=False)


def _uris(array: FileArray, url: str | None, quote: bool | None) -> list[str]:
    """Return the URI of each file."""
    folder, names = file_urls(array.names, url, quote)
    urls = [folder + name for name in names]
    return [each if scheme_of(each) else PurePosixPath(each).as_uri() for each in urls]


class _Sizes:
    """The sizes of files, in bytes, taken when the first is needed."""

    def __init__(self, array: FileArray) -> None:
        self.array = array
        self.versions: Versions | None = None

    def __getitem__(self, number: int) -> int:
        if self.versions is None:
            self.versions = self.array.source.versions(self.array.names)
            if self.versions is None or (self.versions[:, 0] < 0).any():
                raise ReadError("not all files have a size")
        return int(self.versions[number, 0])


def _times(array: FileArray, versions: Versions | None) -> list[datetime]:
    """Return until when each file had not been changed: its time, or now if that is unknown."""
    if not isinstance(array.source, LocalFiles) or versions is None:
        return [datetime.now(UTC)] * len(array.names)
    # a whole second: Icechunk compares no fractions
    return [datetime.fromtimestamp(-(-ns // 10**9), UTC) for ns in versions[:, 1].tolist()]


def _require_unchanged(array: FileArray, versions: Versions, newest: datetime) -> None:
    """Wait until the second of the newest file is over; raise a `ReadError` if files changed."""
    left = newest.timestamp() + CLOCK - time.time()
    if 0 < left <= 1 + CLOCK:  # times in the future are no reason to wait for them
        time.sleep(left)
    now = array.source.versions(array.names, fresh=True)
    same = now is not None and (now == versions).all(axis=1)
    rows = np.flatnonzero(np.logical_not(np.broadcast_to(same, len(versions)))).tolist()
    changed = [array.names[row] for row in rows]
    if changed:
        raise ReadError(f"files changed meanwhile: {shown(changed, len(changed))}")
