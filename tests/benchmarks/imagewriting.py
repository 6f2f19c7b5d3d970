"""Images from memory into files, beside tifffile's `imwrite` in two threads."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np
import tifffile
from images import Files, Images
from model import Case, Contender, Faster

import dask_fileseq

__all__ = ["write_case"]

OURS = "to_files()"
THREADS = "imwrite in two threads"


@lru_cache(1)
def _pixels(names: tuple[str, ...]) -> np.ndarray[Any, Any]:
    return np.stack([tifffile.imread(name) for name in names])


def _emptied(files: Files) -> tuple[np.ndarray[Any, Any], str]:
    """Return the images of some files, and an empty folder beside these."""
    folder = f"{files.folder}-written"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return _pixels(tuple(files.names)), folder


def write_case(name: str, title: str, images: Images, count: int, codec: str | None) -> Case:
    """Return the case of writing images that a codec compresses, with differences along rows."""

    def by_threads(opened: tuple[np.ndarray[Any, Any], str]) -> str:
        pixels, folder = opened
        arguments: dict[str, Any] = {"metadata": None, "photometric": "minisblack"}
        arguments |= {"compression": codec, "predictor": True} if codec else {}

        def one(number: int) -> None:
            tifffile.imwrite(f"{folder}/t{number:05d}.tif", pixels[number], **arguments)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(one, range(len(pixels))))
        return folder

    def by_this(opened: tuple[np.ndarray[Any, Any], str]) -> str:
        pixels, folder = opened
        pattern = f"{folder}/t{{t:05d}}.tif"
        dask_fileseq.to_files(pixels, pattern, workers=2, progress=False, compression=codec)
        return folder

    def read_back(folder: str) -> np.ndarray[Any, Any]:
        names = sorted(each for each in os.listdir(folder) if each.endswith(".tif"))
        found = np.stack([tifffile.imread(os.path.join(folder, each)) for each in names])
        shutil.rmtree(folder)
        return found

    return Case(
        name,
        title,
        images,
        count,
        max(2, count // 25),
        [
            Contender(OURS, "this", _emptied, by_this, read_back, once=True),
            Contender(THREADS, "peer", _emptied, by_threads, read_back, once=True),
        ],
        lambda files: _pixels(tuple(files.names)),
        [Faster(OURS, (THREADS,), 0.8, "to_files(), imwrite in two threads")],
        repeats=5,
    )
