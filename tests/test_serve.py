"""A store over HTTP: what viewers in a browser ask for."""

import http.client
import json
import socket
import struct
import subprocess
import sys
import time
from urllib.parse import urlsplit

import numpy as np
import pytest
import tifffile
import zarr

from dask_fileseq import FileSequence, open_sequence
from dask_fileseq.serve import StoreServer

pytestmark = pytest.mark.network


@pytest.fixture
def served(tmp_path):
    """Serve two images; yields a function that asks, and their sequence."""
    for t in range(2):
        tifffile.imwrite(tmp_path / f"t{t}.tif", np.arange(600, dtype="u2").reshape(20, 30) + t)
    seq = open_sequence(tmp_path)
    with StoreServer(seq.aszarr()) as server:
        url = urlsplit(server.url)

        def ask(key, method="GET", place=url.path, **headers):
            connection = http.client.HTTPConnection(url.netloc)
            connection.request(method, f"{place}/{key}", headers=headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            return answer, content

        yield ask, seq, server


def test_values_and_ranges(served):
    """A part of a chunk is the part that was asked for."""
    ask, seq, _ = served
    whole = seq.asarray()[1].tobytes()
    answer, content = ask("c/1/0/0")
    assert (answer.status, content) == (200, whole)
    for asked, part in (("3-9", whole[3:10]), ("1190-", whole[1190:]), ("-7", whole[-7:])):
        answer, content = ask("c/1/0/0", Range=f"bytes={asked}")
        assert (answer.status, content) == (206, part)
        start = whole.index(part, 3 if asked == "3-9" else len(whole) - len(part))
        assert answer.headers["Content-Range"] == f"bytes {start}-{start + len(part) - 1}/1200"
    assert ask("c/1/0/0", Range="bytes=5000-")[0].status == 416
    answer, content = ask("zarr.json", "HEAD")
    assert (answer.status, content) == (200, b"")
    assert int(answer.headers["Content-Length"]) == len(ask("zarr.json")[1])


def test_pages_of_others_may_ask(served):
    """Viewers are pages elsewhere; only the address tells them where."""
    ask, _, server = served
    for method in ("GET", "HEAD", "OPTIONS"):
        answer, _ = ask("zarr.json", method, Origin="https://viewer.example")
        assert answer.status in (200, 204)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert ask("c/9/0/0")[0].status == 404
    for place in ("", "/image.ome.zarr", "/x/image.ome.zarr"):
        assert ask("zarr.json", place=place)[0].status == 404
    assert server.url.startswith("http://127.0.0.1:")


def test_zarr_opens_it(served):
    """As any store on a server."""
    _, seq, server = served
    np.testing.assert_array_equal(zarr.open_array(server.url, mode="r"), seq.asarray())


def test_a_file_that_cannot_be_read(served):
    """It is no missing chunk, which would be black."""
    ask, seq, _ = served
    with open(seq[1], "wb") as file:
        file.write(b"II*\0")
    answer, content = ask("c/1/0/0")
    assert answer.status == 500
    assert b"t1.tif" in content


def test_a_client_that_goes_away_is_no_error(capfd):
    """A viewer ends requests as it is moved: the terminal would be full of tracebacks."""
    seq = FileSequence(lambda name: np.zeros((3000, 3000), "u2"), ["a"])
    with StoreServer(seq.aszarr()) as server:
        url = urlsplit(server.url)
        with socket.create_connection((url.hostname, url.port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(f"GET {url.path}/c/0/0/0 HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            client.recv(100)
        time.sleep(0.2)
    assert capfd.readouterr().err == ""


def test_command(tmp_path):
    """It prints the address, answers, and ends by itself."""
    for t in range(2):
        tifffile.imwrite(tmp_path / f"t{t}.tif", np.full((20, 30), t, "u2"))
    command = [sys.executable, "-m", "dask_fileseq", "serve", str(tmp_path), "--json", "--for", "6"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        text = ""
        while not text.endswith("}\n"):
            text += process.stdout.readline()
        array = zarr.open_array(f"{json.loads(text)['url']}/0", mode="r")
        assert array[:, 0, 0].tolist() == [0, 1]
        assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("driver", "zarr_format", "chunks"), [("zarr", 2, "tile"), ("zarr3", 3, None)]
)
def test_tensorstore_reads_it(tmp_path, driver, zarr_format, chunks):
    """It is no program of zarr's: only what the format says is there."""
    tensorstore = pytest.importorskip("tensorstore")
    for t, z in ((0, 0), (0, 5), (3, 0)):
        data = np.random.default_rng(t + z).integers(0, 999, (48, 64)).astype(">u2")
        tile = {"tile": (16, 32), "compression": "lzw", "byteorder": ">"}
        tifffile.imwrite(tmp_path / f"t{t}_z{z}.tif", data, **tile)
    seq = open_sequence(tmp_path)

    def opened(server, path):
        store = {"driver": "http", "base_url": f"{server.url}/{path}/"}
        return tensorstore.open({"driver": driver, "kvstore": store}, read=True).result()

    with StoreServer(
        seq.aszarr(groupname="image", zarr_format=zarr_format, chunks=chunks)
    ) as server:
        image = opened(server, "image")
        np.testing.assert_array_equal(image, seq.asarray())
        np.testing.assert_array_equal(image[:, 1, 20:30, 7:40], seq.asarray()[:, 1, 20:30, 7:40])
        for dim in seq.dims:
            np.testing.assert_array_equal(opened(server, dim), seq.coords[dim])
