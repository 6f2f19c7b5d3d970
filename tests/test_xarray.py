"""A sequence as a `DataArray`: labels from names, coordinates from one header, lazy reads."""

import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
import xarray as xr

from dask_fileseq import FileSequence, HeaderWarning, ReadError, TiffSequence, open_sequence
from dask_fileseq.filearray import FileArray
from dask_fileseq.graph import SlicedFiles
from dask_fileseq.readers import count
from dask_fileseq.xarray import lazy_dataset, to_dataarray
from tests.helpers.acquisition import PATTERN
from tests.helpers.headers import OME_METADATA
from tests.helpers.shared import DATA

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no real data beside the repository")


@pytest.fixture
def opened(acquisition):
    folder, array = acquisition
    return TiffSequence(f"{folder}/*.tif", pattern=PATTERN), array


def write_geotiff(path, data, x, y, step=10.0, code=32633):
    directory = (
        34735,
        "H",
        16,
        [1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, code, 3076, 0, 1, 9001],
        True,
    )
    tags = [
        (33550, "d", 3, (step, step, 0.0), True),
        (33922, "d", 6, (0.0, 0.0, 0.0, x, y, 0.0), True),
        directory,
    ]
    tifffile.imwrite(path, data, extratags=tags)


# dims, coordinates, values


def test_names_become_coordinates(opened):
    """Words stay words and numbers keep their values; pixels are those of `asarray`."""
    seq, array = opened
    x = seq.to_xarray(name="cells")
    assert x.dims == ("time", "channel", "z", "y", "x")
    assert x.name == "cells"
    assert x.channel.values.tolist() == ["DAPI", "GFP"]
    assert x.z.values.tolist() == [1, 2]
    assert x.time.attrs == {"source": "file names"}
    assert "y" not in x.coords  # the files do not say how large a pixel is
    np.testing.assert_array_equal(x.values, array, strict=True)
    np.testing.assert_array_equal(x.sel(channel="GFP", z=2, time=[0, 2]), array[[0, 2], 1, 1])


def test_an_array_without_a_sequence(opened):
    """The faces are functions of a file array, whoever made it."""
    seq, pixels = opened
    array = FileArray.from_grid(seq.grid)
    xr.testing.assert_identical(to_dataarray(array, name="image"), seq.to_xarray())
    np.testing.assert_array_equal(lazy_dataset(array, "image").image, pixels)


def test_opening_reads_one_header(opened):
    """A million files must open as fast as one."""
    seq, _ = opened
    with count() as counts:
        seq.to_xarray()
        x = seq.to_xarray(chunks="auto").isel(time=0)
        repr(x)
        assert seq.chunkshape == (48, 64)
    assert (counts.files, counts.headers, counts.bytes) == (1, 1, 0)


def test_known_chunks_need_no_file():
    """With shape and dtype given, names are all there is."""
    seq = TiffSequence(["a1.tif", "a2.tif"], pattern=r"a(?P<n>\d)")
    with count() as counts:
        x = seq.to_xarray(chunkshape=(4, 6), chunkdtype="u2")
    assert counts.files == 0
    assert dict(x.sizes) == {"n": 2, "y": 4, "x": 6}


@pytest.mark.parametrize("chunks", [None, {}, "auto", {"time": 3, "y": 16}])
def test_chunks_are_those_of_the_dask_array(opened, chunks):
    """One parameter must not mean two things."""
    seq, array = opened
    x = seq.to_xarray(chunks=chunks)
    assert x.chunks == seq.to_dask_array(chunks=chunks).chunks
    np.testing.assert_array_equal(x, array)


def test_a_slice_reads_one_file_and_only_its_region(opened):
    """A chain of selections must reach the file as one region, not as a whole image."""
    seq, array = opened
    x = seq.to_xarray().sel(channel="DAPI").isel(time=1)[1:, 20:30, 40:50][0]
    with count() as counts:
        whole = x.isel(y=slice(2)).compute(scheduler="sync")
    assert counts.files == 1
    with tifffile.TiffFile(seq[4]) as tif:
        tiles = tif.pages.first.databytecounts
    assert 0 < counts.bytes <= max(tiles) * 2 < sum(tiles)
    np.testing.assert_array_equal(whole, array[1, 0, 1, 20:22, 40:50])


def test_coordinates_in_physical_units(tmp_path):
    """Sizes and channel names of an OME file, along the axes that its array has."""
    data = np.arange(2 * 2 * 3 * 4 * 5, dtype="u2").reshape(2, 2, 3, 4, 5)
    for t in range(2):
        tifffile.imwrite(tmp_path / f"t{t}.ome.tif", data[t], ome=True, metadata=OME_METADATA)
    x = TiffSequence(f"{tmp_path}/*.tif", pattern=r"(?P<t>\d)\.ome").to_xarray()
    assert x.dims == ("t", "c", "z", "y", "x")
    assert x.c.values.tolist() == ["DAPI", "GFP"]
    assert x.x.values.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert x.z.values.tolist() == [0, 2, 4]
    assert x.y.attrs == {"units": "µm", "source": "OME-XML PhysicalSizeY"}
    assert x.c.attrs == {"source": "OME-XML Channel Name"}
    np.testing.assert_array_equal(x.sel(c="GFP", y=0.5), data[:, 1, :, 1])


def test_grid_and_file_may_share_a_name(tmp_path):
    """The field x of the grid is not the x of its pixels."""
    for i in range(2):
        args = {"resolution": (10000, 10000), "resolutionunit": "CENTIMETER"}
        tifffile.imwrite(tmp_path / f"x{i}.tif", np.full((3, 4), i, "u1"), **args)
    x = TiffSequence(f"{tmp_path}/*.tif", pattern=r"(?P<x>\d)\.tif").to_xarray()
    assert x.dims == ("x", "y", "x_chunk")
    assert x.x.values.tolist() == [0, 1]
    assert x.x_chunk.values.tolist() == [0, 1, 2, 3]


def test_a_single_file_is_a_plain_image(tmp_path):
    """No axis of the grid is left, and none is made up."""
    tifffile.imwrite(tmp_path / "a.tif", np.eye(3))
    x = TiffSequence(tmp_path / "a.tif", pattern=r"(?P<n>a)").to_xarray().isel(n=0)
    np.testing.assert_array_equal(x, np.eye(3))


def test_a_function_gives_no_more_than_pixels(acquisition):
    """A plain function works everywhere that the TIFF reader does."""
    folder, array = acquisition
    x = FileSequence(tifffile.imread, f"{folder}/*.tif", pattern=PATTERN).to_xarray()
    assert set(x.coords) == {"time", "channel", "z", "has_file"}
    np.testing.assert_array_equal(x, array)


def test_an_unreadable_first_file_is_passed_over(tmp_path):
    """Where errors are filled, another file tells what the files hold."""
    (tmp_path / "a0.tif").write_bytes(b"broken")
    args = {"resolution": (10000, 10000), "resolutionunit": "CENTIMETER"}
    tifffile.imwrite(tmp_path / "a1.tif", np.ones((3, 4), "u1"), **args)
    seq = TiffSequence(f"{tmp_path}/*.tif", pattern=r"a(?P<n>\d)")
    with pytest.raises(ReadError, match=r"a0\.tif"):
        seq.to_xarray()
    x = seq.to_xarray(errors="fill", fillvalue=7)
    assert x.x.values.tolist() == [0, 1, 2, 3]


@pytest.mark.slow
def test_without_xarray_the_error_says_what_to_install():
    """Not the name of a module that the user never heard of."""
    code = (
        "import sys\n"
        "sys.modules['xarray'] = None\n"
        "import dask_fileseq\n"
        "try:\n"
        "    dask_fileseq.TiffSequence(['a.tif']).to_xarray()\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert 'pip install "dask-fileseq[xarray]"' in result.stdout


# mosaics


@pytest.fixture
def tiles(tmp_path):
    """Write 2 x 3 tiles of a georeferenced image twice, south last; return it and a function."""
    data = np.arange(2 * 8 * 15, dtype="u2").reshape(2, 8, 15)

    def write(order=(0, 1), leave_out=()):
        for t in range(2):
            for r in range(2):
                for c in range(3):
                    if (t, r, c) not in leave_out:
                        tile = data[t, 4 * r : 4 * r + 4, 5 * c : 5 * c + 5]
                        y = 1000.0 - 40 * order[r]
                        write_geotiff(tmp_path / f"{t}_r{r}_c{c}.tif", tile, 500.0 + 50 * c, y)
        return TiffSequence(f"{tmp_path}/*.tif", pattern=r"(?P<t>\d)_r(?P<r>\d)_c(?P<c>\d)")

    return data, write


def test_a_mosaic_has_one_coordinate_along_each_tiled_axis(tmp_path):
    """Sizes of pixels go on over the tiles, and the axes of tiles are gone."""
    for r in range(2):
        for c in range(2):
            args = {"resolution": (20000, 10000), "resolutionunit": "CENTIMETER"}
            tifffile.imwrite(tmp_path / f"{r}{c}.tif", np.full((2, 3), 2 * r + c, "u1"), **args)
    seq = TiffSequence(f"{tmp_path}/*.tif", pattern=r"(?P<r>\d)(?P<c>\d)\.")
    with count() as counts:
        x = seq.to_xarray(axestiled={0: 0, 1: 1})
    assert (counts.headers, counts.bytes) == (1 + 4, 0)
    assert set(x.coords) == {"y", "x"}
    assert x.y.values.tolist() == [0, 1, 2, 3]
    assert x.x.values.tolist() == [0, 0.5, 1, 1.5, 2, 2.5]
    assert int(x.sel(y=2, x=1.5)) == 3


@pytest.mark.parametrize("leave_out", [(), [(0, 0, 0), (0, 0, 1)], [(1, 1, 2), (1, 1, 1)]])
def test_places_go_on_where_tiles_lie_in_order(tiles, leave_out):
    """All headers tell whether they do; a first tile in the midst is not the corner."""
    data, write = tiles
    seq = write(leave_out=leave_out)
    with count() as counts:
        x = seq.to_xarray(axestiled={1: 0, 2: 1})
    assert (counts.headers, counts.bytes) == (2 + len(seq), 0)
    assert x.y.values.tolist() == [995.0 - 10 * i for i in range(8)]
    assert x.x.values.tolist() == [505.0 + 10 * i for i in range(15)]
    assert x.spatial_ref.attrs["epsg"] == 32633
    expected = data.copy()
    for t, r, c in leave_out:
        expected[t, 4 * r : 4 * r + 4, 5 * c : 5 * c + 5] = 0
    np.testing.assert_array_equal(x, expected)


def test_no_places_are_made_up_where_tiles_do_not_lie_in_order(tiles):
    """Tiles counted from the south would be upside down on the map."""
    data, write = tiles
    x = write(order=(1, 0)).to_xarray(axestiled={1: 0, 2: 1})
    assert set(x.coords) == {"t"}
    assert "left out" in x.attrs["georeference"]
    np.testing.assert_array_equal(x, data)


def test_no_places_are_made_up_where_one_tile_is_all_there_is(tiles):
    """Without a tile in another row and column nothing can be compared."""
    _, write = tiles
    gone = [(t, r, c) for t in range(2) for r in range(2) for c in range(3) if r and c]
    x = write(leave_out=gone).to_xarray(axestiled={1: 0, 2: 1})
    assert set(x.coords) == {"t", "has_file"}


def test_an_unreadable_tile_tells_no_places(tiles):
    """The error comes when the tile is read, and not before."""
    _, write = tiles
    seq = write()
    Path(seq[5]).write_bytes(b"broken")
    Path(seq[11]).write_bytes(b"broken")
    assert set(seq.to_xarray(axestiled={1: 0, 2: 1}).coords) == {"t"}


def test_only_one_axis_of_places_is_tiled(tiles):
    """Along the other, no place is that of all files."""
    _, write = tiles
    with pytest.warns(HeaderWarning, match=r"is shifted by 40 m along y"):
        x = write().to_xarray(axestiled={2: 1})
    assert x.dims == ("t", "r", "y", "x")
    assert x.x.values.tolist() == [505.0 + 10 * i for i in range(15)]
    assert set(x.coords) == {"t", "r", "x", "spatial_ref"}


# what users do next


def test_dates_are_resampled_on_a_cluster(tmp_path, cluster):
    """Hourly files named by date become daily means, also at the end of a leap year's February."""
    from distributed import Client

    hours = np.arange("2024-02-01T00", "2024-03-01T00", dtype="datetime64[h]")
    template = tmp_path / "template"
    tifffile.imwrite(template, np.zeros((3, 4), "f4"))
    content = template.read_bytes()
    with tifffile.TiffFile(template) as tif:
        offset = tif.pages.first.dataoffsets[0]
    for h, hour in enumerate(hours.tolist()):
        pixels = np.full((3, 4), h, "f4").tobytes()
        path = tmp_path / f"{hour:%Y%m%d_%H}.tif"
        path.write_bytes(content[:offset] + pixels + content[offset + len(pixels) :])
    seq = TiffSequence(f"{tmp_path}/*.tif", pattern="{time:%Y%m%d_%H}.tif", spacing="step")
    np.testing.assert_array_equal(seq.coords["time"], hours)
    x = seq.to_xarray(chunks="auto")
    assert x.time.dtype.kind == "M"
    np.testing.assert_array_equal(x.sel(time="2024-02-03").values[:, 0, 0], range(48, 72))
    with Client(cluster):
        daily = x.resample(time="1D").mean().compute()
    assert daily.sizes["time"] == 29
    np.testing.assert_array_equal(daily.values[:, 0, 0], 24 * np.arange(29) + 11.5)
    assert str(daily.time.values[-1])[:10] == "2024-02-29"


def test_work_of_xarray_runs_on_any_scheduler(opened, scheduler):
    """Map, group and reduce wherever dask computes."""
    seq, array = opened
    x = seq.to_xarray(name="cells")
    np.testing.assert_array_equal(x.map_blocks(lambda block: block + 1).values, array + 1)
    grouped = x.groupby("channel").max(...).compute()
    np.testing.assert_array_equal(grouped, array.max(axis=(0, 2, 3, 4)))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(x))[2].values, array[2])


@pytest.mark.parametrize("engine", ["scipy", "h5netcdf", "zarr"])
def test_attributes_and_coordinates_can_be_written(tmp_path, engine):
    """None of them may be a thing that netCDF and zarr cannot hold."""
    for i in range(2):
        path = tmp_path / f"b{i}.tif"
        write_geotiff(path, np.full((3, 4), i, "i2"), 500.0, 1000.0)
    args = {"resolution": (10000, 10000), "resolutionunit": "CENTIMETER"}
    tifffile.imwrite(tmp_path / "cDAPI.tif", np.full((3, 4), 9, "i2"), **args)
    tifffile.imwrite(tmp_path / "cGFP.tif", np.full((3, 4), 9, "i2"), **args)
    places = TiffSequence(f"{tmp_path}/b*.tif", pattern=r"b(?P<band>\d)").to_xarray(name="a")
    words = TiffSequence(f"{tmp_path}/c*.tif", pattern=r"c(?P<channel>\w+)").to_xarray(name="a")
    for n, x in enumerate((places, words)):
        path = tmp_path / f"{n}.out"
        with warnings.catch_warnings():
            # zarr, of strings of any DataArray
            warnings.filterwarnings("ignore", message=".*does not have a Zarr V3 specification")
            warnings.filterwarnings("ignore", message="Consolidated metadata")
            x.to_zarr(path) if engine == "zarr" else x.to_netcdf(path, engine=engine)
            with xr.open_dataset(path, engine=engine, decode_coords="all") as back:
                xr.testing.assert_identical(back.a.load(), x.compute())
                if "spatial_ref" in x.coords:
                    assert back.a.encoding["grid_mapping"] == "spatial_ref"


@needs_data
def test_landsat_has_its_places(tmp_path):
    """Checked with rioxarray 0.19: centres of pixels, EPSG code and nodata are the same."""
    pattern = r"_B(?P<band>\d+)\.tif"
    x = open_sequence(f"{DATA}/landsat5/*/scene01/*.tif", pattern=pattern).to_xarray()
    assert (float(x.x[0]), float(x.y[0])) == (689012.5, 6095987.5)
    assert float(x.x[-1]) == 689012.5 + 455 * 25
    assert x.spatial_ref.attrs["epsg"] == 28355
    assert x.attrs == {"nodata": -999, "_FillValue": -999}
    assert x.x.attrs["units"] == "metre"
    assert x.band.values.tolist() == [10, 20, 30, 40, 50, 70]


@needs_data
@pytest.mark.filterwarnings("ignore")
def test_fields_of_a_matrix_screener_are_one_image():
    """OME-XML of 2008 gives the size of a pixel; the fields are edge to edge."""
    seq = TiffSequence(
        f"{DATA}/leica_matrix/slide*/chamber*/field*/*.ome.tif",
        pattern=r"--X(?P<column>\d+)--Y(?P<row>\d+)--.*C(?P<c>\d+)",
    )
    x = seq.to_xarray(axestiled={1: 0, 0: 1})
    assert dict(x.sizes) == {"c": 2, "y": 2048, "x": 1024}
    np.testing.assert_allclose(x.y[-1], 2047 * 0.24050019550342)
    np.testing.assert_array_equal(x[1, 1030], seq.asarray(axestiled={1: 0, 0: 1})[1, 1030])


# slices of slices: of the dask array itself


INDICES = [
    (1, np.s_[..., 5:20, ::2], np.s_[0, 1, 3]),
    (np.s_[::-1], np.s_[0], np.s_[:, -1, ...]),
    (np.s_[1:, :, 0], np.s_[5:], np.s_[:, 0]),
    (np.s_[..., 3], np.s_[:2, [1, 0]], np.s_[1]),
    (np.s_[0, ...], np.s_[None], np.s_[0]),
    (np.s_[:, 1:, :, ::-3], np.s_[2], np.s_[..., 4:1:-1]),
]


@pytest.mark.parametrize("chain", INDICES)
def test_a_slice_of_a_slice_is_what_numpy_gives(opened, chain):
    """Slices are combined before dask sees them; any mistake is wrong pixels."""
    seq, array = opened
    x = seq.to_dask_array()
    for index in chain:
        x, array = x[index], array[index]
    np.testing.assert_array_equal(x.compute(), array, strict=True)


@pytest.mark.parametrize("index", [5, np.s_[0, 0, 0, 0, 0, 0], np.s_[..., ...], "a"])
def test_a_wrong_slice_is_dasks_error(opened, index):
    """An index that cannot be combined goes where it always went."""
    seq, _ = opened
    x = seq.to_dask_array()
    whole = pickle.loads(pickle.dumps(x))
    with pytest.raises(Exception) as expected:  # noqa: PT011, any that dask raises
        whole[index]
    with pytest.raises(type(expected.value)):
        x[index]


def test_assignment_turns_a_slice_into_something_else(opened):
    """What was sliced before stays, what is sliced after has the new values."""
    seq, array = opened
    x = seq.to_dask_array()
    y = x[1]
    before = y[0]
    y[0] = 7
    np.testing.assert_array_equal(before, array[1, 0])
    np.testing.assert_array_equal(y[0][1], np.full((48, 64), 7))
    np.testing.assert_array_equal(x[1][0], array[1, 0])


def test_slices_mix_with_other_arrays(opened):
    """A subclass must not stand in the way of dask's operators and functions."""
    seq, array = opened
    x = seq.to_dask_array()
    plain = pickle.loads(pickle.dumps(x))
    assert isinstance(x[1:], SlicedFiles)
    assert not isinstance(plain, SlicedFiles)
    for a, b in ((x, plain), (plain, x), (x[0:], x)):
        np.testing.assert_array_equal(a - b, np.zeros_like(array))
        np.testing.assert_array_equal(np.stack([a, b]), np.stack([array, array]))
        np.testing.assert_array_equal(np.maximum(a, b), array)
        assert bool((a <= b).all())
