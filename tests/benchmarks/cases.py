"""The cases: each row of the comparison with its data, contenders and thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import dask
import numpy as np
import peers
import tifffile
from crops import crop_case
from farfiles import far_cases, thin_cases
from frames import frame_case
from images import Files, Images
from imagewriting import write_case
from memory import fresh
from model import AtMost, Case, Contender, Faster, Probe
from opening import folder_case, names_case
from peers import TIFFFILE

import dask_fileseq

__all__ = ["CASES"]

SMALL = Images("small")
LARGE = Images("large", (1024, 1024))


def _goals(asarray: float, auto: float) -> list[Faster]:
    """Return the two thresholds that each row of whole reads has."""
    return [
        Faster("asarray()", TIFFFILE, asarray, "asarray(), the best tifffile"),
        Faster('to_dask_array(chunks="auto")', TIFFFILE, auto, '"auto", the best tifffile'),
    ]


def _whole(
    name: str, title: str, make: Images, count: int, quick: int, asarray: float, auto: float
) -> Case:
    """Return a case of reading all files into one array."""
    codec = "compression" in make.write and make.shape[-1] > 64
    return Case(
        name,
        title,
        make,
        count,
        quick,
        [*peers.to_numpy(), *peers.raw_limits(), *(peers.codec_limits() if codec else [])],
        peers.stacked,
        _goals(asarray, auto),
    )


def _with(case: Case, goals: list[Any], probes: list[Probe]) -> Case:
    return replace(case, goals=[*case.goals, *goals], probes=probes)


def _small() -> Case:
    case = _whole("small", "64x64 uint16, to numpy", SMALL, 5000, 200, 12, 8)
    goals = [
        Faster("seq.compute()", ("asarray()",), 0.9, "seq.compute(), as fast as asarray()"),
        Faster("asarray()", ("dask.array.image",), 25, "asarray(), dask.array.image"),
        Faster("asarray()", ("delayed + stack",), 50, "asarray(), delayed + stack"),
    ]
    return _with(case, goals, [])


def _large() -> Case:
    case = _whole("large", "1024x1024 uint16 uncompressed, to numpy", LARGE, 400, 16, 1.4, 0.9)
    ways = {
        "asarray()": partial(fresh, "asarray", way="asarray"),
        '"auto"': partial(fresh, "asarray", way="auto"),
        "tifffile, ioworkers=2": partial(fresh, "tifffile_asarray"),
    }

    def peaks(files: Files) -> Mapping[str, float]:
        return {
            f"peak of {way} / result": run(names=files.names)["peak"] for way, run in ways.items()
        }

    goal = AtMost("peak of asarray() / result", 1.05, "peak memory of asarray(), of the result")
    return _with(case, [goal], [Probe(peaks)])


def _reduced(files: Files) -> np.ndarray[Any, Any]:
    return peers.stacked(files).max(axis=0)


def _max_over_time() -> Case:
    def contender(name: str, chunks: Any) -> Contender:
        def opened(files: Files) -> Any:
            return dask_fileseq.TiffSequence(files.names).to_dask_array(chunks=chunks)

        return Contender(name, "this", opened, _max)

    threads = Contender(
        TIFFFILE[0], "peer", lambda files: tifffile.TiffSequence(files.names), _tifffile_max
    )
    return Case(
        "max",
        "64x64 uint16, x.max(axis=0) on threads",
        SMALL,
        5000,
        300,
        [
            contender('chunks="auto"', "auto"),
            contender("one file a block", None),
            peers.dask_array_image(_max),
            threads,
        ],
        _reduced,
        [Faster('chunks="auto"', ("dask.array.image",), 8, '"auto", dask.array.image')],
    )


def _max(array: Any) -> Any:
    return array.max(axis=0).compute(scheduler="threads")


def _tifffile_max(seq: Any) -> Any:
    return seq.asarray(ioworkers=1).max(axis=0)


# a cluster of processes


@contextmanager
def two_processes() -> Iterator[Any]:
    """Run a cluster of two processes with one thread each."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def _total(chunks: Any, files: Files) -> Any:
    return dask_fileseq.TiffSequence(files.names).to_dask_array(chunks=chunks).sum()


def _tasks(files: Files) -> dict[str, float]:
    """Count the tasks that the scheduler gets."""
    auto, single = (len(dict(dask.optimize(_total(c, files))[0].dask)) for c in ("auto", None))
    return {'tasks, "auto"': auto, "tasks, one a file": single, "share of tasks": auto / single}


def _cluster() -> Case:
    return Case(
        "cluster",
        "64x64 uint16, sum on a LocalCluster of two processes",
        SMALL,
        10_000,
        100,
        [
            Contender('chunks="auto"', "this", partial(_total, "auto"), _int),
            Contender("one task a file", "this", partial(_total, None), _int),
            peers.dask_array_image(lambda array: int(array.sum().compute())),
        ],
        lambda files: int(peers.stacked(files).sum()),
        [
            Faster('chunks="auto"', ("one task a file",), 40, '"auto", one task a file'),
            AtMost("share of tasks", 1 / 50, "share of the tasks of one task a file"),
        ],
        probes=[Probe(_tasks, once=True)],
        around=two_processes,
        repeats=2,
    )


def _int(lazy: Any) -> int:
    return int(lazy.compute())


# memory out of core


def _out_of_core() -> Case:
    def peaks(files: Files) -> dict[str, float]:
        peers.read_bytes(files)  # into the page cache
        found, crcs = {}, set()
        for way, chunks in {'"auto"': "auto", "one file a block": None}.items():
            for times, size in {1: "", 2: ", data doubled"}.items():
                run = fresh("reduce", names=list(files.names) * times, chunks=chunks)
                found[f"peak, {way}{size} (MB)"] = run["peak"]
                found[f"seconds, {way}{size}"] = run["seconds"]
                crcs.add(run["crc"])
            once, twice = (found[f"peak, {way}{size} (MB)"] for size in ("", ", data doubled"))
            found[f"growth, {way}"] = twice / once
        if len(crcs) != 1:
            raise AssertionError("the maximum over time depends on blocks or on doubling")
        return found

    goals = []
    for way in ('"auto"', "one file a block"):
        goals.append(AtMost(f"peak, {way} (MB)", 600, f"peak resident memory, {way}", "MB"))
        goals.append(AtMost(f"growth, {way}", 1.1, f"peak when the data doubles, {way}", "times"))
    return Case(
        "out-of-core",
        "1024x1024 uint16 (2 MB each), max over time on threads, each in a fresh process",
        LARGE,
        1024,
        32,
        goals=goals,
        probes=[Probe(peaks)],
    )


def _all() -> Iterator[Case]:
    yield _small()
    tagged = Images("tagged", own_tags=True)
    yield _whole("tagged", "64x64, each with its own description and date", tagged, 3000, 100, 5, 4)
    lzw = Images("lzw", write={"compression": "lzw"})
    yield _whole("lzw", "64x64 LZW, to numpy", lzw, 3000, 100, 3, 2.5)
    pages = Images("pages", (5, 64, 64), {"photometric": "minisblack"})
    yield _whole("pages", "five 64x64 pages a file, to numpy", pages, 1500, 60, 2, 1.5)
    yield _max_over_time()
    yield _large()
    lzw = Images("large-lzw", (1024, 1024), {"compression": "lzw"})
    yield _whole("large-lzw", "1024x1024 LZW, to numpy", lzw, 200, 8, 1.8, 1.5)
    tiled = Images("large-deflate", (1024, 1024), {"compression": "zlib", "tile": (256, 256)})
    yield _whole("large-deflate", "1024x1024 tiled Deflate, to numpy", tiled, 200, 8, 1.1, 1)
    huge = (4096, 4096)
    yield crop_case("crop-contiguous", "contiguous", Images("huge", huge), 15)
    strips = Images("huge-strips", huge, {"compression": "zlib"})
    yield crop_case("crop-strips", "Deflate strips", strips, 12)
    tiles = Images("huge-tiles", huge, {"compression": "zlib", "tile": (256, 256)})
    yield crop_case("crop-tiles", "Deflate tiles", tiles, 45)
    yield _cluster()
    yield _out_of_core()
    yield from thin_cases()
    yield from far_cases()
    yield folder_case()
    yield names_case()
    if find_spec("napari"):
        yield frame_case()
    for size, count in ((512, 200), (2048, 20)):
        images = Images(f"square-{size}", (size, size))
        for codec in (None, "zlib", "zstd"):
            title = f"{size}x{size} {codec or 'uncompressed'}, to files"
            yield write_case(f"write-{size}-{codec or 'raw'}", title, images, count, codec)


CASES: dict[str, Case] = {case.name: case for case in _all()}
"""All cases by name, in the order of the table."""
