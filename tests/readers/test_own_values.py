"""Headers that are alike but for places and OME-XML: each is read as if it were alone."""

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq.readers import header_columns, read_tiff
from tests.helpers.headers import geotiff_tags, opened_by_tifffile
from tests.helpers.regions import read_region

OME = """<?xml version='1.0' encoding="UTF-8"?><!-- Warning --><OME UUID="urn:uuid:1a"
 xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0" Name="first">
<AcquisitionDate>2024-07-09T13:13:03</AcquisitionDate><Description>one</Description>
<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="5" SizeY="4" SizeC="1" SizeZ="2"
 SizeT="1" PhysicalSizeX="0.5" PhysicalSizeY="0.5"><Channel ID="Channel:0:0" Name="DAPI"/>
<TiffData IFD="0" PlaneCount="2"/>
<Plane TheC="0" TheZ="0" TheT="0" DeltaT="1.5" ExposureTime="0.25" PositionX="22.5"
 PositionXUnit="mm" PositionZ="3"/></Pixels></Image></OME>"""

PART = '<TiffData IFD="0" PlaneCount="2"><UUID FileName="{}">urn:uuid:{}</UUID></TiffData>'
TIFF_DATA = '<TiffData IFD="0" PlaneCount="2"/>'

MORE = """<Pixels DimensionOrder="XYCZT" Type="uint16" SizeX="5" SizeY="4" SizeC="1" SizeZ="1"
 SizeT="1"><TiffData IFD="0" PlaneCount="1"/></Pixels>"""

QUICK = {
    "nothing": {},
    "position": {"22.5": "-3e2"},
    "time": {"13:13:03": "14:00:00.5Z", 'DeltaT="1.5"': 'DeltaT="61"'},
    "exposure": {"0.25": "0.5"},
    "names": {'"first"': '"second"', ">one<": ">of t1.tif<", "Image:0": "Image:7"},
    "identifier": {"urn:uuid:1a": "urn:uuid:2b"},
    "own parts": {TIFF_DATA: PART.format("{name}", "1a")},
}
"""Changes of which tifffile takes no notice."""

SLOW = {
    "no exposure": {"0.25": ""},
    "no number": {"22.5": "far"},
    "no date": {"2024-07-09T13:13:03": "today"},
    "unit": {'"mm"': '"nm"'},
    "channel": {"DAPI": "GFP"},
    "pixel size": {'SizeX="0.5"': 'SizeX="0.7"'},
    "axes": {'SizeZ="2"': 'SizeZ="1"', 'SizeT="1"': 'SizeT="2"'},
    "one plane": {'SizeZ="2"': 'SizeZ="1"', 'PlaneCount="2"': 'PlaneCount="1"'},
    "quotes": {'"DAPI"': "'of PositionX=\"5\"'"},
    "entity": {"DAPI": "&#68;API"},
    "section": {">one<": "><![CDATA[<]]><"},
    "comment": {"Warning": 'DeltaT="1.5"'},
    "other parts": {TIFF_DATA: PART.format("other.tif", "2b")},
    "other name": {TIFF_DATA: PART.format("other.tif", "1a")},
    "no root": {TIFF_DATA: PART.format("{name}", "1a"), ' UUID="urn:uuid:1a"': ""},
    "two images": {"</OME>": f'<Image Name="more">{MORE}</Image></OME>'},
    "elsewhere": {"</OME>": '<BinaryOnly MetadataFile="a.ome" UUID="urn:uuid:1a"/></OME>'},
    "broken": {"</Pixels>": ""},
    "spaces": {"</OME>": "</OME>\n "},
}


def written(path, changes, software):
    text = OME
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new.replace("{name}", path.name))
    image = np.random.default_rng(len(path.name) + len(text)).integers(0, 9999, (2, 4, 5), "u2")
    text = text.encode()
    args = {"description": text, "metadata": None, "software": software}
    tifffile.imwrite(path, image, photometric="minisblack", **args)
    return str(path)


def content(info):
    parts = info.metadata
    labels = {d: names.names for d, names in parts.labels.items()}
    found = info.spec, info.series, parts.scales, labels, dict(parts.crs), parts.attrs, info.pages
    return *found, header_columns(info)


def check_alike(first, path):
    """Compare a file that is inspected after one that is alike, and alone."""
    with open(path, "rb") as file:  # of which nothing is kept
        expected = content(read_tiff.inspect(file))
    read_tiff.inspect(first)
    with opened_by_tifffile() as opened:
        found = content(read_tiff.inspect(path))
    assert repr(found) == repr(expected)
    return not opened


def check_pixels(*paths):
    """Compare files that are read one after the other, whole and in part, with tifffile's."""
    for path in paths:
        expected = read_tiff(path, maxworkers=1)  # of which nothing is kept
        spec = read_tiff.describe(path).spec
        for part in (slice(None), slice(1, 3)):
            index = (part,) * expected.ndim
            found = np.empty(expected[index].shape, spec.dtype)
            read_region(read_tiff, path, spec, index, found)
            np.testing.assert_array_equal(found, expected[index])


@pytest.fixture
def software(request):
    """Return a text that no other file has in its header."""
    return request.node.name


@pytest.mark.parametrize("change", [*QUICK, *SLOW])
def test_own_xml(tmp_path, software, change):
    """A time, a channel or an axis is that of the file before."""
    changes = (QUICK | SLOW)[change]
    begin = {TIFF_DATA: PART.format("{name}", "1a")} if change == "own parts" else {}
    first = written(tmp_path / "t0.tif", begin, software)
    path = written(tmp_path / "t1.tif", changes, software)
    assert check_alike(first, path) == (change in QUICK)
    if change != "broken":
        check_pixels(first, path, first)


@given(changes=st.lists(st.sampled_from([*QUICK, *SLOW]), unique=True, max_size=3))
def test_many_changes(tmp_path_factory, changes):
    """Two changes hide each other."""
    folder = tmp_path_factory.mktemp("xml")
    text: dict[str, str] = {}
    for name in changes:
        text = (QUICK | SLOW)[name] | text
    try:
        paths = [
            written(folder / f"t{i}.tif", some, str(folder)) for i, some in ((0, text), (1, {}))
        ]
    except AssertionError:  # one removes what the other replaces
        return
    check_alike(paths[0], paths[1])
    check_alike(paths[1], paths[0])
    if "broken" not in changes:
        check_pixels(*paths, *paths)


PLACES = {
    "another place": ({"left": 300.0, "top": 7.5}, True),
    "another size": ({"step": 20.0}, True),
    "no size": ({"step": 0.0}, False),
    "nowhere": ({"left": float("nan")}, False),
    "another system": ({"epsg": 32632}, False),
    "turned": ({"turned": True}, False),
}


@pytest.mark.parametrize("change", PLACES)
@pytest.mark.parametrize("byteorder", "<>")
def test_own_places(tmp_path, software, change, byteorder):
    """A scene is where the one before it is."""
    changes, is_quick = PLACES[change]
    for name, tags in (("t0.tif", {}), ("t1.tif", changes)):
        extratags = geotiff_tags(**tags)
        args = {"metadata": None, "software": software, "byteorder": byteorder}
        tifffile.imwrite(tmp_path / name, np.ones((4, 5), "u2"), extratags=extratags, **args)
    paths = str(tmp_path / "t0.tif"), str(tmp_path / "t1.tif")
    assert check_alike(*paths) is is_quick
    check_alike(*reversed(paths))
    check_pixels(*paths, *paths)


def test_turned_places(tmp_path, software):
    """Rows that are parallel to no axis have no scales, and all of them the first place."""
    for left in (100.0, 200.0):
        tags = geotiff_tags(turned=True, left=left)
        path = tmp_path / f"t{left:.0f}.tif"
        args = {"metadata": None, "software": software, "extratags": tags}
        tifffile.imwrite(path, np.ones((4, 5), "u2"), **args)
    assert check_alike(str(tmp_path / "t100.tif"), str(tmp_path / "t200.tif"))
    transforms = [
        header_columns(read_tiff.inspect(str(p)))["transform"] for p in tmp_path.iterdir()
    ]
    assert sorted(each[2] for each in transforms) == [100.0, 200.0]


def test_headers_with_the_same_bytes(tmp_path):
    """A file that is cut short, or of another time, passes for the one before it."""
    paths = [str(tmp_path / f"t{i}.tif") for i in range(7)]
    for i, path in enumerate(paths):
        date = "2026:01:02 03:04:05" if i < 5 else "2026:01:02 03:04:06"
        tifffile.imwrite(path, np.full((4, 5), i, "u2"), datetime=date)
    with open(paths[3], "r+b") as file:
        file.truncate(file.seek(0, 2) - 1)
    for path in (*paths, *paths, *reversed(paths)):
        with open(path, "rb") as file, opened_by_tifffile() as opened:
            if path == paths[3]:
                with pytest.raises(ValueError, match="truncated"):
                    read_tiff.inspect(path)
            else:
                expected = content(read_tiff.inspect(file))
                opened.clear()
                assert repr(content(read_tiff.inspect(path))) == repr(expected)
                assert not opened or path == paths[0]
