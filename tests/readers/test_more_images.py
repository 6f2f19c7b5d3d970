"""Images of more formats read as Pillow reads them, or say what reads them."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, features

from dask_fileseq import NamesError, NoFilesError, ReadError, open_sequence
from dask_fileseq.files.otherformats import OTHER_READERS
from dask_fileseq.readers import count, read_by_suffix, read_image
from tests.helpers.corpus import image


def gif(frames: list[np.ndarray], **options: Any) -> bytes:
    file = io.BytesIO()
    first, *others = map(Image.fromarray, frames)
    first.save(file, "gif", save_all=True, append_images=others, **options)
    return file.getvalue()


def pillow(content: bytes, mode: str | None = None) -> np.ndarray:
    """Return what Pillow reads, with an axis of frames if there are several."""
    picture = Image.open(io.BytesIO(content))
    frames = []
    for i in range(getattr(picture, "n_frames", 1)):
        picture.seek(i)
        frames.append(np.asarray(picture.convert(mode) if mode else picture))
    return np.stack(frames) if len(frames) > 1 else frames[0]


def check(content: bytes, expected: np.ndarray, *, by_header: bool = True) -> None:
    """Compare header, image and a region with what is expected."""
    with count() as counts:
        spec = read_image.describe(io.BytesIO(content)).spec
    assert bool(counts.ways) != by_header
    assert (spec.shape, spec.dtype) == (expected.shape, expected.dtype)
    assert read_image.inspect(io.BytesIO(content)).spec == spec
    np.testing.assert_array_equal(read_image(io.BytesIO(content)), expected)
    out = np.zeros([2, *spec.shape[1:]][: len(spec.shape)], spec.dtype)
    region = (range(1, -1, -1) if spec.shape[0] > 1 else range(1), *map(range, spec.shape[1:]))
    read_image.read_region(io.BytesIO(content), spec, region, out[: len(region[0])])
    np.testing.assert_array_equal(out[: len(region[0])], expected[1::-1])


@pytest.mark.parametrize("count_of_frames", [1, 3])
@pytest.mark.parametrize(
    "options", [{}, {"disposal": 2}, {"interlace": 1}, {"comment": b"x" * 600, "loop": 0}]
)
def test_gif(count_of_frames: int, options: dict[str, Any]) -> None:
    """Frames are differences to the one before, in palettes of their own."""
    frames = [image((9, 11), "u1", seed=i) for i in range(count_of_frames)]
    content = gif(frames, **options)
    check(content, pillow(content, "RGB"))
    moving = [np.zeros((9, 11), "u1") for _ in range(4)]
    for i, frame in enumerate(moving):
        frame[i : i + 3, 2:5] = 200
    content = gif(moving, **options)
    check(content, pillow(content, "RGB"))
    spec = read_image.describe(io.BytesIO(content)).spec
    assert spec.dims == ("frame", "y", "x", "s")


@pytest.mark.parametrize("first", [True, False])
def test_gif_with_transparent_colors(first: bool) -> None:
    """The first frame decides whether there is an alpha channel."""
    clear = np.dstack([image((9, 11, 3), "u1"), np.tile([[0, 255, 255]], (9, 4))[:, :11]])
    clear = clear.astype("u1")
    opaque = image((9, 11, 3), "u1", seed=1)
    frames = [clear, opaque] if first else [opaque, clear]
    content = gif(frames)
    found = read_image(io.BytesIO(content))
    assert (
        read_image.describe(io.BytesIO(content)).spec.shape == found.shape == (2, 9, 11, 3 + first)
    )
    expected = pillow(content, "RGBA" if first else "RGB")
    seen = expected[..., 3] > 0 if first else ...  # colors that are not seen are of no meaning
    np.testing.assert_array_equal(found[seen], expected[seen])
    np.testing.assert_array_equal(found[..., 3:], expected[..., 3:])


def test_gif_that_restores_frames_is_an_error() -> None:
    """The decoder ignores it, so all pixels after such a frame would be wrong."""
    frames = [image((9, 11), "u1", seed=i) for i in range(3)]
    with pytest.raises(ValueError, match="restore what was before"):
        read_image(io.BytesIO(gif(frames, disposal=3)))


def test_folders_of_animations_have_an_axis_of_frames(tmp_path: Path) -> None:
    """As files with several pages."""
    for t in range(2):
        frames = [image((9, 11), "u1", seed=2 * t + i) for i in range(2)]
        (tmp_path / f"t{t}.gif").write_bytes(gif(frames))
    seq = open_sequence(tmp_path)
    assert seq.sizes == {"t": 2, "frame": 2, "y": 9, "x": 11, "s": 3}
    expected = [pillow(Path(name).read_bytes(), "RGB") for name in seq]
    np.testing.assert_array_equal(seq.asarray(), expected)
    np.testing.assert_array_equal(seq.to_dask_array()[:, 1, ::2], np.array(expected)[:, 1, ::2])
    assert not seq.check()


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "I;16", "F"])
@given(size=st.tuples(st.integers(1, 20), st.integers(1, 20)))
def test_binary_netpbm(mode: str, size: tuple[int, int]) -> None:
    """Bits fill whole bytes in each row, 16 bits have the high byte first, floats begin below."""
    height, width = size
    file = io.BytesIO()
    if mode in ("I;16", "F"):
        pixels = image((height, width), "u2" if mode == "I;16" else "f4")
        picture = Image.fromarray(pixels)
    else:
        picture = Image.fromarray(image((height, width, 3), "u1")).convert(mode)
        pixels = np.asarray(picture.convert("L") if mode == "1" else picture)
    picture.save(file, "ppm")
    check(file.getvalue(), pixels)


def test_floats_in_color_and_in_either_byte_order() -> None:
    """Pillow has none of these."""
    pixels = image((5, 7, 3), "u2").astype("f4") / 7
    big = b"PF\n7 5\n1.0\n" + pixels[::-1].astype(">f4").tobytes()
    check(big, pixels)
    little = b"PF 7 5 -2.5e-1\n" + pixels[::-1].tobytes()
    check(little, pixels)


def test_netpbm_as_text() -> None:
    """Numbers with comments between, and bits with nothing between."""
    check(b"P2 # of 9\n3 2\n9 # most\n1 2 3\n4 5 6\n", np.array([[1, 2, 3], [4, 5, 6]], "u1"))
    check(b"P2 2 1 1000 7 900", np.array([[7, 900]], "u2"))
    check(b"P3 1 2 255\n1 2 3 4 5 6", np.array([[[1, 2, 3]], [[4, 5, 6]]], "u1"))
    text = b"P1\n# bits\n3 2\n011\n1 0 0\n"
    check(text, np.array([[255, 0, 0], [0, 255, 255]], "u1"))
    np.testing.assert_array_equal(pillow(text, "L"), read_image(io.BytesIO(text)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"P5 3 2 255\n12345", "truncated"),
        (b"P5 0 2 255\n", "damaged header"),
        (b"P5 3 2\nabcdef", "no largest value"),
        (b"P5 3 2 70000\nabcdefabcdef", "no largest value"),
        (b"P5 300000 300000 255\nabc", "truncated, or its header is damaged"),
        (b"P2 2 1 9 7", "truncated|1 numbers for 2"),
        (b"P2 2 1 9 7 8 9", "3 numbers for 2 pixels"),
        (b"P2 2 1 9 7 x", "no numbers"),
        (b"P2 2 1 9 7 10", "not between 0 and 9"),
        (b"Pf 2 1 -1.0\nabc", "truncated"),
        (b"#?RADIANCE\n\n+X 4 -Y 4\nabc", "a header other than"),
        (b"#?RADIANCE\n\n-Y 99999 +X 99999\nabc", "truncated, or its header is damaged"),
        (b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + bytes(99), "truncated, or its"),
    ],
)
def test_damaged_files_are_errors(content: bytes, message: str) -> None:
    """Pixels would be made up, or memory taken for what is not there."""
    for use in (read_image, read_image.inspect):
        with pytest.raises(ValueError, match=message):
            use(io.BytesIO(content))


def test_several_netpbm_images_in_a_file_are_an_error() -> None:
    """All but the first one would be lost."""
    with pytest.raises(ValueError, match="contains several images"):
        read_image(io.BytesIO(b"P5 2 1 255\nabP5 2 1 255\nab"))
    assert read_image(io.BytesIO(b"P5 2 1 255\nab\n")).shape == (1, 2)


def test_binary_netpbm_with_pixels_above_the_largest() -> None:
    """One of the two is damaged."""
    assert read_image(io.BytesIO(b"P5 2 1 9\n\x00\x09")).tolist() == [[0, 9]]
    for content in (b"P5 2 1 9\n\x00\x0a", b"P2 2 1 9 0 -1"):
        with pytest.raises(ValueError, match="not between 0 and 9"):
            read_image(io.BytesIO(content))


def test_netpbm_has_no_arguments(tmp_path: Path) -> None:
    """An argument would do nothing."""
    (tmp_path / "a.pgm").write_bytes(b"P5 2 1 255\nab")
    with pytest.raises(ReadError, match="unexpected keyword argument 'index'"):
        open_sequence(tmp_path, imreadargs={"index": 1}).asarray()


def test_radiance() -> None:
    """Three mantissas and one exponent a pixel, here without runs."""
    mantissas = image((5, 7, 4), "u1") | 128
    mantissas[..., 3] = 120 + np.arange(7)
    content = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 5 +X 7\n" + mantissas.tobytes()
    exponent = np.ldexp(np.float32(1), mantissas[..., 3:].astype(int) - 136)
    found = read_image(io.BytesIO(content))
    np.testing.assert_allclose(found, mantissas[..., :3] * exponent, rtol=0.01)
    runs = imagecodecs.rgbe_encode(found)
    assert read_image.describe(io.BytesIO(runs)).spec.shape == (5, 7, 3)
    np.testing.assert_array_equal(read_image(io.BytesIO(runs)), imagecodecs.rgbe_decode(runs))
    with pytest.raises(ValueError, match=r"READ_ERROR|truncated"):
        read_image(io.BytesIO(content[:-1]))


@pytest.mark.skipif(not features.check("avif"), reason="Pillow is older, or without AVIF")
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_avif(mode: str) -> None:
    """Decoders differ by rounding at the most."""
    file = io.BytesIO()
    Image.fromarray(image((9, 11, 4), "u1")).convert(mode).save(file, "avif", quality=90)
    expected = pillow(file.getvalue())
    found = read_image(io.BytesIO(file.getvalue()))
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_suffixes_of_more_images_count_only_by_themselves(tmp_path: Path) -> None:
    """A preview, or the header of an ENVI file, beside images is none of them."""
    for name in ("t1.pgm", "t2.pgm"):
        (tmp_path / name).write_bytes(b"P5 2 1 255\nab")
    (tmp_path / "preview.gif").write_bytes(gif([image((9, 11), "u1")]))
    (tmp_path / "image.hdr").write_text("ENVI\n")
    assert [os.path.basename(name) for name in open_sequence(tmp_path)] == ["t1.pgm", "t2.pgm"]
    Image.fromarray(image((9, 11), "u1")).save(tmp_path / "t1.png")
    assert len(open_sequence(tmp_path)) == 1


@pytest.mark.parametrize("suffix", OTHER_READERS)
def test_other_formats_are_named_with_what_reads_them(tmp_path: Path, suffix: str) -> None:
    """A folder "has no images", or a file "is no TIFF"."""
    imread, package = OTHER_READERS[suffix]
    for name in ("a", "b"):
        (tmp_path / f"{name}{suffix.upper()}").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"")
    with pytest.raises(NoFilesError) as caught:
        open_sequence(tmp_path)
    text = str(caught.value)
    assert f"imread={imread} reads {suffix} files (pip install {package})" in text
    assert text.endswith(f"and {str(tmp_path / f'*{suffix}')!r} names the 2 of them")
    with pytest.raises(NamesError, match=r"'a.* is no image that this package reads: imread="):
        open_sequence([f"a{suffix}"])
    compile(imread, "imread", "eval")


def test_other_formats_below_a_folder_and_with_their_reader(tmp_path: Path) -> None:
    """What the error proposes must work."""
    for day in (1, 2):
        (tmp_path / f"day{day}").mkdir()
        np.save(tmp_path / f"day{day}" / "a.npy", np.full((2, 3), day))
        (tmp_path / f"day{day}" / "a.npy").rename(tmp_path / f"day{day}" / "a.mrc")
    with pytest.raises(NoFilesError) as caught:
        open_sequence(tmp_path)
    pattern = str(tmp_path / "**" / "*.mrc")
    assert f"{pattern!r} names the 2 of them" in str(caught.value)
    seq = open_sequence(pattern, imread=np.load)
    assert seq.sizes == {"day": 2, "y": 2, "x": 3}


def test_formats_that_are_read_are_not_among_the_others() -> None:
    """A file would be refused that is read."""
    suffixes = [suffix for group in read_by_suffix.suffixes for suffix in group]
    assert not set(OTHER_READERS) & set(suffixes)
