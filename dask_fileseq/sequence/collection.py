"""The collection that users see: file names that are also a dask collection."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import dask.threaded
from dask.array.core import Array
from dask.base import DaskMethodsMixin
from numpy.typing import NDArray

from dask_fileseq.output import load
from dask_fileseq.sequence.display import DisplaySequence
from dask_fileseq.sequence.exports import ExportSequence

__all__ = ["FileSequence"]


class FileSequence(DisplaySequence, ExportSequence, DaskMethodsMixin):
    r"""Files on a grid that hold arrays of the same shape and dtype.

    It is a sequence of file names, and a dask collection that computes to one
    array: the grid's axes, then the axes of the array in each file. No file is
    read before that is asked for; names need not exist until then.

    Parameters
    ----------
    imread : callable
        Reads the array of one file: ``imread(name, **imreadargs) -> ndarray``. Files in
        a container, or at URLs, come as binary handles.
    files : str, os.PathLike, iterable of these, or None
        Glob pattern (``**`` for any number of folders), folder, path, or names in their
        order; or URLs of these, as fsspec has them. None stands for ``"*"``. The name of a
        ZIP or TAR file, or a chain such as ``"zip://t*.tif::s3://scans/day1.zip"``, stands
        for members of it.
    container : str, os.PathLike or open archive, optional
        ZIP or TAR file with the files, or its URL; `files` is then a pattern of, or a list
        of, its members. An archive without a name cannot go to other processes.
    sort : function or bool, optional
        Sorts the names. By default the names that a pattern finds stand in natural
        order (1, 2, 10), and a list keeps its own; True sorts that too, False nothing.
    parse : callable, optional
        ``parse(names, **kwargs) -> dims, shape, indices, names`` in place of
        `parse_filenames`, which is used where there is a `pattern`.
    unmatched : {"raise", "skip"}
        What becomes of names that the pattern does not match.
    duplicates : {"raise", "first", "last"}
        Which of several files for one cell stays.
    spacing : {"unit", "step", "values"}
        How numbers in names become indices: each integer from the least to the
        greatest, only those a step apart that all of them share, or only those that occur.
        No two a step apart, and under a tenth of the steps filled, are no such step: then
        ``"step"`` is ``"values"``, as for the wavelengths 405, 488 and 561.
    identity : {"stat", "name"}
        What tells a file from another version of it: size and time (or ETag, or checksum),
        or its name alone.
    storage_options : mapping, optional
        Arguments of fsspec's file system, where files, or the container, are at URLs.
    path_map : mapping, optional
        Other roots of paths, ``{"/data": "/mnt/data"}``, for workers that see the files
        elsewhere. A path below a root is looked for below the other one first, and where
        there is no such file, under its own name; so it does no harm where the files are
        under their own names. Of Windows paths, letter case does not matter.
    **kwargs
        Arguments of `parse`: ``pattern``, ``axesorder``, ``categories``.

    Attributes
    ----------
    imread : callable
        Reads the array of one file of the sequence, by name.
    dims : tuple of str
        Names of the grid's axes.
    axes : str
        A letter for each of them, as in tifffile.
    shape : tuple of int
        Shape of the grid; not that of the array.
    indices : sequence of tuple of int
        Where on the grid each file stands.

    Raises
    ------
    NoFilesError
        If there are no files.
    NamesError
        If the names do not form a grid.
    ReadError
        If an archive, or a listing, cannot be read.
    ImportError
        If the package for a kind of URL is not installed.
    TypeError
        If `imread` is not callable or `files` has no names.

    Notes
    -----
    Names, parameters and results are those of :py:class:`tifffile.FileSequence`.
    In addition, words are indices as well as numbers, and keep their values as `coords`;
    names that do not match and files for the same cell are errors that name them.

    Examples
    --------
    >>> from dask_fileseq import TiffSequence
    >>> seq = TiffSequence(["t1_DAPI.tif", "t1_GFP.tif", "t2_DAPI.tif"],
    ...                    pattern=r"t(?P<time>\d+)_(?P<channel>[A-Z]+)")
    >>> print(seq)
    TiffSequence
     t1_DAPI.tif
     files: 3 (1 missing)
     shape: 2, 2
     dims: time, channel
    >>> seq.coords["channel"].tolist(), seq.missing
    (['DAPI', 'GFP'], [(1, 1)])
    """

    # the dask collection: one block a file, the same layer as to_dask_array()

    def compute(self, **kwargs: Any) -> NDArray[Any]:
        """Return what `asarray` does, on any scheduler.

        Parameters
        ----------
        scheduler : optional
            As in `asarray`.
        num_workers : int, optional
            The `ioworkers` of `asarray`.
        **kwargs
            Passed to the scheduler.
        """
        for option in ("traverse", "optimize_graph"):  # there is nothing to traverse or optimise
            kwargs.pop(option, None)
        scheduler, workers = kwargs.pop("scheduler", None), kwargs.pop("num_workers", None)
        return load(self.array(), scheduler=scheduler, workers=workers, **kwargs)

    @cached_property
    def _collection(self) -> Array:
        """The dask array that dask sees in this sequence."""
        return self.to_dask_array()

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("_collection", None)  # as large as the sequence, and made in no time
        return state

    def __dask_graph__(self) -> Any:
        return self._collection.__dask_graph__()

    def __dask_keys__(self) -> list[Any]:
        keys = self._collection.__dask_keys__()
        return keys if isinstance(keys, list) else [keys]

    def __dask_layers__(self) -> Any:
        return self._collection.__dask_layers__()

    def __dask_tokenize__(self) -> tuple[str, str]:
        return type(self).__name__, self._collection.name

    def __dask_postcompute__(self) -> Any:
        return self._collection.__dask_postcompute__()

    def __dask_postpersist__(self) -> Any:
        return self._collection.__dask_postpersist__()

    __dask_optimize__ = staticmethod(Array.__dask_optimize__)
    __dask_scheduler__ = staticmethod(dask.threaded.get)
