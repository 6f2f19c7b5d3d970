"""OME-Zarr as others read it: validated by yaozarrs, opened by ome-zarr-py."""

import json
import shutil

import numpy as np
import pytest
import tifffile
import yaozarrs
import zarr

from dask_fileseq import FileSequence, TiffSequence, VerifyError, open_sequence
from tests.helpers.shared import DATA

ome_zarr_io = pytest.importorskip("ome_zarr.io")
ome_zarr_reader = pytest.importorskip("ome_zarr.reader")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def opened(url):
    """Return what ome-zarr-py finds: data and metadata of the first node."""
    nodes = list(ome_zarr_reader.Reader(ome_zarr_io.parse_url(url))())
    return nodes[0]


def group_of(url):
    return zarr.open_group(url, mode="r")


def ome_of(url):
    return group_of(url).attrs["ome"]


def test_image_with_all_axes(acquisition, tmp_path):
    """Values, axes, names and colours of channels must be those of the files."""
    folder, array = acquisition
    seq = open_sequence(f"{folder}/*.tif", pattern="{time}_{channel}_z{z:d}.tif")
    url = tmp_path / "cells.ome.zarr"
    seq.to_ome_zarr(url, levels=3, scale={"z": (0.5, "\u03bcm"), "t": (30, "s")})
    yaozarrs.validate_zarr_store(url)
    node = opened(url)
    assert [level.shape for level in node.data] == [
        (3, 2, 2, 48, 64),
        (3, 2, 2, 24, 32),
        (3, 2, 2, 12, 16),
    ]
    np.testing.assert_array_equal(node.data[0].compute(), array)
    ome = ome_of(url)
    scale = ome["multiscales"][0]
    assert [axis["name"] for axis in scale["axes"]] == list("tczyx")
    assert scale["axes"][0] == {"name": "t", "type": "time", "unit": "second"}
    assert scale["axes"][2] == {"name": "z", "type": "space", "unit": "micrometer"}
    assert scale["datasets"][1]["coordinateTransformations"] == [
        {"type": "scale", "scale": [30.0, 1.0, 0.5, 2.0, 2.0]},
        {"type": "translation", "translation": [0.0, 0.0, 0.0, 0.5, 0.5]},
    ]
    channels = ome["omero"]["channels"]
    assert [(c["label"], c["color"]) for c in channels] == [("DAPI", "0000FF"), ("GFP", "00FF00")]
    assert channels[0]["window"]["max"] == 65535
    assert 0 <= channels[0]["window"]["start"] < channels[0]["window"]["end"] < 65535


def test_levels_are_the_means_of_those_before(acquisition, tmp_path):
    """A level made of other regions than the one before would be shifted."""
    folder, array = acquisition
    seq = open_sequence(f"{folder}/*.tif", pattern="{time}_{channel}_z{z:d}.tif")
    seq.to_ome_zarr(tmp_path / "a.zarr", levels=2)
    seq.to_ome_zarr(tmp_path / "b.zarr", levels=2, method="nearest")
    wide = array.astype("u4").reshape(3, 2, 2, 24, 2, 32, 2)
    mean = (wide.sum(axis=(4, 6)) + 2) // 4
    np.testing.assert_array_equal(group_of(tmp_path / "a.zarr")["1"][...], mean)
    np.testing.assert_array_equal(group_of(tmp_path / "b.zarr")["1"][...], array[..., ::2, ::2])
    transformations = ome_of(tmp_path / "b.zarr")["multiscales"][0]["datasets"][1]
    assert transformations["coordinateTransformations"][1:] == [
        {"type": "translation", "translation": [0.0, 0.0, 1.0, 0.0, 0.0]}  # the first z is 1
    ]


def test_a_line_of_pixels_does_not_move(tmp_path):
    """What is one pixel high stays so, and where it is, while its length is halved."""
    line = np.arange(2000, dtype=np.uint16)[None]
    seq = FileSequence(lambda name: line, ["t0", "t1"], pattern=r"t(?P<t>\d)")
    seq.to_ome_zarr(tmp_path / "out.zarr", levels=4)
    levels = ome_of(tmp_path / "out.zarr")["multiscales"][0]["datasets"]
    assert levels[3]["coordinateTransformations"] == [
        {"type": "scale", "scale": [1.0, 1.0, 8.0]},
        {"type": "translation", "translation": [0.0, 0.0, 3.5]},
    ]
    assert group_of(tmp_path / "out.zarr")["3"].shape == (2, 1, 250)


def test_sizes_of_pixels_come_from_the_files(tmp_path):
    """Users measure in micrometres."""
    for t in range(3):
        tifffile.imwrite(
            tmp_path / f"t{t}.ome.tif",
            np.zeros((2, 4, 16, 16), np.uint8),
            metadata={
                "axes": "CZYX",
                "PhysicalSizeX": 0.25,
                "PhysicalSizeY": 0.25,
                "PhysicalSizeZ": 1.5,
                "Channel": {"Name": ["Hoechst", "TRITC"]},
            },
        )
    seq = open_sequence(f"{tmp_path}/*.tif")
    seq.to_ome_zarr(tmp_path / "out.zarr")
    yaozarrs.validate_zarr_store(tmp_path / "out.zarr")
    ome = ome_of(tmp_path / "out.zarr")
    scale = ome["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"]
    assert scale == [1.0, 1.0, 1.5, 0.25, 0.25]
    assert [c["label"] for c in ome["omero"]["channels"]] == ["Hoechst", "TRITC"]
    assert {a.get("unit") for a in ome["multiscales"][0]["axes"][2:]} == {"micrometer"}


def test_dates_are_seconds_and_kept_as_they_are(tmp_path):
    """What is not evenly spaced has no scale in OME-Zarr, and is not to be lost."""
    dates = ["20240101_0000", "20240101_0010", "20240101_0020"]
    for date in dates:
        tifffile.imwrite(tmp_path / f"{date}.tif", np.zeros((8, 8), np.uint8))
    seq = open_sequence(f"{tmp_path}/*.tif", pattern="{time:%Y%m%d_%H%M}.tif")
    seq.to_ome_zarr(tmp_path / "even.zarr")
    scale = ome_of(tmp_path / "even.zarr")["multiscales"][0]
    assert scale["axes"][0]["unit"] == "second"
    assert scale["datasets"][0]["coordinateTransformations"][0]["scale"][0] == 600.0
    (tmp_path / "20240101_0010.tif").rename(tmp_path / "20240101_0013.tif")
    seq = open_sequence(f"{tmp_path}/*.tif", pattern="{time:%Y%m%d_%H%M}.tif", spacing="values")
    seq.to_ome_zarr(tmp_path / "odd.zarr")
    about = group_of(tmp_path / "odd.zarr").attrs["fileseq"]
    times = about["along"]["t"]["time"]
    assert [text[:16] for text in times] == [
        "2024-01-01T00:00",
        "2024-01-01T00:13",
        "2024-01-01T00:20",
    ]


def test_samples_of_colour_are_channels(tmp_path):
    """Red, green and blue in one file are three channels, in their colours."""
    rng = np.random.default_rng(2)
    images = rng.integers(0, 255, (2, 20, 30, 3), np.uint8)
    for t, image in enumerate(images):
        tifffile.imwrite(tmp_path / f"t{t}.tif", image, photometric="rgb")
    seq = open_sequence(f"{tmp_path}/*.tif")
    seq.to_ome_zarr(tmp_path / "out.zarr")
    np.testing.assert_array_equal(
        group_of(tmp_path / "out.zarr")["0"][...], images.transpose(0, 3, 1, 2)
    )
    channels = ome_of(tmp_path / "out.zarr")["omero"]["channels"]
    assert [(c["label"], c["color"]) for c in channels] == [
        ("red", "FF0000"),
        ("green", "00FF00"),
        ("blue", "0000FF"),
    ]


def test_other_axes_are_images_of_a_collection(tmp_path):
    """Tiles and cycles have no place among the axes; their labels stay with the images."""
    names = [tmp_path / f"cyc{c}_{tile}_z{z}.tif" for c in (1, 2) for tile in "ab" for z in (0, 1)]
    for i, name in enumerate(names):
        tifffile.imwrite(name, np.full((8, 8), i, np.uint8))
    names[0].unlink()
    names[1].unlink()  # so that tile a of cycle 1 has no files
    seq = open_sequence(f"{tmp_path}/*.tif", pattern="cyc{cycle:d}_{tile}_z{z:d}.tif")
    url = tmp_path / "out.zarr"
    manifest = seq.to_ome_zarr(url)
    yaozarrs.validate_zarr_store(url)
    assert ome_of(url) == {"version": "0.5", "bioformats2raw.layout": 3}
    assert ome_of(url / "OME")["series"] == ["0", "1", "2"]
    assert [group_of(url / str(i)).attrs["fileseq"]["at"] for i in range(3)] == [
        {"cycle": 1, "tile": "b"},
        {"cycle": 2, "tile": "a"},
        {"cycle": 2, "tile": "b"},
    ]
    assert opened(url / "2").data[0].compute()[:, 0, 0].tolist() == [6, 7]
    assert manifest["empty"]["count"] == 2


def test_axes_laid_end_to_end(tmp_path):
    """Planes of files of several planes each must stay in order."""
    rng = np.random.default_rng(4)
    stack = rng.integers(0, 255, (2, 3, 8, 9), np.uint8)
    for i, part in enumerate(stack):
        tifffile.imwrite(tmp_path / f"z{i}.tif", part, metadata={"axes": "ZYX"})
    seq = open_sequence(f"{tmp_path}/*.tif", pattern="z{z:d}.tif")
    seq.to_ome_zarr(tmp_path / "o.zarr", axes={"z": "z", "z_chunk": "z"}, chunks={"z": 2})
    np.testing.assert_array_equal(group_of(tmp_path / "o.zarr")["0"][...], stack.reshape(6, 8, 9))


@pytest.mark.parametrize("dtype", ["?", "i1", "u4", "i8", "f2", "f4", "c8"])
def test_other_dtypes(tmp_path, dtype):
    """Not all are intensities of 8 or 16 bits."""
    image = np.arange(64).reshape(8, 8).astype(dtype)
    seq = FileSequence(lambda name: image, ["t0", "t1"], pattern=r"t(?P<t>\d)")
    seq.to_ome_zarr(tmp_path / "out.zarr", levels=2, verify="all")
    yaozarrs.validate_zarr_store(tmp_path / "out.zarr")
    np.testing.assert_array_equal(group_of(tmp_path / "out.zarr")["0"][1], image)


def test_nothing_but_zarr_is_left(acquisition, tmp_path):
    """A strange file would make zarr warn, and the journal would look like a new one."""
    seq = TiffSequence(f"{acquisition[0]}/*.tif", pattern=r"(?P<t>\d+)_(?P<c>[A-Z]+)_z(?P<z>\d)")
    seq.to_ome_zarr(tmp_path / "out.zarr")
    members = dict(group_of(tmp_path / "out.zarr").members(max_depth=None))
    assert sorted(members) == ["0", "fileseq", "fileseq/files", "fileseq/objects"]
    files = [p.name for p in (tmp_path / "out.zarr").rglob("*") if p.is_file()]
    assert {name for name in files if not name.isdigit()} == {"zarr.json"}
    json.loads((tmp_path / "out.zarr" / "fileseq" / "zarr.json").read_text())


PLATES = {
    "cv8000": (
        "cv8000/*/*Z0[12]C*.tif",
        r"_(?P<well>[A-P]\d\d)_(T)(\d+)(F)(\d+)L\d+A\d+(Z)(\d+)(C)(\d+)",
        {"D/08": 4, "E/03": 4, "F/08": 4},
        (1, 2, 2, 2000, 2000),
    ),
    "cv8000 by preset": (
        "cv8000/*/*_D08_*Z0[12]C*.tif",
        "cellvoyager",
        {"D/8": 4},
        (1, 2, 2, 2000, 2000),
    ),
    "ix_exported, Z": (
        "ix_exported/9987_Plate_3434/TimePoint_1/ZStep_?/*.TIF",
        r"ZStep_(?P<z>\d+)/9987_(?P<row>[A-P])(?P<column>\d+)_(s)(\d)_(w)(\d)",
        {"B/2": 2, "B/3": 2},
        (3, 3, 256, 256),
    ),
    "ix_exported, time": (
        "ix_exported/9987_Plate_3435/TimePoint_?/*.TIF",
        r"_(?P<time>\d+)/9987_(?P<well>[A-P]\d+)_s(?P<site>\d)_w(?P<channel>\d)",
        {"B/02": 2, "B/03": 2},
        (2, 2, 256, 256),
    ),
}


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="needs the shared data")
@pytest.mark.parametrize("case", PLATES)
def test_plates_of_real_instruments(case, tmp_path):
    """Wells and fields must be found where the names have them, with the files' pixels."""
    files, pattern, wells, shape = PLATES[case]
    seq = open_sequence(str(DATA / files), pattern=pattern)
    url = tmp_path / "plate.ome.zarr"
    seq.to_ome_zarr(url)
    yaozarrs.validate_zarr_store(url)
    plate = ome_of(url)["plate"]
    fields = {w["path"]: len(ome_of(url / w["path"])["well"]["images"]) for w in plate["wells"]}
    assert fields == wells
    for well in wells:
        assert opened(url / well / "0").data[0].shape == shape
    assert opened(url).data[0].shape[-1] == shape[-1] * len(plate["columns"])
    _require_pixels(seq, url)


def _require_pixels(seq, url):
    """Compare three files with where they should be, as names and attributes tell."""
    array = seq.to_dask_array()
    for number in (0, len(seq) // 2, len(seq) - 1):
        index = list(seq.indices)[number]
        image = tifffile.imread(seq[number])
        np.testing.assert_array_equal(array[tuple(index)].compute(), image)
        labels = {dim: seq.coords[dim][i] for dim, i in zip(seq.coords, index, strict=True)}
        found = []
        for path in url.rglob("zarr.json"):
            about = json.loads(path.read_text())["attributes"].get("fileseq", {})
            if "at" in about and all(labels[dim] == value for dim, value in about["at"].items()):
                found.append((path.parent, about))
        ((place, about),) = found
        level = zarr.open_array(place / "0", mode="r")
        where = []
        for role in level.metadata.dimension_names[:-2]:
            ((dim, values),) = about["along"][role].items()
            where.append(values.index(labels[dim]))
        np.testing.assert_array_equal(level[tuple(where)], image)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["mean", "nearest"])
def test_levels_do_not_depend_on_how_they_are_made(tmp_path, method):
    """Levels that are read back from the one before must be those made in memory."""
    rng = np.random.default_rng(8)
    images = rng.integers(0, 65535, (2, 301, 423), np.uint16)
    seq = FileSequence(lambda name: images[int(name)], ["0", "1"], pattern=r"(?P<t>\d)")
    arguments = {"chunks": 32, "shards": 64, "levels": 5, "method": method, "verify": "all"}
    whole = seq.to_ome_zarr(tmp_path / "whole.zarr", **arguments)
    parts = seq.to_ome_zarr(tmp_path / "parts.zarr", memory=2 * 128 * 128, **arguments)
    assert [len(m["identity"]["stages"]) for m in (whole, parts)] == [1, 3]
    assert whole["ranges"] == parts["ranges"]  # or contrast would depend on memory
    for level in range(5):
        found = group_of(tmp_path / "parts.zarr")[str(level)]
        assert found.shape == (2, -(-301 // 2**level), -(-423 // 2**level))
        np.testing.assert_array_equal(
            found[...], group_of(tmp_path / "whole.zarr")[str(level)][...]
        )


@pytest.mark.slow
def test_levels_made_of_bad_ones_are_made_again(tmp_path):
    """What is compared are a region and the level that it was made of: both would be bad."""
    rng = np.random.default_rng(8)
    images = rng.integers(0, 65535, (2, 301, 423), np.uint16)
    seq = FileSequence(lambda name: images[int(name)], ["0", "1"], pattern=r"(?P<t>\d)")
    out = tmp_path / "out.zarr"
    spoilt = []

    def spoil(done, total):
        if done == 2 * images.nbytes and not spoilt:  # level 2 is written, level 3 is not
            objects = sorted(path for path in (out / "2" / "c").rglob("*") if path.is_file())
            spoilt.append(shutil.copyfile(objects[0], objects[-1]))

    arguments = {"chunks": 32, "shards": False, "levels": 5, "memory": 2 * 128 * 128}
    arguments |= {"verify": "all", "scheduler": "sync"}
    with pytest.raises(VerifyError, match="convert again: just this is done again"):
        seq.to_ome_zarr(out, progress=spoil, **arguments)
    assert spoilt
    seq.to_ome_zarr(out, **arguments)
    seq.to_ome_zarr(tmp_path / "alone.zarr", **arguments)
    for level in range(5):
        found = group_of(out)[str(level)][...]
        np.testing.assert_array_equal(found, group_of(tmp_path / "alone.zarr")[str(level)][...])


@pytest.mark.parametrize("shape", [(), (5,), (0, 4), (3, 0)])
def test_arrays_of_other_shapes(tmp_path, shape):
    """Not all that is in files is an image."""
    seq = FileSequence(lambda name: np.ones(shape, "i2"), ["0", "1"], pattern=r"(?P<t>\d)")
    seq.to_zarr(tmp_path / "out.zarr", verify="all")
    found = zarr.open_array(tmp_path / "out.zarr", path="image", mode="r")
    np.testing.assert_array_equal(found[...], np.ones((2, *shape), "i2"))
