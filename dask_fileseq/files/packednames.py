"""File names as one column of bytes, for more names than fit into memory as texts. No I/O."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.files.names import Names

Bytes = NDArray[np.uint8]

STEP = 4096
"""Number of names that are texts at the same time."""

_ODD = (b"//", b"/.", b"@", b"?", b"\\")
"""What names have that are no normalised paths, or URLs with credentials."""


class PackedNames(Names):
    """File names in UTF-8, one behind the other.

    Parameters
    ----------
    folder : str
        What all names begin with; it ends with a slash, or is empty.
    data : ndarray of uint8
        The rest of each name.
    edges : ndarray of int
        Where each of them begins in `data`, and the end of the last one.

    Examples
    --------
    >>> names = PackedNames.of(["exp/t1.tif", "exp/t10.tif"])
    >>> names.folder, names.edges.tolist(), names[1], names.ends()
    ('exp/', [0, 6, 13], 'exp/t10.tif', ('exp/t1.tif', 'exp/t10.tif'))
    """

    def __init__(self, folder: str, data: Bytes, edges: NDArray[np.integer[Any]]) -> None:
        self.folder = folder
        self.data = data
        self.edges = edges

    @classmethod
    def of(cls, names: Sequence[str]) -> PackedNames:
        """Return names in this form."""
        folder = os.path.commonprefix([min(names), max(names)])  # noqa: RUF071
        folder = folder[: folder.rfind("/") + 1]
        parts = [name[len(folder) :].encode("utf-8", "surrogatepass") for name in names]
        edges = np.cumsum([0, *map(len, parts)])
        return cls(folder, np.frombuffer(b"".join(parts), np.uint8), edges)

    def __len__(self) -> int:
        return len(self.edges) - 1

    @overload
    def __getitem__(self, key: int) -> str: ...
    @overload
    def __getitem__(self, key: slice) -> list[str]: ...
    def __getitem__(self, key: int | slice) -> str | list[str]:
        if isinstance(key, slice):
            rows = range(len(self))[key]
            return self.texts(rows.start, rows.stop) if rows.step == 1 else [self[i] for i in rows]
        row = range(len(self))[key]
        return self.folder + _text(self.data[self.edges[row] : self.edges[row + 1]])

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), STEP):
            yield from self.texts(start, min(start + STEP, len(self)))

    def texts(self, start: int, stop: int) -> list[str]:
        """Return the names from `start` to `stop`."""
        if start >= stop:
            return []
        edges = self.edges[start : stop + 1].tolist()
        raw = self.data[edges[0] : edges[-1]].tobytes()
        folder, first = self.folder, edges[0]
        cuts = pairwise(edges)
        if raw.isascii():
            text = raw.decode()
            return [folder + text[a - first : b - first] for a, b in cuts]
        rest = (raw[a - first : b - first] for a, b in cuts)
        return [folder + each.decode("utf-8", "surrogatepass") for each in rest]

    def ends(self) -> tuple[str, str]:
        """Return the first and the last name in order."""
        return self._ends

    @cached_property
    def _ends(self) -> tuple[str, str]:
        return self[self._extreme(np.min)], self[self._extreme(np.max)]

    def _extreme(self, least: Any) -> int:
        """Return the first of the names that are least, or greatest, byte by byte."""
        rows = np.arange(len(self))
        for place in range(int(np.diff(self.edges).max()) + 1):
            at = self.edges[rows] + place
            there = at < self.edges[rows + 1]
            signs = np.zeros(len(rows), np.int16)  # an end is below each sign
            signs[there] = self.data[at[there]].astype(np.int16) + 1
            rows = rows[signs == least(signs)]
            if len(rows) == 1:
                break
        return int(rows[0])

    def longest(self) -> str:
        """Return the longest name, in bytes."""
        return self[int(np.diff(self.edges).argmax())]

    def paths(self) -> PackedNames | None:
        """Return normalised paths, without credentials: what patterns are matched with.

        None if that takes a look at each name.

        >>> PackedNames.of(["s3://a/b/t1.tif", "s3://a/b/t2.tif"]).paths()[0]
        's3:/a/b/t1.tif'
        """
        starts, stops = self.edges[:-1], self.edges[1:]
        is_odd = os.sep != "/" or not len(self.data) or bool((starts == stops).any())
        for start in range(0, len(self.data), 2**24):
            part = self.data[start : start + 2**24 + 1].tobytes()
            is_odd = is_odd or any(odd in part for odd in _ODD)
        is_odd = is_odd or bool(np.isin(self.data[starts], [46, 47]).any())  # '.' and '/'
        is_odd = is_odd or bool((self.data[stops - 1] == 47).any())
        if is_odd or "@" in self.folder or "?" in self.folder:
            return None
        folder = os.path.join(os.path.normpath(self.folder), "") if self.folder else ""
        folder = "" if folder == "./" else folder
        return self if folder == self.folder else PackedNames(folder, self.data, self.edges)

    def digest(self) -> str:
        """Return a hash of all names."""
        hashed = hashlib.blake2b(self.folder.encode("utf-8", "surrogatepass"), digest_size=16)
        for part in (self.edges.astype(np.int64), self.data):
            hashed.update(np.ascontiguousarray(part).data)
        return hashed.hexdigest()

    def __reduce__(self) -> Any:
        lengths = np.diff(self.edges)
        lengths = lengths.astype(np.min_scalar_type(int(lengths.max(initial=0))))
        parts = (zlib.compress(np.ascontiguousarray(part).data, 1) for part in (self.data, lengths))
        return _unpacked_bytes, (self.folder, *parts, lengths.dtype.str)


def _unpacked_bytes(folder: str, data: bytes, lengths: bytes, dtype: str) -> PackedNames:
    counts = np.frombuffer(zlib.decompress(lengths), dtype).astype(np.int64)
    edges = np.concatenate([[0], np.cumsum(counts)])
    return PackedNames(folder, np.frombuffer(zlib.decompress(data), np.uint8), edges)


def _text(data: Bytes) -> str:
    return data.tobytes().decode("utf-8", "surrogatepass")
