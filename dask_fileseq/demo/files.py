"""Where the demos write, and how."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any

import tifffile
from numpy.typing import NDArray

__all__ = ["claim_folder", "write_image"]


def claim_folder(folder: str | os.PathLike[str], names: Collection[str]) -> str:
    """Make a folder, or take an existing one that has only entries of these names.

    Raises
    ------
    FileExistsError
        If anything else is in it, or if it is a file.
    """
    folder = os.fspath(folder)
    os.makedirs(folder, exist_ok=True)
    others = sorted(set(os.listdir(folder)) - set(names))
    if others:
        raise FileExistsError(
            f"folder {folder!r} holds {others[0]!r}, which the demo does not write:"
            " name a new or an empty folder"
        )
    return folder


def write_image(path: str, image: NDArray[Any], **options: Any) -> None:
    """Write a TIFF file of grey values; other options are those of `tifffile.imwrite`."""
    software = "dask_fileseq demo"
    tifffile.imwrite(
        path, image, photometric="minisblack", metadata=None, software=software, **options
    )
