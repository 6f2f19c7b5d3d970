"""`map_files`: each file of a sequence, changed by a function, under its own name elsewhere."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.errors import FileSequenceError, MapError, NamesError, WriteError, check_choice
from dask_fileseq.filearray import FileArray, first_info
from dask_fileseq.files import LocalFiles, Names, shared_folder
from dask_fileseq.grid import plain_labels, positions_of
from dask_fileseq.patterns import NameTemplate
from dask_fileseq.plaintext import public_names
from dask_fileseq.readers import ChunkMetadata, plain_dims
from dask_fileseq.sequence import open_sequence
from dask_fileseq.stablevalues import code_of, digest_of, stable_value
from dask_fileseq.write.encoders import Encoder, encoder_of, suffix_of
from dask_fileseq.write.filenames import require_separate
from dask_fileseq.write.filewriting import (
    Planned,
    Written,
    public_report,
    target_of,
    write_file,
)
from dask_fileseq.write.labelled import CellParts, labelled

if TYPE_CHECKING:
    from dask_fileseq.sequence import FileSequence

FORMAT = 1
"""Version of what is written; files of another version are written anew."""

NAME_FIELDS = ("name", "stem", "suffix", "folder")
"""Fields that are parts of the name of the file that is read."""

MapCell = tuple[int, str, FileArray, Mapping[str, Any]]
"""Number of a file, its path, the array in the file that is read, and its labels."""


@dataclass(frozen=True)
class MapJob:
    """What the tasks of all files share."""

    function: Callable[..., Any]
    encoders: Mapping[str, Encoder]
    """By suffix."""
    facts: ChunkMetadata
    own_places: bool
    labels: bool
    """Whether the function gets the labels of the file, too."""
    skip: bool


def map_cells(job: MapJob, cells: Sequence[MapCell]) -> list[Written]:
    """Read files, change them, and write them."""
    return [_map(job, *cell) for cell in cells]


def _map(
    job: MapJob, number: int, path: str, part: FileArray, labels: Mapping[str, Any]
) -> Written:
    try:
        image = part[(0,) * len(part.griddims)]
        name = part.names[0]
        try:
            result = job.function(image, labels) if job.labels else job.function(image)
        except Exception as error:
            where = ", ".join(f"{key}={value}" for key, value in labels.items())
            raise MapError(
                f"the function failed for {name!r} ({where}): {type(error).__name__}: {error}"
            ) from error
        if result is None:
            raise MapError(f"the function returned None, and no array, for {name!r}")
        result = np.asarray(result)
        if not result.size:
            raise MapError(f"the function returned an array of shape {result.shape} for {name!r}")
        facts = job.facts
        if job.own_places:
            facts = first_info(part.names, part.source, part.reader, part.options).metadata
        encoder = job.encoders[suffix_of(path)]
        dims = part.spec.dims if result.ndim == image.ndim else plain_dims(result.shape)
        facts = _facts_of(result, dims, image, part.spec.dims, facts)
        order = encoder.order(dims)
        result = result.transpose([dims.index(dim) for dim in order])
        try:
            return number, *write_file(encoder, path, result, order, facts)
        except WriteError as error:
            if error.errno != errno.EINVAL:  # as on a full disk
                raise
            what = f"{result.dtype} of shape {result.shape} for {name!r}"
            raise MapError(f"the function returned {what}: {error.strerror}") from error
    except FileSequenceError as error:
        if not job.skip or isinstance(error, WriteError):
            raise
        return number, None, str(error)


def _facts_of(
    result: NDArray[Any],
    dims: Sequence[str],
    image: NDArray[Any],
    before: Sequence[str],
    facts: ChunkMetadata,
) -> ChunkMetadata:
    """Return the metadata that hold for a result: those of axes that have the same length."""
    lengths = dict(zip(before, image.shape, strict=True))
    same = {dim for dim, n in zip(dims, result.shape, strict=True) if lengths.get(dim) == n}
    in_place = {"y", "x"} <= same
    scales = {d: s for d, s in facts.scales.items() if d in same and (in_place or not s.absolute)}
    return replace(
        facts,
        scales=scales,
        labels={dim: names for dim, names in facts.labels.items() if dim in same},
        crs=facts.crs if in_place else {},
        attrs=facts.attrs if result.dtype == image.dtype else {},
    )


def map_files(
    seq: FileSequence,
    function: Callable[..., Any],
    pattern: str | os.PathLike[str],
    *,
    labels: bool = False,
    errors: str = "raise",
    **options: Any,
) -> Any:
    """Write the result of a function for each file; see `FileSequence.map_files`."""
    target, template, encoding_options = target_of(pattern, options, NAME_FIELDS)
    check_choice("errors", errors, "raise", "fill", "skip")
    if not callable(function):
        raise TypeError(f"function={function!r} is no function")
    array = seq.array(errors="fill" if errors == "fill" else "raise")
    filled = array.table.ravel() >= 0
    files, numbers = array.table.ravel()[filled].tolist(), np.flatnonzero(filled).tolist()
    made = template.names(_columns(array, template, files, numbers), NAME_FIELDS)
    if not template.fields:  # one name for all
        made *= len(files)
    paths = [os.path.normpath(name) for name in made]
    require_separate(paths, {"file": [array.names[i] for i in files]})
    encoders = {
        suffix: encoder_of(suffix, encoding_options) for suffix in set(map(suffix_of, paths))
    }
    is_local = isinstance(array.source, LocalFiles)
    sources = array.source.on_disk(list(array.names)) if is_local else ()
    source = labelled(array, (), None, None, None)
    ndim = len(array.griddims)
    parts = CellParts(source, range(ndim))
    identity = [FORMAT, stable_value(function), code_of(function), labels, encoding_options]
    more = digest_of([*identity, labels and array.griddims])
    nbytes = int(np.prod(array.spec.shape, dtype=np.int64)) * array.dtype.itemsize
    planned = [
        Planned(number, path, parts.identity(number, more), nbytes)
        for number, path in zip(numbers, paths, strict=True)
    ]
    left = target.left(planned, sources)
    if target.options.dry_run:
        return public_report(planned, left)
    job = MapJob(
        function,
        encoders,
        source.facts(range(ndim, array.ndim), array.dims[ndim:]),
        source.own_places,
        labels,
        errors == "skip",
    )

    def start(done: Any) -> None:
        tasks = (
            (
                each.number,
                each.path,
                parts.part(each.number),
                _labels(array, parts.index(each.number)),
            )
            for each in left
        )
        target.run(map_cells, job, tasks, nbytes, done)

    failed = target.write(planned, left, start)
    if len(failed) == len(planned):
        raise MapError(f"no file was written: {next(iter(failed.values()))}")
    return _opened(seq, [each for each in planned if each.number not in failed])


def _labels(array: FileArray, index: tuple[int, ...]) -> dict[str, Any]:
    return {
        dim: plain_labels(values[i])
        for (dim, values), i in zip(array.coords.items(), index, strict=True)
    }


def _columns(
    array: FileArray, template: NameTemplate, files: Sequence[int], cells: Sequence[int]
) -> dict[str, list[Any]]:
    """Return the values of the fields of a pattern for files, by their numbers, in cells."""
    index = np.unravel_index(cells, array.table.shape)
    columns: dict[str, list[Any]] = {}
    start = len(shared_folder(names := public_names(array.names)))
    pieces = [_pieces(names[number][start:]) for number in files]
    for field in template.fields:
        if field in NAME_FIELDS:
            columns[field] = [piece[NAME_FIELDS.index(field)] for piece in pieces]
        elif field in array.coords:
            values = array.coords[field]
            plain = list(values) if values.dtype.kind in "mM" else values.tolist()
            along = index[list(array.coords).index(field)]
            columns[field] = [plain[i] for i in along.tolist()]
        else:
            known = ", ".join([*NAME_FIELDS, *array.coords])
            raise NamesError(
                f"pattern {template.text!r} has a field {field!r}; the fields are {known}"
            )
    return columns


def _pieces(name: str) -> tuple[str, str, str, str]:
    """Return the values of `NAME_FIELDS` of a name below the folder of all files.

    >>> _pieces("a/b.OME.tif")
    ('b.OME.tif', 'b', '.OME.tif', 'a')
    """
    folder, _, base = re.sub(r"\\", "/", name).rpartition("/")
    length = len(suffix_of(base))
    stem = base[: len(base) - length]
    return base, stem, base[len(stem) :], folder or "."


def _opened(seq: FileSequence, planned: Sequence[Planned]) -> FileSequence:
    """Return files on the grid of those that they were made of."""
    grid = seq.grid
    paths = [each.path for each in planned]
    positions = np.array([each.number for each in planned], np.int64)
    new = replace(
        grid,
        names=Names.of(paths),
        positions=positions_of(positions, grid.shape),
        pattern=None,
        unmatched=(),
        duplicates=(),
    )
    return open_sequence(paths, pattern=None, table=None).with_grid(new)
