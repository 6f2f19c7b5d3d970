"""Names, units, scale, offset and nodata of bands are those that rioxarray finds."""

import warnings

import numpy as np
import pytest
import tifffile

from dask_fileseq.readers import read_tiff
from dask_fileseq.readers.chunkmetadata import Labels
from tests.helpers.geotiff import write_raster

rasterio = pytest.importorskip("rasterio")
rioxarray = pytest.importorskip("rioxarray")

pytestmark = [
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),  # in affine 3
    pytest.mark.filterwarnings("ignore:.*differ across bands"),
]

NAMES = ("red", "green", "nir")
BANDS = {
    "nothing": {},
    "one band": {"count": 1, "descriptions": ["elevation"], "units": ["m"]},
    "one band, scaled": {"count": 1, "scales": [0.5], "offsets": [-2.0]},
    "names": {"descriptions": NAMES},
    "names and units": {"descriptions": NAMES, "units": ["W", "W", "K"]},
    "some names": {"descriptions": ("red", None, "nir")},
    "scales": {"scales": [0.0001] * 3, "offsets": [-0.1] * 3},
    "scales that differ": {"scales": [0.1, 0.2, 0.3]},
    "offsets that differ": {"offsets": [0.0, 2.0, 0.0]},
    "names in XML": {"descriptions": ("a < b", "R&D", 'é "q"')},
    "nodata": {"nodata": -999},
}
ATTRIBUTES = ("long_name", "units", "scale_factor", "add_offset", "scales", "offsets")


@pytest.mark.parametrize("interleave", ["pixel", "band"])
@pytest.mark.parametrize("kind", BANDS)
def test_attributes_are_those_of_rioxarray(tmp_path, kind, interleave):
    """Reflectances are off by ten thousand, or bands without a name."""
    path = write_raster(tmp_path / "a.tif", **BANDS[kind], interleave=interleave)
    metadata = read_tiff.describe(path).metadata
    with rioxarray.open_rasterio(path) as image:
        expected = {name: image.attrs[name] for name in ATTRIBUTES if name in image.attrs}
        nodata = image.attrs.get("_FillValue")
    for name, default in (("scale_factor", 1.0), ("add_offset", 0.0)):
        if expected.get(name) == default:  # as in all files without a scale
            del expected[name]
    found = dict(metadata.attrs)
    assert found.pop("nodata", None) == nodata
    assert found == expected


def test_names_of_bands_are_labels(tmp_path):
    """A band is selected by its name; one without a name keeps its number."""
    path = write_raster(tmp_path / "a.tif", descriptions=("red", None, "nir"))
    expected = {"s": Labels(("red", "2", "nir"), "GDAL metadata")}
    assert read_tiff.describe(path).metadata.labels == expected


NUMBERS = [
    *("1.#INF", "-1.#INF", "-1.#IND", "1.#QNAN", "-1.#INF000", "nan", "inf", "-inf", "1e+20"),
    *("-3.4028234663852886e+38", "-3.40282347e+38", "-9999", "0.1", " 5 ", "1e3", "255.0", "0"),
]


@pytest.mark.parametrize("text", NUMBERS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_nodata_of_floats_is_that_of_gdal(tmp_path, text, dtype):
    """Libraries print infinity in many ways, and round numbers for pixels of four bytes."""
    tags = [(42113, "s", 0, text, True)]
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 5), dtype), extratags=tags)
    nodata = read_tiff.describe(str(tmp_path / "a.tif")).metadata.attrs["nodata"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(tmp_path / "a.tif") as image:
            expected = image.nodata
    assert nodata.dtype == np.dtype(dtype)
    np.testing.assert_equal(nodata, np.dtype(dtype).type(expected))


@pytest.mark.parametrize(
    ("text", "dtype", "expected"),
    [
        ("255.0", "u1", 255),
        ("1e3", "i2", 1000),
        ("9223372036854775807", "i8", 2**63 - 1),
        ("18446744073709551615", "u8", 2**64 - 1),
        *((text, "u1", None) for text in ("256", "-1", "0.5", "nan", "1.#INF", "1e+20", "abc")),
        *((text, "f4", None) for text in ("abc", "", "0x10", "1,5", "1e300")),
        ("-32769", "i2", None),
    ],
)
def test_nodata_is_a_value_that_pixels_can_have(tmp_path, text, dtype, expected):
    """Where GDAL takes a part of a text, or what no pixel is, there is none."""
    tags = [(42113, "s", 0, text, True)]
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 5), dtype), extratags=tags)
    assert read_tiff.describe(str(tmp_path / "a.tif")).metadata.attrs.get("nodata") == expected


@pytest.mark.parametrize(
    "xml",
    [
        "<GDALMetadata><Item",
        "",
        "no XML",
        '<GDALMetadata><Item name="SCALE" role="scale">2</Item></GDALMetadata>',
        '<GDALMetadata><Item name="SCALE" sample="7" role="scale">2</Item></GDALMetadata>',
        '<GDALMetadata><Item name="SCALE" sample="0" role="scale">many</Item></GDALMetadata>',
        '<GDALMetadata><Item name="SCALE" sample="0" role="scale">nan</Item></GDALMetadata>',
        '<GDALMetadata><Item name="SCALE" sample="x" role="scale">2</Item></GDALMetadata>',
        '<GDALMetadata><Item name="SCALE" sample="0">2</Item></GDALMetadata>',
    ],
)
def test_broken_metadata_of_bands_say_nothing(tmp_path, xml):
    """They must not prevent that pixels are read."""
    tags = [(42112, "s", 0, xml, True)]
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 5), "u1"), extratags=tags)
    metadata = read_tiff.describe(str(tmp_path / "a.tif")).metadata
    assert (metadata.attrs, metadata.labels) == ({}, {})
