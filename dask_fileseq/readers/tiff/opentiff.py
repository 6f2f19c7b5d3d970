"""Opening one TIFF file as one file.

OME-TIFF, Micro-Manager and NDTiff files may refer to other files, and tifffile then makes one
series of all of them. In a file sequence, file names form the grid: such a file is opened
again, so that its series contains its own pages only. A file whose metadata describe just
itself keeps the axes of its metadata.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import tifffile

from dask_fileseq.readers.counters import record
from dask_fileseq.readers.reader import File

__all__ = [
    "open_tiff",
    "split_arguments",
    "stands_alone",
]

_FILEARGS = {"mode", "name", "offset", "size", "omexml", "superres", "_multifile", "_useframes"}

# tried one after the other until the first series consists of the file's own pages
_FLAGS: tuple[dict[str, bool], ...] = (
    {},
    {"is_ome": False, "is_mmstack": False, "is_ndtiff": False},
    # ImageJ metadata may count the images of the whole set, too
    {"is_ome": False, "is_mmstack": False, "is_ndtiff": False, "is_imagej": False},
)


def split_arguments(imreadargs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments that concern the file, and those that concern the image in it."""
    fileargs = {k: v for k, v in imreadargs.items() if k in _FILEARGS or k.startswith("is_")}
    imageargs = {k: v for k, v in imreadargs.items() if k not in fileargs and v is not None}
    imageargs["maxworkers"] = imreadargs.get("maxworkers", 1)  # None: as many as tifffile likes
    return fileargs, imageargs


@contextmanager
def open_tiff(file: File, fileargs: Mapping[str, Any]) -> Iterator[tifffile.TiffFile]:
    """Open a file so that its first series contains no pages of other files.

    A handle is read from its start, whatever its position. `fileargs` are arguments of
    `tifffile.TiffFile`; an explicit ``is_ome`` or ``_multifile`` has precedence.
    """
    start = {} if isinstance(file, str) else {"offset": 0}
    for flags in _FLAGS:
        args = start | {"_multifile": False} | flags | dict(fileargs)
        with tifffile.TiffFile(file, **args) as tif:
            if flags is _FLAGS[-1] or args["_multifile"] or stands_alone(tif):
                record(files=1)
                yield tif
                return


def stands_alone(tif: tifffile.TiffFile) -> bool:
    """Return whether the first series consists of pages of this file, none of them missing."""
    if not tif.pages:
        return True
    if tif.is_mmstack and _is_part_of_mmstack(tif):
        return False
    if tif.is_ndtiff and _is_part_of_ndtiff(tif):
        return False
    series = tif.series[0] if len(tif.series) else None
    if series is None or not (tif.is_ome or tif.is_mmstack):
        return True
    if series.kind == "imagej" and math.prod(series.shape) != len(series) * series.keyframe.size:
        return False
    return series.kind not in {"ome", "mmstack"} or all(page is not None for page in series)


def _is_part_of_mmstack(tif: tifffile.TiffFile) -> bool:
    """Return whether a Micro-Manager file declares more images than it indexes.

    tifffile would look for the other files even with ``_multifile=False``.
    """
    metadata = tif.micromanager_metadata or {}
    summary, index = metadata["Summary"], np.asarray(metadata["IndexMap"])
    if not len(index):
        return True
    names = ("Channels", "Slices", "Frames", "Positions")  # the index's columns
    declared = [
        max(int(indexed) + 1, int(summary.get(name, 1)))
        for indexed, name in zip(index[:, :4].max(axis=0), names, strict=True)
    ]
    return math.prod(declared) > len(index)


def _is_part_of_ndtiff(tif: tifffile.TiffFile) -> bool:
    """Return whether the index beside an NDTiff file also contains names of other files."""
    index = os.path.join(tif.filehandle.dirname, "NDTiff.index")
    return any(fields[1] != tif.filename for fields in tifffile.read_ndtiff_index(index))
