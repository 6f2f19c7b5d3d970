"""What headers say as coordinates of labelled arrays, along the axes on which it depends."""

import numpy as np
import pytest
import tifffile
import xarray as xr

from dask_fileseq import HeaderWarning, open_sequence
from dask_fileseq.headers import confirmation
from dask_fileseq.readers import count
from tests.helpers.headers import write_geotiff

OME = """<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">
<AcquisitionDate>2024-07-09T13:00:00</AcquisitionDate>
<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="5" SizeY="4" SizeC="1" SizeZ="1"
 SizeT="1" PhysicalSizeX="0.5" PhysicalSizeY="0.5">
<Channel ID="Channel:0:0" Name="{name}"/><TiffData IFD="0" PlaneCount="1"/>
<Plane TheC="0" TheZ="0" TheT="0" DeltaT="{seconds}" ExposureTime="{exposure}" PositionX="{x}"
 PositionZ="{z}"/></Pixels></Image></OME>"""

NAMES = ("DAPI", "GFP")


@pytest.fixture
def folder(tmp_path):
    """Write 2 times x 2 channels x 3 planes, each with times, exposures and positions."""
    for t in range(2):
        for c, name in enumerate(NAMES):
            for z in range(3):
                place = {"seconds": 60 * t, "exposure": 0.1 * (c + 1), "x": 10 * t + c + z}
                xml = OME.format(name=f"{name} filter", z=100 + 0.5 * z, **place)
                path = tmp_path / f"t{t}_{name}_z{z}.tif"
                image = np.full((4, 5), t, "u2")
                tifffile.imwrite(path, image, description=xml, metadata=None)
    return tmp_path


def labelled(folder, way, headers):
    if way == "engine":
        return xr.open_dataarray(str(folder), engine="fileseq", headers=headers)
    return open_sequence(folder).to_xarray(headers=headers)


@pytest.mark.parametrize("way", ["to_xarray", "engine"])
def test_columns_are_along_the_axes_on_which_they_depend(folder, way):
    """A time of each file hides that it is that of the frame; a common one is wrong."""
    da = labelled(folder, way, True)
    assert da.acquired.dims == ("t",)
    start = np.datetime64("2024-07-09T13:00:00", "ns")
    assert (da.acquired - start).values.tolist() == [0, 60 * 10**9]
    assert (da.exposure.dims, da.exposure.values.tolist()) == (("channel",), [0.1, 0.2])
    assert (da.stage_z.dims, da.stage_z.values.tolist()) == (("z",), [100, 100.5, 101])
    assert da.channel_name.values.tolist() == ["DAPI filter", "GFP filter"]
    assert da.stage_x.dims == ("t", "channel", "z")
    assert float(da.stage_x.sel(t=1, channel="GFP", z=2)) == 13
    assert da.stage_z.attrs == {"units": "µm", "source": "headers"}
    assert da.exposure.attrs["units"] == "s"
    assert da.z.values.tolist() == [0, 1, 2]
    assert da.sel(t=1).isel(channel=0, z=0).values.min() == 1


def test_columns_by_name(folder):
    """Only what is asked for; what all files have in common is one value."""
    seq = open_sequence(folder)
    plain = set(seq.to_xarray(headers=False).coords)
    da = seq.to_xarray(headers=["exposure", "pixel_size_x"])
    assert set(da.coords) - plain == {"exposure", "pixel_size_x"}
    assert (da.pixel_size_x.dims, float(da.pixel_size_x)) == ((), 0.5)
    assert da.pixel_size_x.attrs["units"] == "µm"
    assert set(seq.to_xarray(headers="exposure").coords) - plain == {"exposure"}
    assert set(seq.to_xarray(headers=()).coords) == plain


def test_by_default_no_table_is_read(tmp_path):
    """Each folder costs a read of all headers."""
    for t in range(5):
        tifffile.imwrite(tmp_path / f"p{t}.tif", np.ones((4, 5)), datetime="2024:07:09 13:13:03")
    seq = open_sequence(tmp_path, pattern="p{position}.tif")
    with count() as counts:
        seq.to_xarray()
    assert counts.headers == 1
    with count() as counts:
        seq.to_xarray(headers="acquired")
        seq.to_xarray(headers=["acquired", "software"])
    assert counts.headers == 5


def by_way(seq, path, way):
    if way == "to_zarr":
        seq.to_zarr(path, progress=False)
        return xr.open_zarr(path)
    if way == "aszarr":
        return xr.open_zarr(seq.aszarr(groupname="image"))
    return seq.to_xarray().to_dataset()


@pytest.mark.parametrize("way", ["to_xarray", "to_zarr", "aszarr"])
def test_physical_values_by_default(folder, tmp_path_factory, way):
    """Planes have numbers only, though each header has the height of its plane."""
    seq = open_sequence(folder)
    da = by_way(seq, tmp_path_factory.mktemp("zarr") / "a.zarr", way)
    assert set(da.coords) == {*seq.dims, "y", "x", "acquired", "stage_z", "exposure"}
    assert (da.acquired.dims, da.exposure.dims) == (("t",), ("channel",))
    assert (da.stage_z.dims, da.stage_z.values.tolist()) == (("z",), [100, 100.5, 101])
    assert da.stage_z.attrs == {"units": "µm", "source": "headers"}
    assert (np.diff(da.acquired) == np.timedelta64(60, "s")).all()


def test_physical_values_are_the_same_on_the_way_back(folder):
    """A sequence that was opened backwards has none, or those of other planes."""
    da = open_sequence(folder, sort=lambda names: sorted(names, reverse=True)).to_xarray()
    assert da.stage_z.values.tolist() == [100, 100.5, 101]
    one = open_sequence(folder).isel(t=0).to_xarray()
    assert {"stage_z", "exposure"} <= set(one.coords)
    assert "acquired" not in one.coords


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ('PositionZ="101.0"', 'PositionZ="100.2"', "stage_z"),
        ('DeltaT="60"', 'DeltaT="-9"', "acquired"),
        ('ExposureTime="0.2"', 'ExposureTime="0.1"', "exposure"),
        ('ExposureTime="0.2"', 'ExposureTime=""', "exposure"),
    ],
)
def test_values_that_replace_no_index(folder, old, new, name):
    """Heights that go back and forth, times before others, what all have in common, or gaps."""
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes().replace(old.encode(), new.ljust(len(old)).encode()))
    wanted = {"acquired", "stage_z", "exposure"}
    assert wanted - set(open_sequence(folder).to_xarray().coords) == {name}


def test_times_that_no_clock_has(folder):
    """A damaged number keeps the pixels from being read."""
    old, new = b'TheT="0" DeltaT="0"', b'DeltaT="9e307"'
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes().replace(old, new.ljust(len(old))))
    da = open_sequence(folder).to_xarray()
    assert "stage_z" in da.coords
    assert da.sel(t=1).isel(channel=0, z=0).values.min() == 1


def test_values_that_depend_on_more(folder):
    """One file of a plane says something else, and the plane has the height of the others."""
    path = folder / "t1_GFP_z2.tif"
    path.write_bytes(path.read_bytes().replace(b'PositionZ="101.0"', b'PositionZ="105.0"'))
    assert "stage_z" not in open_sequence(folder).to_xarray().coords
    assert "stage_z" in open_sequence(folder).to_xarray(headers="stage_z").coords


def test_of_many_files_a_warning_tells_how_to_ask(folder, monkeypatch):
    """An array of 2,001 files lacks what one of 2,000 has, without a word."""
    monkeypatch.setattr(confirmation, "MOST_FILES", 10)
    monkeypatch.setattr(confirmation, "SAMPLE", 7)
    seq = open_sequence(folder)
    message = r"7 of 12 headers were read, .*: headers=\['acquired', 'exposure', 'stage_z'\] reads"
    with pytest.warns(HeaderWarning, match=message) as caught:
        da = seq.to_xarray()
    assert caught[0].filename == __file__
    assert set(da.coords) == {*seq.dims, "y", "x"}
    asked = seq.to_xarray(headers=["acquired", "stage_z", "exposure"])
    assert (asked.acquired.dims, asked.stage_z.dims) == (("t",), ("z",))
    seq.to_xarray(headers=False)


def test_labels_that_are_physical_stay_alone(tmp_path):
    """The date when a file was written is beside that in its name."""
    for day in range(1, 4):
        path = tmp_path / f"img_2024-07-0{day}.tif"
        tifffile.imwrite(path, np.ones((4, 5)), datetime=f"2025:01:0{day} 00:00:00")
    assert set(open_sequence(tmp_path).to_xarray().coords) == {"date"}


def test_cells_without_a_file_have_no_value(folder):
    """A missing file gets the value of another, or the coordinate is lost."""
    for z in range(3):
        (folder / f"t1_GFP_z{z}.tif").unlink()
    da = open_sequence(folder).to_xarray(headers=["acquired", "stage_x"])
    assert da.acquired.dims == ("t",)
    assert np.isnan(da.stage_x.sel(t=1, channel="GFP")).all()
    assert np.isfinite(da.stage_x.sel(t=1, channel="DAPI")).all()


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ("gain", "headers has 'gain', which no file has; columns are name, t, channel, z"),
        (["t"], "headers has 't', which is an axis"),
        ("shape", "headers has 'shape', whose values are tuples"),
        ([3], r"headers=\[3\] is neither True nor names"),
        (3, "headers=3 is neither True nor names"),
    ],
)
def test_what_is_no_coordinate_is_an_error(folder, headers, message):
    """A misspelt name is a coordinate that is not there."""
    with pytest.raises(ValueError, match=message):
        open_sequence(folder).to_xarray(headers=headers)


def test_columns_along_a_tiled_axis(folder):
    """A column that was asked for by its name is not there, without a word."""
    seq = open_sequence(folder)
    tiled = {"axestiled": {0: 0}}
    with pytest.raises(ValueError, match="headers has 'acquired', which depends on 't', a tiled"):
        seq.to_xarray(headers="acquired", **tiled)
    assert seq.to_xarray(headers="stage_z", **tiled).stage_z.dims == ("z",)
    found = seq.to_xarray(headers=True, **tiled)
    assert "stage_z" in found.coords
    assert "acquired" not in found.coords


def test_a_value_that_differs_becomes_a_coordinate(tmp_path):
    """Nodata that depends on the band is lost, though it is known."""
    for t in range(2):
        for band, nodata in (("B02", -99), ("QA", 255)):
            write_geotiff(tmp_path / f"t{t}_{band}.tif", nodata=nodata)
    seq = open_sequence(tmp_path, pattern="t{t:d}_{band}.tif")
    with pytest.warns(match="2 of 4 files have nodata -99"):
        da = seq.to_xarray(headers="nodata")
    assert (da["nodata"].dims, da["nodata"].values.tolist()) == (("band",), [-99, 255])
    assert "nodata" not in da.attrs
