"""Opening one TIFF file as one file, and checks that it is complete.

OME-TIFF, Micro-Manager and NDTiff files may refer to other files, and tifffile then makes one
series of all of them. In a file sequence, file names form the grid: such a file is opened
again, so that its series contains its own pages only. A file whose metadata describe just
itself keeps the axes of its metadata.

tifffile returns fewer pages or zeros for some truncated files; here these are errors.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from operator import add
from typing import Any

import numpy as np
import tifffile

from dask_fileseq.readers.counters import record
from dask_fileseq.readers.reader import File

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
    if tif.is_ndtiff:
        index = os.path.join(tif.filehandle.dirname, "NDTiff.index")
        if any(fields[1] != tif.filename for fields in tifffile.read_ndtiff_index(index)):
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


def require_complete(tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> None:
    """Raise `ValueError` if tifffile finds fewer pages than the file once had.

    tifffile only logs pages behind the end of a truncated file, and the series gets shorter.
    ImageJ's and tifffile's own metadata contain the number of pages; in files without these
    metadata, the chain of pages must end in a zero.
    """
    declared = max(_imagej_images(tif, series), _shaped_pages(tif, series))
    if declared > len(tif.pages):
        raise ValueError(
            f"file is truncated: its metadata count {declared} pages, it holds {len(tif.pages)}"
        )
    # in these two formats, pages are not chained as in TIFF
    if series.kind in {"generic", "uniform"} and not (tif.is_ndpi or tif.is_scanimage):
        _require_chain(tif)


def _imagej_images(tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> int:
    """Return the number of images of an ImageJ stack that tifffile reads as separate pages."""
    if not tif.is_imagej or series.kind == "imagej" or tif.is_ome or tif.is_mmstack:
        return 0
    return int((tif.imagej_metadata or {}).get("images", 1))


def _shaped_pages(tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> int:
    """Return the number of pages of a tifffile stack that tifffile reads as one image."""
    keyframe = series.keyframe
    if series.kind != "shaped" or keyframe is not tif.pages.first or keyframe.is_final:
        return 0
    metadata = tif.shaped_metadata
    declared = [length for length in metadata[0]["shape"] if length > 1] if metadata else []
    page = [length for length in keyframe.shape if length > 1]
    # another program may have cropped the image and kept the description
    leading = len(declared) - len(page)
    return math.prod(declared[:leading]) if declared[leading:] == page else 0


def _require_chain(tif: tifffile.TiffFile) -> None:
    """Raise `ValueError` if the last page found is not the last one."""
    position = tif.pages.next_page_offset
    if position is None:
        return
    tif.filehandle.seek(position)
    raw = tif.filehandle.read(tif.tiff.offsetsize)
    if len(raw) < tif.tiff.offsetsize or struct.unpack(tif.tiff.offsetformat, raw)[0] != 0:
        raise ValueError(
            f"file is truncated: page {len(tif.pages)} cannot be read, "
            "the offset to it points beyond the end or at no page"
        )


def require_extent(tif: tifffile.TiffFile, stop: int) -> None:
    """Raise `ValueError` if a file ends before the given position."""
    size = tif.filehandle.size
    if stop > size:
        raise ValueError(f"file is truncated: it has {size} bytes, its pixels end at {stop}")


def require_segments(tif: tifffile.TiffFile, page: Any) -> None:
    """Raise `ValueError` if strips or tiles of a page are missing or truncated.

    tifffile fills those without offsets with zeros. The result of decoding truncated data
    depends on codec and version: an error, grey, or uninitialised memory.
    """
    keyframe = page.keyframe
    count = 1 if keyframe.is_contiguous else math.prod(keyframe.chunked)
    found = min(len(page.dataoffsets), len(page.databytecounts))
    if found < count:
        raise ValueError(f"page {page.index} has {found} of {count} strips or tiles")
    if keyframe.is_contiguous:
        require_extent(tif, page.dataoffsets[0] + keyframe.nbytes)
    else:
        require_extent(tif, max(map(add, page.dataoffsets, page.databytecounts)))
