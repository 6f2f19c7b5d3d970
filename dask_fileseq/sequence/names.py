"""File names in their order and on their grid: no pixels, no dask."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal, Self, overload

from numpy.typing import NDArray
from tifffile import TIFF

from dask_fileseq.errors import check_choice
from dask_fileseq.files import (
    LocalFiles,
    Names,
    Source,
    archive_of,
    common_path,
    find_files,
    given_names,
    open_source,
)
from dask_fileseq.grid import FileGrid
from dask_fileseq.patterns import NamePattern
from dask_fileseq.readers import as_reader
from dask_fileseq.sequence.listing import counts, listing
from dask_fileseq.sequence.placing import grid_of, in_order

__all__ = ["Files", "Imread", "NameSequence"]

_log = logging.getLogger("dask_fileseq")

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
        storage_options: Mapping[str, Any] | None = None,
        path_map: Mapping[Any, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        check_choice("unmatched", unmatched, "raise", "skip")
        check_choice("duplicates", duplicates, "raise", "first", "last")
        check_choice("spacing", spacing, "unit", "step", "values")
        check_choice("identity", identity, "stat", "name")
        self._identity_by = identity
        reader = as_reader(imread)
        archive = archive_of(files, by_name=True) if container is None else None
        if archive is not None:
            container, files = archive
        given = given_names("*" if files is None else files)
        found = isinstance(given, str)
        first = given if isinstance(given, str) else given[0]
        self.source = open_source(container, first, storage_options, path_map)
        self._container = container
        names = find_files(given, self.source, reader.suffixes)
        names = in_order(names, sort, found)
        self.reader = reader.for_file(names[0] if names else "")
        imread = self.reader if self.reader is not reader else imread
        is_path = isinstance(self.source, LocalFiles) and not path_map
        self.imread = imread if is_path else partial(_imread_member, self.source, imread)
        rules = {"unmatched": unmatched, "duplicates": duplicates, "spacing": spacing}
        asked = kwargs.get("pattern")
        self._place(grid_of(Names(names), parse, kwargs, rules))
        inferred = isinstance(asked, str) and asked == "infer"
        self._inferred = self.pattern if inferred else None
        if self._inferred is not None:
            _log.info("%s", counts(self.grid, self._inferred))

    def _place(self, grid: FileGrid) -> None:
        """Stand on a grid."""
        names = grid.names if isinstance(grid.names, Names) else Names(grid.names)
        self._names = names
        self.grid = grid if grid.names is names else replace(grid, names=names)
        codes = TIFF.AXES_CODES
        self.axes = "".join(codes.get(dim.lower(), dim[0].upper()) for dim in self.dims)

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__ | {"_container": None if self._container is None else self.source}
        if self.pattern is not None and self.pattern.lookup is not None:
            # a user's function may not pickle, and a table may be as large as all names
            state["grid"] = replace(self.grid, pattern=None)
        return state

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the grid's axes; two may be the same."""
        return self.grid.dims

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the grid. The shape of the array is ``seq.to_dask_array().shape``."""
        return self.grid.shape

    @property
    def indices(self) -> Sequence[tuple[int, ...]]:
        """Where on the grid each file stands; a tuple for files in a row, as in tifffile."""
        indices = self.grid.indices
        return tuple(indices) if self.dims == ("sequence",) else indices

    @property
    def files(self) -> list[str]:
        """Names of the files."""
        return list(self._names)

    @property
    def files_missing(self) -> int:
        """Number of empty cells."""
        return self.grid.files_missing

    @property
    def missing(self) -> list[tuple[int, ...]]:
        """The empty cells, by index."""
        return self.grid.missing

    @property
    def coords(self) -> Mapping[str, NDArray[Any]]:
        """For each grid axis, the values that stand behind its indices.

        An axis whose name occurs twice, as ``Q``, is ``Q_0`` and ``Q_1`` here.
        """
        return self.grid.coords

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Names that were left out because the pattern does not match."""
        return self.grid.unmatched

    @property
    def duplicates(self) -> Any:
        """Names that were left out because another file stands for their cell."""
        return self.grid.duplicates

    @property
    def pattern(self) -> NamePattern | None:
        """What found the axes in the names; its ``str()`` can be passed as ``pattern=``.

        None where files stand in a row, or a `parse` function placed them. What a function
        or a table says is not kept in pickles.
        """
        return self.grid.pattern

    def listing(self, limit: int | None = 20) -> str:
        """Return a text of all names: matched, unmatched, duplicate, and empty cells.

        Parameters
        ----------
        limit : int, optional
            How many of each to show; None for all.
        """
        return listing(self.grid, limit)

    def commonpath(self) -> str:
        """Return the longest path that all files lie below."""
        return common_path(self._names)

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
        """Close the container, if any.

        Arrays and stores made of the sequence go on, unless the container is an open
        archive that cannot be opened again by its name.
        """
        if self._container is not None:
            self.source.close()
            if hasattr(self._container, "close"):
                self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<dask_fileseq.{type(self).__name__} @0x{id(self):016X}>"

    def __str__(self) -> str:
        name = self[0] if self._container is None else str(self.source)
        found = [] if self._inferred is None else [f"pattern: {self._inferred}"]
        return "\n ".join(
            (
                type(self).__name__,
                os.path.split(name)[-1],
                f"files: {len(self)} ({self.files_missing} missing)",
                f"shape: {', '.join(map(str, self.shape))}",
                f"dims: {', '.join(self.dims)}",
                *found,
            )
        )


def _imread_member(source: Source, imread: Imread, name: str, **imreadargs: Any) -> Any:
    """Read the array of one file in a container, at a URL, or below another root."""
    with source.open(name) as file:
        return imread(file, **imreadargs)
