"""The images in an open TIFF file, series of pages, and the one that arguments select."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tifffile

from dask_fileseq.readers.chunk import plain_dims, unique_dims
from dask_fileseq.readers.reader import SeriesInfo
from dask_fileseq.readers.tiff.completeness import require_comparable
from dask_fileseq.readers.tiff.pagechain import number_of_pages

SHOWN = 4
"""Number of images whose shapes are written out."""


def selected_series(
    tif: tifffile.TiffFile, imageargs: Mapping[str, Any]
) -> tifffile.TiffPageSeries | None:
    """Return the series, level or page that arguments select; None if only tifffile can.

    A page is a series of the kind ``"page"``. Of ``series="all"``, it is the first one.
    Raises `ValueError` if there is no such series, level or page.
    """
    selecting = imageargs.keys() - {"maxworkers", "buffersize", "strict"}
    if selecting == {"key"} and isinstance(imageargs["key"], int | np.integer):
        try:
            page = tif.pages.get(int(imageargs["key"]))
        except IndexError as error:
            count = number_of_pages(tif)
            raise ValueError(f"key={imageargs['key']}: it has {count} pages, from 0") from error
        return tifffile.TiffPageSeries([page], kind="page")
    if not selecting <= {"series", "level"}:
        return None
    require_comparable(tif)
    if not len(tif.series):
        raise ValueError("file holds no image that tifffile can read")
    levels: Any = tif.series[series_number(tif, imageargs.get("series", 0))].levels
    level = imageargs.get("level", 0)
    if not -len(levels) <= level < len(levels):
        raise ValueError(f"level={level}: the image has {len(levels)} levels, from 0")
    return levels[level]  # type: ignore[no-any-return]


def series_number(tif: tifffile.TiffFile, series: Any) -> int:
    """Return the number of the series that a number or a name means; 0 for ``"all"``.

    Raises `ValueError` if there is none.
    """
    count = len(tif.series)
    if isinstance(series, int | np.integer) and -count <= series < count:
        return int(series) % count
    names = [each.name for each in tif.series]
    if isinstance(series, str) and names.count(series) == 1:
        return names.index(series)
    if isinstance(series, str) and series == "all":
        return 0
    named = f", named {', '.join(map(repr, filter(None, names)))}" if any(names) else ""
    raise ValueError(f"series={series!r} is none of its {count} images, numbered from 0{named}")


def count_of_alike(tif: tifffile.TiffFile) -> int:
    """Return the number of images; raise `ValueError` unless all are of one shape and dtype."""
    require_comparable(tif)
    found = series_of(tif)
    if not found:
        raise ValueError("file holds no image that tifffile can read")
    if len({(each.shape, each.dtype) for each in found}) > 1:
        texts = [f"{each.shape} {each.dtype}" for each in found]
        raise ValueError(
            f"series='all': its images are not alike: {first_few(texts)}; choose one by its number"
        )
    return len(found)


def unread_images(tif: tifffile.TiffFile, imageargs: Mapping[str, Any]) -> str:
    """Return in words which images are not read; empty if all are, or arguments choose one.

    Smaller versions of an image, such as thumbnails behind it, do not count.
    """
    if imageargs.keys() & {"key", "series", "level", "kind"}:
        return ""
    found = series_of(tif)
    if all(each.is_reduced for each in found[1:]) and not found[0].is_reduced:
        return ""
    shapes = first_few([str(each.shape) for each in found])
    alike = len({(each.shape, each.dtype) for each in found}) == 1
    how = "series=1 reads the second" + (", series='all' reads all" if alike else "")
    return f"{len(found)} images in each file: {shapes}; the first is read, {how}"


def first_few(texts: Sequence[str]) -> str:
    """Return some texts, and how many more there are."""
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more


def series_of(tif: tifffile.TiffFile) -> tuple[SeriesInfo, ...]:
    """Return the images of which at least one page is in an open file."""
    return tuple(
        SeriesInfo(
            series.kind,
            series.name,
            tuple(map(int, series.shape)),
            series.dtype.newbyteorder("="),
            dims_of(series),
            bool(series.keyframe.is_reduced),
        )
        for series in tif.series
        if series.dtype is not None and any(page is not None for page in series)
    )


def dims_of(series: tifffile.TiffPageSeries) -> tuple[str, ...]:
    """Return the name of each axis of a series."""
    named = len(series.axes) == len(series.shape)
    return unique_dims(series.axes) if named else plain_dims(series.shape)
