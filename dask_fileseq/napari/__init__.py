"""A plugin of napari: a folder of images, a glob or a list opens lazily, with named sliders."""

from dask_fileseq.napari.growinglayers import follow_layers, show_layers
from dask_fileseq.napari.layers import layer_data
from dask_fileseq.napari.plugin import get_reader

__all__ = ["follow_layers", "get_reader", "layer_data", "show_layers"]
