"""The keywords of xarray itself in ``engine="fileseq"``, and several patterns or files at once."""

import pickle
import shutil
from dataclasses import replace

import dask
import numpy as np
import pytest
import tifffile
import xarray as xr

from dask_fileseq import FileSequence, open_sequence
from dask_fileseq.readers import ChunkMetadata, Reader, count

GDAL_NODATA = [(42113, "s", 0, "-9", True)]
DAYS = ("2020-07-01", "2020-07-03", "2020-07-04")


def write(path, image, dtype="i2", tags=GDAL_NODATA):
    tifffile.imwrite(path, np.asarray(image, dtype), extratags=tags)


@pytest.fixture
def scenes(tmp_path):
    """Return a pattern of scenes of three days and two bands, of which one is missing."""
    for i, day in enumerate(DAYS):
        for j, band in enumerate(("nir", "red")):
            image = np.full((40, 60), 10 * i + j, "i2")
            image[0, :3] = -9
            if (i, j) != (1, 1):
                write(tmp_path / f"a_{day}_{band}.tif", image)
    return f"{tmp_path}/*.tif"


def open_scenes(files, **kwargs):
    return xr.open_dataset(files, engine="fileseq", **kwargs)


@pytest.mark.parametrize("chunks", [None, {}, {"date": 3}])
def test_a_mean_over_time_is_right(scenes, chunks):
    """Without a thought of nodata in files, and of files that are missing."""
    ds = open_scenes(scenes, chunks=chunks)
    assert ds.image.dtype == "f4"
    mean = ds.image.mean("date").compute()
    expected = np.full((2, 40, 60), [[[10]], [[11]]], "f4")
    expected[:, 0, :3] = np.nan
    np.testing.assert_array_equal(mean, expected, strict=True)
    assert ds.image.encoding["_FillValue"] == -9
    assert ds.image.encoding["dtype"] == "i2"
    assert "_FillValue" not in ds.image.attrs
    assert bool(ds.has_file.sel(date="2020-07-03", band="red")) is False


@pytest.mark.parametrize("chunks", [None, {}])
def test_pixels_as_they_are(scenes, chunks):
    """What rioxarray gives without masks: integers, and the attribute that others mask by."""
    seq = open_sequence(scenes)
    for keyword in (False, {"image": False}):
        ds = open_scenes(scenes, chunks=chunks, mask_and_scale=keyword)
        assert ds.image.dtype == "i2"
        assert ds.image.attrs["_FillValue"] == -9
        xr.testing.assert_identical(ds.image.compute(), seq.to_xarray().compute())
    xr.testing.assert_identical(xr.decode_cf(ds).image, open_scenes(scenes).image)


@pytest.mark.parametrize("chunks", [None, {}])
def test_masks_read_no_more(scenes, chunks):
    """Headers alone to open; the files, and the rows, of a slice."""
    with count() as counts:
        ds = open_scenes(scenes, chunks=chunks)
        repr(ds)
        assert counts.bytes == 0
    with count() as counts, dask.config.set(scheduler="sync"):
        part = ds.image.isel(date=2)[:, 5:9, 7].compute()
    np.testing.assert_array_equal(part, np.full((2, 4), [[20], [21]], "f4"), strict=True)
    assert counts.files <= 2
    if chunks is None:
        assert counts.bytes < 40 * 60 * 2


@pytest.mark.parametrize("key", [{"y": [0, 39], "x": [2, 3, 5]}, {"date": [2, 0], "band": 1}, {}])
def test_masked_arrays_are_indexed(scenes, key):
    """Lists, and none at all; and a copy that went through a pickle."""
    expected = open_scenes(scenes).load().image.isel(key)
    for chunks in (None, {}):
        ds = pickle.loads(pickle.dumps(open_scenes(scenes, chunks=chunks)))
        np.testing.assert_array_equal(ds.image.isel(key), expected, strict=True)


class Scaled(Reader):
    """A reader of files that declare nodata, scale and offset."""

    def __call__(self, file, **imreadargs):
        return np.full((2, 3), [0, 4, 255], "u1")

    def describe(self, file, **imreadargs):
        attrs = {"nodata": np.uint8(255), "scale_factor": 0.5, "add_offset": 10.0}
        return replace(super().describe(file), metadata=ChunkMetadata(attrs=attrs))


@pytest.mark.parametrize("chunks", [None, {}])
def test_scale_and_offset(chunks):
    """The values are physical ones, and say how they are stored."""
    seq = FileSequence(Scaled(), ["a1", "a3"], pattern=r"a(?P<t>\d)", identity="name")
    ds = xr.open_dataset(seq, engine="fileseq", chunks=chunks)
    np.testing.assert_array_equal(ds.image[0], np.full((2, 3), [10, 12, np.nan]))
    assert np.isnan(ds.image[1]).all()
    found = {key: ds.image.encoding[key] for key in ("scale_factor", "add_offset", "_FillValue")}
    assert found == {"scale_factor": 0.5, "add_offset": 10, "_FillValue": 255}
    raw = xr.open_dataset(seq, engine="fileseq", mask_and_scale=False)
    assert raw.image.dtype == "u1"
    assert raw.image.attrs["scale_factor"] == 0.5


@pytest.mark.parametrize("chunks", [None, {}])
def test_scale_and_offset_of_gdal(tmp_path, chunks):
    """As GDAL writes them into its metadata."""
    items = '<Item name="OFFSET" sample="0" role="offset">10</Item>'
    items += '<Item name="SCALE" sample="0" role="scale">0.5</Item>'
    metadata = (42112, "s", 0, f"<GDALMetadata>{items}</GDALMetadata>", True)
    for day in (1, 3):
        path = tmp_path / f"a_2020-07-0{day}.tif"
        write(path, [[4 * day, -9]], tags=[metadata, *GDAL_NODATA])
    ds = open_scenes(f"{tmp_path}/*.tif", chunks=chunks)
    np.testing.assert_array_equal(ds.image.mean("date"), [[14, np.nan]])
    raw = open_scenes(f"{tmp_path}/*.tif", chunks=chunks, mask_and_scale=False).image
    assert (raw.attrs["scale_factor"], raw.attrs["add_offset"]) == (0.5, 10)
    store = open_sequence(f"{tmp_path}/*.tif").aszarr(groupname="image")
    with xr.open_zarr(store) as found:
        xr.testing.assert_identical(found.image.compute(), ds.image.drop_vars("has_file").compute())


def test_files_without_nodata_keep_their_type(tmp_path):
    """Images of microscopes must not become floats."""
    write(tmp_path / "t1.tif", np.ones((2, 3)), "u2", ())
    write(tmp_path / "t3.tif", np.ones((2, 3)), "u2", ())
    ds = open_scenes(f"{tmp_path}/*.tif", spacing="unit")
    assert ds.image.dtype == "u2"
    assert ds.image.sum() == 12
    ds = open_scenes(f"{tmp_path}/*.tif", spacing="unit", fillvalue="nan")
    assert ds.image.dtype == "f4"
    assert float(ds.image.mean("t").sum()) == 6


def test_times_are_decoded_as_asked(scenes):
    """Numbers with a unit, or dates of another resolution."""
    plain = open_scenes(scenes)
    assert plain.date.dtype.kind == "M"
    numbers = open_scenes(scenes, decode_times=False)
    assert numbers.date.dtype.kind == "i"
    assert numbers.date.attrs["units"].startswith("days since 2020-07-01")
    xr.testing.assert_equal(xr.decode_cf(numbers).date, plain.date)
    coder = xr.coders.CFDatetimeCoder(time_unit="ms")
    other = open_scenes(scenes, decode_times={"date": coder})
    assert other.date.dtype == "M8[ms]"
    np.testing.assert_array_equal(other.date, plain.date)
    np.testing.assert_array_equal(other.sel(date="2020-07").image, plain.image)


def test_durations_are_decoded_as_asked(tmp_path):
    """The same for what passed since a start."""
    for name in ("00d00h30m.tif", "00d01h00m.tif"):
        write(tmp_path / name, np.ones((2, 3)))
    pattern = f"{tmp_path}/*.tif"
    kwargs = {"pattern": "{time:%dd%Hh%Mm}.tif", "spacing": "values"}
    assert open_scenes(pattern, **kwargs).time.dtype.kind == "m"
    numbers = open_scenes(pattern, decode_timedelta=False, **kwargs).time
    assert numbers.values.tolist() == [30, 60]
    assert numbers.attrs["units"] == "minutes"


def test_nothing_is_decoded(scenes):
    """``decode_cf=False`` reaches the engine as all keywords at once."""
    ds = open_scenes(scenes, decode_cf=False)
    assert ds.image.dtype == "i2"
    assert ds.date.dtype.kind == "i"
    assert set(ds.data_vars) == {"image", "has_file"}
    assert set(open_scenes(scenes, decode_coords=False).data_vars) == {"image", "has_file"}
    for value in (True, "coordinates", "all"):
        assert set(open_scenes(scenes, decode_coords=value).data_vars) == {"image"}
    assert open_scenes(scenes, concat_characters=False).identical(open_scenes(scenes))


def test_there_are_no_groups(scenes):
    """One sentence, and no complaint of a keyword."""
    with pytest.raises(ValueError, match=r"group='a': image files have no groups"):
        open_scenes(scenes, group="a")
    assert open_scenes(scenes, group="/").image.ndim == 4


# several patterns or files


def test_files_are_combined_by_their_dates(scenes):
    """A list of names, each opened by itself."""
    expected = open_scenes(scenes)
    names = open_sequence(scenes).sel(band="nir").files
    for files in (names, names[::-1], scenes.replace("*", "*nir")):
        ds = xr.open_mfdataset(files, engine="fileseq")
        np.testing.assert_array_equal(ds.date, expected.date)
        np.testing.assert_array_equal(ds.image, expected.image.sel(band="nir"))
    nested = xr.open_mfdataset(names, engine="fileseq", combine="nested", concat_dim="date")
    xr.testing.assert_identical(nested, ds)


def test_patterns_are_combined(scenes):
    """One of them with an empty cell, the others without."""
    expected = open_scenes(scenes)
    patterns = [scenes.replace("*", f"*{band}") for band in ("nir", "red")]
    kwargs = {"pattern": "a_{date:%Y-%m-%d}_{band}.tif", "engine": "fileseq", "join": "outer"}
    by_coords = xr.open_mfdataset(patterns, **kwargs)
    np.testing.assert_array_equal(by_coords.image, expected.image)
    days = [scenes.replace("*", f"*{day}*") for day in DAYS]
    for ds in (
        xr.open_mfdataset(days, **kwargs),
        xr.open_mfdataset(days, combine="nested", concat_dim="date", **kwargs),
    ):
        np.testing.assert_array_equal(ds.image.transpose(*expected.image.dims), expected.image)


@pytest.mark.parametrize("combine", [{}, {"combine": "nested", "concat_dim": "site"}])
def test_patterns_with_and_without_empty_cells(scenes, combine):
    """Concatenation needs what all datasets have: ``has_file``, or not."""
    folder = scenes.removesuffix("/*.tif")
    for name in open_sequence(scenes):
        shutil.copy(name, name.replace("a_", "b_"))
    shutil.copy(f"{folder}/b_{DAYS[0]}_red.tif", f"{folder}/b_{DAYS[1]}_red.tif")
    patterns = [scenes.replace("*", f"{site}_*") for site in "ab"]
    kwargs = {"engine": "fileseq", "pattern": "{site}_{date:%Y-%m-%d}_{band}.tif"}
    ds = xr.open_mfdataset(patterns, **kwargs, **combine)
    assert ds.image.shape == (2, 3, 2, 40, 60)
    assert ds.has_file.sum("date").values.tolist() == [[3, 2], [3, 3]]
    bare = xr.open_mfdataset(patterns, drop_variables="has_file", **kwargs, **combine)
    xr.testing.assert_identical(bare, ds.drop_vars("has_file"))
    assert np.isnan(ds.image[0, 1, 1]).all()
    assert not np.isnan(ds.image[1, 1, 1]).all()


def test_files_without_a_date_are_stacked(tmp_path):
    """A file has no axis for itself, so that the user's can be made."""
    for i in range(3):
        write(tmp_path / f"s{i}.tif", np.full((2, 3), i))
    names = [f"{tmp_path}/s{i}.tif" for i in (2, 0, 1)]
    assert open_scenes(names[0]).image.dims == ("y", "x")
    ds = xr.open_mfdataset(names, engine="fileseq", combine="nested", concat_dim="run")
    np.testing.assert_array_equal(ds.image[:, 0, 0], [2, 0, 1])
    assert open_scenes(names[0], pattern=None).image.dims == ("sequence", "y", "x")


@pytest.mark.parametrize(
    ("name", "dim", "value"),
    [
        ("x_2020-07-13.tif", "date", "2020-07-13"),
        ("x_20200713.tif", "date", "2020-07-13"),
        ("T33UUP_20200713T101559_x.tif", "time", "2020-07-13T10:15:59"),
        ("LC08_L2SP_195024_20200723_20200908_02_T1_SR.TIF", "date", "2020-07-23"),
        ("a{1}(2)_[3]_2020_07_13.tif", "date", "2020-07-13"),
        ("run_20200713_0012.tif", "date", "2020-07-13"),
        ("run_20200713_20200801.tif", None, None),
        ("scan_20201399.tif", None, None),
        ("x_120200713.tif", None, None),
        ("x_2020.tif", None, None),
    ],
)
def test_one_file_has_the_date_in_its_name(tmp_path, name, dim, value):
    """And none where digits are no whole date, or two of them are."""
    write(tmp_path / name, np.ones((2, 3)))
    ds = open_scenes(tmp_path / name)
    assert ds.image.dims == (("y", "x") if dim is None else (dim, "y", "x"))
    if dim:
        assert ds[dim].values.tolist() == np.array([value], ds[dim].dtype).tolist()


@pytest.mark.parametrize(
    ("name", "dims", "band"),
    [
        ("B04_2020-07-13.tif", ("band", "date"), "B04"),
        ("T33UUP_20200713T101559_B8A.tif", ("time", "band"), "B8A"),
        ("LC08_L2SP_195024_20200723_20200908_02_T1_SR_B4.TIF", ("date", "band"), "B4"),
        ("scene{1}_band_3.tif", ("band",), "band_3"),
        ("B02_of_B03.tif", (), None),
        ("AB04_B100.tif", (), None),
    ],
)
def test_one_file_has_the_band_in_its_name(tmp_path, name, dims, band):
    """Files of several bands take the places of each other."""
    write(tmp_path / name, np.ones((2, 3)))
    ds = open_scenes(tmp_path / name)
    assert ds.image.dims == (*dims, "y", "x")
    if band:
        assert ds.band.values.tolist() == [band]


def test_files_are_combined_by_date_and_band(tmp_path):
    """Of a list of files, those of the last band alone are there."""
    for day in (1, 2):
        for band in (2, 3):
            write(tmp_path / f"a_2020-07-0{day}_B0{band}.tif", np.full((2, 3), 10 * day + band))
    names = sorted(map(str, tmp_path.iterdir()))
    ds = xr.open_mfdataset(names, engine="fileseq")
    assert ds.band.values.tolist() == ["B02", "B03"]
    assert ds.image[..., 0, 0].values.tolist() == [[12, 13], [22, 23]]
    assert ds.has_file.all()
