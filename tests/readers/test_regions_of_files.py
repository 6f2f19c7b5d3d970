"""Any region of any kind of file is what numpy cuts from what tifffile reads."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dask_fileseq.readers import ChunkSpec, as_reader, count, read_tiff
from tests.helpers.corpus import KINDS, changed, image
from tests.helpers.places import WHOLE_CORE
from tests.helpers.regions import read_region

Array = np.ndarray[Any, Any]

UNSTORED = ("bits-reversed", "bits-reversed-tiles")
"""Kinds that are read whole: contiguous, but not as in memory."""


@st.composite
def slices(draw: st.DrawFn, length: int) -> slice:
    """Slices that select something."""
    first = draw(st.integers(0, length - 1))
    last = draw(st.integers(0, length - 1))
    step = draw(st.integers(1, 3) | st.integers(1, length + 1))
    if last < first:
        return slice(first, last - 1 if last else None, -step)
    whole = draw(st.booleans())
    return slice(None, None, step) if whole else slice(first, last + 1, step)


def regions(shape: tuple[int, ...]) -> st.SearchStrategy[tuple[slice, ...]]:
    return st.tuples(*(slices(length) for length in shape))


def outputs(like: Array, layout: str) -> Array:
    """Return an array to read into."""
    if layout == "other dtype":
        return np.zeros(like.shape, "c16" if like.dtype.kind == "c" else "f8")
    if layout == "strided":
        return np.zeros([2 * n + 1 for n in like.shape], like.dtype)[
            (slice(1, None, 2),) * like.ndim
        ]
    if layout == "fortran":
        return np.zeros(like.shape, like.dtype, order="F")
    return np.zeros(like.shape, like.dtype)


@pytest.fixture(scope="session")
def images(corpus: dict[str, str]) -> dict[str, Array]:
    return {name: tifffile.imread(path) for name, path in corpus.items()}


@pytest.fixture(scope="session")
def contents(corpus: dict[str, str]) -> dict[str, bytes]:
    return {name: Path(path).read_bytes() for name, path in corpus.items()}


class Handles(dict[str, Any]):
    """Open handles on the corpus by the names of its kinds, each from its start."""

    def __getitem__(self, name: str) -> Any:
        handle = super().__getitem__(name)
        handle.seek(0)
        return handle

    def items(self) -> Any:
        return ((name, self[name]) for name in self)


@pytest.fixture(scope="module", params=["path", *WHOLE_CORE])
def placed(
    request: pytest.FixtureRequest, corpus: dict[str, str], put_files: Any
) -> Iterator[Mapping[str, Any]]:
    """Return the corpus as paths, or as handles on files in archives and on servers."""
    if request.param == "path":
        yield corpus
        return
    paths = {name: Path(path) for name, path in corpus.items()}
    place = put_files(next(iter(paths.values())).parent, request.param)
    with ExitStack() as stack:
        yield Handles(
            {name: stack.enter_context(place.open(path.name)) for name, path in paths.items()}
        )


@pytest.mark.parametrize("name", KINDS)
def test_whole_file_and_spec(
    name: str, placed: Mapping[str, Any], images: dict[str, Array]
) -> None:
    """A file is read as another image, or its header says something else than its pixels."""
    expected = images[name]
    with count() as counts:
        spec = read_tiff.describe(placed[name]).spec
    assert (counts.files, counts.headers, counts.bytes) == (1, 1, 0)
    actual = read_tiff(placed[name])
    assert (spec.shape, spec.dtype) == (expected.shape, expected.dtype)
    assert len(spec.dims) == len(set(spec.dims)) == actual.ndim
    assert all(1 <= tile <= length for tile, length in zip(spec.tile, spec.shape, strict=True))
    assert actual.dtype == expected.dtype
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("name", [name for name in KINDS if not changed(name)])
def test_corpus_holds_what_was_written(name: str, images: dict[str, Array]) -> None:
    """The corpus is not what it says, and the tests above compare nonsense."""
    kind = KINDS[name]
    written = image(kind.shape, kind.dtype, zlib.crc32(name.encode()))
    np.testing.assert_array_equal(images[name].squeeze(), written.squeeze())


def check_any_region(
    data: st.DataObject,
    corpus: Mapping[str, Any],
    images: dict[str, Array],
    contents: dict[str, bytes],
) -> None:
    name = data.draw(st.sampled_from(sorted(KINDS)))
    expected = images[name]
    region = data.draw(regions(expected.shape))
    layout = data.draw(st.sampled_from(["plain", "other dtype", "strided", "fortran"]))
    out = outputs(expected[region], layout)
    spec = read_tiff.describe(corpus[name]).spec
    if data.draw(st.booleans()):
        read_region(read_tiff, corpus[name], spec, region, out)
    else:
        handle = io.BytesIO(contents[name])
        handle.seek(data.draw(st.integers(0, 9)))  # as left by the last read
        read_region(read_tiff, handle, spec, region, out)
    np.testing.assert_array_equal(out, expected[region])


def examples(count: int) -> settings:
    slow = HealthCheck.function_scoped_fixture, HealthCheck.too_slow
    return settings(max_examples=count, deadline=None, suppress_health_check=slow)


@pytest.mark.slow
@examples(1500)
@given(data=st.data())
def test_any_region_of_any_kind(
    data: st.DataObject,
    corpus: dict[str, str],
    images: dict[str, Array],
    contents: dict[str, bytes],
) -> None:
    """A region holds pixels from elsewhere, is flipped, or misses some."""
    check_any_region(data, corpus, images, contents)


@pytest.mark.slow
@pytest.mark.parametrize("placed", WHOLE_CORE, indirect=True)
@examples(100)
@given(data=st.data())
def test_any_region_in_any_place(
    data: st.DataObject,
    placed: Mapping[str, Any],
    images: dict[str, Array],
    contents: dict[str, bytes],
) -> None:
    """The same through the handles of archives and servers."""
    check_any_region(data, placed, images, contents)


@pytest.mark.parametrize("name", ["zlib-tiles", "stack-apart-zlib", "planar-zlib", *UNSTORED])
def test_plain_function_reads_the_same(
    name: str, placed: Mapping[str, Any], images: dict[str, Array], contents: dict[str, bytes]
) -> None:
    """A plain function does not work where the reader does."""
    reader = as_reader(tifffile.imread)
    expected = images[name]
    region = (slice(None, None, -2),) * expected.ndim
    for file in (placed[name], io.BytesIO(contents[name])):
        with count() as counts:
            spec = reader.describe(file, maxworkers=1).spec
            out = np.empty_like(expected[region])
            read_region(reader, file, spec, region, out, maxworkers=1)
        assert (spec.shape, spec.dtype, spec.tile) == (expected.shape, expected.dtype, spec.shape)
        assert counts.ways == {"function": 2}
        np.testing.assert_array_equal(out, expected[region])


@pytest.mark.parametrize("maxworkers", [None, 1, 3])
@pytest.mark.parametrize("name", ["zlib-tiles", "planar-pages-zlib", "jpeg-rgb-tiles"])
def test_decoding_in_threads(
    name: str, maxworkers: int | None, placed: Mapping[str, Any], images: dict[str, Array]
) -> None:
    """``maxworkers`` changes pixels, or is refused."""
    np.testing.assert_array_equal(read_tiff(placed[name], maxworkers=maxworkers), images[name])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_of_an_archive(
    tmp_path: Path, method: int, corpus: dict[str, str], images: dict[str, Array]
) -> None:
    """A handle that reads slowly backwards, and not in place, gives other pixels."""
    names = ["contiguous-large", "ome-zlib", "zlib-tiles", "imagej-virtual", "sparse-tiles"]
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        for name in names:
            archive.write(corpus[name], f"folder/{name}.tif")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        for name in names:
            expected = images[name][..., ::-2, 1:]
            region = (*(slice(None) for _ in expected.shape[:-2]), *np.s_[::-2, 1:])
            with archive.open(f"folder/{name}.tif") as handle:
                spec = read_tiff.describe(handle).spec
                out = np.empty_like(expected)
                read_region(read_tiff, handle, spec, region, out)
                assert not handle.closed
            np.testing.assert_array_equal(out, expected)


ARGUMENTS: list[tuple[str, dict[str, Any]]] = [
    ("stack-apart-zlib", {"key": 1}),
    ("stack-apart-zlib", {"key": slice(1, 4)}),
    ("stack-apart-plain", {"key": [0, 3]}),
    ("stack-shaped-plain", {"series": 0}),
    ("stack-singletons-plain", {"squeeze": True}),
    ("stack-singletons-zlib", {"squeeze": True}),
    ("ome-zlib", {"squeeze": False}),
    ("ome-zlib", {"is_ome": False}),
    ("ome-plain", {"_multifile": True}),
    ("pyramid", {"level": 1}),
    ("pyramid", {"series": 0, "level": 2}),
    ("pyramid", {"key": 0}),
    ("stack-apart-plain", {"key": -1}),
    ("stack-shaped-plain", {"key": 2}),
    ("imagej-virtual", {"key": 0}),
    ("ome-rgb-zlib", {"key": np.int64(1), "level": None}),
    ("zlib-tiles", {"key": None, "maxworkers": None}),
    ("zlib-tiles", {"buffersize": 64}),
]


@pytest.mark.parametrize(("name", "imreadargs"), ARGUMENTS)
def test_arguments_of_imread(
    name: str, imreadargs: dict[str, Any], placed: Mapping[str, Any]
) -> None:
    """An argument of tifffile is lost in a region read, or in the spec."""
    expected = tifffile.imread(placed[name], **imreadargs)
    spec = read_tiff.describe(placed[name], **imreadargs).spec
    assert (spec.shape, spec.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(read_tiff(placed[name], **imreadargs), expected)
    region = (slice(None, None, -3),) * expected.ndim
    out = np.empty_like(expected[region])
    read_region(read_tiff, placed[name], spec, region, out, **imreadargs)
    np.testing.assert_array_equal(out, expected[region])


def test_arguments_that_tifffile_gives_to_zarr(corpus: dict[str, str]) -> None:
    """``selection`` is taken for an unknown argument."""
    pytest.importorskip("zarr")
    path = corpus["zlib-tiles"]
    selection = np.s_[3:9, 4:20]
    actual = read_tiff(path, selection=selection)
    np.testing.assert_array_equal(actual, tifffile.imread(path)[selection])


def test_unknown_argument(placed: Mapping[str, Any]) -> None:
    """A misspelt argument is ignored."""
    with pytest.raises(TypeError, match="sqeeze"):
        read_tiff(placed["zlib-tiles"], sqeeze=True)


def test_name_with_wildcards(tmp_path: Path) -> None:
    """A name is taken for a glob pattern, and other files are read with it."""
    for name in ("a[1].tif", "a1.tif", "a?.tif", "a*.tif"):
        tifffile.imwrite(tmp_path / name, np.full((4, 4), len(name), "u1"))
    for name in ("a[1].tif", "a?.tif", "a*.tif"):
        assert read_tiff(str(tmp_path / name)).tolist() == [[len(name)] * 4] * 4
        assert read_tiff(str(tmp_path / name), key=[0]).shape == (4, 4)


def test_dims(placed: Mapping[str, Any]) -> None:
    """A chunk's axes lose the names that the file gives them."""
    dims = {name: read_tiff.describe(path).spec.dims for name, path in placed.items()}
    assert dims["ome-zlib"] == ("t", "c", "y", "x")
    assert dims["imagej-virtual"] == ("z", "y", "x")
    assert dims["rgb-zlib"] == ("y", "x", "s")
    assert dims["planar-zlib"] == ("s", "y", "x")
    assert dims["stack-singletons-zlib"] == ("q_0", "q_1", "q_2", "y", "x", "q_3")


def test_tiles(placed: Mapping[str, Any]) -> None:
    """Splits would cut strips or tiles in two."""
    tiles = {name: read_tiff.describe(path).spec.tile for name, path in placed.items()}
    assert tiles["zlib-strips"] == (8, 53)
    assert tiles["lzw-one-strip"] == (37, 53)
    assert tiles["planar-pages-zlib"] == (1, 1, 16, 16)
    assert tiles["volume-rgb-zlib"] == (16, 16, 16, 3)
    assert tiles["ome-zlib"] == (1, 1, 8, 9)
    assert tiles["contiguous-large"] == (32, 500)
    assert tiles["stack-apart-large"] == (1, 65, 500)
    assert tiles["bits-reversed"] == (37, 53)


def test_spec_equals_itself(placed: Mapping[str, Any]) -> None:
    """A spec cannot be compared or hashed, so not be part of a token."""
    path = placed["zlib-tiles"]
    assert read_tiff.describe(path).spec == read_tiff.describe(path).spec
    assert hash(read_tiff.describe(path).spec) == hash(read_tiff.describe(path).spec)
    assert read_tiff.describe(path).spec != ChunkSpec(
        (37, 53), np.dtype("u2"), ("y", "x"), (37, 53)
    )
