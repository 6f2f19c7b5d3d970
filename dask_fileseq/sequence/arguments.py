"""The arguments `sort`, `parse` and `pattern` of a sequence: names in order, on a grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dask_fileseq.errors import NamesError, check_choice
from dask_fileseq.files import Names
from dask_fileseq.grid import (
    FileGrid,
    grid_of_indices,
    grid_of_pattern,
    grid_of_sequence,
    natural_sorted,
    parse_filenames,
)


def parsed_grid(
    names: Names, parse: Callable[..., Any] | None, kwargs: dict[str, Any], rules: dict[str, Any]
) -> FileGrid:
    """Return the grid that a pattern, or the user's own function, makes of names.

    Parameters
    ----------
    names : Names
        File names in order. They stay packed: a grid of all names in order shares them.
    parse : callable, optional
        The user's function; `parse_filenames` by default.
    kwargs : dict
        Its arguments, ``pattern`` for one.
    rules : dict
        Values of `unmatched`, `duplicates` and `spacing`.

    Raises
    ------
    NamesError
        If the names do not form a grid.
    TypeError
        If there are unexpected arguments.
    """
    check_choice("unmatched", rules["unmatched"], "raise", "skip")
    check_choice("duplicates", rules["duplicates"], "raise", "first", "last")
    check_choice("spacing", rules["spacing"], "unit", "auto", "step", "values")
    if parse is None or parse is parse_filenames:
        unknown = kwargs.keys() - {"pattern", "axesorder", "categories", "_shape"}
        if unknown:
            raise TypeError(f"unexpected keyword arguments: {', '.join(sorted(unknown))}")
        pattern = kwargs.pop("pattern", None)
        is_text = isinstance(pattern, str)
        if pattern is None or (is_text and not pattern):
            needless = [key for key, value in kwargs.items() if value]
            if needless:
                raise NamesError(f"{', '.join(needless)} needs a pattern")
            return grid_of_sequence(names)
        if is_text and pattern == "infer" and min(names) == max(names):
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


def in_order(names: list[str], sort: Any, found: bool) -> list[str]:
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
