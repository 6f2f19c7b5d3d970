"""Each file, changed by a function, is written under its name elsewhere."""

import functools
import os
import zipfile

import numpy as np
import pytest
import tifffile
from distributed import Client

from dask_fileseq import (
    DuplicateError,
    FillWarning,
    MapError,
    NamesError,
    ReadError,
    SkipWarning,
    TargetExistsError,
    open_sequence,
    to_files,
)
from tests.helpers.geotiff import write_raster

CHANNELS = ["DAPI", "GFP"]
CALLS = []
"""What `counted` was called with."""


@pytest.fixture
def seq(tmp_path):
    """Write files in two folders, one cell of which is empty."""
    images = np.random.default_rng(0).integers(1, 1000, (2, 3, 16, 20), "u2")
    pattern = tmp_path / "in" / "{channel}" / "t{t:02d}.tif"
    written = to_files(images, pattern, coords={"channel": CHANNELS})
    os.unlink(written[4])
    return open_sequence(tmp_path / "in", pattern="{channel}/t{t:02d}.tif")


def double(image):
    return image * 2


def counted(image, factor=1):
    CALLS.append(factor)
    return image * factor


def failing(image, labels):
    if labels == {"channel": "GFP", "t": 2}:
        raise RuntimeError("no")
    return image


def names_below(folder):
    found = (os.path.join(where, n) for where, _, names in os.walk(folder) for n in names)
    return sorted(os.path.relpath(path, folder) for path in found if ".fileseq" not in path)


@pytest.mark.parametrize(
    ("pattern", "form"),
    [
        ("{folder}/{name}", "{}/t{:02d}.tif"),
        ("{channel}_{stem}{suffix}", "{}_t{:02d}.tif"),
        ("{channel}/{t}.npy", "{}/{}.npy"),
    ],
)
def test_names_and_labels_are_fields(seq, tmp_path, pattern, form):
    """Files would have names that nobody asked for, or be in the wrong cells."""
    out = seq.map_files(double, tmp_path / "out" / pattern)
    assert (out.dims, out.shape, out.missing) == (seq.dims, seq.shape, seq.missing)
    assert out.coords["channel"].tolist() == CHANNELS
    np.testing.assert_array_equal(out.asarray(), seq.asarray() * 2)
    cells = [("DAPI", 0), ("DAPI", 1), ("DAPI", 2), ("GFP", 0), ("GFP", 2)]
    assert names_below(tmp_path / "out") == sorted(form.format(*cell) for cell in cells)


@pytest.mark.cluster
@pytest.mark.parametrize("where", ["processes", "cluster"])
def test_functions_run_in_other_processes(seq, tmp_path, where, request):
    """Files would not reach the workers."""
    path = tmp_path / "out" / "{folder}_{name}"
    if where == "processes":
        out = seq.map_files(double, path, scheduler=where, workers=2)
    else:
        with Client(request.getfixturevalue("cluster")):
            out = seq.map_files(lambda image: image * 2, path)
    np.testing.assert_array_equal(out.asarray(), seq.asarray() * 2)


def test_members_of_archives(seq, tmp_path):
    """Files in an archive have no folder of their own."""
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for name in seq:
            archive.write(name, os.path.relpath(name, tmp_path))
    packed = open_sequence(tmp_path / "in.zip", pattern="{channel}/t{t:02d}.tif")
    out = packed.map_files(double, tmp_path / "out" / "{folder}_{name}")
    np.testing.assert_array_equal(out.asarray(), seq.asarray() * 2)


def test_shape_and_type_may_change(seq, tmp_path):
    """Only functions of the same shape could be used."""
    mean = seq.map_files(
        lambda image: image.mean(axis=0, keepdims=True), tmp_path / "a" / "{folder}_{name}"
    )
    assert (mean.chunkshape, mean.chunkdtype) == ((1, 20), np.float64)
    rgb = seq.map_files(
        lambda image: np.stack([image.astype("u1")] * 3, axis=-1),
        tmp_path / "b" / "{folder}_{stem}.png",
    )
    assert rgb.chunkdims == ("y", "x", "s")
    stack = seq.map_files(
        lambda image: np.stack([image] * 4), tmp_path / "c" / "{folder}_{stem}.tif"
    )
    assert stack.chunkshape == (4, 16, 20)


def test_the_same_call_does_nothing_twice(seq, tmp_path):
    """A folder that grows would be done anew, or old results of another function kept."""
    path = tmp_path / "out" / "{folder}_{name}"
    CALLS.clear()
    out = seq.map_files(counted, path)
    assert len(CALLS) == 5
    seq.map_files(counted, path)
    os.unlink(out[1])
    seq.map_files(counted, path)
    assert len(CALLS) == 6
    tifffile.imwrite(tmp_path / "in" / "GFP" / "t01.tif", seq.asarray()[0, 0])
    whole = open_sequence(tmp_path / "in", pattern="{channel}/t{t:02d}.tif")
    assert len(whole.map_files(counted, path)) == 6
    assert len(CALLS) == 7
    others = [functools.partial(counted, factor=2), lambda image: image, double]
    for other in others:
        with pytest.raises(TargetExistsError, match=r"5 more|3 more exist, and are not"):
            whole.map_files(other, path)
    out = whole.map_files(others[0], path, overwrite=True)
    np.testing.assert_array_equal(out.asarray(), whole.asarray() * 2)


class Model:
    """A model of others, as of networks and pipelines."""

    def __init__(self, factor, depth):
        self.part = Model(factor, depth - 1) if depth else factor

    def __call__(self, image):
        return self.part(image) if isinstance(self.part, Model) else image * np.uint16(self.part)


def test_another_value_deep_in_a_model_is_another_function(seq, tmp_path):
    """Results of a model would be kept when it is trained anew."""
    path = tmp_path / "{folder}_{name}"
    seq.map_files(Model(2, 6), path)
    assert seq.map_files(Model(2, 6), path, dry_run=True)["written"] == 5
    out = seq.map_files(Model(3, 6), path, overwrite=True)
    np.testing.assert_array_equal(out.asarray(), seq.asarray() * 3)


def test_functions_that_fail_are_named_with_the_file(seq, tmp_path):
    """A traceback through a scheduler does not say which file it was."""
    with pytest.raises(MapError, match=r"t02\.tif' \(channel=GFP, t=2\): RuntimeError: no"):
        seq.map_files(failing, tmp_path / "out" / "{folder}_{name}", labels=True)
    with pytest.raises(MapError, match=r"returned None, and no array, for '.*tif'"):
        seq.map_files(lambda image: None, tmp_path / "none" / "{folder}_{name}")
    with pytest.raises(
        MapError, match=r"returned <U1 of shape \(1, 1\) for .*: cannot write '.*tif"
    ):
        seq.map_files(lambda image: np.array([["a"]]), tmp_path / "a" / "{folder}_{name}")
    assert names_below(tmp_path / "none") == names_below(tmp_path / "a") == []


def test_failures_are_skipped(seq, tmp_path):
    """One broken file would end the work of a night, or be missing without a word."""
    path = tmp_path / "out" / "{folder}_{name}"
    with pytest.warns(SkipWarning, match=r"the function failed for .*; left out"):
        out = seq.map_files(failing, path, labels=True, errors="skip")
    assert out.missing == [(1, 1), (1, 2)]
    with open(seq[0], "r+b") as file:
        file.truncate(20)
    with pytest.warns(SkipWarning, match=r"cannot read '.*t00.tif'"):
        out = seq.map_files(double, tmp_path / "two" / "{folder}_{name}", errors="skip")
    assert out.missing == [(0, 0), (1, 1)]
    with pytest.raises(MapError, match="no file was written"), pytest.warns(SkipWarning):
        seq.map_files(lambda image: None, tmp_path / "three" / "{folder}_{name}", errors="skip")


def test_unreadable_files_are_filled(seq, tmp_path):
    """The choice of reading would not be there for this."""
    with open(seq[1], "r+b") as file:
        file.truncate(20)
    with pytest.raises(ReadError, match=r"cannot read '.*t01.tif'"):
        seq.map_files(double, tmp_path / "out" / "{folder}_{name}")
    with pytest.warns(FillWarning):
        out = seq.map_files(double, tmp_path / "out" / "{folder}_{name}", errors="fill")
    assert not out.asarray()[0, 1].any()


@pytest.mark.parametrize(
    ("pattern", "error", "match"),
    [
        ("{name}", DuplicateError, "t00.tif and file=.* would both be written to"),
        ("all.tif", DuplicateError, "would both be written to .*all.tif': the pattern needs more"),
        (
            "{folder}/{q}.tif",
            NamesError,
            "field 'q'; the fields are name, stem, suffix, folder, ch",
        ),
        ("{folder}/{name:s}", NamesError, r"the field \{name\} has no format"),
        ("{folder}/{stem}.lsm5", ValueError, "no files with the suffix '.lsm5'"),
        ("s3://a/{name}", ValueError, "is a URL"),
    ],
)
def test_mistakes_are_found_before_the_first_byte(seq, tmp_path, pattern, error, match):
    """Files of one name would replace each other."""
    with pytest.raises(error, match=match):
        seq.map_files(double, pattern if ":/" in pattern else tmp_path / "out" / pattern)
    assert os.listdir(tmp_path) == ["in"]


def test_sources_are_not_overwritten(seq, tmp_path):
    """The only copy of the raw data would be gone."""
    with pytest.raises(TargetExistsError, match="is one of the files that are read"):
        seq.map_files(double, tmp_path / "in" / "{folder}" / "{name}", overwrite=True)
    with pytest.raises(TypeError, match="function=3 is no function"):
        seq.map_files(3, tmp_path / "out" / "{name}")


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_sources_are_not_overwritten_through_links(tmp_path, link):
    """A folder of links to the raw data is where people try things."""
    (tmp_path / "links").mkdir()
    for t in range(2):
        tifffile.imwrite(tmp_path / f"{t}.tif", np.full((4, 5), 7, "u1"))
        link(tmp_path / f"{t}.tif", tmp_path / "links" / f"{t}.tif")
    raw, links = (open_sequence(str(folder / "?.tif")) for folder in (tmp_path, tmp_path / "links"))
    for seq, target in ((raw, tmp_path / "links"), (links, tmp_path)):
        with pytest.raises(TargetExistsError, match="is one of the files that are read"):
            seq.map_files(double, target / "{name}", overwrite=True)
        with pytest.raises(TargetExistsError, match="is one of the files that are read"):
            to_files(seq, target / "{t}.tif", dims=["t", "y", "x"], overwrite=True)
    assert (raw.asarray() == 7).all()


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # in affine 3
def test_places_are_kept_where_they_hold(tmp_path):
    """A map would lose its place, or a part of it have that of the whole."""
    rasterio = pytest.importorskip("rasterio")
    for t in range(2):
        place = rasterio.Affine(10, 0, 500 + t, 0, -20, 900)
        write_raster(tmp_path / f"t{t}.tif", count=1, transform=place, nodata=-1)
    seq = open_sequence(tmp_path, pattern="t{t}.tif")
    out = seq.map_files(lambda image: image + 1, tmp_path / "same" / "{name}")
    with rasterio.open(out[1]) as file:
        assert (file.transform, file.nodata) == (rasterio.Affine(10, 0, 501, 0, -20, 900), -1)
    out = seq.map_files(lambda image: image[1:].astype("f4"), tmp_path / "part" / "{name}")
    with tifffile.TiffFile(out[1]) as tif:
        assert not tif.is_geotiff
        assert not tif.is_gdal
