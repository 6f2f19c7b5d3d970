"""Headers that disagree are found, by kind and file, and nothing is said that is not true."""

import os
import warnings

import numpy as np
import pytest
import tifffile
import xarray as xr
import zarr

from dask_fileseq import FileSequence, HeaderWarning, open_sequence
from dask_fileseq.headers import confirmation
from dask_fileseq.readers import ChunkMetadata, FileInfo, FunctionReader, Reader, count
from tests.helpers.headers import geotiff_tags, write_geotiff, write_ome, write_pixels

pytestmark = pytest.mark.usefixtures("settled")


def write_plain(path, shape=(4, 5), dtype="u2", pages=1, **args):
    with tifffile.TiffWriter(path) as writer:
        for _ in range(pages):
            writer.write(np.ones(shape, dtype), metadata=None, contiguous=False, **args)


def write_images(path, sizes=(4, 2, 2)):
    with tifffile.TiffWriter(path) as writer:
        for size in sizes:
            writer.write(np.ones((size, 5), "u2"), metadata=None)


def gdal(scale=1.0, offset=0.0, names=("red",)):
    """Return what GDAL writes of the scale and offset of the first band, and names of bands."""
    item = '<Item name="{}" sample="{}" role="{}">{}</Item>'
    texts = [item.format("S", 0, "scale", scale), item.format("O", 0, "offset", offset)]
    texts += [item.format("D", i, "description", name) for i, name in enumerate(names)]
    return f"<GDALMetadata>{''.join(texts)}</GDALMetadata>"


RGB = {"shape": (4, 5, 3), "dtype": "u1"}

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
    "scale": (
        write_geotiff,
        {"gdal": gdal(1e-4)},
        {"gdal": gdal(1e-3)},
        "scale",
        "has scale 0.001 and offset 0; 5 of 6 files have scale 0.0001 and offset 0",
    ),
    "offset": (
        write_geotiff,
        {"gdal": gdal(1e-4)},
        {"gdal": gdal(1e-4, -0.1)},
        "scale",
        "has scale 0.0001 and offset -0.1; 5 of 6",
    ),
    "no scale": (
        write_geotiff,
        {"gdal": gdal(1e-4)},
        {"gdal": gdal()},
        "scale",
        "has no scale and offset; 5 of 6 files have scale 0.0001",
    ),
    "band": (
        write_geotiff,
        {"gdal": gdal()},
        {"gdal": gdal(names=("nir",))},
        "bands",
        "has bands nir; 5 of 6 files have bands red",
    ),
    "order of bands": (
        write_geotiff,
        RGB | {"gdal": gdal(names=("red", "green", "blue"))},
        {"gdal": gdal(names=("blue", "green", "red"))},
        "bands",
        "has bands blue, green, red; 5 of 6",
    ),
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
    series = 0 if name == "images" else None  # else those that are not read are reported
    assert open_sequence(tmp_path, series=series).check() == []


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


# faces that speak of all files


def labelled(folder, way, **kwargs):
    if way == "engine":
        return xr.open_dataarray(str(folder), engine="fileseq", drop_variables="has_file", **kwargs)
    return open_sequence(folder, **kwargs).to_xarray()


WAYS = ["to_xarray", "engine"]

LEFT_OUT = {
    "pixel size": ({"z", "y", "x"}, {"x", "y"}),
    "unit": ({"z", "y", "x"}, {"x", "y", "z"}),
    "distance of planes": ({"z", "y", "x"}, {"z"}),
    "pixel size of OME": ({"c", "y", "x"}, {"x", "y"}),
    "channels": ({"c", "y", "x"}, {"c"}),
    "zone": ({"y", "x", "spatial_ref"}, {"y", "x", "spatial_ref"}),
    "shift": ({"y", "x", "spatial_ref"}, {"x"}),
    "ground pixel": ({"y", "x", "spatial_ref"}, {"y", "x"}),
    "direction": ({"y", "x", "spatial_ref"}, {"y", "x"}),
    "order of bands": ({"y", "x", "s", "spatial_ref"}, {"s"}),
}
"""By the names of `PLANTED`, the coordinates that files have, and those that are not true."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_coordinate_that_one_file_contradicts_is_left_out(tmp_path, name, way):
    """What the first file says is taken for what all say."""
    write, usual, other, *_ = PLANTED[name]
    all_coords, gone = LEFT_OUT[name]
    for t in range(6):
        write(tmp_path / f"t{t}.tif", **usual)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert set(labelled(tmp_path, way).coords) == {"t"} | all_coords
    write(tmp_path / "t3.tif", **usual | other)
    with pytest.warns(HeaderWarning, match=r"5 of 6 files|1 of 6 files") as warned:
        da = labelled(tmp_path, way)
    assert len(warned) == 1
    assert "t3.tif" in str(warned[0].message)
    assert set(da.coords) == {"t"} | (all_coords - gone)


def test_nodata_that_one_file_contradicts(tmp_path):
    """A mean over time masks the wrong pixels."""
    for t, nodata in enumerate((-99, -99, -1)):
        write_geotiff(tmp_path / f"t{t}.tif", nodata=nodata)
    with pytest.warns(
        HeaderWarning, match="2 of 3 files have nodata -99, '.*t2.tif' has nodata -1"
    ):
        da = open_sequence(tmp_path).to_xarray()
    assert "nodata" not in da.attrs
    assert set(da.coords) == {"t", "y", "x", "spatial_ref"}


def test_three_scenes_in_two_zones_are_in_none(tmp_path):
    """They became one array in zone 32."""
    for t, epsg in enumerate((32632, 32633, 32632)):
        write_geotiff(tmp_path / f"t{t}.tif", epsg=epsg)
    message = r"2 of 3 files are in EPSG:32632, '.*t1.tif' is in EPSG:32633"
    with pytest.warns(HeaderWarning, match=message):
        da = open_sequence(tmp_path).to_xarray()
    assert set(da.coords) == {"t"}


def test_tiles_on_an_axis_have_no_common_place(tmp_path):
    """All tiles of a map lay where the first one is."""
    for tile in range(3):
        write_geotiff(tmp_path / f"tile{tile}.tif", left=500_000.0 + 50 * tile)
    seq = open_sequence(tmp_path)
    with pytest.warns(HeaderWarning, match="2 of 3 files have another place"):
        assert set(seq.to_xarray().coords) == {"tile", "y", "spatial_ref"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mosaic = seq.to_xarray(axestiled={0: 1})
    assert mosaic.x.values.tolist() == (500_005.0 + 10 * np.arange(15)).tolist()


def test_the_message_is_made_of_whole_sentences(tmp_path):
    """It ended in a comma and a full stop."""
    for t in range(3):
        write_geotiff(tmp_path / f"t{t}.tif", step=10.0 * (1 + (t == 2)))
    with pytest.warns(HeaderWarning) as caught:
        open_sequence(tmp_path).to_xarray()
    (message,) = [str(each.message) for each in caught]
    assert "t2.tif' has pixels of 20 x 20 m, not 10 x 10 m. What is not the same" in message


def test_a_tile_in_the_middle_of_a_mosaic_that_is_elsewhere(tmp_path):
    """Only the first tile and the last one were looked at."""
    for tile in range(5):
        left = 500_000.0 + 50 * tile + 30 * (tile == 2)
        write_geotiff(tmp_path / f"tile{tile}.tif", left=left)
    with pytest.warns(HeaderWarning, match=r"tile2.tif' is shifted by 30 m along x"):
        mosaic = open_sequence(tmp_path).to_xarray(axestiled={0: 1})
    assert "x" not in mosaic.coords


def test_headers_are_read_once_and_only_where_they_say_something(tmp_path):
    """Each call costs as much as a check."""
    for t in range(5):
        write_pixels(tmp_path / f"t{t}.tif")
        write_plain(tmp_path / f"plain{t}.tif")
    seq = open_sequence(f"{tmp_path}/t*.tif")
    with count() as counts:
        seq.to_dask_array()
        seq.array()
    assert counts.headers == 1
    with count() as counts:
        seq.to_xarray()
        open_sequence(f"{tmp_path}/t*.tif").to_xarray()
    assert (counts.headers, counts.bytes) == (5 + 1, 0)
    with count() as counts:
        open_sequence(f"{tmp_path}/plain*.tif").to_xarray()
    assert counts.headers == 1


def test_of_very_many_files_a_sample_is_read(tmp_path, monkeypatch):
    """A folder of a million files is opened in an hour."""
    monkeypatch.setattr(confirmation, "MOST_FILES", 20)
    monkeypatch.setattr(confirmation, "SAMPLE", 5)
    for t in range(21):
        write_pixels(tmp_path / f"t{t:02d}.tif", step=1.0 if t == 20 else 0.5)
    seq = open_sequence(tmp_path)
    with pytest.warns(HeaderWarning, match="4 of 5 files have"), count() as counts:
        seq.to_xarray()
    assert counts.headers == 1 + 5


def test_copies_and_labelled_arrays_have_each_their_own_coordinates(tmp_path):
    """Once a mosaic is copied, its coordinates begin at its first file, not at its first tile."""
    for row, column in ((0, 1), (1, 0), (1, 1)):
        place = {"left": 500_000.0 + 50 * column, "top": 5_000_000.0 - 40 * row}
        write_geotiff(tmp_path / f"row{row}_col{column}.tif", **place)
    seq = open_sequence(tmp_path, pattern="row{row:d}_col{col:d}.tif")
    tiled = {"axestiled": {0: 0, 1: 1}}
    seq.to_zarr(tmp_path / "mosaic.zarr", groupname=None, fillvalue=0, **tiled)
    assert seq.to_xarray(**tiled).x.values[:2].tolist() == [500_005, 500_015]


def test_headers_are_kept_up_to_a_number(tmp_path, monkeypatch):
    """Headers of all sequences that a process ever opened fill its memory."""
    monkeypatch.setattr(confirmation, "MOST_KEPT", 5)
    for t in range(3):
        write_pixels(tmp_path / f"a{t}.tif")
        write_pixels(tmp_path / f"b{t}.tif")
    first, second = (open_sequence(f"{tmp_path}/{letter}*.tif") for letter in "ab")
    for seq in (first, second):
        seq.to_xarray()
    with count() as counts:
        second.to_xarray()
    assert counts.headers == 0
    with count() as counts:
        first.to_xarray()
    assert counts.headers == 3


def test_ome_zarr_has_the_pixel_size_of_all_files(tmp_path):
    """A scale bar is twice as long as it should be, for one file of many."""
    for t in range(3):
        write_pixels(tmp_path / f"t{t}.tif", shape=(4, 5), axes="YX", step=0.25 if t == 1 else 0.5)
    seq = open_sequence(tmp_path)
    match = r"pixels of 0.5 x 0.5 µm .x, y., '.*t1.tif' has"
    with pytest.warns(HeaderWarning, match=match) as caught:
        seq.to_ome_zarr(tmp_path / "a.ome.zarr", progress=False)
    assert caught[0].filename == __file__
    (image,) = zarr.open_group(tmp_path / "a.ome.zarr").attrs["ome"]["multiscales"]
    assert image["datasets"][0]["coordinateTransformations"][0]["scale"][-2:] == [1, 1]
    assert all("unit" not in axis for axis in image["axes"][-2:])


def test_ome_zarr_needs_the_size_of_pixels_but_no_place(tmp_path):
    """Images beside each other have no common place, but pixels of the same size."""
    for tile in range(3):
        write_geotiff(tmp_path / f"tile{tile}.tif", left=500_000.0 + 50 * tile)
    with warnings.catch_warnings():
        warnings.simplefilter("error", HeaderWarning)
        open_sequence(tmp_path).to_ome_zarr(
            tmp_path / "a.ome.zarr", axes={"tile": "image"}, progress=False
        )
    (image,) = zarr.open_group(tmp_path / "a.ome.zarr/0").attrs["ome"]["multiscales"]
    assert image["datasets"][0]["coordinateTransformations"][0]["scale"][-2:] == [10, 10]


@pytest.mark.parametrize("imreadargs", [{"key": 0}, {"series": 0}, {"is_ome": False}])
def test_arguments_of_imread_are_those_of_all_headers(tmp_path, imreadargs):
    """With them, the first header is believed again."""
    for t, epsg in enumerate((32632, 32633, 32632)):
        write_geotiff(tmp_path / f"t{t}.tif", epsg=epsg)
    with pytest.warns(HeaderWarning, match="2 of 3 files are in EPSG:32632"):
        da = open_sequence(tmp_path).to_xarray(imreadargs=imreadargs)
    assert set(da.coords) == {"t"}


def test_another_page_has_other_metadata(tmp_path):
    """The first page of each file is compared, and another one read."""
    for t in range(3):
        with tifffile.TiffWriter(tmp_path / f"t{t}.tif") as writer:
            for shape, epsg in (((4, 5), 32633), ((6, 7), 32632 if t == 1 else 32633)):
                tags = geotiff_tags(epsg=epsg)
                writer.write(np.ones(shape, "u1"), metadata=None, extratags=tags)
    seq = open_sequence(tmp_path)
    assert "spatial_ref" in seq.to_xarray(imreadargs={"key": 0}).coords
    with pytest.warns(HeaderWarning, match="2 of 3 files are in EPSG:32633"):
        assert set(seq.to_xarray(imreadargs={"key": 1}).coords) == {"t"}
    with pytest.warns(HeaderWarning, match="2 of 3 files are in EPSG:32633"):
        assert set(seq.to_xarray(imreadargs={"series": 1}).coords) == {"t"}


def test_a_reader_of_ones_own_is_compared(tmp_path):
    """Only TIFF files would be looked at twice."""

    class Described(Reader):
        def __call__(self, file, **imreadargs):
            return np.ones((4, 5))

        def describe(self, file, **imreadargs):
            system = {"spatial_ref": "ENGCRS[...]" if "1" in os.path.basename(file) else "LOCAL"}
            spec = FunctionReader(self).describe(file).spec
            return FileInfo(spec, ChunkMetadata(crs=system))

    for t in range(3):
        (tmp_path / f"t{t}.bin").write_bytes(b"any")
    seq = FileSequence(Described(), f"{tmp_path}/*.bin", pattern=r"t(?P<t>\d)")
    with pytest.warns(HeaderWarning, match="2 of 3 files are in LOCAL"):
        assert set(seq.to_xarray().coords) == {"t"}
    assert [(f.kind, f.cell) for f in seq.check()] == [("crs", {"t": 1})]


def test_resolution_for_printing_is_no_scale_of_ome_zarr(tmp_path):
    """A photo has pixels of 352.78 micrometres."""
    for t in range(3):
        args = {"resolution": (72, 72), "resolutionunit": "INCH", "metadata": None}
        tifffile.imwrite(tmp_path / f"t{t}.tif", np.ones((4, 5), "u1"), **args)
    seq = open_sequence(tmp_path)
    assert set(seq.to_xarray().coords) == {"t"}
    assert seq.table().constant["pixel_size_x"] == 25400 / 72
    seq.to_ome_zarr(tmp_path / "a.ome.zarr", progress=False)
    (image,) = zarr.open_group(tmp_path / "a.ome.zarr").attrs["ome"]["multiscales"]
    assert image["datasets"][0]["coordinateTransformations"][0]["scale"] == [1, 1, 1]
    assert all("unit" not in axis for axis in image["axes"])
