"""A file that claims more pixels than it can contain takes no memory for them."""

from __future__ import annotations

import os
import struct
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from dask_fileseq import TiffSequence, open_sequence
from dask_fileseq.errors import FillWarning, ReadError
from dask_fileseq.readers.tiff.segments import SegmentedImage


def claim(path: Path, **values: int) -> None:
    """Write other values of tags into a file."""
    with tifffile.TiffFile(path) as tif:
        tags = tif.pages.first.tags
        places = [(tags[name], value) for name, value in values.items()]
    with open(path, "r+b") as file:
        for tag, value in places:  # as a LONG, which takes 4 bytes
            file.seek(tag.offset + 2)
            file.write(struct.pack("<HII", 4, 1, value))
    os.utime(path, (0, 0))


HUGE = 65_536
CLAIMS: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "tile": ({"tile": (16, 16), "compression": "zlib"}, {"TileWidth": HUGE, "TileLength": HUGE}),
    "image": (
        {"compression": "zlib"},
        {"ImageWidth": HUGE, "ImageLength": HUGE, "RowsPerStrip": HUGE},
    ),
    "lzw": (
        {"compression": "lzw"},
        {"ImageWidth": HUGE, "ImageLength": HUGE, "RowsPerStrip": HUGE},
    ),
    "packbits": ({"compression": "packbits"}, {"ImageWidth": 1024, "ImageLength": 1024}),
    "plain": ({}, {"ImageWidth": HUGE, "ImageLength": HUGE, "RowsPerStrip": HUGE}),
}


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("name", CLAIMS)
def test_claims(tmp_path: Path, name: str, first: bool) -> None:
    """One damaged file takes gigabytes, or ends all with a bare MemoryError."""
    args, values = CLAIMS[name]
    expected = np.arange(3 * 256, dtype="u1").reshape(3, 16, 16)
    for number, image in enumerate(expected):
        path = tmp_path / f"t{number}.tif"
        tifffile.imwrite(path, image, metadata=None, **args)
    claim(tmp_path / f"t{0 if first else 1}.tif", **values)
    seq = open_sequence(str(tmp_path))
    if first:
        with pytest.raises(ReadError, match=r"claims|truncated|damaged"):
            seq.to_dask_array()
    else:
        with pytest.warns(FillWarning, match="t1.tif"):
            filled = seq.asarray(errors="fill", ioworkers=1)
        np.testing.assert_array_equal(filled[::2], expected[::2])
        assert not filled[1].any()
    assert [finding.kind for finding in seq.check(pixels=True)] in (["unreadable"], ["truncated"])


@pytest.mark.parametrize("region", [np.s_[:], np.s_[:, :4, :4]])
def test_lack_of_memory_while_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, region: Any
) -> None:
    """What one file needs while it is decoded ends the read of all."""
    for number in range(2):
        image = np.full((16, 16), number, "u1")
        tifffile.imwrite(tmp_path / f"t{number}.tif", image, compression="zlib")

    def no_memory(*args: Any) -> int:
        raise MemoryError("too much")

    seq = TiffSequence(str(tmp_path))
    array = seq.to_dask_array(errors="fill", fillvalue=9)
    strict = seq.to_dask_array()
    monkeypatch.setattr(SegmentedImage, "read_pages", no_memory)
    with pytest.warns(FillWarning):
        assert (array[region].compute() == 9).all()
    with pytest.raises(ReadError) as caught:
        strict[region].compute()
    assert isinstance(caught.value, MemoryError)


def test_lack_of_memory_for_the_result(tmp_path: Path) -> None:
    """The caller's own array is taken for that of a file."""
    tifffile.imwrite(tmp_path / "t0.tif", np.zeros((4, 4), "u1"))
    seq = TiffSequence(str(tmp_path))
    with pytest.raises(MemoryError) as caught:
        seq.asarray(chunkshape=(2**22, 2**22), chunkdtype="u8")
    assert not isinstance(caught.value, ReadError)


def test_more_strips_than_the_file_has_bytes(tmp_path: Path) -> None:
    """Memory is taken for their byte counts: 8 GiB for a file of 10 kB."""
    path = tmp_path / "t0.tif"
    images = np.arange(3 * 256, dtype="u1").reshape(3, 16, 16)
    tifffile.imwrite(path, images, imagej=True, byteorder="<")
    with tifffile.TiffFile(path) as tif:
        tag = tif.pages.get(1, aspage=True).tags["StripByteCounts"]
    with open(path, "r+b") as file:
        file.seek(tag.offset + 4)
        file.write(struct.pack("<I", 2**31))
    tracemalloc.start()
    with suppress(ReadError):
        np.testing.assert_array_equal(open_sequence([path]).asarray()[0], images)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**26
