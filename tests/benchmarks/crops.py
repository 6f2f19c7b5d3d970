"""Small crops of large files: what a slice of a dask array costs above dask itself."""

from __future__ import annotations

import os
from typing import Any

import dask
import dask.array as da
import numpy as np
import tifffile
from images import CROP, Crops, Images, crops_of
from model import Case, Contender, Faster, Net

import dask_fileseq
from dask_fileseq.readers import Reader

__all__ = ["crop_case"]

SLICE = "x[slice].compute()"
GRAPH = "dask.compute(x[slice])"
ALONE = "dask itself (an array that reads nothing)"
IN_PLACE_ALONE = "x[slice].compute() of files that nothing is read of"
NET = "x[slice].compute(), net of that"
GRAPH_NET = "dask.compute(x[slice]), net of dask itself"
RAW = "one raw read from the first row to the last"
ROWS = "a raw read for each row"
WHOLE = "tifffile.imread(name), whole file"
SELECTION = "tifffile.imread(name, selection=...)"
PAGE = 4096
"""Rows of a file."""

ONE_THREAD = "synchronous"
"""One block needs no more; handing it to another thread would add noise to what is subtracted."""


class ReadsNothing:
    """An array that gives undefined pixels at once."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape, self.ndim, self.dtype = shape, len(shape), np.dtype(np.uint16)

    def __getitem__(self, index: tuple[Any, ...]) -> np.ndarray[Any, Any]:
        """Return an array of the shape of what ints and slices select."""
        keys = zip(index, self.shape, strict=True)
        shape = [len(range(*key.indices(n))) for key, n in keys if isinstance(key, slice)]
        return np.empty(shape, self.dtype)


class NoReader(Reader):
    """A reader that leaves the pixels undefined."""

    def describe(self, file: str) -> Any:
        """Return what a file holds."""
        return dask_fileseq.read_tiff.describe(file)

    def read_region(self, file: str, spec: Any, region: Any, out: Any) -> None:
        """Do nothing."""


def crop_case(name: str, layout: str, images: Images, times: float) -> Case:
    """Return the case of crops of 256x256 from files of 4096x4096."""
    goals = [
        Faster(
            NET, (WHOLE,), times, "x[slice].compute() less all but reading, the whole-file read"
        ),
        Faster(GRAPH_NET, (WHOLE,), times, "dask.compute(x[slice]) net of dask, the same"),
        Faster(GRAPH_NET, (SELECTION,), 1, "the same, tifffile's selection"),
        Faster(SLICE, (SELECTION,), 1, "x[slice].compute() with dask, tifffile's selection"),
    ]
    limits = [] if images.write else [_limit(RAW, _raw), _limit(ROWS, _raw_rows)]
    return Case(
        name,
        f"a {CROP}x{CROP} crop of 4096x4096 uint16, {layout}, opened",
        crops_of(images),
        40,
        4,
        [*_contenders(), *limits],
        _expected,
        goals,
        [Net(NET, SLICE, IN_PLACE_ALONE), Net(GRAPH_NET, GRAPH, ALONE)],
        item="crop",
    )


def _contenders() -> list[Contender]:
    return [
        Contender(SLICE, "this", _lazy, _computed, np.stack, once=True),
        Contender(GRAPH, "this", _lazy, _crops_of_array, np.stack, once=True),
        Contender("whole file", "this", _lazy, _whole_of_array, np.stack, once=True, most=4),
        Contender(SELECTION, "peer", _same, _selections, np.stack),
        Contender(WHOLE, "peer", _same, _whole, np.stack, most=4),
        Contender(
            "dask.array.image, slice",
            "peer",
            _image,
            _crops_of_array,
            np.stack,
            needs=("skimage",),
            once=True,
            most=4,
        ),
        Contender(ALONE, "limit", _unread, _crops_of_array, once=True, compared=False),
        Contender(IN_PLACE_ALONE, "limit", _unread_files, _computed, once=True, compared=False),
    ]


def _limit(name: str, read: Any) -> Contender:
    return Contender(name, "limit", _same, read, compared=False)


def _raw(crops: Crops) -> None:
    for i, rows, _ in crops.places:
        with open(crops.files.names[i], "rb", buffering=0) as file:
            row = os.fstat(file.fileno()).st_size // PAGE
            file.seek(rows.start * row)
            file.read((CROP - 1) * row + CROP * 2)


def _raw_rows(crops: Crops) -> None:
    for i, rows, columns in crops.places:
        with open(crops.files.names[i], "rb", buffering=0) as file:
            row = os.fstat(file.fileno()).st_size // PAGE
            for number in range(rows.start, rows.stop):
                file.seek(number * row + columns.start * 2)
                file.read(CROP * 2)


def _same(crops: Crops) -> Crops:
    return crops


def _expected(crops: Crops) -> np.ndarray[Any, Any]:
    images = [tifffile.imread(name) for name in crops.files.names]
    return np.stack([images[i][rows, columns] for i, rows, columns in crops.places])


def _lazy(crops: Crops) -> tuple[da.Array, Crops]:
    return dask_fileseq.TiffSequence(crops.files.names).to_dask_array(), crops


def _image(crops: Crops) -> tuple[da.Array, Crops]:
    from dask.array.image import imread

    return imread(crops.files.glob), crops


def _unread(crops: Crops) -> tuple[da.Array, Crops]:
    """Return dask's own array of the same shape and blocks, of one layer as well."""
    page = tifffile.imread(crops.files.names[0]).shape
    source = ReadsNothing((len(crops.files), *page))
    array = da.from_array(source, chunks=(1, *page), name="reads-nothing", inline_array=True)
    return array, crops


def _unread_files(crops: Crops) -> tuple[da.Array, Crops]:
    return dask_fileseq.TiffSequence(crops.files.names, imread=NoReader()).to_dask_array(), crops


def _crops_of_array(opened: tuple[da.Array, Crops]) -> list[Any]:
    array, crops = opened
    slices = (array[i, rows, columns] for i, rows, columns in crops.places)
    return [dask.compute(part, scheduler=ONE_THREAD)[0] for part in slices]


def _computed(opened: tuple[da.Array, Crops]) -> list[Any]:
    array, crops = opened
    slices = (array[i, rows, columns] for i, rows, columns in crops.places)
    return [part.compute(scheduler=ONE_THREAD) for part in slices]


def _whole_of_array(opened: tuple[da.Array, Crops]) -> list[Any]:
    array, crops = opened
    return [
        array[i].compute(scheduler=ONE_THREAD)[rows, columns] for i, rows, columns in crops.places
    ]


def _whole(crops: Crops) -> list[Any]:
    names = crops.files.names
    return [tifffile.imread(names[i])[rows, columns] for i, rows, columns in crops.places]


def _selections(crops: Crops) -> list[Any]:
    names = crops.files.names
    return [
        tifffile.imread(names[i], selection=(rows, columns)) for i, rows, columns in crops.places
    ]
