"""`to_files`: an array as image files, by names and labels."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from dask.array.core import Array
from dask.base import tokenize

from dask_fileseq.errors import LayoutError
from dask_fileseq.files import LocalFiles
from dask_fileseq.graph import arrays_of_graph, run_on_blocks
from dask_fileseq.patterns import NameTemplate
from dask_fileseq.sequence import FileSequence, open_sequence
from dask_fileseq.types import EncodingOptions, OutputOptions, takes_options
from dask_fileseq.write.encoders import encoder_of, suffix_of, try_encoder
from dask_fileseq.write.filenames import file_names
from dask_fileseq.write.filewriting import (
    Cell,
    FileJob,
    Planned,
    public_report,
    same_cells,
    target_of,
    write_block,
    write_cells,
)
from dask_fileseq.write.labelled import CellParts, labelled
from dask_fileseq.write.tiffencoder import TiffEncoder

FORMAT = 1
"""Version of what is written; files of another version are written anew."""


@takes_options(EncodingOptions, OutputOptions)
def to_files(
    array: Any,
    pattern: str | os.PathLike[str],
    *,
    dims: Sequence[str] | None = None,
    coords: Mapping[str, Any] | None = None,
    inside: Sequence[str] | None = None,
    scale: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Write an array as image files: the inverse of `open_sequence`.

    Each file has the pixels of one cell: of one label along each axis that is a field of the
    pattern. Files appear whole, or not at all. The same call goes on where an earlier one was
    interrupted. In memory are as many parts of the array as the scheduler has workers.

    Parameters
    ----------
    array : array_like, dask.array.Array, xarray.DataArray, FileArray or FileSequence
        What to write. Empty cells of a sequence become no files.
    pattern : str or os.PathLike
        The names, as a format string that `open_sequence` reads as well:
        ``"out/{t:03d}_{channel}_z{z:02d}.tif"``, ``"{time:%Y%m%d}/{band}.tif"``. The suffix is the
        format: TIFF, ``.ome.tif``, ``.png``, ``.jpg``, ``.jp2``, ``.j2k``, ``.jxl``, ``.jxr``,
        ``.webp``, ``.bmp`` or ``.npy``.
    dims : sequence of str, optional
        Names of the axes. By default those of the array, or of plain arrays, the fields of the
        pattern, then ``y`` and ``x``, and ``s`` for a last axis of 3 or 4 samples.
    coords : mapping, optional
        Labels along axes, ``{"channel": ["DAPI", "GFP"], "t": range(0, 50, 10)}``, or along an
        axis of another name, ``{"exposure": ("c", [10, 50])}``, or a single one for all files.
        By default the coordinates of the array, else 0, 1, 2...
    inside : sequence of str, optional
        The axes that are inside the files, beside rows, columns and samples. By default
        those of ``t``, ``c`` and ``z`` that are no fields in OME-TIFF and with `imagej`, else
        none. The last two axes that have no field are rows and columns.
    scale : mapping, optional
        Size of a pixel, or step, along axes in the files, with its unit:
        ``{"y": (0.65, "µm"), "x": (0.65, "µm"), "t": (30, "s")}``. By default that of the array.
    compression, compressionargs, predictor, tile, photometric, bigtiff : optional
        For TIFF, as in `tifffile.TiffWriter.write`: ``compression="zlib"``, ``tile=(256, 256)``. A
        lossless compression has a predictor by default, and files larger than 4 GiB are BigTIFF.
    cog : bool
        Whether TIFF files are cloud optimized GeoTIFFs, with smaller levels. Needs rasterio.
    imagej : bool
        Whether TIFF files are those of ImageJ, with its metadata.
    level : float, optional
        Quality or effort of other formats, as in the encoders of imagecodecs. By default all but
        JPEG lose nothing.
    encodeargs : mapping, optional
        More arguments of `tifffile.imwrite`, or of the encoder of imagecodecs.
    overwrite : bool
        Whether to replace files that exist, and are not what this call writes.
    progress : bool or callable, optional
        As in `FileSequence.to_zarr`: ``progress(done, total)``, in bytes of pixels.
    scheduler : optional
        Any that dask accepts; by default a running client, what is configured, or threads. Workers
        of a cluster need the folder under the same path.
    workers : int, optional
        Number of workers of a local scheduler.
    dry_run : bool
        Whether to write nothing, and return a dict of what would be: ``"text"`` for people,
        ``"files"``, ``"written"``, ``"bytes"``, ``"names"``.

    Returns
    -------
    FileSequence
        The files, opened by the same pattern. Along an axis they are in the natural order of
        the labels. Numbers and dates that the pattern rounds (``{z:.1f}``) are rounded.

    Raises
    ------
    NamesError
        A field is unknown, or names would not mean the labels they are made of: two cells for
        one name (`DuplicateError`), a label with ``/`` or ``..``, a word that reads as a number.
    LayoutError
        An axis has no place in the pattern and is not inside files, or has two.
    TargetExistsError
        A file is there that this call did not write, or is one of those that are read.
    ValueError
        The format cannot hold the data type, or an option is not for it.
    WriteError
        A file could not be written, as on a full disk. All others are raised before anything is
        written.

    Notes
    -----
    A hidden file in the folder, ``.fileseq-manifest.jsonl``, has a line for each file that was
    written: its name, a token of what is in it, its size and time. A file is finished if both
    are as in its line. The token is that of the source files in their versions, that of a
    dask array (its name), together with the options. Pixels in memory have none: what they would
    be written as is compared with the file.

    Pixel sizes, names of channels, georeference and nodata are written where the format has a
    place for them: TIFF for all, other formats for none. Georeferenced files that are read one
    for each file that is written keep their own places.

    Examples
    --------
    >>> import numpy, tempfile
    >>> from dask_fileseq import to_files
    >>> folder = tempfile.mkdtemp()
    >>> images = numpy.zeros((2, 3, 64, 64), "uint16")
    >>> seq = to_files(images, f"{folder}/{{channel}}_t{{t:02d}}.tif",
    ...                coords={"channel": ["DAPI", "GFP"], "t": [0, 10, 20]})
    >>> seq.dims, seq.coords["channel"].tolist(), seq.coords["t"].tolist()
    (('channel', 't'), ['DAPI', 'GFP'], [0, 10, 20])
    >>> seq = to_files(images, f"{folder}/{{well}}.ome.tif", dims=["well", "t", "y", "x"],
    ...                coords={"well": ["A1", "A2"]})
    >>> seq.chunkdims
    ('t', 'y', 'x')
    """
    target, template, encoding_options = target_of(pattern, options)
    encoder = encoder_of(suffix_of(template.text), encoding_options)
    source = labelled(array, template.fields, dims, coords, scale)
    inside = [inside] if isinstance(inside, str) else inside
    if not isinstance(inside, Iterable | None):
        raise TypeError(f"inside={inside!r} is no list of axes")
    inner = inside or ()
    if inside is None and isinstance(encoder, TiffEncoder):
        inner = [dim for dim in source.dims if encoder.has_inside(dim)]
    if absent := [dim for dim in inside or () if dim not in source.dims]:
        raise LayoutError(f"inside has {absent[0]!r}, which is none of {', '.join(source.dims)}")
    names = file_names(template, source.dims, source.shape, source.labels, inner)
    facts = source.facts(names.inside, names.dims)
    order = encoder.order(names.dims)
    along = dict(zip(names.dims, names.inside, strict=True))
    shape = [source.shape[along[dim]] for dim in order]
    try_encoder(encoder, shape, source.dtype, order, facts)
    cells = CellParts(source, names.cells)
    read = arrays_of_graph(source.data) if isinstance(source.data, Array) else [cells.files]
    sources: list[str] = []
    for each in read:
        if each is not None and isinstance(each.source, LocalFiles):
            sources += each.source.on_disk(list(each.names))
    more = tokenize(FORMAT, encoding_options, order, facts.scales, facts.labels, dict(facts.attrs))
    nbytes = int(np.prod(shape, dtype=np.int64)) * source.dtype.itemsize
    planned = [
        Planned(number, names.names[number], cells.identity(number, more), nbytes)
        for number in cells.filled()
    ]
    kept = sorted(names.inside)
    axes = tuple(kept.index(along[dim]) for dim in order)
    job = FileJob(encoder, names.cells, axes, order, facts, source.own_places)

    def run_on(function: Any, some: Sequence[Planned], done: Any) -> None:
        parts = ((each.number, each.path, cells.part(each.number)) for each in some)
        target.run(function, job, parts, nbytes, done)

    def same(some: Sequence[Planned]) -> set[int]:
        numbers: set[int] = set()
        run_on(same_cells, some, lambda _, found: numbers.update(found))
        return numbers

    left = target.left(planned, sources, same if cells.by_content else None)
    if target.options.dry_run:
        return public_report(planned, left)

    def start(done: Any) -> None:
        if isinstance(source.data, Array):
            data, tasks = _tasks_of_blocks(source.data, names.cells, cells, left)
            run_on_blocks(target.scheduler, write_block, job, data, tasks, done)
            return
        run_on(write_cells, left, done)

    target.write(planned, left, start)
    return opened(planned, template)


def opened(planned: Sequence[Planned], template: NameTemplate) -> FileSequence:
    """Return the files that were written as a sequence."""
    paths = [each.path for each in planned]
    pattern = f"format:{template.text}" if template.fields else None
    return open_sequence(paths, pattern=pattern, spacing="values", table=None)


def _tasks_of_blocks(
    array: Array, axes: Sequence[int], cells: CellParts, left: Sequence[Planned]
) -> tuple[Array, dict[tuple[int, ...], list[Cell]]]:
    """Return an array with whole files in its blocks, and what to write of each block."""
    array = array.rechunk({axis: -1 for axis in range(array.ndim) if axis not in axes})
    edges = {axis: np.cumsum([0, *array.chunks[axis]]) for axis in axes}
    tasks: dict[tuple[int, ...], list[Cell]] = defaultdict(list)
    for each in left:
        block, index = [0] * array.ndim, [slice(None)] * array.ndim
        for axis, place in zip(axes, cells.index(each.number), strict=True):
            block[axis] = int(np.searchsorted(edges[axis], place, side="right")) - 1
            start = place - int(edges[axis][block[axis]])
            index[axis] = slice(start, start + 1)
        tasks[tuple(block)].append((each.number, each.path, tuple(index)))
    return array, dict(tasks)
