"""Checksums of the objects that a conversion writes, and their comparison when it is resumed.

A row of text for each object, ``key size whole part``: its size in bytes (-1 if all of it is
the fill value, so that there is none), and CRC-32 of all bytes and of a part of them, which
is read in little time: the first, the middle and the last.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from zarr.abc.store import RangeByteRequest, Store
from zarr.core.buffer import Buffer, default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import WrapperStore

from dask_fileseq.convert.targetstore import MANY, TargetStore

PART = 4096
"""Number of bytes at the beginning, in the middle and at the end of an object."""

Sums = tuple[int, int | None, int]
"""Size, sum of all bytes (None if not all were read), and sum of a part."""


class ChecksumStore(WrapperStore[Store]):
    """A store that keeps the sums of what is written."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.sums: dict[str, str] = {}

    async def set(self, key: str, value: Buffer) -> None:
        """Write an object."""
        await self._store.set(key, value)
        content = value.as_numpy_array().data.cast("B")
        self.sums[key] = _text(_sums_of(content))


def object_rows(target: TargetStore, keys: Iterable[str], sums: dict[str, str]) -> list[str]:
    """Return the rows of objects that were written; those without sums are read back."""
    return [f"{key} {sums.get(key) or _text(_found(target, key, whole=True))}" for key in keys]


def damaged(target: TargetStore, rows: Iterable[str], *, whole: bool) -> Iterator[int]:
    """Yield the numbers of the rows whose object is not as it was written.

    All objects are looked at: their size and a part of each, or if `whole`, all bytes.
    """

    def is_damaged(row: str) -> bool:
        key, size, expected, part = row.rsplit(" ", 3)
        found = _found(target, key, whole=whole)
        others = found[1] is not None and found[1] != int(expected)
        return found[0] != int(size) or found[2] != int(part) or others

    with ThreadPoolExecutor(MANY) as pool:
        for number, bad in enumerate(pool.map(is_damaged, rows)):
            if bad:
                yield number


def _text(sums: Sums) -> str:
    size, whole, part = sums
    return f"{size} {whole or 0} {part}"


def _found(target: TargetStore, key: str, *, whole: bool) -> Sums:
    """Return the sums of an object that is in the target."""
    found: Sums | None = None
    with suppress(FileNotFoundError):
        if target.folder is not None:
            found = _sums_on_disk(target.folder / key, whole)
        else:
            found = sync(_sums_in_store(target.store, key, whole))
    return found or (-1, None, 0)


def _sums_on_disk(path: Path, whole: bool) -> Sums:
    with path.open("rb") as file:
        if whole:
            return _sums_of(memoryview(file.read()))
        size = file.seek(0, 2)

        def read(start: int, stop: int) -> bytes:
            file.seek(start)
            return file.read(stop - start)

        return size, None, _crc(read(*part) for part in _parts(size))


async def _sums_in_store(store: Store, key: str, whole: bool) -> Sums | None:
    prototype = default_buffer_prototype()
    if whole:
        value = await store.get(key, prototype)
        return None if value is None else _sums_of(memoryview(value.to_bytes()))
    size = await store.getsize(key)
    ranges = (RangeByteRequest(*part) for part in _parts(size))
    parts = await asyncio.gather(*(store.get(key, prototype, part) for part in ranges))
    return size, None, _crc(part.to_bytes() for part in parts if part is not None)


def _sums_of(content: memoryview) -> tuple[int, int, int]:
    """Return the sums of the bytes of an object.

    >>> _sums_of(memoryview(bytes(10**5))) == _sums_of(memoryview(bytes(10**5 - 1) + b"1"))
    False
    """
    parts = (content[start:stop] for start, stop in _parts(len(content)))
    return len(content), zlib.crc32(content), _crc(parts)


def _parts(size: int) -> Sequence[tuple[int, int]]:
    """Return start and stop of the bytes that are read of an object of a size."""
    if size <= 3 * PART:
        return [(0, size)] if size else []
    middle = (size - PART) // 2
    return [(0, PART), (middle, middle + PART), (size - PART, size)]


def _crc(parts: Iterable[Any]) -> int:
    crc = 0
    for part in parts:
        crc = zlib.crc32(part, crc)
    return crc
