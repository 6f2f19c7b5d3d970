"""Files behind a server that takes its time, and thin slices of many small files."""

from __future__ import annotations

import os
import sys
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from farpeers import (
    async_tiff_crops,
    fsspec_images,
    obstore_images,
    rasterio_crops,
    zip_members,
)
from images import Files, Images
from memory import fresh
from model import AtMost, Case, Contender, Faster, Probe, same

import dask_fileseq

__all__ = ["far_cases", "thin_cases"]

LATENCY = 0.05
"""Seconds before each answer of the server."""

CROP = np.s_[300:400, 300:400]
FSSPEC = "fsspec, all files at once, and tifffile"
OBSTORE = "obstore, all files at once, and tifffile"
ASYNC_TIFF = "async-tiff, all files at once"
ONE_GET = "one request, zipfile and tifffile"


@dataclass(frozen=True)
class FarFiles:
    """Files of one folder, and the server of that folder."""

    files: Files
    server: Any

    def __len__(self) -> int:
        return len(self.files)

    def first(self, count: int) -> FarFiles:
        """Return the first files."""
        return replace(self, files=self.files.first(count))

    @property
    def urls(self) -> list[str]:
        """The URLs of the files."""
        return [f"{self.server.url}/{name}" for name in self.members]

    @property
    def members(self) -> list[str]:
        """The names of the files in the archive."""
        return [os.path.basename(name) for name in self.files.names]

    @property
    def archive(self) -> str:
        """The URL of a ZIP file of all files."""
        return f"{self.server.url}/all.zip"


@dataclass(frozen=True)
class Served:
    """Makes files and their archive, and starts a server, which ends with this process."""

    images: Images

    def __call__(self, root: str, count: int) -> FarFiles:
        """Return `count` files."""
        sys.path.append(str(Path(__file__).parents[2]))
        from tests.helpers.servers.process import Server

        files = self.images(root, count)
        archive = os.path.join(files.folder, "all.zip")
        if not os.path.exists(archive):
            with zipfile.ZipFile(archive, "w") as target:
                for name in files.names:
                    target.write(name, os.path.basename(name))
        return FarFiles(files, Server("web", files.folder, "ranges", str(LATENCY)))


def _sequence(data: FarFiles) -> Any:
    return dask_fileseq.open_sequence(data.urls, pattern=None)


def _crop(seq: Any) -> Any:
    return seq.to_dask_array()[:, *CROP].compute()


def _grouped(data: FarFiles) -> Any:
    seq = dask_fileseq.open_sequence(data.urls, pattern=None, identity="name")
    return seq.to_dask_array(chunks="grouped")


def _mean_of_crop(array: Any) -> Any:
    return array[:, *CROP].mean(axis=0).compute(scheduler="threads")


def _urls(data: FarFiles) -> list[str]:
    return data.urls


def _probe(read: Any, way: str) -> Probe:
    """Return a probe of requests, bytes that are sent, and the peak of memory."""

    def run(data: FarFiles) -> dict[str, float]:
        data.server.log()
        read(data)
        most, log = data.server.most(), data.server.log()
        peak = fresh("far", way=way, urls=[data.archive] if way == "zip" else data.urls)
        return {
            "requests a file": len(log) / len(data),
            "bytes sent a file": sum(sent for *_, sent in log) / len(data),
            "requests at a time": float(most),
            "peak above the start, MB": peak["peak"],
        }

    return Probe(run, once=True)


def far_cases() -> list[Case]:
    """Return the cases of files behind a server with latency."""
    tiled = Images("far-tiled", (1024, 1024), {"compression": "zlib", "tile": (256, 256)})
    small = Images("far-small")
    needs = ("fsspec", "aiohttp")
    crop = "x[:, 300:400, 300:400].compute()"
    mean = "x[:, 300:400, 300:400].mean(axis=0).compute()"
    whole = "seq.asarray()"
    behind = f"by HTTP, {1000 * LATENCY:.0f} ms"

    def crops(read: Any) -> Any:
        return lambda urls: read(urls, CROP)

    return [
        Case(
            "far-crop",
            f"1024x1024 Deflate tiles {behind}: a crop of 100x100",
            Served(tiled),
            200,
            20,
            [
                Contender(crop, "this", _sequence, _crop, needs=needs),
                Contender(
                    *(ASYNC_TIFF, "peer", _urls, crops(async_tiff_crops), np.stack),
                    needs=("async_tiff",),
                ),
                Contender(
                    *("rasterio, 64 threads", "peer", _urls, crops(rasterio_crops), np.stack),
                    needs=("rasterio",),
                ),
                Contender(FSSPEC, "peer", _urls, fsspec_images, _cut, needs=needs),
            ],
            lambda data: np.stack([tifffile.imread(n)[CROP] for n in data.files.names]),
            [
                Faster(crop, (ASYNC_TIFF,), 0.9, "crop of files far away, async-tiff"),
                AtMost("requests a file", 2.1, "requests a file"),
            ],
            probes=[_probe(lambda data: _crop(_sequence(data)), "crop")],
        ),
        Case(
            "far-mean",
            f"1024x1024 Deflate tiles {behind}: mean of a crop, by a graph",
            Served(tiled),
            200,
            20,
            [Contender(mean, "this", _grouped, _mean_of_crop, needs=needs)],
            lambda data: np.stack([tifffile.imread(n)[CROP] for n in data.files.names]).mean(0),
            [AtMost("requests a file", 2.1, "requests a file")],
            probes=[_probe(lambda data: _mean_of_crop(_grouped(data)), "mean")],
        ),
        Case(
            "far-small",
            f"64x64 uint16 {behind}, to numpy",
            Served(small),
            500,
            50,
            [
                Contender(whole, "this", _sequence, lambda seq: seq.asarray(), needs=needs),
                Contender(OBSTORE, "peer", _urls, obstore_images, np.stack, needs=("obstore",)),
                Contender(FSSPEC, "peer", _urls, fsspec_images, np.stack, needs=needs),
            ],
            lambda data: np.stack([tifffile.imread(n) for n in data.files.names]),
            [
                Faster(whole, (OBSTORE,), 1, "small files far away, obstore and tifffile"),
                AtMost("requests a file", 1.1, "requests a file"),
            ],
            probes=[_probe(lambda data: _sequence(data).asarray(), "asarray")],
        ),
        Case(
            "far-zip",
            f"64x64 uint16 in a ZIP file {behind}, to numpy",
            Served(small),
            500,
            50,
            [
                Contender(whole, "this", _archive, lambda seq: seq.asarray(), needs=needs),
                Contender(
                    *(ONE_GET, "peer", same, lambda d: zip_members(d.archive, d.members)),
                    *(np.stack, needs),
                ),
            ],
            lambda data: np.stack([tifffile.imread(n) for n in data.files.names]),
            [
                Faster(whole, (ONE_GET,), 1, "ZIP file far away, one request for all of it"),
                AtMost("requests a file", 0.2, "requests a file"),
            ],
            probes=[_probe(lambda data: _archive(data).asarray(), "zip")],
        ),
    ]


def _cut(images: list[Any]) -> Any:
    return np.stack([image[CROP] for image in images])


def _archive(data: FarFiles) -> Any:
    return dask_fileseq.TiffSequence(data.members, container=data.archive)


# thin slices, and blocks that nobody has chosen


def _opened(files: Files) -> Any:
    return dask_fileseq.open_sequence(files.names, pattern=None)


def _pixel(*about: Any) -> Case:
    """Return a case of one pixel of each file; `about` is from its name to its quick count."""
    return Case(
        *about,
        [
            Contender("x[:, 30, 30].compute()", "this", _opened, _trace),
            Contender("the same by xarray", "this", _opened, _trace_by_xarray, needs=("xarray",)),
            Contender("tifffile.imread(name), each", "peer", lambda f: f.names, _trace_by_tifffile),
        ],
        lambda files: np.stack([tifffile.imread(n)[30, 30] for n in files.names]),
        [Faster("the same by xarray", ("x[:, 30, 30].compute()",), 0.83, "by xarray, dask")],
    )


def _trace(seq: Any) -> Any:
    return seq.to_dask_array(chunks="file")[:, 30, 30].compute()


def _trace_by_xarray(seq: Any) -> Any:
    return seq.to_xarray()[:, 30, 30].compute().values


def _trace_by_tifffile(names: list[str]) -> Any:
    return np.stack([tifffile.imread(name)[30, 30] for name in names])


def thin_cases() -> list[Case]:
    """Return the cases of slices that take few bytes of each file, and of default blocks."""
    deflate = Images("thin-deflate", (512, 512), {"compression": "zlib", "tile": (256, 256)})
    return [
        _pixel("pixel-raw", "64x64 uint16, one pixel of each", Images("thin"), 5000, 200),
        _pixel("pixel-deflate", "512x512 Deflate tiles, one pixel of each", deflate, 500, 20),
        Case(
            "mean-default",
            "64x64 uint16, imread(...).mean(axis=0), default blocks",
            Images("thin"),
            5000,
            200,
            [Contender("imread(names).mean(axis=0)", "this", lambda f: f.names, _mean)],
            lambda files: np.stack([tifffile.imread(n) for n in files.names]).mean(axis=0),
        ),
    ]


def _mean(names: list[str]) -> Any:
    return dask_fileseq.imread(names, pattern=None).mean(axis=0).compute()
