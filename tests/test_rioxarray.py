"""Series of GeoTIFFs are what rioxarray reads of each file, and rioxarray works with them."""

import numpy as np
import pytest
import xarray as xr
from pyproj import CRS

from dask_fileseq import open_sequence
from dask_fileseq.errors import HeaderWarning
from dask_fileseq.readers import count
from tests.helpers.geotiff import MATRIX, doubles, write_geotiff, write_raster

rasterio = pytest.importorskip("rasterio")
rioxarray = pytest.importorskip("rioxarray")

pytestmark = [
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),  # in affine 3
    pytest.mark.filterwarnings("ignore:.*differ across bands"),
]

NAMES = ("red", "green", "nir")
LAMBERT = "+proj=lcc +lat_0=46.5 +lon_0=3 +lat_1=49 +lat_2=44 +x_0=700000 +datum=WGS84"
SOUTH_UP = doubles(MATRIX, 10, 0, 0, 500, 0, 20, 0, 780, 0, 0, 0, 0, 0, 0, 0, 1)


def by_rasterio(**args):
    def write(path, image):
        write_raster(path, image.astype(args.get("dtype", "int16")), **args)

    return write


def by_keys(entries, place=None):
    def write(path, image):
        write_geotiff(path, entries, image[0].astype("u1"), place)

    return write


KINDS = {
    "one band": (1, by_rasterio(descriptions=["elevation"], units=["m"])),
    "bands by pixel": (3, by_rasterio(descriptions=NAMES, interleave="pixel")),
    "planes": (3, by_rasterio(descriptions=NAMES, interleave="band")),
    "tiles": (2, by_rasterio(tiled=True, blockxsize=16, blockysize=16, compress="deflate")),
    "scaled": (3, by_rasterio(scales=[0.1] * 3, offsets=[-2.0] * 3, nodata=-999)),
    "scales that differ": (2, by_rasterio(scales=[0.1, 0.2], offsets=[0.0, 1.0])),
    "nodata in floats": (1, by_rasterio(dtype="float32", nodata=1e20)),
    "nodata is NaN": (2, by_rasterio(dtype="float32", nodata=np.nan)),
    "degrees": (1, by_rasterio(crs="EPSG:4326")),
    "projection without code": (1, by_rasterio(crs=LAMBERT)),
    "feet that contradict the code": (
        1, by_keys({"model": 1, "projected": 26967, "linear": 9003})),
    "points": (1, by_keys({"model": 1, "raster": 2, "projected": 32633, "linear": 9001})),
    "south up": (1, by_keys({"model": 1, "projected": 32633, "linear": 9001}, [SOUTH_UP])),
}  # fmt: skip


def series(folder, kind, times=(0, 1)):
    """Write an image for each time; return the pixels and the sequence."""
    bands, write = KINDS[kind]
    pixels = np.random.default_rng(0).integers(0, 99, (len(times), bands, 6, 5))
    for time, image in zip(times, pixels, strict=True):
        write(folder / f"scene_t{time}.tif", image)
    return pixels, open_sequence(f"{folder}/*.tif", pattern="scene_t{time:d}.tif")


@pytest.mark.parametrize("kind", KINDS)
def test_each_time_is_what_rioxarray_reads(tmp_path, kind):
    """Coordinates, systems, nodata, scales and names decide where and what an image is."""
    seq = series(tmp_path, kind)[1]
    image = seq.to_xarray(layout="rio")
    assert image.dims == ("time", "band", "y", "x")[: image.ndim - 2] + ("y", "x")
    for time, name in enumerate(seq):
        with rioxarray.open_rasterio(name) as expected:
            found = image.isel(time=time)
            np.testing.assert_array_equal(found.values.reshape(expected.shape), expected.values)
            np.testing.assert_array_equal(found.x, expected.x)
            np.testing.assert_array_equal(found.y, expected.y)
            assert CRS(found.rio.crs.to_wkt()).equals(CRS(expected.rio.crs.to_wkt()))
            assert found.rio.transform().almost_equals(expected.rio.transform())
            np.testing.assert_equal(found.rio.nodata, expected.rio.nodata)
            for attr, default in (("scale_factor", 1.0), ("add_offset", 0.0)):
                scale = expected.attrs.get(attr)
                assert found.attrs.get(attr, default if scale is not None else None) == scale
            for attr in ("long_name", "units", "scales", "offsets"):
                assert found.attrs.get(attr) == expected.attrs.get(attr)


def test_bands_have_names_or_numbers(tmp_path):
    """As in rioxarray, bands without names are counted from 1."""
    names = series(tmp_path, "planes")[1].to_xarray(layout="rio")
    assert names.band.values.tolist() == list(NAMES)
    assert names.sel(time=1, band="nir").shape == (6, 5)
    (tmp_path / "more").mkdir()
    numbers = series(tmp_path / "more", "tiles")[1].to_xarray(layout="rio")
    assert numbers.band.values.tolist() == [1, 2]


def test_an_axis_of_names_may_be_a_band(tmp_path):
    """The samples of a pixel then are another axis."""
    for band in ("red", "nir"):
        write_raster(tmp_path / f"{band}.tif")
    seq = open_sequence(f"{tmp_path}/*.tif", pattern="{band}.tif")
    image = seq.to_xarray(layout="rio")
    assert image.dims == ("band", "sample", "y", "x")
    assert image.sample.values.tolist() == [1, 2, 3]


def test_names_of_one_file_are_not_those_of_all(tmp_path):
    """With a band in each file, all would be called after the first."""
    for number, (band, unit) in enumerate((("red", "W"), ("nir", "W"))):
        path = tmp_path / f"b{number}.tif"
        write_raster(path, count=1, descriptions=[band], units=[unit], scales=[0.1])
    image = open_sequence(f"{tmp_path}/*.tif", pattern="b{band:d}.tif").to_xarray()
    assert image.attrs == {"units": "W", "scale_factor": 0.1}


def test_scales_that_differ_between_files_are_no_scales(tmp_path):
    """The second image would be scaled as the first."""
    for time, scales in enumerate(([0.1, 0.2], [0.1, 0.3])):
        write_raster(tmp_path / f"t{time}.tif", count=2, scales=scales)
    seq = open_sequence(f"{tmp_path}/*.tif", pattern="t{t:d}.tif")
    with pytest.warns(HeaderWarning, match=r"scales \(0.1, 0.2\) and offsets 0 of bands"):
        assert "scales" not in seq.to_xarray().attrs


def test_layout_is_checked(tmp_path):
    """A misspelt layout is ignored, or an array without a map is no map."""
    seq = series(tmp_path, "one band")[1]
    with pytest.raises(ValueError, match="layout='roi': it is 'rio'"):
        seq.to_xarray(layout="roi")
    np.save(tmp_path / "a0.npy", np.zeros(4))
    seq = open_sequence(f"{tmp_path}/*.npy", pattern="a{t:d}.npy")
    with pytest.raises(ValueError, match="no axes y and x, but t"):
        seq.to_xarray(layout="rio")


@pytest.mark.parametrize("scheduler", ["threads", "sync"])
def test_slices_of_bands_are_those_of_the_file(tmp_path, scheduler):
    """Any basic slice, and any chain of them, is that of the transposed array."""
    pixels, seq = series(tmp_path, "bands by pixel")
    image = seq.to_xarray(layout="rio")
    cases = [
        {"time": 1}, {"band": 2}, {"y": slice(1, 3), "x": slice(None, None, -2)},
        {"time": 0, "band": slice(1, None), "x": 4}, {"band": np.int64(-1), "y": 2}, {"x": [0, 3]},
    ]  # fmt: skip
    expected = xr.DataArray(pixels, dims=image.dims)
    for case in cases:
        found = image.isel(case)
        np.testing.assert_array_equal(found.compute(scheduler=scheduler), expected.isel(case))
        twice = found.isel(x=slice(1, 3)) if "x" in found.dims else found
        wanted = expected.isel(case)
        wanted = wanted.isel(x=slice(1, 3)) if "x" in wanted.dims else wanted
        np.testing.assert_array_equal((twice + 1).compute(scheduler=scheduler), wanted + 1)


def test_a_crop_of_bands_reads_the_crop(tmp_path):
    """Dask pushes no slice through a transposition: a window would read whole images."""
    shape = (3, 512, 512)
    for t in range(2):
        write_raster(tmp_path / f"t{t}.tif", np.zeros(shape, "u1"), interleave="pixel")
    image = open_sequence(f"{tmp_path}/*.tif", pattern="t{t:d}.tif").to_xarray(layout="rio")
    image[1, :, :8, :8].compute()  # the first read of a kind of files proves how to read others
    with count() as counts:
        (image.isel(t=1)[:, 100:108, 200:208] + 1).compute()
    assert counts.bytes < 512 * 512


def polygon(*corners):
    return [{"type": "Polygon", "coordinates": [[*corners, corners[0]]]}]


@pytest.mark.parametrize("kind", ["bands by pixel", "projection without code", "points"])
@pytest.mark.parametrize("operation", ["reproject", "clip", "clip_box"])
def test_operations_are_those_on_the_file(tmp_path, kind, operation):
    """What rioxarray makes of an image of the series is what it makes of the file."""
    seq = series(tmp_path, kind)[1]
    with rioxarray.open_rasterio(seq[1]) as image:
        found = seq.to_xarray(layout="rio").isel(time=1)
        west, south, east, north = image.rio.bounds()
        x, y = (west + east) / 2, (south + north) / 2
        args = {
            "reproject": ["EPSG:3857"],
            "clip": [polygon((west, south), (x, south), (x, north), (west, north))],
            "clip_box": [west, y, east, north],
        }[operation]
        found = getattr(found.rio, operation)(*args)
        expected = getattr(image.rio, operation)(*args)
        np.testing.assert_array_equal(found.values.reshape(expected.shape), expected.values)
        np.testing.assert_allclose(found.x, expected.x)
        assert CRS(found.rio.crs.to_wkt()).equals(CRS(expected.rio.crs.to_wkt()))


@pytest.mark.filterwarnings("ignore:Transform that is non-rectilinear")
@pytest.mark.parametrize("matrix", [(1, 0.5, 5, 0.5, -2, 7), (0, 2, 5, 2, 0, 7)])
def test_rotated_images_are_reprojected(tmp_path, matrix):
    """Their rows are parallel to no axis, so that they have a transform, and no x and y."""
    a, b, c, d, e, f = matrix
    place = [doubles(MATRIX, a, b, 0, c, d, e, 0, f, 0, 0, 0, 0, 0, 0, 0, 1)]
    for t in range(2):
        pixels = np.arange(30, dtype="u1").reshape(6, 5) + t
        write_geotiff(tmp_path / f"t{t}.tif", {"model": 1, "projected": 32633}, pixels, place)
    seq = open_sequence(f"{tmp_path}/*.tif", pattern="t{t:d}.tif")
    found = seq.to_xarray()
    assert not {"x", "y"} & found.coords.keys()
    with rioxarray.open_rasterio(seq[1]) as image:
        assert found.rio.transform() == image.rio.transform()
        expected = image.rio.reproject("EPSG:3857")
    np.testing.assert_array_equal(found.isel(t=1).rio.reproject("EPSG:3857"), expected[0])


def test_a_series_is_reprojected_at_once(tmp_path):
    """Images of one band over time are three axes, as rioxarray wants."""
    seq = series(tmp_path, "one band")[1]
    found = seq.to_xarray().rio.reproject("EPSG:3857")
    for time, name in enumerate(seq):
        with rioxarray.open_rasterio(name) as image:
            expected = image.rio.reproject("EPSG:3857")
        np.testing.assert_array_equal(found[time], expected[0])


def test_a_mean_over_time_leaves_out_what_is_missing(tmp_path):
    """A missing image and missing pixels count as -999 otherwise."""
    for label, time, value in (("a", 0, 10), ("a", 1, 30), ("b", 1, 50)):  # no b at 0
        image = np.full((1, 6, 5), value, "i2")
        image[0, 0, time] = -999
        write_raster(tmp_path / f"t{time}_{label}.tif", image, nodata=-999)
    args = {"engine": "fileseq", "pattern": "t{t:d}_{label}.tif"}
    with xr.open_dataset(f"{tmp_path}/*.tif", **args) as dataset:
        assert not dataset.has_file.sel(t=0, label="b")
        mean = dataset.image.mean("t")
    expected = np.full((2, 6, 5), [[[20.0]], [[50.0]]])
    expected[0, 0, :2], expected[1, 0, 1] = (30, 10), np.nan
    np.testing.assert_array_equal(mean, expected)
    assert mean.rio.crs.to_epsg() == 32633
    assert mean.sel(label="b").rio.reproject("EPSG:3857").max() == 50
