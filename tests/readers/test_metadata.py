"""What a TIFF file says of its axes, checked by hand on files that tifffile wrote."""

import io
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from pyproj import CRS, Transformer

from dask_fileseq.readers import ChunkMetadata, FileInfo, Reader, as_reader, count, read_tiff
from dask_fileseq.readers.chunkmetadata import Labels, Scale

ESRI = 'PROJCS["Local",GEOGCS["WGS 84"]]'


def describe(path, data, read=None, **args):
    """Write an image, and return what its file says."""
    file = {key: args.pop(key) for key in ("ome", "imagej", "byteorder") if key in args}
    with tifffile.TiffWriter(path, **file) as writer:
        writer.write(data, **args)
    return read_tiff.describe(str(path), **(read or {})).metadata


def values(metadata, dim, count=3):
    return metadata.scales[dim].values(count).tolist()


def keys(*entries):
    """Return the tag GeoKeyDirectory with keys whose values stand in it."""
    numbers = [1, 1, 0, len(entries)]
    for key, value in entries:
        numbers += [key, *value] if isinstance(value, tuple) else [key, 0, 1, value]
    return (34735, "H", len(numbers), numbers, True)


def doubles(code, *numbers):
    return (code, "d", len(numbers), numbers, True)


SCALE = doubles(33550, 25.0, 20.0, 0.0)
TIE = doubles(33922, 0.0, 0.0, 0.0, 689000.0, 6096000.0, 0.0)
IMAGE = np.zeros((8, 9), "u1")


# OME-XML


def test_ome_gives_sizes_and_channels(tmp_path):
    """Each axis has its own size and unit; channels bear the names of the microscope."""
    metadata = describe(
        tmp_path / "a.ome.tif",
        np.zeros((2, 3, 8, 9), "u1"),
        ome=True,
        metadata={
            "axes": "CZYX",
            "PhysicalSizeX": 0.25,
            "PhysicalSizeY": 500,
            "PhysicalSizeYUnit": "nm",
            "PhysicalSizeZ": 2,
            "PhysicalSizeZUnit": "µm",
            "Channel": {"Name": ["DAPI", "GFP"]},
        },
    )
    assert metadata.scales == {
        "x": Scale(0.0, 0.25, "µm", "OME-XML PhysicalSizeX"),
        "y": Scale(0.0, 500.0, "nm", "OME-XML PhysicalSizeY"),
        "z": Scale(0.0, 2.0, "µm", "OME-XML PhysicalSizeZ"),
    }
    assert metadata.labels == {"c": Labels(("DAPI", "GFP"), "OME-XML Channel Name")}


def test_ome_says_nothing_of_axes_that_the_file_has_not(tmp_path):
    """A z-step is not a coordinate of a single plane, nor is its channel a label."""
    metadata = describe(
        tmp_path / "a.ome.tif",
        IMAGE,
        ome=True,
        metadata={"PhysicalSizeX": 0.25, "PhysicalSizeZ": 2, "Channel": {"Name": "DAPI"}},
    )
    assert metadata.scales.keys() == {"x"}
    assert not metadata.labels


@pytest.mark.parametrize("unit", ["pixel", "reference frame"])
def test_a_unit_that_is_none_is_no_size(tmp_path, unit):
    """OME-XML may say that a pixel is one pixel wide."""
    args = {"PhysicalSizeX": 1, "PhysicalSizeXUnit": unit}
    assert not describe(tmp_path / "a.ome.tif", IMAGE, ome=True, metadata=args).scales


SET = """<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:{own}">
<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="9" SizeY="8"
 SizeZ="1" SizeC="1" SizeT="1" PhysicalSizeX="0.5"><TiffData IFD="0" PlaneCount="1">
 <UUID FileName="a.ome.tif">urn:uuid:A</UUID></TiffData></Pixels></Image>
<Image ID="Image:1"><Pixels ID="Pixels:1" DimensionOrder="XYZCT" Type="uint8" SizeX="9" SizeY="8"
 SizeZ="1" SizeC="1" SizeT="1" PhysicalSizeX="2.5"><TiffData IFD="0" PlaneCount="1">
 <UUID FileName="b.ome.tif">urn:uuid:B</UUID></TiffData></Pixels></Image></OME>"""


@pytest.mark.parametrize(("name", "step"), [("a", 0.5), ("b", 2.5)])
def test_a_file_of_a_set_finds_itself(tmp_path, name, step):
    """All files of a set bear the metadata of all; the wrong image has the wrong size."""
    for each in "ab":
        xml = SET.format(own=each.upper()).encode()
        tifffile.imwrite(tmp_path / f"{each}.ome.tif", IMAGE, description=xml, metadata=None)
    path = str(tmp_path / f"{name}.ome.tif")
    info = read_tiff.describe(path)
    assert info.spec.shape == (8, 9)
    assert info.metadata.scales["x"].step == step


# ImageJ


def test_imagej_gives_sizes_origin_and_labels(tmp_path):
    """ImageJ keeps sizes in three places, and micrometres in many spellings."""
    labels = [f"{name}\nmore" for _ in range(3) for name in ("DAPI", "GFP")]
    metadata = describe(
        tmp_path / "a.tif",
        np.zeros((3, 2, 8, 9), "u1"),
        imagej=True,
        resolution=(10, 4),
        metadata={
            "axes": "ZCYX",
            "unit": "\\u00B5m",
            "spacing": -2.0,
            "xorigin": 4,
            "Labels": labels,
        },
    )
    source = "ImageJ unit, TIFF resolution"
    assert metadata.scales == {
        "x": Scale(-0.4, 0.1, "µm", source),
        "y": Scale(0.0, 0.25, "µm", source),
        "z": Scale(0.0, 2.0, "µm", "ImageJ spacing"),
    }
    assert metadata.labels["c"].names == ("DAPI", "GFP")


@pytest.mark.parametrize("labels", [["a", "b", "c", "d"], ["a", "b"], ["", "b", "", "b"]])
def test_labels_of_planes_are_no_names_of_channels(tmp_path, labels):
    """Labels may name planes, be too few, or be empty."""
    args = {"axes": "ZCYX", "Labels": labels}
    metadata = describe(
        tmp_path / "a.tif", np.zeros((2, 2, 8, 9), "u1"), imagej=True, metadata=args
    )
    assert not metadata.labels


def test_imagej_without_a_unit_says_nothing(tmp_path):
    """Pixels of an uncalibrated image have no size."""
    metadata = describe(
        tmp_path / "a.tif",
        np.zeros((3, 8, 9), "u1"),
        imagej=True,
        resolution=(1, 1),
        metadata={"spacing": 3.0, "unit": "pixel", "axes": "ZYX"},
    )
    assert not metadata.scales


# resolution tags


@pytest.mark.parametrize(
    ("unit", "resolution", "expected"),
    [
        ("CENTIMETER", (20000, 5000), {"x": 0.5, "y": 2.0}),
        ("INCH", (25400, (254, 100)), {}),
        ("INCH", (25400, (25400, 14)), {"x": 1.0, "y": 14.0}),
        ("INCH", (72, 72), {}),
        ("INCH", (96, 96), {}),
        ("INCH", (300, 300), {}),
        ("INCH", (1200, 1200), {}),
        ("CENTIMETER", (118, 118), {}),
        ("CENTIMETER", (28.35, 28.35), {}),
        ("NONE", (20000, 5000), {}),
        ("INCH", (1, 1), {}),
        ("INCH", ((0, 1), (0, 1)), {}),
    ],
)
def test_resolution_tags(tmp_path, unit, resolution, expected):
    """What programs write in doubt, or for printing, is no size of what the image shows."""
    metadata = describe(tmp_path / "a.tif", IMAGE, resolution=resolution, resolutionunit=unit)
    assert {d: s.step for d, s in metadata.scales.items()} == expected
    assert {s.units for s in metadata.scales.values()} <= {"µm"}


@pytest.mark.parametrize(
    ("software", "expected"),
    [
        ("Adobe Photoshop CC 2019 (Windows)", {}),
        ("GIMP 2.10", {}),
        ("Olympus cellSens", {"x": 100.0, "y": 100.0}),
        ("NIS-Elements AR 5.21", {"x": 100.0, "y": 100.0}),
        ("Aperio Image Library v12", {"x": 100.0, "y": 100.0}),
    ],
)
def test_an_instrument_means_its_resolution(tmp_path, software, expected):
    """An overview in a slide scanner loses its scale, or a photo in an editor gets one."""
    metadata = describe(
        tmp_path / "a.tif",
        IMAGE,
        resolution=(100, 100),
        resolutionunit="CENTIMETER",
        software=software,
        metadata=None,
    )
    assert {d: s.step for d, s in metadata.scales.items()} == expected


def test_better_sources_come_first(tmp_path):
    """OME-XML says what it knows of x, the resolution tags what they know of y."""
    metadata = describe(
        tmp_path / "a.ome.tif",
        IMAGE,
        ome=True,
        resolution=(10000, 10000),
        resolutionunit="CENTIMETER",
        metadata={"PhysicalSizeX": 0.25},
    )
    assert metadata.scales["x"].source == "OME-XML PhysicalSizeX"
    assert metadata.scales["y"] == Scale(0.0, 1.0, "µm", "TIFF resolution tags")


# GeoTIFF


@pytest.mark.parametrize(
    ("raster", "x", "y"), [(1, [689012.5, 689037.5], [6095990, 6095970]),
                           (2, [689000, 689025], [6096000, 6095980])]
)  # fmt: skip
def test_pixels_on_the_ground(tmp_path, raster, x, y):
    """Half a pixel is the classic error: of areas the corner is given, of points the centre."""
    directory = keys((1024, 1), (1025, raster), (3072, 28355), (3076, 9001))
    metadata = describe(tmp_path / "a.tif", IMAGE, extratags=[SCALE, TIE, directory])
    assert values(metadata, "x", 2) == x
    assert values(metadata, "y", 2) == y
    assert metadata.scales["x"].units == "metre"
    assert metadata.scales["x"].attrs["standard_name"] == "projection_x_coordinate"
    assert metadata.scales["y"].absolute
    assert metadata.crs["epsg"] == 28355
    assert CRS(metadata.crs["spatial_ref"]) == CRS("EPSG:28355")


def test_a_tiepoint_may_be_any_pixel(tmp_path):
    """The place that is given need not be that of the first pixel."""
    tie = doubles(33922, 4.0, 2.0, 0.0, 100.0, 50.0, 0.0)
    metadata = describe(tmp_path / "a.tif", IMAGE, extratags=[SCALE, tie])
    assert values(metadata, "x", 1) == [100 - 4 * 25 + 12.5]
    assert values(metadata, "y", 1) == [50 + 2 * 20 - 10]
    assert not metadata.crs


def matrix(a, b, c, d, e, f):
    return doubles(34264, a, b, 0.0, c, d, e, 0.0, f, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)


def test_a_transformation_places_pixels(tmp_path):
    """A south-up image has y that grows with the rows."""
    tags = [matrix(2.0, 0.0, 10.0, 0.0, 3.0, 20.0), keys((1024, 2), (2048, 4326))]
    metadata = describe(tmp_path / "a.tif", IMAGE, extratags=tags)
    assert values(metadata, "x") == [11, 13, 15]
    assert values(metadata, "y") == [21.5, 24.5, 27.5]
    assert (metadata.scales["x"].units, metadata.scales["y"].units) == (
        "degrees_east",
        "degrees_north",
    )
    assert metadata.crs["epsg"] == 4326
    assert CRS(metadata.crs["crs_wkt"]) == CRS("EPSG:4326")
    assert metadata.crs["grid_mapping_name"] == "latitude_longitude"


def test_a_rotated_image_has_no_coordinates_along_its_axes(tmp_path):
    """Along a row both x and y change; the transform is kept as GDAL writes it."""
    tags = [matrix(2.0, 1.0, 10.0, -1.0, -2.0, 20.0), keys((1024, 1), (3072, 32633))]
    metadata = describe(tmp_path / "a.tif", IMAGE, extratags=tags)
    assert not metadata.scales
    assert metadata.crs["GeoTransform"] == "10.0 2.0 1.0 20.0 -1.0 -2.0"


@pytest.mark.parametrize(
    ("code", "name", "meridian", "northing"),
    [(32633, "33N", 15.0, 0.0), (32701, "1S", -177.0, 10_000_000.0), (32660, "60N", 177.0, 0.0)],
)
def test_utm_zones_are_written_out(tmp_path, code, name, meridian, northing):
    """Most satellite images are in UTM zones; CF readers want their parameters."""
    directory = keys((1024, 1), (3072, code))
    crs = describe(tmp_path / "a.tif", IMAGE, extratags=[SCALE, TIE, directory]).crs
    assert f'"WGS 84 / UTM zone {name}"' in crs["crs_wkt"]
    assert crs["longitude_of_central_meridian"] == meridian
    assert crs["false_northing"] == northing
    assert crs["epsg"] == code
    assert CRS(crs["spatial_ref"]) == CRS(f"EPSG:{code}")


def code_only(code):
    return {"spatial_ref": f"EPSG:{code}", "epsg": code}


def test_without_pyproj_the_code_remains(tmp_path, monkeypatch):
    """The core must work without the extra; what has no code has its parameters."""
    monkeypatch.setitem(sys.modules, "pyproj", None)
    for model, key, code in ((1, 3072, 28355), (1, 3072, 32633), (2, 2048, 4326)):
        directory = keys((1024, model), (key, code))
        crs = describe(tmp_path / "a.tif", IMAGE, extratags=[SCALE, TIE, directory]).crs
        assert code_only(code).items() <= crs.items()
    assert crs["grid_mapping_name"] == "latitude_longitude"
    crs = describe(tmp_path / "a.tif", IMAGE, extratags=SINUSOIDAL).crs
    assert (crs["grid_mapping_name"], crs["semi_major_axis"]) == ("sinusoidal", 6371007.181)
    assert "crs_wkt" not in crs


MODIS = keys(
    *((1024, 1), (2048, 32767), (2057, (34736, 1, 0)), (2059, (34736, 1, 1))),
    *((3072, 32767), (3075, 24), (3076, 9001), (3088, (34736, 1, 1))),
)
SINUSOIDAL = [SCALE, TIE, MODIS, doubles(34736, 6371007.181, 0.0)]
ALBERS = keys(
    *((1024, 1), (2048, 4269), (3072, 32767), (3075, 11), (3076, 9001)),
    *((3078, (34736, 1, 0)), (3079, (34736, 1, 1)), (3080, (34736, 1, 2)), (3081, (34736, 1, 3))),
)
CONUS = [SCALE, TIE, ALBERS, doubles(34736, 29.5, 45.5, -96.0, 23.0)]


@pytest.mark.parametrize(
    ("tags", "expected", "code"),
    [
        (SINUSOIDAL, "+proj=sinu +R=6371007.181 +units=m +type=crs", None),
        (CONUS, "EPSG:5070", 5070),
    ],
    ids=["MODIS", "Albers"],
)
def test_projections_of_ones_own(tmp_path, tags, expected, code):
    """A system whose parameters alone are given is lost, or is another one."""
    crs = describe(tmp_path / "a.tif", IMAGE, extratags=tags).crs
    assert crs.get("epsg") == code
    assert crs["crs_wkt"] == crs["spatial_ref"]
    there = Transformer.from_crs("EPSG:4326", crs["crs_wkt"], always_xy=True)
    expected_there = Transformer.from_crs("EPSG:4326", expected, always_xy=True)
    np.testing.assert_allclose(there.transform(-90, 40), expected_there.transform(-90, 40))


def test_pyproj_is_imported_on_use(tmp_path):
    """A header costs the import of a library that few need."""
    directory = keys((1024, 1), (3072, 28355))
    tifffile.imwrite(tmp_path / "a.tif", IMAGE, extratags=[SCALE, TIE, directory])
    code = (
        "import pickle, sys\n"
        "from dask_fileseq.readers import read_tiff\n"
        f"metadata = read_tiff.describe({str(tmp_path / 'a.tif')!r}).metadata\n"
        "metadata = pickle.loads(pickle.dumps(metadata))\n"
        "assert 'pyproj' not in sys.modules\n"
        "assert metadata.crs['epsg'] == 28355\n"
        "assert 'pyproj' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("directory", "texts", "expected"),
    [
        (((1024, 1), (3072, 32767), (1026, (34737, 6, 0))), "Local|",
         {"projected_crs_name": "Local"}),
        (((1024, 1), (3072, 32767), (3073, (34737, 49, 0))), f"ESRI PE String = {ESRI}|", {}),
        (((1024, 2), (2049, (34737, 6, 0))), "Earth|",
         {"geographic_crs_name": "Earth", "grid_mapping_name": "latitude_longitude"}),
        (((1024, 1), (3072, (34737, 6, 0)), (1026, (34737, 6, 0))), "Local|",
         {"projected_crs_name": "Local"}),
    ],
    ids=["name", "broken wkt", "geographic", "text for a code"],
)  # fmt: skip
def test_systems_without_a_code(tmp_path, directory, texts, expected):
    """A system of one's own has no EPSG code; none may be made up."""
    tags = [SCALE, TIE, keys(*directory), (34737, "s", 0, texts, True)]
    assert describe(tmp_path / "a.tif", IMAGE, extratags=tags).crs == expected


def test_an_ellipsoid_is_kept(tmp_path):
    """Two numbers of the tags that CF has names for."""
    directory = keys((1024, 2), (2048, 4283), (2057, (34736, 1, 0)), (2059, (34736, 1, 1)))
    tags = [SCALE, TIE, directory, doubles(34736, 6378137.0, 298.25)]
    crs = describe(tmp_path / "a.tif", IMAGE, extratags=tags).crs
    assert (crs["semi_major_axis"], crs["inverse_flattening"]) == (6378137.0, 298.25)


@pytest.mark.parametrize(
    ("dtype", "text", "expected"),
    [("i2", "-999", -999), ("u1", "-999", None), ("f4", "nan", np.nan), ("u1", "none", None)],
)
def test_nodata_is_a_value_of_the_pixels(tmp_path, dtype, text, expected):
    """What no pixel can be is no value for the missing ones."""
    tags = [(42113, "s", 0, text, True)]
    attrs = describe(tmp_path / "a.tif", IMAGE.astype(dtype), extratags=tags).attrs
    if expected is None:
        assert not attrs
    else:
        np.testing.assert_equal(attrs["nodata"], np.dtype(dtype).type(expected))


# which image, and which reader


def test_levels_of_a_pyramid_have_larger_pixels(tmp_path):
    """A pixel of a level covers several, and its centre lies between theirs."""
    path = tmp_path / "a.tif"
    args = {"resolution": (10000, 10000), "resolutionunit": "CENTIMETER", "tile": (16, 16)}
    with tifffile.TiffWriter(path) as writer:
        writer.write(np.zeros((64, 32), "u1"), subifds=1, **args)
        writer.write(np.zeros((32, 16), "u1"), subfiletype=1, tile=(16, 16))
    info = read_tiff.describe(str(path), level=1)
    assert info.spec.shape == (32, 16)
    assert values(info.metadata, "x") == [0.5, 2.5, 4.5]


def test_series_and_pages(tmp_path):
    """Another series or page has tags of its own."""
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for step, shape in ((1, (8, 9)), (4, (6, 5))):
            args = {"resolution": (10000 / step,) * 2, "resolutionunit": "CENTIMETER"}
            writer.write(np.zeros(shape, "u1"), metadata=None, **args)
    for read in ({"series": 1}, {"key": 1}):
        info = read_tiff.describe(str(path), **read)
        assert info.spec.shape == (6, 5)
        assert info.metadata.scales["x"].step == 4
    assert read_tiff.describe(str(path), key=slice(1)).metadata == ChunkMetadata()


def test_broken_metadata_say_nothing(tmp_path):
    """Pixels must be readable whatever stands in the tags."""
    tags = [
        (33550, "d", 1, 25.0, True),
        (33922, "d", 6, (0, 0, 0, float("nan"), 1, 0), True),
        (34735, "H", 6, (1, 1, 0, 9, 1024, 34736), True),
        (42113, "s", 0, "", True),
    ]
    args = {"description": b"<OME><Image></OME>", "metadata": None, "extratags": tags}
    metadata = describe(tmp_path / "a.tif", IMAGE, **args)
    assert metadata == ChunkMetadata()


def test_any_file_can_be_described(corpus):
    """A description is the spec and more, for files of any kind, from one header."""
    for name, path in corpus.items():
        with count() as counts:
            info = read_tiff.describe(path)
        spec, metadata = info.spec, info.metadata
        assert set(metadata.scales) | set(metadata.labels) <= set(spec.dims), name
        assert counts.headers == counts.files == 1, name


def test_a_handle_can_be_described(tmp_path):
    """Members of archives and remote files are no paths."""
    described = describe(tmp_path / "a.tif", IMAGE, resolution=(3e4, 3e4), resolutionunit="INCH")
    assert described.scales
    handle = io.BytesIO((tmp_path / "a.tif").read_bytes())
    assert read_tiff.describe(handle).metadata == described


def test_of_a_plain_function_nothing_is_known():
    """A function returns pixels and no more; a reader of one's own may say more."""

    class Described(Reader):
        def describe(self, file, **imreadargs):
            return FileInfo("spec", "metadata")

    info = as_reader(lambda name: IMAGE).describe("a")
    assert info.spec.shape == (8, 9)
    assert info.metadata == ChunkMetadata()
    assert as_reader(Described()).describe("a") == FileInfo("spec", "metadata")
