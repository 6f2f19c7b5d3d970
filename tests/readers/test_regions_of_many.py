"""A region of each of many files, whose headers are alike, differ, or change in between."""

import os

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq import ChunkMismatchError, FillWarning, ReadError, TiffSequence
from dask_fileseq.readers import count

SHAPE = 40, 50
KINDS = {
    "plain": {},
    "dated": {"datetime": "2026:01:01 10:00:00"},
    "described": {"description": "stage at 3.7 um", "metadata": None},
    "big-endian": {"byteorder": ">"},
    "bigtiff": {"bigtiff": True},
    "strips": {"rowsperstrip": 7},
    "tiles": {"tile": (16, 16)},
    "deflate": {"compression": "zlib", "tile": (16, 16)},
    "ome": {"metadata": {"axes": "YX"}, "ome": True},
    "imagej": {"imagej": True},
}


def image(number):
    return np.random.default_rng(number).integers(0, 60000, SHAPE, "u2")


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """Write three files of each kind, and one whose directory is behind the pixels."""
    folder = tmp_path_factory.mktemp("kinds")
    for k, (kind, write) in enumerate(KINDS.items()):
        for i in range(3):
            tifffile.imwrite(folder / f"{kind}{i}.tif", image(10 * k + i), **write)
    with tifffile.TiffWriter(folder / "behind.tif") as tif:
        tif.write(image(1000), metadata=None)
    data = bytearray((folder / "behind.tif").read_bytes())
    at = int.from_bytes(data[4:8], "little")
    end = at + 2 + 12 * int.from_bytes(data[at : at + 2], "little") + 4
    data[4:8] = len(data).to_bytes(4, "little")
    (folder / "behind.tif").write_bytes(data + data[at:end])
    return folder


regions = st.tuples(st.slices(SHAPE[0]), st.slices(SHAPE[1]))


@pytest.mark.slow
@given(st.data())
def test_any_region_of_any_files_is_that_of_tifffile(kinds, data):
    """A header of one file would be taken for that of another one, or its place for another's."""
    names = sorted(p.name for p in kinds.iterdir())
    some = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=12))
    files = {}
    for i, name in enumerate(some):  # one file may be in several cells, under names of its own
        path = kinds.parent / f"{kinds.name}-links" / f"{i:02d}_{name}"
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        os.link(kinds / name, path)
        files[i] = str(path)
    kept = data.draw(st.sets(st.sampled_from(sorted(files)), min_size=1))
    kept |= {0}
    seq = TiffSequence([files[i] for i in sorted(kept)], pattern=r"(?P<t>\d\d)_[^/]*$", fillvalue=7)
    expected = np.full((max(kept) + 1, *SHAPE), 7, "u2")
    for i in kept:
        expected[i] = tifffile.imread(files[i])
    x = seq.to_dask_array()
    for _ in range(2):  # proofs are made by the first, and used by the second
        key = (slice(None), *data.draw(regions))
        np.testing.assert_array_equal(x[key].compute(scheduler="sync"), expected[key])
        np.testing.assert_array_equal(seq.array()[key], expected[key])


def write_plain(folder, count=30):
    names = [str(folder / f"t{i:02d}.tif") for i in range(count)]
    for i, name in enumerate(names):
        tifffile.imwrite(name, image(i))
    return names, np.stack([image(i) for i in range(count)])


def test_headers_that_are_alike_are_read_by_one_proof(tmp_path):
    """Each file would be opened by tifffile, a hundred times slower."""
    names, expected = write_plain(tmp_path)
    x = TiffSequence(names).array()
    _ = x[:1, 3, 4]
    with count() as counts:
        np.testing.assert_array_equal(x[:, 3, 4], expected[:, 3, 4])
    assert counts.ways == {"proven": 30}


def test_files_that_changed_in_between_are_read_as_they_are(tmp_path):
    """Pixels would come from where they were before, or from behind the end."""
    names, expected = write_plain(tmp_path)
    x = TiffSequence(names).array()
    np.testing.assert_array_equal(x[:, 3], expected[:, 3])
    tifffile.imwrite(
        names[7], image(7)[::-1].copy(), description="longer than before", bigtiff=True
    )
    expected[7] = expected[7, ::-1]
    tifffile.imwrite(names[8], image(8), compression="zlib")
    np.testing.assert_array_equal(x[:, 3], expected[:, 3])
    with open(names[9], "r+b") as file:
        file.truncate(os.path.getsize(names[9]) - 100)
    with pytest.raises(ReadError, match=r"t09\.tif"):
        _ = x[:, -1]
    tifffile.imwrite(names[9], np.zeros((50, 40), "u2"))
    with pytest.raises(ChunkMismatchError, match=r"t09\.tif"):
        _ = x[:, 3]
    with pytest.warns(FillWarning, match=r"t09\.tif"):
        filled = TiffSequence(names).array(errors="fill", fillvalue=5)[:, 3]
    expected[9] = 5
    np.testing.assert_array_equal(filled, expected[:, 3])


def test_a_header_with_other_places_is_another_one(tmp_path):
    """The offset of the pixels is part of the header; a stale one reads other bytes."""
    names, expected = write_plain(tmp_path, 12)
    for i in range(1, 12, 2):
        content = bytearray((tmp_path / f"t{i:02d}.tif").read_bytes())
        with tifffile.TiffFile(names[i]) as tif:
            tag = tif.pages.first.tags["StripOffsets"]
            at, place = tag.valueoffset, tif.pages.first.dataoffsets[0]
        assert len(content) == place + expected[i].nbytes
        content[at : at + 4] = (place + 16).to_bytes(4, "little")
        content[place:place] = bytes(range(16))
        (tmp_path / f"t{i:02d}.tif").write_bytes(content)
    x = TiffSequence(names).array()
    for _ in range(2):
        np.testing.assert_array_equal(x[:, 5:9, 1:4], expected[:, 5:9, 1:4])


def test_a_file_that_changed_between_two_crops(tmp_path):
    """The header of the crop before would be taken for that of the file as it is by now."""
    path = tmp_path / "t0.tif"
    x = None
    for number, write in enumerate(({}, {}, {"tile": (16, 16)}, {"compression": "zlib"}) * 2):
        tifffile.imwrite(path, image(number), **write)
        x = TiffSequence([path]).array() if x is None else x
        for index in ((0, 3, 4), (0, slice(9, 20), slice(1, 30, 7))):
            for _ in range(2):
                np.testing.assert_array_equal(x[index], image(number)[None][index])
    path.write_bytes(path.read_bytes()[:-100])  # the header is the same
    with pytest.raises(ReadError, match="truncated"):
        _ = x[0, 3, 4]
