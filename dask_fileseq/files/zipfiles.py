"""ZIP archives: stored members are read by range, others decompressed as far as needed."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any, BinaryIO, cast

from dask_fileseq.files.archive import Archive, Directory
from dask_fileseq.files.fileobjects import (
    BLOCK,
    DecompressedFile,
    NamedBytesIO,
    RangeFile,
    section,
)
from dask_fileseq.files.names import base_name, repeated_names

SMALL = 256 * 1024
"""Largest size, in bytes, of a member that is read whole, and its checksum compared."""

HEADER = 30
"""Number of bytes before a member, without its name and extra field."""

SLACK = 128
"""Number of bytes by which the extra field before a member may exceed the directory's."""

ENCRYPTED = 0x1


class ZipFiles(Archive):
    """Members of a ZIP file; each process reads its directory, again if it changed."""

    def read_directory(self) -> Directory:
        """Read the directory."""
        with self._file.open() as handle, zipfile.ZipFile(handle) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
        repeated = repeated_names([info.filename for info in infos])
        return Directory({info.filename: info for info in infos}, repeated, self._file.open)

    def open_member(self, directory: Directory, name: str) -> BinaryIO:
        """Return a handle on a member."""
        info: zipfile.ZipInfo = directory.members[name]
        if info.flag_bits & ENCRYPTED:
            raise ValueError(f"{name!r} in {self} is encrypted")
        handle = directory.open()
        try:
            return _open_member(handle, info)
        except BaseException:
            handle.close()
            raise

    def version_of(self, member: zipfile.ZipInfo) -> tuple[int, int]:
        """Return the size and the checksum of a member."""
        return member.file_size, member.CRC


def _open_member(handle: BinaryIO, info: zipfile.ZipInfo) -> BinaryIO:
    """Return a handle on a member, given one on the archive."""
    if isinstance(handle, RangeFile):
        handle.announce([_first_range(info)])
    handle.seek(info.header_offset)
    header = handle.read(HEADER)
    if len(header) < HEADER or header[:4] != b"PK\3\4":
        raise zipfile.BadZipFile(f"{info.filename!r} does not stand where the directory says")
    start = info.header_offset + HEADER + sum(struct.unpack_from("<HH", header, 26))
    name = base_name(info.filename)
    if max(info.compress_size, info.file_size) <= SMALL:
        with handle:
            handle.seek(start)
            content = handle.read(info.compress_size)
        if info.compress_type != zipfile.ZIP_STORED:
            content = zipfile.ZipExtFile(io.BytesIO(content), "r", info).read()
        elif zlib.crc32(content) != info.CRC:
            raise zipfile.BadZipFile(f"Bad CRC-32 for file {info.filename!r}")
        return NamedBytesIO(content, name)
    part: Any = section(handle, start, info.compress_size, name)
    if info.compress_type == zipfile.ZIP_STORED:
        return cast(BinaryIO, part)
    stream: Any = zipfile.ZipExtFile(part, "r", info, None, True)
    return cast(BinaryIO, DecompressedFile(stream, info.file_size, name))


def _first_range(info: zipfile.ZipInfo) -> tuple[int, int]:
    """Return the range of a member that is always read: all of it, if it is small.

    The extra field before a member may differ from the one in the directory.
    """
    size = info.compress_size
    if size > SMALL and info.compress_type == zipfile.ZIP_STORED:
        size = BLOCK
    about = HEADER + len(info.orig_filename.encode("utf-8", "replace")) + len(info.extra)
    return info.header_offset, info.header_offset + about + SLACK + size
