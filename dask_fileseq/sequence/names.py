"""File names in their order and on their grid: no pixels, no dask."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal, Self, cast, overload

from numpy.typing import NDArray
from tifffile import TIFF

from dask_fileseq.errors import NamesError, check_choice
from dask_fileseq.files import Names, Source, find_files, open_source
from dask_fileseq.grid import (
    FileGrid,
    grid_of_indices,
    grid_of_pattern,
    grid_of_sequence,
    natural_sorted,
    parse_filenames,
)
from dask_fileseq.readers import read_tiff
from dask_fileseq.readers.formats import IMAGE_SUFFIXES, TIFF_SUFFIXES, reader_of

__all__ = ["Files", "Imread", "NameSequence", "read_by_type"]

Imread = Callable[..., Any]
Files = str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None


class NameSequence(Sequence[str]):
    """The names of a `FileSequence`, which has the documentation."""

    imread: Imread
    axes: str

    def __init__(
        self,
        imread: Imread,
        files: Files,
        *,
        container: Any = None,
        sort: Callable[[Iterable[str]], list[str]] | bool | None = None,
        parse: Callable[..., Any] | None = None,
        unmatched: Literal["raise", "skip"] = "raise",
        duplicates: Literal["raise", "first", "last"] = "raise",
        spacing: Literal["unit", "step", "values"] = "unit",
        identity: Literal["stat", "name"] = "stat",
        **kwargs: Any,
    ) -> None:
        check_choice("unmatched", unmatched, "raise", "skip")
        check_choice("duplicates", duplicates, "raise", "first", "last")
        check_choice("spacing", spacing, "unit", "step", "values")
        check_choice("identity", identity, "stat", "name")
        self._identity_by = identity
        self._source = open_source(container)
        self._container = container
        suffixes = {read_tiff: (TIFF_SUFFIXES,), read_by_type: (TIFF_SUFFIXES, IMAGE_SUFFIXES)}
        names, found = find_files(
            "*" if files is None else files,
            self._source,
            suffixes.get(imread, ()) if isinstance(imread, Hashable) else (),
        )
        if not callable(imread):
            raise TypeError(f"imread={imread!r} is not callable")
        if sort or (sort is None and found):  # a list keeps its order
            names = (sort if callable(sort) else natural_sorted)(names)
        if imread is read_by_type:
            imread = reader_of(names[0])
        self._reader = imread
        self.imread = imread if container is None else partial(_imread_member, self._source, imread)
        rules = {"unmatched": unmatched, "duplicates": duplicates, "spacing": spacing}
        self._grid = _grid_of(Names(names), parse, kwargs, rules)
        self._names = cast(Names, self._grid.names)
        codes = TIFF.AXES_CODES
        self.axes = "".join(codes.get(dim.lower(), dim[0].upper()) for dim in self.dims)

    def __getstate__(self) -> dict[str, Any]:
        container = None if self._container is None else self._source
        return self.__dict__ | {"_container": container}

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the grid's axes; two may be the same."""
        return self._grid.dims

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the grid. The shape of the array is ``seq.to_dask_array().shape``."""
        return self._grid.shape

    @property
    def indices(self) -> Sequence[tuple[int, ...]]:
        """Where on the grid each file stands."""
        return self._grid.indices

    @property
    def files(self) -> list[str]:
        """Names of the files."""
        return list(self._names)

    @property
    def files_missing(self) -> int:
        """Number of empty cells."""
        return self._grid.files_missing

    @property
    def missing(self) -> list[tuple[int, ...]]:
        """The empty cells, by index."""
        return self._grid.missing

    @property
    def coords(self) -> Mapping[str, NDArray[Any]]:
        """For each grid axis, the values that stand behind its indices.

        An axis whose name occurs twice, as ``Q``, is ``Q_0`` and ``Q_1`` here.
        """
        return self._grid.coords

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Names that were left out because the pattern does not match."""
        return self._grid.unmatched

    @property
    def duplicates(self) -> Any:
        """Names that were left out because another file stands for their cell."""
        return self._grid.duplicates

    def commonpath(self) -> str:
        """Return the longest path that all files lie below."""
        names = self._names
        return os.path.dirname(names[0]) if len(names) == 1 else os.path.commonpath(names)

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    @overload
    def __getitem__(self, key: int) -> str: ...
    @overload
    def __getitem__(self, key: slice) -> list[str]: ...
    def __getitem__(self, key: int | slice) -> str | list[str]:
        return self._names[key]

    def close(self) -> None:
        """Close the container, if any. Arrays and stores made of the sequence go on."""
        if self._container is not None:
            self._source.close()
            if hasattr(self._container, "close"):
                self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<dask_fileseq.{type(self).__name__} @0x{id(self):016X}>"

    def __str__(self) -> str:
        name = self[0] if self._container is None else str(self._source)
        return "\n ".join(
            (
                type(self).__name__,
                os.path.split(name)[-1],
                f"files: {len(self)} ({self.files_missing} missing)",
                f"shape: {', '.join(map(str, self.shape))}",
                f"dims: {', '.join(self.dims)}",
            )
        )


def read_by_type(name: str, **imreadargs: Any) -> Any:
    """Read a file with the reader for its type; a sequence takes that reader instead."""
    return reader_of(name)(name, **imreadargs)


def _imread_member(source: Source, imread: Imread, name: str, **imreadargs: Any) -> Any:
    """Read the array of one file in a container."""
    with source.open(name) as file:
        return imread(file, **imreadargs)


def _grid_of(
    names: Names, parse: Callable[..., Any] | None, kwargs: dict[str, Any], rules: dict[str, Any]
) -> FileGrid:
    """Return the grid that the names, or the user's own function, form.

    Names stay packed: a grid of all names in order shares them.
    """
    if parse is None or parse is parse_filenames:
        unknown = kwargs.keys() - {"pattern", "axesorder", "categories", "_shape"}
        if unknown:
            raise TypeError(f"unexpected keyword arguments: {', '.join(sorted(unknown))}")
        pattern = kwargs.pop("pattern", None)
        if not pattern:
            needless = [key for key, value in kwargs.items() if value]
            if needless:
                raise NamesError(f"{', '.join(needless)} needs a pattern")
            return grid_of_sequence(names)
        grid = grid_of_pattern(
            names,
            pattern,
            axesorder=kwargs.get("axesorder"),
            categories=kwargs.get("categories"),
            shape=kwargs.get("_shape"),
            **rules,
        )
    else:
        try:
            dims, shape, indices, kept = parse(list(names), **kwargs)
        except ValueError as error:
            raise NamesError(f"parse={parse!r} failed to parse file names: {error}") from error
        grid = grid_of_indices(kept, dims, shape, indices, duplicates=rules["duplicates"])
    return grid if isinstance(grid.names, Names) else replace(grid, names=Names(grid.names))
