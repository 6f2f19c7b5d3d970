"""A file array as a zarr store, and as reference files, without a copy."""

from dask_fileseq.zarr.references import write_references
from dask_fileseq.zarr.store import FileArrayStore

__all__ = ["FileArrayStore", "write_references"]
