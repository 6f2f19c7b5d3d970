"""Missing pixels: what empty cells read as, and how labelled arrays say that they are missing."""

import pickle
from itertools import product

import dask
import numpy as np
import pytest
import tifffile
import xarray as xr
import zarr
from dask.base import tokenize

from dask_fileseq import FileSequence, TiffSequence, imread, open_sequence
from dask_fileseq.readers import count

GDAL_NODATA = 42113


def write_scenes(folder, dtype="i2", nodata="-9", dates=(1, 3, 4), bands=("nir", "red")):
    """Write scenes of some dates; the last date has no second band."""
    for i, (day, band) in enumerate(product(dates, bands)):
        if (day, band) != (dates[-1], "red"):
            tags = [] if nodata is None else [(GDAL_NODATA, "s", 0, nodata, True)]
            path = folder / f"scene_2020-07-{day:02d}_{band}.tif"
            image = np.arange(24).reshape(4, 6) + i
            image[0, 0] = int(float(nodata or 0))
            tifffile.imwrite(path, image.astype(dtype), extratags=tags)
    return str(folder)


EMPTY = (2, 1)


def faces(seq, **options):
    """Return the pixels of an empty cell, from each face of a sequence."""
    array = seq.array(**options)
    lazy = seq.to_dask_array(**options)
    return {
        "array": array[2, 1],
        "block": pickle.loads(pickle.dumps(array.block([(2, 3), (1, 2), (0, 4), (0, 6)])))[0, 0],
        "asarray": seq.asarray(**options)[2, 1],
        "compute": lazy.compute()[2, 1],
        "processes": lazy.compute(scheduler="sync", optimize_graph=True)[2, 1],
        "slice": lazy[2, 1].compute(),
        "xarray": seq.to_xarray(**options)[2, 1].values,
        "zarr": zarr.open_array(seq.aszarr(**options))[2, 1],
        "zarr 2": zarr.open_array(seq.aszarr(**options, zarr_format=2))[2, 1],
    }


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("u1", "f4"), ("i2", "f4"), ("u2", "f4"), ("i4", "f8"), ("u4", "f8"), ("i8", "f8")]
    + [("f4", "f4"), ("f8", "f8"), ("f2", "f2")],
)
def test_nan_makes_floats_of_integers(tmp_path, dtype, expected):
    """In each face, lazily; and the pixels of files are the same numbers."""
    seq = open_sequence(write_scenes(tmp_path, dtype, None))
    with count() as counts:
        assert seq.to_dask_array(fillvalue="nan").dtype == expected
        assert seq.to_xarray(fillvalue="nan").dtype == expected
    assert counts.headers <= 1
    assert counts.bytes == 0
    for face, pixels in faces(seq, fillvalue="nan").items():
        np.testing.assert_array_equal(pixels, np.full((4, 6), np.nan, expected), face, strict=True)
    whole = seq.asarray(fillvalue="nan")
    np.testing.assert_array_equal(
        whole[1, 0], tifffile.imread(seq[2]).astype(expected), strict=True
    )
    np.testing.assert_array_equal(
        seq.to_dask_array(fillvalue="nan")[1, 0, 1:3, ::2], whole[1, 0, 1:3, ::2]
    )


@pytest.mark.parametrize("kind", ["b1", "c8"])
def test_nan_of_other_numbers(tmp_path, kind):
    """Booleans become floats, complex numbers stay what they are."""
    seq = FileSequence(lambda name: np.ones((2, 2), kind), ["a1", "a3"], pattern=r"a(\d)")
    array = seq.asarray(fillvalue="nan")
    assert array.dtype == {"b1": "f4", "c8": "c8"}[kind]
    assert np.isnan(array[1]).all()
    assert (array[0] == 1).all()


def test_nan_has_no_place_in_dates():
    """There is no float that holds them."""
    seq = FileSequence(lambda name: np.zeros(2, "M8[s]"), ["a1", "a3"], pattern=r"a(\d)")
    with pytest.raises(ValueError, match=r"fillvalue='nan'.*datetime64"):
        seq.to_dask_array(fillvalue="nan")


def test_a_number_that_is_nan_proposes_the_word(tmp_path):
    """``np.nan`` alone must not change the data type."""
    with pytest.raises(ValueError, match=r"not a value of dtype int16; fillvalue='nan' makes"):
        open_sequence(write_scenes(tmp_path)).to_dask_array(fillvalue=np.nan)
    with pytest.raises(ValueError, match="neither 'auto' nor 'nodata' nor 'nan'"):
        open_sequence(write_scenes(tmp_path)).to_dask_array(fillvalue="no data")


def test_nan_does_not_fit_into_integers(tmp_path):
    """To cast it would give any number."""
    seq = open_sequence(write_scenes(tmp_path))
    with pytest.raises(ValueError, match="not a value of dtype int32"):
        seq.asarray(fillvalue="nan", dtype="i4")


def test_declared_nodata_is_the_default(tmp_path):
    """Of sequences that are opened by inference, and of labelled arrays; not of tifffile's."""
    folder = write_scenes(tmp_path)
    seq = open_sequence(folder)
    drop_in = TiffSequence(folder, pattern=str(seq.pattern))
    for options, value in [({}, -9), ({"fillvalue": "nodata"}, -9), ({"fillvalue": 0}, 0)]:
        for face, pixels in faces(seq, **options).items():
            np.testing.assert_array_equal(pixels, np.full((4, 6), value, "i2"), face, strict=True)
    assert (imread(folder)[2, 1] == -9).all()
    for face, pixels in faces(drop_in).items():
        expected = -9 if face == "xarray" else 0
        np.testing.assert_array_equal(pixels, np.full((4, 6), expected, "i2"), face, strict=True)
    assert (drop_in.asarray(fillvalue="nodata")[2, 1] == -9).all()
    assert (drop_in.to_xarray(fillvalue=0)[2, 1] == 0).all()
    assert (open_sequence(folder, fillvalue=5).sel(band="red").asarray()[2] == 5).all()
    assert (dask.compute(seq)[0][2, 1] == -9).all()


@pytest.mark.parametrize(("nodata", "value"), [(None, 0), ("300", 0), ("x", 0), ("255", 255)])
def test_nodata_that_is_none(tmp_path, nodata, value):
    """Nothing declared, or nothing that a pixel can be: zero, unless it is asked for."""
    tags = [] if nodata is None else [(GDAL_NODATA, "s", 0, nodata, True)]
    for name in ("t1.tif", "t3.tif"):
        tifffile.imwrite(tmp_path / name, np.ones((2, 3), "u1"), extratags=tags)
    seq = open_sequence(str(tmp_path), spacing="unit")
    assert (seq.asarray()[1] == value).all()
    if value == 0:
        with pytest.raises(ValueError, match="declares no nodata value"):
            seq.asarray(fillvalue="nodata")


def test_a_chunk_that_is_given_needs_no_header(tmp_path):
    """Unless nodata is asked for, which stands in the header."""
    seq = open_sequence(write_scenes(tmp_path))
    given = {"chunkshape": (4, 6), "chunkdtype": "i2"}
    with count() as counts:
        assert (seq.array(**given).options.fillvalue) == 0
    assert counts.headers == 0
    assert seq.array(**given, fillvalue="nodata").options.fillvalue == -9


def test_tokens_differ(tmp_path):
    """Two arrays of one name are taken for each other by dask."""
    seq = open_sequence(write_scenes(tmp_path))
    values = (None, 0, "nan", 7)
    tokens = [tokenize(seq.array(fillvalue=value)) for value in values]
    assert len(set(tokens)) == len(values)
    assert tokenize(seq.array(fillvalue="nan")) == tokens[2]
    assert tokenize(seq.array(fillvalue="nodata")) == tokens[0]


def test_unreadable_files_are_nan_too(tmp_path):
    """``errors="fill"`` fills with the same value."""
    seq = open_sequence(write_scenes(tmp_path))
    with open(seq[1], "wb"):
        pass
    with pytest.warns(match="filled with nan"):
        array = seq.to_dask_array(fillvalue="nan", errors="fill").compute()
    assert np.isnan(array[0, 1]).all()
    assert np.isnan(array[2, 1]).all()
    assert np.isfinite(array[1]).all()


# labelled arrays


def test_has_file_says_which_cells_are_empty(tmp_path):
    """It lies along the axes of the grid, whatever is sliced."""
    x = open_sequence(write_scenes(tmp_path)).to_xarray()
    assert x.has_file.dims == ("date", "band")
    expected = [[True, True], [True, True], [True, False]]
    np.testing.assert_array_equal(x.has_file, expected, strict=True)
    assert x.attrs == {"nodata": -9, "_FillValue": -9}
    assert x.attrs["_FillValue"].dtype == x.dtype
    mean = x.where(x.has_file).where(x != -9).mean("date")
    np.testing.assert_allclose(mean.sel(band="red")[0, 1], (2 + 4) / 2)
    complete = x.isel(date=slice(2))
    assert complete.has_file.all()


def test_no_has_file_where_none_is_missing(tmp_path):
    """A coordinate that is always true says nothing."""
    seq = open_sequence(write_scenes(tmp_path)).sel(band="nir")
    assert "has_file" not in seq.to_xarray().coords


def test_has_file_of_a_mosaic(tmp_path):
    """A mosaic has its files if no tile is missing; one mosaic alone has no such axis."""
    for name in ("t0_r0.tif", "t0_r1.tif", "t1_r0.tif"):
        tifffile.imwrite(tmp_path / name, np.ones((2, 3), "u1"))
    seq = open_sequence(str(tmp_path), pattern="t{t:d}_r{row:d}.tif")
    x = seq.to_xarray(axestiled={1: 0})
    assert x.sizes == {"t": 2, "y": 4, "x": 3}
    np.testing.assert_array_equal(x.has_file, [True, False])
    rows = seq.isel(t=[1]).to_xarray(axestiled={1: 0, 0: 1})
    assert "has_file" not in rows.coords


def test_an_axis_of_that_name_comes_first(tmp_path):
    """Names of axes are the user's."""
    for name in ("1_1", "1_2", "2_1"):
        tifffile.imwrite(tmp_path / f"{name}.tif", np.ones((2, 3), "u1"))
    x = open_sequence(str(tmp_path), pattern="{has_file:d}_{z:d}.tif").to_xarray()
    assert x.has_file.values.tolist() == [1, 2]


@pytest.mark.parametrize("chunks", [None, {}, {"date": 1}, {"date": 2, "band": 1}])
def test_has_file_has_the_chunks_of_the_pixels(tmp_path, chunks):
    """Or xarray could not map a function over blocks of the dataset."""
    pattern = write_scenes(tmp_path) + "/*.tif"
    ds = xr.open_dataset(pattern, engine="fileseq", chunks=chunks)
    for each in (ds, ds.isel(date=[0, 2]).chunk({"date": 1}), ds.chunk({"date": 2})):
        mapped = each.map_blocks(lambda block: block + 1)
        np.testing.assert_array_equal(mapped.image, each.image + 1)
    x = open_sequence(pattern).to_xarray(chunks={"band": 2})
    np.testing.assert_array_equal(x.map_blocks(lambda block: block + 1), x + 1)


def test_coordinates_of_headers_have_the_chunks_of_the_pixels(tmp_path):
    """What headers say of each file lies along the grid, as ``has_file`` does."""
    for i, name in enumerate(("a_t1", "a_t2", "b_t1")):
        date = f"2020:01:0{i + 1} 10:00:00"
        tifffile.imwrite(tmp_path / f"{name}.tif", np.ones((4, 6), "u1"), datetime=date)
    ds = xr.open_dataset(f"{tmp_path}/*.tif", engine="fileseq", headers=True, chunks={})
    assert len(ds.coords) > 3
    np.testing.assert_array_equal(ds.map_blocks(lambda block: block + 1).image, ds.image + 1)
