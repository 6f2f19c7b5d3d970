"""A file array as a zarr store, and as reference files, without a copy."""

from importlib import import_module
from typing import Any

from dask_fileseq.zarr.references import write_references
from dask_fileseq.zarr.store import FileArrayStore

__all__ = ["FileArrayStore", "read_manifest", "write_references"]


def __getattr__(name: str) -> Any:
    """Return `dask_fileseq.convert.read_manifest` under its earlier name."""
    if name == "read_manifest":
        return import_module("dask_fileseq.convert").read_manifest
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
