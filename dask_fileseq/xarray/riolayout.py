"""The order and the names of axes that rioxarray works with: bands before y and x.

In rioxarray 0.19, ``reproject``, ``to_raster`` and ``interpolate_na`` take arrays of two or three
axes, of which the last two are y and x; ``clip``, ``clip_box`` and ``pad_box`` take all.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from xarray import Variable

from dask_fileseq.filearray import FileArray

BAND, SAMPLE = "band", "sample"


def rio_axes(array: FileArray) -> tuple[list[int], list[str]]:
    """Return the order of the axes of an array, and their names in that order.

    The axis of samples, ``s``, becomes ``band`` (``sample``, if another axis is a ``band``) and
    comes before y and x, the last two. All others keep their order.

    Raises
    ------
    ValueError
        If the files have no axes y and x.
    """
    inside = {
        array.spec.dims[axis.chunk]: number
        for number, axis in enumerate(array.tiling.axes)
        if axis.chunk is not None
    }
    if not {"y", "x"} <= inside.keys():
        dims = ", ".join(array.dims)
        raise ValueError(f"layout='rio': the array has no axes y and x, but {dims}; leave it out")
    last = [inside[dim] for dim in ("s", "y", "x") if dim in inside]
    order = [number for number in range(array.ndim) if number not in last] + last
    names = dict(enumerate(array.dims))
    if "s" in inside:
        names[inside["s"]] = SAMPLE if BAND in array.dims else BAND
    return order, [names[number] for number in order]


def rio_coords(
    array: FileArray, coords: Mapping[str, Variable], names: Mapping[str, str]
) -> dict[str, Variable]:
    """Return coordinates with axes renamed, and numbers from 1 for bands without names."""
    renamed = {
        names.get(name, name): Variable([names.get(str(d), d) for d in c.dims], c.values, c.attrs)
        for name, c in coords.items()
    }
    for dim, name in names.items():
        if name in (BAND, SAMPLE) and dim != name and name not in renamed:
            count = array.shape[array.dims.index(dim)]
            attrs = {"source": "order of the samples"}
            renamed[name] = Variable(name, np.arange(1, count + 1), attrs)
    return renamed
