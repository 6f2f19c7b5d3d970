"""Names and a user's arguments to a grid: by a pattern, a function, or their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dask_fileseq.errors import NamesError
from dask_fileseq.files import Names
from dask_fileseq.grid import (
    FileGrid,
    grid_of_indices,
    grid_of_pattern,
    grid_of_sequence,
    parse_filenames,
)

__all__ = ["grid_of"]


def grid_of(
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
        if not hasattr(pattern, "columns") and not pattern:  # a DataFrame is neither
            needless = [key for key, value in kwargs.items() if value]
            if needless:
                raise NamesError(f"{', '.join(needless)} needs a pattern")
            return grid_of_sequence(names)
        if isinstance(pattern, str) and pattern == "infer" and min(names) == max(names):
            return grid_of_sequence(names)  # one file, or the same again: nothing can vary
        return grid_of_pattern(
            names,
            pattern,
            axesorder=kwargs.get("axesorder"),
            categories=kwargs.get("categories"),
            shape=kwargs.get("_shape"),
            **rules,
        )
    try:
        dims, shape, indices, kept = parse(list(names), **kwargs)
    except ValueError as error:
        raise NamesError(f"parse={parse!r} failed to parse file names: {error}") from error
    return grid_of_indices(kept, dims, shape, indices, duplicates=rules["duplicates"])
