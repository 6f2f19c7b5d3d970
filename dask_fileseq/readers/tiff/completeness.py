"""Checks that an open TIFF file is complete, as far as its header tells.

tifffile returns fewer pages or zeros for some truncated files; here these are errors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import add
from typing import Any

import tifffile

from dask_fileseq.readers.tiff.pagechain import number_of_pages
from dask_fileseq.readers.tiff.signature import PageSegments

MAX_MIXED = 2**12
"""Most pages of a file that tifffile compares with each other, which takes seconds."""

UNPACKED = 16
"""More bytes than bits and subsampled colors ever become for one, without a codec."""

EXPANSION = dict.fromkeys((6, 7, 34925, 50000), 100_000) | {
    1: UNPACKED, 5: UNPACKED * 2**12, 8: UNPACKED * 258 * 4, 32946: UNPACKED * 258 * 4,
    32773: UNPACKED * 64,
}  # fmt: skip
"""More bytes than a codec ever makes of one, by its code in TIFF: of two bytes in PackBits, 128;
of two bits in Deflate, 258; of twelve bits in LZW, less than 2**12; in Zstandard, 2**15 of one."""

LISTED = {"uniform", "shaped", "lsm", "mmstack", "ome", "imagej", "ndtiff", "fluoview", "stk"} | {
    "sis", "svs", "scn", "qpi", "ndpi", "bif", "avs", "eer", "philips", "scanimage", "nih", "mdgel"
}  # fmt: skip
"""Formats in which tifffile finds series without comparing all pages."""

LARGE = 2**26
"""Bytes of a tile that is never too large, whatever the size of its image."""

LENIENT = "strict=False reads the pages that are there"


def require_comparable(tif: tifffile.TiffFile) -> None:
    """Raise `ValueError` if tifffile would take minutes to find out which pages are alike."""
    count = number_of_pages(tif)
    if count > MAX_MIXED and not tif.flags & LISTED:
        raise ValueError(
            f"file has {count:,} pages of several kinds, more than the {MAX_MIXED:,} that can be"
            " compared; key= reads one"
        )


def require_complete(tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> None:
    """Raise `ValueError` if tifffile finds fewer pages than the file once had.

    ImageJ's and tifffile's own metadata contain the number of pages. One that another program
    copied, with fewer pages, into a file whose chain of pages ends properly is ignored.
    """
    declared, found = _shaped_pages(tif, series), number_of_pages(tif)
    if not declared and _imagej_images(tif, series) > found and _ends_in_pixels(tif):
        declared = _imagej_images(tif, series)
    if declared > found:
        raise ValueError(
            f"file is truncated: its metadata count {declared} pages, it holds {found}; {LENIENT}"
        )


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


def _ends_in_pixels(tif: tifffile.TiffFile) -> bool:
    """Return whether the pixels of the only page follow its header, and more bytes follow them.

    ImageJ writes large stacks as one page, with the pixels of all images behind it.
    """
    page = tif.pages.first
    if number_of_pages(tif) > 1 or not page.is_final:
        return False
    return page.offset < page.dataoffsets[0] and page.dataoffsets[0] + page.nbytes < (
        tif.filehandle.size
    )


def require_extent(tif: tifffile.TiffFile, stop: int) -> None:
    """Raise `ValueError` if a file ends before the given position."""
    size = tif.filehandle.size
    if stop > size:
        raise ValueError(f"file is truncated: it has {size} bytes, its pixels end at {stop}")


def require_plausible(keyframe: tifffile.TiffPage) -> None:
    """Raise `ValueError` if tiles are far larger than the image: decoding one takes the memory."""
    if not keyframe.is_tiled or not keyframe.dtype:
        return
    size = math.prod(keyframe.chunks) * keyframe.dtype.itemsize
    if size > max(LARGE, 4 * keyframe.nbytes):
        tile, image = (" x ".join(map(str, n)) for n in (keyframe.chunks, keyframe.shape))
        raise ValueError(f"it claims tiles of {tile} pixels for an image of {image}")


def stored_places(tif: tifffile.TiffFile, page: Any) -> PageSegments:
    """Return the offsets and byte counts of the strips or tiles of a page.

    The last strip has fewer rows. Some programs count those of a full strip, beyond the end of
    the file; they are left out of what is not compressed.
    """
    keyframe = page.keyframe
    offsets, counts = page.dataoffsets, page.databytecounts
    size = tif.filehandle.size
    if keyframe.compression != 1 or keyframe.is_tiled or keyframe.imagedepth > 1:
        return offsets, counts
    strips = -(-keyframe.imagelength // keyframe.rowsperstrip)
    rows = keyframe.imagelength - (strips - 1) * keyframe.rowsperstrip
    bits = keyframe.imagewidth * keyframe.shaped[4] * keyframe.bitspersample
    needed = rows * -(-bits // 8)
    clipped = list(counts)
    for last in range(strips - 1, min(len(offsets), len(counts)), strips):
        if offsets[last] + counts[last] > size:
            clipped[last] = min(counts[last], needed)
    return offsets, tuple(clipped)


def require_segments(tif: tifffile.TiffFile, page: Any) -> None:
    """Raise `ValueError` if strips or tiles of a page are missing or truncated.

    tifffile fills those without offsets with zeros. The result of decoding truncated data
    depends on codec and version: an error, grey, or uninitialised memory.
    """
    keyframe = page.keyframe
    count = 1 if keyframe.is_contiguous else math.prod(keyframe.chunked)
    offsets, counts = stored_places(tif, page)
    found = min(len(offsets), len(counts))
    if found < count:
        raise ValueError(f"page {page.index} has {found} of {count} strips or tiles")
    if keyframe.is_contiguous:
        require_extent(tif, offsets[0] + keyframe.nbytes)
    else:
        require_extent(tif, max(map(add, offsets, counts)))
        _require_room(page, counts)


def _require_room(page: Any, counts: Sequence[int]) -> None:
    """Raise `ValueError` if no codec makes the pixels of a page of the bytes that are stored.

    A damaged width would otherwise ask for any amount of memory. Strips or tiles that were
    never written take no bytes.
    """
    keyframe = page.keyframe
    most = EXPANSION.get(int(keyframe.compression))
    if most is not None and keyframe.nbytes > most * sum(counts) and all(counts):
        raise ValueError(
            f"file is truncated, or its header is damaged: page {page.index} of shape "
            f"{keyframe.shape} cannot be in {sum(counts):,} bytes"
        )
