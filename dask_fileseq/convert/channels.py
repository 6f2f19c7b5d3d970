"""Names and colours of channels, as viewers of OME-Zarr show them. No I/O."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from dask_fileseq.convert.imagelayout import ImageLayout
from dask_fileseq.filearray import FileArray

__all__ = ["channel_colors", "channel_names"]

SAMPLES = ("red", "green", "blue", "alpha")

COLORS = (
    (r"dapi|hoechst|405|\bblue\b|bfp|violet", "0000FF"),
    (r"gfp|fitc|488|alexa ?fluor|\bgreen\b|venus|yfp", "00FF00"),
    (r"cy5|647|640|633|far.?red|647n|draq5|nir", "FF00FF"),
    (r"cy3|tritc|rfp|mcherry|cherry|561|568|594|texas|tomato|\bred\b", "FF0000"),
    (r"cfp|cyan", "00FFFF"),
    (r"bright|phase|dic|trans|bf|tl\b|gray|grey", "FFFFFF"),
)
"""Colours by what occurs in a name."""

OTHERS = ("0000FF", "00FF00", "FF0000", "FF00FF", "00FFFF", "FFFF00", "FFFFFF")
"""Colours of channels whose names have none, in turn."""


def channel_names(array: FileArray, layout: ImageLayout) -> list[str]:
    """Return a name for each channel: from file names, from headers, or a number."""
    if "c" not in layout.dims:
        return []
    at = layout.dims.index("c")
    names = [
        _names_along(array, axis, length)
        for axis, length in zip(layout.axes[at], layout.lengths[at], strict=True)
    ]
    return list(map(" ".join, itertools.product(*names)))


def _names_along(array: FileArray, axis: int, length: int) -> list[str]:
    along = array.tiling.axes[axis]
    if along.chunk is None:
        return [str(value) for value in array.coords.get(array.dims[axis], range(length))]
    chunkdim = array.spec.dims[along.chunk]
    if chunkdim == "s" and length in (3, 4):
        return list(SAMPLES[:length])
    labels = array.metadata.labels.get(chunkdim)
    if labels is not None and len(labels.names) == length:
        return list(labels.names)
    return list(map(str, range(length)))


def channel_colors(names: Sequence[str]) -> list[str]:
    """Return a colour for each channel: by its name, or else in turn.

    >>> channel_colors(["DAPI", "Cy5"]), channel_colors(["1", "2"]), channel_colors(["1"])
    (['0000FF', 'FF00FF'], ['0000FF', '00FF00'], ['FFFFFF'])
    """
    others = itertools.cycle(OTHERS if len(names) > 1 else ["FFFFFF"])
    found = [
        next((color for pattern, color in COLORS if re.search(pattern, name, re.I)), None)
        for name in names
    ]
    return [color or other for color, other in zip(found, others, strict=False)]
