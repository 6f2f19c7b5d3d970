"""A plugin of napari: a folder of images, a glob or a list opens lazily, with named sliders."""

from dask_fileseq.napari.layers import layer_data
from dask_fileseq.napari.plugin import get_reader

__all__ = ["get_reader", "layer_data"]
