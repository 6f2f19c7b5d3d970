"""The ways from file names to pixels: this project's, those of others, and what limits all."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import dask
import dask.array as da
import numpy as np
import tifffile
from images import Files
from model import Contender

import dask_fileseq

__all__ = [
    "TIFFFILE",
    "codec_limits",
    "dask_array_image",
    "raw_limits",
    "read_bytes",
    "stacked",
    "to_numpy",
]

TIFFFILE = tuple(f"tifffile, ioworkers={n}" for n in (1, 2, 4))
"""Names of tifffile's own way, by number of threads."""


def stacked(files: Files) -> np.ndarray[Any, Any]:
    """Return what all must give: each file read by tifffile, stacked."""
    return np.stack([tifffile.imread(name) for name in files.names])


def to_numpy() -> list[Contender]:
    """Return all ways to read all files into one numpy array."""
    return [*_this(), *_tifffile(), *_peers()]


def _sequence(files: Files) -> dask_fileseq.TiffSequence:
    return dask_fileseq.TiffSequence(files.names)


def _array(chunks: Any, files: Files) -> da.Array:
    return _sequence(files).to_dask_array(chunks=chunks)


def _compute(lazy: Any) -> Any:
    return lazy.compute()


def _this() -> Iterable[Contender]:
    yield Contender("asarray()", "this", _sequence, lambda seq: seq.asarray())
    yield Contender("seq.compute()", "this", _sequence, _compute)
    yield Contender('to_dask_array(chunks="auto")', "this", partial(_array, "auto"), _compute)
    yield Contender("to_dask_array()", "this", partial(_array, None), _compute)
    yield Contender(
        "aszarr + da.from_zarr",
        "this",
        lambda files: da.from_zarr(_sequence(files).aszarr()),
        _compute,
        needs=("zarr",),
    )


def _tifffile() -> Iterable[Contender]:
    for name, workers in zip(TIFFFILE, (1, 2, 4), strict=True):
        yield Contender(
            name,
            "peer",
            lambda files: tifffile.TiffSequence(files.names),
            lambda seq, workers=workers: seq.asarray(ioworkers=workers),
        )


def _peers() -> Iterable[Contender]:
    yield dask_array_image(_compute)
    yield Contender("delayed + stack", "peer", _delayed_stack, _compute)
    yield Contender(
        "tifffile aszarr + da.from_zarr",
        "peer",
        lambda files: da.from_zarr(tifffile.TiffSequence(files.names).aszarr()),
        _compute,
        needs=("zarr",),
    )
    yield Contender("dask-image", "peer", _dask_image, _compute, needs=("dask_image",))
    yield Contender(
        "bioio-tiff-glob", "peer", _bioio, _compute, needs=("bioio_tiff_glob",), most=300
    )


def dask_array_image(read: Callable[[da.Array], Any]) -> Contender:
    """Return the contender `dask.array.image.imread`, which lists the folder itself."""

    def opened(files: Files) -> da.Array:
        from dask.array.image import imread

        return imread(files.glob)

    return Contender("dask.array.image", "peer", opened, read, needs=("skimage",))


def _delayed_stack(files: Files) -> da.Array:
    """Do as the blog post "Load large image data with dask array" says."""
    sample = tifffile.imread(files.names[0])
    lazy = [dask.delayed(tifffile.imread)(name) for name in files.names]
    return da.stack([da.from_delayed(x, shape=sample.shape, dtype=sample.dtype) for x in lazy])


def _dask_image(files: Files) -> da.Array:
    from dask_image.imread import imread

    return imread(files.glob)


def _bioio(files: Files) -> da.Array:
    import pandas
    from bioio_tiff_glob import Reader

    def indexer(name: str) -> pandas.Series:
        found = re.search(r"t(\d+)\.tif$", name)
        assert found is not None
        return pandas.Series({"T": int(found[1])})

    sample = tifffile.imread(files.names[0])
    dims = ("Z", "Y", "X")[-sample.ndim :]
    reader = Reader(files.names, indexer=indexer, single_file_dims=dims)
    return reader.get_image_dask_data("T" + "".join(dims))


def raw_limits() -> list[Contender]:
    """Return what nobody can beat who reads files one by one into new memory."""
    return [
        Contender("open and read, bytes only", "limit", same_files, read_bytes, compared=False),
        Contender(
            "new memory for the result, filled",
            "limit",
            lambda files: (len(files), *tifffile.imread(files.names[0]).shape),
            lambda shape: np.full(shape, 1, np.uint16),
            once=True,
            compared=False,
        ),
        Contender(
            "copy of the result in memory",
            "limit",
            lambda files: (stacked(files), stacked(files)),
            lambda pair: np.copyto(*pair),
            once=True,
            compared=False,
        ),
    ]


def same_files(files: Files) -> Files:
    """Return the files: there is nothing to open."""
    return files


def read_bytes(files: Files) -> None:
    """Read all files and forget them."""
    for name in files.names:
        with open(name, "rb", buffering=0) as file:
            file.read()


def codec_limits() -> list[Contender]:
    """Return decoding alone, from memory, by one thread and by one a core."""
    cores = os.cpu_count() or 1
    ways = {"codec of tifffile alone": (_segments, _decode), "libtiff alone": (_contents, _libtiff)}
    return [
        Contender(
            f"{name}, {threads} thread{'s' * (threads > 1)}",
            "limit",
            prepare,
            partial(_in_threads, decode, threads),
            once=True,
            compared=False,
        )
        for name, (prepare, decode) in ways.items()
        for threads in sorted({1, cores})
    ]


def _in_threads(function: Callable[[Any], Any], threads: int, parts: list[Any]) -> None:
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(function, parts):
            pass


def _contents(files: Files) -> list[bytes]:
    return [pathlib.Path(name).read_bytes() for name in files.names]


def _libtiff(content: bytes) -> None:
    import imagecodecs

    imagecodecs.tiff_decode(content)


def _segments(files: Files) -> list[tuple[Any, list[bytes], int]]:
    """Return for each file its codec, its encoded segments, and the bytes in a decoded one."""
    found = []
    for name in files.names:
        with tifffile.TiffFile(name) as tif:
            page = tif.pages.first
            decode = tifffile.TIFF.DECOMPRESSORS[page.compression]
            segments = zip(page.dataoffsets, page.databytecounts, strict=True)
            parts = [data for data, _ in tif.filehandle.read_segments(*zip(*segments, strict=True))]
            found.append((decode, parts, int(np.prod(page.chunks)) * page.dtype.itemsize))
    return found


def _decode(encoded: tuple[Any, list[bytes], int]) -> None:
    decode, parts, size = encoded
    for part in parts:
        decode(part, out=size)
