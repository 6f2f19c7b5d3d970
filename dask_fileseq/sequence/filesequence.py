"""The file sequence: file names on a grid, which are also a dask collection.

`FileSequence` is a frozen value, the grid, source, reader and identity of its files, with
short methods: each makes a `FileArray` and calls the function of the package that does the
work. Those beside the core, and optional packages, are imported by the method that needs
them.
"""

from __future__ import annotations

import copy
import logging
import os
import warnings
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cached_property, partial
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Literal, Self, TextIO, overload

import dask.threaded
import numpy as np
from dask.array.core import Array
from dask.base import DaskMethodsMixin, tokenize
from numpy.typing import DTypeLike, NDArray
from tifffile import TIFF

from dask_fileseq.descriptors import explain_descriptor
from dask_fileseq.errors import (
    GridWarning,
    NamesError,
    NoFilesError,
    SeriesWarning,
    UnmatchedError,
    check_choice,
    unknown_arguments,
    users_level,
)
from dask_fileseq.filearray import FileArray, first_info, version_hash
from dask_fileseq.files import (
    LocalFiles,
    Names,
    Source,
    Versions,
    archive_of,
    common_path,
    given_names,
    open_source,
)
from dask_fileseq.graph import to_dask_array, warn_of_small_files
from dask_fileseq.grid import (
    FileGrid,
    by_axis,
    parts_of,
    places_of_labels,
    plain_labels,
    renamed,
    selected,
)
from dask_fileseq.headers import (
    HeaderTable,
    read_table,
    with_header_coords,
    with_physical_coords,
)
from dask_fileseq.output import asarray
from dask_fileseq.patterns import NamePattern, NameProduct, explain_names
from dask_fileseq.plaintext import counted, printable, public_names, public_text, without_secrets
from dask_fileseq.readers import (
    BoundReader,
    FileInfo,
    FunctionReader,
    PagesReader,
    Reader,
    as_reader,
)
from dask_fileseq.sequence.arguments import (
    check_rules,
    first_given,
    in_order,
    is_auto,
    listed_files,
    names_of_tables,
    needs_package,
    parsed_grid,
    tabled_grid,
    with_files_of_folders,
)
from dask_fileseq.sequence.following import followed
from dask_fileseq.sequence.listing import counts, depth_text, listing, short_counts
from dask_fileseq.sequence.reopening import Opening, known_versions
from dask_fileseq.sequence.treeparts import sequences_of_tree
from dask_fileseq.types import (
    EncodingOptions,
    Files,
    ImageOptions,
    Imread,
    NamingOptions,
    OutputOptions,
    PatternOptions,
    Progress,
    ReadOptions,
    ReferenceFileOptions,
    ReferenceOptions,
    WriteOptions,
    split_options,
    takes_options,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from xarray import DataArray, Dataset, DataTree

    from dask_fileseq.check import Finding
    from dask_fileseq.zarr import FileArrayStore

_log = logging.getLogger("dask_fileseq")

NAMING = ("groupname", "dimension_names", "zattrs")
"""Keywords of a store that OME-Zarr has not."""


class FileSequence(Sequence[str], DaskMethodsMixin):
    r"""Files on a grid that contain arrays of the same shape and dtype.

    It is a sequence of file names, and a dask collection that computes to one
    array: the grid's axes, then the axes of the array in each file. No file is
    read before its array is needed; names need not exist until then.

    Parameters
    ----------
    imread : callable
        Reads the array of one file: ``imread(name, **imreadargs) -> ndarray``. Files in
        a container, or at URLs, come as binary handles.
    files : str, os.PathLike, iterable of these, or None
        Glob pattern (``**`` for any number of folders), folder, path, or names in their
        order; or URLs of these, as fsspec defines them. A folder gives the images in it or, if
        there are none right inside, those in all folders below it; in a list, too, unless
        `imread` is a function. ``"shot_%04d.tif"``, ``"shot_####.tif"`` or
        ``"{well}/t{t:04d}.tif"``, if there is no such file, gives the files that it names, and is
        the pattern that ``"infer"`` finds. None is ``"*"``. The name of a ZIP or
        TAR file, or a chain such as ``"zip://t*.tif::s3://scans/day1.zip"``, gives members
        of it, if `imread` is a reader of this package; to a function, an archive is one file.
        So do Parquet, CSV and TSV files, which are tables of names; see `open_sequence`.
    container : str, os.PathLike or open archive, optional
        ZIP or TAR file with the files, or its URL; `files` is then a pattern of, or a list
        of, its members. An archive without a name cannot go to other processes.
    sort : function or bool, optional
        Sorts the names. By default the names that a glob pattern finds are in natural
        order (1, 2, 10), and a list keeps its own order; True sorts both, False neither.
    parse : callable, optional
        ``parse(names, **kwargs) -> dims, shape, indices, names`` in place of
        `parse_filenames`, which is used where there is a `pattern`.
    unmatched : {"raise", "skip"}
        Whether names that the pattern does not match, or a `table` does not have, are an error
        or left out.
    duplicates : {"raise", "first", "last"}
        Whether several files for one cell are an error, or which of them stays.
    spacing : {"unit", "auto", "step", "values"}
        Which numbers and dates have an index. ``"values"``: those that occur. ``"unit"``: all
        integers from the least to the greatest, and other numbers and dates that occur, as in
        tifffile. ``"step"``: numbers and dates that are the largest common step apart, or only
        those that occur if under a tenth would be filled and, of integers, no two are a step
        apart, as for the wavelengths 405, 488 and 561. ``"auto"``: integers that are the
        common step apart, if at least half of them occur; else, and along channels and bands,
        those that occur, as of other numbers and dates.
    identity : {"stat", "name"}
        What identifies a version of a file: its size and time (or ETag, or checksum), or
        its name alone.
    storage_options : mapping, optional
        Arguments of fsspec's file system, for files or a container at URLs. For HTTP and S3,
        ``timeout`` is the number of seconds that the server may send nothing; by default 20.
    path_map : mapping, optional
        Other roots of paths, ``{"/data": "/mnt/data"}``, for workers that see the files
        elsewhere. A path below a root is looked up below the other root first, and under its
        own name if there is no such file; so it does no harm on machines that have the files
        under their own names. Letter case does not matter in Windows paths.
    table : str, os.PathLike, mapping or DataFrame, optional
        Says where the files are in the grid, in place of their names. The path of a CSV, TSV or
        Parquet file, or columns: one has the file names, the others are axes, as few as tell all
        files apart, or else coordinates. Or the path of an instrument's own index, or ``"auto"``,
        which looks for one beside the files; see `open_sequence`. Files that it names and that
        are not there are empty cells.
    fillvalue : scalar or {"auto", "nodata", "nan"}, optional
        The `fillvalue` of all methods that are not given another one; None is 0, as in
        tifffile, and ``"auto"`` for `to_xarray`, `to_zarr`, and groups in `aszarr` and
        `write_fsspec`, which name the nodata value.
    series, key, level, imreadargs : optional
        Which image of each file all methods read, as in `to_dask_array`.
    pattern, axesorder, categories : optional
        As in `parse_filenames`, and as `pattern` in `open_sequence`; arguments of `parse`.
    **kwargs
        More arguments of `parse`.

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
        Index of each file in the grid.
    coords : mapping of str to ndarray
        The values behind the indices of each axis.
    grid : FileGrid
        The files and their cells.
    source : Source
        Lists and opens the files.
    reader : Reader
        Reads the files; made of `imread`.
    identity : {"stat", "name"}
        What identifies a version of a file.
    fillvalue : scalar or str or None
        The default value of pixels without a file.

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
    In addition, words are indices as well as numbers, and keep their values in `coords`;
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

    imread: Imread
    axes: str

    @takes_options(PatternOptions, ImageOptions)
    def __init__(
        self,
        imread: Imread,
        files: Files,
        *,
        container: Any = None,
        sort: Callable[[Iterable[str]], list[str]] | bool | None = None,
        parse: Callable[..., Any] | None = None,
        unmatched: Literal["raise", "skip"] = "raise",
        duplicates: Literal["raise", "first", "last"] = "raise",
        spacing: Literal["unit", "auto", "step", "values"] = "unit",
        identity: Literal["stat", "name"] = "stat",
        storage_options: Mapping[str, Any] | None = None,
        path_map: Mapping[Any, Any] | None = None,
        table: Any = None,
        fillvalue: Any = None,
        **kwargs: Any,
    ) -> None:
        choosing, kwargs = split_options(kwargs, ImageOptions)
        check_choice("identity", identity, "stat", "name")
        reader = as_reader(imread)
        if container is None:
            container, files = archive_of(files, by_name=bool(reader.suffixes)) or (None, files)
        given = given_names("*" if files is None else files)
        found = isinstance(given, str)
        self._given = given if isinstance(given, str) else None
        first = given if isinstance(given, str) else given[0]
        self.source: Source = open_source(container, first, storage_options, path_map)
        if not isinstance(given, str):
            given = with_files_of_folders(given, self.source, reader)
        names, frames = listed_files(given, self.source, reader.suffixes)
        listed = names_of_tables(names, self.source, reader) if container is None else None
        if listed is not None:
            self.source = open_source(None, listed[0], storage_options, path_map)
            names, given, self._given, found = listed, listed, None, False
        names = in_order(names, sort, found)
        self.reader: Reader = reader.for_file(without_secrets(names[0]) if names else "")
        self.identity: Literal["stat", "name"] = identity
        self.fillvalue = fillvalue
        self._container = container
        self._is_warned = False
        self._is_warned_of_pages = False
        rules = {"unmatched": unmatched, "duplicates": duplicates, "spacing": spacing}
        check_rules(parse if table is None else None, kwargs, rules)
        inferred = isinstance(pattern := kwargs.get("pattern"), str) and pattern == "infer"
        if inferred and frames is not None:
            kwargs["pattern"] = frames
            table = None if is_auto(table) else table
        packed = Names.of(names)
        grid = tabled_grid(packed, self.source, given, table, kwargs, rules)
        self._set_grid(grid or parsed_grid(packed, parse, dict(kwargs), rules))
        kept = kwargs | ({} if self.pattern is None else {"pattern": self.pattern})
        self._opening: Opening | None = Opening(
            self._given, reader.suffixes, sort, parse, table if grid else None, kept, rules
        )
        pages = self.grid.metadata.pages
        self._page_dims: tuple[str, ...] = ()
        if pages and not isinstance(self.reader, FunctionReader):
            self._page_dims = tuple(pages)
            self.reader = PagesReader(self.reader, self._page_dims, tuple(pages.values()))
        if choosing and (imreadargs := ImageOptions(**choosing).imreadargs):
            self.reader = BoundReader(self.reader, imreadargs)
        imread = self.reader.imread
        is_path = isinstance(self.source, LocalFiles) and not path_map
        self.imread = imread if is_path else partial(_imread_member, self.source, imread)
        self._is_inferred = inferred and self.pattern is not None
        if grid is not None and is_auto(table):
            _log.info("table=%r finds %s", table, grid.metadata.source)
        if self._is_inferred and _log.isEnabledFor(logging.INFO):
            below = f"; files {self.below}" if self.below else ""
            _log.info("%s%s", counts(self.grid), below)

    def _set_grid(self, grid: FileGrid) -> None:
        """Set the grid, and derive names and axis codes from it."""
        self._names = Names.of(grid.names)
        self.grid = grid if grid.names is self._names else replace(grid, names=self._names)
        codes = TIFF.AXES_CODES
        self.axes = "".join(codes.get(dim.lower(), dim[0].upper()) for dim in grid.dims)
        self._infos: dict[str, FileInfo] = {}

    def with_grid(self, grid: FileGrid, reader: Reader | None = None) -> Self:
        """Return the same sequence with the files on another grid; touches no file.

        Parameters
        ----------
        grid : FileGrid
            The grid, of files that the `source` opens.
        reader : Reader, optional
            Reads the files; by default that of this sequence.
        """
        other = copy.copy(self)
        if reader is not None and reader is not self.reader:
            is_plain, imread = self.imread is self.reader.imread, reader.imread
            other.imread = imread if is_plain else partial(_imread_member, self.source, imread)
            other.reader = reader
        for name in ("_collection", "_version", "_versions", "_tables"):
            other.__dict__.pop(name, None)
        other._set_grid(grid)
        other._opening = None
        return other

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__ | {"_container": None if self._container is None else self.source}
        state.pop("_collection", None)  # as large as the sequence, and made in no time
        state.pop("_tables", None)  # larger than the sequence
        state.pop("_versions", None)
        state["_opening"] = None if self._opening is None else self._opening.for_pickles()
        if self.pattern is not None and self.pattern.lookup is not None:
            # a user's function may not pickle, and a table may be as large as all names
            state["grid"] = replace(self.grid, pattern=None)
        return state

    # names and the grid: no pixels

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the grid's axes; two may be the same."""
        return self.grid.dims

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the grid. The shape of the array is ``seq.to_dask_array().shape``."""
        return self.grid.shape

    @property
    def indices(self) -> Sequence[tuple[int, ...]]:
        """Index of each file in the grid; a tuple for files on one axis, as in tifffile."""
        indices = self.grid.indices
        return tuple(indices) if self.dims == ("sequence",) else indices

    @property
    def files(self) -> list[str]:
        """Names of the files."""
        return list(self._names)

    @property
    def files_missing(self) -> int:
        """Number of empty cells."""
        return self.grid.files_missing

    @property
    def missing(self) -> list[tuple[int, ...]]:
        """The empty cells, by index."""
        return self.grid.missing

    @property
    def coords(self) -> Mapping[str, NDArray[Any]]:
        """The values behind the indices of each grid axis.

        Axes with the same name, ``Q``, are ``Q_0`` and ``Q_1`` here.
        """
        return self.grid.coords

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Names that were left out because the pattern does not match."""
        return self.grid.unmatched

    @property
    def duplicates(self) -> Any:
        """Names that were left out because another file is in their cell."""
        return self.grid.duplicates

    @property
    def pattern(self) -> NamePattern | None:
        """The pattern that found the axes; its ``str()`` can be passed as ``pattern=``.

        None if the files form one axis, or a `parse` function or a `table` made the grid.
        Patterns from a function or a table are not kept in pickles.
        """
        return self.grid.pattern

    def listing(self, limit: int | None = 20) -> str:
        """Return a text that lists matched, unmatched and duplicate names, and empty cells.

        Parameters
        ----------
        limit : int, optional
            How many of each to show; None for all.
        """
        return listing(self.grid, limit, self.below)

    def explain(self) -> str:
        """Return a text about what each field of the names was taken for, and why.

        It has the axes of the pattern, and what ``"infer"`` says of the names: each field of
        the first name, with its kind and why it is an axis or none; the readings and presets
        that were compared, with their numbers of cells; names that are left out; and what is
        a guess, by letter case, by one letter, or from two values.

        Returns
        -------
        str
            For people; its form may change.

        Examples
        --------
        >>> from dask_fileseq import TiffSequence
        >>> names = [f"A0{n}_W0000{n}_{c}.tif" for n in (1, 2, 3) for c in ("DAPI", "GFP")]
        >>> print(TiffSequence(names, pattern="infer").explain())
        6 names, such as 'A01_W00001_DAPI.tif'
        pattern='infer' finds '{well}_W{:05d}_{channel}.tif'
        fields
          'A01'    axis well: wells, 3 texts ('A01', 'A02', 'A03'); letters of a plate's rows, \
and numbers of its columns
          '_W'     constant
          '00001'  no axis: integers, 3 texts ('00001', '00002', '00003'); varies together \
with well
          'DAPI'   axis channel: words, 2 texts ('DAPI', 'GFP'); known words for a channel
          '.tif'   constant
        readings compared
          '{well}_W{:05d}_{channel}.tif': well 3 x channel 2 = 6 cells; taken
        guessed: well, by one letter
        """
        others = [name for name, _ in self.duplicates]
        labels = {dim: plain_labels(values) for dim, values in self.coords.items()}
        described = explain_descriptor(self.grid)
        if isinstance(self._names, NameProduct):
            return f"pattern={str(self.pattern)!r} writes a name for each combination of labels"
        every = public_names([*self._names, *self.unmatched, *others])
        text = described + explain_names(every, self.pattern, None if described else labels)
        return public_text(f"{text}\nfiles {below}" if (below := self.below) else text)

    @property
    def below(self) -> str:
        """Depth of the files below the opened folder, in words; empty if they are inside it.

        A folder without images right inside it gives those in all folders below it.

        Examples
        --------
        >>> import tempfile
        >>> from dask_fileseq import open_sequence
        >>> from dask_fileseq.demo import write_acquisition
        >>> folder = tempfile.mkdtemp()
        >>> pattern = write_acquisition(f"{folder}/day1/plate")
        >>> open_sequence(folder).below.replace(folder, "scans")
        "in 1 folder, 2 levels below 'scans'"
        """
        return depth_text(self._given, self._names)

    def commonpath(self) -> str:
        """Return the longest path that all files are below."""
        return common_path(self._names)

    def isel(self, indexers: Mapping[str, Any] | None = None, **kwargs: Any) -> Self:
        """Return the sequence of the files at integer positions; touches no file.

        Parameters
        ----------
        indexers : mapping of str to int, slice, or sequence of int or bool, optional
            What to keep along axes, by their names in `coords`, as in xarray: an int drops
            its axis, anything else keeps it, ``[5]`` too.
        **kwargs
            The same as keywords.

        Returns
        -------
        FileSequence
            A sequence of the same class, which reads the header of its own first file.

        Raises
        ------
        NamesError
            If there is no such axis, or an indexer does not fit.
        NoFilesError
            If all cells of the selection are empty.
        """
        return self.with_grid(selected(self.grid, by_axis("indexers", indexers, kwargs)))

    def sel(self, indexers: Mapping[str, Any] | None = None, **kwargs: Any) -> Self:
        """Return the sequence of the files at some labels; touches no file.

        Parameters
        ----------
        indexers : mapping of str to label, slice, or sequence of labels, optional
            What to keep along axes, by values in `coords`, as in xarray and pandas: a label
            drops its axis; a slice includes both of its ends and, of numbers and dates, all
            between them, whether the ends occur or not. Dates may be texts; a text for a
            period, such as ``"2020-07"``, selects all of it and keeps the axis.
        **kwargs
            The same as keywords.

        Returns
        -------
        FileSequence
            A sequence of the same class.

        Raises
        ------
        NamesError
            If there is no such axis.
        LabelError
            If the axis has no such label.
        NoFilesError
            If all cells of the selection are empty.
        """
        labels = by_axis("indexers", indexers, kwargs)
        options = {"method", "tolerance", "drop"} & labels.keys() - self.coords.keys()
        if options:
            raise NamesError(
                f"sel takes labels alone, not {', '.join(sorted(options))}=: to_xarray().sel() does"
            )
        places = {
            dim: places_of_labels(dim, self.coords[dim], value)
            for dim, value in labels.items()
            if dim in self.coords
        }
        return self.with_grid(selected(self.grid, labels | places, labels=labels))

    def refresh(self) -> Self:
        """Return the sequence of the files that are there now; the pattern stays.

        The grid has the labels of all files, as if they had been opened now with the present
        pattern, so it may grow anywhere along its axes; files that are gone are empty cells, or
        no part of it. Arrays that were made before stay as they are. Where possible, only the
        names of new files are parsed, and their versions taken: files that were there before
        count as unchanged. Names that were given as a list stay.

        Returns
        -------
        FileSequence
            The sequence itself if nothing changed.

        Raises
        ------
        ValueError
            If this is a part of a sequence, or one with functions or tables that was pickled.
        NamesError
            If new names do not fit.

        Examples
        --------
        >>> import tempfile
        >>> import numpy as np, tifffile
        >>> from dask_fileseq import open_sequence
        >>> folder = tempfile.mkdtemp()
        >>> for t in (0, 1):
        ...     tifffile.imwrite(f"{folder}/t{t}.tif", np.full((4, 6), t, "u1"))
        >>> seq = open_sequence(folder)
        >>> tifffile.imwrite(f"{folder}/t2.tif", np.full((4, 6), 2, "u1"))
        >>> seq.refresh().shape, seq.shape
        ((3,), (2,))
        """
        if self._reopened.given is None:
            return self
        return self._with_files(self._reopened.names(self.source, self._names))

    def follow(
        self,
        *,
        interval: float = 1.0,
        until: Callable[[Self], bool] | int | None = None,
        timeout: float | None = None,
    ) -> Iterator[Self]:
        """Yield the sequence of all complete files, each time that more of them are complete.

        A file is complete if its size and time are the same at two looks, its reader finds it
        complete, and its shape and dtype are those of the first one. So a file that is being
        written is never read; one that its writer left is named in a warning at the end. Names
        that the pattern does not match are skipped: a writer may use them until it renames files.

        Parameters
        ----------
        interval : float
            Number of seconds between two looks. With watchfiles installed, nothing is looked
            for while nothing changes in a local folder.
        until : callable or int, optional
            Ends it after the sequence for which the function is true, or that has as many files.
        timeout : float, optional
            Ends it after as many seconds in which no file was completed. By default it goes on.

        Yields
        ------
        FileSequence
            A sequence like what `refresh` returns. Cells may be filled later, and labels may come
            in between.

        Raises
        ------
        ValueError
            As `refresh` does, or if an argument does not fit.

        Warns
        -----
        GridWarning
            At the end, if files were not complete.

        Examples
        --------
        >>> import tempfile
        >>> from dask_fileseq import open_sequence
        >>> from dask_fileseq.demo import write_acquisition
        >>> seq = open_sequence(write_acquisition(tempfile.mkdtemp()))
        >>> for grown in seq.follow(interval=0.01, until=58):
        ...     print(grown.to_dask_array().shape)
        (6, 2, 5, 256, 256)
        """
        for name, value in (("interval", interval), ("timeout", timeout)):
            if value is not None and not (isinstance(value, int | float) and value > 0):
                raise ValueError(f"{name}={value!r} is no positive number of seconds")
        if not callable(until) and (not isinstance(until, int | None) or (until or 1) < 1):
            raise ValueError(f"until={until!r} is neither a function nor a number of files")
        opening = self._reopened

        def grow(before: Self, complete: Mapping[str, tuple[int, int]]) -> Self | None:
            names = [name for name in opening.names(self.source, before) if name in complete]
            try:
                grown = before._with_files(names, unmatched="skip")
            except (NoFilesError, UnmatchedError):  # files that have other names for now
                return None
            if grown is before:
                grown = before.with_grid(before.grid)
                grown._opening = opening
            if self.identity == "stat":
                versions = [complete[name] for name in grown]
                grown.__dict__["_versions"] = np.array(versions, np.int64)
            return grown

        def names(before: Self) -> Sequence[str]:
            try:
                return opening.names(self.source, before)
            except NoFilesError:
                return []

        files = self.source, self.reader, self.commonpath()
        return followed(self, *files, names, grow, interval, until, timeout)

    @property
    def _reopened(self) -> Opening:
        if self._opening is None:
            raise ValueError(
                "a part of a sequence, or one that was pickled with functions or tables, does not"
                " know what it was opened with: refresh the whole sequence, and select then"
            )
        return self._opening

    def _with_files(self, names: Sequence[str], **rules: Any) -> Self:
        """Return the same sequence with all files of these names that fit its pattern."""
        grid = self._reopened.grid(self.grid, names, self.source, **rules)
        if grid is self.grid:
            return self
        grown = self.with_grid(grid)
        grown._opening = self._opening
        if grown[0] == self[0]:
            grown._infos = dict(self._infos)
        if "_versions" in self.__dict__:
            known = known_versions(self._names, self._versions, grown, self.source)
            if known is not None:
                grown.__dict__["_versions"] = known
        return grown

    def split(self, dim: str) -> dict[Any, Self]:
        """Return one sequence, without the axis, for each label along an axis that has files.

        Useful for channels or bands of different shape or data type. It touches no file.

        Parameters
        ----------
        dim : str
            The axis, by its name in `coords`.

        Raises
        ------
        NamesError
            If there is no such axis.
        """
        return {label: self.with_grid(grid) for label, grid in parts_of(self.grid, dim)}

    def rename(self, names: Mapping[str, str] | None = None, **kwargs: str) -> Self:
        """Return the sequence with other names of axes of the grid; touches no file.

        Parameters
        ----------
        names : mapping of str to str, optional
            The new names of axes, by their names in `coords`, as in xarray.
        **kwargs
            The same as keywords.

        Returns
        -------
        FileSequence
            A sequence of the same class. Its `pattern` is still the one of the names.

        Raises
        ------
        NamesError
            If there is no such axis, or the new name is that of another one.

        Examples
        --------
        >>> from dask_fileseq import TiffSequence
        >>> TiffSequence(["t1.tif", "t2.tif"], pattern="infer").rename(t="time")
        <TiffSequence 2 files, time 2>
        """
        return self.with_grid(renamed(self.grid, by_axis("names", names, kwargs)))

    @property
    def location(self) -> str:
        """The folder that all files are below, or the container; without credentials.

        Files on several drives, or with relative and absolute names, are in "several folders".
        """
        try:
            where = str(self.source) if self._container is not None else self.commonpath()
        except ValueError:
            return "several folders"
        return without_secrets(where) or os.curdir

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    @overload
    def __getitem__(self, key: int) -> str: ...
    @overload
    def __getitem__(self, key: slice) -> list[str]: ...
    def __getitem__(self, key: int | slice) -> str | list[str]:
        if isinstance(key, tuple | EllipsisType):
            raise TypeError(
                f"{key!r} is an index of an array, and a sequence has names: seq[0] is the first"
                " one, and seq.array()[...] or seq.to_dask_array()[...] gives pixels"
            )
        return self._names[key]

    def __getattr__(self, name: str) -> Any:
        # The shape of a sequence is that of its grid, as in tifffile. What asks for `ndim` takes
        # it for an array, and would go wrong; an AttributeError is often taken for an answer.
        if name == "ndim":
            raise TypeError(
                f"a {type(self).__name__} is a sequence of file names, which has no ndim: for"
                " pixels, pass seq.array(), seq.to_dask_array() or np.asarray(seq), for names"
                " seq.files"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def close(self) -> None:
        """Close the container, if any.

        Arrays and stores made of the sequence go on, unless the container is an open
        archive that cannot be opened again by its name.
        """
        if self._container is not None:
            self.source.close()
            if hasattr(self._container, "close"):
                self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {short_counts(self.grid)}>"

    def __str__(self) -> str:
        name = self[0] if self._container is None else str(self.source)
        pattern = self.pattern if self._is_inferred else None
        found = [] if pattern is None else [f"pattern: {printable(str(pattern), lines=False)}"]
        found += [f"table: {self.grid.metadata.source}"] if self.grid.metadata.source else []
        return public_text(
            "\n ".join(
                (
                    type(self).__name__,
                    printable(os.path.split(without_secrets(name))[-1], lines=False),
                    f"files: {len(self)} ({self.files_missing} missing)",
                    f"shape: {', '.join(map(str, self.shape))}",
                    f"dims: {', '.join(self.dims)}",
                    *found,
                )
            )
        )

    # the file array, and what one file contains

    @property
    def chunkshape(self) -> tuple[int, ...]:
        """Shape of the array in each file; reads one header."""
        return self._info(ReadOptions()).spec.shape

    @property
    def chunkdtype(self) -> np.dtype[Any]:
        """Data type of the array in each file; reads one header."""
        return self._info(ReadOptions()).spec.dtype

    @property
    def chunkdims(self) -> tuple[str, ...]:
        """Names of the axes of the array in each file; reads one header."""
        return self._info(ReadOptions()).spec.dims

    @property
    def sizes(self) -> dict[str, int]:
        """Length of each axis of the array of all files, by name; reads one header.

        Examples
        --------
        >>> import numpy as np
        >>> from dask_fileseq import FileSequence
        >>> seq = FileSequence(lambda name: np.zeros((4, 6), "u2"), ["t1", "t2"], pattern="infer")
        >>> seq.sizes, seq.dtype, seq.nbytes
        ({'t': 2, 'y': 4, 'x': 6}, dtype('uint16'), 96)
        """
        array = self._outline()
        return dict(zip(array.dims, array.shape, strict=True))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the array of all files; reads one header."""
        return self._outline().dtype

    @property
    def nbytes(self) -> int:
        """Size of the array of all files in memory, once read; reads one header."""
        return self._outline().nbytes

    @takes_options(ReadOptions)
    def array(self, **options: Any) -> FileArray:
        """Return the array of all files as a `FileArray`; reads at most one header.

        Every other method that reads is a function of this array.

        Parameters
        ----------
        imreadargs, chunkshape, chunkdtype, axestiled, fillvalue, errors
            As in `to_dask_array`.

        Raises
        ------
        ReadError, ValueError
            As `to_dask_array` does.
        """
        options, unknown = split_options(options, ReadOptions)
        if unknown:
            known = [f.name for each in (ReadOptions, WriteOptions) for f in fields(each)]
            raise unknown_arguments(unknown, known)
        fillvalue = first_given(options.get("fillvalue"), self.fillvalue)
        reading = ReadOptions(**options | {"fillvalue": fillvalue})
        # first, so that a server that is down gets one request, not one for each version
        info = self._info(reading) if reading.needs_header else None
        return self._file_array(reading, info, lambda: self._version)

    def _outline(self) -> FileArray:
        """Return the array as far as shape and data type go: files are not looked up."""
        reading = ReadOptions(fillvalue=self.fillvalue)
        return self._file_array(reading, self._info(reading), lambda: "unknown")

    def _file_array(
        self, reading: ReadOptions, info: FileInfo | None, version: Callable[[], str]
    ) -> FileArray:
        return FileArray.from_grid(
            self.grid,
            self.reader,
            source=self.source,
            options=reading,
            identity=self.identity,
            version=version,
            info=info,
        )

    def _labelled_array(self, options: Mapping[str, Any]) -> FileArray:
        """Return the array with nodata in empty cells by default: its readers learn the value."""
        fillvalue = first_given(options.get("fillvalue"), self.fillvalue, "auto")
        return self.array(**{**options, "fillvalue": fillvalue})

    def _with_headers(
        self, array: FileArray, headers: bool | str | Sequence[str] | None
    ) -> FileArray:
        """Return the array with columns of headers as coordinates; see `to_xarray`."""
        options = array.options
        if headers is None and not options.has_chunk:
            return with_physical_coords(array, self.grid, self._info(options).columns)
        if headers:
            table = self.table(imreadargs=options.imreadargs)
            return with_header_coords(array, self.grid, table, headers)
        return array

    def _info(self, options: ReadOptions) -> FileInfo:
        """Return what the first file contains, read once for each set of arguments."""
        key = tokenize(options.imreadargs)
        if key not in self._infos:
            info = first_info(self._names, self.source, self.reader, options)
            self._infos[key] = info
            if info.metadata.unread and not self._is_warned:
                self._is_warned = True
                warnings.warn(info.metadata.unread, SeriesWarning, stacklevel=users_level())
            dims = self._page_dims
            if info.spec.dims[: len(dims)] != dims and not self._is_warned_of_pages:
                self._is_warned_of_pages = True
                warnings.warn(
                    f"{self.grid.metadata.source} describes the pages of each file along "
                    f"{', '.join(dims)}, but key=, series= or imreadargs= choose others; "
                    f"the axes of the array in each file are {', '.join(info.spec.dims)}",
                    GridWarning,
                    stacklevel=users_level(),
                )
        return self._infos[key]

    @cached_property
    def _version(self) -> str:
        """The hash of all files in their present versions."""
        return version_hash(self.grid, self._names, self.source, self._versions)

    @cached_property
    def _versions(self) -> Versions | None:
        """The versions of all files, taken once; None if names alone identify them."""
        return self.source.versions(self._names) if self.identity == "stat" else None

    def _array_of(self, kwargs: Mapping[str, Any]) -> FileArray:
        """Return the array for keywords of which the unknown ones are arguments of `imread`."""
        reading, imreadargs = split_options(kwargs, ReadOptions)
        reading["imreadargs"] = imreadargs | dict(reading.get("imreadargs") or {})
        return self.array(**reading)

    def _named_array_of(
        self, kwargs: Mapping[str, Any], headers: bool | str | Sequence[str] | None
    ) -> tuple[FileArray, dict[str, Any]]:
        """Return `_array_of`, and what it is called in Zarr; only a given `fillvalue` masks.

        In a group, which xarray opens, empty cells are nodata, and coordinates there are, as in
        `to_xarray`.
        """
        naming, others = split_options(kwargs, NamingOptions)
        naming["fill"] = first_given(others.get("fillvalue"), self.fillvalue) not in (None, "auto")
        if naming.get("groupname"):
            others["fillvalue"] = first_given(others.get("fillvalue"), self.fillvalue, "auto")
            return self._with_headers(self._array_of(others), headers), naming
        return self._array_of(others), naming

    # faces: dask, numpy, xarray, zarr

    @takes_options(ReadOptions)
    def to_dask_array(self, *, chunks: Any = None, **options: Any) -> Array:
        """Return the array of all files as a lazy dask array.

        At most one header is read, and no pixels.

        Parameters
        ----------
        imreadargs : mapping, optional
            Keyword arguments of `imread`. The TIFF reader takes those of `tifffile.imread`,
            such as ``is_imagej=False``, which ignores a description that is
            wrong, and ``strict=False``, which reads the pages that are there of a file whose
            chain of pages is broken.
        series : int or str, optional
            The image to read of files that contain several (pages of other shapes, stacks that
            were appended, images of OME-TIFF), by its number from 0 or by its name; or
            ``"all"``, which adds an axis, ``series``, if all are of one shape and dtype. By
            default the first one is read, with a `SeriesWarning` if there are others.
        key : int or slice, optional
            The pages to read, by their numbers.
        level : int, optional
            The level of a pyramid to read; 0 is the largest.
        chunkshape, chunkdtype : optional
            Shape and data type of the array in each file; by default those of the first.
            A file of another shape or dtype is an error when it is read.
        axestiled : mapping or sequence of pairs, optional
            Grid axes to place edge to edge, each with the axis of the array in a file, by names
            or numbers: ``{"row": "y", "column": "x"}``.
        chunks : optional
            None makes one block of each file, or what ``fileseq.chunks`` in dask's
            configuration says. ``"file"`` makes one block of each file, and so does ``"grouped"``,
            unless the array of a file is below 1 MiB: of these, as many as 8 MiB hold make a
            block, along the last axes of the grid first, but there are at least 16 blocks of 16
            files or more. Files far away are grouped if it is below 16 MiB, into at least 8 blocks
            of at most 32 MiB, because a block waits for all its files together. ``"auto"``, a size
            such as ``"100MiB"``, or dask's usual forms group small files and split large ones. A
            mapping may name dimensions.
        fillvalue : scalar or {"auto", "nodata", "nan"}, optional
            Value of the pixels of empty cells. ``"nodata"``: the one that the first file
            declares (the GDAL tag of TIFF). ``"auto"``: that, or 0 if it declares none.
            ``"nan"``: NaN; integers become float32, or float64 if of 32 or 64 bits, and
            pixels of files keep their values. By default that of the sequence: ``"auto"`` for
            `open_sequence`, and 0 for `FileSequence` and `TiffSequence`, as in tifffile.
        errors : {"raise", "fill"}
            Whether a file that cannot be read is an error, or reads as `fillvalue` with
            a `FillWarning`; on a cluster also an event, ``get_events("dask-fileseq")``.

        Returns
        -------
        dask.array.Array
            The grid's axes that are not tiled, then the axes of the array in each file.

        Raises
        ------
        ReadError
            If the first file is needed and cannot be read.
        ValueError
            If an argument does not fit.

        Warns
        -----
        SmallFilesWarning
            If over 10,000 files, each with an array below 256 KiB, become as many blocks because
            there are no `chunks`.
        """
        array = self.array(**options)
        if chunks is None:
            warn_of_small_files(array)
        return to_dask_array(array, chunks)

    @takes_options(ReadOptions)
    def asarray(
        self,
        *,
        dtype: DTypeLike | None = None,
        out_inplace: bool | None = None,
        ioworkers: int | None = None,
        out: Any = None,
        scheduler: Any = None,
        **kwargs: Any,
    ) -> NDArray[Any]:
        """Return the array of all files as numpy.

        Parameters
        ----------
        imreadargs, chunkshape, chunkdtype, axestiled, fillvalue, errors
            As in `to_dask_array`.
        dtype : optional
            Data type of the result; by default that of the files. Cast file by file.
        out_inplace : bool, optional
            Whether `imread` takes ``out=``, an array to decode into. The TIFF reader
            decodes in place anyway.
        ioworkers : int, optional
            Number of workers of the local scheduler; None or 0: dask's default, but one
            thread for small files.
        out : None, ndarray, str, os.PathLike or open file
            Where to: a new array; an array of any compatible shape; ``"memmap"`` or
            ``"memmap:DIR"`` for a memory map of a temporary file; a file to map.
        scheduler : optional
            Any of dask's. By default the running distributed client, else what dask is
            configured for, else threads.
        **kwargs
            More arguments of `imread`; those in `imreadargs` take precedence.

        Returns
        -------
        ndarray
            C-contiguous (unless `out` is not).

        Raises
        ------
        ReadError, ChunkMismatchError
            If a file cannot be read, or contains an array of another shape or dtype.
        ValueError
            If an argument does not fit.
        """
        array = self._array_of(kwargs)
        if out_inplace:
            array = replace(array, reader=FunctionReader(self.reader, in_place=True))
        return asarray(array, out=out, dtype=dtype, scheduler=scheduler, workers=ioworkers)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("an array in files cannot be had without a copy")
        return self.asarray(dtype=dtype)

    @takes_options(ReadOptions)
    def to_xarray(
        self,
        *,
        name: Hashable = "image",
        chunks: Any = None,
        layout: Literal["rio"] | None = None,
        headers: bool | str | Sequence[str] | None = None,
        **options: Any,
    ) -> DataArray:
        """Return the array of all files as a lazy, labelled `xarray.DataArray`.

        No pixels are read. If the header of the first file has anything for coordinates or
        attributes, other headers must confirm it: those of all files, if these are local and at
        most 2,000, which takes 0.1 to 1 ms each; else of 200 files, or of 8 that are not local,
        at equal distances. What one of them contradicts is left out, with a `HeaderWarning`; so
        is the georeference of a mosaic whose tiles are not in the order of the grid. Headers
        are kept as long as the files stay the same. `to_dask_array` reads one header only.

        Parameters
        ----------
        name : hashable
            The name of the array.
        layout : {None, "rio"}
            With ``"rio"``, axes are those of rioxarray: the samples of a pixel are ``band``,
            with their names or numbers from 1, and y and x are the last axes. Slices read only
            what they select, as otherwise. ``rio.reproject`` and ``rio.to_raster`` take at most
            three axes, such as ``isel(time=0)`` of images with bands.
        headers : bool, str, sequence of str or None
            Columns of `table` to have as coordinates, for which all headers are read: True for
            all that vary and are numbers, dates or texts, or names of columns. Each is along
            the axes of the grid on which it depends. What depends on a tiled axis is left out by
            True. None: what can replace numbers and words along an axis, if all headers have it
            and it depends on that axis alone: ``acquired`` along t, if it increases, ``stage_z``
            along z, if it goes one way, and ``exposure`` along channel. For that, headers of up to
            2,000 local files are read if the first has any of these; of more, 200, and if they
            have them a `HeaderWarning` says how to ask; of files that are not local, none.
            False: none.
        chunks : optional
            As in `to_dask_array`, but None is ``"grouped"``, unless ``fileseq.chunks`` in dask's
            configuration says otherwise.
        imreadargs, chunkshape, chunkdtype, axestiled, fillvalue, errors
            As in `to_dask_array`. With both `chunkshape` and `chunkdtype` no header is
            read, so axes in the files have no coordinates.

        Returns
        -------
        xarray.DataArray
            Over a dask array. Coordinates along the grid are the values from the names.
            Coordinates along axes in the files are what all headers say: centres
            of pixels in physical units (OME-XML, ImageJ, resolution tags) or on the ground
            (GeoTIFF, with the coordinate reference system in ``spatial_ref``), names of
            channels and bands. The attribute ``source`` of each names its origin. A tiled axis
            has one coordinate, which extends over all tiles. Where cells are empty, ``has_file``
            along the grid is False; they read as nodata, if that is declared and no `fillvalue`
            is given. Attributes are those of rioxarray:
            ``long_name``, ``units``, ``scale_factor``, ``add_offset`` and ``_FillValue``, of
            files that GDAL wrote.

        Raises
        ------
        ImportError
            If xarray is not installed.
        ReadError
            If the first file is needed and cannot be read.
        ValueError
            If an argument does not fit, or no header has one of the `headers`, or one depends
            on a tiled axis.

        Examples
        --------
        >>> import numpy as np
        >>> import tempfile, tifffile
        >>> from dask_fileseq import open_sequence
        >>> folder = tempfile.mkdtemp()
        >>> for t in range(2):
        ...     for c in ("DAPI", "GFP"):
        ...         tifffile.imwrite(f"{folder}/t{t}_{c}.tif", np.zeros((4, 6), "u2"),
        ...                          datetime=f"2026:01:31 10:00:3{t}")
        >>> open_sequence(folder).to_xarray(headers="acquired").acquired
        <xarray.DataArray 'acquired' (t: 2)> Size: 16B
        array(['2026-01-31T10:00:30.000000000', '2026-01-31T10:00:31.000000000'],
              dtype='datetime64[ns]')
        Coordinates:
          * t         (t) int64 16B 0 1
            acquired  (t) datetime64[ns] 16B 2026-01-31T10:00:30 2026-01-31T10:00:31
        Attributes:
            source:   headers
        """
        with needs_package("to_xarray", "xarray", "xarray"):
            from dask_fileseq.xarray import to_dataarray

        array = self._with_headers(self._labelled_array(options), headers)
        return to_dataarray(array, name=name, chunks=chunks, layout=layout)

    @takes_options(ReadOptions)
    def to_datatree(
        self,
        *,
        split: str | None = None,
        levels: bool = False,
        pad: float | None = None,
        name: Hashable = "image",
        chunks: Any = None,
        layout: Literal["rio"] | None = None,
        headers: bool | str | Sequence[str] | None = None,
        scheduler: Any = None,
        **options: Any,
    ) -> DataTree:
        """Return files of several shapes as a tree of lazy arrays; reads the headers of all.

        Parameters
        ----------
        split : str, optional
            An axis of the grid, by its name in `coords`: each of its labels is a node. By
            default, each shape and data type is one, such as ``"10980x10980_uint16"``. If files
            of one label have several, there is a node for each below that of the label.
        levels : bool
            Whether the levels of pyramids in the files are nodes, ``"0"`` and on, below.
        pad : number, optional
            What smaller images of one data type and the same axes become at the end of y, x
            and all other axes, so that they and the largest ones are one array. Each data type
            must have this number.
        name : hashable
            The name of the array in each node.
        chunks, layout, headers : optional
            As in `to_xarray`.
        scheduler : optional
            As in `asarray`, to read headers.
        imreadargs, chunkshape, chunkdtype, axestiled, fillvalue, errors
            As in `to_xarray`.

        Returns
        -------
        xarray.DataTree
            Each node with an array has a dataset of the one variable `name`, and the labels
            along the grid that its files have.

        Raises
        ------
        ImportError
            If xarray is not installed.
        NamesError
            If there is no such axis.
        ReadError
            If a header cannot be read, unless such files are filled, as part of the largest node.
        ValueError
            If an argument does not fit.

        Examples
        --------
        >>> import numpy as np
        >>> from dask_fileseq import FileSequence
        >>> def read(name):
        ...     return np.zeros((4, 6) if "B02" in name else (2, 3), "u2")
        >>> names = ["d1_B02", "d1_B05", "d1_B06", "d2_B02", "d2_B05", "d2_B06"]
        >>> seq = FileSequence(read, names, pattern="d{day:d}_{band}", identity="name")
        >>> tree = seq.to_datatree()
        >>> {node: child.image.shape for node, child in tree.children.items()}
        {'4x6_uint16': (2, 1, 4, 6), '2x3_uint16': (2, 2, 2, 3)}
        >>> list(seq.to_datatree(split="band").children)
        ['B02', 'B05', 'B06']
        >>> seq.to_datatree(pad=0)["4x6_uint16"].image.shape
        (2, 3, 4, 6)
        """
        with needs_package("to_datatree", "xarray", "xarray"):
            from xarray import DataTree

        nodes = self.tree(split=split, levels=levels, pad=pad, scheduler=scheduler, **options)
        arrays = {
            path: part.to_xarray(
                name=name, chunks=chunks, layout=layout, headers=headers, **reading
            )
            for path, (part, reading) in nodes.items()
        }
        return DataTree.from_dict({path: array.to_dataset() for path, array in arrays.items()})

    def tree(
        self,
        *,
        split: str | None = None,
        levels: bool = False,
        pad: float | None = None,
        scheduler: Any = None,
        **options: Any,
    ) -> dict[str, tuple[Self, dict[str, Any]]]:
        """Return the sequences of which `to_datatree` makes arrays, by the paths of their nodes.

        Parameters
        ----------
        split, levels, pad, scheduler, **options
            As in `to_datatree`.

        Returns
        -------
        dict
            For each node, its sequence, and `options` with the level to read.
        """
        return sequences_of_tree(
            self, options, split=split, levels=levels, pad=pad, scheduler=scheduler
        )

    @takes_options(NamingOptions, ReadOptions)
    def aszarr(
        self,
        *,
        chunkmode: int | str | None = None,
        chunks: Any = None,
        zarr_format: Literal[2, 3] = 3,
        ioworkers: int | None = None,
        read_only: bool = True,
        headers: bool | str | Sequence[str] | None = None,
        ome: bool | Mapping[str, Any] = False,
        **kwargs: Any,
    ) -> FileArrayStore:
        """Return the array of all files as a read-only zarr store, by default one chunk a file.

        At most one header is read, and no pixels; for a group those that `to_xarray` reads. The
        store outlives the sequence.

        Parameters
        ----------
        fillvalue, chunkshape, chunkdtype, axestiled, imreadargs, errors
            As in `to_dask_array`. Chunks of empty cells only are missing in the store. In
            format 2, xarray masks the pixels that equal a `fillvalue`, unless it is None.
        chunkmode : None, 0, 3, "strile" or "file"
            As in tifffile, where each of these means one chunk a file.
        chunks : optional
            ``"tile"`` splits files along their tiles or strips; other values are those of
            `to_dask_array`. In zarr, all chunks have one length along an axis; if files are
            edge to edge along it, ``"tile"``, ``"auto"`` and sizes split it only into parts
            that fill a file.
        zarr_format : {3, 2}
            Version of the format of the store.
        groupname : str, optional
            Name of the array in a group that also contains the coordinates of `to_xarray`, by
            the CF conventions, for `xarray.open_zarr`; xarray makes them, and without it there
            are none. By default the array is the root.
        headers : bool, str, sequence of str or None
            As in `to_xarray`, for a group.
        dimension_names : sequence of str or None, optional
            Names of the array's axes, and of coordinates along them; by default its dims.
        zattrs : mapping, optional
            Attributes of the zarr array.
        ioworkers : int, optional
            Number of chunks to read at a time; None or 0: all that zarr requests at a time.
        read_only : bool
            Must be True.
        ome : bool or mapping
            Whether the store is OME-Zarr 0.5, in format 3: an image, a plate or a collection, as
            `to_ome_zarr` writes it, but with one level, or the levels that files have, and over
            the files where they are. A mapping has `axes`, `scale`, `pixel_size` or `name` of
            that. A chunk is a plane of a file or, of files in tiles or strips, a part of one. For
            the contrast that viewers show, one plane of each channel is read.
        **kwargs
            More arguments of `imread`; those in `imreadargs` take precedence.

        Returns
        -------
        zarr.abc.store.Store

        Raises
        ------
        ImportError
            If zarr is not installed.
        ReadError
            If the first file is needed and cannot be read.
        ValueError
            If an argument does not fit, or zarr has no such data type.

        Examples
        --------
        >>> import numpy as np
        >>> import xarray
        >>> from dask_fileseq import FileSequence
        >>> seq = FileSequence(lambda name: np.eye(2), ["a_GFP.bin", "b_GFP.bin"],
        ...                    pattern="(?P<tile>[a-z])_")
        >>> dataset = xarray.open_zarr(seq.aszarr(groupname="image"))
        >>> dataset.image.sizes["tile"], dataset.tile.values.tolist()
        (2, ['a', 'b'])
        """
        with needs_package("aszarr", "zarr 3", "zarr"):
            from dask_fileseq.zarr import FileArrayStore

        if ome:
            other = {"chunkmode": chunkmode, "chunks": chunks, "headers": headers, **kwargs}
            given = [k for k in ("chunkmode", "chunks", "headers", *NAMING) if other.get(k)]
            if given or zarr_format != 3 or not read_only:
                what = given[0] if given else "zarr_format" if zarr_format != 3 else "read_only"
                raise ValueError(f"ome=True has {what} of its own: leave it out")
            return self._ome_store(ome, ioworkers, kwargs)
        array, naming = self._named_array_of(kwargs, headers)
        return FileArrayStore(
            array,
            chunkmode=chunkmode,
            chunks=chunks,
            zarr_format=zarr_format,
            ioworkers=ioworkers,
            read_only=read_only,
            **naming,
        )

    def _ome_store(
        self, ome: bool | Mapping[str, Any], ioworkers: int | None, kwargs: Mapping[str, Any]
    ) -> FileArrayStore:
        """Return the store of OME-Zarr, with the levels that the first file has."""
        with needs_package("aszarr(ome=True)", "zarr 3 and yaozarrs", "ome"):
            from dask_fileseq.convert.omestore import OmeStore

        options = dict(ome) if isinstance(ome, Mapping) else {}
        _check_keys("ome", options, "axes", "name", "pixel_size", "scale")
        kwargs = dict(kwargs)
        kwargs["fillvalue"] = first_given(kwargs.get("fillvalue"), self.fillvalue, "auto")
        levels = [self._array_of(kwargs)]
        if not {"level", "key"} & levels[0].options.imreadargs.keys():
            with self.source.open(self[0]) as file:
                info = self.reader.inspect(file, **levels[0].options.imreadargs)
            levels += [self._array_of({**kwargs, "level": k}) for k in range(1, len(info.levels))]
        place = self.location.rstrip("/" + os.sep).rpartition("/")[2]
        name = options.pop("name", None) or place or "image"
        return OmeStore(levels, name, ioworkers=ioworkers, **options)

    @takes_options(ReferenceFileOptions, NamingOptions, ReadOptions)
    def write_fsspec(
        self,
        jsonfile: str | os.PathLike[str] | TextIO,
        url: str | None = None,
        *,
        groupname: str | None = "image",
        zarr_format: Literal[2, 3] = 2,
        headers: bool | str | Sequence[str] | None = None,
        _append: bool = False,
        _close: bool = True,
        **kwargs: Any,
    ) -> None:
        r"""Write references to the bytes in the files, so that other programs read them as Zarr.

        fsspec's ``ReferenceFileSystem``, zarr, xarray, kerchunk and VirtualiZarr open the JSON
        file without this package. All headers are read, in parallel, and the pixels of the
        first file.

        A chunk is a tile, a strip, a page or part of a page. Uncompressed TIFF files and those
        in tiles or full strips of Deflate, LZMA or Zstandard need numcodecs only, which comes
        with zarr; LZW, PackBits and predictors need
        ``imagecodecs.numcodecs.register_codecs()``, or in format 3
        ``imagecodecs.zarr.register_codecs()`` of a release that has it. If files cannot be split
        so, or are not all encoded alike, a chunk is a file, for the codec of
        ``tifffile.numcodecs.register_codec()``, which only format 2 has.

        Users, passwords and signatures in URLs are left out: who reads the references gives
        them as ``remote_options`` of the ``ReferenceFileSystem``.

        Parameters
        ----------
        jsonfile : str, os.PathLike or open text file
            The file to write. A name that ends in ``.parquet`` or ``.parq`` is a folder of
            Parquet files, for more references than go into memory at once.
        url : str, optional
            Location of the folder that all files are below, for programs that read the
            references. None: the present one. Empty: relative to the program that reads.
        quote : bool, optional
            Whether to quote names as in URLs. None: only if `url` is one of HTTP.
        groupname : str, optional
            Name of the array in a group that also contains the coordinates, as in `aszarr`, which
            xarray and VirtualiZarr need. None makes the array the root, as in tifffile.
        headers : bool, str, sequence of str or None
            As in `to_xarray`, for a group.
        templatename : str, optional
            Name of a template for `url`, in version 1; by default there is none, and references
            have whole locations.
        codec_id : str, optional
            The numcodecs codec that decodes whole files; it gets the arguments of `imread`,
            and is not tested. By default that of the reader, if it has one.
        zarr_format : {2, 3}
            Version of zarr's format. VirtualiZarr knows the codecs of imagecodecs only in 3.
        version : {1, 0}, optional
            Version of the reference file's format; by default 1, or 0 if it is not closed.
        chunks : {None, "tile", "file"}
            Parts of files if possible; parts of files, else an error; whole files.
        fillvalue, chunkshape, chunkdtype, axestiled, dimension_names, zattrs, imreadargs, errors
            As in `aszarr`; but a file whose header cannot be read is always an error.
        scheduler : optional
            Any of dask's, for reading headers; by default threads.
        _append, _close : bool
            As in tifffile: append to a file of version 0 that is not closed; leave it open.
        **kwargs
            More arguments of `imread`; those in `imreadargs` take precedence.

        Raises
        ------
        ImportError
            If zarr is not installed.
        ReadError, ChunkMismatchError
            If a file cannot be read, or contains another shape or dtype.
        ValueError
            If an argument does not fit, or no codec decodes the files.

        Examples
        --------
        >>> import os, tempfile
        >>> import xarray
        >>> from dask_fileseq import TiffSequence
        >>> from dask_fileseq.demo import write_acquisition
        >>> folder = write_acquisition(tempfile.mkdtemp())
        >>> seq = TiffSequence(folder, pattern=r"t(?P<time>\d)_(?P<channel>[A-Z]+)_z(?P<z>\d)")
        >>> references = os.path.join(folder, "references.json")
        >>> seq.write_fsspec(references)
        >>> import imagecodecs.numcodecs  # for LZW
        >>> imagecodecs.numcodecs.register_codecs(verbose=False)
        >>> dataset = xarray.open_zarr("reference://", storage_options={"fo": references})
        >>> dataset.image.shape, dataset.channel.values.tolist()
        ((6, 2, 5, 256, 256), ['DAPI', 'GFP'])
        """
        with needs_package("write_fsspec", "zarr 3", "zarr"):
            from dask_fileseq.zarr import write_references

        references, others = split_options(kwargs, ReferenceFileOptions)
        array, naming = self._named_array_of(others | {"groupname": groupname}, headers)
        naming |= {"zarr_format": zarr_format, "append": _append, "close": _close}
        write_references(array, ReferenceFileOptions(**references), jsonfile, url, **naming)

    @takes_options(ReferenceOptions, NamingOptions, ReadOptions)
    def to_virtual(
        self,
        url: str | None = None,
        *,
        groupname: str = "image",
        headers: bool | str | Sequence[str] | None = None,
        **kwargs: Any,
    ) -> Dataset:
        """Return a dataset of references to the bytes in the files, for VirtualiZarr.

        Its array is VirtualiZarr's ``ManifestArray``, of zarr format 3; VirtualiZarr combines
        such datasets and writes them, with ``.vz`` (``.virtualize`` before 2.8). Coordinates are
        in memory. All headers are read, and the pixels of the first file.

        Parameters
        ----------
        url, quote, codec_id, chunks, scheduler
            As in `write_fsspec`, of format 3: whole TIFF files are no chunks.
        groupname : str
            Name of the array.
        headers : bool, str, sequence of str or None
            As in `to_xarray`.
        fillvalue, chunkshape, chunkdtype, axestiled, dimension_names, zattrs, imreadargs, errors
            As in `aszarr`; but a file whose header cannot be read is always an error.
        **kwargs
            More arguments of `imread`.

        Returns
        -------
        xarray.Dataset
            With the coordinates of `to_xarray`, and ``has_file`` also if no cell is empty.

        Raises
        ------
        ImportError
            If virtualizarr is not installed, or imagecodecs is too old for a codec.
        ReadError, ChunkMismatchError, ValueError
            As `write_fsspec` does.
        """
        with needs_package("to_virtual", "VirtualiZarr", "virtual"):
            from dask_fileseq.zarr import to_virtual

        references, others = split_options(kwargs, ReferenceOptions)
        array, naming = self._named_array_of(others | {"groupname": groupname}, headers)
        dataset: Dataset = to_virtual(array, ReferenceOptions(**references), url, **naming)
        return dataset

    @takes_options(ReferenceOptions, NamingOptions, ReadOptions)
    def to_icechunk(
        self,
        repo: Any,
        *,
        branch: str = "main",
        message: str | None = None,
        url: str | None = None,
        groupname: str = "image",
        headers: bool | str | Sequence[str] | None = None,
        **kwargs: Any,
    ) -> str:
        """Commit references to the bytes in the files to a repository of Icechunk.

        Each has the time of its file: to read a file that was changed since is an error. As
        Icechunk compares whole seconds, files that are younger are waited for, for at most a
        second. Changes that set a file's time back, or leave it in the future, are not seen.

        Parameters
        ----------
        repo : icechunk.Repository, str or os.PathLike
            A repository that has a virtual chunk container for the files; or a folder, for local
            files, where one is opened, or made with a container for their folder. Who opens it
            has to authorise the access to that (``authorize_virtual_chunk_access``).
        branch, message : str
            The branch, and the message of the commit.
        url, groupname, headers, **kwargs
            As in `to_virtual`, which has all other parameters, too.

        Returns
        -------
        str
            The snapshot that was committed.

        Raises
        ------
        ImportError
            If icechunk is not installed, or imagecodecs is too old for a codec.
        ReadError, ChunkMismatchError, ValueError
            As `write_fsspec` does, and if files changed meanwhile, or have no container.
        """
        with needs_package("to_icechunk", "icechunk", "virtual"):
            from dask_fileseq.zarr import to_icechunk

        references, others = split_options(kwargs, ReferenceOptions)
        array, naming = self._named_array_of(others | {"groupname": groupname}, headers)
        naming |= {"branch": branch, "message": message, "url": url}
        return to_icechunk(array, ReferenceOptions(**references), repo, **naming)

    # copies

    @takes_options(WriteOptions, ReadOptions)
    def to_zarr(
        self,
        url: Any,
        *,
        groupname: str | None = "image",
        headers: bool | str | Sequence[str] | None = None,
        attributes: Mapping[str, Any] | None = None,
        follow: bool | Mapping[str, Any] = False,
        **options: Any,
    ) -> dict[str, Any]:
        """Copy the array of all files to Zarr of format 3, losing nothing.

        `xarray.open_zarr` opens the copy with all coordinates of `to_xarray`. The conversion
        may be interrupted at any moment; the same call then resumes it. The target becomes
        Zarr only after everything is written and compared.

        Parameters
        ----------
        url : str, os.PathLike or zarr.abc.store.Store
            The target: a path, a URL of fsspec's (``s3://...``), or a store.
        chunks : optional
            Shape of chunks: None, about 512 along y and x; an int for these two axes; an int
            for each axis; or a mapping from dimension names.
        shards : optional
            Shape of shards, which are stored as one object each, in the same forms; multiples
            of chunks. None makes shards of about 32 MiB, False none.
        codecs : str or zarr codecs
            ``"auto"`` (Blosc: zstd of shuffled bits), ``"blosc"`` (the same, slower and a
            little smaller), ``"zstd"``, ``"gzip"``, ``"none"``, or codecs of zarr.
        groupname : str or None
            Name of the array in the group that the target is, beside its coordinates. None makes
            the array itself the target. Without coordinates, as also where xarray is not
            installed, labels are in the attribute ``"fileseq"`` of the array.
        headers : bool, str, sequence of str or None
            As in `to_xarray`, for a group.
        attributes : mapping, optional
            More attributes of the array.
        follow : bool or mapping
            Whether to go on as files are completed, with arguments of `follow` in a mapping:
            ``{"until": 600, "timeout": 60}``. The target is Zarr from the first file on, and its
            shape grows; only whole chunks, or shards, are written before the end, by default
            those of one file. The same call goes on after an interruption.
        resume : bool
            Whether to resume an interrupted conversion of the same files in the same versions
            with the same arguments; `scheduler`, `memory` and `errors` may change. Changed
            metadata alone are written to a complete target. A run that is still going on
            ends: this one replaces it.
        overwrite : bool
            Whether to start over, and to replace existing Zarr data.
        verify : {"sample", "all", None}
            The pixels to read back and compare with the files, bit for bit; and of what an
            earlier run wrote, whether size and a part of each object, all bytes, or nothing
            is compared with its checksums.
        progress : bool or callable, optional
            Called as ``progress(done, total)`` with bytes of pixels; True for a bar; None for
            a bar if standard error is a terminal.
        scheduler : optional
            As in `asarray`. Workers read and write; few bytes travel.
        workers : int, optional
            Number of workers of a local scheduler.
        memory : int or str
            Bytes of pixels that a task reads at a time, unless a single shard is larger. It
            needs about four times as much. More is faster if chunks extend over many files.
        storage_options : mapping, optional
            Arguments of the file system of a URL.
        dry_run : bool
            Whether to write nothing, and return what the copy would be: the lengths of its
            axes, labels, pixel size and its source, numbers of files and bytes, files that will
            fail (``"failing"``), and all that in words as ``"text"``. Some chunks are read and
            compressed for the size; all sizes of files, and as many headers as by `to_xarray`,
            tell which will fail.
        imreadargs, chunkshape, chunkdtype, axestiled, fillvalue, errors
            As in `to_dask_array`.

        Returns
        -------
        dict
            The manifest: the number of files, the empty cells, the files that could not be
            read and why, what was verified. `dask_fileseq.convert.read_manifest` reads it from
            the target, with all names.

        Raises
        ------
        ImportError
            If zarr is not installed.
        TargetExistsError
            If there is something else in the place of the target.
        ChangedError
            If files or arguments have changed since the conversion began, or another run
            replaced this one.
        ReadError, ChunkMismatchError
            If a file cannot be read or does not fit.
        WriteError
            If the target cannot be written, as when the disk is full.
        VerifyError
            If what was written is not what the files contain.
        ValueError
            If an argument does not fit.

        Examples
        --------
        >>> import tempfile, zarr
        >>> from dask_fileseq import open_sequence
        >>> from dask_fileseq.demo import write_acquisition
        >>> folder = tempfile.mkdtemp()
        >>> seq = open_sequence(write_acquisition(folder))
        >>> manifest = seq.to_zarr(f"{folder}/cells.zarr")
        >>> manifest["file_count"], manifest["empty"]["count"], manifest["failed"]
        (58, 2, [])
        >>> zarr.open_array(f"{folder}/cells.zarr", path="image").metadata.dimension_names
        ('t', 'channel', 'z', 'y', 'x')
        >>> import xarray
        >>> xarray.open_zarr(f"{folder}/cells.zarr").channel.values.tolist()
        ['DAPI', 'GFP']
        """
        with needs_package("to_zarr", "zarr 3", "zarr"):
            from dask_fileseq.convert import to_growing_zarr, to_zarr

        def array_of(seq: Self) -> tuple[FileArray, WriteOptions]:
            array, writing = seq._array_to_write(options, "auto" if groupname else None)
            return (seq._with_headers(array, headers) if groupname else array), writing

        naming: Any = {"groupname": groupname, "attributes": attributes}
        if follow and not isinstance(follow, bool | Mapping):
            raise TypeError(f"follow={follow!r} is neither True nor a mapping, as of 'timeout'")
        if isinstance(follow, Mapping):
            _check_keys("follow", follow, "interval", "timeout", "until")
        if follow and not options.get("dry_run"):
            grown = self.follow(**(follow if isinstance(follow, Mapping) else {}))
            writing = WriteOptions(**split_options(options, WriteOptions)[0])
            return to_growing_zarr((array_of(seq)[0] for seq in grown), url, writing, **naming)
        array, writing = array_of(self)
        return to_zarr(array, url, writing, **naming)

    @takes_options(WriteOptions, ReadOptions)
    def to_ome_zarr(
        self,
        url: Any,
        *,
        axes: Mapping[str, str] | None = None,
        scale: Mapping[str, Any] | None = None,
        pixel_size: Any = None,
        name: str | None = None,
        levels: int | None = None,
        method: Literal["mean", "nearest"] = "mean",
        **options: Any,
    ) -> dict[str, Any]:
        """Copy the array of all files to OME-Zarr 0.5, with a pyramid, losing nothing.

        Axes become time, channel, z, y and x by their names. Wells, by name or by row and
        column, become a plate, and other axes (fields, tiles, cycles) become images: the
        fields of a well, or else a collection in the layout of bioformats2raw. Samples of
        colour are channels. Labels that are not part of OME-Zarr become attributes.

        Parameters
        ----------
        url, chunks, shards, codecs, resume, overwrite, verify, progress, scheduler, workers, \
memory, storage_options, dry_run
            As in `to_zarr`. Names of dimensions are ``t``, ``c``, ``z``, ``y`` and ``x``.
        axes : mapping, optional
            The roles of dimensions whose names do not reveal them: ``"t"``, ``"c"``, ``"z"``,
            ``"y"``, ``"x"``, ``"well"``, ``"row"``, ``"column"`` or ``"image"``. Several
            dimensions may have one of the roles t, c and z: they are joined end to end.
        scale : mapping, optional
            The step along axes, or step and unit: ``{"z": (0.5, "µm"), "t": (30, "s")}``. By
            default that in file names and in the header of the first file.
        pixel_size : str, tuple or mapping, optional
            The size of a pixel with its unit, ``"0.65um"`` or ``(0.65, "um")``, along y and x;
            or one for each axis, ``"z=2um,y=0.65um,x=0.65um"`` or a mapping. By default that
            in the header of the first file.
        name : str, optional
            The name of the image or plate; by default that of the target.
        levels : int, optional
            Number of levels; by default until y and x have at most 256 elements.
        method : {"mean", "nearest"}
            How a level is made of the one before: the mean of intensities, or the nearest
            pixel, for labels.
        imreadargs, chunkshape, chunkdtype, axestiled, fillvalue, errors
            As in `to_dask_array`.

        Returns
        -------
        dict
            As in `to_zarr`.

        Raises
        ------
        ImportError
            If zarr or yaozarrs are not installed.
        LayoutError
            If the role of an axis is unknown, or the axes do not fit. It proposes `axes`.
        Exception
            As in `to_zarr`.

        Examples
        --------
        >>> import tempfile
        >>> import numpy as np, zarr
        >>> from dask_fileseq import FileSequence
        >>> names = ["t0_DAPI", "t0_GFP", "t1_DAPI", "t1_GFP"]
        >>> seq = FileSequence(lambda name: np.eye(64), names, pattern="t{time:d}_{channel}")
        >>> target = f"{tempfile.mkdtemp()}/cells.ome.zarr"
        >>> plan = seq.to_ome_zarr(target, levels=2, pixel_size="0.65um", dry_run=True)
        >>> plan["axes"], plan["pixels"], plan["files"], plan["bytes"]
        ({'t': 2, 'c': 2}, '0.65 um a pixel (given)', 4, 131072)
        >>> manifest = seq.to_ome_zarr(target, levels=2)
        >>> group = zarr.open_group(target, mode="r")
        >>> group["1"].shape, group["1"].metadata.dimension_names
        ((2, 2, 32, 32), ('t', 'c', 'y', 'x'))
        >>> [channel["label"] for channel in group.attrs["ome"]["omero"]["channels"]]
        ['DAPI', 'GFP']
        """
        with needs_package("to_ome_zarr", "zarr 3 and yaozarrs", "ome"):
            from dask_fileseq.convert import to_ome_zarr

        array, writing = self._array_to_write(options)
        layout = {"axes": axes, "scale": scale, "pixel_size": pixel_size, "name": name}
        return to_ome_zarr(array, url, writing, **layout, levels=levels, method=method)

    def _array_to_write(
        self, options: Mapping[str, Any], fillvalue: str | None = None
    ) -> tuple[FileArray, WriteOptions]:
        """Return the array, and how to write it, for the keywords of a copy."""
        writing, reading = split_options(options, WriteOptions)
        reading["fillvalue"] = first_given(reading.get("fillvalue"), self.fillvalue, fillvalue)
        return self.array(**reading), WriteOptions(**writing)

    # what people look at

    def table(
        self,
        *,
        imreadargs: Mapping[str, Any] | None = None,
        scheduler: Any = None,
        ioworkers: int | None = None,
        progress: Progress | None = None,
    ) -> HeaderTable:
        """Return what the headers of all files say, a row a file; reads no pixels.

        It is kept with the sequence. A header takes 0.1 ms if it is like others but for its
        date or its place on the ground, 0.3 ms if its OME-XML differs in times and positions,
        else up to 1 ms, so 100,000 files take 10 to 100 seconds of one process;
        ``scheduler="processes"`` or a cluster divides that.

        Parameters
        ----------
        imreadargs : mapping, optional
            Arguments of `imread`, such as ``series``.
        scheduler : optional
            As in `asarray`.
        ioworkers : int, optional
            Number of workers of a local scheduler.
        progress : callable, optional
            Called with the number of files done and that of all.

        Returns
        -------
        HeaderTable
            A mapping from the names of columns to numpy arrays. It has `to_pandas` and
            `to_arrow`, and stores what all files have in common once. Columns that no file has
            anything for are absent; a value that a file does not have is NaN, NaT or None:

            - ``name``, ``cell`` (number of its cell in C order), the labels of the cell by the
              names of axes, ``size`` in bytes;
            - ``shape``, ``dtype``, ``axes``, ``compression``, ``pages``, ``series`` (number of
              images), ``series_shapes``;
            - ``acquired`` (time; in UTC if the file has the offset), ``exposure`` (seconds),
              ``stage_x``, ``stage_y``, ``stage_z`` (micrometres), of the first plane;
            - ``pixel_size_x``, ``pixel_size_y``, ``pixel_size_z``, ``pixel_unit``,
              ``pixel_source``, ``origin_x``, ...: also the resolution of prints, whose source
              says so;
            - ``channel_name``, ``channel_color`` (``#rrggbb``), ``excitation`` and ``emission``
              (nanometres); tuples if there are several channels in a file;
            - ``crs`` (EPSG code or WKT), ``transform`` (a to f in ``x = a * column + b * row + c,
              y = d * column + e * row + f``), ``bounds`` (least x and y, greatest x and y),
              ``nodata``, ``scale_factor``, ``add_offset``, ``band_names``;
            - ``software``; ``error``, why a header cannot be read;
            - times, positions, pixel sizes and the like from a descriptor or table that made the
              grid, in place of those in headers; only a georeference in headers comes first.

            A column with the name of an axis gets the prefix ``file_``. They are from TIFF's
            own tags, OME-XML, and the metadata of ImageJ, Micro-Manager, MetaMorph, MetaXpress,
            ScanImage, GDAL and GeoTIFF, of which the first that has a value counts; of JPEG and
            PNG files, from EXIF and texts.

        Warns
        -----
        HeaderWarning
            If headers cannot be read.

        Examples
        --------
        >>> import tempfile
        >>> from dask_fileseq import open_sequence
        >>> from dask_fileseq.demo import write_acquisition
        >>> table = open_sequence(write_acquisition(tempfile.mkdtemp())).table()
        >>> table["channel"][:3].tolist(), table.constant["shape"]
        (['DAPI', 'DAPI', 'DAPI'], (256, 256))
        >>> table.to_pandas()[["t", "channel", "z"]].head(2)
           t channel  z
        0  0    DAPI  0
        1  0    DAPI  1
        """
        if not isinstance(imreadargs, Mapping | None):
            raise TypeError(f"imreadargs={imreadargs!r} is no mapping of arguments")
        key = tokenize(dict(imreadargs or {}))
        if key not in self._tables:
            self._tables[key] = read_table(
                self.grid,
                self.source,
                self.reader,
                dict(imreadargs or {}),
                scheduler=scheduler,
                workers=ioworkers,
                progress=progress,
            )
        return self._tables[key]

    @cached_property
    def _tables(self) -> dict[str, HeaderTable]:
        """The tables of headers that were read, by arguments of `imread`."""
        return {}

    def check(
        self,
        *,
        pixels: bool = False,
        scheduler: Any = None,
        ioworkers: int | None = None,
        progress: Progress | None = None,
    ) -> list[Finding]:
        """Return what is wrong with the files: each problem with its file and its cell.

        It finds files that cannot be read, are truncated, empty, gone or still being
        written; files with another shape, dtype or number of pages than most files have;
        files whose headers disagree with most on the pixel size, the coordinate reference
        system, the place, nodata, scale and offset, axes, the number of images, or names of
        bands and channels; cells without a file; and names that were left out.

        Parameters
        ----------
        pixels : bool
            Whether to read all pixels; if not, only the headers of TIFF files are read.
        scheduler, ioworkers, progress : optional
            As in `table`.

        Returns
        -------
        list of Finding
            Records of ``kind``, ``name``, ``cell``, ``detail`` and ``count``; none if all is
            well. Cells without a file that are beside each other are one finding, with the
            first and the last label of each axis, and their number.
        """
        from dask_fileseq.check import check_files

        return check_files(
            self.grid,
            self.source,
            self.reader,
            pixels=pixels,
            scheduler=scheduler,
            workers=ioworkers,
            progress=progress,
        )

    @takes_options(EncodingOptions, OutputOptions)
    def map_files(
        self,
        function: Callable[..., Any],
        pattern: str | os.PathLike[str],
        *,
        labels: bool = False,
        errors: Literal["raise", "fill", "skip"] = "raise",
        **options: Any,
    ) -> Any:
        """Read each file, change it by a function, and write it elsewhere.

        Files appear whole, or not at all. The same call goes on where an earlier one was
        interrupted, and writes only files whose sources are new.

        Parameters
        ----------
        function : callable
            ``function(array) -> array``, called in any thread or process. The result may have
            another shape and data type.
        pattern : str or os.PathLike
            The names to write, ``"out/{name}"``. Fields are ``{name}``, ``{stem}`` and ``{suffix}``
            of the file that is read, ``{folder}``, which is its folder below the one that all
            files share, and the axes, as in `to_files`: ``"out/{folder}/{stem}_{t:03d}.png"``. The
            suffix is the format.
        labels : bool
            Whether to call ``function(array, labels)``, with a dict of the labels of the file.
        errors : {"raise", "fill", "skip"}
            What becomes of a file that cannot be read: an error, ``fillvalue`` that the function
            gets, or no file. With ``"skip"``, one for which the function fails is left out, too.
            The next call tries again what was left out.
        compression, compressionargs, predictor, tile, photometric, bigtiff, cog, imagej, level, \
encodeargs, overwrite, progress, scheduler, workers, dry_run
            As in `to_files`.

        Returns
        -------
        FileSequence
            What was written, on the same grid. Files that were left out are `missing`. With
            `dry_run`, a dict as in `to_files`.

        Raises
        ------
        MapError
            The function failed, or returned no array; the message names the file.
        NamesError, TargetExistsError, ValueError, WriteError
            As `to_files` does.

        Warns
        -----
        SkipWarning
            For each file that was left out.

        Notes
        -----
        A file is finished if the manifest says that it was written from the same version of its
        source, with the same options and by a function of the same name, code and bound values.
        Functions that it calls by name may have changed: then delete the files, or write others.

        Pixel sizes, places and names of channels are written for axes of which the length stays,
        nodata and scale if the data type stays.

        Examples
        --------
        >>> from tempfile import mkdtemp
        >>> from dask_fileseq import open_sequence
        >>> from dask_fileseq.demo import write_acquisition
        >>> folder = mkdtemp()
        >>> seq = open_sequence(write_acquisition(folder))
        >>> bright = seq.map_files(lambda image: image // 2, f"{folder}/half/{{name}}")
        >>> bright.shape == seq.shape, bright[0][-15:] == seq[0][-15:]
        (True, True)
        """
        from dask_fileseq.write import map_files

        return map_files(self, function, pattern, labels=labels, errors=errors, **options)

    def preview(
        self,
        *,
        project: Literal["auto", "max", "mean", "middle"] = "auto",
        progress: Progress | None = None,
    ) -> Figure:
        """Return a contact sheet: rows of channels, columns of times and places.

        Contrast is stretched for each channel, in the colour of its dye if its name tells one.
        Large images are read in part. Long axes show some of their labels, at equal distances.
        Wells of a plate and tiles of a mosaic are drawn where they are, with one picture each,
        framed where files are missing.

        Parameters
        ----------
        project : {"auto", "max", "mean", "middle"}
            How the planes along z become one picture: by their maximum, by their mean, or by
            reading only the middle one. ``"auto"``: the maximum, if that takes few files.
        progress : callable, optional
            Called with the number of pictures made and that of all.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        from dask_fileseq.report import preview_figure

        title = f"{counted(len(self), 'file')} in {self.location}"
        files = self.grid, self.source, self.reader
        return preview_figure(*files, title, project=project, progress=progress)

    def _repr_html_(self) -> str:
        """Return what notebooks show; reads nothing."""
        from dask_fileseq.report import html_card

        name, info = type(self).__name__, self._infos.get(tokenize({}))
        return html_card(self.grid, name, self.location, info)

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
        return asarray(self.array(), scheduler=scheduler, workers=workers, **kwargs)

    @cached_property
    def _collection(self) -> Array:
        """The dask array that dask sees in this sequence."""
        return to_dask_array(self.array())

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


def _check_keys(argument: str, value: Mapping[str, Any], *known: str) -> None:
    """Raise a TypeError if an argument that is a mapping has other keys than these."""
    if unknown := value.keys() - {*known}:
        raise TypeError(
            f"{argument}={value!r} has {', '.join(map(repr, unknown))}, none of {', '.join(known)}"
        )


def _imread_member(source: Source, imread: Imread, name: str, **imreadargs: Any) -> Any:
    """Read the array of one file in a container, at a URL, or below another root."""
    with source.open(name) as file:
        return imread(file, **imreadargs)
