"""The fast way to regions of files: taken where it should be, and never giving other pixels."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from dask_fileseq import TiffSequence
from dask_fileseq.readers import ChunkSpec, WrongChunk, count, read_tiff
from dask_fileseq.readers.tiff import byteranges
from dask_fileseq.readers.tiff.registry import Registry
from dask_fileseq.readers.tiff.tiffreader import read_proven_region
from tests.helpers.corpus import ALTERED, altered_bytes, image, write_corpus, write_near
from tests.helpers.regions import read_region, region_of
from tests.helpers.shared import DATA

Array = np.ndarray[Any, Any]
Region = tuple[slice, ...]


def some_region(rng: np.random.Generator, shape: tuple[int, ...]) -> Region:
    """Return a region that is not empty, with any steps."""
    region = []
    for n in shape:
        start, stop = sorted(rng.integers(0, n + 1, 2).tolist())
        step = int(rng.choice([1, 1, 1, 2, 7, -1, -3]))
        start, stop = (start, stop) if stop > start else (0, n)
        end = start - 1 if start else None
        region.append(slice(start, stop, step) if step > 0 else slice(stop - 1, end, step))
    return tuple(region)


def slow(path: str, spec: ChunkSpec, region: Region, dtype: Any) -> Array | Exception:
    """Read a region through tifffile."""
    out = np.empty(np.empty(spec.shape, "?")[region].shape, dtype)
    try:
        # an argument that changes nothing keeps the fast way away
        read_region(read_tiff, path, spec, region, out, maxworkers=1)
    except Exception as error:  # of any codec
        return error
    return out


def check(path: str, spec: ChunkSpec, rng: np.random.Generator) -> str:
    """Compare the fast way with that through tifffile, and return which way it was."""
    region = some_region(rng, spec.shape)
    dtype = spec.dtype if spec.dtype.kind == "c" or rng.random() < 0.8 else np.dtype("f8")
    expected = slow(path, spec, region, dtype)
    out = np.empty(np.empty(spec.shape, "?")[region].shape, dtype)
    if rng.random() < 0.3:
        out = np.empty((*out.shape, 2), dtype)[..., 0]  # no two elements side by side
    with count() as counts:
        try:
            done = read_proven_region(path, spec, region_of(region, spec.shape), out)
        except MemoryError:
            assert isinstance(expected, MemoryError)
            return "memory"
        except WrongChunk:
            assert isinstance(expected, WrongChunk)
            return "error"
    if not done:
        return "left"
    assert not isinstance(expected, Exception), f"{path}: {expected!r}"
    assert out.tobytes() == expected.tobytes(), f"{path}: {region}"
    return next(way for way, times in counts.ways.items() if times)


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_corpus(tmp_path: Path, corpus: dict[str, str]) -> None:
    """A kind of file gets other pixels, or no kind is read fast."""
    rng = np.random.default_rng(1)
    more = []
    for seed in range(1, 4):
        (tmp_path / str(seed)).mkdir()
        more.append(write_corpus(tmp_path / str(seed), seed))
    left = []
    for name, path in corpus.items():
        spec = read_tiff.describe(path).spec
        ways = {check(paths[name], spec, rng) for paths in (corpus, *more, *more, *more)}
        if "proven" not in ways:
            left.append(name)
    words = ("sparse", "bits-reversed", "pyramid", "imagej", "truncated")
    assert [name for name in left if not any(word in name for word in words)] == []
    assert len(left) < len(corpus) / 3


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("first", ["as it is", "lzw", "tiles", "shaped", "described", "imagej"])
def test_files_that_differ_in_one_thing(tmp_path: Path, first: str) -> None:
    """A tag that decides about pixels is overlooked."""
    rng = np.random.default_rng(2)
    for seed in (1, 2):
        (tmp_path / str(seed)).mkdir()
    paths, others = write_near(tmp_path / "1", 1), write_near(tmp_path / "2", 2)
    spec = read_tiff.describe(paths[first]).spec
    ways: Counter[str] = Counter()
    for path in (paths[first], others[first], *paths.values(), *others.values(), paths[first]):
        ways[check(path, spec, rng)] += 1
    assert ways["proven"] > 8


@pytest.mark.usefixtures("eager")
@pytest.mark.skipif(not DATA.is_dir(), reason=f"no files in {DATA}")
def test_real_files() -> None:
    """Files of microscopes and satellites get other pixels."""
    rng = np.random.default_rng(3)
    paths = sorted(str(p) for p in DATA.glob("**/*.tif*"))
    specs = {path: read_tiff.describe(path).spec for path in paths}
    ways = Counter(check(path, specs[path], rng) for _ in range(3) for path in paths)
    assert ways["proven"] > len(paths)


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("proving", [False, True])
@pytest.mark.parametrize("name", [name for name in ALTERED if name != "imagej-plain"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_files_altered_at_random(
    tmp_path: Path, name: str, proving: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged file gives other pixels than through tifffile, or pixels at all."""
    rng = np.random.default_rng(4)
    paths = []
    for seed in (1, 2, 3):
        (tmp_path / str(seed)).mkdir()
        paths.append(write_corpus(tmp_path / str(seed), seed, [name])[name])
    spec = read_tiff.describe(paths[0]).spec
    assert check(paths[0], spec, rng) in ("contiguous", "segments")
    assert {check(path, spec, rng) for path in paths} == {"proven"}
    monkeypatch.setattr(Registry, "is_worth_a_proof", lambda proofs: proving)
    altered = str(tmp_path / "a.tif")
    ways: Counter[str] = Counter()
    for path in paths:
        content = Path(path).read_bytes()
        for _ in range(50):
            Path(altered).write_bytes(altered_bytes(content, rng))
            ways[check(altered, spec, rng)] += 1
    assert ways["proven"] > 10


def write_many(folder: Path, **args: Any) -> tuple[list[str], Array]:
    data = image((8, 512, 512), "u2")
    names = []
    for i, part in enumerate(data):
        names.append(str(folder / f"{i:03d}.tif"))
        tifffile.imwrite(names[-1], part, description="x" * i, metadata=None, **args)
    return names, data


@pytest.mark.parametrize("vectored", [True, False])
@pytest.mark.parametrize(
    "args", [{}, {"compression": "zlib"}, {"compression": "lzw", "tile": (64, 64)}]
)
def test_crops_of_many_files(
    tmp_path: Path, args: dict[str, Any], vectored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each crop opens its file through tifffile, or reads more of it than it needs."""
    monkeypatch.setattr(byteranges, "VECTORED", vectored and byteranges.VECTORED)
    names, data = write_many(tmp_path, **args)
    x = TiffSequence(names).to_dask_array()
    with count() as counts:
        found = x[:, 70:80, 64:128].compute(scheduler="sync")
    np.testing.assert_array_equal(found, data[:, 70:80, 64:128])
    assert counts.files == 8
    assert counts.ways["proven"] == 7
    assert counts.bytes < 8 * 200_000


def test_truncated_behind_the_region(tmp_path: Path) -> None:
    """A file that is cut short passes for a whole one, as long as the end is not asked for."""
    for kind, args in enumerate(({}, {"compression": "zlib"})):
        (tmp_path / str(kind)).mkdir()
        names, _ = write_many(tmp_path / str(kind), **args)
        Path(names[5]).write_bytes(Path(names[5]).read_bytes()[:-100])
        x = TiffSequence(names).to_dask_array()
        assert x[:5, 3].compute(scheduler="sync").shape == (5, 512)
        with pytest.raises(ValueError, match="truncated"):
            x[5, 3].compute(scheduler="sync")


def test_arguments_go_their_own_way(tmp_path: Path) -> None:
    """What has not been proven equal is read by the short way."""
    names, data = write_many(tmp_path)
    x = TiffSequence(names).to_dask_array(imreadargs={"key": 0})
    with count() as counts:
        np.testing.assert_array_equal(x[:, 5].compute(scheduler="sync"), data[:, 5])
    assert not counts.ways["proven"]


@pytest.mark.parametrize("args", [{}, {"compression": "zlib", "rowsperstrip": 64}])
def test_a_region_proves_nothing_of_whole_files(tmp_path: Path, args: dict[str, Any]) -> None:
    """Whole files are read fast, though no more than a region was ever compared."""
    names, data = write_many(tmp_path, **args)
    x = TiffSequence(names).to_dask_array()
    x[0, :10].compute(scheduler="sync")
    with count() as counts:
        crops = x[1:3, :10].compute(scheduler="sync")
    np.testing.assert_array_equal(crops, data[1:3, :10])
    assert counts.ways["proven"] == 2
    with count() as counts:
        whole = x[3:].compute(scheduler="sync")
    np.testing.assert_array_equal(whole, data[3:])
    assert counts.ways["segments" if "compression" in args else "contiguous"] == 1
    assert counts.ways["proven"] == 4
    with count() as counts:
        crops = x[:, 300:310].compute(scheduler="sync")
    np.testing.assert_array_equal(crops, data[:, 300:310])
    assert counts.ways["proven"] == 8


def test_a_region_proves_no_template(tmp_path: Path) -> None:
    """Files are read by a template of which only a region was compared."""
    data = image((4, 64, 64), "u2")
    names = [str(tmp_path / f"{i}.tif") for i in range(4)]
    for name, part in zip(names, data, strict=True):
        tifffile.imwrite(name, part)
    seq = TiffSequence(names)
    seq.to_dask_array()[0, :10].compute(scheduler="sync")
    with count() as counts:
        np.testing.assert_array_equal(seq.asarray(ioworkers=1), data)
    assert counts.ways["contiguous"] == 1
    assert counts.ways["template"] == 3


def test_a_cast_read_proves_whole_files(tmp_path: Path) -> None:
    """A whole read into another dtype proves nothing, or less than all bits."""
    names, data = write_many(tmp_path)
    seq = TiffSequence(names[2:])
    spec = ChunkSpec((512, 512), np.dtype("u2"), ("y", "x"), (512, 512))
    out = np.empty((512, 512), "f2")
    with count() as counts:
        assert read_proven_region(names[1], spec, (range(512), range(512)), out)
    np.testing.assert_array_equal(out, data[1].astype("f2"))
    assert counts.ways["contiguous"] == 1
    with count() as counts:
        np.testing.assert_array_equal(seq.asarray(ioworkers=1), data[2:])
    assert counts.ways["proven"] == 6
