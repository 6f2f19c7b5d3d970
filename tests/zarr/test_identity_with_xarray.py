"""What `xarray.open_zarr` makes of each zarr face is what `to_xarray` gives: labels and pixels."""

import contextlib

import imagecodecs.numcodecs
import numpy as np
import pytest
import tifffile
import xarray as xr

from dask_fileseq import open_sequence

GEO = [
    (33550, "d", 3, (10.0, 10.0, 0.0), True),
    (33922, "d", 6, (0.0, 0.0, 0.0, 500000.0, 5000000.0, 0.0), True),
    (34735, "H", 16, (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633), True),
]


def nodata(text):
    return [(42113, "s", 0, text, True)]


def ome(image, path):
    metadata = {"axes": "CYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    metadata |= {"PhysicalSizeXUnit": "µm", "PhysicalSizeYUnit": "µm"}
    metadata |= {"Channel": {"Name": ["DAPI", "GFP"]}}
    tifffile.imwrite(path, np.stack([image, image + 1]), ome=True, metadata=metadata)


def plain(image, path, **kwargs):
    tifffile.imwrite(path, image, **kwargs)


def kind(names, pattern, write=plain, dtype="u2", **kwargs):
    return names, pattern, write, dtype, kwargs


KINDS = {
    "numbers": kind(["t1_z1", "t1_z2", "t2_z1", "t2_z2"], "t{t:d}_z{z:d}.tif"),
    "sparse": kind(["t1_z1", "t1_z2", "t2_z1", "t4_z2"], "t{t:d}_z{z:d}.tif"),
    "decimals": kind(["z0.5", "z0.75", "z1.5"], "z{z:f}.tif"),
    "words": kind(["a_DAPI", "a_GFP", "b_Grün"], "{site}_{channel}.tif"),
    "wells": kind(["A01_s1", "A01_s2", "B12_s1"], "{well}_s{s:d}.tif", dtype="u1"),
    "days": kind(["2020-07-01", "2020-07-03", "2020-08-01"], "{date:%Y-%m-%d}.tif"),
    "clocks": kind(["20200701T101500", "20200703T112233"], "{time:%Y%m%dT%H%M%S}.tif"),
    "durations": kind(["00d00h30m", "01d06h00m"], "{time:%dd%Hh%Mm}.tif"),
    "one axis": kind(["x1", "x7"], None),
    "ome": kind(["t1", "t3"], "t{t:d}.tif", ome),
    "geotiff": kind(["d1_red", "d1_nir", "d2_red"], "d{d:d}_{band}.tif", extratags=GEO),
    "nodata": kind(["d1", "d3"], "d{d:d}.tif", dtype="i2", extratags=GEO + nodata("-9")),
    "nodata zero": kind(["d1", "d3"], "d{d:d}.tif", dtype="u1", extratags=nodata("0")),
    "nodata nan": kind(["d1", "d3"], "d{d:d}.tif", dtype="f4", extratags=GEO + nodata("nan")),
    "colours": kind(["t1", "t3"], "t{t:d}.tif", dtype="u1", photometric="rgb"),
    "floats": kind(["d1", "d3"], "d{d:d}.tif", dtype="f8"),
    "signed": kind(["d1", "d3"], "d{d:d}.tif", dtype="i4", predictor=True, compression="zlib"),
}


@pytest.fixture(params=KINDS)
def sequence(request, tmp_path):
    """Return files of a kind."""
    names, pattern, write, dtype, kwargs = KINDS[request.param]
    for i, name in enumerate(names):
        image = np.arange(48).reshape(6, 8) + i
        image[1, 2:4] = -9 if dtype == "i2" else 0
        image = image.astype(dtype)
        image = np.dstack([image] * 3) if request.param == "colours" else image
        write(image, tmp_path / f"{name}.tif", **kwargs)
    files = [str(tmp_path / f"{name}.tif") for name in names]
    return open_sequence(files, pattern=pattern, spacing="step" if pattern else "auto")


def opened(way, seq, folder, groupname="image", **kwargs):
    """Return the store that a zarr face makes, as `xarray.open_zarr` takes it."""
    kwargs["groupname"] = groupname
    if way == "to_zarr":
        seq.to_zarr(folder / "a.zarr", **{k: v for k, v in kwargs.items() if v != "image"})
        return {"store": folder / "a.zarr"}
    if way == "references":
        imagecodecs.numcodecs.register_codecs(verbose=False)
        seq.write_fsspec(folder / "a.json", **kwargs)
        return {"store": "reference://", "storage_options": {"fo": str(folder / "a.json")}}
    return {"store": seq.aszarr(zarr_format=int(way[-1]), **kwargs)}


@pytest.mark.parametrize("way", ["aszarr 3", "aszarr 2", "references", "to_zarr"])
def test_zarr_faces_are_what_xarray_is(sequence, way, tmp_path):
    """Less encoding: labels, pixel sizes, places, empty cells, attributes."""
    expected = sequence.to_xarray()
    store = opened(way, sequence, tmp_path)
    with xr.open_zarr(**store, decode_coords="all", mask_and_scale=False) as found:
        assert list(found.data_vars) == ["image"]
        xr.testing.assert_identical(found.image.compute(), expected.compute())
        for name, values in expected.coords.items():
            assert found[name].dtype.kind in (values.dtype.kind, "T", "O")
    with xr.open_zarr(**store) as found:
        assert found.coords.keys() == expected.coords.keys()
        dropped = [] if "has_file" in expected.coords else "has_file"  # which the engine always has
        masked = xr.open_dataset(sequence, engine="fileseq", drop_variables=dropped).image
        found.image.attrs.pop("grid_mapping", None)  # it becomes encoding with "all" alone
        xr.testing.assert_identical(found.image.compute(), masked.compute())
        assert found.image.dtype == masked.dtype
        assert not found.attrs


@pytest.mark.parametrize("way", ["aszarr 3", "aszarr 2", "references", "to_zarr"])
@pytest.mark.parametrize("fillvalue", ["nan", 7])
def test_other_fill_values(way, fillvalue, tmp_path):
    """NaN needs floats also where the files have integers."""
    for name in ("t1", "t3"):
        tifffile.imwrite(tmp_path / f"{name}.tif", np.full((4, 6), int(name[1]), "i2"))
    seq = open_sequence(str(tmp_path / "*.tif"), spacing="unit", fillvalue=fillvalue)
    expected = seq.to_xarray()
    assert expected.dtype == ("f4" if fillvalue == "nan" else "i2")
    with xr.open_zarr(**opened(way, seq, tmp_path), mask_and_scale=False) as found:
        if way in ("aszarr 2", "references"):  # xarray takes a fill value of format 2 for it
            np.testing.assert_equal(found.image.attrs.pop("_FillValue"), expected.values[1, 0, 0])
        xr.testing.assert_identical(found.image.compute(), expected.compute())
        assert found.image.dtype == expected.dtype


@pytest.mark.parametrize("way", ["aszarr 3", "aszarr 2", "references", "to_zarr"])
def test_a_mosaic(way, tmp_path):
    """Places extend over all tiles, of which one is missing."""
    for name in ("t1_r1", "t1_r2", "t2_r1"):
        tifffile.imwrite(tmp_path / f"{name}.tif", np.full((4, 6), int(name[1]), "u1"))
    seq = open_sequence(str(tmp_path / "*.tif"), pattern="t{t:d}_r{row:d}.tif")
    with xr.open_zarr(**opened(way, seq, tmp_path, axestiled={1: 0})) as found:
        expected = seq.to_xarray(axestiled={1: 0})
        assert expected.has_file.values.tolist() == [True, False]
        xr.testing.assert_identical(found.image.compute(), expected.compute())


@pytest.mark.parametrize("way", ["aszarr 3", "aszarr 2", "references", "to_zarr"])
def test_a_group_in_a_group(way, tmp_path):
    """Coordinates are beside their array."""
    for name in ("t1", "t3"):
        tifffile.imwrite(tmp_path / f"{name}.tif", np.full((4, 6), int(name[1]), "u1"))
    seq = open_sequence(str(tmp_path / "*.tif"))
    store = opened(way, seq, tmp_path, "plate/well")
    with contextlib.closing(xr.open_zarr(**store, group="plate")) as found:
        xr.testing.assert_identical(found.well.compute(), seq.to_xarray(name="well").compute())


@pytest.mark.filterwarnings("ignore::dask_fileseq.HeaderWarning")
@pytest.mark.parametrize("way", ["aszarr 3", "aszarr 2", "references", "to_zarr"])
def test_nodata_that_other_files_contradict(way, tmp_path):
    """It masks nothing: in the second file, its value is a pixel like others."""
    for name, text in (("t1", "0"), ("t2", "7")):
        path = tmp_path / f"{name}.tif"
        tifffile.imwrite(path, np.arange(24, dtype="u1").reshape(4, 6), extratags=nodata(text))
    seq = open_sequence(str(tmp_path / "*.tif"))
    with xr.open_zarr(**opened(way, seq, tmp_path)) as found:
        xr.testing.assert_identical(found.image.compute(), seq.to_xarray().compute())
        assert found.image.dtype == "u1"
