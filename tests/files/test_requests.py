"""Requests, counted at the server: few, and for hardly more bytes than are needed."""

import shutil

import numpy as np
import pytest
import tifffile

from tests.helpers.places import Place, s3_options, upload

pytestmark = pytest.mark.network

SIZE = 2048
TILE = 256


@pytest.fixture(scope="module")
def folder(served):
    """Files of 8 MB of noise, uncompressed in one piece and in tiles, and small ones."""
    folder = served / "requests"
    folder.mkdir()
    rng = np.random.default_rng(0)
    data = rng.integers(0, 60000, (SIZE, SIZE), "u2")
    for number in range(2):
        tifffile.imwrite(folder / f"plain_{number}.tif", data, metadata=None)
        tifffile.imwrite(
            folder / f"tiles_{number}.tif", data, tile=(TILE, TILE), compression="zlib"
        )
    for number in range(40):
        tifffile.imwrite(folder / f"small_{number}.tif", data[:64, :64] + number)
    with tifffile.TiffWriter(folder / "pages_0.tif") as writer:
        for page in data.reshape(8, 256, 2048):
            writer.write(page, contiguous=False, metadata=None, compression="zlib")
    _move_directory(folder / "plain_0.tif", folder / "behind_0.tif")
    return folder, data


def _move_directory(path, to):
    """Write a file with its directory behind the pixels, as many programs do."""
    shutil.copy(path, to)
    with tifffile.TiffFile(path) as tif:
        start, entries = tif.pages.first.offset, len(tif.pages.first.tags)
    with open(to, "r+b") as file:
        file.seek(start)
        directory = file.read(2 + 12 * entries + 4)
        file.seek(start)
        file.write(bytes(len(directory)))
        end = file.seek(0, 2)
        file.write(directory)
        file.seek(4)
        file.write(int(end).to_bytes(4, "little"))


@pytest.fixture(scope="module", params=["http", "s3"])
def place(request, folder):
    path, _ = folder
    if request.param == "http":
        web = request.getfixturevalue("web")
        return Place(f"{web.url}/{path.name}/"), web
    s3 = request.getfixturevalue("s3")
    return Place(f"s3://{upload(s3, path)}/", {"storage_options": s3_options(s3)}), s3


def asked(server):
    """Return the number of requests, and of bytes sent."""
    log = server.log()
    return len(log), sum(sent for _, _, _, sent in log)


def test_opening_lists_once_and_reads_one_header(place):
    """Opening must cost the same for ten files and ten thousand."""
    place, server = place
    server.log()
    seq = place.sequence("small_*.tif", pattern=r"small_(?P<t>\d+)", identity="name")
    listing, _ = asked(server)
    assert listing <= 2  # of HTTP the folder's page, and whether it is there
    assert seq.to_dask_array().shape == (40, 64, 64)
    assert asked(server)[0] == 1


def test_versions_come_from_the_listing(place):
    """A question for each file would take minutes for many; HTTP knows no other way."""
    place, server = place
    seq = place.sequence("small_*.tif", pattern=r"small_(?P<t>\d+)")
    server.log()
    array = seq.to_dask_array(chunkshape=(64, 64), chunkdtype="u2")
    assert asked(server)[0] == 0
    assert array.name == seq.to_dask_array(chunkshape=(64, 64), chunkdtype="u2").name
    assert asked(server)[0] == (0 if place.prefix.startswith("s3") else 40)
    again = place.sequence([f"small_{i}.tif" for i in range(40)])
    assert again.to_dask_array(chunkshape=(64, 64), chunkdtype="u2").name
    assert asked(server)[0] == (1 if place.prefix.startswith("s3") else 40)


@pytest.mark.parametrize(("files", "requests"), [("plain", 1), ("tiles", 1), ("behind", 2)])
def test_a_header_is_one_request(place, files, requests):
    """And one more where the directory stands at the end."""
    place, server = place
    server.log()
    seq = place.sequence([f"{files}_0.tif"])
    assert seq.chunkshape == (SIZE, SIZE)
    count, size = asked(server)
    assert count == requests
    assert size <= requests * 32 * 1024


@pytest.mark.parametrize(
    ("files", "region", "requests"),
    [
        ("tiles", np.s_[300:700, 900:1100], 4),  # two rows of two tiles
        ("plain", np.s_[300:400, 100:2000], 2),
        ("behind", np.s_[300:400, 100:2000], 3),
    ],
)
def test_a_crop_asks_for_what_it_touches(place, folder, files, region, requests):
    """Tiles and rows that are near are asked for together, and others not at all."""
    place, server = place
    path, data = folder
    array = place.sequence([f"{files}_0.tif"]).to_dask_array()
    server.log()
    np.testing.assert_array_equal(array[0][region].compute(), data[region])
    count, size = asked(server)
    assert count <= requests
    rows, columns = region
    if files == "tiles":
        with tifffile.TiffFile(path / "tiles_0.tif") as tif:
            sizes = np.reshape(tif.pages.first.databytecounts, (SIZE // TILE,) * 2)
        needed = sizes[1:3, 3:5].sum()
    else:
        needed = (rows.stop - rows.start) * (columns.stop - columns.start) * 2
    assert needed <= size <= 1.3 * needed


def test_a_narrow_crop_is_few_requests(place, folder):
    """Each row by itself would be a request; what lies between comes along, and no more."""
    place, server = place
    _, data = folder
    array = place.sequence(["plain_0.tif"]).to_dask_array()
    server.log()
    region = np.s_[300:556, 100:356]
    np.testing.assert_array_equal(array[0][region].compute(), data[region])
    count, size = asked(server)
    assert count == 2
    assert size <= 32 * 1024 + 256 * SIZE * 2


@pytest.mark.parametrize("files", ["plain", "tiles", "pages"])
def test_a_whole_file_is_asked_for_once(place, folder, files):
    """No byte is asked for twice, whether the file has one page or many."""
    place, server = place
    path, data = folder
    seq = place.sequence([f"{files}_0.tif"], identity="name")
    array = seq.to_dask_array()
    server.log()
    np.testing.assert_array_equal(array.compute().ravel(), data.ravel())
    count, size = asked(server)
    assert count <= (10 if files == "pages" else 2)  # headers of pages lie between pixels
    assert size <= 1.1 * (path / f"{files}_0.tif").stat().st_size


def test_files_of_a_block_are_read_at_a_time(place, folder):
    """Each small file is one request, and a block asks for many at the same time."""
    place, server = place
    _, data = folder
    seq = place.sequence("small_*.tif", pattern=r"small_(?P<t>\d+)", identity="name")
    array = seq.to_dask_array(chunks=-1)
    server.log()
    expected = data[:64, :64] + np.arange(40, dtype="u2")[:, None, None]
    np.testing.assert_array_equal(array.compute(), expected)
    assert asked(server)[0] == 40


def test_members_of_a_remote_archive(folder, s3, tmp_path):
    """Its directory is read once; a crop of a stored member takes its bytes only."""
    import zipfile

    path, data = folder
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for file in sorted([*path.glob("plain*"), path / "tiles_0.tif"]):
            archive.write(file, file.name)
        for file in sorted(path.glob("small*")):
            archive.write(file, file.name, zipfile.ZIP_DEFLATED)
    options = {"storage_options": s3_options(s3)}
    url = f"s3://{upload(s3, tmp_path / 'a.zip')}/a.zip"
    s3.log()
    place = Place("", {"container": url, **options})
    seq = place.sequence("plain_*.tif")
    assert asked(s3)[0] == 2
    array = seq.to_dask_array()
    s3.log()
    region = np.s_[1000:1200]
    np.testing.assert_array_equal(array[1][region].compute(), data[region])
    count, size = asked(s3)
    assert count == 2
    assert size <= 1.1 * data[region].nbytes
    tiles = Place("", {"container": url, **options}).sequence(["tiles_0.tif"]).to_dask_array()
    s3.log()
    np.testing.assert_array_equal(tiles[0, 300:700, 900:1100].compute(), data[300:700, 900:1100])
    assert asked(s3)[0] <= 4  # two rows of two tiles
    small = Place("", {"container": url, **options}).sequence("small_*.tif", sort=True)
    s3.log()
    assert small.asarray(chunkshape=(64, 64), chunkdtype="u2")[7, 0, 0] == data[0, 0] + 7
    assert asked(s3)[0] <= 8  # for members that follow each other, one for all of them
    chained = f"zip://plain_*.tif::{url}"
    again = place.sequence.__func__(Place(""), chained, storage_options=s3_options(s3))
    assert list(again) == list(seq)
