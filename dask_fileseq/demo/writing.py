"""The folder that a demo writes to, and the TIFF files in it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from typing import Any

import tifffile
from numpy.typing import NDArray

__all__ = ["claim_folder", "write_images"]


def claim_folder(folder: str | os.PathLike[str], names: Collection[str]) -> str:
    """Create a folder, or accept an existing one that has no entries but these names.

    Raises
    ------
    FileExistsError
        If the folder has any other entry, or if it is a file.
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


def write_images(
    folder: str | os.PathLike[str],
    names: Collection[str],
    images: Iterable[NDArray[Any]],
    **options: Any,
) -> str:
    """Claim a folder, write an image for each name, and return the folder.

    Images are drawn one by one, and only after the folder has been claimed. Options are
    those of `tifffile.imwrite`.
    """
    folder = claim_folder(folder, names)
    options |= {"photometric": "minisblack", "metadata": None, "software": "dask_fileseq demo"}
    for name, image in zip(names, images, strict=True):
        tifffile.imwrite(os.path.join(folder, name), image, **options)
    return folder
