"""The other ways to make a sequence: `TiffSequence`, `open_sequence`, `concat`; and `imread`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dask.array.core import Array

from dask_fileseq.errors import ChunkMismatchError, FileSequenceError, NamesError
from dask_fileseq.graph import to_dask_array
from dask_fileseq.grid import joined_grids
from dask_fileseq.readers import as_reader, read_by_suffix, read_tiff
from dask_fileseq.sequence.arguments import is_auto
from dask_fileseq.sequence.filesequence import FileSequence
from dask_fileseq.types import (
    Files,
    Imread,
    ReadOptions,
    split_options,
    takes_keywords_of,
    takes_options,
)


class TiffSequence(FileSequence):
    """Files on a grid that contain TIFF images of the same shape and dtype.

    Parameters
    ----------
    files : str, os.PathLike, iterable of these, or None
        As in `FileSequence`; None is ``"*.tif"``, and a folder gives its TIFF files.
    imread : callable
        Reads the array of one file; by default the TIFF reader, which reads only the
        strips, tiles or bytes that are needed.
    container, sort, parse, unmatched, duplicates, spacing, identity, storage_options, path_map, \
table, fillvalue, pattern, axesorder, categories, series, key, level, imreadargs
        As in `FileSequence`.
    **kwargs
        More arguments of `parse`.
    """

    @takes_keywords_of(FileSequence.__init__)
    def __init__(self, files: Files = None, *, imread: Imread = read_tiff, **kwargs: Any) -> None:
        super().__init__(
            as_reader(imread, read_tiff.suffixes), "*.tif" if files is None else files, **kwargs
        )


@takes_keywords_of(FileSequence.__init__, spacing="auto", fillvalue="auto")
def open_sequence(
    files: Files,
    *,
    pattern: Any = "infer",
    table: Any = "auto",
    imread: Imread | None = None,
    **kwargs: Any,
) -> FileSequence:
    r"""Open image files as a sequence, with the reader for their type.

    Parameters
    ----------
    files : str, os.PathLike or iterable of these
        As in `FileSequence`. A folder gives its TIFF files or, if it has none, its other
        images; if there are none right inside, those in all folders below it. Hidden folders
        and those of Zarr do not count. A Parquet, CSV or TSV file (also ``.csv.gz``), or several,
        is a table of names (extra ``parquet``): the column of file names is that with suffixes of
        images or, of several, the one that is called ``file``, ``filename``, ``name``, ``path``,
        ``url`` or ``key``. Of an inventory of S3, with buckets and keys, images count, in their
        latest version. Names stay bytes: ten million take about 250 MB.
    pattern : str, re.Pattern, callable, table or None
        Finds the axes in file names:

        - ``"infer"``: from the names alone, or by the preset that explains all of them as
          well. The pattern found is logged (``INFO``, logger ``dask_fileseq``), and is the
          `pattern` of the sequence; `explain` says why. A single file forms one axis;
        - a format string, ``"{well}_t{time:04d}_{channel}.tif"``: numbers or words, integers
          (``d``, ``04d``), floats (``f``; ``fp`` for ``1p5``), words (``s``), dates
          (``%Y%m%d_%H%M``, of which a name may have parts in several places), durations
          (``%Hh%Mm``), months (``%b``), ``{}`` for what varies but is no axis;
        - names of frames, ``"shot_%04d.tif"`` or ``"shot_####.tif"``;
        - a regular expression, ``r"_(?P<time>\d+)_(c)(\d+)"``, compiled or not;
        - blocks of Bio-Formats, ``"Z<0-9>_<R,G,B>.tif"``, or a ``.pattern`` file;
        - the name of a preset, such as ``"operetta"``; see `dask_fileseq.patterns.presets`;
        - a function ``name -> {axis: value}``, None for a name that does not belong;
        - a table, or DataFrame, with the names in one column and axes in the others;
        - None: the files form one axis, in their order.
    table : str, os.PathLike, mapping, DataFrame or None
        Says where the files are, in place of their names. ``"auto"``, unless there is a
        `pattern`, looks beside the files (of a list, if they are on this machine and the first
        one exists) for what the instrument itself wrote: ``Index.xml`` and ``Index.idx.xml`` of
        Harmony, ``.HTD`` of MetaXpress, ``.nd`` of MetaMorph, ``MeasurementData.mlf`` of
        CellVoyager, ``metadata.txt`` of Micro-Manager, ``.companion.ome`` of OME; or, of names that
        end in ``.ome.tif``, the header of the first file. It gives the axes, the names of channels,
        times, positions and pixel sizes; files that it names and that are not there are empty
        cells (`FileSequence.missing`), and of a plan, what no file has is no index. One
        that is broken, or that the names contradict, is a `GridWarning`, and the names count.
        None leaves all to the names. Others are as in `FileSequence`. Of a Parquet table of names,
        ``"auto"`` makes axes of other columns (integers, texts, dates) if few of them tell
        all files apart, and fill at least half of their grid.
    imread : callable, optional
        Reads one file; by default chosen by the first file's type.
    container, sort, parse, unmatched, duplicates, spacing, identity, storage_options
        As in `FileSequence`; `spacing` is ``"auto"`` by default.
    path_map, fillvalue, axesorder, categories, series, key, level, imreadargs
        As in `FileSequence`; `fillvalue` is ``"auto"`` by default.
    **kwargs
        More arguments of `parse`.

    Returns
    -------
    FileSequence

    Raises
    ------
    NoFilesError
        If there are no files.
    NamesError
        If the names do not form a grid, leave it open which, or one of which ``"infer"`` would
        leave over 90 % empty.

    Warns
    -----
    GridWarning
        If ``"infer"`` leaves over a third of the grid empty, or a descriptor is not used, or does
        not name some files.

    Examples
    --------
    >>> from dask_fileseq import open_sequence
    >>> seq = open_sequence(["t1_DAPI.tif", "t1_GFP.tif", "t2_DAPI.tif", "t2_GFP.tif"])
    >>> print(seq.pattern)
    t{t:d}_{channel}.tif
    >>> seq.sel(channel="GFP").files
    ['t1_GFP.tif', 't2_GFP.tif']
    """
    if files is None:
        raise TypeError("files=None: give a folder, a glob pattern, a name or a list of names")
    inferred = isinstance(pattern, str) and pattern == "infer"
    if pattern is not None and not (inferred and kwargs.get("parse") is not None):
        kwargs["pattern"] = pattern
    if not is_auto(table) or (inferred and kwargs.get("parse") is None):
        kwargs["table"] = table
    reader = as_reader(imread or read_by_suffix, read_by_suffix.suffixes)
    return FileSequence(reader, files, **{"spacing": "auto", "fillvalue": "auto"} | kwargs)


def concat(sequences: Iterable[FileSequence], dim: str, labels: Any = None) -> FileSequence:
    """Return several sequences of the same axes as one, along one of the axes or a new one.

    The header of one file of each sequence is read.

    Parameters
    ----------
    sequences : iterable of FileSequence
        Sequences of the same reader, of files that contain arrays of one shape and data type,
        on one file system or in one container.
    dim : str
        The axis, along which no two sequences have the same label; or the name of a new one.
        Along other axes, the result has the labels of all sequences: cells may be empty.
    labels : sequence, optional
        The label of each sequence along a new axis, which becomes the first one.

    Returns
    -------
    FileSequence
        A sequence with the class, `identity` and `fillvalue` of the first one.

    Raises
    ------
    NamesError
        If the sequences, their axes or their labels do not fit; the error says what differs.
    ChunkMismatchError
        If the arrays in files differ in shape, data type or axes.
    ReadError
        If a header cannot be read.

    Warns
    -----
    HeaderWarning
        If instruments' indexes differ in pixel sizes, which are left out.

    Examples
    --------
    >>> import numpy as np
    >>> from dask_fileseq import FileSequence, concat
    >>> def read(name):
    ...     return np.eye(4)
    >>> a = FileSequence(read, ["t1_DAPI", "t1_GFP"], pattern="t{time:d}_{channel}")
    >>> b = FileSequence(read, ["t2_DAPI", "t2_GFP"], pattern="t{time:d}_{channel}")
    >>> concat([a, b], "time")
    <FileSequence 4 files, time 2, channel 2>
    >>> concat([a, b.sel(channel=["GFP"])], "time").missing
    [(1, 0)]
    >>> concat([a, a], "run", labels=["first", "second"])
    <FileSequence 4 files, run 2, time 1, channel 2>
    """
    parts = list(sequences)
    if not parts or not all(isinstance(part, FileSequence) for part in parts):
        raise NamesError(f"sequences={sequences!r:.100} must be file sequences, at least one")
    _require_alike(parts, ("reader", "source", "identity", "fillvalue"), NamesError)
    grid = joined_grids([part.grid for part in parts], dim, labels)
    _require_alike(parts, ("chunkshape", "chunkdtype", "chunkdims"), ChunkMismatchError)
    return parts[0].with_grid(grid)


def _require_alike(
    parts: Sequence[FileSequence], names: tuple[str, ...], error: type[FileSequenceError]
) -> None:
    """Raise an error that shows which of some attributes differ between sequences."""
    first = [getattr(parts[0], name) for name in names]
    for number, part in enumerate(parts):
        pairs = zip(names, first, (getattr(part, name) for name in names), strict=True)
        differ = [(name, a, b) for name, a, b in pairs if a != b and repr(a) != repr(b)]
        if differ:
            texts = [f"{name}: {a!r} and {b!r}" for name, a, b in differ]
            raise error(f"sequences 0 and {number} differ in {'; '.join(texts)}")


@takes_keywords_of(open_sequence)
@takes_options(ReadOptions)
def imread(files: Files, *, chunks: Any = None, **kwargs: Any) -> Array:
    """Return image files as one lazy dask array.

    Parameters
    ----------
    files : str, os.PathLike or iterable of these
        As in `open_sequence`.
    chunks : optional
        As in `FileSequence.to_dask_array`, but None is ``"grouped"``, unless ``fileseq.chunks`` in
        dask's configuration says otherwise: files whose array is below 1 MiB are grouped into
        blocks of at most 8 MiB, along the last axes of the grid first; others are a block each.
        Of files far away, those below 16 MiB are grouped, up to 32 MiB.
    imreadargs, series, key, level, chunkshape, chunkdtype, axestiled, fillvalue, errors
        As in `FileSequence.to_dask_array`.
    pattern, table, imread, container, sort, parse, unmatched, duplicates, spacing, identity, \
storage_options, path_map, axesorder, categories
        As in `open_sequence`.
    **kwargs
        More arguments of `parse`.

    Returns
    -------
    dask.array.Array

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np, tifffile
    >>> from dask_fileseq import imread
    >>> folder = tempfile.mkdtemp()
    >>> for t in range(64):
    ...     tifffile.imwrite(os.path.join(folder, f"t{t:02d}.tif"), np.zeros((4, 6), "u2"))
    >>> imread(folder)
    dask.array<read-tiff, shape=(64, 4, 6), dtype=uint16, chunksize=(4, 4, 6),
        chunktype=numpy.ndarray, 4 files a block>
    >>> imread(folder, chunks="file").npartitions
    64
    """
    reading, opening = split_options(kwargs, ReadOptions)
    array = open_sequence(files, **opening).array(**reading)
    return to_dask_array(array, chunks, default="grouped")
