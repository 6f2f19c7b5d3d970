"""Files of several images: all of them are reported, and each can be read."""

from __future__ import annotations

import json
import os
import pickle
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from numpy.typing import NDArray

from dask_fileseq import FileSequence, TiffSequence, imread, open_sequence
from dask_fileseq.cli import fileseq
from dask_fileseq.errors import HeaderWarning, ReadError, SeriesWarning

IMAGES = np.random.default_rng(0).integers(0, 255, (2, 3, 5, 16, 20), "u1")
"""Pixels of two files of three stacks each."""


def write_shaped(path: str, images: NDArray[Any]) -> None:
    for image, name in zip(images, "abc", strict=True):
        tifffile.imwrite(path, image, append=True, metadata={"name": name}, **GREY)


def write_ome(path: str, images: NDArray[Any]) -> None:
    with tifffile.TiffWriter(path, ome=True) as tif:
        for image, name in zip(images, "abc", strict=True):
            tif.write(image, metadata={"Name": name, "axes": "ZYX"}, **GREY)


GREY: dict[str, Any] = {"photometric": "minisblack"}
WRITERS: dict[str, Callable[[str, NDArray[Any]], None]] = {"shaped": write_shaped, "ome": write_ome}


@pytest.fixture(params=WRITERS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Write a folder of two files of three images."""
    for number, images in enumerate(IMAGES):
        path = tmp_path / f"t{number}.tif"
        WRITERS[request.param](str(path), images)
        os.utime(path, (0, 0))  # or `check` waits, whether it still grows
    return str(tmp_path)


def caught(call: Callable[[], Any]) -> list[warnings.WarningMessage]:
    """Return the warnings of a call."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        call()
    return found


def test_the_first_is_read_with_one_warning(folder: str) -> None:
    """Images are left out without a word, or with one for each read."""
    seq = open_sequence(folder)
    with pytest.warns(SeriesWarning, match="3 images in each file: .*; the first is read") as found:
        np.testing.assert_array_equal(seq.asarray(), IMAGES[:, 0])
    assert [warning.filename for warning in found] == [__file__]
    assert caught(seq.asarray) == []
    assert caught(lambda: seq.isel(t=1).to_dask_array().compute()) == []


@pytest.mark.parametrize("series", [1, "b", -2])
def test_series_in_every_way(folder: str, series: Any) -> None:
    """A keyword that only some functions take, or that some of them do not heed."""
    expected = IMAGES[:, 1]
    for seq in (open_sequence(folder, series=series), TiffSequence(folder, series=series)):
        np.testing.assert_array_equal(seq.asarray(), expected)
        np.testing.assert_array_equal(seq.to_dask_array()[1, ::2].compute(), expected[1, ::2])
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(seq)).compute(), expected)
        np.testing.assert_array_equal(seq.imread(seq[1]), expected[1])
        assert seq.chunkshape == (5, 16, 20)
        assert seq.check() == []
    seq = open_sequence(folder)
    np.testing.assert_array_equal(seq.asarray(series=series), expected)
    np.testing.assert_array_equal(seq.to_dask_array(series=series).compute(), expected)
    np.testing.assert_array_equal(seq.to_xarray(series=series).values, expected)
    np.testing.assert_array_equal(imread(folder, series=series).compute(), expected)
    assert seq.to_dask_array(series=series).name != seq.to_dask_array(series=2).name
    copied = f"{folder}/copy.zarr"
    assert "unread" not in seq.to_zarr(copied, series=series)


def test_all_images(folder: str) -> None:
    """Images of one shape cannot be had as one array."""
    array = open_sequence(folder, series="all").to_xarray()
    assert array.dims[:2] == ("t", "series")
    assert array.series.values.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(array.values, IMAGES)
    crop = array[1, ::-1, 1:4, ::3, 2:9]
    np.testing.assert_array_equal(crop.values, IMAGES[1, ::-1, 1:4, ::3, 2:9])


def test_names_of_images_that_differ(tmp_path: Path) -> None:
    """Images of all files have the names of those of the first one."""
    for t, names in enumerate((["a", "b"], ["a", "b"], ["b", "a"])):
        for name in names:
            metadata = {"name": name}
            path = tmp_path / f"t{t}.tif"
            tifffile.imwrite(path, np.ones((4, 5), "u1"), append=True, metadata=metadata, **GREY)
    seq = open_sequence(tmp_path, series="all")
    with pytest.warns(HeaderWarning, match=r"2 of 3 files have names along series a, b, .*t2\.tif"):
        array = seq.to_xarray()
    assert "series" not in array.coords


def test_other_shapes(tmp_path: Path) -> None:
    """A thumbnail first, or pages of other shapes, which make no array."""
    path = str(tmp_path / "a.tif")
    pages = [np.full(shape, i, "u1") for i, shape in enumerate([(4, 5), (16, 20), (8, 8, 3)])]
    with tifffile.TiffWriter(path) as tif:
        for page in pages:
            tif.write(page, metadata=None)
    seq = open_sequence(path)
    with pytest.warns(SeriesWarning, match=r"\(4, 5\), \(16, 20\), \(8, 8, 3\)"):
        assert seq.chunkshape == (4, 5)
    for number, page in enumerate(pages):
        np.testing.assert_array_equal(open_sequence(path, series=number).asarray()[0], page)
        np.testing.assert_array_equal(open_sequence(path, key=number).asarray()[0], page)
    with pytest.raises(ReadError, match=r"'all': its images are not alike: \(4, 5\) uint8"):
        open_sequence(path, series="all").to_dask_array()


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"series": 3}, r"series=3 is none of its 3 images, numbered from 0, named 'a', 'b', 'c'"),
        ({"series": "d"}, "series='d' is none of its 3 images"),
        ({"level": 1}, "level=1: the image has 1 levels"),
        ({"key": 15}, "key=15: it has 15 pages"),
    ],
)
def test_there_is_none(folder: str, choice: dict[str, Any], message: str) -> None:
    """An IndexError from inside."""
    with pytest.raises(ReadError, match=message):
        open_sequence(folder, **choice).to_dask_array()


def one_image(path: Path) -> dict[str, Callable[[], None]]:
    """Return writers of files that are one image."""
    stack = IMAGES[0, 0]

    def pyramid() -> None:
        with tifffile.TiffWriter(path) as tif:
            tif.write(np.zeros((64, 64), "u1"), subifds=1, tile=(16, 16))
            tif.write(np.zeros((32, 32), "u1"), subfiletype=1, tile=(16, 16))

    def overviews() -> None:
        with tifffile.TiffWriter(path) as tif:
            tif.write(np.zeros((64, 64), "u1"), tile=(16, 16), metadata=None)
            tif.write(np.zeros((32, 32), "u1"), subfiletype=1, tile=(16, 16), metadata=None)

    def thumbnail() -> None:
        with tifffile.TiffWriter(path) as tif:
            tif.write(np.zeros((64, 64), "u2"), metadata=None)
            tif.write(np.zeros((21, 21, 3), "u1"), subfiletype=1, metadata=None)

    return {
        "ome": lambda: tifffile.imwrite(path, stack, ome=True, **GREY),
        "imagej": lambda: tifffile.imwrite(path, stack, imagej=True),
        "hyperstack": lambda: tifffile.imwrite(path, IMAGES[0], imagej=True),
        "pages": lambda: tifffile.imwrite(path, stack, metadata=None, **GREY),
        "pyramid": pyramid,
        "overviews": overviews,
        "thumbnail": thumbnail,
    }


@pytest.mark.parametrize("kind", one_image(Path()))
def test_one_image(tmp_path: Path, kind: str) -> None:
    """A warning about what is one image."""
    path = tmp_path / "a.tif"
    one_image(path)[kind]()
    assert caught(lambda: open_sequence(str(path)).compute()) == []


def test_levels(tmp_path: Path) -> None:
    """Levels of a pyramid cannot be had."""
    one_image(path := tmp_path / "a.tif")["pyramid"]()
    assert open_sequence(str(path), level=1).chunkshape == (32, 32)
    assert open_sequence(str(path)).to_dask_array(level=1).shape == (1, 32, 32)


def test_plain_function(folder: str) -> None:
    """A function does not get the arguments."""
    seq = FileSequence(tifffile.imread, f"{folder}/*.tif", series=2)
    np.testing.assert_array_equal(seq.asarray(), IMAGES[:, 2])
    np.testing.assert_array_equal(seq.asarray(series=1), IMAGES[:, 1])


def run(*arguments: str) -> str:
    result = CliRunner().invoke(fileseq, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.output


def test_commands(folder: str) -> None:
    """Commands are silent, or cannot choose."""
    assert "3 images in each file" in run("show", folder)
    assert "--series all reads all" in run("show", folder)
    assert "unread" in run("check", folder)
    assert "all is well" in run("check", folder, "--series", "b")
    shown = json.loads(run("show", folder, "--series", "all", "--json"))
    assert shown["array"]["shape"] == [2, 3, 5, 16, 20]
    assert "series='all'" in shown["open"]
    assert "--series 7 is none" in run("show", folder, "--series", "7")
    assert "(2, 3, 16, 20)" in run("show", folder, "--key", "0:3")
    assert "(2, 5, 16, 20)" in run("show", folder, "--imreadargs", "strict=false")


def test_manifest(folder: str) -> None:
    """A copy leaves out images without a word."""
    seq = open_sequence(folder)
    with pytest.warns(SeriesWarning):
        manifest = seq.to_zarr(f"{folder}/copy.zarr")
    assert manifest["unread"].startswith("3 images in each file")


def test_wrong_imagej_description(tmp_path: Path) -> None:
    """Metadata that are wrong cannot be ignored on the command line."""
    path = str(tmp_path / "a.tif")
    tifffile.imwrite(path, IMAGES[0, 0], imagej=True)
    shown = json.loads(run("show", path, "--imreadargs", "is_imagej=false", "--json"))
    assert shown["chunk"]["dims"][0] == "i"
    assert json.loads(run("show", path, "--json"))["chunk"]["dims"][0] == "c"


@pytest.mark.parametrize("key", [slice(None), [0, 3], [0, 99], slice(9, 12)])
def test_pages_that_make_no_array_are_said_to(tmp_path, key):
    """Tifffile speaks of an incompatible keyframe, or of an index."""
    with tifffile.TiffWriter(tmp_path / "t1.tif") as tif:
        for shape in [(8, 8), (8, 8), (8, 8), (4, 4)]:
            tif.write(np.zeros(shape, "u1"), metadata=None)
    seq = TiffSequence(tmp_path)
    with pytest.raises(ReadError, match=rf"key={re.escape(repr(key))} .*it has 4 pages, from 0"):
        seq.asarray(key=key)
    assert seq.asarray(key=slice(3)).shape == (1, 3, 8, 8)
