"""Checks that a file contains all pages, strips and tiles that it should.

tifffile returns fewer pages or zeros for some truncated files; here these are errors.
"""

from __future__ import annotations

import math
import struct
from operator import add
from typing import Any

import tifffile

__all__ = ["require_complete", "require_extent", "require_segments"]


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
