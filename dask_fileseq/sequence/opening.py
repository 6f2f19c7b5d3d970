"""The ways to open a sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from dask.array.core import Array
from numpy.typing import DTypeLike

from dask_fileseq.readers import read_by_suffix, read_tiff
from dask_fileseq.sequence.collection import FileSequence
from dask_fileseq.sequence.names import Files, Imread
from dask_fileseq.tiling import AxesTiled

__all__ = ["TiffSequence", "imread", "open_sequence"]


class TiffSequence(FileSequence):
    """Files on a grid that hold TIFF images of the same shape and dtype.

    Parameters
    ----------
    files : str, os.PathLike, iterable of these, or None
        As in `FileSequence`; None stands for ``"*.tif"``, and a folder for its TIFF files.
    imread : callable
        Reads the array of one file; by default the TIFF reader, which reads just the
        strips, tiles or bytes that are asked for.
    **kwargs
        All that `FileSequence` takes.
    """

    def __init__(self, files: Files = None, *, imread: Imread = read_tiff, **kwargs: Any) -> None:
        super().__init__(imread, "*.tif" if files is None else files, **kwargs)


def open_sequence(
    files: Files, *, pattern: Any = "infer", imread: Imread | None = None, **kwargs: Any
) -> FileSequence:
    r"""Open image files as a sequence, with the reader that their type asks for.

    Parameters
    ----------
    files : str, os.PathLike or iterable of these
        As in `FileSequence`. A folder stands for its TIFF files or, if it has none, for
        its other images.
    pattern : str, re.Pattern, callable, table or None
        What finds the axes in file names:

        - ``"infer"``: the names alone. What they say is logged (``INFO``, logger
          ``dask_fileseq``), and is the `pattern` of the sequence. A single file stands
          along one axis;
        - a format string, ``"{well}_t{time:04d}_{channel}.tif"``: numbers or words, integers
          (``d``, ``04d``), floats (``f``), words (``s``), dates (``%Y%m%d_%H%M``), ``{}`` for
          what varies but is no axis;
        - a regular expression, ``r"_(?P<time>\d+)_(c)(\d+)"``, compiled or not;
        - blocks of Bio-Formats, ``"Z<0-9>_<R,G,B>.tif"``, or a ``.pattern`` file;
        - the name of a preset, such as ``"operetta"``; see `dask_fileseq.patterns.presets`;
        - a function ``name -> {axis: value}``, None for a name that does not belong;
        - a table, or DataFrame, with the names in one column and axes in the others;
        - None: the files stand along one axis, in their order.
    imread : callable, optional
        Reads one file; by default chosen by the first file's type.
    **kwargs
        All that `FileSequence` takes; ``spacing`` is ``"step"`` by default.

    Returns
    -------
    FileSequence

    Raises
    ------
    NoFilesError
        If there are no files.
    NamesError
        If the names do not form a grid, or do not tell which.

    Examples
    --------
    >>> from dask_fileseq import open_sequence
    >>> seq = open_sequence(["t1_DAPI.tif", "t1_GFP.tif", "t2_DAPI.tif", "t2_GFP.tif"])
    >>> print(seq.pattern)
    t{t:d}_{channel}.tif
    >>> seq.sel(channel="GFP").files
    ['t1_GFP.tif', 't2_GFP.tif']
    """
    inferred = isinstance(pattern, str) and pattern == "infer"
    if pattern is not None and not (inferred and kwargs.get("parse") is not None):
        kwargs["pattern"] = pattern
    return FileSequence(imread or read_by_suffix, files, **{"spacing": "step"} | kwargs)


def imread(
    files: Files,
    *,
    imreadargs: Mapping[str, Any] | None = None,
    chunkshape: Sequence[int] | None = None,
    chunkdtype: DTypeLike | None = None,
    axestiled: AxesTiled | None = None,
    chunks: Any = None,
    fillvalue: Any = None,
    errors: Literal["raise", "fill"] = "raise",
    **kwargs: Any,
) -> Array:
    """Return image files as one lazy dask array.

    Parameters
    ----------
    files : str, os.PathLike or iterable of these
        As in `open_sequence`.
    imreadargs, chunkshape, chunkdtype, axestiled, chunks, fillvalue, errors
        As in `FileSequence.to_dask_array`.
    **kwargs
        All that `open_sequence` takes.

    Returns
    -------
    dask.array.Array
    """
    return open_sequence(files, **kwargs).to_dask_array(
        imreadargs=imreadargs,
        chunkshape=chunkshape,
        chunkdtype=chunkdtype,
        axestiled=axestiled,
        chunks=chunks,
        fillvalue=fillvalue,
        errors=errors,
    )
