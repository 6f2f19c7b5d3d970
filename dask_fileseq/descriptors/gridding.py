"""The grid of files of which a descriptor says where they are: no I/O."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.descriptors.descriptor import (
    BadDescriptorError,
    Descriptor,
    Extra,
    joined_path,
    well_name,
)
from dask_fileseq.errors import shown
from dask_fileseq.grid import (
    Duplicates,
    FileGrid,
    GridCoord,
    GridMetadata,
    Spacing,
    coord_of_files,
    grid_of_columns,
)
from dask_fileseq.patterns import NameColumns, as_pattern, factorize, typed_texts


def grid_of_descriptor(
    names: Sequence[str],
    descriptor: Descriptor,
    folder: str,
    is_wanted: Callable[[str], bool],
    *,
    spacing: Spacing,
    duplicates: Duplicates,
    is_sure: bool = False,
) -> FileGrid:
    """Return the grid of those names that a descriptor in a folder has; others are unmatched.

    `is_wanted` is whether a file that is not there, by its name, would have been one of `names`;
    then its cell is empty. `is_sure` is whether a user named the descriptor, so that it may
    describe only a few of the files. A `BadDescriptorError` is raised if it describes under half
    of the files otherwise, or if the names contradict it.
    """
    paths = descriptor.files
    if not descriptor.planned:
        paths = [joined_path(folder, file.replace("\\", "/")) for file in paths]
    row_of = _rows_of(names, paths)
    found = np.flatnonzero(row_of >= 0)
    others = [names[i] for i in np.flatnonzero(row_of < 0).tolist()]
    strays = descriptor.strays(others)
    if not len(found) or (len(strays) > len(found) and not is_sure):
        raise BadDescriptorError(
            f"it describes {len(found):,} of {len(names):,} files, and not "
            f"{shown(strays or others, len(strays or others))}"
        )
    there = [names[i] for i in found.tolist()]
    is_there = np.zeros(len(paths), np.bool_)
    is_there[row_of[found]] = True
    kept = np.array([there or is_wanted(p) for p, there in zip(paths, is_there, strict=True)])
    rows = np.flatnonzero(kept)
    rank = np.cumsum(kept) - 1
    columns = _columns(descriptor, rows)
    _confirm(there, rank[row_of[found]], columns, descriptor.preset)
    grid, cells = grid_of_columns(
        there, columns, rank[row_of[found]], spacing=spacing, duplicates=duplicates
    )
    labelled = _labelled(grid, cells, descriptor, rows, frozenset(columns.listed))
    return replace(labelled, unmatched=tuple(others))


def _rows_of(names: Sequence[str], paths: Sequence[str]) -> NDArray[np.int64]:
    """Return the row of each name, -1 without one; letter case does not matter if need be."""
    keys = list(map(os.path.normpath, paths))
    exact = dict(zip(keys, range(len(keys)), strict=True))
    found = [exact.get(os.path.normpath(name), -1) for name in names]
    if -1 in found:
        folded = {key.lower(): row for key, row in exact.items()}
        if len(folded) == len(exact):
            taken = set(found)
            for i, name in enumerate(names):
                row = folded.get(os.path.normpath(name).lower(), -1) if found[i] < 0 else -1
                if row not in taken:
                    found[i] = row
    return np.array(found, np.int64)


def _columns(descriptor: Descriptor, rows: NDArray[np.int64]) -> NameColumns:
    """Return the axes of some rows of a descriptor, by distinct texts."""
    picked = rows.tolist()
    axes = {dim: [values[i] for i in picked] for dim, values in descriptor.axes.items()}
    axes = _with_wells(_without_spare(axes, descriptor.spare))
    texts, codes, types = [], [], []
    listed: dict[str, list[str]] = {}
    for dim, values in axes.items():
        distinct, code = factorize(values)
        names = _labels(descriptor.labels.get(dim, {}), distinct)
        if names is not None:
            listed[dim] = [names[value] for value in sorted(distinct)]
            distinct = [names[value] for value in distinct]
        own_texts, kind = typed_texts(distinct)
        texts.append(own_texts)
        types.append(kind or "word")
        codes.append(code)
    return NameColumns(tuple(axes), tuple(texts), tuple(codes), [], tuple(types), listed=listed)


def _labels(labels: Mapping[Any, str], distinct: list[Any]) -> Mapping[Any, str] | None:
    """Return the labels if each value has its own."""
    names = [labels.get(value) for value in distinct]
    return labels if all(names) and len(set(names)) == len(names) else None


def _without_spare(axes: dict[str, list[Any]], spare: Sequence[str]) -> dict[str, list[Any]]:
    """Return the axes without spare ones, except for those that part files of one cell."""
    kept = {dim: values for dim, values in axes.items() if dim not in spare}
    for dim in spare:
        if dim in axes:
            cells = set(zip(*kept.values(), strict=True)) if kept else {()}
            if len(set(zip(*kept.values(), axes[dim], strict=True))) > len(cells):
                kept[dim] = axes[dim]
    return {dim: values for dim, values in axes.items() if dim in kept}


def _with_wells(axes: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return rows and columns of a plate as one axis of wells if they are no full rectangle."""
    if not {"row", "column"} <= axes.keys():
        return axes
    wells = list(zip(axes["row"], axes["column"], strict=True))
    if len(set(wells)) == len(set(axes["row"])) * len(set(axes["column"])):
        return axes
    names = {well: well_name(*well) for well in set(wells)}
    merged = {dim: values for dim, values in axes.items() if dim != "column"}
    named = [names[well] for well in wells]
    return {"well" if d == "row" else d: named if d == "row" else v for d, v in merged.items()}


def _confirm(
    names: Sequence[str], rows: NDArray[np.int64], columns: NameColumns, preset: str
) -> None:
    """Raise if names, by their preset, part the files otherwise than a descriptor does."""
    if not preset:
        return
    regex = as_pattern(preset).regex
    matches = list(map(regex.search, names))
    if not all(matches):
        return
    for dim, texts, codes in zip(columns.dims, columns.texts, columns.codes, strict=True):
        if dim not in regex.groupindex:
            continue
        of_name = [match[dim] for match in matches if match is not None]
        pairs = list(zip(of_name, codes[rows].tolist(), strict=True))
        here, there = dict(pairs), {code: text for text, code in pairs}
        for name, (text, code) in zip(names, pairs, strict=True):
            if here[text] != code or there[code] != text:
                raise BadDescriptorError(
                    f"it contradicts the names: along {dim!r}, {name!r} has {text!r}, and the "
                    f"descriptor {texts[code]!r}, in another way than for other files"
                )


def _labelled(
    grid: FileGrid,
    cells: NDArray[np.int64],
    descriptor: Descriptor,
    rows: NDArray[np.int64],
    named: frozenset[str],
) -> FileGrid:
    """Return the grid with times as labels where these are regular, and its other coordinates."""
    sizes = dict(zip(grid.coords, grid.shape, strict=True))
    coords: dict[str, GridCoord] = {}
    extras = dict(descriptor.extras)
    for dim, labels in descriptor.labels.items():
        values = descriptor.axes.get(dim)
        if values is not None and dim not in named:  # two with one name, or no axis
            texts = np.array([labels.get(value, "") for value in values])
            extras.setdefault(f"{dim}_name", Extra(texts))
    for name, extra in extras.items():
        coord = coord_of_files(extra.values[rows], cells, sizes, extra.attrs)
        if coord is not None and name not in sizes:
            coords[name] = coord
    labels_of = dict(grid.coords)
    for dim, name in descriptor.index.items():
        found = coords.get(name)
        if found is not None and found.dims == (dim,) and _increases(found.values):
            labels_of[dim] = coords.pop(name).values
    metadata = GridMetadata(
        source=descriptor.source,
        coords=coords,
        pixel_sizes=dict(descriptor.pixel_sizes),
        plate=descriptor.plate,
        pages=dict(descriptor.pages),
        page_labels={d: n for d, n in descriptor.page_labels.items() if d in descriptor.pages},
        notes=descriptor.notes,
    )
    return replace(grid, coords=labels_of, metadata=metadata)


def _increases(values: NDArray[Any]) -> bool:
    """Return whether values of two or more indices increase, and none is unknown."""
    return len(values) > 1 and bool((np.diff(values) > np.zeros(1, np.diff(values).dtype)).all())
