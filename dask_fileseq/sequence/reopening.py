"""What a sequence was opened with, to find and parse the files that are there later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from dask_fileseq.files import Names, Source, Suffixes, Versions
from dask_fileseq.grid import FileGrid, grown_grid
from dask_fileseq.sequence.arguments import in_order, listed_files, parsed_grid, tabled_grid


@dataclass(frozen=True)
class Opening:
    """The arguments of a sequence that decide which files it has, and where in the grid."""

    given: str | None
    """The folder, pattern or name; None if names were listed, which stay as they are."""
    suffixes: Suffixes
    sort: Any
    parse: Any
    table: Any
    """What made the grid in place of names; None if nothing did."""
    kwargs: Mapping[str, Any]
    """Arguments of `parse`, such as ``pattern``."""
    rules: Mapping[str, Any]
    """Values of `unmatched`, `duplicates` and `spacing`."""

    def names(self, source: Source, known: Sequence[str]) -> Sequence[str]:
        """Return the names that are there now, in order; the `known` ones if they were listed."""
        if self.given is None:
            return known if isinstance(known, Names) else list(known)
        names, _ = listed_files(self.given, source, self.suffixes)
        return in_order(names, self.sort, True)

    def grid(self, grid: FileGrid, names: Sequence[str], source: Source, **rules: Any) -> FileGrid:
        """Return the grid of files of which another grid has some; the pattern stays."""
        if names is grid.names:
            return grid
        rules = {**self.rules, **rules}
        pattern = grid.pattern
        arranging = {k: v for k, v in self.kwargs.items() if k != "pattern" and v is not None}
        if pattern is not None and arranging.keys() <= {"axesorder"}:
            grown = grown_grid(grid, names, **arranging, **rules)
            if grown is not None:
                return grown
        kwargs = dict(self.kwargs) | ({"pattern": pattern} if pattern is not None else {})
        packed = Names.of(names)
        found = tabled_grid(packed, source, self.given or list(names), self.table, kwargs, rules)
        return found or parsed_grid(packed, self.parse, kwargs, rules)

    def for_pickles(self) -> Self | None:
        """Return what can go to another process; None if functions or tables are part of it."""
        pattern = self.kwargs.get("pattern")
        is_own = callable(pattern) or getattr(pattern, "lookup", None) is not None
        functions = is_own or callable(self.sort) or callable(self.parse)
        return None if functions or not isinstance(self.table, str | None) else self


def known_versions(
    names: Sequence[str], versions: Versions | None, now: Sequence[str], source: Source
) -> Versions | None:
    """Return the versions of the files that there are now, asking only for those of new ones."""
    if versions is None:
        return None
    row_of = {name: row for row, name in enumerate(names)}
    new = [name for name in now if name not in row_of]
    found = source.versions(new) if new else versions[:0]
    if found is None:
        return None
    row_of |= {name: row for row, name in enumerate(new, len(names))}
    every = np.concatenate([versions, found])
    return np.ascontiguousarray(every[[row_of[name] for name in now]])
