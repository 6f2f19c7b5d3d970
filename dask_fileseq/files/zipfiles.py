"""ZIP archives: stored members are read by range, others decompressed as far as needed."""

from __future__ import annotations

import io
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from dask_fileseq.files.archive import Archive, Directory
from dask_fileseq.files.archivefile import spooled
from dask_fileseq.files.fileobjects import (
    BLOCK,
    DecompressedFile,
    MemoryFile,
    NamedBytesIO,
    RangeFile,
    Section,
    section,
)
from dask_fileseq.files.limits import unpacked_limit
from dask_fileseq.files.names import base_name, repeated_names
from dask_fileseq.files.neighbours import AHEAD, SMALL, opened_together
from dask_fileseq.files.source import Open

HEADER = 30
"""Number of bytes before a member, without its name and extra field."""

SLACK = 128
"""Number of bytes by which the extra field before a member may exceed the directory's."""

COMPARED = 2**20
"""Number of bytes to read at once in order to compare a checksum."""

UNBOUNDED = 4096
"""Largest number of bytes to decompress at a time by codecs that decode all that they are given."""

BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Kinds of compression that are unpacked as far as is asked for."""

ENCRYPTED = 0x1
UNICODE = 0x800
"""Bits of the flags of a member."""


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

    @contextmanager
    def open_whole(self, name: str) -> Iterator[BinaryIO]:
        """Return a context that yields a member's bytes, and compares their checksum.

        A stored member is read twice for that by each process, once if it is remote.
        """
        with self.open(name) as handle:
            if isinstance(handle, DecompressedFile):
                yield handle
                handle.finish()
            elif isinstance(handle, NamedBytesIO):  # was compared
                yield handle
            elif isinstance(handle, Section):
                info = self.directory().members[name]
                handle.announce([(0, info.file_size)])
                content = spooled(handle, name)
                _compare(zlib.crc32(content), info)
                yield cast(BinaryIO, MemoryFile(content, base_name(name)))
            else:
                self._verify(handle, name)
                yield handle

    @contextmanager
    def in_advance(self, names: Sequence[str], size: int | None) -> Iterator[Open]:
        """Return a context that yields what opens members; small ones by a request for many."""
        directory, small = self.directory(), self._small(names)

        def open_part(part: BinaryIO, name: str) -> BinaryIO:
            return _open_member(part, directory.members[name])

        extents = {name: _first_range(info) for name, info in small.items()}
        alone = self.open if size is None else self.open_whole
        with opened_together(directory, extents, open_part, alone) as opened:
            yield opened

    def readers(self, names: Sequence[str], size: int | None) -> int:
        """Return the number of threads: few if all members are small, and come together."""
        return AHEAD if len(self._small(names)) == len(names) else self.concurrency

    def _small(self, names: Sequence[str]) -> dict[str, zipfile.ZipInfo]:
        """Return the members that are read whole, in the order of their names."""
        directory = self.directory()
        found = {name: directory.members.get(name) for name in names}
        return {
            name: info
            for name, info in found.items()
            if info is not None and _is_read_whole(info) and name not in directory.repeated
        }

    def _verify(self, handle: BinaryIO, name: str) -> None:
        """Compare the checksum of a stored member with its bytes, once in each process."""
        directory = self.directory()
        if name not in directory.verified:
            crc = 0
            while more := handle.read(COMPARED):
                crc = zlib.crc32(more, crc)
            _compare(crc, directory.members[name])
            directory.verified.add(name)
            handle.seek(0)

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
        raise zipfile.BadZipFile(f"{info.filename!r} is not where the directory has it")
    lengths = struct.unpack_from("<HH", header, 26)
    _require_name(handle.read(lengths[0]), info)
    start = info.header_offset + HEADER + sum(lengths)
    name = base_name(info.filename)
    if info.compress_type == zipfile.ZIP_STORED and info.compress_size != info.file_size:
        raise zipfile.BadZipFile(f"{info.filename!r} has two sizes, but is not packed")
    bounded = info.compress_type in BOUNDED
    if _is_read_whole(info):
        with handle:
            handle.seek(start)
            content = handle.read(info.compress_size)
        if info.compress_type != zipfile.ZIP_STORED:
            packed = zipfile.ZipExtFile(io.BytesIO(content), "r", info)
            content = packed.read(info.file_size)
            packed.read(1)  # at its end, the checksum is compared
        else:
            _compare(zlib.crc32(content), info)
        return NamedBytesIO(content, name)
    part: Any = section(handle, start, info.compress_size, name)
    if info.compress_type == zipfile.ZIP_STORED:
        return cast(BinaryIO, part)
    stream: Any = zipfile.ZipExtFile(part, "r", info, None, True)
    limit = unpacked_limit(info.compress_size)
    step = sys.maxsize if bounded else UNBOUNDED
    return cast(BinaryIO, DecompressedFile(stream, info.file_size, name, limit, step))


def _is_read_whole(info: zipfile.ZipInfo) -> bool:
    """Return whether a member is read whole into memory, whatever of it is needed."""
    is_small = max(info.compress_size, info.file_size) <= SMALL
    return is_small and info.compress_type in BOUNDED and not info.flag_bits & ENCRYPTED


def _require_name(raw: bytes, info: zipfile.ZipInfo) -> None:
    """Raise a BadZipFile if the name before a member is not that in the directory."""
    found = raw.decode("utf-8" if info.flag_bits & UNICODE else "cp437", "replace")
    if found != info.orig_filename:
        raise zipfile.BadZipFile(f"{info.filename!r} is called {found!r} where it is stored")


def _compare(crc: int, info: zipfile.ZipInfo) -> None:
    """Raise a BadZipFile if a checksum is not that of a member."""
    if crc != info.CRC:
        raise zipfile.BadZipFile(f"Bad CRC-32 for file {info.filename!r}")


def _first_range(info: zipfile.ZipInfo) -> tuple[int, int]:
    """Return the range of a member that is always read: all of it, if it is small.

    The extra field before a member may differ from the one in the directory.
    """
    size = info.compress_size
    if size > SMALL and info.compress_type == zipfile.ZIP_STORED:
        size = BLOCK
    about = HEADER + len(info.orig_filename.encode("utf-8", "replace")) + len(info.extra)
    return info.header_offset, info.header_offset + about + SLACK + size
