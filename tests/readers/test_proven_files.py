"""The fast way to whole files: it is taken where it should be, and never gives other pixels."""

from __future__ import annotations

import datetime
import shutil
import threading
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile

from dask_fileseq import FileSequence, FillWarning, ReadError, TiffSequence
from dask_fileseq.readers import ChunkSpec, count, read_tiff, whole_region
from dask_fileseq.readers.tiff import byteranges, registry
from dask_fileseq.readers.tiff.registry import SLOW_LZW, Proof, Registry
from dask_fileseq.readers.tiff.signature import interpreted_words, is_free_text
from tests.helpers.corpus import ALTERED, KINDS, altered_bytes, image, write_corpus, write_near
from tests.helpers.regions import read_region
from tests.helpers.shared import DATA

Array = np.ndarray[Any, Any]


def slow(path: str, spec: ChunkSpec) -> Array | Exception:
    """Read a file through tifffile."""
    out = np.empty(spec.shape, spec.dtype)
    try:
        # an argument that changes nothing keeps the fast way away
        read_tiff.read_region(path, spec, whole_region(out.shape), out, maxworkers=1)
    except Exception as error:  # of any codec
        return error
    return out


def check(path: str, spec: ChunkSpec) -> str:
    """Compare the fast way with that through tifffile, and return which way it was."""
    out = np.full(spec.shape, 1, spec.dtype)
    expected = slow(path, spec)
    with count() as counts:
        try:
            done = read_tiff.read_files([path], spec, [out])
        except MemoryError:
            done = -1
    if done < 0:
        assert isinstance(expected, MemoryError)
        return "memory"
    assert done in (0, 1)
    if done:
        assert not isinstance(expected, Exception), f"{path}: {expected!r}"
        assert out.tobytes() == expected.tobytes(), path
        return next(way for way, times in counts.ways.items() if times)
    return "left"


FAST = {"template", "proven", "libtiff"}


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_corpus(tmp_path: Path, corpus: dict[str, str]) -> None:
    """A kind of file gets other pixels, or no kind is read fast."""
    more = []
    for seed in range(1, 4):
        (tmp_path / str(seed)).mkdir()
        more.append(write_corpus(tmp_path / str(seed), seed))
    left = []
    for name, path in corpus.items():
        spec = read_tiff.describe(path).spec
        ways = [check(paths[name], spec) for paths in (corpus, *more)]
        if not FAST.intersection(ways):
            left.append(name)
    # what is left to tifffile, and nothing else, is known by its name
    words = ("sparse", "bits-reversed", "pyramid", "imagej-zlib")
    assert [name for name in left if not any(word in name for word in words)] == []
    assert len(left) < len(KINDS) / 3


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("first", ["as it is", "lzw", "tiles", "shaped", "described", "imagej"])
def test_files_that_differ_in_one_thing(tmp_path: Path, first: str) -> None:
    """A tag that decides about pixels is overlooked."""
    for seed in (1, 2):
        (tmp_path / str(seed)).mkdir()
    paths, others = write_near(tmp_path / "1", 1), write_near(tmp_path / "2", 2)
    spec = read_tiff.describe(paths[first]).spec
    ways: Counter[str] = Counter()
    for path in (paths[first], others[first], *paths.values(), *others.values(), paths[first]):
        ways[check(path, spec)] += 1
    assert sum(ways[way] for way in FAST) > 8


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("suffix", ["", ".tif"])
def test_the_end_of_a_name_counts(tmp_path, suffix):
    """Tifffile looks at it, too: it reads the same bytes otherwise as a slide."""
    folder = tmp_path / "exp.1"
    folder.mkdir()
    paths = [str(folder / f"{i}{suffix}") for i in range(4)]
    for i, path in enumerate(paths):
        tifffile.imwrite(path, np.full((16, 16), i, "u2"))
    spec = read_tiff.describe(paths[0]).spec
    assert [check(path, spec) for path in paths][2:] == ["template", "template"]
    shutil.copy(paths[0], folder / "slide.ndpi")
    assert check(str(folder / "slide.ndpi"), spec) == "left"


@pytest.mark.usefixtures("eager")
def test_strips_of_uneven_length(tmp_path):
    """Tifffile looks at the lengths of strips where these are apart, and not where they touch."""
    paths = []
    apart, touching = ((1, 0, 2), (128, 128, 128)), ((0, 1, 2), (160, 128, 96))
    for i, (order, counts) in enumerate([apart, apart, apart, touching]):
        paths.append(str(tmp_path / f"{i}.tif"))
        pixels = np.random.default_rng(i).integers(0, 255, (24, 16), "u1")
        tifffile.imwrite(paths[-1], pixels, rowsperstrip=8, metadata=None)
        with tifffile.TiffFile(paths[-1], mode="r+b") as tif:
            tags = tif.pages[0].tags
            first = tags[273].value[0]
            tags[273].overwrite([first + sum(counts[:place]) for place in order])
            tags[279].overwrite(counts)
    spec = read_tiff.describe(paths[0]).spec
    assert [check(path, spec) for path in paths][1:] == ["proven", "proven", "left"]
    found = np.empty((8, 16), spec.dtype)
    for path in paths[:2] + paths[3:]:
        read_region(read_tiff, path, spec, np.s_[8:16, :], found)
    assert found.tobytes() == slow(paths[3], spec)[8:16].tobytes()


@pytest.mark.usefixtures("eager")
@pytest.mark.skipif(not DATA.is_dir(), reason=f"no files in {DATA}")
def test_real_files() -> None:
    """Files of microscopes and satellites get other pixels."""
    paths = sorted(str(p) for p in DATA.glob("**/*.tif*"))
    specs = {path: read_tiff.describe(path).spec for path in paths}
    ways = Counter(check(path, specs[path]) for _ in range(2) for path in paths)
    assert sum(ways[way] for way in FAST) > len(paths)


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("proving", [False, True])
@pytest.mark.parametrize("name", [*ALTERED, "lzw-strips by libtiff", "lzw-tiles by libtiff"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_files_altered_at_random(
    tmp_path: Path, name: str, proving: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged file gives other pixels than through tifffile, or pixels at all."""
    name, _, libtiff = name.partition(" by ")
    if libtiff:
        monkeypatch.setattr(registry, "SLOW_LZW", True)
        monkeypatch.setattr(registry, "LARGE", 0)
    paths = []
    for seed in (1, 2, 3):
        (tmp_path / str(seed)).mkdir()
        paths.append(write_corpus(tmp_path / str(seed), seed, [name])[name])
    spec = read_tiff.describe(paths[0]).spec
    assert check(paths[0], spec) not in FAST
    ways = Counter(check(path, spec) for path in paths)
    assert set(ways) <= FAST
    monkeypatch.setattr(Registry, "is_worth_a_proof", lambda proofs: proving)
    rng = np.random.default_rng(0)
    altered = str(tmp_path / "a.tif")
    for path in paths:
        content = Path(path).read_bytes()
        for _ in range(80):
            Path(altered).write_bytes(altered_bytes(content, rng))
            ways[check(altered, spec)] += 1
    if KINDS[name].args.get("compression") is None and not proving:
        assert sum(ways[way] for way in FAST) > 40


def write_many(folder: Path, number: int, **args: Any) -> tuple[list[str], Array]:
    data = image((number, *args.pop("shape", (64, 64))), "u2")
    names = []
    for i, part in enumerate(data):
        names.append(str(folder / f"{i:03d}.tif"))
        varied = {k: v(i) if callable(v) else v for k, v in args.items()}
        tifffile.imwrite(names[-1], part, **varied)
    return names, data


DATE = datetime.datetime(2026, 1, 2)


@pytest.mark.parametrize(
    ("args", "ways"),
    [
        ({}, {"contiguous": 1, "template": 19}),
        ({"byteorder": ">"}, {"contiguous": 1, "template": 19}),
        ({"bigtiff": True}, {"contiguous": 1, "template": 19}),
        ({"shape": (5, 64, 64)}, {"contiguous": 1, "template": 19}),
        ({"shape": (5, 32, 32), "imagej": True}, {"contiguous": 1, "template": 19}),
        ({"ome": True}, {"contiguous": 1, "proven": 19}),
        ({"ome": True, "compression": "zlib"}, {"segments": 1, "proven": 19}),
        ({"compression": "lzw"}, {"segments": 1, "proven": 19}),
        ({"compression": "lerc"}, {"segments": 1, "proven": 19}),
        ({"compression": "zlib", "tile": (16, 16)}, {"segments": 1, "proven": 19}),
        ({"shape": (5, 32, 32), "compression": "zlib"}, {"segments": 1, "proven": 19}),
        (
            {"description": lambda i: f"no. {i}", "datetime": lambda i: DATE.replace(second=i)},
            {"contiguous": 1, "proven": 19},
        ),
        (
            {"description": lambda i: "at " + "9" * i, "metadata": None, "compression": "lzw"},
            {"segments": 1, "proven": 19},
        ),
    ],
)
def test_ways(tmp_path: Path, args: dict[str, Any], ways: dict[str, int]) -> None:
    """What makes many files fast is lost."""
    names, data = write_many(tmp_path, 20, **args)
    seq = TiffSequence(names)
    with count() as counts:
        np.testing.assert_array_equal(seq.asarray(ioworkers=1), data)
    assert {way: times for way, times in counts.ways.items() if times} == ways
    assert counts.files == 21  # and one for its header
    with count() as counts:
        blocks = seq.to_dask_array(chunks="auto").compute(scheduler="threads")
    np.testing.assert_array_equal(blocks, data)
    assert {way for way, times in counts.ways.items() if times} <= FAST


@pytest.mark.parametrize("size", [64, 512])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_systems_without_vectored_reads(
    tmp_path: Path, size: int, compression: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows pixels come from the wrong place, or no file is read fast."""
    monkeypatch.setattr(byteranges, "VECTORED", False)
    for args in ({}, {"description": lambda i: "x" * i}):
        names, data = write_many(tmp_path, 5, shape=(size, size), compression=compression, **args)
        Path(names[3]).write_bytes(Path(names[3]).read_bytes()[:-1])
        with count() as counts, pytest.warns(FillWarning, match="truncated"):
            result = TiffSequence(names).asarray(ioworkers=1, errors="fill")
        data[3] = 0
        np.testing.assert_array_equal(result, data)
        assert sum(counts.ways[way] for way in FAST) == 3


def test_libtiff_decodes_large_lzw(tmp_path: Path) -> None:
    """With the older imagecodecs, LZW takes twice the time."""
    names, data = write_many(tmp_path, 3, shape=(512, 512), compression="lzw")
    with count() as counts:
        np.testing.assert_array_equal(TiffSequence(names).asarray(ioworkers=1), data)
    assert counts.ways["libtiff" if SLOW_LZW else "proven"] == 2


def test_other_places_than_contiguous_ones(tmp_path: Path) -> None:
    """Tiled or cast outputs get pixels in the wrong place."""
    names, data = write_many(tmp_path, 6)
    seq = TiffSequence(names)
    with count() as counts:
        tiled = seq.asarray(axestiled={0: 1}, ioworkers=1)
        cast = seq.asarray(dtype="f4", ioworkers=1)
    np.testing.assert_array_equal(tiled, np.concatenate(list(data), axis=1))
    np.testing.assert_array_equal(cast, data.astype("f4"), strict=True)
    assert counts.ways["contiguous"] == 1


def test_arguments_archives_and_functions_go_their_own_way(tmp_path: Path) -> None:
    """What has not been proven equal is read by the short way."""
    names, data = write_many(tmp_path, 3)
    seq = TiffSequence(names)
    archive = str(tmp_path / "a.zip")
    with zipfile.ZipFile(archive, "w") as file:
        for name in names:
            file.write(name, Path(name).name)
    seq.asarray()
    with count() as counts:
        np.testing.assert_array_equal(TiffSequence("*.tif", container=archive).asarray(), data)
    assert counts.ways == {"contiguous": 1, "proven": 2}  # by a proof of its own
    with count() as counts:
        np.testing.assert_array_equal(seq.asarray(key=0), data)
        np.testing.assert_array_equal(FileSequence(tifffile.imread, names).asarray(), data)
    assert not FAST.intersection(counts.ways)


def test_bad_files_among_good_ones(tmp_path: Path) -> None:
    """A block that is read in one go hides which of its files is bad, or spoils others."""
    names, data = write_many(tmp_path, 40)
    content = Path(names[7]).read_bytes()
    Path(names[7]).write_bytes(content[:-100])
    Path(names[20]).unlink()
    tifffile.imwrite(names[30], data[30, :32])
    seq = TiffSequence(names)
    for chunks in (None, "auto", -1):
        with pytest.raises(ReadError, match=r"007.tif.*sequence 7\b.*truncated"):
            seq.to_dask_array(chunks=chunks).compute(scheduler="sync")
    with pytest.warns(FillWarning) as caught, count() as counts:
        result = seq.asarray(errors="fill", fillvalue=9, ioworkers=1)
    assert [str(w.message).split(".tif")[0][-3:] for w in caught] == ["007", "020", "030"]
    data[[7, 20, 30]] = 9
    np.testing.assert_array_equal(result, data)
    assert counts.ways["template"] == 37


@pytest.mark.parametrize("wrong", ["file", "chunkshape"])
def test_a_failed_proof_says_nothing_of_other_files(tmp_path: Path, wrong: str) -> None:
    """One bad file makes all good ones of its kind slow, as long as the process lives."""
    names, data = write_many(tmp_path, 20, compression="lzw")
    chunkshape = (64, 64)
    if wrong == "file":
        Path(names[0]).write_bytes(Path(names[0]).read_bytes()[:-100])
    else:
        chunkshape = (32, 128)
    x = TiffSequence(names).to_dask_array(chunkshape=chunkshape, chunkdtype="u2")
    for block in (x[0], x[0, :20]):
        with pytest.raises(ValueError, match="truncated" if wrong == "file" else "expected shape"):
            block.compute()
    seq = TiffSequence(names[1:])
    with count() as counts:
        np.testing.assert_array_equal(seq.asarray(ioworkers=1), data[1:])
        crops = seq.to_dask_array()[:, :20].compute(scheduler="sync")
    np.testing.assert_array_equal(crops, data[1:, :20])
    assert counts.ways["proven"] == 18 + 19


def test_missing_cells_among_files(tmp_path: Path) -> None:
    """A hole in the grid shifts the files behind it."""
    names, data = write_many(tmp_path, 20)
    seq = TiffSequence(names[:5] + names[9:], pattern=r"(\d+)\.tif")
    data[5:9] = 3
    np.testing.assert_array_equal(seq.asarray(fillvalue=3), data)


def test_file_that_was_rewritten(tmp_path: Path) -> None:
    """What was proven of a file is believed of what stands in its place now."""
    names, data = write_many(tmp_path, 4)
    seq = TiffSequence(names)
    seq.asarray()
    for i, args in enumerate(({}, {"predictor": 2, "compression": "lzw"}, {"byteorder": ">"})):
        tifffile.imwrite(names[i], data[3 - i], **args)
        data[i] = data[3 - i]
        np.testing.assert_array_equal(seq.asarray(), data)


def test_two_headers_in_turn(tmp_path: Path) -> None:
    """What is known of ImageJ files is lost with the first other one."""
    data = image((12, 3, 16, 16), "u2")
    names = [str(tmp_path / f"{i:02d}.tif") for i in range(12)]
    for i, name in enumerate(names):
        tifffile.imwrite(name, data[i], imagej=True, metadata={"min": i % 3})
    with count() as counts:
        np.testing.assert_array_equal(TiffSequence(names).asarray(ioworkers=1), data)
    assert (counts.ways["contiguous"], counts.ways["template"]) == (3, 9)


def test_threads_that_begin_together(tmp_path: Path) -> None:
    """Threads prove the same signature at the same time."""
    names, data = write_many(tmp_path, 30, compression="zlib")
    spec = read_tiff.describe(names[0]).spec
    failures = []
    barrier = threading.Barrier(8)

    def work(first: int) -> None:
        order = np.roll(np.arange(30), first).tolist()
        outs = [np.empty((64, 64), "u2") for _ in order]
        barrier.wait()
        done = read_tiff.read_files([names[i] for i in order], spec, outs)
        if done != 30 or not all(np.array_equal(outs[k], data[i]) for k, i in enumerate(order)):
            failures.append(first)

    threads = [threading.Thread(target=work, args=(i * 3,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_files_that_are_all_different_cost_few_proofs(tmp_path: Path) -> None:
    """Each of many files with tags of its own is read twice."""
    names, data = write_many(tmp_path, 60, software=lambda i: f"of run {i}")
    with count() as counts:
        np.testing.assert_array_equal(TiffSequence(names).asarray(ioworkers=1), data)
    assert counts.ways["contiguous"] == 60
    assert counts.files < 85


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("first", ["jfif", "bare"])
def test_jpeg_streams_of_two_kinds(tmp_path: Path, first: str) -> None:
    """Tifffile takes the colours for others if the first strip does not begin as a JFIF file."""
    stream = imagecodecs.jpeg8_encode(image((16, 24, 3), "u1"))
    assert stream[6:10] == b"JFIF"
    bare = stream[:2] + stream[4 + int.from_bytes(stream[4:6]) :]
    paths = {name: str(tmp_path / f"{name}.tif") for name in ("jfif", "bare")}
    for name, data in (("jfif", stream), ("bare", bare)):
        args = {"compression": "jpeg", "photometric": "rgb", "metadata": None}
        tifffile.imwrite(paths[name], iter([data]), shape=(16, 24, 3), dtype="u1", **args)
        with tifffile.TiffFile(paths[name], mode="r+") as tif:
            tif.pages.first.tags["PhotometricInterpretation"].overwrite(2)
    assert (tifffile.imread(paths["jfif"]) != tifffile.imread(paths["bare"])).any()
    spec = read_tiff.describe(paths[first]).spec
    (other,) = set(paths) - {first}
    ways = [check(paths[name], spec) for name in (first, first, other, first)]
    assert ways == ["segments", "proven", "left", "proven"]


def test_proofs_are_bounded() -> None:
    """A million signatures fill the memory."""
    proofs = Registry(limit=3)
    for signature in range(10):
        proofs.add(signature, Proof())
    assert [proofs.get(i) is not None for i in range(10)] == [False] * 7 + [True] * 3


def test_free_text() -> None:
    """A word that tifffile looks for is overlooked, in this release of it or the next."""
    words = interpreted_words()
    assert {"OME>", "ImageJ="} <= words
    for word in words:
        assert not is_free_text(b"a " + word.encode() + b" b")
    for text in ('{"shape": [2, 3]}', "shape=(2,3)", "ImageJ=1.0", "<OME></OME>", "[a],", "µm"):
        assert not is_free_text(text.encode())
    assert is_free_text(b"frame 17, exposure=3.5 ms; x=1e-3\n(second run)\0")


def test_metadata_inside_pixels(tmp_path: Path) -> None:
    """Pixels that tell how to read them are taken for mere pixels."""
    names, _ = write_many(tmp_path, 3, description="x" * 59, metadata=None)
    for i, name in enumerate(names):
        content = bytearray(Path(name).read_bytes())
        with tifffile.TiffFile(name) as tif:
            tag, start = tif.pages.first.tags[270], tif.pages.first.dataoffsets[0]
        text = b'{"shape": [4096]}' if i == 2 else b"text %d" % i
        content[start : start + 60] = text.ljust(59) + b"\0"
        content[tag.offset + 8 : tag.offset + 12] = start.to_bytes(4, "little")
        Path(name).write_bytes(content)
    spec = read_tiff.describe(names[0]).spec
    assert [check(name, spec) for name in names] == ["contiguous", "proven", "contiguous"]
