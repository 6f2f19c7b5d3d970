"""Images that claim to be larger than they are, or that decoders would make something of."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile

from dask_fileseq import ChunkMismatchError, FillWarning, ReadError, open_sequence
from dask_fileseq.readers import read_image
from tests.helpers.corpus import image
from tests.helpers.pngs import chunk, header, png

PIXELS = image((17, 23), "u1")


def npy(shape: tuple[int, ...]) -> bytes:
    """Return an NPY file whose header has another shape than its 12 bytes of pixels."""
    file = io.BytesIO()
    fields = {"descr": "<u8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, fields)
    return file.getvalue() + bytes(12)


def jpeg(height: int, width: int) -> bytes:
    """Return a JPEG whose frame has another size than its pixels."""
    content = imagecodecs.jpeg8_encode(PIXELS)
    return content.replace(struct.pack(">HH", 17, 23), struct.pack(">HH", height, width), 1)


def large_png(height: int, width: int) -> bytes:
    """Return a PNG whose header has another size than its pixels."""
    content = png(17, 23)
    return content.replace(
        chunk(b"IHDR", header(17, 23, 8, 0)), chunk(b"IHDR", header(height, width, 8, 0))
    )


def jpeg2k(height: int, width: int, tile: int) -> bytes:
    """Return a codestream of which the header has another size, also of tiles."""
    content = imagecodecs.jpeg2k_encode(PIXELS, codecformat="J2K")
    size = struct.pack(">8I", width, height, 0, 0, tile, tile, 0, 0)
    return content.replace(struct.pack(">8I", 23, 17, 0, 0, 23, 17, 0, 0), size, 1)


def bmp(height: int, width: int, bits: int = 24, masks: tuple[int, ...] = ()) -> bytes:
    """Return a BMP file with the pixels of 4 x 4."""
    compression = 3 if masks else 0
    extra = struct.pack(f"<{len(masks)}I", *masks)
    fields = (40, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    start = 54 + len(extra)
    head = struct.pack("<2sIHHI", b"BM", start + 48, 0, 0, start)
    return head + struct.pack("<IiiHHIIiiII", *fields) + extra + bytes(48)


CLAIMS = {
    "a.npy": npy((2**20, 2**20)),
    "b.npy": npy((2**40, 2**40)),
    "a.jpg": jpeg(65_500, 65_500),
    "a.png": large_png(50_000, 50_000),
    "a.j2k": jpeg2k(200, 200, 1),
    "b.j2k": jpeg2k(2**30, 2**28, 2**31),
    "a.bmp": bmp(30_000, 30_000),
    "b.bmp": bmp(-30_000, 30_000),
}
"""Files that are too short for the images that their headers declare."""

SOUND = {".npy": npy((1,))[:-4], ".jpg": jpeg(17, 23), ".png": png(17, 23), ".bmp": bmp(4, 4)}
SOUND[".j2k"] = imagecodecs.jpeg2k_encode(PIXELS, codecformat="J2K")


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_is_compared_with_the_size_of_the_file(tmp_path: Path, name: str) -> None:
    """Memory for a damaged file is taken, which ends the run or the process."""
    (tmp_path / f"0{Path(name).suffix}").write_bytes(SOUND[Path(name).suffix])
    (tmp_path / f"1{Path(name).suffix}").write_bytes(CLAIMS[name])
    seq = open_sequence(tmp_path)
    with pytest.raises(ReadError, match=r"'.*1\..*' .*header is damaged: .* the file has \d+"):
        seq.asarray()
    with pytest.warns(FillWarning, match="header is damaged"):
        array = seq.asarray(errors="fill", fillvalue=7)
    assert (array[1] == 7).all()
    assert not (array[0] == 7).all()
    (finding,) = seq.check()
    assert finding.kind == "truncated"
    with pytest.raises(ReadError, match="header is damaged"):
        open_sequence([str(tmp_path / f"1{Path(name).suffix}")]).array()


def test_a_large_image_behind_a_small_one_is_not_decoded(tmp_path: Path) -> None:
    """A file of 2 MB becomes 2 GB of pixels, to see that these do not fit."""
    large = large_png(50_000, 50_000)
    (tmp_path / "0.png").write_bytes(png(17, 23))
    (tmp_path / "1.png").write_bytes(large + bytes(50_000 * 50_000 // 1000))
    with pytest.raises(ChunkMismatchError, match=r"found shape \(50000, 50000\)"):
        open_sequence(tmp_path).asarray()
    assert open_sequence([str(tmp_path / "1.png")]).array().shape == (1, 50_000, 50_000)


@pytest.mark.parametrize("masks", [(0xFF00, 0xFF, 0), (0, 0, 0), (0, 0x7E0, 0x1F), (0x10000, 1, 1)])
def test_a_bmp_file_of_16_bits_without_a_color(masks: tuple[int, ...]) -> None:
    """The decoder divides by the largest value of the color, and the process ends."""
    content = bmp(4, 4, 16, masks)
    for read in (read_image, read_image.describe, read_image.inspect):
        with pytest.raises(ValueError, match="a color has no bits"):
            read(io.BytesIO(content))
    sound = bmp(4, 4, 16, (0xF800, 0x7E0, 0x1F))
    assert read_image(io.BytesIO(sound)).shape == (4, 4, 3)


def test_a_bmp_file_that_is_cut_short(tmp_path: Path) -> None:
    """The decoder reads behind the end of the file: noise, or the end of the process."""
    content = imagecodecs.bmp_encode(PIXELS)
    for length in (20, 54, 1078, len(content) - 1):
        short = content[:2] + struct.pack("<I", length) + content[6:length]
        with pytest.raises(ValueError, match="truncated"):
            read_image(io.BytesIO(short))


@pytest.mark.parametrize(
    "content",
    [
        imagecodecs.jpeg8_encode(PIXELS),
        imagecodecs.jpeg2k_encode(PIXELS, codecformat="J2K"),
        imagecodecs.jpeg2k_encode(PIXELS, codecformat="JP2"),
    ],
)
def test_a_jpeg_that_is_cut_short(content: bytes) -> None:
    """The decoder makes the rest gray."""
    for length in (len(content) - 1, len(content) - 2, len(content) - 100):
        for read in (read_image, read_image.inspect):
            with pytest.raises(ValueError, match="truncated"):
                read(io.BytesIO(content[:length]))


def test_a_jpeg_that_is_cut_short_behind_its_thumbnail() -> None:
    """The end of the thumbnail is taken for that of the image; or what follows is no image."""
    content = imagecodecs.jpeg8_encode(PIXELS)
    thumbnail = b"\xff\xe1\0\x06\xff\xd8\xff\xd9"  # has an end of its own
    with pytest.raises(ValueError, match="truncated"):
        read_image(io.BytesIO(content[:2] + thumbnail + content[2:-20]))
    np.testing.assert_array_equal(
        read_image(io.BytesIO(content + b"more")), read_image(io.BytesIO(content))
    )


def test_a_damaged_jpeg_is_no_empty_image(tmp_path: Path) -> None:
    """The decoder of another kind of JPEG makes (0, 0) of it."""
    content = imagecodecs.jpeg8_encode(PIXELS)
    for at in range(2, len(content), 7):
        damaged = content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]
        path = tmp_path / f"{at}.jpg"
        path.write_bytes(damaged)
        try:
            array = open_sequence([str(path)]).asarray()
        except ReadError:
            continue
        assert array.size


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".j2k", ".bmp", ".npy", ".webp", ".jp2"])
def test_what_is_no_image(tmp_path: Path, suffix: str) -> None:
    """Text is taken for an image by one of 20 decoders."""
    (tmp_path / f"a{suffix}").write_bytes(b"not an image, whatever its name")
    with pytest.raises(ReadError):
        open_sequence(tmp_path).asarray()


@pytest.mark.parametrize(
    ("compression", "encode"),
    [
        ("png", imagecodecs.png_encode),
        ("jpeg", imagecodecs.jpeg8_encode),
        ("jpeg2000", imagecodecs.jpeg2k_encode),
    ],
)
@pytest.mark.parametrize("tile", [(64, 64), None])
def test_a_large_image_in_a_small_tile(
    tmp_path: Path, compression: str, encode: Callable[..., bytes], tile: tuple[int, int] | None
) -> None:
    """A tile of 64 x 64 pixels becomes one of any size, of which a corner is taken."""
    for side, is_read in ((64, True), (640, False)):
        path = tmp_path / f"{side}.tif"
        content = encode(np.zeros((side, side), "u1"))
        args = {"tile": tile} if tile else {"rowsperstrip": 64}
        with tifffile.TiffWriter(path) as writer:
            writer.write(
                iter([content]),
                shape=(64, 64),
                dtype="u1",
                compression=compression,
                photometric="minisblack",
                metadata=None,
                **args,
            )
        seq = open_sequence([str(path)])
        if is_read:
            assert seq.asarray().shape == (1, 64, 64)
            continue
        for read in (seq.asarray, lambda seq=seq: seq.array()[0, :3, :3]):
            with pytest.raises(ReadError, match="an image of 640 x 640 pixels in place of 64 x 64"):
                read()


def with_width(path: Path, width: int, tag: int = 256) -> None:
    """Change the width of the first page of a TIFF file, or another number in its tags."""
    with tifffile.TiffFile(path, mode="r+") as tif:
        tif.pages.first.tags[tag].overwrite(width, dtype="I")


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "zstd", "jpeg", "packbits"])
@pytest.mark.parametrize("layout", [{"rowsperstrip": 8}, {"tile": (16, 16)}])
def test_a_tiff_file_that_claims_too_much(
    tmp_path: Path, compression: str | None, layout: dict[str, Any], planar: bool
) -> None:
    """A file of 10 kB asks for 500 GB, which ends the run."""
    args = {"planarconfig": "separate"} if planar else {}
    pixels = image((3, 64, 64) if planar else (64, 64), "u1")
    for name in ("0.tif", "1.tif"):
        tifffile.imwrite(
            tmp_path / name,
            pixels,
            compression=compression,
            photometric="rgb" if planar else "minisblack",
            metadata=None,
            **layout,
            **args,
        )
    assert open_sequence(tmp_path).asarray().shape == (2, *pixels.shape)
    with_width(tmp_path / "1.tif", 2**32 - 17)
    alone = open_sequence([str(tmp_path / "1.tif")])
    with pytest.raises(ReadError, match=r"header is damaged|strips or tiles"):
        alone.array()
    (finding,) = alone.check()
    assert finding.kind in ("truncated", "unreadable")
    with pytest.warns(FillWarning):
        array = open_sequence(tmp_path).asarray(errors="fill", fillvalue=7)
    assert (array[1] == 7).all()
    np.testing.assert_array_equal(array[0].shape, pixels.shape)


def test_a_tiff_file_without_pixels(tmp_path: Path) -> None:
    """A damaged header makes an empty image, but tifffile writes arrays without pixels, too."""
    tifffile.imwrite(tmp_path / "a.tif", image((64, 64), "u1"), metadata=None, compression="lzw")
    with_width(tmp_path / "a.tif", 0, 257)
    with pytest.raises(ReadError, match=r"has no pixels|no image"):
        open_sequence([str(tmp_path / "a.tif")]).asarray()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other programs do not read it
        tifffile.imwrite(tmp_path / "b.tif", np.zeros((0, 3), "u1"))
    assert open_sequence([str(tmp_path / "b.tif")]).asarray().shape == (1, 0, 3)


def test_a_tiff_file_of_no_samples(tmp_path: Path) -> None:
    """Its metadata are an error, where its pixels are read."""
    for name in ("0.tif", "1.tif"):
        pixels = image((64, 64), "u1")
        tifffile.imwrite(tmp_path / name, pixels, metadata=None, compression="lzw")
    with_width(tmp_path / "1.tif", 0, 277)
    expected = tifffile.imread(tmp_path / "1.tif")
    np.testing.assert_array_equal(open_sequence([str(tmp_path / "1.tif")]).asarray()[0], expected)
    np.testing.assert_array_equal(open_sequence(tmp_path).asarray()[1], expected)


def test_a_tiff_file_of_an_unknown_planar_configuration(tmp_path: Path) -> None:
    """Samples are taken for planes, or planes for samples."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, image((3, 64, 64), "u1"), photometric="rgb", planarconfig="separate")
    with_width(path, 216, 284)
    with pytest.raises(ReadError, match="planar configuration 216 is not 1 or 2"):
        open_sequence([str(path)]).asarray()
