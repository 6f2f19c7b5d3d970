"""A file array as a zarr store, and as reference files, without a copy."""

from typing import Any

from dask_fileseq.zarr.store import FileArrayStore

__all__ = ["FileArrayStore", "read_manifest"]


def __getattr__(name: str) -> Any:
    """Return `read_manifest` of the converter under its earlier name."""
    if name == "read_manifest":
        from dask_fileseq.zarr.conversion.manifest import read_manifest

        return read_manifest
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
