"""A file array and zarr: served as a store where the files are, or converted to Zarr."""

from dask_fileseq.zarr.conversion.manifest import read_manifest
from dask_fileseq.zarr.store import FileArrayStore

__all__ = ["FileArrayStore", "read_manifest"]
