"""Headers of images that are not TIFF give what the decoder gives, or nothing."""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dask_fileseq.readers import count, read_image
from tests.helpers.corpus import image
from tests.helpers.pngs import chunk, png

DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


def check(content: bytes, codec: str, proven: bool | None = True) -> None:
    """Compare the header with the decoded image; it must prove it, or not, or may."""
    decoded = getattr(imagecodecs, f"{codec}_decode")(content)
    with count() as counts:
        spec = read_image.describe(io.BytesIO(content)).spec
    assert (spec.shape, spec.dtype) == (decoded.shape, decoded.dtype.newbyteorder("="))
    if proven is not None:
        assert bool(counts.ways) != proven
    assert read_image.inspect(io.BytesIO(content)).spec == spec
    np.testing.assert_array_equal(read_image(io.BytesIO(content)), decoded)


@pytest.mark.parametrize("color", DEPTHS)
@given(data=st.data(), size=st.tuples(st.integers(1, 20), st.integers(1, 20)))
def test_png(color: int, data: st.DataObject, size: tuple[int, int]) -> None:
    """Bits, palettes, interlacing and transparent colors change the shape; text does not."""
    depth = data.draw(st.sampled_from(DEPTHS[color]))
    chunks = {b"tEXt": b"a\0b", b"gAMA": struct.pack(">I", 45455)}
    if color == 3:
        chunks[b"PLTE"] = bytes(range(3 * min(2**depth, 9)))
    transparent = {0: b"\0\1", 2: b"\0\1" * 3, 3: b"\5\6"}.get(color)
    if transparent and data.draw(st.booleans()):
        chunks[b"tRNS"] = transparent
    check(png(*size, depth, color, data.draw(st.booleans()), chunks), "png")


@pytest.mark.parametrize(
    ("color", "chunks"),
    [
        (0, {b"tRNS": b"\1"}),
        (2, {b"tRNS": b"\1\2"}),
        (3, {b"PLTE": bytes(6), b"tRNS": bytes(5)}),
        (4, {b"tRNS": b"\0\1"}),
        (6, {b"tRNS": bytes(6)}),
        (3, {b"PLTE": bytes(6), b"tRNS": b""}),
    ],
)
def test_transparent_colors_that_do_not_fit(color: int, chunks: dict[bytes, bytes]) -> None:
    """The decoder leaves out a chunk that the header counts, or the other way round."""
    check(png(5, 7, 8, color, chunks=chunks), "png", proven=False)


def test_a_damaged_checksum_of_transparent_colors() -> None:
    """The decoder leaves them out."""
    content = png(5, 7, chunks={b"tRNS": b"\0\1"})
    check(
        content.replace(chunk(b"tRNS", b"\0\1"), chunk(b"tRNS", b"\0\1")[:-1] + b"?"), "png", False
    )


def jpegs() -> Iterator[bytes]:
    """Yield JPEG files of all kinds that Pillow writes."""
    rotated = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    options: list[dict[str, object]] = [
        *({}, {"progressive": True}, {"quality": 5}, {"subsampling": 2}, {"comment": b"x"}),
        *({"icc_profile": b"x" * 70_000}, {"exif": rotated}, {"restart_marker_rows": 1}),
    ]
    for mode, args in itertools.product(("L", "RGB", "CMYK"), options):
        file = io.BytesIO()
        Image.fromarray(image((17, 23, 3), "u1")).convert(mode).save(file, "jpeg", **args)
        yield file.getvalue()


def test_jpeg() -> None:
    """Segments before the frame are taken for it, or the camera's position turns the shape."""
    for content in jpegs():
        check(content, "jpeg8")


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [2, 5, 8, 12, 16])
@pytest.mark.parametrize("lossless", [False, True])
def test_jpeg_of_other_depths(samples: int, bits: int, lossless: bool) -> None:
    """12 bits, and the 2 to 16 bits of lossless JPEG."""
    if not lossless and bits not in (8, 12):
        return  # there is no such JPEG
    pixels = image((9, 11, samples), "u4") % 2**bits
    pixels = pixels.astype("u1" if bits <= 8 else "u2").squeeze()
    check(imagecodecs.jpeg8_encode(pixels, bitspersample=bits, lossless=lossless), "jpeg8")


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", ["J2K", "JP2"])
@pytest.mark.parametrize(
    ("dtype", "bits"),
    [("u1", 1), ("u1", 4), ("u1", 8), ("i1", 8), ("u2", 12), ("u2", 16), ("i2", 16), ("u4", 20)],
)
def test_jpeg_2000(samples: int, kind: str, dtype: str, bits: int) -> None:
    """Codestreams alone and in boxes, signed or not."""
    pixels = (image((9, 11, samples), "u4") % 2 ** (bits - 1)).astype(dtype).squeeze()
    check(imagecodecs.jpeg2k_encode(pixels, codecformat=kind, bitspersample=bits), "jpeg2k")


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize(
    "args", [{}, {"icc_profile": b"abc"}, {"exif": b"Exif\0\0II*\0\x08\0\0\0"}]
)
def test_webp(mode: str, lossless: bool, args: dict[str, bytes]) -> None:
    """Alpha is in one of three places."""
    file = io.BytesIO()
    picture = Image.fromarray(image((9, 11, 4), "u1")).convert(mode)
    picture.save(file, "webp", lossless=lossless, **args)
    check(file.getvalue(), "webp")


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_bmp(mode: str) -> None:
    """Palettes decode to gray or to colors: the pixels decide."""
    file = io.BytesIO()
    Image.fromarray(image((9, 11, 4), "u1")).convert(mode).save(file, "bmp")
    check(file.getvalue(), "bmp", proven=mode in ("RGB",) or None)


@pytest.mark.parametrize("array", [np.zeros((3, 4, 5), ">f4"), np.zeros((0, 3)), np.float64(3)])
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_npy(array: np.ndarray, version: tuple[int, int]) -> None:
    """Arrays of any shape, also none, in both byte orders."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), version)
    check(file.getvalue(), "numpy", proven=version < (3, 0))


def test_npy_in_the_order_of_columns(tmp_path: Path) -> None:
    """The shape is that of the array, not of the file."""
    array = np.asfortranarray(np.arange(12).reshape(3, 4))
    np.save(tmp_path / "a.npy", array)
    assert read_image.describe(str(tmp_path / "a.npy")).spec.shape == (3, 4)
    np.testing.assert_array_equal(read_image(str(tmp_path / "a.npy")), array)


def test_arguments_go_to_the_decoder() -> None:
    """A header says nothing of the colors that were asked for."""
    content = imagecodecs.jpeg8_encode(image((9, 11, 3), "u1"))
    spec = read_image.describe(io.BytesIO(content), outcolorspace="GRAY").spec
    assert spec.shape == (9, 11)
    assert read_image(io.BytesIO(content), outcolorspace="GRAY").shape == (9, 11)
