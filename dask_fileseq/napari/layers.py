"""A sequence as layers of napari: lazy arrays, and what napari calls their metadata."""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dask_fileseq.errors import FileSequenceError
from dask_fileseq.napari.plate import TILED, Plate, plate_levels, plate_of
from dask_fileseq.report import MOST_CHANNELS, Contrast, axis_roles, channel_hues
from dask_fileseq.sequence import FileSequence

if TYPE_CHECKING:
    from xarray import DataArray

LayerData = tuple[Any, dict[str, Any], str]
"""Data, keywords and kind of a layer."""

POSITIONS = ("stage_z", "acquired")
"""Coordinates that give the step along an axis of numbers: heights and times in headers."""


def layer_data(seq: FileSequence, *, plate: bool = True) -> list[LayerData]:
    """Return a sequence as layers of napari, which read when they are shown.

    Channels are layers with names, and colours by the dyes in these. Sliders have the names of
    axes, and scales are those of coordinates that have a unit. Contrast limits are those of one
    plane of each channel. Files with levels are a multiscale image.

    The wells of a plate are edge to edge in one image, and points have their names. If it is
    large, it is a multiscale image; smaller levels than those of files have every other pixel.
    A warning names each file that cannot be read; its well is filled.

    Parameters
    ----------
    seq : FileSequence
        The files.
    plate : bool
        False: wells, or rows and columns of a plate, are sliders.

    Returns
    -------
    list of tuple
        For ``viewer.add_image``: data, a dask array or a list of levels; keywords; and
        ``"image"``. The labels along all axes are ``metadata["coords"]`` of the layers. For
        ``viewer.add_points`` the same with ``"points"``, if there is a plate.

    Raises
    ------
    ImportError
        If xarray or napari is not installed.
    ReadError
        If the first header cannot be read.

    Examples
    --------
    >>> import napari  # doctest: +SKIP
    >>> from dask_fileseq.napari import layer_data
    >>> viewer = napari.Viewer()  # doctest: +SKIP
    >>> for data, keywords, kind in layer_data(seq):  # doctest: +SKIP
    ...     getattr(viewer, f"add_{kind}")(data, **keywords)
    """
    image = seq.to_xarray()
    rgb = image.dims[-1] == "s" and image.shape[-1] in (3, 4)
    wells = plate_of(seq.grid) if plate and _are_images(seq.chunkdims, rgb) else None
    channel = _channel_axis(seq, image, rgb)
    levels = [image.data, *_smaller_levels(seq)]
    smallest, apart = levels[-1], set(wells.dims if wells else ())
    if wells is not None:
        # one bad file must not hide all wells
        options = {"axestiled": TILED, "errors": "fill"}
        plated = _smaller_levels(seq.with_grid(wells.grid), 0, **options)
        levels = plate_levels(plated, (-3, -2) if rgb else (-2, -1))
    shown = [dim for dim in image.dims if dim not in apart]
    placed = _placed(image, [dim for dim in shown if image.dims.index(dim) != channel], rgb)
    keywords = placed | {
        "rgb": rgb,
        "multiscale": len(levels) > 1,
        "metadata": {"coords": {str(dim): image[dim].values for dim in image.dims}},
    }
    if channel is None:
        keywords["name"] = os.path.basename(seq.location.rstrip("/" + os.sep)) or "image"
        limits: Any = _contrast_limits(seq, image, smallest)
    else:
        names = _channel_names(image, channel)
        hues = ["gray" if hue == "white" else hue for hue in channel_hues(names)]
        axis = shown.index(image.dims[channel])
        keywords |= {"channel_axis": axis, "name": names, "colormap": hues}
        limits = [_contrast_limits(seq, image, smallest, channel, i) for i in range(len(names))]
    if not rgb and image.dtype.kind in "buif":
        keywords["contrast_limits"] = limits
    layers = [(levels if len(levels) > 1 else levels[0], keywords, "image")]
    return layers if wells is None else [*layers, _well_names(wells, image, placed)]


def _are_images(chunkdims: Sequence[str], rgb: bool) -> bool:
    """Return whether the last axes of the array in each file are those that napari shows."""
    return tuple(chunkdims[:-1] if rgb else chunkdims)[-2:] == ("y", "x")


def _placed(image: DataArray, dims: Sequence[Hashable], rgb: bool) -> dict[str, Any]:
    """Return the names of the axes of a layer, and the steps along them with their units."""
    axes = list(map(str, dims[:-1] if rgb else dims))
    scales = [_scale(image, dim) for dim in axes]
    return {
        "axis_labels": tuple(axes),
        "scale": tuple(step for step, _ in scales),
        "units": tuple(unit for _, unit in scales),
    }


def _well_names(plate: Plate, image: DataArray, placed: dict[str, Any]) -> LayerData:
    """Return the layer of points that shows the names of the wells of a plate in their corners."""
    size = image.sizes["y"], image.sizes["x"]
    keywords = {key: value[-2:] for key, value in placed.items()} | {
        "name": "wells",
        "features": {"well": list(plate.wells)},
        "text": {"string": "{well}", "anchor": "lower_left", "color": "white", "size": 8},
        "face_color": "transparent",
        "border_color": "transparent",
    }
    return np.array(list(plate.wells.values())) * size, keywords, "points"


def _smaller_levels(seq: FileSequence, first: int = 1, **options: Any) -> list[Any]:
    """Return an array for each level that the first file has, but the largest ones."""
    with seq.source.open(seq[0]) as file:
        levels = seq.reader.inspect(file).levels
    numbers = range(first, max(1, len(levels)))
    return [seq.to_dask_array(level=n, fillvalue="auto", **options) for n in numbers]


def _channel_axis(seq: FileSequence, image: DataArray, rgb: bool) -> int | None:
    """Return the axis of channels: one over files, else one in the files."""
    over_files = axis_roles(seq.grid).channels
    if over_files or rgb:
        return over_files[0] if over_files and not rgb else None
    inside = range(len(seq.shape), image.ndim)
    found = [axis for axis in inside if str(image.dims[axis]).split("_")[0] in ("c", "s")]
    return next((axis for axis in found if 1 < image.shape[axis] <= MOST_CHANNELS), None)


def _channel_names(image: DataArray, axis: int) -> list[str]:
    """Return a name for each channel, with that of the axis if the labels are numbers."""
    dim = str(image.dims[axis])
    named = image.coords.get(f"{dim}_name")  # where a descriptor has names of numbers
    labels = image[dim] if named is None or named.dims != (dim,) or not all(named.values) else named
    if labels.dtype.kind in "iuf":
        return [f"{dim} {label}" for label in labels.values.tolist()]
    return list(map(str, labels.values.tolist()))


def _scale(image: DataArray, dim: str) -> tuple[float, str]:
    """Return the step along an axis, and its unit: 1 pixel where no coordinate has a unit."""
    for name in (dim, *POSITIONS):
        coord = image.coords.get(name)
        if coord is None or coord.dims != (dim,) or len(coord) < 2:
            continue
        values, unit = coord.values, str(coord.attrs.get("units", ""))
        if values.dtype.kind in "mM":
            values, unit = (values - values[0]) / np.timedelta64(1, "s"), "second"
        if not unit or values.dtype.kind not in "iuf":
            continue
        steps = np.diff(values.astype(np.float64))
        mean = float(steps.mean())
        if mean and bool((abs(steps - mean) <= abs(mean) / 2).all()):  # false of NaN
            return abs(mean), _known_unit(unit)
    return 1.0, "pixel"


def _known_unit(name: str) -> str:
    """Return a unit that napari knows; a pixel in place of others, such as degrees north."""
    import pint

    try:
        unit = pint.get_application_registry().Unit(name)
        return name if unit.dimensionality else "pixel"
    except Exception:  # of the parser of pint, which raises many kinds
        return "pixel"


def _contrast_limits(
    seq: FileSequence, image: DataArray, data: Any, channel: int | None = None, at: int = 0
) -> tuple[float, float]:
    """Return the contrast of one plane of a file of a channel, in the middle of its files."""
    cells = np.argwhere(seq.grid.table >= 0)
    if channel is not None and channel < cells.shape[1]:
        cells = cells[cells[:, channel] == at]
    if not cells.size:
        return 0.0, 1.0
    inside = [n // 2 for n in data.shape[cells.shape[1] :]]
    index: list[Any] = [*cells[len(cells) // 2].tolist(), *inside]
    if channel is not None:
        index[channel] = at
    for axis in [axis for axis in range(image.ndim) if axis != channel][-2:]:
        index[axis] = slice(None)
    try:
        plane = np.asarray(data[tuple(index)])
    except FileSequenceError:  # who looks at it is told
        return 0.0, 1.0
    nodata = image.attrs.get("nodata")
    contrast = Contrast.of([plane[plane != nodata] if nodata is not None else plane])
    return contrast.low, contrast.high if contrast.high > contrast.low else contrast.low + 1
