"""The arguments `sort`, `parse` and `pattern` of a sequence: names in order, on a grid."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from itertools import chain
from typing import Any

from dask_fileseq.descriptors import grid_beside, grid_of_columns_beside, grid_of_table
from dask_fileseq.errors import NamesError, NoFilesError, check_choice, unknown_arguments
from dask_fileseq.files import (
    TABLE_SUFFIXES,
    LocalFiles,
    Names,
    Source,
    Suffixes,
    TableNames,
    find_files,
    names_in_tables,
    searched,
)
from dask_fileseq.grid import (
    FileGrid,
    grid_of_indices,
    grid_of_pattern,
    grid_of_sequence,
    natural_sorted,
    parse_filenames,
)
from dask_fileseq.patterns import NamePattern, NameProduct, format_names, frame_names
from dask_fileseq.readers import FunctionReader, Reader
from dask_fileseq.types import ReadOptions

ARRANGING = ("axesorder", "categories", "_shape")
"""Arguments of `parse_filenames` that arrange the axes that a pattern finds."""

_OPENING = (
    "files",
    "imread",
    "container",
    "sort",
    "parse",
    "identity",
    "storage_options",
    "path_map",
    "table",
    "fillvalue",
    "series",
    "key",
    "level",
    "imreadargs",
)
"""Other arguments of constructors."""


def parsed_grid(
    names: Names, parse: Callable[..., Any] | None, kwargs: dict[str, Any], rules: dict[str, Any]
) -> FileGrid:
    """Return the grid that a pattern, or the user's own function, makes of names in order.

    `kwargs` are arguments of `parse`, and `rules` those that `check_rules` takes.
    """
    if parse is None or parse is parse_filenames:
        pattern = kwargs.pop("pattern", None)
        is_text = isinstance(pattern, str)
        if isinstance(names, NameProduct) and (pattern is None or pattern == "infer"):
            pattern = None if any(kwargs.values()) else names.pattern
            axes = names.coords
            if pattern is not None:
                return FileGrid(names, tuple(axes), names.shape, axes, pattern=pattern)
        if pattern is None or (is_text and not pattern and parse is None):
            needless = [key for key, value in kwargs.items() if value]
            if needless:
                raise NamesError(f"{', '.join(needless)} needs a pattern")
            return grid_of_sequence(names, "sequence" if parse is None else "I")
        if is_text and pattern == "infer" and len(set(names.ends())) == 1:
            return grid_of_sequence(names)  # nothing varies in one file, or the same one again
        return grid_of_pattern(
            names,
            pattern,
            axesorder=kwargs.get("axesorder"),
            categories=kwargs.get("categories"),
            shape=kwargs.get("_shape"),
            **rules,
        )
    if not callable(parse):
        raise NamesError(f"parse={parse!r} is no function")
    try:
        dims, shape, indices, kept = parse(list(names), **kwargs)
    except Exception as error:
        raise NamesError(f"parse={parse!r} failed to parse file names: {error}") from error
    return grid_of_indices(kept, dims, shape, indices, duplicates=rules["duplicates"])


def check_rules(
    parse: Callable[..., Any] | None, kwargs: Mapping[str, Any], rules: Mapping[str, Any]
) -> None:
    """Raise an error unless rules are known ones, and arguments those of `parse_filenames`."""
    check_choice("unmatched", rules["unmatched"], "raise", "skip")
    check_choice("duplicates", rules["duplicates"], "raise", "first", "last")
    check_choice("spacing", rules["spacing"], "unit", "auto", "step", "values")
    if parse is None or parse is parse_filenames:
        unknown = kwargs.keys() - {"pattern", *ARRANGING}
        if unknown:
            reading = sorted(unknown & {"chunks", *(f.name for f in fields(ReadOptions))})
            if reading:
                raise TypeError(
                    f"unexpected keyword arguments: {', '.join(reading)}: pass them to the method"
                    " that reads, such as to_dask_array or to_xarray"
                )
            known = (*_OPENING, "pattern", *ARRANGING[:2], *rules)
            raise unknown_arguments(unknown, known)


def is_auto(table: Any) -> bool:
    """Return whether a descriptor is to be looked for beside the files."""
    return isinstance(table, str) and table == "auto"


def tabled_grid(
    names: Names,
    source: Source,
    given: str | Sequence[str],
    table: Any,
    kwargs: Mapping[str, Any],
    rules: Mapping[str, Any],
) -> FileGrid | None:
    """Return the grid that a table, or a descriptor beside the files, makes; None without one.

    Raises
    ------
    NamesError
        The table does not describe the files, or there is a pattern as well.
    """
    if table is None or not len(names) or (is_auto(table) and isinstance(names, NameProduct)):
        return None
    arranging = [name for name in ARRANGING if kwargs.get(name)]
    if arranging and is_auto(table):
        return None  # they are about the axes in names
    if arranging:
        raise NamesError(f"{arranging[0]} arranges axes of names, and a table has its own")
    options = {"spacing": rules["spacing"], "duplicates": rules["duplicates"]}
    if is_auto(table) and isinstance(names, TableNames) and names.columns:
        grid = grid_of_columns_beside(names, **options)
        if grid is not None:
            return grid
    if is_auto(table):
        return grid_beside(names, source, given, **options)
    pattern = kwargs.get("pattern")
    if pattern is not None and not (isinstance(pattern, str) and pattern == "infer"):
        raise NamesError(f"pattern={pattern!r:.100} and table={table!r:.100}: give one of them")
    unmatched = rules["unmatched"]
    return grid_of_table(names, source, given, table, unmatched=unmatched, **options)


def listed_files(
    given: str | Sequence[str], source: Source, suffixes: Suffixes
) -> tuple[Sequence[str], NamePattern | None]:
    """Return the names that are given, or that a search finds; a `NoFilesError` if there are none.

    A text such as ``"shot_%04d.tif"``, ``"shot_####.tif"`` or ``"shot_{t:04d}.tif"``, of which
    there is no file or folder itself, gives the files that it names, and their pattern.
    """
    frames = format_names(given) if isinstance(given, str) and "{" in given else None
    if frames is None and isinstance(given, str) and ("%" in given or "#" in given):
        frames = frame_names(given)
    if frames is not None and not searched(str(given), source, suffixes):
        found = source.glob(frames.glob, suffixes)
        names = [name for name in found if frames.pattern.regex.search(name)]
        if not names:
            fields = "texts in place of {field}"
            if "{" not in str(given):
                fields = "numbers in place of '%d' or '#'"
            raise NoFilesError(
                f"no files found: files={given!r}; no file is named so, with {fields}, as"
                f" pattern {str(frames.pattern)!r} has them"
            )
        return names, frames.pattern
    return find_files(given, source, suffixes), None


def names_of_tables(names: Sequence[str], source: Source, reader: Reader) -> TableNames | None:
    """Return the names in tables of names; None if the files are no such tables.

    To a function, a table is a file.
    """
    if isinstance(reader, FunctionReader) or isinstance(names, Names) or not len(names):
        return None
    if not all(name.lower().endswith(TABLE_SUFFIXES) for name in names):
        return None
    return names_in_tables(names, source, reader.suffixes)


def with_files_of_folders(given: Sequence[str], source: Source, reader: Reader) -> Sequence[str]:
    """Return names, with the images in a folder in its place, in natural order.

    Functions may read folders, and so may a reader whose suffix the folder has.
    """
    ends = tuple(chain(*reader.suffixes))
    if isinstance(given, Names) or not ends or isinstance(reader, FunctionReader):
        return given
    if not isinstance(source, LocalFiles):
        return given
    others = [name for name in given if not name.lower().endswith(ends)]
    folders = {name for name in others if os.path.isdir(name)}
    inside = {n: natural_sorted(find_files(n, source, reader.suffixes)) for n in folders}
    return list(chain(*(inside.get(name, [name]) for name in given))) if folders else given


def in_order(names: Sequence[str], sort: Any, found: bool) -> Sequence[str]:
    """Return names in the order of the `sort` argument.

    By default, names that a search `found` are sorted, and a list keeps its own order.

    >>> in_order(["b10", "b2"], None, True), in_order(["b10", "b2"], None, False)
    (['b2', 'b10'], ['b10', 'b2'])
    """
    if not callable(sort):
        if sort not in (None, True, False):
            raise NamesError(f"sort={sort!r} must be a function, True, False or None")
        return natural_sorted(names) if sort or (sort is None and found) else names
    try:
        ordered = list(sort(names))
    except Exception as error:
        raise NamesError(f"sort={sort!r} failed to sort file names: {error}") from error
    if not all(isinstance(name, str) for name in ordered):
        raise NamesError(f"sort={sort!r} must return file names; it returned {ordered!r:.100}")
    return ordered


def first_given(*values: Any) -> Any:
    """Return the first value that is not None.

    >>> first_given(None, 0, "auto")
    0
    """
    return next((value for value in values if value is not None), None)


@contextmanager
def needs_package(method: str, package: str, extra: str) -> Iterator[None]:
    """Raise an ImportError that says how to get a package, if it is not there.

    >>> with needs_package("to_zarr", "zarr 3", "zarr"):
    ...     import no_such_package
    Traceback (most recent call last):
    ...
    ImportError: to_zarr needs zarr 3, which pip install "dask-fileseq[zarr]" brings
    """
    try:
        yield
    except ImportError as error:
        raise ImportError(
            f'{method} needs {package}, which pip install "dask-fileseq[{extra}]" brings'
        ) from error
