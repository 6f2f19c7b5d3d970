"""GeoTIFFs with each kind of key and transform are where GDAL says they are.

GDAL reads each file through rasterio. Where it guesses (an ellipsoid for the one that is not
in the file, a projection without its parallels), nothing is claimed.
"""

import sys
import warnings

import numpy as np
import pytest
import tifffile
from pyproj import CRS

from dask_fileseq.readers import read_tiff
from tests.helpers.geotiff import MATRIX, SCALE, TIEPOINT, doubles, write_geotiff, write_raster

rasterio = pytest.importorskip("rasterio")

UTM = {"model": 1, "projected": 32633, "linear": 9001}
OWN = {"model": 1, "projected": 32767, "pcs_citation": "mine", "geographic": 4326} | {
    "projection": 32767,
    "linear": 9001,
}
FALSE = {"easting": 500000.0, "northing": 10000.0}
ZONE = {"natural_lat": 0.0, "natural_long": 15.0, "scale": 0.9996, "easting": 500000.0}
NAT = {"natural_lat": 46.5, "natural_long": 3.0}
CENTER = {"center_lat": 10.0, "center_long": -61.0}
OBLIQUE = {"center_lat": 4.0, "center_long": 115.0, "azimuth": 53.0, "center_scale": 0.99984}
PARALLELS = {"parallel_1": 49.0, "parallel_2": 44.0}
AMERICAN = {"parallel_1": 29.5, "parallel_2": 45.5, "natural_lat": 23.0, "natural_long": -96.0}
SPHERE = {"geographic": 32767, "datum": 32767, "ellipsoid": 32767, "major": 6371007.181}
GEOGRAPHIC = {"model": 2, "geographic": 4326, "angular": 9102}
USER_GEOGRAPHIC = {"model": 2, "geographic": 32767, "angular": 9102}
MARS = {"datum": 32767, "ellipsoid": 32767, "major": 3396190.0}
MARS_NAMES = "GCS Name = Mars 2000|Datum = D_Mars|Ellipsoid = E_Mars|Primem = Reference_Meridian|"
MAINE = (
    'ESRI PE String = PROJCS["Maine",GEOGCS["GCS_North_American_1983",'
    'DATUM["D_North_American_1983",SPHEROID["GRS_1980",6378137.0,298.257222101]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
    'PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",900000.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",-70.16666666666667],'
    'PARAMETER["Scale_Factor",0.9999666666666667],'
    'PARAMETER["Latitude_Of_Origin",42.83333333333334],UNIT["Meter",1.0]]'
)


def own(method, *parameters, **more):
    """Return the keys of a projection that is given by its parameters."""
    keys = OWN | {"method": method}
    for some in parameters:
        keys |= some
    return keys | more


SAME = {
    # codes, and what contradicts them
    "code": UTM,
    "code without unit": {"model": 1, "projected": 32633},
    "code without model": {"projected": 32633},
    "code with unknown model": UTM | {"model": 32767},
    "code in feet": {"model": 1, "projected": 2229, "linear": 9003},
    "code in feet without unit": {"model": 1, "projected": 2229},
    "code in metres, file in US feet": {"model": 1, "projected": 26967, "linear": 9003},
    "code in metres, file in feet": {"model": 1, "projected": 26967, "linear": 9002},
    "code in feet, file in metres": {"model": 1, "projected": 2229, "linear": 9001},
    "code, file in a unit of its own": {"model": 1, "projected": 26967} | {
        "linear": 32767, "linear_size": 0.5},
    "code, file in metres by size": {"model": 1, "projected": 26967} | {
        "linear": 32767, "linear_size": 1.0},
    "code, unit unknown": UTM | {"linear": 9999},
    "code, other geographic": UTM | {"geographic": 4267},
    "code, same geographic": UTM | {"geographic": 4326},
    "code, same parameters": UTM | {"method": 1} | ZONE,
    "code, other parameters": UTM | {"method": 1} | ZONE | {"natural_long": 16.0},
    "code, ESRI citation": UTM | {"pcs_citation": MAINE},
    "code, broken ESRI citation": UTM | {"citation": "ESRI PE String = PROJCS["},
    "deprecated code": UTM | {"projected": 2037},
    "geographic code as projected": {"model": 1, "projected": 4326},
    "projected code as geographic": {"model": 2, "geographic": 32633},
    "unknown code": UTM | {"projected": 32999},
    "code of ESRI": UTM | {"projected": 54009},
    "code north first": UTM | {"projected": 31467},
    "code in grads": UTM | {"projected": 27572, "angular": 9105},
    "compound code": UTM | {"projected": 7415},
    "repeated code": [("model", 1), ("projected", 32633), ("projected", 32632), ("linear", 9001)],
    "repeated parameter": [*own(1, ZONE).items(), ("natural_long", 21.0)],
    # projections
    "transverse mercator": own(1, ZONE, northing=10000.0),
    "transverse mercator of a zone": own(1, ZONE),
    "transverse mercator in feet": own(1, ZONE, linear=9003, geographic=4269),
    "transverse mercator in km": own(1, ZONE, linear=9036, easting=500.0),
    "transverse mercator in own unit": own(1, ZONE, linear=32767, linear_size=1000.0),
    "transverse mercator, center": own(1, CENTER, center_scale=0.9, center_easting=100.0),
    "transverse mercator, false origin": own(1, false_lat=40.0, false_long=-75.0,
                                             false_easting=100.0, false_northing=200.0),
    "transverse mercator, defaults": own(1),
    "modified for Alaska": own(2, ZONE),
    "hotine": own(3, OBLIQUE, FALSE, grid_angle=53.13),
    "hotine without grid angle": own(3, OBLIQUE, FALSE),
    "hotine at center": own(9815, OBLIQUE, grid_angle=53.13, center_easting=5.0),
    "laborde": own(4, OBLIQUE, FALSE),
    "rosenmund": own(5, OBLIQUE, FALSE),
    "spherical oblique mercator": own(6, OBLIQUE, FALSE),
    "mercator": own(7, FALSE, natural_lat=0.0, natural_long=110.0, scale=0.997),
    "mercator with parallel": own(7, FALSE, parallel_1=42.0, natural_long=51.0),
    "world mercator": own(7, natural_long=0.0),
    "web mercator by name": own(7, natural_long=0.0, pcs_citation="WGS 84 / Pseudo-Mercator"),
    "web mercator by ESRI's name": own(
        7, natural_long=0.0, pcs_citation="WGS_1984_Web_Mercator_Auxiliary_Sphere"),
    "lambert conformal": own(8, PARALLELS, NAT, easting=700000.0, northing=6600000.0,
                             geographic=4171),
    "lambert conformal, false origin": own(8, PARALLELS, false_lat=46.5, false_long=3.0,
                                           false_easting=700000.0, geographic=4171),
    "lambert conformal in feet": own(8, PARALLELS, NAT, linear=9003, easting=2000000.0),
    "lambert conformal, one parallel": own(9, NAT, FALSE, scale=0.9998),
    "lambert azimuthal at the pole": own(10, center_lat=90.0, center_long=0.0),
    "albers": own(11, AMERICAN, geographic=4269),
    "azimuthal equidistant": own(12, CENTER, FALSE),
    "equidistant conic": own(13, AMERICAN, FALSE),
    "stereographic": own(14, CENTER, FALSE, scale=0.9999),
    "polar stereographic": own(15, natural_lat=71.0, pole_long=-45.0),
    "polar stereographic, south": own(15, natural_lat=-71.0, pole_long=0.0),
    "polar stereographic with scale": own(15, natural_lat=90.0, pole_long=0.0, scale=0.994,
                                          easting=2000000.0, northing=2000000.0),
    "another method with a meridian of the pole": own(9, NAT, pole_long=40.0),
    "oblique stereographic": own(16, NAT, FALSE, scale=0.9999079, geographic=4289),
    "equirectangular": own(17, center_long=10.0, parallel_1=30.0),
    "equirectangular without parallel": own(17, CENTER),
    "cassini": own(18, NAT, FALSE),
    "gnomonic": own(19, CENTER, FALSE),
    "miller": own(20, CENTER, FALSE),
    "orthographic": own(21, CENTER, FALSE),
    "polyconic": own(22, NAT, FALSE),
    "robinson": own(23, center_long=-61.0),
    "sinusoidal": own(24, center_long=-61.0),
    "van der grinten": own(25, center_long=-61.0),
    "new zealand map grid": own(26, natural_lat=-41.0, natural_long=173.0, easting=2510000.0,
                                northing=6023150.0, geographic=4272),
    "transverse mercator to the south": own(27, natural_long=29.0, geographic=4148),
    "cylindrical equal area": own(28, parallel_1=30.0, natural_long=0.0),
    "unknown method": own(99, ZONE),
    "no method": OWN,
    "projection by code": OWN | {"projection": 16033},
    "projection by code in feet": OWN | {"geographic": 4269, "projection": 10435, "linear": 9003},
    "projection in grads": own(9, natural_lat=52.0, natural_long=0.0, scale=0.99987742,
                               easting=600000.0, northing=200000.0, geographic=4807, angular=9105),
    "hotine in grads": own(9815, OBLIQUE, geographic=4807, angular=9105, grid_angle=53.13),
    "projection in grads by code": own(9, natural_lat=52.0, natural_long=0.0, scale=0.99987742,
                                       easting=600000.0, northing=200000.0, geographic=4807),
    "projection in radians": own(1, ZONE, natural_long=float(np.deg2rad(15)), angular=9101),
    "projection on a sphere": own(24, SPHERE, minor=6371007.181, center_long=0.0),
    "projection on a sphere, flattening 0": own(24, SPHERE, flattening=0.0, center_long=0.0),
    "projection on a datum": own(1, ZONE, geographic=32767, datum=6230),
    "projection on an ellipsoid": own(1, ZONE, geographic=32767, datum=32767, ellipsoid=7030),
    "projection from Paris": own(1, ZONE, geographic=32767, datum=6807, meridian=8903),
    # geographic and other models
    "geographic": GEOGRAPHIC,
    "geographic in grads": GEOGRAPHIC | {"geographic": 4807, "angular": 9105},
    "geographic with heights": GEOGRAPHIC | {"geographic": 4979},
    "geographic of an ellipsoid": GEOGRAPHIC | {"geographic": 4030},
    "geographic with projected code": GEOGRAPHIC | {"projected": 32633},
    "geographic in radians": GEOGRAPHIC | {"angular": 9101},
    "WGS 84, other datum": GEOGRAPHIC | {"datum": 6267},
    "geographic, same datum": GEOGRAPHIC | {"geographic": 4289, "datum": 6289, "ellipsoid": 7004},
    "user datum": USER_GEOGRAPHIC | MARS | {"geo_citation": "Mars", "minor": 3376200.0},
    "user datum with names": USER_GEOGRAPHIC | MARS | {
        "geo_citation": MARS_NAMES, "flattening": 169.8944},
    "user ellipsoid": USER_GEOGRAPHIC | {"datum": 32767, "ellipsoid": 7022},
    "datum by code": USER_GEOGRAPHIC | {"datum": 6326},
    "sphere": USER_GEOGRAPHIC | {"major": 6371000.0},
    "meridian by code": USER_GEOGRAPHIC | {"datum": 6258, "meridian": 8903},
    "meridian by longitude": USER_GEOGRAPHIC | {
        "datum": 6258, "meridian": 32767, "meridian_long": 12.5},
    "geographic without model": {"geographic": 4326},
    "model 0": {"model": 0, "geographic": 4326},
    "model 9": {"model": 9, "geographic": 4326},
    "user model": {"model": 32767, "geographic": 4326, "citation": "local"},
    "user model, ESRI citation": {"model": 32767, "pcs_citation": MAINE},
    "projected without a system": {"model": 1, "geographic": 4326},
    "citation alone": {"citation": "hello"},
    "no keys": {},
    # heights
    "heights": UTM | {"vertical": 5773, "vertical_units": 9001},
    "heights without unit": UTM | {"vertical": 5773},
    "heights in feet by code": {"model": 1, "projected": 2229, "linear": 9003} | {
        "vertical": 6360, "vertical_units": 9003},
    "heights, other unit": {"model": 1, "projected": 2229, "linear": 9003} | {
        "vertical": 5703, "vertical_units": 9003},
    "heights of a name": UTM | {"vertical": 32767, "vertical_units": 9001} | {
        "vertical_citation": "my heights", "vertical_datum": 32767},
    "heights of a datum": UTM | {
        "vertical": 32767, "vertical_datum": 5171, "vertical_units": 9001},
    "heights of a datum's code": UTM | {"vertical": 5103, "vertical_units": 9001},
    "heights above the ellipsoid": UTM | {"vertical": 5030, "vertical_units": 9001},
    "geographic and ellipsoid": GEOGRAPHIC | {"vertical": 4979},
    "geographic and heights": GEOGRAPHIC | {"vertical": 5773, "vertical_units": 9001},
    "unit of heights alone": UTM | {"vertical_units": 9003},
    "unknown heights": UTM | {"vertical": 5999},
}  # fmt: skip
"""Kinds that are read as GDAL reads them."""

LESS = {
    "mercator with latitude": own(7, FALSE, natural_lat=10.0, natural_long=110.0),
    "unknown unit": own(1, ZONE, linear=9999),
    "unit without size": own(1, ZONE, linear=32767),
    "one parallel of two": own(8, NAT, FALSE, parallel_1=49.0),
    "no datum": {k: v for k, v in own(1, ZONE).items() if k != "geographic"},
    "geographic without datum": USER_GEOGRAPHIC | {"geo_citation": "nothing"},
    "axis in feet": USER_GEOGRAPHIC | {"major": 20925646.3, "geo_linear": 9002},
    "code, other datum": UTM | {"datum": 6267},
    "code, other ellipsoid": UTM | {"ellipsoid": 7008},
    "polar stereographic, scale at a latitude": own(15, natural_lat=71.0, scale=0.994),
    "geographic, other datum": GEOGRAPHIC | {"geographic": 4289, "datum": 6267},
    "geographic, other angles": GEOGRAPHIC | {"geographic": 4289, "angular": 9101},
    "code, unknown geographic": UTM | {"geographic": 32000},
    "geocentric": {"model": 3, "geographic": 4978, "geo_linear": 9001},
    "geocentric, geographic code": {"model": 3, "geographic": 4326},
}
"""Kinds for which GDAL guesses, or whose x and y are not those of a map."""


def described(path, entries, **args):
    return read_tiff.describe(write_geotiff(path, entries, **args)).metadata


def gdal(path):
    """Return the system in a file as GDAL reads it; None if it is none of the Earth."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.Env(GTIFF_REPORT_COMPD_CS="YES"), rasterio.open(path) as file:
            if not file.crs:
                return None
            system = CRS.from_wkt(file.crs.to_wkt(version="WKT2_2019"))
    return None if system.is_engineering else system


@pytest.mark.parametrize("kind", SAME)
def test_systems_are_those_of_gdal(tmp_path, kind):
    """A system that is nearly right moves images by a few hundred metres, unseen."""
    crs = described(tmp_path / "a.tif", SAME[kind]).crs
    expected = gdal(tmp_path / "a.tif")
    if expected is None:
        assert not {"spatial_ref", "crs_wkt", "epsg"} & crs.keys()
        return
    assert_same(CRS.from_wkt(crs["spatial_ref"]), expected)
    assert crs["crs_wkt"] == crs["spatial_ref"]


WRITTEN = [
    *(2154, 2193, 2229, 2326, 3031, 3035, 3347, 3395, 3413, 3857, 4258, 4326, 4807, 4979, 5041),
    *(5070, 5514, 6933, 7415, 9707, 21781, 25832, 27572, 27700, 28992, 31287, 32733, 54009),
    "+proj=lcc +lat_0=46.5 +lon_0=3 +lat_1=49 +lat_2=44 +x_0=700000 +datum=WGS84",
    "+proj=lcc +lat_0=46.5 +lon_0=3 +lat_1=46.5 +k_0=0.999 +ellps=GRS80",
    "+proj=tmerc +lat_0=1 +lon_0=3 +k=0.9999 +x_0=5 +datum=NAD27 +units=us-ft",
    "+proj=tmerc +lon_0=3 +ellps=bessel +pm=paris",
    "+proj=laea +lat_0=52 +lon_0=10 +R=6371228",
    "+proj=sinu +R=6371007.181",
    "+proj=stere +lat_0=90 +lat_ts=71 +lon_0=-39 +datum=WGS84",
    "+proj=stere +lat_0=40 +lon_0=-39 +k=0.99 +datum=WGS84",
    "+proj=sterea +lat_0=40 +lon_0=-39 +k=0.99 +datum=WGS84",
    "+proj=merc +lat_ts=42 +lon_0=51 +ellps=krass",
    "+proj=eqc +lat_ts=30 +lon_0=10 +R=6371000",
    "+proj=omerc +lat_0=4 +lonc=115 +alpha=53 +gamma=53.13 +k=0.99984 +ellps=evrstSS",
    "+proj=omerc +no_uoff +lat_0=4 +lonc=115 +alpha=53 +gamma=53.13 +k=0.99984 +ellps=evrstSS",
    *(f"+proj={p} +lat_0=40 +lon_0=20 +datum=WGS84" for p in ("aeqd", "gnom", "ortho", "poly")),
    *(f"+proj={p} +lon_0=20 +datum=WGS84" for p in ("mill", "robin", "vandg", "moll", "eck4")),
    *(f"+proj={p} +lat_1=30 +lat_2=50 +lon_0=20 +datum=WGS84" for p in ("aea", "eqdc")),
    "+proj=cass +lat_0=40 +lon_0=20 +datum=WGS84",
    "+proj=cea +lat_ts=30 +lon_0=20 +datum=WGS84",
    "+proj=geos +h=35785831 +lon_0=9.5 +ellps=GRS80",
    "+proj=longlat +R=1737400",
    "+proj=longlat +ellps=intl +pm=ferro",
]
"""Codes and systems that GDAL writes itself."""


@pytest.mark.parametrize("crs", WRITTEN)
def test_what_gdal_writes_is_read(tmp_path, crs):
    """Most GeoTIFFs are written by GDAL, with more keys than are needed."""
    version = "1.1" if isinstance(crs, int) else "1.0"
    crs = ("ESRI" if crs == 54009 else "EPSG") + f":{crs}" if isinstance(crs, int) else crs
    try:
        write_raster(tmp_path / "a.tif", count=1, crs=crs, geotiff_version=version)
    except rasterio.errors.CRSError:
        pytest.skip("this GDAL does not know it")
    expected = gdal(tmp_path / "a.tif")
    crs = read_tiff.describe(str(tmp_path / "a.tif")).metadata.crs
    if expected is None:
        assert not {"spatial_ref", "crs_wkt", "epsg"} & crs.keys()
        return
    assert_same(CRS.from_wkt(crs["spatial_ref"]), expected)


def assert_same(system, expected):
    same_code = system.to_epsg(100) is not None and system.to_epsg(100) == expected.to_epsg(100)
    assert same_code or system.equals(expected, ignore_axis_order=True)


CODES = {
    "code": 32633,
    "code in metres, file in US feet": None,
    "code in feet, file in metres": None,
    "code, other geographic": None,
    "code, other parameters": None,
    "transverse mercator": None,
    "transverse mercator of a zone": 32633,
    "world mercator": 3395,
    "web mercator by name": 3857,
    "lambert conformal": 2154,
    "lambert azimuthal at the pole": 6931,
    "albers": 5070,
    "polar stereographic, south": 3031,
    "new zealand map grid": 27200,
    "cylindrical equal area": 6933,
    "projection by code in feet": 2229,
    "projection in grads": 27562,
    "projection in radians": 32633,
    "projection on a datum": 23033,
    "projection on an ellipsoid": None,
    "datum by code": 4326,
    "heights": None,
    "heights in feet by code": 8718,
    "geographic and heights": 9707,
}
"""EPSG codes that GDAL finds, with `to_epsg` of rasterio 1.4 and 1.5."""


@pytest.mark.parametrize("kind", CODES)
def test_codes_are_those_that_gdal_finds(tmp_path, kind):
    """Most programs give their systems without a code, or with one that is wrong."""
    assert described(tmp_path / "a.tif", SAME[kind]).crs.get("epsg") == CODES[kind]


@pytest.mark.parametrize("kind", LESS)
def test_guesses_are_not_shared(tmp_path, kind):
    """What the file does not contain cannot be known."""
    crs = described(tmp_path / "a.tif", LESS[kind]).crs
    assert gdal(tmp_path / "a.tif") is not None
    assert not {"spatial_ref", "crs_wkt", "epsg"} & crs.keys()


@pytest.mark.parametrize("citation", ["citation", "pcs_citation"])
def test_wkt_of_esri_is_read(tmp_path, citation):
    """ArcGIS writes systems that GeoTIFF cannot describe as text; GDAL reads few of them."""
    keys = {"model": 1, "projected": 32767, citation: MAINE}
    crs = described(tmp_path / "a.tif", keys).crs
    wkt = MAINE.removeprefix("ESRI PE String = ")
    assert CRS.from_wkt(crs["spatial_ref"]).equals(CRS.from_wkt(wkt))


def test_a_code_of_another_axis_order_is_found(tmp_path):
    """EPSG:3035 names northings first; x and y are the same."""
    keys = own(10, center_lat=52.0, center_long=10.0, geographic=4258)
    keys |= {"easting": 4321000.0, "northing": 3210000.0}
    assert described(tmp_path / "a.tif", keys).crs["epsg"] == 3035


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (UTM, 32633),
        ({"model": 1, "projected": 28355}, 28355),
        (UTM | {"geographic": 4326}, 32633),
        (GEOGRAPHIC, 4326),
        (UTM | {"linear": 9003}, None),
        ({"model": 1, "projected": 2229, "linear": 9001}, None),
        (UTM | {"method": 1} | ZONE, None),
        (UTM | {"geographic": 4267}, None),
        ({"model": 3, "geographic": 4326}, None),
        ({"model": 0, "geographic": 4326}, None),
    ],
)
def test_without_pyproj_a_code_is_certain(tmp_path, monkeypatch, keys, code):
    """Whether another key contradicts a code can be looked up in pyproj's database alone."""
    monkeypatch.setitem(sys.modules, "pyproj", None)
    crs = described(tmp_path / "a.tif", keys).crs
    assert crs.get("epsg") == code
    assert crs.get("spatial_ref") == (f"EPSG:{code}" if code else None)


@pytest.mark.parametrize(
    ("keys", "units"),
    [
        (UTM, "metre"),
        ({"model": 1, "projected": 26967, "linear": 9003}, "US_survey_foot"),
        ({"model": 1, "projected": 28355}, ""),
        (UTM | {"linear": 32767, "linear_size": 0.5}, ""),
        (GEOGRAPHIC, "degrees_east"),
        (GEOGRAPHIC | {"geographic": 4807}, ""),
        (GEOGRAPHIC | {"angular": 9105}, ""),
        ({"model": 3, "geographic": 4326}, ""),
        ({"model": 0, "geographic": 4326}, ""),
        ({"geographic": 4326}, ""),
        ({}, ""),
    ],
)
def test_units_are_in_the_file(tmp_path, keys, units):
    """Grads, feet and the metres of geocentric systems are no degrees."""
    assert described(tmp_path / "a.tif", keys).scales["x"].units == units


# transforms

POINT = UTM | {"raster": 2}
NORTH_UP = doubles(MATRIX, 1, 0, 0, 5, 0, -2, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1)
SOUTH_UP = doubles(MATRIX, 1, 0, 0, 5, 0, 2, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1)
ROTATED = doubles(MATRIX, 1, 0.5, 0, 5, 0.5, -2, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1)
TURNED = doubles(MATRIX, 0, 2, 0, 5, 2, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1)
PIXEL, TIE = doubles(SCALE, 25, 20, 0), doubles(TIEPOINT, 0, 0, 0, 689000, 6096000, 0)
POINTS = doubles(TIEPOINT, 0, 0, 0, 1, 2, 0, 5, 0, 0, 6, 2, 0, 0, 4, 0, 1, -2, 0)

PLACES = {
    "area": (UTM, [PIXEL, TIE]),
    "point": (POINT, [PIXEL, TIE]),
    "no keys": ({}, [PIXEL, TIE]),
    "tie inside": (UTM, [PIXEL, doubles(TIEPOINT, 2, 3, 0, 689000, 6096000, 0)]),
    "negative height": (UTM, [doubles(SCALE, 25, -20, 0), TIE]),
    "negative width": (UTM, [doubles(SCALE, -25, 20, 0), TIE]),
    "several ties": (UTM, [PIXEL, POINTS]),
    "matrix": (UTM, [NORTH_UP]),
    "matrix of points": (POINT, [NORTH_UP]),
    "matrix and tie": (UTM, [NORTH_UP, TIE]),
    "matrix and scale": (UTM, [NORTH_UP, PIXEL, TIE]),
    "matrix and no scale": (UTM, [NORTH_UP, doubles(SCALE, 0, 0, 0)]),
    "south up": (UTM, [SOUTH_UP]),
    "rotated": (UTM, [ROTATED]),
    "rotated points": (POINT, [ROTATED]),
    "turned": (UTM, [TURNED]),
}


@pytest.mark.parametrize("kind", PLACES)
def test_transforms_are_those_of_gdal(tmp_path, kind):
    """A pixel is taken for its neighbour, or an image is upside down."""
    keys, place = PLACES[kind]
    metadata = described(tmp_path / "a.tif", keys, place=place)
    with rasterio.open(tmp_path / "a.tif") as file:
        expected = file.transform
    if metadata.scales:
        x, y = metadata.scales["x"], metadata.scales["y"]
        found = (x.step, 0, x.start - x.step / 2, 0, y.step, y.start - y.step / 2)
    else:
        c, a, b, f, d, e = map(float, metadata.crs["GeoTransform"].split())
        found = (a, b, c, d, e, f)
    assert found == tuple(expected)[:6]


@pytest.mark.parametrize(
    "place",
    [[POINTS], [TIE], [PIXEL], [doubles(SCALE, 25, 0, 0), TIE], [doubles(MATRIX, *[0.0] * 16)]],
    ids=["ground control points", "one point", "no point", "no height", "singular"],
)
def test_points_are_no_transform(tmp_path, place):
    """Ground control points are measured: an image through them is not on its axes."""
    metadata = described(tmp_path / "a.tif", UTM, place=place)
    assert not metadata.scales
    assert "GeoTransform" not in metadata.crs


def test_systems_are_resolved_on_use(tmp_path, monkeypatch):
    """To find the code of a projection takes a tenth of a second."""
    path = write_geotiff(tmp_path / "a.tif", own(1, ZONE))
    monkeypatch.setattr(CRS, "from_wkt", None)
    crs = read_tiff.describe(path).metadata.crs
    assert "spatial_ref" not in crs
    monkeypatch.undo()
    assert read_tiff.describe(path).metadata.crs["epsg"] == 32633


def test_broken_keys_claim_nothing(tmp_path):
    """Keys that point to nowhere must not prevent that pixels are read."""
    directory = [1, 1, 0, 3, 1024, 0, 1, 1, 3072, 34736, 5, 77, 3075, 34737, 9, 99]
    tags = [(34735, "H", len(directory), directory, True), PIXEL, TIE]
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 5), "u1"), extratags=tags)
    assert not dict(read_tiff.describe(str(tmp_path / "a.tif")).metadata.crs)
