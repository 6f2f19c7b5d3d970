"""Files in archives and on servers, seen by zarr, by xarray and by a cluster."""

import pickle

import dask
import numpy as np
import pytest

from tests.helpers.acquisition import PATTERN
from tests.helpers.places import KINDS, WHOLE_CORE


@pytest.fixture(scope="module", params=WHOLE_CORE)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def opened(kind, acquisition, put_files):
    folder, array = acquisition
    return put_files(folder, kind).sequence(pattern=PATTERN), array


def test_zarr_opens_it(opened):
    """`aszarr` over archives and servers is `asarray`, for zarr, dask and xarray."""
    zarr = pytest.importorskip("zarr")
    import dask.array as da

    seq, _ = opened
    for axestiled in (None, {0: 0}):
        store = pickle.loads(pickle.dumps(seq.aszarr(axestiled=axestiled)))
        expected = seq.asarray(axestiled=axestiled)
        z = zarr.open_array(store, mode="r")
        np.testing.assert_array_equal(z[...], expected)
        np.testing.assert_array_equal(z[..., 5:9, 3], expected[..., 5:9, 3])
        np.testing.assert_array_equal(da.from_zarr(store)[-1].compute(), expected[-1])


def test_xarray_opens_it(opened, kind, acquisition, put_files):
    """By a sequence, and by its engine, which takes the same keywords."""
    xr = pytest.importorskip("xarray")
    seq, array = opened
    np.testing.assert_array_equal(seq.to_xarray()[1, :, 0].values, array[1, :, 0])
    place = put_files(acquisition[0], kind)
    ds = xr.open_dataset(place.prefix + "*.tif", engine="fileseq", pattern=PATTERN, **place.options)
    np.testing.assert_array_equal(ds.image.sel(channel="DAPI")[:, 0, 5:9], array[:, 0, 0, 5:9])
    ds = xr.open_dataset(
        place.prefix + "*.tif", engine="fileseq", pattern=PATTERN, chunks={}, **place.options
    )
    np.testing.assert_array_equal(ds.image.max("z").values, array.max(axis=2))


@pytest.mark.parametrize("kind", sorted({*KINDS} - {*WHOLE_CORE}))
def test_other_places(kind, acquisition, put_files, cluster):
    """By paths, on threads, and on a cluster, whose workers open archives for themselves."""
    from distributed import Client

    folder, array = acquisition
    seq = put_files(folder, kind).sequence(pattern=PATTERN)
    np.testing.assert_array_equal(seq.asarray(scheduler="threads"), array)
    x = seq.to_dask_array()[1:, 0, :, 5:9, ::3]
    np.testing.assert_array_equal(x.compute(scheduler="threads"), array[1:, 0, :, 5:9, ::3])
    with Client(cluster):
        np.testing.assert_array_equal(seq.asarray(), array)
        np.testing.assert_array_equal(x.compute(), array[1:, 0, :, 5:9, ::3])
        (whole,) = dask.compute(seq)
        np.testing.assert_array_equal(whole, array)
