"""One table of all headers: what each kind of file says, and what a million cost."""

import json
import os
import pickle
import struct

import numpy as np
import pandas as pd
import pytest
import tifffile

from dask_fileseq import FileSequence, HeaderWarning, TiffSequence, open_sequence
from dask_fileseq.headers import table as table_module
from dask_fileseq.readers import PRINT, count
from tests.helpers.headers import (
    geotiff_tags,
    opened_by_tifffile,
    write_geotiff,
    write_ome,
    write_pixels,
)
from tests.helpers.instruments import harmony, micromanager
from tests.helpers.shared import DATA

METAMORPH = """<MetaData>
<prop id="Description" type="string" value="Exposure: 250 ms&#13;&#10;Binning: 2 x 2"/>
<prop id="ApplicationName" type="string" value="MetaMorph"/>
<PlaneInfo>
<prop id="spatial-calibration-state" type="bool" value="on"/>
<prop id="spatial-calibration-x" type="float" value="0.65"/>
<prop id="spatial-calibration-y" type="float" value="0.65"/>
<prop id="spatial-calibration-units" type="string" value="um"/>
<prop id="image-name" type="string" value="FITC"/>
<prop id="acquisition-time-local" type="time" value="20240709 13:13:03.006"/>
<prop id="stage-position-x" type="float" value="22985"/>
<prop id="stage-position-y" type="float" value="-19885.5"/>
<prop id="z-position" type="float" value="9991.87"/>
<prop id="wavelength" type="float" value="525"/>
</PlaneInfo>
<SetInfo><prop id="number-of-planes" type="int" value="1"/></SetInfo>
</MetaData>"""

OME = """<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">
<AcquisitionDate>2024-07-09T13:13:03</AcquisitionDate>
<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="5" SizeY="4" SizeC="1" SizeZ="1"
 SizeT="1" PhysicalSizeX="650" PhysicalSizeXUnit="nm" PhysicalSizeY="650" PhysicalSizeYUnit="nm">
<Channel ID="Channel:0:0" Name="FITC" Color="16711935" ExcitationWavelength="488"
 EmissionWavelength="525"/><TiffData IFD="0" PlaneCount="1"/>
<Plane TheC="0" TheZ="0" TheT="0" DeltaT="1500" DeltaTUnit="ms" ExposureTime="0.25"
 PositionX="22.985" PositionXUnit="mm" PositionY="-19885.5" PositionZ="9991.87"/>
</Pixels></Image></OME>"""

MICROMANAGER = {
    "Exposure-ms": 250.0,
    "XPositionUm": 22985.0,
    "YPositionUm": -19885.5,
    "ZPositionUm": 9991.87,
    "Channel": "FITC",
    "ReceivedTime": "2024-07-09 13:13:03.006 +0200",
    "PixelSizeUm": 0.65,
}

IMAGE = np.ones((4, 5), "u2")


def described(path, text, **args):
    tifffile.imwrite(path, IMAGE, description=text, metadata=None, **args)


def with_micromanager(path):
    text = json.dumps(MICROMANAGER)
    tifffile.imwrite(path, IMAGE, metadata=None, extratags=[(51123, "s", 0, text, True)])


def with_scanimage(path):
    """Write a file as ScanImage does: its own header is between TIFF's and the first page."""
    tifffile.imwrite(
        path,
        IMAGE,
        bigtiff=True,
        description="frameNumbers = 1",
        software="SI.VERSION_MAJOR = 2023",
        metadata=None,
    )
    content = bytearray(path.read_bytes())
    (tags,) = struct.unpack_from("<Q", content, 16)
    page = bytes(content[16 : 24 + 20 * tags + 8])
    text = b"SI.hMotors.motorPosition = [22985 -19885.5 9991.87]\nSI.VERSION_MAJOR = 2023\0"
    struct.pack_into("<QIIII", content, 8, len(content), 0x07030301, 3, len(text), 0)
    content[32 : 32 + len(text)] = text
    path.write_bytes(content + page)


PLACE = {"stage_x": 22985.0, "stage_y": -19885.5, "stage_z": 9991.87, "exposure": 0.25}
SIZE = {"pixel_size_x": 0.65, "pixel_size_y": 0.65, "pixel_unit": "µm"}
TIME = np.datetime64("2024-07-09T13:13:03.006", "ns")

KINDS = {
    "MetaMorph": (
        lambda path: described(path, METAMORPH, software="MetaSeries"),
        PLACE | SIZE | {"acquired": TIME, "channel_name": "FITC", "emission": 525.0},
    ),
    "OME": (
        lambda path: described(path, OME),
        PLACE
        | {"pixel_size_x": 650.0, "pixel_unit": "nm", "channel_name": "FITC", "emission": 525.0}
        | {"acquired": np.datetime64("2024-07-09T13:13:04.5", "ns"), "excitation": 488.0}
        | {"channel_color": "#00ff00"},
    ),
    "Micro-Manager": (
        with_micromanager,
        PLACE | SIZE | {"channel_name": "FITC", "acquired": TIME - np.timedelta64(2, "h")},
    ),
    "ScanImage": (with_scanimage, {k: PLACE[k] for k in ("stage_x", "stage_y", "stage_z")}),
    "tags": (
        lambda path: described(path, "free", software="me 1.0", datetime="2024:07:09 13:13:03"),
        {"acquired": np.datetime64("2024-07-09T13:13:03", "ns"), "software": "me 1.0", "pages": 1},
    ),
    "print": (
        lambda path: described(path, "", resolution=(72, 72), resolutionunit="INCH"),
        {"pixel_size_x": 25400 / 72, "pixel_unit": "µm", "pixel_source": PRINT},
    ),
    "ImageJ": (
        lambda path: write_pixels(path, step=0.5, spacing=2.0),
        {"pixel_size_x": 0.5, "pixel_size_z": 2.0, "pixel_unit": "µm", "axes": "ZYX", "pages": 3},
    ),
    "channels": (write_ome, {"channel_name": ("DAPI", "GFP"), "axes": "CYX", "pixel_size_x": 0.5}),
    "GeoTIFF": (
        lambda path: write_geotiff(path, nodata=-99),
        {
            "crs": "EPSG:32633",
            "transform": (10.0, 0.0, 500_000.0, 0.0, -10.0, 5_000_000.0),
            "bounds": (500_000.0, 4_999_960.0, 500_050.0, 5_000_000.0),
            "nodata": -99,
            "pixel_unit": "metre",
        },
    ),
    "turned GeoTIFF": (
        lambda path: write_geotiff(path, turned=True),
        {"crs": "EPSG:32633", "transform": (0.0, 10.0, 500_000.0, 10.0, 0.0, 5_000_000.0)},
    ),
}
"""Writers of files, and what the table says of them."""


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_file_says_of_itself(tmp_path, kind):
    """Of each kind of metadata, time, place, exposure and sizes in the same units."""
    write, expected = KINDS[kind]
    for t in range(2):
        write(tmp_path / f"t{t}.tif")
    with count() as counts:
        table = open_sequence(tmp_path).table()
    assert (counts.headers, counts.bytes) == (2, 0)
    found = {name: table.constant.get(name) for name in expected}
    for name, value in expected.items():
        assert found[name] == (pytest.approx(value) if isinstance(value, float) else value)


def test_a_row_a_file(tmp_path):
    """Names, cells and labels are those of the sequence, in its order."""
    for t, c in ((0, "DAPI"), (0, "GFP"), (2, "GFP")):
        path = tmp_path / f"t{t}_{c}.tif"
        tifffile.imwrite(path, IMAGE, datetime=f"2024:07:09 13:13:0{t}")
    seq = open_sequence(tmp_path, spacing="step")
    table = seq.table()
    assert table["name"].tolist() == list(seq)
    assert [np.unravel_index(cell, seq.shape) for cell in table["cell"]] == seq.indices
    assert table["t"].tolist() == [0, 0, 2]
    assert table["channel"].tolist() == ["DAPI", "GFP", "GFP"]
    assert table["size"].tolist() == [os.path.getsize(name) for name in seq]
    assert np.diff(table["acquired"]).tolist() == [0, 2 * 10**9]
    with pytest.raises(KeyError, match="no header has 'exposure'; columns are name, t, channel"):
        table["exposure"]


def test_a_column_of_some_files(tmp_path):
    """A file that says nothing has NaN, NaT or None, and no other file's value."""
    write_pixels(tmp_path / "t0.tif")
    tifffile.imwrite(tmp_path / "t1.tif", IMAGE, datetime="2024:07:09 13:13:03", metadata=None)
    table = open_sequence(tmp_path).table()
    np.testing.assert_equal(table["pixel_size_x"], [0.5, np.nan])
    assert table["pixel_unit"].tolist() == ["µm", None]
    assert np.isnat(table["acquired"]).tolist() == [True, False]


def test_an_axis_has_precedence_over_a_column(tmp_path):
    """Labels are overwritten, or a column is lost."""
    for exposure in (10, 20):
        described(tmp_path / f"exposure{exposure}.tif", METAMORPH, software="MetaSeries")
    table = open_sequence(tmp_path, pattern="exposure{exposure:d}.tif").table()
    assert table["exposure"].tolist() == [10, 20]
    assert table["file_exposure"].tolist() == [0.25, 0.25]


def test_headers_that_cannot_be_read_have_their_reason(tmp_path):
    """One broken file of a hundred thousand is no reason to have no table."""
    for t in range(3):
        tifffile.imwrite(tmp_path / f"t{t}.tif", IMAGE)
    (tmp_path / "t1.tif").write_bytes(b"nothing")
    with pytest.warns(
        HeaderWarning, match=r"1 of 3 headers cannot be read.*t1\.tif.*not a TIFF"
    ) as caught:
        table = open_sequence(tmp_path).table()
    assert caught[0].filename == __file__
    assert "not a TIFF" in table["error"][1]
    assert table["shape"].tolist() == [(4, 5), None, (4, 5)]


def test_it_is_read_once_and_is_no_part_of_pickles(tmp_path):
    """The second call costs as much as the first; a task that gets the sequence gets the table."""
    for t in range(3):
        tifffile.imwrite(tmp_path / f"t{t}.tif", IMAGE)
    seq = open_sequence(tmp_path)
    before = len(pickle.dumps(seq))
    table = seq.table()
    with count() as counts:
        assert seq.table() is table
    assert counts.headers == 0
    assert len(pickle.dumps(seq)) == before
    assert seq.isel(t=[0, 2]).table()["t"].tolist() == [0, 2]


def test_any_scheduler_and_many_parts(tmp_path, scheduler, monkeypatch):
    """Results of other processes are in another order, or parts do not fit together."""
    monkeypatch.setattr(table_module, "PART", 4)
    for t in range(11):
        write_geotiff(tmp_path / f"t{t:02d}.tif", left=10.0 * t, nodata=-1 if t > 5 else None)
    calls = []
    seq = TiffSequence(f"{tmp_path}/*.tif", pattern=r"(?P<t>\d+)\.tif")
    table = seq.table(scheduler=scheduler, progress=lambda *args: calls.append(args))
    assert [place[2] for place in table["transform"]] == [10.0 * t for t in range(11)]
    np.testing.assert_equal(table["nodata"], [np.nan] * 6 + [-1] * 5)
    assert table.constant["crs"] == "EPSG:32633"
    assert calls[-1] == (11, 11)


@pytest.mark.parametrize(
    ("keys", "system"),
    [
        ((1, 1, 0, 1, 1025, 0, 1, 1), None),
        ((1, 1, 0, 1, 2057, 34736, 1, 0), "{'semi_major_axis': 6378137.0}"),
    ],
)
def test_systems_without_a_name(tmp_path, keys, system):
    """Files have the place of another one in the name of their system."""
    for t in range(2):
        tags = [(34735, "H", 8, keys, True), (34736, "d", 1, 6378137.0, True)]
        tags.append(geotiff_tags(left=10.0 * t, turned=True)[1])
        tifffile.imwrite(tmp_path / f"t{t}.tif", IMAGE, extratags=tags, metadata=None)
    table = open_sequence(tmp_path).table()
    assert ("crs" in table, table.constant.get("crs")) == (system is not None, system)
    assert [transform[2] for transform in table["transform"]] == [0, 10]


def test_pandas_and_arrow_have_the_same(tmp_path):
    """Values are lost on the way, or constants are stored a million times."""
    pyarrow = pytest.importorskip("pyarrow")
    for t in range(3):
        write_ome(tmp_path / f"t{t}.tif", names=("DAPI", "GFP") if t else ("DAPI", "Cy5"))
    table = open_sequence(tmp_path).table()
    frame, arrow = table.to_pandas(), table.to_arrow()
    assert list(frame) == arrow.column_names == list(table)
    assert frame["channel_name"].tolist() == table["channel_name"].tolist()
    assert [tuple(names) for names in arrow["channel_name"].to_pylist()] == list(
        table["channel_name"]
    )
    assert arrow["pixel_unit"].to_pylist() == frame["pixel_unit"].tolist() == ["µm"] * 3
    assert isinstance(arrow["pixel_unit"].type, pyarrow.DictionaryType)
    assert isinstance(frame, pd.DataFrame)


def test_of_a_plain_function_the_names_are_known(tmp_path):
    """Headers only: a function reads all pixels."""

    def never(name):
        raise AssertionError("reads pixels")

    for t in range(2):
        (tmp_path / f"t{t}.bin").write_bytes(b"12345")
    table = FileSequence(never, f"{tmp_path}/*.bin", pattern=r"t(?P<t>\d)").table()
    assert {name: table[name].tolist() for name in ("t", "size")} == {"t": [0, 1], "size": [5, 5]}
    assert "shape" not in table


def test_files_that_differ_in_their_date_are_read_by_their_first_bytes(tmp_path):
    """Each is opened by tifffile, and a hundred thousand take minutes."""
    described(tmp_path / "t0.tif", "free", datetime="2024:07:09 13:13:00")
    data = (tmp_path / "t0.tif").read_bytes()
    for t in range(1, 50):
        (tmp_path / f"t{t:02d}.tif").write_bytes(data.replace(b"13:13:00", b"13:13:%02d" % t))
    with opened_by_tifffile() as opened:
        # threads may open the first ones at once
        table = open_sequence(f"{tmp_path}/*.tif").table(scheduler="sync")
    assert len(opened) <= 1
    assert sorted(set(np.diff(np.sort(table["acquired"])).tolist())) == [10**9]


def test_a_shift_in_a_header_is_no_copy_of_another(tmp_path):
    """Files that are read by what is known of others have their own values."""
    write_geotiff(tmp_path / "t0.tif", left=100.0)
    data = (tmp_path / "t0.tif").read_bytes()
    moved = data.replace(struct.pack("<d", 100.0), struct.pack("<d", 250.0))
    (tmp_path / "t1.tif").write_bytes(moved)
    table = open_sequence(tmp_path).table()
    assert [place[2] for place in table["transform"]] == [100.0, 250.0]


def test_a_descriptor_beside_the_files_says_more(tmp_path):
    """Times and positions in metadata.txt are in no header, and missing in the table."""
    kind = micromanager(tmp_path)
    seq = open_sequence(kind.files)
    array = seq.to_xarray(headers=True)
    table = seq.table()
    for name in ("stage_x", "elapsed_time", "exposure"):
        assert name in table
        for row, indices in enumerate(seq.indices):
            place = dict(zip(seq.dims, indices, strict=True))
            coord = array[name]
            value = coord.isel({dim: place[dim] for dim in coord.dims}).values
            assert table[name][row] == value


def test_a_descriptor_comes_before_headers(tmp_path):
    """The table has the pixel size of the camera, and coordinates that of the sample."""
    kind = harmony(tmp_path)
    plain = {"metadata": None, "photometric": "minisblack"}
    for path in tmp_path.glob("*.tiff"):
        text = OME.replace('SizeZ="1"', 'SizeZ="3" PhysicalSizeZ="2" PhysicalSizeZUnit="mm"')
        text = text.replace('PlaneCount="1"', 'PlaneCount="3"')
        tifffile.imwrite(path, np.stack([IMAGE] * 3), description=text, **plain)
    seq = open_sequence(kind.files)
    table = seq.table()
    assert table.constant["pixel_size_x"] == table.constant["pixel_size_y"] == kind.pixel_size
    assert table.constant["pixel_size_z"] == 2.0
    assert table.constant["pixel_unit"] == ("µm", "nm", "mm")
    assert table.constant["pixel_source"] == seq.grid.metadata.source
    assert (table.constant["stage_y"], table.constant["exposure"]) == (0.0, 0.25)
    assert sorted(set(table["stage_x"])) == [0.0, 500.0]
    array = seq.to_xarray(headers=["stage_x", "exposure", "pixel_size_x"])
    assert array.stage_x.dims == ("row",)
    assert array.stage_x.attrs["source"] == array.pixel_size_x.attrs["source"] == array.x.source
    assert array.exposure.attrs["source"] == "headers"
    plain = open_sequence(kind.files, table=None).table()
    assert (plain.constant["pixel_size_x"], plain.constant["stage_x"]) == (650.0, 22985.0)


def test_a_georeference_comes_before_a_descriptor(tmp_path):
    """Pixels on the ground would get the size of those of a camera."""
    kind = harmony(tmp_path)
    for path in tmp_path.glob("*.tiff"):
        write_geotiff(path)
    seq = open_sequence(kind.files)
    table = seq.table()
    assert (table.constant["pixel_size_x"], table.constant["pixel_unit"]) == (10.0, "metre")
    assert np.diff(seq.to_xarray().x).tolist() == [10.0] * 4


@pytest.mark.skipif(not DATA.is_dir(), reason="no real data beside the repository")
def test_the_pixels_of_a_real_plate():
    """Of a Phenix, resolution tags are about the camera."""
    seq = open_sequence(DATA / "phenix" / "images")
    table, array = seq.table(), seq.to_xarray()
    assert table.constant["pixel_size_x"] == array.x.values[1] == pytest.approx(0.598, abs=1e-3)
    np.testing.assert_array_equal(table["stage_z"], array.stage_z)


@pytest.mark.skipif(not DATA.is_dir(), reason="no real data beside the repository")
def test_a_real_plate():
    """What MetaXpress writes, in seconds and micrometres."""
    files = DATA / "ix_exported/9987_Plate_3434/TimePoint_1/ZStep_?/*.TIF"
    table = open_sequence(str(files)).table()
    assert table.constant["exposure"] == 0.1
    assert table.constant["pixel_size_x"] == 1.3672
    assert sorted(set(table["channel_name"])) == ["DAPI", "FITC", "Texas Red"]
    assert np.isfinite(table["stage_z"]).all()
    assert (table["acquired"] > np.datetime64("2024-07-09")).all()


def test_columns_are_about_the_image_that_is_read(tmp_path):
    """Time, exposure and place would be those of the first image of each file."""
    for t in range(2):
        with tifffile.TiffWriter(tmp_path / f"t{t}.ome.tif") as tif:
            for number in (0, 1):
                plane = {"ExposureTime": [0.25 + number], "PositionX": [22.0 + number]}
                more = {"AcquisitionDate": f"2024-07-09T13:13:0{number}"}
                tif.write(IMAGE, metadata={"axes": "YX", "Plane": plane, **more})
    seq = open_sequence(tmp_path, table=None)
    for number, args in enumerate(({}, {"series": 1})):
        found = seq.table(imreadargs=args).constant
        assert (found["exposure"], found["stage_x"]) == (0.25 + number, 22.0 + number)
        assert found["acquired"] == np.datetime64(f"2024-07-09T13:13:0{number}", "ns")
