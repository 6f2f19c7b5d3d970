"""Files behind a server that takes its time, and thin slices of many small files."""

from __future__ import annotations

import io
import os
import sys
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from images import Files, Images
from model import AtMost, Case, Contender, Faster, Probe

import dask_fileseq

__all__ = ["far_cases", "thin_cases"]

LATENCY = 0.05
"""Seconds before each answer of the server."""

CROP = np.s_[300:400, 300:400]
PEER = "fsspec, all files at once, and tifffile"


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
        return [f"{self.server.url}/{os.path.basename(name)}" for name in self.files.names]

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


def _mean_of_crop(seq: Any) -> Any:
    array = dask_fileseq.open_sequence(seq.files, pattern=None, identity="name").to_dask_array()
    return array[:, *CROP].mean(axis=0).compute(scheduler="threads")


def _by_fsspec(urls: list[str]) -> list[Any]:
    import fsspec

    contents = fsspec.filesystem("http").cat(urls)
    return [tifffile.imread(io.BytesIO(contents[url])) for url in urls]


def _requests(read: Any) -> Probe:
    """Return a probe that counts the requests, and the bytes that are sent."""

    def count(data: FarFiles) -> dict[str, float]:
        data.server.log()
        read(data)
        log = data.server.log()
        return {
            "requests a file": len(log) / len(data),
            "bytes sent a file": sum(sent for *_, sent in log) / len(data),
        }

    return Probe(count, once=True)


def far_cases() -> list[Case]:
    """Return the cases of files behind a server with latency."""
    tiled = Images("far-tiled", (1024, 1024), {"compression": "zlib", "tile": (256, 256)})
    small = Images("far-small")
    needs = ("fsspec", "aiohttp")
    crop = "x[:, 300:400, 300:400].compute()"
    mean = "x[:, 300:400, 300:400].mean(axis=0).compute()"
    whole = "seq.asarray()"
    return [
        Case(
            "far-crop",
            f"1024x1024 Deflate tiles by HTTP, {1000 * LATENCY:.0f} ms: a crop of 100x100",
            Served(tiled),
            200,
            20,
            [
                Contender(crop, "this", _sequence, _crop, needs=needs),
                Contender(PEER, "peer", lambda d: d.urls, _by_fsspec, _cut, needs=needs),
            ],
            lambda data: np.stack([tifffile.imread(n)[CROP] for n in data.files.names]),
            [AtMost("requests a file", 2.1, "requests a file")],
            probes=[_requests(lambda data: _crop(_sequence(data)))],
        ),
        Case(
            "far-mean",
            f"1024x1024 Deflate tiles by HTTP, {1000 * LATENCY:.0f} ms: mean of a crop, by a graph",
            Served(tiled),
            200,
            20,
            [Contender(mean, "this", _sequence, _mean_of_crop, needs=needs)],
            lambda data: np.stack([tifffile.imread(n)[CROP] for n in data.files.names]).mean(0),
        ),
        Case(
            "far-small",
            f"64x64 uint16 by HTTP, {1000 * LATENCY:.0f} ms, to numpy",
            Served(small),
            500,
            50,
            [
                Contender(whole, "this", _sequence, lambda seq: seq.asarray(), needs=needs),
                Contender(PEER, "peer", lambda d: d.urls, _by_fsspec, np.stack, needs=needs),
            ],
            lambda data: np.stack([tifffile.imread(n) for n in data.files.names]),
            [AtMost("requests a file", 1.1, "requests a file")],
            probes=[_requests(lambda data: _sequence(data).asarray())],
        ),
        Case(
            "far-zip",
            f"64x64 uint16 in a ZIP file by HTTP, {1000 * LATENCY:.0f} ms, to numpy",
            Served(small),
            500,
            50,
            [Contender(whole, "this", _archive, lambda seq: seq.asarray(), needs=needs)],
            lambda data: np.stack([tifffile.imread(n) for n in data.files.names]),
            [AtMost("requests a file", 0.2, "requests a file")],
            probes=[_requests(lambda data: _archive(data).asarray())],
        ),
    ]


def _cut(images: list[Any]) -> Any:
    return np.stack([image[CROP] for image in images])


def _archive(data: FarFiles) -> Any:
    names = [os.path.basename(name) for name in data.files.names]
    return dask_fileseq.TiffSequence(names, container=data.archive)


# thin slices, and blocks that nobody has chosen


def _opened(files: Files) -> Any:
    return dask_fileseq.open_sequence(files.names, pattern=None)


def _pixel(name: str, title: str, make: Images, count: int, quick: int) -> Case:
    return Case(
        name,
        title,
        make,
        count,
        quick,
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
