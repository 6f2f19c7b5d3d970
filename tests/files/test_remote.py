"""Remote files: servers that refuse ranges or fail, errors that say so, and versions."""

import os
import pickle
import shutil
import sys
import threading
import zipfile

import numpy as np
import pytest
import tifffile

from dask_fileseq import FileSequence, NamesError, NoFilesError, ReadError, TiffSequence
from dask_fileseq.files import fetching
from tests.helpers.places import s3_client, s3_options, upload
from tests.helpers.servers.process import Server

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def folder(served):
    """Small files, and one of which the first block is not all."""
    folder = served / "remote"
    (folder / "more").mkdir(parents=True)
    for t in range(3):
        tifffile.imwrite(folder / f"t{t}.tif", np.full((8, 9), t, "u2"))
        tifffile.imwrite(folder / "more" / f"t{t}.tif", np.full((8, 9), 10 + t, "u2"))
    rng = np.random.default_rng(1)
    tifffile.imwrite(folder / "large.tif", rng.integers(0, 255, (500, 500), "u1"))
    (folder / "empty.tif").write_bytes(b"")
    (folder / "notes.txt").write_text("no image")
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        for path in sorted(folder.glob("t*.tif")):
            archive.write(path, path.name)
        archive.write(folder / "large.tif", "large.tif")
    return folder


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Try again at once."""
    monkeypatch.setattr(fetching, "PAUSES", (0.001, 0.001, 0.001))


@pytest.fixture(scope="module")
def broken(served):
    """Servers that do not do what they should, by their modes."""
    servers = {mode: Server("web", str(served), mode) for mode in MODES}
    yield servers
    for server in servers.values():
        server.stop()


LYING = {"shifted": "bytes from 1 on", "several": "which part", "packed": "packed .gzip"}
MODES = ("whole", "flaky", "forbidden", "down", "nohead", "unsized", "away", "unversioned", *LYING)


@pytest.mark.parametrize("mode", ["whole", "flaky", "nohead", "unsized", "away", "unversioned"])
def test_servers_that_refuse_ranges_or_fail_at_times(folder, broken, mode):
    """What comes for a range may be all of the file, or an error that does not last."""
    url = f"{broken[mode].url}/remote"
    seq = TiffSequence([f"{url}/t{t}.tif" for t in range(3)], pattern=r"t(?P<t>\d)")
    assert seq.asarray()[:, 3, 4].tolist() == [0, 1, 2]
    expected = tifffile.imread(folder / "large.tif")
    large = TiffSequence([f"{url}/large.tif"]).to_dask_array()[0]
    np.testing.assert_array_equal(large[300:400].compute(), expected[300:400])
    np.testing.assert_array_equal(large.compute(), expected)
    members = TiffSequence("*.tif", container=f"{url}/all.zip", sort=True)
    np.testing.assert_array_equal(
        TiffSequence(["large.tif"], container=f"{url}/all.zip").asarray()[0], expected
    )
    assert list(members) == ["large.tif", "t0.tif", "t1.tif", "t2.tif"]


@pytest.mark.parametrize("mode", LYING)
def test_servers_that_send_something_else(folder, broken, mode):
    """Other bytes than those asked for are other pixels, or a riddle."""
    url = f"{broken[mode].url}/remote"
    with pytest.raises(ReadError, match=rf"large\.tif.*{LYING[mode]}"):
        TiffSequence([f"{url}/large.tif"]).asarray()
    with pytest.raises(ReadError, match=rf"all\.zip.*{LYING[mode]}"):
        TiffSequence("*.tif", container=f"{url}/all.zip")


def test_a_server_that_is_down_is_not_asked_for_every_file(folder, broken):
    """A header that may come from any file is looked for in ten thousand, seconds for each."""
    url = f"{broken['down'].url}/remote"
    seq = TiffSequence([f"{url}/t{t}.tif" for t in range(50)])
    broken["down"].log()
    with pytest.raises(ReadError, match=r"t0\.tif.*503"):
        seq.asarray(errors="fill")
    assert len(broken["down"].log()) == 12


def test_small_files_are_waited_for_in_threads(folder, web):
    """Each keeps its reader waiting for the server; one after the other takes for ever."""
    threads = set()

    def read(file):
        threads.add(threading.current_thread())
        return tifffile.imread(file)

    array = FileSequence(read, f"{web.url}/remote/t*.tif").to_dask_array(
        chunkshape=(8, 9), chunkdtype="u2"
    )
    assert array.compute()[:, 0, 0].tolist() == [0, 1, 2]
    assert threading.main_thread() not in threads


def test_folders_that_may_not_be_listed(folder):
    """Public data can often be read by all, and listed by nobody."""
    fsspec = pytest.importorskip("fsspec")
    memory = type(fsspec.filesystem("memory"))

    class Unlisted(memory):
        protocol = "unlisted"
        closed = False

        @classmethod
        def _strip_protocol(cls, path):
            return super()._strip_protocol(path.removeprefix("unlisted://"))

        def ls(self, path, detail=True, **kwargs):
            raise PermissionError("nobody lists")

        def info(self, path, **kwargs):
            if Unlisted.closed:
                raise PermissionError("nobody asks")
            return super().info(path, **kwargs)

    fsspec.register_implementation("unlisted", Unlisted, clobber=True)
    urls = [f"unlisted://public/t{i}.tif" for i in range(12)]
    names = []
    for value in range(2):
        for url in urls:
            content = (folder / f"t{value}.tif").read_bytes()
            Unlisted().pipe_file(url.removeprefix("unlisted:/"), content)
        array = TiffSequence(urls).to_dask_array()
        assert (array == value).all()
        names.append(array.name)
    assert names[0] != names[1]
    Unlisted.closed = True
    with pytest.raises(ReadError, match=r"nobody asks.*identity='name'"):
        _ = TiffSequence(urls).to_dask_array(chunkshape=(8, 9), chunkdtype="u2").name
    Unlisted().rm("/public", recursive=True)


@pytest.mark.parametrize(
    ("mode", "kind", "tries"), [("forbidden", PermissionError, 1), ("down", OSError, 4)]
)
def test_errors_that_last_name_the_url(folder, broken, mode, kind, tries):
    """They are tried again only where that may help, and not for ever."""
    url = f"{broken[mode].url}/remote/t0.tif"
    seq = TiffSequence([url])
    broken[mode].log()
    with pytest.raises(ReadError, match=url) as caught:
        seq.to_dask_array(chunkshape=(8, 9), chunkdtype="u2").compute(scheduler="sync")
    assert isinstance(caught.value, kind)
    asked = [entry for entry in broken[mode].log() if entry[0] == "GET" and entry[2]]
    assert len(asked) == tries
    pickle.loads(pickle.dumps(caught.value))


@pytest.mark.parametrize("where", ["http", "s3", "memory"])
def test_a_file_that_is_not_there(request, folder, where):
    """As on a disk, and with ``errors="fill"`` it is a fill."""
    options = {}
    if where == "http":
        url = f"{request.getfixturevalue('web').url}/remote/gone.tif"
    elif where == "s3":
        s3 = request.getfixturevalue("s3")
        url, options = f"s3://{upload(s3, folder / 't0.tif')}/gone.tif", s3_options(s3)
    else:
        url = "memory://scans/gone.tif"
    seq = TiffSequence([url], storage_options=options)
    hint = ".*one process only" if where == "memory" else ""
    with pytest.raises(FileNotFoundError, match=url + hint):
        seq.asarray()
    with pytest.warns(Warning, match=url):
        filled = seq.asarray(chunkshape=(2,), chunkdtype="u1", errors="fill", fillvalue=7)
    assert filled.tolist() == [[7, 7]]
    if where == "memory":
        assert isinstance(seq, TiffSequence)
        with pytest.raises(NoFilesError):
            TiffSequence("memory://scans/*.tif")


def test_listings_of_http(folder, web):
    """Patterns, with any number of folders, and a folder: what its page links to."""
    url = f"{web.url}/remote"
    assert [n.removeprefix(url) for n in TiffSequence(f"{url}/t*.tif")] == [
        "/t0.tif",
        "/t1.tif",
        "/t2.tif",
    ]
    assert len(TiffSequence(f"{url}/**/t*.tif")) == 6
    assert len(TiffSequence(f"{url}/more/")) == 3
    assert list(TiffSequence(f"{url}/more/t1.tif")) == [f"{url}/more/t1.tif"]
    with pytest.raises(NoFilesError, match="list their URLs"):
        TiffSequence(f"{web.url}/nowhere/*.tif")
    with pytest.raises(NoFilesError):
        TiffSequence(f"{url}/*.png")


def test_listings_of_s3(folder, s3):
    """A folder of a store is what names have in common."""
    bucket = upload(s3, folder / "t0.tif")
    client = s3_client(s3)
    for path in sorted((folder / "more").iterdir()):
        client.upload_file(str(path), bucket, f"exp/day 1/{path.name}")
    client.upload_file(str(path), bucket, "brackets/a[1].tif")
    client.put_object(Bucket=bucket, Key="exp/notes.txt", Body=b"")
    client.close()
    options = {"storage_options": s3_options(s3)}
    assert len(TiffSequence(f"s3://{bucket}/exp/day 1", **options)) == 3
    assert len(TiffSequence(f"s3://{bucket}/**/*.tif", **options)) == 5
    assert len(TiffSequence(f"s3://{bucket}/brackets/a[1].tif", **options)) == 1
    assert len(TiffSequence(f"s3://{bucket}/exp/*/t?.tif", **options)) == 3
    seq = TiffSequence(f"s3://{bucket}/exp/day 1/t1.tif", **options)
    assert list(seq) == [f"s3://{bucket}/exp/day 1/t1.tif"]
    assert seq.asarray().max() == 11
    for name in ("none", "none[1].tif"):
        with pytest.raises(NoFilesError):
            TiffSequence(f"s3://{bucket}/{name}", **options)
    with pytest.raises(NoFilesError):
        TiffSequence("s3://no-such-bucket/*.tif", **options)
    three = TiffSequence(f"s3://{bucket}/exp/day 1/", pattern="infer", **options)
    assert three.commonpath() == f"s3://{bucket}/exp/day 1"
    assert (three.dims, three.asarray()[:, 0, 0].tolist()) == (("t",), [10, 11, 12])


@pytest.mark.parametrize("where", ["http", "s3", "memory"])
def test_a_changed_file_has_another_token(request, folder, where, served):
    """Old pixels would be taken for new ones, also within a second, and of equal size."""
    fsspec = pytest.importorskip("fsspec")
    options, tokens = {}, []
    for value in (1, 2, 2):
        path = served / f"changing_{where}.tif"
        tifffile.imwrite(path, np.full((4, 4), value, "u1"))
        if where == "http":
            url = f"{request.getfixturevalue('web').url}/{path.name}"
            os.utime(path, ns=(value, value))
        elif where == "s3":
            s3 = request.getfixturevalue("s3")
            options = s3_options(s3)
            if not tokens:
                url = f"s3://{upload(s3, path)}/{path.name}"
            else:
                fs = fsspec.filesystem("s3", **options)
                fs.pipe_file(url, path.read_bytes())
        else:
            url = f"memory://{path.name}"
            if value != tokens[-1:]:
                fsspec.filesystem("memory").pipe_file(f"/{path.name}", path.read_bytes())
        seq = TiffSequence([url], storage_options=options)
        assert seq.asarray().max() == value
        tokens.append(seq.to_dask_array().name)
    assert tokens[0] != tokens[1]
    if where != "memory":  # there, time is all that tells
        assert tokens[1] == tokens[2]


def test_other_options_are_other_files(folder, web):
    """The same URL may be on another server."""
    url = [f"{web.url}/remote/t0.tif"]
    names = {
        TiffSequence(url, storage_options=options, identity="name").to_dask_array().name
        for options in ({}, {"headers": {"a": "1"}}, {"headers": {"a": "2"}})
    }
    assert len(names) == 3
    names = {
        TiffSequence("t0.tif", container=f"{web.url}/remote/all.zip", storage_options=options)
        .to_dask_array()
        .name
        for options in ({}, {"headers": {"a": "1"}})
    }
    assert len(names) == 2


def test_local_urls_are_paths(folder):
    """``file://`` needs no fsspec."""
    seq = TiffSequence(f"{folder.as_uri()}/t*.tif")
    assert list(seq) == [str(folder / f"t{t}.tif") for t in range(3)]
    assert TiffSequence([f"{folder.as_uri()}/t1.tif"]).asarray().max() == 1


def test_plain_functions_get_handles(folder, web):
    """A function that reads files reads those on a server, too."""
    seq = FileSequence(
        lambda file: np.frombuffer(file.read()[:8], "u1"), f"{web.url}/remote/t*.tif"
    )
    assert seq.asarray().shape == (3, 8)
    assert seq.imread(seq[0]).tolist() == list((folder / "t0.tif").read_bytes()[:8])


def test_empty_files_are_an_error(folder, web):
    """Nothing can be asked for of an empty file, not even its first byte."""
    with pytest.raises(ReadError, match=r"empty\.tif"):
        TiffSequence([f"{web.url}/remote/empty.tif"]).asarray()


def test_cached_files(folder, web, tmp_path):
    """Fsspec's own chains go on working."""
    url = f"simplecache::{web.url}/remote/t*.tif"
    options = {"simplecache": {"cache_storage": str(tmp_path)}}
    seq = TiffSequence(url, storage_options=options)
    assert seq[0] == f"simplecache::{web.url}/remote/t0.tif"
    assert seq.asarray()[:, 0, 0].tolist() == [0, 1, 2]
    assert any(tmp_path.iterdir())


def test_archives_in_memory(folder):
    """Of file systems that know no plain requests, fsspec reads the ranges."""
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/archives/all.zip", (folder / "all.zip").read_bytes())
    seq = TiffSequence("memory://archives/all.zip", pattern=r"t(?P<t>\d)", unmatched="skip")
    assert seq.asarray()[:, 0, 0].tolist() == [0, 1, 2]
    large = TiffSequence(["large.tif"], container="memory://archives/all.zip").to_dask_array()
    expected = tifffile.imread(folder / "large.tif")
    np.testing.assert_array_equal(large[0, 300:400].compute(), expected[300:400])
    memory.pipe_file("/archives/large.tif", (folder / "large.tif").read_bytes())
    large = TiffSequence("memory://archives/*.tif").to_dask_array()
    np.testing.assert_array_equal(large[0, 300:400].compute(), expected[300:400])
    memory.rm("/archives", recursive=True)


def test_servers_that_are_not_there(web):
    """Whatever the file system raises, an error names the URL."""
    for url in ("http://127.0.0.1:1/*.tif", "ftp://127.0.0.1:1/*.tif"):
        with pytest.raises(ReadError, match=url[:20]):
            TiffSequence(url)
    with pytest.raises(ReadError, match=r"container='http://127\.0\.0\.1:1/a\.zip'"):
        TiffSequence("*.tif", container="http://127.0.0.1:1/a.zip")
    with pytest.raises(ReadError, match=r"container='nowhere\.zip'"):
        TiffSequence("*.tif", container="nowhere.zip")


def test_arguments(folder, web):
    """What cannot be meant is said at once, and secrets never."""
    url = f"{web.url}/remote/t0.tif"
    with pytest.raises(NamesError, match="storage_options"):
        TiffSequence(["a.tif"], storage_options={"key": "secret"})
    with pytest.raises(NamesError, match="storage_options"):
        TiffSequence([url], storage_options=["key"])
    with pytest.raises(NamesError, match="a path and a URL"):
        TiffSequence([url, "a.tif"])
    with pytest.raises(NamesError, match="path_map"):
        TiffSequence([url], path_map={"/data": "/mnt"})
    with pytest.raises(ReadError, match="hedaers"):
        TiffSequence([url], storage_options={"hedaers": {}}).asarray()
    with pytest.raises(ReadError, match="no-such-profile"):
        TiffSequence("s3://scans/*.tif", storage_options={"profile": "no-such-profile"})
    seq = TiffSequence([url], storage_options={"headers": {"token": "secret"}})
    assert "secret" not in f"{seq!r} {seq} {seq.source!r} {seq.array()!r}"
    again = pickle.loads(pickle.dumps(seq))
    assert again.to_dask_array().name == seq.to_dask_array().name
    assert again.asarray().shape == (1, 8, 9)


def test_packages_that_are_missing(monkeypatch):
    """An error says what to install."""
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(ImportError, match=r"gs://scans.*pip install 'gcsfs'"):
        TiffSequence("gs://scans/*.tif")


@pytest.mark.parametrize(("mode", "rows"), [("nohead", 500), ("unversioned", 501)])
def test_a_file_that_changes_while_it_is_read(served, broken, mode, rows):
    """Its header would be of one version, and its pixels of another."""
    path = served / "replaced.tif"
    tifffile.imwrite(path, np.zeros((500, 500), "u1"))
    seq = TiffSequence([f"{broken[mode].url}/replaced.tif"])
    with seq.source.open(seq[0]) as handle:
        handle.read(10)
        tifffile.imwrite(path, np.ones((rows, 500), "u1"))
        os.utime(path, ns=(1, 1))
        handle.seek(200_000)
        with pytest.raises(OSError, match="changed while it was read"):
            handle.read(10)


def test_a_file_in_memory_that_changes_while_it_is_read():
    """As on servers."""
    memory = pytest.importorskip("fsspec").filesystem("memory")
    memory.pipe_file("/replaced.raw", bytes(500_000))
    seq = TiffSequence(["memory://replaced.raw"])
    with seq.source.open(seq[0]) as handle:
        handle.read(10)
        memory.pipe_file("/replaced.raw", b"1" * 500_000)
        handle.seek(200_000)
        with pytest.raises(OSError, match="changed while it was read"):
            handle.read(10)
    memory.rm("/replaced.raw")


def test_a_remote_archive_that_is_replaced(folder, served, web, tmp_path):
    """Its old directory would find other members, or none."""
    archive = served / "replaced.zip"
    for value in (1, 2):
        with zipfile.ZipFile(tmp_path / "new.zip", "w") as members:
            for number in range(value * 2):
                tifffile.imwrite(tmp_path / "a.tif", np.full((3, 3), value, "u1"))
                members.write(tmp_path / "a.tif", f"{number}.tif")
        shutil.move(tmp_path / "new.zip", archive)
        seq = TiffSequence("*.tif", container=f"{web.url}/replaced.zip")
        assert seq.asarray()[:, 0, 0].tolist() == [value] * 2 * value
