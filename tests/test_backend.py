"""The engine ``fileseq``: what `xarray.open_dataset` and its kin make of a pattern."""

import pickle
import warnings
from pathlib import Path

import dask
import numpy as np
import pytest
import tifffile
import xarray as xr

from dask_fileseq import FileSequence, TiffSequence
from dask_fileseq.backend import FileSequenceBackendEntrypoint
from dask_fileseq.readers import count
from dask_fileseq.xarray import FileVariable
from tests.helpers.acquisition import PATTERN


@pytest.fixture
def files(acquisition):
    """Return the pattern of names, and the array that they stand for."""
    folder, array = acquisition
    return f"{folder}/*.tif", array


def open_lazily(pattern, **kwargs):
    return xr.open_dataset(pattern, engine="fileseq", pattern=PATTERN, **kwargs)


def test_xarray_knows_the_engine():
    """The entry point must be installed, and say what it is for."""
    engine = xr.backends.list_engines()["fileseq"]
    assert isinstance(engine, FileSequenceBackendEntrypoint)
    assert engine.description


@pytest.mark.parametrize("chunks", [None, {}, "auto", {"time": 2}])
def test_values_and_labels(files, chunks):
    """The same array, with dask and without."""
    pattern, array = files
    ds = open_lazily(pattern, chunks=chunks)
    assert list(ds.data_vars) == ["image"]
    assert (ds.image.chunks is None) == (chunks is None)
    np.testing.assert_array_equal(ds.image.sel(channel="GFP", z=2), array[:, 1, 1])
    np.testing.assert_array_equal(ds.image, array, strict=True)
    x = xr.open_dataarray(pattern, engine="fileseq", pattern=PATTERN, chunks=chunks, name="a")
    assert x.name == "a"
    np.testing.assert_array_equal(x, array)


@pytest.mark.parametrize("chunks", [None, {}])
def test_opening_reads_one_header_and_a_slice_one_region(files, chunks):
    """A chain of selections must reach the file as one region, not as a whole image."""
    pattern, array = files
    with count() as counts, dask.config.set(scheduler="sync"):
        ds = open_lazily(pattern, chunks=chunks)
        repr(ds)
        x = ds.image.sel(channel="DAPI").isel(time=1)[1:, 20:30, 40:50][0].isel(y=slice(2))
        assert (counts.files, counts.bytes) == (1, 0)
        np.testing.assert_array_equal(x, array[1, 0, 1, 20:22, 40:50])
    assert counts.files == 2
    with tifffile.TiffFile(TiffSequence(pattern)[4]) as tif:
        tiles = tif.pages.first.databytecounts
    assert 0 < counts.bytes <= max(tiles) * 2 < sum(tiles)


KEYS = [
    {"time": [0, 2]},
    {"time": [2, 0, 0]},
    {"time": [], "y": [1]},
    {"time": [1, 1], "y": [0, 0, 2]},
    {"time": [0, 2], "channel": 0, "y": slice(40, 3, -5)},
    {"y": [0, 1, 2, 40], "x": [63, 7, 7]},
    {"time": -1, "z": [-1], "x": slice(None, None, 9)},
    {"time": [0, 1, 2], "channel": [True, False], "y": [5]},
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("axestiled", [None, {0: 0, 2: 1}])
def test_outer_indexing(files, key, axestiled):
    """Lists along several axes are read in parts; each part must find its place."""
    pattern, _ = files
    x = open_lazily(pattern, axestiled=axestiled).image
    expected = xr.DataArray(
        TiffSequence(pattern, pattern=PATTERN).asarray(axestiled=axestiled), dims=x.dims
    )
    key = {dim: k for dim, k in key.items() if dim in x.dims}
    np.testing.assert_array_equal(x.isel(key).values, expected.isel(key).values, strict=True)


def test_points_are_indexed(files):
    """Vectorised indexing of xarray stands on the outer one."""
    pattern, array = files
    points = {d: xr.DataArray([0, 2, 1], dims="p") for d in ("time", "y", "x")}
    x = open_lazily(pattern).image.isel(points)
    np.testing.assert_array_equal(
        x.transpose("p", ...), array[[0, 2, 1], :, :, [0, 2, 1], [0, 2, 1]]
    )


def test_a_list_reads_no_files_between(files):
    """The first and last of a thousand are two files, not a thousand."""
    pattern, _ = files
    x = open_lazily(pattern).image
    with count() as counts:
        x.isel(time=[0, 2], channel=0, z=0).load()
    assert counts.files == 2
    with count() as counts:
        x.isel(time=0, channel=0, z=0, y=[0, 1, 40]).load()
    assert counts.files == 1


def test_preferred_chunks(files, tmp_path):
    """A file is a block, and a file too large for that is several, along its tiles."""
    pattern, _ = files
    assert open_lazily(pattern).image.encoding["preferred_chunks"] == {
        "time": 1,
        "channel": 1,
        "z": 1,
        "y": 48,
        "x": 64,
    }
    path = tmp_path / "large.tif"
    tifffile.imwrite(path, shape=(5000, 4096), dtype="u2", tile=(512, 512))
    ds = xr.open_dataset([path], engine="fileseq", chunks={})
    assert ds.image.chunks == ((1,), (4096, 904), (4096,))
    tiled = xr.open_dataset([path] * 2, engine="fileseq", axestiled={0: 0}, chunks={})
    assert tiled.image.chunks == ((4096, 904) * 2, (4096,))


def test_a_rewritten_file_is_read_anew(tmp_path):
    """Names of tasks that xarray makes know the pattern only: they gave the pixels of before."""
    name = tmp_path / "a1.tif"
    tifffile.imwrite(name, np.zeros((3, 4), "u1"))
    args = {"engine": "fileseq", "pattern": r"a(?P<n>\d)", "chunks": {}}
    before = xr.open_dataset(f"{tmp_path}/*.tif", **args)
    tifffile.imwrite(name, np.ones((3, 4), "u2"))
    after = xr.open_dataset(f"{tmp_path}/*.tif", **args)
    assert before.image.data.name != after.image.data.name


def test_an_open_sequence_can_be_opened(files):
    """What was looked at as a sequence need not be said again."""
    pattern, array = files
    seq = TiffSequence(pattern, pattern=PATTERN)
    np.testing.assert_array_equal(xr.open_dataset(seq, engine="fileseq").image, array)
    with pytest.raises(TypeError, match="pattern come too late"):
        xr.open_dataset(seq, engine="fileseq", pattern=PATTERN)


def test_variables_can_be_dropped(files):
    """A coordinate that is in the way, and one that is not there at all."""
    pattern, _ = files
    assert "z" not in open_lazily(pattern, drop_variables="z").coords
    assert "z" not in open_lazily(pattern, drop_variables=["z", "nothing"]).coords
    assert not open_lazily(pattern, drop_variables="image").data_vars


def test_decoding_has_nothing_to_decode(files):
    """``decode_cf=False`` is passed on to engines that know it."""
    pattern, array = files
    np.testing.assert_array_equal(open_lazily(pattern, decode_cf=False).image, array)


def test_readers_arguments_arrive(files):
    """Everything that `open_sequence` and `to_xarray` take."""
    pattern, array = files
    kwargs = {"imread": tifffile.imread, "imreadargs": {"key": 0}, "fillvalue": 9}
    x = open_lazily(pattern, **kwargs).image
    expected = array.copy()
    expected[1, 1, 1] = 9
    np.testing.assert_array_equal(x, expected)
    with pytest.raises(TypeError, match="patern"):
        xr.open_dataset(pattern, engine="fileseq", patern=PATTERN)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("exp/*.tif", True),
        ("exp/t[0-9].OME.TIFF", True),
        ("exp/a.tif", False),
        ("exp/*.nc", False),
        ("exp", False),
        ("s3://bucket/*.tif", False),
        (Path("exp/a.tif"), False),
        (["a.tif", "b.tif"], False),
        (b"II*\0", False),
    ],
)
def test_the_engine_is_guessed_for_patterns_only(name, expected):
    """A single TIFF file belongs to rioxarray, where that is installed."""
    assert FileSequenceBackendEntrypoint().guess_can_open(name) is expected


def test_a_file_with_brackets_is_no_pattern(tmp_path):
    """It is a single file, too."""
    path = tmp_path / "a[1].tif"
    path.touch()
    assert not FileSequenceBackendEntrypoint().guess_can_open(str(path))


def test_the_engine_is_found_for_a_pattern(files):
    """Without ``engine=`` no other engine takes it, or warns."""
    pattern, array = files
    ds = xr.open_dataset(pattern, pattern=PATTERN)
    np.testing.assert_array_equal(ds.image, array)


def test_several_folders_are_one_dataset(tmp_path, scheduler):
    """Each folder is opened by itself; they may be stacked along a new axis."""
    array = np.arange(3 * 2 * 4 * 5, dtype="u2").reshape(3, 2, 4, 5)
    for f in range(3):
        (tmp_path / f"field{f}").mkdir()
        for t in range(2):
            tifffile.imwrite(tmp_path / f"field{f}" / f"t{t}.tif", array[f, t])
    ds = xr.open_mfdataset(
        f"{tmp_path}/field*",
        engine="fileseq",
        pattern=r"t(?P<time>\d)",
        combine="nested",
        concat_dim="field",
        join="exact",
        parallel=scheduler == "threads",
    )
    assert dict(ds.sizes) == {"field": 3, "time": 2, "y": 4, "x": 5}
    np.testing.assert_array_equal(ds.image, array)


@pytest.mark.parametrize("chunks", [None, {}, {"time": 3, "z": 2}])
def test_it_can_be_written_and_mapped(files, tmp_path, scheduler, chunks):
    """What users do with a dataset, on every scheduler."""
    pattern, array = files
    ds = open_lazily(pattern, chunks=chunks)
    np.testing.assert_array_equal(ds.map_blocks(lambda block: block + 1).image, array + 1)
    expected = array.max(axis=(0, 2, 3, 4))
    np.testing.assert_array_equal(ds.image.groupby("channel").max(...), expected)
    # xarray's writer of netCDF has a lock that does not go to other processes
    written = ds.load() if scheduler == "processes" else ds
    written.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with warnings.catch_warnings():
        # zarr, of strings of any Dataset
        warnings.filterwarnings("ignore", message=".*does not have a Zarr V3 specification")
        warnings.filterwarnings("ignore", message="Consolidated metadata")
        ds.to_zarr(tmp_path / "a.zarr")
        for path, engine in (("a.nc", "h5netcdf"), ("a.zarr", "zarr")):
            with xr.open_dataset(tmp_path / path, engine=engine) as back:
                xr.testing.assert_identical(back.load(), ds.compute())


def test_it_pickles(files):
    """With and without dask, whole or in part."""
    pattern, array = files
    for chunks in (None, {}):
        ds = pickle.loads(pickle.dumps(open_lazily(pattern, chunks=chunks).isel(time=2)))
        np.testing.assert_array_equal(ds.image, array[2])


def test_chunks_of_a_variable_by_keyword(files):
    """They would be ignored, and all files be one block."""
    pattern, array = files
    variable = open_lazily(pattern).image.variable
    assert isinstance(variable, FileVariable)
    chunked = variable.chunk(z=1)
    assert chunked.chunks == variable.chunk({"z": 1}).chunks == ((3,), (2,), (1, 1), (48,), (64,))
    np.testing.assert_array_equal(chunked, array)


def test_chunking_later_is_xarrays_own(files):
    """Of a selection, or where another way is asked for, xarray does what it always does."""
    pattern, array = files
    ds = open_lazily(pattern)
    assert isinstance(ds.image.variable, FileVariable)
    for x in (ds.image.isel(time=1).chunk(z=1), ds.image[1].chunk(), ds.image[1].chunk("auto")):
        np.testing.assert_array_equal(x, array[1])
    loaded = ds.image.load().chunk(z=1)
    np.testing.assert_array_equal(loaded, array)

    for args in ((), ("mine",)):
        variable = open_lazily(pattern).image.variable.chunk({"z": 1}, *args)
        assert variable.chunks == ((3,), (2,), (1, 1), (48,), (64,))
        np.testing.assert_array_equal(variable, array)


def test_a_function_and_names_that_need_not_exist():
    """Nothing is opened where shape and dtype are given."""
    ds = xr.open_dataset(
        ["a1", "a2"],
        engine="fileseq",
        pattern=r"a(?P<n>\d)",
        imread=lambda name: np.full((2, 3), int(name[1])),
        chunkshape=(2, 3),
        chunkdtype=int,
    )
    assert ds.image.isel(n=1).values.tolist() == [[2, 2, 2], [2, 2, 2]]


def test_a_sequence_of_a_function_is_no_tiff(files):
    """An open sequence keeps its reader."""
    pattern, array = files
    seq = FileSequence(tifffile.imread, pattern, pattern=PATTERN)
    x = xr.open_dataset(seq, engine="fileseq").image
    np.testing.assert_array_equal(x[0, 0], array[0, 0])


def test_an_axis_called_image(tmp_path):
    """`image1.tif, image2.tif` is the commonest of all names."""
    for i in (1, 2):
        tifffile.imwrite(tmp_path / f"image{i}.tif", np.full((3, 4), i, "u2"))
    dataset = xr.open_dataset(f"{tmp_path}/*.tif", engine="fileseq")
    assert list(dataset.data_vars) == ["pixels"]
    assert dataset.pixels.sel(image=2).values.max() == 2


def test_a_list_of_files_then_chunks(tmp_path):
    """What is indexed by a list or mask must still become dask's."""
    for i in range(3):
        tifffile.imwrite(tmp_path / f"t{i}.tif", np.full((3, 4), i, "u2"))
    array = xr.open_dataarray(f"{tmp_path}/*.tif", engine="fileseq", pattern="t{t:d}.tif")
    assert array.isel(t=[0, 2, 1]).chunk().values[:, 0, 0].tolist() == [0, 2, 1]
    mask = np.array([True, False, True])
    assert array.isel(t=mask).chunk({"t": 1}).values[:, 0, 0].tolist() == [0, 2]


def test_one_file_in_a_table_has_no_axis_for_the_date_in_its_name(tmp_path):
    """A table and a pattern exclude each other, and only the first was asked for."""
    path = tmp_path / "cam_20240709.tif"
    tifffile.imwrite(path, np.zeros((4, 6), "u1"))
    (tmp_path / "t.csv").write_text("file,z\ncam_20240709.tif,5\n")
    ds = xr.open_dataset(path, engine="fileseq", table=tmp_path / "t.csv")
    assert ds.image.dims == ("y", "x")
    assert ds.z == 5
    for table in ("auto", None):
        ds = xr.open_dataset(path, engine="fileseq", table=table)
        assert ds.image.dims == ("date", "y", "x")
