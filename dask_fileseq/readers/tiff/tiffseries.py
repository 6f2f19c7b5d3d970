"""The images in an open TIFF file, series of pages, and the one that arguments select."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tifffile

from dask_fileseq.readers.chunk import plain_dims, unique_dims
from dask_fileseq.readers.reader import SeriesInfo
from dask_fileseq.readers.tiff.completeness import require_comparable


def selected_series(
    tif: tifffile.TiffFile, imageargs: Mapping[str, Any]
) -> tifffile.TiffPageSeries | None:
    """Return the series, level or page that arguments select; None if only tifffile can.

    A page is a series of the kind ``"page"``.
    """
    selecting = imageargs.keys() - {"maxworkers", "buffersize", "strict"}
    if selecting == {"key"} and isinstance(imageargs["key"], int | np.integer):
        return tifffile.TiffPageSeries([tif.pages.get(int(imageargs["key"]))], kind="page")
    if not selecting <= {"series", "level"}:
        return None
    require_comparable(tif)
    if not len(tif.series):
        raise ValueError("file holds no image that tifffile can read")
    series: Any = tif.series[imageargs.get("series", 0)]
    return series.levels[imageargs.get("level", 0)]  # type: ignore[no-any-return]


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
