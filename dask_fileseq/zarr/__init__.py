"""A file array and zarr: served as a store where the files are."""

from dask_fileseq.zarr.store import FileArrayStore

__all__ = ["FileArrayStore"]
