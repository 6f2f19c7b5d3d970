"""The xarray engine: ``xarray.open_dataset("exp/*.tif", engine="fileseq")``.

xarray finds it through the entry point ``xarray.backends`` of this package.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import fields
from typing import Any, ClassVar

from xarray import Dataset, DataTree
from xarray.backends import BackendEntrypoint
from xarray.conventions import decode_cf_variable, encode_cf_variable

from dask_fileseq.headers import with_header_coords
from dask_fileseq.patterns import single_pattern
from dask_fileseq.readers import TIFF_SUFFIXES
from dask_fileseq.sequence import FileSequence, open_sequence
from dask_fileseq.sequence.arguments import first_given, is_auto
from dask_fileseq.types import ReadOptions, split_options, takes_options
from dask_fileseq.xarray import lazy_dataset

__all__ = ["FileSequenceBackendEntrypoint"]

DECODING = (
    *("drop_variables", "name", "headers", "mask_and_scale", "decode_coords", "decode_times"),
    *("decode_timedelta", "use_cftime", "concat_characters"),
)
"""Keywords of `open_dataset` that say how a dataset is made, and not of which files."""


class FileSequenceBackendEntrypoint(BackendEntrypoint):
    r"""Open files on a grid as a dataset of one variable.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np, tifffile, xarray as xr
    >>> folder = tempfile.mkdtemp()
    >>> for t in range(3):
    ...     tifffile.imwrite(os.path.join(folder, f"t{t}_DAPI.tif"), np.full((4, 6), t, "u1"))
    >>> ds = xr.open_dataset(f"{folder}/*.tif", engine="fileseq",
    ...                      pattern=r"t(?P<time>\d+)_(?P<channel>[A-Z]+)")
    >>> ds.sizes
    Frozen({'time': 3, 'channel': 1, 'y': 4, 'x': 6})
    >>> int(ds.image.sel(channel="DAPI", time=2)[0, 0])
    2
    """

    supports_groups: ClassVar[bool] = True
    description: ClassVar[str] = "Open folders of image files as one labelled array"
    open_dataset_parameters: ClassVar[tuple[str, ...] | None] = (
        *(
            "filename_or_obj",
            "drop_variables",
            "name",
            "headers",
            "group",
            "mask_and_scale",
            "decode_coords",
        ),
        *("decode_times", "decode_timedelta", "use_cftime", "concat_characters"),
        *("container", "storage_options", "path_map", "pattern", "imread"),
        *(field.name for field in fields(ReadOptions)),
    )

    @takes_options(ReadOptions)
    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        name: Hashable = None,
        headers: bool | str | Iterable[str] = False,
        group: str | None = None,
        mask_and_scale: bool | Mapping[str, bool] = True,
        decode_coords: bool | str = True,
        decode_times: Any = None,
        decode_timedelta: Any = None,
        use_cftime: Any = None,
        concat_characters: Any = None,
        **kwargs: Any,
    ) -> Dataset:
        """Open files as a dataset, lazily; reads no pixels, and headers as `to_xarray` does.

        Parameters
        ----------
        filename_or_obj : str, os.PathLike, iterable of these, or FileSequence
            As the files of `open_sequence`, or a sequence that is open already. One file, unless
            in a list, has axes for the date and the band (``B02``, ``Band4``) in its name, if there
            are any, and none for itself, so that `xarray.open_mfdataset` combines files by their
            dates, bands or places. It compares nothing else: of files of other bands by name,
            or of several coordinate systems, one takes the place of another without a word;
            `open_dataset` of all of them finds out.
        drop_variables : str or iterable of str, optional
            Variables, or coordinates, to leave out.
        name : hashable
            Name of the variable; by default ``"image"``, or ``"pixels"`` if an axis has that
            name.
        headers : bool, str or iterable of str
            As in `FileSequence.to_xarray`; by default none, so that parts of a sequence have the
            same coordinates for `open_mfdataset`.
        group : None
            Image files have no groups.
        mask_and_scale : bool or mapping
            Whether pixels of the nodata value, if the first file declares one, are NaN, and
            numbers are scaled as it says. The data type then is a float. Empty cells have the
            nodata value by default, so that they are NaN, too.
        decode_coords : bool or {"coordinates", "all"}
            Whether ``spatial_ref`` and ``has_file`` are coordinates; else they are variables.
        decode_times, decode_timedelta, use_cftime : optional
            How dates and durations in names become values, as in `xarray.open_dataset`;
            False gives numbers with a unit.
        concat_characters : optional
            Of no effect: there are no arrays of characters.
        imreadargs, chunkshape, chunkdtype, axestiled, fillvalue, errors
            As in `FileSequence.to_xarray`.
        **kwargs
            All that `open_sequence` takes, such as ``pattern``.

        Returns
        -------
        xarray.Dataset
            With the coordinates of `FileSequence.to_xarray`, less those of `headers`. Along axes
            over files, ``has_file`` is there also if all cells have one.

        Raises
        ------
        NamesError, ReadError
            As `open_sequence` and `FileSequence.to_xarray` do.
        ValueError
            If a group is given.
        """
        if group not in (None, "", "/"):
            raise ValueError(f"group={group!r}: image files have no groups; leave it out")
        reading, opening = split_options(kwargs, ReadOptions)
        if not isinstance(filename_or_obj, FileSequence):
            seq = _open(filename_or_obj, opening)
        elif opening:
            raise TypeError(f"a sequence is open already: {', '.join(opening)} come too late")
        else:
            seq = filename_or_obj
        reading["fillvalue"] = first_given(reading.get("fillvalue"), seq.fillvalue, "auto")
        array = seq.array(**reading)
        if headers:
            table = seq.table(imreadargs=array.options.imreadargs)
            array = with_header_coords(array, seq.grid, table, headers)
        if name is None:
            name = "pixels" if "image" in array.dims else "image"
        masked = _of(mask_and_scale, name, True)
        dataset = lazy_dataset(array, name, mask_and_scale=bool(masked), names_all_cells=True)
        times = {"decode_times": decode_times, "decode_timedelta": decode_timedelta}
        dataset = _with_times(dataset, times | {"use_cftime": use_cftime})
        if decode_coords is False:
            dataset = dataset.reset_coords()
        dropped = [drop_variables] if isinstance(drop_variables, str) else drop_variables or ()
        return dataset.drop_vars(dropped, errors="ignore")

    def open_groups_as_dict(
        self,
        filename_or_obj: Any,
        *,
        split: str | None = None,
        levels: bool = False,
        pad: float | None = None,
        **kwargs: Any,
    ) -> dict[str, Dataset]:
        """Open files of several shapes as datasets, by the paths of the nodes of a tree.

        Parameters
        ----------
        filename_or_obj : str, os.PathLike, iterable of these, or FileSequence
            As the files of `open_sequence`, or a sequence that is open already.
        split, levels, pad
            As in `FileSequence.to_datatree`.
        **kwargs
            As in `open_dataset`.
        """
        decoding = {key: kwargs.pop(key) for key in DECODING if key in kwargs}
        if kwargs.pop("group", None) not in (None, "", "/"):
            raise ValueError("group: nodes have no groups; split= makes some, by an axis")
        reading, opening = split_options(kwargs, ReadOptions)
        seq = filename_or_obj
        if not isinstance(seq, FileSequence):
            seq = open_sequence(filename_or_obj, **opening)
        elif opening:
            raise TypeError(f"a sequence is open already: {', '.join(opening)} come too late")
        nodes = seq.tree(split=split, levels=levels, pad=pad, **reading)
        return {
            f"/{path}": self.open_dataset(part, **decoding, **options)
            for path, (part, options) in nodes.items()
        }

    def open_datatree(self, filename_or_obj: Any, **kwargs: Any) -> DataTree:
        """Open files of several shapes as a tree; see `open_groups_as_dict`."""
        return DataTree.from_dict(self.open_groups_as_dict(filename_or_obj, **kwargs))

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Return whether the argument is a pattern of TIFF names on local disks.

        A single TIFF file is left to engines for single files, such as rioxarray's.

        >>> engine = FileSequenceBackendEntrypoint()
        >>> engine.guess_can_open("exp/*.tif"), engine.guess_can_open("exp/a.tif")
        (True, False)
        """
        return (
            isinstance(filename_or_obj, str)
            and "://" not in filename_or_obj
            and filename_or_obj.lower().endswith(TIFF_SUFFIXES)
            and any(sign in filename_or_obj for sign in "*?[")
            and not os.path.exists(filename_or_obj)
        )


def _open(files: Any, options: dict[str, Any]) -> FileSequence:
    """Return a sequence; of one file, and no list, with axes for its date and band, or none."""
    seq = open_sequence(files, **options)
    is_list = not isinstance(files, str | os.PathLike)
    given = {"pattern", "parse"} & options.keys()
    if is_list or given or len(seq) > 1 or seq.dims != ("sequence",):
        return seq
    table = options.get("table")
    is_tabled = table is not None and not is_auto(table)
    name = seq[0].replace(os.sep, "/").rpartition("/")[2]
    pattern = None if is_tabled else single_pattern(name)
    if pattern is None:
        return seq.isel(sequence=0)
    return open_sequence(files, **options, pattern=pattern)


def _of(value: Any, name: Hashable, default: Any) -> Any:
    """Return a value for a variable, which may be one of a mapping from names."""
    return value.get(name, default) if isinstance(value, Mapping) else value


def _with_times(dataset: Dataset, decoders: dict[str, Any]) -> Dataset:
    """Return a dataset with dates and durations decoded as xarray's keywords ask for."""
    if all(value is None for value in decoders.values()):
        return dataset
    for name, variable in dataset.coords.variables.items():
        if variable.dtype.kind in "mM":
            own = {key: _of(value, name, None) for key, value in decoders.items()}
            given = {key: value for key, value in own.items() if value is not None}
            encoded = encode_cf_variable(variable, name=name)
            dataset = dataset.assign_coords({name: decode_cf_variable(name, encoded, **given)})
    return dataset
