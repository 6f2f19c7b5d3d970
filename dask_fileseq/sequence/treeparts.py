"""Files of several shapes as parts of a tree, each of one shape and data type.

The headers of all files are read, in parallel. What each part is called shows what is in it:
a label along the axis that the user names, else shape and data type; below it, the level.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import NamesError, ReadError
from dask_fileseq.filearray import checked_fillvalue
from dask_fileseq.graph import Scheduler, run_batches
from dask_fileseq.grid import FileGrid, part_of_files, plain_labels
from dask_fileseq.headers import files_per_task, look_into_files
from dask_fileseq.readers import File, PaddedReader, Reader
from dask_fileseq.types import ReadOptions

if TYPE_CHECKING:
    from dask_fileseq.sequence.filesequence import FileSequence

Sequences = TypeVar("Sequences", bound="FileSequence")


@dataclass(frozen=True)
class Form:
    """What files of one node have in common."""

    ndim: int
    dtype: str
    axes: str
    """Names of the axes."""
    levels: int
    """Number of levels of a pyramid."""
    shapes: tuple[tuple[int, ...], ...]
    """Shape of each level; empty if they are filled to the largest."""


Shapes = tuple[tuple[int, ...], ...]


def sequences_of_tree(
    seq: Sequences,
    options: Mapping[str, Any],
    *,
    split: str | None,
    levels: bool,
    pad: Any,
    scheduler: Any,
) -> dict[str, tuple[Sequences, dict[str, Any]]]:
    """Return the parts of a sequence, and their reading options; see `FileSequence.tree`.

    Files whose headers cannot be read, and that are to be filled, are in the largest part.
    """
    if split is not None and split not in seq.coords:
        raise NamesError(f"split={split!r} is none of the axes {', '.join(seq.coords)}")
    reading = ReadOptions(**options)
    known = _forms(seq, reading, levels, Scheduler(scheduler))
    nodes: dict[str, tuple[Sequences, dict[str, Any]]] = {}
    for label, numbers in _labelled(seq.grid, split):
        counts = Counter(known[number] for number in numbers if number in known)
        usual = (counts or Counter(known.values())).most_common(1)[0][0]
        forms = {number: known.get(number, usual) for number in numbers}
        groups: dict[Form, list[int]] = {}
        for number in numbers:
            form, _ = forms[number]
            key = form if pad is None else replace(form, shapes=())
            groups.setdefault(key, []).append(number)
        for form, members in groups.items():
            shapes = _largest([forms[number][1] for number in members])
            name = _node_name(form, shapes[0], groups, pad is not None)
            path = "/".join([label] * bool(label) + [name] * (not label or len(groups) > 1))
            grid = part_of_files(seq.grid, np.array(members))
            fill = None if pad is None else checked_fillvalue(pad, np.dtype(form.dtype), "pad")
            for level, shape in enumerate(shapes):
                reader = seq.reader if pad is None else PaddedReader(seq.reader, shape, fill)
                own = dict(options)
                if levels and level:
                    own["imreadargs"] = {**reading.imreadargs, "level": level}
                place = _unused(f"{path}/{level}" if levels else path, nodes)
                nodes[place] = seq.with_grid(grid, reader), own
    return nodes


def _labelled(grid: FileGrid, split: str | None) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield each label along an axis as the name of a node, and the numbers of its files."""
    if split is None:
        yield "", range(len(grid.names))
        return
    along: NDArray[np.int64] = grid.along[grid.unique_dims.index(split)]
    names: set[str] = set()
    for place, value in enumerate(grid.coords[split]):
        numbers = np.flatnonzero(along == place).tolist()
        if numbers:
            name = _unused(str(plain_labels(value)).replace("/", "_").strip(".") or "_", names)
            names.add(name)
            yield name, numbers


def _unused(name: str, used: Any) -> str:
    """Return a name that no other node has."""
    while name in used:
        name += "_"
    return name


def _node_name(
    form: Form, shape: tuple[int, ...], others: Mapping[Form, Any], is_padded: bool
) -> str:
    """Return shape and type as the name of a node, with the axes if another node has both.

    >>> form = Form(2, "uint8", "yx", 1, ((4, 6),))
    >>> _node_name(form, (4, 6), {form: ()}, False)
    '4x6_uint8'
    """
    name = f"{'x'.join(map(str, shape)) or 'scalar'}_{form.dtype}"
    same = [f for f in others if f.dtype == form.dtype and f.shapes[:1] == form.shapes[:1]]
    return name if is_padded or len(same) == 1 else f"{name}_{form.axes}"


def _largest(shapes: Sequence[Shapes]) -> Shapes:
    """Return the greatest length along each axis of each level."""
    return tuple(
        tuple(max(lengths) for lengths in zip(*level, strict=True))
        for level in zip(*shapes, strict=True)
    )


def _forms(
    seq: FileSequence, options: ReadOptions, levels: bool, scheduler: Scheduler
) -> dict[int, tuple[Form, Shapes]]:
    """Return the form of each file by its number, from its header.

    Raises a `ReadError` if one has none, unless such files are to be filled, and others have one.
    """
    form_of = partial(
        _form_of_file, reader=seq.reader, imreadargs=options.imreadargs, levels=levels
    )
    look = partial(look_into_files, source=seq.source, look=form_of)
    found = run_batches(scheduler, look, seq.files, files_per_task(len(seq)))
    forms = {number: form for number, form in enumerate(found) if not isinstance(form, str)}
    if len(forms) < len(found) and (options.errors == "raise" or not forms):
        number = next(i for i in range(len(found)) if i not in forms)
        raise ReadError(f"cannot read {seq.files[number]!r}: {found[number]}")
    return forms


def _form_of_file(
    file: File, reader: Reader, imreadargs: Mapping[str, Any], levels: bool
) -> tuple[Form, Shapes]:
    # columns are read faster, by readers that have any
    row = {} if levels else reader.read_columns(file, **imreadargs)
    if "shape" in row:
        shape = row["shape"]
        return Form(len(shape), row["dtype"], row["axes"].lower(), 1, (shape,)), (shape,)
    info = (reader.inspect if levels else reader.describe)(file, **imreadargs)
    spec = info.spec
    shapes = info.levels if levels and info.levels[:1] == (spec.shape,) else (spec.shape,)
    return Form(len(spec.shape), str(spec.dtype), "".join(spec.dims), len(shapes), shapes), shapes
