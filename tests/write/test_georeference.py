"""Georeferenced images keep their places, systems and nodata, for GDAL as well."""

import numpy as np
import pytest
import xarray as xr

from dask_fileseq import open_sequence, to_files
from tests.helpers.geotiff import write_raster

rasterio = pytest.importorskip("rasterio")

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # in affine 3

LAMBERT = "+proj=lcc +lat_0=46.5 +lon_0=3 +lat_1=49 +lat_2=44 +x_0=700000 +datum=WGS84"
PLACES = {
    "utm": {"crs": "EPSG:32633"},
    "degrees": {"crs": "EPSG:4326"},
    "no code": {"crs": LAMBERT},
    "degrees without code": {"crs": "+proj=longlat +a=6371200 +b=6371200"},
    "rotated": {"transform": rasterio.Affine(10, 2, 500, 3, -20, 900)},
    "south up": {"transform": rasterio.Affine(10, 0, 500, 0, 20, 900)},
    "nodata": {"nodata": -999, "scales": [0.1], "offsets": [-2.5], "units": ["K"]},
    "name": {"descriptions": ["tem<p>"]},
    "no system": {"crs": None},
}


def facts(path):
    """Return what GDAL finds in a file beside its pixels."""
    with rasterio.open(path) as file:
        bands = file.scales, file.offsets, file.units, file.descriptions
        return file.crs, file.transform, file.nodata, *bands, file.tags().get("AREA_OR_POINT")


def wkt(crs):
    return crs.to_wkt(version="WKT1_ESRI")


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("as_dataarray", [False, True])
def test_places_are_kept(tmp_path, kind, as_dataarray):
    """Maps would be somewhere else, or nowhere."""
    image = np.arange(30, dtype="i2").reshape(1, 5, 6)
    sources = [write_raster(tmp_path / f"t{t}.tif", image + t, **PLACES[kind]) for t in range(2)]
    seq = open_sequence(sources, pattern="t{t}.tif")
    array = seq.to_xarray() if as_dataarray else seq
    written = to_files(array, tmp_path / "out" / "{t}.tif")
    np.testing.assert_array_equal(written.asarray(), seq.asarray())
    then, now = (each.to_xarray().coords for each in (seq, written))
    assert then.keys() == now.keys()
    for source, path in zip(sources, written, strict=True):
        (crs, affine, *rest), (found_crs, found_affine, *found) = facts(source), facts(path)
        assert rest == found
        assert np.allclose(affine, found_affine, rtol=1e-12, atol=1e-9)
        assert crs == found_crs or wkt(crs) == wkt(found_crs)


def test_each_tile_keeps_its_own_place(tmp_path):
    """All tiles would lie on the first one."""
    sources = []
    for tile in range(3):
        place = rasterio.Affine(10, 0, 500 + 60 * tile, 0, -20, 900)
        sources.append(write_raster(tmp_path / f"tile{tile}.tif", count=1, transform=place))
    seq = open_sequence(sources, pattern="tile{tile}.tif")
    written = to_files(seq, tmp_path / "out" / "tile{tile}.tif", compression="zlib")
    assert [facts(path) for path in written] == [facts(path) for path in sources]


def test_masked_arrays_are_written_with_nan(tmp_path):
    """NaN would be pixels of a file whose nodata is -999."""
    write_raster(tmp_path / "t0.tif", np.full((1, 5, 6), -999, "i2"), nodata=-999)
    dataset = xr.open_dataset(tmp_path / "t0.tif", engine="fileseq", chunks={}, mask_and_scale=True)
    (array,) = dataset.data_vars.values()
    seq = to_files(array, tmp_path / "out" / "all.tif")
    with rasterio.open(seq[0]) as file:
        assert np.isnan(file.nodata)
        assert np.isnan(file.read()).all()
