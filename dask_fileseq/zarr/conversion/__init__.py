"""A file array written as Zarr or OME-Zarr, once and for all; see `convert`."""
