"""Whatever a server sends, the pixels are right, or one clear error says why not; in time."""

import tarfile
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import tifffile

from dask_fileseq import FileSequenceError, ReadError, TiffSequence, WriteError
from dask_fileseq.files import fetching
from tests.helpers.servers.process import Server

pytestmark = pytest.mark.network

TIMEOUT = 1.0

MANNERS = (
    *("good", "mute", "slow", "slowhead", "longer", "shorter", "beyond", "huge", "endless"),
    *("bomb", "other", "lost", "chunks", "lengths", "loop", "file"),
)


@pytest.fixture(scope="module")
def data():
    return np.random.default_rng(0).integers(0, 2**16, (3, 150, 200), "u2")


@pytest.fixture(scope="module")
def server(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("hostile")
    for t, image in enumerate(data):
        tifffile.imwrite(folder / f"t{t}.tif", image)
    with (
        zipfile.ZipFile(folder / "all.zip", "w", zipfile.ZIP_DEFLATED) as zipped,
        tarfile.open(folder / "all.tar", "w") as tarred,
    ):
        for t in range(len(data)):
            zipped.write(folder / f"t{t}.tif", f"t{t}.tif")
            tarred.add(folder / f"t{t}.tif", f"t{t}.tif")
    with Server("hostile", str(folder)) as server:
        yield server


@pytest.fixture(autouse=True)
def small_limit(monkeypatch):
    """Let fewer bytes without a declared size come, so that the tests take little time."""
    monkeypatch.setattr(fetching, "UNSIZED", 2**22)
    monkeypatch.setattr(fetching, "PAUSES", (0.01, 0.01, 0.01))


def opened(server, manner, timeout=TIMEOUT):
    urls = [f"{server.url}/{manner}/t{t}.tif" for t in range(3)]
    options = {"timeout": timeout}
    return TiffSequence(urls, pattern=r"t(?P<t>\d).tif", storage_options=options)


def packed(server, manner, name):
    options = {"timeout": TIMEOUT}
    container = f"{server.url}/{manner}/{name}"
    return TiffSequence(
        "*.tif", container=container, pattern=r"t(?P<t>\d).tif", storage_options=options
    )


WAYS = {
    "whole": (..., lambda server, manner: opened(server, manner).asarray()),
    "region": (
        np.s_[:, 100:120, ::7],
        lambda server, manner: opened(server, manner).to_dask_array()[:, 100:120, ::7].compute(),
    ),
    "zip": (..., lambda server, manner: packed(server, manner, "all.zip").asarray()),
    "tar": (..., lambda server, manner: packed(server, manner, "all.tar").asarray()),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("manner", MANNERS)
def test_pixels_are_right_or_an_error_says_why_not(server, data, manner, way):
    """Other pixels would be taken for those of the file, or a program would hang."""
    index, read = WAYS[way]
    start = time.monotonic()
    failure = ""
    try:
        np.testing.assert_array_equal(read(server, manner), data[index])
    except FileSequenceError as error:
        failure = str(error)
    assert not failure or (manner != "good" and server.url in failure)
    assert "\n" not in failure
    assert time.monotonic() - start < 30


@pytest.mark.parametrize(
    ("manner", "message"),
    [
        ("mute", "for 1 seconds; storage_options={'timeout': seconds}"),
        ("slow", "for 1 seconds; storage_options={'timeout': seconds}"),
        ("slowhead", "for 1 seconds; storage_options={'timeout': seconds}"),
        ("longer", "sends more of"),
        ("shorter", "sends 32,758 of 32,768 bytes"),
        ("huge", "an impossible part"),
        ("endless", "than 4,194,304 bytes"),
        ("bomb", "than 4,194,304 bytes"),
    ],
)
def test_errors_say_what_the_server_did(server, manner, message):
    """A user could not tell a broken server from a broken file."""
    with pytest.raises(ReadError, match=f"{server.url}/{manner}/t0.tif") as caught:
        opened(server, manner).asarray()
    assert message in str(caught.value)


def test_a_slow_answer_is_read_where_more_time_is_given(server, data):
    """The limit must be the user's to set."""
    assert opened(server, "good", 60).asarray().tolist() == data.tolist()
    with pytest.raises(ReadError, match="for 2 seconds"):
        opened(server, "mute", 2).asarray()


def test_a_mute_server_is_not_asked_for_each_version(server):
    """A thousand files would take a thousand times the limit."""
    urls = [f"{server.url}/mute/t{t}.tif" for t in range(1000)]
    seq = TiffSequence(urls, pattern=r"t(?P<t>\d+).tif", storage_options={"timeout": TIMEOUT})
    start = time.monotonic()
    with pytest.raises(ReadError, match=r"storage_options=\{'timeout': seconds\}"):
        _ = seq.to_dask_array(chunkshape=(150, 200), chunkdtype="u2").name
    assert time.monotonic() - start < 15


def test_a_listing_does_not_wait_for_ever(server):
    """A pattern is looked up before anything is read."""
    with pytest.raises(ReadError, match=r"cannot list .*mute.*no answer in time"):
        TiffSequence(f"{server.url}/mute/*.tif", storage_options={"timeout": TIMEOUT})


def on_s3(server):
    """Return the options by which the first folder of a path is a bucket of S3."""
    return {
        "key": "any",
        "secret": "other",
        "endpoint_url": server.url,
        "client_kwargs": {"region_name": "us-east-1"},
        "timeout": TIMEOUT,
    }


@pytest.mark.parametrize("manner", ["mute", "slowhead"])
@pytest.mark.parametrize("name", ["*.tif", "t1/", "t1.tif"])
def test_s3_does_not_wait_for_ever(server, manner, name):
    """s3fs and botocore each call five times, so that a limit of one second was over a minute."""
    start = time.monotonic()
    with pytest.raises(ReadError, match=r"cannot list .*for 1 seconds; storage_options="):
        TiffSequence(f"s3://{manner}/{name}", storage_options=on_s3(server))
    assert time.monotonic() - start < 10


def test_a_target_on_s3_does_not_wait_for_ever(server, tmp_path, data):
    """A conversion would go on for most of an hour."""
    tifffile.imwrite(tmp_path / "t0.tif", data[0])
    seq = TiffSequence(str(tmp_path / "*.tif"))
    with pytest.raises(WriteError, match=r"s3://mute/out.zarr.* for 1 seconds; storage_options="):
        seq.to_zarr("s3://mute/out.zarr", storage_options=on_s3(server))


def test_headers_of_a_user_go_to_no_other_server(server, data):
    """A token for one server would be known to any to which it redirects."""
    seen = []

    class Other(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(dict(self.headers))
            self.send_error(404)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{other.server_port}/t0.tif"
        headers = {"X-Api-Key": "hunter2", "Authorization": "hunter2", "Cookie": "k=hunter2"}
        options = {"timeout": TIMEOUT, "headers": headers}
        seq = TiffSequence([f"{server.url}/away/t0.tif?{place}"], storage_options=options)
        with pytest.raises(ReadError) as caught:
            seq.asarray()
        other.shutdown()
    assert "hunter2" not in str(caught.value)
    assert seen
    assert all("hunter2" not in str(headers) for headers in seen)
    assert any("Range" in headers for headers in seen)
