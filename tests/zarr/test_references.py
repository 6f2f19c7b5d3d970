"""Reference files: what zarr reads of them, where this package cannot be imported."""

import functools
import http.server
import io
import itertools
import json
import ntpath
import os
import pickle
import re
import subprocess
import sys
import threading
import types
import zipfile

import numpy as np
import pytest
import tifffile
import xarray as xr

from dask_fileseq import ChunkMismatchError, FileSequence, ReadError, TiffSequence, open_sequence
from dask_fileseq.readers import Reader, count
from dask_fileseq.zarr import references
from dask_fileseq.zarr.references import file_urls
from tests.helpers.corpus import KINDS, image, write_corpus

PATTERN = r"(?P<time>\d+)_(?P<channel>[A-Z]+)_z(?P<z>\d+)"

READER = """
import pickle, sys, warnings
sys.modules["dask_fileseq"] = None
import zarr
codecs, target, *paths = sys.argv[1:]
options = {"remote_options": {"asynchronous": True}}  # as zarr needs it over HTTP
if "imagecodecs" in codecs:
    import imagecodecs.numcodecs
    imagecodecs.numcodecs.register_codecs(verbose=False)
if "tifffile" in codecs:
    import tifffile.numcodecs
    tifffile.numcodecs.register_codec()
found = {}
for path in paths:
    try:
        node = zarr.open("reference://", storage_options=options | {"fo": path}, mode="r")
        found[path] = node["image"][...] if isinstance(node, zarr.Group) else node[...]
    except Exception as error:
        found[path] = repr(error)
with open(target, "wb") as file:
    pickle.dump(found, file)
"""


def run(code, *arguments, cwd=None):
    """Run a program for which this package does not exist."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    subprocess.run(command, check=True, cwd=cwd, env=environment)


@pytest.fixture
def elsewhere(tmp_path):
    """Return a function that reads reference files in another process."""

    def read(*paths, codecs="imagecodecs tifffile", cwd=None):
        run(READER, codecs, tmp_path / "found", *paths, cwd=cwd)
        return list(pickle.loads((tmp_path / "found").read_bytes()).values())

    return read


def same(observed, expected):
    assert not isinstance(observed, str), observed
    assert observed.dtype.newbyteorder("=") == expected.dtype
    np.testing.assert_array_equal(observed, expected)


def metadata(path, key="image/.zarray"):
    return json.loads(json.loads(path.read_text("utf-8"))["refs"][key])


def sequence(folder):
    return TiffSequence(f"{folder}/*.tif", pattern=PATTERN)


# all kinds of files

PLAIN = [
    name for name in KINDS if re.match("contiguous-(?!bool)|plain-tiles|stack|imagej|ome", name)
]
PLAIN += [f"{codec}-{end}" for codec in ("zlib", "lzma", "zstd") for end in ("tiles", "one-strip")]
WHOLE = {"lzw-strips", "jpeg-rgb-tiles", "bits-12-strips", "contiguous-bool-big", "bits-reversed"}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """Write two files of each kind, and references to them; return sequences by their paths."""
    folder = tmp_path_factory.mktemp("kinds")
    found = []
    for seed in range(2):
        (folder / str(seed)).mkdir()
        found.append(write_corpus(folder / str(seed), seed))
    sequences = {}
    for name in KINDS:
        seq = TiffSequence([paths[name] for paths in found], pattern=r"(?P<n>\d)/")
        seq.write_fsspec(folder / f"{name}.json")
        sequences[folder / f"{name}.json"] = seq
    return sequences


@pytest.mark.slow
def test_every_kind_of_file(kinds, elsewhere):
    """Of whatever kind files are, the references must give their pixels."""
    for (path, seq), observed in zip(kinds.items(), elsewhere(*kinds), strict=True):
        same(observed, seq.asarray())
        whole = (metadata(path)["compressor"] or {}).get("id") == "tifffile"
        assert whole or path.stem not in WHOLE
        assert not whole or path.stem not in PLAIN


@pytest.mark.slow
def test_without_any_codec_of_tiff(kinds, elsewhere):
    """Uncompressed pixels and standard codecs need zarr alone."""
    paths = {path: seq for path, seq in kinds.items() if path.stem in PLAIN}
    assert len(paths) > 50
    for observed, seq in zip(elsewhere(*paths, codecs=""), paths.values(), strict=True):
        same(observed, seq.asarray())


@pytest.mark.slow
@pytest.mark.parametrize("axestiled", [None, {0: 0}, {2: 1, 1: 0}], ids=str)
@pytest.mark.parametrize("fillvalue", [None, 7])
def test_grid(acquisition, tmp_path, elsewhere, axestiled, fillvalue):
    """Tiles of many files in their places; the one cell without a file is fill."""
    seq = sequence(acquisition[0])
    arguments = {"axestiled": axestiled, "fillvalue": fillvalue, "groupname": None}
    dims = list(seq.array(axestiled=axestiled).dims)
    kinds = list(itertools.product([None, "file"], [0, 1]))
    paths = [tmp_path / f"{chunks}{version}.json" for chunks, version in kinds]
    for path, (chunks, version) in zip(paths, kinds, strict=True):
        seq.write_fsspec(path, chunks=chunks, version=version, zattrs={"unit": "um"}, **arguments)
        references = json.loads(path.read_text())
        references = references["refs"] if version else references
        assert json.loads(references[".zattrs"]) == {"unit": "um", "_ARRAY_DIMENSIONS": dims}
        assert len(references) - 2 == 11 * (1 if chunks else 12)
        chunkshape = json.loads(references[".zarray"])["chunks"]
        assert chunkshape[-2:] == ([48, 64] if chunks else [16, 16])
    expected = seq.asarray(axestiled=axestiled, fillvalue=fillvalue)
    for observed, _ in zip(elsewhere(*paths), kinds, strict=True):
        same(observed, expected)


@pytest.mark.slow
def test_tiles_that_do_not_fill_files(tmp_path, elsewhere):
    """Edge to edge, a tile that reaches beyond its file would cover the next one."""
    for i in range(2):
        data = image((40, 64), "u2", i)
        tifffile.imwrite(tmp_path / f"{i}.tif", data, tile=(16, 16), compression="zlib")
    seq = TiffSequence(f"{tmp_path}/*.tif", pattern=r"(?P<n>\d)\.")
    for axestiled, chunks in (({0: 0}, [40, 64]), ({0: 1}, [40, 16]), (None, [1, 16, 16])):
        seq.write_fsspec(tmp_path / "a.json", axestiled=axestiled)
        expected = [16, 16] if axestiled == {0: 1} else chunks
        assert metadata(tmp_path / "a.json")["chunks"] == expected
        same(elsewhere(tmp_path / "a.json")[0], seq.asarray(axestiled=axestiled))
    with pytest.raises(ValueError, match="chunks='tile' is not possible: files are edge to edge"):
        seq.write_fsspec(tmp_path / "a.json", axestiled={0: 0}, chunks="tile")


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(60, 500), (3, 60, 500), (3, 59, 500)], ids=str)
@pytest.mark.parametrize("contiguous", [True, False])
def test_large_pages_are_cut(tmp_path, elsewhere, monkeypatch, shape, contiguous):
    """One chunk of gigabytes would have to be read for a pixel of it."""
    monkeypatch.setattr("dask_fileseq.readers.tiff.tiffimage.LARGE", 20_000)
    monkeypatch.setattr("dask_fileseq.readers.tiff.tiffimage.SMALL", 2_000)
    for i in range(2):
        with tifffile.TiffWriter(tmp_path / f"{i}.tif", byteorder=">") as writer:
            for page in image(shape, "u2", i).reshape(-1, *shape[-2:]):
                writer.write(page, contiguous=contiguous, metadata=None)
    seq = TiffSequence(f"{tmp_path}/*.tif", pattern=r"(?P<n>\d)\.")
    seq.write_fsspec(tmp_path / "a.json", chunks="tile")
    same(elsewhere(tmp_path / "a.json")[0], seq.asarray())
    rows = {60: 20, 59: 59}[shape[-2]]
    assert metadata(tmp_path / "a.json")["chunks"] == [1] * (len(shape) - 1) + [rows, 500]


@pytest.mark.slow
def test_xarray_opens_it(acquisition, tmp_path):
    """With labels, and with pixels of value 0 as they are."""
    seq = sequence(acquisition[0])
    for version in (0, 1):
        seq.write_fsspec(tmp_path / f"{version}.json", groupname="image", version=version)
    np.save(tmp_path / "expected.npy", acquisition[1])
    code = """
import sys, warnings
warnings.simplefilter("error")
sys.modules["dask_fileseq"] = None
import imagecodecs.numcodecs, numpy as np, xarray as xr
imagecodecs.numcodecs.register_codecs(verbose=False)
for path in sys.argv[2:]:
    dataset = xr.open_zarr("reference://", storage_options={"fo": path})
    np.testing.assert_array_equal(dataset.image, np.load(sys.argv[1]))
    assert dataset.image.dims == ("time", "channel", "z", "y", "x")
    assert dataset.image.dtype == np.uint16
    assert dataset.channel.values.tolist() == ["DAPI", "GFP"]
    assert dataset.image.sel(z=2, channel="DAPI").shape == (3, 48, 64)
"""
    run(code, tmp_path / "expected.npy", tmp_path / "0.json", tmp_path / "1.json")


def test_labels_that_begin_with_a_brace(tmp_path):
    """Bytes of numbers, of which the first is that of a brace, were taken for text."""
    for t in (123, 200):
        tifffile.imwrite(tmp_path / f"t{t}.tif", image((20, 30), "u2", t))
    seq = open_sequence(f"{tmp_path}/*.tif", pattern="t{t:d}.tif", spacing="values")
    seq.write_fsspec(tmp_path / "a.json", groupname="image")
    dataset = xr.open_zarr("reference://", storage_options={"fo": str(tmp_path / "a.json")})
    assert dataset.t.values.tolist() == [123, 200]
    np.testing.assert_array_equal(dataset.image, seq.asarray())


def test_arguments_of_the_reader(tmp_path, elsewhere):
    """Another page is other bytes; of whole files the codec gets the argument."""
    for i in range(2):
        tifffile.imwrite(
            tmp_path / f"{i}.tif", image((4, 20, 30), "u2", i), photometric="minisblack"
        )
    seq = TiffSequence(f"{tmp_path}/*.tif", pattern=r"(?P<n>\d)\.")
    for chunks in ("tile", "file"):
        seq.write_fsspec(tmp_path / f"{chunks}.json", chunks=chunks, key=1)
    for observed in elsewhere(tmp_path / "tile.json", tmp_path / "file.json"):
        same(observed, seq.asarray(key=1))
    assert metadata(tmp_path / "file.json")["compressor"] == {"id": "tifffile", "key": 1}
    with pytest.raises(TypeError, match="imreadargs="):
        seq.write_fsspec(tmp_path / "a.json", key=slice(2))


# files that are not all alike


@pytest.fixture
def unlike(tmp_path):
    """Files of one shape: uncompressed, big-endian, compressed, in pages of others."""
    kinds = [{}, {"byteorder": ">"}, {"compression": "zlib"}, {"tile": (16, 16)}]
    for i, arguments in enumerate(kinds):
        tifffile.imwrite(tmp_path / f"t{i}.tif", image((40, 48), "u2", i), **arguments)
    return TiffSequence(f"{tmp_path}/*.tif", pattern=r"t(?P<t>\d)")


def test_files_stored_otherwise(unlike, tmp_path, elsewhere):
    """The codecs of the first file would make noise of another's bytes."""
    unlike.write_fsspec(tmp_path / "a.json")
    same(elsewhere(tmp_path / "a.json")[0], unlike.asarray())
    with pytest.raises(ValueError, match=r"t1\.tif' is stored otherwise than '.*t0\.tif'"):
        unlike.write_fsspec(tmp_path / "b.json", chunks="tile")
    assert not (tmp_path / "b.json").exists()


def test_files_of_another_shape(tmp_path):
    """Of as many pixels, they would be taken for the others."""
    for i, shape in enumerate([(20, 30), (30, 20)]):
        tifffile.imwrite(tmp_path / f"{i}.tif", np.zeros(shape, "u1"))
    seq = TiffSequence(f"{tmp_path}/*.tif")
    for chunks in (None, "tile", "file"):
        with pytest.raises(ChunkMismatchError, match=r"1\.tif"):
            seq.write_fsspec(tmp_path / "a.json", chunks=chunks)
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize("content", [b"nothing", b"", None])
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("chunks", [None, "file"])
def test_unreadable_file(tmp_path, content, number, chunks):
    for i in range(2):
        tifffile.imwrite(tmp_path / f"{i}.tif", np.zeros((20, 30), "u1"))
    seq = TiffSequence(f"{tmp_path}/*.tif")
    if content is None:
        (tmp_path / f"{number}.tif").unlink()
    else:
        (tmp_path / f"{number}.tif").write_bytes(content)
    with pytest.raises(ReadError, match=rf"{number}\.tif"):
        seq.write_fsspec(tmp_path / "a.json", chunks=chunks)


def test_every_header_is_read_once(acquisition, tmp_path):
    """What was not read is not proven; pixels are those of the first file only."""
    seq = sequence(acquisition[0])
    shape = seq.chunkshape
    with count() as counts:
        seq.write_fsspec(tmp_path / "a.json")
    assert counts.headers == len(seq) + 1  # the first one tells what the others must be
    assert counts.bytes < 2 * np.prod(shape) * 2


def test_cluster_reads_headers(acquisition, tmp_path, cluster):
    """With a client, headers are read by workers: tasks and errors must travel."""
    from distributed import Client

    seq = sequence(acquisition[0])
    seq.write_fsspec(tmp_path / "a.json")
    with Client(cluster):
        seq.write_fsspec(tmp_path / "b.json")
    assert (tmp_path / "a.json").read_text() == (tmp_path / "b.json").read_text()


@pytest.mark.parametrize("known", [True, False])
def test_set_of_files_that_name_each_other(tmp_path, elsewhere, known):
    """Alone, tifffile's codec takes a file for the whole set where it finds itself in it."""
    names = [tmp_path / f"t{i}.ome.tif" for i in range(2)]
    data = image((2, 20, 30), "u1")
    tifffile.imwrite(names[0], data, photometric="minisblack", metadata={"axes": "TYX"}, ome=True)
    with tifffile.TiffFile(names[0]) as tif:
        xml = tif.ome_metadata
    blocks = "".join(
        f'<TiffData FirstT="{i}" IFD="0" PlaneCount="1">'
        f'<UUID FileName="t{i}.ome.tif">urn:uuid:{i}</UUID></TiffData>'
        for i in range(2)
    )
    xml = re.sub("<TiffData[^>]*/>", blocks, xml)
    for i, name in enumerate(names):
        own = re.sub(' UUID="[^"]*"', f' UUID="urn:uuid:{i if known else 9}"', xml)
        arguments = {"description": own.encode(), "metadata": None, "compression": "lzw"}
        tifffile.imwrite(name, data[i], rowsperstrip=7, **arguments)
    seq = TiffSequence(names)
    np.testing.assert_array_equal(seq.asarray(), data)
    if known:
        with pytest.raises(ValueError, match=r"t0\.ome\.tif"):
            seq.write_fsspec(tmp_path / "a.json")
    else:
        seq.write_fsspec(tmp_path / "a.json")
        same(elsewhere(tmp_path / "a.json")[0], data)


# readers and codecs


def test_other_images(tmp_path, elsewhere):
    """The codec of the format is known by the names."""
    imagecodecs = pytest.importorskip("imagecodecs")
    for i in range(2):
        imagecodecs.imwrite(tmp_path / f"t{i}.png", image((20, 30), "u1", i))
    seq = open_sequence(f"{tmp_path}/*.png", pattern="t{t:d}.png")
    seq.write_fsspec(tmp_path / "a.json")
    assert metadata(tmp_path / "a.json")["compressor"] == {"id": "imagecodecs_png"}
    same(elsewhere(tmp_path / "a.json")[0], seq.asarray())


def test_readers_of_other_packages(acquisition, tmp_path, elsewhere):
    """The function of tifffile itself, and a reader that nothing is known of."""
    seq = FileSequence(tifffile.imread, f"{acquisition[0]}/*.tif", pattern=PATTERN)
    seq.write_fsspec(tmp_path / "a.json")
    same(elsewhere(tmp_path / "a.json")[0], acquisition[1])
    seq = FileSequence(functools.partial(tifffile.imread), seq.files, pattern=PATTERN)
    with pytest.raises(ValueError, match="codec_id="):
        seq.write_fsspec(tmp_path / "b.json")
    seq.write_fsspec(tmp_path / "b.json", codec_id="imagecodecs_tiff")
    same(elsewhere(tmp_path / "b.json")[0], acquisition[1])


def test_codec_that_reads_otherwise(tmp_path):
    """A reader that turns its images would be left out without a word."""
    imagecodecs = pytest.importorskip("imagecodecs")
    imagecodecs.imwrite(tmp_path / "t.png", image((20, 20), "u1"))

    class Turning(Reader):
        def __call__(self, file):
            return imagecodecs.imread(file).T

        def codec(self, name, imreadargs):
            return {"id": "imagecodecs_png"}

    with pytest.raises(ValueError, match=r"t\.png' decodes to other pixels"):
        FileSequence(Turning(), [str(tmp_path / "t.png")]).write_fsspec(tmp_path / "a.json")


# where the files are

NAMES = ["t 0.tif", "50%25 1.tif", "{u}{{u}} 2.tif", "ü#?&=+3.tif", "~4.tif", "'[5].tif", "b/6.tif"]
if os.sep == "/":
    NAMES += ["back\\slash 7.tif", 'quote" 8.tif']


@pytest.fixture
def odd(tmp_path):
    """Files with names that mean something to URLs, templates, shells."""
    (tmp_path / "odd {u} %20" / "b").mkdir(parents=True)
    names = [tmp_path / "odd {u} %20" / name for name in NAMES if os.sep == "/" or '"?' not in name]
    for i, name in enumerate(names):
        tifffile.imwrite(name, image((20, 30), "u2", i))
    return tmp_path / "odd {u} %20", TiffSequence([str(name) for name in names], sort=False)


@pytest.mark.slow
@pytest.mark.parametrize("version", [None, 1])
@pytest.mark.parametrize("chunks", [None, "file"])
def test_odd_names(odd, tmp_path, elsewhere, version, chunks):
    """Absolute, relative, below another folder's name, and as URLs of files."""
    folder, seq = odd
    paths = []
    for url in (None, "", str(folder), f"{folder}/", f"file://{folder.as_posix()}"):
        paths.append(tmp_path / f"{len(paths)}.json")
        seq.write_fsspec(paths[-1], url, version=version, chunks=chunks)
    for observed in elsewhere(*paths, cwd=folder):
        same(observed, seq.asarray())


def test_template(acquisition, tmp_path, elsewhere):
    """The location of all files stands in one place, for others to change."""
    seq = sequence(acquisition[0])
    path = tmp_path / "a.json"
    seq.write_fsspec(path, version=1, templatename="root")
    references = json.loads(path.read_text())
    assert references["templates"] == {"root": f"{acquisition[0]}/"}
    assert references["refs"]["image/0.0.0.0.0"][0] == "{{root}}000_DAPI_z1.tif"
    same(elsewhere(path)[0], acquisition[1])


class Ranges(http.server.SimpleHTTPRequestHandler):
    """A server of files that knows ranges."""

    def log_message(self, *_):
        pass

    def send_head(self):
        path = self.translate_path(self.path)
        if not os.path.isfile(path):
            self.send_error(404)
            return None
        with open(path, "rb") as file:
            content = file.read()
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        self.send_response(206 if wanted else 200)
        if wanted:
            start, stop = int(wanted[1]), int(wanted[2] or len(content) - 1) + 1
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(content)}")
            content = content[start:stop]
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return io.BytesIO(content)


@pytest.fixture
def server(odd):
    handler = functools.partial(Ranges, directory=odd[0])
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


@pytest.mark.network
@pytest.mark.parametrize("version", [None, 1])
@pytest.mark.parametrize("chunks", [None, "file"])
def test_http(odd, server, tmp_path, elsewhere, version, chunks):
    """There, names have to be quoted: a # ends one, and % begins a code."""
    seq = odd[1]
    seq.write_fsspec(tmp_path / "a.json", server, version=version, chunks=chunks)
    same(elsewhere(tmp_path / "a.json")[0], seq.asarray())


def test_location_of_windows(monkeypatch):
    """With backslashes, fsspec would not find a protocol's or a template's end."""
    windows = types.SimpleNamespace(path=ntpath, sep="\\")
    monkeypatch.setattr(references, "os", windows)
    names = ["C:\\data\\a\\t 1.tif", "C:\\data\\b\\t 2.tif"]
    assert file_urls(names, None, None) == ("C:/data/", ["a/t 1.tif", "b/t 2.tif"])
    assert file_urls(names, "D:\\x", None) == ("D:/x/", ["a/t 1.tif", "b/t 2.tif"])
    assert file_urls(names, "https://a.org", None)[1] == ["a/t%201.tif", "b/t%202.tif"]
    names[1] = "D:\\t2.tif"
    assert file_urls(names, None, None) == ("", ["C:/data/a/t 1.tif", "D:/t2.tif"])
    with pytest.raises(ValueError, match="cannot replace the folder"):
        file_urls(names, "http://a.org", None)


def test_locations_that_are_urls():
    """They are what they are; another one may stand for what they share."""
    names = ["s3://b/a/t 1.tif", "s3://b/a/x/t%202.tif"]
    assert file_urls(names, None, None) == ("s3://b/a/", ["t 1.tif", "x/t%202.tif"])
    assert file_urls(names, "gs://c", None) == ("gs://c/", ["t 1.tif", "x/t%202.tif"])
    with pytest.raises(ValueError, match="is in an archive"):
        file_urls(["zip://t1.tif::s3://b/a.zip"], None, None)
    assert file_urls(["/a//b/../t1.tif", "/a/./t2.tif"], "", None) == ("", ["t1.tif", "t2.tif"])


def test_archive(acquisition, tmp_path):
    """A member has no location of its own."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in acquisition[0].iterdir():
            archive.write(path, path.name)
    seq = TiffSequence("*.tif", container=tmp_path / "a.zip", pattern=PATTERN)
    with pytest.raises(ValueError, match="have no locations of their own"):
        seq.write_fsspec(tmp_path / "a.json")


# tifffile's own


@pytest.mark.parametrize("version", [None, 0, 1])
@pytest.mark.parametrize("groupname", [None, "image"])
@pytest.mark.parametrize("axestiled", [None, {0: 0}])
def test_as_tifffile(acquisition, tmp_path, version, groupname, axestiled):
    """Where whole files are chunks, all entries are those of tifffile; some come on top."""
    oracle = tifffile.TiffSequence(
        f"{acquisition[0]}/*.tif", pattern=PATTERN, categories={"channel": {"DAPI": 0, "GFP": 1}}
    )
    arguments = {"version": version, "groupname": groupname, "codec_id": "tifffile"}
    url = "https://server/scan"
    for seq, name in ((oracle, "theirs"), (sequence(acquisition[0]), "ours")):
        with seq.aszarr(axestiled=axestiled, fillvalue=0) as store:
            store.write_fsspec(tmp_path / f"{name}.json", url, **arguments)
    theirs, ours = (json.loads((tmp_path / f"{n}.json").read_text()) for n in ("theirs", "ours"))
    if version == 1:
        assert {**theirs, "refs": 0} == {**ours, "refs": 0}
        theirs, ours = theirs["refs"], ours["refs"]
    theirs = {key: value for key, value in theirs.items() if not key.endswith(".zattrs")}
    for key, value in theirs.items():
        if isinstance(value, str):
            assert json.loads(ours[key]) == json.loads(value)
        else:
            assert ours[key] == value
    more = {key.split("/")[0] for key in ours.keys() - theirs.keys()}
    assert more <= {".zattrs", ".zmetadata", "image", "time", "channel", "z", "has_file"}


@pytest.mark.slow
def test_several_arrays_in_one_file(acquisition, tmp_path, elsewhere):
    """As with tifffile: one after the other, and only the last one closes it."""
    seq = sequence(acquisition[0])
    path = tmp_path / "a.json"
    with open(path, "w", encoding="utf-8") as file:
        seq.write_fsspec(file, groupname="a", _close=False)
        seq.write_fsspec(file, groupname="b", chunks="file", _append=True)
    seq.write_fsspec(tmp_path / "b.json", groupname="a", _close=False)
    seq.write_fsspec(tmp_path / "b.json", groupname="b", chunks="file", _append=True)
    assert path.read_text() == (tmp_path / "b.json").read_text()
    references = json.loads(path.read_text(), object_pairs_hook=_without_twins)
    assert {key.split("/")[0] for key in references} == {
        ".zgroup",
        "a",
        "b",
        "time",
        "channel",
        "z",
        "has_file",
    }
    code = """
import sys
sys.modules["dask_fileseq"] = None
import imagecodecs.numcodecs, numpy as np, tifffile.numcodecs, zarr
imagecodecs.numcodecs.register_codecs(verbose=False)
tifffile.numcodecs.register_codec()
group = zarr.open_group("reference://", storage_options={"fo": sys.argv[1]}, mode="r")
np.testing.assert_array_equal(group["a"][...], group["b"][...])
assert group["a"][...].any()
"""
    run(code, path)


def _without_twins(pairs):
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"version": 2}, "version=2"),
        ({"version": 1, "_append": True}, "version=1"),
        ({"version": 1, "_close": False}, "version=1"),
        ({"zarr_format": 4}, "zarr_format=4"),
        ({"zarr_format": 3, "chunks": "file"}, "zarr_format=3"),
        ({"chunks": "page"}, "chunks='page'"),
        ({"chunks": "tile", "codec_id": "x"}, "codec_id='x'"),
        ({"templatename": "a b", "version": 1}, "templatename='a b'"),
        ({"groupname": "time"}, "groupname='time'"),
        ({"dimension_names": "abc"}, "dimension_names='abc'"),
    ],
    ids=str,
)
def test_wrong_arguments(acquisition, tmp_path, arguments, message):
    """Nothing is written then."""
    with pytest.raises(ValueError, match=message):
        sequence(acquisition[0]).write_fsspec(tmp_path / "a.json", **arguments)
    assert not (tmp_path / "a.json").exists()


def test_without_zarr(monkeypatch, acquisition):
    monkeypatch.setitem(sys.modules, "dask_fileseq.zarr", None)
    with pytest.raises(ImportError, match=re.escape("dask-fileseq[zarr]")):
        sequence(acquisition[0]).write_fsspec(io.StringIO())


def test_the_fill_value_of_the_sequence_is_in_references(tmp_path):
    """It would be null, unless it is given again."""
    for t in (0, 2):
        tifffile.imwrite(tmp_path / f"t{t}.tif", np.ones((4, 6), "u1"))
    target = tmp_path / "a.json"
    cases = (0, None, 0), (7, None, 7), (7, 0, 0), (None, 0, 0), (None, None, None)
    for own, given, expected in cases:
        seq = open_sequence(f"{tmp_path}/*.tif", fillvalue=own, spacing="unit")
        seq.write_fsspec(target, fillvalue=given, version=0, groupname=None)
        assert json.loads(json.loads(target.read_text())[".zarray"])["fill_value"] == expected
