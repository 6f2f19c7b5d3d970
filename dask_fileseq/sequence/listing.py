"""Texts for people about a grid: all names and their cells, and its pattern with counts."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from itertools import islice

from dask_fileseq.errors import NamesError
from dask_fileseq.grid import FileGrid, files_along, labels_at
from dask_fileseq.plaintext import counted, printable, public_text, without_secrets


def listing(grid: FileGrid, limit: int | None, below: str = "") -> str:
    """Return a text that lists names and cells, and where they are; see `FileSequence.listing`."""
    if limit is not None and (not isinstance(limit, int) or limit < 0):
        raise NamesError(f"limit={limit!r} must be a number of names, or None for all")
    shown = range(len(grid.names))[:limit]
    cells = cell_labels(grid, shown if grid.positions is None else grid.cells[:limit].tolist())
    missing = cell_labels(grid, grid.empty_cells[:limit].tolist())
    sections: list[tuple[str, int, Iterable[str]]] = [
        (
            "matched",
            len(grid.names),
            (f"{n!r} at {c}" for n, c in zip(grid.names, cells, strict=False)),
        ),
        ("unmatched", len(grid.unmatched), map(repr, grid.unmatched)),
        (
            "duplicate",
            len(grid.duplicates),
            (f"{name!r}, whose cell has {kept!r}" for name, kept in grid.duplicates),
        ),
        ("missing", grid.files_missing, missing),
    ]
    lines = [f"files: {below}"] if below else []
    for title, count, items in sections:
        lines.append(f"{title}: {count:,}")
        lines += [f"  {item}" for item in islice(items, limit)]
        if limit is not None and count > limit:
            lines.append(f"  and {count - limit:,} more")
    return public_text("\n".join(lines))


def depth_text(given: str | None, names: Sequence[str]) -> str:
    """Return, in words, how far below the folder that was opened the files are.

    Empty if they are right inside it, or were not found by the name of a folder.

    >>> depth_text("exp", ["exp/a/t1.tif", "exp/a/b/t1.tif"])
    "in 2 folders, 1 to 2 levels below 'exp'"
    >>> depth_text("ftp://me:secret@host/exp", ["ftp://me:secret@host/exp/a/t1.tif"])
    "in 1 folder, 1 level below 'ftp://host/exp'"
    """
    folder = (given or "").replace(os.sep, "/").rstrip("/")
    start = f"{folder}/" if folder and folder != "." else ""
    if given is None or not names or glob.has_magic(given):
        return ""
    below = [name.replace(os.sep, "/") for name in names]
    if not all(name.startswith(start) for name in below):
        return ""
    folders = {name[len(start) :].removeprefix("./").rpartition("/")[0] for name in below}
    depths = {folder.count("/") + 1 if folder else 0 for folder in folders}
    least, most = min(depths), max(depths)
    if not most:
        return ""
    deep = f"{least} to {most}" if least < most else f"{most}"
    levels = f"{deep} level{'s' * (most != 1)} below {without_secrets(given)!r}"
    return f"in {counted(len(folders), 'folder')}, {levels}"


def cell_labels(grid: FileGrid, cells: Iterable[int]) -> list[str]:
    r"""Return the labels of cells, which are numbered in C order, as texts.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> cell_labels(grid_of_pattern(["t7_a"], r"(t)(\d)_(?P<c>[a-z])"), [0])
    ['t=7, c=a']
    """
    every = (labels_at(grid, cell) for cell in cells)
    return [", ".join(f"{dim}={label}" for dim, label in labels.items()) for labels in every]


def counts(grid: FileGrid) -> str:
    """Return the pattern, which can be pasted, the files along each axis, and the empty cells.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> grid = grid_of_pattern(["1_a", "2_a", "2_b"], "{t:d}_{c}")
    >>> print(counts(grid))
    pattern='{t:d}_{c}' for 3 files: t 2 (1 to 2 files each), c 2 (1 to 2 files each); 1 empty cell
    """
    axes = []
    for dim, size, files in zip(grid.unique_dims, grid.shape, files_along(grid), strict=True):
        few, many = int(files.min()), int(files.max())
        each = f"{few:,} to {many:,}" if few < many else f"{few:,}"
        axes.append(f"{dim} {size:,} ({each} file{'s' * (many > 1)} each)")
    empty, pattern = grid.files_missing, public_text(str(grid.pattern))
    return (
        f"pattern={pattern!r} for {counted(len(grid.names), 'file')}: {', '.join(axes)}; "
        f"{counted(empty, 'empty cell')}"
    )


def short_counts(grid: FileGrid) -> str:
    """Return the number of files, that of cells if some are empty, and the length of each axis.

    >>> from dask_fileseq.grid import grid_of_pattern
    >>> short_counts(grid_of_pattern(["1_a", "2_a", "2_b"], "{t:d}_{c}"))
    '3 of 4 files, t 2, c 2'
    """
    files, empty = len(grid.names), grid.files_missing
    count = f"{files:,} of {files + empty:,}" if empty else f"{files:,}"
    axes = [f", {dim} {size:,}" for dim, size in zip(grid.unique_dims, grid.shape, strict=True)]
    text = f"{count} file{'s' * (files + empty != 1)}{''.join(axes)}"
    return printable(text, lines=False)
