"""TAR archives. Plain ones are read by range; compressed ones are unpacked once a process.

A TAR file has no directory: its index is made by going from member to member. In a
compressed one, no member can be reached but through all before it. So it is unpacked,
by each process that reads from it, into a temporary file without a name.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import posixpath
import tarfile
import zlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

import imagecodecs

from dask_fileseq.errors import ReadError
from dask_fileseq.files.archive import Archive, Directory, numbered
from dask_fileseq.files.handles import window
from dask_fileseq.files.stored import Stored, spooled
from dask_fileseq.files.urls import base_name

__all__ = ["COMPRESSIONS", "TarFiles"]


def _open_zstd(stream: BinaryIO) -> IO[bytes]:
    """Return what a Zstandard stream holds; in memory, for want of a decoder of streams."""
    return io.BytesIO(imagecodecs.zstd_decode(stream.read()))


COMPRESSIONS: dict[bytes, Callable[[BinaryIO], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
    b"\x28\xb5\x2f\xfd": _open_zstd,
}
"""How a compressed file begins, and what opens it."""

LINKS = 16
"""Links in a row that are followed."""


@dataclass(frozen=True, slots=True)
class Member:
    """Where a member stands."""

    start: int
    size: int
    version: Hashable


class TarFiles(Archive):
    """Members of a TAR file; each process makes its index, again if it changed.

    Parameters
    ----------
    stored : Stored
        Its bytes.
    magic : bytes
        What it begins with.
    """

    def __init__(self, stored: Stored, magic: bytes = b"") -> None:
        super().__init__(stored)
        opens = (start for start in COMPRESSIONS if magic.startswith(start))
        self._compression = next(opens, None)
        if self._compression:
            self.concurrency = 1

    def _read_directory(self) -> Directory:
        version = self._stored.version()
        carrier: Any = self._stored
        try:
            if self._compression:
                unpack = COMPRESSIONS[self._compression]
                with self._stored.open() as packed, unpack(packed) as stream:
                    carrier = spooled(stream)
            with carrier.open() as handle, tarfile.open(fileobj=handle, mode="r:") as archive:
                members, repeated = _members(archive, version)
                _require_end(handle, archive.offset)
        except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
            raise ReadError.of(error, f"cannot read container={str(self)!r}: {error}") from error
        except imagecodecs.ZstdError as error:
            raise ReadError(f"cannot unpack container={str(self)!r}: {error}") from error
        except OSError as error:
            raise ReadError.of(error, f"cannot unpack container={str(self)!r}: {error}") from error
        return Directory(members, frozenset(repeated), carrier)

    def _open_member(self, directory: Directory, name: str) -> BinaryIO:
        member: Member | None = directory.members[name]
        if member is None:
            raise FileNotFoundError(f"{name!r} in {self} is a link to what is not there")
        if member.start < 0:
            raise ValueError(f"{name!r} in {self} is a sparse member, which cannot be read")
        handle = directory.stored.open()
        return window(handle, member.start, member.size, base_name(name)).buffered()

    def _version(self, member: Member | None) -> tuple[int, int]:
        return (-1, -1) if member is None else (member.size, numbered(member.version, member.start))


def _require_end(handle: BinaryIO, offset: int) -> None:
    """Raise an error if members that cannot be read end the list, as they do for `tarfile`."""
    handle.seek(offset)
    if handle.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError(f"no member stands at byte {offset:,}, and not the end")


def _members(
    archive: tarfile.TarFile, version: Hashable
) -> tuple[dict[str, Member | None], set[str]]:
    """Return the files in an archive, and the names that occur more than once."""
    members: dict[str, Member | None] = {}
    links: dict[str, str] = {}
    repeated = set()
    for info in archive:
        archive.members = []  # type: ignore[attr-defined] # else it keeps them all
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
