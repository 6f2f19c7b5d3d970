"""A region read takes from the file what it needs, and little else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from dask_fileseq.readers import count, read_tiff
from tests.helpers.regions import read_region

Region = tuple[slice, ...]
SIZE = 1024
TILE = 128


def write(path: Path, **args: Any) -> tuple[str, Any]:
    data = np.random.default_rng(0).integers(0, 4000, (SIZE, SIZE), "u2")
    tifffile.imwrite(path, data, metadata=None, **args)
    return str(path), data


def bytes_of(path: str, region: Region, expected: Any) -> tuple[int, str]:
    spec = read_tiff.describe(path).spec
    out = np.empty_like(expected[region])
    with count() as counts:
        read_region(read_tiff, path, spec, region, out)
    np.testing.assert_array_equal(out, expected[region])
    assert counts.files == 1
    (way,) = counts.ways
    return counts.bytes, way


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "zstd"])
def test_crop_of_tiles(tmp_path: Path, compression: str | None) -> None:
    """A crop reads more than the tiles that it touches."""
    path, data = write(tmp_path / "a.tif", tile=(TILE, TILE), compression=compression)
    with tifffile.TiffFile(path) as tif:
        sizes = np.reshape(tif.pages[0].databytecounts, (SIZE // TILE,) * 2)
    read = bytes_of(path, np.s_[100:300, 640:700], data)
    assert read == (sizes[0:3, 5:6].sum(), "segments")
    assert bytes_of(path, np.s_[::-400, 5:6], data)[0] == sizes[[1, 4, 7], 0].sum()


@pytest.mark.parametrize("compression", ["lzw", "zlib", "zstd"])
def test_crop_of_strips(tmp_path: Path, compression: str) -> None:
    """A crop reads strips above or below it."""
    path, data = write(tmp_path / "a.tif", rowsperstrip=32, compression=compression)
    with tifffile.TiffFile(path) as tif:
        sizes = tif.pages[0].databytecounts
    assert bytes_of(path, np.s_[100:130, :7], data) == (sum(sizes[3:5]), "segments")


def test_rows_of_contiguous(tmp_path: Path) -> None:
    """Rows of an uncompressed image are not read by themselves."""
    path, data = write(tmp_path / "a.tif")
    assert bytes_of(path, np.s_[100:130, :], data) == (30 * SIZE * 2, "contiguous")
    assert bytes_of(path, np.s_[1023:, 1000:], data) == (24 * 2, "proven")


def test_crop_of_contiguous(tmp_path: Path) -> None:
    """A crop reads more than the rows in it."""
    path, data = write(tmp_path / "a.tif")
    assert bytes_of(path, np.s_[100:130, 10:20], data)[0] == (29 * SIZE + 10) * 2


def test_long_gaps_are_skipped(tmp_path: Path) -> None:
    """Rows far apart are read with all that lies between."""
    data = np.random.default_rng(0).integers(0, 4000, (20, 40_000), "u2")
    tifffile.imwrite(tmp_path / "a.tif", data)
    assert bytes_of(str(tmp_path / "a.tif"), np.s_[::5, 7:9], data)[0] == 4 * 2 * 2


def test_large_regions_are_read_in_parts(tmp_path: Path) -> None:
    """Parts of a read that is cut in pieces end up in the wrong rows."""
    data = np.arange(3_000_000, dtype="u4").reshape(3000, 1000)
    tifffile.imwrite(tmp_path / "a.tif", data)
    for region in (np.s_[:, 1:], np.s_[::2, :], np.s_[5::-1, ::-1], np.s_[::-1, 1:]):
        assert bytes_of(str(tmp_path / "a.tif"), region, data)[0] <= data.nbytes


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_pages_outside_are_not_read(tmp_path: Path, compression: str | None) -> None:
    """One page of a stack costs all of them."""
    data = np.random.default_rng(0).integers(0, 4000, (9, 64, 64), "u2")
    path = str(tmp_path / "a.tif")
    with tifffile.TiffWriter(path) as writer:
        for page in data:
            writer.write(page, compression=compression, metadata=None)
    with tifffile.TiffFile(path) as tif:
        sizes = [sum(page.databytecounts) for page in tif.pages]
    assert bytes_of(path, np.s_[2:8:3, :, :], data)[0] == sizes[2] + sizes[5]


def test_counts_do_not_leak(tmp_path: Path) -> None:
    """Counts go on after their block, or one inside another takes from it."""
    path, _ = write(tmp_path / "a.tif")
    with count() as outer:
        with count() as inner:
            read_tiff.describe(path)
        read_tiff(path)
    read_tiff(path)
    assert (inner.files, inner.headers, inner.bytes) == (1, 1, 0)
    assert (outer.files, outer.headers, outer.bytes) == (2, 1, SIZE * SIZE * 2)
