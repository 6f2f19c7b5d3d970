"""TAR archives: plain ones are read by range, compressed ones decompressed once a process.

A TAR file has no directory: it is collected by going from member to member. In a compressed
file, a member can be reached only through all members before it. So each process that reads
from it decompresses all of it into a temporary file without a name.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import posixpath
import tarfile
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO, Any, BinaryIO

import imagecodecs

from dask_fileseq.files.archive import Archive, Directory
from dask_fileseq.files.archivefile import ArchiveFile, spooled
from dask_fileseq.files.fileobjects import STEP, MemoryFile, NamedBytesIO, section
from dask_fileseq.files.limits import too_large, unpacked_limit
from dask_fileseq.files.names import base_name
from dask_fileseq.files.neighbours import SMALL, opened_together
from dask_fileseq.files.source import Open, version_number


def _open_zstd(stream: BinaryIO) -> IO[bytes]:
    """Return the content of a Zstandard file, in memory: imagecodecs decodes no streams.

    It gets twice the room until the content fits, up to the limit.
    """
    packed = stream.read()
    limit = unpacked_limit(len(packed)) + 1
    room = min(limit, 8 * len(packed) + STEP)
    while True:
        try:
            return io.BytesIO(imagecodecs.zstd_decode(packed, out=room))
        except imagecodecs.ZstdError as error:
            if "too small" not in str(error):
                raise
            if room == limit:
                raise too_large("the archive", limit) from error
            room = min(limit, 2 * room)


COMPRESSIONS: dict[bytes, Callable[[BinaryIO], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
    b"\x28\xb5\x2f\xfd": _open_zstd,
}
"""Signatures of compressed files, and the functions that open them."""

LINKS = 16
"""Largest number of links in a row that are followed."""


@dataclass(frozen=True, slots=True)
class Member:
    """Offset and size of a member, in bytes, and its version."""

    start: int
    """-1 for a sparse member, which cannot be read."""
    size: int
    version: Hashable


class TarFiles(Archive):
    """Members of a TAR file; `start`, its first bytes, shows whether it is compressed."""

    def __init__(self, file: ArchiveFile, start: bytes) -> None:
        super().__init__(file)
        self._compression = next(filter(start.startswith, COMPRESSIONS), None)
        if self._compression:
            self.concurrency = 1

    def read_directory(self) -> Directory:
        """Collect the members."""
        version = self._file.version()
        open_tar: Callable[[], Any] = self._file.open
        if self._compression:
            decompress = COMPRESSIONS[self._compression]
            with self._file.open() as packed:
                limit = unpacked_limit(packed.seek(0, os.SEEK_END))
                packed.seek(0)
                with decompress(packed) as stream:
                    content = spooled(stream, str(self), limit)
            open_tar = partial(MemoryFile, content, str(self))
        with open_tar() as handle, tarfile.open(fileobj=handle, mode="r:") as archive:
            members, repeated = _members(archive, version)
            handle.seek(archive.offset)
            if handle.read(tarfile.BLOCKSIZE).strip(b"\0"):
                raise tarfile.ReadError(
                    f"there is no member at byte {archive.offset:,}, and not the end either"
                )
        return Directory(members, frozenset(repeated), open_tar)

    def open_member(self, directory: Directory, name: str) -> BinaryIO:
        """Return a handle on a member."""
        member: Member | None = directory.members[name]
        if member is None:
            raise FileNotFoundError(f"{name!r} in {self} is a link to a file that does not exist")
        if member.start < 0:
            raise ValueError(f"{name!r} in {self} is a sparse member, which cannot be read")
        return section(directory.open(), member.start, member.size, base_name(name))

    @contextmanager
    def in_advance(self, names: Sequence[str], size: int | None) -> Iterator[Open]:
        """Return a context that yields what opens members; small ones by a request for many."""
        directory = self.directory()
        found = {name: directory.members.get(name) for name in names}
        extents = {
            name: (member.start, member.start + member.size)
            for name, member in found.items()
            if member is not None and member.start >= 0 and member.size <= SMALL
            if name not in directory.repeated
        }

        def open_part(part: BinaryIO, name: str) -> BinaryIO:
            start, stop = extents[name]
            part.seek(start)
            content = part.read(stop - start)
            if len(content) < stop - start:
                raise EOFError(f"{name!r} is cut short")
            return NamedBytesIO(content, base_name(name))

        with opened_together(directory, extents, open_part, self.open) as opened:
            yield opened

    def version_of(self, member: Member) -> tuple[int, int]:
        """Return the size of a member, and a number for its time and place."""
        return member.size, version_number(member.version, member.start)


def _members(
    archive: tarfile.TarFile, version: Hashable
) -> tuple[dict[str, Member | None], set[str]]:
    """Return the files in an archive, None for broken links, and the repeated names."""
    members: dict[str, Member | None] = {}
    links: dict[str, str] = {}
    repeated = set()
    for info in archive:
        archive.members = []  # type: ignore[attr-defined] # it would keep all of them
        name = posixpath.normpath(info.name)
        if not (info.isreg() or info.issym() or info.islnk()):
            continue
        if name in members:
            repeated.add(name)
        members[name] = None
        if info.issym():
            links[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), info.linkname))
        elif info.islnk():
            links[name] = posixpath.normpath(info.linkname)
        else:
            start = -1 if info.issparse() else info.offset_data
            members[name] = Member(start, info.size, (version, info.mtime))
    for name in links:
        target = name
        for _ in range(LINKS):
            target = links.get(target, target)
        members[name] = members.get(target)
    return members, repeated
