"""What napari calls, by the manifest: names decide, and no file is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from dask_fileseq.files import has_file
from dask_fileseq.napari.layers import LayerData, layer_data
from dask_fileseq.readers import read_by_suffix
from dask_fileseq.sequence import open_sequence

SUFFIXES = tuple(suffix for group in read_by_suffix.suffixes for suffix in group)
"""Suffixes of images, in lower case."""

Paths = str | Sequence[str]


def get_reader(path: Paths) -> Callable[[Paths], list[LayerData]] | None:
    """Return what makes layers of a folder, a glob or a list of images; None if it has none.

    Only names are looked at, in a folder up to the first image, and no more than 10,000.

    Parameters
    ----------
    path : str or list of str
        A folder, a file, a glob or a URL, as `open_sequence` takes it; or names of files.

    Returns
    -------
    callable or None
        A function of `path` that returns what `layer_data` does.

    Examples
    --------
    >>> from dask_fileseq.napari import get_reader
    >>> get_reader("notes.txt") is None, get_reader("scans/*.tif") is None
    (True, False)
    """
    names = [path] if isinstance(path, str) else list(path)
    if len(names) == 1 and os.path.isdir(names[0]):
        return _read if has_file(names[0], SUFFIXES) else None
    return _read if names and all(name.lower().endswith(SUFFIXES) for name in names) else None


def _read(path: Paths) -> list[LayerData]:
    """Return the layers of what `get_reader` has accepted."""
    files = path if isinstance(path, str) else list(path)
    return layer_data(open_sequence(files[0] if len(files) == 1 else files))
