"""Each format keeps the pixels, and is what other programs take it for."""

import os
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from dask_fileseq import LayoutError, WriteError, open_sequence, to_files
from tests.helpers.geotiff import write_raster

LOSSLESS = {
    ".png": ("u1", "u2"),
    ".jp2": ("u1", "u2"),
    ".j2k": ("u1", "u2"),
    ".jxl": ("u1", "u2", "f4"),
    ".jxr": ("u1", "u2"),
    ".webp": ("u1",),
    ".bmp": ("u1",),
    ".npy": ("u1", "i8", "f2", "c16", "?"),
    ".tif": ("u1", "i1", "u2", "i4", "u8", "f2", "f4", "f8", "c8", "c16"),
    ".ome.tif": ("u1", "i1", "u2", "i4", "f4", "f8", "c8"),
}
GREY = {".webp"}
"""Formats that have colours only."""


@pytest.mark.parametrize(
    ("suffix", "dtype"), [(suffix, t) for suffix, types in LOSSLESS.items() for t in types]
)
@pytest.mark.parametrize("colours", [False, True])
def test_pixels_are_kept(tmp_path, suffix, dtype, colours):
    """A lossy default would change measurements without a word."""
    if (suffix in GREY and not colours) or (dtype in ("c16", "c8") and colours):
        pytest.skip("there are no such images")
    shape = (2, 21, 34, *([3] if colours else []))
    raw = np.random.default_rng(0).integers(0, 256, (*shape, np.dtype(dtype).itemsize), "u1")
    images = (raw % 2 if dtype == "?" else raw).view(dtype)[..., 0]
    if images.dtype.kind in "fc":
        images = np.nan_to_num(images)
    if suffix == ".jxl" and dtype == "f4":  # libjxl 0.12 fails for some floats of random bits
        images = np.arange(images.size, dtype="f4").reshape(shape) / 8
    seq = to_files(images, tmp_path / f"{{t}}{suffix}")
    assert seq.chunkdtype == images.dtype
    np.testing.assert_array_equal(seq.asarray(), images)


@pytest.mark.parametrize("suffix", [".jpg", ".jxl", ".webp", ".png"])
def test_level_is_that_of_the_encoder(tmp_path, suffix):
    """The quality that was asked for would not be that of the files."""
    y, x = np.mgrid[:64, :64]
    images = np.stack([y * 3, x * 3, y + x], axis=-1).astype("u1")[None]
    sizes = set()
    for level in (1, 9) if suffix == ".png" else (1, 90):
        seq = to_files(images, tmp_path / f"{level}_{{t}}{suffix}", level=level)
        sizes.add(os.path.getsize(seq[0]))
    assert len(sizes) == 2


def test_more_arguments_of_encoders(tmp_path):
    """Options that only an encoder knows could not be given."""
    images = np.zeros((1, 16, 16), "u2")
    seq = to_files(images, tmp_path / "{t}.tif", encodeargs={"description": "mine"})
    assert b"mine" in Path(seq[0]).read_bytes()
    seq = to_files(images, tmp_path / "{t}.png", encodeargs={"strategy": 2})
    assert imagecodecs.imread(seq[0]).shape == (16, 16)
    with pytest.raises(ValueError, match=r"cannot write .*: TypeError"):
        to_files(images, tmp_path / "a{t}.png", encodeargs={"no": 2})


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # in affine 3
@pytest.mark.parametrize("bands", [1, 4])
def test_cloud_optimized_files(tmp_path, bands):
    """Readers of maps would fetch the whole file for a corner."""
    rasterio = pytest.importorskip("rasterio")
    image = np.random.default_rng(0).integers(0, 99, (bands, 700, 900), "i2")
    source = write_raster(tmp_path / "t0.tif", image, nodata=-1)
    seq = open_sequence([source], pattern="t{t}.tif")
    out = to_files(seq, tmp_path / "out" / "{t}.tif", cog=True, compression="zstd", tile=(256, 256))
    np.testing.assert_array_equal(out.asarray(), seq.asarray())
    with rasterio.open(out[0]) as file, rasterio.open(source) as before:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert (file.crs, file.transform, file.nodata) == (before.crs, before.transform, -1)
        assert file.overviews(1)
        assert file.block_shapes[0] == (256, 256)
        assert file.profile["compress"] == "zstd"
    cogeo = pytest.importorskip("rio_cogeo")
    assert cogeo.cog_validate(out[0])[:2] == (True, [])


def test_cogs_have_no_pages(tmp_path):
    """GDAL would take pages for other images."""
    pytest.importorskip("rasterio")
    with pytest.raises(LayoutError, match="a COG has the axes y, x and band"):
        to_files(np.zeros((2, 3, 8, 8)), tmp_path / "{t}.tif", dims="tzyx", inside="z", cog=True)


def test_values_that_jpeg_cannot_hold(tmp_path):
    """Images of 16 bits would be written as other ones, such as 60,000 as 0."""
    images = np.full((2, 16, 16), 60_000, "u2")
    with pytest.raises(WriteError, match="up to 60000, and JPEG has 12 bits"):
        to_files(images, f"{tmp_path}/{{t}}.jpg")
    exact = to_files(images, f"{tmp_path}/a{{t}}.jpg", encodeargs={"lossless": True})
    np.testing.assert_array_equal(exact.asarray(), images)
    near = to_files(images // 15, f"{tmp_path}/b{{t}}.jpg").asarray()
    assert abs(near.astype(int) - images // 15).max() < 10
