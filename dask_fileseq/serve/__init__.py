"""A Zarr store over HTTP on this machine, for viewers."""

from dask_fileseq.serve.server import StoreServer

__all__ = ["StoreServer"]
