"""Names of all combinations of labels, which are written when they are asked for. No I/O."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import DuplicateError, NamesError
from dask_fileseq.files import Names
from dask_fileseq.patterns.name_pattern import NamePattern
from dask_fileseq.patterns.name_template import NameTemplate

FEW = 100_000
"""Number of names up to which it is looked at all of them whether two are the same."""


class _Texts:
    """The texts of a field, with what is before it, for the labels of an axis; -1 for one text.

    Parts of it share the texts, so that a graph of many parts is small.
    """

    __slots__ = ("axis", "rows", "texts")

    def __init__(self, axis: int, texts: tuple[str, ...], rows: range | None = None) -> None:
        self.axis, self.texts = axis, texts
        self.rows = range(len(texts)) if rows is None else rows

    def part(self, axis: int, place: int | slice | Sequence[int]) -> _Texts:
        """Return the texts at places."""
        if isinstance(place, slice):
            return _Texts(axis, self.texts, self.rows[place])
        return _Texts(axis, tuple(self[i] for i in np.atleast_1d(place).tolist()))

    def __getitem__(self, place: int) -> str:
        return self.texts[self.rows[place]]

    def __iter__(self) -> Iterator[str]:
        return (self.texts[i] for i in self.rows)

    def __reduce__(self) -> Any:
        return _Texts, (self.axis, tuple(self))


class NameProduct(Names):
    """The names of files, one for each combination of labels, written by a format string.

    It is a sequence of names, and opens as one: ``open_sequence(NameProduct(...))``. Nothing is
    listed or parsed, and it takes memory for labels only, so that there may be a hundred million
    names. The files need not exist until they are read.

    Parameters
    ----------
    pattern : str
        A format string, as in `open_sequence`: ``"t{t:05d}/z{z:04d}.tif"``.
    **labels : sequence
        The labels of each of its fields: numbers, texts or dates. The last field varies fastest.

    Raises
    ------
    NamesError
        A field has no labels, or a label cannot be written in its field.
    DuplicateError
        Two combinations have the same name.

    Examples
    --------
    >>> from dask_fileseq import NameProduct, open_sequence
    >>> names = NameProduct("t{t:05d}/z{z:04d}.tif", t=range(10_000), z=range(10_000))
    >>> len(names), names[-1]
    (100000000, 't09999/z9999.tif')
    >>> open_sequence(names)
    <FileSequence 100,000,000 files, t 10,000, z 10,000>
    """

    def __init__(self, pattern: str, /, **labels: Any) -> None:
        template = NameTemplate.of(pattern)
        if labels.keys() != set(template.fields) or not labels:
            raise NamesError(
                f"pattern {pattern!r} has the fields {', '.join(template.fields) or 'none'}, and"
                f" there are labels for {', '.join(labels) or 'none'}"
            )
        self.coords: Mapping[str, NDArray[Any]] = {
            field: _labels(field, labels[field]) for field in template.fields
        }
        """The labels along each axis."""
        rows = {
            field: [v if values.dtype.kind in "mM" else v.item() for v in values]
            for field, values in self.coords.items()
        }
        columns = [tuple(column) for column in template.columns(rows)]
        axes = [template.fields.index(part.name) for part in template.parts]
        self.pattern: NamePattern | None = template.pattern
        """What finds the labels in such names."""
        self.shape = tuple(map(len, self.coords.values()))
        """Number of labels along each axis."""
        self._parts = tuple(map(_Texts, axes, columns))
        self._end = template.end
        self._require_separate(pattern, [len(part.before) for part in template.parts])

    def _require_separate(self, pattern: str, starts: Sequence[int]) -> None:
        """Raise an error if two names may be the same.

        None are if it is evident where each text ends, and no two labels have the same texts.
        """
        twice = [
            field
            for axis, (field, size) in enumerate(zip(self.coords, self.shape, strict=True))
            if len({*zip(*(each for each in self._parts if each.axis == axis), strict=True)}) < size
        ]
        befores = [texts[0][:n] for texts, n in zip(self._parts, starts, strict=True)]
        ends = zip(self._parts, starts, [*befores[1:], None], strict=True)
        if twice:
            raise DuplicateError(f"pattern {pattern!r} writes two labels of {twice[0]!r} alike")
        if all(_ends_evidently([t[n:] for t in texts], after) for texts, n, after in ends):
            return
        if len(self) > FEW or len(set(self)) < len(self):
            raise DuplicateError(
                f"pattern {pattern!r} may write one name for two combinations of labels: put a"
                " text that is in no label between its fields, or zeros before numbers"
            )

    def part(self, places: Sequence[int | slice | Sequence[int]]) -> NameProduct:
        """Return the names at places along each axis; a single one drops the axis.

        >>> NameProduct("{c}_{t}.tif", c="AB", t=range(9)).part([1, slice(3, 9, 5)])[:]
        ['B_3.tif', 'B_8.tif']
        """
        kept = [axis for axis, place in enumerate(places) if not isinstance(place, int)]
        new = {axis: number for number, axis in enumerate(kept)}
        part = object.__new__(NameProduct)
        part.pattern, part._end = self.pattern, self._end
        taken = {
            dim: values[place] if isinstance(place, slice) else values[list(place)]
            for (dim, values), place in zip(self.coords.items(), places, strict=True)
            if not isinstance(place, int)
        }
        part.coords, part.shape = taken, tuple(map(len, taken.values()))
        part._parts = tuple(
            texts.part(new.get(texts.axis, -1), places[texts.axis] if texts.axis >= 0 else 0)
            for texts in self._parts
        )
        return part

    def digest(self) -> str:
        """Return a hash of all names."""
        parts = repr((self.shape, *((p.axis, *p) for p in self._parts), self._end))
        return hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()

    @overload
    def __getitem__(self, key: int) -> str: ...
    @overload
    def __getitem__(self, key: slice) -> list[str]: ...
    def __getitem__(self, key: int | slice) -> str | list[str]:
        rows = range(len(self))[key]
        return self._name(rows) if isinstance(rows, int) else list(map(self._name, rows))

    def _name(self, number: int) -> str:
        index = []
        for size in reversed(self.shape):
            number, place = divmod(number, size)
            index.append(place)
        index.reverse()
        return self._written(index)

    def _written(self, index: Sequence[int]) -> str:
        places = (*index, 0)  # the last one is that of texts without an axis
        return "".join([texts[places[texts.axis]] for texts in self._parts]) + self._end

    def __len__(self) -> int:
        return math.prod(self.shape)

    def __iter__(self) -> Iterator[str]:
        return map(self._written, itertools.product(*map(range, self.shape)))

    def ends(self) -> tuple[str, str]:
        """Return names, or texts, between which all names are in order."""
        low = high = self._end
        for texts in reversed(self._parts):
            low, high = min(text + low for text in texts), max(text + high for text in texts)
        return low, high


def _labels(field: str, labels: Any) -> NDArray[Any]:
    """Return labels along an axis as an array."""
    if isinstance(labels, range):
        return np.arange(labels.start, labels.stop, labels.step)
    values = np.array(list(labels) if isinstance(labels, str) else labels)
    if values.ndim != 1 or not values.size or values.dtype.kind not in "iufUmM":
        raise NamesError(
            f"labels of {field!r} must be numbers, texts or dates, got {labels!r:.100}"
        )
    return values


def _ends_evidently(texts: Sequence[str], after: str | None) -> bool:
    """Return whether it is evident where texts end that are before another one, or last.

    >>> _ends_evidently(["1", "10"], "_"), _ends_evidently(["1", "10"], ""), _ends_evidently(
    ...     ["a_b", "c"], "_")
    (True, False, False)
    """
    if after is None or len(set(map(len, texts))) == 1:
        return True
    return bool(after) and all((text + after).find(after) == len(text) for text in texts)
