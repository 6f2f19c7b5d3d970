"""Copies of a file array in Zarr and OME-Zarr."""

from dask_fileseq.convert.conversion import to_ome_zarr, to_zarr
from dask_fileseq.convert.growingzarr import to_growing_zarr
from dask_fileseq.convert.provenance import read_manifest

__all__ = ["read_manifest", "to_growing_zarr", "to_ome_zarr", "to_zarr"]
