"""Pages are those of the chain in the file, once each, and where their own tags say."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from dask_fileseq import TiffSequence, open_sequence
from dask_fileseq.errors import ReadError, VerifyError
from dask_fileseq.readers import read_tiff
from dask_fileseq.readers.tiff import tiffimage

SHAPE = (16, 20)


def planes(count: int, dtype: str = "u1") -> NDArray[Any]:
    return np.random.default_rng(count).integers(0, 255, (count, *SHAPE), dtype)


def write_pages(path: Path, pages: Sequence[NDArray[Any]], **args: Any) -> str:
    """Write separate pages without metadata."""
    with tifffile.TiffWriter(path) as tif:
        for page in pages:
            tif.write(page, **{"metadata": None, "contiguous": False} | args)
    return str(path)


def pointers(path: str) -> list[tuple[int, int]]:
    """Return the offset of each page, and the position of its offset to the next one."""
    found = []
    with tifffile.TiffFile(path) as tif:
        for page in tif.pages:
            tif.filehandle.seek(page.offset)
            (count,) = struct.unpack("<H", tif.filehandle.read(2))
            found.append((page.offset, page.offset + 2 + 12 * count))
    return found


def overwrite(path: str, at: int, content: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(content)
    os.utime(path, (0, 0))  # or `check` waits, whether it still grows


def link(path: str, page: int, target: int) -> None:
    """Make the offset to the page after `page` another one."""
    overwrite(path, pointers(path)[page][1], struct.pack("<I", target))


def exchange_strips(path: str, page: int) -> None:
    """Exchange the first two strips of a page, with their offsets: the same pixels."""
    with tifffile.TiffFile(path) as tif:
        tags = tif.pages.get(page, aspage=True).tags
        offsets, counts = tags[273].value, tags[279].value
        form = f"<{len(offsets)}{'H' if tags[273].dtype == 3 else 'I'}"
        place = tags[273].valueoffset
    content = Path(path).read_bytes()
    first, second, *rest = offsets
    strips = [content[at : at + size] for at, size in zip(offsets[:2], counts[:2], strict=True)]
    overwrite(path, first, strips[1])
    overwrite(path, second, strips[0])
    overwrite(path, place, struct.pack(form, second, first, *rest))


def by_pil(path: str) -> NDArray[Any]:
    with Image.open(path) as image:
        pages = []
        for number in range(image.n_frames):
            image.seek(number)
            pages.append(np.array(image))
    return np.stack(pages)


WRITERS: dict[str, dict[str, Any]] = {
    "generic": {"metadata": None},
    "uniform": {"metadata": None, "count": 9},
    "shaped": {},
    "imagej": {"imagej": True},
    "ome": {"ome": True},
    "big": {"bigtiff": True, "imagej": False},
}


@pytest.mark.parametrize("page", range(3))
@pytest.mark.parametrize("name", WRITERS)
def test_strips_in_another_order(tmp_path: Path, name: str, page: int) -> None:
    """A later page, whose strips are apart, is read as if they touched."""
    args = dict(WRITERS[name])
    expected = planes(args.pop("count", 3))
    path = str(tmp_path / "a.tif")
    tifffile.imwrite(path, expected, rowsperstrip=8, photometric="minisblack", **args)
    if name != "big":
        exchange_strips(path, page)
        np.testing.assert_array_equal(by_pil(path), expected)
    np.testing.assert_array_equal(read_tiff(path), expected)
    seq = TiffSequence([path, path], parse=lambda names: (("i",), (2,), [(0,), (1,)], names))
    array = seq.to_dask_array()
    np.testing.assert_array_equal(array[1, :, 3:12:2].compute(), expected[:, 3:12:2])
    np.testing.assert_array_equal(seq.asarray()[1], expected)


@pytest.mark.parametrize("wrong", [False, True])
@pytest.mark.parametrize("name", [name for name in WRITERS if name != "big"])
def test_checks_read_in_another_way(
    tmp_path: Path, name: str, wrong: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check, or the verification of a copy, shares the fault of the reader and sees nothing."""
    args = dict(WRITERS[name])
    path = str(tmp_path / "a.tif")
    pixels = planes(args.pop("count", 3))
    tifffile.imwrite(path, pixels, rowsperstrip=8, photometric="minisblack", **args)
    exchange_strips(path, 1)
    if wrong:  # a reader that takes all pages for pages like the first
        monkeypatch.setattr(tiffimage, "own_places", lambda *args: None)
    seq = open_sequence(path)
    assert [finding.kind for finding in seq.check(pixels=True)] == ["differs"] * wrong
    if not wrong:
        seq.to_zarr(tmp_path / "a.zarr", verify="all")
        return
    for verify in ("sample", "all"):
        with pytest.raises(VerifyError, match=r"a\.tif' cannot be trusted: .*page by page"):
            seq.to_zarr(tmp_path / f"{verify}.zarr", verify=verify)
    seq.to_zarr(tmp_path / "none.zarr", verify=None)


def test_second_way_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that only one of two ways can read passes for compared."""
    tifffile.imwrite(tmp_path / "a.tif", planes(3), photometric="minisblack")

    def failing(*args: Any, **imreadargs: Any) -> None:
        raise RuntimeError("no such codec")

    monkeypatch.setattr(type(read_tiff), "read_otherwise", failing)
    with pytest.raises(VerifyError, match=r"a\.tif' cannot be trusted: .*no such codec"):
        open_sequence(tmp_path / "a.tif").to_zarr(tmp_path / "a.zarr")


def test_page_that_is_not_alike(tmp_path: Path) -> None:
    """Pixels of a page of another length are cut as if it had that of the first."""
    path = str(tmp_path / "a.tif")
    tifffile.imwrite(path, planes(3), imagej=True, rowsperstrip=8)
    with tifffile.TiffFile(path) as tif:
        place = tif.pages.get(1, aspage=True).tags[257].valueoffset
    overwrite(path, place, struct.pack("<H", 12))
    with pytest.raises(ValueError, match=r"page 1 is not like the others.*length is 12, not 16"):
        read_tiff(path)


def test_page_that_lacks_a_tag_is_not_alike(tmp_path: Path) -> None:
    """Pixels of one bit, which is what a page without the tag has, are taken for those of 8."""
    path = str(tmp_path / "a.tif")
    tifffile.imwrite(path, planes(3), photometric="minisblack")
    with tifffile.TiffFile(path) as tif:
        place = tif.pages.get(1, aspage=True).tags[258].offset
    overwrite(path, place, struct.pack("<H", 32514))
    with pytest.raises(ValueError, match=r"page 1 is not like the others.*bits is 1, not 8"):
        read_tiff(path)


SCANIMAGE = "state.configPath='x'\rstate.acq.numberOfFrames=7\r"


@pytest.mark.parametrize("uneven", [0, 3])
@pytest.mark.parametrize("count", [1, 2, 4, 5, 6, 9])
def test_scanimage_saved_again(tmp_path: Path, count: int, uneven: int) -> None:
    """Pages that are not at equal distances: one is lost, and the others have other pixels."""
    path = str(tmp_path / "a.tif")
    expected = planes(count, "u2")
    with tifffile.TiffWriter(path) as tif:
        for number, page in enumerate(expected):
            text = SCANIMAGE + "x" * (uneven * number % 5)
            tif.write(page, description=text, software="SI.5", metadata=None, contiguous=False)
    np.testing.assert_array_equal(by_pil(path), expected)
    np.testing.assert_array_equal(read_tiff(path).reshape(expected.shape), expected)
    assert read_tiff.inspect(path).pages == count


@pytest.mark.filterwarnings("ignore::dask_fileseq.SeriesWarning")
@pytest.mark.parametrize("shapes", [{}, {2: (8, 8)}, {1: (8, 8), 2: (4, 4)}])
@pytest.mark.parametrize("target", range(4))
def test_chain_that_leads_back(tmp_path: Path, target: int, shapes: dict[int, Any]) -> None:
    """Headers, reads and checks that never end."""
    pages = [np.full(shapes.get(i, SHAPE), i, "u1") for i in range(4)]
    path = write_pages(tmp_path / "a.tif", pages)
    link(path, 3, pointers(path)[target][0])
    expected = np.stack([page for page in pages if page.shape == SHAPE])
    np.testing.assert_array_equal(read_tiff(path), expected)
    assert read_tiff.inspect(path).pages == 4
    seq = open_sequence(path)
    assert seq.chunkshape == expected.shape
    assert [finding.kind for finding in seq.check() if finding.kind != "unread"] == []
    np.testing.assert_array_equal(seq.isel(sequence=0).asarray()[1:], expected[1:])


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (10**8, "truncated: page 4 should be at byte 100000000"),
        (10, "leads nowhere: there is no page 4 at byte 10"),
    ],
)
def test_chain_that_leads_nowhere(tmp_path: Path, target: int, message: str) -> None:
    """Pages are lost without a word, or those that are there cannot be had."""
    expected = planes(4)
    path = write_pages(tmp_path / "a.tif", expected)
    link(path, 3, target)
    for read in (read_tiff, read_tiff.describe, read_tiff.inspect, checked):
        with pytest.raises(ValueError, match=message):
            read(path)
    np.testing.assert_array_equal(read_tiff(path, strict=False), expected)
    np.testing.assert_array_equal(read_tiff(path, key=2), expected[2])


def test_pixels_where_a_broken_offset_is(tmp_path: Path) -> None:
    """What hides the offset to a page that is not there changes pixels at its place."""
    expected = np.arange(1, 1201, dtype="u2").reshape(2, 20, 30)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, expected, imagej=True)
    content = bytearray(path.read_bytes())
    content[8] = 64  # tags: the offset to the next page is now in the pixels
    path.write_bytes(content)
    np.testing.assert_array_equal(read_tiff(str(path)), tifffile.imread(path))


def checked(path: str) -> None:
    """Raise what `check` finds."""
    (finding,) = open_sequence(path).check()
    raise ValueError(finding.detail)


@pytest.mark.parametrize("page", [1, 3])
@pytest.mark.parametrize("args", [{}, {"compression": "zlib"}])
def test_ome_chain_that_ends_early(tmp_path: Path, args: dict[str, Any], page: int) -> None:
    """A stack becomes a shorter one."""
    path = str(tmp_path / "a.ome.tif")
    expected = planes(5)
    tifffile.imwrite(path, expected, photometric="minisblack", **args)
    link(path, page, 0)
    with pytest.raises(ReadError, match=f"refer to 5 pages, it has {page + 1}"):
        open_sequence(path).asarray()
    np.testing.assert_array_equal(read_tiff(path, strict=False), expected[: page + 1])


def test_imagej_counts_more_images(tmp_path: Path) -> None:
    """A sound file, whose description another program has copied, is refused."""
    path = str(tmp_path / "a.tif")
    expected = planes(3)
    text = "ImageJ=1.53\nimages=7\nslices=7\n"
    write_pages(Path(path), expected, description=text)
    np.testing.assert_array_equal(read_tiff(path), expected)
    single = write_pages(tmp_path / "b.tif", expected[:1], description=text)
    np.testing.assert_array_equal(read_tiff(single), expected[0])


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_last_strip_counts_too_many_bytes(tmp_path: Path, dtype: str, samples: int) -> None:
    """A sound file, whose last strip is said to be full and ends with the file, is refused."""
    path = str(tmp_path / "a.tif")
    shape = (13, 20, 3)[: 2 + (samples > 1)]
    expected = np.random.default_rng(0).integers(0, 255, shape, dtype)
    tifffile.imwrite(path, expected, rowsperstrip=4, metadata=None)
    with tifffile.TiffFile(path) as tif:
        tag = tif.pages.first.tags[279]
        counts, place = tag.value, tag.valueoffset
        form = f"<{len(counts)}{'H' if tag.dtype == 3 else 'I'}"
    overwrite(path, place, struct.pack(form, *counts[:-1], counts[0]))
    np.testing.assert_array_equal(read_tiff(path), expected)
    assert read_tiff.inspect(path).spec.shape == shape
    with open(path, "r+b") as file:
        file.truncate(Path(path).stat().st_size - 1)
    with pytest.raises(ValueError, match="truncated"):
        read_tiff(path)


def many_pages(count: int, mixed: bool = False) -> bytes:
    """Return a file of tiny pages that share their pixels."""
    content = b"II*\0" + struct.pack("<I", 16) + bytes(range(8))
    size = 2 + 12 * 8 + 4
    directories = []
    for number in range(count):
        height = 1 if mixed and number % 2 else 2
        width = 4 // height
        tags = (256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8)
        entries = b"".join(struct.pack("<HHII", code, 4, 1, n) for code, n in tags)
        entries += struct.pack("<HHIIHHII", 278, 4, 1, height, 279, 4, 1, 4)
        following = 16 + (number + 1) * size if number + 1 < count else 0
        directories.append(struct.pack("<H", 8) + entries + struct.pack("<I", following))
    return content + b"".join(directories)


def many_subpages(count: int) -> bytes:
    """Return a file of one page with many pages below it, which are that page."""
    content = many_pages(1)
    entries = content[18:-4] + struct.pack("<HHII", 330, 4, count, 16 + 2 + 12 * 9 + 4)
    return content[:16] + struct.pack("<H", 9) + entries + bytes(4) + struct.pack("<I", 16) * count


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (many_pages(300_000), "over 262,144 pages"),
        (many_pages(5000, mixed=True), "5,000 pages of several kinds"),
        (many_subpages(1_000_000), "page 0 has 1,000,000 pages below it"),
    ],
    ids=["pages", "mixed", "below"],
)
def test_too_many_pages(tmp_path: Path, content: bytes, message: str) -> None:
    """A header, a read or a check takes minutes."""
    path = tmp_path / "a.tif"
    path.write_bytes(content)
    os.utime(path, (0, 0))
    with pytest.raises(ReadError, match=message):
        open_sequence(str(path)).to_dask_array()
    (finding,) = open_sequence(str(path)).check()
    assert message in finding.detail


def test_many_pages_below(tmp_path: Path) -> None:
    """Real files have some."""
    path = tmp_path / "a.tif"
    path.write_bytes(many_subpages(20))
    np.testing.assert_array_equal(read_tiff(str(path)), [[0, 1], [2, 3]])


def test_ome_chain_that_ends_at_once(tmp_path: Path) -> None:
    """A file of all planes is read as one plane, as if the others were in other files."""
    path = str(tmp_path / "a.ome.tif")
    tifffile.imwrite(path, planes(3), photometric="minisblack")
    link(path, 0, 0)
    with pytest.raises(ReadError, match="refer to 3 pages, it has 1"):
        open_sequence(path).asarray()
