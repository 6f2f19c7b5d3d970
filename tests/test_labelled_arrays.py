"""From names to labelled pixels, by the sequence and by xarray's engine: both are one thing."""

import contextlib
import itertools
import os
import sys
import warnings

import dask
import numpy as np
import pytest
import tifffile
import xarray as xr

from dask_fileseq import open_sequence
from dask_fileseq.graph import TransposedFiles
from dask_fileseq.readers import count
from tests.helpers.headers import OME_METADATA
from tests.helpers.shared import DATA

WAYS = ["to_xarray", "engine with dask", "engine without dask"]

_opened: list[str] | None = None


def _note(event, args):
    if _opened is not None and event == "open":
        _opened.append(os.fspath(args[0]) if isinstance(args[0], str | os.PathLike) else "")


@contextlib.contextmanager
def files_opened():
    """Collect what Python itself sees opened, whoever opens it."""
    global _opened  # noqa: PLW0603, a hook of the interpreter cannot be taken away
    _opened = found = []
    try:
        yield found
    finally:
        _opened = None


@pytest.fixture(scope="module", autouse=True)
def hook():
    sys.addaudithook(_note)


def opened_by(way, files, **kwargs):
    """Return the labelled array of files, in one of the ways to have it."""
    if way == "to_xarray":
        names = ("name", "axestiled")
        given = {key: kwargs.pop(key) for key in names if key in kwargs}
        return open_sequence(files, **kwargs).to_xarray(**{"name": "image"} | given)
    chunks = {} if way == "engine with dask" else None
    kwargs = {"engine": "fileseq", "mask_and_scale": False, "chunks": chunks} | kwargs
    kwargs |= {"drop_variables": "has_file"}  # which the engine always has
    return xr.open_dataarray(files, **kwargs)


# reads


@pytest.fixture(scope="module")
def timelapse(tmp_path_factory):
    """Write 7 times x 2 channels of 256 x 256 pixels, uncompressed and in tiles."""
    folder = tmp_path_factory.mktemp("timelapse")
    array = np.random.default_rng(1).integers(0, 60000, (7, 2, 256, 256), "u2")
    kinds = {"plain": {}, "tiled": {"tile": (64, 64), "compression": "deflate"}}
    for (kind, args), t, c in itertools.product(kinds.items(), range(7), range(2)):
        (folder / kind).mkdir(exist_ok=True)
        name = folder / kind / f"t{t:03d}_{('DAPI', 'GFP')[c]}.tif"
        tifffile.imwrite(name, array[t, c], **args)
    return folder, array


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["plain", "tiled"])
def test_a_label_a_place_and_a_region_read_a_part_of_one_file(timelapse, way, kind):
    """The selection that the eye makes reads more than what it shows."""
    folder, array = timelapse
    with files_opened() as opened:
        da = opened_by(way, f"{folder / kind}/*.tif")
        repr(da)
    assert [os.path.basename(n) for n in opened if n.endswith(".tif")] == ["t000_DAPI.tif"]
    with count() as counts, dask.config.set(scheduler="sync"), files_opened() as opened:
        part = da.sel(channel="DAPI").isel(t=5)[100:200, 100:200]
        assert not [name for name in opened if kind in name]
        pixels = part.values
    np.testing.assert_array_equal(pixels, array[5, 0, 100:200, 100:200], strict=True)
    # opened twice where the first of its kind is compared with what tifffile reads
    assert {os.path.basename(name) for name in opened if kind in name} == {"t005_DAPI.tif"}
    size = os.path.getsize(folder / kind / "t005_DAPI.tif")
    # rows 100 to 199 of 256 whole; 3 x 3 tiles of 4 x 4
    most = {"plain": 100 * 256 * 2, "tiled": size * 9 / 16 * 1.1}[kind]
    assert 0 < counts.bytes <= most
    assert (part.channel.item(), part.t.item()) == ("DAPI", 5)


def test_opening_a_thousand_files_reads_one_header(tmp_path):
    """Each further file costs a read before anything is asked for."""
    tifffile.imwrite(tmp_path / "t0000.tif", np.zeros((4, 4), "u1"))
    for t in range(1, 1000):
        (tmp_path / f"t{t:04d}.tif").write_bytes(b"not read")
    for way in WAYS:
        with count() as counts, files_opened() as opened:
            da = opened_by(way, f"{tmp_path}/*.tif")
            repr(da)
            assert dict(da.sizes) == {"t": 1000, "y": 4, "x": 4}
        assert (counts.headers, counts.bytes) == (1, 0)
        assert [os.path.basename(n) for n in opened if n.endswith(".tif")] == ["t0000.tif"]


# coordinates


def write_imagej(folder):
    labels = [c for _ in range(3) for c in ("DAPI", "GFP")]
    for t in range(2):
        tifffile.imwrite(
            folder / f"t{t}.tif",
            np.full((3, 2, 4, 5), t, "u2"),
            imagej=True,
            resolution=(4, 2),
            metadata={"axes": "ZCYX", "spacing": 0.5, "unit": "um", "Labels": labels},
        )
    return (
        {"z": [0, 0.5, 1], "c": ["DAPI", "GFP"], "y": np.arange(4) / 2, "x": np.arange(5) / 4},
        {"z": "ImageJ", "c": "ImageJ", "y": "ImageJ", "x": "ImageJ"},
        {"z": "µm", "y": "µm", "x": "µm"},
    )


def write_ome(folder):
    for t in range(2):
        path = folder / f"t{t}.ome.tif"
        tifffile.imwrite(path, np.full((2, 3, 4, 5), t, "u2"), ome=True, metadata=OME_METADATA)
    return (
        {"c": ["DAPI", "GFP"], "z": [0, 2, 4], "y": np.arange(4) / 2, "x": np.arange(5) / 4},
        dict.fromkeys("czyx", "OME-XML"),
        {"z": "µm", "y": "µm", "x": "µm"},
    )


def write_resolution(folder):
    for t in range(2):
        args = {"resolution": (10000, 5000), "resolutionunit": "CENTIMETER", "photometric": "rgb"}
        tifffile.imwrite(folder / f"t{t}.tif", np.full((4, 5, 3), t, "u1"), **args)
    coords = {"y": np.arange(4) * 2, "x": np.arange(5)}
    return coords, dict.fromkeys("yx", "resolution"), {"y": "µm", "x": "µm"}


def write_geotiff(folder):
    keys = [1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, 32633, 3076, 0, 1, 9001]
    tags = [
        (33550, "d", 3, (10.0, 10.0, 0.0), True),
        (33922, "d", 6, (0.0, 0.0, 0.0, 500.0, 1000.0, 0.0), True),
        (34735, "H", 16, keys, True),
    ]
    for t in range(2):
        tifffile.imwrite(folder / f"t{t}.tif", np.full((4, 5), t, "u1"), extratags=tags)
    coords = {"y": 995.0 - 10 * np.arange(4), "x": 505.0 + 10 * np.arange(5), "spatial_ref": 0}
    return coords, dict.fromkeys("yx", "GeoTIFF"), {"y": "metre", "x": "metre"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("write", [write_imagej, write_ome, write_resolution, write_geotiff])
def test_what_files_say_are_coordinates(tmp_path, write, way):
    """A coordinate is missing, is that of a corner, or does not say where it is from."""
    coords, sources, units = write(tmp_path)
    da = opened_by(way, tmp_path if way == "to_xarray" else str(tmp_path), spacing="values")
    assert set(da.coords) == {"t", *coords}
    for dim, values in coords.items():
        np.testing.assert_array_equal(da[dim], values)
    for dim, source in sources.items():
        assert source in da[dim].attrs["source"]
    assert {dim: da[dim].attrs["units"] for dim in units} == units
    assert da.t.attrs["source"] == "file names"
    assert ("s" in da.dims) == (write is write_resolution)  # red, green and blue
    assert da.sel(t=1).values.min() == da.sel(t=1).values.max() == 1
    if write is write_geotiff:
        assert da.spatial_ref.attrs["epsg"] == 32633
        assert da.encoding["grid_mapping"] == "spatial_ref"


@pytest.mark.parametrize("way", WAYS)
def test_a_mosaic_has_one_coordinate_along_a_tiled_axis(tmp_path, way):
    """The axes of tiles stay, or each tile begins at nothing again."""
    args = {"resolution": (20000, 10000), "resolutionunit": "CENTIMETER"}
    for t, r, c in itertools.product(range(2), range(2), range(3)):
        tile = np.full((2, 3), 6 * t + 3 * r + c, "u1")
        tifffile.imwrite(tmp_path / f"t{t}_row{r}_col{c}.tif", tile, **args)
    da = opened_by(way, f"{tmp_path}/*.tif", axestiled={1: 0, 2: 1})
    assert da.dims == ("t", "y", "x")
    assert set(da.coords) == {"t", "y", "x"}
    assert da.y.values.tolist() == [0, 1, 2, 3]
    assert da.x.values.tolist() == (np.arange(9) / 2).tolist()
    with count() as counts, dask.config.set(scheduler="sync"):
        assert da.sel(t=1, y=2, x=[0.5, 4]).values.tolist() == [9, 11]
    assert counts.files == 2


# what users do next


@pytest.mark.slow
@pytest.mark.parametrize("chunks", [None, {}, "auto"])
def test_folders_are_joined_by_their_labels(tmp_path, scheduler, chunks):
    """Folders that go on where others end stand in a wrong order, or cannot be written."""
    for t in range(6):
        folder = tmp_path / f"day{t // 2}"
        folder.mkdir(exist_ok=True)
        for channel, value in (("DAPI", t), ("GFP", 10 * t)):
            tifffile.imwrite(folder / f"{t}_{channel}.tif", np.full((4, 5), value, "u2"))
    ds = xr.open_mfdataset(
        [str(tmp_path / f"day{day}") for day in (2, 0, 1)],
        engine="fileseq",
        pattern="{time:d}_{channel}.tif",
        chunks=chunks,
        combine="by_coords",
        join="outer",
        data_vars="minimal",
        coords="minimal",
        compat="override",
    )
    assert ds.time.values.tolist() == [0, 1, 2, 3, 4, 5]
    assert ds.image.sel(channel="GFP")[:, 0, 0].values.tolist() == [0, 10, 20, 30, 40, 50]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*does not have a Zarr V3 specification")
        warnings.filterwarnings("ignore", message="Consolidated metadata")
        ds.to_zarr(tmp_path / "all.zarr")
        with xr.open_zarr(tmp_path / "all.zarr") as back:
            xr.testing.assert_identical(back.compute(), ds.compute())


@pytest.mark.skipif(not DATA.is_dir(), reason="no real data beside the repository")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "files",
    [
        "cv8000/*/*_D08_*.tif",
        "ix_exported/9987_Plate_3435/TimePoint_?/*.TIF",
        "landsat5/*/scene01/*.tif",
        "neutron/*/*.tif",
        "codex_cycles/Cyc*_reg*/*.tif",
        "shapes_tc/*.tif",
        "leica_matrix/slide*/chamber*/field*/*.ome.tif",
        "merlin_fov/test_?_?.tif",
    ],
)
def test_real_files_are_labelled_arrays(files, way):
    """What names and headers say fails on a microscope's own files, or moves a pixel."""
    seq = open_sequence(str(DATA / files))
    da = opened_by(way, str(DATA / files))
    assert da.dims[: len(seq.dims)] == tuple(seq.coords)
    for dim, values in seq.coords.items():
        np.testing.assert_array_equal(da[dim], values)
    for name, index in [(seq[k], seq.indices[k]) for k in (0, len(seq) // 2, -1)]:
        place = {dim: seq.coords[dim][i] for dim, i in zip(seq.coords, index, strict=True)}
        np.testing.assert_array_equal(da.sel(place), tifffile.imread(name))
    for index in seq.missing[:1]:
        assert not da[index].values.any()


def test_what_was_computed_of_it_goes_beside_it(tmp_path):
    """Two variables: xarray refuses arrays of two classes in one dataset, or in one function."""
    for t in range(3):
        tifffile.imwrite(tmp_path / f"t{t}.tif", np.full((4, 6), t, "u1"))
    x = open_sequence(str(tmp_path)).to_xarray()
    ds = xr.Dataset({"a": x, "b": x * 2, "c": x[:, 0]})
    np.testing.assert_array_equal(ds.compute().b, ds.a.values * 2)
    ds.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    both = xr.apply_ufunc(np.add, ds.a, ds.b, dask="parallelized", output_dtypes=["u1"])
    np.testing.assert_array_equal(both, ds.a.values * 3)
    one, other = xr.unify_chunks(x, ds.b.chunk(t=2))
    assert one.chunks == other.chunks


def test_slices_and_transposed_arrays_go_into_one_dataset(tmp_path):
    """Each would equal dask's own class, but not the other's."""
    for t in range(3):
        tifffile.imwrite(tmp_path / f"t{t}.tif", np.full((4, 6), t, "u1"))
    x = open_sequence(str(tmp_path)).to_xarray()
    turned = xr.DataArray(TransposedFiles.of(x.data, (0, 2, 1)), dims=("t", "x", "y"))
    loaded = xr.Dataset({"a": x, "b": turned}).compute()
    np.testing.assert_array_equal(loaded.b.transpose("t", "y", "x"), loaded.a)
