"""Converting LZW files to OME-Zarr on two workers of 1 GB: rate, and what it is made of.

    python tests/benchmarks/convert.py [--gb 2] [--json]

In one run and on the same workers: the files are read and decoded alone, then encoded
alone (to memory, with the pyramid), then converted. The conversion does both, and writes
to the disk; it is compared with the sum of the two.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

SIDE = 1024
KINDS = 32
"""Images that differ; the others are copies of them."""


def write_files(folder: Path, count: int) -> None:
    """Write LZW files: cells over a camera's offset, with noise."""
    rng = np.random.default_rng(5)
    y, x = np.indices((SIDE, SIDE), np.float32)
    for number in range(count):
        name = folder / f"t{number:05d}.tif"
        if number >= KINDS:
            shutil.copyfile(folder / f"t{number % KINDS:05d}.tif", name)
            continue
        image = np.full((SIDE, SIDE), 110, np.float32)
        for cy, cx, size, peak in rng.uniform((0, 0, 8, 200), (SIDE, SIDE, 30, 3000), (40, 4)):
            image += peak * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * size**2))
        noisy = rng.poisson(image) + rng.normal(0, 3, image.shape)
        tifffile.imwrite(
            name, np.clip(noisy, 0, 65535).astype(np.uint16), compression="lzw", predictor=True
        )


def read_alone(job: Any, region: Any) -> dict[str, float]:
    """Read and decode the files of a region."""
    from dask_fileseq.convert.tasks import read_region

    started = time.perf_counter()
    read_region(region)
    return {"seconds": time.perf_counter() - started}


def encode_alone(job: Any, region: Any) -> dict[str, float]:
    """Encode a region, with its levels, from memory to memory."""
    from zarr.storage import MemoryStore

    from dask_fileseq.convert.journal import Journal
    from dask_fileseq.convert.targetstore import TargetStore
    from dask_fileseq.convert.tasks import region_levels, write_level

    levels = list(region_levels(job, region))
    job = replace(job, journal=Journal(TargetStore(MemoryStore())))
    started = time.perf_counter()
    for level, window, data in levels:
        write_level(job, region, level, window, data)
    return {"seconds": time.perf_counter() - started}


def peak_memory() -> float:
    """Return the greatest resident size of this process so far, in bytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def measured(folder: Path, gigabytes: float) -> dict[str, Any]:
    """Return seconds and peak memory of each part."""
    from distributed import Client, LocalCluster

    from dask_fileseq import TiffSequence

    files = folder / "files"
    files.mkdir()
    write_files(files, 1)
    count = max(2, round(gigabytes * 1e9 / (files / "t00000.tif").stat().st_size))
    write_files(files, count)
    seq = TiffSequence(f"{files}/*.tif", pattern=r"t(?P<t>\d+)")
    found: dict[str, Any] = {"files": count, "pixels": count * SIDE * SIDE * 2}
    found["bytes"] = sum(path.stat().st_size for path in files.iterdir())
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, memory_limit="1GB", dashboard_address=":0"
    )
    with cluster, Client(cluster) as client:
        parts = Parts(seq, folder / "parts.ome.zarr", client)
        client.run(warm_up)  # what is imported once is no matter here
        found["read and decode"] = parts.wall(read_alone)
        found["encode"] = parts.seconds(encode_alone) / 2
        found["workers before"] = list(client.run(peak_memory).values())
        started = time.perf_counter()
        manifest = seq.to_ome_zarr(folder / "out.ome.zarr", verify=None, scheduler=client)
        found["convert"] = time.perf_counter() - started
        found["workers"] = list(client.run(peak_memory).values())
    found["regions"] = manifest["regions"]
    found["written"] = sum(
        p.stat().st_size for p in (folder / "out.ome.zarr").rglob("*") if p.is_file()
    )
    found["ratio"] = (found["read and decode"] + found["encode"]) / found["convert"]
    return found


def warm_up() -> None:
    """Import what tasks need."""
    import dask_fileseq.convert  # noqa: F401


class Parts:
    """The regions of a conversion, for tasks that do a part of it."""

    def __init__(self, seq: Any, target: Path, client: Any) -> None:
        from dask_fileseq.convert.conversion import Conversion
        from dask_fileseq.convert.imagelayout import ome_layout
        from dask_fileseq.convert.targetstore import TargetStore
        from dask_fileseq.types import WriteOptions

        array = seq.array()
        options = WriteOptions(scheduler=client, progress=False)
        self.conversion = Conversion(array, ome_layout(array), TargetStore(target), options)

    def _run(self, function: Any) -> list[float]:
        from dask_fileseq.graph import run

        found: list[float] = []
        plan = self.conversion.plan
        run(
            self.conversion.scheduler,
            function,
            plan.job(self.conversion.journal, "token"),
            map(plan.region, plan.indices(plan.pyramid.partition.stages[0])),
            lambda _, result: found.append(result["seconds"]),
        )
        return found

    def wall(self, function: Any) -> float:
        """Return the time that all regions take."""
        started = time.perf_counter()
        self._run(function)
        return time.perf_counter() - started

    def seconds(self, function: Any) -> float:
        """Return the sum of what each region says it took."""
        return sum(self._run(function))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gb", type=float, default=2.0, help="size of the files (2)")
    parser.add_argument("--data", type=Path, help="where to put files (a temporary folder)")
    parser.add_argument("--json", action="store_true", help="print numbers as JSON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.data) as folder:
        found = measured(Path(folder), arguments.gb)
    if arguments.json:
        print(json.dumps(found))
        return
    print(f"{found['files']:,} LZW files, {found['bytes'] / 1e9:.2f} GB,", end=" ")
    print(f"{found['pixels'] / 1e9:.2f} GB of pixels; {found['regions']} regions")
    for part in ("read and decode", "encode", "convert"):
        rate = found["pixels"] / 1e6 / found[part]
        print(f"{part:<16} {found[part]:7.1f} s {rate:7.0f} MB/s")
    print(f"rate of (read, decode, encode) that converting reaches: {found['ratio']:.2f}")
    peaks = ", ".join(f"{peak / 1e6:.0f}" for peak in found["workers"])
    print(f"peak memory of the two workers: {peaks} MB; written {found['written'] / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
