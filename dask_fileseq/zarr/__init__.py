"""A file array as a zarr store, and as reference files, without a copy."""

from dask_fileseq.zarr.coordinates import encoded_coordinates
from dask_fileseq.zarr.references import write_references
from dask_fileseq.zarr.store import FileArrayStore
from dask_fileseq.zarr.virtual import to_icechunk, to_virtual
from dask_fileseq.zarr.zarrarray import array_path, consolidated, is_document

__all__ = [
    "FileArrayStore",
    "array_path",
    "consolidated",
    "encoded_coordinates",
    "is_document",
    "to_icechunk",
    "to_virtual",
    "write_references",
]
