"""A damaged file is an error, and never other pixels."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from dask_fileseq.readers import WrongChunk, as_reader, read_tiff
from tests.helpers.corpus import KINDS, image, punch_holes
from tests.helpers.regions import read_region


def tail(path: str) -> list[int]:
    """Return some lengths at which pixels or pages of a file are cut."""
    with tifffile.TiffFile(path) as tif:
        ends = [
            offset + size
            for page in tif.pages
            for offset, size in zip(page.dataoffsets, page.databytecounts, strict=True)
            if size
        ]
        pages = [page.offset for page in tif.pages]
    return sorted({ends[-1] - 1, ends[-1] // 2, ends[0] - 1, max(pages) + 3, pages[-1] - 1})


@pytest.mark.parametrize("name", KINDS)
def test_truncated_file(name: str, corpus: dict[str, str]) -> None:
    """A file cut short gives zeros, noise, or fewer pages."""
    path = corpus[name]
    expected = tifffile.imread(path)
    spec = read_tiff.describe(path).spec
    content = Path(path).read_bytes()
    corner = (slice(0, 1),) * len(spec.shape)
    for length in tail(path):
        for region in ((slice(None),) * len(spec.shape), corner):
            out = np.empty_like(expected[region])
            try:
                read_region(read_tiff, io.BytesIO(content[:length]), spec, region, out)
            except Exception:  # of any codec
                continue
            # what was cut off is not of this image
            np.testing.assert_array_equal(out, expected[region])
            np.testing.assert_array_equal(read_tiff(io.BytesIO(content[:length])), expected)


CUT: list[dict[str, Any]] = [
    {"compression": compression, **layout}
    for compression in (None, "lzw", "zlib", "zstd", "jpeg", "packbits")
    for layout in ({"rowsperstrip": 16}, {"tile": (16, 16)}, {"rowsperstrip": 64})
]


@pytest.mark.parametrize("args", CUT)
@pytest.mark.parametrize("cut", [1, 20])
def test_truncated_pixels_outside_the_region(args: dict[str, Any], cut: int) -> None:
    """A region read does not see that the file is cut elsewhere."""
    file = io.BytesIO()
    tifffile.imwrite(file, image((64, 64), "u1"), metadata=None, **args)
    spec = read_tiff.describe(file).spec
    with tifffile.TiffFile(file, offset=0) as tif:
        page = tif.pages[0]
        end = max(map(sum, zip(page.dataoffsets, page.databytecounts, strict=True)))
    damaged = io.BytesIO(file.getvalue()[: end - cut])
    out = np.empty((2, 2), "u1")
    with pytest.raises(ValueError, match=r"truncated: it has .* bytes"):
        read_region(read_tiff, damaged, spec, np.s_[:2, :2], out)
    with pytest.raises(ValueError, match="truncated"):
        read_tiff(damaged)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize(
    "args", [{}, {"metadata": None}, {"imagej": True}, {"metadata": None, "apart": True}]
)
def test_truncated_stack(args: dict[str, Any], compression: str | None) -> None:
    """A stack cut short is a shorter stack, as tifffile has it."""
    args = dict(args)
    data = image((6, 32, 32), "u2")
    file = io.BytesIO()
    apart = args.pop("apart", False)
    with tifffile.TiffWriter(file, imagej=args.pop("imagej", False)) as writer:
        for part in data if apart else [data]:
            writer.write(part, compression=compression, **args)
    content = file.getvalue()
    wrong = []
    for length in range(300, len(content), 97):
        try:
            actual = read_tiff(io.BytesIO(content[:length]))
        except (ValueError, IndexError, struct.error):  # the last two are tifffile's
            continue
        if not np.array_equal(actual, data):
            wrong.append(length)
    assert not wrong


def test_missing_strips() -> None:
    """Strips without an offset are zeros."""
    file = io.BytesIO()
    args: dict[str, Any] = {"rowsperstrip": 8, "compression": "zlib", "metadata": None}
    tifffile.imwrite(file, image((64, 64), "u1"), **args)
    spec = read_tiff.describe(file).spec
    file.seek(0)
    with tifffile.TiffFile(file, mode="r+") as tif:
        for name in ("StripOffsets", "StripByteCounts"):
            tag = tif.pages.first.tags[name]
            tag.overwrite(tag.value[:5])
    with pytest.raises(ValueError, match="5 of 8 strips"):
        read_region(read_tiff, file, spec, np.s_[:1, :1], np.empty((1, 1), "u1"))


def test_file_that_was_never_written(tmp_path: Path) -> None:
    """Where one strip is missing, its pixels are those of whatever stands at byte 0."""
    path = str(tmp_path / "a.tif")
    nodata = [(42113, "s", 0, "7", True)]
    for extratags, value in (([], 0), (nodata, 7)):
        tifffile.imwrite(path, image((64, 64), "u2"), metadata=None, extratags=extratags)
        punch_holes(path)
        np.testing.assert_array_equal(read_tiff(path), np.full((64, 64), value, "u2"))


@pytest.mark.parametrize("content", [b"", b"not a TIFF file", b"II*\0\0\0\0\0"])
def test_no_image(content: bytes) -> None:
    """A file without an image is an empty array."""
    with pytest.raises(ValueError, match=r"TIFF|no image"):
        read_tiff(io.BytesIO(content))


def test_missing_file(tmp_path: Path) -> None:
    """The caller cannot tell a missing file from a damaged one."""
    for read in (read_tiff, read_tiff.describe):
        with pytest.raises(FileNotFoundError):
            read(str(tmp_path / "a.tif"))


@pytest.mark.parametrize("imread", [read_tiff, tifffile.imread])
@pytest.mark.parametrize(
    ("data", "found"),
    [
        (np.zeros((6, 4), "u2"), "found shape (6, 4) and dtype uint16"),
        (np.zeros((4, 6), "i2"), "found shape (4, 6) and dtype int16"),
        (np.zeros((2, 4, 6), "u2"), "found shape (2, 4, 6) and dtype uint16"),
    ],
)
def test_wrong_chunk(tmp_path: Path, imread: Any, data: Any, found: str) -> None:
    """A file of equal size but other shape or dtype is read as the first one."""
    right, wrong = str(tmp_path / "right.tif"), str(tmp_path / "wrong.tif")
    tifffile.imwrite(right, np.zeros((4, 6), "u2"))
    tifffile.imwrite(wrong, data, photometric="minisblack")
    spec = read_tiff.describe(right).spec
    region = (slice(0, 1),) * 2
    with pytest.raises(WrongChunk) as caught:
        read_region(as_reader(imread), wrong, spec, region, np.empty((1, 1), "u2"))
    assert str(caught.value) == f"expected shape (4, 6) and dtype uint16, {found}"


@pytest.mark.parametrize(
    "imread", [read_tiff, tifffile.imread, lambda name: np.ones((4, 6), ">u2")]
)
def test_byte_order_is_no_difference(tmp_path: Path, imread: Any) -> None:
    """A file that was written on another machine is an error."""
    path = str(tmp_path / "a.tif")
    tifffile.imwrite(path, np.zeros((4, 6), "u2"))
    spec = read_tiff.describe(path).spec
    tifffile.imwrite(path, np.ones((4, 6), ">u2"), byteorder=">")
    out = np.empty((4, 3), "u2")
    read_region(as_reader(imread), path, spec, np.s_[:, ::2], out)
    assert out.tolist() == [[1, 1, 1]] * 4
