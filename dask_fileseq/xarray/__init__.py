"""A file array as xarray objects, with coordinates from file names and from metadata."""

from dask_fileseq.xarray.dataarray import GRID_MAPPING, lazy_dataset, to_dataarray
from dask_fileseq.xarray.lazyvariable import FileBackendArray, FileVariable

__all__ = ["GRID_MAPPING", "FileBackendArray", "FileVariable", "lazy_dataset", "to_dataarray"]
