"""Files behind a server that takes its time: many requests at a time, and none too many."""

import gc
import shutil
import time
import zipfile
from collections import Counter

import numpy as np
import pytest
import tifffile

from dask_fileseq import ReadError, TiffSequence, imread
from dask_fileseq.readers import count
from tests.helpers.servers.process import Server

pytestmark = pytest.mark.network

LATENCY = 0.1
FILES = 60


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    """Serve small files, and tiled ones of which each slice takes two requests."""
    folder = tmp_path_factory.mktemp("far")
    data = np.random.default_rng(0).integers(0, 4000, (300, 300), "u2")
    for t in range(FILES):
        tifffile.imwrite(folder / f"small{t}.tif", data[:20, :30] + t)
        tifffile.imwrite(folder / f"tiled{t}.tif", data + t, tile=(128, 128), compression="zlib")
    (folder / "broken.tif").write_bytes(b"II*\0")
    with Server("web", str(folder), "ranges", str(LATENCY)) as server:
        yield server, data, folder


def urls(server, kind):
    return [f"{server.url}/{kind}{t}.tif" for t in range(FILES)]


def test_a_slice_of_many_files_waits_for_them_together(far):
    """It would take as long as one file after the other, two at a time, and ask for versions."""
    server, data, _ = far
    x = TiffSequence(urls(server, "tiled")).to_dask_array()
    server.log()
    start = time.monotonic()
    found = x[:, 130:140, 200:290].compute()
    assert time.monotonic() - start < 0.7 * FILES * LATENCY  # two at a time take all of it
    expected = data[130:140, 200:290] + np.arange(FILES, dtype="u2")[:, None, None]
    np.testing.assert_array_equal(found, expected)
    counts = Counter(path for _, path, _, _ in server.log())
    assert sorted(counts) == sorted(f"/tiled{t}.tif" for t in range(FILES))
    assert max(counts.values()) <= 2


@pytest.mark.parametrize("protocol", ["http", "s3"])
def test_requests_at_a_time_are_many_and_bounded(far, protocol):
    """A session of botocore has ten connections, one of aiohttp a hundred; a server, its limits."""
    _, data, folder = far
    (folder / "bucket").mkdir(exist_ok=True)
    for t in range(3 * FILES):
        shutil.copy(folder / f"small{t % FILES}.tif", folder / "bucket" / f"{t}.tif")
    with Server("web", str(folder), "ranges", "0.2") as server:
        at = {"http": f"{server.url}/bucket", "s3": "s3://bucket"}[protocol]
        options = {"anon": True, "endpoint_url": server.url} if protocol == "s3" else {}
        names = [f"{at}/{t}.tif" for t in range(3 * FILES)]
        found = TiffSequence(names, storage_options=options, identity="name").asarray()
        assert 100 < server.most() <= 128
    np.testing.assert_array_equal(found[:, 3, 4], data[3, 4] + np.arange(3 * FILES) % FILES)


def test_one_file_is_compared_with_what_tifffile_reads(far, tmp_path):
    """Each of a hundred threads would open its file by tifffile, and decode it twice."""
    data = np.random.default_rng(3).integers(0, 4000, (300, 311), "u2")
    for t in range(FILES):
        tifffile.imwrite(tmp_path / f"t{t}.tif", data + t, tile=(128, 128), compression="zlib")
    with Server("web", str(tmp_path), "ranges", "0.1") as server, count() as counts:
        names = [f"{server.url}/t{t}.tif" for t in range(FILES)]
        found = TiffSequence(names).to_dask_array()[:, 130:140, 200:290].compute()
    assert counts.ways == {"segments": 1, "proven": FILES - 1}
    expected = data[130:140, 200:290] + np.arange(FILES, dtype="u2")[:, None, None]
    np.testing.assert_array_equal(found, expected)


def test_small_files_are_one_request_each(far):
    """Two requests for each file take twice the time."""
    server, data, _ = far
    seq = TiffSequence(urls(server, "small"))
    assert seq.chunkshape == (20, 30)
    server.log()
    found = seq.asarray()
    np.testing.assert_array_equal(found[:, 3, 4], data[3, 4] + np.arange(FILES))
    assert Counter(method for method, *_ in server.log()) == {"GET": FILES}


def test_a_name_covers_the_versions_of_files(far, tmp_path):
    """Old pixels would stay in a cache under the name of new ones."""
    server, _, folder = far
    for t in range(2):
        shutil.copy(folder / f"small{t}.tif", folder / f"new{t}.tif")
    names = [f"{server.url}/new{t}.tif" for t in range(2)]
    before = TiffSequence(names).to_dask_array()
    assert before.name == TiffSequence(names).to_dask_array().name
    tifffile.imwrite(folder / "new1.tif", np.zeros((20, 30), "u2"), description="another")
    after = TiffSequence(names).to_dask_array()
    assert after.name != before.name
    assert not after[1].compute().any()


def test_a_bad_file_among_good_ones_is_named(far):
    """An error of a request that was made in advance would name no file, or be lost."""
    server, data, _ = far
    names = urls(server, "small")
    for bad, kind in ((f"{server.url}/broken.tif", ReadError), (f"{server.url}/no.tif", ReadError)):
        seq = TiffSequence([*names[:20], bad, *names[20:]])
        with pytest.raises(kind, match=bad.rpartition("/")[2]):
            seq.asarray()
        with pytest.warns(UserWarning, match=bad.rpartition("/")[2]):
            filled = imread(seq.files, errors="fill", fillvalue=9, pattern=None).compute()
        assert (filled[20] == 9).all()
        np.testing.assert_array_equal(filled[21], data[:20, :30] + 20)


def test_a_server_that_sends_whole_files_is_read_too(far):
    """What comes too much at once would stop the requests for ever."""
    _, data, folder = far
    with Server("web", str(folder), "whole", "0.01") as server:
        found = TiffSequence(urls(server, "tiled")).to_dask_array()[:, 5, 7].compute()
    np.testing.assert_array_equal(found, data[5, 7] + np.arange(FILES))


def test_failures_that_pass_are_tried_again(far):
    """One broken connection would end the read of a thousand files."""
    _, data, folder = far
    with Server("web", str(folder), "flaky") as server:
        names = urls(server, "small")[:12]
        found = TiffSequence(names).asarray(chunkshape=(20, 30), chunkdtype="u2")
    np.testing.assert_array_equal(found[:, 0, 0], data[0, 0] + np.arange(12))


def test_tasks_of_a_graph_wait_for_the_server_together(far):
    """Behind any operation, dask would read as many files at a time as there are processors."""
    server, data, _ = far
    x = TiffSequence(urls(server, "tiled"), identity="name").to_dask_array()
    server.log()
    start = time.monotonic()
    found = x[:, 130:140, 200:290].mean(axis=0).compute(scheduler="threads", num_workers=2)
    assert time.monotonic() - start < 0.7 * FILES * LATENCY  # two at a time take all of it
    expected = data[130:140, 200:290] + np.arange(FILES, dtype="u2")[:, None, None]
    np.testing.assert_allclose(found, expected.mean(axis=0))
    counts = Counter(path for _, path, _, _ in server.log())
    assert sorted(counts) == sorted(f"/tiled{t}.tif" for t in range(FILES))
    assert max(counts.values()) <= 2


def test_files_that_wait_together_are_a_block(far):
    """Workers of a cluster, which read nothing ahead, would wait for one file after the other."""
    server, data, folder = far
    x = imread(urls(server, "tiled"), pattern=None)
    assert x.chunks == ((7,) * 8 + (4,), (300,), (300,))
    assert imread(f"{folder}/tiled*.tif", pattern=None).chunks[0] == (3,) * 20
    large = {"chunkshape": (4096, 2048), "chunkdtype": "u2"}
    assert imread(urls(server, "tiled"), pattern=None, **large).chunks[0] == (1,) * FILES
    found = x[:, 130:140, 200:290].mean(axis=0)
    expected = data[130:140, 200:290] + np.arange(FILES, dtype="u2")[:, None, None]
    assert found.name
    server.log()
    np.testing.assert_allclose(found.compute(scheduler="synchronous"), expected.mean(axis=0))
    assert server.most() == FILES  # also those of the last block, which is smaller
    server.log()
    assert x[40, 131:140, 200].max().compute() == data[131:140, 200].max() + 40
    assert {path for _, path, _, _ in server.log()} == {"/tiled40.tif"}


def test_only_what_a_graph_needs_is_read_ahead(far):
    """A projection of five files would request sixty."""
    server, data, _ = far
    x = TiffSequence(urls(server, "small"), identity="name").to_dask_array()
    everything = dict(x.dask)
    server.log()
    for _ in range(2):
        found = x[3:8].max(axis=0).compute(scheduler="threads")
        np.testing.assert_array_equal(found, data[:20, :30] + 7)
        paths = {path for _, path, _, _ in server.log()}
        assert paths == {f"/small{t}.tif" for t in range(3, 8)}
    assert len(everything) == FILES


def test_two_slices_of_a_graph_get_their_own_pixels(far):
    """What was read ahead for one slice would be given to the other."""
    server, data, _ = far
    x = TiffSequence(urls(server, "small"), identity="name").to_dask_array()[:20]
    server.log()
    found = (x[:, 2:5, 3] - x[:, 7:10, 3].astype("i8")).sum(axis=0).compute(scheduler="threads")
    expected = 20 * (data[2:5, 3].astype("i8") - data[7:10, 3])
    np.testing.assert_array_equal(found, expected)
    assert len(server.log()) <= 40


def test_an_error_ends_requests_in_silence(far, caplog):
    """Each answer that nobody waits for any more would be logged, with a traceback."""
    server, _, _ = far
    names = urls(server, "small")
    seq = TiffSequence([*names[:9], f"{server.url}/gone.tif", *names[9:]], identity="name")
    for _ in range(9):
        with pytest.raises(ReadError, match=r"gone\.tif"):
            seq.asarray()
    gc.collect()  # logs errors that were not looked at
    assert not caplog.records


def test_members_that_lie_together_are_one_request(far, tmp_path):
    """Five hundred small members would be five hundred requests."""
    _, data, folder = far
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        for t in range(FILES):
            kind = zipfile.ZIP_DEFLATED if t % 2 else zipfile.ZIP_STORED
            archive.write(folder / f"small{t}.tif", f"t{t}.tif", kind)
    with Server("web", str(folder), "ranges") as server:
        seq = TiffSequence("*.tif", container=f"{server.url}/all.zip", sort=True)
        assert seq.chunkshape == (20, 30)
        server.log()
        expected = data[:20, :30] + np.arange(FILES, dtype="u2")[:, None, None]
        np.testing.assert_array_equal(seq.asarray(), expected)
        assert len(server.log()) <= 4  # as many parts are read at the same time
        some = seq.to_dask_array()[::-7, 3]
        np.testing.assert_array_equal(some.compute(), expected[::-7, 3])


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_members_in_any_order_are_several_requests_at_a_time(far, tmp_path, kind):
    """Parts of an archive would be waited for one by one, be dropped too early, or be mixed up."""
    data = np.random.default_rng(1).integers(0, 4000, (80, 50, 300), "u2")
    images = tmp_path / "images"
    images.mkdir()
    for t, image in enumerate(data):
        tifffile.imwrite(images / f"t{t}.tif", image)
    shutil.make_archive(str(tmp_path / "all"), kind, images)
    order = np.random.default_rng(2).permutation(80)
    with Server("web", str(tmp_path), "ranges", "0.05") as server:
        names = [f"t{t}.tif" for t in order]
        seq = TiffSequence(names, container=f"{server.url}/all.{kind}")
        assert seq.chunkshape == (50, 300)
        server.log()
        np.testing.assert_array_equal(seq.asarray(), data[order])
        assert server.most() > 4
        assert len(server.log()) <= 80
        found = TiffSequence(sorted(names), container=f"{server.url}/all.{kind}").asarray()
        np.testing.assert_array_equal(found, data[np.argsort([f"t{t}.tif" for t in range(80)])])


def test_a_wrong_checksum_among_neighbours_is_named(far):
    """Bytes that came with those of other members would not be compared."""
    _, data, folder = far
    path = folder / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for t in range(9):
            archive.write(folder / f"small{t}.tif", f"t{t}.tif")
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        content[archive.getinfo("t4.tif").header_offset + 700] ^= 1
    path.write_bytes(content)
    with Server("web", str(folder), "ranges") as server:
        seq = TiffSequence("*.tif", container=f"{server.url}/bad.zip", sort=True)
        with pytest.raises(ReadError, match=r"t4\.tif.*CRC"):
            seq.asarray()
        with pytest.warns(UserWarning, match=r"t4\.tif"):
            filled = seq.asarray(errors="fill", fillvalue=9)
    assert (filled[4] == 9).all()
    np.testing.assert_array_equal(filled[5], data[:20, :30] + 5)
