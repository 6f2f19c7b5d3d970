"""Headers that disagree are found, by kind and file, and nothing is said that is not true."""

import os

import numpy as np
import pytest
import tifffile

from dask_fileseq import open_sequence
from tests.helpers.headers import write_geotiff, write_ome, write_pixels

pytestmark = pytest.mark.usefixtures("settled")


def write_plain(path, shape=(4, 5), dtype="u2", pages=1, **args):
    with tifffile.TiffWriter(path) as writer:
        for _ in range(pages):
            writer.write(np.ones(shape, dtype), metadata=None, contiguous=False, **args)


def write_images(path, sizes=(4, 2, 2)):
    with tifffile.TiffWriter(path) as writer:
        for size in sizes:
            writer.write(np.ones((size, 5), "u2"), metadata=None)


PLANTED = {
    "pixel size": (
        write_pixels,
        {},
        {"step": 0.25},
        "pixel size",
        "0.25 x 0.25 x 2 µm (x, y, z)",
    ),
    "unit": (write_pixels, {}, {"unit": "nm"}, "pixel size", "pixels of 0.5 x 0.5 x 2 nm"),
    "no pixel size": (write_pixels, {}, {"unit": ""}, "pixel size", "has no pixel size; 5 of 6"),
    "distance of planes": (
        write_pixels,
        {},
        {"spacing": 1.5},
        "pixel size",
        "0.5 x 0.5 x 1.5 µm",
    ),
    "origin": (write_pixels, {}, {"xorigin": 4}, "pixel size", "from -2, 0, 0; 5 of 6"),
    "pixel size of OME": (write_ome, {}, {"step": 1.0}, "pixel size", "5 of 6 files have pixels"),
    "zone": (write_geotiff, {}, {"epsg": 32632}, "crs", "5 of 6 files are in EPSG:32633"),
    "shift": (write_geotiff, {}, {"left": 500_030.0}, "transform", "is shifted by 30 m along x"),
    "shift of a part of a pixel": (
        write_geotiff,
        {},
        {"top": 5_000_005.0},
        "transform",
        "is shifted by 5 m along y",
    ),
    "ground pixel": (write_geotiff, {}, {"step": 20.0}, "transform", "has pixels of 20 x 20 m"),
    "direction": (write_geotiff, {}, {"turned": True}, "transform", "in another direction"),
    "nodata": (write_geotiff, {"nodata": -99}, {"nodata": -1}, "nodata", "has nodata -1; 5 of 6"),
    "no nodata": (write_geotiff, {"nodata": -99}, {}, "nodata", "has no nodata; 5 of 6 files have"),
    "channels": (
        write_ome,
        {},
        {"names": ("DAPI", "Cy5")},
        "channels",
        "has channel DAPI, Cy5; 5 of 6 files have channel DAPI, GFP",
    ),
    "axes of ImageJ": (write_pixels, {}, {"axes": "TYX"}, "axes", "has axes TYX; 5 of 6"),
    "axes of OME": (write_ome, {}, {"axes": "ZYX", "names": None}, "axes", "has axes ZYX; 5 of 6"),
    "images": (write_images, {}, {"sizes": (4, 2, 3)}, "series", "has 3 images; 5 of 6"),
    "pages": (write_plain, {}, {"pages": 3}, "pages", "has 3 pages"),
    "shape": (write_plain, {}, {"shape": (5, 4)}, "shape", "has shape (5, 4)"),
    "data type": (write_plain, {}, {"dtype": "i2"}, "dtype", "has dtype int16"),
}
"""What one of six files has: the writer, what all have, what the odd one has, the kind of the
finding, and words of its detail."""


@pytest.mark.parametrize("odd", [0, 3])
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_inconsistency_is_found(tmp_path, name, odd):
    """An array has a pixel size, a place or channels that one of its files contradicts."""
    write, usual, other, kind, detail = PLANTED[name]
    for t in range(6):
        args = usual | other if t == odd and name != "no nodata" else usual
        args = {} if t == odd and name == "no nodata" else args
        write(tmp_path / f"t{t}.tif", **args)
    found = [f for f in open_sequence(tmp_path).check() if f.kind == kind]
    assert [(os.path.basename(f.name), f.cell) for f in found] == [(f"t{odd}.tif", {"t": odd})]
    assert detail in found[0].detail


@pytest.mark.parametrize("name", PLANTED)
def test_files_that_agree_have_no_findings(tmp_path, name):
    """A check that always finds something is not read."""
    write, usual, *_ = PLANTED[name]
    for t in range(3):
        write(tmp_path / f"t{t}.tif", **usual)
    assert open_sequence(tmp_path).check() == []


def test_three_scenes_in_two_zones(tmp_path):
    """They became one array in zone 32, and all was well."""
    for t, epsg in enumerate((32632, 32633, 32632)):
        write_geotiff(tmp_path / f"t{t}.tif", epsg=epsg)
    (found,) = open_sequence(tmp_path).check()
    assert (found.kind, found.cell) == ("crs", {"t": 1})
    assert found.detail == "is in EPSG:32633; 2 of 3 files are in EPSG:32632"


def test_a_zone_of_all_bands_of_a_scene(tmp_path):
    """Another axis that explains the difference does not make it right."""
    for scene, epsg in enumerate((32632, 32633, 32632)):
        for band in ("B02", "B03"):
            write_geotiff(tmp_path / f"scene{scene}_{band}.tif", epsg=epsg)
    found = open_sequence(tmp_path, pattern="scene{scene:d}_{band}.tif").check()
    assert [(f.kind, f.cell["scene"]) for f in found] == [("crs", 1), ("crs", 1)]


def test_tiles_lie_beside_each_other(tmp_path):
    """Each tile of a map is elsewhere; one that moved between two dates is not."""
    for t in range(3):
        for tile in range(4):
            left = 500_000.0 + 50 * tile + 30 * ((t, tile) == (2, 1))
            write_geotiff(tmp_path / f"tile{tile}_t{t}.tif", left=left)
    (found,) = open_sequence(tmp_path).check()
    assert (found.kind, found.cell) == ("transform", {"tile": 1, "t": 2})
    assert found.detail == "is shifted by 30 m along x against 2 other files"


def test_tiles_of_one_date(tmp_path):
    """Overlapping tiles of a flight are no error each."""
    for row in range(3):
        for column in range(3):
            place = {"left": 500_000.0 + 45 * column, "top": 5_000_000.0 - 36 * row}
            write_geotiff(tmp_path / f"row{row}_col{column}.tif", **place)
    assert open_sequence(tmp_path).check() == []


def test_names_of_channels_belong_to_an_axis(tmp_path):
    """A file of each channel has a name of its own; another name in one of them is wrong."""
    for t in range(3):
        for c, name in enumerate(("DAPI", "GFP", "Cy5")):
            names = ["TRITC" if (t, c) == (1, 2) else name]
            path = tmp_path / f"t{t}_c{c}.ome.tif"
            write_ome(path, names=names, shape=(1, 4, 5))
    (found,) = open_sequence(tmp_path).check()
    assert (found.kind, found.cell) == ("channels", {"t": 1, "c": 2})
    assert found.detail == "has channel TRITC; 2 of 9 files have channel Cy5"


def test_dates_and_places_may_differ(tmp_path):
    """Every file of a time series has its own time."""
    for t in range(3):
        tifffile.imwrite(
            tmp_path / f"t{t}.tif", np.ones((4, 5), "u2"), datetime=f"2024:07:09 13:13:0{t}"
        )
    assert open_sequence(tmp_path).check() == []
