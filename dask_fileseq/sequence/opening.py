"""The ways to open a sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from dask.array.core import Array
from numpy.typing import DTypeLike

from dask_fileseq.readers import read_tiff
from dask_fileseq.sequence.collection import FileSequence
from dask_fileseq.sequence.names import Files, Imread, read_by_type
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
    files: Files, *, pattern: Any = None, imread: Imread | None = None, **kwargs: Any
) -> FileSequence:
    """Open image files as a sequence, with the reader that their type asks for.

    Parameters
    ----------
    files : str, os.PathLike or iterable of these
        As in `FileSequence`. A folder stands for its TIFF files or, if it has none, for
        its other images.
    pattern : optional
        What finds the axes in file names; without one, the files stand along one axis.
    imread : callable, optional
        Reads one file; by default chosen by the first file's type.
    **kwargs
        All that `FileSequence` takes; ``spacing`` is ``"step"`` by default.

    Returns
    -------
    FileSequence
    """
    if pattern is not None:
        kwargs["pattern"] = pattern
    return FileSequence(imread or read_by_type, files, **{"spacing": "step"} | kwargs)


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
