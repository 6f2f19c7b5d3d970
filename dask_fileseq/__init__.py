"""A folder of image files as one lazy dask array."""

from dask_fileseq._version import __version__

__all__ = ["__version__"]
