"""The positions of the pixels of each page, by the tags of that page.

tifffile takes all pages of a series for pages like the first: if the strips of that one touch
each other, those of the others do, too, and in some formats all other pages are skipped. A file
whose pages were written by turns, or by several programs, may be otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import tifffile

from dask_fileseq.readers.tiff.pagechain import PageTags, difference, page_tags
from dask_fileseq.readers.tiff.signature import PageSegments

KINDS = {"uniform", "generic", "shaped", "imagej", "ome", "scanimage", "fluoview", "nih"}
"""Kinds of series whose pages are those of the chain."""

SKIPPED = {"imagej", "shaped"}
"""Kinds of series of which tifffile may read the first page only."""

COMPARED = {"uniform", "generic"}
"""Kinds of series of which tifffile itself compares the pages."""


def own_places(
    tif: tifffile.TiffFile, series: tifffile.TiffPageSeries
) -> Sequence[PageSegments] | None:
    """Return the strips or tiles of all pages of a series; None if tifffile is right about them.

    Raises `ValueError` if a page cannot be part of the series.
    """
    if series.kind not in KINDS or not tif.pages.is_multipage:
        return None
    keyframe = series.keyframe
    first = keyframe.index
    count = math.prod(series.shape) // max(1, keyframe.size)
    if not isinstance(first, int):
        return None  # a page below a page
    if series.kind in SKIPPED and count > 1 and series.dataoffset is not None:
        return _skipped(tif, keyframe, range(first, first + count))
    pages = [page for page in series if page is not None]
    if not all(isinstance(page.index, int) for page in pages):
        return None
    if series.kind not in COMPARED:
        tags = page_tags(tif, 1 + max(page.index for page in pages))
        for page in pages:
            if page.index < len(tags) and first < len(tags):
                _require_alike(tif, tags[first], tags[page.index], page.index)
    places = [(page.dataoffsets, page.databytecounts) for page in pages]
    if not keyframe.is_contiguous or all(_touches(*place) for place in places):
        return None
    return places


def _skipped(
    tif: tifffile.TiffFile, keyframe: tifffile.TiffPage, numbers: range
) -> Sequence[PageSegments] | None:
    """Return the strips of pages that tifffile has not read; None if they are where it expects."""
    tags = page_tags(tif, numbers.stop)[numbers.start :]
    start, size = keyframe.dataoffsets[0], keyframe.nbytes
    expected = True
    for i, page in enumerate(tags):
        _require_alike(tif, tags[0], page, numbers[i])
        at = page.offsets[0] if page.offsets else 0
        expected = expected and at == start + i * size and _touches(page.offsets, page.counts)
    if expected:
        return None
    if len(tags) < len(numbers):
        raise ValueError(
            f"its metadata count {len(numbers)} pages, it has {len(tags)}, which are not in a row"
        )
    return [(page.offsets, page.counts) for page in tags]


def _touches(offsets: Sequence[int], counts: Sequence[int]) -> bool:
    """Return whether strips follow each other without gaps."""
    if len(offsets) < 2:
        return True
    ends = map(sum, zip(offsets, counts, strict=False))
    return all(end == start for end, start in zip(ends, offsets[1:], strict=False))


def _require_alike(tif: tifffile.TiffFile, first: PageTags, page: PageTags, number: int) -> None:
    """Raise `ValueError` if a page has other sizes or another encoding than the first."""
    if found := difference(tif, first, page):
        raise ValueError(f"page {number} is not like the others in its array: {found}")
