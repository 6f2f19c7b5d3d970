"""ZIP archives. Stored members are read by range, others unpacked as far as they are read."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections import Counter
from typing import Any, BinaryIO, cast

from dask_fileseq.errors import ReadError
from dask_fileseq.files.archive import Archive, Directory
from dask_fileseq.files.handles import Unpacked, Window, window
from dask_fileseq.files.ranges import BLOCK
from dask_fileseq.files.urls import base_name

__all__ = ["ZipFiles"]

SMALL = 256 * 1024
"""Bytes of a stored member that is read in one go, and its checksum looked at."""

HEADER = 30
"""Bytes in front of a member, its name and more."""

SLACK = 128
"""Bytes by which what stands in front of a member may differ from what the directory says."""

ENCRYPTED = 0x1


class ZipFiles(Archive):
    """Members of a ZIP file; each process reads its directory, again if it changed."""

    def _read_directory(self) -> Directory:
        try:
            with self._stored.open() as handle, zipfile.ZipFile(handle) as archive:
                infos = [info for info in archive.infolist() if not info.is_dir()]
        except zipfile.BadZipFile as error:
            raise ReadError(
                f"container={str(self)!r} is neither a TAR nor a ZIP file: {error}"
            ) from error
        except MemoryError:
            raise
        except Exception as error:  # of whatever a damaged directory says
            raise ReadError.of(error, f"cannot read container={str(self)!r}: {error}") from error
        members = {info.filename: info for info in infos}
        repeated: frozenset[str] = frozenset()
        if len(members) < len(infos):
            counts = Counter(info.filename for info in infos)
            repeated = frozenset(name for name, count in counts.items() if count > 1)
        return Directory(members, repeated, self._stored)

    def _open_member(self, directory: Directory, name: str) -> BinaryIO:
        info: zipfile.ZipInfo = directory.members[name]
        if info.flag_bits & ENCRYPTED:
            raise ValueError(f"{name!r} in {self} is encrypted")
        handle: BinaryIO = directory.stored.open()
        try:
            if hasattr(handle, "announce"):
                handle.announce([_beginning(info)])
            handle.seek(info.header_offset)
            header = handle.read(HEADER)
            if len(header) < HEADER or header[:4] != b"PK\3\4":
                raise zipfile.BadZipFile(f"{name!r} does not stand where the directory says")
            start = info.header_offset + HEADER + sum(struct.unpack_from("<HH", header, 26))
            part = window(handle, start, info.compress_size, base_name(name))
            if info.compress_type == zipfile.ZIP_STORED:
                return _stored(info, part)
            stream: Any = zipfile.ZipExtFile(cast(Any, part), "r", info, None, True)
            return cast(BinaryIO, Unpacked(stream, info.file_size, part.name))
        except BaseException:
            handle.close()
            raise

    def _version(self, member: Any) -> tuple[int, int]:
        return (-1, -1) if member is None else (member.file_size, member.CRC)


def _beginning(info: zipfile.ZipInfo) -> tuple[int, int]:
    """Return start and stop of what is read of a member for sure: all of it, if it is small.

    The extra field in front of a member may be another one than in the directory.
    """
    size = info.compress_size
    if size > SMALL and info.compress_type == zipfile.ZIP_STORED:
        size = BLOCK
    about = HEADER + len(info.orig_filename.encode("utf-8", "replace")) + len(info.extra)
    return info.header_offset, info.header_offset + about + SLACK + size


def _stored(info: zipfile.ZipInfo, part: Window) -> BinaryIO:
    """Return a member that is not compressed: all of it, if it is small."""
    if info.file_size > SMALL:
        return part.buffered()
    with part:
        content = part.read()
    if zlib.crc32(content) != info.CRC:
        raise zipfile.BadZipFile(f"Bad CRC-32 for file {info.filename!r}")
    return Content(content, part.name)


class Content(io.BytesIO):
    """Bytes in memory, with the name of their file."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name
