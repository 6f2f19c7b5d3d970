"""Layers that grow with a folder, also in a window while the user looks at them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from dask_fileseq.napari.layers import LayerData, layer_data
from dask_fileseq.sequence import FileSequence

Layers = dict[str, Any]
"""Layers in a viewer by the names that they had when they were added."""


def show_layers(
    viewer: Any, seq: FileSequence, layers: Layers | None = None, *, plate: bool = True
) -> Layers:
    """Add the layers of a sequence to a viewer, or show it in the layers of an earlier one.

    What the user has set, such as contrast and colours, stays, and layers that were deleted do not
    come again. The viewer goes on showing the same frame; at the end of a slider, the new last one.

    Parameters
    ----------
    viewer : napari.Viewer or napari.components.ViewerModel
        Where to show them.
    seq : FileSequence
        The files that are there now.
    layers : dict, optional
        What an earlier call returned; it is changed.
    plate : bool
        As in `layer_data`.

    Returns
    -------
    dict of str to napari.layers.Layer
        The layers by their first names.

    Raises
    ------
    ImportError, ReadError
        As `layer_data` does.

    See Also
    --------
    follow_layers

    Examples
    --------
    >>> from napari.components import ViewerModel  # doctest: +SKIP
    >>> viewer, layers = ViewerModel(), {}  # doctest: +SKIP
    >>> for grown in seq.follow(until=600):  # doctest: +SKIP
    ...     show_layers(viewer, grown, layers)
    """
    return _show(viewer, layer_data(seq, plate=plate), {} if layers is None else layers)


def follow_layers(
    viewer: Any,
    seq: FileSequence,
    *,
    plate: bool = True,
    interval: float = 1.0,
    until: Callable[[FileSequence], bool] | int | None = None,
    timeout: float | None = None,
) -> threading.Thread:
    """Show a sequence in a window of napari, and files as they are completed.

    Returns at once. A thread looks at the folder, as `FileSequence.follow` does, until all of the
    layers are deleted, or the window is closed.

    Parameters
    ----------
    viewer : napari.Viewer
        The window.
    seq : FileSequence
        The files that are there now.
    plate : bool
        As in `layer_data`.
    interval, until, timeout : optional
        As in `FileSequence.follow`.

    Returns
    -------
    Thread
        It is alive while it follows.

    Raises
    ------
    ImportError
        If xarray, napari or Qt is not installed.
    ValueError
        As `FileSequence.follow` does.

    See Also
    --------
    show_layers

    Examples
    --------
    >>> import napari  # doctest: +SKIP
    >>> from dask_fileseq import open_sequence  # doctest: +SKIP
    >>> follow_layers(napari.Viewer(), open_sequence("scan"))  # doctest: +SKIP
    """
    show = import_module("superqt.utils").ensure_main_thread(_show)
    following = seq.follow(interval=interval, until=until, timeout=timeout)
    layers: Layers = {}

    def run() -> None:
        for grown in following:
            show(viewer, layer_data(grown, plate=plate), layers)
            if layers and not any(layer in viewer.layers for layer in layers.values()):
                break

    thread = threading.Thread(target=run, name=f"follow {seq.location}", daemon=True)
    thread.start()
    return thread


def _show(viewer: Any, data: list[LayerData], layers: Layers) -> Layers:
    """Add layers, or let those of the same names show other data."""
    dims = viewer.dims
    axes = zip(dims.axis_labels, dims.current_step, dims.nsteps, strict=True)
    at_end = {label for label, step, count in axes if layers and step == count - 1}
    now = _one_by_one(data)
    for name in layers.keys() - now.keys():
        _remove(viewer, layers.pop(name))
    for name, (array, keywords, kind) in now.items():
        layer = layers.get(name)
        if layer is None or (layer in viewer.layers and not _fits(layer, array, keywords)):
            _remove(viewer, layer)
            layers[name] = getattr(viewer, f"add_{kind}")(array, **keywords)
        elif layer in viewer.layers and kind == "image":
            layer.data, layer.scale = array, keywords["scale"]
            layer.metadata = keywords["metadata"]
    for axis, label in enumerate(dims.axis_labels):
        if label in at_end and axis not in dims.displayed:
            dims.set_current_step(axis, dims.nsteps[axis] - 1)
    return layers


def _one_by_one(data: list[LayerData]) -> dict[str, LayerData]:
    """Return the data of each single layer by its name."""
    split = import_module("napari.layers.utils.stack_utils").split_channels
    single = [
        layer
        for array, keywords, kind in data
        for layer in (
            split(array, **keywords) if "channel_axis" in keywords else [(array, keywords, kind)]
        )
    ]
    return {keywords["name"]: (array, keywords, kind) for array, keywords, kind in single}


def _fits(layer: Any, array: Any, keywords: dict[str, Any]) -> bool:
    """Return whether a layer can show an array in place of its own."""
    if "multiscale" not in keywords:
        return np.array_equal(layer.data, array)
    kinds = layer.multiscale, layer.rgb, tuple(layer.axis_labels)
    return kinds == (keywords["multiscale"], keywords["rgb"], keywords["axis_labels"])


def _remove(viewer: Any, layer: Any) -> None:
    """Remove a layer from a viewer if it is there."""
    if layer in viewer.layers:
        viewer.layers.remove(layer)
